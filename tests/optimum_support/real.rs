//! Measurements, where they are at hand.

use std::path::{Path, PathBuf};
use std::process::Command;

use offpeak::optimum::Slot;

use super::{hour, price};

/// The slots of a measured year of a German home; `None` with a word of why where the file is not at hand.
pub(crate) fn konstanz(tariff: &str) -> Option<Vec<Slot>> {
    let text = text(&format!("history_konstanz_2016_{tariff}.csv.gz"))?;
    let row = |line: &str| {
        let fields: Vec<f64> = line.split(',').skip(1).map(|field| field.parse().expect("a number")).collect();
        hour(fields[0] - fields[1], fields[2], fields[3])
    };
    Some(text.lines().skip(1).map(row).collect())
}

/// Two years of German day-ahead prices per kWh, hour by hour.
pub(crate) fn day_ahead() -> Option<Vec<f64>> {
    let text = text("price_de_lu_2024-2025_60min.csv.gz")?;
    let price = |line: &str| line.rsplit(',').next()?.parse::<f64>().ok().map(|amount| amount / 1000.0);
    Some(text.lines().skip(1).filter_map(price).collect())
}

/// The same hours at other prices.
pub(crate) fn repriced(slots: &[Slot], prices: impl Fn(usize, &Slot) -> (f64, f64)) -> Vec<Slot> {
    let change = |(number, slot): (usize, &Slot)| {
        let (import, export) = prices(number, slot);
        Slot { import: price(import), export: price(export), ..*slot }
    };
    slots.iter().enumerate().map(change).collect()
}

fn text(file: &str) -> Option<String> {
    let Some(path) = measurements(file) else {
        eprintln!("skipped: no {file}; OFFPEAK_DATA names the folder that has it");
        return None;
    };
    let output = Command::new("gzip").arg("-dc").arg(path).output().expect("gzip");
    assert!(output.status.success(), "gzip failed");
    Some(String::from_utf8(output.stdout).expect("a text"))
}

/// A folder of measurements: `OFFPEAK_DATA`, else any `data` folder beside the project that has the file.
fn measurements(file: &str) -> Option<PathBuf> {
    let found = |folder: PathBuf| Some(folder.join(file)).filter(|path| path.is_file());
    if let Some(folder) = std::env::var_os("OFFPEAK_DATA") {
        return found(folder.into());
    }
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let folders = std::fs::read_dir(beside).ok()?.filter_map(Result::ok);
    folders.map(|entry| entry.path().join("data")).find_map(found)
}
