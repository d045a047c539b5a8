//! How much of a sequence may begin. Once begun it is finished, whatever the budget and the interval say by then.

use std::time::Duration;

use crate::device::{Object, Sequence, WriteKind};
use crate::policy::model::Limits;
use crate::time::Instant;

/// What has been written to one object, as the journal counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// Writes of this local day that may have reached the vendor.
    pub today: u32,
    /// When the last grant was intended, whatever became of it.
    pub last_grant: Option<Instant>,
    /// When the vendor last refused a write.
    pub last_refused: Option<Instant>,
}

/// How many leading steps of a sequence may go out now, and what holds back the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// This many, from the first.
    pub allowed: usize,
    /// Why no more; `None` if all may go.
    pub held: Option<Held>,
}

/// Why a write has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// The object's writes of this day are used up but for the last, which is kept for a withdrawal.
    Budget {
        /// Which object.
        object: Object,
        /// How many have been used.
        used: u32,
        /// How many there are.
        of: u32,
    },
    /// The last grant to the object is too recent.
    Interval {
        /// Which object.
        object: Object,
        /// When the next may go.
        until: Instant,
    },
    /// The vendor refused a write to the object too recently: the only thing that a withdrawal waits for.
    Refused {
        /// Which object.
        object: Object,
        /// When the next may go.
        until: Instant,
    },
    /// The journal was lost, so nobody knows what this day's writes were.
    JournalLost {
        /// The next local midnight.
        until: Instant,
    },
}

/// How much of a sequence may begin now.
///
/// If its grants may not, its leading withdrawals still may: the state behind each is orphan-safe. `used` gives what has
/// been written to each object; `lost_until` is the local midnight that ends the day on which the journal was lost.
#[must_use]
pub fn gate(
    sequence: &Sequence,
    used: impl Fn(Object) -> Use,
    limits: &Limits,
    lost_until: Option<Instant>,
    now: Instant,
) -> Gate {
    if let Some(held) = refused(sequence, &used, limits, now) {
        return Gate { allowed: 0, held: Some(held) };
    }
    let held = held(sequence, &used, limits, lost_until, now);
    let leading = sequence.steps.iter().take_while(|step| step.kind == WriteKind::Withdrawal).count();
    let allowed = if held.is_some() { leading } else { sequence.steps.len() };
    Gate { allowed, held }
}

/// The first reason for which the sequence's grants have to wait.
fn held(
    sequence: &Sequence,
    used: &impl Fn(Object) -> Use,
    limits: &Limits,
    lost_until: Option<Instant>,
    now: Instant,
) -> Option<Held> {
    let granted = |object: &Object| {
        sequence.steps.iter().any(|step| step.kind == WriteKind::Grant && step.settings.object() == *object)
    };
    let objects: Vec<Object> = Object::ALL.into_iter().filter(granted).collect();
    if let (Some(until), false) = (lost_until.filter(|until| now < *until), objects.is_empty()) {
        return Some(Held::JournalLost { until });
    }
    let reasons = |object: Object| {
        over_budget(sequence, object, used(object), limits).or_else(|| too_soon(object, used(object), limits, now))
    };
    objects.into_iter().find_map(reasons)
}

/// A grant never takes an object's last write of the day.
fn over_budget(sequence: &Sequence, object: Object, used: Use, limits: &Limits) -> Option<Held> {
    let writes = sequence.steps.iter().filter(|step| step.settings.object() == object).count();
    let needed = u32::try_from(writes).unwrap_or(u32::MAX);
    let over = used.today.saturating_add(needed) >= limits.writes_per_day;
    over.then_some(Held::Budget { object, used: used.today, of: limits.writes_per_day })
}

/// A grant before the interval is over.
fn too_soon(object: Object, used: Use, limits: &Limits, now: Instant) -> Option<Held> {
    waiting(used.last_grant?, limits.time_between_writes, now).map(|until| Held::Interval { object, until })
}

/// What the vendor refused is not sent again before the interval is over, whatever it is.
fn refused(sequence: &Sequence, used: &impl Fn(Object) -> Use, limits: &Limits, now: Instant) -> Option<Held> {
    let object = sequence.steps.first()?.settings.object();
    let until = waiting(used(object).last_refused?, limits.time_between_writes, now)?;
    Some(Held::Refused { object, until })
}

/// Until when an event holds back the next. One from further ahead than it could hold back was dated by a wrong clock.
fn waiting(event: Instant, span: Duration, now: Instant) -> Option<Instant> {
    let until = later(event, span);
    (now < until && event <= later(now, span)).then_some(until)
}

/// An instant so much later, or the last there is.
pub(super) fn later(at: Instant, span: Duration) -> Instant {
    let span = chrono::Duration::from_std(span).unwrap_or(chrono::Duration::MAX);
    at.checked_add_signed(span).unwrap_or(Instant::MAX_UTC)
}
