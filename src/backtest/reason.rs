//! Why two policies command otherwise at one moment, as far as their texts tell.

use std::fmt;

use crate::engine::{Decision, Source};
use crate::policy::Action;
use crate::policy::model::{Band, Condition, Policy, Rule};

/// Why a moment is decided otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The rule stands in the new policy alone.
    Added(String),
    /// The rule stands in the old policy alone.
    Removed(String),
    /// What the rule asks for is another, or what holds where no rule does.
    Action(Option<String>),
    /// When the rule holds is another.
    Condition(String),
    /// The bands that the rules look at are others.
    Tariff,
    /// The rules stand in another order.
    Order,
    /// The site's clock is another, and times with it.
    Zone,
    /// Reserve, ceiling or another word of the battery is another.
    Battery,
    /// Both rules are as they were: the battery, or what is remembered, is in another state.
    State,
    /// Both ask for the same, and the schedules on the device differ.
    Schedule,
}

/// Why the two decisions differ.
pub(super) fn reason(old: &Policy, new: &Policy, before: Decision, after: Decision) -> Reason {
    let (was, is) = (rule(old, before), rule(new, after));
    let name = |rule: Option<&Rule>| rule.map(|rule| rule.name.clone());
    if name(was) == name(is) {
        return match (asks(old, was), asks(new, is)) {
            (before, after) if before != after => Reason::Action(name(is)),
            _ if old.battery != new.battery => Reason::Battery,
            (Action::FollowPlan, _) if !same_bands(&old.tariff.import, &new.tariff.import) => Reason::Tariff,
            (Action::FollowPlan, _) => Reason::State,
            _ => Reason::Schedule,
        };
    }
    let added = is.filter(|rule| named(old, &rule.name).is_none());
    let removed = was.filter(|rule| named(new, &rule.name).is_none());
    if let Some(rule) = added {
        return Reason::Added(rule.name.clone());
    }
    if let Some(rule) = removed {
        return Reason::Removed(rule.name.clone());
    }
    let both = [was, is].into_iter().flatten();
    let changed = both.clone().find(|rule| match (named(old, &rule.name), named(new, &rule.name)) {
        (Some(one), Some(other)) => !same(&one.when, &other.when),
        _ => false,
    });
    if let Some(rule) = changed {
        return Reason::Condition(rule.name.clone());
    }
    if both.clone().any(|rule| looks_at_bands(&rule.when)) && !same_bands(&old.tariff.import, &new.tariff.import) {
        return Reason::Tariff;
    }
    match (was, is) {
        (Some(was), Some(is)) if comes_first(old, was, is) != comes_first(new, was, is) => Reason::Order,
        _ if old.zone != new.zone => Reason::Zone,
        _ if old.battery != new.battery => Reason::Battery,
        _ => Reason::State,
    }
}

fn rule(policy: &Policy, decision: Decision) -> Option<&Rule> {
    match decision.source {
        Source::Rule(index) => policy.rules.get(index),
        Source::Otherwise | Source::Override => None,
    }
}

fn asks(policy: &Policy, rule: Option<&Rule>) -> Action {
    rule.map_or(policy.otherwise, |rule| rule.then)
}

fn named<'a>(policy: &'a Policy, name: &str) -> Option<&'a Rule> {
    policy.rules.iter().find(|rule| rule.name == name)
}

fn comes_first(policy: &Policy, one: &Rule, other: &Rule) -> bool {
    let place = |rule: &Rule| policy.rules.iter().position(|known| known.name == rule.name);
    place(one) < place(other)
}

/// Whether two conditions say the same, wherever they stand.
fn same(one: &Condition, other: &Condition) -> bool {
    let all = |one: &[Condition], other: &[Condition]| {
        one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
    };
    match (one, other) {
        (Condition::All(one), Condition::All(other)) | (Condition::Any(one), Condition::Any(other)) => all(one, other),
        (Condition::Not(one), Condition::Not(other)) => same(one, other),
        (Condition::Calendar(one), Condition::Calendar(other)) => one.text == other.text && one.test == other.test,
        (Condition::Compare(one), Condition::Compare(other)) => one.text == other.text,
        (Condition::NotYetKnown(one), Condition::NotYetKnown(other)) => one.text == other.text,
        _ => false,
    }
}

fn looks_at_bands(condition: &Condition) -> bool {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(looks_at_bands),
        Condition::Not(inner) => looks_at_bands(inner),
        Condition::Calendar(calendar) => !calendar.bands.is_empty(),
        Condition::Compare(comparison) => {
            matches!(comparison.quantity, crate::policy::model::Quantity::ImportPrice)
        }
        Condition::NotYetKnown(_) => false,
    }
}

fn same_bands(one: &[Band], other: &[Band]) -> bool {
    let same =
        |(one, other): (&Band, &Band)| one.name == other.name && one.price == other.price && one.when == other.when;
    one.len() == other.len() && one.iter().zip(other).all(same)
}

impl Reason {
    /// A stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Reason::Added(_) => "rule-added",
            Reason::Removed(_) => "rule-removed",
            Reason::Action(_) => "action-changed",
            Reason::Condition(_) => "condition-changed",
            Reason::Tariff => "tariff-changed",
            Reason::Order => "order-changed",
            Reason::Zone => "timezone-changed",
            Reason::Battery => "battery-changed",
            Reason::State => "other-state",
            Reason::Schedule => "other-schedule",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Added(rule) => write!(f, "`{rule}` is new"),
            Reason::Removed(rule) => write!(f, "`{rule}` is gone"),
            Reason::Action(Some(rule)) => write!(f, "`{rule}` asks for something else"),
            Reason::Action(None) => f.write_str("`otherwise` asks for something else"),
            Reason::Condition(rule) => write!(f, "`{rule}` holds at other times"),
            Reason::Tariff => f.write_str("the tariff's bands are others"),
            Reason::Order => f.write_str("the rules stand in another order"),
            Reason::Zone => f.write_str("the site's clock is another"),
            Reason::Battery => f.write_str("the battery is described otherwise (reserve, ceiling, size)"),
            Reason::State => f.write_str("no rule changed here: the battery comes from another state"),
            Reason::Schedule => f.write_str("no rule changed here: the device holds another schedule"),
        }
    }
}
