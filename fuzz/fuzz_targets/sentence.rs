//! Any text is read as any sentence of the language without panic.
#![no_main]

#[allow(dead_code, reason = "each target uses one of them")]
#[path = "../holds.rs"]
mod holds;

libfuzzer_sys::fuzz_target!(|text: &str| holds::sentence(text));
