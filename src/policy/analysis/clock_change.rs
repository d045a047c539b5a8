//! What becomes of a window on the day on which its clock changes.

use std::time::Duration;

use chrono::NaiveDate;

use crate::time::{DailyWindow, Instant, Local, Zone, after, before};

/// How far ahead the next changes of a clock are looked for.
const AHEAD: Duration = Duration::from_secs(400 * 86_400);

/// Of how many changes to come it is told.
const CHANGES: usize = 2;

/// A change of a clock that does more to a window than to begin or end it an hour sooner or later.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedWindow {
    /// The day on which the clock changes, on that clock.
    pub date: NaiveDate,
    /// The day on which the window begins: that day, or the one before.
    pub begins: NaiveDate,
    /// What the clock reads before and after, in minutes since midnight.
    pub jump: (u16, u16),
    /// How long the window lasts as a rule, in minutes.
    pub usual: i64,
    /// How long it lasts on that day, in minutes.
    pub lasts: i64,
    /// Whether it comes twice, with a time between.
    pub twice: bool,
}

/// What the next two changes of a window's clock do to it: those that leave out half of it or more, that double it, or that
/// let it come twice.
#[must_use]
pub fn changed(window: &DailyWindow, site: &Zone, now: Instant) -> Vec<ChangedWindow> {
    let zone = window.zone().unwrap_or(site);
    let changes = zone.changes(now, after(now, AHEAD));
    let days = changes.into_iter().take(CHANGES).flat_map(|change| [1, 0].map(|earlier| (change, earlier)));
    days.filter_map(|(change, earlier)| on_change(window, zone, change, earlier)).collect()
}

fn on_change(window: &DailyWindow, zone: &Zone, change: Instant, days_earlier: i64) -> Option<ChangedWindow> {
    let was = zone.local(before(change, Duration::from_secs(1)));
    let is = zone.local(change);
    let old = Local::with_offset(change, was.offset);
    let date = old.date.checked_sub_signed(chrono::Duration::days(days_earlier))?;
    let (start, end) = span(window, date);
    let at = change.timestamp();
    // What lies before the change is read with the old offset, what lies after it with the new one.
    let (first, second) = (start - i64::from(was.offset), end - i64::from(was.offset));
    let (third, fourth) = (start - i64::from(is.offset), end - i64::from(is.offset));
    let sooner = (second.min(at) - first).max(0);
    let later = (fourth - third.max(at)).max(0);
    let joined = second >= at && third <= at;
    let (usual, lasts) = ((end - start) / 60, (sooner + later) / 60);
    let twice = sooner > 0 && later > 0 && !joined;
    let touched = first < at && at < fourth.max(second) || first >= at && third < at && fourth <= at;
    let worth = twice || lasts * 2 <= usual || lasts >= usual * 2;
    let jump = (old.minute, is.minute);
    (touched && worth).then_some(ChangedWindow { date: is.date, begins: date, jump, usual, lasts, twice })
}

/// From when until when a window lasts that begins on a day, in seconds of the wall clock since 1970.
fn span(window: &DailyWindow, date: NaiveDate) -> (i64, i64) {
    let midnight = date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
    let (start, end) = (i64::from(window.start().minutes()), i64::from(window.end().minutes()));
    let end = if window.crosses_midnight() { end + 1440 } else { end };
    (midnight + start * 60, midnight + end * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_two_changes_of_the_clock_are_looked_at() {
        let london = Zone::named("Europe/London").expect("a zone");
        let check = |text: &str, expect: &[(&str, i64, bool)]| {
            let (start, end) = text.split_once('-').expect("a window");
            let window = DailyWindow::new(start.parse().expect("a start"), end.parse().expect("an end"), None);
            let found =
                changed(&window.expect("not empty"), &london, "2026-11-20T12:00:00Z".parse().expect("an instant"));
            let found: Vec<(String, i64, bool)> =
                found.iter().map(|one| (one.date.to_string(), one.lasts, one.twice)).collect();
            let expect: Vec<(String, i64, bool)> =
                expect.iter().map(|(date, lasts, twice)| ((*date).to_owned(), *lasts, *twice)).collect();
            assert_eq!(found, expect, "{text}");
        };
        check("23:30-05:30", &[]);
        check("01:00-05:00", &[]);
        check("01:00-02:00", &[("2027-03-28", 0, false), ("2027-10-31", 120, false)]);
        check("01:15-01:45", &[("2027-03-28", 0, false), ("2027-10-31", 60, true)]);
        check("01:30-05:30", &[("2027-10-31", 270, true)]);
        check("22:00-01:30", &[("2027-10-31", 240, true)]);
        check("00:30-02:00", &[("2027-03-28", 30, false)]);
        check("12:00-14:00", &[]);
        check("02:00-03:00", &[]);
    }
}
