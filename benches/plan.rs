//! How long a whole plan takes for each policy in `rules/`: decide, project a day, compile, diff. Prints figures and their
//! share of the aim (a projection of 48 h in 0.1 ms, compile and diff in 1 ms); asserts nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::hint::black_box;
use std::time::Instant as Stopwatch;

use offpeak::device::Schedule;
use offpeak::engine::Memory;
use offpeak::plan::{Inputs, Plan};
use offpeak::policy::Policy;

#[path = "../tests/rules_support/mod.rs"]
mod rules_support;
use rules_support::{RULES, applied, calm, device, json_of, local, look, policy, quiet, screen_of};

/// Microseconds that a plan may take: the projection and the compilation together.
const AIM: f64 = 1100.0;

/// The best of several rounds, in microseconds a call.
fn measure(calls: u32, mut work: impl FnMut()) -> f64 {
    let round = |_| {
        let start = Stopwatch::now();
        (0..calls).for_each(|_| work());
        start.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
    };
    (0..10).map(round).fold(f64::INFINITY, f64::min)
}

fn inputs(policy: &Policy, at: &str, present: Schedule) -> Inputs {
    let now = local(&policy.zone, at);
    let readings = quiet(now, 45.0, 600.0, 0.0);
    let mut memory = Memory::empty(policy);
    look(policy, &mut memory, &readings, now);
    calm(now, readings, &memory, present)
}

fn report(what: &str, microseconds: f64) {
    println!("  {what:<34} {microseconds:>9.1} µs   {:>6.3} of {AIM} µs", microseconds / AIM);
}

fn main() {
    let idle = device("0 - - 100", "0 - - 10");
    let foreign = device("1 02:00-05:00 13:00-16:00 60", "1 05:00-13:00 16:00-23:00 15");
    for name in RULES {
        let policy = policy(name);
        println!("{name}");
        let moments = [
            ("an evening, nothing set yet", "2026-11-20 20:41", idle),
            ("an evening, another schedule", "2026-11-20 20:41", foreign),
            ("a clock change, another schedule", "2026-10-24 20:41", foreign),
        ];
        for (what, at, present) in moments {
            let inputs = inputs(&policy, at, present);
            report(what, measure(100, || drop(black_box(Plan::make(black_box(&policy), &inputs)))));
        }
        let mut settled = inputs(&policy, "2026-11-20 20:41", idle);
        settled.present = Some(applied(idle, &Plan::make(&policy, &settled.clone())));
        report("an evening, all in place", measure(100, || drop(black_box(Plan::make(black_box(&policy), &settled)))));
        let plan = Plan::make(&policy, &settled);
        report("its screen, beside it", measure(100, || drop(black_box(screen_of(&policy, &plan)))));
        report("its JSON, beside it", measure(100, || drop(black_box(json_of(&policy, &plan)))));
    }
}
