//! How long deciding, explaining and projecting take. Prints figures and their share of the aim; asserts nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant as Stopwatch};

use offpeak::engine::{Memory, Situation, banded_prices, evaluate, explain};
use offpeak::plan::{Outlook, project};

#[path = "../tests/engine_support/mod.rs"]
mod engine_support;
use engine_support::{at, snapshot, ten_rules};

/// The best of several rounds, in nanoseconds a call.
fn measure(rounds: u32, calls: u32, mut work: impl FnMut()) -> f64 {
    let round = |_| {
        let start = Stopwatch::now();
        (0..calls).for_each(|_| work());
        start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
    };
    (0..rounds).map(round).fold(f64::INFINITY, |work: f64, other| work.min(other))
}

fn report(what: &str, nanoseconds: f64, aim: f64) {
    println!("{what:<40} {:>10.3} µs   aim {:>8.3} µs   {:.2} of it", nanoseconds / 1e3, aim / 1e3, nanoseconds / aim);
}

fn main() {
    let policy = ten_rules();
    let now = at("2026-11-20T20:41:00Z");
    let readings = snapshot(now, 41.0, 430.0, 0.0);
    let prices = banded_prices(&policy, now - chrono::Duration::days(1), now + chrono::Duration::days(3));
    let situation = Situation { snapshot: &readings, prices: &prices, manual: None, now };
    let mut memory = Memory::empty(&policy);
    memory.observe(&policy, &situation);
    println!("ten rules, none of which fires: {:?}", evaluate(&policy, &situation, &memory).source);

    let mut each = || _ = black_box(evaluate(black_box(&policy), black_box(&situation), &memory));
    report("evaluate", measure(20, 50_000, &mut each), 200.0);
    let mut each = || drop(black_box(explain(black_box(&policy), black_box(&situation), &memory)));
    report("explain", measure(20, 20_000, &mut each), 1000.0);
    let mut ticking = memory.clone();
    report("observe (no aim set)", measure(20, 50_000, || ticking.observe(black_box(&policy), &situation)), 1000.0);
    let local = || _ = black_box(policy.zone.local(black_box(now)));
    report("of which the wall clock (no aim set)", measure(20, 50_000, local), 200.0);

    let two_days = Duration::from_secs(48 * 3600);
    for (what, from) in [("project 48 h", now), ("project 48 h over a clock change", at("2026-10-24T20:41:00Z"))] {
        let readings = snapshot(from, 41.0, 430.0, 0.0);
        let prices = banded_prices(&policy, from - chrono::Duration::days(1), from + chrono::Duration::days(3));
        let outlook = Outlook::default();
        let each = || {
            drop(black_box(project(&policy, &readings, &prices, &memory, None, &outlook, black_box(from), two_days)));
        };
        report(what, measure(20, 500, each), 100_000.0);
    }
    let bands = || drop(black_box(banded_prices(&policy, now, now + chrono::Duration::days(2))));
    report("banded prices of 48 h (no aim set)", measure(20, 2000, bands), 100_000.0);
    let edges = || drop(black_box(offpeak::engine::edges(&policy, now, now + chrono::Duration::days(2))));
    report("edges of 48 h (no aim set)", measure(20, 2000, edges), 100_000.0);
}
