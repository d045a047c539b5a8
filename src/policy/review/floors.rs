//! Floors that differ from hour to hour, beside a store that has one for all.

use super::super::lower::Context;
use super::super::model::{Action, Condition, Policy};
use super::super::refusal::{or_periodic, refusal, subject};
use super::conjuncts;
use crate::device::Capability;
use crate::device::capability::{Level, WindowCapability};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::units::Soc;

/// Tells of each floor that a lower one of the same day takes with it.
pub(super) fn shared(
    cx: &mut Context<'_>,
    capability: &Capability,
    windows: &WindowCapability,
    policy: &Policy,
    otherwise: Option<&Place>,
) {
    if !matches!(windows.floor, Level::Shared { .. }) {
        return;
    }
    let rules = policy.rules.iter().filter(|rule| within_days(&rule.when));
    let rules = rules.filter_map(|rule| Some((floor(policy, rule.then)?, Some(&rule.then_place))));
    let rest = floor(policy, policy.otherwise).map(|floor| (floor, otherwise));
    let asked: Vec<(Soc, Option<&Place>)> = rules.chain(rest).collect();
    let Some((lowest, low)) = asked.iter().copied().reduce(|one, two| if two.0 < one.0 { two } else { one }) else {
        return;
    };
    for (floor, place) in asked.iter().filter_map(|(floor, place)| Some((*floor, (*place)?))) {
        if floor <= lowest {
            continue;
        }
        let subject = subject(policy, capability);
        let message = format!("{subject} holds one floor for all hours: {lowest} where both are asked within a day");
        let label = format!("not held at {floor} on such a day");
        let warning = Diagnostic::warning(Code("shared-floor"), place.clone(), message, label);
        let warning = match low {
            Some(low) => warning.related(low.clone(), "a lower floor is asked here"),
            None => warning,
        };
        let help = format!(
            "keep more with `hold` in a rule with `soc: at most {}%`{}",
            floor.percent(),
            or_periodic(policy, "has a floor for each window")
        );
        cx.push(warning.help(help));
    }
}

/// How far down an action lets the battery serve the house; `None` if it does not.
fn floor(policy: &Policy, action: Action) -> Option<Soc> {
    let reserve = policy.battery.reserve;
    match action {
        _ if refusal(action, policy).is_some() => None,
        Action::SelfConsume { floor } => Some(floor.map_or(reserve, |floor| floor.max(reserve))),
        Action::DischargeTo { floor, .. } => Some(floor.max(reserve)),
        Action::ChargeTo { .. } | Action::ChargeToCover { .. } | Action::FollowPlan | Action::Hold => None,
    }
}

/// Whether a rule may begin or end within a day: it asks for more than what sort of day it is.
fn within_days(condition: &Condition) -> bool {
    conjuncts(condition).into_iter().any(|part| match part {
        Condition::Calendar(calendar) => !calendar.bands.is_empty() || !calendar.test.windows.is_empty(),
        _ => true,
    })
}
