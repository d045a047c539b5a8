//! The write protocol as a state machine: intend, write, read back, watch the effect.
//!
//! Pure: it is told what happened and answers what is to be done. Who drives it holds the journal, the device and the clock.
//!
//! - [`Machine`] takes a sequence from intent to proof, and [`Machine::recover`] takes one up after a crash.
//! - [`Watch`] says whether the battery answers to what is stored.
//! - [`drift`] says whether someone else changed the schedule.

mod drift;
mod machine;
mod proof;
mod watch;

pub use drift::{Drift, Ownership, drift, ownership};
pub use machine::{Alarm, Command, End, Event, Intent, MAX_LOST, MAX_REFUSALS, MAX_SENDS, Machine, SendReply};
pub use proof::Proof;
pub use watch::{Sample, Unseen, Verdict, Watch};
