//! Dates, times and durations as iCalendar writes them.

use std::ops::Range;

use chrono::{Duration, NaiveDate};

use super::content::Property;
use crate::time::{ClockTime, Instant, Zone};

/// The seconds of a day.
const DAY: i64 = 86_400;

/// A date, or a time of a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// The day on its own clock.
    pub date: NaiveDate,
    /// The time of that day; `None` for the day as a whole.
    pub time: Option<Time>,
}

/// A time of day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Time {
    /// Seconds since midnight.
    pub seconds: u32,
    /// The zone of the clock; `None` for the reader's.
    pub zone: Option<Zone>,
}

/// A length: whole days of the calendar, then seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length {
    /// Whole days.
    pub days: u32,
    /// Seconds on top.
    pub seconds: u32,
}

/// Why a value is no moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Strange {
    /// Another text.
    Text,
    /// A zone of this name is not known.
    Zone(String),
}

impl Moment {
    /// One moment as a property gives it.
    pub(super) fn read(property: &Property, value: &str) -> Result<Moment, Strange> {
        let value = value.trim();
        let Some((date, time)) = value.split_once(['T', 't']) else {
            return Ok(Moment { date: day(value).ok_or(Strange::Text)?, time: None });
        };
        let (time, is_utc) = match time.strip_suffix(['Z', 'z']) {
            Some(time) => (time, true),
            None => (time, false),
        };
        let seconds = seconds(time).ok_or(Strange::Text)?;
        let zone = match property.parameter("TZID").filter(|_| !is_utc) {
            Some(name) => Some(zone(name).ok_or_else(|| Strange::Zone(name.to_owned()))?),
            None => is_utc.then(Zone::utc),
        };
        Ok(Moment { date: day(date).ok_or(Strange::Text)?, time: Some(Time { seconds, zone }) })
    }
}

impl Time {
    /// The instant at which the clock first shows this time of a day.
    pub(super) fn on(&self, date: NaiveDate, reader: &Zone) -> Instant {
        let minutes = u16::try_from(self.seconds / 60).ok().and_then(ClockTime::from_minutes);
        let minute = self.zone.as_ref().unwrap_or(reader).earliest(date, minutes.unwrap_or(ClockTime::MIDNIGHT));
        minute + Duration::seconds(i64::from(self.seconds % 60))
    }
}

impl Length {
    /// Reads `P1W`, `P2D`, `PT8H30M`.
    pub(super) fn read(text: &str) -> Option<Length> {
        let text = text.trim().to_ascii_uppercase();
        let rest = text.strip_prefix('+').unwrap_or(&text).strip_prefix('P')?;
        let (dates, times) = rest.split_once('T').map_or((rest, ""), |(dates, times)| (dates, times));
        let days = sum(dates, &[('W', 7), ('D', 1)])?;
        let seconds = sum(times, &[('H', 3600), ('M', 60), ('S', 1)])?;
        let is_empty = dates.is_empty() && times.is_empty() || rest.ends_with('T');
        let (days, seconds) = (u32::try_from(days).ok()?, u32::try_from(seconds).ok()?);
        (!is_empty).then_some(Length { days, seconds })
    }

    /// The length in days, a begun one counted whole.
    pub(super) fn whole_days(self) -> i64 {
        i64::from(self.days) + (i64::from(self.seconds) + DAY - 1) / DAY
    }
}

/// `1D`, `8H30M`: numbers with their units, each once and in this order.
fn sum(text: &str, units: &[(char, u64)]) -> Option<u64> {
    let mut rest = text;
    let mut sum = 0_u64;
    for (unit, worth) in units {
        let Some((number, after)) = rest.split_once(*unit) else { continue };
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        sum = sum.checked_add(number.parse::<u64>().ok()?.checked_mul(*worth)?)?;
        rest = after;
    }
    rest.is_empty().then_some(sum)
}

/// `20261225`
fn day(text: &str) -> Option<NaiveDate> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |range: Range<usize>| text.get(range).filter(|_| digits);
    let year: i32 = number(0..4)?.parse().ok().filter(|year| *year > 0)?;
    NaiveDate::from_ymd_opt(year, number(4..6)?.parse().ok()?, number(6..8)?.parse().ok()?)
}

/// `083000` as seconds; a leap second counts as the one before.
fn seconds(text: &str) -> Option<u32> {
    let digits = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |range: Range<usize>| text.get(range).filter(|_| digits)?.parse::<u32>().ok();
    let (hour, minute, second) = (number(0..2)?, number(2..4)?, number(4..6)?);
    (hour < 24 && minute < 60 && second <= 60).then(|| hour * 3600 + minute * 60 + second.min(59))
}

/// The zone of this name, or of the end of it: some programs put their own name before.
fn zone(name: &str) -> Option<Zone> {
    let name = name.trim().trim_start_matches('/');
    let ends = name.match_indices('/').take(8).filter_map(|(at, _)| name.get(at + 1..));
    std::iter::once(name).chain(ends).find_map(Zone::named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_whole_or_not_at_all() {
        let check = |text: &str, expect: Option<(u32, u32)>| {
            let found = Length::read(text).map(|length| (length.days, length.seconds));
            assert_eq!(found, expect, "{text}");
        };
        check("P1W", Some((7, 0)));
        check("P2D", Some((2, 0)));
        check("+P1DT12H", Some((1, 43_200)));
        check("PT8H30M", Some((0, 30_600)));
        check("pt0s", Some((0, 0)));
        for bad in
            ["", "P", "PT", "P1DT", "-P1D", "P1H", "PT1D", "P1D2W", "PT1M1H", "P-1D", "P99999999999D", "P1.5D", "P1"]
        {
            check(bad, None);
        }
    }

    #[test]
    fn moments_are_read_with_their_zone() {
        let property = |zone: Option<&str>| Property {
            name: "DTSTART".to_owned(),
            parameters: zone.map(|zone| ("TZID".to_owned(), zone.to_owned())).into_iter().collect(),
            value: String::new(),
            bytes: 0..0,
            value_bytes: 0..0,
        };
        let check = |zone: Option<&str>, value: &str, expect: &str| {
            let found = Moment::read(&property(zone), value);
            let shown = found.map(|moment| match moment.time {
                None => moment.date.to_string(),
                Some(time) => {
                    let zone = time.zone.as_ref().map_or("reader", Zone::name);
                    format!("{} {} {zone}", moment.date, time.seconds)
                }
            });
            assert_eq!(shown.unwrap_or_else(|strange| format!("{strange:?}")), expect, "{value}");
        };
        check(None, "20261225", "2026-12-25");
        check(None, "20261225T010203", "2026-12-25 3723 reader");
        check(Some("Europe/London"), "20261225T010203Z", "2026-12-25 3723 UTC");
        check(Some("Europe/London"), "20261225T235960", "2026-12-25 86399 Europe/London");
        check(
            Some("/example.org/2026/America/Argentina/Salta"),
            "20261225T000000",
            "2026-12-25 0 America/Argentina/Salta",
        );
        check(Some("W. Europe Standard Time"), "20261225T000000", "Zone(\"W. Europe Standard Time\")");
        for bad in [
            "",
            "2026-12-25",
            "20261325",
            "20260230",
            "00000101",
            "20261225T24",
            "20261225T240000",
            "2026122é",
            "é0261225",
        ] {
            check(None, bad, "Text");
        }
    }
}
