//! Sets of days, and the test that joins windows and days.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate, Weekday};

use super::{DailyWindow, Instant, Local};

/// A set of days of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weekdays(u8);

/// A set of months.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Months(u16);

/// A range of dates, both ends included.
pub type DateRange = RangeInclusive<NaiveDate>;

/// A calendar of the policy: a name and its days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedDays {
    /// The name that rules use.
    pub name: String,
    /// The days, in the zone of whatever asks.
    pub days: BTreeSet<NaiveDate>,
}

/// One item under `days:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DayTest {
    /// The day of the week is one of these.
    Weekdays(Weekdays),
    /// The calendar names the day.
    Named(Arc<NamedDays>),
    /// The item does not hold.
    Not(Box<DayTest>),
}

/// The calendar keys of one mapping, judged together: any of the windows, and any of each kind of day test that stands.
///
/// Beside a window the day tests are judged on the day on which that window began. An empty list means that the key does
/// not stand in the policy, so nothing is asked of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CalendarTest {
    /// `time`
    pub windows: Vec<DailyWindow>,
    /// `days`
    pub days: Vec<DayTest>,
    /// `months`
    pub months: Option<Months>,
    /// `dates`
    pub dates: Vec<DateRange>,
}

impl Weekdays {
    /// No day.
    pub const NONE: Weekdays = Weekdays(0);
    /// Every day.
    pub const ALL: Weekdays = Weekdays(0b111_1111);
    /// Monday to Friday.
    pub const WEEKDAYS: Weekdays = Weekdays(0b001_1111);
    /// Saturday and Sunday.
    pub const WEEKENDS: Weekdays = Weekdays(0b110_0000);

    /// From one day to another, wrapping over the weekend: `fri-mon` has four days.
    #[must_use]
    pub fn range(from: Weekday, to: Weekday) -> Weekdays {
        let (from, to) = (from.num_days_from_monday(), to.num_days_from_monday());
        let length = (to + 7 - from) % 7;
        Weekdays((0..=length).fold(0, |set, step| set | 1 << ((from + step) % 7)))
    }

    /// The set of one day.
    #[must_use]
    pub fn only(day: Weekday) -> Weekdays {
        Weekdays::range(day, day)
    }

    /// The days of either set.
    #[must_use]
    pub fn or(self, other: Weekdays) -> Weekdays {
        Weekdays(self.0 | other.0)
    }

    /// Whether the day is in the set.
    #[must_use]
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & 1 << day.num_days_from_monday() != 0
    }
}

impl Months {
    /// From one month to another, wrapping the year: `nov-mar` has five months. Months count from 1; `None` beyond 12.
    #[must_use]
    pub fn range(from: u32, to: u32) -> Option<Months> {
        let valid = (1..=12).contains(&from) && (1..=12).contains(&to);
        let length = (to + 12).checked_sub(from)? % 12;
        valid.then(|| Months((0..=length).fold(0, |set, step| set | 1 << ((from - 1 + step) % 12))))
    }

    /// The months of either set.
    #[must_use]
    pub fn or(self, other: Months) -> Months {
        Months(self.0 | other.0)
    }

    /// Whether the month, counted from 1, is in the set.
    #[must_use]
    pub fn contains(self, month: u32) -> bool {
        (1..=12).contains(&month) && self.0 & 1 << (month - 1) != 0
    }
}

impl DayTest {
    /// Whether the day is meant.
    #[must_use]
    pub fn holds(&self, date: NaiveDate) -> bool {
        match self {
            DayTest::Weekdays(set) => set.contains(date.weekday()),
            DayTest::Named(calendar) => calendar.days.contains(&date),
            DayTest::Not(inner) => !inner.holds(date),
        }
    }
}

impl DayTest {
    /// The first and the last day of a calendar that it names.
    fn ends(&self) -> Vec<NaiveDate> {
        match self {
            DayTest::Weekdays(_) => Vec::new(),
            DayTest::Named(calendar) => {
                calendar.days.first().into_iter().chain(calendar.days.last()).copied().collect()
            }
            DayTest::Not(inner) => inner.ends(),
        }
    }
}

impl CalendarTest {
    /// Whether nothing is asked: such a test always holds.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty() && self.days.is_empty() && self.months.is_none() && self.dates.is_empty()
    }

    /// The day on which what holds at this moment began; `None` if the test does not hold.
    ///
    /// Without windows that is today in the site's zone.
    #[must_use]
    pub fn began_on(&self, at: Instant, site: Local) -> Option<NaiveDate> {
        if self.windows.is_empty() {
            return self.allows_day(site.date).then_some(site.date);
        }
        self.windows.iter().filter_map(|window| window.began_on(at, site)).find(|date| self.allows_day(*date))
    }

    /// The days that it names: the ends of its ranges and of its calendars.
    #[must_use]
    pub fn named_days(&self) -> Vec<NaiveDate> {
        let ranges = self.dates.iter().flat_map(|range| [*range.start(), *range.end()]);
        ranges.chain(self.days.iter().flat_map(DayTest::ends)).collect()
    }

    /// Whether the day tests alone hold for a day.
    #[must_use]
    pub fn allows_day(&self, date: NaiveDate) -> bool {
        let day = self.days.is_empty() || self.days.iter().any(|test| test.holds(date));
        let month = self.months.is_none_or(|months| months.contains(date.month()));
        let dated = self.dates.is_empty() || self.dates.iter().any(|range| range.contains(&date));
        day && month && dated
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{ClockTime, Zone};

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn ranges_of_days_and_months_wrap() {
        let long_weekend = Weekdays::range(Weekday::Fri, Weekday::Mon);
        let named: Vec<bool> = [Weekday::Thu, Weekday::Fri, Weekday::Sun, Weekday::Mon, Weekday::Tue]
            .map(|d| long_weekend.contains(d))
            .into();
        assert_eq!(named, [false, true, true, true, false]);
        assert_eq!(Weekdays::range(Weekday::Mon, Weekday::Fri), Weekdays::WEEKDAYS);
        let winter = Months::range(11, 3).expect("months");
        assert_eq!((1..=12).filter(|month| winter.contains(*month)).collect::<Vec<_>>(), [1, 2, 3, 11, 12]);
        assert_eq!(Months::range(0, 3), None);
        assert_eq!(Months::range(1, 13), None);
        assert!(!winter.contains(0));
    }

    #[test]
    fn days_beside_a_window_are_judged_where_the_window_began() {
        let clock = |text: &str| text.parse::<ClockTime>().expect("a clock time");
        let friday_night = CalendarTest {
            windows: DailyWindow::new(clock("22:00"), clock("06:00"), None).into_iter().collect(),
            days: vec![DayTest::Weekdays(Weekdays::range(Weekday::Fri, Weekday::Fri))],
            ..CalendarTest::default()
        };
        let london = Zone::named("Europe/London").expect("a zone");
        let check = |instant: &str, expect: bool| {
            let at = instant.parse().expect("an instant");
            assert_eq!(friday_night.began_on(at, london.local(at)).is_some(), expect, "{instant}");
        };
        check("2026-11-20T05:00:00Z", false);
        check("2026-11-20T22:00:00Z", true);
        check("2026-11-21T05:59:00Z", true);
        check("2026-11-21T22:00:00Z", false);
    }

    #[test]
    fn items_of_one_key_are_alternatives_and_keys_are_not() {
        let holidays = Arc::new(NamedDays { name: "holidays".into(), days: [day("2026-12-25")].into() });
        let test = CalendarTest {
            days: vec![DayTest::Weekdays(Weekdays::WEEKENDS), DayTest::Named(holidays.clone())],
            months: Months::range(12, 12),
            ..CalendarTest::default()
        };
        assert!(test.allows_day(day("2026-12-25")));
        assert!(test.allows_day(day("2026-12-26")));
        assert!(!test.allows_day(day("2026-12-24")));
        assert!(!test.allows_day(day("2026-11-28")));
        assert!(!DayTest::Not(Box::new(DayTest::Named(holidays))).holds(day("2026-12-25")));
        assert!(CalendarTest::default().is_empty());
    }
}
