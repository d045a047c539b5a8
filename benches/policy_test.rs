//! How long ten thousand tests of one moment take, from the text of their files to their outcomes, on one thread. Prints
//! figures and their share of the aim; asserts nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::time::Instant as Stopwatch;

use offpeak::policy::load;
use offpeak::policy_test::{Draft, run};

const FILES: usize = 5;
const TESTS: usize = 2_000;

/// A file of moments: nights, cars that have charged for long, cars that have not, and silent clouds.
fn file(number: usize) -> String {
    let mut text = "policy: ev-guard.yaml\ntests:\n".to_owned();
    for index in 0..TESTS {
        let (day, hour, minute) = (1 + index % 28, [2, 10, 18][(number + index / 7) % 3], index % 60);
        let (given, expect) = match (index % 4, hour) {
            (_, 2) => {
                ("soc: 40%, solar: 0 W, load: 400 W, ev: 0 W", "rule: Top up at the night rate, action: charge to 90%")
            }
            (0, _) => {
                ("soc: 55%, solar: 0 W, load: 7.6 kW, ev: 7.2 kW", "rule: Do not feed the car from the house battery")
            }
            (1, _) => ("soc: 55%, solar: 2 kW, load: 7.6 kW, ev: 0 W", "rule: none"),
            (2, _) => ("soc: unknown, solar: 0 W, load: 400 W, ev: stale", "rule: none, action: self-consume"),
            _ => ("soc: 80%, solar: 300 W, load: 400 W, ev: 0 W", "action: self-consume"),
        };
        text.push_str(&format!(
            "  - name: moment {index}\n    at: 2026-01-{day:02} {hour:02}:{minute:02}\n    given: {{ {given} }}\n    expect: {{ {expect} }}\n"
        ));
    }
    text
}

fn main() {
    let policy = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/ev-guard.yaml")).unwrap();
    let policy = load("ev-guard.yaml", &policy).policy.unwrap();
    let files: Vec<String> = (0..FILES).map(file).collect();
    for round in 1..=3 {
        let start = Stopwatch::now();
        let drafts: Vec<_> = files.iter().map(|text| Draft::of(text)).collect();
        let parsed = start.elapsed();
        let suites: Vec<_> = drafts.into_iter().map(|draft| draft.finish(Ok(&policy))).collect();
        let read = start.elapsed();
        let tests = suites.iter().flat_map(|loaded| &loaded.suite.as_ref().expect("no problem in the file").tests);
        let outcomes: Vec<_> = tests.map(|test| run(&policy, test)).collect();
        let all = start.elapsed();
        let failed = outcomes.iter().filter(|outcome| !outcome.failures.is_empty()).count();
        println!(
            "round {round}: {} moments, {failed} failed: {:.0} ms of the aim of 1000 ms, of which {:.0} ms to parse the \
             files and {:.0} ms to read them",
            outcomes.len(),
            all.as_secs_f64() * 1e3,
            parsed.as_secs_f64() * 1e3,
            (read - parsed).as_secs_f64() * 1e3
        );
    }
}
