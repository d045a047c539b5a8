//! What `check` proves of rules is true: a rule that never wins does so in no situation, and one of which nothing is said
//! wins in the situation that the analysis itself names.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fmt::Write;
use std::time::Duration;

use fastrand::Rng;
use offpeak::diagnostic::{Severity, render};
use offpeak::engine::{Memory, Remembered, Situation, Source, Stretch, band_at, evaluate};
use offpeak::policy::analysis::{Charge, ChargeDay, Recollection, Study, Verdict, Witness, analyse, conjuncts};
use offpeak::policy::model::{Band, Condition, Observation, Policy, Quantity};
use offpeak::policy::{Loaded, Rule, load};
use offpeak::snapshot::{Reading, Signal, Snapshot};
use offpeak::tariff::{PriceSeries, PriceSlot, Prices};
use offpeak::time::{Instant, after, before};
use offpeak::units::{Power, Soc};

/// How many random policies are looked at.
const POLICIES: u64 = 150;

/// How many random situations every claim has to stand.
const SITUATIONS: usize = 10_000;

const MINUTE: Duration = Duration::from_secs(60);

const BATTERY: &str = "battery: { capacity: 10 kWh, charge power: 5 kW, discharge power: 5 kW, round trip efficiency: 90%, \
                       ceiling: 95% }\n";

const CALENDARS: &str =
    "calendars:\n  holidays: [2026-12-25, 2026-12-26, 2027-01-01]\n  trip: [2026-03-27..2026-03-30]\n";

const FLAT: &str = "tariff: { currency: GBP, import: { price: 0.2 } }\n";

/// A policy that is valid and says something random: few thresholds and windows, so that rules meet each other.
fn any_policy(random: &mut Rng) -> String {
    let zone = random.choice(["Europe/London", "Europe/Berlin", "Australia/Lord_Howe", "UTC"]).unwrap();
    let mut text = format!("offpeak: 1\nsite: home\ntimezone: {zone}\ndevice: {{ driver: simulated }}\n");
    text.push_str(BATTERY);
    text.push_str(any_tariff(random));
    text.push_str(CALENDARS);
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
    let days = [
        "weekdays",
        "weekends",
        "mon",
        "fri-sun",
        "holidays",
        "not holidays",
        "trip",
        "not weekdays",
        "sun",
        "[mon, holidays]",
        "[trip, sat, sun]",
    ];
    let months = ["oct-mar", "apr-sep", "jun", "dec", "mar", "[feb, jun]"];
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
        "at least 100%",
        "at most 0%",
        "above 0%",
        "at least 60%",
        "at most 60%",
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
        "at most 0 W",
        "above 0 W",
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
    let mut pruned = 0;
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
                Verdict::Never { core } => {
                    contradict(&policy, number, core, &format!("seed {seed}, rule {number}: {core:?}\n{text}"));
                    pruned += usize::from(core.len() < conjuncts(&policy.rules[number].when).len());
                    1
                }
                Verdict::Hidden { by } => {
                    hide(&policy, number, by, &format!("seed {seed}, rule {number}: {by:?}\n{text}"));
                    pruned += usize::from(by.len() < number);
                    2
                }
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
    assert!(found.iter().all(|count| *count >= 20) && pruned >= 20, "too one-sided to tell: {found:?}, {pruned}");
}

/// The same policy with some of its rules alone.
fn with(policy: &Policy, rules: Vec<Rule>) -> Policy {
    Policy { rules, ..policy.clone() }
}

/// Every list with one of its items left out.
fn each_left_out(items: &[usize]) -> impl Iterator<Item = Vec<usize>> + '_ {
    items.iter().map(|left| items.iter().copied().filter(|item| item != left).collect())
}

/// These parts of a rule's conditions never hold together, and any fewer of them may.
fn contradict(policy: &Policy, rule: usize, core: &[usize], context: &str) {
    let never = |parts: &[usize]| {
        let all = conjuncts(&policy.rules[rule].when);
        let when = Condition::All(parts.iter().map(|part| all[*part].clone()).collect());
        let alone = with(policy, vec![Rule { when, ..policy.rules[rule].clone() }]);
        matches!(analyse(&alone)[..], [Verdict::Never { .. }])
    };
    assert!(never(core), "not these alone: {context}");
    assert!(each_left_out(core).all(|fewer| !never(&fewer)), "too many: {context}");
}

/// These rules hide another, and any fewer of them do not.
fn hide(policy: &Policy, rule: usize, by: &[usize], context: &str) {
    assert!(by.iter().all(|other| *other < rule), "not above it: {context}");
    let hidden = |by: &[usize]| {
        let rules = by.iter().chain([&rule]).map(|number| policy.rules[*number].clone()).collect();
        matches!(analyse(&with(policy, rules)).last(), Some(Verdict::Hidden { .. }))
    };
    assert!(hidden(by), "not these alone: {context}");
    assert!(each_left_out(by).all(|fewer| !hidden(&fewer)), "too many: {context}");
}

/// What becomes of the last of some rules, given by what stands in their `when`; if it fires, it does so in the engine.
#[track_caller]
fn becomes(zone: &str, tariff: &str, whens: &[&str], expect: &str) {
    let mut text = format!(
        "offpeak: 1\nsite: home\ntimezone: {zone}\ndevice: {{ driver: simulated }}\n{BATTERY}{tariff}{CALENDARS}rules:\n"
    );
    for (number, when) in whens.iter().enumerate() {
        writeln!(text, "  - {{ name: rule {number}, when: {{ {when} }}, then: hold }}").unwrap();
    }
    let policy = policy(&text).unwrap();
    let verdict = analyse(&policy).pop().unwrap();
    let found = match &verdict {
        Verdict::Fires(witness) => {
            assert_eq!(winner(&policy, witness), Source::Rule(whens.len() - 1), "{whens:?} {witness:?}");
            "fires"
        }
        Verdict::Never { .. } => "never",
        Verdict::Hidden { .. } => "hidden",
        Verdict::NotYetKnown | Verdict::Undecided => "?",
    };
    assert_eq!(found, expect, "{zone} {whens:?}");
}

#[test]
fn every_threshold_is_told_from_what_lies_beside_it() {
    let check = |whens: &[&str], expect: &str| becomes("Europe/London", FLAT, whens, expect);
    check(&["all: [{ soc: below 40% until 60% }, { soc: at least 60% }]"], "never");
    check(&["all: [{ soc: below 40% until 60% }, { soc: at least 59.9% }]"], "fires");
    check(&["all: [{ soc: above 50% until 30% }, { soc: at most 30% }]"], "never");
    check(&["all: [{ soc: above 50% until 30% }, { soc: at most 30.1% }]"], "fires");
    check(
        &["not: { soc: below 30% until 40% }", "all: [{ soc: below 30% until 40% }, { soc: at least 30% }]"],
        "fires",
    );
    check(&["not: { soc: below 30% until 40% }", "soc: below 30% until 40%", "soc: at least 0%"], "hidden");
    check(&["all: [{ soc: at least 100% }, { not: { soc: below 100% } }]"], "fires");
    check(&["all: [{ soc: at least 100% }, { soc: below 100% }]"], "never");
    check(&["all: [{ soc: at most 0% }, { soc: above 0% }]"], "never");
    check(&["all: [{ soc: at most 0% }, { soc: below 0.1% }]"], "fires");
    check(&["all: [{ load: at most 0 W }, { not: { load: above 0 W } }]"], "fires");
    check(&["all: [{ load: at least 0 W }, { load: at most 0 W }]"], "fires");
    check(&["load: at least 0 W", "load: above 0 W"], "hidden");
    check(&["load: above 0 W", "load: at least 0 W"], "fires");
    check(&["all: [{ soc: below 40% until 60% }, { soc: above 40% }]"], "fires");
    check(&["soc: below 30%", "soc: above 30%", "soc: 30% to 40%"], "fires");
    check(&["soc: at most 30%", "soc: above 30%", "soc: 30% to 40%"], "hidden");
    check(&["soc: below 30%", "not: { soc: at least 30% }"], "hidden");
    check(&["soc: below 30%", "not: { soc: above 30% }"], "fires");
    check(&["soc: below 30%", "not: { soc: below 30% }", "soc: at least 0%"], "hidden");
    check(&["soc: below 30%", "not: { soc: below 30% }", "load: above 1 kW"], "fires");
}

#[test]
fn every_day_of_the_calendar_counts() {
    let check = |whens: &[&str], expect: &str| becomes("Europe/London", FLAT, whens, expect);
    check(&["dates: 2028-02-29, months: feb"], "fires");
    check(&["dates: 2028-02-29, months: mar"], "never");
    check(&["dates: 2028-02-28..2028-03-01, not: { months: [mar, feb] }"], "never");
    check(&["months: [mar-jan]", "dates: 2028-02-29"], "fires");
    check(&["dates: 2026-12-24..2026-12-26, days: fri"], "fires");
    check(&["dates: 2026-12-24..2026-12-25, days: sat"], "never");
    check(&["dates: 2026-12-24..2026-12-26, days: sat"], "fires");
    check(&["days: [mon, sun]", "days: sun"], "hidden");
    check(&["days: [mon, sun]", "days: tue"], "fires");
    check(&["days: weekdays", "days: weekends", "days: holidays"], "hidden");
    check(&["days: weekdays", "days: holidays"], "fires");
    check(&["days: not holidays", "dates: 2026-12-25"], "fires");
    check(&["days: not holidays", "dates: 2026-12-27"], "hidden");
    check(&["months: dec, days: holidays, not: { dates: 2026-12-25..2026-12-26 }"], "never");
    // A window belongs to the day on which it began, and runs into the next.
    check(&["days: fri, time: 22:00-06:00", "time: 01:00-02:00, days: fri"], "fires");
    check(&["days: fri, time: 22:00-06:00", "time: 01:00-02:00, days: sat"], "hidden");
    check(&["days: fri, time: 22:00-06:00, dates: 2026-12-26"], "never");
    check(&["days: sat, time: 22:00-06:00, dates: 2026-12-26"], "fires");
}

#[test]
fn what_the_clock_leaves_out_never_comes_and_what_it_repeats_comes_twice() {
    let check = |zone: &str, when: &str, expect: &str| becomes(zone, FLAT, &[when], expect);
    check("Europe/London", "dates: 2026-03-29, time: 01:15-01:45", "never");
    check("Europe/Berlin", "dates: 2026-03-29, time: 01:15-01:45", "fires");
    check("Europe/Berlin", "dates: 2026-03-29, time: 02:00-03:00", "never");
    check("Australia/Lord_Howe", "dates: 2026-10-04, time: 02:00-02:30", "never");
    check("Australia/Lord_Howe", "dates: 2026-10-04, time: 02:00-02:31", "fires");
    check("Europe/London", "dates: 2026-10-25, time: 01:15-01:45", "fires");
    check("Europe/London", "dates: 2026-03-29, time: 01:15-01:45 UTC", "fires");
    let rest = ["not: { dates: 2026-03-29 }", "time: 00:00-01:00", "time: 02:00-24:00", "soc: at least 0%"];
    becomes("Europe/London", FLAT, &rest, "hidden");
    becomes("Europe/Berlin", FLAT, &rest, "fires");
    let both = |one: &str, other: &str| format!("all: [{{ time: {one}, dates: 2026-10-25 }}, {{ time: {other} UTC }}]");
    let check = |one: &str, other: &str, expect: &str| becomes("Europe/London", FLAT, &[&both(one, other)], expect);
    // The first time round, the second, and what lies between.
    check("01:15-01:45", "00:20-00:40", "fires");
    check("01:15-01:45", "00:50-01:30", "fires");
    check("01:15-01:45", "00:50-01:10", "never");
    check("00:30-01:30", "00:50-01:20", "fires");
    check("00:30-01:30", "00:35-00:55", "never");
    check("03:00-04:00", "03:10-03:50", "fires");
    check("03:00-04:00", "02:10-02:50", "never");
}

#[test]
fn bands_are_taken_together_and_stand_where_no_other_does() {
    let three = "tariff:\n  currency: GBP\n  import:\n    night: { price: 0.1, time: 23:00-05:00 }\n    \
                 peak: { price: 0.4, time: 16:00-19:00, days: weekdays }\n    day: { price: 0.2 }\n";
    let check = |whens: &[&str], expect: &str| becomes("Europe/London", three, whens, expect);
    check(&["tariff: [night, peak]", "tariff: peak"], "hidden");
    check(&["tariff: night", "tariff: peak"], "fires");
    check(&["tariff: [night, peak, day]", "soc: below 30%"], "hidden");
    check(&["tariff: [night, day]", "time: 16:00-19:00, days: sat"], "hidden");
    check(&["tariff: [night, day]", "time: 16:00-19:00, days: mon"], "fires");
    check(&["tariff: day, time: 16:00-19:00, days: mon"], "never");
    check(&["tariff: day, time: 16:00-19:00, days: [mon, sun]"], "fires");
    check(&["import price: above 0.15", "tariff: [day, peak]"], "hidden");
    check(&["import price: above 0.25", "tariff: [day, peak]"], "fires");
    check(&["import price: below 0.2", "tariff: night"], "hidden");
    check(&["import price: at most 0.2, tariff: peak"], "never");
    check(&["import price: above 0.4 on average over 15 min"], "never");
    check(&["import price: at least 0.4 on average over 15 min"], "fires");
}

/// The charges that surely come, as `from-until target`, by the first day of each sort; `+` where such days follow on each other.
fn charged(rules: &str) -> Vec<String> {
    let text = format!(
        "offpeak: 1\nsite: home\ntimezone: Europe/London\ndevice: {{ driver: simulated }}\n{BATTERY}{FLAT}{CALENDARS}rules:\n{rules}"
    );
    let policy = policy(&text).unwrap();
    let shown = |charge: &Charge| format!("{}-{} {}", charge.from, charge.until, charge.target);
    let day = |day: &ChargeDay| {
        let charges: Vec<String> = day.charges.iter().map(shown).collect();
        format!("{}{} {}", day.date, if day.repeats { "+" } else { "" }, charges.join(", "))
    };
    Study::of(&policy).unwrap().charge_days().iter().map(day).collect()
}

#[test]
fn a_day_of_charges_is_told_with_what_may_come_between() {
    let rule =
        |name: &str, when: &str, then: &str| format!("  - {{ name: {name}, when: {{ {when} }}, then: {then} }}\n");
    let check = |rules: &[(&str, &str)], expect: &[&str]| {
        let rules = rules.iter().enumerate().map(|(number, (when, then))| rule(&format!("r{number}"), when, then));
        assert_eq!(charged(&rules.collect::<String>()), expect);
    };
    check(&[("time: 01:00-02:00", "charge to 80%")], &["2026-01-01+ 60-120 80 %"]);
    check(&[("time: 01:00-02:00, days: sat", "charge to 80%")], &["2026-01-03 60-120 80 %"]);
    check(
        &[("time: 01:00-02:00, days: weekdays", "charge to 80%")],
        &["2026-01-01+ 60-120 80 %", "2026-01-05 60-120 80 %"],
    );
    check(&[("time: 01:00-02:00", "charge to 99%")], &["2026-01-01+ 60-120 95 %"]);
    check(&[("soc: below 20%", "hold"), ("time: 01:00-02:00", "charge to 80%")], &[]);
    check(
        &[("soc: below 20%, time: 01:30-03:00", "hold"), ("time: 01:00-02:00", "charge to 80%")],
        &["2026-01-01+ 60-90 80 %"],
    );
    check(&[("soc: below 20%, time: 03:00-04:00", "charge to 80%")], &[]);
    // What may go on from one into the next is one charge.
    check(
        &[("soc: below 20%, time: 02:00-03:00", "hold"), ("time: 01:00-04:00", "charge to 80%")],
        &["2026-01-01+ 60-120 80 %"],
    );
    check(
        &[("time: 02:00-03:00", "hold"), ("time: 01:00-04:00", "charge to 80%")],
        &["2026-01-01+ 60-120 80 %, 180-240 80 %"],
    );
    check(
        &[("time: 01:00-02:00", "charge to 80%"), ("time: 02:00-03:00", "charge to 90%")],
        &["2026-01-01+ 60-120 80 %, 120-180 90 %"],
    );
    check(&[("time: 23:00-01:00", "charge to 80%")], &["2026-01-01+ 0-60 80 %, 1380-1440 80 %"]);
}

#[test]
fn of_the_keys_of_a_mapping_those_alone_are_named_that_contradict() {
    let check = |when: &str, expect: &str| {
        let head = format!(
            "offpeak: 1\nsite: home\ntimezone: Europe/London\ndevice: {{ driver: simulated }}\n{BATTERY}{FLAT}"
        );
        let text = format!("{head}{CALENDARS}rules: [{{ name: x, when: {{ {when} }}, then: hold }}]\n");
        let found = load("home.yaml", &text).diagnostics;
        let never = found.iter().find(|one| one.code.0 == "never-fires").unwrap();
        assert_eq!(never.message.strip_prefix("the rule `x` can never fire: "), Some(expect), "{when}");
    };
    check("time: 01:00-02:00, days: holidays, months: jun", "`days: holidays` and `months: jun` have no day in common");
    check("days: holidays, months: jun, soc: below 30%", "`days: holidays` and `months: jun` have no day in common");
    check("days: sat, months: dec, dates: 2026-12-25", "`days: sat` and `dates: 2026-12-25` have no day in common");
    check(
        "time: 01:15-01:45, days: sun, dates: 2026-03-29",
        "`time: 01:15-01:45` and `dates: 2026-03-29` have no moment in common",
    );
}

#[test]
fn a_rule_undoes_itself_where_what_holds_next_lets_it_come_back() {
    let check = |rules: &[(&str, &str)], otherwise: &str, expect: bool| {
        let mut text = format!(
            "offpeak: 1\nsite: home\ntimezone: Europe/London\ndevice: {{ driver: simulated }}\n{BATTERY}{FLAT}otherwise: {otherwise}\nrules:\n"
        );
        for (number, (when, then)) in rules.iter().enumerate() {
            writeln!(text, "  - {{ name: rule {number}, when: {{ {when} }}, then: {then} }}").unwrap();
        }
        let found = load("home.yaml", &text).diagnostics;
        assert_eq!(found.iter().any(|one| one.code.0 == "self-undoing"), expect, "{text}");
    };
    let charge = ("time: 01:00-04:00, soc: below 80%", "charge to 90%");
    check(&[charge], "self-consume", true);
    check(&[charge], "hold", false);
    check(&[charge, ("time: 01:00-04:00", "hold")], "self-consume", false);
    check(&[charge, ("time: 01:00-03:00", "hold")], "self-consume", true);
    check(&[charge, ("time: 00:00-04:00", "self-consume")], "hold", true);
    check(&[charge, ("soc: above 85%", "self-consume")], "hold", true);
    check(&[charge, ("time: 05:00-06:00", "self-consume")], "hold", false);
    check(&[("time: 01:00-04:00", "hold"), charge], "self-consume", false);
    check(&[("soc: at least 80%", "hold"), charge], "self-consume", false);
    check(&[("soc: above 80%", "hold"), charge], "self-consume", true);
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
