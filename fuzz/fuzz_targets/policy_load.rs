//! Any text is loaded without panic, and laid out without a change of meaning.
#![no_main]

#[allow(dead_code, reason = "each target uses one of them")]
#[path = "../holds.rs"]
mod holds;

libfuzzer_sys::fuzz_target!(|text: &str| holds::policy_load(text));
