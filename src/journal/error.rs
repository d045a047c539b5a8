//! Why the journal could not do what was asked.

use std::io;
use std::path::PathBuf;

/// Why the journal could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The state folder or a file in it could not be used.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// SQLite said no: the disk is full, another process writes for too long, the file is damaged.
    #[error("journal: {0}")]
    Sql(#[from] rusqlite::Error),
    /// A newer version of the program has written the journal. It is left alone.
    #[error("journal: its version is {found}, this program knows up to {known}; use the newer program")]
    Newer {
        /// The version of the file.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// A record is not what was once written.
    #[error("journal: {0} is damaged")]
    Damaged(String),
    /// A text is longer than the journal takes.
    #[error("journal: {what} is longer than {limit} bytes")]
    TooLong {
        /// Which text.
        what: &'static str,
        /// The most that is taken.
        limit: usize,
    },
}

/// Why the state folder could not be held.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("{} is held by {by}", dir.display())]
    Held {
        /// The state folder.
        dir: PathBuf,
        /// Who holds it, in its own words.
        by: String,
    },
    /// The lock file could not be used.
    #[error("{}: {source}", path.display())]
    File {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl JournalError {
    /// Whether the file itself is to blame, so that trying again cannot help: whatever SQLite complains of, unless it is the
    /// system around the file.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        use rusqlite::ErrorCode as Code;
        match self {
            JournalError::Damaged(_) => true,
            JournalError::Sql(error) => !matches!(
                error.sqlite_error_code(),
                Some(
                    Code::DatabaseBusy
                        | Code::DatabaseLocked
                        | Code::PermissionDenied
                        | Code::ReadOnly
                        | Code::SystemIoFailure
                        | Code::DiskFull
                        | Code::CannotOpen
                        | Code::OutOfMemory
                        | Code::OperationInterrupted
                        | Code::FileLockingProtocolFailed
                        | Code::NoLargeFileSupport
                )
            ),
            _ => false,
        }
    }
}
