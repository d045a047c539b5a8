//! A history from a CSV file, gzipped or not.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder, Trim};
use flate2::read::MultiGzDecoder;

use crate::history::{Fault, Findings, History, HistoryError, Priced, Row};
use crate::time::Instant;
use crate::units::{Energy, Price};

/// The most bytes of text that a history may have, unpacked.
const MAX_BYTES: u64 = 128 * 1024 * 1024;

/// The most rows: quarter hours of fifty years, or five minutes of nineteen.
const MAX_ROWS: usize = 2_000_000;

/// What a gzipped file begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What a file in UTF-8 may begin with.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The columns of a history.
const COLUMNS: [&str; 5] = ["start", "load_kwh", "pv_kwh", "import_price", "export_price"];

/// Why a history cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The file cannot be read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It is no CSV that a program could read.
    #[error("{0}")]
    Csv(#[from] csv::Error),
    /// It is larger than any history.
    #[error("the history is larger than 128 MiB or 2 000 000 rows")]
    TooLarge,
    /// The header is not that of a history.
    #[error("{0}")]
    Header(String),
    /// A quote is opened in one line and not closed in it, so that it is open what the lines after it say.
    #[error(
        "line {0}: a quote (\") is opened here and not closed on this line, so nobody can tell where the next row begins"
    )]
    Quote(u64),
    /// Nothing in it can be used.
    #[error("{0}")]
    History(#[from] HistoryError),
}

/// Where each column stands.
#[derive(Clone, Copy, Debug)]
struct Columns {
    start: usize,
    load: usize,
    solar: usize,
    import: Option<usize>,
    export: Option<usize>,
}

/// Reads the history in a file: CSV, or CSV packed with gzip, told by its first bytes.
///
/// # Errors
/// The file cannot be read, is no history, or has no row that can be used.
pub fn open(path: &Path) -> Result<History, FeedError> {
    let mut file = BufReader::new(File::open(path)?);
    if file.fill_buf()?.starts_with(&GZIP) { read(MultiGzDecoder::new(file)) } else { read(file) }
}

/// Reads a history from the text of a CSV file.
///
/// # Errors
/// As [`open`].
pub fn read(text: impl Read) -> Result<History, FeedError> {
    let (rows, priced, findings) = rows(text)?;
    Ok(History::from_rows(rows, priced, findings)?)
}

/// The rows of a CSV file that can be used, the prices that it brings, and what is wrong with the rest.
///
/// # Errors
/// It cannot be read, or its header is not that of a history.
pub fn rows(text: impl Read) -> Result<(Vec<Row>, Priced, Findings), FeedError> {
    // One byte more than allowed tells a file that is cut off from one that ends.
    let mut bounded = text.take(MAX_BYTES + 1);
    let mut reader = ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(&mut bounded);
    let header = reader.byte_headers()?;
    let (columns, width) = (columns(header)?, header.len());
    let mut findings = Findings::default();
    let mut rows = Vec::new();
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record)? {
        if rows.len() >= MAX_ROWS {
            return Err(FeedError::TooLarge);
        }
        if record.as_slice().iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            return Err(FeedError::Quote(line(&record)));
        }
        rows.extend(row(&record, columns, width, &mut findings));
    }
    drop(reader);
    if bounded.limit() == 0 {
        return Err(FeedError::TooLarge);
    }
    let priced = Priced { import: columns.import.is_some(), export: columns.export.is_some() };
    Ok((rows, priced, findings))
}

fn columns(header: &ByteRecord) -> Result<Columns, FeedError> {
    let names: Vec<String> = header.iter().map(name).collect();
    let [start, load, solar, import, export] = COLUMNS.map(|column| place(&names, column));
    let (import, export) = (import?, export?);
    match (start?, load?, solar?) {
        (Some(start), Some(load), Some(solar)) => Ok(Columns { start, load, solar, import, export }),
        (start, load, solar) => Err(FeedError::Header(missing(&names, [start, load, solar]))),
    }
}

fn name(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).trim_start_matches(BYTE_ORDER_MARK).trim().to_ascii_lowercase()
}

/// Where a column stands; it may stand there once.
fn place(names: &[String], column: &str) -> Result<Option<usize>, FeedError> {
    let mut found = names.iter().enumerate().filter(|(_, name)| *name == column).map(|(index, _)| index);
    let first = found.next();
    match found.next() {
        Some(_) => Err(FeedError::Header(format!("line 1: the column `{column}` stands there twice"))),
        None => Ok(first),
    }
}

fn missing(names: &[String], found: [Option<usize>; 3]) -> String {
    let wanted =
        COLUMNS.iter().zip(found).filter(|(_, found)| found.is_none()).map(|(column, _)| format!("`{column}`"));
    let wanted: Vec<String> = wanted.collect();
    let semicolons = names.iter().any(|name| name.contains(';'));
    let hint = if semicolons { "; the cells are separated by semicolons, and a history's by commas" } else { "" };
    format!("line 1: no column {}: expected {}{hint}", wanted.join(" and "), COLUMNS.join(","))
}

fn line(record: &ByteRecord) -> u64 {
    record.position().map_or(0, csv::Position::line)
}

/// A row, or what is wrong with it. One with more cells than the header has may have a comma within a number.
fn row(record: &ByteRecord, columns: Columns, width: usize, findings: &mut Findings) -> Option<Row> {
    let line = line(record);
    if record.iter().skip(width).any(|cell| !cell.is_empty()) {
        findings.note(Fault::Cells, line, None, || format!("{} of them, and the header has {width}", record.len()));
        return None;
    }
    let cell = |index: usize| record.get(index).and_then(|bytes| std::str::from_utf8(bytes).ok());
    let (Some(start), Some(load), Some(solar)) = (cell(columns.start), cell(columns.load), cell(columns.solar)) else {
        findings.note(Fault::Cells, line, None, || format!("{} of them", record.len()));
        return None;
    };
    let at = instant(start, line, findings)?;
    let mut note = |fault: Fault, words: &str| findings.note(fault, line, Some(at), || words.to_owned());
    let load = energy(load).map_err(|fault| note(fault, load)).ok()?;
    let solar = energy(solar).map_err(|fault| note(fault, solar)).ok()?;
    let mut price = |column: Option<usize>| {
        let text = column.and_then(cell).unwrap_or_default();
        price(text).map_err(|fault| note(fault, text)).ok()
    };
    let (import, export) = (price(columns.import)?, price(columns.export)?);
    Some(Row { line, start: at, load, solar, import, export })
}

/// An instant in RFC 3339, to the second.
fn instant(text: &str, line: u64, findings: &mut Findings) -> Option<Instant> {
    let instant = chrono::DateTime::parse_from_rfc3339(text).ok();
    let whole = instant.filter(|at| at.timestamp_subsec_nanos() == 0).map(|at| at.to_utc());
    if whole.is_none() {
        let local = text.replacen(' ', "T", 1).parse::<chrono::NaiveDateTime>().is_ok();
        let fault = if local { Fault::NoOffset } else { Fault::Start };
        findings.note(fault, line, None, || text.to_owned());
    }
    whole
}

/// An energy in kWh.
fn energy(text: &str) -> Result<Energy, Fault> {
    let kilowatt_hours: f64 = text.parse().map_err(|_| Fault::Number)?;
    match Energy::from_watt_hours(kilowatt_hours * 1000.0) {
        _ if kilowatt_hours.is_nan() => Err(Fault::Number),
        _ if kilowatt_hours < 0.0 => Err(Fault::Negative),
        energy => energy.ok_or(Fault::TooLarge),
    }
}

/// A price per kWh; an empty cell is none.
fn price(text: &str) -> Result<Option<Price>, Fault> {
    if text.is_empty() {
        return Ok(None);
    }
    let amount: f64 = text.parse().map_err(|_| Fault::Number)?;
    if amount.is_nan() {
        return Err(Fault::Number);
    }
    Price::per_kwh(amount).map(Some).ok_or(Fault::TooLarge)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn faults(text: &str) -> Vec<(Fault, u64, Option<u64>, String)> {
        let history = read(text.as_bytes()).expect("a history");
        let first = |finding: &crate::history::Finding| {
            (finding.fault, finding.count, finding.first[0].line, finding.first[0].words.clone())
        };
        history.findings().iter().map(first).collect()
    }

    const GOOD: &str = "start,load_kwh,pv_kwh\n2026-01-01T00:00:00Z,0.5,0\n2026-01-01T02:00:00+01:00,0.4,0.1\n";

    #[test]
    fn a_plain_history_is_read_with_its_offsets() {
        let history = read(GOOD.as_bytes()).expect("a history");
        let shown: Vec<(String, f64, f64)> = history
            .slots()
            .iter()
            .map(|slot| (slot.from.to_rfc3339(), slot.load.watt_hours(), slot.solar.watt_hours()))
            .collect();
        assert_eq!(shown[0], ("2026-01-01T00:00:00+00:00".to_owned(), 500.0, 0.0));
        assert_eq!(shown[1], ("2026-01-01T01:00:00+00:00".to_owned(), 400.0, 100.0));
        assert_eq!(history.findings().iter().count(), 0);
        assert_eq!(history.priced(), Priced::default());
    }

    #[test]
    fn every_bad_row_is_counted_with_its_first_line_and_left_out() {
        let rows = [
            "2026-01-01T02:00:00Z,NaN,0",
            "2026-01-01T03:00:00Z,-0.1,0",
            "2026-01-01T04:00:00Z,inf,0",
            "2026-01-01T05:00:00,0.1,0",
            "yesterday,0.1,0",
            "2026-01-01T06:00:00Z",
            "2026-01-01T07:00:00Z,zero,0",
            "2026-01-01T08:00:00Z,1,1e300",
            "2026-01-01T08:30:00Z,0,4,0,1",
            "2026-01-01T09:00:00Z,1,1,,",
        ];
        let text = format!("{GOOD}{}", rows.join("\n"));
        let expect = [
            (Fault::Cells, 2, Some(9), "1 of them"),
            (Fault::Start, 1, Some(8), "yesterday"),
            (Fault::NoOffset, 1, Some(7), "2026-01-01T05:00:00"),
            (Fault::Number, 2, Some(4), "NaN"),
            (Fault::Negative, 1, Some(5), "-0.1"),
            (Fault::TooLarge, 2, Some(6), "inf"),
            (Fault::Gap, 1, None, "7 h missing"),
        ];
        let expect = expect.map(|(fault, count, line, words)| (fault, count, line, words.to_owned()));
        assert_eq!(faults(&text), expect);
    }

    #[test]
    fn a_quote_that_is_left_open_swallows_nothing() {
        let rows = "2026-01-01T02:00:00Z,\"0.4,0\n2026-01-01T03:00:00Z,1,0\n2026-01-01T04:00:00Z,1,0\n";
        let error = read(format!("{GOOD}{rows}").as_bytes()).expect_err("an open quote");
        assert!(error.to_string().starts_with("line 4: a quote"), "{error}");
        let quoted = format!("{GOOD}\"2026-01-01T02:00:00Z\",\"0.4\",\"0\"\n");
        assert_eq!(read(quoted.as_bytes()).expect("a history").slots().len(), 3);
    }

    #[test]
    fn prices_stand_beside_or_are_missed() {
        let text = "start,load_kwh,pv_kwh,import_price\n2026-01-01T00:00:00Z,1,0,0.3\n2026-01-01T01:00:00Z,1,0,-0.02\n\
                    2026-01-01T02:00:00Z,1,0,\n";
        let history = read(text.as_bytes()).expect("a history");
        assert_eq!(history.priced(), Priced { import: true, export: false });
        assert_eq!(history.slots().last().and_then(|slot| slot.import).map(Price::amount), Some(-0.02));
        assert_eq!(faults(text), [(Fault::NoPrice, 1, Some(4), String::new())]);
    }

    #[test]
    fn a_header_that_is_not_a_historys_is_explained() {
        let check = |text: &str, expect: &str| {
            let error = read(text.as_bytes()).expect_err(text).to_string();
            assert!(error.contains(expect), "{error}");
        };
        check("", "no column `start` and `load_kwh` and `pv_kwh`");
        check("start;load_kwh;pv_kwh\n", "separated by semicolons");
        check("start,load_kwh,load_kwh,pv_kwh\n", "`load_kwh` stands there twice");
        check("start,load_kwh,pv_kwh\n", "no row of the history can be used");
        check("start,load_kwh,pv_kwh\nnow,1,1\n", "line 2: start is no time");
        check("start,load_kwh,pv_kwh\n2026-01-01T00:00:00Z,1,1\n", "a single row");
    }

    #[test]
    fn a_packed_history_is_the_same() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.csv");
        let mut packed =
            flate2::write::GzEncoder::new(File::create(&path).expect("a file"), flate2::Compression::fast());
        packed.write_all(format!("\u{feff}{GOOD}").as_bytes()).expect("written");
        packed.finish().expect("finished");
        assert_eq!(open(&path).expect("a history"), read(GOOD.as_bytes()).expect("a history"));
        assert!(matches!(open(&folder.path().join("none.csv")), Err(FeedError::Io(_))));
    }

    #[test]
    fn what_unpacks_to_more_than_any_history_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bomb.csv.gz");
        let mut packed =
            flate2::write::GzEncoder::new(File::create(&path).expect("a file"), flate2::Compression::fast());
        packed.write_all(GOOD.as_bytes()).expect("written");
        let blank = vec![b'\n'; 1 << 20];
        (0..129).for_each(|_| packed.write_all(&blank).expect("written"));
        packed.finish().expect("finished");
        assert!(matches!(open(&path), Err(FeedError::TooLarge)));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*", rows in prop::collection::vec("[0-9TZ:,.\"\\-+eENan ]{0,40}", 0..20)) {
            let _ = read(text.as_bytes());
            let _ = read(format!("start,load_kwh,pv_kwh,import_price\n{}", rows.join("\n")).as_bytes());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(bytes.as_slice());
        }
    }
}
