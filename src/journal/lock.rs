//! One writer for each state folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::LockError;

/// The longest note of a holder that is read.
const MAX_NOTE: u64 = 200;

/// The right to write to the device and to repair the journal: held until it is dropped or the process ends, however it
/// ends.
#[derive(Debug)]
pub struct StateLock {
    file: File,
}

impl StateLock {
    /// Takes the state folder, creating it if need be. `who` tells others who holds it: `offpeak run home.yaml`.
    ///
    /// # Errors
    /// Who holds it already, or why the lock file could not be used.
    pub fn acquire(dir: &Path, who: &str) -> Result<StateLock, LockError> {
        let path = dir.join("lock");
        let failed = |source| LockError::File { path: path.clone(), source };
        std::fs::create_dir_all(dir).map_err(failed)?;
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = options.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { dir: dir.to_path_buf(), by: holder(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        note(&mut file, who).map_err(failed)?;
        Ok(StateLock { file })
    }

    /// Who holds a state folder, in the holder's own words; `None` if nobody does. Changes nothing.
    ///
    /// # Errors
    /// The lock file is there and could not be used.
    pub fn holder(dir: &Path) -> Result<Option<String>, LockError> {
        let path = dir.join("lock");
        let failed = |source| LockError::File { path: path.clone(), source };
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(failed)?,
        };
        // Whoever leaves wipes the note, so an empty file needs no lock, which might stand in the way of someone who comes.
        if file.metadata().map_err(failed)?.len() == 0 {
            return Ok(None);
        }
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(holder(&mut file))),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

impl Drop for StateLock {
    /// The lock ends with the file; the note goes first, so that nobody is named who has left.
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}

fn note(file: &mut File, who: &str) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{who}, pid {}", std::process::id())
}

fn holder(file: &mut File) -> String {
    let mut bytes = Vec::new();
    let read = file.take(MAX_NOTE).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let printable: String = text.trim().chars().filter(|c| !c.is_control()).collect();
    if read.is_err() || printable.is_empty() { "another process".to_owned() } else { printable }
}
