//! A small file beside the journal that says how far it had come. SQLite drops the damaged end of its write-ahead log
//! without a word, and a journal that was deleted or put back from a backup looks sound; this is how they are noticed.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::JournalError;

/// The longest file that is read.
const MAX: u64 = 64;

/// Where the number of the newest intent stands.
#[derive(Debug)]
pub(super) struct Mark {
    path: PathBuf,
}

impl Mark {
    /// The mark of a state folder.
    pub(super) fn of(dir: &Path) -> Mark {
        Mark { path: dir.join("journal.mark") }
    }

    /// The number; `None` if there is no mark, or none that can be read.
    pub(super) fn read(&self) -> Option<i64> {
        let mut text = String::new();
        File::open(&self.path).ok()?.take(MAX).read_to_string(&mut text).ok()?;
        text.trim().strip_prefix("intents ")?.parse().ok()
    }

    /// Puts the number on the disk. The old mark stays until the new one is whole.
    pub(super) fn write(&self, intents: i64) -> Result<(), JournalError> {
        if self.read() == Some(intents) {
            return Ok(());
        }
        let fresh = self.path.with_extension("mark-new");
        let put = || {
            let mut file = File::create(&fresh)?;
            writeln!(file, "intents {intents}")?;
            file.sync_all()?;
            std::fs::rename(&fresh, &self.path)
        };
        put().map_err(|source| JournalError::File { path: self.path.clone(), source })
    }
}
