//! `restore`: puts back the schedule that was on the device before the first write ever made to it.

use serde_json::json;

use super::args::Restore as Options;
use super::form::Format;
use super::output::{FAILED, OK, Outcome, ask, failure, print, print_json};
use super::past::Past;
use super::session::{Loaded, Session};
use super::terminal;
use crate::device::Schedule;
use crate::journal::StateLock;
use crate::plan::diff::{self, Difference};
use crate::policy::Policy;
use crate::report::listing;
use crate::report::moment::{self, rfc3339};
use crate::report::style::Role;
use crate::runner::{Site, presumption};
use crate::time::Instant;

/// What was there before, and what is there now.
struct Way {
    original: Schedule,
    read_at: Instant,
    present: Schedule,
    differences: Vec<Difference>,
    /// What is taken for granted of what was there before.
    presumed: Option<&'static str>,
}

/// Shows what would change, asks, writes and reads back.
///
/// # Errors
/// The policy or the device cannot be used, or another process holds the state folder.
pub fn run(options: &Options, session: &Session<'_>) -> Outcome {
    let loaded = session.policy(&options.policy)?;
    let past = Past::open(session)?;
    let original = past.map(|past| past.journal.original(&loaded.policy.site)).transpose()?.flatten();
    if original.is_none() {
        return nothing(session, &loaded.policy);
    }
    let _lock = StateLock::acquire(&session.state()?, &format!("offpeak restore {}", options.policy.display()))?;
    session.runtime()?.block_on(async {
        let (mut site, world) = session.restoring_site(&loaded).await?;
        let done = agree_and_restore(options, session, &loaded, &mut site).await;
        if let Some(world) = world {
            world.save()?;
        }
        done
    })
}

fn nothing(session: &Session<'_>, policy: &Policy) -> Outcome {
    let folder = session.state()?;
    match session.format() {
        Format::Text => print(&format!(
            "{}: nothing to restore: the journal of {} knows of no write to this device",
            policy.site,
            folder.display()
        )),
        Format::Json => print_json(&json!({
            "version": 1, "site": policy.site, "original": null, "present": null, "changes": [], "presumed": null, "stored": null,
        })),
    }
    Ok(OK)
}

async fn agree_and_restore(options: &Options, session: &Session<'_>, loaded: &Loaded, site: &mut Site) -> Outcome {
    site.finish_what_was_left().await?;
    let present = site.survey_schedule().await?;
    // Whoever says no and asks again must find the pace of reads kept.
    site.remember_driver()?;
    let Some((original, read_at)) = site.journal().original(&loaded.policy.site)? else {
        return nothing(session, &loaded.policy);
    };
    let presumed = presumption(&original);
    let original = original.presumed();
    let same = present.same_meaning(&original) && !present.is_unread();
    let differences = if same { Vec::new() } else { diff::between(&present, &original) };
    let way = Way { original, read_at, present, differences, presumed };
    let text = session.format() == Format::Text;
    if text {
        print(&shown(&loaded.policy, &way));
    }
    if way.differences.is_empty() {
        site.release_store()?;
        return Ok(told(session, &loaded.policy, &way, None, "the device holds that already; nothing was sent."));
    }
    if !options.yes && !ask("send this?") {
        return failure("nothing was sent: not agreed to (--yes agrees without asking)");
    }
    site.answer_drift("restore")?;
    let word = site.put(original, "restore").await?;
    site.remember_driver()?;
    let stored = site.present().is_some_and(|present| present.same_meaning(&original));
    if stored {
        site.release_store()?;
    }
    let then = if stored { "; `offpeak apply` or `offpeak run` would write its own schedule again" } else { "" };
    Ok(told(session, &loaded.policy, &way, Some(stored), &format!("{word}{then}.")))
}

/// What would change, field for field.
fn shown(policy: &Policy, way: &Way) -> String {
    let device = &policy.device;
    let title = format!(
        "{} · {} {} · back to what it held at {}, before the first write",
        policy.site,
        device.driver().name(),
        device.serial,
        moment::full(way.read_at, &policy.zone)
    );
    let facts = way.differences.iter().flat_map(|difference| {
        let endpoint = difference.to.update_endpoint();
        difference.changes.iter().map(move |change| (endpoint, Role::Text, change.to_string()))
    });
    let presumed = way.presumed.map(|presumed| ("note", Role::Warn, presumed.to_owned()));
    listing::facts(&title, &facts.chain(presumed).collect::<Vec<_>>(), terminal::style())
}

/// Tells how it ended: the exit code.
fn told(session: &Session<'_>, policy: &Policy, way: &Way, stored: Option<bool>, word: &str) -> u8 {
    match session.format() {
        Format::Text => print(word),
        Format::Json => print_json(&json!({
            "version": 1,
            "site": policy.site,
            "original": { "at": rfc3339(way.read_at), "schedule": listing::schedule_json(&way.original) },
            "present": listing::schedule_json(&way.present),
            "changes": listing::differences_json(&way.differences),
            "presumed": way.presumed,
            "stored": stored,
        })),
    }
    if stored == Some(false) { FAILED } else { OK }
}
