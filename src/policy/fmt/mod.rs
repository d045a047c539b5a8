//! One canonical layout for policies: the same meaning in the same words, with every comment where it was.
//!
//! What is canonical stands in `docs/fmt.md`. A policy that does not load is refused with the diagnostics of the loader, so
//! that this and `check` never disagree about what is valid. What was laid out is read again before it is handed over: if it
//! says anything else than what was meant to be written, the file is refused and stays as it was.

mod events;
mod lines;
mod scalar;
mod shape;
mod spelling;
mod tree;

use super::include::{Alone, Files};
use super::load::{self, MAX_BYTES, load_any};
use super::yaml::{self, Node, Scalar, Value};
use crate::diagnostic::{Code, Diagnostic, Lines, Severity, Texts};

use shape::Shape;
use tree::{Block, Content, Entry};

/// How many comments a file may have that is laid out, for the sake of memory. Every `#` counts, wherever it stands.
const MAX_COMMENTS: usize = 50_000;

/// Why a file is not laid out.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Everything that is wrong.
    pub errors: Vec<Diagnostic>,
    /// The texts into which that points.
    pub texts: Texts,
}

/// The canonical text of a policy that includes nothing, or of a file that policies share. Pure: the file's name is for output
/// alone.
///
/// # Errors
/// Everything that is wrong with it, as `check` tells it.
pub fn canonical(file: &str, text: &str) -> Result<String, Vec<Diagnostic>> {
    canonical_with(file, text, &Alone).map_err(|refused| refused.errors)
}

/// The same of a file that includes others, which stay as they are. Pure as far as `files` is.
///
/// # Errors
/// Everything that is wrong with it or with a file that it includes.
pub fn canonical_with(file: &str, text: &str, files: &dyn Files) -> Result<String, Refused> {
    let loaded = load_any(file, text, files);
    let texts = loaded.texts;
    let errors = loaded.diagnostics.into_iter().filter(|found| found.severity == Severity::Error).collect::<Vec<_>>();
    if !errors.is_empty() {
        return Err(Refused { errors, texts });
    }
    laid_out(text, Shape::Policy).map_err(|errors| Refused { errors, texts })
}

/// The canonical layout of a file of tests beside a policy: lines and spaces alone, no value is spelt anew.
///
/// # Errors
/// It is not YAML of the kind that policies use.
pub fn canonical_tests(text: &str) -> Result<String, Vec<Diagnostic>> {
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes, and {MAX_BYTES} is the most that is read", text.len());
        return Err(vec![refusal(text, Code("too-large"), message)]);
    }
    if let Err(fault) = yaml::parse(text) {
        return Err(vec![load::diagnostic(fault, text)]);
    }
    laid_out(text, Shape::Tests)
}

/// The layout of a valid text. One with very many comments, or whose layout would be too large to be read again, stays as it is.
fn laid_out(original: &str, shape: Shape) -> Result<String, Vec<Diagnostic>> {
    if original.matches('#').count() > MAX_COMMENTS {
        return Ok(original.to_owned());
    }
    let unread = || vec![refusal(original, Code("yaml"), "this layout is not understood well enough to be changed")];
    let text = original.trim_start_matches('\u{feff}');
    let events = events::events(text).ok_or_else(unread)?;
    let Some(mut root) = tree::tree(events) else { return Err(unread()) };
    shape::arrange(&mut root, shape);
    let out = lines::text(&root, shape);
    if out.len() > MAX_BYTES {
        return Ok(original.to_owned());
    }
    match yaml::parse(&out) {
        Ok(node) if says(&node, &root) => Ok(out),
        _ => Err(unread()),
    }
}

fn refusal(text: &str, code: Code, message: impl Into<String>) -> Diagnostic {
    let place = Lines::of(text).place(0..0);
    Diagnostic::error(code, place, message, "the file stays as it is")
}

/// Whether what was read says exactly what was to be written.
fn says(node: &Node, content: &Content) -> bool {
    let same = |entries: &[Entry], nodes: Vec<(Option<&str>, &Node)>| {
        entries.len() == nodes.len()
            && entries.iter().zip(nodes).all(|(entry, (key, node))| {
                entry.key.as_ref().map(|key| key.text.as_str()) == key && says(node, &entry.value)
            })
    };
    match (&node.value, content) {
        (Value::Scalar(scalar), Content::Empty) => scalar.is_empty(),
        (Value::Scalar(Scalar { text, plain, .. }), Content::Text(expected)) => {
            *text == expected.text && !(*plain && !text.is_empty() && node_is_null(text))
        }
        (Value::List(items), Content::List(Block { entries, .. })) => {
            same(entries, items.iter().map(|item| (None, item)).collect())
        }
        (Value::Map(map), Content::Map(Block { entries, .. })) => {
            same(entries, map.iter().map(|(key, node)| (Some(key.text.as_str()), node)).collect())
        }
        _ => false,
    }
}

/// Whether YAML takes a plain text for nothing.
fn node_is_null(text: &str) -> bool {
    matches!(text, "~" | "null" | "Null" | "NULL")
}
