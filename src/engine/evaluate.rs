//! The decision of one moment.

use crate::policy::Policy;
use crate::policy::model::{Action, Battery};

use super::{Command, Decision, Memory, Situation, Source, View};

/// What holds at one moment: the owner's manual command, else the first rule that fires, else what the policy says
/// otherwise; within the guards of the battery.
#[must_use]
pub fn evaluate(policy: &Policy, situation: &Situation<'_>, memory: &Memory) -> Decision {
    decide(&View::new(policy, situation, memory))
}

/// The decision of a moment that is already laid out.
pub(crate) fn decide(view: &View<'_>) -> Decision {
    manual(view).or_else(|| first_rule(view)).unwrap_or_else(|| otherwise(view.policy))
}

/// An action as a command within the guards: no target above the ceiling, no floor below the reserve. `None` where what
/// it comes to is not said by the action alone.
#[must_use]
pub fn guarded(battery: &Battery, action: Action) -> Option<Command> {
    Some(match action {
        Action::ChargeTo { target, power } => Command::ChargeTo { target: target.min(battery.ceiling), power },
        Action::ChargeToCover { .. } | Action::FollowPlan => return None,
        Action::Hold => Command::Hold,
        Action::SelfConsume { floor } => {
            Command::SelfConsume { floor: floor.unwrap_or(battery.reserve).max(battery.reserve) }
        }
        Action::DischargeTo { floor, power } => Command::DischargeTo { floor: floor.max(battery.reserve), power },
    })
}

/// The manual command while it stands. One that comes to nothing known leaves the rules in force.
fn manual(view: &View<'_>) -> Option<Decision> {
    let manual = view.situation.standing_override()?;
    view.command(manual.action).ok().map(|command| Decision { source: Source::Override, command })
}

fn first_rule(view: &View<'_>) -> Option<Decision> {
    decision_of(view, view.policy.rules.iter().position(|rule| view.fires(rule) == Ok(true))?)
}

/// What a rule that fires decides.
pub(super) fn decision_of(view: &View<'_>, index: usize) -> Option<Decision> {
    let command = view.command(view.policy.rules.get(index)?.then).ok()?;
    Some(Decision { source: Source::Rule(index), command })
}

/// Where no rule holds. What cannot be known becomes the device's own way.
pub(super) fn otherwise(policy: &Policy) -> Decision {
    let own_way = Command::SelfConsume { floor: policy.battery.reserve };
    let command = guarded(&policy.battery, policy.otherwise).unwrap_or(own_way);
    Decision { source: Source::Otherwise, command }
}
