//! A time zone: its name from chrono-tz, its offsets from the newer bundled tz database.

use std::fmt;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc, Weekday};
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};

use super::ClockTime;

/// A moment on the one time line that everyone shares.
pub type Instant = DateTime<Utc>;

/// A time zone of the tz database.
///
/// chrono-tz 0.10 was compiled from release 2025b and has no path to newer data, so it gives the names while jiff's
/// bundled database gives the offsets.
#[derive(Clone)]
pub struct Zone {
    name: chrono_tz::Tz,
    rules: TimeZone,
}

/// What the wall clock of a zone shows at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// The calendar day.
    pub date: NaiveDate,
    /// Minutes since midnight as the clock shows them, 0 to 1439.
    pub minute: u16,
    /// Seconds east of UTC.
    pub offset: i32,
}

impl Zone {
    /// The zone of this name (`Europe/London`, `UTC`); `None` if the tz database has none.
    #[must_use]
    pub fn named(name: &str) -> Option<Zone> {
        let name: chrono_tz::Tz = name.parse().ok()?;
        let rules = TimeZoneDatabase::bundled().get(name.name()).ok()?;
        Some(Zone { name, rules })
    }

    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Zone {
        Zone { name: chrono_tz::UTC, rules: TimeZone::UTC }
    }

    /// The name in the tz database.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name.name()
    }

    /// Every name that [`Zone::named`] may know, for suggestions.
    pub fn names() -> impl Iterator<Item = &'static str> {
        chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
    }

    /// What the wall clock shows at this instant.
    #[must_use]
    pub fn local(&self, at: Instant) -> Local {
        Local::with_offset(at, self.offset(at))
    }

    /// The zone's abbreviation at this instant: `GMT`, `CEST`, `+0545`.
    #[must_use]
    pub fn abbreviation(&self, at: Instant) -> String {
        self.rules.to_offset_info(timestamp(at)).abbreviation().to_owned()
    }

    /// The first instant at which the wall clock reads this time of this day or later.
    ///
    /// A time that the clock jumps over gives the end of the jump; of a time that occurs twice, the first.
    #[must_use]
    pub fn earliest(&self, date: NaiveDate, time: ClockTime) -> Instant {
        let wall = civil_time(date, time);
        match self.rules.to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Unambiguous { offset } => instant(wall, offset),
            AmbiguousOffset::Fold { before, .. } => instant(wall, before),
            AmbiguousOffset::Gap { before, .. } => self.jump_before(instant(wall, before)),
        }
    }

    /// The last instant at which the wall clock begins to read this time of this day: of a time that occurs twice, the
    /// second.
    #[must_use]
    pub fn latest(&self, date: NaiveDate, time: ClockTime) -> Instant {
        let wall = civil_time(date, time);
        match self.rules.to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Fold { after, .. } => instant(wall, after),
            _ => self.earliest(date, time),
        }
    }

    /// Whether the wall clock jumps over this time of this day.
    #[must_use]
    pub fn skips(&self, date: NaiveDate, time: ClockTime) -> bool {
        let wall = civil_time(date, time);
        matches!(self.rules.to_ambiguous_timestamp(wall).offset(), AmbiguousOffset::Gap { .. })
    }

    /// The first instant of a local day and the first instant after it; 23, 24 or 25 hours apart as a rule.
    #[must_use]
    pub fn day(&self, date: NaiveDate) -> (Instant, Instant) {
        (self.earliest(date, ClockTime::MIDNIGHT), self.earliest(date, ClockTime::END_OF_DAY))
    }

    /// The instants within `from..until` at which the offset changes.
    #[must_use]
    pub fn changes(&self, from: Instant, until: Instant) -> Vec<Instant> {
        let end = timestamp(until);
        let before = timestamp(from - chrono::Duration::seconds(1));
        let changes = self.rules.following(before).map(|change| change.timestamp());
        changes.take_while(|change| *change < end).filter_map(back).filter(|change| *change >= from).collect()
    }

    /// The offsets in force over `from..until`, each with the first instant at which it is: the first entry stands at
    /// `from`. Whoever needs the wall clock at many instants asks once and uses [`Local::with_offset`].
    #[must_use]
    pub fn offsets(&self, from: Instant, until: Instant) -> Vec<(Instant, i32)> {
        let later = self.changes(from, until).into_iter().filter(|change| *change > from);
        std::iter::once(from).chain(later).map(|at| (at, self.offset(at))).collect()
    }

    /// Seconds east of UTC.
    fn offset(&self, at: Instant) -> i32 {
        self.rules.to_offset(timestamp(at)).seconds()
    }

    fn jump_before(&self, at: Instant) -> Instant {
        let after = timestamp(at + chrono::Duration::seconds(1));
        self.rules.preceding(after).next().and_then(|change| back(change.timestamp())).unwrap_or(at)
    }
}

impl Local {
    /// What a wall clock shows that stands so many seconds east of UTC.
    #[must_use]
    pub fn with_offset(at: Instant, offset: i32) -> Local {
        let seconds = at.timestamp() + i64::from(offset);
        let days = i32::try_from(seconds.div_euclid(86_400)).unwrap_or_default();
        let minute = u16::try_from(seconds.rem_euclid(86_400) / 60).unwrap_or_default();
        let date = NaiveDate::from_epoch_days(days).unwrap_or_default();
        Local { date, minute, offset }
    }

    /// The day of the week.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        self.date.weekday()
    }

    /// What the clock shows, to the minute.
    #[must_use]
    pub fn time(self) -> ClockTime {
        ClockTime::from_minutes(self.minute).unwrap_or(ClockTime::MIDNIGHT)
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Zone) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name())
    }
}

/// The instant as jiff has it; outside its years, the nearest that it has.
fn timestamp(at: Instant) -> Timestamp {
    let nearest = if at.timestamp() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(at.timestamp()).unwrap_or(nearest)
}

fn back(at: Timestamp) -> Option<Instant> {
    DateTime::from_timestamp(at.as_second(), 0)
}

/// The wall-clock time as jiff writes it; outside its years, the nearest that it has.
fn civil_time(date: NaiveDate, time: ClockTime) -> civil::DateTime {
    let whole_days = u64::from(time.minutes() / 1440);
    let date = date.checked_add_days(Days::new(whole_days)).unwrap_or(date);
    let minutes = time.minutes() % 1440;
    let part = |value: u32| i8::try_from(value).unwrap_or_default();
    let nearest = if date.year() < 0 { civil::DateTime::MIN } else { civil::DateTime::MAX };
    let Ok(year) = i16::try_from(date.year()) else { return nearest };
    civil::DateTime::new(
        year,
        part(date.month()),
        part(date.day()),
        part(u32::from(minutes / 60)),
        part(u32::from(minutes % 60)),
        0,
        0,
    )
    .unwrap_or(nearest)
}

fn instant(wall: civil::DateTime, offset: Offset) -> Instant {
    let nearest = if wall.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    back(offset.to_timestamp(wall).unwrap_or(nearest)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("an instant")
    }

    fn zone(name: &str) -> Zone {
        Zone::named(name).expect("a zone")
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn clock(text: &str) -> ClockTime {
        text.parse().expect("a clock time")
    }

    #[test]
    fn the_wall_clock_follows_the_zone() {
        let check = |name: &str, instant: &str, expect: &str| {
            let local = zone(name).local(at(instant));
            assert_eq!(format!("{} {}", local.date, local.time()), expect, "{name} {instant}");
        };
        check("Europe/London", "2026-01-15T01:00:00Z", "2026-01-15 01:00");
        check("Europe/London", "2026-07-15T23:30:00Z", "2026-07-16 00:30");
        check("Asia/Kathmandu", "2026-07-15T18:15:00Z", "2026-07-16 00:00");
        check("America/Vancouver", "2026-12-01T12:00:00Z", "2026-12-01 05:00");
        check("UTC", "1969-12-31T23:59:59Z", "1969-12-31 23:59");
    }

    #[test]
    fn clock_changes_make_days_of_23_and_25_hours() {
        let check = |name: &str, date: &str, hours: i64| {
            let (from, until) = zone(name).day(day(date));
            assert_eq!((until - from).num_hours(), hours, "{name} {date}");
        };
        check("Europe/London", "2026-03-29", 23);
        check("Europe/London", "2026-10-25", 25);
        check("Europe/London", "2026-11-20", 24);
        check("Africa/Cairo", "2026-04-24", 23);
    }

    #[test]
    fn a_time_that_is_skipped_begins_at_the_first_instant_that_exists() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(berlin.earliest(day("2026-03-29"), clock("02:30")), at("2026-03-29T01:00:00Z"));
        assert_eq!(berlin.latest(day("2026-03-29"), clock("02:30")), at("2026-03-29T01:00:00Z"));
        assert_eq!(zone("Africa/Cairo").day(day("2026-04-24")).0, at("2026-04-23T22:00:00Z"));
    }

    #[test]
    fn a_time_that_repeats_has_a_first_and_a_last_instant() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(berlin.earliest(day("2026-10-25"), clock("02:30")), at("2026-10-25T00:30:00Z"));
        assert_eq!(berlin.latest(day("2026-10-25"), clock("02:30")), at("2026-10-25T01:30:00Z"));
    }

    #[test]
    fn changes_of_the_offset_are_listed_once() {
        let london = zone("Europe/London");
        let year = london.changes(at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
        assert_eq!(year, [at("2026-03-29T01:00:00Z"), at("2026-10-25T01:00:00Z")]);
        assert_eq!(london.changes(at("2026-03-29T01:00:00Z"), at("2026-03-29T02:00:00Z")).len(), 1);
        assert_eq!(london.changes(at("2026-03-29T00:00:00Z"), at("2026-03-29T01:00:00Z")).len(), 0);
        assert_eq!(london.abbreviation(at("2026-07-01T00:00:00Z")), "BST");
    }

    #[test]
    fn beyond_the_years_that_are_known_the_nearest_instant_stands_in() {
        let london = zone("Europe/London");
        assert_eq!(london.earliest(day("9999-12-31"), clock("23:59")), at("9999-12-30T22:00:00Z"));
        assert_eq!(london.earliest(NaiveDate::MAX, clock("12:00")), at("9999-12-30T22:00:00Z"));
        assert!(london.earliest(NaiveDate::MIN, clock("12:00")) < at("0000-01-01T00:00:00Z"));
        assert_eq!(london.abbreviation(Instant::MAX_UTC), "GMT");
    }
}
