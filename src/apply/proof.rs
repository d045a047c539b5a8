//! The proof that a schedule is stored: only reading back makes one.

use crate::device::{Object, Settings};

/// What was read back and means what was asked. A success code alone never makes one of these. What the vendor takes and never
/// gives back is in it as it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof(Settings);

impl Proof {
    /// The proof that the cloud holds what was asked, if what was read from it means the same.
    #[must_use]
    pub fn by_reading(asked: &Settings, read: &Settings) -> Option<Proof> {
        asked.same_meaning(read).then(|| Proof(read.recalling(asked)))
    }

    /// What the cloud holds, to the letter as far as it can be read.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.0
    }

    /// The object that was read.
    #[must_use]
    pub fn object(&self) -> Object {
        self.0.object()
    }
}
