//! From the text of a test file to its tests, or to everything that is wrong with it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use super::clock::{clock, moment};
use super::model::{Suite, Test, Time};
use super::{expect, given};
use crate::diagnostic::{Code, Diagnostic, Lines, Place};
use crate::policy::sentence::{Problem, duration};
use crate::policy::test_keys::{MAX_TESTS, TEST, TEST_FILE, names_of};
use crate::policy::{Context, Fields, MAX_BYTES, Node, Parsed, Policy, Value, quoted};
use crate::time::{Instant, Zone, after, elapsed, spoken};

/// How long a name may be, in characters.
const MAX_NAME: usize = 120;

/// The longest span of a test.
const MAX_SPAN: Duration = Duration::from_secs(14 * 86_400);

/// The shortest span of a test: a tick.
const MIN_SPAN: Duration = Duration::from_secs(60);

/// A test file of which the policy is not known yet.
pub struct Draft<'t> {
    text: &'t str,
    /// `None` if the text is too large to be read.
    parsed: Option<Parsed<'t>>,
}

/// What came of reading a test file.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The tests; `None` if there is any error, or no policy to run them on.
    pub suite: Option<Suite>,
    /// Every problem, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why there is no policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoPolicy {
    /// It has errors of its own, which are told beside it.
    Broken,
    /// It cannot be read, and why.
    Unreadable(String),
}

/// What the tests of a file are read with.
pub(super) struct Reader<'a, 't> {
    pub(super) cx: &'a mut Context<'t>,
    pub(super) policy: Option<&'a Policy>,
    pub(super) zone: &'a Zone,
}

impl<'t> Draft<'t> {
    /// Reads a text. Pure.
    #[must_use]
    pub fn of(text: &'t str) -> Draft<'t> {
        Draft { text, parsed: (text.len() <= MAX_BYTES).then(|| Parsed::of(text)) }
    }

    /// The file of the policy, as written; relative to the test file.
    #[must_use]
    pub fn policy(&self) -> Option<&str> {
        let Value::Map(entries) = &self.parsed.as_ref()?.root()?.value else { return None };
        let (_, node) = entries.iter().find(|(key, _)| key.text == "policy")?;
        match &node.value {
            Value::Scalar(scalar) if !scalar.is_empty() => Some(scalar.text.trim()),
            _ => None,
        }
    }

    /// The tests, on the policy that the file names. Without one its form is checked all the same.
    #[must_use]
    pub fn finish(&self, policy: Result<&Policy, NoPolicy>) -> Loaded {
        let Some(parsed) = &self.parsed else { return Loaded { suite: None, diagnostics: vec![self.too_large()] } };
        let mut cx = parsed.context();
        let suite = match parsed.root() {
            Some(root) => suite(&mut cx, root, &policy),
            None if cx.diagnostics.is_empty() => nothing(&mut cx),
            None => None,
        };
        let suite = suite.filter(|_| !cx.failed() && policy.is_ok());
        let mut diagnostics = cx.diagnostics;
        diagnostics.sort_by_key(|diagnostic| (diagnostic.place.bytes.start, diagnostic.place.bytes.end));
        Loaded { suite, diagnostics }
    }

    fn too_large(&self) -> Diagnostic {
        let message = format!("the file has {} bytes, and {MAX_BYTES} is the most that is read", self.text.len());
        Diagnostic::error(Code("too-large"), Lines::of("").place(0..0), message, "begins here")
    }
}

fn nothing<T>(cx: &mut Context<'_>) -> Option<T> {
    let help = "a test file begins with `policy: home.yaml`, then `tests:`";
    cx.error_help("empty", &(0..0), "the test file is empty", "expected `policy` and `tests`", help);
    None
}

fn suite(cx: &mut Context<'_>, root: &Node, policy: &Result<&Policy, NoPolicy>) -> Option<Suite> {
    let owner = head(cx, root);
    let fields = cx.fields(root, "the test file", &owner, &names_of(&TEST_FILE))?;
    if let Some(node) = cx.required(&fields, "policy", "policy: home.yaml") {
        let known = cx.scalar(node, "policy").is_some();
        if let (true, Err(NoPolicy::Unreadable(why))) = (known, policy) {
            let help = "the path is relative to the folder of this file";
            cx.error_help("no-policy", &node.bytes, format!("the policy cannot be read: {why}"), "not found", help);
        }
    }
    let node = cx.required(&fields, "tests", "tests: [{ name: …, at: …, given: {…}, expect: {…} }]")?;
    let policy = policy.as_ref().ok().copied();
    let utc = Zone::utc();
    let zone = policy.map_or(&utc, |policy| &policy.zone);
    Some(Suite { tests: Reader { cx, policy, zone }.tests(node) })
}

/// The first key of a mapping: what is underlined when the whole of it is meant.
fn head(cx: &Context<'_>, node: &Node) -> Range<usize> {
    let first = match &node.value {
        Value::Map(entries) => entries.first().map(|(key, value)| key.bytes.start..value.bytes.end.max(key.bytes.end)),
        Value::Scalar(_) | Value::List(_) => None,
    };
    cx.first_line(&first.unwrap_or(node.bytes.clone()))
}

impl Reader<'_, '_> {
    fn tests(&mut self, node: &Node) -> Vec<Test> {
        let Value::List(items) = &node.value else {
            let bytes = self.cx.first_line(&node.bytes);
            let help = "write one `- name: …` with `at` or `from`, `given` and `expect` for each test";
            self.cx.error_help("wrong-shape", &bytes, "`tests` takes a list", "expected a list of tests", help);
            return Vec::new();
        };
        if let Some(beyond) = items.get(MAX_TESTS) {
            let bytes = self.cx.first_line(&beyond.bytes);
            self.cx.error("too-large", &bytes, format!("a file has at most {MAX_TESTS} tests"), "one too many");
        }
        let mut names: BTreeMap<String, Place> = BTreeMap::new();
        items.iter().take(MAX_TESTS).filter_map(|item| self.test(item, &mut names)).collect()
    }

    fn test(&mut self, node: &Node, names: &mut BTreeMap<String, Place>) -> Option<Test> {
        let owner = head(self.cx, node);
        let fields = self.cx.fields(node, "a test", &owner, &names_of(&TEST))?;
        let name = self.cx.required(&fields, "name", "- name: a cold night charges");
        let name = name.and_then(|node| self.name(node, names));
        let time = self.time(&fields, &owner);
        let given = fields.entry("given").map(|(key, node)| given::given(self, node, &key.bytes, time));
        let expect = self.cx.required(&fields, "expect", "expect: { rule: none }");
        let key = fields.entry("expect").map(|(key, _)| key.bytes.clone()).unwrap_or_default();
        let expect = expect.and_then(|node| expect::expect(self, node, &key, time));
        let given = given.unwrap_or(Some(super::Given::default()));
        if let (Some(Time::Span { .. }), Some(given)) = (time, &given) {
            given::needs_physics(self, &fields, given);
        }
        Some(Test { name: name?, place: self.cx.place(&owner), time: time?, given: given?, expect: expect? })
    }

    fn name(&mut self, node: &Node, names: &mut BTreeMap<String, Place>) -> Option<String> {
        let name = self.cx.line(node, "name", "a test", MAX_NAME)?;
        let place = self.cx.place(&node.bytes);
        if let Some(first) = names.get(&name) {
            let message = format!("two tests are called {}", quoted(&name));
            let again = Diagnostic::error(Code("duplicate-name"), place, message, "the second one");
            let again = again.related(first.clone(), "the first one");
            self.cx.push(again.help("reports speak of tests by name, so give each its own"));
            return None;
        }
        names.insert(name.clone(), place);
        Some(name)
    }

    fn time(&mut self, fields: &Fields<'_>, owner: &Range<usize>) -> Option<Time> {
        match (fields.entry("at"), fields.entry("from")) {
            (Some((_, node)), None) => {
                let ends = ["for", "until"].into_iter().find_map(|key| fields.entry(key));
                if let Some((key, _)) = ends {
                    let message = format!("`{}` ends a span, and `at` is one moment", key.text);
                    let help = "write `from` in place of `at` for a span, or leave this out";
                    self.cx.error_help("conflict", &key.bytes, message, "has no beginning", help);
                }
                self.moment(node, "at").map(Time::Moment)
            }
            (None, Some((_, node))) => {
                let from = self.moment(node, "from");
                let until = self.end(fields, owner, from);
                self.span(from?, until?)
            }
            (Some(_), Some((key, _))) => {
                let help = "keep `at` for one moment, or `from` with `for` or `until` for a span";
                let message = "a test plays at one moment or over a span, not both";
                self.cx.error_help("conflict", &key.bytes, message, "leave this out, or `at`", help);
                None
            }
            (None, None) => {
                let help = "write `at: 2026-01-15 01:00`, or `from: 2026-01-14 20:00` and `for: 16 h`";
                self.cx.error_help("missing-key", owner, "a test has no time", "expected `at` or `from`", help);
                None
            }
        }
    }

    /// The end of a span, with where it stands.
    fn end(
        &mut self,
        fields: &Fields<'_>,
        owner: &Range<usize>,
        from: Option<Instant>,
    ) -> Option<(Instant, Range<usize>)> {
        match (fields.entry("for"), fields.entry("until")) {
            (Some((_, node)), None) => {
                let span = self.cx.read(node, "for", duration)?;
                Some((after(from?, span), node.bytes.clone()))
            }
            (None, Some((_, node))) => {
                let zone = self.zone;
                let until = self.cx.read(node, "until", |text| clock(text, zone))?;
                let from = from?;
                let found = until.next(zone, from, false);
                if found.is_none() {
                    let message = "the clock does not show this within two days of the beginning";
                    self.cx.error("bad-moment", &node.bytes, message, "expected a time, or a moment");
                }
                found.map(|at| (at, node.bytes.clone()))
            }
            (Some(_), Some((key, _))) => {
                let message = "a span ends once: `for` and `until` both say when";
                self.cx.error("conflict", &key.bytes, message, "leave this out, or `for`");
                None
            }
            (None, None) => {
                let help = "write `for: 16 h` or `until: 2026-01-15 12:00`";
                self.cx.error_help("missing-key", owner, "the span has no end", "expected `for` or `until`", help);
                None
            }
        }
    }

    fn span(&mut self, from: Instant, (until, bytes): (Instant, Range<usize>)) -> Option<Time> {
        if until <= from {
            self.cx.error("bad-moment", &bytes, "the span ends before it begins", "expected a later moment");
            return None;
        }
        let length = elapsed(from, until);
        if !(MIN_SPAN..=MAX_SPAN).contains(&length) {
            let message = format!("a span lasts from 1 min to 14 days, and this one {}", spoken(length));
            self.cx.error("out-of-range", &bytes, message, "expected another end");
            return None;
        }
        Some(Time::Span { from, until })
    }

    /// A moment under a key.
    pub(super) fn moment(&mut self, node: &Node, key: &str) -> Option<Instant> {
        let zone = self.zone;
        self.cx.read(node, key, |text: &str| -> Result<Instant, Problem> { moment(text, zone) })
    }
}
