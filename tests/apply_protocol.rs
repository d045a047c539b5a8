//! The write protocol, course by course, as an owner would tell it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::time::Duration;

use offpeak::apply::{Alarm, Command, Drift, End, Event, Machine, Ownership, Proof, SendReply, drift, ownership};
use offpeak::device::{
    Attempt, ChargeSettings, DischargeSettings, Outcome, Period, Schedule, Sequence, Settings, Step, TwoWindow,
    WriteKind,
};
use offpeak::policy::model::OnDrift;
use offpeak::time::Instant;

const INTERVAL: Duration = Duration::from_secs(600);

fn minutes(minutes: i64) -> Instant {
    "2026-11-20T20:41:00Z".parse::<Instant>().unwrap() + chrono::Duration::minutes(minutes)
}

fn charge(cap: u8) -> Settings {
    let window = Period { from: "02:00".parse().unwrap(), to: "05:00".parse().unwrap() };
    Settings::Charge(ChargeSettings { grid_charge: true, windows: [window, Period::UNUSED], cap })
}

fn discharge(floor: u8) -> Settings {
    Settings::Discharge(DischargeSettings { restricted: false, windows: [Period::UNUSED; 2], floor })
}

fn device() -> TwoWindow {
    match (charge(50), discharge(10)) {
        (Settings::Charge(charge), Settings::Discharge(discharge)) => TwoWindow { charge, discharge },
        _ => panic!("one of each"),
    }
}

/// Withdraw, then grant.
fn pair() -> Sequence {
    let steps = vec![
        Step { settings: discharge(20), kind: WriteKind::Withdrawal },
        Step { settings: charge(90), kind: WriteKind::Grant },
    ];
    Sequence { id: 7, reason: "night".to_owned(), before: Schedule::TwoWindow(device()), steps }
}

fn grant() -> Sequence {
    Sequence { steps: vec![Step { settings: charge(90), kind: WriteKind::Grant }], ..pair() }
}

fn words(commands: &[Command]) -> Vec<String> {
    let word = |command: &Command| match command {
        Command::RecordIntent(intent) => format!("intend {}", intent.step),
        Command::Send(settings) => format!("send {}", settings.object().word()),
        Command::ReadBack(object) => format!("read {}", object.word()),
        Command::Record { step, outcome } => format!("{step}: {}", outcome.words()),
        Command::Prove(proof) => format!("proved {}", proof.settings()),
        Command::Alarm(Alarm::NoJournal(kind)) => format!("alarm: no journal for a {}", kind.word()),
        Command::Alarm(Alarm::Refused(object)) => format!("alarm: {} refused", object.word()),
        Command::Alarm(Alarm::NotStored(object)) => format!("alarm: {} not stored", object.word()),
        Command::Alarm(Alarm::ForeignEdit(drift)) => format!("alarm: someone else wrote {}", drift.to),
        Command::AwaitNextTick => "wait".to_owned(),
        Command::Done(end) => format!("done: {end:?}").split(['(', ' ']).take(2).collect::<Vec<_>>().join(" "),
    };
    commands.iter().map(word).collect()
}

fn course(sequence: Sequence, events: &[(Event, &[&str])]) -> Machine {
    let (mut machine, commands) = Machine::begin(sequence, INTERVAL, minutes(0));
    assert_eq!(words(&commands), ["intend 0"]);
    for (event, expect) in events {
        assert_eq!(words(&machine.on(event.clone())), *expect, "{event:?}");
    }
    machine
}

const ACCEPTED: Event = Event::SendReply(SendReply::Accepted);
const REFUSED: Event = Event::SendReply(SendReply::Refused);
const UNKNOWN: Event = Event::SendReply(SendReply::Unknown);
const DURABLE: Event = Event::IntentDurable;

fn found(settings: Settings) -> Event {
    Event::ReadBackReply(Some(settings))
}

fn tick(minute: i64) -> Event {
    Event::Tick(minutes(minute))
}

#[test]
fn p8_a_pair_goes_from_intent_to_proof_step_by_step() {
    let machine = course(
        pair(),
        &[
            (DURABLE, &["send discharge"]),
            (ACCEPTED, &["0: accepted", "read discharge"]),
            (found(discharge(20)), &["0: stored", "proved discharge unrestricted, floor 20 %", "intend 1"]),
            (DURABLE, &["send charge"]),
            (ACCEPTED, &["1: accepted", "read charge"]),
            (found(charge(90)), &["1: stored", "proved grid charge 02:00–05:00 to 90 %", "done: Stored"]),
            (tick(1), &[]),
        ],
    );
    assert!(machine.has_ended());
    assert_eq!(machine.pending(), None);
}

#[test]
fn p8_a_lost_reply_is_read_before_anything_else() {
    course(
        grant(),
        &[
            (DURABLE, &["send charge"]),
            (UNKNOWN, &["0: outcome unknown", "read charge"]),
            (found(charge(90)), &["0: stored", "proved grid charge 02:00–05:00 to 90 %", "done: Stored"]),
        ],
    );
}

#[test]
fn p8_what_is_not_there_is_sent_once_more_and_no_more() {
    course(
        grant(),
        &[
            (DURABLE, &["send charge"]),
            (UNKNOWN, &["0: outcome unknown", "read charge"]),
            (found(charge(50)), &["wait"]),
            (tick(1), &["read charge"]),
            (Event::ReadBackReply(None), &["wait"]),
            (tick(2), &["read charge"]),
            (found(charge(50)), &["0: not stored", "intend 0"]),
            (DURABLE, &["send charge"]),
            (ACCEPTED, &["0: accepted", "read charge"]),
            (found(charge(50)), &["wait"]),
            (tick(3), &["read charge"]),
            (found(charge(50)), &["0: not stored", "alarm: charge not stored", "done: NotStored"]),
        ],
    );
}

#[test]
fn p20_without_a_durable_intent_a_grant_stays_and_a_withdrawal_goes() {
    course(grant(), &[(Event::IntentFailed, &["alarm: no journal for a grant", "done: NotBegun"])]);
    course(
        pair(),
        &[
            (Event::IntentFailed, &["alarm: no journal for a withdrawal", "send discharge"]),
            (ACCEPTED, &["0: accepted", "read discharge"]),
            (found(discharge(20)), &["0: stored", "proved discharge unrestricted, floor 20 %", "intend 1"]),
            (Event::IntentFailed, &["alarm: no journal for a grant", "wait"]),
            (tick(1), &["read charge"]),
            (found(charge(50)), &["intend 1"]),
            (DURABLE, &["send charge"]),
        ],
    );
}

#[test]
fn p12_a_refusal_in_the_middle_is_tried_again_ever_more_seldom_and_then_given_up() {
    let mut machine = course(
        pair(),
        &[
            (DURABLE, &["send discharge"]),
            (ACCEPTED, &["0: accepted", "read discharge"]),
            (found(discharge(20)), &["0: stored", "proved discharge unrestricted, floor 20 %", "intend 1"]),
        ],
    );
    let mut minute = 0;
    for wait in [10, 20, 40, 80] {
        assert_eq!(words(&machine.on(DURABLE)), ["send charge"]);
        assert_eq!(words(&machine.on(REFUSED)), ["1: refused", "alarm: charge refused", "wait"]);
        assert_eq!(words(&machine.on(tick(minute + wait - 1))), ["wait"]);
        minute += wait;
        assert_eq!(words(&machine.on(tick(minute))), ["read charge"]);
        assert_eq!(words(&machine.on(found(charge(50)))), ["intend 1"]);
    }
    assert_eq!(words(&machine.on(DURABLE)), ["send charge"]);
    assert_eq!(words(&machine.on(REFUSED)), ["1: refused", "alarm: charge refused", "done: Refused"]);
}

#[test]
fn p12_a_wait_that_a_wrong_clock_has_dated_does_not_outlast_its_correction() {
    let mut machine = course(
        pair(),
        &[
            (Event::IntentDurable, &["send discharge"]),
            (Event::SendReply(SendReply::Accepted), &["0: accepted", "read discharge"]),
            (found(discharge(10)), &["wait"]),
        ],
    );
    let day = 24 * 60;
    assert_eq!(words(&machine.on(tick(-5))), ["wait"], "a clock that was set back by less than the interval");
    assert_eq!(words(&machine.on(tick(-day))), ["read discharge"]);
    let refused = |minute| Attempt { step: 0, at: minutes(minute), outcome: Some(Outcome::Refused) };
    let first = |attempt: Attempt| words(&Machine::recover(pair(), &[attempt], INTERVAL, minutes(0)).1);
    assert_eq!(first(refused(-5)), ["wait"]);
    assert_eq!(first(refused(-11)), ["read discharge"]);
    assert_eq!(first(refused(day)), ["read discharge"]);
}

#[test]
fn a_first_step_that_is_refused_ends_the_sequence() {
    let events: [(Event, &[&str]); 2] =
        [(DURABLE, &["send charge"]), (REFUSED, &["0: refused", "alarm: charge refused", "done: Refused"])];
    course(grant(), &events);
}

#[test]
fn p13_someone_else_s_write_in_between_ends_the_sequence() {
    course(
        grant(),
        &[
            (DURABLE, &["send charge"]),
            (ACCEPTED, &["0: accepted", "read charge"]),
            (
                found(charge(77)),
                &["0: not stored", "alarm: someone else wrote grid charge 02:00–05:00 to 77 %", "done: ForeignEdit"],
            ),
        ],
    );
}

#[test]
fn what_nobody_waits_for_changes_nothing() {
    let (mut machine, _) = Machine::begin(pair(), INTERVAL, minutes(0));
    let before = machine.clone();
    for event in [tick(1), ACCEPTED, REFUSED, UNKNOWN, found(charge(90)), Event::ReadBackReply(None)] {
        assert_eq!(machine.on(event), []);
    }
    assert_eq!(machine, before);
    machine.on(DURABLE);
    machine.on(ACCEPTED);
    assert_eq!(words(&machine.on(found(charge(90)))), ["wait"], "a reply about the wrong object proves nothing");
}

#[test]
fn p7_recovery_begins_by_reading_what_is_open() {
    let check = |attempts: &[(usize, i64, Option<Outcome>)], now: i64, expect: &[&str]| {
        let attempt = |&(step, at, outcome): &(usize, i64, Option<Outcome>)| Attempt { step, at: minutes(at), outcome };
        let attempts: Vec<Attempt> = attempts.iter().map(attempt).collect();
        let (machine, commands) = Machine::recover(pair(), &attempts, INTERVAL, minutes(now));
        assert_eq!(words(&commands), expect, "{attempts:?}");
        machine
    };
    let stored = (0, 0, Some(Outcome::Stored));
    check(&[(0, 0, None)], 1, &["read discharge"]);
    check(&[(0, 0, Some(Outcome::Accepted))], 1, &["read discharge"]);
    check(&[(0, 0, Some(Outcome::Unknown))], 1, &["read discharge"]);
    check(&[stored], 1, &["read charge"]);
    check(&[stored, (1, 1, None)], 1, &["read charge"]);
    check(&[stored, (1, 1, Some(Outcome::Refused))], 5, &["wait"]);
    check(&[stored, (1, 1, Some(Outcome::Refused))], 11, &["read charge"]);
    check(&[stored, (1, 1, Some(Outcome::Stored))], 5, &["done: Stored"]);

    let refused = |at| (1, at, Some(Outcome::Refused));
    check(&[stored, refused(1), refused(11)], 30, &["wait"]);
    check(&[stored, refused(1), refused(11)], 31, &["read charge"]);
    check(&[stored, refused(1), refused(2), refused(3), refused(4), refused(5)], 900, &["done: Refused"]);

    let gone = |attempts: &[(usize, i64, Option<Outcome>)], expect: &[&str]| {
        let mut machine = check(attempts, 30, &["read charge"]);
        assert_eq!(words(&machine.on(found(charge(50)))), expect, "{attempts:?}");
    };
    let given_up = ["1: not stored", "alarm: charge not stored", "done: NotStored"];
    let unknown = |at| (1, at, Some(Outcome::Unknown));
    gone(&[stored, unknown(1)], &["1: not stored", "intend 1"]);
    gone(&[stored, unknown(1), unknown(2)], &given_up);
    gone(&[stored, unknown(1), (1, 2, None), (1, 3, None)], &["1: not stored", "intend 1"]);
    gone(&[stored, (1, 1, None), (1, 2, None), (1, 3, None)], &given_up);

    let mut once = check(&[stored, (1, 1, None)], 3, &["read charge"]);
    assert_eq!(once.pending(), Some(charge(90)));
    assert_eq!(words(&once.on(found(charge(50)))), ["1: not stored", "intend 1"]);
}

#[test]
fn p8_only_reading_back_makes_a_proof_and_spelling_does_not_matter() {
    let off = |cap| match charge(cap) {
        Settings::Charge(charge) => Settings::Charge(ChargeSettings { grid_charge: false, ..charge }),
        other => other,
    };
    let check = |asked: Settings, read: Settings, expect: bool| {
        assert_eq!(Proof::by_reading(&asked, &read).is_some(), expect, "{asked} | {read}");
    };
    check(charge(90), charge(90), true);
    check(charge(90), charge(91), false);
    check(charge(90), off(90), false);
    check(off(90), off(20), true);
    check(charge(90), discharge(10), false);
    assert_eq!(Proof::by_reading(&off(90), &off(20)).map(|proof| proof.settings()), Some(off(20)));
}

#[test]
fn p13_drift_is_a_difference_in_meaning_from_what_was_proved() {
    let check = |proven: Option<Settings>, pending: &[Settings], read: Settings, expect: bool| {
        let found = drift(proven.as_ref(), pending, &read);
        let named = Drift { object: read.object(), from: proven.unwrap_or(read), to: read };
        assert_eq!(found, expect.then_some(named), "{proven:?} {read}");
    };
    check(None, &[], charge(77), false);
    check(Some(charge(90)), &[], charge(90), false);
    check(Some(charge(90)), &[], charge(77), true);
    check(Some(charge(90)), &[charge(77)], charge(77), false);
    check(Some(charge(90)), &[charge(60)], charge(77), true);
    check(Some(charge(90)), &[], discharge(10), false);
    check(Some(discharge(10)), &[], discharge(20), true);
}

#[test]
fn p13_the_policy_says_what_becomes_of_a_foreign_edit() {
    let found = drift(Some(&charge(90)), &[], &charge(77));
    assert_eq!(ownership(None, OnDrift::Report), Ownership::Free);
    assert_eq!(ownership(found, OnDrift::Report), Ownership::Foreign(found.unwrap()));
    assert_eq!(ownership(found, OnDrift::Reclaim), Ownership::Reclaimed(found.unwrap()));
}

#[test]
fn nothing_to_write_is_done_at_once() {
    let (machine, commands) = Machine::begin(Sequence { steps: Vec::new(), ..pair() }, INTERVAL, minutes(0));
    assert_eq!(commands, [Command::Done(End::Stored)]);
    assert!(machine.has_ended());
}
