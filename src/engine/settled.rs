//! Whether a decision stands whatever is read.
//!
//! Kleene's logic is monotone: what is true or false without any reading stays so with every one. What is left open without
//! any may come out either way, whatever is remembered of readings.

use crate::policy::model::{Action, Condition, Rule};

use super::{Readings, View};

/// Whether no reading, now or remembered, could change the decision of a moment: going down the rules, the first that could
/// hold holds by time, calendars and prices alone.
///
/// It may say no where a closer look would say yes, as of a rule whose conditions contradict each other.
pub(crate) fn is_settled(view: &View<'_>) -> bool {
    let blind = View { readings: Readings::BLIND, ..*view };
    if let Some(manual) = blind.situation.standing_override() {
        let known = blind.command(manual.action).is_ok();
        if known || manual.action == Action::FollowPlan {
            return known;
        }
    }
    let first = blind.policy.rules.iter().find(|rule| may_fire(&blind, rule));
    first.is_none_or(|rule| blind.fires(rule) == Ok(true))
}

/// Whether some readings would make a rule fire. What to charge to cover is never known, whatever is read.
fn may_fire(blind: &View<'_>, rule: &Rule) -> bool {
    !matches!(rule.then, Action::ChargeToCover { .. }) && may_be(blind, &rule.when, true)
}

/// Whether some readings would make a condition true, or false.
fn may_be(blind: &View<'_>, condition: &Condition, wanted: bool) -> bool {
    let each = |parts: &[Condition]| parts.iter().all(|part| may_be(blind, part, wanted));
    let one = |parts: &[Condition]| parts.iter().any(|part| may_be(blind, part, wanted));
    match condition {
        Condition::All(parts) if wanted => each(parts),
        Condition::All(parts) => one(parts),
        Condition::Any(parts) if wanted => one(parts),
        Condition::Any(parts) => each(parts),
        Condition::Not(inner) => may_be(blind, inner, !wanted),
        Condition::NotYetKnown(_) => false,
        Condition::Calendar(_) | Condition::Compare(_) => blind.holds(condition).map_or(true, |truth| truth == wanted),
    }
}
