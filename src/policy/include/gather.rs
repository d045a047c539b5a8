//! Gathers the files of a policy: each is read once, however often it is named.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::path::{folder, normal, resolve};
use super::{Files, MAX_FILES, MAX_INCLUDED};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::signs::clean;
use crate::policy::yaml::{self, Fault, Node, Value};

/// Everything that was read.
pub(in crate::policy) struct Gathered {
    /// The files; the first is the policy itself.
    pub files: Vec<File>,
    /// Every path that was asked for, in the order of asking, with the number of its file or why there is none.
    pub asked: Vec<(String, Result<usize, String>)>,
}

/// One file.
pub(in crate::policy) struct File {
    /// Its path from the policy's folder on.
    pub path: String,
    /// Its name in output; `None` for the policy itself.
    pub name: Option<Arc<str>>,
    /// Its text.
    pub text: String,
    /// What it is taken for.
    pub content: Content,
    /// The files that it names, by the byte at which the path stands.
    pub wants: BTreeMap<usize, Result<usize, Refused>>,
}

/// What a file is taken for.
pub(in crate::policy) enum Content {
    /// A policy, or a part of one.
    Yaml {
        /// Its tree.
        tree: Result<Node, Fault>,
        /// The bytes at which values begin that are reported already.
        reported: BTreeSet<usize>,
        /// What was found before YAML was read.
        diagnostics: Vec<Diagnostic>,
    },
    /// An iCalendar file.
    Calendar,
}

/// Why a path leads to no file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct Refused {
    /// Which kind of problem.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// What stands under the path.
    pub label: &'static str,
    /// How to mend it.
    pub help: Option<&'static str>,
}

impl Refused {
    /// A path that is not followed.
    pub(super) fn path(message: &str, help: Option<&'static str>) -> Refused {
        let label = "expected a path from this file's folder on";
        Refused { code: Code("include-path"), message: message.to_owned(), label, help }
    }

    fn unreadable(name: &str, why: &str) -> Refused {
        let message = format!("`{name}` cannot be read: {why}");
        let help = "paths begin at the folder of the file in which they stand";
        Refused { code: Code("unreadable-file"), message, label: "named here", help: Some(help) }
    }

    fn too_large(message: String, label: &'static str) -> Refused {
        Refused { code: Code("too-large"), message, label, help: None }
    }
}

impl File {
    /// The tree of the file, if it has one.
    pub(in crate::policy) fn tree(&self) -> Option<&Node> {
        match &self.content {
            Content::Yaml { tree, .. } => tree.as_ref().ok(),
            Content::Calendar => None,
        }
    }
}

/// Reads a policy's text and every file that it names, directly or by another.
pub(in crate::policy) fn gather(file: &str, text: &str, files: &dyn Files) -> Gathered {
    let mut gathering = Gathering {
        base: folder(file),
        files,
        known: BTreeMap::new(),
        left: MAX_INCLUDED,
        gathered: Gathered { files: Vec::new(), asked: Vec::new() },
    };
    let path = file.get(gathering.base.len()..).unwrap_or_default().to_owned();
    gathering.known.insert((normal(file), Kind::Policy), Ok(0));
    gathering.gathered.files.push(read(path, None, text.to_owned(), Kind::Policy));
    let mut next = 0;
    while let Some(file) = gathering.gathered.files.get(next) {
        let wanted = file.tree().map(wanted).unwrap_or_default();
        let from = file.path.clone();
        let wants = wanted.into_iter().map(|want| (want.at, gathering.follow(&from, &want))).collect();
        if let Some(file) = gathering.gathered.files.get_mut(next) {
            file.wants = wants;
        }
        next += 1;
    }
    gathering.gathered
}

/// What a file is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Policy,
    Calendar,
}

/// A path that stands in a file.
struct Want {
    at: usize,
    written: String,
    kind: Kind,
}

struct Gathering<'f> {
    /// The policy's folder as output names it.
    base: &'f str,
    files: &'f dyn Files,
    known: BTreeMap<(String, Kind), Result<usize, Refused>>,
    /// How many bytes may still be read.
    left: usize,
    gathered: Gathered,
}

impl Gathering<'_> {
    fn follow(&mut self, from: &str, want: &Want) -> Result<usize, Refused> {
        let path = resolve(from, &want.written)?;
        let name = format!("{}{path}", self.base);
        let key = (normal(&name), want.kind);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let found = self.take(path, name, want.kind);
        self.known.insert(key, found.clone());
        found
    }

    fn take(&mut self, path: String, name: String, kind: Kind) -> Result<usize, Refused> {
        if self.gathered.asked.len() >= MAX_FILES {
            let message = format!("a policy has at most {MAX_FILES} files");
            return Err(Refused::too_large(message, "one too many"));
        }
        let text = match self.files.text(&path) {
            Ok(text) => text,
            Err(why) => {
                let refused = Refused::unreadable(&name, &why);
                self.gathered.asked.push((path, Err(why)));
                return Err(refused);
            }
        };
        let Some(left) = self.left.checked_sub(text.len()) else {
            let message = format!("the included files have more than {MAX_INCLUDED} bytes together");
            self.gathered.asked.push((path, Err(message.clone())));
            return Err(Refused::too_large(message, "too large from here on"));
        };
        self.left = left;
        let number = self.gathered.files.len();
        self.gathered.asked.push((path.clone(), Ok(number)));
        self.gathered.files.push(read(path, Some(Arc::from(name)), text, kind));
        Ok(number)
    }
}

fn read(path: String, name: Option<Arc<str>>, text: String, kind: Kind) -> File {
    let content = match kind {
        Kind::Calendar => Content::Calendar,
        Kind::Policy => {
            let mut cleaned = clean(&text);
            for found in &mut cleaned.diagnostics {
                found.place.file = name.clone();
            }
            Content::Yaml { tree: yaml::parse(&cleaned.text), reported: cleaned.at, diagnostics: cleaned.diagnostics }
        }
    };
    File { path, name, text, content, wants: BTreeMap::new() }
}

/// Every path that a file names: under `include`, in `rules`, and of calendars. Whatever has another shape is reported later.
fn wanted(root: &Node) -> Vec<Want> {
    let mut wanted = Vec::new();
    let Value::Map(entries) = &root.value else { return wanted };
    for (key, node) in entries {
        match key.text.as_str() {
            "include" => paths(node, Kind::Policy, &mut wanted),
            "rules" => items(node).iter().for_each(|item| within(item, "include", Kind::Policy, &mut wanted)),
            "calendars" => {
                let Value::Map(calendars) = &node.value else { continue };
                for item in calendars.iter().flat_map(|(_, days)| items(days)) {
                    within(item, "ical", Kind::Calendar, &mut wanted);
                }
            }
            _ => {}
        }
    }
    wanted
}

/// The items of a list, or the one value in its place.
fn items(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(items) => items,
        Value::Scalar(_) | Value::Map(_) => std::slice::from_ref(node),
    }
}

fn within(node: &Node, wanted_key: &str, kind: Kind, wanted: &mut Vec<Want>) {
    let Value::Map(entries) = &node.value else { return };
    for (_, value) in entries.iter().filter(|(key, _)| key.text == wanted_key) {
        paths(value, kind, wanted);
    }
}

fn paths(node: &Node, kind: Kind, wanted: &mut Vec<Want>) {
    for item in items(node) {
        if let Value::Scalar(scalar) = &item.value
            && !scalar.is_empty()
        {
            wanted.push(Want { at: item.bytes.start, written: scalar.text.clone(), kind });
        }
    }
}
