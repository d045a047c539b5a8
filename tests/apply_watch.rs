//! Whether the battery answers: a table of what is seen and what may be said of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::time::Duration;

use chrono::Weekday;
use offpeak::apply::{Sample, Unseen, Verdict, Watch};
use offpeak::device::{ChargeSettings, DischargeSettings, Grip, Period, Schedule, TwoWindow};
use offpeak::snapshot::{Quality, Reading, Snapshot};
use offpeak::time::{Instant, Zone};
use offpeak::units::{Power, Soc};
use proptest::prelude::*;

const CHARGE: Grip = Grip::Charge(90);

fn minutes(minutes: i64) -> Instant {
    "2026-11-20T23:30:00Z".parse::<Instant>().unwrap() + chrono::Duration::minutes(minutes)
}

fn watts(watts: f64) -> Power {
    Power::from_watts(watts).unwrap()
}

fn watch(grip: Grip) -> Watch {
    Watch { grip, floor: Some(10), since: minutes(0), charge_power: watts(5000.0), max_age: Duration::from_secs(600) }
}

/// Minute, soc, load, sun and battery (`+` discharge); below zero, soc, load and sun are absent.
type Row = (i64, f64, f64, f64, f64);

fn sample((minute, soc, load, solar, battery): Row) -> Sample {
    let taken_at = minutes(minute);
    let power = |value: f64| (value >= 0.0).then(|| Reading::good(watts(value), taken_at));
    let soc = (soc >= 0.0).then(|| Reading::good(Soc::from_percent(soc).unwrap(), taken_at));
    let battery = Some(Reading::good(watts(battery), taken_at));
    let readings = Snapshot { soc, load: power(load), solar: power(solar), battery, ..Snapshot::default() };
    Sample { at: taken_at, readings }
}

fn verdict(grip: Grip, rows: &[Row], now: i64) -> Verdict {
    let samples: Vec<Sample> = rows.iter().copied().map(sample).collect();
    watch(grip).judge(&samples, minutes(now))
}

#[test]
fn p9_what_one_steady_sight_says_after_a_quarter_of_an_hour() {
    use Unseen::{AtFloor, AtTarget, NoReading, NothingToCover, SunFills};
    use Verdict::{Effective, NotEffective, NotObservable};
    let check = |grip: Grip, soc: f64, load: f64, solar: f64, battery: f64, expect: Verdict| {
        let rows: Vec<Row> = (1..=16).map(|minute| (minute, soc, load, solar, battery)).collect();
        assert_eq!(verdict(grip, &rows, 16), expect, "{grip:?} soc {soc} load {load} sun {solar} battery {battery}");
    };
    // In a charge window below the cap the battery must take more than the sun alone would give it.
    check(CHARGE, 40.0, 400.0, 0.0, -4800.0, Effective);
    check(CHARGE, 40.0, 400.0, 0.0, -90.0, NotEffective);
    check(CHARGE, 40.0, 400.0, 0.0, 0.0, NotEffective);
    check(CHARGE, 40.0, 400.0, 0.0, 400.0, NotEffective);
    check(CHARGE, 40.0, 400.0, 2400.0, -2000.0, NotEffective);
    check(CHARGE, 40.0, 400.0, 2400.0, -4800.0, Effective);
    check(CHARGE, 40.0, 400.0, 6000.0, -4900.0, NotObservable(SunFills));
    check(CHARGE, 90.0, 400.0, 0.0, 0.0, NotObservable(AtTarget));
    check(CHARGE, 88.0, 400.0, 0.0, -300.0, NotObservable(AtTarget));
    check(CHARGE, 95.0, 400.0, 0.0, 400.0, NotEffective);
    check(CHARGE, -1.0, 400.0, 0.0, -4800.0, NotObservable(NoReading));
    check(CHARGE, 40.0, -1.0, 0.0, -4800.0, NotObservable(NoReading));
    check(CHARGE, 40.0, -1.0, -1.0, 0.0, NotEffective);
    // In a hold it must not give while there is something to cover and something to give.
    check(Grip::Hold, 40.0, 800.0, 0.0, 0.0, Effective);
    check(Grip::Hold, 40.0, 800.0, 0.0, 60.0, Effective);
    check(Grip::Hold, 40.0, 800.0, 0.0, 800.0, NotEffective);
    check(Grip::Hold, 40.0, 800.0, 900.0, -100.0, NotObservable(NothingToCover));
    check(Grip::Hold, 40.0, 250.0, 0.0, 0.0, NotObservable(NothingToCover));
    check(Grip::Hold, 12.0, 800.0, 0.0, 0.0, NotObservable(AtFloor));
    check(Grip::Hold, 40.0, -1.0, 0.0, 0.0, NotObservable(NoReading));
    check(Grip::Hold, -1.0, -1.0, -1.0, 800.0, NotEffective);
    // Released, it must cover the load again and take nothing from the grid.
    check(Grip::SelfConsume, 40.0, 800.0, 0.0, 790.0, Effective);
    check(Grip::SelfConsume, 40.0, 800.0, 0.0, 0.0, NotEffective);
    check(Grip::SelfConsume, 40.0, 800.0, 0.0, -4800.0, NotEffective);
    check(Grip::SelfConsume, 40.0, 800.0, 3000.0, -2200.0, NotObservable(NothingToCover));
    check(Grip::SelfConsume, 10.0, 800.0, 0.0, 0.0, NotObservable(AtFloor));
}

#[test]
fn p9_the_battery_has_a_quarter_of_an_hour_and_not_a_minute_more() {
    use Verdict::{Effective, NotEffective, NotObservable, Pending};
    let idle = |from: i64, until: i64| (from..=until).map(|minute| (minute, 40.0, 400.0, 0.0, 0.0));
    let taking = |from: i64, until: i64| (from..=until).map(|minute| (minute, 40.0, 400.0, 0.0, -4800.0));
    let check = |rows: Vec<Row>, now: i64, expect: Verdict| assert_eq!(verdict(CHARGE, &rows, now), expect, "{now}");
    check(Vec::new(), 0, Pending);
    check(Vec::new(), 14, Pending);
    check(Vec::new(), 15, NotObservable(Unseen::NoReading));
    check(idle(1, 14).collect(), 14, Pending);
    check(idle(1, 15).collect(), 15, NotEffective);
    check(idle(1, 4).collect(), 15, NotObservable(Unseen::NoReading));
    check(idle(1, 4).chain(taking(5, 6)).collect(), 6, Effective);
    check(idle(1, 14).chain(taking(15, 15)).collect(), 15, Effective);
    // What was seen before the window began proves nothing.
    check(taking(-9, 0).collect(), 3, Pending);
    // A battery that answered and then stops is convicted as late as one that never did.
    check(taking(1, 60).chain(idle(61, 74)).collect(), 74, Pending);
    check(taking(1, 60).chain(idle(61, 75)).collect(), 75, NotEffective);
    check(taking(1, 60).chain(idle(61, 70)).chain(taking(71, 72)).collect(), 80, Effective);
}

#[test]
fn p9_old_and_doubtful_readings_say_nothing() {
    let judge = |change: fn(&mut Sample)| {
        let mut samples: Vec<Sample> = (1..=16).map(|minute| sample((minute, 40.0, 400.0, 0.0, -4800.0))).collect();
        samples.iter_mut().for_each(change);
        watch(CHARGE).judge(&samples, minutes(16))
    };
    assert_eq!(judge(|_| {}), Verdict::Effective);
    let unseen = Verdict::NotObservable(Unseen::NoReading);
    assert_eq!(judge(|sample| sample.at += chrono::Duration::minutes(11)), unseen);
    assert_eq!(judge(|sample| sample.at -= chrono::Duration::minutes(1)), unseen);
    assert_eq!(judge(|sample| sample.readings.battery = None), unseen);
    for quality in [Quality::Frozen, Quality::Implausible, Quality::Unconfirmed] {
        let mut samples: Vec<Sample> = (1..=16).map(|minute| sample((minute, 40.0, 400.0, 0.0, -4800.0))).collect();
        for sample in &mut samples {
            sample.readings.battery = sample.readings.battery.map(|battery| Reading { quality, ..battery });
        }
        assert_eq!(watch(CHARGE).judge(&samples, minutes(16)), unseen, "{quality:?}");
    }
}

#[test]
fn p9_a_watch_begins_with_the_window_or_with_the_write_if_that_was_later() {
    let period = |from: &str, to: &str| Period { from: from.parse().unwrap(), to: to.parse().unwrap() };
    let night = TwoWindow {
        charge: ChargeSettings {
            grid_charge: true,
            windows: [period("23:30", "00:00"), period("00:00", "05:30")],
            cap: 90,
        },
        discharge: DischargeSettings {
            restricted: true,
            windows: [period("05:30", "14:00"), period("16:00", "23:30")],
            floor: 15,
        },
    };
    let day = Schedule::TwoWindow(night).day(Weekday::Sat).unwrap();
    let london = Zone::named("Europe/London").unwrap();
    let check = |now: &str, written: &str, grip: Grip, since: &str| {
        let at = |text: &str| format!("2026-11-{text}:00Z").parse::<Instant>().unwrap();
        let watch =
            Watch::begin(&day, london.local(at(now)), at(now), at(written), watts(5000.0), Duration::from_secs(600));
        assert_eq!((watch.grip, watch.floor, watch.since), (grip, Some(15), at(since)), "{now}");
    };
    check("20T23:30", "20T21:00", Grip::Charge(90), "20T23:30");
    check("21T03:17", "20T21:00", Grip::Charge(90), "20T23:30");
    check("21T03:17", "21T02:05", Grip::Charge(90), "21T02:05");
    check("21T15:59", "20T21:00", Grip::Hold, "21T14:00");
    check("21T23:29", "20T21:00", Grip::SelfConsume, "21T16:00");
    check("21T00:10", "20T21:00", Grip::Charge(90), "20T23:30");
}

#[test]
fn p9_a_schedule_that_never_changes_is_watched_from_the_write() {
    let plain = TwoWindow {
        charge: ChargeSettings { grid_charge: false, windows: [Period::UNUSED; 2], cap: 90 },
        discharge: DischargeSettings { restricted: false, windows: [Period::UNUSED; 2], floor: 10 },
    };
    let now = minutes(0);
    let wall = Zone::utc().local(now);
    let watch = Watch::begin(
        &Schedule::TwoWindow(plain).day(Weekday::Sat).unwrap(),
        wall,
        now,
        minutes(-9000),
        watts(5000.0),
        Duration::ZERO,
    );
    assert_eq!((watch.grip, watch.since), (Grip::SelfConsume, minutes(-9000)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// The order of the samples and their repetition change nothing, and where nothing moves nothing is called effective.
    #[test]
    fn p9_a_verdict_is_a_function_of_what_was_seen(
        rows in proptest::collection::vec((-5i64..40, -10.0..100.0, -100.0..6000.0, -100.0..6000.0, -5000.0..5000.0), 0..12),
        grip in prop_oneof![Just(Grip::Hold), Just(Grip::SelfConsume), (10u8..=100).prop_map(Grip::Charge)],
        now in 0i64..60,
    ) {
        let found = verdict(grip, &rows, now);
        let mut again: Vec<Row> = rows.iter().rev().copied().collect();
        again.extend(rows.iter().copied());
        let kind = std::mem::discriminant(&found);
        prop_assert_eq!(std::mem::discriminant(&verdict(grip, &again, now)), kind);
        let still: Vec<Row> = rows.iter().map(|row| (row.0, row.1, 0.0, 0.0, 0.0)).collect();
        prop_assert_ne!(verdict(grip, &still, now), Verdict::Effective);
    }
}
