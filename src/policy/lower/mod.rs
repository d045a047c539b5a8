//! From the tree of a policy file to the model, reporting every problem on the way.

mod battery;
mod calendars;
mod condition;
mod device;
pub(crate) mod fields;
mod include;
mod limits;
mod readings;
mod root;
mod rules;
mod settings;
mod soc;
mod tariff;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use chrono::NaiveDate;

use super::ical::Budget;
use super::include::{Content, File};
use super::keys::MAX_ITEMS;
use super::model::Observation;
use super::sentence::Problem;
use super::yaml::{Node, Scalar, Value};
use crate::diagnostic::{Code, Diagnostic, Lines, Place, Severity};
use crate::time::{DailyWindow, NamedDays};

pub(super) use root::{policy, shared};

/// What goes wrong where several items stand as one text.
const LISTABLE: [&str; 4] = ["bad-time", "bad-date", "bad-months", "unknown-band"];

/// How many errors, and how many warnings, of one file are told.
const MAX_DIAGNOSTICS: usize = 500;

/// What is known while a policy is read.
pub(crate) struct Context<'t> {
    /// The files of the policy; the first is the policy itself.
    files: &'t [File],
    /// The lines of each file.
    lines: Vec<Lines<'t>>,
    /// The file that is being read.
    current: usize,
    /// Bytes of the present file at which a value begins whose mistake has been reported already.
    reported: BTreeSet<usize>,
    /// Every problem so far, in the order of discovery.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The calendars that could be read.
    calendars: Vec<Arc<NamedDays>>,
    /// Names of calendars whose days could not be read.
    broken_calendars: Vec<String>,
    /// Where each calendar's name stands.
    calendar_places: BTreeMap<String, Place>,
    /// The days of each iCalendar file that has been read, by its number; `None` if it could not be.
    ical_days: BTreeMap<usize, Option<BTreeSet<NaiveDate>>>,
    /// What iCalendar files may still cost.
    ical_budget: Budget,
    /// Whether an included file is missing, so that nobody knows which names there are.
    incomplete: bool,
    /// Whether a shared file is looked at by itself, so that the policies that include it may have other names besides.
    apart: bool,
    /// Paths, by file and byte, that lead nowhere and have been reported.
    refused: BTreeSet<(usize, usize)>,
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
    /// The lines of no file.
    nothing: Lines<'t>,
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
    /// Nothing is known yet but the files.
    pub(super) fn new(files: &'t [File]) -> Context<'t> {
        let lines = files.iter().map(|file| Lines::of(&file.text).in_file(file.name.clone())).collect();
        Context { files, ..Context::over(lines, reported(files.first())) }
    }

    /// Nothing is known yet but one text that includes nothing, and the values in it that have been reported.
    pub(super) fn of_text(text: &'t str, reported: BTreeSet<usize>) -> Context<'t> {
        Context::over(vec![Lines::of(text)], reported)
    }

    fn over(lines: Vec<Lines<'t>>, reported: BTreeSet<usize>) -> Context<'t> {
        Context {
            files: &[],
            lines,
            current: 0,
            reported,
            diagnostics: Vec::new(),
            calendars: Vec::new(),
            broken_calendars: Vec::new(),
            calendar_places: BTreeMap::new(),
            ical_days: BTreeMap::new(),
            ical_budget: Budget::default(),
            incomplete: false,
            apart: false,
            refused: BTreeSet::new(),
            bands: Vec::new(),
            bands_known: false,
            prices: (false, false),
            observations: Vec::new(),
            windows: Vec::new(),
            used_bands: BTreeSet::new(),
            nothing: Lines::of(""),
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

    /// Reads on in another file, and comes back.
    fn within<T>(&mut self, file: usize, work: impl FnOnce(&mut Context<'t>) -> T) -> T {
        let others = reported(self.files.get(file));
        let before = (self.current, std::mem::replace(&mut self.reported, others));
        self.current = file;
        let done = work(self);
        (self.current, self.reported) = before;
        done
    }

    /// The lines of the present file.
    fn lines(&self) -> &Lines<'t> {
        // There is always the policy itself.
        self.lines.get(self.current).unwrap_or(&self.nothing)
    }

    /// The place of a stretch of bytes of the present file.
    pub(crate) fn place(&self, bytes: &Range<usize>) -> Place {
        self.lines().place(bytes.clone())
    }

    /// Reports a problem. After very many errors, one last error says that the rest was not looked at; after very many warnings,
    /// one last warning says that there are more, and errors are still told.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        let severity = diagnostic.severity;
        match self.told(severity).cmp(&MAX_DIAGNOSTICS) {
            Ordering::Less => self.diagnostics.push(diagnostic),
            Ordering::Equal => self.diagnostics.push(last(severity, diagnostic.place)),
            Ordering::Greater => {}
        }
    }

    /// Whether so much is wrong that nothing more is looked at.
    fn full(&self) -> bool {
        self.diagnostics.len() > MAX_DIAGNOSTICS && self.told(Severity::Error) > MAX_DIAGNOSTICS
    }

    /// How many problems of one severity have been told.
    fn told(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count()
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

    /// A name of something: one line of so many characters at most.
    pub(crate) fn line(&mut self, node: &Node, key: &str, whose: &str, most: usize) -> Option<String> {
        let name = self.scalar(node, key)?.text.trim().to_owned();
        let message = if name.chars().any(char::is_control) {
            format!("a tab, a line break or another control character stands in the name of {whose}")
        } else if name.chars().count() > most {
            format!("this is too long for the name of {whose}")
        } else {
            return Some(name);
        };
        self.error("bad-name", &node.bytes, message, format!("expected one line of at most {most} characters"));
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
        self.lines().first_line(bytes)
    }
}

/// The bytes of a file at which values begin that are reported already.
fn reported(file: Option<&File>) -> BTreeSet<usize> {
    match file.map(|file| &file.content) {
        Some(Content::Yaml { reported, .. }) => reported.clone(),
        Some(Content::Calendar) | None => BTreeSet::new(),
    }
}

/// That more is wrong than is told.
fn last(severity: Severity, place: Place) -> Diagnostic {
    let code = Code("too-large");
    match severity {
        Severity::Error => {
            let message = "this file has too many problems to tell them all";
            Diagnostic::error(code, place, message, "the rest was not looked at")
        }
        Severity::Warning => {
            let message = format!("there are more than {MAX_DIAGNOSTICS} warnings, and the rest is not told");
            Diagnostic::warning(code, place, message, "the first of the rest")
        }
    }
}

/// That a policy says nothing.
pub(super) fn empty(lines: &Lines<'_>) -> Diagnostic {
    let help = "`offpeak init` writes a policy to start from";
    let label = "expected `offpeak: 1` and the rest of a policy";
    Diagnostic::error(Code("empty"), lines.place(0..0), "the policy is empty", label).help(help)
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
