//! What a policy file turns into.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use offpeak::diagnostic::render;
use offpeak::policy::{Policy, load};

/// The policy of the language's reference.
const EXAMPLE: &str = include_str!("policies/example.yaml");

fn loaded(text: &str) -> Policy {
    let loaded = load("home.yaml", text);
    loaded.policy.unwrap_or_else(|| panic!("{}", render(&loaded.diagnostics, "home.yaml", text, false)))
}

#[test]
fn the_example_loads_with_nothing_but_what_is_not_yet_known() {
    let found = load("home.yaml", EXAMPLE).diagnostics;
    let codes: Vec<&str> = found.iter().map(|diagnostic| diagnostic.code.0).collect();
    assert_eq!(codes, ["not-yet-known"], "{}", render(&found, "home.yaml", EXAMPLE, false));
    insta::assert_debug_snapshot!("example", loaded(EXAMPLE));
}
