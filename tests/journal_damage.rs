//! A journal that is torn, damaged, deleted or put back is noticed and survived; one writer holds a state folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::Path;

use offpeak::device::{
    ChargeSettings, DischargeSettings, Object, Outcome, Period, Schedule, Sequence, Settings, Step, TwoWindow,
    WriteKind,
};
use offpeak::journal::{
    Journal, JournalError, LockError, LogFilter, ScheduleRecord, StateLock, Unfinished, WriteRecord,
};
use offpeak::time::Instant;
use proptest::prelude::*;
use tempfile::TempDir;

fn minutes(minutes: i64) -> Instant {
    "2026-11-20T20:41:00Z".parse::<Instant>().unwrap() + chrono::Duration::minutes(minutes)
}

fn schedule(cap: u8) -> TwoWindow {
    let window = Period { from: "23:30".parse().unwrap(), to: "00:00".parse().unwrap() };
    TwoWindow {
        charge: ChargeSettings { grid_charge: true, windows: [window, Period::UNUSED], cap },
        discharge: DischargeSettings { restricted: false, windows: [Period::UNUSED; 2], floor: 10 },
    }
}

fn sequence(id: i64) -> Sequence {
    let step = Step { settings: Settings::Charge(schedule(90).charge), kind: WriteKind::Grant };
    Sequence { id, reason: "night".to_owned(), before: Schedule::TwoWindow(schedule(50)), steps: vec![step; 3] }
}

fn intend(journal: &Journal, step: usize, minute: i64) -> i64 {
    journal.record_intent("home", &sequence(1), step, minutes(minute)).unwrap()
}

/// A journal of two intents, one with its outcome, and of both kinds of schedule.
fn written(dir: &Path) {
    let journal = Journal::open(dir).unwrap();
    assert_eq!(journal.loss(minutes(0)).unwrap(), None, "a first start loses nothing");
    journal.keep_original("home", &Schedule::TwoWindow(schedule(50)), minutes(0)).unwrap();
    journal.prove("home", &Settings::Charge(schedule(50).charge), minutes(0)).unwrap();
    let id = intend(&journal, 0, 1);
    journal.record_outcome("home", Some(id), Object::Charge, minutes(2), Outcome::Stored, "read back").unwrap();
    intend(&journal, 1, 3);
    for minute in 0..30 {
        journal.record_event("home", minutes(minute), &format!("event {minute}")).unwrap();
    }
}

/// What must be right or known to be lost.
#[derive(Debug, PartialEq)]
struct Durable {
    writes: Vec<WriteRecord>,
    unfinished: Option<Unfinished>,
    proven: Option<ScheduleRecord>,
    original: Option<(Schedule, Instant)>,
}

fn durable(journal: &Journal) -> Result<Durable, JournalError> {
    Ok(Durable {
        writes: journal.writes("home", 100)?,
        unfinished: journal.unfinished("home")?,
        proven: journal.proven("home", Object::Charge)?,
        original: journal.original("home")?,
    })
}

fn copy(from: &Path) -> TempDir {
    let dir = TempDir::new().unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), dir.path().join(entry.file_name())).unwrap();
    }
    dir
}

/// Opens a damaged journal: either nothing that matters is lost, or the loss is known; and it goes on in both cases.
fn survives(dir: &Path, expect: &Durable, case: &str) -> bool {
    let journal = Journal::open(dir).unwrap_or_else(|error| panic!("{case}: {error}"));
    let loss = journal.loss(minutes(60)).unwrap();
    let found = durable(&journal).unwrap_or_else(|error| panic!("{case}: {error}"));
    if loss.is_none() {
        assert_eq!(&found, expect, "{case}: a loss that nobody noticed");
    } else {
        assert_eq!(found.proven, None, "{case}: nothing counts as proved after a loss");
        assert!(found.original.is_none() || found.original == expect.original, "{case}: a false original");
    }
    let next = intend(&journal, 2, 61);
    assert!(next > expect.writes.len() as i64 || loss.is_some_and(|_| next > 0), "{case}: a number used twice");
    drop(journal);
    let again = Journal::open(dir).unwrap();
    let kept: Vec<i64> = again.writes("home", 1).unwrap().iter().map(|write| write.id).collect();
    assert_eq!(kept, [next], "{case}: the new intent is kept ({:?})", again.loss(minutes(99)).unwrap());
    again.loss(minutes(99)).unwrap().is_some()
}

#[test]
fn p20_a_sound_journal_is_found_as_it_was_left() {
    let dir = TempDir::new().unwrap();
    written(dir.path());
    let journal = Journal::open(dir.path()).unwrap();
    assert_eq!(journal.loss(minutes(0)).unwrap(), None);
    assert_eq!(journal.writes("home", 10).unwrap().len(), 2);
    assert_eq!(journal.unfinished("home").unwrap().unwrap().attempts.len(), 2);
}

#[test]
fn p20_a_flipped_byte_anywhere_in_the_file_is_noticed_or_harmless() {
    let dir = TempDir::new().unwrap();
    written(dir.path());
    let expect = durable(&Journal::open(dir.path()).unwrap()).unwrap();
    let bytes = fs::read(dir.path().join("journal.db")).unwrap();
    let mut noticed = 0;
    let places: Vec<usize> = (0..100).chain((100..bytes.len()).step_by(487)).collect();
    for place in &places {
        let damaged = copy(dir.path());
        let mut flipped = bytes.clone();
        flipped[*place] ^= 0x15;
        fs::write(damaged.path().join("journal.db"), flipped).unwrap();
        noticed += usize::from(survives(damaged.path(), &expect, &format!("byte {place}")));
    }
    println!("{} flips, {noticed} noticed", places.len());
    assert!(noticed > 20, "{noticed}");
}

#[test]
fn p20_a_flipped_byte_inside_a_journaled_text_is_noticed() {
    let dir = TempDir::new().unwrap();
    written(dir.path());
    let expect = durable(&Journal::open(dir.path()).unwrap()).unwrap();
    let bytes = fs::read(dir.path().join("journal.db")).unwrap();
    let find = |text: &[u8]| -> Vec<usize> {
        (0..bytes.len() - text.len()).filter(|place| &bytes[*place..*place + text.len()] == text).collect()
    };
    let places = find(br#""cap":90"#);
    assert!(places.len() >= 2, "the text stands in the intents and in the sequence");
    for place in places {
        let damaged = copy(dir.path());
        let mut flipped = bytes.clone();
        flipped[place + 6] = b'4';
        fs::write(damaged.path().join("journal.db"), flipped).unwrap();
        assert!(survives(damaged.path(), &expect, &format!("cap at {place}")), "cap at {place} was not noticed");
    }
}

#[test]
fn p20_a_truncated_file_is_noticed_moved_aside_and_replaced() {
    let dir = TempDir::new().unwrap();
    written(dir.path());
    let expect = durable(&Journal::open(dir.path()).unwrap()).unwrap();
    let bytes = fs::read(dir.path().join("journal.db")).unwrap();
    for length in [0, 1, 16, 100, 4096, 5000, bytes.len() / 2, bytes.len() - 4096] {
        let damaged = copy(dir.path());
        fs::write(damaged.path().join("journal.db"), &bytes[..length]).unwrap();
        assert!(survives(damaged.path(), &expect, &format!("{length} bytes left")), "{length} bytes were not noticed");
        assert!(damaged.path().join("journal.damaged-1.db").exists(), "{length} bytes left: kept for a look");
    }
}

#[test]
fn p20_the_original_schedule_is_saved_from_a_damaged_file() {
    let dir = TempDir::new().unwrap();
    written(dir.path());
    let path = dir.path().join("journal.db");
    let mut bytes = fs::read(&path).unwrap();
    for place in 0..bytes.len() - 9 {
        if &bytes[place..place + 9] == b"read back" {
            bytes[place] = b'R';
        }
    }
    fs::write(&path, bytes).unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    assert!(journal.loss(minutes(60)).unwrap().is_some());
    assert_eq!(journal.original("home").unwrap(), Some((Schedule::TwoWindow(schedule(50)), minutes(0))));
    assert!(!journal.keep_original("home", &Schedule::TwoWindow(schedule(90)), minutes(60)).unwrap());
}

#[test]
fn p20_a_deleted_journal_is_noticed() {
    let dir = TempDir::new().unwrap();
    written(dir.path());
    fs::remove_file(dir.path().join("journal.db")).unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let loss = journal.loss(minutes(60)).unwrap().unwrap();
    assert_eq!(loss.noted_at, minutes(60));
    drop(journal);
    let journal = Journal::open(dir.path()).unwrap();
    assert_eq!(journal.loss(minutes(90)).unwrap(), Some(loss), "it stays noted when it was noted first");
}

#[test]
fn p20_an_older_copy_put_back_is_noticed() {
    let dir = TempDir::new().unwrap();
    written(dir.path());
    drop(Journal::open(dir.path()).unwrap());
    let older = fs::read(dir.path().join("journal.db")).unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    assert_eq!(intend(&journal, 2, 5), 3);
    drop(journal);
    fs::write(dir.path().join("journal.db"), older).unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let loss = journal.loss(minutes(60)).unwrap().unwrap();
    assert!(loss.reason.contains("newest 1 intents"), "{}", loss.reason);
    assert_eq!(journal.proven("home", Object::Charge).unwrap(), None);
    assert_eq!(intend(&journal, 2, 61), 4, "the lost number is not used again");
}

/// The files as a kill at this moment leaves them: the write-ahead log is not in the main file yet.
fn killed(dir: &Path) -> TempDir {
    let journal = Journal::open(dir).unwrap();
    journal.keep_original("home", &Schedule::TwoWindow(schedule(50)), minutes(0)).unwrap();
    for (step, minute) in [(0, 1), (1, 2), (2, 3)] {
        intend(&journal, step, minute);
    }
    let left = copy(dir);
    assert!(fs::metadata(left.path().join("journal.db-wal")).unwrap().len() > 0, "there is a log to recover");
    left
}

#[test]
fn p7_after_a_kill_every_intent_that_was_returned_is_there() {
    let dir = TempDir::new().unwrap();
    let left = killed(dir.path());
    let journal = Journal::open(left.path()).unwrap();
    assert_eq!(journal.loss(minutes(9)).unwrap(), None);
    assert_eq!(journal.unfinished("home").unwrap().unwrap().attempts.len(), 3);
}

#[test]
fn p7_a_kill_inside_a_transaction_leaves_nothing_of_it() {
    let dir = TempDir::new().unwrap();
    drop(killed(dir.path()));
    let other = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    other.pragma_update(None, "cache_size", 1).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for _ in 0..2000 {
        other
            .execute("INSERT INTO log (site, at, kind, text) VALUES ('home', 1, 'service', hex(randomblob(200)))", [])
            .unwrap();
    }
    let left = copy(dir.path());
    let journal = Journal::open(left.path()).unwrap();
    assert_eq!(journal.loss(minutes(9)).unwrap(), None);
    assert_eq!(journal.unfinished("home").unwrap().unwrap().attempts.len(), 3);
    assert_eq!(journal.log(&LogFilter { until: Some(minutes(0)), ..LogFilter::default() }, 10).unwrap(), []);
}

#[test]
fn p20_damage_in_the_write_ahead_log_is_noticed_or_harmless() {
    let dir = TempDir::new().unwrap();
    let left = killed(dir.path());
    let expect = durable(&Journal::open(copy(left.path()).path()).unwrap()).unwrap();
    let name = "journal.db-wal";
    let bytes = fs::read(left.path().join(name)).unwrap();
    let mut noticed = 0;
    let mut check = |wal: &[u8], case: &str| {
        let damaged = copy(left.path());
        fs::write(damaged.path().join(name), wal).unwrap();
        let _ = fs::remove_file(damaged.path().join("journal.db-shm"));
        noticed += usize::from(survives(damaged.path(), &expect, case));
    };
    for place in (0..bytes.len()).step_by(2011) {
        let mut flipped = bytes.clone();
        flipped[place] ^= 0x41;
        check(&flipped, &format!("log byte {place}"));
        check(&bytes[..place], &format!("log cut at {place}"));
    }
    println!("{noticed} losses noticed");
    assert!(noticed > 10, "{noticed}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn p21_any_bytes_in_place_of_the_files_are_survived(
        file in proptest::collection::vec(any::<u8>(), 0..3000),
        header in any::<bool>(),
        mark in proptest::collection::vec(any::<u8>(), 0..80),
        log in proptest::collection::vec(any::<u8>(), 0..3000),
    ) {
        let dir = TempDir::new().unwrap();
        let mut bytes = if header { b"SQLite format 3\0".to_vec() } else { Vec::new() };
        bytes.extend(file);
        fs::write(dir.path().join("journal.db"), &bytes).unwrap();
        fs::write(dir.path().join("journal.db-wal"), &log).unwrap();
        fs::write(dir.path().join("journal.mark"), &mark).unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        prop_assert!(bytes.is_empty() || journal.loss(minutes(0)).unwrap().is_some());
        intend(&journal, 0, 0);
    }
}

#[test]
fn a_foreign_or_newer_database_is_told_apart_from_a_damaged_one() {
    let dir = TempDir::new().unwrap();
    drop(Journal::open(dir.path()).unwrap());
    let raw = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    raw.execute("INSERT INTO versions (version) VALUES (99)", []).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    let check = |found: Result<(), JournalError>| {
        let error = found.expect_err("a newer journal is left alone");
        assert_eq!(error.to_string(), "journal: its version is 99, this program knows up to 2; use the newer program");
    };
    check(Journal::open(dir.path()).map(drop));
    check(Journal::read_only(dir.path()).map(drop));
    check(Journal::open_beside(dir.path()).map(drop));
}

#[test]
fn reading_alone_neither_waits_nor_writes() {
    let dir = TempDir::new().unwrap();
    assert!(Journal::read_only(dir.path()).unwrap().is_none());
    assert!(!dir.path().join("journal.db").exists());
    let journal = Journal::open(dir.path()).unwrap();
    intend(&journal, 0, 0);
    let busy = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    busy.execute_batch("BEGIN IMMEDIATE").unwrap();
    let reader = Journal::read_only(dir.path()).unwrap().unwrap();
    assert_eq!(reader.writes("home", 10).unwrap().len(), 1);
    assert_eq!(reader.loss(minutes(0)).unwrap(), None);
    assert!(reader.record_event("home", minutes(0), "x").is_err());
}

#[test]
fn the_owner_may_journal_a_command_beside_the_service() {
    let dir = TempDir::new().unwrap();
    let _lock = StateLock::acquire(dir.path(), "offpeak run home.yaml").unwrap();
    let service = Journal::open(dir.path()).unwrap();
    let beside = Journal::open_beside(dir.path()).unwrap();
    beside.begin_override("home", "hold", minutes(60), minutes(0)).unwrap();
    assert_eq!(service.active_override("home", minutes(1)).unwrap().unwrap().action, "hold");
}

#[test]
fn p17_a_second_writer_says_who_holds_the_folder() {
    let dir = TempDir::new().unwrap();
    let state = dir.path().join("deep").join("state");
    let lock = StateLock::acquire(&state, "offpeak run home.yaml").unwrap();
    let error = StateLock::acquire(&state, "offpeak apply home.yaml").expect_err("it is held");
    let expect = format!("{} is held by offpeak run home.yaml, pid {}", state.display(), std::process::id());
    assert_eq!(error.to_string(), expect);
    assert!(matches!(error, LockError::Held { .. }));
    drop(lock);
    StateLock::acquire(&state, "offpeak apply home.yaml").unwrap();
}

#[test]
fn what_cannot_be_used_is_named() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "x").unwrap();
    assert!(Journal::open(&file).expect_err("a file").to_string().contains("file"));
    assert!(StateLock::acquire(&file, "x").expect_err("a file").to_string().contains("lock"));
}
