//! Site-days by seed with faults in one twentieth of the time, and the promises looked at after every effect.
//!
//! `OFFPEAK_SITE_DAYS=1000` lives through as many on each store; `OFFPEAK_SITE_STORE=periodic` on that store alone (or
//! `two-window`, or `atess`); `OFFPEAK_SITE_SEED=42` through that one day, and tells more.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod site_support;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use offpeak::device::Store;
use site_support::drive::{Day, site_day};

/// As many on each store as are lived through in less than half a minute.
const USUAL: u64 = 10;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The days of a store, unless another one was asked for.
fn days(store: Store, seeds: std::ops::Range<u64>) -> Vec<Day> {
    let (next, lived) = (AtomicU64::new(seeds.start), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= seeds.end {
                        break;
                    }
                    let day = site_day(store, seed);
                    lived.lock().expect("a list").push(day);
                }
            });
        }
    });
    let mut lived = lived.into_inner().expect("a list");
    lived.sort_by_key(|day| day.seed);
    lived
}

fn is_asked_for(word: &str) -> bool {
    std::env::var("OFFPEAK_SITE_STORE").ok().is_none_or(|asked| asked.is_empty() || asked == word)
}

#[test]
fn no_promise_is_broken_on_any_seeded_site_day_of_the_two_window_store() {
    live("two-window", Store::TwoWindow);
}

#[test]
fn no_promise_is_broken_on_any_seeded_site_day_of_the_periodic_store() {
    live("periodic", Store::Periodic);
}

#[test]
fn no_promise_is_broken_on_any_seeded_site_day_of_an_atess() {
    live("atess", Store::AtessString);
}

fn live(word: &str, store: Store) {
    if !is_asked_for(word) {
        return;
    }
    let began = std::time::Instant::now();
    let seeds = match number("OFFPEAK_SITE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("OFFPEAK_SITE_DAYS").unwrap_or(USUAL),
    };
    let lived = days(store, seeds);
    let mut met: BTreeMap<&str, u64> = BTreeMap::new();
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for day in &lived {
        *kinds.entry(day.kind).or_default() += 1;
        day.met.iter().for_each(|(fault, count)| *met.entry(fault).or_default() += count);
    }
    let sum = |of: fn(&Day) -> u32| lived.iter().map(|day| u64::from(of(day))).sum::<u64>();
    println!(
        "{word}: {} site-days, {} ticks in {:.1} s",
        lived.len(),
        sum(|day| day.ticks),
        began.elapsed().as_secs_f64()
    );
    println!("{word}: policies: {kinds:?}");
    println!(
        "{word}: {} grants, {} withdrawals, {} kills, {} foreign edits, {} jumps of the clock",
        sum(|day| day.grants),
        sum(|day| day.withdrawals),
        sum(|day| day.kills),
        sum(|day| day.foreign_edits),
        sum(|day| day.jumps)
    );
    println!("{word}: faults met: {met:?}");
    let mut broken = 0;
    for day in &lived {
        for violation in &day.violations {
            broken += 1;
            println!(
                "{word} seed {} ({}) {} {}: {}",
                day.seed, day.kind, violation.promise, violation.at, violation.what
            );
        }
    }
    assert_eq!(
        broken, 0,
        "promises were broken; a seed replays its day: OFFPEAK_SITE_STORE={word} OFFPEAK_SITE_SEED=…"
    );
}
