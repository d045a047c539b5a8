//! Conditions on what the device does not measure.

use super::super::lower::Context;
use super::super::model::{Condition, Policy, Quantity};
use crate::device::{Capability, DeviceKind, Driver};
use crate::diagnostic::{Code, Diagnostic};
use crate::snapshot::Signal;

/// Tells of an ATESS of which no reading is mapped.
pub(super) fn nothing_mapped(cx: &mut Context<'_>, policy: &Policy) {
    let DeviceKind::Atess(_) = policy.device.kind else { return };
    if policy.device.capability().readings.is_empty() {
        let message = "nothing of this ATESS is read: the policy maps no readings";
        let label = "expected `readings` in it";
        let warning = Diagnostic::warning(Code("no-readings"), policy.device.place.clone(), message, label);
        cx.push(warning.help("`offpeak calibrate` watches the device for an hour and proposes them"));
    }
}

/// Tells of every comparison with a signal that the device does not measure.
pub(super) fn conditions(cx: &mut Context<'_>, capability: &Capability, policy: &Policy, condition: &Condition) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| conditions(cx, capability, policy, part));
        }
        Condition::Not(inner) => conditions(cx, capability, policy, inner),
        Condition::Compare(comparison) => {
            let Quantity::Reading(signal) = comparison.quantity else { return };
            if capability.measures(signal) {
                return;
            }
            let driver = policy.device.driver();
            let message = format!(
                "this {} reports no {}, so this condition is never known to hold",
                driver.name(),
                signal.noun()
            );
            let place = comparison.place.clone();
            let warning = Diagnostic::warning(Code("not-measured"), place, message, "always unknown");
            cx.push(warning.help(mend(driver, signal)));
        }
        Condition::Calendar(_) | Condition::NotYetKnown(_) => {}
    }
}

fn mend(driver: Driver, signal: Signal) -> &'static str {
    match (driver, signal) {
        (Driver::Atess, Signal::Soc) => {
            "say where it comes from under `device: readings: soc`: from the voltage, or by counting"
        }
        (Driver::Atess, Signal::Solar | Signal::Load | Signal::Grid | Signal::Battery) => {
            "map it under `device: readings`; `offpeak calibrate` proposes how"
        }
        (Driver::Atess, Signal::Ev) | (Driver::AlphaEss | Driver::Simulated, _) => {
            "leave the condition out: a rule does not fire while what it needs is unknown"
        }
    }
}
