//! How long a year of five-minute ticks takes through a policy of ten rules, beside a loop written by hand for one rule in the
//! same run. Prints processor times and their share of the aim; asserts nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant as Stopwatch};

use offpeak::backtest::{Job, Options, PolicyMind, Track, Trial, Who, replay};
use offpeak::history::{Findings, History, Priced, Row};
use offpeak::policy::Policy;
use offpeak::units::{Energy, Price, Soc};

#[path = "../tests/engine_support/mod.rs"]
mod engine_support;
use engine_support::{at, ten_rules};

/// Five minutes a year of 365 days.
const TICKS: i64 = 105_120;

/// How long this thread has had a processor, in milliseconds, where the system tells; else how long it is since `start`.
///
/// All that is measured runs on one thread, so a busy machine disturbs it little.
fn spent(start: Stopwatch) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split_whitespace().next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| start.elapsed().as_secs_f64() * 1e3, |nanoseconds| nanoseconds / 1e6)
}

/// The best of five rounds in milliseconds of processor time, each the mean of so many times.
///
/// The system counts that time in steps of some milliseconds, so a round should last for many of them.
fn best_of(times: u32, mut work: impl FnMut()) -> f64 {
    let start = Stopwatch::now();
    let round = |_| {
        let before = spent(start);
        (0..times).for_each(|_| work());
        (spent(start) - before) / f64::from(times)
    };
    (0..5).map(round).fold(f64::INFINITY, f64::min)
}

/// A year of a made house: load and sun by the hour and the season, prices by the hour, slots of so many minutes.
fn year(minutes: i64) -> History {
    let rows = (0..TICKS * 5 / minutes).map(|index| {
        let tick = index * minutes / 5;
        let hour = (tick / 12 % 24) as f64;
        let season = (tick as f64 / TICKS as f64 * std::f64::consts::TAU).cos();
        let sun = ((hour - 12.0).abs() - 5.0 + season).min(0.0) * -0.6;
        let load = 0.3 + if hour > 17.0 { 1.2 } else { 0.2 } + 0.1 * ((tick * 7919 % 97) as f64 / 97.0);
        let energy = |kw: f64| Energy::from_watt_hours(kw * 1000.0 * minutes as f64 / 60.0).expect("an energy");
        let price = 0.25 + 0.1 * ((hour - 18.0) / 24.0 * std::f64::consts::TAU).cos();
        Row {
            line: 0,
            start: at("2025-01-01T00:00:00Z") + chrono::Duration::minutes(minutes * index),
            load: energy(load),
            solar: energy(sun),
            import: Price::per_kwh(price),
            export: Price::per_kwh(0.08),
        }
    });
    History::from_rows(rows.collect(), Priced { import: true, export: true }, Findings::default()).expect("a history")
}

/// One rule by hand: charge at night, else cover the load.
fn by_hand(track: &Track) -> f64 {
    let (mut stored, mut cost) = (5.0_f64, 0.0_f64);
    for piece in &track.pieces {
        let hours = f64::from(piece.seconds) / 3600.0;
        let need = (piece.load.watts() - piece.solar.watts()) / 1000.0;
        let hour = piece.at.timestamp().rem_euclid(86_400) / 3600;
        let battery = if hour < 5 && stored < 9.0 {
            -5.0_f64.min((9.0 - stored) / 0.95 / hours)
        } else if need > 0.0 {
            need.min(5.0).min((stored - 1.0).max(0.0) * 0.95 / hours)
        } else {
            -(-need).min(5.0).min((10.0 - stored) / 0.95 / hours)
        };
        stored -= if battery > 0.0 { battery * hours / 0.95 } else { battery * hours * 0.95 };
        let grid = (need - battery) * hours;
        cost += if grid > 0.0 { grid * piece.import.amount() } else { grid * piece.export.amount() };
    }
    cost
}

fn whole(policy: &Policy, history: &History) -> f64 {
    let track = Track::new(black_box(history), policy, &[]).expect("priced");
    let mut mind = PolicyMind::new(policy, &track, Duration::from_secs(300));
    let start = Soc::from_percent(50.0).expect("a share");
    let course = replay(&track, &policy.battery, start, Duration::from_secs(300), &mut mind, |_| {});
    course.account(&track).bill()
}

fn main() {
    let policy = ten_rules();
    let options =
        Options { start: Soc::from_percent(50.0).expect("a share"), tick: Duration::from_secs(300), writes: false };
    for minutes in [5, 60] {
        let history = year(minutes);
        let track = Track::new(&history, &policy, &[]).expect("priced");
        let hand = best_of(200, || _ = black_box(by_hand(black_box(&track))));
        let prepare = best_of(20, || drop(black_box(Track::new(black_box(&history), &policy, &[]))));
        let replayed = best_of(8, || _ = black_box(whole(&policy, &history)));
        println!("slots of {minutes} min");
        println!("  a loop by hand, one rule, one step a slot   {hand:>8.2} ms");
        println!("  cutting the history into pieces             {prepare:>8.2} ms");
        let (share, ratio) = (replayed / 30.0, replayed / hand);
        println!(
            "  ten rules, 105 120 ticks, cut and accounted {replayed:>8.2} ms   aim 30 ms, {share:.2} of it; {ratio:.1} × by hand"
        );
        let trial = Trial::new(&policy, &history, options).expect("priced");
        let optimum = best_of(3, || drop(black_box(trial.run(Job::Standing(Who::Optimum)))));
        println!("  the optimum and what a stored kWh is worth  {optimum:>8.2} ms");
    }
}
