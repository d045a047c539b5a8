//! How often the cloud lets itself be called.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How often the cloud lets itself be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Seconds between two reads of one endpoint of one system; 0 for no limit.
    pub read_seconds: u32,
    /// Seconds between two accepted writes to one endpoint; 0 for no limit.
    pub write_seconds: u32,
    /// What the write limit counts.
    pub write_scope: LimitScope,
    /// How a write that comes too early is answered.
    pub write_code: LimitCode,
}

/// What a write limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LimitScope {
    /// Each system apart.
    Serial,
    /// All systems of the account together.
    Account,
}

/// How a write that comes too early is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LimitCode {
    /// 6053, too fast.
    TooFast,
    /// 6008, set failed.
    SetFailed,
}

/// When which endpoint was last called, in seconds of Unix time. The account as a whole has an empty serial.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct LastCalls(BTreeMap<String, i64>);

impl Default for Limits {
    /// Ten seconds between reads of one endpoint, writes at will.
    fn default() -> Limits {
        Limits { read_seconds: 10, write_seconds: 0, write_scope: LimitScope::Serial, write_code: LimitCode::TooFast }
    }
}

impl LastCalls {
    /// Whether the last call lies at least so many seconds back.
    pub(super) fn allow(&self, serial: &str, endpoint: &str, seconds: u32, now: i64) -> bool {
        let last = self.0.get(&key(serial, endpoint));
        last.is_none_or(|last| now.saturating_sub(*last) >= i64::from(seconds))
    }

    /// Notes a call, for the system and for the account.
    pub(super) fn note(&mut self, serial: &str, endpoint: &str, now: i64) {
        self.0.insert(key(serial, endpoint), now);
        self.0.insert(key("", endpoint), now);
    }
}

fn key(serial: &str, endpoint: &str) -> String {
    format!("{serial} {endpoint}")
}
