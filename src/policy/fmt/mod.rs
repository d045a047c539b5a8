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

use super::include::Files;
use super::load::{self, Loaded, MAX_BYTES, load, load_with};
use super::yaml::{self, Node, Scalar, Value};
use crate::diagnostic::{Code, Diagnostic, Lines, Severity};

use shape::Shape;
use tree::{Block, Content, Entry};

/// How many comments a file may have that is laid out. Every `#` counts, wherever it stands.
const MAX_COMMENTS: usize = 50_000;

/// The canonical text of a policy. Pure: the file's name is for output alone.
///
/// # Errors
/// Everything that is wrong with the policy, as `check` tells it; or that it has too many comments, or
/// its canonical text would be larger than a policy may be.
pub fn canonical(file: &str, text: &str) -> Result<String, Vec<Diagnostic>> {
    laid_out_if_good(load(file, text), text)
}

/// The canonical text of a policy that includes others of these files, which stay as they are. Pure as far as `files` is.
///
/// # Errors
/// The same as of [`canonical`].
pub fn canonical_with(file: &str, text: &str, files: &dyn Files) -> Result<String, Vec<Diagnostic>> {
    laid_out_if_good(load_with(file, text, files), text)
}

fn laid_out_if_good(loaded: Loaded, text: &str) -> Result<String, Vec<Diagnostic>> {
    if loaded.policy.is_none() {
        let errors = loaded.diagnostics.into_iter().filter(|found| found.severity == Severity::Error);
        return Err(errors.collect());
    }
    laid_out(text, Shape::Policy)
}

/// The canonical layout of a file of tests beside a policy: lines and spaces alone, no value is spelt anew.
///
/// # Errors
/// It is not YAML of the kind that policies use.
pub fn canonical_tests(text: &str) -> Result<String, Vec<Diagnostic>> {
    if text.len() > MAX_BYTES {
        return Err(vec![refusal(text, Code("too-large"), "this file is larger than a policy may be")]);
    }
    if let Err(fault) = yaml::parse(text) {
        return Err(vec![load::diagnostic(fault, text)]);
    }
    laid_out(text, Shape::Tests)
}

fn laid_out(text: &str, shape: Shape) -> Result<String, Vec<Diagnostic>> {
    if text.matches('#').count() > MAX_COMMENTS {
        let message = format!("this file has more than {MAX_COMMENTS} comments, too many to lay out");
        return Err(vec![refusal(text, Code("too-large"), message)]);
    }
    let unread = || vec![refusal(text, Code("yaml"), "this layout is not understood well enough to be changed")];
    let text = text.trim_start_matches('\u{feff}');
    let events = events::events(text).ok_or_else(unread)?;
    let Some(mut root) = tree::tree(events) else { return Err(unread()) };
    shape::arrange(&mut root, shape);
    let out = lines::text(&root, shape);
    if out.len() > MAX_BYTES {
        let message = format!("in its canonical layout this file would have {} bytes, more than are read", out.len());
        return Err(vec![refusal(text, Code("too-large"), message)]);
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
