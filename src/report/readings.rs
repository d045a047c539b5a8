//! Readings with their ages, and what cannot be used of them.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::policy::model::Quantity;
use crate::snapshot::{Reading, Signal, Snapshot, Unknown};
use crate::time::{Instant, Zone, spoken};

use super::json::number;
use super::layout::{Piece, Screen, Table};
use super::moment;
use super::style::{Role, Style};
use super::words;

/// One set of readings as a table: value, age, when measured, and why it cannot be used where it cannot.
#[must_use]
pub fn readings_text(readings: &Snapshot, zone: &Zone, now: Instant, max_age: Duration, style: Style) -> String {
    let mut screen = Screen::new(style);
    table(&mut screen, readings, zone, now, max_age, 0);
    screen.finish()
}

/// One set of readings: for each signal its value with unit, age, quality and whether it can be used; null without one.
#[must_use]
pub fn readings_json(readings: &Snapshot, now: Instant, max_age: Duration) -> Value {
    let one = |signal: Signal| (signal.word().to_owned(), reading_json(readings, signal, now, max_age));
    Value::Object(Signal::ALL.into_iter().map(one).collect::<Map<_, _>>())
}

/// The rows of [`readings_text`].
pub(super) fn table(
    screen: &mut Screen,
    readings: &Snapshot,
    zone: &Zone,
    now: Instant,
    max_age: Duration,
    indent: usize,
) {
    let rows = Signal::ALL.map(|signal| row(readings, signal, zone, now, max_age));
    screen.table(Table { indent, most: &[8, 24, 24, 24, 60], flex: 4 }, &rows);
}

/// The readings one after the other: `soc 41 % (3 min old) · load 430 W · …`. An age stands at the first, and wherever it
/// differs.
pub(super) fn list(screen: &mut Screen, readings: &Snapshot, now: Instant, max_age: Duration) {
    let shown = Signal::ALL.into_iter().filter(|signal| *signal != Signal::Ev || readings.ev.is_some());
    let mut told_age: Option<String> = None;
    let mut missing: Vec<&str> = Vec::new();
    let mut parts: Vec<Piece> = Vec::new();
    for signal in shown {
        match readings.reading(signal) {
            Some(reading) => {
                parts.extend(take_missing(&mut missing));
                parts.push(part(signal, &reading, now, max_age, &mut told_age));
            }
            None => missing.push(signal.word()),
        }
    }
    parts.extend(take_missing(&mut missing));
    screen.list(&parts);
}

/// Why a reading cannot be used, with its age where that is the matter: `12 min old: too old`.
pub(super) fn objection(reading: &Reading<f64>, now: Instant, max_age: Duration) -> Option<String> {
    let why = reading.usable(now, max_age).err()?;
    Some(match why {
        Unknown::TooOld if reading.taken_at > now => {
            let ahead = Duration::from_secs((reading.taken_at - now).num_seconds().unsigned_abs());
            format!("dated {} ahead of now", spoken(ahead))
        }
        Unknown::TooOld => format!("{}: {}", moment::age(reading.age(now)), words::unknown(why)),
        _ => words::unknown(why).to_owned(),
    })
}

/// A value with its unit, and with its direction where its sign is one: `430 W discharge`.
fn value(signal: Signal, value: f64) -> String {
    let directions = match signal {
        Signal::Battery => Some(("discharge", "charge")),
        Signal::Grid => Some(("import", "export")),
        Signal::Soc | Signal::Solar | Signal::Load | Signal::Ev => None,
    };
    let said = |value: f64| words::value(Quantity::Reading(signal), value, "");
    match directions {
        Some((plus, _)) if value >= 0.5 => format!("{} {plus}", said(value)),
        Some((_, minus)) if value <= -0.5 => format!("{} {minus}", said(-value)),
        _ => said(value),
    }
}

fn take_missing(missing: &mut Vec<&str>) -> Option<Piece> {
    let names = std::mem::take(missing).join(", ");
    (!names.is_empty()).then(|| (Role::Warn, format!("{names} unknown ({})", words::unknown(Unknown::NoReading))))
}

fn part(signal: Signal, reading: &Reading<f64>, now: Instant, max_age: Duration, told: &mut Option<String>) -> Piece {
    let said = format!("{} {}", signal.word(), value(signal, reading.value));
    let objection = objection(reading, now, max_age);
    let role = if objection.is_some() { Role::Warn } else { Role::Text };
    let of_age = matches!(reading.usable(now, max_age), Ok(_) | Err(Unknown::TooOld));
    let remark = objection.unwrap_or_else(|| moment::age(reading.age(now)));
    if told.as_ref() == Some(&remark) {
        return (role, said);
    }
    let text = format!("{said} ({remark})");
    // What is thought of one reading is no word on the next; an age is.
    *told = if of_age { Some(remark) } else { told.take() };
    (role, text)
}

fn row(readings: &Snapshot, signal: Signal, zone: &Zone, now: Instant, max_age: Duration) -> Vec<Piece> {
    let name = (Role::Text, signal.word().to_owned());
    let Some(reading) = readings.reading(signal) else {
        return vec![name, (Role::Warn, words::unknown(Unknown::NoReading).to_owned())];
    };
    let faint = |text: String| (Role::Faint, text);
    let objection = objection(&reading, now, max_age).map_or(String::new(), |why| format!("not used: {why}"));
    let age = moment::age(reading.age(now));
    let measured = format!("measured {}", moment::short(reading.taken_at, now, zone));
    vec![name, (Role::Text, value(signal, reading.value)), faint(age), faint(measured), (Role::Warn, objection)]
}

fn reading_json(readings: &Snapshot, signal: Signal, now: Instant, max_age: Duration) -> Value {
    let Some(reading) = readings.reading(signal) else { return Value::Null };
    let why = reading.usable(now, max_age).err();
    json!({
        "value": number(reading.value, 3),
        "unit": words::unit(Quantity::Reading(signal), ""),
        "taken_at": moment::rfc3339(reading.taken_at),
        "age_seconds": reading.age(now).as_secs(),
        "quality": words::quality_code(reading.quality),
        "usable": why.is_none(),
        "why": why.map(words::unknown_code),
    })
}
