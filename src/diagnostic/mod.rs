//! What is wrong with a file: code, place, message and how to mend it; for people and for programs.

mod json;
mod lines;
mod mask;
mod text;
mod texts;

pub use json::{to_json, to_json_of};
pub use lines::Lines;
pub use mask::is_credential;
pub use text::{render, render_of};
pub use texts::{Source, Texts};

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// How bad it is. Errors stop; warnings tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The policy runs, perhaps not as meant.
    Warning,
    /// The policy cannot run.
    Error,
}

/// A stable name of one kind of problem, such as `unknown-key`. The list stands in `docs/diagnostics.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub &'static str);

/// A stretch of a source text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The included file in which it lies, as output names it; `None` for the file that was asked for.
    pub file: Option<Arc<str>>,
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
    /// The bytes that are meant.
    pub bytes: Range<usize>,
}

/// One problem of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Which kind of problem.
    pub code: Code,
    /// What is underlined.
    pub place: Place,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What stands under the underline: what was expected.
    pub label: String,
    /// How to mend it.
    pub help: Option<String>,
    /// Another place that matters, with what it has to do with it.
    pub related: Option<(Place, String)>,
}

impl Diagnostic {
    /// A problem that stops.
    #[must_use]
    pub fn error(code: Code, place: Place, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, code, place, message.into(), label.into())
    }

    /// A problem that is only told.
    #[must_use]
    pub fn warning(code: Code, place: Place, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, code, place, message.into(), label.into())
    }

    /// The same problem with a way to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// The same problem with another place that matters.
    #[must_use]
    pub fn related(mut self, place: Place, why: impl Into<String>) -> Diagnostic {
        self.related = Some((place, why.into()));
        self
    }

    fn new(severity: Severity, code: Code, place: Place, message: String, label: String) -> Diagnostic {
        Diagnostic { severity, code, place, message, label, help: None, related: None }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Longer words are not compared: they are no misspelt key, and the comparison would take long.
const MAX_WORD: usize = 64;

/// The word of a list that is nearest to a misspelt one, if any is near enough to have been meant.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > MAX_WORD {
        return None;
    }
    let word = word.to_lowercase();
    let length = word.chars().count();
    let limit = (length / 3).max(1);
    // A difference in length costs at least as many letters, so most words need no table.
    let known = known.into_iter().filter(|candidate| candidate.chars().count().abs_diff(length) <= limit);
    let scored = known.map(|candidate| (distance(&word, &candidate.to_lowercase()), candidate));
    scored.filter(|(distance, _)| *distance <= limit).min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

/// How many letters have to be inserted, left out, replaced or swapped with their neighbour to turn one word into another.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    let mut last = None;
    for letter in one.chars() {
        let next = next_row(letter, last, &other, &row, &before);
        before = std::mem::replace(&mut row, next);
        last = Some(letter);
    }
    row.last().copied().unwrap_or_default()
}

/// The next row of the table of distances (optimal string alignment).
fn next_row(letter: char, last: Option<char>, other: &[char], row: &[usize], before: &[usize]) -> Vec<usize> {
    let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
    let mut next = vec![at(row, 0) + 1];
    for (index, candidate) in other.iter().enumerate() {
        let replaced = at(row, index) + usize::from(*candidate != letter);
        let changed = replaced.min(at(row, index + 1) + 1).min(at(&next, index) + 1);
        let neighbour = index.checked_sub(1).and_then(|left| other.get(left));
        let swapped = neighbour == Some(&letter) && last == Some(*candidate);
        let best = if swapped { changed.min(at(before, index.wrapping_sub(1)) + 1) } else { changed };
        next.push(best);
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_far_ones_are_not() {
        let check = |word: &str, expect: Option<&str>| {
            assert_eq!(nearest(word, ["tariff", "time", "months", "soc", "export price"]), expect, "{word}");
        };
        check("tarif", Some("tariff"));
        check("Tariff", Some("tariff"));
        check("tmie", Some("time"));
        check("month", Some("months"));
        check("exportprice", Some("export price"));
        check("scoc", Some("soc"));
        check("weather", None);
    }
}
