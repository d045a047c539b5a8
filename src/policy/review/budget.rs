//! Days that need more writes than the policy allows, as far as the calendar alone decides.

use super::super::analysis::{Charge, ChargeDay};
use super::super::lower::Context;
use super::super::model::Policy;
use super::super::refusal::or_periodic;
use crate::device::Capability;
use crate::device::capability::{Level, WindowCapability};
use crate::diagnostic::{Code, Diagnostic};

/// Tells of the day that needs the most writes of charge windows, if it needs more than there may be.
///
/// A write puts as many charges on the device as it holds, under one target if it has but one. What comes after them takes
/// another, and a day that is followed by one like it begins anew. It is a least number: what readings decide comes on top.
pub(super) fn too_many_writes(
    cx: &mut Context<'_>,
    capability: &Capability,
    windows: &WindowCapability,
    policy: &Policy,
    days: &[ChargeDay],
) {
    let needs = days.iter().map(|day| (needed(day, windows), day));
    let Some((needed, day)) = needs.rev().max_by_key(|(needed, _)| *needed) else { return };
    let limit = policy.limits.writes_per_day;
    let allowed = usize::try_from(limit.saturating_sub(1)).unwrap_or(usize::MAX);
    let last = day.charges.last().and_then(|charge| policy.rules.get(charge.rule));
    let Some(rule) = last.filter(|_| needed > allowed) else { return };
    let store = capability.store.name();
    let message = format!(
        "{} {} needs at least {needed} writes of charge windows, and `writes per day: {limit}` leaves {allowed} for them",
        day.date.format("%a"),
        day.date
    );
    let label = format!("the last of {} charges; the {store} holds {}", day.charges.len(), held(windows));
    let warning = Diagnostic::warning(Code("over-budget"), rule.place.clone(), message, label);
    let help = format!(
        "ask for fewer windows, or for one target, or raise `writes per day`: the last write of a day is left for \
         taking a charge away{}",
        or_periodic(policy, "holds more")
    );
    cx.push(warning.help(help));
}

fn held(windows: &WindowCapability) -> String {
    match windows.target {
        Level::Shared { .. } => format!("{} at a time, with one target", windows.charge),
        _ => format!("{} at a time", windows.charge),
    }
}

/// How many writes a day takes at the least.
fn needed(day: &ChargeDay, windows: &WindowCapability) -> usize {
    let groups = groups(&day.charges, windows);
    match (groups, day.repeats) {
        // One that holds all of the day's charges stays as it is.
        (0 | 1, _) => 0,
        (groups, true) => groups,
        (groups, false) => groups - 1,
    }
}

/// Into how few groups the charges of a day fall that the device can hold at once.
fn groups(charges: &[Charge], windows: &WindowCapability) -> usize {
    let grid = i64::from(windows.grid_minutes.max(1));
    let seen = |charge: &&Charge| (charge.from + grid - 1) / grid < charge.until / grid;
    let mut groups = 0;
    let mut group: Option<(&Charge, u8)> = None;
    for charge in charges.iter().filter(seen) {
        let joins = |(first, count): &(&Charge, u8)| {
            let alike = first.target == charge.target || !matches!(windows.target, Level::Shared { .. });
            alike && *count < windows.charge
        };
        group = match group.filter(joins) {
            Some((first, count)) => Some((first, count + 1)),
            None => {
                groups += 1;
                Some((charge, 1))
            }
        };
    }
    groups
}
