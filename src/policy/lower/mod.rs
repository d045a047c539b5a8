//! From the tree of a policy file to the model, reporting every problem on the way.

mod battery;
mod calendars;
mod condition;
mod device;
pub(crate) mod fields;
mod limits;
mod readings;
mod root;
mod rules;
mod settings;
mod soc;
mod tariff;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::keys::MAX_ITEMS;
use super::model::Observation;
use super::sentence::Problem;
use super::yaml::{Node, Scalar, Value};
use crate::diagnostic::{Code, Diagnostic, Lines, Place, Severity};
use crate::time::{DailyWindow, NamedDays};

pub(super) use root::policy;

/// What goes wrong where several items stand as one text.
const LISTABLE: [&str; 4] = ["bad-time", "bad-date", "bad-months", "unknown-band"];

/// How many problems of one file are told.
const MAX_DIAGNOSTICS: usize = 500;

/// What is known while a policy is read.
pub(crate) struct Context<'t> {
    lines: Lines<'t>,
    /// Bytes at which a value begins whose mistake has been reported already.
    reported: BTreeSet<usize>,
    /// Every problem so far, in the order of discovery.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The calendars that could be read.
    calendars: Vec<Arc<NamedDays>>,
    /// Names of calendars whose days could not be read.
    broken_calendars: Vec<String>,
    /// The import bands by name, readable or not.
    bands: Vec<String>,
    /// Whether the bands are known at all.
    bands_known: bool,
    /// Whether the policy names prices of import and of export.
    prices: (bool, bool),
    /// Every condition that needs memory.
    observations: Vec<Observation>,
    /// Every window that a rule reads, of its own or through a band.
    windows: Vec<SeenWindow>,
    /// Bands that rules name.
    used_bands: BTreeSet<usize>,
    /// Where the ceiling stands.
    pub(super) ceiling: Option<Place>,
    /// Where the reserve stands.
    pub(super) reserve: Option<Place>,
    /// How many conditions have been read.
    conditions: usize,
}

/// A window and where it stands.
pub(super) struct SeenWindow {
    pub(super) window: DailyWindow,
    pub(super) place: Place,
    /// The import band whose window it is.
    pub(super) band: Option<usize>,
}

impl<'t> Context<'t> {
    /// Nothing is known yet but the text, and the values in it that have been reported.
    pub(crate) fn new(text: &'t str, reported: BTreeSet<usize>) -> Context<'t> {
        Context {
            lines: Lines::of(text),
            reported,
            diagnostics: Vec::new(),
            calendars: Vec::new(),
            broken_calendars: Vec::new(),
            bands: Vec::new(),
            bands_known: false,
            prices: (false, false),
            observations: Vec::new(),
            windows: Vec::new(),
            used_bands: BTreeSet::new(),
            ceiling: None,
            reserve: None,
            conditions: 0,
        }
    }

    /// The windows that rules read, of their own or through a band that they name.
    pub(super) fn read_windows(&self) -> impl Iterator<Item = &SeenWindow> {
        self.windows.iter().filter(|seen| seen.band.is_none_or(|band| self.used_bands.contains(&band)))
    }

    /// Whether anything so far stops the policy.
    pub(crate) fn failed(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// The place of a stretch of bytes.
    pub(crate) fn place(&self, bytes: &Range<usize>) -> Place {
        self.lines.place(bytes.clone())
    }

    /// Reports a problem. After very many, one last error says that the rest was not looked at.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < MAX_DIAGNOSTICS {
            self.diagnostics.push(diagnostic);
        } else if !self.full() {
            let message = "this policy has too many problems to tell them all";
            let last = Diagnostic::error(Code("too-large"), diagnostic.place, message, "the rest was not looked at");
            self.diagnostics.push(last);
        }
    }

    /// Whether so much is wrong that nothing more is looked at.
    fn full(&self) -> bool {
        self.diagnostics.len() > MAX_DIAGNOSTICS
    }

    /// Reports an error without help.
    pub(crate) fn error(
        &mut self,
        code: &'static str,
        bytes: &Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) {
        let place = self.place(bytes);
        self.push(Diagnostic::error(Code(code), place, message, label));
    }

    /// Reports an error with help.
    pub(crate) fn error_help(
        &mut self,
        code: &'static str,
        bytes: &Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        let place = self.place(bytes);
        self.push(Diagnostic::error(Code(code), place, message, label).help(help));
    }

    /// Reports what is wrong with a sentence, at its place in the file.
    fn problem(&mut self, problem: Problem, node: &Node, scalar: &Scalar) {
        let inside = scalar.verbatim.map(|start| start + problem.bytes.start..start + problem.bytes.end);
        let bytes = inside.filter(|bytes| bytes.end <= node.bytes.end).unwrap_or(node.bytes.clone());
        let place = self.place(&bytes);
        let diagnostic = Diagnostic::error(problem.code, place, problem.message, problem.label);
        let listed = || as_list(&scalar.text).filter(|_| LISTABLE.contains(&problem.code.0));
        self.push(Diagnostic { help: problem.help.or_else(listed), ..diagnostic });
    }

    /// The text of a value that should be one; reports a list, a mapping or nothing at all.
    pub(crate) fn scalar<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n Scalar> {
        if self.full() || self.reported.contains(&node.bytes.start) {
            return None;
        }
        let found = match &node.value {
            Value::Scalar(scalar) if !scalar.is_empty() => return Some(scalar),
            Value::Scalar(_) => {
                self.error("missing-value", &node.bytes, format!("`{what}` has no value"), "expected a value here");
                return None;
            }
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        };
        let bytes = self.first_line(&node.bytes);
        self.error(
            "wrong-shape",
            &bytes,
            format!("`{what}` takes one value, and this is {found}"),
            "expected one value",
        );
        None
    }

    /// Reads the sentence that a value should be.
    pub(crate) fn read<T>(
        &mut self,
        node: &Node,
        what: &str,
        parse: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Option<T> {
        let scalar = self.scalar(node, what)?;
        match parse(&scalar.text) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.problem(problem, node, scalar);
                None
            }
        }
    }

    /// The items of a list, or the one item that stands in its place; reports an empty or an endless list.
    pub(crate) fn items<'n>(&mut self, node: &'n Node, what: &str) -> Vec<&'n Node> {
        match &node.value {
            Value::List(items) if items.is_empty() => {
                self.error_help(
                    "empty-list",
                    &node.bytes,
                    format!("the list under `{what}` is empty"),
                    "expected at least one item",
                    "a list means any of its items, so an empty one would never hold",
                );
                Vec::new()
            }
            Value::List(items) if items.len() > MAX_ITEMS => {
                let bytes = self.first_line(&node.bytes);
                self.error(
                    "too-large",
                    &bytes,
                    format!("the list under `{what}` has more than {MAX_ITEMS} items"),
                    "too long",
                );
                Vec::new()
            }
            Value::List(items) => items.iter().collect(),
            Value::Scalar(_) | Value::Map(_) => vec![node],
        }
    }

    /// The stretch cut at the end of its first line, so that an underline stays one.
    pub(crate) fn first_line(&self, bytes: &Range<usize>) -> Range<usize> {
        self.lines.first_line(bytes)
    }
}

/// A value as it was written, on one line: `[a, b]` for a list.
fn written(node: &Node) -> String {
    match &node.value {
        Value::Scalar(scalar) => scalar.text.split_whitespace().collect::<Vec<&str>>().join(" "),
        Value::List(items) => format!("[{}]", items.iter().map(written).collect::<Vec<String>>().join(", ")),
        Value::Map(_) => "{…}".to_owned(),
    }
}

/// Several items that were written as one text, as a list.
fn as_list(text: &str) -> Option<String> {
    let items: Vec<&str> = text.split(',').map(str::trim).collect();
    let short = items.len() > 1 && text.len() <= 200 && items.iter().all(|item| !item.is_empty());
    short.then(|| format!("write a list as `[{}]`", items.join(", ")))
}

/// A text from the file in a message: cut, and without what a terminal would act on.
pub(crate) fn quoted(text: &str) -> String {
    let short: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > 60 { format!("`{short}…`") } else { format!("`{short}`") }
}
