//! The keys of one mapping: which stand there, which are missing, doubled or unknown.

use std::ops::Range;

use super::{Context, quoted};
use crate::diagnostic::{Code, Diagnostic, is_credential, nearest};
use crate::policy::keys::Table;
use crate::policy::yaml::{Key, Node, Value};

/// The known keys of a mapping.
pub(crate) struct Fields<'n> {
    /// What the mapping is called in messages.
    what: String,
    /// What is underlined where a key is missing.
    owner: Range<usize>,
    /// Each known key once, in the order of the file.
    pub(crate) entries: Vec<(&'n Key, &'n Node)>,
    /// Known keys that unknown ones were likely meant to be.
    guessed: Vec<String>,
    /// The table of the keys, where they have one.
    table: Option<&'static Table>,
}

impl<'n> Fields<'n> {
    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|(_, node)| node)
    }

    /// A key with its value.
    pub(crate) fn entry(&self, key: &str) -> Option<(&'n Key, &'n Node)> {
        self.entries.iter().find(|(known, _)| known.text == key).copied()
    }
}

impl Context<'_> {
    /// The same as [`Context::fields`], with the keys of a table.
    pub(super) fn keyed<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        owner: &Range<usize>,
        table: &'static Table,
    ) -> Option<Fields<'n>> {
        let known: Vec<&str> = table.names().collect();
        let fields = self.fields(node, what, owner, &known)?;
        Some(Fields { table: Some(table), ..fields })
    }

    /// The keys of what should be a mapping. Reports another shape, doubled keys, unknown keys and credentials.
    pub(crate) fn fields<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        owner: &Range<usize>,
        known: &[&str],
    ) -> Option<Fields<'n>> {
        let entries = self.mapping(node, what)?;
        let mut fields = Fields {
            what: what.to_owned(),
            owner: owner.clone(),
            entries: Vec::new(),
            guessed: Vec::new(),
            table: None,
        };
        for (key, value) in self.distinct(entries) {
            if self.full() {
                break;
            }
            if known.contains(&key.text.as_str()) {
                fields.entries.push((key, value));
            } else if let Some(meant) = self.unknown_key(key, what, known) {
                fields.guessed.push(meant);
            }
        }
        Some(fields)
    }

    /// The entries of what should be a mapping.
    pub(super) fn mapping<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(Key, Node)]> {
        if self.full() || self.reported.contains(&node.bytes.start) {
            return None;
        }
        match &node.value {
            Value::Map(entries) => Some(entries),
            Value::Scalar(scalar) if scalar.is_empty() => {
                self.error(
                    "missing-value",
                    &node.bytes,
                    format!("{} is empty", named(what)),
                    "expected keys and values below it",
                );
                None
            }
            Value::Scalar(_) | Value::List(_) => {
                let bytes = self.first_line(&node.bytes);
                self.error(
                    "wrong-shape",
                    &bytes,
                    format!("{} takes keys and values", named(what)),
                    "expected `key: value`",
                );
                None
            }
        }
    }

    /// Each key once; reports what stands again.
    pub(super) fn distinct<'n>(&mut self, entries: &'n [(Key, Node)]) -> Vec<(&'n Key, &'n Node)> {
        let mut distinct: Vec<(&Key, &Node)> = Vec::new();
        let mut seen = std::collections::BTreeMap::new();
        for (key, value) in entries {
            if let Some(first) = seen.get(key.text.as_str()) {
                let (place, first) = (self.place(&key.bytes), self.place(first));
                let message = format!("the key {} stands twice", quoted(&key.text));
                let again = Diagnostic::error(Code("duplicate-key"), place, message, "here again");
                self.push(
                    again.related(first, "it stands here already").help("leave one of them out: only one could count"),
                );
            } else {
                seen.insert(key.text.as_str(), key.bytes.clone());
                distinct.push((key, value));
            }
        }
        distinct
    }

    /// The value of a key that must stand; reports that it does not, with the example of its table.
    pub(super) fn needed<'n>(&mut self, fields: &Fields<'n>, key: &str) -> Option<&'n Node> {
        let example = fields.table.and_then(|table| table.key(key)).map_or("…", |key| key.example);
        self.required(fields, key, &format!("{key}: {example}"))
    }

    /// The value of a key that must stand; reports that it does not, with an example.
    pub(crate) fn required<'n>(&mut self, fields: &Fields<'n>, key: &str, example: &str) -> Option<&'n Node> {
        let found = fields.get(key);
        if found.is_none() && !fields.guessed.iter().any(|guess| guess == key) {
            let message = format!("{} has no `{key}`", named(&fields.what));
            let owner = fields.owner.clone();
            self.error_help(
                "missing-key",
                &owner,
                message,
                format!("expected a key `{key}`"),
                format!("write `{example}`"),
            );
        }
        found
    }

    /// The value of one of the words that a key takes.
    pub(super) fn choice<T: Copy>(&mut self, node: &Node, key: &str, words: &[(&str, T)]) -> Option<T> {
        let text = &self.scalar(node, key)?.text;
        if let Some((_, value)) = words.iter().find(|(word, _)| word == text) {
            return Some(*value);
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let message = format!("{} is not a word for `{key}`", quoted(text));
        let label = format!("expected {}", listed(&known).replace(" and ", " or "));
        match nearest(text, known) {
            Some(word) => {
                self.error_help("unknown-word", &node.bytes, message, label, format!("did you mean `{word}`?"));
            }
            None => self.error("unknown-word", &node.bytes, message, label),
        }
        None
    }

    /// Reports a key that the language does not have; the key that was likely meant, if it is near.
    fn unknown_key(&mut self, key: &Key, what: &str, known: &[&str]) -> Option<String> {
        if is_credential(&key.text) {
            self.credential(key);
            return None;
        }
        if key.text == "<<" {
            let message = "merge keys (`<<`) are not part of the policy language";
            self.error_help(
                "anchor",
                &key.bytes,
                message,
                "write the keys themselves",
                "a rule must say by itself what it does",
            );
            return None;
        }
        let near = meant(&key.text, known);
        let help = near
            .map_or_else(|| format!("the keys here are {}", listed(known)), |word| format!("did you mean `{word}`?"));
        let message = format!("{} is not a key of {}", quoted(&key.text), named(what));
        self.error_help("unknown-key", &key.bytes, message, "unknown key", help);
        near.map(str::to_owned)
    }

    /// Reports a credential. Its value is neither read nor shown.
    pub(super) fn credential(&mut self, key: &Key) {
        self.error_help(
            "credentials",
            &key.bytes,
            "credentials never stand here: this file is to be shown to others",
            "take this key out, and its value out of the file's history",
            "set OFFPEAK_ALPHAESS_APP_ID and OFFPEAK_ALPHAESS_APP_SECRET (OFFPEAK_ATESS_TOKEN for ATESS) in the environment, \
             or write them into credentials.yaml of mode 0600 in offpeak's configuration folder",
        );
    }
}

/// The key that a word is, or is likely meant to be.
pub(in crate::policy) fn meant<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let spaced = word.replace(['_', '-'], " ").to_lowercase();
    known.iter().find(|key| **key == spaced).copied().or_else(|| nearest(word, known.iter().copied()))
}

/// A key in ticks; what is no key, `a rule` or `the policy`, without.
fn named(what: &str) -> String {
    if what.starts_with("a ") || what.starts_with("the ") { what.to_owned() } else { format!("`{what}`") }
}

/// Words in a sentence: `a`, `b` and `c`.
pub(crate) fn listed(words: &[&str]) -> String {
    let ticked: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match ticked.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
