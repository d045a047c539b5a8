//! What may be sent now: the day's budget and the interval, counted per object from the writes of the past.

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
