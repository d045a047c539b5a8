//! Diagnostics for programs.

use serde_json::{Value, json};

use super::{Diagnostic, Lines};

/// All problems of a file as a list of objects with the keys `severity`, `code`, `file`, `line`, `column`, `end_line`,
/// `end_column`, `message`, `label`, `help` and `related`.
///
/// Lines and columns count from 1, columns in characters; the end is exclusive. `help` and `related` are null where there
/// is none; `related` has `line`, `column`, `end_line`, `end_column` and `label`.
#[must_use]
pub fn to_json(diagnostics: &[Diagnostic], file: &str, text: &str) -> Value {
    let lines = Lines::of(text);
    diagnostics.iter().map(|diagnostic| one(diagnostic, file, &lines)).collect()
}

fn one(diagnostic: &Diagnostic, file: &str, lines: &Lines<'_>) -> Value {
    let (end_line, end_column) = lines.position(diagnostic.place.bytes.end);
    let related = diagnostic.related.as_ref().map(|(place, why)| {
        let (end_line, end_column) = lines.position(place.bytes.end);
        json!({
            "line": place.line, "column": place.column, "end_line": end_line, "end_column": end_column, "label": why,
        })
    });
    json!({
        "severity": diagnostic.severity.to_string(),
        "code": diagnostic.code.0,
        "file": file,
        "line": diagnostic.place.line,
        "column": diagnostic.place.column,
        "end_line": end_line,
        "end_column": end_column,
        "message": diagnostic.message,
        "label": diagnostic.label,
        "help": diagnostic.help,
        "related": related,
    })
}
