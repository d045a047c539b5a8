//! Weeks of ticks over lists of windows: what is written when, and whether the device always does what is asked.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    missing_docs,
    unreachable_pub
)]

mod list_support;

use chrono::{Datelike, Duration, NaiveDate};
use list_support::reference::{Mode, mode};
use list_support::*;
use offpeak::device::mapping::AtessModel;
use offpeak::device::{Schedule, WindowList};
use offpeak::plan::Timeline;
use offpeak::time::{ClockTime, Instant, Zone};

/// Daily windows: command, start, end, and whether on a day (the one on which the window began).
type Rule = (&'static str, &'static str, &'static str, fn(NaiveDate) -> bool);

fn always(_: NaiveDate) -> bool {
    true
}

fn weekdays(date: NaiveDate) -> bool {
    date.weekday().num_days_from_monday() < 5
}

fn weekends(date: NaiveDate) -> bool {
    !weekdays(date)
}

/// What holds at a moment: the first rule whose window covers it.
fn holds(rules: &[Rule], zone: &Zone, at: Instant) -> &'static str {
    let local = zone.local(at);
    let covers = |(_, from, to, on): &&Rule| {
        let (from, to): (ClockTime, ClockTime) = (from.parse().unwrap(), to.parse().unwrap());
        let (from, to) = (from.minutes(), to.minutes());
        let (today, yesterday) = (on(local.date), on(local.date.pred_opt().unwrap()));
        if from < to {
            today && from <= local.minute && local.minute < to
        } else {
            today && local.minute >= from || yesterday && local.minute < to
        }
    };
    rules.iter().find(covers).map_or("S", |(command, ..)| command)
}

fn project(rules: &[Rule], zone: &Zone, now: Instant, hours: i64) -> Timeline {
    let mut spans: Vec<(&str, Instant, Instant)> = Vec::new();
    for quarter in 0..hours * 4 {
        let from = now + Duration::minutes(15 * quarter);
        let command = holds(rules, zone, from);
        match spans.last_mut() {
            Some((last, _, until)) if *last == command => *until = from + Duration::minutes(15),
            _ => spans.push((command, from, from + Duration::minutes(15))),
        }
    }
    let spans = spans.into_iter().map(|(text, from, until)| span(from, until, command(text))).collect();
    Timeline { spans, course: Vec::new() }
}

/// Ticks every quarter hour, every write arrives at once; every quarter hour does what is asked. What was written.
fn run(site: &Site, rules: &[Rule], from: &str, days: i64) -> Vec<String> {
    let start = at(from);
    let horizon = if site.capability.repeats_after_days() == 7 { 7 * 24 + 1 } else { 25 };
    let (mut held, mut log): (WindowList, Vec<String>) = (site.idle(), Vec::new());
    for quarter in 0..days * 96 {
        let now = start + Duration::minutes(15 * quarter);
        let compiled = site.compile_at(&project(rules, &site.zone, now, horizon), &held, now);
        let local = site.zone.local(now);
        let Schedule::Windows(desired) = compiled.desired else { panic!("a list") };
        held = desired;
        for write in &compiled.writes {
            log.push(format!("{} {} {}: {}", local.date.format("%a"), local.time(), write.kind.word(), write.settings));
        }
        let does = mode(&held, local.date.weekday(), local.minute);
        let right = match (holds(rules, &site.zone, now), does) {
            ("S", Mode::Free(floor)) => floor.is_none_or(|floor| floor == 10),
            ("H", does) => does == Mode::Hold,
            (text, Mode::Charge(target, _)) => text == format!("C{target}"),
            _ => false,
        };
        assert!(right, "{now} {does:?} by {held}");
    }
    log
}

#[test]
fn weekday_rules_are_one_schedule_for_the_whole_week() {
    let rules: [Rule; 3] =
        [("C90", "00:30", "05:30", weekdays), ("C60", "02:00", "04:00", weekends), ("H", "16:00", "19:00", weekdays)];
    insta::assert_snapshot!(run(&periodic(), &rules, "2026-11-16T12:00Z", 9).join("\n"), @"Mon 13:00 grant: grid charge 00:30–05:30 Mon,Tue,Wed,Thu,Fri to 90 % at 5000 W, 02:00–04:00 Sat,Sun to 60 % at 5000 W; discharge only 00:00–00:30 Mon,Tue,Wed,Thu,Fri to 10 %, 00:00–02:00 Sat,Sun to 10 %, 04:00–00:00 Sat,Sun to 10 %, 05:30–16:00 Mon,Tue,Wed,Thu,Fri to 10 %, 19:00–00:00 Mon,Tue,Wed,Thu,Fri to 10 %");
}

#[test]
fn a_week_of_more_windows_than_the_store_has_is_written_twice() {
    let rules: [Rule; 4] = [
        ("C90", "00:30", "05:30", weekdays),
        ("C60", "02:00", "04:00", weekends),
        ("H", "16:00", "19:00", weekdays),
        ("C80", "13:00", "15:00", weekends),
    ];
    assert_eq!(run(&periodic(), &rules, "2026-11-16T12:00Z", 9).len(), 2);
}

#[test]
fn both_clock_changes_cost_no_write_and_lose_nothing() {
    let rules: [Rule; 2] = [("C90", "23:30", "05:30", always), ("H", "16:00", "19:00", weekdays)];
    for from in ["2026-03-25T12:00Z", "2026-10-21T12:00Z"] {
        assert_eq!(run(&periodic(), &rules, from, 9).len(), 1);
    }
}

#[test]
fn a_store_without_weekdays_follows_the_days_as_they_come() {
    let rules: [Rule; 2] = [("C100", "00:30", "05:30", weekdays), ("H", "16:00", "19:00", always)];
    let central = atess(AtessModel::Central, 5, 5, 100);
    insta::assert_snapshot!(run(&central, &rules, "2026-11-16T12:00Z", 8).join("\n"), @r"
    Mon 13:00 grant: grid charge 00:30–05:30 to 100 %; discharge only 00:00–00:30, 05:30–16:00, 19:00–00:00
    Fri 21:30 withdrawal: no grid charge; discharge only 00:00–16:00, 19:00–00:00
    Sun 21:30 grant: grid charge 00:30–05:30 to 100 %; discharge only 00:00–00:30, 05:30–16:00, 19:00–00:00
    ");
}

#[test]
fn more_windows_than_fit_are_written_as_they_come_and_none_is_lost() {
    let charges: [Rule; 5] = [
        ("C90", "01:00", "02:00", always),
        ("C90", "05:00", "06:00", always),
        ("C90", "09:00", "10:00", always),
        ("C90", "13:00", "14:00", always),
        ("C90", "17:00", "18:00", always),
    ];
    let writes = run(&periodic(), &charges, "2026-11-16T12:00Z", 8);
    assert!(writes.len() > 7 && writes.len() <= 8 * 5, "{} writes", writes.len());
}
