//! The instants at which the calendar of a policy may change its mind.

use std::time::Duration;

use crate::policy::Policy;
use crate::policy::model::Condition;
use crate::time::{CalendarTest, ClockTime, Instant, Zone, after, before};

use super::bands::asks_for_days;

/// How far around a span the clock's changes matter: a window's ends are looked for on a day on either side.
const SLACK: Duration = Duration::from_secs(2 * 86_400);

/// Seconds in a day of 24 hours.
const DAY: i64 = 86_400;

/// Every instant after `from` and before `until` at which a calendar test of the policy, in a rule or a band, may change
/// its value: in order, each once. Some may change nothing; between two of them nothing changes.
///
/// The work grows with the span; callers bound it.
#[must_use]
pub fn edges(policy: &Policy, from: Instant, until: Instant) -> Vec<Instant> {
    let bands = policy.tariff.import.iter().chain(&policy.tariff.export).map(|band| &band.when);
    let mut tests: Vec<&CalendarTest> = bands.collect();
    for rule in &policy.rules {
        collect(&rule.when, &mut tests);
    }
    edges_of(&policy.zone, tests, from, until)
}

/// The same for a few calendar tests.
pub(super) fn edges_of<'a>(
    site: &'a Zone,
    tests: impl IntoIterator<Item = &'a CalendarTest>,
    from: Instant,
    until: Instant,
) -> Vec<Instant> {
    let mut found = Vec::new();
    if from < until {
        for (zone, times) in marks(site, tests) {
            resolve(zone, &times, from, until, &mut found);
        }
    }
    found.retain(|at| from < *at && *at < until);
    found.sort_unstable();
    found.dedup();
    found
}

fn collect<'a>(condition: &'a Condition, tests: &mut Vec<&'a CalendarTest>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| collect(part, tests)),
        Condition::Not(inner) => collect(inner, tests),
        Condition::Calendar(calendar) => tests.push(&calendar.test),
        Condition::Compare(_) | Condition::NotYetKnown(_) => {}
    }
}

/// The readings of the wall clock at which something may change, by zone: ends of windows, and the site's midnight
/// where days are asked for.
fn marks<'a>(site: &'a Zone, tests: impl IntoIterator<Item = &'a CalendarTest>) -> Vec<(&'a Zone, Vec<ClockTime>)> {
    let mut marks: Vec<(&Zone, Vec<ClockTime>)> = Vec::new();
    let mut add = |zone: &'a Zone, time: ClockTime| match marks.iter_mut().find(|(known, _)| *known == zone) {
        Some((_, times)) if times.contains(&time) => {}
        Some((_, times)) => times.push(time),
        None => marks.push((zone, vec![time])),
    };
    for test in tests {
        for window in &test.windows {
            let zone = window.zone().unwrap_or(site);
            add(zone, window.start());
            add(zone, window.end());
        }
        if asks_for_days(test) {
            add(site, ClockTime::MIDNIGHT);
        }
    }
    marks
}

/// The instants of some readings of one zone's clock, on every day of the span and one on either side.
fn resolve(zone: &Zone, times: &[ClockTime], from: Instant, until: Instant, found: &mut Vec<Instant>) {
    let offsets = zone.offsets(before(from, SLACK), after(until, SLACK));
    match offsets.as_slice() {
        [(_, offset)] => resolve_plainly(*offset, times, from, until, found),
        _ => resolve_with_changes(zone, times, from, until, found),
    }
    found.extend(offsets.iter().skip(1).map(|(change, _)| *change));
}

/// Where the offset never changes, arithmetic is enough.
fn resolve_plainly(offset: i32, times: &[ClockTime], from: Instant, until: Instant, found: &mut Vec<Instant>) {
    let day_of = |at: Instant| (at.timestamp() + i64::from(offset)).div_euclid(DAY);
    for day in day_of(from) - 1..=day_of(until) + 1 {
        let midnight = day * DAY - i64::from(offset);
        let seconds = times.iter().map(|time| midnight + i64::from(time.minutes()) * 60);
        found.extend(seconds.filter_map(|second| Instant::from_timestamp(second, 0)));
    }
}

/// Near a change of the clock a reading may come twice or never.
fn resolve_with_changes(zone: &Zone, times: &[ClockTime], from: Instant, until: Instant, found: &mut Vec<Instant>) {
    let last = zone.local(until).date.succ_opt();
    let first = zone.local(from).date;
    let days = first.pred_opt().unwrap_or(first).iter_days().take_while(|day| last.is_some_and(|last| *day <= last));
    for day in days {
        found.extend(times.iter().flat_map(|time| [zone.earliest(day, *time), zone.latest(day, *time)]));
    }
}
