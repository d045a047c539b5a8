//! A damaged file is kept for whoever wants to look into it, and a new one begun.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::{JournalError, schedule, store};

/// The most damaged files that are kept; after that the last is replaced.
const KEPT: u32 = 9;

/// Moves the file and its write-ahead log aside and begins a new one. What the device held before the first write ever is
/// carried over, if it can still be read: nothing else could bring it back.
pub(super) fn begin_again(path: &Path) -> Result<Connection, JournalError> {
    let aside = free_name(path);
    for suffix in ["", "-wal", "-shm"] {
        let (from, to) = (with_suffix(path, suffix), with_suffix(&aside, suffix));
        let _ = std::fs::remove_file(&to);
        if from.exists() {
            std::fs::rename(&from, &to).map_err(|source| JournalError::File { path: from, source })?;
        }
    }
    let connection = store::writable(path)?;
    for original in originals(&aside).unwrap_or_default() {
        schedule::put_original(&connection, &original)?;
    }
    Ok(connection)
}

/// The originals that can still be read of a damaged file.
fn originals(aside: &Path) -> Result<Vec<schedule::Row>, JournalError> {
    if !aside.exists() {
        return Ok(Vec::new());
    }
    let connection = Connection::open_with_flags(aside, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    Ok(schedule::originals(&connection)?.into_iter().flatten().collect())
}

fn free_name(path: &Path) -> PathBuf {
    let named = |number: u32| path.with_file_name(format!("journal.damaged-{number}.db"));
    (1..KEPT).map(named).find(|name| !name.exists()).unwrap_or_else(|| named(KEPT))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
