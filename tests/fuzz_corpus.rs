//! The fuzzers' corpus, every file and a bounded number of mutations of them, as an ordinary test. A failure names the file and
//! the seed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

#[path = "../fuzz/holds.rs"]
mod holds;

use std::path::Path;

use fastrand::Rng;

/// The longest that the processor may work on one input, in nanoseconds.
const MOST_TIME: u64 = 1_000_000_000;

/// How much more memory the process may hold at its highest, in KiB.
const MOST_MEMORY: u64 = 100 * 1024;

/// How many mutations of the corpus of each target are tried.
const MUTATIONS: u64 = 1_500;

/// Pieces that mean something to YAML or to the language.
const PIECES: [&str; 46] = [
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\n",
    "  ",
    "\t",
    "\"",
    "'",
    " # c\n",
    "# own\n",
    "\n\n",
    "|\n",
    "> ",
    "&a ",
    "*a",
    "!t ",
    "!!str ",
    "? ",
    "%",
    "~",
    "é",
    "\u{feff}",
    "\r\n",
    "\r",
    "---\n",
    "...\n",
    "24:00",
    "-",
    "..",
    "1e9",
    ".nan",
    "until",
    "below",
    "not ",
    "<<: ",
    "any: [",
    "soc: ",
    "\u{202e}",
    "{ a: 1, # x\n b: 2 }",
    "[ # y\n ]",
    "    # deep\n",
    "99999999999999999999",
];

fn corpus(target: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<(String, String)> = files
        .map(|path| (path.display().to_string(), String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned()))
        .collect();
    found.sort();
    assert!(found.len() >= 10 && found.len() < 300, "{target}: {}", found.len());
    assert!(found.iter().map(|(_, text)| text.len()).sum::<usize>() < 1 << 20);
    found
}

fn mutated(text: &str, rng: &mut Rng) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for _ in 0..rng.usize(1..4) {
        let length = letters.len();
        let at = rng.usize(..=length);
        match rng.u8(..6) {
            0 => drop(letters.drain(at..(at + rng.usize(1..8)).min(length))),
            1 => {
                let from = rng.usize(..=length);
                let copy: Vec<char> = letters[from..(from + rng.usize(..60)).min(length)].to_vec();
                letters.splice(at..at, copy);
            }
            _ => drop(letters.splice(at..at, PIECES[rng.usize(..PIECES.len())].chars())),
        }
    }
    letters.into_iter().collect()
}

/// Tries one input within the bound of time; one that panics is told with its name.
fn tried(name: &str, text: &str, holds: fn(&str)) {
    let begun = worked();
    let ended = std::panic::catch_unwind(|| holds(text));
    assert!(ended.is_ok(), "{name} does not hold");
    let took = worked() - begun;
    assert!(took < MOST_TIME, "{name} took {} ms", took / 1_000_000);
}

/// How long the processor has worked for this thread, in nanoseconds: what else the machine does makes no difference. Nothing
/// where the system does not tell.
fn worked() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// The most memory that this process ever held, in KiB; nothing where the system does not tell.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

fn every(target: &str, holds: fn(&str)) {
    let files = corpus(target);
    let before = peak();
    for (name, text) in &files {
        tried(name, text, holds);
    }
    for seed in 0..MUTATIONS {
        let mut rng = Rng::with_seed(seed);
        let (name, text) = &files[rng.usize(..files.len())];
        tried(&format!("{name}, seed {seed}"), &mutated(text, &mut rng), holds);
    }
    assert!(peak() - before < MOST_MEMORY, "{target}: {} KiB", peak() - before);
}

#[test]
fn policies_are_loaded_and_laid_out() {
    every("policy_load", holds::policy_load);
}

#[test]
fn sentences_are_read() {
    every("sentence", holds::sentence);
}

#[test]
fn replies_of_a_vendor_are_read() {
    every("vendor_reply", holds::vendor_reply);
}

/// What is too large to be kept as a file: made here.
#[test]
fn hard_inputs_end_in_time() {
    let head = "offpeak: 1\nsite: home\ntimezone: UTC\ndevice: { driver: simulated }\nbattery: { capacity: 10 kWh, charge power: \
                5 kW, discharge power: 5 kW, round trip efficiency: 90% }\ntariff: { currency: GBP, import: { price: 0.2 } }\n";
    let rule = |number: usize| {
        format!("  - name: r{number}\n    when: {{ soc: below {}% }}\n    then: hold\n", 20 + number % 70)
    };
    let rules: String = (0..200).map(rule).collect();
    let check = |name: &str, text: String| tried(name, &text, holds::policy_load);
    check("deep lists", "[".repeat(100_000));
    check("deep mappings", "{a: ".repeat(100_000));
    check("deep blocks", (0..1_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect());
    check(
        "deep conditions",
        format!("{head}rules: [{{ name: x, when: {}{}, then: hold }}]\n", "{ not: ".repeat(200), "}".repeat(200)),
    );
    check(
        "a bomb of aliases",
        (1..40).fold("a0: &a0 x\n".to_owned(), |text, n| format!("{text}a{n}: &a{n} [*a{0}, *a{0}, *a{0}]\n", n - 1)),
    );
    check("a long line", format!("{head}otherwise: {}\n", "hold ".repeat(200_000)));
    check("a long name", format!("{head}{}: 1\n", "x".repeat(1_000_000)));
    check("a long number", format!("{head}limits: {{ writes per day: {} }}\n", "9".repeat(1_000_000)));
    check("many comments", format!("{head}{}", "# x\n".repeat(250_000)));
    check("comments in brackets", format!("{head}calendars: {{ a: [2026-12-25,\n{}] }}\n", "#\n".repeat(400_000)));
    check("many empty lines", format!("{head}{}", "\n".repeat(1_000_000)));
    check("many rules", format!("{head}rules:\n{rules}"));
    check("many dates on a line", format!("{head}calendars: {{ a: [{}] }}\n", "2026-12-25, ".repeat(1_900)));
    check("many words", format!("{head}otherwise: [{}]\n", "a, ".repeat(300_000)));
    check("many mistakes", format!("{head}{}", (0..50_000).map(|n| format!("k{n}: 1\n")).collect::<String>()));
    check("too large", format!("{head}# {}", "x".repeat(1 << 20)));
}
