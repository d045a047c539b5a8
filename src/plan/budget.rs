//! What may be sent now: the day's budget and the interval, counted per object from the writes of the past.

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
}

/// One value for each object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permits {
    /// For the charge object.
    pub charge: MayGrant,
    /// For the discharge object.
    pub discharge: MayGrant,
}

/// The limits that a policy sets on writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteLimits {
    /// Writes per object and local day.
    pub per_day: u32,
    /// The least time from any write to a grant to the same object.
    pub between: Duration,
}

/// What is known of the writes that were sent to one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastWrites<'a> {
    /// When each was sent, in any order: every one since `counted_since`, whatever became of it.
    pub sent: &'a [Instant],
    /// Since when all are known; `None` if there never was a write before.
    pub counted_since: Option<Instant>,
}

/// How often an object was used on the local day of `now`. Writes that seem to lie in the future count, since a clock that
/// was set back does not undo them.
#[must_use]
pub fn used_today(past: &PastWrites<'_>, zone: &Zone, now: Instant) -> u32 {
    let (midnight, _) = zone.day(zone.local(now).date);
    u32::try_from(past.sent.iter().filter(|sent| **sent >= midnight).count()).unwrap_or(u32::MAX)
}

/// Whether a sequence that grants may begin with this object now.
///
/// The interval and the budget gate the start of a sequence: one that has begun is finished without asking again.
#[must_use]
pub fn may_grant(past: &PastWrites<'_>, limits: WriteLimits, zone: &Zone, now: Instant) -> MayGrant {
    let (midnight, next_midnight) = zone.day(zone.local(now).date);
    if past.counted_since.is_some_and(|since| since > midnight) {
        return MayGrant::No { why: Refusal::Uncounted, until: Some(next_midnight) };
    }
    let used = used_today(past, zone, now);
    let left = limits.per_day.saturating_sub(used).saturating_sub(1);
    if left == 0 {
        let until = (limits.per_day > 1).then_some(next_midnight);
        return MayGrant::No { why: Refusal::Budget { used, limit: limits.per_day }, until };
    }
    match past.sent.iter().max() {
        Some(last) if elapsed(*last, now) < limits.between => {
            MayGrant::No { why: Refusal::Interval { last: *last }, until: Some(after(*last, limits.between)) }
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
