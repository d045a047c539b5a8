//! `check` tells when the calendar asks for more windows than the device holds, on whichever day, and only then.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fmt::Write as _;

use offpeak::plan::rehearse::rehearse;
use offpeak::policy::{Loaded, Policy, load};

const HEAD: &str = "offpeak: 1\nsite: home\ntimezone: Europe/London\n";
const BATTERY: &str =
    "battery: { capacity: 10 kWh, charge power: 5 kW, discharge power: 5 kW, round trip efficiency: 90% }\n";
const TARIFF: &str =
    "tariff: { currency: GBP, import: { night: { price: 0.07, time: 23:30-05:30 }, day: { price: 0.27 } } }\n";
const TWO_WINDOW: &str = "device: { driver: alphaess, serial: ALB011020015002 }\n";
const PERIODIC: &str = "device: { driver: alphaess, serial: ALB011020015002, store: periodic }\n";
const ATESS: &str = "device:\n  driver: atess\n  serial: ATS0000001\n  model: string\n  settings:\n    charge: { periods: [valleyPeriodTime1, valleyPeriodTime2], charges to: 100% }\n";
const ATESS_HELD: &str = "device:\n  driver: atess\n  serial: ATS0000001\n  model: string\n  settings:\n    charge: { periods: [valleyPeriodTime1, valleyPeriodTime2], charges to: 100% }\n    permission: { periods: [peakPeriodTime1, peakPeriodTime2] }\n";

const FOUR: &str = "time: [02:00-03:00, 05:00-06:00, 12:00-13:00, 18:00-19:00]";
const THREE: &str = "time: [01:00-02:00, 03:00-04:00, 12:00-13:00]";

/// A policy with these rules, each as when and then.
fn text(device: &str, rules: &[(&str, &str)], otherwise: &str) -> String {
    let mut text = format!("{HEAD}{device}{BATTERY}{TARIFF}rules:\n");
    for (number, (when, then)) in rules.iter().enumerate() {
        writeln!(text, "  - {{ name: R{number}, when: {when}, then: {then} }}").unwrap();
    }
    writeln!(text, "otherwise: {otherwise}").unwrap();
    text
}

fn loaded(text: &str) -> (Policy, Vec<(String, String)>) {
    let Loaded { policy, diagnostics, .. } = load("home.yaml", text);
    let lines: Vec<&str> = text.lines().collect();
    let many = diagnostics.iter().filter(|found| found.code.0 == "many-windows");
    let shown = many.map(|found| (found.message.clone(), lines[found.place.line as usize - 1].trim().to_owned()));
    (policy.unwrap_or_else(|| panic!("{diagnostics:#?}\n{text}")), shown.collect())
}

fn check(device: &str, rules: &[(&str, &str)], otherwise: &str, expect: Option<(&str, &str)>) {
    let text = text(device, rules, otherwise);
    let (_, found) = loaded(&text);
    let found: Vec<(&str, &str)> = found.iter().map(|(message, line)| (message.as_str(), line.as_str())).collect();
    let matches = match (found.as_slice(), expect) {
        ([], None) => true,
        ([(message, line)], Some((asks, at))) => message.starts_with(asks) && line.contains(at),
        _ => false,
    };
    assert!(matches, "{found:#?}\nexpected {expect:?}\n{text}");
}

#[test]
fn it_tells_what_the_calendar_asks_of_the_two_window_store() {
    let check = |rules: &[(&str, &str)], otherwise: &str, expect| check(TWO_WINDOW, rules, otherwise, expect);
    let four_out = format!("{{ not: {{ {FOUR} }} }}");
    let stretches = Some(("this leaves 4 stretches of a day to discharge in, and the two-window store holds 2", "R0"));
    check(&[(&four_out, "hold")], "self-consume", stretches);
    let four = format!("{{ {FOUR} }}");
    let otherwise = "this leaves 4 stretches of a day to discharge in, and the two-window store holds 2";
    check(&[(&four, "self-consume")], "hold", Some((otherwise, "otherwise:")));
    let charges = "with the rules above it, this asks for 5 charge windows a day, and the two-window store holds 2";
    check(&[(&four, "self-consume")], "charge to 90%", Some((charges, "otherwise:")));
    let three = format!("{{ {THREE} }}");
    let plain = Some(("this asks for 3 charge windows a day, and the two-window store holds 2", "R0"));
    check(&[(&three, "charge to 90%")], "self-consume", plain);
    let any = "{ any: [{ time: 01:00-02:00 }, { time: 03:00-04:00 }, { time: 12:00-13:00 }] }";
    check(&[(any, "charge to 90%")], "self-consume", plain);
    let all = format!("{{ all: [{{ days: mon }}, {{ {THREE} }}] }}");
    let on_monday = Some(("this asks for 3 charge windows on Mon 2026-01-05, and the two-window store holds 2", "R0"));
    check(&[(&all, "charge to 90%")], "self-consume", on_monday);
    let cut = ("{ time: [02:00-02:30, 03:30-04:00] }", "self-consume");
    let pieces = Some(("with the rules above it, this asks for 3 charge windows a day", "R1"));
    check(&[cut, ("{ time: 01:00-05:00 }", "charge to 90%")], "self-consume", pieces);
    check(&[("{}", "hold"), (&three, "charge to 90%")], "self-consume", None);
}

#[test]
fn it_looks_at_every_rule() {
    let inert = ("{ time: 12:00-12:05, soc: below 5%, dates: 2029-02-03 }", "hold");
    let three = format!("{{ {THREE} }}");
    let mut rules = vec![inert; 33];
    rules.push((&three, "charge to 90%"));
    let asks = "this asks for 3 charge windows a day, and the two-window store holds 2";
    check(TWO_WINDOW, &rules, "self-consume", Some((asks, "R33")));
    let hours: Vec<String> = (0..24).map(|hour| format!("{{ time: {hour:02}:00-{hour:02}:15 }}")).collect();
    let mut rules = vec![inert; 40];
    rules.extend(hours.iter().map(|when| (when.as_str(), "charge to 90%")));
    let asks = "with the charges above it, this asks for 24 charge windows a day, and the two-window store holds 2";
    check(TWO_WINDOW, &rules, "self-consume", Some((asks, "R63")));
}

#[test]
fn it_looks_at_every_sort_of_day() {
    let on = |days: &str| format!("{{ {THREE}, {days} }}");
    let check = |days: &str, when: &str| {
        let asks = format!("this asks for 3 charge windows {when}, and the two-window store holds 2");
        check(TWO_WINDOW, &[(&on(days), "charge to 90%")], "self-consume", Some((&asks, "R0")));
    };
    check("dates: 2029-07-09", "on Mon 2029-07-09");
    check("dates: 2071-03-01", "on Sun 2071-03-01");
    check("dates: 2025-05-05", "on Mon 2025-05-05");
    check("dates: 2026-03-29", "on Sun 2026-03-29");
}

#[test]
fn what_rests_on_readings_is_not_counted() {
    let low = format!("{{ {THREE}, soc: below 60% }}");
    check(TWO_WINDOW, &[(&low, "charge to 90%")], "self-consume", None);
    let below = format!("{{ {THREE} }}");
    let asks = Some(("this asks for 3 charge windows a day", "R1"));
    check(TWO_WINDOW, &[("{ soc: below 20% }", "hold"), (&below, "charge to 90%")], "self-consume", asks);
    let either = format!("{{ any: [{{ soc: below 20% }}, {{ {THREE} }}] }}");
    check(
        TWO_WINDOW,
        &[(&either, "charge to 90%")],
        "self-consume",
        Some(("this asks for 3 charge windows a day", "R0")),
    );
    check(TWO_WINDOW, &[("{ import price: below 0.10 }", "charge to 90%")], "self-consume", None);
    let cheap = [("{ time: [12:00-13:00] }", "charge to 90%"), ("{ import price: below 0.10 }", "charge to 90%")];
    let asks = "with the charges above it, this asks for 3 charge windows a day";
    check(TWO_WINDOW, &cheap, "self-consume", Some((asks, "R1")));
}

#[test]
fn windows_are_read_on_their_own_clocks() {
    let shifted = |zone: &str| format!("{{ time: [01:00-02:00 {zone}, 22:30-23:30 {zone}] }}");
    // In summer the second of them crosses midnight in London.
    let asks = Some(("this asks for 3 charge windows on Mon 2026-03-30", "R0"));
    check(TWO_WINDOW, &[(&shifted("UTC"), "charge to 90%")], "self-consume", asks);
    check(TWO_WINDOW, &[(&shifted("Europe/Lisbon"), "charge to 90%")], "self-consume", None);
}

#[test]
fn each_store_holds_its_own_number() {
    let three = format!("{{ {THREE} }}");
    let stretches = "this leaves 4 stretches of a day to discharge in, and the periodic store holds 3";
    check(PERIODIC, &[(&three, "charge to 90%")], "self-consume", Some((stretches, "R0")));
    check(PERIODIC, &[(&three, "charge to 90%")], "hold", None);
    let string = "this asks for 3 charge windows a day, and the string settings holds 2";
    check(ATESS, &[(&three, "charge to 100%")], "self-consume", Some((string, "R0")));
    let hours: Vec<String> = (0..7).map(|hour| format!("{:02}:00-{:02}:00", 2 * hour, 2 * hour + 1)).collect();
    let seven = format!("{{ time: [{}] }}", hours.join(", "));
    check(PERIODIC, &[(&seven, "charge to 90%")], "hold", Some(("this asks for 7 charge windows a day", "R0")));
    // Each window of the periodic store has a target of its own, so that seven side by side are seven.
    let targets: Vec<String> = (0..7).map(|hour| format!("charge to {}%", 60 + hour)).collect();
    let hours: Vec<String> = (0..7).map(|hour| format!("{{ time: {hour:02}:00-{:02}:00 }}", hour + 1)).collect();
    let beside: Vec<(&str, &str)> =
        hours.iter().zip(&targets).map(|(when, then)| (when.as_str(), then.as_str())).collect();
    let asks = "with the charges above it, this asks for 7 charge windows a day, and the periodic store holds 6";
    check(PERIODIC, &beside, "hold", Some((asks, "R6")));
    // A week in which an inert rule makes a day another one needs no weekdays.
    let three = "{ time: [00:00-04:00, 08:00-09:00, 12:00-13:00] }";
    let inert = ("{ days: sun, time: 13:00-14:00, soc: below 20% }", "charge to 100%");
    check(PERIODIC, &[inert, (three, "charge to 90%")], "self-consume", None);
    let sunday = ("{ days: sun, time: 13:00-14:00 }", "charge to 90%");
    let asks = "with the rules above it, this asks for 42 windows in the week from Thu 2026-01-01";
    check(PERIODIC, &[sunday, (three, "charge to 90%")], "self-consume", Some((asks, "R1")));
}

/// A policy whose days are all alike: windows of one target, of holds and of self-consumption, of which there is some on any day.
fn everyday(random: &mut fastrand::Rng) -> String {
    let window = |random: &mut fastrand::Rng| {
        let (from, length) = (random.u16(0..24), random.u16(1..5));
        format!("{from:02}:00-{:02}:30", (from + length) % 24)
    };
    let rules: Vec<(String, &str)> = (0..random.usize(1..4))
        .map(|_| {
            let windows: Vec<String> = (0..random.usize(1..3)).map(|_| window(random)).collect();
            let time = format!("{{ time: [{}] }}", windows.join(", "));
            let when = if random.u8(0..4) == 0 { format!("{{ not: {time} }}") } else { time };
            (when, random.choice(["charge to 90%", "hold", "self-consume"]).unwrap())
        })
        .collect();
    let evening = ("{ time: 18:00-19:00 }", "self-consume");
    let rules = rules.iter().map(|(when, then)| (when.as_str(), *then));
    let rules: Vec<(&str, &str)> = std::iter::once(evening).chain(rules).collect();
    let otherwise = random.choice(["self-consume", "self-consume", "hold", "charge to 90%"]).unwrap();
    match random.u8(0..3) {
        0 => text(TWO_WINDOW, &rules, otherwise),
        1 => text(PERIODIC, &rules, otherwise),
        _ => text(ATESS_HELD, &rules, otherwise).replace("charge to 90%", "charge to 100%"),
    }
}

#[test]
fn where_every_day_is_alike_it_tells_exactly_when_a_day_takes_writes() {
    let mut told = [0; 2];
    for seed in 0..200 {
        let text = everyday(&mut fastrand::Rng::with_seed(seed));
        let (policy, found) = loaded(&text);
        let day = rehearse(&policy, "2026-11-19".parse().unwrap()).unwrap();
        let writes: usize = offpeak::device::Object::ALL.iter().map(|object| day.writes.of(*object).len()).sum();
        assert_eq!(!found.is_empty(), writes > 0, "seed {seed}: {found:?}, {:?}\n{text}", day.writes);
        told[usize::from(writes > 0)] += 1;
    }
    assert!(told.iter().all(|count| *count > 15), "too one-sided to tell: {told:?}");
}
