//! How long the optimum of a year of quarter hours takes, against Clarabel on the same instance in the same run, and what
//! it costs to plan 48 hours anew at every quarter hour. Prints figures and their share of the aim; asserts only that
//! both found the same value.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::hint::black_box;
use std::time::Instant as Stopwatch;

use fastrand::Rng;
use offpeak::optimum::{CostToGo, End, Slot, Store, cost_to_go, solve};
use offpeak::units::Price;

#[path = "../tests/optimum_support/mod.rs"]
mod optimum_support;
use optimum_support::lp::{self, Mixing};
use optimum_support::{between, kwh, price, reference_store, same, slot};

/// The quarter hours of a year, and of the two days that are planned ahead.
const YEAR: usize = 35_040;
const AHEAD: usize = 192;

/// A year of quarter hours in one house: two peaks a day, sun by the hour and the season, a price for each hour.
///
/// What is exported earns `export` if given, else what the market pays, which is negative in some hours.
fn year(export: Option<f64>) -> Vec<Slot> {
    let mut random = Rng::with_seed(2016);
    let mut market = 0.0;
    let quarter = |number: usize| {
        let hours = number as f64 / 4.0;
        let (hour, season) = (hours % 24.0, (hours / 8760.0 * std::f64::consts::TAU).cos());
        if number.is_multiple_of(4) {
            let peaks = ((hour - 8.0) / 12.0 * std::f64::consts::TAU).cos();
            market = 0.06 + 0.04 * peaks + 0.03 * season + between(&mut random, -0.06, 0.06);
        }
        let sun = (4.0 - 2.5 * season) * (1.0 - ((hour - 12.0) / 6.0).powi(2)).max(0.0) * random.f64();
        let load = 0.2 + 1.5 * random.f64().powi(3);
        let import = (market + 0.15) * 1.19;
        slot(900, (load - sun) / 4.0, import, export.unwrap_or(market).min(import))
    };
    (0..YEAR).map(quarter).collect()
}

/// The same year where everything may be sold for more than it is bought for, at any time.
fn generous() -> Vec<Slot> {
    let priced = |slot: Slot| Slot { import: price(0.30), export: price(0.40), ..slot };
    year(None).into_iter().map(priced).collect()
}

/// How long this thread has had a processor, in milliseconds, where the system tells; else how long it is since `start`.
///
/// Both sides of the ratio run on one thread, so a busy machine does not disturb it.
fn spent(start: Stopwatch) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split_whitespace().next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| start.elapsed().as_secs_f64() * 1e3, |nanoseconds| nanoseconds / 1e6)
}

/// The best of three rounds in milliseconds, each the mean of so many times.
///
/// The system counts processor time in steps of some milliseconds, so a round should last for many of them.
fn measure<T>(times: u32, mut work: impl FnMut() -> T) -> (f64, T) {
    let mut best = f64::INFINITY;
    let mut last = None;
    let start = Stopwatch::now();
    for _ in 0..3 {
        let before = spent(start);
        (0..times).for_each(|_| last = Some(black_box(work())));
        best = best.min((spent(start) - before) / f64::from(times));
    }
    (best, last.expect("a round"))
}

/// A year in which 48 hours are solved anew at every quarter hour, in milliseconds.
fn replanned(store: &Store, slots: &[Slot]) -> f64 {
    let ahead = || slots.windows(AHEAD).filter_map(|ahead| solve(store, ahead)).map(|plan| plan.cost).sum::<f64>();
    measure(1, ahead).0
}

/// The same without schedules: only what stored energy is worth.
fn valued(store: &Store, slots: &[Slot], after: &CostToGo) -> f64 {
    let ahead = || slots.windows(AHEAD).filter_map(|ahead| cost_to_go(store, ahead, after).at(kwh(5.0))).sum::<f64>();
    measure(1, ahead).0
}

fn main() {
    let store = reference_store();
    let usual = year(Some(0.08));
    println!("a year of quarter hours, 10 kWh, 5 kW, 0.95 in and out");
    let (own, solution) = measure(40, || solve(&store, &usual).expect("a solution"));
    let (solver, value) = measure(1, || lp::least(&store, &usual, Mixing::Free).expect("a solver's word"));
    assert!(same(solution.cost, value), "{} against {value}", solution.cost);
    println!("  optimum            {own:>9.2} ms   {:.9}   {:.3} of 10 ms", solution.cost, own / 10.0);
    println!("  Clarabel           {solver:>9.0} ms   {value:.9}");
    println!("  ratio              {:>9.0}      {:.3} of 500", solver / own, solver / own / 500.0);

    let negative = year(None);
    let hours = negative.iter().filter(|slot| slot.export < Price::default()).count() / 4;
    let (own, solution) = measure(6, || solve(&store, &negative).expect("a solution"));
    println!("the same, export at the market's price, {hours} hours of it negative");
    println!("  optimum            {own:>9.2} ms   {:.9}   gap {:.9}", solution.cost, solution.gap());

    let generous = generous();
    let (own, solution) = measure(1, || solve(&store, &generous).expect("a solution"));
    println!("the same where export always pays more than import");
    println!("  optimum            {own:>9.2} ms   {:.9}   gap {:.9}", solution.cost, solution.gap());

    println!("48 hours planned anew at every quarter hour of a year");
    let store = Store { end: End::Worth(price(0.15)), ..store };
    let after = CostToGo::worth_each(store.capacity, price(0.15));
    for (what, slots) in [("usual prices", &usual), ("negative too", &negative)] {
        let (plans, values) = (replanned(&store, slots), valued(&store, slots, &after));
        println!("  {what}: schedules {plans:>7.0} ms   {:.3} of 2 s", plans / 2000.0);
        println!("  {what}: values    {values:>7.0} ms   {:.3} of 2 s", values / 2000.0);
    }
}
