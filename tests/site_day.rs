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
