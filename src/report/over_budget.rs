//! Days that take more writes than the policy allows, found by making their plans.

use chrono::NaiveDate;

use crate::device::{DeviceKind, Object, Store};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::rehearse::{Rehearsal, moments, rehearse, sorts_of_days};
use crate::policy::Policy;

/// How many sorts of days are lived through.
const MAX_DAYS: usize = 8;

/// Of policies with more rules than this no day is lived through: it would take too long.
const MAX_RULES: usize = 32;

/// How many of the times of a day's writes are told.
const SHOWN: usize = 8;

/// Tells of the day that takes the most writes, if it takes more than there may be.
#[must_use]
pub fn over_budget(policy: &Policy, today: NaiveDate) -> Option<Diagnostic> {
    if policy.rules.len() > MAX_RULES {
        return None;
    }
    let allowed = usize::try_from(policy.limits.writes_per_day.saturating_sub(1)).unwrap_or(usize::MAX);
    let days = sorts_of_days(policy, today, MAX_DAYS).into_iter().filter(|day| moments(policy, *day) > allowed);
    let rehearsed: Vec<Rehearsal> = days.filter_map(|day| rehearse(policy, day)).collect();
    let worst = rehearsed.into_iter().rev().max_by_key(|day| day.most().1.len())?;
    (worst.most().1.len() > allowed).then(|| diagnostic(policy, &worst, allowed))
}

fn diagnostic(policy: &Policy, day: &Rehearsal, allowed: usize) -> Diagnostic {
    let (object, writes) = day.most();
    let (limit, count, what) = (policy.limits.writes_per_day, writes.len(), noun(object));
    let message = format!(
        "{} {} takes {count} writes of {what} for what time and calendar alone ask, and `writes per day: {limit}` leaves {allowed} for it",
        day.date.format("%a"),
        day.date
    );
    let times: Vec<String> = writes.iter().take(SHOWN).map(|at| policy.zone.local(*at).time().to_string()).collect();
    let more = if count > SHOWN { ", …" } else { "" };
    let label = format!("on that day it is written at {}{more}", times.join(", "));
    let last = day.rules.last().and_then(|rule| policy.rules.get(*rule));
    let place = last.map_or(&policy.device.place, |rule| &rule.place).clone();
    let help = format!(
        "ask for fewer windows, holds or targets on one day, or raise `writes per day`: the last write of a day is left for letting go{}",
        elsewhere(policy)
    );
    Diagnostic::warning(Code("over-budget"), place, message, label).help(help)
}

/// What the windows of an object are called.
fn noun(object: Object) -> &'static str {
    match object {
        Object::Charge => "charge windows",
        Object::Discharge => "discharge windows",
        Object::Windows => "its windows",
    }
}

/// The store that holds more, where the system may have it.
fn elsewhere(policy: &Policy) -> &'static str {
    match policy.device.kind {
        DeviceKind::AlphaEss { store: None | Some(Store::TwoWindow) }
        | DeviceKind::Simulated { store: None | Some(Store::TwoWindow) } => {
            "; or, if the system has it, name the store that holds more: `store: periodic`"
        }
        DeviceKind::AlphaEss { .. } | DeviceKind::Simulated { .. } | DeviceKind::Atess(_) => "",
    }
}
