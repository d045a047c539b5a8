//! What the systems of one account share: whose turn it is to call an endpoint, and how long the vendor wants to be left alone.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::pace::{LEAST_GAP, LastCall, Pace};
use crate::clock::Clock;
use crate::time::{Instant, elapsed};

/// How long to wait before another look where the gap does not say.
const STEP: Duration = Duration::from_millis(250);

/// How long a call that does not come back keeps the others of its account waiting.
const HOLD: Duration = Duration::from_secs(5);

/// The longest wait for a turn to read: then the tick goes on without, and the place is kept for the next.
const READ_PATIENCE: Duration = Duration::from_secs(50);

/// The longest wait for a turn to write, whose intent is journaled already.
const WRITE_PATIENCE: Duration = Duration::from_secs(300);

/// How long a place is kept for a system that does not come back for it.
const KEPT: Duration = Duration::from_secs(900);

/// Under which name writes are counted, whatever they write.
const WRITE: &str = "write";

/// The most systems that wait for one endpoint.
const MAX_WAITING: usize = 4096;

/// The most looks at a queue within one wait.
const MAX_LOOKS: u32 = 1000;

/// What the vendor counts calls by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All systems of an account together. The vendor does not say, so this is what is taken to be the case.
    #[default]
    Account,
    /// Each system apart.
    Serial,
}

/// A call that needs a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call<'a> {
    /// A read of this endpoint of the system of this serial; the serial is empty if the account itself is asked.
    Read {
        /// The vendor's name of the endpoint.
        endpoint: &'a str,
        /// The system.
        serial: &'a str,
    },
    /// A write to the system of this serial.
    Write {
        /// The system.
        serial: &'a str,
    },
}

/// One account at a vendor. Every system of it holds the same one, so that together they keep one pace.
#[derive(Debug, Default)]
pub struct Account {
    scope: Scope,
    state: Mutex<State>,
}

/// The right to make one call, now. Dropping it notes that the call has ended, however it ended.
pub struct Turn<'a> {
    account: &'a Account,
    clock: &'a dyn Clock,
    key: String,
    number: u64,
    too_fast: bool,
    used: bool,
}

/// That other systems of the account are called first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("other systems of the account are called first, for about {} s more; nothing was asked", .0.as_secs())]
pub struct Crowded(pub Duration);

#[derive(Debug, Default)]
struct State {
    pace: Pace,
    queues: BTreeMap<String, Queue>,
    number: u64,
}

/// Who waits for one endpoint, in the order in which they came.
#[derive(Debug, Default)]
struct Queue {
    tickets: VecDeque<Ticket>,
    /// The number of the call under way, and when it began.
    under_way: Option<(u64, Instant)>,
}

#[derive(Debug)]
struct Ticket {
    serial: String,
    /// Whether its system waits at this moment: whoever is away keeps the place, and is passed by meanwhile.
    present: bool,
    seen: Instant,
}

/// What a look at the queue comes to.
enum Look {
    Go(u64),
    Wait { next: Duration, whole: Duration, last: Option<LastCall> },
}

/// A ticket while its system waits.
struct Place<'a> {
    account: &'a Account,
    key: &'a str,
    serial: &'a str,
}

impl Account {
    /// An account whose vendor counts calls so.
    #[must_use]
    pub fn new(scope: Scope) -> Account {
        Account { scope, state: Mutex::default() }
    }

    /// Waits for a turn on this clock: first come, first served, at least ten seconds after the last read of the same endpoint
    /// ended, and no two writes at a time. A call that has not come back after five seconds no longer counts as under way.
    ///
    /// # Errors
    /// The others ahead take longer than a tick can wait. The place in the queue is kept.
    pub async fn turn<'a>(&'a self, call: Call<'_>, clock: &'a dyn Clock) -> Result<Turn<'a>, Crowded> {
        let key = self.key(call);
        let place = Place::take(self, &key, call.serial(), clock.now()).ok_or(Crowded(call.patience()))?;
        let (mut waited, mut slept_for) = (Duration::ZERO, None);
        for _ in 0..MAX_LOOKS {
            match place.look(call.gap(), slept_for, clock.now()) {
                Look::Go(number) => {
                    drop(place);
                    return Ok(Turn { account: self, clock, key, number, too_fast: false, used: true });
                }
                Look::Wait { whole, .. } if waited.saturating_add(whole) > call.patience() => {
                    return Err(Crowded(whole));
                }
                Look::Wait { next, last, .. } => {
                    clock.sleep(next).await;
                    (waited, slept_for) = (waited.saturating_add(next), last);
                }
            }
        }
        Err(Crowded(call.gap()))
    }

    /// Until when the call's endpoint is left alone because the vendor called it too fast; `None` if it may be called.
    #[must_use]
    pub fn resting_until(&self, call: Call<'_>, now: Instant) -> Option<Instant> {
        self.state().pace.resting_until(&self.key(call), now)
    }

    /// Takes over the calls of another process that are later than our own.
    pub fn heed(&self, other: &Pace) {
        self.state().pace.heed(other);
    }

    /// The last reads as far as they concern this system: those of the whole account, or its own.
    #[must_use]
    pub fn pace_of(&self, serial: &str) -> Pace {
        let state = self.state();
        let concerns = |key: &str| match key.split_once(' ') {
            Some((what, whose)) => whose == serial && what != WRITE,
            None => key != WRITE,
        };
        let calls = state.pace.calls.iter().filter(|(key, _)| concerns(key));
        Pace { calls: calls.map(|(key, last)| (key.clone(), *last)).collect() }
    }

    fn key(&self, call: Call<'_>) -> String {
        let what = match call {
            Call::Read { endpoint, .. } => endpoint,
            Call::Write { .. } => WRITE,
        };
        match (self.scope, call.serial()) {
            (Scope::Account, _) | (Scope::Serial, "") => what.to_owned(),
            (Scope::Serial, serial) => format!("{what} {serial}"),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call<'_> {
    fn serial(&self) -> &str {
        match self {
            Call::Read { serial, .. } | Call::Write { serial } => serial,
        }
    }

    fn gap(&self) -> Duration {
        match self {
            Call::Read { .. } => LEAST_GAP,
            Call::Write { .. } => Duration::ZERO,
        }
    }

    fn patience(&self) -> Duration {
        match self {
            Call::Read { .. } => READ_PATIENCE,
            Call::Write { .. } => WRITE_PATIENCE,
        }
    }
}

impl Turn<'_> {
    /// The call was not made after all.
    pub fn give_back(mut self) {
        self.used = false;
    }

    /// The vendor said that this call came too fast: everyone whom it counts with this one rests.
    pub fn was_too_fast(&mut self) {
        self.too_fast = true;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.account.state();
        if self.used {
            state.pace.called(&self.key, self.clock.now(), self.too_fast);
        }
        if let Some(queue) = state.queues.get_mut(&self.key) {
            queue.under_way = queue.under_way.filter(|(number, _)| *number != self.number);
        }
    }
}

impl<'a> Place<'a> {
    /// Comes back to the place that was kept, or to the end of the queue; `None` if that is too long.
    fn take(account: &'a Account, key: &'a str, serial: &'a str, now: Instant) -> Option<Place<'a>> {
        let mut state = account.state();
        let queue = state.queues.entry(key.to_owned()).or_default();
        queue.tickets.retain(|ticket| ticket.present || elapsed(ticket.seen, now) < KEPT);
        let full = queue.tickets.len() >= MAX_WAITING;
        match queue.tickets.iter_mut().find(|ticket| ticket.serial == serial && !ticket.present) {
            Some(ticket) => (ticket.present, ticket.seen) = (true, now),
            None if full => return None,
            None => queue.tickets.push_back(Ticket { serial: serial.to_owned(), present: true, seen: now }),
        }
        Some(Place { account, key, serial })
    }

    /// Goes if nobody who waits is ahead and the gap has passed. `slept_for` is the call whose gap was slept for already: a
    /// last call in the future, as after a clock that was set back, costs one gap and no more.
    fn look(&self, gap: Duration, slept_for: Option<LastCall>, now: Instant) -> Look {
        let mut state = self.account.state();
        let last = state.pace.calls.get(self.key).copied();
        let number = state.number.wrapping_add(1);
        let Some(queue) = state.queues.get_mut(self.key) else {
            return Look::Wait { next: gap, whole: gap, last };
        };
        let ahead = queue.tickets.iter().take_while(|ticket| ticket.serial != self.serial);
        let ahead = u32::try_from(ahead.filter(|ticket| ticket.present).count()).unwrap_or(u32::MAX);
        let rest = match (queue.under_way, last) {
            (Some((_, begun)), _) => while_under_way(gap, elapsed(begun, now)),
            (None, Some(last)) if slept_for != Some(last) => gap.saturating_sub(elapsed(last.at, now)),
            (None, _) => Duration::ZERO,
        };
        if ahead == 0 && rest.is_zero() {
            queue.tickets.retain(|ticket| ticket.serial != self.serial);
            queue.under_way = Some((number, now));
            state.number = number;
            return Look::Go(number);
        }
        let step = gap.max(STEP);
        let next = if rest.is_zero() { step } else { rest };
        Look::Wait { next, whole: rest.saturating_add(step.saturating_mul(ahead)), last }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.account.state();
        let tickets = state.queues.get_mut(self.key).map(|queue| &mut queue.tickets);
        let ours = tickets.and_then(|tickets| tickets.iter_mut().find(|ticket| ticket.serial == self.serial));
        if let Some(ticket) = ours {
            ticket.present = false;
        }
    }
}

/// How long to wait before the next look while a call is under way: at the soonest it has just ended, at the latest it counts as
/// ended after [`HOLD`].
fn while_under_way(gap: Duration, since: Duration) -> Duration {
    let latest = (HOLD + gap).saturating_sub(since);
    gap.saturating_sub(since).max(STEP).min(latest)
}
