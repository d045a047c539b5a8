//! What was measured in the past, kept in a file as it came: with its repeats, its holes, and what could not be placed.

use std::io::{BufReader, Read};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};

use super::history::FeedError;
use crate::history::{Fault, Findings, Sample};
use crate::units::Power;

/// The columns of a file; powers in W, empty where they are not known.
const COLUMNS: &str = "at,load_w,pv_w";

/// The most bytes of one file: many times a sample a second over a day.
const MAX_BYTES: u64 = 32 * 1024 * 1024;

/// Writes samples, and as many rows without a time as could not be placed; there is the whole file or none.
///
/// # Errors
/// The file cannot be written.
pub fn save(path: &Path, samples: &[Sample], unplaced: u32) -> std::io::Result<()> {
    let mut text = format!("{COLUMNS}\n");
    let watts = |power: Option<Power>| power.map_or(String::new(), |power| power.watts().to_string());
    for Sample { at, load, solar } in samples {
        let at = at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
        text += &format!("{at},{},{}\n", watts(*load), watts(*solar));
    }
    (0..unplaced).for_each(|_| text += ",,\n");
    let beside = path.with_extension("part");
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, path)
}

/// Reads what [`save`] wrote; what cannot be used of it is told.
///
/// # Errors
/// The file cannot be read, or is none of ours.
pub fn open(path: &Path, findings: &mut Findings) -> Result<Vec<Sample>, FeedError> {
    let mut bounded = BufReader::new(std::fs::File::open(path)?).take(MAX_BYTES);
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(&mut bounded);
    if reader.byte_headers()?.iter().collect::<Vec<_>>() != COLUMNS.split(',').map(str::as_bytes).collect::<Vec<_>>() {
        return Err(FeedError::Header(format!("line 1: expected {COLUMNS}")));
    }
    let day = path.file_stem().unwrap_or_default().to_string_lossy();
    let mut samples = Vec::new();
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record)? {
        let cell = |index: usize| record.get(index).and_then(|bytes| std::str::from_utf8(bytes).ok());
        match cell(0).and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok()) {
            Some(at) => samples.push(Sample { at: at.to_utc(), load: power(cell(1)), solar: power(cell(2)) }),
            None => findings.note(Fault::Start, 0, None, || format!("of an item of {day}")),
        }
    }
    Ok(samples)
}

fn power(cell: Option<&str>) -> Option<Power> {
    cell?.parse().ok().and_then(Power::from_watts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(time: &str, load: Option<f64>) -> Sample {
        let at = format!("2026-11-20T{time}Z").parse().expect("an instant");
        Sample { at, load: load.and_then(Power::from_watts), solar: Power::from_watts(12.5) }
    }

    #[test]
    fn what_was_kept_is_read_again_as_it_came() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("day.csv");
        let samples = [("10:00:07.5", Some(430.0)), ("10:05:11", None), ("10:05:11", Some(-3.0))]
            .map(|(at, load)| sample(at, load));
        save(&path, &samples, 2).expect("written");
        let mut findings = Findings::default();
        assert_eq!(open(&path, &mut findings).expect("read"), samples);
        assert_eq!(findings.iter().map(|found| (found.fault, found.count)).collect::<Vec<_>>(), [(Fault::Start, 2)]);
    }

    #[test]
    fn a_file_of_another_kind_is_none_of_ours() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("day.csv");
        std::fs::write(&path, "start,load_kwh,pv_kwh\n").expect("written");
        assert!(matches!(open(&path, &mut Findings::default()), Err(FeedError::Header(_))));
        assert!(matches!(open(&folder.path().join("none.csv"), &mut Findings::default()), Err(FeedError::Io(_))));
    }
}
