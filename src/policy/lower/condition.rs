//! `when:`

use std::ops::Range;

use super::calendars::CALENDAR_KEYS;
use super::fields::Fields;
use super::{Context, quoted, written};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::policy::keys;
use crate::policy::model::{CalendarCondition, Comparison, Condition, NotYetKnown, Observation, Quantity};
use crate::policy::sentence::{Known, Problem, Sentence, comparison, forecast};
use crate::policy::yaml::{Key, Node, Scalar, Value};
use crate::snapshot::Signal;

/// How many conditions a policy may have.
const MAX_CONDITIONS: usize = 5_000;

impl Context<'_> {
    /// A mapping of conditions, all of which must hold. `None` if anything about it is wrong.
    pub(super) fn condition(&mut self, node: &Node, what: &str) -> Option<Condition> {
        let owner = self.first_line(&node.bytes);
        let fields = self.keyed(node, what, &owner, &keys::CONDITION)?;
        let complete = matches!(&node.value, Value::Map(entries) if entries.len() == fields.entries.len());
        let mut all = Vec::new();
        let mut whole = complete && self.count(fields.entries.len(), &owner);
        let mut calendar_done = false;
        for (key, value) in &fields.entries {
            let calendar = CALENDAR_KEYS.contains(&key.text.as_str()) || key.text == "tariff";
            if calendar && std::mem::replace(&mut calendar_done, true) {
                continue;
            }
            match if calendar { self.calendar_condition(&fields) } else { self.key(key, value) } {
                Some(condition) => all.push(condition),
                None => whole = false,
            }
        }
        if !whole {
            return None;
        }
        Some(if all.len() == 1 { all.pop()? } else { Condition::All(all) })
    }

    /// Counts conditions; reports more than a policy may have, once.
    fn count(&mut self, more: usize, bytes: &Range<usize>) -> bool {
        let before = self.conditions;
        self.conditions += more;
        if before <= MAX_CONDITIONS && self.conditions > MAX_CONDITIONS {
            let message = format!("a policy has at most {MAX_CONDITIONS} conditions");
            self.error("too-large", bytes, message, "too many from here on");
        }
        self.conditions <= MAX_CONDITIONS
    }

    fn key(&mut self, key: &Key, value: &Node) -> Option<Condition> {
        match key.text.as_str() {
            "any" => self.list(key, value).map(Condition::Any),
            "all" => self.list(key, value).map(Condition::All),
            "not" => self.negation(value),
            "forecast solar" | "forecast load" => self.alternatives(key, value, None),
            "import price" => self.priced(key, value, Quantity::ImportPrice, self.prices.0),
            "export price" => self.priced(key, value, Quantity::ExportPrice, self.prices.1),
            word => {
                let signal = Signal::ALL.into_iter().find(|signal| signal.word() == word)?;
                self.alternatives(key, value, Some(Quantity::Reading(signal)))
            }
        }
    }

    /// The mappings under `any` or `all`.
    fn list(&mut self, key: &Key, value: &Node) -> Option<Vec<Condition>> {
        let Value::List(items) = &value.value else {
            let bytes = self.first_line(&value.bytes);
            let message = format!("`{}` takes a list of conditions", key.text);
            let help =
                format!("write `{}: [{{ soc: below 30% }}, {{ tariff: night }}]`, or one `- ` line for each", key.text);
            self.error_help("wrong-shape", &bytes, message, "expected a list", help);
            return None;
        };
        let count = self.items(value, &key.text).len();
        let conditions: Vec<Condition> =
            items.iter().take(count).filter_map(|item| self.condition(item, &key.text)).collect();
        (count > 0 && conditions.len() == count).then_some(conditions)
    }

    fn negation(&mut self, value: &Node) -> Option<Condition> {
        if matches!(value.value, Value::List(_)) {
            let bytes = self.first_line(&value.bytes);
            let help = "write `not: { any: […] }` where none may hold, or `not: { all: […] }` where not all may";
            self.error_help(
                "wrong-shape",
                &bytes,
                "`not` takes one mapping, and this is a list",
                "expected `key: value`",
                help,
            );
            return None;
        }
        self.condition(value, "not").map(|inner| Condition::Not(Box::new(inner)))
    }

    fn priced(&mut self, key: &Key, value: &Node, quantity: Quantity, known: bool) -> Option<Condition> {
        // The tariff of a shared file may stand in the policies that include it.
        let elsewhere = self.apart && !self.bands_known;
        if !(known || self.incomplete || elsewhere) {
            let side = if quantity == Quantity::ImportPrice { "import" } else { "export" };
            let message = format!("the policy names no price of {side}, so this could never be known");
            let help = format!("name it under `tariff`: `{side}: {{ price: 0.15 }}`");
            self.error_help("no-price", &key.bytes, message, "nothing to compare", help);
            return None;
        }
        self.alternatives(key, value, Some(quantity))
    }

    /// One sentence, or a list of which any may hold. Without a quantity it is a forecast.
    fn alternatives(&mut self, key: &Key, value: &Node, quantity: Option<Quantity>) -> Option<Condition> {
        let items = self.items(value, &key.text);
        let expected = items.len().max(1);
        let found: Vec<Condition> = items.into_iter().filter_map(|item| self.sentence(key, item, quantity)).collect();
        if found.len() != expected {
            return None;
        }
        let mut found = found;
        Some(if found.len() == 1 { found.pop()? } else { Condition::Any(found) })
    }

    fn sentence(&mut self, key: &Key, node: &Node, quantity: Option<Quantity>) -> Option<Condition> {
        let parse = |text: &str| quantity.map_or_else(|| forecast(text), |quantity| comparison(text, quantity));
        let known = self.read(node, &key.text, parse)?;
        let text = format!("{}: {}", key.text, written(node));
        let place = self.place(&node.bytes);
        match (known, quantity) {
            (Known::Comparison(sentence), Some(quantity)) => {
                let observation = self.observation(&sentence, quantity);
                Some(Condition::Compare(Comparison { text, place, quantity, bounds: sentence.bounds, observation }))
            }
            (Known::NotYet(what), _) => {
                let message = format!("this version knows no {what}, so this condition is never known to hold");
                let warning = Diagnostic::warning(Code("not-yet-known"), place.clone(), message, "unknown for now");
                self.push(
                    warning
                        .help("the rule does not fire until a later version knows them; the rules below it stand in"),
                );
                Some(Condition::NotYetKnown(NotYetKnown { text, place, what }))
            }
            (Known::Comparison(_), None) => None,
        }
    }

    /// What a comparison has to remember, each once in a policy.
    fn observation(&mut self, sentence: &Sentence, quantity: Quantity) -> Option<usize> {
        if !sentence.remembers() {
            return None;
        }
        let key = format!("{}: {}", quantity.key(), sentence.canonical(quantity.measure()));
        if let Some(position) = self.observations.iter().position(|seen| seen.key == key) {
            return Some(position);
        }
        self.observations.push(Observation {
            key,
            quantity,
            bounds: sentence.bounds,
            average: sentence.average,
            until: sentence.until,
            hold: sentence.hold,
        });
        Some(self.observations.len() - 1)
    }

    /// The calendar keys and bands of one mapping, as one condition.
    fn calendar_condition(&mut self, fields: &Fields<'_>) -> Option<Condition> {
        let calendar = |key: &Key| CALENDAR_KEYS.contains(&key.text.as_str()) || key.text == "tariff";
        let entries: Vec<(&Key, &Node)> = fields.entries.iter().filter(|(key, _)| calendar(key)).copied().collect();
        let text: Vec<String> = entries.iter().map(|(key, node)| format!("{}: {}", key.text, written(node))).collect();
        let start = entries.first().map_or(0, |(key, _)| key.bytes.start);
        let end = entries.first().map_or(0, |(_, node)| node.bytes.end);
        let place = self.place(&(start..end));
        let bands = fields.get("tariff").map(|node| self.band_numbers(node));
        let test = self.calendar_test(fields, None);
        let bands = bands.unwrap_or(Some(Vec::new()))?;
        Some(Condition::Calendar(CalendarCondition { text: text.join(", "), place, bands, test: test? }))
    }

    /// The bands that are named under `tariff`.
    fn band_numbers(&mut self, node: &Node) -> Option<Vec<usize>> {
        let items = self.items(node, "tariff");
        let expected = items.len().max(1);
        let numbers: Vec<usize> = items.into_iter().filter_map(|item| self.band_number(item)).collect();
        self.used_bands.extend(numbers.iter().copied());
        (numbers.len() == expected).then_some(numbers)
    }

    fn band_number(&mut self, node: &Node) -> Option<usize> {
        let scalar: &Scalar = self.scalar(node, "tariff")?;
        let name = scalar.text.trim();
        if let Some(position) = self.bands.iter().position(|band| band == name) {
            return Some(position);
        }
        if !self.bands_known || self.incomplete {
            return None;
        }
        let names: Vec<String> = self.bands.clone();
        let help = nearest(name, names.iter().map(String::as_str)).map_or_else(
            || {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                if names.is_empty() {
                    "name bands under `tariff: import`".to_owned()
                } else {
                    format!("the bands are {}", super::fields::listed(&names))
                }
            },
            |word| format!("did you mean `{word}`?"),
        );
        let problem = Problem::new(
            Code("unknown-band"),
            0..scalar.text.len(),
            format!("{} is not an import band of this policy", quoted(name)),
            "unknown band",
        );
        self.problem(problem.help(help), node, scalar);
        None
    }
}
