//! `docs/devices.md` says what the capability table says, and the constants elsewhere agree with it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fmt::Write;

use offpeak::device::capability::Capability;
use offpeak::device::two_window::{GRID_MINUTES, TwoWindow};
use offpeak::device::window_list::MOST_WINDOWS;
use offpeak::device::{Certainty, Store};
use offpeak::report::capability::{anchor, entries};
use offpeak::vendor::pace::LEAST_GAP;

/// What stands above this line is written by hand.
const MARK: &str = "<!-- Made from the table: `cargo test --test devices_docs` prints what is to stand below. -->\n";

fn document() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/devices.md")).expect("docs/devices.md")
}

fn section(store: Store) -> String {
    let capability = Capability::widest(store);
    let mut text = format!("\n## {} {}\n\n", store.maker().name(), store.name());
    text.push_str("| | | what the device does | what offpeak does | known from |\n|---|---|---|---|---|\n");
    for entry in entries(&capability) {
        let able = if entry.able { "+" } else { "–" };
        let (words, mark) = (entry.topic.words(), entry.fact.certainty.mark());
        let row =
            format!("| {able} | {words} | {} | {} | {} **[{mark}]** |", entry.says, entry.instead, entry.fact.says);
        writeln!(text, "{row}").unwrap();
    }
    text
}

#[test]
fn the_document_is_the_table() {
    let expect: String = Store::ALL.into_iter().map(section).collect();
    let document = document();
    let (_, below) = document.split_once(MARK).expect("the mark in docs/devices.md");
    assert!(below == expect, "docs/devices.md is to go on below its mark with:\n{expect}");
}

#[test]
fn every_section_that_is_cited_is_there() {
    let document = document();
    for store in Store::ALL {
        let (file, section) = anchor(store).split_once('#').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        assert_eq!(file, "docs/devices.md");
        let heads = document.lines().filter_map(|line| line.strip_prefix("## "));
        let anchors: Vec<String> = heads.map(|head| head.to_lowercase().replace(' ', "-")).collect();
        assert!(anchors.contains(&section), "{section}: {anchors:?}");
    }
    for certainty in [Certainty::Certain, Certainty::Likely, Certainty::Unknown] {
        let legend = format!("**[{}]** {}", certainty.mark(), certainty.word());
        assert!(document.contains(&legend), "{legend}");
    }
}

/// What the normal form, the pace and the two-window store have as constants is what the table says.
#[test]
fn constants_agree_with_the_table() {
    for store in Store::ALL {
        let capability = Capability::widest(store);
        let windows = capability.windows.expect("windows");
        assert_eq!(windows.grid_minutes, GRID_MINUTES, "{store:?}");
        assert!(usize::from(windows.weekly.unwrap_or(windows.together)) <= MOST_WINDOWS, "{store:?}");
        assert!(capability.limits.between_reads >= LEAST_GAP, "{store:?}");
    }
    let two = Capability::alphaess_two_window().windows.expect("windows");
    let neutral = TwoWindow::NEUTRAL;
    assert_eq!(usize::from(two.charge), neutral.charge.windows.len());
    assert_eq!(usize::from(two.permission), neutral.discharge.windows.len());
}
