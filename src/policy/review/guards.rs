//! Reserve and ceiling, which hold whatever a rule says, beside what the device can be told of them.

use super::super::lower::Context;
use super::super::model::{Action, Policy};
use super::super::refusal::subject;
use crate::device::Capability;
use crate::device::capability::{Level, WindowCapability};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::units::Soc;

/// Tells where reserve, ceiling and the device's own limit will bound an action.
pub(super) fn bounded(cx: &mut Context<'_>, capability: &Capability, policy: &Policy, action: Action, place: &Place) {
    let (reserve, ceiling) = (policy.battery.reserve, policy.battery.ceiling);
    let target_level = capability.windows.map(|windows| windows.target);
    let least = target_level.and_then(Level::least).unwrap_or_default();
    let mut tell = |code: &'static str, message: String, help: &str| {
        cx.push(Diagnostic::warning(Code(code), place.clone(), message, "will be bounded").help(help));
    };
    match action {
        Action::ChargeTo { target, .. } if target > ceiling => {
            tell(
                "above-ceiling",
                format!("the ceiling holds: this charges to {ceiling}, not to {target}"),
                "raise `battery: ceiling`, or lower the target",
            );
        }
        Action::ChargeTo { target, .. } if above_own(target_level, target) => {
            tell(
                "own-limit",
                format!("{} charges to {least} % by a limit of its own, not to {target}", subject(policy, capability)),
                "lower the target; or raise the limit on the device, and say so under `charges to`",
            );
        }
        Action::SelfConsume { floor: Some(floor) } | Action::DischargeTo { floor, .. } if floor < reserve => {
            tell(
                "below-reserve",
                format!("the reserve holds: this goes down to {reserve}, not to {floor}"),
                "lower `battery: reserve`, or raise the floor",
            );
        }
        Action::ChargeTo { target, .. } if target < reserve && target.percent() >= f64::from(least) => {
            tell(
                "below-reserve",
                format!("the target of {target} lies below the reserve of {reserve}"),
                "raise the target: the battery is never commanded below its reserve",
            );
        }
        _ => {}
    }
}

/// Whether a target lies above the limit to which the device charges by itself.
fn above_own(level: Option<Level>, target: Soc) -> bool {
    matches!(level, Some(Level::Fixed(own)) if target.percent() > f64::from(own))
}

/// The sun may pass a ceiling that the device cannot hold.
pub(super) fn ceiling(cx: &mut Context<'_>, capability: &Capability, policy: &Policy) {
    let passed = policy.battery.ceiling < Soc::FULL && !capability.stops_sun;
    if let Some(place) = cx.ceiling.clone().filter(|_| passed) {
        let message = format!("the ceiling of {} bounds charging from the grid only", policy.battery.ceiling);
        let label = format!("{} cannot stop the sun from charging", policy.device.driver().name());
        let warning = Diagnostic::warning(Code("ceiling-grid-only"), place, message, label);
        cx.push(warning.help("leave `ceiling` out if that is not what you want to say"));
    }
}

/// Tells of a reserve that stands in the policy and that the device cannot be told.
pub(super) fn reserve(cx: &mut Context<'_>, capability: &Capability, windows: &WindowCapability, policy: &Policy) {
    let Some(place) = cx.reserve.clone() else { return };
    let (reserve, subject) = (policy.battery.reserve, subject(policy, capability));
    let (message, label, help) = match windows.floor {
        Level::Shared { least } | Level::Each { least } if reserve.percent() < f64::from(least) => (
            format!("{subject} takes no floor below {least} %, so the reserve of {reserve} is not what it keeps"),
            format!("the device keeps {least} %"),
            format!("write `reserve: {least}%`"),
        ),
        Level::Shared { .. } | Level::Each { .. } => return,
        Level::Fixed(_) | Level::Unknown => (
            format!("{subject} cannot be told how far to discharge, so it does not know the reserve of {reserve}"),
            "its floor is set on the device alone".to_owned(),
            "set the floor on the device, and leave `reserve` out".to_owned(),
        ),
    };
    cx.push(Diagnostic::warning(Code("reserve-not-held"), place, message, label).help(help));
}
