//! The documents of the language say what the program does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use offpeak::diagnostic::{render, render_of};
use offpeak::policy::fmt::{canonical, canonical_tests, canonical_with};
use offpeak::policy::{clock_changes, load, load_with};
use offpeak::report::over_budget;
use offpeak::runner::Beside;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

#[test]
fn every_whole_policy_in_the_reference_loads() {
    let text = read("docs/policy-language.md");
    let blocks: Vec<&str> = text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!blocks.is_empty());
    // The files that the blocks include.
    let files = |path: &str| match path {
        "shared/two-rates.yaml" => Ok(read("examples/two-sites/shared/two-rates.yaml")),
        "shared/days.yaml" => Ok("offpeak: 1\ncalendars: { holidays: 2026-12-25 }\n".to_owned()),
        "shared/car.yaml" => Ok(read("examples/two-sites/shared/car.yaml")),
        path if path.ends_with(".ics") => Ok(read("examples/two-sites/shared/england-and-wales.ics")),
        _ => Err("no such file".to_owned()),
    };
    for block in blocks {
        let loaded = load_with("reference.yaml", block, &files);
        assert!(loaded.diagnostics.is_empty(), "{}", render_of(&loaded.diagnostics, &loaded.texts, false));
        assert_eq!(canonical_with("reference.yaml", block, &files).as_deref(), Ok(block));
    }
}

#[test]
fn every_test_in_the_documents_is_canonical() {
    let text = read("docs/testing.md");
    let blocks = |kind: &str| {
        let fence = format!("```yaml{kind}\n");
        text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect::<Vec<String>>()
    };
    let beside = |block: String| format!("policy: home.yaml\n\ntests:\n{block}");
    let files = blocks("").into_iter().chain(blocks(" test").into_iter().chain(blocks(" failing")).map(beside));
    let files: Vec<String> = files.collect();
    assert!(files.len() >= 4);
    for file in files {
        assert_eq!(canonical_tests(&file).as_deref(), Ok(file.as_str()));
    }
}

#[test]
fn every_fragment_in_the_reference_fits_into_a_policy() {
    let text = read("docs/policy-language.md");
    let whole = text.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let fragments: Vec<&str> =
        text.split("```yaml fragment\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(fragments.len() >= 3);
    for fragment in fragments {
        let policy = match fragment.split(':').next().unwrap() {
            key @ ("device" | "tariff" | "calendars") => replaced(whole, key, fragment),
            _ => whole.replace("\notherwise:", &format!("\n{fragment}\notherwise:")),
        };
        let loaded = load("reference.yaml", &policy);
        let shown = render(&loaded.diagnostics, "reference.yaml", &policy, false);
        // The rules of the reference ask for more than every device can do: `check` tells of that.
        let fits =
            if fragment.starts_with("device:") { loaded.policy.is_some() } else { loaded.diagnostics.is_empty() };
        assert!(fits, "{shown}");
        let laid = canonical("reference.yaml", &policy).unwrap();
        assert!(laid.contains(fragment.trim_end()), "{fragment}\nis laid out otherwise:\n{laid}");
    }
}

/// The policy with the section of this key replaced.
fn replaced(whole: &str, key: &str, by: &str) -> String {
    let start = whole.find(&format!("\n{key}:")).unwrap() + 1;
    let length = whole[start..].find("\n\n").unwrap();
    format!("{}{}{}", &whole[..start], by.trim_end(), &whole[start + length..])
}

/// Every file of source below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Every code that the source of the policy loader names.
fn codes_in_source() -> BTreeSet<String> {
    let mut files = vec![];
    sources(&root().join("src/policy"), &mut files);
    let mut codes = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        for call in ["Code(", ".error(", ".error_help(", "tell(", "fault("] {
            for (at, _) in text.match_indices(call) {
                let rest = text[at + call.len()..].trim_start();
                if let Some(literal) = rest.strip_prefix('"') {
                    codes.insert(literal.split('"').next().unwrap().to_owned());
                }
            }
        }
    }
    codes
}

#[test]
fn the_list_of_diagnostics_names_every_code_and_no_other() {
    let text = read("docs/diagnostics.md");
    let listed: BTreeSet<String> =
        text.lines().filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`')).map(str::to_owned).collect();
    assert_eq!(listed, codes_in_source());
}

/// What `check` prints of a policy, on the day on which the examples were made.
fn shown(file: &str, text: &str) -> String {
    let path = root().join("tests/broken").join(file);
    let loaded = load_with(file, text, &Beside::of(&path));
    let mut diagnostics = loaded.diagnostics;
    if let Some(policy) = &loaded.policy {
        diagnostics.extend(clock_changes(policy, "2026-11-20T12:00:00Z".parse().unwrap()));
        let told = diagnostics.iter().any(|found| found.code.0 == "over-budget");
        diagnostics.extend(over_budget(policy, "2026-11-20".parse().unwrap()).filter(|_| !told));
    }
    render_of(&diagnostics, &loaded.texts, false)
}

#[test]
fn what_check_proves_is_what_the_program_prints() {
    let text = read("docs/check.md");
    let sections: Vec<&str> = text.split("\n## `").skip(1).collect();
    let codes: Vec<&str> = sections.iter().map(|section| section.split('`').next().unwrap()).collect();
    let proven = [
        "never-fires",
        "hidden-rule",
        "self-undoing",
        "beyond-battery",
        "many-windows",
        "over-budget",
        "off-grid",
        "vanishing-window",
        "clock-change",
        "unreachable-band",
    ];
    assert_eq!(codes, proven);
    for (code, section) in codes.iter().zip(&sections) {
        assert!(section.contains("Reason: ") && section.contains("Mend: "), "{code}");
        for example in section.split("```text\n").skip(1) {
            let example = example.split("\n```").next().unwrap();
            let file = example.split("--> ").nth(1).unwrap().split(':').next().unwrap();
            let shown = shown(file, &read(&format!("tests/broken/{file}")));
            assert!(
                example.contains(&format!("[{code}]")) && shown.contains(example),
                "{code}:\n{example}\n\nprinted:\n{shown}"
            );
        }
        assert!(section.contains("```text\n"), "{code} has no example");
    }
}

#[test]
fn every_example_in_the_list_is_what_the_program_prints() {
    let text = read("docs/diagnostics.md");
    let mut count = 0;
    for section in text.split("\n## `").skip(1) {
        let code = section.split('`').next().unwrap();
        let example = section.split("```text\n").nth(1).unwrap_or_else(|| panic!("{code} has no example"));
        let example = example.split("\n```").next().unwrap();
        let file = example.split("--> ").nth(1).unwrap().split(':').next().unwrap();
        // What lies in an included file is included by the policy that is called like the code.
        let own = format!("{code}.yaml");
        let file = if file.contains('/') { &own } else { file };
        let shown = shown(file, &read(&format!("tests/broken/{file}")));
        assert!(
            example.contains(&format!("[{code}]")) && shown.contains(example),
            "{code}:\n{example}\n\nprinted:\n{shown}"
        );
        count += 1;
    }
    assert!(count > 40);
}
