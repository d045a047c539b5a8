//! `include:`

use std::ops::Range;

use super::fields::Fields;
use super::{Context, empty, quoted};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::include::{Content, Refused};
use crate::policy::keys;
use crate::policy::yaml::{Fault, Key, Node, Value};

/// How long a chain of files that include each other may be.
const MAX_CHAIN: usize = 8;

/// What one file holds.
pub(super) struct Part<'t> {
    /// The number of the file; 0 is the policy itself.
    pub(super) file: usize,
    /// Its keys.
    pub(super) fields: Fields<'t>,
}

/// Where an `include` stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// At the top of a file.
    AtTop,
    /// Among the rules.
    AmongRules,
}

/// The way through the files.
struct Walk<'t> {
    /// The files that are under way, each included by the one before.
    chain: Vec<usize>,
    /// Whether each file has been looked at.
    seen: Vec<bool>,
    parts: Vec<Part<'t>>,
}

impl<'t> Context<'t> {
    /// The keys of every file, those of an included file before those of the file that includes it, so that the policy itself
    /// comes last. Reports what is wrong with the files as such, and with the ways between them.
    pub(super) fn parts(&mut self) -> Vec<Part<'t>> {
        let mut walk = Walk { chain: Vec::new(), seen: vec![false; self.files.len()], parts: Vec::new() };
        self.visit(0, &mut walk);
        walk.parts
    }

    /// The rules of an included file; `None` if it has none, or cannot be read.
    pub(super) fn included_rules(&self, file: usize) -> Option<&'t Node> {
        let Value::Map(entries) = &self.files.get(file)?.tree()?.value else { return None };
        entries.iter().find(|(key, _)| key.text == "rules").map(|(_, node)| node)
    }

    /// The file to which a path leads; why it leads nowhere is reported once, by whoever comes first.
    pub(super) fn target(&mut self, path: &Node) -> Option<usize> {
        let wants = &self.files.get(self.current)?.wants;
        match wants.get(&path.bytes.start)? {
            Ok(file) => Some(*file),
            Err(refused) => {
                let refused = refused.clone();
                if self.refused.insert((self.current, path.bytes.start)) {
                    self.refuse(path, refused);
                }
                self.incomplete = true;
                None
            }
        }
    }

    fn refuse(&mut self, path: &Node, refused: Refused) {
        let place = self.place(&path.bytes);
        let diagnostic = Diagnostic::error(refused.code, place, refused.message, refused.label);
        self.push(Diagnostic { help: refused.help.map(str::to_owned), ..diagnostic });
    }

    fn visit(&mut self, file: usize, walk: &mut Walk<'t>) {
        if let Some(seen) = walk.seen.get_mut(file) {
            *seen = true;
        }
        walk.chain.push(file);
        let before = self.diagnostics.len();
        let fields = self.within(file, |cx| cx.file_fields(file));
        if file > 0 && fields.is_none() {
            self.incomplete = self.incomplete || self.diagnostics.len() > before;
        }
        if let Some(fields) = fields {
            self.within(file, |cx| cx.follow_all(&fields, walk));
            walk.parts.push(Part { file, fields });
        }
        walk.chain.pop();
    }

    /// The keys of a file; reports what keeps it from being read.
    fn file_fields(&mut self, file: usize) -> Option<Fields<'t>> {
        let files = self.files;
        let Content::Yaml { tree, diagnostics, .. } = &files.get(file)?.content else { return None };
        diagnostics.iter().for_each(|found| self.push(found.clone()));
        let root = match tree {
            Ok(root) => root,
            Err(fault) => {
                self.fault(fault);
                return None;
            }
        };
        if matches!(&root.value, Value::Scalar(scalar) if scalar.is_empty()) {
            let empty = if file == 0 { empty(self.lines()) } else { self.empty_include() };
            self.push(empty);
            return None;
        }
        let owner = match &root.value {
            Value::Map(entries) => entries.first().map(|(key, _)| key.bytes.clone()),
            Value::Scalar(_) | Value::List(_) => None,
        };
        let (what, table) = match file {
            0 if self.apart => ("the shared file", &keys::SHARED),
            0 => ("the policy", &keys::POLICY),
            _ => ("the included file", &keys::SHARED),
        };
        let owner = owner.unwrap_or(0..0);
        let fields = if file == 0 { self.keyed(root, what, &owner, table)? } else { self.shared_fields(root, &owner)? };
        let version = self.required(&fields, "offpeak", "offpeak: 1");
        self.version(version);
        Some(fields)
    }

    /// The keys of an included file. Whoever includes a whole policy is told so once.
    fn shared_fields(&mut self, root: &'t Node, owner: &Range<usize>) -> Option<Fields<'t>> {
        let of_sites: Vec<&str> = keys::POLICY.names().filter(|key| keys::SHARED.key(key).is_none()).collect();
        let known: Vec<&str> = keys::SHARED.names().chain(of_sites.iter().copied()).collect();
        let mut fields = self.fields(root, "the included file", owner, &known)?;
        let (sites, shared) = fields.entries.into_iter().partition(|(key, _)| of_sites.contains(&key.text.as_str()));
        fields.entries = shared;
        let sites: Vec<(&Key, &Node)> = sites;
        if let Some((key, _)) = sites.first() {
            let message = format!("`{}` belongs to one site, and this file is included", key.text);
            let help = "include a file with nothing but rules, calendars and a tariff; the rest stands in each policy";
            self.error_help("unknown-key", &key.bytes, message, "not shared", help);
        }
        Some(fields)
    }

    /// Reports why a text is no YAML of the kind that policies use.
    pub(super) fn fault(&mut self, fault: &Fault) {
        let place = self.place(&fault.bytes);
        let diagnostic = Diagnostic::error(fault.code, place, fault.message.clone(), fault.label.clone());
        self.push(Diagnostic { help: fault.help.map(str::to_owned), ..diagnostic });
    }

    fn empty_include(&self) -> Diagnostic {
        let label = "expected `offpeak: 1` with `rules`, `calendars` or a `tariff`";
        Diagnostic::error(Code("empty"), self.place(&(0..0)), "the included file is empty", label)
    }

    fn version(&mut self, node: Option<&Node>) {
        let Some(node) = node else { return };
        let Some(scalar) = self.scalar(node, "offpeak") else { return };
        if scalar.text != "1" {
            let message = format!("this program reads version 1 of the policy language, not {}", quoted(&scalar.text));
            self.error_help("version", &node.bytes, message, "expected 1", "write `offpeak: 1`");
        }
    }

    /// Goes to every file that this one includes.
    fn follow_all(&mut self, fields: &Fields<'t>, walk: &mut Walk<'t>) {
        if let Some(node) = fields.get("include") {
            for path in self.items(node, "include") {
                self.follow(path, Stands::AtTop, walk);
            }
        }
        let Some(Value::List(items)) = fields.get("rules").map(|node| &node.value) else { return };
        for node in items.iter().filter_map(include_of) {
            for path in self.items(node, "include") {
                self.follow(path, Stands::AmongRules, walk);
            }
        }
    }

    fn follow(&mut self, path: &'t Node, stands: Stands, walk: &mut Walk<'t>) {
        let Some(target) = self.scalar(path, "include").and_then(|_| self.target(path)) else {
            self.incomplete = true;
            return;
        };
        if walk.chain.contains(&target) {
            self.cycle(path, target, &walk.chain);
        } else if walk.chain.len() >= MAX_CHAIN {
            let message = format!("files may include each other over at most {MAX_CHAIN} files");
            self.error("too-deep", &path.bytes, message, "one too many");
            self.incomplete = true;
        } else {
            if walk.seen.get(target) == Some(&false) {
                self.visit(target, walk);
            }
            self.belongs(path, target, stands);
        }
    }

    /// Reports a file that includes itself, with the way there.
    fn cycle(&mut self, path: &Node, target: usize, chain: &[usize]) {
        let round = chain.iter().skip_while(|file| **file != target).chain([&target]);
        let names: Vec<&str> = round.map(|file| self.name(*file)).collect();
        let message = format!("this file includes itself: {}", names.join(" → "));
        let help = "take one of these `include` out, or move what both need into a third file";
        self.error_help("include-cycle", &path.bytes, message, "this leads back", help);
        self.incomplete = true;
    }

    /// Reports rules that have no place, and a place that has no rules.
    fn belongs(&mut self, path: &Node, target: usize, stands: Stands) {
        let Some(tree) = self.files.get(target).and_then(|file| file.tree()) else { return };
        let has_rules =
            matches!(&tree.value, Value::Map(entries) if entries.iter().any(|(key, _)| key.text == "rules"));
        let (message, label, help) = match (stands, has_rules) {
            (Stands::AtTop, true) => {
                let help = format!(
                    "write `- include: {}` under `rules`, between the rules that come before and after",
                    self.written(path)
                );
                ("the rules of this file have no place here: their order is their priority", "it has `rules`", help)
            }
            (Stands::AmongRules, false) => {
                let help = format!("write `include: {}` at the top of the file", self.written(path));
                ("this file has no rules", "expected a file with `rules`", help)
            }
            _ => return,
        };
        self.error_help("misplaced-include", &path.bytes, message, label, help);
    }

    fn written(&self, path: &Node) -> String {
        super::written(path)
    }

    fn name(&self, file: usize) -> &'t str {
        self.files.get(file).map_or("", |file| file.name.as_deref().unwrap_or(&file.path))
    }
}

/// The paths of a rule's place that is taken by an included file.
pub(super) fn include_of(item: &Node) -> Option<&Node> {
    let Value::Map(entries) = &item.value else { return None };
    entries.iter().find(|(key, _)| key.text == "include").map(|(_, node)| node)
}
