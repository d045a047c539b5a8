//! What a schedule does every day if nobody ever comes back.

use std::fmt;
use std::time::Duration;

use chrono::Weekday;

use crate::device::QuarterSet;
use crate::device::two_window::GRID_MINUTES;
use crate::time::{ClockTime, spoken};

/// The most that a schedule does on any day if nobody comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrphanBound {
    /// When it charges from the grid on that day, midnight joined.
    pub charge: Vec<(ClockTime, ClockTime)>,
    /// To how many percent at most; `None` if it does not charge.
    pub target: Option<u8>,
    /// Whether there are lower targets beside it.
    pub several_targets: bool,
    /// The day of which all this is told, the one of the fullest schedule; `None` if every day is the same.
    pub worst: Option<Weekday>,
    /// When it only holds on that day, midnight joined.
    pub hold: Vec<(ClockTime, ClockTime)>,
    /// Minutes a day of charging from the grid, at most.
    pub charge_minutes: u32,
    /// Minutes a day without discharge, charging or holding.
    pub without_discharge_minutes: u32,
    /// The floor of discharge in percent; `None` where the device's own holds.
    pub floor: Option<u8>,
    /// Minutes of the coming day that it would grip more firmly than the timeline asks: extra holds that are allowed, and
    /// windows left from a day that asked for them, until they are withdrawn.
    pub unasked_minutes: u32,
}

impl OrphanBound {
    /// What these quarter hours of a day bound: where it charges, to how many percent, and where it only holds; `unasked`
    /// counts the quarter hours of the coming day that nothing asks for.
    pub(crate) fn of(
        charged: QuarterSet,
        target: Option<u8>,
        hold: QuarterSet,
        floor: Option<u8>,
        unasked: usize,
    ) -> OrphanBound {
        OrphanBound {
            charge: charged.ranges(),
            target,
            several_targets: false,
            worst: None,
            hold: hold.ranges(),
            charge_minutes: minutes(charged.len()),
            without_discharge_minutes: minutes((charged | hold).len()),
            floor,
            unasked_minutes: minutes(u32::try_from(unasked).unwrap_or(u32::MAX)),
        }
    }
}

impl fmt::Display for OrphanBound {
    /// As the plan says it: `charges to 90 % every night 23:30–05:30 (6 h without discharge a day), nothing else`. Of days that
    /// differ the fullest is told: `on Sat, the fullest day, charges to 90 % 02:00–05:00 (3 h without discharge), nothing else`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(day) = self.worst {
            write!(f, "on {day}, the fullest day, ")?;
        }
        let a_day = if self.worst.is_some() { "" } else { " a day" };
        let (Some(target), false) = (self.target, self.charge.is_empty()) else {
            if self.hold.is_empty() {
                return f.write_str("self-consumes all day, nothing else");
            }
            write!(f, "does not discharge {}", self.every(&self.hold))?;
            return write!(f, " ({}{a_day}), nothing else", hours(self.without_discharge_minutes));
        };
        let at_most = if self.several_targets { "at most " } else { "" };
        write!(f, "charges to {at_most}{target} % {}", self.every(&self.charge))?;
        if !self.hold.is_empty() {
            write!(f, " and does not discharge {}", self.every(&self.hold))?;
        }
        write!(f, " ({} without discharge{a_day}), nothing else", hours(self.without_discharge_minutes))
    }
}

impl OrphanBound {
    /// The times, and that they are every day's unless one day is told.
    fn every(&self, ranges: &[(ClockTime, ClockTime)]) -> String {
        if self.worst.is_some() { times(ranges) } else { every(ranges) }
    }
}

/// `02:00–04:00 and 13:00–15:00`.
fn times(ranges: &[(ClockTime, ClockTime)]) -> String {
    let texts: Vec<String> = ranges.iter().map(|(from, to)| format!("{from}–{to}")).collect();
    texts.join(" and ")
}

/// `every night 23:30–05:30`, `every day 02:00–04:00 and 13:00–15:00`.
fn every(ranges: &[(ClockTime, ClockTime)]) -> String {
    let crosses = |(from, to): &(ClockTime, ClockTime)| to <= from && *to != ClockTime::MIDNIGHT;
    let early = |(from, to): &(ClockTime, ClockTime)| from < to && to.minutes() <= 8 * 60;
    let night = ranges.iter().all(|range| crosses(range) || early(range));
    format!("every {} {}", if night { "night" } else { "day" }, times(ranges))
}

fn minutes(quarters: u32) -> u32 {
    quarters.saturating_mul(u32::from(GRID_MINUTES))
}

fn hours(minutes: u32) -> String {
    spoken(Duration::from_secs(u64::from(minutes) * 60))
}
