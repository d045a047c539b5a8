//! The durable memory: readings, decisions, intents before writes, outcomes, overrides.
//!
//! One SQLite file in the state folder, in write-ahead mode. What a write to the device rests on is synchronised to the disk
//! before its function returns. `docs/journal.md` describes the tables.

mod alarm;
mod command;
mod damage;
mod error;
mod intent;
mod lock;
mod log;
mod mark;
mod memory;
mod prune;
mod schedule;
mod schema;
mod seal;
mod shape;
mod sites;
mod store;
mod tick;

pub use alarm::AlarmRecord;
pub use command::{OverrideRecord, Resumed};
pub use error::{JournalError, LockError};
pub use intent::{Unfinished, WriteRecord, WritesUsed};
pub use lock::StateLock;
pub use log::{LogEntry, LogFilter, LogKind};
pub use prune::Retention;
pub use schedule::{DriftRecord, ScheduleRecord};
pub use store::{Journal, Loss};
pub use tick::{RevisionRecord, TickRecord};
