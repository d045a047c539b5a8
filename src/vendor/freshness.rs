//! How old the readings are: the cloud stamps only its history, so the readings are as old as the last news there.

use chrono::NaiveDateTime;

use super::wall::instant;
use crate::time::{Instant, Zone};

/// How far a system's clock is presumed to run fast at most, where nothing but its stamp is known.
const DRIFT: chrono::Duration = chrono::Duration::minutes(10);

/// What counts as the age of readings of which nothing is known: older than any policy takes.
const UNKNOWN_AGE: chrono::Duration = chrono::Duration::days(1);

/// How long after a measurement its successor comes at the earliest: uploads are about 5 min apart, by uneven seconds.
const NEXT_NEWS: chrono::Duration = chrono::Duration::minutes(4);

/// What was seen of the newest `uploadTime`, look after look.
///
/// The system's clock may be off, even by an hour of daylight saving. What can be trusted is *that* its newest time
/// changed: the news then came between the look before and this one, whatever the stamp says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freshness {
    /// The newest stamp that was seen, in the system's wall clock.
    pub newest: Option<NaiveDateTime>,
    /// When that news was measured, as far as can be known.
    pub measured_at: Option<Instant>,
    /// When it was last looked.
    pub looked_at: Option<Instant>,
}

impl Freshness {
    /// Takes in the newest stamp of a look and says when it was measured, never later than now.
    ///
    /// The first look knows the stamp alone and reads it in the site's zone. A stamp a little ahead means a clock that runs
    /// fast; one further ahead says nothing of the age, and the readings count as old until there is news. Later looks
    /// know more: a newer stamp was measured between the look before and now; an equal or older one is no news.
    pub fn look(&mut self, newest: NaiveDateTime, zone: &Zone, now: Instant) -> Instant {
        let stamped = instant(newest, zone);
        let measured_at = match (self.newest, self.measured_at, self.looked_at) {
            (Some(before), Some(measured_at), Some(looked_at)) if looked_at <= now && !outlived(before, newest) => {
                let news = newest > before;
                if news { stamped.max(looked_at).min(now) } else { measured_at }
            }
            _ if stamped > now + DRIFT => now - UNKNOWN_AGE,
            _ => stamped.min(now),
        };
        *self = Freshness { newest: Some(newest), measured_at: Some(measured_at), looked_at: Some(now) };
        measured_at
    }

    /// Takes in a look that shows no stamp: news is then that anything `changed` since the look before, and was measured at
    /// that look at the earliest. Before any news the age is not known.
    pub fn look_without_stamp(&mut self, changed: bool, now: Instant) -> Instant {
        let measured_at = match (self.looked_at.filter(|looked_at| *looked_at <= now), self.measured_at) {
            (Some(looked_at), _) if changed => looked_at,
            (Some(_), Some(measured_at)) => measured_at.min(now),
            _ => now - UNKNOWN_AGE,
        };
        *self = Freshness { newest: None, measured_at: Some(measured_at), looked_at: Some(now) };
        measured_at
    }

    /// When the readings were measured, if it is too soon for the history to have news; `None` if it is time to look.
    #[must_use]
    pub fn without_news_yet(&self, now: Instant) -> Option<Instant> {
        let looked_since = self.looked_at.is_some_and(|looked_at| looked_at <= now);
        self.measured_at.filter(|measured_at| looked_since && *measured_at <= now && now < *measured_at + NEXT_NEWS)
    }

    /// When the readings were measured where a look shows no stamp at all.
    #[must_use]
    pub fn without_stamp(&self, now: Instant) -> Instant {
        self.measured_at.unwrap_or(now - UNKNOWN_AGE)
    }
}

/// Whether a remembered stamp is so far beyond the newest one that it cannot have been this system's time.
fn outlived(before: NaiveDateTime, newest: NaiveDateTime) -> bool {
    before - newest > chrono::Duration::days(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks at `(now, stamp)`, London time in winter, and the age in seconds after each.
    fn ages(looks: &[(&str, &str)]) -> Vec<i64> {
        let zone = Zone::named("Europe/London").expect("a zone");
        let mut freshness = Freshness::default();
        let age = |(now, stamp): &(&str, &str)| {
            let now: Instant = format!("2026-11-20T{now}Z").parse().expect("an instant");
            let newest = format!("2026-11-20T{stamp}").parse().expect("a wall-clock time");
            (now - freshness.look(newest, &zone, now)).num_seconds()
        };
        looks.iter().map(age).collect()
    }

    #[test]
    fn it_is_not_looked_again_before_there_can_be_news() {
        let zone = Zone::named("Europe/London").expect("a zone");
        let at = |now: &str| -> Instant { format!("2026-11-20T{now}Z").parse().expect("an instant") };
        let mut freshness = Freshness::default();
        assert_eq!(freshness.without_news_yet(at("12:03:00")), None, "before the first look");
        freshness.look("2026-11-20T12:00:07".parse().expect("a wall-clock time"), &zone, at("12:03:00"));
        let check = |now: &str, expect: Option<&str>| {
            assert_eq!(freshness.without_news_yet(at(now)), expect.map(at), "{now}");
        };
        check("12:03:00", Some("12:00:07"));
        check("12:04:06", Some("12:00:07"));
        check("12:04:07", None);
        check("12:30:00", None);
        check("12:02:59", None);
        check("11:00:00", None);
    }

    #[test]
    fn without_a_stamp_readings_are_as_old_as_the_last_look_before_they_changed() {
        let at = |now: &str| -> Instant { format!("2026-11-20T{now}Z").parse().expect("an instant") };
        let mut freshness = Freshness::default();
        let mut age = |now: &str, changed| (at(now) - freshness.look_without_stamp(changed, at(now))).num_seconds();
        assert_eq!(age("12:00:00", true), 86_400, "nothing to compare with");
        assert_eq!(age("12:01:00", false), 86_460);
        assert_eq!(age("12:02:00", true), 60);
        assert_eq!(age("12:30:00", false), 1740);
        assert_eq!(age("12:00:00", true), 86_400, "a machine clock that was set back");
    }

    #[test]
    fn readings_are_as_old_as_the_last_news() {
        let check = |what: &str, looks: &[(&str, &str)], expect: &[i64]| assert_eq!(ages(looks), expect, "{what}");
        check("one look reads the stamp", &[("12:03:00", "12:00:00")], &[180]);
        check("a clock that runs fast at one look", &[("12:03:00", "12:13:00")], &[0]);
        check("a clock well ahead at one look", &[("12:03:00", "12:13:01")], &[86_400]);
        check("a clock an hour ahead at one look", &[("12:03:00", "13:00:00")], &[86_400]);
        let ahead = [("12:03:00", "13:00:00"), ("13:05:00", "13:00:00")];
        check("a clock ahead does not become right by waiting", &ahead, &[86_400, 90_120]);
        check("no news ages", &[("12:03:00", "12:00:00"), ("12:33:00", "12:00:00")], &[180, 1980]);
        check("an older stamp is no news", &[("12:03:00", "12:00:00"), ("12:04:00", "11:55:00")], &[180, 240]);
        check("news with a right clock", &[("12:03:00", "12:00:00"), ("12:06:00", "12:05:00")], &[180, 60]);
        check("news with a clock an hour behind", &[("12:03:00", "11:00:00"), ("12:06:00", "11:05:00")], &[3780, 180]);
        check("news with a clock an hour ahead", &[("12:03:00", "13:00:00"), ("12:06:00", "13:05:00")], &[86_400, 0]);
        check("a machine clock that was set back", &[("12:03:00", "12:00:00"), ("11:03:00", "11:00:00")], &[180, 180]);
    }
}
