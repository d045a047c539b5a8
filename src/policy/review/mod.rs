//! What a policy asks beside what its device can do, and rules that cannot mean what they say.

mod budget;
mod clock;
mod floors;
mod guards;
mod many;
mod measured;
mod never;
mod undoing;
mod windows;

use super::analysis::{Study, conjuncts, verdicts};
use super::lower::Context;
use super::model::{Action, Policy};
use super::refusal::{read_only, refusal};
use crate::diagnostic::{Code, Diagnostic, Place};

pub use clock::clock_changes;

/// An action with the place where it stands.
type Placed = (Action, Place);

/// Looks at a policy whose parts are all valid.
pub(super) fn review(cx: &mut Context<'_>, policy: &Policy, otherwise: Option<Place>) {
    let capability = policy.device.capability();
    let rules = policy.rules.iter().map(|rule| (rule.then, rule.then_place.clone()));
    let actions: Vec<Placed> = rules.chain(otherwise.clone().map(|place| (policy.otherwise, place))).collect();
    match &capability.windows {
        Some(held) => {
            for (action, place) in &actions {
                if possible(cx, policy, *action, place) {
                    guards::bounded(cx, &capability, policy, *action, place);
                }
            }
            windows::off_grid(cx, &capability, held);
            many::too_many(cx, &capability, held, policy, otherwise.as_ref());
            guards::ceiling(cx, &capability, policy);
            guards::reserve(cx, &capability, held, policy);
            floors::shared(cx, &capability, held, policy, otherwise.as_ref());
        }
        None => never_written(cx, policy),
    }
    measured::nothing_mapped(cx, policy);
    for rule in &policy.rules {
        measured::conditions(cx, &capability, policy, &rule.when);
        undoing::beyond(cx, policy, &rule.when);
    }
    let study = Study::of(policy);
    undoing::undone(cx, policy, study.as_ref());
    never::never_winning(cx, policy, verdicts(policy, study.as_ref()));
    let Some(study) = study else { return };
    if let Some(held) = &capability.windows {
        budget::too_many_writes(cx, &capability, held, policy, &study.charge_days());
    }
}

/// Whether the device can do it; else refuses it, and says what it can do.
fn possible(cx: &mut Context<'_>, policy: &Policy, action: Action, place: &Place) -> bool {
    let Some(refusal) = refusal(action, policy) else { return true };
    let error = Diagnostic::error(Code("cannot-do"), place.clone(), refusal.message, refusal.label);
    cx.push(error.help(refusal.instead));
    false
}

/// Tells that nothing of the policy is ever sent.
fn never_written(cx: &mut Context<'_>, policy: &Policy) {
    if let Some(refusal) = read_only(policy) {
        let place = policy.device.place.clone();
        let warning = Diagnostic::warning(Code("read-only"), place, refusal.message, refusal.label);
        cx.push(warning.help(refusal.instead));
    }
}
