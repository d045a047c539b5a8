//! Measurements of real homes and markets, where they are at hand; nothing of them is part of the project.

use std::path::{Path, PathBuf};

/// Where a file of measurements lies: in the folder that `OFFPEAK_DATA` names, else in any `data` folder beside the project
/// that has it; `None` with a word of why where it is not at hand.
pub(crate) fn measurements(file: &str) -> Option<PathBuf> {
    let path = looked_up(file);
    if path.is_none() {
        eprintln!("skipped: no {file}; OFFPEAK_DATA names the folder that has it");
    }
    path
}

fn looked_up(file: &str) -> Option<PathBuf> {
    let found = |folder: PathBuf| Some(folder.join(file)).filter(|path| path.is_file());
    if let Some(folder) = std::env::var_os("OFFPEAK_DATA") {
        return found(folder.into());
    }
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let folders = std::fs::read_dir(beside).ok()?.filter_map(Result::ok);
    folders.map(|entry| entry.path().join("data")).find_map(found)
}
