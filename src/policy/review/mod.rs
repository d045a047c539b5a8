//! What a policy asks beside what its device can do, and rules that cannot mean what they say.

mod floors;
mod guards;
mod measured;
mod windows;

use super::lower::Context;
use super::model::{Action, CalendarCondition, Condition, Policy, Quantity, Rule};
use super::refusal::{read_only, refusal};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::snapshot::Signal;

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
            windows::too_many(cx, &capability, held, policy);
            guards::ceiling(cx, &capability, policy);
            guards::reserve(cx, &capability, held, policy);
            floors::shared(cx, &capability, held, policy, otherwise.as_ref());
        }
        None => never_written(cx, policy),
    }
    measured::nothing_mapped(cx, policy);
    for rule in &policy.rules {
        measured::conditions(cx, &capability, policy, &rule.when);
        undoes_itself(cx, rule);
    }
    hidden(cx, policy);
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

/// Tells of a charge that switches its own rule off at its target or before, to begin again soon after.
fn undoes_itself(cx: &mut Context<'_>, rule: &Rule) {
    let Action::ChargeTo { target, .. } = rule.then else { return };
    for condition in conjuncts(&rule.when) {
        let Condition::Compare(comparison) = condition else { continue };
        let bounded = comparison.bounds.high.is_some_and(|edge| edge.value <= target.percent());
        if comparison.quantity == Quantity::Reading(Signal::Soc) && comparison.observation.is_none() && bounded {
            let message = format!("`{}` undoes this condition: the rule switches itself off and on again", rule.then);
            let warning = Diagnostic::warning(
                Code("self-undoing"),
                comparison.place.clone(),
                message,
                "false as soon as the charge has come so far",
            );
            let warning = warning.related(rule.then_place.clone(), "this changes the state of charge");
            cx.push(warning.help("leave the condition out: at its target a charge stops by itself and holds; or release it later with `until`"));
        }
    }
}

/// Tells of rules that never win, because a rule above them holds whenever they do.
fn hidden(cx: &mut Context<'_>, policy: &Policy) {
    let asked: Vec<Vec<Asked<'_>>> =
        policy.rules.iter().map(|rule| conjuncts(&rule.when).into_iter().map(asked).collect()).collect();
    for (number, (rule, own)) in policy.rules.iter().zip(&asked).enumerate() {
        let mut above = policy.rules.iter().zip(&asked).take(number);
        let covers = |others: &[Asked<'_>]| others.iter().all(|other| own.iter().any(|one| covers(other, one)));
        let hiding = above.find(|(hiding, others)| !may_be_unknown(hiding.then) && covers(others));
        let Some((hiding, _)) = hiding else { continue };
        let message = format!("the rule `{}` never wins", rule.name);
        let warning =
            Diagnostic::warning(Code("hidden-rule"), rule.place.clone(), message, "hidden by a rule above it");
        let warning =
            warning.related(hiding.place.clone(), "whenever the other holds, this one does too, and it comes first");
        cx.push(warning.help("the first rule whose conditions all hold wins: put the narrower rule first"));
    }
}

/// Whether a rule with this action may hold and yet not win, because what it comes to is not known.
fn may_be_unknown(action: Action) -> bool {
    matches!(action, Action::ChargeToCover { .. } | Action::FollowPlan)
}

/// What one condition asks: its calendar keys, or else its meaning in words.
struct Asked<'p> {
    calendar: Option<&'p CalendarCondition>,
    meaning: String,
}

fn asked(condition: &Condition) -> Asked<'_> {
    Asked { calendar: as_calendar(condition), meaning: meaning(condition) }
}

/// Whether the first surely holds whenever the second does.
fn covers(wide: &Asked<'_>, narrow: &Asked<'_>) -> bool {
    let (Some(one), Some(other)) = (wide.calendar, narrow.calendar) else { return wide.meaning == narrow.meaning };
    let same_windows = one.test.windows == other.test.windows && one.bands == other.bands;
    let bands = one.bands.is_empty() || one.bands == other.bands;
    let windows = one.test.windows.is_empty() || one.test.windows == other.test.windows;
    let every_day = one.test.days.is_empty() && one.test.months.is_none() && one.test.dates.is_empty();
    // Day tests are judged on the day on which the window began, so they compare only beside the same windows and bands.
    let days = one.test.days.is_empty() || one.test.days == other.test.days;
    let months = one.test.months.is_none() || one.test.months == other.test.months;
    let dates = one.test.dates.is_empty() || one.test.dates == other.test.dates;
    bands && windows && every_day || same_windows && days && months && dates
}

/// The conditions that must all hold.
fn conjuncts(condition: &Condition) -> Vec<&Condition> {
    match condition {
        Condition::All(all) => all.iter().flat_map(conjuncts).collect(),
        other => vec![other],
    }
}

fn as_calendar(condition: &Condition) -> Option<&CalendarCondition> {
    match condition {
        Condition::Calendar(calendar) => Some(calendar),
        _ => None,
    }
}

/// What a condition asks, without the place where it does so.
fn meaning(condition: &Condition) -> String {
    let list = |conditions: &[Condition]| conditions.iter().map(meaning).collect::<Vec<String>>().join(", ");
    match condition {
        Condition::All(all) => format!("all [{}]", list(all)),
        Condition::Any(any) => format!("any [{}]", list(any)),
        Condition::Not(inner) => format!("not [{}]", meaning(inner)),
        Condition::Calendar(calendar) => format!("{:?} {:?}", calendar.bands, calendar.test),
        Condition::Compare(one) => format!("{:?} {:?} {:?}", one.quantity, one.bounds, one.observation),
        Condition::NotYetKnown(one) => one.text.clone(),
    }
}
