//! The journal knows which sites there are, which policy each stands under, and who holds the folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use offpeak::device::PerObject;
use offpeak::engine::{Command, Decision, Source};
use offpeak::journal::{Journal, StateLock, TickRecord};
use offpeak::policy::revision;
use offpeak::snapshot::Snapshot;
use offpeak::tariff::Prices;
use offpeak::time::Instant;

fn minute(minute: i64) -> Instant {
    let start: Instant = "2026-11-20T20:41:00Z".parse().unwrap();
    start + chrono::Duration::minutes(minute)
}

fn tick(at: Instant, text: &str) -> TickRecord {
    TickRecord {
        at,
        revision: revision(text),
        readings: Snapshot::default(),
        prices: Prices::default(),
        memory: String::new(),
        manual: None,
        schedule: None,
        writes_used: PerObject::default(),
        context: String::new(),
        decision: Decision { source: Source::Otherwise, command: Command::Hold },
        rule: None,
    }
}

#[test]
fn the_policy_in_force_is_that_of_the_newest_tick() {
    let journal = Journal::in_memory().unwrap();
    let see = |site: &str, text: &str, at: i64| {
        journal.record_revision(site, "home.yaml", &revision(text), text, minute(at)).unwrap();
    };
    let in_force = || journal.revision_in_force("home").unwrap().map(|found| found.text);
    assert_eq!((journal.sites().unwrap(), in_force()), (Vec::new(), None));

    see("home", "first", 0);
    see("home", "second", 1);
    see("barn", "another site", 2);
    assert_eq!(journal.sites().unwrap(), ["barn", "home"]);
    assert_eq!(in_force().as_deref(), Some("second"), "seen last, where nothing has run yet");

    journal.record_tick("home", &tick(minute(3), "first")).unwrap();
    see("home", "only planned", 4);
    assert_eq!(in_force().as_deref(), Some("first"), "what was only planned is not in force");
}

#[test]
fn p17_whoever_holds_the_folder_is_named_without_standing_in_the_way() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(StateLock::holder(dir.path()).unwrap(), None, "no lock was ever taken");
    let lock = StateLock::acquire(dir.path(), "offpeak run home.yaml").unwrap();
    let expect = format!("offpeak run home.yaml, pid {}", std::process::id());
    assert_eq!(StateLock::holder(dir.path()).unwrap(), Some(expect));
    drop(lock);
    assert_eq!(StateLock::holder(dir.path()).unwrap(), None);
    // A killed holder leaves its note, but no lock.
    std::fs::write(dir.path().join("lock"), "offpeak run home.yaml, pid 1\n").unwrap();
    assert_eq!(StateLock::holder(dir.path()).unwrap(), None);
    StateLock::acquire(dir.path(), "offpeak run home.yaml").unwrap();
}
