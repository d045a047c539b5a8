//! The files beside a policy, read within bounds.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::policy::{Files, MAX_INCLUDED};

/// The folder of a policy's file.
pub struct Beside {
    folder: PathBuf,
}

impl Beside {
    /// The folder of this policy.
    #[must_use]
    pub fn of(policy: &Path) -> Beside {
        Beside { folder: policy.parent().map(Path::to_path_buf).unwrap_or_default() }
    }
}

impl Files for Beside {
    fn text(&self, path: &str) -> Result<String, String> {
        let path = self.folder.join(path);
        // What is no plain file may never end, or never begin.
        let kind = std::fs::metadata(&path).map_err(|error| reason(&error))?;
        if !kind.is_file() {
            return Err(if kind.is_dir() { "it is a folder".to_owned() } else { "it is no plain file".to_owned() });
        }
        let file = File::open(&path).map_err(|error| reason(&error))?;
        let bound = u64::try_from(MAX_INCLUDED).unwrap_or(u64::MAX).saturating_add(1);
        let mut bytes = Vec::new();
        file.take(bound).read_to_end(&mut bytes).map_err(|error| reason(&error))?;
        if bytes.len() > MAX_INCLUDED {
            return Err(format!("it has more than {} MiB", MAX_INCLUDED >> 20));
        }
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            format!("byte {at} is not UTF-8 text; save the file as UTF-8")
        })
    }
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "no such file".to_owned(),
        ErrorKind::PermissionDenied => "not allowed to read it".to_owned(),
        _ => error.to_string(),
    }
}
