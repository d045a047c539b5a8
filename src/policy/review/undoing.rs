//! Rules that their own action switches off and on again, and values that the battery never has.

use super::super::analysis::Study;
use super::super::lower::Context;
use super::super::model::{Action, Bounds, Comparison, Condition, Policy, Quantity, Rule};
use super::super::sentence::{Measure, written};
use super::conjuncts;
use crate::diagnostic::{Code, Diagnostic};
use crate::snapshot::Signal;
use crate::units::Power;

/// What undoes a condition, and how to mend it.
struct Undoing {
    label: String,
    related: String,
    help: &'static str,
}

/// Tells of every condition that the rule's own action makes false, if what holds then makes it true again.
pub(super) fn undone(cx: &mut Context<'_>, policy: &Policy, study: Option<&Study<'_>>) {
    for (number, rule) in policy.rules.iter().enumerate() {
        for (part, condition) in conjuncts(&rule.when).into_iter().enumerate() {
            let Some((comparison, bounds)) = compared(condition) else { continue };
            let Some((undoing, turned)) = undoing(policy, rule, comparison, bounds) else { continue };
            if !study.is_none_or(|study| study.may_turn_to(number, part, turned)) {
                continue;
            }
            let message = format!("`{}` undoes this condition: the rule switches itself off and on again", rule.then);
            let place = comparison.place.clone();
            let warning = Diagnostic::warning(Code("self-undoing"), place, message, undoing.label);
            cx.push(warning.related(rule.then_place.clone(), undoing.related).help(undoing.help));
        }
    }
}

/// A comparison with the bounds within which it holds, for one that stands under `not` too.
fn compared(condition: &Condition) -> Option<(&Comparison, Bounds)> {
    match condition {
        Condition::Compare(comparison) => Some((comparison, comparison.bounds)),
        Condition::Not(inner) => match inner.as_ref() {
            Condition::Compare(comparison) if comparison.observation.is_none() => {
                let turned =
                    |edge: super::super::model::Edge| super::super::model::Edge { inclusive: !edge.inclusive, ..edge };
                let bounds = comparison.bounds;
                let one_sided = bounds.low.is_none() != bounds.high.is_none();
                let bounds = Bounds { low: bounds.high.map(turned), high: bounds.low.map(turned) };
                one_sided.then_some((comparison, bounds))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether an action is of a sort.
type Sort = fn(Action) -> bool;

/// How an action undoes a condition, and what sort of action has to follow for it to come back.
fn undoing(policy: &Policy, rule: &Rule, comparison: &Comparison, bounds: Bounds) -> Option<(Undoing, Sort)> {
    let Quantity::Reading(signal) = comparison.quantity else { return None };
    let observation = comparison.observation.and_then(|number| policy.observations.get(number));
    let until = observation.and_then(|observation| observation.until);
    match (signal, rule.then) {
        (Signal::Soc, Action::ChargeTo { target, .. }) => {
            let undone = until.is_none() && bounds.high.is_some_and(|edge| edge.value <= target.percent());
            undone.then(|| (of_charge(), releases as Sort))
        }
        (Signal::Battery, Action::ChargeTo { .. } | Action::Hold) => {
            let discharging = bounds.low.is_some_and(|edge| edge.value > 0.0 || edge.value == 0.0 && !edge.inclusive);
            let undone = discharging && until.is_none_or(|until| until >= 0.0);
            undone.then(|| (of_no_discharge(), releases as Sort))
        }
        (Signal::Grid, Action::ChargeTo { power, .. }) => {
            let most = policy.battery.charge_power;
            let drawn = power.map_or(most, |power| power.min(most));
            let end = bounds.high.map(|edge| until.unwrap_or(edge.value)).filter(|end| *end > 0.0);
            let end = end.filter(|end| drawn.watts() > *end)?;
            Some((of_draw(drawn, end), |action| !matches!(action, Action::ChargeTo { .. })))
        }
        (Signal::Grid, Action::SelfConsume { .. } | Action::DischargeTo { .. }) => {
            let importing = bounds.low.is_some_and(|edge| edge.value >= 0.0);
            let undone = importing && until.is_none_or(|until| until >= 0.0);
            undone.then(|| (of_serving(), keeps as Sort))
        }
        _ => None,
    }
}

/// Whether an action lets the battery serve the house.
fn releases(action: Action) -> bool {
    matches!(action, Action::SelfConsume { .. } | Action::DischargeTo { .. })
}

/// Whether an action keeps the battery from serving the house.
fn keeps(action: Action) -> bool {
    matches!(action, Action::ChargeTo { .. } | Action::Hold)
}

fn of_charge() -> Undoing {
    Undoing {
        label: "false as soon as the charge has come so far".to_owned(),
        related: "this changes the state of charge".to_owned(),
        help: "leave the condition out: at its target a charge stops by itself and holds; or release it later with `until`",
    }
}

fn of_no_discharge() -> Undoing {
    Undoing {
        label: "false as soon as the battery gives nothing".to_owned(),
        related: "this forbids the battery to give".to_owned(),
        help: "ask for what makes the battery give, such as `load` or `ev`: it stays as it is while the battery rests",
    }
}

fn of_draw(drawn: Power, end: f64) -> Undoing {
    Undoing {
        label: format!("false at {} from the grid", written(end, Measure::Power)),
        related: format!("this draws up to {} from the grid", written(drawn.watts(), Measure::Power)),
        help: "ask for `load` instead: the charge does not count in it; or charge `at` less power",
    }
}

fn of_serving() -> Undoing {
    Undoing {
        label: "false as soon as the battery serves the house".to_owned(),
        related: "this lets the battery serve the house".to_owned(),
        help: "ask for `load` instead: it stays as it is, whoever serves it",
    }
}

/// Tells of comparisons with values that the battery does not come to.
pub(super) fn beyond(cx: &mut Context<'_>, policy: &Policy, condition: &Condition) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| beyond(cx, policy, part)),
        Condition::Not(inner) => beyond(cx, policy, inner),
        Condition::Compare(comparison) => {
            if let Some((message, label, help)) = beyond_battery(policy, comparison) {
                let place = comparison.place.clone();
                cx.push(Diagnostic::warning(Code("beyond-battery"), place, message, label).help(help));
            }
        }
        Condition::Calendar(_) | Condition::NotYetKnown(_) => {}
    }
}

fn beyond_battery(policy: &Policy, comparison: &Comparison) -> Option<(String, &'static str, String)> {
    let Quantity::Reading(signal) = comparison.quantity else { return None };
    let battery = &policy.battery;
    let Bounds { low, high } = comparison.bounds;
    let text = format!("{}: {}", signal.word(), words(&comparison.text, signal.word()));
    let (gives, takes) = (battery.discharge_power.watts(), battery.charge_power.watts());
    match signal {
        Signal::Battery if low.is_some_and(|edge| edge.value > gives || edge.value == gives && !edge.inclusive) => {
            Some((
                format!("`{text}` is more than the battery gives: {}", battery.discharge_power),
                "beyond its discharge power",
                format!("compare with less than {}, or correct `battery: discharge power`", battery.discharge_power),
            ))
        }
        Signal::Battery if high.is_some_and(|edge| edge.value < -takes || edge.value == -takes && !edge.inclusive) => {
            Some((
                format!("`{text}` is more than the battery takes: {}", battery.charge_power),
                "beyond its charge power; `-` is charge",
                format!("compare with less than {}, or correct `battery: charge power`", battery.charge_power),
            ))
        }
        Signal::Soc if high.is_some_and(|edge| below(edge.value, edge.inclusive, battery.reserve.percent())) => Some((
            format!("`{text}` lies below the reserve of {}, where no command takes the battery", battery.reserve),
            "true only if the battery empties by itself",
            format!("compare with more than {}, or lower `battery: reserve`", battery.reserve),
        )),
        _ => None,
    }
}

fn below(value: f64, inclusive: bool, reserve: f64) -> bool {
    value < reserve || value == reserve && !inclusive
}

/// A comparison's words without its key.
fn words<'t>(text: &'t str, key: &str) -> &'t str {
    text.strip_prefix(key).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(text)
}
