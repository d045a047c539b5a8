//! What the driver remembers between two processes.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::cloud::GAP;
use super::latest::Latest;
use super::soc::Counters;
use crate::time::{Instant, elapsed};
use crate::vendor::memory::Memory as Common;
use crate::vendor::plausible::Watch;
use crate::vendor::wall::wall_time;

/// The largest text that is read back, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// The form of a wall-clock time in the text.
const WALL: &str = "%Y-%m-%d %H:%M:%S%.f";

/// What the driver remembers: what every driver does, the counters of its state of charge, and its last replies, which serve
/// whoever asks again within the minute. It travels as a text that only the driver understands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    pub(super) common: Common,
    pub(super) counters: Option<Counters>,
    pub(super) data: Option<Data>,
    pub(super) settings: Option<Mapped>,
}

/// The last set of data.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Data {
    /// From which endpoint of which device.
    pub(super) key: String,
    /// When it was read.
    pub(super) at: Instant,
    /// When it was measured, as far as is known.
    pub(super) measured_at: Instant,
    /// What it says.
    pub(super) latest: Latest,
    /// What was remembered before it was judged: judged again it is thought of as before.
    pub(super) before: Watch,
}

/// The mapped part of the last object of settings.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mapped {
    /// From which endpoint of which device.
    pub(super) key: String,
    /// When it was read.
    pub(super) at: Instant,
    /// The mapped keys with what they held.
    pub(super) object: Map<String, Value>,
}

/// The text: times in milliseconds since 1970, what every driver remembers as a text of its own.
#[derive(Serialize, Deserialize)]
struct Record {
    common: String,
    counters: Option<((f64, f64, f64), f64, f64)>,
    data: Option<DataRecord>,
    settings: Option<(String, i64, Map<String, Value>)>,
}

#[derive(Serialize, Deserialize)]
struct DataRecord {
    key: String,
    at: i64,
    measured_at: i64,
    stamp: Option<String>,
    fields: BTreeMap<String, f64>,
    before: String,
}

impl Data {
    /// Whether it still serves for this endpoint and device.
    pub(super) fn serves(&self, key: &str, now: Instant) -> bool {
        serves(&self.key, self.at, key, now)
    }
}

impl Mapped {
    /// Whether it still serves for this endpoint and device.
    pub(super) fn serves(&self, key: &str, now: Instant) -> bool {
        serves(&self.key, self.at, key, now)
    }
}

fn serves(own: &str, at: Instant, key: &str, now: Instant) -> bool {
    let young = |gap: Duration| at <= now && elapsed(at, now) < gap;
    own == key && young(GAP)
}

impl Memory {
    /// As a text for keeping.
    #[must_use]
    pub fn to_text(&self) -> String {
        let data = self.data.as_ref().map(|data| DataRecord {
            key: data.key.clone(),
            at: data.at.timestamp_millis(),
            measured_at: data.measured_at.timestamp_millis(),
            stamp: data.latest.stamp.map(|stamp| stamp.format(WALL).to_string()),
            fields: data.latest.fields.clone(),
            before: Common { watch: data.before.clone(), ..Common::default() }.to_text(),
        });
        let settings =
            self.settings.as_ref().map(|kept| (kept.key.clone(), kept.at.timestamp_millis(), kept.object.clone()));
        let record = Record {
            common: self.common.to_text(),
            counters: self.counters.map(|seen| (seen.origin, seen.charged, seen.discharged)),
            data,
            settings,
        };
        serde_json::to_string(&record).unwrap_or_default()
    }

    /// From a text that was kept; `None` if it is none of ours. Then nothing is remembered, which costs a wait, and a state of
    /// charge that is counted no longer notices a counter that went back meanwhile.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Memory> {
        let record: Record = serde_json::from_str(text).ok().filter(|_| text.len() <= MAX_BYTES)?;
        let settings = record.settings.and_then(|(key, at, object)| Some(Mapped { key, at: instant(at)?, object }));
        Some(Memory {
            common: Common::from_text(&record.common)?,
            counters: record.counters.map(|(origin, charged, discharged)| Counters { origin, charged, discharged }),
            data: record.data.and_then(data),
            settings,
        })
    }
}

fn data(record: DataRecord) -> Option<Data> {
    let stamp = record.stamp.map(|stamp| wall_time(&stamp).ok_or(())).transpose().ok()?;
    Some(Data {
        key: record.key,
        at: instant(record.at)?,
        measured_at: instant(record.measured_at)?,
        latest: Latest { stamp, fields: record.fields },
        before: Common::from_text(&record.before)?.watch,
    })
}

fn instant(millis: i64) -> Option<Instant> {
    Instant::from_timestamp_millis(millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Signal;
    use serde_json::json;

    #[test]
    fn what_is_remembered_survives_as_a_text() {
        let at: Instant = "2026-11-20T20:41:00.250Z".parse().expect("an instant");
        let mut memory = Memory::default();
        assert_eq!(Memory::from_text(&memory.to_text()), Some(memory.clone()));
        memory.common.pace.called("data-last-small HPS1", at, true);
        memory.counters = Some(Counters { origin: (50.0, 1000.5, 900.25), charged: 1001.0, discharged: 901.0 });
        let fields = [("vbat".to_owned(), 512.4), ("pac".to_owned(), -3.0)].into();
        let stamp = "2026-11-20T20:40:07".parse().ok();
        let before = Watch { failed: [Signal::Soc].into(), ..Watch::default() };
        let key = "data-last-small HPS1".to_owned();
        memory.data = Some(Data { key: key.clone(), at, measured_at: at, latest: Latest { stamp, fields }, before });
        let object = json!({"valleyPeriodTime1": "02:00-05:30"}).as_object().cloned().expect("an object");
        memory.settings = Some(Mapped { key, at, object });
        assert_eq!(Memory::from_text(&memory.to_text()), Some(memory.clone()));
        memory.data.as_mut().expect("data").latest.stamp = None;
        assert_eq!(Memory::from_text(&memory.to_text()), Some(memory));
    }

    #[test]
    fn a_text_of_another_kind_is_no_memory() {
        let common = Common::default().to_text();
        for text in ["", "{}", "[]", "null", r#"{"common":""}"#, common.as_str(), &"[".repeat(10_000)] {
            assert_eq!(Memory::from_text(text), None, "{text}");
        }
    }
}
