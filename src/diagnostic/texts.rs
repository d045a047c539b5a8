//! The texts that diagnostics point into.

use std::sync::Arc;

use super::{Diagnostic, Place};

/// A file and what stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file's name in output.
    pub file: Arc<str>,
    /// Its whole text.
    pub text: String,
}

/// The texts of one look: of the file that was asked for, and of those that it includes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    main: Source,
    included: Vec<Source>,
}

impl Texts {
    /// One file alone.
    #[must_use]
    pub fn of(file: &str, text: &str) -> Texts {
        Texts { main: Source { file: Arc::from(file), text: text.to_owned() }, included: Vec::new() }
    }

    /// The same with files that it includes.
    #[must_use]
    pub fn including(mut self, included: Vec<Source>) -> Texts {
        self.included.extend(included);
        self
    }

    /// The name of the file that was asked for.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.main.file
    }

    /// The text of the file that was asked for.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.main.text
    }

    /// Every file, the one that was asked for first.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        std::iter::once(&self.main).chain(&self.included)
    }

    /// The file that a place lies in; one that nobody knows is taken for the one that was asked for.
    #[must_use]
    pub fn of_place(&self, place: &Place) -> &Source {
        let named = place.file.as_ref().and_then(|file| self.included.iter().find(|source| source.file == *file));
        named.unwrap_or(&self.main)
    }

    /// Puts diagnostics into the order of the files and of what stands in them.
    pub fn sort(&self, diagnostics: &mut [Diagnostic]) {
        let number = |place: &Place| {
            let named = |file: &Arc<str>| self.included.iter().position(|source| source.file == *file);
            place.file.as_ref().and_then(named).map_or(0, |position| position + 1)
        };
        diagnostics.sort_by_key(|found| (number(&found.place), found.place.bytes.start, found.place.bytes.end));
    }
}
