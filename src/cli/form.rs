//! In which form a verb answers.

use clap::ValueEnum;

/// The form of an answer where there are but two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs, with stable keys.
    Json,
}

/// The form that is asked for. Beside the two of every verb there is what single verbs have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people.
    Text,
    /// For programs, with stable keys.
    Json,
    /// For CI (`test` alone).
    Junit,
    /// For a pull request (`compare` alone).
    Markdown,
}

impl Form {
    /// The same where there are but text and JSON.
    #[must_use]
    pub fn plain(self) -> Format {
        match self {
            Form::Json => Format::Json,
            Form::Text | Form::Junit | Form::Markdown => Format::Text,
        }
    }
}
