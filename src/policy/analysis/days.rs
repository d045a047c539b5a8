//! Which days the day tests of a policy allow, over a span that shows everything they can do.

use std::collections::BTreeSet;
use std::ops::Range;

use chrono::{Datelike, Days, NaiveDate};

use super::bits::Bits;
use crate::time::{CalendarTest, DayTest, Months};

/// How many days before and after a day may matter to it.
pub(super) const REACH: i64 = 3;

/// For every day of the span and each day test, whether it allows the day.
///
/// The span are 28 years, in which every date falls on every day of the week, widened to all days that the tests name.
pub(super) struct DayTable<'p> {
    first: NaiveDate,
    tests: Vec<&'p CalendarTest>,
    days: Vec<(usize, u32)>,
    /// For each day, which tests allow it: as many words for each as it takes.
    allowing: Vec<u64>,
    words: usize,
}

impl<'p> DayTable<'p> {
    /// A table of the day tests of these, their windows left aside.
    pub(super) fn of(asked: impl IntoIterator<Item = &'p CalendarTest>) -> DayTable<'p> {
        let mut tests: Vec<&CalendarTest> = Vec::new();
        for test in asked.into_iter().filter(|test| asks_for_days(test)) {
            if !tests.iter().any(|known| same_days(known, test)) {
                tests.push(test);
            }
        }
        let span = span(&tests);
        let weekday = |date: NaiveDate| usize::try_from(date.weekday().num_days_from_monday()).unwrap_or_default();
        let within = |date: &NaiveDate| *date <= span.end;
        let days = span.start.iter_days().take_while(within).map(|date| (weekday(date), date.month())).collect();
        let words = tests.len().div_ceil(64);
        let mut table = DayTable { first: span.start, tests, days, allowing: Vec::new(), words };
        table.allowing = table.transposed();
        table
    }

    fn transposed(&self) -> Vec<u64> {
        let mut allowing = vec![0; self.words * self.days.len()];
        for (number, test) in self.tests.iter().enumerate() {
            for day in self.allowed_by(test).iter() {
                let word = allowing.get_mut(day * self.words + number / 64);
                word.into_iter().for_each(|word| *word |= 1_u64 << (number % 64));
            }
        }
        allowing
    }

    /// The days that have all their neighbours within reach, as numbers.
    pub(super) fn inner(&self) -> Range<usize> {
        let reach = usize::try_from(REACH).unwrap_or_default();
        reach..self.days.len().saturating_sub(reach)
    }

    /// The date of a day.
    pub(super) fn date(&self, day: usize) -> NaiveDate {
        let days = Days::new(u64::try_from(day).unwrap_or_default());
        self.first.checked_add_days(days).unwrap_or(self.first)
    }

    /// The number of a date, if it is within the span.
    pub(super) fn number(&self, date: NaiveDate) -> Option<usize> {
        usize::try_from((date - self.first).num_days()).ok().filter(|day| *day < self.days.len())
    }

    /// What all tests say of the days around one, from so many days later to so many.
    pub(super) fn around(&self, day: usize, from: i64, until: i64) -> Vec<u64> {
        let shifted = |later: i64| isize::try_from(later).ok().and_then(|later| day.checked_add_signed(later));
        let range = shifted(from).zip(shifted(until + 1));
        let range = range.map(|(from, until)| from * self.words..until * self.words);
        range.and_then(|range| self.allowing.get(range)).map(<[u64]>::to_vec).unwrap_or_default()
    }

    /// Which of the tests asks for the same days; `None` if it asks for none in particular.
    pub(super) fn test(&self, test: &CalendarTest) -> Option<usize> {
        self.tests.iter().position(|known| same_days(known, test))
    }

    /// Whether a test allows the day so many days later, or earlier.
    pub(super) fn allows(&self, test: usize, day: usize, later: i64) -> bool {
        let day = isize::try_from(later).ok().and_then(|later| day.checked_add_signed(later));
        let word = day.and_then(|day| self.allowing.get(day * self.words + test / 64));
        word.is_some_and(|word| word >> (test % 64) & 1 == 1)
    }

    fn allowed_by(&self, test: &CalendarTest) -> Bits {
        let mut allowed = match test.days.as_slice() {
            [] => Bits::all(self.days.len()),
            items => {
                let mut any = Bits::none(self.days.len());
                items.iter().for_each(|item| any.extend(&self.meant(item)));
                any
            }
        };
        if let Some(months) = test.months {
            allowed = allowed.and(&self.within_months(months));
        }
        if !test.dates.is_empty() {
            let mut dated = Bits::none(self.days.len());
            for range in &test.dates {
                let days = self.number(*range.start()).zip(self.number(*range.end()));
                days.into_iter().flat_map(|(from, to)| from..=to).for_each(|day| dated.insert(day));
            }
            allowed = allowed.and(&dated);
        }
        allowed
    }

    fn meant(&self, item: &DayTest) -> Bits {
        match item {
            DayTest::Weekdays(_) => {
                // Monday 5 January 2026 and the six days after it stand for all of their names.
                let monday = NaiveDate::from_ymd_opt(2026, 1, 5).unwrap_or_default();
                let week: Vec<bool> = monday.iter_days().take(7).map(|day| item.holds(day)).collect();
                let meant = |(weekday, _): &(usize, u32)| week.get(*weekday) == Some(&true);
                Bits::which(self.days.len(), |day| self.days.get(day).is_some_and(meant))
            }
            DayTest::Named(calendar) => {
                let mut named = Bits::none(self.days.len());
                calendar.days.iter().filter_map(|date| self.number(*date)).for_each(|day| named.insert(day));
                named
            }
            DayTest::Not(inner) => self.meant(inner).complement(),
        }
    }

    fn within_months(&self, months: Months) -> Bits {
        Bits::which(self.days.len(), |day| self.days.get(day).is_some_and(|(_, month)| months.contains(*month)))
    }
}

/// Whether a test looks at the day at all.
pub(super) fn asks_for_days(test: &CalendarTest) -> bool {
    !test.days.is_empty() || test.months.is_some() || !test.dates.is_empty()
}

fn same_days(one: &CalendarTest, other: &CalendarTest) -> bool {
    one.months == other.months && one.dates == other.dates && one.days == other.days
}

fn span(tests: &[&CalendarTest]) -> Range<NaiveDate> {
    let date = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    let named: BTreeSet<NaiveDate> = tests.iter().flat_map(|test| test.named_days()).collect();
    let first = named.first().copied().unwrap_or(NaiveDate::MAX).min(date(2026, 1, 1));
    let last = named.last().copied().unwrap_or(NaiveDate::MIN).max(date(2053, 12, 31));
    let reach = Days::new(u64::try_from(REACH).unwrap_or_default());
    // A window that begins on the last day that is named may run into the day after it.
    let beyond = Days::new(u64::try_from(REACH).unwrap_or_default() + 1);
    first.checked_sub_days(reach).unwrap_or(first)..last.checked_add_days(beyond).unwrap_or(last)
}
