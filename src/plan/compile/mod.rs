//! From a timeline to what a store is to hold, what waits, and which writes lead there: one compiler for each kind of store.

mod deferred;
mod slots;
pub mod two_window;
mod violation;
pub mod window_list;

use std::time::Duration;

pub use deferred::{Deferred, Reason};
pub use violation::Violation;

use super::budget::Permits;
use super::orphan::OrphanBound;
use super::{Outlook, Timeline};
use crate::device::{Capability, Flag, Schedule, Step, Store, WindowList};
use crate::engine::Command;
use crate::time::{Instant, Zone};
use crate::units::{Power, Soc};

/// Everything that a compilation depends on.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What is to hold; only the committed commands count.
    pub timeline: &'a Timeline,
    /// Sun and load as expected: needed to hold by a charge window with the least cap, which is not tried without it.
    pub outlook: Option<&'a Outlook>,
    /// The zone of the site and of the device's clock.
    pub zone: &'a Zone,
    /// The present.
    pub now: Instant,
    /// The schedule as it was read from the device.
    pub present: &'a Schedule,
    /// What the device can do.
    pub capability: &'a Capability,
    /// Never discharged below by command; rounded up to a whole percent.
    pub reserve: Soc,
    /// Never charged above from the grid by command; rounded down to a whole percent.
    pub ceiling: Soc,
    /// The power with which the battery charges where the timeline asks for none.
    pub charge_power: Power,
    /// What begins within this is on the device already.
    pub program_ahead: Duration,
    /// How long a day may be held where the timeline asks for self-consumption.
    pub extra_hold: Duration,
    /// What may be granted now.
    pub permits: Permits,
    /// Until when the grip in force now may not change again, because a reading has just changed it; nor is anything
    /// written by then that can wait as long.
    pub steady_until: Option<Instant>,
}

/// What the store is to hold and how to get there.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    /// The schedule after all writes; the present one if there are none.
    pub desired: Schedule,
    /// The writes in the order in which they are sent: three at most.
    pub writes: Vec<Step>,
    /// What the timeline asks and the schedule does not do, in order of time.
    pub deferred: Vec<Deferred>,
    /// What happens every day if nobody comes back.
    pub bound: OrphanBound,
    /// How the schedule does what it does.
    pub lowering: Lowering,
    /// Until when a change waits so that readings which hover do not make the schedule flap; `None` if none waits.
    pub waits_until: Option<Instant>,
}

/// By which means a schedule does what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lowering {
    /// How the charge windows are used.
    pub charge: ChargeUse,
    /// Whether discharge is forbidden outside the permissions.
    pub restricted: bool,
}

/// What charge windows are used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargeUse {
    /// There are none.
    Nothing,
    /// They charge to this many percent.
    Charge(u8),
    /// They charge to targets of their own.
    Targets {
        /// The lowest in percent.
        least: u8,
        /// The highest in percent.
        most: u8,
    },
    /// They hold: the cap is so low that the device idles in them.
    Hold,
}

/// The store cannot do what is asked at all.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("the {} cannot {command}: {why}", store.name())]
pub struct NotPossible {
    /// The store that cannot.
    pub store: Store,
    /// Why it cannot.
    pub why: &'static str,
    /// The first instant at which it is asked.
    pub from: Instant,
    /// The first instant after it.
    pub until: Instant,
    /// What is asked.
    pub command: Command,
}

/// Compiles the committed part of a timeline for the store that holds the present schedule.
///
/// # Errors
/// The first span that the store cannot do at all, such as a forced discharge.
pub fn compile(request: &Request<'_>) -> Result<Compiled, NotPossible> {
    possible(request)?;
    match request.present {
        Schedule::TwoWindow(present) => Ok(two_window::compile(request, present)),
        Schedule::Windows(present) => Ok(window_list::compile(request, present)),
    }
}

/// Safe mode: no charge from the grid, no restriction, the floor at the reserve where the store has one; everything else as
/// it stands.
#[must_use]
pub fn self_consume(present: &Schedule, reserve: Soc) -> Schedule {
    match present {
        Schedule::TwoWindow(present) => Schedule::TwoWindow(two_window::self_consume(present, reserve)),
        Schedule::Windows(list) => Schedule::Windows(WindowList { charge: Flag::Off, restricted: Flag::Off, ..*list }),
    }
}

fn possible(request: &Request<'_>) -> Result<(), NotPossible> {
    let store = request.capability.store;
    let cannot = |command: Command| match command {
        Command::DischargeTo { .. } if !request.capability.forced_discharge => {
            Some("it has no way to force energy out of the battery")
        }
        Command::Hold if !request.capability.hold => Some("it has no way to forbid discharge"),
        _ => None,
    };
    let found = request.timeline.spans.iter().find_map(|span| cannot(span.committed).map(|why| (span, why)));
    found.map_or(Ok(()), |(span, why)| {
        let (from, command) = (span.from, span.committed);
        let later = request.timeline.spans.iter().skip_while(|span| span.from < from);
        let last = later.take_while(|span| span.committed == command).last();
        Err(NotPossible { store, why, from, until: last.map_or(span.until, |last| last.until), command })
    })
}
