//! Why a decision is what it is, as data.

use std::time::Duration;

use crate::diagnostic::Place;
use crate::policy::Policy;
use crate::policy::model::{Action, Comparison, Condition, Quantity, Rule};
use crate::snapshot::{Signal, Unknown};

use super::view::Truth;
use super::{Decision, Memory, Situation, Source, View, Weighed, decide};

/// A decision with what became of every rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation<'a> {
    /// What was decided; the same as [`super::evaluate`] says.
    pub decision: Decision,
    /// What became of each rule, in the policy's order.
    pub rules: Vec<Verdict<'a>>,
    /// What was weighed, if the plan of least cost decided.
    pub weighed: Option<Weighed>,
}

/// What became of one rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict<'a> {
    /// It decided.
    Won,
    /// Something above it decided.
    NotReached,
    /// It did not hold, and this is the first condition that decided so.
    Failed(Finding<'a>),
    /// Whether it held could not be known, and this is the first condition that left it open.
    Unknown(Finding<'a>),
}

/// The condition that decided against a rule, or left it open, and what was seen of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding<'a> {
    /// The condition as written; empty if the rule has no condition to name, as under an empty `any`.
    pub text: &'a str,
    /// Where it stands in the file.
    pub place: &'a Place,
    /// Whether it stands under `not`, so that it failed by holding.
    pub negated: bool,
    /// What was seen.
    pub seen: Seen,
}

/// What was seen of a condition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen {
    /// Time and calendars alone.
    Calendar,
    /// A value.
    Value {
        /// Of what.
        quantity: Quantity,
        /// The value, or its average where the condition asks for one: percent, watts, or currency per kWh.
        value: f64,
        /// How old the reading is; prices have no age.
        age: Option<Duration>,
        /// How long the condition has held so far, where it asks for a duration and has begun to hold.
        held: Option<Duration>,
    },
    /// No value that can be used.
    Missing {
        /// Of what.
        quantity: Quantity,
        /// Why.
        why: Unknown,
        /// What the reading says that cannot be used.
        value: Option<f64>,
        /// How old it is.
        age: Option<Duration>,
    },
    /// The language has it, this version cannot evaluate it: `price ranks`, `forecasts`.
    NotYetKnown(&'static str),
    /// Nothing to be seen.
    Nothing,
}

/// What holds at one moment, and what became of every rule.
#[must_use]
pub fn explain<'a>(policy: &'a Policy, situation: &Situation<'_>, memory: &Memory) -> Explanation<'a> {
    let view = View::new(policy, situation, memory);
    let decision = decide(&view);
    let rules = policy.rules.iter().enumerate().map(|(index, rule)| verdict(&view, decision.source, index, rule));
    Explanation { decision, rules: rules.collect(), weighed: weighed(&view, decision.source) }
}

fn verdict<'a>(view: &View<'_>, winner: Source, index: usize, rule: &'a Rule) -> Verdict<'a> {
    let reached = match winner {
        Source::Rule(won) if won == index => return Verdict::Won,
        Source::Rule(won) => index < won,
        Source::Otherwise => true,
        Source::Override => false,
    };
    if !reached {
        return Verdict::NotReached;
    }
    match view.holds(&rule.when) {
        Ok(true) => Verdict::Unknown(target_not_known(view, rule)),
        truth @ Ok(false) => Verdict::Failed(found(view, rule, truth)),
        truth @ Err(_) => Verdict::Unknown(found(view, rule, truth)),
    }
}

/// The rule holds, but what it asks for is not known.
fn target_not_known<'a>(view: &View<'_>, rule: &'a Rule) -> Finding<'a> {
    let (text, seen) = match rule.then {
        Action::FollowPlan => ("follow the cheapest plan", plan_not_known(view)),
        _ => ("charge to cover", Seen::NotYetKnown("forecasts")),
    };
    Finding { text, place: &rule.then_place, negated: false, seen }
}

/// What the plan of least cost lacks.
fn plan_not_known(view: &View<'_>) -> Seen {
    let missing = |quantity, why, value, age| Seen::Missing { quantity, why, value, age };
    match view.plan() {
        Ok(_) => Seen::Nothing,
        Err(Unknown::NotYetKnown) => Seen::NotYetKnown("what stored energy is worth"),
        Err(why @ Unknown::NoPrice) => missing(Quantity::ImportPrice, why, None, None),
        Err(why @ Unknown::NoForecast) => missing(Quantity::Reading(Signal::Load), why, None, None),
        Err(why) => {
            let reading = view.situation.reading(Quantity::Reading(Signal::Soc));
            let age = reading.map(|reading| reading.age(view.situation.now));
            missing(Quantity::Reading(Signal::Soc), why, reading.map(|reading| reading.value), age)
        }
    }
}

/// What the winner weighed, if it follows the plan of least cost.
fn weighed(view: &View<'_>, winner: Source) -> Option<Weighed> {
    let action = match winner {
        Source::Rule(index) => view.policy.rules.get(index)?.then,
        Source::Override => view.situation.standing_override()?.action,
        Source::Otherwise => return None,
    };
    (action == Action::FollowPlan).then_some(())?;
    view.plan().ok().map(|(worth, soc)| Weighed::of(worth, soc))
}

fn found<'a>(view: &View<'_>, rule: &'a Rule, truth: Truth) -> Finding<'a> {
    let nothing = Finding { text: "", place: &rule.place, negated: false, seen: Seen::Nothing };
    blame(view, &rule.when, truth, false).unwrap_or(nothing)
}

/// The first part, as deep as it goes, that made a condition what it is.
fn blame<'a>(view: &View<'_>, condition: &'a Condition, truth: Truth, negated: bool) -> Option<Finding<'a>> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            let guilty = |part: &'a Condition| (view.holds(part) == truth).then(|| blame(view, part, truth, negated));
            parts.iter().find_map(guilty).flatten()
        }
        Condition::Not(inner) => blame(view, inner, truth.map(|truth| !truth), !negated),
        Condition::Calendar(calendar) => {
            Some(Finding { text: &calendar.text, place: &calendar.place, negated, seen: Seen::Calendar })
        }
        Condition::Compare(comparison) => {
            Some(Finding { text: &comparison.text, place: &comparison.place, negated, seen: seen(view, comparison) })
        }
        Condition::NotYetKnown(unknown) => {
            Some(Finding { text: &unknown.text, place: &unknown.place, negated, seen: Seen::NotYetKnown(unknown.what) })
        }
    }
}

fn seen(view: &View<'_>, comparison: &Comparison) -> Seen {
    let quantity = comparison.quantity;
    let value = view.readings.quantity(quantity, view.situation.prices, view.situation.now);
    let look = comparison.observation.and_then(|index| view.look(index, value));
    let (level, held) = look.map_or((value, None), |look| (look.level, look.held));
    let reading = view.situation.reading(quantity);
    let age = reading.map(|reading| reading.age(view.situation.now));
    match level {
        Ok(value) => Seen::Value { quantity, value, age, held },
        Err(why) => Seen::Missing { quantity, why, value: reading.map(|reading| reading.value), age },
    }
}
