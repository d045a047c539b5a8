//! What may be sent now: the day's budget and the interval, counted per object from the writes of the past.

use crate::policy::model::Limits;
use crate::time::{Instant, Zone, after};
use std::fmt;
use std::time::Duration;

use crate::time::{Instant, Zone, elapsed};

/// Whether grants may be sent to an object now. Withdrawals always may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayGrant {
    /// They may.
    Yes {
        /// How many more writes grants may take of this object today: the day's last one is left to withdrawals.
        writes: u32,
    },
    /// They may not.
    No {
        /// Why.
        why: Refusal,
        /// When they may again, as far as time alone tells.
        until: Option<Instant>,
    },
}

/// Why no grant may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The day's writes are used up, but for the one that is left to withdrawals.
    Budget {
        /// Writes sent on this local day.
        used: u32,
        /// The limit of the policy.
        limit: u32,
    },
    /// The last write was too short a time ago.
    Interval {
        /// When it was sent.
        last: Instant,
    },
    /// The journal was lost today: nobody knows how many writes were sent.
    Uncounted,
    /// Someone else changed the object.
    Drift,
    /// The readings are not fit to take more grip.
    Blind,
    /// What is on the device has not been read back yet.
    Unproven,
    /// The machine's clock jumped and is not believed yet.
    Clock,
}

/// One value for each object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permits {
    /// For the charge object.
    pub charge: MayGrant,
    /// For the discharge object.
    pub discharge: MayGrant,
}

/// What is known of the writes to one object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Writes of this local day that may have reached the vendor, whatever became of them.
    pub today: u32,
    /// When the last of them, or of the days before, was intended.
    pub last: Option<Instant>,
    /// The local midnight until which nobody knows how many there were, if the journal was lost.
    pub lost_until: Option<Instant>,
}

/// Whether a sequence that grants may begin with an object now.
///
/// The interval and the budget gate the start of a sequence: one that has begun is finished without asking again. A write
/// from further ahead than the interval was dated by a wrong clock and holds up nothing.
#[must_use]
pub fn may_grant(used: &Used, limits: &Limits, zone: &Zone, now: Instant) -> MayGrant {
    if let Some(until) = used.lost_until.filter(|until| now < *until) {
        return MayGrant::No { why: Refusal::Uncounted, until: Some(until) };
    }
    let (limit, between) = (limits.writes_per_day, limits.time_between_writes);
    let left = limit.saturating_sub(used.today).saturating_sub(1);
    if left == 0 {
        let (_, next_midnight) = zone.day(zone.local(now).date);
        let until = (limit > 1).then_some(next_midnight);
        return MayGrant::No { why: Refusal::Budget { used: used.today, limit }, until };
    }
    match used.last.map(|last| (last, after(last, between))) {
        Some((last, until)) if now < until && last <= after(now, between) => {
            MayGrant::No { why: Refusal::Interval { last }, until: Some(until) }
        }
        _ => MayGrant::Yes { writes: left },
    }
}

impl Permits {
    /// Both objects may be granted as many writes as wanted.
    pub const FREE: Permits =
        Permits { charge: MayGrant::Yes { writes: u32::MAX }, discharge: MayGrant::Yes { writes: u32::MAX } };

    /// Nothing may be granted: what remains is the withdraw-only compilation.
    #[must_use]
    pub fn none(why: Refusal, until: Option<Instant>) -> Permits {
        Permits { charge: MayGrant::No { why, until }, discharge: MayGrant::No { why, until } }
    }
}

impl MayGrant {
    /// Whether any grant may be sent.
    #[must_use]
    pub fn is_yes(&self) -> bool {
        matches!(self, MayGrant::Yes { .. })
    }
}

fn after(last: Instant, between: Duration) -> Instant {
    chrono::Duration::from_std(between).ok().and_then(|between| last.checked_add_signed(between)).unwrap_or(last)
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Budget { used, limit } => {
                write!(f, "{used} of {limit} writes used today, and the last one is kept for withdrawals")
            }
            Refusal::Interval { last } => write!(f, "the last write was at {}", last.format("%H:%M UTC")),
            Refusal::Uncounted => f.write_str("today's writes are not known"),
            Refusal::Drift => f.write_str("someone else changed the schedule"),
            Refusal::Blind => f.write_str("the readings are not fit to take more grip"),
            Refusal::Unproven => f.write_str("what is on the device is not proven yet"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: WriteLimits = WriteLimits { per_day: 6, between: Duration::from_secs(600) };

    fn at(text: &str) -> Instant {
        text.parse().expect("an instant")
    }

    fn verdict(sent: &[&str], since: Option<&str>, now: &str, limits: WriteLimits) -> String {
        let sent: Vec<Instant> = sent.iter().map(|text| at(text)).collect();
        let past = PastWrites { sent: &sent, counted_since: since.map(at) };
        let zone = Zone::named("Europe/Berlin").expect("a zone");
        match may_grant(&past, limits, &zone, at(now)) {
            MayGrant::Yes { writes } => format!("yes, {writes}"),
            MayGrant::No { why, until } => {
                format!("no: {why}; {}", until.map_or("never".to_owned(), |until| until.format("%F %R").to_string()))
            }
        }
    }

    #[test]
    fn grants_keep_the_last_write_of_the_local_day_and_the_interval() {
        let check = |sent: &[&str], now: &str, expect: &str| assert_eq!(verdict(sent, None, now, LIMITS), expect);
        check(&[], "2026-11-20T12:00:00Z", "yes, 5");
        check(&["2026-11-20T11:00:00Z"], "2026-11-20T12:00:00Z", "yes, 4");
        check(
            &["2026-11-20T11:51:00Z"],
            "2026-11-20T12:00:00Z",
            "no: the last write was at 11:51 UTC; 2026-11-20 12:01",
        );
        check(&["2026-11-20T11:50:00Z"], "2026-11-20T12:00:00Z", "yes, 4");
        let five = ["2026-11-19T23:00:00Z", "2026-11-20T01:00:00Z", "2026-11-20T02:00:00Z", "2026-11-20T03:00:00Z"];
        check(&five, "2026-11-20T12:00:00Z", "yes, 1");
        let six = [five.as_slice(), &["2026-11-20T04:00:00Z"]].concat();
        let refused = "no: 5 of 6 writes used today, and the last one is kept for withdrawals; 2026-11-20 23:00";
        check(&six, "2026-11-20T12:00:00Z", refused);
        check(&six, "2026-11-20T23:00:00Z", "yes, 5");
    }

    #[test]
    fn local_days_are_counted_not_utc_days() {
        assert_eq!(verdict(&["2026-11-19T22:59:00Z"], None, "2026-11-20T12:00:00Z", LIMITS), "yes, 5");
        assert_eq!(verdict(&["2026-11-19T23:00:00Z"], None, "2026-11-20T12:00:00Z", LIMITS), "yes, 4");
    }

    #[test]
    fn a_lost_count_waits_for_the_next_local_midnight() {
        let since = Some("2026-11-20T09:00:00Z");
        let check = |now: &str, expect: &str| assert_eq!(verdict(&[], since, now, LIMITS), expect, "{now}");
        check("2026-11-20T12:00:00Z", "no: today's writes are not known; 2026-11-20 23:00");
        check("2026-11-20T23:00:00Z", "yes, 5");
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_undo_writes() {
        let sent = ["2026-11-21T12:00:00Z"];
        let expect = "no: the last write was at 12:00 UTC; 2026-11-21 12:10";
        assert_eq!(verdict(&sent, None, "2026-11-20T12:00:00Z", LIMITS), expect);
    }

    #[test]
    fn a_budget_of_one_is_for_withdrawals_alone() {
        let one = WriteLimits { per_day: 1, ..LIMITS };
        let expect = "no: 0 of 1 writes used today, and the last one is kept for withdrawals; never";
        assert_eq!(verdict(&[], None, "2026-11-20T12:00:00Z", one), expect);
    }
}
