//! Days that take more writes than a policy allows: what `check` says of them, and that it has counted as the service would write.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    unreachable_pub,
    dead_code
)]

mod cli;

use std::fmt::Write;
use std::time::Duration;

use cli::Desk;
use fastrand::Rng;
use offpeak::device::{
    ChargeSettings, DischargeSettings, PerObject, Period, Schedule, Store, TwoWindow, WindowList, WriteKind,
};
use offpeak::engine::{Memory, Situation, banded_prices};
use offpeak::plan::budget::Permits;
use offpeak::plan::rehearse::{rehearse, sorts_of_days};
use offpeak::plan::{Inputs, Outlook, Plan};
use offpeak::policy::{Policy, load};
use offpeak::snapshot::Snapshot;
use offpeak::time::{Instant, after};

const TWO_WINDOW: &str = "device: { driver: simulated }\n";
const PERIODIC: &str = "device: { driver: simulated, store: periodic }\n";

fn text(device: &str, writes: u32, rules: &str) -> String {
    format!(
        "offpeak: 1\nsite: home\ntimezone: Europe/London\n{device}battery: {{ capacity: 10 kWh, charge power: 5 kW, discharge \
         power: 5 kW, round trip efficiency: 90% }}\ntariff: {{ currency: GBP, import: {{ price: 0.2 }} }}\nlimits: {{ writes \
         per day: {writes} }}\nrules:\n{rules}"
    )
}

fn rule(name: &str, when: &str, then: &str) -> String {
    format!("  - {{ name: {name}, when: {{ {when} }}, then: {then} }}\n")
}

/// What `check` says of a policy's budget; empty if nothing.
fn told(device: &str, writes: u32, rules: &[String]) -> String {
    let desk = Desk::new();
    desk.write("home.yaml", text(device, writes, &rules.concat()));
    let shown = desk.run("check home.yaml").stdout;
    assert!(!shown.contains("error["), "{shown}");
    let at = shown.find("warning[over-budget]").unwrap_or(shown.len());
    shown[at..].split("\n\n").next().unwrap().to_owned()
}

#[test]
fn holds_take_writes_as_charges_do() {
    let holds = |times: &str| [rule("Rest", &format!("time: [{times}]"), "hold")];
    let check = |writes: u32, times: &str, expect: &str| {
        let told = told(TWO_WINDOW, writes, &holds(times));
        assert!(told.contains(expect) && told.is_empty() == expect.is_empty(), "{times}: {told}");
    };
    check(3, "06:00-07:00", "");
    check(3, "06:00-07:00, 18:00-19:00", "");
    let seven = "00:00-01:00, 04:00-05:00, 08:00-09:00, 12:00-13:00, 16:00-17:00, 20:00-21:00";
    check(
        3,
        seven,
        "writes of discharge windows for what time and calendar alone ask, and `writes per day: 3` leaves 2 for it",
    );
    check(24, seven, "");
}

#[test]
fn the_day_that_takes_the_most_is_named_with_its_writes() {
    let rules = [
        rule("Sundays", "time: [01:00-02:00, 05:00-06:00, 09:00-10:00, 13:00-14:00, 17:00-18:00], days: sun", "hold"),
        rule("Nights", "time: 23:00-24:00", "charge to 80%"),
    ];
    let told = told(TWO_WINDOW, 3, &rules);
    assert!(told.starts_with("warning[over-budget]: Sun ") && told.contains("it is written at "), "{told}");
    assert!(told.contains("`store: periodic`"), "{told}");
}

#[test]
fn a_list_of_windows_is_counted_as_one() {
    let times: Vec<String> = (0..12).map(|hour| format!("{:02}:00-{:02}:30", hour * 2, hour * 2)).collect();
    let told = told(PERIODIC, 2, &[rule("Rest", &format!("time: [{}]", times.join(", ")), "hold")]);
    assert!(told.contains("writes of its windows for what time and calendar alone ask"), "{told}");
    assert!(!told.contains("`store: periodic`"), "{told}");
}

/// What a device holds before anything was written to it.
fn untouched(policy: &Policy) -> Schedule {
    match policy.device.capability().store {
        Store::TwoWindow => Schedule::TwoWindow(TwoWindow {
            charge: ChargeSettings { grid_charge: false, windows: [Period::UNUSED; 2], cap: 100 },
            discharge: DischargeSettings { restricted: false, windows: [Period::UNUSED; 2], floor: 10 },
        }),
        store => Schedule::Windows(WindowList::empty(store)),
    }
}

/// Every write of a day, found by planning every five minutes of it and of the two days before.
fn lived(policy: &Policy, date: chrono::NaiveDate) -> PerObject<Vec<(Instant, WriteKind)>> {
    let (start, _) = policy.zone.day(date - chrono::Days::new(2));
    let (from, until) = policy.zone.day(date);
    let (mut now, mut present, mut memory) = (start, untouched(policy), Memory::empty(policy));
    let mut writes: PerObject<Vec<(Instant, WriteKind)>> = PerObject::default();
    while now < until {
        let readings = Snapshot::default();
        let prices = banded_prices(policy, now, after(now, Duration::from_secs(60)));
        memory.observe(policy, &Situation { snapshot: &readings, prices: &prices, manual: None, now });
        let inputs = Inputs {
            now,
            horizon: Duration::ZERO,
            readings,
            memory: memory.clone(),
            manual: None,
            outlook: Outlook::default(),
            present: Some(present),
            used: PerObject::default(),
            permits: Permits::FREE,
            last_change: None,
        };
        for step in Plan::make(policy, &inputs).writes() {
            present = present.with(step.settings);
            if now >= from {
                writes.of_mut(step.settings.object()).push((now, step.kind));
            }
        }
        now = after(now, Duration::from_secs(300));
    }
    writes
}

/// A policy that the calendar alone decides.
fn any_rules(random: &mut Rng) -> String {
    let mut rules = String::new();
    for number in 0..random.usize(1..5) {
        let mut clock = || format!("{:02}:{:02}", random.u8(0..24), random.choice([0, 15, 30, 45]).unwrap());
        let windows = [(clock(), clock()), (clock(), clock())];
        let windows: Vec<String> =
            windows.iter().filter(|(from, to)| from != to).map(|(from, to)| format!("{from}-{to}")).collect();
        let days = random.choice(["", ", days: weekdays", ", days: sun", ", days: not sun"]).unwrap();
        let then = random.choice(["hold", "charge to 60%", "charge to 90%", "self-consume down to 30%"]).unwrap();
        if !windows.is_empty() {
            write!(rules, "{}", rule(&format!("r{number}"), &format!("time: [{}]{days}", windows.join(", ")), then))
                .unwrap();
        }
    }
    rules
}

#[test]
fn a_rehearsed_day_takes_the_writes_that_living_through_it_takes() {
    let (mut days, mut most) = (0, 0);
    for seed in 0..8 {
        let mut random = Rng::with_seed(seed);
        let device = if random.bool() { TWO_WINDOW } else { PERIODIC };
        let text = text(device, 24, &any_rules(&mut random));
        let Some(policy) = load("home.yaml", &text).policy else { continue };
        for date in sorts_of_days(&policy, "2026-11-20".parse().unwrap(), 2) {
            let found = rehearse(&policy, date).unwrap();
            let lived = lived(&policy, date);
            assert_eq!(found.writes, lived, "seed {seed}, {date}:\n{text}");
            (days, most) = (days + 1, most.max(found.most().1.len()));
        }
    }
    assert!(days >= 8 && most >= 3, "too one-sided to tell: {days} days, {most} writes");
}
