//! The quarter hours of real time and of the site's wall clock, over which every compiler lays a timeline.

use crate::plan::Span;
use crate::time::{Instant, Zone};
use crate::units::Soc;

/// Seconds in a quarter hour.
pub(crate) const QUARTER: i64 = 900;

/// Seconds in a day of the wall clock.
pub(crate) const DAY: i64 = 86_400;

/// One quarter hour of real time, and what the wall clock shows as it begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wall {
    /// Its first second, Unix time.
    pub(crate) from: i64,
    /// What the wall clock shows, in seconds of its own since 1970.
    pub(crate) clock: i64,
}

/// The slots that a span touches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touched {
    /// The first.
    pub(crate) first: usize,
    /// How many.
    pub(crate) count: usize,
}

impl Wall {
    /// The quarter hour of the day that the wall clock shows.
    pub(crate) fn quarter(self) -> u32 {
        u32::try_from(self.clock.rem_euclid(DAY) / QUARTER).unwrap_or_default()
    }

    /// The day of the week that the wall clock shows, Monday 0.
    pub(crate) fn weekday(self) -> usize {
        // The wall clock's day 0 was a Thursday.
        usize::try_from((self.clock.div_euclid(DAY) + 3).rem_euclid(7)).unwrap_or_default()
    }
}

/// So many quarter hours from a second on.
pub(crate) fn walls(zone: &Zone, start: i64, count: usize) -> Vec<Wall> {
    let span = i64::try_from(count).unwrap_or_default() * QUARTER;
    let (first, last) = (instant(start), instant(start + span));
    let (mut offset, after) = (zone.local(first).offset, zone.local(last).offset);
    let changes = if offset == after { Vec::new() } else { zone.changes(first, last) };
    let mut changes = changes.into_iter().peekable();
    let mut walls = Vec::with_capacity(count);
    for from in (start..start + span).step_by(usize::try_from(QUARTER).unwrap_or(1)) {
        while let Some(change) = changes.next_if(|change| change.timestamp() <= from) {
            offset = zone.local(change).offset;
        }
        walls.push(Wall { from, clock: from + i64::from(offset) });
    }
    walls
}

/// The slots from `start` on that a span touches after the present; `None` if it touches none.
pub(crate) fn touched(span: &Span, start: i64, now: i64) -> Option<Touched> {
    let (from, until) = (span.from.timestamp().max(now).max(start), span.until.timestamp());
    if until <= from {
        return None;
    }
    let first = usize::try_from((from - start) / QUARTER).unwrap_or(usize::MAX);
    let last = usize::try_from((until - 1 - start) / QUARTER).unwrap_or(usize::MAX);
    Some(Touched { first, count: last.saturating_sub(first).saturating_add(1) })
}

/// The second at which the wall clock's present quarter hour began.
pub(crate) fn quarter_start(zone: &Zone, now: Instant) -> i64 {
    let seconds = now.timestamp();
    seconds - (seconds + i64::from(zone.local(now).offset)).rem_euclid(QUARTER)
}

/// A percentage rounded down to a whole one; a millionth is noise of arithmetic.
pub(crate) fn whole_down(soc: Soc) -> u8 {
    let reached = |percent: &u8| f64::from(*percent) <= soc.percent() + 1e-6;
    (0..=100).rev().find(reached).unwrap_or_default()
}

/// A percentage rounded up to a whole one; a millionth is noise of arithmetic.
pub(crate) fn whole_up(soc: Soc) -> u8 {
    let reached = |percent: &u8| f64::from(*percent) >= soc.percent() - 1e-6;
    (0..=100).find(reached).unwrap_or(100)
}

/// The instant at a second of Unix time.
pub(crate) fn instant(second: i64) -> Instant {
    Instant::from_timestamp(second, 0).unwrap_or_default()
}
