//! Each promise that the site-days test has planted bugs, which the test must notice: a test that cannot fail proves nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod site_support;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use offpeak::device::Store;
use site_support::bug::Bug;
use site_support::drive::{Day, buggy_day};

/// Seeds that a bug may hide from at most.
const SEEDS: u64 = 40;

/// The stores beside the two-window one.
const OTHERS: [Store; 2] = [Store::Periodic, Store::AtessString];

/// Every bug in the two-window store; in the others those that show whether the oracle can see there.
fn planted() -> Vec<(Bug, Store)> {
    let few = [
        Bug::BlindRetry,
        Bug::OffGrid,
        Bug::FloorBelowReserve,
        Bug::UnconfirmedAccepted,
        Bug::DriftIgnored,
        Bug::LeftBehind,
    ];
    let all = Bug::ALL.map(|bug| (bug, Store::TwoWindow));
    let elsewhere = OTHERS.into_iter().flat_map(|store| few.map(|bug| (bug, store)));
    all.into_iter().chain(elsewhere.filter(|(bug, store)| bug.fits(*store))).collect()
}

/// The first seeded day on which a bug breaks its promise.
fn caught(bug: Bug, store: Store) -> Option<Day> {
    let breaks = |day: &Day| day.violations.iter().any(|violation| violation.promise == bug.promise(store));
    (0..SEEDS).map(|seed| buggy_day(store, seed, bug, true)).find(breaks)
}

/// One row of the table, and whether it is as it should be.
fn row(bug: Bug, store: Store) -> (String, bool) {
    let (what, promise) = (format!("{:<10} {:<58}", store.word(), bug.says().0), bug.promise(store));
    let Some(day) = caught(bug, store) else { return (format!("{what} {promise:<4} NOT CAUGHT"), false) };
    let clean = buggy_day(store, day.seed, bug, false);
    let first = day.violations.iter().find(|violation| violation.promise == promise).expect("a violation");
    let control = match clean.violations.first() {
        None => "control clean".to_owned(),
        Some(violation) => format!("CONTROL BREAKS {} {}: {}", violation.promise, violation.at, violation.what),
    };
    let when = format!("seed {} after {} ticks", day.seed, day.ticks);
    (format!("{what} {promise:<4} {when:<26} {control:<14} {}", first.what), clean.violations.is_empty())
}

#[test]
fn every_planted_bug_is_caught_by_the_promise_that_it_breaks() {
    let (next, rows) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let asked = std::env::var("OFFPEAK_SITE_STORE").ok();
    let mut planted = planted();
    planted.retain(|(_, store)| asked.as_ref().is_none_or(|asked| *asked == store.word()));
    let only = std::env::var("OFFPEAK_BUG").ok();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((bug, store)) = planted.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if only.as_ref().is_none_or(|only| *only == format!("{bug:?}")) {
                        let row = row(*bug, *store);
                        rows.lock().expect("a table").push((format!("{bug:?} in {}", store.name()), row));
                    }
                }
            });
        }
    });
    let rows = rows.into_inner().expect("a table");
    for (_, (row, _)) in &rows {
        println!("{row}");
    }
    let missed: Vec<&String> = rows.iter().filter(|(_, (_, good))| !good).map(|(name, _)| name).collect();
    assert!(missed.is_empty(), "not as they should be: {missed:?}");
}
