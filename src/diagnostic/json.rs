//! Diagnostics for programs.

use serde_json::{Value, json};

use super::{Diagnostic, Lines, Place, Texts};

/// All problems of a file as a list of objects with the keys `severity`, `code`, `file`, `line`, `column`, `end_line`,
/// `end_column`, `message`, `label`, `help` and `related`.
///
/// Lines and columns count from 1, columns in characters; the end is exclusive. `help` and `related` are null where there
/// is none; `related` has `file`, `line`, `column`, `end_line`, `end_column` and `label`. A file is the one that was asked for, or
/// one that it includes.
#[must_use]
pub fn to_json(diagnostics: &[Diagnostic], file: &str, text: &str) -> Value {
    to_json_of(diagnostics, &Texts::of(file, text))
}

/// The same for a file with what it includes.
#[must_use]
pub fn to_json_of(diagnostics: &[Diagnostic], texts: &Texts) -> Value {
    let lines: Vec<(&str, Lines<'_>)> =
        texts.sources().map(|source| (&*source.file, Lines::of(&source.text))).collect();
    diagnostics.iter().map(|diagnostic| one(diagnostic, texts, &lines)).collect()
}

/// The file of a place, and the line and column of its end.
fn end<'t>(place: &Place, texts: &'t Texts, lines: &[(&str, Lines<'_>)]) -> (&'t str, (u32, u32)) {
    let file = &*texts.of_place(place).file;
    let found = lines.iter().find(|(name, _)| *name == file);
    (file, found.map_or((place.line, place.column), |(_, lines)| lines.position(place.bytes.end)))
}

fn one(diagnostic: &Diagnostic, texts: &Texts, lines: &[(&str, Lines<'_>)]) -> Value {
    let (file, (end_line, end_column)) = end(&diagnostic.place, texts, lines);
    let related = diagnostic.related.as_ref().map(|(place, why)| {
        let (file, (end_line, end_column)) = end(place, texts, lines);
        json!({
            "file": file, "line": place.line, "column": place.column, "end_line": end_line, "end_column": end_column, "label": why,
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
