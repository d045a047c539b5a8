//! What a schedule does every day if nobody ever comes back.

use std::fmt;
use std::time::Duration;

use crate::device::QuarterSet;
use crate::device::two_window::GRID_MINUTES;
use crate::time::{ClockTime, spoken};

/// The most that a schedule does on any day if nobody comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrphanBound {
    /// When it charges from the grid every day, midnight joined.
    pub charge: Vec<(ClockTime, ClockTime)>,
    /// To how many percent; `None` if it does not charge.
    pub target: Option<u8>,
    /// When it only holds every day, midnight joined.
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
            hold: hold.ranges(),
            charge_minutes: minutes(charged.len()),
            without_discharge_minutes: minutes((charged | hold).len()),
            floor,
            unasked_minutes: minutes(u32::try_from(unasked).unwrap_or(u32::MAX)),
        }
    }
}

impl fmt::Display for OrphanBound {
    /// As the plan says it: `charges to 90 % every night 23:30–05:30 (6 h without discharge a day), nothing else`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(target), false) = (self.target, self.charge.is_empty()) else {
            if self.hold.is_empty() {
                return f.write_str("self-consumes all day, nothing else");
            }
            write!(f, "does not discharge {}", every(&self.hold))?;
            return write!(f, " ({} a day), nothing else", hours(self.without_discharge_minutes));
        };
        write!(f, "charges to {target} % {}", every(&self.charge))?;
        if !self.hold.is_empty() {
            write!(f, " and does not discharge {}", every(&self.hold))?;
        }
        write!(f, " ({} without discharge a day), nothing else", hours(self.without_discharge_minutes))
    }
}

/// `every night 23:30–05:30`, `every day 02:00–04:00 and 13:00–15:00`.
fn every(ranges: &[(ClockTime, ClockTime)]) -> String {
    let texts: Vec<String> = ranges.iter().map(|(from, to)| format!("{from}–{to}")).collect();
    let crosses = |(from, to): &(ClockTime, ClockTime)| to <= from && *to != ClockTime::MIDNIGHT;
    let early = |(from, to): &(ClockTime, ClockTime)| from < to && to.minutes() <= 8 * 60;
    let night = ranges.iter().all(|range| crosses(range) || early(range));
    format!("every {} {}", if night { "night" } else { "day" }, texts.join(" and "))
}

fn minutes(quarters: u32) -> u32 {
    quarters.saturating_mul(u32::from(GRID_MINUTES))
}

fn hours(minutes: u32) -> String {
    spoken(Duration::from_secs(u64::from(minutes) * 60))
}
