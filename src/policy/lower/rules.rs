//! `rules:`

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::include::include_of;
use super::{Context, quoted};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::policy::keys::{self, MAX_RULES};
use crate::policy::model::{Action, Rule};
use crate::policy::sentence::parse_action;
use crate::policy::yaml::{Node, Value};

/// How long a name may be, in characters.
const MAX_NAME: usize = 80;

/// The rules as far as they have been read.
#[derive(Default)]
struct Reading {
    rules: Vec<Rule>,
    /// Where the names of the rules stand.
    names: BTreeMap<String, Place>,
    /// The files whose rules have been taken in.
    taken: BTreeSet<usize>,
    /// How many rules there were, readable or not.
    count: usize,
}

impl<'t> Context<'t> {
    /// The rules that could be read, in the order of priority: those of an included file stand where it is included.
    pub(super) fn rules(&mut self, node: &'t Node) -> Vec<Rule> {
        self.read_rules(node).rules
    }

    /// How many rules there are, readable or not; reports what is wrong with them.
    pub(super) fn count_rules(&mut self, node: &'t Node) -> usize {
        self.read_rules(node).count
    }

    fn read_rules(&mut self, node: &'t Node) -> Reading {
        let mut reading = Reading { taken: BTreeSet::from([0]), ..Reading::default() };
        self.rules_of(node, &mut reading);
        reading
    }

    fn rules_of(&mut self, node: &'t Node, reading: &mut Reading) {
        let items = match &node.value {
            Value::List(items) => items,
            Value::Scalar(scalar) if scalar.is_empty() => return,
            Value::Scalar(_) | Value::Map(_) => {
                let bytes = self.first_line(&node.bytes);
                let help = "write one `- name: …` with `when` and `then` for each rule";
                self.error_help("wrong-shape", &bytes, "`rules` takes a list", "expected a list of rules", help);
                return;
            }
        };
        for item in items {
            if let Some(paths) = include_of(item) {
                self.included(item, paths, reading);
                continue;
            }
            reading.count += 1;
            if reading.count == MAX_RULES + 1 {
                let bytes = self.first_line(&item.bytes);
                self.error("too-large", &bytes, format!("a policy has at most {MAX_RULES} rules"), "one too many");
            }
            if reading.count <= MAX_RULES {
                let rule = self.rule(item, &mut reading.names);
                reading.rules.extend(rule);
            }
        }
    }

    /// Takes in the rules of the files that stand here, unless they stand above already: there they come first.
    fn included(&mut self, item: &'t Node, paths: &'t Node, reading: &mut Reading) {
        let owner = self.head(item);
        let known: Vec<&str> = keys::RULE.names().chain(keys::INCLUDED_RULES.names()).collect();
        let Some(fields) = self.fields(item, "a rule", &owner, &known) else { return };
        if let Some((other, _)) = fields.entries.iter().find(|(key, _)| key.text != "include") {
            let message = format!("{} cannot stand beside `include`", quoted(&other.text));
            let help = "give the included rules an item of their own: `- include: shared/ev.yaml`";
            self.error_help("conflict", &other.bytes, message, "of which rule?", help);
        }
        let paths = match &paths.value {
            Value::List(paths) => paths.as_slice(),
            Value::Scalar(_) | Value::Map(_) => std::slice::from_ref(paths),
        };
        for path in paths {
            let Some(file) = self.target(path).filter(|file| reading.taken.insert(*file)) else { continue };
            let Some(rules) = self.included_rules(file) else { continue };
            self.within(file, |cx| cx.rules_of(rules, reading));
        }
    }

    fn rule(&mut self, node: &Node, names: &mut BTreeMap<String, Place>) -> Option<Rule> {
        let owner = self.head(node);
        let fields = self.keyed(node, "a rule", &owner, &keys::RULE)?;
        let name = self.needed(&fields, "name");
        let name = name.and_then(|node| self.rule_name(node, names));
        let when = self.needed(&fields, "when");
        let when = when.and_then(|node| self.condition(node, "when"));
        let then = self.needed(&fields, "then");
        let action = then.and_then(|node| self.action(node, "then"));
        let (then, then_place) = action?;
        Some(Rule { name: name?, place: self.place(&owner), when: when?, then, then_place })
    }

    /// The first key of a rule and its value on that line: what is underlined when the whole rule is meant.
    fn head(&self, node: &Node) -> Range<usize> {
        let first = match &node.value {
            Value::Map(entries) => {
                entries.first().map(|(key, value)| key.bytes.start..value.bytes.end.max(key.bytes.end))
            }
            Value::Scalar(_) | Value::List(_) => None,
        };
        self.first_line(&first.unwrap_or(node.bytes.clone()))
    }

    fn rule_name(&mut self, node: &Node, names: &mut BTreeMap<String, Place>) -> Option<String> {
        let name = self.line(node, "name", "a rule", MAX_NAME)?;
        let place = self.place(&node.bytes);
        if let Some(first) = names.get(&name) {
            let message = format!("two rules are called {}", quoted(&name));
            let again = Diagnostic::error(Code("duplicate-name"), place, message, "the second one");
            let again = again.related(first.clone(), "the first one");
            self.push(again.help("plans and logs speak of rules by name, so give each its own"));
            return None;
        }
        names.insert(name.clone(), place);
        Some(name)
    }

    /// An action with its place.
    pub(super) fn action(&mut self, node: &Node, key: &str) -> Option<(Action, Place)> {
        let action = self.read(node, key, parse_action)?;
        let place = self.place(&node.bytes);
        if matches!(action, Action::ChargeToCover { .. }) && key == "otherwise" {
            let message = "this version knows no forecasts, and `otherwise` must always be known";
            let help = "write `self-consume`, and put the charge into a rule of its own";
            self.error_help("cannot-do", &node.bytes, message, "cannot be evaluated", help);
        } else if action == Action::FollowPlan && key == "otherwise" {
            let message = "`otherwise` must always be known, and without prices or a forecast no plan is";
            let help = "write `otherwise: self-consume`, and the plan as the last rule, with `when: {}`";
            self.error_help("cannot-do", &node.bytes, message, "may be unknown", help);
        } else if matches!(action, Action::ChargeToCover { .. }) {
            let message = "this version knows no forecasts, so it cannot tell how much to charge";
            let warning = Diagnostic::warning(Code("not-yet-known"), place.clone(), message, "unknown for now");
            self.push(
                warning.help("the rule does not fire until a later version knows them; `charge to 90%` works today"),
            );
        }
        Some((action, place))
    }
}
