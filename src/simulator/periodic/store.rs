//! The cloud's side of the periodic store of one system.

use serde::{Deserialize, Serialize};

use super::region::PeriodicOptions;
use super::rules::PeriodicRules;
use super::schedule::PeriodicSchedule;

/// What the cloud keeps of a system's periodic store, and to whom it is open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::simulator) struct PeriodicStore {
    pub(in crate::simulator) stored: PeriodicSchedule,
    pub(in crate::simulator) rules: PeriodicRules,
    pub(in crate::simulator) readable: bool,
    pub(in crate::simulator) writable: bool,
    #[serde(default)]
    pub(in crate::simulator) two_windows_closed: bool,
}

impl PeriodicStore {
    pub(in crate::simulator) fn new(options: &PeriodicOptions) -> PeriodicStore {
        let PeriodicOptions { readable, writable, two_windows_closed, rules, .. } = *options;
        PeriodicStore { stored: options.schedule.clone(), rules, readable, writable, two_windows_closed }
    }

    /// Whether it is that of a system which has none. A saved state leaves that out.
    pub(in crate::simulator) fn is_usual(&self) -> bool {
        *self == PeriodicStore::default()
    }

    /// Whether the account may call it for anything.
    pub(in crate::simulator) fn is_open(&self) -> bool {
        self.readable || self.writable
    }
}
