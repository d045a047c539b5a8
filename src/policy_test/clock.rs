//! Moments and times of the clock as a test file has them.

use crate::diagnostic::Code;
use crate::policy::sentence::Problem;
use crate::time::{self, ClockTime, Instant, NoMoment, Zone};

/// A time of the clock that is yet to be found on a day, or a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// A moment.
    Moment(Instant),
    /// A time of the clock; of a time that occurs twice, the pass with this abbreviation, if one is named.
    Time(ClockTime, Option<String>),
}

/// A moment, as [`time::moment`] reads it.
///
/// # Errors
/// What is wrong with it.
pub(super) fn moment(text: &str, zone: &Zone) -> Result<Instant, Problem> {
    time::moment(text, zone).map_err(|why| no_moment(text, zone, why))
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

fn no_moment(text: &str, zone: &Zone, why: NoMoment) -> Problem {
    let message = format!("`{}` is no moment on the clock of {}", shown(text), zone.name());
    let label = match why {
        NoMoment::Unreadable | NoMoment::NoSuchPass => "expected a date and a time such as `2026-01-15 01:00`",
        NoMoment::Skipped => "the clock jumps over this time on that day",
        NoMoment::Beyond => "expected a year from 2000 to 2100",
    };
    let problem = Problem::new(Code("bad-moment"), 0..text.len(), message, label);
    let twice = "a time that occurs twice may name its pass, as in `2026-10-25 01:30 GMT`";
    let named_pass = why != NoMoment::Skipped && text.split_whitespace().count() > 2;
    problem.maybe_help(named_pass.then(|| twice.to_owned()))
}

fn no_time(text: &str) -> Problem {
    let message = format!("`{}` is no time of the clock", shown(text));
    Problem::new(Code("bad-moment"), 0..text.len(), message, "expected a time such as `20:00`, or a moment")
}

fn shown(text: &str) -> String {
    text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_that_the_clock_jumps_over_is_none() {
        let london = Zone::named("Europe/London").expect("a zone");
        let found = moment("2026-03-29 01:30", &london).map_err(|problem| (problem.message, problem.label));
        let message = "`2026-03-29 01:30` is no moment on the clock of Europe/London".to_owned();
        assert_eq!(found, Err((message, "the clock jumps over this time on that day".to_owned())));
        assert!(moment("2026-03-29 02:00", &london).is_ok());
    }
}
