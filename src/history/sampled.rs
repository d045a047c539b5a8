//! Rows from powers that were measured now and then.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Fault, Findings, Row};
use crate::time::Instant;
use crate::units::Power;

/// The slot that samples are gathered into: samples come every few minutes, and not on the minute.
const SLOT: Duration = Duration::from_secs(15 * 60);

/// What was measured at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When.
    pub at: Instant,
    /// Power that the house drew.
    pub load: Power,
    /// Power of the sun.
    pub solar: Power,
}

/// A row for each quarter hour that has a sample: the mean of its samples over the whole of it. A sample with a negative power
/// is left out and told; a quarter hour without any is missing.
pub fn rows(samples: impl IntoIterator<Item = Sample>, findings: &mut Findings) -> Vec<Row> {
    let seconds = i64::try_from(SLOT.as_secs()).unwrap_or(i64::MAX);
    let mut sums: BTreeMap<i64, (Power, Power, f64)> = BTreeMap::new();
    for Sample { at, load, solar } in samples {
        if load < Power::ZERO || solar < Power::ZERO {
            findings.note(Fault::Negative, 0, Some(at), || format!("load {load}, sun {solar}"));
            continue;
        }
        let sum = sums.entry(at.timestamp().div_euclid(seconds)).or_default();
        *sum = (sum.0 + load, sum.1 + solar, sum.2 + 1.0);
    }
    let row = |(slot, (load, solar, count)): (i64, (Power, Power, f64))| {
        let start = Instant::from_timestamp(slot.checked_mul(seconds)?, 0)?;
        let mean = |sum: Power| (sum * (1.0 / count)).over(SLOT);
        Some(Row { line: 0, start, load: mean(load), solar: mean(solar), import: None, export: None })
    };
    sums.into_iter().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_averaged_by_the_quarter_hour_and_holes_stay_holes() {
        let sample = |time: &str, load: f64| Sample {
            at: format!("2026-11-20T{time}Z").parse().expect("an instant"),
            load: Power::from_watts(load).expect("a power"),
            solar: Power::ZERO,
        };
        let samples =
            [("10:44:58", 900.0), ("10:30:01", 300.0), ("10:59:59", 400.0), ("11:20:00", -5.0), ("11:31:00", 800.0)];
        let mut findings = Findings::default();
        let rows = rows(samples.map(|(time, load)| sample(time, load)), &mut findings);
        let shown: Vec<(String, f64)> =
            rows.iter().map(|row| (row.start.format("%H:%M").to_string(), row.load.watt_hours())).collect();
        let expect = [("10:30", 150.0), ("10:45", 100.0), ("11:30", 200.0)];
        assert_eq!(shown, expect.map(|(time, load)| (time.to_owned(), load)));
        assert_eq!(findings.iter().map(|found| (found.fault, found.count)).collect::<Vec<_>>(), [(Fault::Negative, 1)]);
    }
}
