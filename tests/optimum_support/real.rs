//! Measurements, where they are at hand.

use std::process::Command;

use offpeak::optimum::Slot;

use super::measurements::measurements;
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
    let output = Command::new("gzip").arg("-dc").arg(measurements(file)?).output().expect("gzip");
    assert!(output.status.success(), "gzip failed");
    Some(String::from_utf8(output.stdout).expect("a text"))
}
