//! Every policy in `rules/` is one that an owner could take as it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::path::PathBuf;

use offpeak::diagnostic::render;
use offpeak::policy::load;

fn rules() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| offpeak::runner::is_policy(path));
    files.sort();
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn every_policy_passes_without_a_word() {
    let rules = rules();
    assert!(rules.len() >= 8, "{} policies", rules.len());
    for (file, text) in rules {
        let loaded = load(&file, &text);
        assert!(loaded.diagnostics.is_empty(), "{}", render(&loaded.diagnostics, &file, &text, false));
        assert!(loaded.policy.is_some(), "{file}");
    }
}
