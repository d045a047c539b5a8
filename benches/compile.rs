//! How long a compilation takes: the tick on which nothing changes, a night tariff, holds that need rewriting, and the
//! worst timeline that can be thought of. Prints microseconds; asserts nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    missing_docs,
    unreachable_pub
)]

#[path = "../tests/compiler_support/mod.rs"]
mod compiler_support;
#[path = "../tests/list_support/mod.rs"]
mod list_support;

use std::hint::black_box;
use std::time::Instant as Stopwatch;

use compiler_support::*;
use offpeak::device::{Schedule, TwoWindow};
use offpeak::plan::{Timeline, diff};

fn measure(name: &str, site: &Site, timeline: &Timeline, present: &TwoWindow) {
    let once = || {
        let compiled = site.compile(black_box(timeline), black_box(present));
        black_box(diff::between(&Schedule::TwoWindow(*present), &Schedule::TwoWindow(compiled.desired)));
        compiled
    };
    let writes = once().writes.len();
    let mut rounds = 1u32;
    let micros = loop {
        let watch = Stopwatch::now();
        (0..rounds).for_each(|_| drop(once()));
        let spent = watch.elapsed();
        if spent.as_millis() > 200 {
            break spent.as_secs_f64() * 1e6 / f64::from(rounds);
        }
        rounds *= 2;
    };
    println!("{name:<52} {micros:>9.2} µs   {writes} writes");
}

fn main() {
    let from = "2026-11-20T20:41Z";
    let night = [("S", 2.82), ("C90", 6.0), ("S", 18.0), ("C90", 6.0), ("S", 99.0)];
    let (one, two) = (day(from, 24, &night), day(from, 48, &night));
    let settled = site().compile(&one, &idle()).desired;
    measure("night tariff, 24 h, settled", &site(), &one, &settled);
    measure("night tariff, 48 h, settled", &site(), &two, &settled);
    measure("night tariff, 24 h, to write", &site(), &one, &idle());
    measure("night tariff, 48 h, to write", &site(), &two, &idle());
    let odd = [("S", 1.0), ("H", 2.0), ("C90", 3.0), ("S", 4.0), ("H", 3.0), ("S", 4.0), ("C90", 2.0), ("S", 5.0)];
    let twice: Vec<_> = odd.iter().chain(&odd).copied().collect();
    let weekend: Vec<_> = odd.iter().chain(&night).copied().collect();
    let present = schedule(&["01:00-04:00", "12:00-13:30"], 60, &["06:15-11:45", "14:00-19:00"], 15);
    let far = Site { ahead_hours: 12.0, ..site() };
    measure("2 charges, 2 holds, 48 h, present unlike", &far, &day(from, 48, &twice), &present);
    measure("another day after it, 48 h, present unlike", &far, &day(from, 48, &weekend), &present);
    let extra = Site { extra_hours: 3.0, ..far.clone() };
    measure("the same with 3 h of extra hold", &extra, &day(from, 48, &weekend), &present);
    let worst = |letters: &[&'static str]| {
        let spans: Vec<_> = letters.iter().cycle().take(192).map(|letter| (*letter, 0.25)).collect();
        day(from, 48, &spans)
    };
    measure("a change every quarter, S and H", &far, &worst(&["S", "H"]), &present);
    measure("a change every quarter, C and H", &far, &worst(&["C90", "H"]), &present);
    measure("a change every quarter, C, H and S", &far, &worst(&["C90", "H", "S"]), &present);
    measure(
        "a change every quarter, six targets and H",
        &far,
        &worst(&["C90", "C80", "C70", "H", "C60", "C50", "C40"]),
        &present,
    );
    measure(
        "the same, 24 h of extra hold",
        &Site { extra_hours: 24.0, ..far },
        &worst(&["S", "C80", "C70", "H"]),
        &present,
    );
    lists();
}

fn measure_list(name: &str, site: &list_support::Site, timeline: &Timeline, present: &offpeak::device::WindowList) {
    let once = || site.compile(black_box(timeline), black_box(present));
    let writes = once().writes.len();
    let mut rounds = 1u32;
    let micros = loop {
        let watch = Stopwatch::now();
        (0..rounds).for_each(|_| drop(once()));
        let spent = watch.elapsed();
        if spent.as_millis() > 200 {
            break spent.as_secs_f64() * 1e6 / f64::from(rounds);
        }
        rounds *= 2;
    };
    println!("{name:<52} {micros:>9.2} µs   {writes} writes");
}

/// Lists of windows in one object: a week of the periodic store, and a day of an ATESS.
fn lists() {
    use list_support::{atess, lap, periodic};
    let (from, week) = ("2026-11-20T22:41Z", 168);
    let night = lap(from, week, &[("S", 0.82), ("C90", 6.0), ("S", 17.18)]);
    let site = periodic();
    let written = site.compile(&night, &site.idle());
    let offpeak::device::Schedule::Windows(held) = written.desired else { panic!("a list") };
    measure_list("list, a week, settled", &site, &night, &held);
    measure_list("list, a week, to write", &site, &night, &site.idle());
    let busy = [("S", 1.0), ("H", 2.0), ("C90", 3.0), ("S", 4.0), ("H", 3.0), ("S", 4.0), ("C60", 2.0), ("S20", 7.5)];
    let busy = lap(from, week, &busy);
    let far = list_support::Site { ahead_hours: 12.0, ..periodic() };
    measure_list("list, a week, too many windows", &far, &busy, &held);
    let extra = list_support::Site { extra_hours: 3.0, ..far.clone() };
    measure_list("list, the same with 3 h of extra hold", &extra, &busy, &held);
    let worst = |letters: &[&'static str]| {
        let spans: Vec<_> = letters.iter().map(|letter| (*letter, 0.25)).collect();
        lap(from, week, &spans)
    };
    measure_list("list, a change every quarter, S and H", &far, &worst(&["S", "H"]), &held);
    measure_list("list, a change every quarter, C, H and S", &far, &worst(&["C90", "H", "S"]), &held);
    let seven = worst(&["C90", "C80", "S", "H", "C60", "S20", "C40"]);
    measure_list("list, a change every quarter, four targets", &far, &seven, &held);
    measure_list("list, the same with 3 h of extra hold", &extra, &seven, &held);
    let central =
        list_support::Site { ahead_hours: 12.0, ..atess(offpeak::device::mapping::AtessModel::Central, 5, 5, 90) };
    measure_list(
        "list, ATESS, too many windows",
        &central,
        &lap(from, 25, &[("C90", 1.0), ("S", 1.5), ("H", 1.0)]),
        &central.idle(),
    );
}
