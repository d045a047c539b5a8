//! What was wrong with a history: how often, and where first.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::time::Instant;

/// How many places of a fault are kept.
const PLACES: usize = 3;

/// Characters of a text from a file that are kept.
const LONGEST: usize = 40;

/// What may be wrong with a row, or between two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// It has not the cells that the header names.
    Cells,
    /// Its start is no time of RFC 3339.
    Start,
    /// Its start names no offset from UTC, so it is no instant.
    NoOffset,
    /// A cell is no number.
    Number,
    /// An energy or a power is negative.
    Negative,
    /// A sample has no load or no sun.
    Unknown,
    /// A number is larger than anything real.
    TooLarge,
    /// The history brings prices, and this row has none.
    NoPrice,
    /// It begins before the row above it.
    OutOfOrder,
    /// It says what another row says.
    Repeated,
    /// It begins when another row does, and says something else.
    Contradicted,
    /// The length of slots changes.
    MixedSteps,
    /// A slot has fewer than half of the samples that full ones have.
    Thin,
    /// Slots are missing.
    Gap,
}

/// Where a fault was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line of the file, counted from 1.
    pub line: Option<u64>,
    /// The instant.
    pub at: Option<Instant>,
    /// What stood there, or what was done.
    pub words: String,
}

/// One kind of fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was wrong.
    pub fault: Fault,
    /// How often.
    pub count: u64,
    /// The first places.
    pub first: Vec<Place>,
}

/// Everything that was wrong with a history, in the order of [`Fault`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    found: BTreeMap<Fault, Finding>,
    missing: Duration,
}

impl Findings {
    /// Counts a fault, and keeps its place if it is one of the first. Line 0 means that it has none.
    pub fn note(&mut self, fault: Fault, line: u64, at: Option<Instant>, words: impl FnOnce() -> String) {
        let finding = self.found.entry(fault).or_insert_with(|| Finding { fault, count: 0, first: Vec::new() });
        finding.count = finding.count.saturating_add(1);
        if finding.first.len() < PLACES {
            let words = words().chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
            finding.first.push(Place { line: (line > 0).then_some(line), at, words });
        }
    }

    /// Adds to the time that is missing.
    pub(super) fn note_missing(&mut self, missing: Duration) {
        self.missing = self.missing.saturating_add(missing);
    }

    /// How much time between the first slot and the last is missing.
    #[must_use]
    pub fn missing(&self) -> Duration {
        self.missing
    }

    /// Each kind of fault that was found.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.found.values()
    }

    /// The first of them in words, for an error's end; empty without any.
    pub(super) fn first_words(&self) -> String {
        let first = self.found.values().next().and_then(|finding| Some((finding.fault, finding.first.first()?)));
        first.map_or(String::new(), |(fault, place)| {
            let line = place.line.map_or(String::new(), |line| format!("line {line}: "));
            format!(": {line}{fault} {}", place.words).trim_end().to_owned()
        })
    }
}

impl Fault {
    /// A stable code for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Fault::Cells => "cells",
            Fault::Start => "start",
            Fault::NoOffset => "no-offset",
            Fault::Number => "number",
            Fault::Negative => "negative",
            Fault::Unknown => "unknown",
            Fault::TooLarge => "too-large",
            Fault::NoPrice => "no-price",
            Fault::OutOfOrder => "out-of-order",
            Fault::Repeated => "repeated",
            Fault::Contradicted => "contradicted",
            Fault::MixedSteps => "mixed-steps",
            Fault::Thin => "thin",
            Fault::Gap => "gap",
        }
    }
}

impl fmt::Display for Fault {
    /// What is told of each, with what was done about it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::Cells => "not as many cells as the header has (left out)",
            Fault::Start => "start is no time in RFC 3339, to the second (left out)",
            Fault::NoOffset => "start has no offset, such as Z or +01:00 (left out)",
            Fault::Number => "not a number (left out)",
            Fault::Negative => "negative load or sun (left out)",
            Fault::Unknown => "load or sun not known (left out)",
            Fault::TooLarge => "larger than anything real (left out)",
            Fault::NoPrice => "no price (left out)",
            Fault::OutOfOrder => "out of order (sorted)",
            Fault::Repeated => "a row twice (counted once)",
            Fault::Contradicted => "two rows for one start (the first counts)",
            Fault::MixedSteps => "slots of another length (taken as they are)",
            Fault::Thin => "quarter hours with few samples (their mean counts)",
            Fault::Gap => "gaps (skipped)",
        })
    }
}
