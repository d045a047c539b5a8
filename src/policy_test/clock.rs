//! Moments and times of the clock as a test file has them.

use chrono::NaiveDate;

use crate::diagnostic::Code;
use crate::policy::sentence::Problem;
use crate::time::{ClockTime, Instant, Zone};

/// The years of which a test may speak.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

/// A time of the clock that is yet to be found on a day, or a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// A moment.
    Moment(Instant),
    /// A time of the clock; of a time that occurs twice, the pass with this abbreviation, if one is named.
    Time(ClockTime, Option<String>),
}

/// A moment: `2026-01-15 01:00` on the zone's clock, `2026-10-25 01:30 GMT` for one pass of a time that occurs twice, or
/// RFC 3339 with its offset. Without an abbreviation the first pass is meant.
///
/// # Errors
/// What is wrong with it.
pub(super) fn moment(text: &str, zone: &Zone) -> Result<Instant, Problem> {
    let trimmed = text.trim();
    let found = chrono::DateTime::parse_from_rfc3339(trimmed).ok().map(|at| at.to_utc());
    let found = found.or_else(|| on_the_clock(trimmed, zone));
    found.filter(|at| YEARS.contains(&chrono::Datelike::year(at))).ok_or_else(|| no_moment(text, zone))
}

/// A time of the clock, such as `20:00` or `01:30 GMT`, or a moment.
///
/// # Errors
/// What is wrong with it.
pub(super) fn clock(text: &str, zone: &Zone) -> Result<Clock, Problem> {
    let mut words = text.split_whitespace();
    let (first, second, third) = (words.next().unwrap_or_default(), words.next(), words.next());
    match (first.parse(), second, third) {
        (Ok(time), second, None) => Ok(Clock::Time(time, second.map(str::to_owned))),
        _ if first.contains('-') => moment(text, zone).map(Clock::Moment),
        _ => Err(no_time(text)),
    }
}

impl Clock {
    /// The first instant at which the clock shows this, not before `from`, or after it; `None` if there is none within two
    /// days. A moment is itself.
    pub(super) fn next(&self, zone: &Zone, from: Instant, inclusive: bool) -> Option<Instant> {
        let fits = |at: &Instant| *at > from || inclusive && *at == from;
        match self {
            Clock::Moment(at) => Some(*at),
            Clock::Time(time, pass) => around(zone, from, *time, pass.as_deref()).into_iter().find(fits),
        }
    }

    /// The last instant at which the clock shows this, not after `until`, or before it.
    pub(super) fn last(&self, zone: &Zone, until: Instant, inclusive: bool) -> Option<Instant> {
        let fits = |at: &Instant| *at < until || inclusive && *at == until;
        match self {
            Clock::Moment(at) => Some(*at),
            Clock::Time(time, pass) => around(zone, until, *time, pass.as_deref()).into_iter().rev().find(fits),
        }
    }
}

/// The instants around another at which the clock shows a time, in order.
fn around(zone: &Zone, at: Instant, time: ClockTime, pass: Option<&str>) -> Vec<Instant> {
    let today = zone.local(at).date;
    let days = (-2..=2).filter_map(|days| today.checked_add_signed(chrono::Duration::days(days)));
    let mut found: Vec<Instant> = days.flat_map(|date| [zone.earliest(date, time), zone.latest(date, time)]).collect();
    found.retain(|at| pass.is_none_or(|pass| zone.abbreviation(*at).eq_ignore_ascii_case(pass)));
    found.sort_unstable();
    found.dedup();
    found
}

fn on_the_clock(text: &str, zone: &Zone) -> Option<Instant> {
    let (date, rest) = text.split_once([' ', 'T'])?;
    let date: NaiveDate = date.parse().ok()?;
    let mut words = rest.split_whitespace();
    let time: ClockTime = words.next()?.parse().ok()?;
    let pass = words.next();
    if words.next().is_some() {
        return None;
    }
    let passes = [zone.earliest(date, time), zone.latest(date, time)];
    passes.into_iter().find(|at| pass.is_none_or(|pass| zone.abbreviation(*at).eq_ignore_ascii_case(pass)))
}

fn no_moment(text: &str, zone: &Zone) -> Problem {
    let message = format!("`{}` is no moment on the clock of {}", shown(text), zone.name());
    let label = "expected a date and a time such as `2026-01-15 01:00`";
    let problem = Problem::new(Code("bad-moment"), 0..text.len(), message, label);
    let twice = "a time that occurs twice may name its pass, as in `2026-10-25 01:30 GMT`";
    let named_pass = text.split_whitespace().count() > 2;
    problem.maybe_help(named_pass.then(|| twice.to_owned()))
}

fn no_time(text: &str) -> Problem {
    let message = format!("`{}` is no time of the clock", shown(text));
    Problem::new(Code("bad-moment"), 0..text.len(), message, "expected a time such as `20:00`, or a moment")
}

fn shown(text: &str) -> String {
    text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
