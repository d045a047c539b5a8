//! Policies built by hand, as the loader would build them, and short ways to say instants and readings.
#![allow(dead_code, unreachable_pub)]

use std::time::Duration;

use offpeak::device::DeviceKind;
use offpeak::diagnostic::Place;
use offpeak::policy::model::{
    Action, Band, Battery, Bounds, CalendarCondition, Comparison, Condition, DeviceSpec, Edge, Limits, NotYetKnown,
    Observation, Policy, Quantity, Rule, Tariff,
};
use offpeak::snapshot::{Reading, Signal, Snapshot};
use offpeak::tariff::{PriceSeries, PriceSlot, Prices};
use offpeak::time::{CalendarTest, ClockTime, DailyWindow, DayTest, Instant, Weekdays, Zone};
use offpeak::units::{Energy, Fraction, Power, Price, Soc};

pub fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}

pub fn clock(text: &str) -> ClockTime {
    text.parse().expect("a clock time")
}

pub fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

pub fn soc(percent: f64) -> Soc {
    Soc::from_percent(percent).expect("a state of charge")
}

pub fn watts(watts: f64) -> Power {
    Power::from_watts(watts).expect("a power")
}

pub fn price(amount: f64) -> Price {
    Price::per_kwh(amount).expect("a price")
}

/// `23:30-05:30`, or with a zone of its own: `00:30-07:30 UTC`.
pub fn window(text: &str) -> DailyWindow {
    let (times, zone) = text.split_once(' ').map_or((text, None), |(times, zone)| (times, Some(zone)));
    let (start, end) = times.split_once('-').expect("a window");
    let zone = zone.map(|name| Zone::named(name).expect("a zone"));
    DailyWindow::new(clock(start), clock(end), zone).expect("not empty")
}

pub fn windows(texts: &[&str]) -> CalendarTest {
    CalendarTest { windows: texts.iter().map(|text| window(text)).collect(), ..CalendarTest::default() }
}

pub fn days(mut test: CalendarTest, days: Weekdays) -> CalendarTest {
    test.days.push(DayTest::Weekdays(days));
    test
}

pub fn battery() -> Battery {
    Battery {
        capacity: Energy::from_watt_hours(10_000.0).expect("an energy"),
        charge_power: watts(5000.0),
        discharge_power: watts(5000.0),
        charge_efficiency: Fraction::from_percent(90.0).expect("a share").square_root(),
        discharge_efficiency: Fraction::from_percent(90.0).expect("a share").square_root(),
        reserve: soc(10.0),
        ceiling: soc(100.0),
    }
}

/// A policy without rules under a night tariff, 0.07 from 23:30 to 05:30 and 0.27 for the rest of the time.
pub fn policy(zone: &str) -> Policy {
    Policy {
        file: "home.yaml".into(),
        revision: "00".into(),
        site: "home".into(),
        zone: Zone::named(zone).expect("a zone"),
        device: DeviceSpec {
            kind: DeviceKind::Simulated { store: None },
            serial: "S1".into(),
            url: None,
            place: Place::default(),
        },
        battery: battery(),
        tariff: Tariff {
            currency: "GBP".into(),
            import: vec![band("night", 0.07, windows(&["23:30-05:30"])), band("day", 0.27, CalendarTest::default())],
            export: vec![band("", 0.15, CalendarTest::default())],
        },
        calendars: Vec::new(),
        rules: Vec::new(),
        otherwise: Action::SelfConsume { floor: None },
        limits: Limits::default(),
        observations: Vec::new(),
    }
}

pub fn band(name: &str, amount: f64, when: CalendarTest) -> Band {
    Band { name: name.into(), price: price(amount), when, place: Place::default() }
}

pub fn rule(name: &str, when: Condition, then: Action) -> Rule {
    Rule { name: name.into(), place: Place::default(), when, then, then_place: Place::default() }
}

pub fn calendar(text: &str, bands: &[usize], test: CalendarTest) -> Condition {
    Condition::Calendar(CalendarCondition { text: text.into(), place: Place::default(), bands: bands.to_vec(), test })
}

pub fn below(value: f64) -> Bounds {
    Bounds { low: None, high: Some(Edge { value, inclusive: false }) }
}

pub fn above(value: f64) -> Bounds {
    Bounds { low: Some(Edge { value, inclusive: false }), high: None }
}

pub fn reading(text: &str, signal: Signal, bounds: Bounds) -> Condition {
    compare(text, Quantity::Reading(signal), bounds, None)
}

pub fn compare(text: &str, quantity: Quantity, bounds: Bounds, observation: Option<usize>) -> Condition {
    Condition::Compare(Comparison { text: text.into(), place: Place::default(), quantity, bounds, observation })
}

/// What a remembering condition asks for beside its bounds.
#[derive(Clone, Copy, Default)]
pub struct Asks {
    pub average: Option<Duration>,
    pub until: Option<f64>,
    pub hold: Option<Duration>,
}

/// A condition with memory: it adds its observation to the policy.
pub fn observed(policy: &mut Policy, text: &str, quantity: Quantity, bounds: Bounds, asks: Asks) -> Condition {
    let Asks { average, until, hold } = asks;
    policy.observations.push(Observation { key: text.into(), quantity, bounds, average, until, hold });
    compare(text, quantity, bounds, Some(policy.observations.len() - 1))
}

pub fn not_yet_known(text: &str) -> Condition {
    Condition::NotYetKnown(NotYetKnown { text: text.into(), place: Place::default(), what: "price ranks" })
}

pub fn charge_to(percent: f64) -> Action {
    Action::ChargeTo { target: soc(percent), power: None }
}

pub fn self_consume() -> Action {
    Action::SelfConsume { floor: None }
}

/// Fresh, good readings: state of charge, load, sun; the meter makes up the balance, the battery and the car rest.
pub fn snapshot(now: Instant, percent: f64, load: f64, solar: f64) -> Snapshot {
    Snapshot {
        soc: Some(Reading::good(soc(percent), now)),
        load: Some(Reading::good(watts(load), now)),
        solar: Some(Reading::good(watts(solar), now)),
        grid: Some(Reading::good(watts(load - solar), now)),
        battery: Some(Reading::good(watts(0.0), now)),
        ev: Some(Reading::good(watts(0.0), now)),
    }
}

pub fn slots(slots: &[(&str, &str, f64)]) -> PriceSeries {
    let slot = |(from, until, amount): &(&str, &str, f64)| PriceSlot {
        from: at(from),
        until: at(until),
        price: price(*amount),
    };
    PriceSeries::from_slots(slots.iter().map(slot).collect()).expect("slots in order")
}

pub fn no_prices() -> Prices {
    Prices::default()
}

/// Ten rules of the usual kinds, of which none fires on a quiet evening, so that every one of them is asked.
pub fn ten_rules() -> Policy {
    let mut policy = policy("Europe/London");
    let for_5_min = Asks { hold: Some(minutes(5)), ..Asks::default() };
    let until_65 = Asks { until: Some(65.0), ..Asks::default() };
    let ev = observed(&mut policy, "ev: above 1 kW for 5 min", Quantity::Reading(Signal::Ev), above(1000.0), for_5_min);
    let low = observed(&mut policy, "soc: below 30% until 65%", Quantity::Reading(Signal::Soc), below(30.0), until_65);
    let mean = Asks { average: Some(minutes(15)), ..Asks::default() };
    let sunny = observed(
        &mut policy,
        "solar: above 2 kW on average over 15 min",
        Quantity::Reading(Signal::Solar),
        above(2000.0),
        mean,
    );
    let weekdays = || days(windows(&["14:00-16:00"]), Weekdays::WEEKDAYS);
    let all = |parts: Vec<Condition>| Condition::All(parts);
    policy.rules = vec![
        rule("winter night", calendar("tariff: night", &[0], CalendarTest::default()), charge_to(90.0)),
        rule("car", all(vec![ev]), Action::Hold),
        rule("low", all(vec![calendar("time", &[], windows(&["13:00-16:00"])), low]), charge_to(60.0)),
        rule(
            "evening",
            all(vec![calendar("time, days", &[], weekdays()), reading("soc", Signal::Soc, below(60.0))]),
            Action::Hold,
        ),
        rule("sunny", all(vec![sunny, reading("soc", Signal::Soc, above(95.0))]), self_consume()),
        rule("cheap", all(vec![compare("import price", Quantity::ImportPrice, below(0.05), None)]), charge_to(100.0)),
        rule(
            "spike",
            all(vec![
                compare("import price", Quantity::ImportPrice, above(0.5), None),
                Condition::Not(Box::new(reading("soc", Signal::Soc, below(40.0)))),
            ]),
            self_consume(),
        ),
        rule("big load", all(vec![reading("load", Signal::Load, above(7000.0))]), Action::Hold),
        rule(
            "any",
            Condition::Any(vec![
                reading("grid", Signal::Grid, above(9000.0)),
                reading("grid", Signal::Grid, below(-9000.0)),
            ]),
            Action::Hold,
        ),
        rule(
            "utc",
            all(vec![
                calendar("time", &[], windows(&["00:30-04:30", "13:00-16:00"])),
                reading("load", Signal::Load, below(200.0)),
            ]),
            Action::Hold,
        ),
    ];
    policy
}
