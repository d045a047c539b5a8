//! What a device cannot do of an action, and what to ask of it instead: `check` and `override` say the same.

use super::model::{Action, Policy};
use crate::device::capability::{Level, WindowCapability};
use crate::device::{Capability, DeviceKind, Driver, Store};
use crate::snapshot::Signal;
use crate::units::Soc;

/// Why an action is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What the device cannot do, as a sentence without a full stop.
    pub message: String,
    /// The same in a few words, to stand under the action.
    pub label: &'static str,
    /// What to ask instead.
    pub instead: String,
}

/// Why the device of a policy cannot carry out an action; `None` if it can, or if it is never written at all.
#[must_use]
pub fn refusal(action: Action, policy: &Policy) -> Option<Refusal> {
    let capability = policy.device.capability();
    let windows = capability.windows?;
    match action {
        Action::ChargeTo { target, power } => {
            let unset = power.filter(|_| !capability.charge_power).map(|_| no_power(action, policy, &capability));
            target_refusal(target, policy, &capability, windows).or(unset)
        }
        Action::ChargeToCover { power: Some(_), .. } if !capability.charge_power => {
            Some(no_power(action, policy, &capability))
        }
        Action::DischargeTo { floor, .. } if !capability.forced_discharge => {
            Some(no_export(floor, policy, &capability, windows))
        }
        Action::SelfConsume { floor: Some(floor) } | Action::DischargeTo { floor, .. } => {
            floor_refusal(floor, policy, &capability, windows)
        }
        Action::FollowPlan => no_plan(policy, &capability, windows),
        Action::Hold if !capability.hold => Some(no_hold(policy, &capability, windows)),
        Action::Hold | Action::SelfConsume { floor: None } | Action::ChargeToCover { .. } => None,
    }
}

/// Why nothing is ever written to the device of a policy; `None` if it is.
#[must_use]
pub fn read_only(policy: &Policy) -> Option<Refusal> {
    (!policy.device.capability().can_write()).then(|| Refusal {
        message: format!("this {} is never written: the policy maps no settings", policy.device.driver().name()),
        label: "every action is shown, and none is sent",
        instead: "map `settings:` under `device` once you know what the keys of the vendor mean".to_owned(),
    })
}

/// What is spoken of: `the two-window store of AlphaESS`, `this ATESS`.
pub(super) fn subject(policy: &Policy, capability: &Capability) -> String {
    let device = policy.device.driver();
    match device {
        Driver::Atess => format!("this {}", device.name()),
        Driver::AlphaEss | Driver::Simulated => format!("the {} of {}", capability.store.name(), device.name()),
    }
}

/// Points to the other store of the vendor, where that can do what this one cannot and the policy leaves the choice.
pub(super) fn or_periodic(policy: &Policy, can: &str) -> String {
    match policy.device.kind {
        DeviceKind::AlphaEss { store: None | Some(Store::TwoWindow) }
        | DeviceKind::Simulated { store: None | Some(Store::TwoWindow) } => {
            format!("; or, if the system has it, name the one that {can}: `store: periodic`")
        }
        DeviceKind::AlphaEss { .. } | DeviceKind::Simulated { .. } | DeviceKind::Atess(_) => String::new(),
    }
}

fn no_power(action: Action, policy: &Policy, capability: &Capability) -> Refusal {
    let without = match action {
        Action::ChargeTo { target, .. } => Action::ChargeTo { target, power: None },
        Action::ChargeToCover { until, .. } => Action::ChargeToCover { until, power: None },
        other => other,
    };
    Refusal {
        message: format!("{} cannot set the power of a charge", subject(policy, capability)),
        label: "this device charges as fast as it can",
        instead: format!("write `{without}`{}", or_periodic(policy, "can")),
    }
}

fn no_export(floor: Soc, policy: &Policy, capability: &Capability, windows: WindowCapability) -> Refusal {
    let serve = Action::SelfConsume { floor: Some(floor) };
    let instead = if floor_refusal(floor, policy, capability, windows).is_none() {
        format!("write `{serve}`: the battery covers the house's load down to there")
    } else {
        "write `self-consume`: the battery covers the house's load, down to the device's own floor".to_owned()
    };
    Refusal {
        message: format!("{} cannot force energy out of the battery", subject(policy, capability)),
        label: "this device only serves the house",
        instead,
    }
}

/// What `follow the cheapest plan` needs and this policy or its device lacks.
fn no_plan(policy: &Policy, capability: &Capability, windows: WindowCapability) -> Option<Refusal> {
    let subject = subject(policy, capability);
    let unmeasured =
        [Signal::Soc, Signal::Load, Signal::Solar].into_iter().find(|signal| !capability.measures(*signal));
    if let Some(signal) = unmeasured {
        return Some(Refusal {
            message: format!("the plan needs the {}, which {subject} does not tell", signal.noun()),
            label: "would never be known",
            instead: format!("map `{}:` under `device: readings`, or write a charge by the clock", signal.word()),
        });
    }
    if policy.tariff.import.is_empty() {
        return Some(Refusal {
            message: "the plan goes by prices, and this policy names none of import".to_owned(),
            label: "would never be known",
            instead: "say what a kWh costs: `tariff: { import: … }`".to_owned(),
        });
    }
    if matches!(windows.target, Level::Fixed(_) | Level::Unknown) {
        return Some(Refusal {
            message: format!("the plan says how far to charge, and {subject} cannot be told"),
            label: "no target can be set",
            instead: "write a charge by the clock, to what the device charges to".to_owned(),
        });
    }
    (!capability.hold).then(|| no_hold(policy, capability, windows))
}

fn no_hold(policy: &Policy, capability: &Capability, windows: WindowCapability) -> Refusal {
    let instead = match windows.floor {
        Level::Shared { .. } | Level::Each { .. } => {
            "write `self-consume` with a floor: `self-consume down to 80%`".to_owned()
        }
        Level::Fixed(_) | Level::Unknown => {
            "write `self-consume`; or, if it has periods outside which it does not discharge, map them under \
             `device: settings: permission`"
                .to_owned()
        }
    };
    let message = format!("{} cannot forbid discharge", subject(policy, capability));
    Refusal { message, label: "cannot be held", instead }
}

/// A target that the device cannot be given, or would pass.
fn target_refusal(target: Soc, policy: &Policy, capability: &Capability, windows: WindowCapability) -> Option<Refusal> {
    let subject = subject(policy, capability);
    match windows.target {
        Level::Shared { least } | Level::Each { least } => (target.percent() < f64::from(least)).then(|| Refusal {
            message: format!("{subject} takes no charge target below {least} %"),
            label: "too low a target",
            instead: format!("write `charge to {least}%`, or `hold` to keep what is there"),
        }),
        Level::Fixed(own) if target.percent() < f64::from(own) => Some(Refusal {
            message: format!("{subject} charges to {own} % by a limit of its own, which is not written"),
            label: "would be passed",
            instead: set_limit(target, Some(own).filter(|own| policy.battery.ceiling.percent() >= f64::from(*own))),
        }),
        Level::Fixed(own) if policy.battery.ceiling.percent() < f64::from(own) => Some(Refusal {
            message: format!(
                "{subject} charges to {own} % by a limit of its own, above the ceiling of {}",
                policy.battery.ceiling
            ),
            label: "would pass the ceiling",
            instead: format!("{}; or leave `ceiling` out", set_limit(policy.battery.ceiling, None)),
        }),
        Level::Fixed(_) | Level::Unknown => None,
    }
}

/// How a device stops at a level that it cannot be told, or what it can do as it is.
fn set_limit(level: Soc, own: Option<u8>) -> String {
    let set = format!("set the limit on the device, and say so: `charges to: {}%`", level.percent().floor().max(1.0));
    own.map_or(set.clone(), |own| format!("write `charge to {own}%`; or {set}"))
}

/// A floor that the device cannot be given.
fn floor_refusal(floor: Soc, policy: &Policy, capability: &Capability, windows: WindowCapability) -> Option<Refusal> {
    let subject = subject(policy, capability);
    let bounded = floor.max(policy.battery.reserve);
    match windows.floor {
        Level::Shared { least } | Level::Each { least } => (bounded.percent() < f64::from(least)).then(|| Refusal {
            message: format!("{subject} takes no floor below {least} %"),
            label: "too low a floor",
            instead: format!("write `self-consume down to {least}%`"),
        }),
        Level::Fixed(_) | Level::Unknown => Some(Refusal {
            message: format!("{subject} cannot be told how far to discharge"),
            label: "its floor is set on the device alone",
            instead: format!("write `self-consume`, and set the floor on the device{}", or_hold(bounded, capability)),
        }),
    }
}

/// Holding below a level keeps it too, where both can be done.
fn or_hold(floor: Soc, capability: &Capability) -> String {
    if capability.hold && capability.measures(Signal::Soc) {
        format!("; or `hold` in a rule with `soc: at most {}`", percent(floor))
    } else {
        String::new()
    }
}

/// `90%`, as a policy has it.
fn percent(soc: Soc) -> String {
    format!("{}%", soc.percent())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{load, parse_action};

    const ATESS: &str = include_str!("../../rules/atess-night.yaml");
    const PERIODIC: &str = include_str!("../../rules/periodic-week.yaml");
    const TWO_WINDOW: &str = include_str!("../../rules/simulated-home.yaml");

    fn policy(text: &str) -> Policy {
        load("home.yaml", text).policy.expect("a policy")
    }

    /// The pieces of an instead that are actions.
    fn proposed(instead: &str) -> Vec<Action> {
        instead.split('`').skip(1).step_by(2).filter_map(|words| parse_action(words).ok()).collect()
    }

    #[test]
    fn what_is_proposed_instead_can_be_done() {
        let without_permission = ATESS.lines().filter(|line| !line.contains("permission:") && !line.contains("hold"));
        let without_permission = without_permission.collect::<Vec<_>>().join("\n");
        let mut refused = 0;
        for text in [ATESS, PERIODIC, TWO_WINDOW, &without_permission] {
            let loaded = load("home.yaml", text);
            let Some(policy) = loaded.policy else { continue };
            for words in [
                "charge to 5%",
                "charge to 80%",
                "charge to 80% at 3 kW",
                "discharge to 30%",
                "hold",
                "self-consume",
                "self-consume down to 2%",
                "self-consume down to 30%",
            ] {
                let action = parse_action(words).expect("an action");
                let Some(refusal) = refusal(action, &policy) else { continue };
                refused += 1;
                let proposed = proposed(&refusal.instead);
                assert!(!proposed.is_empty(), "{words}: {}", refusal.instead);
                for instead in proposed {
                    assert_eq!(super::refusal(instead, &policy), None, "{words}: {}", refusal.instead);
                }
            }
        }
        assert!(refused >= 8, "{refused}");
    }

    #[test]
    fn each_refusal_says_what_the_device_is() {
        let check = |text: &str, words: &str, expect: Option<&str>| {
            let action = parse_action(words).expect("an action");
            let found = refusal(action, &policy(text)).map(|refusal| refusal.message);
            assert_eq!(found.as_deref(), expect, "{words}");
        };
        check(ATESS, "charge to 80%", Some("this ATESS charges to 100 % by a limit of its own, which is not written"));
        check(ATESS, "charge to 100%", None);
        check(ATESS, "self-consume down to 30%", Some("this ATESS cannot be told how far to discharge"));
        check(ATESS, "discharge to 30%", Some("this ATESS cannot force energy out of the battery"));
        check(ATESS, "charge to 100% at 3 kW", Some("this ATESS cannot set the power of a charge"));
        check(PERIODIC, "charge to 90% at 3 kW", None);
        check(PERIODIC, "charge to 5%", Some("the periodic store of AlphaESS takes no charge target below 10 %"));
        check(
            TWO_WINDOW,
            "charge to 90% at 3 kW",
            Some("the two-window store of simulated AlphaESS cannot set the power of a charge"),
        );
        let lower = ATESS.replace("charges to: 100%", "charges to: 95%").replace("charge to 100%", "charge to 95%");
        check(&lower, "charge to 95%", None);
        check(&lower, "charge to 94%", Some("this ATESS charges to 95 % by a limit of its own, which is not written"));
    }

    #[test]
    fn a_device_without_settings_is_never_written() {
        let start = ATESS.find("  settings:").expect("settings");
        let end = ATESS.find("\nbattery:").expect("a battery");
        let policy = policy(&format!("{}{}", &ATESS[..start], &ATESS[end..]));
        assert_eq!(
            read_only(&policy).map(|refusal| refusal.message),
            Some("this ATESS is never written: the policy maps no settings".to_owned())
        );
        assert_eq!(refusal(Action::Hold, &policy), None);
    }
}
