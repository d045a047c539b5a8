//! Days between 1970 and 2100.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::NaiveDate;

/// The last year that counts.
pub(super) const LAST_YEAR: i32 = 2100;

/// How many days the years 1970 to 2100 have.
const DAYS: usize = 47_847;

/// A set of days from 1970 to 2100; others are left out.
#[derive(Debug)]
pub(super) struct DaySet(Vec<bool>);

impl Default for DaySet {
    fn default() -> DaySet {
        DaySet(vec![false; DAYS])
    }
}

impl DaySet {
    /// How many days of a range there is room for.
    pub(super) fn room(range: &RangeInclusive<NaiveDate>) -> u64 {
        let (first, last) = clipped(range);
        u64::try_from((last + 1).saturating_sub(first)).unwrap_or_default()
    }

    /// Takes in the days of a range.
    pub(super) fn insert(&mut self, range: &RangeInclusive<NaiveDate>) {
        let (first, last) = clipped(range);
        for day in first..=last {
            if let Some(held) = usize::try_from(day).ok().and_then(|day| self.0.get_mut(day)) {
                *held = true;
            }
        }
    }

    /// The days.
    pub(super) fn dates(&self) -> BTreeSet<NaiveDate> {
        let numbers = self.0.iter().enumerate().filter(|(_, held)| **held).map(|(number, _)| number);
        numbers.filter_map(|number| NaiveDate::from_epoch_days(i32::try_from(number).ok()?)).collect()
    }
}

/// The first and the last day of a range, counted from 1970 on.
fn clipped(range: &RangeInclusive<NaiveDate>) -> (i32, i32) {
    let last = i32::try_from(DAYS).unwrap_or(i32::MAX) - 1;
    (range.start().to_epoch_days().max(0), range.end().to_epoch_days().min(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_ends_with_the_last_year() {
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).expect("a day");
        let mut set = DaySet::default();
        set.insert(&(day(1, 1, 1)..=day(9999, 12, 31)));
        let dates = set.dates();
        assert_eq!((dates.first(), dates.last()), (Some(&day(1970, 1, 1)), Some(&day(LAST_YEAR, 12, 31))));
        assert_eq!(dates.len() as u64, DaySet::room(&(day(1, 1, 1)..=day(9999, 12, 31))));
        assert_eq!(DaySet::room(&(day(2026, 1, 2)..=day(2026, 1, 1))), 0);
        assert_eq!(DaySet::room(&(day(1900, 1, 1)..=day(1900, 2, 1))), 0);
    }
}
