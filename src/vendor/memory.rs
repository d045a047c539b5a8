//! What a driver remembers between two processes.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use super::freshness::Freshness;
use super::pace::{LastCall, Pace};
use super::plausible::{Sample, Watch};
use crate::device::Store;
use crate::snapshot::Signal;
use crate::time::Instant;

/// The largest text that is read back, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// The form of a wall-clock time in the text.
const WALL: &str = "%Y-%m-%dT%H:%M:%S%.f";

/// What a driver remembers: its pace, the age of the readings, and what makes them believable. It travels as a text that
/// only the driver understands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    /// The last read of each endpoint.
    pub pace: Pace,
    /// How old the readings are.
    pub freshness: Freshness,
    /// What was seen before.
    pub watch: Watch,
    /// The store that was found by asking; `None` if none was, or the owner chose.
    pub found: Option<Store>,
}

/// The text: times in milliseconds since 1970, powers in the order load, solar, battery, grid, ev.
#[derive(Serialize, Deserialize)]
struct Record {
    calls: Vec<(String, i64, u32)>,
    newest: Option<String>,
    measured_at: Option<i64>,
    looked_at: Option<i64>,
    trusted: Option<(f64, i64)>,
    suspect: Option<(f64, i64)>,
    still: Option<(Option<f64>, [Option<f64>; 5], i64)>,
    failed: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    store: Option<String>,
}

impl Memory {
    /// As a text for keeping.
    #[must_use]
    pub fn to_text(&self) -> String {
        let seen = |seen: Option<(f64, Instant)>| seen.map(|(soc, at)| (soc, at.timestamp_millis()));
        let millis = |at: Option<Instant>| at.map(|at| at.timestamp_millis());
        let call = |(key, call): (&String, &LastCall)| (key.clone(), call.at.timestamp_millis(), call.refusals);
        let still = self
            .watch
            .still
            .map(|(s, since)| (s.soc, [s.load, s.solar, s.battery, s.grid, s.ev], since.timestamp_millis()));
        let record = Record {
            calls: self.pace.calls.iter().map(call).collect(),
            newest: self.freshness.newest.map(|newest| newest.format(WALL).to_string()),
            measured_at: millis(self.freshness.measured_at),
            looked_at: millis(self.freshness.looked_at),
            trusted: seen(self.watch.trusted),
            suspect: seen(self.watch.suspect),
            still,
            failed: self.watch.failed.iter().map(|signal| signal.word().to_owned()).collect(),
            store: self.found.map(|store| store.word().to_owned()),
        };
        serde_json::to_string(&record).unwrap_or_default()
    }

    /// From a text that was kept; `None` if it is none of ours. Then nothing is remembered, which costs a wait at most.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Memory> {
        let record: Record = serde_json::from_str(text).ok().filter(|_| text.len() <= MAX_BYTES)?;
        let seen = |seen: Option<(f64, i64)>| seen.and_then(|(soc, at)| Some((soc, instant(at)?)));
        let call = |(key, at, refusals)| Some((key, LastCall { at: instant(at)?, refusals }));
        let signal = |word: &String| Signal::ALL.into_iter().find(|signal| signal.word() == word);
        let still = record.still.and_then(|(soc, [load, solar, battery, grid, ev], since)| {
            Some((Sample { soc, load, solar, battery, grid, ev }, instant(since)?))
        });
        Some(Memory {
            pace: Pace { calls: record.calls.into_iter().filter_map(call).collect() },
            freshness: Freshness {
                newest: record.newest.and_then(|newest| NaiveDateTime::parse_from_str(&newest, WALL).ok()),
                measured_at: record.measured_at.and_then(instant),
                looked_at: record.looked_at.and_then(instant),
            },
            watch: Watch {
                trusted: seen(record.trusted),
                suspect: seen(record.suspect),
                still,
                failed: record.failed.iter().filter_map(signal).collect(),
            },
            found: record.store.as_deref().and_then(Store::named),
        })
    }
}

fn instant(millis: i64) -> Option<Instant> {
    Instant::from_timestamp_millis(millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_survives_as_a_text() {
        let at: Instant = "2026-11-20T20:41:00.250Z".parse().expect("an instant");
        let mut memory = Memory::default();
        assert_eq!(Memory::from_text(&memory.to_text()), Some(memory.clone()));
        memory.pace.called("getLastPowerData ALB1", at, true);
        memory.freshness =
            Freshness { newest: "2026-11-20T20:40:07".parse().ok(), measured_at: Some(at), looked_at: Some(at) };
        memory.watch.trusted = Some((56.4, at));
        memory.watch.suspect = Some((0.0, at));
        memory.watch.still = Some((Sample { soc: Some(56.4), ev: Some(-0.5), ..Sample::default() }, at));
        memory.watch.failed.extend([Signal::Soc, Signal::Ev]);
        memory.found = Some(Store::Periodic);
        assert_eq!(Memory::from_text(&memory.to_text()), Some(memory));
    }

    #[test]
    fn a_text_of_another_kind_is_no_memory() {
        for text in ["", "{}", "[]", "null", r#"{"calls":1}"#, &"[".repeat(10_000)] {
            assert_eq!(Memory::from_text(text), None, "{text}");
        }
    }
}
