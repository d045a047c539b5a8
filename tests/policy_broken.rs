//! What an owner reads when a policy is wrong: one file for each mistake, and the whole output for each file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use offpeak::diagnostic::render_of;
use offpeak::policy::{clock_changes, load_with};
use offpeak::report::over_budget;
use offpeak::runner::Beside;

#[test]
fn each_mistake_is_told_once_and_how_to_mend_it() {
    insta::glob!("broken/*.yaml", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let file = path.file_name().unwrap().to_string_lossy();
        let loaded = load_with(&file, &text, &Beside::of(path));
        let mut diagnostics = loaded.diagnostics;
        if let Some(policy) = &loaded.policy {
            diagnostics.extend(clock_changes(policy, "2026-11-20T12:00:00Z".parse().unwrap()));
            let told = diagnostics.iter().any(|found| found.code.0 == "over-budget");
            diagnostics.extend(over_budget(policy, "2026-11-20".parse().unwrap()).filter(|_| !told));
        }
        assert!(!diagnostics.is_empty(), "{file} passes");
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "snapshots/broken" }, {
            insta::assert_snapshot!("broken", render_of(&diagnostics, &loaded.texts, false));
        });
    });
}
