//! Which files are policies of a service: those that were named, and all of the folders that were.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The largest policy that is read, in bytes.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// The paths that a service was given.
pub(super) struct Roster {
    named: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Roster {
    /// The files and folders that were named.
    pub(super) fn new(paths: Vec<PathBuf>) -> Roster {
        let (folders, named) = paths.into_iter().partition(|path| path.is_dir());
        Roster { named, folders }
    }

    /// The files as they are now. A file that was named counts as there even while it is not: an editor may be replacing it.
    ///
    /// # Errors
    /// A folder cannot be read, so that nobody knows what is in it.
    pub(super) fn files(&self) -> Result<BTreeSet<PathBuf>, String> {
        let mut files: BTreeSet<PathBuf> = self.named.iter().cloned().collect();
        for folder in &self.folders {
            let found = policies_in(folder).map_err(|error| format!("{}: {error}", folder.display()));
            files.extend(found?);
        }
        Ok(files)
    }
}

/// The policies in a folder by name: every `.yaml` and `.yml` but tests and hidden files.
///
/// # Errors
/// The folder cannot be read.
pub fn policies_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?;
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| is_policy(path)).collect();
    found.sort();
    Ok(found)
}

/// Whether a path is that of a policy's file, by its name.
#[must_use]
pub fn is_policy(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    yaml && !is_tests(path) && !name.starts_with('.') && path.is_file()
}

/// Whether a path is that of a file of tests beside a policy, by its name.
#[must_use]
pub fn is_tests(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    (name.ends_with(".test.yaml") || name.ends_with(".test.yml")) && !name.starts_with('.')
}

/// The text of a policy's file.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|error| format!("it cannot be read: {error}"))?;
    let mut text = String::new();
    let read =
        file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|error| format!("it cannot be read: {error}"))?;
    if read as u64 > MAX_BYTES { Err("it is larger than 4 MiB".to_owned()) } else { Ok(text) }
}
