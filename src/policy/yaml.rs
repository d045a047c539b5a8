//! YAML as a tree of texts with their places: the only module that knows the YAML crate.
//!
//! Every scalar keeps the text as written, so that `010`, `1_000`, `yes` and `.nan` mean what the sentence grammar says and
//! not what a YAML schema guesses. Anchors, aliases, merge keys and tags are not part of the language.

use std::fmt;
use std::ops::Range;

use granit_parser::Parser;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::budget::BudgetBreach;
use serde_yaml::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};
use serde_yaml::{Error, Location, Options, Spanned};

use crate::diagnostic::{Code, Lines};

/// How deep mappings and lists may nest.
pub(super) const MAX_DEPTH: usize = 32;

/// How many scalars, lists and mappings a policy may have.
const MAX_NODES: usize = 60_000;

/// A value with the bytes where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// What stands there.
    pub value: Value,
    /// Where it stands.
    pub bytes: Range<usize>,
}

/// What can stand somewhere.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// A text.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A mapping in the order of the file, duplicate keys and all.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The key's text.
    pub text: String,
    /// Where it stands.
    pub bytes: Range<usize>,
}

/// A text and how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scalar {
    /// The text: as in the source if plain, else unquoted.
    pub text: String,
    /// Where the text begins in the source, if it stands there byte for byte.
    pub verbatim: Option<usize>,
    /// Whether it stands without quotes on its own.
    pub plain: bool,
}

/// Why a text is not YAML of the kind that policies use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Which kind of problem.
    pub code: Code,
    /// Where.
    pub bytes: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What was expected.
    pub label: String,
    /// How to mend it.
    pub help: Option<&'static str>,
}

impl Scalar {
    /// Whether nothing was given: an empty value, `~` or `null`.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.text.trim().is_empty() || self.plain && matches!(self.text.as_str(), "~" | "null" | "Null" | "NULL")
    }
}

/// The tree of a text.
///
/// # Errors
/// The first fault of its YAML.
pub(super) fn parse(text: &str) -> Result<Node, Fault> {
    let root: Spanned<Raw> = serde_yaml::from_str_with_options(text, options()).map_err(|error| fault(&error, text))?;
    match standard_tag(text) {
        Some(bytes) => Err(tag_fault(bytes)),
        None => node(root, text),
    }
}

/// Where the first of the tags stands that YAML itself defines, such as `!!str`: the crate takes them without a word.
fn standard_tag(text: &str) -> Option<Range<usize>> {
    if !text.contains('!') {
        return None;
    }
    let events = Parser::new_from_str_with_options(text, granit_parser::options! { emit_comments: false });
    let at = events.flatten().find_map(|(event, span)| event.tag().and(span.tag_start()))?.byte_offset()?;
    let length = text.get(at..)?.find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}'));
    Some(at..at + length.unwrap_or_default())
}

fn tag_fault(bytes: Range<usize>) -> Fault {
    let (code, message, label, help) = tag_words();
    Fault { code, bytes, message, label: label.to_owned(), help }
}

fn tag_words() -> (Code, String, &'static str, Option<&'static str>) {
    (
        Code("yaml"),
        "YAML tags (`!name`) are not part of the policy language".to_owned(),
        "leave the tag out",
        Some("a text that begins with `!` stands in quotes"),
    )
}

fn options() -> Options {
    let budget = serde_yaml::budget! {
        max_aliases: 0,
        max_anchors: 0,
        max_depth: MAX_DEPTH,
        max_nodes: MAX_NODES,
        enforce_alias_anchor_ratio: false,
    };
    serde_yaml::options! {
        budget: budget,
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        with_snippet: false,
        // Comments mean nothing here, and more than a few in a row would be refused.
        emit_comments: false,
        reject_unsupported_tags: true,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
    }
}

/// What the crate hands over. The typed guesses at plain scalars are dropped: the source has the text.
enum Raw {
    Text(String),
    Plain,
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Raw>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list or a mapping")
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Raw, E> {
        Ok(Raw::Plain)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
        Ok(Raw::Plain)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
        Ok(Raw::Plain)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Plain)
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Plain)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

fn node(raw: Spanned<Raw>, text: &str) -> Result<Node, Fault> {
    let bytes = span(raw.referenced);
    match raw.value {
        Raw::Plain => Ok(scalar(None, bytes, text)),
        Raw::Text(unquoted) => Ok(scalar(Some(unquoted), bytes, text)),
        Raw::List(items) => {
            let items = items.into_iter().map(|item| node(item, text)).collect::<Result<Vec<Node>, Fault>>()?;
            let end = items.last().map_or(bytes.end, |last| last.bytes.end);
            Ok(Node { bytes: bytes.start..end.max(bytes.end), value: Value::List(items) })
        }
        Raw::Map(entries) => {
            let entry = |(one, other)| Ok((key(one, text)?, node(other, text)?));
            let entries = entries.into_iter().map(entry).collect::<Result<Vec<(Key, Node)>, Fault>>()?;
            let end = entries.last().map_or(bytes.end, |(key, last)| last.bytes.end.max(key.bytes.end));
            Ok(Node { bytes: bytes.start..end.max(bytes.end), value: Value::Map(entries) })
        }
    }
}

fn key(raw: Spanned<Raw>, text: &str) -> Result<Key, Fault> {
    let key = node(raw, text)?;
    match key.value {
        Value::Scalar(scalar) => Ok(Key { text: scalar.text, bytes: key.bytes }),
        Value::List(_) | Value::Map(_) => Err(Fault {
            code: Code("yaml"),
            bytes: key.bytes,
            message: "a list or a mapping stands as a key".to_owned(),
            label: "expected a word before the `:`".to_owned(),
            help: None,
        }),
    }
}

fn scalar(unquoted: Option<String>, bytes: Range<usize>, text: &str) -> Node {
    let source = text.get(bytes.clone()).unwrap_or_default();
    let quoted = source.starts_with(['"', '\'']);
    let inner = if quoted { source.get(1..source.len().saturating_sub(1)).unwrap_or_default() } else { source };
    let value = unquoted.unwrap_or_else(|| source.to_owned());
    let verbatim = (value == inner).then_some(bytes.start + usize::from(quoted));
    let plain = !quoted && verbatim.is_some();
    Node { value: Value::Scalar(Scalar { text: value, verbatim, plain }), bytes }
}

fn span(location: Location) -> Range<usize> {
    let number = |value: Option<u64>| value.and_then(|value| usize::try_from(value).ok()).unwrap_or_default();
    let start = number(location.span().byte_offset());
    start..start + number(location.span().byte_len())
}

fn fault(error: &Error, text: &str) -> Fault {
    let error = error.without_snippet();
    let (code, message, label, help) = words(error);
    let bytes = underline(error, text);
    let bytes = match code {
        Code("anchor") => back_to(['&', '*'], bytes, text),
        _ if matches!(error, Error::UnsupportedTag { .. }) => back_to(['!', '!'], bytes, text),
        _ => bytes,
    };
    Fault { code, bytes, message, label: label.to_owned(), help }
}

/// The character at which the parser stopped.
fn underline(error: &Error, text: &str) -> Range<usize> {
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    let at = error
        .location()
        .map_or(text.len(), |place| Lines::of(text).offset(number(place.line()), number(place.column())));
    let length = text.get(at..).and_then(|rest| rest.chars().next()).filter(|c| *c != '\n').map_or(0, char::len_utf8);
    at..at + length
}

/// The word before, on the same line, that begins with one of these signs: the parser stops after it.
fn back_to(signs: [char; 2], bytes: Range<usize>, text: &str) -> Range<usize> {
    let before = text.get(..bytes.end).unwrap_or_default();
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let Some(at) = before.get(line..).and_then(|part| part.rfind(signs)) else { return bytes };
    let word = text.get(line + at..).unwrap_or_default().split([' ', '\n', ',', ']', '}']).next().unwrap_or_default();
    line + at..line + at + word.len()
}

fn words(error: &Error) -> (Code, String, &'static str, Option<&'static str>) {
    match error {
        Error::Budget { breach: BudgetBreach::Anchors { .. } | BudgetBreach::Aliases { .. }, .. }
        | Error::UnknownAnchor { .. } => (
            Code("anchor"),
            "anchors and aliases (`&name`, `*name`) are not part of the policy language".to_owned(),
            "write the value itself",
            Some("a rule must say by itself what it does; a list under a key, or a calendar, saves most repetition"),
        ),
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => (
            Code("too-deep"),
            format!("this is nested more than {MAX_DEPTH} levels deep"),
            "too deep from here on",
            Some("split the condition over several rules: the first whose conditions all hold wins"),
        ),
        Error::Budget { .. } => (
            Code("too-large"),
            "the file has more parts than a file may have".to_owned(),
            "the limit was reached here",
            None,
        ),
        Error::MultipleDocuments { .. } => (
            Code("yaml"),
            "a file is one YAML document".to_owned(),
            "a second document begins here",
            Some("put the second document into a file of its own"),
        ),
        Error::UnsupportedTag { .. } => tag_words(),
        other => (Code("yaml"), plain_message(other), "the YAML cannot be read from here on", advice(other)),
    }
}

/// The parser's own message without the place, which is shown beside it, and on one line.
fn plain_message(error: &Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    let text: String = text.replace('\'', "`").chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("this is not valid YAML: {text}")
}

fn advice(error: &Error) -> Option<&'static str> {
    let text = error.to_string();
    let advices = [
        ("tabs", "indent with spaces: YAML takes no tabs"),
        (
            "mapping values are not allowed",
            "is the line indented like its neighbours, and is a text with `: ` in quotes?",
        ),
        ("did not find expected ',' or", "close the bracket that was opened before, or put a comma between two items"),
        ("unclosed bracket", "close the bracket that was opened here"),
        ("quoted scalar", "close the quotes that were opened before"),
        ("did not find expected key", "is the line indented like its neighbours?"),
        ("did not find expected '-'", "is the line indented like its neighbours?"),
        ("block sequence entries", "begin the list on the next line, or write it as `[one, two]`"),
        ("unexpected character", "a text that begins with such a sign stands in quotes"),
    ];
    advices.iter().find(|(needle, _)| text.contains(needle)).map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalars(node: &Node, found: &mut Vec<String>) {
        match &node.value {
            Value::Scalar(scalar) => found.push(scalar.text.clone()),
            Value::List(items) => items.iter().for_each(|item| scalars(item, found)),
            Value::Map(entries) => entries.iter().for_each(|(key, value)| {
                found.push(key.text.clone());
                scalars(value, found);
            }),
        }
    }

    #[test]
    fn texts_stay_as_they_were_written() {
        let check = |text: &str, expect: &[&str]| {
            let mut found = Vec::new();
            scalars(&parse(text).expect("valid YAML"), &mut found);
            assert_eq!(found, expect, "{text}");
        };
        check("a: 010\nb: 1_000\nc: yes\nd: .nan", &["a", "010", "b", "1_000", "c", "yes", "d", ".nan"]);
        check("a: \"< 30%\"\nb: 'it''s'", &["a", "< 30%", "b", "it's"]);
        check("010: x\ny: [1e999, {z: 0x10}]", &["010", "x", "y", "1e999", "z", "0x10"]);
        check("a:\n", &["a", ""]);
        check("a: 1\na: 2\n", &["a", "1", "a", "2"]);
    }

    #[test]
    fn what_is_not_part_of_the_language_is_refused_by_name() {
        let check = |text: &str, code: &str| {
            assert_eq!(parse(text).map_err(|fault| fault.code.0), Err(code), "{text}");
        };
        check("a: &x 1\nb: *x\n", "anchor");
        check("b: *x\n", "anchor");
        check("a: !foo 1\n", "yaml");
        check("a: !!str 1\n", "yaml");
        check("!!str a: 1\n", "yaml");
        check("a: ! 1\n", "yaml");
        check("? [a]\n: b\n", "yaml");
        check("a: 1\n---\nb: 2\n", "yaml");
        check(&format!("{}{}", "[".repeat(100), "]".repeat(100)), "too-deep");
        check(&"[".repeat(200), "yaml");
    }
}
