//! Moments and spans as people type them.

use super::output::{Failure, failure};
use crate::time::{self, ClockTime, Instant, NoMoment, Zone};

/// A moment, as [`time::moment`] reads it: RFC 3339 with offset, or `YYYY-MM-DD HH:MM` on the site's clock, with the zone's
/// abbreviation for one pass of a time that occurs twice.
///
/// # Errors
/// It is neither, or the clock never shows it.
pub fn moment(text: &str, zone: &Zone) -> Result<Instant, Failure> {
    let text = text.trim();
    time::moment(text, zone).or_else(|why| {
        let name = zone.name();
        failure(match why {
            NoMoment::Unreadable => {
                format!("`{text}` is no moment: write 2026-11-20T20:41:00Z, or '2026-11-20 20:41' on the clock of {name}")
            }
            NoMoment::Skipped => format!("`{text}` is no moment: the clock of {name} jumps over it on that day"),
            NoMoment::NoSuchPass => format!(
                "`{text}` is no moment: the clock of {name} does not show it so; name the pass of a time that occurs twice as in \
                 '2026-10-25 01:30 GMT'"
            ),
            NoMoment::Beyond => format!("`{text}` is no moment that can be told: expected a year from 2000 to 2100"),
        })
    })
}

/// The next time at which the site's clock shows this, or a moment as [`moment`] reads it.
///
/// # Errors
/// It is neither.
pub fn next(text: &str, now: Instant, zone: &Zone) -> Result<Instant, Failure> {
    let Ok(time) = text.trim().parse::<ClockTime>() else { return moment(text, zone) };
    let today = zone.local(now).date;
    let tomorrow = today.succ_opt().unwrap_or(today);
    let at = [today, tomorrow].map(|date| zone.earliest(date, time)).into_iter().find(|at| *at > now);
    at.map_or_else(|| failure(format!("`{text}` never comes")), Ok)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::moment::rfc3339;

    #[test]
    fn moments_are_read_on_the_sites_clock_or_with_their_offset() {
        let london = Zone::named("Europe/London").expect("a zone");
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(moment(text, &london).ok().map(rfc3339).as_deref(), expect, "{text}");
        };
        check("2026-11-20 20:41", Some("2026-11-20T20:41:00Z"));
        check("2026-07-20T20:41", Some("2026-07-20T19:41:00Z"));
        check("2026-07-20T20:41:00+02:00", Some("2026-07-20T18:41:00Z"));
        check("20:41", None);
        check("tomorrow", None);
        check("2026-02-30 10:00", None);
        check("2026-10-25 01:30 GMT", Some("2026-10-25T01:30:00Z"));
        check("2026-03-29 01:30", None);
        check("9999-12-31 23:59", None);
    }

    #[test]
    fn a_bare_time_is_the_next_one() {
        let london = Zone::named("Europe/London").expect("a zone");
        let now = "2026-11-20T20:41:00Z".parse().expect("an instant");
        let check = |text: &str, expect: &str| {
            assert_eq!(next(text, now, &london).ok().map(rfc3339).as_deref(), Some(expect), "{text}");
        };
        check("21:00", "2026-11-20T21:00:00Z");
        check("20:41", "2026-11-21T20:41:00Z");
        check("18:00", "2026-11-21T18:00:00Z");
    }
}
