//! What `check` proves of rules is true: a rule that never wins does so in no situation, and one of which nothing is said
//! wins in the situation that the analysis itself names.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fmt::Write;
use std::time::Duration;

use fastrand::Rng;
use offpeak::diagnostic::{Severity, render};
use offpeak::engine::{Memory, Remembered, Situation, Source, Stretch, band_at, evaluate};
use offpeak::policy::analysis::{Recollection, Verdict, Witness, analyse};
use offpeak::policy::model::{Band, Observation, Policy, Quantity};
use offpeak::policy::{Loaded, load};
use offpeak::snapshot::{Reading, Signal, Snapshot};
use offpeak::tariff::{PriceSeries, PriceSlot, Prices};
use offpeak::time::{Instant, after, before};
use offpeak::units::{Power, Soc};

/// How many random policies are looked at.
const POLICIES: u64 = 150;

/// How many random situations every claim has to stand.
const SITUATIONS: usize = 10_000;

const MINUTE: Duration = Duration::from_secs(60);

/// A policy that is valid and says something random: few thresholds and windows, so that rules meet each other.
fn any_policy(random: &mut Rng) -> String {
    let zone = random.choice(["Europe/London", "Europe/Berlin", "Australia/Lord_Howe", "UTC"]).unwrap();
    let mut text = format!("offpeak: 1\nsite: home\ntimezone: {zone}\ndevice: {{ driver: simulated }}\n");
    text.push_str(
        "battery: { capacity: 10 kWh, charge power: 5 kW, discharge power: 5 kW, round trip efficiency: 90% }\n",
    );
    text.push_str(any_tariff(random));
    text.push_str("calendars:\n  holidays: [2026-12-25, 2026-12-26, 2027-01-01]\n  trip: [2026-03-27..2026-03-30]\n");
    text.push_str("rules:\n");
    for number in 0..random.usize(2..9) {
        let depth = random.usize(0..3);
        let when = any_mapping(random, depth);
        let then = random.choice(["charge to 90%", "hold", "self-consume", "self-consume down to 20%"]).unwrap();
        let cover = random.u8(0..20) == 0;
        let then = if cover { "charge to cover load until 09:00" } else { then };
        writeln!(text, "  - {{ name: rule {number}, when: {when}, then: {then} }}").unwrap();
    }
    text
}

fn any_tariff(random: &mut Rng) -> &'static str {
    random
        .choice([
            "tariff: { currency: GBP, import: { price: 0.2 }, export: { price: 0.1 } }\n",
            "tariff:\n  currency: GBP\n  import: { night: { price: 0.07, time: 23:30-05:30 }, day: { price: 0.27 } }\n",
            "tariff:\n  currency: GBP\n  import:\n    night: { price: -0.05, time: 01:00-04:00 }\n    \
             peak: { price: 0.4, time: 16:00-19:00, days: weekdays, months: oct-mar }\n    day: { price: 0.27 }\n  \
             export: { day: { price: 0.15, time: 08:00-20:00 UTC }, night: { price: 0.02 } }\n",
            "tariff:\n  currency: GBP\n  import:\n    night: { price: 0.07, time: 00:30-07:30 UTC }\n    \
             day: { price: 0.2, dates: 2026-03-28..2026-03-30, time: 12:00-13:00 }\n    rest: { price: 0.27 }\n",
        ])
        .unwrap()
}

/// The keys of one mapping of conditions.
fn any_mapping(random: &mut Rng, depth: usize) -> String {
    let mut keys: Vec<String> = Vec::new();
    let mut add = |entry: String| {
        let key = entry.split(':').next().unwrap().to_owned();
        if !keys.iter().any(|known| known.split(':').next() == Some(&key)) {
            keys.push(entry);
        }
    };
    for _ in 0..random.usize(1..4) {
        let entry = match random.u8(0..10) {
            0..4 => any_calendar(random),
            4..8 => any_comparison(random),
            8 if depth > 0 => {
                let word = random.choice(["any", "all"]).unwrap();
                let parts: Vec<String> = (0..random.usize(1..4)).map(|_| any_mapping(random, depth - 1)).collect();
                format!("{word}: [{}]", parts.join(", "))
            }
            _ if depth > 0 => format!("not: {}", any_mapping(random, depth - 1)),
            _ => any_comparison(random),
        };
        add(entry);
    }
    format!("{{ {} }}", keys.join(", "))
}

fn any_calendar(random: &mut Rng) -> String {
    let windows = [
        "23:30-05:30",
        "00:00-06:00",
        "01:15-01:45",
        "06:00-24:00",
        "14:00-16:00",
        "[00:30-04:30, 13:00-16:00]",
        "22:00-02:00 UTC",
        "09:00-17:00 America/New_York",
    ];
    let days = ["weekdays", "weekends", "mon", "fri-sun", "holidays", "not holidays", "trip", "not weekdays", "sun"];
    let months = ["oct-mar", "apr-sep", "jun", "dec", "mar"];
    let dates = ["2026-12-24..2026-12-26", "2026-03-29", "2026-10-25", "2026-06-01..2026-06-30", "2027-04-04"];
    match random.u8(0..6) {
        0 | 1 => format!("time: {}", random.choice(windows).unwrap()),
        2 => format!("days: {}", random.choice(days).unwrap()),
        3 => format!("months: {}", random.choice(months).unwrap()),
        4 => format!("dates: {}", random.choice(dates).unwrap()),
        _ => format!("tariff: {}", random.choice(["night", "day", "[night, day]"]).unwrap()),
    }
}

fn any_comparison(random: &mut Rng) -> String {
    let soc = [
        "below 30%",
        "below 40% until 60%",
        "at least 30%",
        "above 60%",
        "20% to 40%",
        "at most 20%",
        "above 50% until 30%",
        "below 90% for 5 min",
        "[below 20%, above 80%]",
        "above 40% on average over 15 min",
        "below 50% until 70% for 10 min",
    ];
    let power = [
        "above 1 kW for 5 min",
        "above 1 kW",
        "below 1 kW",
        "at least 0 W",
        "500 W to 2 kW",
        "above 3 kW until 1 kW",
        "above 2 kW on average over 10 min",
        "below 2 kW on average over 10 min for 5 min",
    ];
    let price = [
        "below 0.1",
        "above 0.2",
        "at most 0.07",
        "negative",
        "below 0.05",
        "above 0.5",
        "below 0.2 until 0.3",
        "among the cheapest 3 h of today",
        "below 0.2 for 30 min",
        "at least -1",
    ];
    match random.u8(0..8) {
        0..3 => format!("soc: {}", random.choice(soc).unwrap()),
        3 => format!("load: {}", random.choice(power).unwrap()),
        4 => format!("grid: {}", random.choice(power).unwrap()),
        5 => format!("ev: {}", random.choice(power).unwrap()),
        6 => "forecast solar: below 8 kWh tomorrow".to_owned(),
        _ => format!("import price: {}", random.choice(price).unwrap()),
    }
}

/// The policy of a text; `None` if it names a band that its tariff does not have, or its bands overlap in its zone.
fn policy(text: &str) -> Option<Policy> {
    let Loaded { policy, diagnostics, .. } = load("home.yaml", text);
    let shown = render(&diagnostics, "home.yaml", text, false);
    let mut errors = diagnostics.iter().filter(|found| found.severity == Severity::Error);
    let expected = ["unknown-band", "overlapping-bands"];
    assert!(errors.all(|error| expected.contains(&error.code.0)), "{shown}\n{text}");
    policy
}

/// What the bands of a policy cost at a moment.
fn prices(policy: &Policy, at: Instant) -> Prices {
    let side = |bands: &[Band]| {
        let tariff = offpeak::policy::model::Tariff { import: bands.to_vec(), ..policy.tariff.clone() };
        let band = band_at(&tariff, at, policy.zone.local(at)).map(|band| bands[band].price);
        let slots = band.map(|price| PriceSlot { from: at, until: after(at, MINUTE), price });
        PriceSeries::from_slots(slots.into_iter().collect()).unwrap()
    };
    Prices { import: side(&policy.tariff.import), export: side(&policy.tariff.export), ..Prices::default() }
}

fn snapshot(readings: &[(Signal, Option<f64>)], at: Instant) -> Snapshot {
    let value = |signal| readings.iter().find(|(one, _)| *one == signal).and_then(|(_, value)| *value);
    let power = |signal| value(signal).map(|value| Reading::good(Power::from_watts(value).unwrap(), at));
    Snapshot {
        soc: value(Signal::Soc).map(|value| Reading::good(Soc::from_percent(value).unwrap(), at)),
        solar: power(Signal::Solar),
        load: power(Signal::Load),
        grid: power(Signal::Grid),
        battery: power(Signal::Battery),
        ev: power(Signal::Ev),
    }
}

fn remembered(observation: &Observation, recollection: &Recollection, at: Instant) -> Remembered {
    let last = before(at, MINUTE);
    let course = observation.average.zip(recollection.mean).map(|(span, mean)| Stretch {
        from: before(last, span + MINUTE),
        until: last,
        mean,
    });
    Remembered {
        latched: recollection.latched,
        since: recollection.held.map(|held| before(last, held)),
        seen: Some((last, recollection.mean.unwrap_or_default())),
        course: course.into_iter().collect(),
    }
}

fn memory(policy: &Policy, recollections: &[Recollection], at: Instant) -> Memory {
    let pairs = policy.observations.iter().zip(recollections);
    Memory::restore(policy, pairs.map(|(one, memory)| (one.key.clone(), remembered(one, memory, at))))
}

/// Which rule wins in a situation.
fn winner(policy: &Policy, situation: &Witness) -> Source {
    let at = situation.at;
    let (snapshot, prices) = (snapshot(&situation.readings, at), prices(policy, at));
    let now = Situation { snapshot: &snapshot, prices: &prices, manual: None, now: at };
    evaluate(policy, &now, &memory(policy, &situation.memory, at)).source
}

/// Any moment, any readings, any memory: near what the policies above speak of.
fn any_situation(policy: &Policy, random: &mut Rng) -> Witness {
    let near = [
        "2026-03-29T01:00:00Z",
        "2026-10-25T01:00:00Z",
        "2026-12-25T00:00:00Z",
        "2026-06-15T00:00:00Z",
        "2027-04-03T15:00:00Z",
    ];
    let near: Instant = random.choice(near).unwrap().parse().unwrap();
    let year: Instant = "2026-01-01T00:00:00Z".parse().unwrap();
    let minutes = |count: i64| chrono::Duration::minutes(count);
    let at = match random.bool() {
        true => near + minutes(15 * random.i64(-200..200)),
        false => year + minutes(random.i64(0..2 * 525_600)),
    };
    let reading = |signal: Signal| {
        let watts = [-1000.0, 0.0, 499.0, 500.0, 1000.0, 1000.5, 2000.0, 2500.0, 3000.0, 9000.0];
        let value = match signal {
            Signal::Soc => f64::from(random.u32(0..=20) * 5) + random.choice([0.0, 0.0, 0.1, -0.1]).unwrap(),
            Signal::Grid | Signal::Battery => random.choice(watts).unwrap(),
            _ => random.choice(&watts[1..]).copied().unwrap(),
        };
        let value = if signal == Signal::Soc { value.clamp(0.0, 100.0) } else { value };
        (signal, (random.u8(0..12) > 0).then_some(value))
    };
    let readings = Signal::ALL.into_iter().map(reading).collect();
    let memory = policy.observations.iter().map(|observation| any_recollection(observation, random)).collect();
    Witness { at, readings, memory }
}

fn any_recollection(observation: &Observation, random: &mut Rng) -> Recollection {
    let mean = match observation.quantity {
        Quantity::Reading(Signal::Soc) => random.choice([10.0, 40.0, 50.0, 90.0]),
        Quantity::Reading(_) => random.choice([0.0, 1500.0, 2000.0, 4000.0]),
        _ => random.choice([-0.1, 0.1, 0.2, 0.3]),
    };
    Recollection {
        latched: random.bool(),
        held: random.bool().then(|| random.choice([0, 4, 5, 40]).unwrap() * MINUTE),
        mean: mean.filter(|_| random.u8(0..5) > 0),
    }
}

#[test]
fn what_is_said_to_never_win_never_does_and_what_is_not_has_a_witness() {
    let mut found = [0; 4];
    for seed in 0..POLICIES {
        let mut random = Rng::with_seed(seed);
        let text = any_policy(&mut random);
        let Some(policy) = policy(&text) else { continue };
        let verdicts = analyse(&policy);
        let mut never = Vec::new();
        for (number, verdict) in verdicts.iter().enumerate() {
            let kind = match verdict {
                Verdict::Fires(witness) => {
                    let won = winner(&policy, witness);
                    assert_eq!(won, Source::Rule(number), "seed {seed}, rule {number}: {witness:?}\n{text}");
                    0
                }
                Verdict::Never { .. } => 1,
                Verdict::Hidden { .. } => 2,
                Verdict::NotYetKnown => 3,
                Verdict::Undecided => panic!("seed {seed}: rule {number} is undecided\n{text}"),
            };
            found[kind] += 1;
            if kind > 0 {
                never.push(number);
            }
        }
        if never.is_empty() {
            continue;
        }
        for _ in 0..SITUATIONS {
            let situation = any_situation(&policy, &mut random);
            if let Source::Rule(won) = winner(&policy, &situation) {
                assert!(!never.contains(&won), "seed {seed}: rule {won} wins in {situation:?}\n{text}");
            }
        }
    }
    assert!(found.iter().all(|count| *count >= 20), "too one-sided to tell: {found:?}");
}

/// Two hundred rules of ten lines, each with windows, days and months of its own.
fn large_policy(seed: u64) -> String {
    let mut random = Rng::with_seed(seed);
    let mut text = String::from("offpeak: 1\nsite: home\ntimezone: Europe/London\ndevice: { driver: simulated }\n");
    text.push_str(
        "battery: { capacity: 10 kWh, charge power: 5 kW, discharge power: 5 kW, round trip efficiency: 90% }\n",
    );
    text.push_str(
        "tariff:\n  currency: GBP\n  import: { night: { price: 0.07, time: 23:30-05:30 }, day: { price: 0.27 } }\n",
    );
    text.push_str(
        "calendars:\n  holidays: [2026-12-25, 2026-12-26, 2027-01-01]\n  trip: [2026-12-24..2027-01-03]\nrules:\n",
    );
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let days = ["weekdays", "weekends", "mon", "holidays", "not holidays", "trip", "fri-sun"];
    for number in 0..200 {
        let mut clock = || format!("{:02}:{:02}", random.u8(0..24), random.choice([1, 15, 30, 45]).unwrap());
        let (start, end) = (clock(), clock());
        let end = if start == end { "24:00".to_owned() } else { end };
        let mut month = || random.choice(months).unwrap();
        let (from, to) = (month(), month());
        let (day, low) = (random.choice(days).unwrap(), random.u8(10..60));
        let memory = random.choice(["", " until 70%", " for 5 min"]).unwrap();
        write!(text, "  # What rule {number} is for.\n  - name: Rule {number}\n    when:\n").unwrap();
        write!(text, "      time: {start}-{end}\n      days: {day}\n      months: {from}-{to}\n").unwrap();
        write!(text, "      soc: below {low}%{memory}\n      load: above {} W\n", random.u16(1..60) * 100).unwrap();
        write!(text, "      not:\n        days: trip\n").unwrap();
        writeln!(text, "    then: {}", random.choice(["hold", "self-consume"]).unwrap()).unwrap();
    }
    text
}

#[test]
fn nearly_all_of_two_hundred_rules_are_decided() {
    let text = large_policy(1);
    assert!(text.lines().count() > 2_000);
    let policy = policy(&text).unwrap();
    let started = std::time::Instant::now();
    let verdicts = analyse(&policy);
    println!("two hundred rules were looked at in {:?}", started.elapsed());
    let count = |holds: fn(&Verdict) -> bool| verdicts.iter().filter(|verdict| holds(verdict)).count();
    let undecided = count(|verdict| *verdict == Verdict::Undecided);
    assert!(undecided <= 20, "{undecided} are undecided");
    let (never, fires) =
        (count(|one| matches!(one, Verdict::Never { .. })), count(|one| matches!(one, Verdict::Fires(_))));
    assert!(never > 20 && fires > 100, "too one-sided to tell: {never} never, {fires} fire");
}
