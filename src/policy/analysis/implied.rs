//! Whether one condition follows from another, by their form alone: for policies that are too large to be laid out.

use super::region::Budget;
use crate::policy::model::{Bounds, CalendarCondition, Comparison, Condition, Edge};

/// Whether a condition surely holds wherever another does. It may do so too where the form does not show it, or where it would
/// take too long to see.
pub(super) fn implies(one: &Condition, other: &Condition, budget: &mut Budget) -> bool {
    if budget.spend(1).is_err() {
        return false;
    }
    let mut follows = |one: &Condition, other: &Condition| implies(one, other, budget);
    match (one, other) {
        (Condition::Calendar(one), Condition::Calendar(other)) => same(one, other),
        (Condition::Compare(one), Condition::Compare(other)) => narrower(one, other),
        (Condition::NotYetKnown(one), Condition::NotYetKnown(other)) => one.text == other.text,
        (Condition::Not(one), Condition::Not(other)) => follows(other, one),
        (_, Condition::All(parts)) => parts.iter().all(|part| follows(one, part)),
        (Condition::Any(parts), _) => parts.iter().all(|part| follows(part, other)),
        (Condition::All(ones), Condition::Any(others)) => {
            ones.iter().any(|part| follows(part, other)) || others.iter().any(|part| follows(one, part))
        }
        (Condition::All(parts), _) => parts.iter().any(|part| follows(part, other)),
        (_, Condition::Any(parts)) => parts.iter().any(|part| follows(one, part)),
        _ => false,
    }
}

/// Whether two calendar conditions ask the same, wherever they stand.
pub(super) fn same(one: &CalendarCondition, other: &CalendarCondition) -> bool {
    one.bands == other.bands && one.test == other.test
}

/// Whether a comparison holds wherever another does. What is remembered is the same for one entry of the memory alone.
fn narrower(one: &Comparison, other: &Comparison) -> bool {
    if one.observation.is_some() || other.observation.is_some() {
        return one.observation == other.observation;
    }
    one.quantity == other.quantity && within(one.bounds, other.bounds)
}

fn within(one: Bounds, other: Bounds) -> bool {
    let reaches = |own: Option<Edge>, end: Option<Edge>, beyond: fn(f64, f64) -> bool| match (own, end) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(own), Some(end)) => {
            beyond(own.value, end.value) || own.value == end.value && (end.inclusive || !own.inclusive)
        }
    };
    reaches(one.low, other.low, |own, end| own > end) && reaches(one.high, other.high, |own, end| own < end)
}
