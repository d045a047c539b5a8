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
    /// The conditions on which the rule that decided rests; empty if none did, or if it asks for nothing.
    pub grounds: Vec<Finding<'a>>,
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
    /// Whether this condition alone keeps its rule from holding: if it came out otherwise, the rule would hold.
    pub alone: bool,
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
    let mut grounds = Vec::new();
    if let Source::Rule(won) = decision.source
        && let Some(rule) = policy.rules.get(won)
    {
        rests_on(&view, &rule.when, true, false, &mut grounds);
    }
    Explanation { decision, rules: rules.collect(), grounds, weighed: weighed(&view, decision.source) }
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
    Finding { text, place: &rule.then_place, negated: false, seen, alone: true }
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
    let standing = view.situation.prices.stored.standing(view.situation.now);
    view.plan().ok().map(|(worth, soc)| Weighed::of(&view.policy.battery, worth, soc, standing))
}

fn found<'a>(view: &View<'_>, rule: &'a Rule, truth: Truth) -> Finding<'a> {
    let nothing = Finding { text: "", place: &rule.place, negated: false, seen: Seen::Nothing, alone: false };
    let found = blame(view, &rule.when, truth, false).unwrap_or(nothing);
    let known = !matches!(rule.then, Action::ChargeToCover { .. } | Action::FollowPlan);
    Finding { alone: known && holds_but_for(view, &rule.when, &found) == Ok(true), ..found }
}

/// Whether a condition would hold if the one that was found came out otherwise.
fn holds_but_for(view: &View<'_>, condition: &Condition, found: &Finding<'_>) -> Truth {
    let found_here = |text: &str, place: &Place| std::ptr::eq(place, found.place) && text == found.text;
    match condition {
        Condition::All(parts) => joined(parts.iter().map(|part| holds_but_for(view, part, found)), false),
        Condition::Any(parts) => joined(parts.iter().map(|part| holds_but_for(view, part, found)), true),
        Condition::Not(inner) => holds_but_for(view, inner, found).map(|truth| !truth),
        Condition::Calendar(leaf) if found_here(&leaf.text, &leaf.place) => Ok(!found.negated),
        Condition::Compare(leaf) if found_here(&leaf.text, &leaf.place) => Ok(!found.negated),
        Condition::NotYetKnown(leaf) if found_here(&leaf.text, &leaf.place) => Ok(!found.negated),
        leaf => view.holds(leaf),
    }
}

/// Kleene's `any` where true is decisive, his `all` where false is.
fn joined(parts: impl Iterator<Item = Truth>, decisive: bool) -> Truth {
    let mut whole = Ok(!decisive);
    for part in parts {
        match part {
            Ok(truth) if truth == decisive => return part,
            Err(_) if whole.is_ok() => whole = part,
            _ => {}
        }
    }
    whole
}

/// The parts on which it rests that a condition is `wanted`: of what all must hold each, of what any may hold the first.
fn rests_on<'a>(view: &View<'_>, condition: &'a Condition, wanted: bool, negated: bool, found: &mut Vec<Finding<'a>>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            let each = matches!(condition, Condition::All(_)) == wanted;
            let so = parts.iter().filter(|part| view.holds(part) == Ok(wanted));
            so.take(if each { usize::MAX } else { 1 }).for_each(|part| rests_on(view, part, wanted, negated, found));
        }
        Condition::Not(inner) => rests_on(view, inner, !wanted, !negated, found),
        leaf => found.extend(blame(view, leaf, Ok(wanted), negated)),
    }
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
            Some(Finding { text: &calendar.text, place: &calendar.place, negated, seen: Seen::Calendar, alone: false })
        }
        Condition::Compare(comparison) => Some(Finding {
            text: &comparison.text,
            place: &comparison.place,
            negated,
            seen: seen(view, comparison),
            alone: false,
        }),
        Condition::NotYetKnown(unknown) => Some(Finding {
            text: &unknown.text,
            place: &unknown.place,
            negated,
            seen: Seen::NotYetKnown(unknown.what),
            alone: false,
        }),
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
