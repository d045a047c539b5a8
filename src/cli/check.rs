//! `check`: loads policies and reports every problem.

use std::path::Path;

use serde_json::{Value, json};

use super::args::{Check, Common};
use super::form::Format;
use super::output::{FAILED, OK, Outcome, print, print_json};
use super::{files, terminal};
use crate::clock::{Clock, SystemClock};
use crate::diagnostic::{self, Diagnostic, Severity, Texts};
use crate::policy::{self, Loaded, clock_changes};
use crate::runner;

/// What is found for the sake of what a device cannot do.
const OF_DEVICE: [&str; 6] =
    ["cannot-do", "off-grid", "vanishing-window", "many-windows", "over-budget", "ceiling-grid-only"];

/// One policy with its files, and what is wrong with them.
struct Checked {
    texts: Texts,
    diagnostics: Vec<Diagnostic>,
}

/// Loads each policy and reports its problems.
///
/// # Errors
/// A path cannot be read.
pub fn run(check: &Check, common: &Common) -> Outcome {
    let paths = files::policies(&check.paths)?;
    let checked = paths.iter().map(|path| load(path)).collect::<Result<Vec<_>, _>>()?;
    match common.format.plain() {
        Format::Text => print(&text(&checked)),
        Format::Json => print_json(&as_json(&checked)),
    }
    let worst = checked.iter().flat_map(|file| &file.diagnostics).map(|diagnostic| diagnostic.severity).max();
    let failed = worst == Some(Severity::Error) || check.strict && worst.is_some();
    Ok(if failed { FAILED } else { OK })
}

fn load(path: &Path) -> Result<Checked, super::output::Failure> {
    let text = files::read_text(path)?;
    let file = path.display().to_string();
    let Loaded { policy, mut diagnostics, texts, .. } = policy::load_with(&file, &text, &runner::Beside::of(path));
    diagnostics.extend(policy.iter().flat_map(|policy| clock_changes(policy, SystemClock::default().now())));
    texts.sort(&mut diagnostics);
    Ok(Checked { texts, diagnostics })
}

fn text(checked: &[Checked]) -> String {
    let colour = terminal::colour();
    let shown = checked.iter().map(|file| diagnostic::render_of(&file.diagnostics, &file.texts, colour));
    let mut out: String = shown.collect();
    out.push_str(&summary(checked));
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

fn summary(checked: &[Checked]) -> String {
    let count =
        |severity| checked.iter().flat_map(|file| &file.diagnostics).filter(|found| found.severity == severity).count();
    let files = counted(checked.len(), "policy", "policies");
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
        json!({ "file": file.texts.file(), "diagnostics": diagnostic::to_json_of(&file.diagnostics, &file.texts) })
    });
    json!({ "policies": files.collect::<Vec<_>>() })
}
