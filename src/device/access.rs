//! How a device is reached: reading is one trait, writing another. A dry run is never handed the second.

use async_trait::async_trait;
use chrono::NaiveDate;

use super::Capability;
use super::schedule::{Object, Schedule, Settings};
use crate::snapshot::Snapshot;
use crate::time::Instant;
use crate::units::Power;

/// A device that can be read.
#[async_trait]
pub trait ReadDevice: Send {
    /// What it can do.
    fn capability(&self) -> Capability;

    /// What the driver wants remembered until the next process: a text that it alone understands.
    fn memory(&self) -> String {
        String::new()
    }

    /// Takes over how lately another process asked, from what its driver wanted remembered: several hold one pace. A text that
    /// is not understood changes nothing.
    fn heed(&mut self, _memory: &str) {}

    /// Why the readings of the last look lack what the device should have; `None` if nothing is to be told.
    fn remark(&self) -> Option<String> {
        None
    }

    /// One set of fresh readings. What the device does not report is absent.
    async fn readings(&mut self) -> Result<Snapshot, DeviceError>;

    /// One object of its schedule store.
    async fn object(&mut self, object: Object) -> Result<Settings, DeviceError>;

    /// The whole schedule, its objects read one after the other.
    async fn schedule(&mut self) -> Result<Schedule, DeviceError>;

    /// What the device measured on one local day.
    async fn history(&mut self, day: NaiveDate) -> Result<HistoryDay, DeviceError>;
}

/// A device that can be written.
#[async_trait]
pub trait WriteDevice: ReadDevice {
    /// Replaces one object of its schedule store, once: nothing here tries again.
    async fn write(&mut self, settings: &Settings) -> Result<(), WriteFailure>;
}

/// One local day of a device's own history.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryDay {
    /// What was measured, oldest first, each time once.
    pub points: Vec<HistoryPoint>,
    /// What was told again of a time that stands among the points, the same or otherwise.
    pub again: Vec<HistoryPoint>,
    /// How many items carried no time of that day.
    pub unplaced: u32,
}

/// One measurement of a device's own history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HistoryPoint {
    /// When it was measured.
    pub at: Instant,
    /// Power that the house drew.
    pub load: Option<Power>,
    /// Power of the sun.
    pub solar: Option<Power>,
    /// State of charge in percent.
    pub soc: Option<f64>,
    /// Power at the meter: `+` import, `-` export.
    pub grid: Option<Power>,
}

impl HistoryPoint {
    /// Power of the battery, `+` discharge: what the house drew beyond the sun and the meter.
    #[must_use]
    pub fn battery(&self) -> Option<Power> {
        Some(self.load? - self.solar? - self.grid?)
    }
}

/// Why a device could not be read. The text of each variant stands for itself: endpoint, code, what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// It may work soon: time-outs, 502, offline, internal errors, after the bounded retries.
    #[error("{endpoint}: {reason}")]
    Transient {
        /// The vendor's name of the endpoint.
        endpoint: &'static str,
        /// What happened.
        reason: String,
    },
    /// The vendor asks for slower calls.
    #[error("{endpoint}: {reason}")]
    TooFast {
        /// The vendor's name of the endpoint.
        endpoint: &'static str,
        /// What happened.
        reason: String,
    },
    /// Nothing was asked: other systems of the account are called first. It is no fault.
    #[error("{endpoint}: {reason}")]
    NotYet {
        /// The vendor's name of the endpoint.
        endpoint: &'static str,
        /// Who comes first, and for how long.
        reason: String,
    },
    /// It will not work until someone changes something: credentials, serial, entitlement, clock.
    #[error("{endpoint}: {reason}")]
    Permanent {
        /// The vendor's name of the endpoint.
        endpoint: &'static str,
        /// What happened and what to do.
        reason: String,
    },
    /// The reply could not be understood: truncated, mistyped, too large, from someone else.
    #[error("{endpoint}: {reason}")]
    Malformed {
        /// The vendor's name of the endpoint.
        endpoint: &'static str,
        /// What was wrong with it.
        reason: String,
    },
}

/// How a write that was not accepted ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteFailure {
    /// The vendor said no: nothing was stored.
    #[error("{0}")]
    Refused(DeviceError),
    /// Nobody knows whether it was stored: the reply was lost, or said neither yes nor no. Read before any retry.
    #[error("outcome unknown: {0}")]
    OutcomeUnknown(DeviceError),
}
