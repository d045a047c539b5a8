//! The files of a policy: the one that was asked for, those that it includes, and those that they include in turn.
//!
//! Nothing is read here. Whoever may read hands in [`Files`], so that a policy means the same from a folder, from the journal
//! and in a test.

mod gather;
mod kept;
mod path;

pub(super) use gather::{Content, File, Gathered, Refused, gather};
pub(super) use kept::{keep, parts};

/// How many files a policy may consist of.
const MAX_FILES: usize = 64;

/// How much the included files may have together, in bytes.
pub const MAX_INCLUDED: usize = 2 << 20;

/// The files beside a policy.
pub trait Files {
    /// The text of a file, by its path from the policy's folder on, with `/` between the names.
    ///
    /// # Errors
    /// Why it cannot be had, as it stands after the file's name: `no such file`.
    fn text(&self, path: &str) -> Result<String, String>;
}

impl<F: Fn(&str) -> Result<String, String>> Files for F {
    fn text(&self, path: &str) -> Result<String, String> {
        self(path)
    }
}

/// No file but the policy's own.
pub(super) struct Alone;

impl Files for Alone {
    fn text(&self, _: &str) -> Result<String, String> {
        Err("no other file than the policy's own can be read here".to_owned())
    }
}
