//! A site through simulated days, without faults.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod site_support;

use offpeak::clock::Clock;
use offpeak::journal::{Journal, LogFilter};
use offpeak::simulator::FaultPlan;
use site_support::{HOME, World, at, load};

#[tokio::test]
async fn a_night_tariff_day_is_planned_written_and_effective() {
    let policy = load(HOME);
    let world = World::new(&policy, at("2026-11-20T18:00:00Z"), FaultPlan::none(), 7);
    let mut site = world.site(&policy, HOME, Journal::in_memory().expect("a journal"));
    let mut sent = 0;
    while world.clock.now() < at("2026-11-21T18:00:00Z") {
        let tick = world.tick(&mut site).await;
        sent += tick.sent.len();
    }
    for entry in site.journal().log(&LogFilter::default(), 200).expect("a log") {
        println!("{} {:9} {}", entry.at.format("%d %H:%M:%S"), entry.kind.word(), entry.text);
    }
    println!("{} sent, soc {}", sent, world.cloud().world(&world.serial).expect("a world").soc());
}

/// A policy whose rule hangs on a threshold of the state of charge.
const HOVER: &str = "offpeak: 1
site: hover
timezone: Europe/London
device: { driver: simulated }
battery: { capacity: 10 kWh, charge power: 5 kW, discharge power: 5 kW, round trip efficiency: 90% }
tariff: { currency: GBP, import: { price: 0.27 } }
rules:
  - name: Keep the last half
    when: { soc: below 50% }
    then: hold
limits: { writes per day: 90, time between writes: 1 min }
";

#[tokio::test]
async fn p11_readings_that_hover_change_the_schedule_at_most_once_in_half_an_hour() {
    let policy = load(HOVER);
    let world = World::new(&policy, at("2026-11-20T10:00:00Z"), FaultPlan::none(), 7);
    let mut site = world.site(&policy, HOVER, Journal::in_memory().expect("a journal"));
    let mut sent = Vec::new();
    let mut minute = 0_u32;
    while world.clock.now() < at("2026-11-20T16:00:00Z") {
        let percent = if (minute / 3).is_multiple_of(2) { 49.0 } else { 51.0 };
        world.cloud().world_mut(&world.serial).expect("a world").battery_mut().set_soc(percent);
        let tick = world.tick(&mut site).await;
        sent.extend(std::iter::repeat_n(tick.at, tick.sent.len()));
        minute += 1;
    }
    let half_hour = chrono::Duration::minutes(30);
    assert!(sent.len() >= 4, "the rule never changed anything: {sent:?}");
    for (one, next) in sent.iter().zip(sent.iter().skip(1)) {
        assert!(*next - *one >= half_hour, "{one} and {next}: {sent:?}");
    }
}
