//! Sets of quarter hours of a day of the wall clock: how schedules are compared without walking through the day.

use std::fmt;
use std::ops::{BitAnd, BitOr, Not, Sub};

use super::two_window::{GRID_MINUTES, Period, QUARTERS};
use crate::time::ClockTime;

/// A set of quarter hours, counted from 00:00 of the wall clock: 0 to 95.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct QuarterSet(u128);

impl QuarterSet {
    /// No quarter hour.
    pub const NONE: QuarterSet = QuarterSet(0);
    /// The whole day.
    pub const DAY: QuarterSet = QuarterSet((1 << QUARTERS) - 1);

    /// The quarter hours from the first up to, but not with, the second; empty unless the first is the smaller.
    #[must_use]
    pub fn range(from: u32, until: u32) -> QuarterSet {
        QuarterSet::below(until) - QuarterSet::below(from)
    }

    /// The quarter hours before this one.
    #[must_use]
    pub fn below(quarter: u32) -> QuarterSet {
        1u128.checked_shl(quarter).map_or(QuarterSet::DAY, |bit| QuarterSet((bit - 1) & QuarterSet::DAY.0))
    }

    /// The quarter hours whose first minute lies in a window of the day; none if it is unused or wraps.
    #[must_use]
    pub fn of(period: Period) -> QuarterSet {
        let minutes = period.minutes();
        let quarter = |minute: u16| u32::from(minute.div_ceil(GRID_MINUTES));
        QuarterSet::range(quarter(minutes.start), quarter(minutes.end))
    }

    /// This set and one quarter hour more.
    #[must_use]
    pub fn with(self, quarter: u32) -> QuarterSet {
        self | QuarterSet::range(quarter, quarter.saturating_add(1))
    }

    /// Whether the quarter hour is in it.
    #[must_use]
    pub fn contains(self, quarter: u32) -> bool {
        self.0.checked_shr(quarter).is_some_and(|rest| rest & 1 == 1)
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many quarter hours are in it.
    #[must_use]
    pub fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether the two have a quarter hour in common.
    #[must_use]
    pub fn meets(self, other: QuarterSet) -> bool {
        !(self & other).is_empty()
    }

    /// Whether all of it is in the other.
    #[must_use]
    pub fn within(self, other: QuarterSet) -> bool {
        (self - other).is_empty()
    }

    /// The first quarter hour of the day in it.
    #[must_use]
    pub fn first(self) -> Option<u32> {
        (!self.is_empty()).then(|| self.0.trailing_zeros())
    }

    /// Its runs in order, each as its first quarter hour and the first after it. A run across midnight counts twice.
    pub fn runs(self) -> impl Iterator<Item = (u32, u32)> {
        let mut rest = self;
        std::iter::from_fn(move || {
            let from = rest.first()?;
            let until = (QuarterSet::DAY - rest - QuarterSet::below(from)).first().unwrap_or(QuarterSet::DAY.len());
            rest = rest - QuarterSet::below(until);
            Some((from, until))
        })
    }

    /// Its runs with the two that touch midnight joined to one that crosses it; a whole day is 00:00–00:00.
    #[must_use]
    pub fn ranges(self) -> Vec<(ClockTime, ClockTime)> {
        let mut runs: Vec<(u32, u32)> = self.runs().collect();
        let end = QuarterSet::DAY.len();
        if let (true, Some((0, first)), Some((last, until))) =
            (runs.len() > 1, runs.first().copied(), runs.last().copied())
            && until == end
        {
            runs.pop();
            runs.retain(|(from, _)| *from != 0);
            runs.push((last, first));
        }
        runs.into_iter().map(|(from, until)| (clock(from), clock(until))).collect()
    }

    /// The two windows of a store that hold exactly this set, sorted, midnight split, the rest unused; `None` if it takes
    /// more than two.
    #[must_use]
    pub fn windows(self) -> Option<[Period; 2]> {
        let mut runs = self.runs().map(|(from, until)| Period { from: clock(from), to: clock(until) });
        let windows = [runs.next().unwrap_or(Period::UNUSED), runs.next().unwrap_or(Period::UNUSED)];
        let whole_day = self == QuarterSet::DAY;
        (runs.next().is_none() && !whole_day).then_some(windows).or_else(|| whole_day.then(QuarterSet::day_in_two))
    }

    /// A whole day would be spelled 00:00–00:00, which means unused: so it takes both windows.
    fn day_in_two() -> [Period; 2] {
        let noon = clock(QuarterSet::DAY.len() / 2);
        [Period { from: ClockTime::MIDNIGHT, to: noon }, Period { from: noon, to: ClockTime::MIDNIGHT }]
    }
}

/// The clock time at which a quarter hour of the day begins; the end of the day is 00:00.
#[must_use]
pub fn clock(quarter: u32) -> ClockTime {
    let minutes =
        u16::try_from(quarter).unwrap_or_default().saturating_mul(GRID_MINUTES) % ClockTime::END_OF_DAY.minutes();
    ClockTime::from_minutes(minutes).unwrap_or(ClockTime::MIDNIGHT)
}

impl BitAnd for QuarterSet {
    type Output = QuarterSet;
    fn bitand(self, other: QuarterSet) -> QuarterSet {
        QuarterSet(self.0 & other.0)
    }
}

impl BitOr for QuarterSet {
    type Output = QuarterSet;
    fn bitor(self, other: QuarterSet) -> QuarterSet {
        QuarterSet(self.0 | other.0)
    }
}

impl Sub for QuarterSet {
    type Output = QuarterSet;
    fn sub(self, other: QuarterSet) -> QuarterSet {
        QuarterSet(self.0 & !other.0)
    }
}

impl Not for QuarterSet {
    type Output = QuarterSet;
    fn not(self) -> QuarterSet {
        QuarterSet::DAY - self
    }
}

impl fmt::Debug for QuarterSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.runs().map(|(from, until)| format!("{}-{}", clock(from), clock(until)))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: &str, to: &str) -> Period {
        Period { from: from.parse().expect("a start"), to: to.parse().expect("an end") }
    }

    #[test]
    fn a_set_is_spelled_as_sorted_windows_split_at_midnight() {
        let check = |set: QuarterSet, expect: Option<[Period; 2]>| assert_eq!(set.windows(), expect, "{set:?}");
        let night = QuarterSet::range(94, 96) | QuarterSet::range(0, 22);
        check(night, Some([period("00:00", "05:30"), period("23:30", "00:00")]));
        check(QuarterSet::NONE, Some([Period::UNUSED; 2]));
        check(QuarterSet::range(8, 20), Some([period("02:00", "05:00"), Period::UNUSED]));
        check(QuarterSet::DAY, Some([period("00:00", "12:00"), period("12:00", "00:00")]));
        check(night.with(50), None);
        assert_eq!(night.ranges(), [(clock(94), clock(22))]);
        assert_eq!(QuarterSet::DAY.ranges(), [(clock(0), clock(0))]);
    }

    #[test]
    fn windows_read_back_give_the_set_they_were_made_of() {
        for (from, until) in [(0, 96), (0, 1), (95, 96), (0, 95), (1, 96), (40, 41)] {
            let set = QuarterSet::range(from, until);
            let windows = set.windows().expect("fits");
            assert_eq!(QuarterSet::of(windows[0]) | QuarterSet::of(windows[1]), set, "{from} {until}");
            assert_eq!(set.len(), until - from);
        }
    }
}
