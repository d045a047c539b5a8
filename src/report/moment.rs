//! Moments and ages as people read them.

use std::time::Duration;

use crate::time::{Instant, Zone};

/// `Fri 2026-11-20 20:41 GMT`
#[must_use]
pub fn full(at: Instant, zone: &Zone) -> String {
    let local = zone.local(at);
    format!("{} {} {} {}", local.weekday(), local.date, local.time(), zone.abbreviation(at))
}

/// `20:41`, with the day where it is more than a day ahead or behind `today`: `Sat 05:30`. In the hour that the clock
/// repeats it says which pass is meant: `01:30 GMT`.
#[must_use]
pub fn short(at: Instant, today: Instant, zone: &Zone) -> String {
    let (local, today) = (zone.local(at), zone.local(today));
    let time = clock(at, zone);
    match (local.date - today.date).num_days() {
        0 => time,
        1 if local.minute < today.minute => time,
        1..=6 => format!("{} {time}", local.weekday()),
        _ => format!("{} {time}", local.date),
    }
}

/// `23:30–05:30`, `Sat 01:00–03:00`: a stretch of time as seen from `today`.
#[must_use]
pub fn span(from: Instant, until: Instant, today: Instant, zone: &Zone) -> String {
    format!("{}–{}", short(from, today, zone), short(until, from, zone))
}

/// What the clock shows, with the zone's abbreviation where that alone tells two instants apart.
fn clock(at: Instant, zone: &Zone) -> String {
    let local = zone.local(at);
    let repeats = zone.earliest(local.date, local.time()) != zone.latest(local.date, local.time());
    if repeats { format!("{} {}", local.time(), zone.abbreviation(at)) } else { local.time().to_string() }
}

/// `now`, `3 min old`, `2 h old`.
#[must_use]
pub fn age(age: Duration) -> String {
    match age.as_secs() {
        0..60 => "now".to_owned(),
        seconds @ 60..7200 => format!("{} min old", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h old", seconds / 3600),
        seconds => format!("{} days old", seconds / 86_400),
    }
}

/// RFC 3339 in UTC to the second, as JSON carries it.
#[must_use]
pub fn rfc3339(at: Instant) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("an instant")
    }

    #[test]
    fn moments_read_on_the_sites_clock() {
        let london = Zone::named("Europe/London").expect("a zone");
        let now = at("2026-11-20T20:41:30Z");
        assert_eq!(full(now, &london), "Fri 2026-11-20 20:41 GMT");
        assert_eq!(full(at("2026-07-01T23:10:00Z"), &london), "Thu 2026-07-02 00:10 BST");
        assert_eq!(short(at("2026-11-21T05:30:00Z"), now, &london), "05:30");
        assert_eq!(short(at("2026-11-22T05:30:00Z"), now, &london), "Sun 05:30");
        assert_eq!(short(at("2026-11-21T20:41:00Z"), now, &london), "Sat 20:41");
        assert_eq!(short(at("2026-12-22T05:30:00Z"), now, &london), "2026-12-22 05:30");
        assert_eq!(short(at("2026-10-25T00:30:00Z"), at("2026-10-24T20:00:00Z"), &london), "01:30 BST");
        assert_eq!(short(at("2026-10-25T01:30:00Z"), at("2026-10-24T20:00:00Z"), &london), "01:30 GMT");
        assert_eq!(span(at("2026-11-20T23:30:00Z"), at("2026-11-21T05:30:00Z"), now, &london), "23:30–05:30");
        assert_eq!(span(at("2026-11-22T01:00:00Z"), at("2026-11-22T03:00:00Z"), now, &london), "Sun 01:00–03:00");
        assert_eq!(rfc3339(now), "2026-11-20T20:41:30Z");
    }

    #[test]
    fn ages_are_rounded_as_people_do() {
        let check = |seconds: u64, expect: &str| assert_eq!(age(Duration::from_secs(seconds)), expect);
        check(59, "now");
        check(60, "1 min old");
        check(7199, "119 min old");
        check(7200, "2 h old");
        check(200_000, "2 days old");
    }
}
