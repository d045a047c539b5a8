//! What came of the tests beside policies: for people, for programs, and for what reads JUnit.

mod coverage;
mod detail;
mod json;
mod junit;
mod text;

pub use json::tests_json;
pub use junit::tests_junit;
pub use text::tests_text;

use crate::diagnostic::{Diagnostic, Severity, Texts};
use crate::policy::Policy;
use crate::policy_test::{Outcome, Test};

/// What came of every file.
#[derive(Clone, Debug, Default)]
pub struct Report<'a> {
    /// The files of tests, in the order in which they are told.
    pub files: Vec<Tested<'a>>,
    /// The policies that have errors, so that no test of theirs ran.
    pub broken: Vec<Source<'a>>,
    /// Whether only some of the tests were run, so that nothing can be said of the rules that none fired.
    pub filtered: bool,
}

/// A file with what is wrong with it and with the files that it includes.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its text with its name, and those of the files that it includes.
    pub texts: &'a Texts,
    /// Its problems.
    pub diagnostics: &'a [Diagnostic],
}

/// What came of one file of tests.
#[derive(Clone, Debug)]
pub struct Tested<'a> {
    /// The file.
    pub source: Source<'a>,
    /// The policy that it tests; `None` if there is none to run on.
    pub policy: Option<&'a Policy>,
    /// Each test that was run, with its outcome.
    pub tests: Vec<(&'a Test, Outcome)>,
}

/// How many of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
    /// Files of tests that could not be run.
    unusable: usize,
}

impl Report<'_> {
    /// Whether every test passed, and every file could be run.
    #[must_use]
    pub fn passed(&self) -> bool {
        let count = self.count();
        count.failed == 0 && count.unusable == 0
    }

    fn count(&self) -> Count {
        let outcomes = || self.files.iter().flat_map(|file| &file.tests).map(|(_, outcome)| outcome);
        let failed = outcomes().filter(|outcome| !outcome.failures.is_empty()).count();
        let unusable = self.files.iter().filter(|file| file.is_unusable()).count();
        Count { passed: outcomes().count() - failed, failed, unusable }
    }
}

impl Tested<'_> {
    /// Whether no test of it could be run.
    #[must_use]
    pub fn is_unusable(&self) -> bool {
        self.policy.is_none() || self.source.is_broken()
    }
}

impl<'a> Source<'a> {
    /// The file's name, for output.
    #[must_use]
    pub fn file(&self) -> &'a str {
        self.texts.file()
    }

    fn is_broken(&self) -> bool {
        self.diagnostics.iter().any(|found| found.severity == Severity::Error)
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
