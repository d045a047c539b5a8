//! What was seen of the condition that decided against a rule, or left it open.

use std::time::Duration;

use crate::engine::{Finding, Seen, band_at};
use crate::plan::Plan;
use crate::policy::model::{Condition, Observation, Quantity};
use crate::snapshot::Unknown;
use crate::time::spoken;

use super::layout::cut;
use super::{moment, words};

/// Columns of a condition that are shown.
const MOST_CONDITION: usize = 300;

/// `soc: below 60% until 65% — soc is 71 % (3 min old)`.
pub(super) fn text(plan: &Plan<'_>, finding: &Finding<'_>) -> String {
    let condition = condition(finding);
    let seen = seen(plan, finding);
    if seen.is_empty() { condition } else { format!("{condition} — {seen}") }
}

/// The condition as written.
pub(super) fn condition(finding: &Finding<'_>) -> String {
    match (finding.text.is_empty(), finding.negated) {
        (true, _) => "none of its conditions can hold".to_owned(),
        (false, true) => format!("not ({})", cut(finding.text, MOST_CONDITION)),
        (false, false) => cut(finding.text, MOST_CONDITION),
    }
}

/// `soc is 71 % (3 min old)`; empty where no value was seen.
pub(super) fn level(plan: &Plan<'_>, finding: &Finding<'_>) -> String {
    let Seen::Value { quantity, value, age, .. } = finding.seen else { return String::new() };
    let average = observation(plan, finding).and_then(|memory| memory.average);
    let over = average.map_or(String::new(), |span| format!(" on average over {}", spoken(span)));
    let age = age.map_or(String::new(), |age| format!(" ({})", moment::age(age)));
    let value = words::value(quantity, value, &plan.policy.tariff.currency);
    format!("{} is {value}{over}{age}", words::quantity(quantity))
}

/// What was seen of it; empty where there was nothing to see.
pub(super) fn seen(plan: &Plan<'_>, finding: &Finding<'_>) -> String {
    let currency = &plan.policy.tariff.currency;
    match finding.seen {
        Seen::Calendar => calendar(plan),
        Seen::Value { held, .. } => {
            let asked = observation(plan, finding).and_then(|memory| memory.hold);
            let held = held.zip(asked).filter(|_| !finding.negated).map_or(String::new(), |(held, asked)| {
                format!(", so for {} of the {} asked", spoken(held), spoken(asked))
            });
            format!("{}{held}", level(plan, finding))
        }
        Seen::Missing { quantity: Quantity::Reading(signal), why: Unknown::NoReading, value: None, .. }
            if !plan.capability.measures(signal) =>
        {
            words::unmeasured(plan.policy.device.driver(), signal)
        }
        Seen::Missing { quantity, why, value, age } => missing(quantity, why, value.zip(age), currency),
        Seen::NotYetKnown(what) => format!("this version does not know {what} yet"),
        Seen::Nothing => String::new(),
    }
}

/// `soc 41 %, too old (12 min old)`, `no price known`.
fn missing(quantity: Quantity, why: Unknown, read: Option<(f64, Duration)>, currency: &str) -> String {
    let name = words::quantity(quantity);
    let said = |value: f64| format!("{name} {}", words::value(quantity, value, currency));
    match (why, read) {
        // Too old, and yet of no age: it is dated ahead of now.
        (Unknown::TooOld, Some((value, Duration::ZERO))) => format!("{}, dated ahead of now", said(value)),
        (_, Some((value, age))) => format!("{}, {} ({})", said(value), words::unknown(why), moment::age(age)),
        (Unknown::NoReading, None) => format!("{} of {name}", words::unknown(why)),
        (Unknown::NoPrice, None) => words::unknown(why).to_owned(),
        (_, None) => format!("{name} {}", words::unknown(why)),
    }
}

/// `it is Fri 20:41, band day`.
fn calendar(plan: &Plan<'_>) -> String {
    let local = plan.policy.zone.local(plan.inputs.now);
    let band =
        band_at(&plan.policy.tariff, plan.inputs.now, local).and_then(|band| plan.policy.tariff.import.get(band));
    let band = band.filter(|band| !band.name.is_empty()).map_or(String::new(), |band| format!(", band {}", band.name));
    format!("it is {} {} {}{band}", local.weekday(), local.date, local.time())
}

/// What the policy remembers for the condition that a finding names, if it needs memory.
pub(super) fn observation<'a>(plan: &Plan<'a>, finding: &Finding<'_>) -> Option<&'a Observation> {
    let policy = plan.policy;
    let index = policy.rules.iter().find_map(|rule| remembered(&rule.when, finding))?;
    policy.observations.get(index)
}

fn remembered(condition: &Condition, finding: &Finding<'_>) -> Option<usize> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().find_map(|part| remembered(part, finding)),
        Condition::Not(inner) => remembered(inner, finding),
        Condition::Compare(comparison) if comparison.place == *finding.place && comparison.text == finding.text => {
            comparison.observation
        }
        Condition::Compare(_) | Condition::Calendar(_) | Condition::NotYetKnown(_) => None,
    }
}
