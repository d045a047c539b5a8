//! `log`: what happened.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::args::Log as Options;
use super::form::Format;
use super::output::{OK, Outcome, failure, print, print_json};
use super::past::{self, Past};
use super::session::Session;
use super::terminal;
use crate::journal::{LogEntry, LogFilter, LogKind};
use crate::report::listing::{self, Cell};
use crate::report::moment::rfc3339;
use crate::report::style::Role;
use crate::time::Zone;

/// The most entries that are shown.
const MOST: u32 = 10_000;

/// Shows the newest entries, oldest first.
///
/// # Errors
/// The journal cannot be read, or does not know the site.
pub fn run(options: &Options, session: &Session<'_>) -> Outcome {
    if options.limit > MOST {
        return failure(format!("--limit {}: at most {MOST}", options.limit));
    }
    let Some(past) = Past::open(session)? else {
        match session.format() {
            Format::Text => print(&past::nothing_yet(&session.state()?)),
            Format::Json => print_json(&json!([])),
        }
        return Ok(OK);
    };
    let sites = past.sites(options.site.as_deref())?;
    let zones: BTreeMap<String, Zone> = sites.iter().map(|known| (known.site.clone(), known.zone())).collect();
    let filter = LogFilter { site: options.site.clone(), ..LogFilter::default() };
    let entries = past.journal.log(&filter, options.limit)?;
    match session.format() {
        Format::Text if entries.is_empty() => print("nothing has happened yet"),
        Format::Text => print(&text(&entries, &zones)),
        Format::Json => print_json(&Value::Array(entries.iter().map(entry_json).collect())),
    }
    Ok(OK)
}

fn text(entries: &[LogEntry], zones: &BTreeMap<String, Zone>) -> String {
    let utc = Zone::utc();
    let several = zones.len() > 1;
    let rows = entries.iter().map(|entry| row(entry, zones.get(&entry.site).unwrap_or(&utc), several));
    listing::entries(&rows.collect::<Vec<_>>(), terminal::style())
}

/// Time on the site's clock, the site where there are several, the kind, and what happened.
fn row(entry: &LogEntry, zone: &Zone, several: bool) -> Vec<Cell> {
    let local = zone.local(entry.at);
    let at = format!("{} {}:{} {}", local.date, local.time(), entry.at.format("%S"), zone.abbreviation(entry.at));
    let role = match entry.kind {
        LogKind::Alarm | LogKind::Drift => Role::Warn,
        LogKind::Decision | LogKind::Override | LogKind::Resume => Role::Command,
        LogKind::Intent | LogKind::Outcome | LogKind::Service => Role::Text,
    };
    let site = if several { entry.site.clone() } else { String::new() };
    vec![(Role::Faint, at), (Role::Text, site), (Role::Faint, entry.kind.word().to_owned()), (role, what(entry))]
}

/// What happened; an outcome alone does not say of which object it is.
fn what(entry: &LogEntry) -> String {
    match (entry.kind, entry.object) {
        (LogKind::Outcome, Some(object)) => format!("{}: {}", object.word(), entry.text),
        _ => entry.text.clone(),
    }
}

fn entry_json(entry: &LogEntry) -> Value {
    json!({
        "at": rfc3339(entry.at),
        "site": entry.site,
        "kind": entry.kind.word(),
        "object": entry.object.map(crate::device::Object::word),
        "text": entry.text,
    })
}
