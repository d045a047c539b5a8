//! The README shows what the program prints, and its first policy is the one of the examples.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::process::Command;

fn readme() -> String {
    std::fs::read_to_string("README.md").expect("the README")
}

#[test]
fn the_plan_screen_is_what_the_program_prints() {
    let given = ["--given", "soc=41%", "load=430W", "solar=0W", "battery=430W", "grid=0W"];
    let output = Command::new(env!("CARGO_BIN_EXE_offpeak"))
        .args(["plan", "examples/first.yaml"])
        .args(given)
        .args(["--device", "examples/device.json", "--at", "2026-11-20 20:41"])
        .output()
        .expect("the program runs");
    let screen = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(2), "writes are pending");
    assert!(readme().contains(&screen), "the README shows another screen than this:\n{screen}");
}

#[test]
fn the_first_policy_is_the_one_of_the_examples() {
    let example = std::fs::read_to_string("examples/first.yaml").expect("the example");
    let policy = example.lines().skip(1).map(|line| if line.is_empty() { String::new() } else { format!("   {line}") });
    let policy = policy.collect::<Vec<_>>().join("\n");
    assert!(readme().contains(&policy), "the README shows another policy than this:\n{policy}");
}
