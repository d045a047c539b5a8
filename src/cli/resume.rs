//! `resume`: the rules hold again. An override ends, and what someone else changed may be written over.

use serde_json::json;

use super::args::Site as Options;
use super::form::Format;
use super::manual::acts;
use super::output::{Failure, OK, Outcome, print, print_json};
use super::past::{Known, Past, unusable};
use super::session::Session;
use crate::device::Object;
use crate::journal::{DriftRecord, Journal, OverrideRecord, StateLock};
use crate::report::moment::{self, rfc3339};
use crate::time::Instant;

/// What waits for the owner's word.
struct Waiting {
    manual: Option<OverrideRecord>,
    drifts: Vec<(Object, DriftRecord)>,
}

/// Journals the owner's word.
///
/// # Errors
/// The journal cannot be used, or does not know the site.
pub fn run(options: &Options, session: &Session<'_>) -> Outcome {
    let past = Past::must_open(session)?;
    let known = past.site(options.site.as_deref())?;
    let now = past.now(session, &known)?;
    let waiting = waiting(&past.journal, &known.site, now)?;
    if waiting.manual.is_some() || !waiting.drifts.is_empty() {
        let journal = Journal::open_beside(&past.folder).map_err(|error| unusable(&past.folder, &error))?;
        journal.resume(&known.site, "resume", now)?;
        for (object, _) in &waiting.drifts {
            journal.clear_alarm(&known.site, &format!("drift {}", object.word()), now)?;
        }
    }
    let holder = StateLock::holder(&past.folder)?;
    match session.format() {
        Format::Text => print(&text(&known, &waiting, now, holder.as_deref())),
        Format::Json => print_json(&json!({
            "version": 1,
            "site": known.site,
            "at": rfc3339(now),
            "override": waiting.manual.map(|manual| json!({
                "action": manual.action, "at": rfc3339(manual.at), "until": rfc3339(manual.until),
            })),
            "drifts": waiting.drifts.iter().map(|(object, drift)| json!({
                "object": object.word(),
                "since": rfc3339(drift.since),
                "from": drift.from.to_string(),
                "to": drift.to.to_string(),
            })).collect::<Vec<_>>(),
            "holder": holder,
        })),
    }
    Ok(OK)
}

fn waiting(journal: &Journal, site: &str, now: Instant) -> Result<Waiting, Failure> {
    let mut drifts = Vec::new();
    for object in Object::ALL {
        let drift = journal.drift(site, object)?.filter(|drift| drift.acknowledged_at.is_none());
        drifts.extend(drift.map(|drift| (object, drift)));
    }
    Ok(Waiting { manual: journal.active_override(site, now)?, drifts })
}

fn text(known: &Known, waiting: &Waiting, now: Instant, holder: Option<&str>) -> String {
    let (site, zone) = (&known.site, known.zone());
    let manual = waiting.manual.iter().map(|manual| {
        let until = moment::short(manual.until, now, &zone);
        format!("{site}: ended the override `{}`, which would have held until {until}\n", manual.action)
    });
    let drifts = waiting.drifts.iter().map(|(object, drift)| {
        let (from, to) = (drift.from, drift.to);
        format!("{site}: {} may be written over what someone else made of it: {from} → {to}\n", object.word())
    });
    let mut text: String = manual.chain(drifts).collect();
    if text.is_empty() {
        return format!("{site}: nothing to resume: no override holds, and nobody else changed the schedule");
    }
    text.push_str(&acts(holder));
    text
}
