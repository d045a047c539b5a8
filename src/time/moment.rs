//! Moments as people write them.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, NaiveDate};

use super::{ClockTime, Instant, Zone};

/// The years of which people may speak: beyond them nobody knows what clocks show.
const YEARS: RangeInclusive<i32> = 2000..=2100;

/// Why a text is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoMoment {
    /// Neither a date and a time of the clock nor RFC 3339.
    Unreadable,
    /// The clock jumps over that time on that day.
    Skipped,
    /// The clock does not show that time under that abbreviation.
    NoSuchPass,
    /// Before 2000 or after 2100.
    Beyond,
}

/// A moment: `2026-01-15 01:00` on the zone's clock, `2026-10-25 01:30 GMT` for one pass of a time that occurs twice, or
/// RFC 3339 with its offset. Without an abbreviation the first pass is meant.
///
/// # Errors
/// Why it is none.
pub fn moment(text: &str, zone: &Zone) -> Result<Instant, NoMoment> {
    let text = text.trim();
    let at = DateTime::parse_from_rfc3339(text).map_or_else(|_| on_the_clock(text, zone), |at| Ok(at.to_utc()))?;
    if YEARS.contains(&at.year()) { Ok(at) } else { Err(NoMoment::Beyond) }
}

fn on_the_clock(text: &str, zone: &Zone) -> Result<Instant, NoMoment> {
    let (date, time, pass) = parts(text).ok_or(NoMoment::Unreadable)?;
    if zone.skips(date, time) {
        return Err(NoMoment::Skipped);
    }
    let passes = [zone.earliest(date, time), zone.latest(date, time)];
    let meant = |at: &Instant| pass.is_none_or(|pass| zone.abbreviation(*at).eq_ignore_ascii_case(pass));
    passes.into_iter().find(meant).ok_or(NoMoment::NoSuchPass)
}

/// The day, the time, and which pass of it.
fn parts(text: &str) -> Option<(NaiveDate, ClockTime, Option<&str>)> {
    let (date, rest) = text.split_once([' ', 'T'])?;
    let mut words = rest.split_whitespace();
    let (time, pass) = (words.next()?.parse().ok()?, words.next());
    words.next().is_none().then_some((date.parse().ok()?, time, pass))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_one_that_the_clock_shows() {
        let london = Zone::named("Europe/London").expect("a zone");
        let check = |text: &str, expect: Result<&str, NoMoment>| {
            let expect = expect.map(|at| at.parse::<Instant>().expect("an instant"));
            assert_eq!(moment(text, &london), expect, "{text}");
        };
        check("2026-11-20 20:41", Ok("2026-11-20T20:41:00Z"));
        check(" 2026-07-20T20:41 ", Ok("2026-07-20T19:41:00Z"));
        check("2026-07-20T20:41:00+02:00", Ok("2026-07-20T18:41:00Z"));
        check("2026-07-20 24:00", Ok("2026-07-20T23:00:00Z"));
        check("2026-10-25 01:30", Ok("2026-10-25T00:30:00Z"));
        check("2026-10-25 01:30 BST", Ok("2026-10-25T00:30:00Z"));
        check("2026-10-25 01:30 gmt", Ok("2026-10-25T01:30:00Z"));
        check("2026-10-25 01:30 CET", Err(NoMoment::NoSuchPass));
        check("2026-10-25 01:30 GMT again", Err(NoMoment::Unreadable));
        check("2026-03-29 00:59", Ok("2026-03-29T00:59:00Z"));
        check("2026-03-29 01:00", Err(NoMoment::Skipped));
        check("2026-03-29 01:30 GMT", Err(NoMoment::Skipped));
        check("2026-03-29 02:00", Ok("2026-03-29T01:00:00Z"));
        check("20:41", Err(NoMoment::Unreadable));
        check("2026-02-30 10:00", Err(NoMoment::Unreadable));
        check("1999-12-31 23:59", Err(NoMoment::Beyond));
        check("2101-01-01T00:00:00Z", Err(NoMoment::Beyond));
        for far in ["9999-12-30 12:00", "9999-12-31 23:59", "99999-01-01 00:00", "-99999-01-01 00:00"] {
            assert!(matches!(moment(far, &london), Err(NoMoment::Beyond | NoMoment::Unreadable)), "{far}");
        }
    }
}
