//! What is journaled comes back as it was.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;
use std::time::Duration;

use offpeak::device::{
    ChargeSettings, DischargeSettings, Object, Outcome, PerObject, Period, Schedule, Sequence, Settings, Step,
    TwoWindow, WriteKind,
};
use offpeak::engine::{Command, Decision, Source};
use offpeak::journal::{Journal, LogFilter, LogKind, Retention, TickRecord};
use offpeak::snapshot::{Quality, Reading, Snapshot};
use offpeak::tariff::{PriceSeries, PriceSlot, Prices};
use offpeak::time::Instant;
use offpeak::units::{Power, Price, Soc};

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn start() -> Instant {
    at("2026-11-20T20:41:00.123456789Z")
}

fn minutes(minutes: i64) -> Instant {
    start() + chrono::Duration::minutes(minutes)
}

fn schedule(cap: u8) -> TwoWindow {
    let window = |from: &str, to: &str| Period { from: from.parse().unwrap(), to: to.parse().unwrap() };
    TwoWindow {
        charge: ChargeSettings {
            grid_charge: true,
            windows: [window("23:30", "00:00"), window("00:00", "05:30")],
            cap,
        },
        discharge: DischargeSettings { restricted: false, windows: [Period::UNUSED; 2], floor: 10 },
    }
}

fn snapshot(soc: f64) -> Snapshot {
    let watts = |watts: f64| Power::from_watts(watts).unwrap();
    Snapshot {
        soc: Some(Reading::good(Soc::from_percent(soc).unwrap(), minutes(-3))),
        load: Some(Reading { value: watts(0.1 + 0.2), taken_at: minutes(-2), quality: Quality::Frozen }),
        solar: Some(Reading { value: watts(0.0), taken_at: minutes(-2), quality: Quality::Implausible }),
        battery: Some(Reading { value: watts(-1264.5), taken_at: minutes(-2), quality: Quality::Unconfirmed }),
        grid: None,
        ev: None,
    }
}

fn tick(minute: i64, soc: f64) -> TickRecord {
    let slot = PriceSlot { from: minutes(0), until: minutes(30), price: Price::per_kwh(-0.07).unwrap() };
    TickRecord {
        at: minutes(minute),
        revision: "b".repeat(64),
        readings: snapshot(soc),
        prices: Prices { import: PriceSeries::from_slots(vec![slot]).unwrap(), ..Prices::default() },
        memory: r#"{"soc below 30":true}"#.to_owned(),
        manual: Some(("charge to 80%".to_owned(), minutes(120))),
        schedule: Some(Schedule::TwoWindow(schedule(90))),
        writes_used: PerObject { charge: 2, discharge: 1, windows: 0 },
        context: "{}".to_owned(),
        decision: Decision {
            source: Source::Rule(3),
            command: Command::ChargeTo { target: Soc::from_percent(90.0).unwrap(), power: Power::from_watts(3000.0) },
        },
        rule: Some("Top up".to_owned()),
    }
}

fn sequence(id: i64) -> Sequence {
    let release = DischargeSettings { restricted: false, windows: [Period::UNUSED; 2], floor: 20 };
    Sequence {
        id,
        reason: "Top up at the night rate".to_owned(),
        before: Schedule::TwoWindow(schedule(50)),
        steps: vec![
            Step { settings: Settings::Discharge(release), kind: WriteKind::Withdrawal },
            Step { settings: Settings::Charge(schedule(90).charge), kind: WriteKind::Grant },
        ],
    }
}

#[test]
fn p19_a_past_decision_comes_back_with_all_that_it_rested_on() {
    let journal = Journal::in_memory().unwrap();
    for minute in 0..5 {
        journal.record_tick("home", &tick(minute, 40.0 + minute as f64 / 3.0)).unwrap();
    }
    journal.record_tick("other", &tick(4, 1.0)).unwrap();
    assert_eq!(journal.decision_at("home", minutes(-1)).unwrap(), None);
    assert_eq!(journal.decision_at("home", minutes(0)).unwrap(), Some(tick(0, 40.0)));
    let between = minutes(3) + chrono::Duration::seconds(59);
    assert_eq!(journal.decision_at("home", between).unwrap(), Some(tick(3, 41.0)));
    assert_eq!(journal.decision_after("home", minutes(3)).unwrap().map(|tick| tick.at), Some(minutes(4)));
    assert_eq!(journal.decision_after("home", minutes(4)).unwrap(), None);
}

#[test]
fn p19_every_kind_of_decision_comes_back() {
    let journal = Journal::in_memory().unwrap();
    let soc = Soc::from_percent(12.5).unwrap();
    let commands = [
        Command::Hold,
        Command::SelfConsume { floor: soc },
        Command::ChargeTo { target: soc, power: None },
        Command::DischargeTo { floor: soc, power: Power::from_watts(1.5) },
    ];
    for (minute, command) in commands.into_iter().enumerate() {
        for (second, source) in [Source::Rule(0), Source::Otherwise, Source::Override].into_iter().enumerate() {
            let mut tick = tick(minute as i64, 40.0);
            tick.at += chrono::Duration::seconds(second as i64);
            (tick.decision, tick.rule, tick.manual, tick.schedule) = (Decision { source, command }, None, None, None);
            journal.record_tick("home", &tick).unwrap();
            assert_eq!(journal.decision_at("home", tick.at).unwrap(), Some(tick));
        }
    }
}

#[test]
fn the_log_tells_of_a_decision_when_it_changes() {
    let journal = Journal::in_memory().unwrap();
    for minute in 0..10 {
        let mut tick = tick(minute, 40.0);
        if minute >= 6 {
            tick.decision = Decision { source: Source::Otherwise, command: Command::Hold };
        }
        journal.record_tick("home", &tick).unwrap();
    }
    let filter = LogFilter { kinds: vec![LogKind::Decision], ..LogFilter::default() };
    let lines: Vec<String> = journal.log(&filter, 100).unwrap().into_iter().map(|entry| entry.text).collect();
    assert_eq!(lines, ["charge to 90 % at 3 kW (Top up)", "hold (no rule matched)"]);
    assert_eq!(journal.readings("home", minutes(0), minutes(60), 100).unwrap().len(), 1);
}

#[test]
fn the_log_is_filtered_by_site_time_and_kind() {
    let journal = Journal::in_memory().unwrap();
    for minute in 0..10 {
        let site = if minute % 2 == 0 { "home" } else { "barn" };
        journal.record_event(site, minutes(minute), &format!("event {minute}")).unwrap();
    }
    journal.raise_alarm("home", "k", "an alarm\nin two lines", minutes(10)).unwrap();
    let check = |filter: LogFilter, limit: u32, expect: &[&str]| {
        let texts: Vec<String> = journal.log(&filter, limit).unwrap().into_iter().map(|entry| entry.text).collect();
        assert_eq!(texts, expect, "{filter:?}");
    };
    let home = || LogFilter { site: Some("home".to_owned()), ..LogFilter::default() };
    check(home(), 3, &["event 6", "event 8", "an alarm in two lines"]);
    check(LogFilter { from: Some(minutes(2)), until: Some(minutes(6)), ..home() }, 9, &["event 2", "event 4"]);
    check(LogFilter { kinds: vec![LogKind::Alarm], ..home() }, 9, &["an alarm in two lines"]);
    check(LogFilter { kinds: vec![LogKind::Drift], ..home() }, 9, &[]);
}

#[test]
fn readings_come_back_in_order_and_to_the_bit() {
    let journal = Journal::in_memory().unwrap();
    for minute in 0..5 {
        journal.record_tick("home", &tick(minute, 10.0 + minute as f64 / 7.0)).unwrap();
    }
    let readings = journal.readings("home", minutes(1), minutes(4), 2).unwrap();
    let expect = [(minutes(2), snapshot(10.0 + 2.0 / 7.0)), (minutes(3), snapshot(10.0 + 3.0 / 7.0))];
    assert_eq!(readings, expect);
}

#[test]
fn a_revision_is_kept_once_and_checked() {
    let journal = Journal::in_memory().unwrap();
    let text = "offpeak: 1\n";
    let revision = {
        use sha2::Digest;
        hex::encode(sha2::Sha256::digest(text))
    };
    journal.record_revision("home", "home.yaml", &revision, text, minutes(0)).unwrap();
    journal.record_revision("home", "home.yaml", &revision, text, minutes(9)).unwrap();
    let record = journal.revision(&revision).unwrap().unwrap();
    assert_eq!((record.text.as_str(), record.first_seen), (text, minutes(0)));
    journal.record_revision("home", "home.yaml", "no digest", text, minutes(9)).unwrap();
    assert!(journal.revision("no digest").is_err());
    assert_eq!(journal.revision("unheard of").unwrap(), None);
}

#[test]
fn p7_an_unfinished_sequence_comes_back_with_its_attempts() {
    let journal = Journal::in_memory().unwrap();
    assert_eq!(journal.unfinished("home").unwrap(), None);
    let sequence = sequence(journal.next_sequence().unwrap());
    let first = journal.record_intent("home", &sequence, 0, minutes(0)).unwrap();
    journal.record_outcome("home", Some(first), Object::Discharge, minutes(0), Outcome::Accepted, "code 200").unwrap();
    journal.record_outcome("home", Some(first), Object::Discharge, minutes(1), Outcome::Stored, "").unwrap();
    journal.record_outcome("home", Some(first), Object::Discharge, minutes(2), Outcome::NotObservable, "").unwrap();
    journal.record_intent("home", &sequence, 1, minutes(2)).unwrap();
    let unfinished = journal.unfinished("home").unwrap().unwrap();
    assert_eq!((&unfinished.sequence, unfinished.begun_at), (&sequence, minutes(0)));
    let seen: Vec<_> = unfinished.attempts.iter().map(|attempt| (attempt.step, attempt.at, attempt.outcome)).collect();
    assert_eq!(seen, [(0, minutes(0), Some(Outcome::Stored)), (1, minutes(2), None)]);
    assert_eq!(journal.unfinished("barn").unwrap(), None);
    journal.end_sequence("home", sequence.id, minutes(3), "stored").unwrap();
    assert_eq!(journal.unfinished("home").unwrap(), None);
    assert_eq!(journal.next_sequence().unwrap(), sequence.id + 1);
    assert!(journal.record_intent("home", &sequence, 2, minutes(4)).is_err());
}

#[test]
fn p7_a_new_sequence_takes_the_place_of_one_that_was_left() {
    let journal = Journal::in_memory().unwrap();
    for id in [1, 2] {
        journal.record_intent("home", &sequence(id), 0, minutes(id)).unwrap();
    }
    assert_eq!(journal.unfinished("home").unwrap().unwrap().sequence.id, 2);
    journal.end_sequence("home", 2, minutes(3), "stored").unwrap();
    assert_eq!(journal.unfinished("home").unwrap(), None, "the older one is not taken up again");
}

#[test]
fn two_sites_may_number_their_sequences_alike() {
    let journal = Journal::in_memory().unwrap();
    journal.record_intent("home", &sequence(1), 0, minutes(0)).unwrap();
    journal.record_intent("barn", &sequence(1), 0, minutes(0)).unwrap();
    for site in ["home", "barn"] {
        assert_eq!(journal.unfinished(site).unwrap().unwrap().attempts.len(), 1);
    }
}

#[test]
fn p10_every_write_that_may_have_reached_the_vendor_counts() {
    let journal = Journal::in_memory().unwrap();
    let sequence = sequence(1);
    let (day, next) = (minutes(0), minutes(24 * 60));
    let used = |object| journal.writes_used("home", object, day, next).unwrap();
    assert_eq!(used(Object::Charge).count, 0);
    journal.record_intent("home", &sequence, 1, minutes(-1)).unwrap();
    journal.record_intent("home", &sequence, 0, minutes(1)).unwrap();
    let refused = journal.record_intent("home", &sequence, 1, minutes(2)).unwrap();
    journal.record_outcome("home", Some(refused), Object::Charge, minutes(3), Outcome::Refused, "6053").unwrap();
    journal.record_intent("home", &sequence, 1, minutes(24 * 60)).unwrap();
    let charge = used(Object::Charge);
    assert_eq!((charge.count, charge.last, charge.last_grant), (1, Some(minutes(2)), Some(minutes(2))));
    assert_eq!(charge.last_refused, Some(minutes(3)));
    let discharge = used(Object::Discharge);
    assert_eq!((discharge.count, discharge.last, discharge.last_grant), (1, Some(minutes(1)), None));
    let writes = journal.writes("home", 10).unwrap();
    assert_eq!(writes.iter().map(|write| write.id).collect::<Vec<_>>(), [4, 3, 2, 1]);
    assert_eq!(writes[1].outcomes, [(minutes(3), Outcome::Refused, "6053".to_owned())]);
}

#[test]
fn the_original_is_kept_once_and_the_proven_is_replaced() {
    let journal = Journal::in_memory().unwrap();
    assert_eq!(journal.original("home").unwrap(), None);
    assert!(journal.keep_original("home", &Schedule::TwoWindow(schedule(50)), minutes(0)).unwrap());
    assert!(!journal.keep_original("home", &Schedule::TwoWindow(schedule(90)), minutes(1)).unwrap());
    assert_eq!(journal.original("home").unwrap(), Some((Schedule::TwoWindow(schedule(50)), minutes(0))));
    assert_eq!(journal.proven("home", Object::Charge).unwrap(), None);
    for (minute, cap) in [(0, 50), (1, 90)] {
        journal.prove("home", &Settings::Charge(schedule(cap).charge), minutes(minute)).unwrap();
    }
    let proven = journal.proven("home", Object::Charge).unwrap().unwrap();
    assert_eq!((proven.settings, proven.at), (Settings::Charge(schedule(90).charge), minutes(1)));
    assert_eq!(journal.proven("home", Object::Discharge).unwrap(), None);
}

#[test]
fn p13_a_drift_is_news_once_until_it_changes_or_is_cleared() {
    let journal = Journal::in_memory().unwrap();
    let charge = |cap| Settings::Charge(schedule(cap).charge);
    let note = |cap, minute| journal.note_drift("home", &charge(90), &charge(cap), minutes(minute)).unwrap();
    assert!(note(50, 0));
    assert!(!note(50, 1));
    assert!(note(60, 2));
    let resumed = journal.resume("home", "resume", minutes(3)).unwrap();
    assert_eq!((resumed.override_cancelled, resumed.drifts_acknowledged), (false, 1));
    let drift = journal.drift("home", Object::Charge).unwrap().unwrap();
    assert_eq!((drift.since, drift.acknowledged_at), (minutes(2), Some(minutes(3))));
    assert!(note(70, 4));
    assert_eq!(journal.drift("home", Object::Charge).unwrap().unwrap().acknowledged_at, None);
    journal.clear_drift("home", Object::Charge).unwrap();
    assert_eq!(journal.drift("home", Object::Charge).unwrap(), None);
}

#[test]
fn an_override_expires_is_replaced_and_is_ended_by_resume() {
    let journal = Journal::in_memory().unwrap();
    let active = |minute| journal.active_override("home", minutes(minute)).unwrap().map(|found| found.action);
    journal.begin_override("home", "hold", minutes(60), minutes(0)).unwrap();
    assert_eq!(active(59).as_deref(), Some("hold"));
    assert_eq!(active(60), None);
    journal.begin_override("home", "charge to 80%", minutes(20), minutes(10)).unwrap();
    assert_eq!(active(10).as_deref(), Some("charge to 80%"));
    assert_eq!(active(30), None, "the replaced one does not come back");
    assert!(journal.resume("home", "resume", minutes(15)).unwrap().override_cancelled);
    assert_eq!(active(16), None);
    assert!(!journal.resume("home", "resume", minutes(16)).unwrap().override_cancelled);
    assert!(journal.begin_override("home", &"x".repeat(501), minutes(60), minutes(0)).is_err());
}

#[test]
fn p14_an_alarm_is_told_once() {
    let journal = Journal::in_memory().unwrap();
    assert!(journal.raise_alarm("home", "blind", "no readings", minutes(0)).unwrap());
    for minute in 1..10 {
        assert!(!journal.raise_alarm("home", "blind", "no readings still", minutes(minute)).unwrap());
    }
    let alarms = journal.alarms("home").unwrap();
    assert_eq!((alarms.len(), alarms[0].since, alarms[0].text.as_str()), (1, minutes(0), "no readings"));
    assert_eq!(journal.clear_alarm("home", "blind", minutes(10)).unwrap().map(|alarm| alarm.since), Some(minutes(0)));
    assert_eq!(journal.clear_alarm("home", "blind", minutes(11)).unwrap(), None);
    assert!(journal.raise_alarm("home", "blind", "again", minutes(12)).unwrap());
    assert_eq!(journal.log(&LogFilter::default(), 100).unwrap().len(), 3);
}

#[test]
fn p23_there_is_a_most_of_everything() {
    let journal = Journal::in_memory().unwrap();
    let raised = (0..200).filter(|n| journal.raise_alarm("home", &n.to_string(), "", minutes(0)).unwrap()).count();
    assert_eq!(raised, 100);
    let long = "x".repeat(256 * 1024 + 1);
    assert!(journal.set_note("home", "k", &long, minutes(0)).is_err());
    assert!(journal.set_memory("home", &[("k".to_owned(), long.clone())].into()).is_err());
    assert!(journal.record_tick("home", &TickRecord { memory: long.clone(), ..tick(0, 1.0) }).is_err());
    journal.record_event("home", minutes(0), &long).unwrap();
    assert_eq!(
        journal.log(&LogFilter { kinds: vec![LogKind::Service], ..LogFilter::default() }, 1).unwrap()[0].text.len(),
        1000
    );
}

#[test]
fn memory_is_replaced_as_a_whole() {
    let journal = Journal::in_memory().unwrap();
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    for memory in [map(&[("a", "1"), ("b", "2")]), map(&[("b", "3"), ("c", "4")]), map(&[])] {
        journal.set_memory("home", &memory).unwrap();
        assert_eq!(journal.memory("home").unwrap(), memory);
        assert_eq!(journal.memory("barn").unwrap(), map(&[]));
    }
}

#[test]
fn p24_the_last_verified_cycle_is_remembered() {
    let journal = Journal::in_memory().unwrap();
    assert_eq!(journal.verified_cycle("home").unwrap(), None);
    journal.set_verified_cycle("home", minutes(1)).unwrap();
    journal.set_verified_cycle("home", minutes(2)).unwrap();
    assert_eq!(journal.verified_cycle("home").unwrap(), Some(minutes(2)));
}

#[test]
fn p23_a_year_of_ticks_is_pruned_to_what_is_kept() {
    let journal = Journal::in_memory().unwrap();
    let days = |days: u64| Duration::from_secs(days * 86_400);
    let retention = Retention { readings: days(20), ticks: days(10), log: days(30) };
    for day in 0..60 {
        let minute = day * 24 * 60;
        journal.record_tick("home", &TickRecord { context: day.to_string(), ..tick(minute, day as f64) }).unwrap();
        let sequence = sequence(journal.next_sequence().unwrap());
        let intent = journal.record_intent("home", &sequence, 0, minutes(minute)).unwrap();
        journal.record_outcome("home", Some(intent), Object::Discharge, minutes(minute), Outcome::Stored, "").unwrap();
        if day < 59 {
            journal.end_sequence("home", sequence.id, minutes(minute), "stored").unwrap();
        }
    }
    let now = minutes(59 * 24 * 60);
    assert!(journal.prune(&retention, now).unwrap() > 0);
    assert_eq!(journal.prune(&retention, now).unwrap(), 0, "once is enough");
    assert_eq!(journal.readings("home", minutes(-1), now + chrono::Duration::days(1), 1000).unwrap().len(), 21);
    let first = journal.decision_after("home", minutes(-1)).unwrap().unwrap();
    assert_eq!(first.at, minutes(49 * 24 * 60));
    assert_eq!(journal.writes("home", 1000).unwrap().len(), 31);
    assert_eq!(journal.unfinished("home").unwrap().unwrap().attempts.len(), 1);
    let later = now + chrono::Duration::days(1000);
    journal.prune(&retention, later).unwrap();
    assert!(journal.unfinished("home").unwrap().is_some(), "what has not ended stays");
    let writes = journal.writes("home", 1000).unwrap();
    assert_eq!((writes.len(), writes[0].outcomes.len()), (1, 1));
}
