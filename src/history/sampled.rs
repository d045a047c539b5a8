//! Rows from powers that were measured now and then.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Fault, Findings, Row};
use crate::time::Instant;
use crate::units::Power;

/// The slot that samples are gathered into: samples come every few minutes, and not on the minute.
pub(super) const SLOT: Duration = Duration::from_secs(15 * 60);

/// What was measured at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When.
    pub at: Instant,
    /// Power that the house drew.
    pub load: Option<Power>,
    /// Power of the sun.
    pub solar: Option<Power>,
}

/// What the samples of one slot add up to.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    load: Power,
    solar: Power,
    count: u32,
}

/// A row for each quarter hour that has a sample: the mean of its samples over the whole of it. Of two samples of one moment the
/// first counts; one without load or sun, or with a negative one, is left out; a quarter hour without any is missing. All of that
/// is told.
pub(super) fn rows(mut samples: Vec<Sample>, findings: &mut Findings) -> Vec<Row> {
    samples.sort_by_key(|sample| sample.at);
    let mut sums: BTreeMap<i64, Sum> = BTreeMap::new();
    let mut before: Option<Sample> = None;
    for sample in samples {
        match before.filter(|before| before.at == sample.at) {
            Some(same) if same == sample => findings.note(Fault::Repeated, 0, Some(sample.at), String::new),
            Some(_) => findings.note(Fault::Contradicted, 0, Some(sample.at), String::new),
            None => add(&mut sums, sample, findings),
        }
        before = before.filter(|before| before.at == sample.at).or(Some(sample));
    }
    note_thin(&sums, findings);
    sums.into_iter().filter_map(row).collect()
}

fn seconds() -> i64 {
    i64::try_from(SLOT.as_secs()).unwrap_or(i64::MAX)
}

fn start(slot: i64) -> Option<Instant> {
    Instant::from_timestamp(slot.checked_mul(seconds())?, 0)
}

fn add(sums: &mut BTreeMap<i64, Sum>, sample: Sample, findings: &mut Findings) {
    let Some((load, solar)) = sample.load.zip(sample.solar) else {
        return findings.note(Fault::Unknown, 0, Some(sample.at), String::new);
    };
    if load < Power::ZERO || solar < Power::ZERO {
        return findings.note(Fault::Negative, 0, Some(sample.at), || format!("load {load}, sun {solar}"));
    }
    let sum = sums.entry(sample.at.timestamp().div_euclid(seconds())).or_default();
    *sum = Sum { load: sum.load + load, solar: sum.solar + solar, count: sum.count.saturating_add(1) };
}

/// Tells of slots that have fewer than half of the samples that full ones have: one in ten has no fewer than those.
fn note_thin(sums: &BTreeMap<i64, Sum>, findings: &mut Findings) {
    let mut counts: Vec<u32> = sums.values().map(|sum| sum.count).collect();
    counts.sort_unstable();
    let full = counts.get(counts.len() * 9 / 10).copied().unwrap_or_default();
    for (slot, sum) in sums.iter().filter(|(_, sum)| sum.count.saturating_mul(2) < full) {
        findings.note(Fault::Thin, 0, start(*slot), || format!("{} of {full}", sum.count));
    }
}

fn row((slot, Sum { load, solar, count }): (i64, Sum)) -> Option<Row> {
    let mean = |sum: Power| (sum * (1.0 / f64::from(count))).over(SLOT);
    Some(Row { line: 0, start: start(slot)?, load: mean(load), solar: mean(solar), import: None, export: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(time: &str, load: f64) -> Sample {
        Sample {
            at: format!("2026-11-20T{time}Z").parse().expect("an instant"),
            load: Power::from_watts(load),
            solar: Some(Power::ZERO),
        }
    }

    fn faults(findings: &Findings) -> Vec<(Fault, u64)> {
        findings.iter().map(|found| (found.fault, found.count)).collect()
    }

    #[test]
    fn samples_are_averaged_by_the_quarter_hour_and_holes_stay_holes() {
        let samples =
            [("11:31:00", 800.0), ("10:44:58", 900.0), ("10:30:01", 300.0), ("10:59:59", 400.0), ("11:20:00", -5.0)];
        let mut findings = Findings::default();
        let rows = rows(samples.map(|(time, load)| sample(time, load)).to_vec(), &mut findings);
        let shown: Vec<(String, f64)> =
            rows.iter().map(|row| (row.start.format("%H:%M").to_string(), row.load.watt_hours())).collect();
        let expect = [("10:30", 150.0), ("10:45", 100.0), ("11:30", 200.0)];
        assert_eq!(shown, expect.map(|(time, load)| (time.to_owned(), load)));
        assert_eq!(faults(&findings), [(Fault::Negative, 1)]);
    }

    #[test]
    fn what_came_twice_counts_once_and_what_is_not_known_not_at_all() {
        let unknown = Sample { load: None, ..sample("10:20:00", 0.0) };
        let twice = [("10:00:00", 400.0), ("10:05:00", 800.0), ("10:05:00", 800.0), ("10:05:00", 9000.0)];
        let samples = twice.map(|(time, load)| sample(time, load)).into_iter().chain([unknown]).collect();
        let mut findings = Findings::default();
        let rows = rows(samples, &mut findings);
        assert_eq!(rows.iter().map(|row| row.load.watt_hours()).collect::<Vec<_>>(), [150.0]);
        assert_eq!(faults(&findings), [(Fault::Unknown, 1), (Fault::Repeated, 1), (Fault::Contradicted, 1)]);
    }

    #[test]
    fn a_quarter_hour_that_rests_on_little_is_told() {
        let even = (0..12).map(|minute| sample(&format!("10:{:02}:00", minute * 5), 300.0));
        let samples = even.chain([sample("11:07:00", 300.0)]).collect();
        let mut findings = Findings::default();
        assert_eq!(rows(samples, &mut findings).len(), 5);
        assert_eq!(faults(&findings), [(Fault::Thin, 1)]);
        let place = &findings.iter().next().expect("a finding").first[0];
        assert_eq!(
            (place.at.map(|at| at.to_rfc3339()), place.words.as_str()),
            (Some("2026-11-20T11:00:00+00:00".to_owned()), "1 of 3")
        );
    }
}
