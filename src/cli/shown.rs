//! A plan as the verbs show it: on the screen and as data.

use serde_json::Value;

use super::terminal;
use crate::device::Settings;
use crate::plan::Plan;
use crate::policy::Policy;
use crate::report::{self, Device};
use crate::runner;

/// The plan screen.
pub fn text(plan: &Plan<'_>, closing: &str) -> String {
    report::plan_text(plan, &device(plan.policy), closing, terminal::style())
}

/// The plan as data.
pub fn json(plan: &Plan<'_>) -> Value {
    let spec = &plan.policy.device;
    report::plan_json(plan, &device(plan.policy), &|settings: &Settings| runner::payload(settings, spec))
}

fn device(policy: &Policy) -> Device<'_> {
    Device { name: policy.device.driver().name(), serial: &policy.device.serial }
}
