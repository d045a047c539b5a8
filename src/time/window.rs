//! A daily window of the wall clock.

use std::fmt;

use chrono::NaiveDate;

use super::{ClockTime, Instant, Local, Zone};

/// A window of the wall clock, start inclusive, end exclusive. One that crosses midnight belongs to the day on which it
/// starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyWindow {
    start: ClockTime,
    end: ClockTime,
    zone: Option<Zone>,
}

impl DailyWindow {
    /// A window in the site's zone, or in a zone of its own. An end of 00:00 means the end of the day.
    ///
    /// `None` if it begins at 24:00 or would be empty.
    #[must_use]
    pub fn new(start: ClockTime, end: ClockTime, zone: Option<Zone>) -> Option<DailyWindow> {
        let empty = start == end || start == ClockTime::END_OF_DAY;
        let end = if end == ClockTime::MIDNIGHT { ClockTime::END_OF_DAY } else { end };
        (!empty).then_some(DailyWindow { start, end, zone })
    }

    /// When it starts.
    #[must_use]
    pub fn start(&self) -> ClockTime {
        self.start
    }

    /// When it ends: 00:01 to 24:00, before the start if it crosses midnight.
    #[must_use]
    pub fn end(&self) -> ClockTime {
        self.end
    }

    /// The zone that it names itself; `None` means the site's.
    #[must_use]
    pub fn zone(&self) -> Option<&Zone> {
        self.zone.as_ref()
    }

    /// Whether it runs past midnight.
    #[must_use]
    pub fn crosses_midnight(&self) -> bool {
        self.end < self.start
    }

    /// The day on which the window around this moment began; `None` outside it.
    #[must_use]
    pub fn began_on(&self, at: Instant, site: Local) -> Option<NaiveDate> {
        self.begun(self.zone.as_ref().map_or(site, |zone| zone.local(at)))
    }

    /// The day on which the window began that is around what its own clock shows; `None` outside it.
    #[must_use]
    pub fn begun(&self, local: Local) -> Option<NaiveDate> {
        let (start, end) = (self.start.minutes(), self.end.minutes());
        if start < end {
            (start <= local.minute && local.minute < end).then_some(local.date)
        } else if local.minute >= start {
            Some(local.date)
        } else {
            (local.minute < end).then(|| local.date.pred_opt()).flatten()
        }
    }
}

impl fmt::Display for DailyWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.start, self.end)?;
        self.zone.as_ref().map_or(Ok(()), |zone| write!(f, " {}", zone.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(text: &str, zone: Option<&str>) -> DailyWindow {
        let (start, end) = text.split_once('-').expect("a window");
        let zone = zone.map(|name| Zone::named(name).expect("a zone"));
        DailyWindow::new(start.parse().expect("a start"), end.parse().expect("an end"), zone).expect("not empty")
    }

    fn began(window: &DailyWindow, instant: &str) -> Option<String> {
        let at = instant.parse().expect("an instant");
        let site = Zone::named("Europe/London").expect("a zone").local(at);
        window.began_on(at, site).map(|date| date.to_string())
    }

    #[test]
    fn a_window_belongs_to_the_day_on_which_it_starts() {
        let check = |text: &str, instant: &str, expect: Option<&str>| {
            assert_eq!(began(&window(text, None), instant).as_deref(), expect, "{text} {instant}");
        };
        check("23:30-05:30", "2026-01-15T23:29:59Z", None);
        check("23:30-05:30", "2026-01-15T23:30:00Z", Some("2026-01-15"));
        check("23:30-05:30", "2026-01-16T05:29:59Z", Some("2026-01-15"));
        check("23:30-05:30", "2026-01-16T05:30:00Z", None);
        check("22:00-00:00", "2026-01-15T23:59:00Z", Some("2026-01-15"));
        check("22:00-24:00", "2026-01-16T00:00:00Z", None);
    }

    #[test]
    fn where_an_hour_repeats_both_passes_count() {
        let check = |instant: &str, expect: bool| {
            assert_eq!(began(&window("01:15-01:45", None), instant).is_some(), expect, "{instant}");
        };
        check("2026-10-25T00:20:00Z", true);
        check("2026-10-25T00:50:00Z", false);
        check("2026-10-25T01:20:00Z", true);
        check("2026-10-25T01:50:00Z", false);
        check("2026-03-29T01:20:00Z", false);
    }

    #[test]
    fn a_window_may_name_its_own_zone() {
        let utc = window("00:30-07:30", Some("UTC"));
        assert_eq!(began(&utc, "2026-07-15T00:29:00Z"), None);
        assert_eq!(began(&utc, "2026-07-15T00:30:00Z").as_deref(), Some("2026-07-15"));
        assert_eq!(utc.to_string(), "00:30-07:30 UTC");
    }

    #[test]
    fn empty_windows_cannot_be_made() {
        let time = |text: &str| text.parse::<ClockTime>().expect("a clock time");
        assert_eq!(DailyWindow::new(time("05:00"), time("05:00"), None), None);
        assert_eq!(DailyWindow::new(time("24:00"), time("05:00"), None), None);
        assert!(DailyWindow::new(time("00:00"), time("24:00"), None).is_some());
        assert_eq!(DailyWindow::new(time("00:00"), time("00:00"), None), None);
    }
}
