//! Files that the owner names, read within bounds.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::output::{Failure, failure};
use crate::runner;

/// The largest file of text that is read, in bytes.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// What a page begins with.
const PAGE: &[u8] = b"<!doctype html>";

/// The text of a file.
///
/// # Errors
/// It is not there, not readable, larger than 4 MiB or not UTF-8.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| Failure(format!("{shown}: {}", reason(&error))))?;
    let mut bytes = Vec::new();
    let read = file.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure(format!("{shown}: {}", reason(&error))))?;
    if bytes.len() as u64 > MAX_BYTES {
        return failure(format!("{shown}: the file is larger than 4 MiB; nothing that offpeak reads is"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure(format!("{shown}: byte {at} is not UTF-8 text; save the file as UTF-8"))
    })
}

/// The policies that a list of paths names: files as they are, folders with every `.yaml` and `.yml` in them but tests.
///
/// # Errors
/// A folder cannot be read, or holds no policy.
pub fn policies(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() { found.extend(policies_in(path)?) } else { found.push(path.clone()) }
    }
    Ok(found)
}

/// Writes a page where nothing stands yet, or another page: what else stands there may be what was just read.
///
/// # Errors
/// Something else stands there, or it cannot be written.
pub fn replace_page(path: &Path, page: &str) -> Result<(), Failure> {
    let shown = path.display();
    let mut begins = [0; PAGE.len()];
    let other = match File::open(path).and_then(|mut file| file.read_exact(&mut begins)) {
        Ok(()) => !begins.eq_ignore_ascii_case(PAGE),
        Err(error) => error.kind() != ErrorKind::NotFound,
    };
    if other && path.is_file() {
        return failure(format!("{shown}: a file that is no page stands there already; name another, or take it away"));
    }
    std::fs::write(path, page).map_err(|error| Failure(format!("{shown}: cannot be written: {error}")))
}

/// The folder of the journal: as told, else the XDG state folder.
///
/// # Errors
/// Neither is known.
pub fn state_folder(told: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(folder) = told {
        return Ok(folder.to_owned());
    }
    let xdg = std::env::var_os("XDG_STATE_HOME").filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || {
        std::env::var_os("HOME").filter(|value| !value.is_empty()).map(|home| PathBuf::from(home).join(".local/state"))
    };
    match xdg.or_else(home) {
        Some(folder) => Ok(folder.join("offpeak")),
        None => failure("no state folder: neither --state, OFFPEAK_STATE, XDG_STATE_HOME nor HOME says where"),
    }
}

fn policies_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let shown = folder.display();
    let found = runner::policies_in(folder).map_err(|error| Failure(format!("{shown}: {}", reason(&error))))?;
    if found.is_empty() { failure(format!("{shown}: no policy (*.yaml) in this folder")) } else { Ok(found) }
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "not allowed to read it".to_owned(),
        std::io::ErrorKind::IsADirectory => "is a folder, not a file".to_owned(),
        _ => error.to_string(),
    }
}
