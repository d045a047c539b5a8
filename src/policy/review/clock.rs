//! Windows that the next changes of their clock leave out, shorten, double or let come twice.

use std::collections::BTreeSet;

use super::super::analysis::{ChangedWindow, changed};
use super::super::model::{CalendarCondition, Condition, Policy};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::time::{CalendarTest, ClockTime, DailyWindow, Instant};

/// A window that a rule reads, with the day tests that all must allow the day on which it begins.
struct Read<'p> {
    window: &'p DailyWindow,
    place: &'p Place,
    tests: Vec<&'p CalendarTest>,
}

/// Tells of every window that a rule reads, of its own or through a band, and that one of the next two changes of its clock
/// leaves out, shortens by half or more, doubles, or lets come twice, if it is asked for on that day.
///
/// It is told apart from the problems of a file, since it depends on the present.
#[must_use]
pub fn clock_changes(policy: &Policy, now: Instant) -> Vec<Diagnostic> {
    let mut read: Vec<Read<'_>> = Vec::new();
    policy.rules.iter().for_each(|rule| collect(policy, &rule.when, &mut read));
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for Read { window, place, tests } in read {
        let changes = changed(window, &policy.zone, now).into_iter();
        let asked = changes.filter(|change| tests.iter().all(|test| test.allows_day(change.begins)));
        for change in asked {
            if told.insert((place.bytes.start, window.to_string(), change.begins)) {
                found.push(diagnostic(policy, window, &change, place));
            }
        }
    }
    found.sort_by_key(|diagnostic| diagnostic.place.bytes.start);
    found
}

fn collect<'p>(policy: &'p Policy, condition: &'p Condition, read: &mut Vec<Read<'p>>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| collect(policy, part, read)),
        Condition::Not(inner) => collect(policy, inner, read),
        Condition::Calendar(CalendarCondition { test, bands, place, .. }) => {
            read.extend(test.windows.iter().map(|window| Read { window, place, tests: vec![test] }));
            let bands = bands.iter().filter_map(|band| policy.tariff.import.get(*band));
            // Beside windows of its own a mapping judges its days by those, and not by the band.
            let own = test.windows.is_empty().then_some(test);
            read.extend(bands.flat_map(|band| {
                let tests: Vec<&CalendarTest> = std::iter::once(&band.when).chain(own).collect();
                band.when.windows.iter().map(move |window| Read { window, place: &band.place, tests: tests.clone() })
            }));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::load;

    #[test]
    fn a_window_is_told_of_only_where_it_is_asked_for_on_that_day() {
        let check = |zone: &str, when: &str, expect: &[&str]| {
            let text = format!(
                "offpeak: 1\nsite: home\ntimezone: {zone}\ndevice: {{ driver: simulated }}\n\
                 battery: {{ capacity: 10 kWh, charge power: 5 kW, discharge power: 5 kW, round trip efficiency: 90% }}\n\
                 tariff: {{ currency: GBP, import: {{ dip: {{ price: 0.07, time: 01:00-02:00 }}, day: {{ price: 0.27 }} }} }}\n\
                 rules:\n  - {{ name: a, when: {{ {when} }}, then: hold }}\n"
            );
            let policy = load("home.yaml", &text).policy.unwrap_or_else(|| panic!("{text}"));
            let found = clock_changes(&policy, "2026-11-20T12:00:00Z".parse().expect("an instant"));
            let days: Vec<&str> = found.iter().filter_map(|found| found.message.split(' ').nth(2)).collect();
            assert_eq!(days, expect, "{when}");
        };
        let (spring, autumn) = ("2027-03-28", "2027-10-31");
        let london = |when: &str, expect: &[&str]| check("Europe/London", when, expect);
        london("time: 01:00-02:00", &[spring, autumn]);
        london("time: 01:00-02:00, days: weekdays", &[]);
        london("time: 01:00-02:00, days: sun", &[spring, autumn]);
        london("time: 01:00-02:00, months: jun-aug", &[]);
        london("time: 01:00-02:00, months: mar-may", &[spring]);
        london("time: 01:00-02:00, dates: 2027-10-01..2027-10-31", &[autumn]);
        // It begins on Saturday evening.
        london("time: 22:00-01:30, days: sat", &[autumn]);
        london("time: 22:00-01:30, days: sun", &[]);
        // The days beside a band are those on which the band began; those beside a window are the window's.
        london("tariff: dip", &[spring, autumn]);
        london("tariff: dip, days: weekdays", &[]);
        london("any: [{ tariff: dip, months: jun-aug }, { tariff: dip, months: oct }]", &[autumn]);
        check("Australia/Lord_Howe", "time: 02:00-02:30, dates: 2027-12-24..2027-12-26", &[]);
    }
}
