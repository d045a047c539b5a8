//! A rule of which `check` says that it switches itself off and on does so in a house, and one of which it does not say so does not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::time::Duration;

use offpeak::engine::{Command, Memory, Situation, Source, evaluate};
use offpeak::policy::{Loaded, Policy, load};
use offpeak::snapshot::{Reading, Snapshot};
use offpeak::tariff::Prices;
use offpeak::time::{Instant, after};
use offpeak::units::{Power, Soc};

/// The house takes as much all night, and there is no sun.
const LOAD: f64 = 500.0;

/// How many minutes are lived through.
const MINUTES: usize = 720;

/// More than what a change of a target, or a floor that is reached, makes of it.
const SWITCHES_ITSELF: usize = 10;

/// A policy of one rule.
fn loaded(ceiling: u8, when: &str, then: &str, otherwise: &str) -> Loaded {
    let battery =
        "capacity: 10 kWh, charge power: 5 kW, discharge power: 5 kW, round trip efficiency: 90%, reserve: 10%";
    load(
        "home.yaml",
        &format!(
            "offpeak: 1\nsite: home\ntimezone: Europe/London\ndevice: {{ driver: simulated }}\n\
             battery: {{ {battery}, ceiling: {ceiling}% }}\ntariff: {{ currency: GBP, import: {{ price: 0.2 }} }}\n\
             rules:\n  - {{ name: r, when: {{ {when} }}, then: {then} }}\notherwise: {otherwise}\n"
        ),
    )
}

/// What the battery gives under a command, in watts; what it takes is negative. It reaches a target or a floor exactly.
fn given(command: Command, percent: f64, most: f64) -> f64 {
    let room = |to: Soc| (to.percent() - percent).abs() / 100.0 * 10_000.0 * 60.0;
    match command {
        Command::ChargeTo { target, power } if percent < target.percent() => {
            -power.map_or(most, Power::watts).min(most).min(room(target))
        }
        Command::ChargeTo { .. } | Command::Hold => 0.0,
        Command::SelfConsume { floor } if percent > floor.percent() => LOAD.min(room(floor)),
        Command::DischargeTo { floor, power } if percent > floor.percent() => {
            power.map_or(most, Power::watts).min(most).min(room(floor))
        }
        Command::SelfConsume { .. } | Command::DischargeTo { .. } => 0.0,
    }
}

/// How often another rule wins than the minute before, over a night that begins at 60 %.
fn switches(policy: &Policy) -> usize {
    let start: Instant = "2026-01-15T18:00:00Z".parse().expect("an instant");
    let power = |watts: f64| Power::from_watts(watts).expect("a power");
    let mut memory = Memory::empty(policy);
    let (mut percent, mut battery): (f64, f64) = (60.0, LOAD);
    let mut sources: Vec<Source> = Vec::new();
    let mut now = start;
    for _ in 0..MINUTES {
        let good = |watts: f64| Some(Reading::good(power(watts), now));
        let soc = Soc::from_percent(percent).expect("a share");
        let snapshot = Snapshot {
            soc: Some(Reading::good(soc, now)),
            load: good(LOAD),
            solar: good(0.0),
            battery: good(battery),
            grid: good(LOAD - battery),
            ev: None,
        };
        let situation = Situation { snapshot: &snapshot, prices: &Prices::default(), manual: None, now };
        memory.observe(policy, &situation);
        let decision = evaluate(policy, &situation, &memory);
        sources.push(decision.source);
        battery = given(decision.command, percent, 5_000.0);
        percent = (percent - battery / 60.0 / 10_000.0 * 100.0).clamp(0.0, 100.0);
        now = after(now, Duration::from_secs(60));
    }
    sources.iter().zip(sources.iter().skip(1)).filter(|(one, next)| one != next).count()
}

#[test]
fn what_is_told_to_switch_itself_does_and_nothing_else() {
    let check = |ceiling: u8, when: &str, then: &str, otherwise: &str, expect: bool| {
        let loaded = loaded(ceiling, when, then, otherwise);
        let policy = loaded.policy.as_ref().unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
        let told = loaded.diagnostics.iter().any(|found| found.code.0 == "self-undoing");
        let switches = switches(policy);
        let case = format!("{when} -> {then}, otherwise {otherwise}: {switches} switches");
        assert_eq!((told, switches > SWITCHES_ITSELF), (expect, expect), "{case}");
    };
    check(100, "soc: below 90%", "charge to 90%", "self-consume", true);
    check(100, "any: [{ soc: below 90% }]", "charge to 90%", "self-consume", true);
    check(100, "soc: at most 90%", "charge to 90%", "self-consume", false);
    check(100, "soc: below 90%", "charge to 80%", "self-consume", false);
    check(100, "soc: below 90%", "charge to 90%", "hold", false);
    check(80, "soc: below 90%", "charge to 100%", "self-consume", false);
    check(80, "soc: below 80%", "charge to 100%", "self-consume", true);
    check(100, "soc: above 50%", "self-consume", "charge to 90%", true);
    check(100, "soc: above 50%", "self-consume", "charge to 50%", false);
    check(100, "soc: above 50%", "self-consume", "hold", false);
    check(100, "battery: above 400 W", "hold", "self-consume", true);
    check(100, "battery: at least 0 W", "hold", "self-consume", false);
    check(100, "battery: at least 0 W", "charge to 90%", "self-consume", true);
    check(100, "battery: above -1 kW", "charge to 90%", "self-consume", true);
    check(100, "battery: above -1 kW", "charge to 90%", "hold", true);
    check(100, "grid: below 100 W", "charge to 90%", "self-consume", true);
    check(100, "grid: at most 0 W", "charge to 90%", "self-consume", true);
    check(100, "grid: below 0 W", "charge to 90%", "self-consume", false);
    check(100, "grid: below 2 kW", "charge to 90%", "hold", true);
    check(100, "grid: above 0 W", "self-consume", "hold", true);
    check(100, "grid: at least 0 W", "self-consume", "hold", false);
}
