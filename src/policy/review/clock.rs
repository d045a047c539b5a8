//! Windows that the next changes of their clock leave out, shorten, double or let come twice.

use std::collections::BTreeSet;

use super::super::analysis::{ChangedWindow, changed};
use super::super::model::{CalendarCondition, Condition, Policy};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::time::{ClockTime, DailyWindow, Instant};

/// Tells of every window that a rule reads, of its own or through a band, and that one of the next two changes of its clock
/// leaves out, shortens by half or more, doubles, or lets come twice.
///
/// It is told apart from the problems of a file, since it depends on the present.
#[must_use]
pub fn clock_changes(policy: &Policy, now: Instant) -> Vec<Diagnostic> {
    let mut read: Vec<(&DailyWindow, &Place)> = Vec::new();
    policy.rules.iter().for_each(|rule| collect(policy, &rule.when, &mut read));
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for (window, place) in read {
        if told.insert((place.bytes.start, window.to_string())) {
            let changes = changed(window, &policy.zone, now);
            found.extend(changes.iter().map(|change| diagnostic(policy, window, change, place)));
        }
    }
    found.sort_by_key(|diagnostic| diagnostic.place.bytes.start);
    found
}

fn collect<'p>(policy: &'p Policy, condition: &'p Condition, read: &mut Vec<(&'p DailyWindow, &'p Place)>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| collect(policy, part, read)),
        Condition::Not(inner) => collect(policy, inner, read),
        Condition::Calendar(CalendarCondition { test, bands, place, .. }) => {
            read.extend(test.windows.iter().map(|window| (window, place)));
            let bands = bands.iter().filter_map(|band| policy.tariff.import.get(*band));
            read.extend(bands.flat_map(|band| band.when.windows.iter().map(|window| (window, &band.place))));
        }
        Condition::Compare(_) | Condition::NotYetKnown(_) => {}
    }
}

fn diagnostic(policy: &Policy, window: &DailyWindow, change: &ChangedWindow, place: &Place) -> Diagnostic {
    let time = |minutes: u16| ClockTime::from_minutes(minutes).unwrap_or(ClockTime::MIDNIGHT);
    let zone = window.zone().unwrap_or(&policy.zone).name();
    let (from, to) = change.jump;
    let becomes = match change {
        ChangedWindow { lasts: 0, .. } => "does not come".to_owned(),
        ChangedWindow { twice: true, .. } => {
            format!("comes twice, for {} min together instead of {} min", change.lasts, change.usual)
        }
        _ => format!("lasts {} min instead of {} min", change.lasts, change.usual),
    };
    let message = format!("on {} {} the window {window} {becomes}", change.date.format("%a"), change.date);
    let label = format!("the clock of {zone} goes from {} to {} then", time(from), time(to));
    let help = "let the window begin and end outside that hour, or let it be, if that one day does not matter";
    Diagnostic::warning(Code("clock-change"), place.clone(), message, label).help(help)
}
