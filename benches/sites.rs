//! A thousand simulated sites in one process, by the real service, its real heartbeat, one journal on the disk, and worlds within
//! the process. Prints how long after its beat each tick ended and what a site costs in memory; asserts that no tick was missed.
//!
//! `SITES` (1000) and `MINUTES` (5) say how many and how long.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "figures")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use offpeak::clock::{Clock, SystemClock};
use offpeak::journal::Journal;
use offpeak::policy;
use offpeak::runner::{self, Ground, Links, Pulse, Service};
use offpeak::time::Instant;

const POLICY: &str = include_str!("../rules/simulated-home.yaml");

/// What one beat came to.
struct Beat {
    /// How long after the beat each tick ended, in seconds.
    lateness: Vec<f64>,
    /// Sites without a tick in that minute.
    missed: usize,
}

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().map_or(default, |value| value.parse().expect("a number"))
}

fn site(index: usize) -> String {
    format!("site-{index:04}")
}

fn text(index: usize) -> String {
    let text = POLICY.replace("site: demo", &format!("site: {}", site(index)));
    text.replace("driver: simulated", &format!("driver: simulated\n  serial: SIM{index:012}"))
}

/// Resident memory of this process in KiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("VmRSS");
    line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
}

fn now() -> Instant {
    SystemClock::default().now()
}

/// Sleeps until this second of a minute.
fn until_second(second: i64) {
    let left = (second * 1000 - now().timestamp_millis()).rem_euclid(60_000);
    std::thread::sleep(Duration::from_millis(u64::try_from(left).expect("a wait")));
}

/// Looks into the journal at the end of each minute, and ends the service after so many.
fn watch(state: &Path, sites: usize, minutes: usize) -> Vec<Beat> {
    // The first ticks come with the start, wherever in the minute that is.
    until_second(0);
    let mut beats = Vec::new();
    for _ in 0..minutes {
        until_second(59);
        let journal = Journal::read_only(state).expect("a journal").expect("a journal that was begun");
        let begun = now() - chrono::Duration::seconds(59);
        let begun = begun - chrono::Duration::milliseconds(begun.timestamp_millis().rem_euclid(60_000));
        let ended =
            (0..sites).map(|index| journal.verified_cycle(&site(index)).expect("a note").filter(|at| *at >= begun));
        let lateness: Vec<f64> = ended.flatten().map(|at| (at - begun).num_milliseconds() as f64 / 1000.0).collect();
        let missed = sites - lateness.len();
        println!("beat {begun}: {} RSS {:.1} MiB, missed {missed}", figures(&lateness), resident() / 1024.0);
        beats.push(Beat { lateness, missed });
        std::thread::sleep(Duration::from_secs(2));
    }
    let ended = Command::new("kill").args(["-TERM", &std::process::id().to_string()]).status();
    assert!(ended.expect("a kill").success());
    beats
}

fn figures(lateness: &[f64]) -> String {
    let mut sorted = lateness.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at =
        |share: f64| sorted.get(((sorted.len() as f64 - 1.0) * share).round() as usize).copied().unwrap_or(f64::NAN);
    format!("ended after median {:.2} s, p99 {:.2} s, max {:.2} s;", at(0.5), at(0.99), at(1.0))
}

fn main() {
    let (sites, minutes) = (setting("SITES", 1000), setting("MINUTES", 5));
    let folder = tempfile::tempdir().expect("a folder");
    let (policies, state) = (folder.path().join("sites"), folder.path().join("state"));
    std::fs::create_dir(&policies).expect("a folder");
    (0..sites).for_each(|index| {
        std::fs::write(policies.join(format!("{}.yaml", site(index))), text(index)).expect("a policy");
    });
    let at_first = resident();
    let policy = policy::load("site.yaml", &text(0)).policy.expect("a policy");
    let worlds: Vec<_> = (0..sites).map(|_| runner::world(&policy, None, now()).expect("a world")).collect();
    let world = (resident() - at_first) / sites as f64;
    let before = resident();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let ground = Ground {
        journal: Journal::open(&state).expect("a journal"),
        worlds: None,
        clock: Arc::new(SystemClock::default()),
        is_simulated: false,
        links: Links::default(),
        may_write: true,
    };
    let begun = std::time::Instant::now();
    let service = Service::new(ground, vec![policies]).expect("a service");
    println!("{sites} sites begun in {:.1} s", begun.elapsed().as_secs_f64());
    let watching = std::thread::spawn({
        let state = state.clone();
        move || watch(&state, sites, minutes)
    });
    let ended = runtime.block_on(service.run(Pulse::Machine));
    ended.expect("an end");
    let beats = watching.join().expect("beats");
    let after = resident();
    let all: Vec<f64> = beats.iter().flat_map(|beat| beat.lateness.clone()).collect();
    let site = (after - before) / sites as f64 - world;
    println!("{sites} sites, {minutes} beats: {} every tick ended before the next beat", figures(&all));
    println!("memory: {site:.0} KiB a site, beside {world:.0} KiB of its simulated world");
    let size = |name: &str| std::fs::metadata(state.join(name)).map_or(0.0, |file| file.len() as f64 / 1_048_576.0);
    println!("journal: {:.1} MiB", size("journal.db") + size("journal.db-wal"));
    assert_eq!(beats.iter().map(|beat| beat.missed).sum::<usize>(), 0, "ticks that did not end before the next beat");
    drop(worlds);
}
