//! `fmt`: lays policies out in the one canonical way.
//!
//! Nothing is written unless every file could be laid out: a file that does not load stops them all, with the diagnostics of
//! `check`.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::{Common, Fmt};
use super::form::Format;
use super::output::{FAILED, Failure, OK, Outcome, failure, print, print_json, tell};
use super::{files, terminal};
use crate::diagnostic::{self, Texts};
use crate::policy::MAX_BYTES;
use crate::policy::fmt::{Refused, canonical_tests, canonical_with};
use crate::runner;

/// How many lines of either side of a difference are shown.
const SHOWN: usize = 12;

/// One file, and what it would be.
struct Laid {
    path: PathBuf,
    text: String,
    canonical: Result<String, Refused>,
}

impl Laid {
    fn of(path: PathBuf, text: String) -> Laid {
        let name = path.display().to_string();
        let canonical = if runner::is_tests(&path) {
            canonical_tests(&text).map_err(|errors| Refused { errors, texts: Texts::of(&name, &text) })
        } else {
            canonical_with(&name, &text, &runner::Beside::of(&path))
        };
        Laid { path, text, canonical }
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// The canonical text, if it is another one.
    fn change(&self) -> Option<&str> {
        self.canonical.as_deref().ok().filter(|canonical| *canonical != self.text)
    }
}

/// Lays out each file, or tells which would change.
///
/// # Errors
/// A path cannot be read or written.
pub fn run(fmt: &Fmt, common: &Common) -> Outcome {
    if fmt.paths.iter().any(|path| path.as_os_str() == "-") {
        return stdin(fmt);
    }
    let laid = paths(&fmt.paths)?
        .into_iter()
        .map(|path| files::read_text(&path).map(|text| Laid::of(path, text)))
        .collect::<Result<Vec<Laid>, Failure>>()?;
    let broken = refuse(&laid);
    if !fmt.check && !broken {
        for file in &laid {
            if let Some(canonical) = file.change() {
                write(&file.path, canonical)?;
            }
        }
    }
    match common.format.plain() {
        Format::Json => print_json(&as_json(&laid)),
        Format::Text if broken && !fmt.check => {}
        Format::Text => print(&text(&laid, fmt.check)),
    }
    let changes = laid.iter().any(|file| file.change().is_some());
    Ok(if broken || fmt.check && changes { FAILED } else { OK })
}

/// From stdin to stdout; with `--check` to nowhere.
fn stdin(fmt: &Fmt) -> Outcome {
    if fmt.paths.len() > 1 {
        return failure("`-` stands alone: it reads one policy from stdin and writes it to stdout");
    }
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    std::io::stdin().lock().take(most + 1).read_to_end(&mut bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| Failure("stdin is not UTF-8 text".to_owned()))?;
    let laid = [Laid::of(PathBuf::from("<stdin>"), text)];
    if refuse(&laid) {
        return Ok(FAILED);
    }
    let [file] = &laid;
    match (&file.canonical, file.change()) {
        (_, None) if fmt.check => Ok(OK),
        (_, Some(_)) if fmt.check => {
            print(&self::text(&laid, true));
            Ok(FAILED)
        }
        (Ok(canonical), _) => {
            print(canonical);
            Ok(OK)
        }
        (Err(_), _) => Ok(FAILED),
    }
}

/// The files that a list of paths names: files as they are, folders with every `.yaml` and `.yml` in them.
fn paths(given: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in given {
        if path.is_dir() { found.extend(in_folder(path)?) } else { found.push(path.clone()) }
    }
    Ok(found)
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let shown = folder.display();
    let entries = std::fs::read_dir(folder).map_err(|error| Failure(format!("{shown}: {error}")))?;
    let named = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        (name.ends_with(".yaml") || name.ends_with(".yml")) && !name.starts_with('.') && path.is_file()
    };
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(named).collect();
    found.sort();
    if found.is_empty() { failure(format!("{shown}: no policy (*.yaml) in this folder")) } else { Ok(found) }
}

/// Tells what stops files from being laid out; whether there is any such.
fn refuse(laid: &[Laid]) -> bool {
    let broken: Vec<&Refused> = laid.iter().filter_map(|file| file.canonical.as_ref().err()).collect();
    for refused in &broken {
        tell(diagnostic::render_of(&refused.errors, &refused.texts, terminal::colour()).trim_end());
    }
    if !broken.is_empty() {
        tell("nothing was laid out: `offpeak check` must be content first");
    }
    !broken.is_empty()
}

/// Writes beside the file and renames, so that a reader finds the old text or the new one whole. The mode stays, and a link
/// stays one.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let shown = path.display();
    let failed = |error: std::io::Error| Failure(format!("{shown}: {error}"));
    let target = std::fs::canonicalize(path).map_err(failed)?;
    let mode = std::fs::metadata(&target).map_err(failed)?.permissions();
    if mode.readonly() {
        return failure(format!("{shown}: the file is read-only"));
    }
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{}.fmt", std::process::id()));
    let beside = target.with_file_name(name);
    let written = std::fs::write(&beside, text)
        .and_then(|()| std::fs::set_permissions(&beside, mode))
        .and_then(|()| std::fs::rename(&beside, &target));
    written.map_err(|error| {
        // What was not moved into place is of no use to anybody.
        let _ = std::fs::remove_file(&beside);
        failed(error)
    })
}

fn text(laid: &[Laid], check: bool) -> String {
    let mut out = String::new();
    for file in laid {
        let Some(canonical) = file.change() else { continue };
        if check {
            out.push_str(&format!("{} would change\n{}", file.name(), difference(&file.text, canonical)));
        } else {
            out.push_str(&format!("{} laid out anew\n", file.name()));
        }
    }
    out.push_str(&summary(laid, check));
    out
}

/// How many files there were, and what came of them.
fn summary(laid: &[Laid], check: bool) -> String {
    let changes = laid.iter().filter(|file| file.change().is_some()).count();
    let refused = laid.iter().filter(|file| file.canonical.is_err()).count();
    let files = if laid.len() == 1 { "1 file".to_owned() } else { format!("{} files", laid.len()) };
    let told = [(changes, if check { "would change" } else { "changed" }), (refused, "refused")];
    let told: Vec<String> =
        told.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let told = if told.is_empty() { "canonical already".to_owned() } else { told.join(", ") };
    let hint = if check && changes > 0 { "; `offpeak fmt` lays out" } else { "" };
    format!("{files}: {told}{hint}")
}

/// The lines that differ, between those that both texts begin and end with.
fn difference(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let after = |lines: &[&str]| lines.len() - same;
    let most = after(&old).min(after(&new));
    let tail = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(old, new)| old == new).count();
    let mut out = format!("  line {}\n", same + 1);
    for (sign, lines) in [('-', &old), ('+', &new)] {
        let changed = lines.len() - same - tail;
        let shown = lines.iter().skip(same).take(changed.min(SHOWN));
        shown.for_each(|line| out.push_str(&format!("  {sign} {}\n", visible(line))));
        if changed > SHOWN {
            out.push_str(&format!("  {sign} … {} more\n", changed - SHOWN));
        }
    }
    out
}

/// A line as a terminal can show it, with what is not seen: a carriage return, a tab.
fn visible(line: &str) -> String {
    let line = line.strip_suffix('\n').unwrap_or(line).replace('\r', "␍").replace('\t', "␉");
    line.chars().map(|c| if c.is_control() || c == '\u{feff}' { '\u{fffd}' } else { c }).collect()
}

fn as_json(laid: &[Laid]) -> Value {
    let files = laid.iter().map(|file| {
        let refused = file.canonical.as_ref().err();
        let diagnostics =
            refused.map_or_else(|| json!([]), |refused| diagnostic::to_json_of(&refused.errors, &refused.texts));
        json!({ "file": file.name(), "changed": file.change().is_some(), "diagnostics": diagnostics })
    });
    json!({ "files": files.collect::<Vec<Value>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_stands_between_what_is_the_same() {
        let check = |old: &str, new: &str, expect: &str| assert_eq!(difference(old, new), expect);
        check("a\nb\nc\n", "a\nx\ny\nc\n", "  line 2\n  - b\n  + x\n  + y\n");
        check("a\r\nb\n", "a\nb\n", "  line 1\n  - a␍\n  + a\n");
        check("a", "a\n", "  line 1\n  - a\n  + a\n");
        check("a\na\n", "a\n", "  line 2\n  - a\n");
    }
}
