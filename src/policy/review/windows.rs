//! Windows of rules beside what the device's clock and its count of windows can hold.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::super::lower::Context;
use super::super::model::{Action, Policy, Rule};
use super::super::refusal::or_periodic;
use super::{as_calendar, conjuncts};
use crate::device::capability::{Level, WindowCapability};
use crate::device::{Capability, QuarterSet};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::time::{CalendarTest, ClockTime, DailyWindow};

/// How many rules are looked at together.
const MAX_RULES: usize = 32;

/// How many days are looked at: two years, in which every date falls on two days of the week.
const DAYS: usize = 731;

/// When there is too much on every day.
const EVERY_DAY: &str = "a day";

/// The first day that is looked at.
fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or_default()
}

/// Tells where the clock of the device is coarser than that of the policy.
pub(super) fn off_grid(cx: &mut Context<'_>, capability: &Capability, windows: &WindowCapability) {
    let grid = windows.grid_minutes;
    let mut found: Vec<Diagnostic> = Vec::new();
    for seen in cx.read_windows() {
        let off = |time: ClockTime| !time.minutes().is_multiple_of(grid);
        if !off(seen.window.start()) && !off(seen.window.end()) {
            continue;
        }
        let message = format!("the {} knows only every {grid} minutes of the clock", capability.store.name());
        found.push(match snapped(&seen.window, grid) {
            Some((start, end)) => {
                let label = format!("programmed ahead as {start}-{end}");
                let help = "edges are moved inward, so that the device never does more than the rule asks";
                Diagnostic::warning(Code("off-grid"), seen.place.clone(), message, label).help(help)
            }
            None => {
                let label = "nothing is left of this window on the device";
                let help =
                    format!("let it take a whole quarter hour of the clock, such as {}", whole(&seen.window, grid));
                Diagnostic::warning(Code("vanishing-window"), seen.place.clone(), message, label).help(help)
            }
        });
    }
    found.into_iter().for_each(|diagnostic| cx.push(diagnostic));
}

/// The window with its edges moved inward to the grid; `None` if nothing is left of it.
fn snapped(window: &DailyWindow, grid: u16) -> Option<(ClockTime, ClockTime)> {
    let (start, end) = (window.start().minutes(), window.end().minutes());
    let length = if end > start { end - start } else { end + 1440 - start };
    let later = start.div_ceil(grid) * grid;
    let earlier = end / grid * grid;
    let lost = (later - start) + (end - earlier);
    let later = ClockTime::from_minutes(if later == 1440 { 0 } else { later })?;
    let earlier = ClockTime::from_minutes(if earlier == 0 { 1440 } else { earlier })?;
    (lost < length).then_some((later, earlier))
}

/// The stretch of the grid in which a window begins.
fn whole(window: &DailyWindow, grid: u16) -> String {
    let start = window.start().minutes() / grid * grid;
    let time = |minutes: u16| ClockTime::from_minutes(minutes).unwrap_or(ClockTime::MIDNIGHT);
    format!("{}-{}", time(start), time((start + grid).min(1440)))
}

/// Windows of a rule, of its own or of a band that it names, and the day tests that all must allow the day of their start.
struct Part<'p> {
    rule: usize,
    charges: bool,
    place: &'p Place,
    windows: &'p [DailyWindow],
    tests: Vec<&'p CalendarTest>,
}

/// What the rules may ask of one day.
#[derive(Default)]
struct Asked {
    /// The first such day.
    date: NaiveDate,
    charged: QuarterSet,
    held: QuarterSet,
    /// The charge rules and the holds among the parts that ask something, in the order of the file.
    charges: Vec<usize>,
    holds: Vec<usize>,
}

/// Tells when the rules may ask for more windows of one day, or of one week, than the device holds.
pub(super) fn too_many(cx: &mut Context<'_>, capability: &Capability, windows: &WindowCapability, policy: &Policy) {
    let parts: Vec<Part<'_>> =
        policy.rules.iter().enumerate().take(MAX_RULES).flat_map(|(index, rule)| parts(policy, index, rule)).collect();
    let days = days(&parts);
    let charge = |asked: &Asked| asked.charged.runs().count();
    let permission = |asked: &Asked| asked.permissions(windows);
    let left = |asked: &Asked| {
        let charge = u8::try_from(charge(asked)).unwrap_or(u8::MAX);
        windows.permission.min(windows.together.saturating_sub(charge))
    };
    let fits = |asked: &Asked| permission(asked) <= usize::from(left(asked)) || windows.permission == 0;
    let charged = days.worst(|asked| charge(asked).saturating_sub(usize::from(windows.charge)));
    if let Some(asked) = charged {
        let who = if asked.charges.len() > 1 { "with the charges above it, this" } else { "this" };
        let when = days.when(asked, |other| charge(other) > usize::from(windows.charge));
        let asks = format!("{who} asks for {} charge windows {when}", charge(asked));
        tell(cx, capability, policy, &parts, asked.charges.last(), (asks, windows.charge));
    }
    let split =
        days.worst(|asked| if fits(asked) { 0 } else { permission(asked).saturating_sub(usize::from(left(asked))) });
    if let Some(asked) = split {
        let when = if days.when(asked, |other| !fits(other)) == EVERY_DAY {
            "of a day".to_owned()
        } else {
            format!("on {}", named(asked.date))
        };
        let asks = format!("this leaves {} stretches {when} to discharge in", permission(asked));
        tell(cx, capability, policy, &parts, asked.holds.last().or(asked.charges.last()), (asks, left(asked)));
    }
    let Some(most) = windows.weekly.filter(|_| charged.is_none() && split.is_none()) else { return };
    let Some((fullest, first)) = days.fullest_week(|asked| charge(asked) + permission(asked)) else { return };
    if fullest > usize::from(most) {
        let asks = format!(
            "with the rules above it, this asks for {fullest} windows in the week from {}, counted on each of their days",
            named(first)
        );
        tell(cx, capability, policy, &parts, parts.len().checked_sub(1).as_ref(), (asks, most));
    }
}

/// A day as people name it: `Mon 2026-01-05`.
fn named(date: NaiveDate) -> String {
    format!("{} {date}", date.format("%a"))
}

fn tell(
    cx: &mut Context<'_>,
    capability: &Capability,
    policy: &Policy,
    parts: &[Part<'_>],
    part: Option<&usize>,
    (asks, held): (String, u8),
) {
    let Some(part) = part.and_then(|part| parts.get(*part)) else { return };
    let message = format!("{asks}, and the {} holds {held}", capability.store.name());
    let label = "a window across midnight counts twice";
    let warning = Diagnostic::warning(Code("many-windows"), part.place.clone(), message, label);
    let help = format!(
        "the rest is written during the day, as windows end, and costs writes{}",
        or_periodic(policy, "holds more")
    );
    cx.push(warning.help(help));
}

/// The windows of a rule that charges, or that holds by the calendar alone. What stands beside a band as a window of its own is left out of account.
fn parts<'p>(policy: &'p Policy, index: usize, rule: &'p Rule) -> Vec<Part<'p>> {
    let charges = matches!(rule.then, Action::ChargeTo { .. });
    let conditions = conjuncts(&rule.when);
    // A hold that a reading decides is seldom there: it is not counted with what happens each day.
    let sure = conditions.iter().all(|condition| as_calendar(condition).is_some());
    let Some(calendar) = conditions.into_iter().find_map(as_calendar) else { return Vec::new() };
    if !(charges || rule.then == Action::Hold && sure) {
        return Vec::new();
    }
    let part =
        |windows: &'p [DailyWindow], tests| Part { rule: index, charges, place: &calendar.place, windows, tests };
    if calendar.bands.is_empty() {
        return vec![part(&calendar.test.windows, vec![&calendar.test])];
    }
    let bands = calendar.bands.iter().filter_map(|band| policy.tariff.import.get(*band));
    let bands = bands.filter(|_| calendar.test.windows.is_empty());
    bands.map(|band| part(&band.when.windows, vec![&calendar.test, &band.when])).collect()
}

/// What is asked of the days that were looked at.
struct Days {
    /// Each kind of day once.
    kinds: Vec<Asked>,
    /// Of which kind each day is, in order.
    order: Vec<usize>,
}

impl Days {
    /// The sort of day that asks for the most beyond what there is; `None` if none does.
    fn worst(&self, beyond: impl Fn(&Asked) -> usize) -> Option<&Asked> {
        let asked = self.kinds.iter().rev().max_by_key(|asked| beyond(asked));
        asked.filter(|asked| beyond(asked) > 0)
    }

    /// When there is too much: a day of that sort, or every day.
    fn when(&self, worst: &Asked, too_much: impl Fn(&Asked) -> bool) -> String {
        if self.kinds.iter().all(too_much) { EVERY_DAY.to_owned() } else { format!("on {}", named(worst.date)) }
    }

    /// The most that any seven days in a row ask for, and the first of them, unless they are all alike: those need no
    /// weekdays.
    fn fullest_week(&self, count: impl Fn(&Asked) -> usize) -> Option<(usize, NaiveDate)> {
        let counts: Vec<usize> = self.kinds.iter().map(count).collect();
        let of = |kind: &usize| counts.get(*kind).copied().unwrap_or_default();
        let weeks = self.order.windows(7).zip(first_day().iter_days());
        let weeks = weeks.filter(|(week, _)| week.iter().any(|kind| Some(kind) != week.first()));
        let sums = weeks.map(|(week, first)| (week.iter().map(of).sum::<usize>(), first)).collect::<Vec<_>>();
        sums.into_iter().rev().max_by_key(|(sum, _)| *sum)
    }
}

impl Asked {
    /// How many permissions it takes to discharge in the rest of the day. Where each has a floor of its own they are always there.
    fn permissions(&self, windows: &WindowCapability) -> usize {
        let rest = QuarterSet::DAY - self.charged - self.held;
        match windows.floor {
            // 00:00–00:00 means unused, so a whole day takes two.
            Level::Each { .. } if rest == QuarterSet::DAY => 2,
            Level::Each { .. } => rest.runs().count(),
            _ if self.held.is_empty() => 0,
            Level::Shared { .. } | Level::Fixed(_) | Level::Unknown => rest.runs().count(),
        }
    }
}

/// What is asked of each day.
fn days(parts: &[Part<'_>]) -> Days {
    let first = first_day();
    let allowed = |day: NaiveDate| -> Vec<bool> {
        parts.iter().map(|part| part.tests.iter().all(|test| test.allows_day(day))).collect()
    };
    let mut seen = BTreeMap::new();
    let mut days = Days { kinds: Vec::new(), order: Vec::new() };
    let mut before = allowed(first.pred_opt().unwrap_or(first));
    for day in first.iter_days().take(DAYS) {
        let today = allowed(day);
        let kind = *seen.entry((before.clone(), today.clone())).or_insert(days.kinds.len());
        if kind == days.kinds.len() {
            days.kinds.push(Asked { date: day, ..asked(parts, &before, &today) });
        }
        days.order.push(kind);
        before = today;
    }
    days
}

fn asked(parts: &[Part<'_>], before: &[bool], today: &[bool]) -> Asked {
    let mut asked = Asked::default();
    for (index, ((part, before), today)) in parts.iter().zip(before).zip(today).enumerate() {
        let begun = part.windows.iter().filter(|_| *today).map(|window| halves(window).0);
        let left = part.windows.iter().filter(|_| *before).map(|window| halves(window).1);
        let quarters = begun.chain(left).fold(QuarterSet::NONE, |all, quarters| all | quarters);
        if quarters.is_empty() {
            continue;
        }
        let (set, rules) = match part.charges {
            true => (&mut asked.charged, &mut asked.charges),
            false => (&mut asked.held, &mut asked.holds),
        };
        *set = *set | quarters;
        // Bands of one rule are one rule.
        let same = rules.last().and_then(|last| parts.get(*last)).is_some_and(|last| last.rule == part.rule);
        if same {
            rules.pop();
        }
        rules.push(index);
    }
    asked.held = asked.held - asked.charged;
    asked
}

/// The quarter hours of a window on the day of its start, and on the day after; edges inward.
fn halves(window: &DailyWindow) -> (QuarterSet, QuarterSet) {
    let quarter = |minutes: u16| u32::from(minutes / 15);
    let start = quarter(window.start().minutes() + 14);
    let end = quarter(window.end().minutes());
    if window.crosses_midnight() {
        (QuarterSet::DAY - QuarterSet::below(start), QuarterSet::below(end))
    } else {
        (QuarterSet::range(start, end), QuarterSet::NONE)
    }
}
