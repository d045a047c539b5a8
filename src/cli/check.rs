//! `check`: loads policies and reports every problem.

use std::path::Path;

use serde_json::{Value, json};

use super::args::{Check, Common};
use super::form::Format;
use super::output::{FAILED, OK, Outcome, failure, print, print_json};
use super::{files, terminal};
use crate::clock::{Clock, SystemClock};
use crate::diagnostic::{self, Code, Diagnostic, Severity, Texts};
use crate::policy::{self, Loaded, Shared, clock_changes};
use crate::report::over_budget;
use crate::runner;

/// What is found for the sake of what a device cannot do.
const OF_DEVICE: [&str; 6] =
    ["cannot-do", "off-grid", "vanishing-window", "many-windows", "over-budget", "ceiling-grid-only"];

/// One policy or shared file with the files that it includes, and what is wrong with them.
struct Checked {
    texts: Texts,
    /// What it holds, if it is a shared file.
    shared: Option<Shared>,
    diagnostics: Vec<Diagnostic>,
}

/// Loads each policy or shared file and reports its problems.
///
/// # Errors
/// A path cannot be read.
pub fn run(check: &Check, common: &Common) -> Outcome {
    let (tests, paths): (Vec<_>, Vec<_>) =
        files::policies(&check.paths)?.into_iter().partition(|path| runner::is_tests(path));
    if paths.is_empty() {
        return failure("these are files of tests: `offpeak test` reads them, with the policies that they test");
    }
    let checked = paths.iter().map(|path| load(path)).collect::<Result<Vec<_>, _>>()?;
    match common.format.plain() {
        Format::Text => print(&text(&checked, tests.len())),
        Format::Json => print_json(&as_json(&checked)),
    }
    let worst = checked.iter().flat_map(|file| &file.diagnostics).map(|diagnostic| diagnostic.severity).max();
    let failed = worst == Some(Severity::Error) || check.strict && worst.is_some();
    Ok(if failed { FAILED } else { OK })
}

fn load(path: &Path) -> Result<Checked, super::output::Failure> {
    let text = files::read_text(path)?;
    let file = path.display().to_string();
    let Loaded { policy, shared, mut diagnostics, texts, .. } =
        policy::load_any(&file, &text, &runner::Beside::of(path));
    let now = SystemClock::default().now();
    diagnostics.extend(policy.iter().flat_map(|policy| clock_changes(policy, now)));
    if !diagnostics.iter().any(|found| found.code == Code("over-budget")) {
        diagnostics.extend(policy.iter().filter_map(|policy| over_budget(policy, policy.zone.local(now).date)));
    }
    texts.sort(&mut diagnostics);
    Ok(Checked { texts, shared, diagnostics })
}

fn text(checked: &[Checked], tests: usize) -> String {
    let colour = terminal::colour();
    let shown = checked.iter().map(|file| diagnostic::render_of(&file.diagnostics, &file.texts, colour));
    let mut out: String = shown.collect();
    checked.iter().filter_map(shared).for_each(|line| out.push_str(&line));
    out.push_str(&summary(checked));
    if tests > 0 {
        let left = counted(tests, "file of tests is", "files of tests are");
        out.push_str(&format!("\n{left} left to `offpeak test`"));
    }
    out.push_str(&cited(checked));
    out
}

/// Where it stands what devices can do, if one of them cannot do what is asked of it.
fn cited(checked: &[Checked]) -> String {
    let of_device = |found: &Diagnostic| OF_DEVICE.contains(&found.code.0);
    match checked.iter().flat_map(|file| &file.diagnostics).any(of_device) {
        true => "\nwhat devices can do: `offpeak devices --capabilities`, docs/devices.md".to_owned(),
        false => String::new(),
    }
}

/// What a shared file without mistakes is, and what cannot be said of it here.
fn shared(checked: &Checked) -> Option<String> {
    let failed = checked.diagnostics.iter().any(|found| found.severity == Severity::Error);
    let Shared { rules, calendars, tariff } = checked.shared.filter(|_| !failed)?;
    let held = [
        (rules > 0).then(|| counted(rules, "rule", "rules")),
        (calendars > 0).then(|| counted(calendars, "calendar", "calendars")),
        tariff.then(|| "a tariff".to_owned()),
    ];
    let held: Vec<String> = held.into_iter().flatten().collect();
    let held = if held.is_empty() { "nothing yet".to_owned() } else { held.join(", ") };
    let file = checked.texts.file();
    Some(format!(
        "{file}: a shared file, with {held}; what its rules come to is told by `check` of a policy that includes it\n"
    ))
}

fn summary(checked: &[Checked]) -> String {
    let count =
        |severity| checked.iter().flat_map(|file| &file.diagnostics).filter(|found| found.severity == severity).count();
    let shared = checked.iter().filter(|file| file.shared.is_some()).count();
    let policies = checked.len() - shared;
    let files = [(policies, "policy", "policies"), (shared, "shared file", "shared files")];
    let files = files.into_iter().filter(|(count, ..)| *count > 0).map(|(count, one, many)| counted(count, one, many));
    let files = files.collect::<Vec<String>>().join(" and ");
    match (count(Severity::Error), count(Severity::Warning)) {
        (0, 0) => format!("{files} checked: no problems"),
        (errors, warnings) => {
            format!(
                "{files} checked: {}, {}",
                counted(errors, "error", "errors"),
                counted(warnings, "warning", "warnings")
            )
        }
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn as_json(checked: &[Checked]) -> Value {
    let files = checked.iter().map(|file| {
        json!({
            "file": file.texts.file(),
            "shared": file.shared.is_some(),
            "diagnostics": diagnostic::to_json_of(&file.diagnostics, &file.texts),
        })
    });
    json!({ "policies": files.collect::<Vec<_>>() })
}
