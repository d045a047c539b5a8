//! `rules:`

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Context, quoted};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::policy::keys::{self, MAX_RULES};
use crate::policy::model::{Action, Rule};
use crate::policy::sentence::parse_action;
use crate::policy::yaml::{Node, Value};

/// How long a name may be, in characters.
const MAX_NAME: usize = 80;

impl Context<'_> {
    /// The rules that could be read, in the order of the file.
    pub(super) fn rules(&mut self, node: &Node) -> Vec<Rule> {
        let items = match &node.value {
            Value::List(items) => items,
            Value::Scalar(scalar) if scalar.is_empty() => return Vec::new(),
            Value::Scalar(_) | Value::Map(_) => {
                let bytes = self.first_line(&node.bytes);
                let help = "write one `- name: …` with `when` and `then` for each rule";
                self.error_help("wrong-shape", &bytes, "`rules` takes a list", "expected a list of rules", help);
                return Vec::new();
            }
        };
        if let Some(beyond) = items.get(MAX_RULES) {
            let bytes = self.first_line(&beyond.bytes);
            self.error("too-large", &bytes, format!("a policy has at most {MAX_RULES} rules"), "one too many");
        }
        let mut names: BTreeMap<String, Place> = BTreeMap::new();
        items.iter().take(MAX_RULES).filter_map(|item| self.rule(item, &mut names)).collect()
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
        let scalar = self.scalar(node, "name")?;
        let name = scalar.text.trim().to_owned();
        if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            let label = format!("expected one line of at most {MAX_NAME} characters");
            self.error("bad-name", &node.bytes, "this is too long for the name of a rule", label);
            return None;
        }
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
