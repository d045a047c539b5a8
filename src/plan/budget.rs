//! What may be sent now: the day's budget and the interval, counted per object from the writes of the past.

use std::fmt;

use crate::device::{PerObject, WriteKind};
use crate::policy::model::Limits;
use crate::time::{Instant, Zone, after};

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
    /// The machine's clock jumped and is not believed yet.
    Clock,
}

/// What may be granted to each object.
pub type Permits = PerObject<MayGrant>;

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

impl PerObject<MayGrant> {
    /// Every object may be granted as many writes as wanted.
    pub const FREE: Permits = Permits::all(MayGrant::Yes { writes: u32::MAX });

    /// The same for every object.
    #[must_use]
    pub const fn all(permit: MayGrant) -> Permits {
        PerObject { charge: permit, discharge: permit, windows: permit }
    }

    /// Nothing may be granted: what remains is the withdraw-only compilation.
    #[must_use]
    pub const fn none(why: Refusal, until: Option<Instant>) -> Permits {
        Permits::all(MayGrant::No { why, until })
    }
}

impl MayGrant {
    /// Whether a write of this kind may go, as part of so many writes to its object. To what someone else changed nothing
    /// goes until the owner has answered.
    pub(crate) fn allows(&self, kind: WriteKind, writes: u32) -> bool {
        match self {
            MayGrant::No { why: Refusal::Drift, .. } => false,
            _ if kind == WriteKind::Withdrawal => true,
            MayGrant::Yes { writes: left } => *left >= writes,
            MayGrant::No { .. } => false,
        }
    }

    /// Whether any grant may be sent.
    #[must_use]
    pub fn is_yes(&self) -> bool {
        matches!(self, MayGrant::Yes { .. })
    }
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
            Refusal::Clock => f.write_str("the clock jumped and is not believed yet"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("an instant")
    }

    fn verdict(used: &Used, now: &str, per_day: u32) -> String {
        let limits = Limits { writes_per_day: per_day, ..Limits::default() };
        let zone = Zone::named("Europe/Berlin").expect("a zone");
        match may_grant(used, &limits, &zone, at(now)) {
            MayGrant::Yes { writes } => format!("yes, {writes}"),
            MayGrant::No { why, until } => {
                format!("no: {why}; {}", until.map_or("never".to_owned(), |until| until.format("%F %R").to_string()))
            }
        }
    }

    #[test]
    fn grants_keep_the_last_write_of_the_local_day_and_the_interval() {
        let check = |today: u32, last: Option<&str>, expect: &str| {
            let used = Used { today, last: last.map(at), lost_until: None };
            assert_eq!(verdict(&used, "2026-11-20T12:00:00Z", 6), expect, "{today} {last:?}");
        };
        check(0, None, "yes, 5");
        check(1, Some("2026-11-20T11:00:00Z"), "yes, 4");
        check(1, Some("2026-11-20T11:51:00Z"), "no: the last write was at 11:51 UTC; 2026-11-20 12:01");
        check(1, Some("2026-11-20T11:50:00Z"), "yes, 4");
        check(4, Some("2026-11-20T03:00:00Z"), "yes, 1");
        let refused = "no: 5 of 6 writes used today, and the last one is kept for withdrawals; 2026-11-20 23:00";
        check(5, Some("2026-11-20T04:00:00Z"), refused);
        check(99, Some("2026-11-20T04:00:00Z"), &refused.replace("5 of", "99 of"));
    }

    #[test]
    fn a_lost_count_waits_for_the_local_midnight() {
        let used = Used { lost_until: Some(at("2026-11-20T23:00:00Z")), ..Used::default() };
        let check = |now: &str, expect: &str| assert_eq!(verdict(&used, now, 6), expect, "{now}");
        check("2026-11-20T12:00:00Z", "no: today's writes are not known; 2026-11-20 23:00");
        check("2026-11-20T23:00:00Z", "yes, 5");
    }

    #[test]
    fn a_write_that_a_wrong_clock_dated_ahead_holds_up_nothing_for_long() {
        let dated = |last: &str| Used { today: 1, last: Some(at(last)), lost_until: None };
        assert_eq!(verdict(&dated("2026-11-21T12:00:00Z"), "2026-11-20T12:00:00Z", 6), "yes, 4");
        let near = "no: the last write was at 12:05 UTC; 2026-11-20 12:15";
        assert_eq!(verdict(&dated("2026-11-20T12:05:00Z"), "2026-11-20T12:00:00Z", 6), near);
    }

    #[test]
    fn a_budget_of_one_is_for_withdrawals_alone() {
        let expect = "no: 0 of 1 writes used today, and the last one is kept for withdrawals; never";
        assert_eq!(verdict(&Used::default(), "2026-11-20T12:00:00Z", 1), expect);
    }
}
