//! The sentences of the language: one grammar for policies, for manual commands and for values on the command line.
//!
//! The grammar is written down in `docs/policy-language.md`. Every parser takes a text and gives a value, or a [`Problem`]
//! with its place in that text.

mod action;
mod calendar;
mod comparison;
mod price_rank;
mod quantity;
mod token;

use std::ops::Range;

use crate::diagnostic::Code;

pub use action::parse_action;
pub use calendar::{DayWord, clock, date, date_range, days, months, near_zone, window};
pub use comparison::{Known, Sentence, comparison, forecast};
pub use quantity::{Measure, duration, energy, percent, power, price, written};

/// What is wrong with a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which kind of problem.
    pub code: Code,
    /// Which bytes of the sentence.
    pub bytes: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What was expected.
    pub label: String,
    /// How to mend it.
    pub help: Option<String>,
}

impl Problem {
    /// A problem without help.
    #[must_use]
    pub fn new(code: Code, bytes: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> Problem {
        Problem { code, bytes, message: message.into(), label: label.into(), help: None }
    }

    /// The same problem with a way to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    /// The same problem with a way to mend it, if there is one.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Problem {
        self.help = help.or(self.help);
        self
    }

    /// On one line, for a command line.
    #[must_use]
    pub fn one_line(&self) -> String {
        let help = self.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        format!("{}: {}{help}", self.message, self.label)
    }
}
