//! What the cloud was asked and what it answered, for tests to compare with what was announced.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::kind::FaultKind;
use super::state;
use crate::time::Instant;

/// How many requests are remembered.
const KEPT: usize = 100_000;

/// How many of them the saved state keeps.
const SAVED: usize = 2000;

/// One request and its answer. Headers are never noted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry<F = super::Fault> {
    /// When it arrived, in seconds of Unix time.
    pub second: i64,
    /// The verb.
    pub method: String,
    /// The path without base, and the query without credentials, which never stand there.
    pub path: String,
    /// The body of a write.
    pub body: Option<String>,
    /// The HTTP status.
    pub status: u16,
    /// The `code` of the envelope; none where there was no envelope.
    pub code: Option<u16>,
    /// Whether the reply was lost.
    pub lost: bool,
    /// Whether the request changed what the cloud stores.
    pub stored: bool,
    /// The faults that had a part in the answer.
    pub faults: Vec<F>,
}

/// The newest requests, oldest first.
#[derive(Clone, Debug)]
pub(super) struct Log<F = super::Fault>(VecDeque<LogEntry<F>>);

impl<F: FaultKind> LogEntry<F> {
    /// When it arrived.
    #[must_use]
    pub fn at(&self) -> Instant {
        state::instant(self.second)
    }

    /// The endpoint: the path without its query.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.path.split_once('?').map_or(&self.path, |(endpoint, _)| endpoint)
    }

    /// As one line of JSON, without a line end.
    #[must_use]
    pub fn line(&self) -> String {
        let entry = json!({
            "at": self.at().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            "method": self.method,
            "path": self.path,
            "body": self.body,
            "status": self.status,
            "code": self.code,
            "lost": self.lost,
            "stored": self.stored,
            "faults": self.faults.iter().map(|fault| fault.name()).collect::<Vec<_>>(),
        });
        entry.to_string()
    }
}

impl<F> Default for Log<F> {
    fn default() -> Log<F> {
        Log(VecDeque::new())
    }
}

impl<F> Log<F> {
    pub(super) fn note(&mut self, entry: LogEntry<F>) {
        if self.0.len() >= KEPT {
            self.0.pop_front();
        }
        self.0.push_back(entry);
    }

    pub(super) fn entries(&self) -> &VecDeque<LogEntry<F>> {
        &self.0
    }
}

impl<F: Serialize> Serialize for Log<F> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().skip(self.0.len().saturating_sub(SAVED)))
    }
}

impl<'de, F: Deserialize<'de>> Deserialize<'de> for Log<F> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Log<F>, D::Error> {
        VecDeque::deserialize(from).map(Log)
    }
}
