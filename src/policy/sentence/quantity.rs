//! Numbers with units.

use std::ops::Range;
use std::time::Duration;

use super::Problem;
use super::token::{Cursor, Kind};
use crate::diagnostic::Code;
use crate::units::{Energy, Power, Price};

/// A kind of quantity, which decides the units that may follow a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Percent.
    Percent,
    /// Power, in watts.
    Power,
    /// Energy, in watt hours.
    Energy,
    /// Money per kWh: a bare number.
    Price,
}

/// Every unit: its spelling, its measure, and the power of ten that leads to the base unit.
const UNITS: [(&str, Measure, i32); 7] = [
    ("%", Measure::Percent, 0),
    ("W", Measure::Power, 0),
    ("kW", Measure::Power, 3),
    ("MW", Measure::Power, 6),
    ("Wh", Measure::Energy, 0),
    ("kWh", Measure::Energy, 3),
    ("MWh", Measure::Energy, 6),
];

/// Every unit of time in seconds.
const SPANS: [(&str, u64); 3] = [("h", 3600), ("min", 60), ("s", 1)];

/// What people write for the units of time.
const SPAN_SYNONYMS: [(&str, &str); 16] = [
    ("hour", "h"),
    ("hours", "h"),
    ("hr", "h"),
    ("hrs", "h"),
    ("H", "h"),
    ("m", "min"),
    ("mins", "min"),
    ("minute", "min"),
    ("minutes", "min"),
    ("Min", "min"),
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("d", "h"),
    ("days", "h"),
];

impl Measure {
    /// What it is called without an article.
    fn bare(self) -> &'static str {
        self.noun().trim_start_matches("an ").trim_start_matches("a ")
    }

    /// What it is called.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Measure::Percent => "a percentage",
            Measure::Power => "a power",
            Measure::Energy => "an energy",
            Measure::Price => "a price per kWh",
        }
    }

    fn example(self) -> &'static str {
        match self {
            Measure::Percent => "`30%`",
            Measure::Power => "`3 kW` or `200 W`",
            Measure::Energy => "`10.1 kWh`",
            Measure::Price => "a number such as `0.27`",
        }
    }

    /// The unit that someone who left it out most likely meant.
    fn likely(self, number: &str) -> &'static str {
        let value: f64 = number.parse().unwrap_or_default();
        match self {
            Measure::Percent => "%",
            Measure::Power if value.abs() < 100.0 => "kW",
            Measure::Power => "W",
            Measure::Energy if value.abs() < 1000.0 => "kWh",
            Measure::Energy => "Wh",
            Measure::Price => "",
        }
    }
}

/// A whole text that is a percentage, 0 to 100.
///
/// # Errors
/// What is wrong with it.
pub fn percent(text: &str) -> Result<f64, Problem> {
    whole(text, |cursor| measured(cursor, Measure::Percent))
}

/// A whole text that is a power: `3 kW`, `200 W`.
///
/// # Errors
/// What is wrong with it.
pub fn power(text: &str) -> Result<Power, Problem> {
    let watts = whole(text, |cursor| measured(cursor, Measure::Power))?;
    Power::from_watts(watts).ok_or_else(|| out_of_range(text, 0..text.len(), "at most 10 MW"))
}

/// A whole text that is an energy: `10.1 kWh`.
///
/// # Errors
/// What is wrong with it.
pub fn energy(text: &str) -> Result<Energy, Problem> {
    let watt_hours = whole(text, |cursor| measured(cursor, Measure::Energy))?;
    Energy::from_watt_hours(watt_hours).ok_or_else(|| out_of_range(text, 0..text.len(), "at most 1 GWh"))
}

/// A whole text that is a price per kWh in the tariff's currency: a bare number.
///
/// # Errors
/// What is wrong with it.
pub fn price(text: &str) -> Result<Price, Problem> {
    let amount = whole(text, |cursor| measured(cursor, Measure::Price))?;
    Price::per_kwh(amount).ok_or_else(|| out_of_range(text, 0..text.len(), "at most 100000"))
}

/// A whole text that is a span of time: `5 min`, `2h`, `1 h 30 min`.
///
/// # Errors
/// What is wrong with it.
pub fn duration(text: &str) -> Result<Duration, Problem> {
    whole(text, span)
}

/// A quantity of this measure in base units as a sentence has it, so that reading it gives the same number again.
#[must_use]
pub fn written(value: f64, measure: Measure) -> String {
    let kilo = decimal(&(value / 1000.0).to_string(), 3) == Some(value) && value.abs() >= 1000.0;
    match measure {
        Measure::Percent => format!("{value}%"),
        Measure::Power if kilo => format!("{} kW", value / 1000.0),
        Measure::Power => format!("{value} W"),
        Measure::Energy if kilo => format!("{} kWh", value / 1000.0),
        Measure::Energy => format!("{value} Wh"),
        Measure::Price => value.to_string(),
    }
}

/// A quantity at the cursor, in base units.
pub(super) fn measured(cursor: &mut Cursor<'_>, measure: Measure) -> Result<f64, Problem> {
    let start = cursor.start();
    let number = number(cursor, measure)?;
    let exponent =
        if measure == Measure::Price { bare(cursor, &number, start)? } else { unit(cursor, measure, &number, start)? };
    let value = decimal(&number, exponent).filter(|value| value.is_finite());
    let value = value.ok_or_else(|| out_of_range(&number, cursor.since(start), "a smaller number"))?;
    let beyond = measure == Measure::Percent && !(0.0..=100.0).contains(&value);
    if beyond { Err(out_of_range(&format!("{number}%"), cursor.since(start), "0% to 100%")) } else { Ok(value) }
}

/// A span of time at the cursor.
pub(super) fn span(cursor: &mut Cursor<'_>) -> Result<Duration, Problem> {
    let start = cursor.start();
    let mut seconds = 0.0;
    let mut largest = f64::INFINITY;
    loop {
        let (value, unit) = span_part(cursor)?;
        if unit >= largest {
            let message = "a span of time names each unit once, the largest first";
            return Err(Problem::new(Code("bad-value"), cursor.since(start), message, "such as `1 h 30 min`"));
        }
        largest = unit;
        seconds += value * unit;
        if cursor.peek().is_none_or(|token| token.kind != Kind::Number) {
            break;
        }
    }
    let bounded = (0.0..=366.0 * 86_400.0).contains(&seconds);
    let span = bounded.then(|| Duration::try_from_secs_f64(seconds.round()).ok()).flatten();
    span.ok_or_else(|| out_of_range("this span of time", cursor.since(start), "at most a year"))
}

fn span_part(cursor: &mut Cursor<'_>) -> Result<(f64, f64), Problem> {
    let start = cursor.start();
    let Some(token) = cursor.take().filter(|token| token.kind == Kind::Number) else {
        let message = "a span of time is missing here";
        return Err(Problem::new(
            Code("bad-value"),
            cursor.since(start),
            message,
            "expected a span such as `5 min` or `2 h`",
        ));
    };
    let value = decimal(&checked(token.text, token.bytes.clone())?, 0).unwrap_or_default();
    let unit = cursor.peek().filter(|next| next.kind == Kind::Word).cloned();
    let Some(unit) = unit else {
        let message = format!("`{}` has no unit", token.text);
        let help = format!("write `{} min`, `{} h` or `{} s`", token.text, token.text, token.text);
        return Err(Problem::new(
            Code("missing-unit"),
            token.bytes,
            message,
            "expected a span of time such as `5 min`",
        )
        .help(help));
    };
    cursor.take();
    match SPANS.iter().find(|(word, _)| *word == unit.text) {
        Some((_, 3600)) => Ok((value, 3600.0)),
        Some((_, 60)) => Ok((value, 60.0)),
        Some(_) => Ok((value, 1.0)),
        None => Err(not_a_span(unit.text, unit.bytes, token.text)),
    }
}

fn not_a_span(unit: &str, bytes: Range<usize>, number: &str) -> Problem {
    let meant = SPAN_SYNONYMS.iter().find(|(word, _)| *word == unit).map(|(_, meant)| *meant);
    let other = UNITS.iter().any(|(word, _, _)| *word == unit);
    let code = if other { Code("wrong-unit") } else { Code("unknown-unit") };
    let help = match (meant, unit) {
        (_, "d" | "days") => "write days as hours: `48 h`".to_owned(),
        (Some(meant), _) => format!("write `{number} {meant}`"),
        (None, _) => "spans of time are written in h, min and s".to_owned(),
    };
    Problem::new(code, bytes, format!("`{unit}` is not a unit of time"), "expected `h`, `min` or `s`").help(help)
}

/// The digits of a number with its sign.
fn number(cursor: &mut Cursor<'_>, measure: Measure) -> Result<String, Problem> {
    let start = cursor.start();
    let sign = cursor.peek().filter(|token| matches!(token.text, "-" | "+" | "\u{2212}")).map(|token| token.text);
    if sign.is_some() && (cursor.touches_next() || cursor.ahead(1).is_some_and(|token| token.kind == Kind::Number)) {
        cursor.take();
    }
    match cursor.peek().filter(|token| token.kind == Kind::Number).cloned() {
        Some(token) => {
            cursor.take();
            let digits = checked(token.text, token.bytes)?;
            Ok(if matches!(sign, Some("-" | "\u{2212}")) { format!("-{digits}") } else { digits })
        }
        None => {
            let found = cursor.rest();
            let message = if found.is_empty() {
                "a number is missing here".to_owned()
            } else {
                format!("`{found}` is not {}", measure.noun())
            };
            let bytes = if found.is_empty() { cursor.here() } else { start..cursor.start() + found.len() };
            Err(Problem::new(Code("bad-value"), bytes, message, format!("expected {}", measure.example())))
        }
    }
}

/// Digits with at most one point between them.
fn checked(digits: &str, bytes: Range<usize>) -> Result<String, Problem> {
    let parts: Vec<&str> = digits.split('.').collect();
    let valid =
        parts.len() <= 2 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    if valid && digits.len() <= 20 {
        return Ok(digits.to_owned());
    }
    let message = format!("`{digits}` is not a number of this language");
    let mended = digits.replace('_', "").replacen(',', ".", 1);
    let mended = if mended.starts_with('.') { format!("0{mended}") } else { mended };
    let help = mended
        .bytes()
        .all(|b| b.is_ascii_digit() || b == b'.')
        .then(|| format!("write `{mended}`"))
        .filter(|_| digits.len() <= 20 && mended.parse::<f64>().is_ok());
    let label = "expected digits, perhaps with a point: `12`, `0.27`";
    Err(Problem::new(Code("bad-value"), bytes, message, label).maybe_help(help))
}

/// The power of ten of the unit at the cursor.
fn unit(cursor: &mut Cursor<'_>, measure: Measure, number: &str, start: usize) -> Result<i32, Problem> {
    let expected = format!("expected {} such as {}", measure.noun(), measure.example());
    let token = cursor.peek().filter(|token| token.kind == Kind::Word || token.text == "%").cloned();
    let known = |word: &str| UNITS.iter().find(|(unit, _, _)| *unit == word).copied();
    let write = format!("write `{}`", likely(number, measure));
    let unit = token.as_ref().and_then(|token| known(token.text));
    match (token, unit) {
        (_, Some((_, found, exponent))) if found == measure => {
            cursor.take();
            Ok(exponent)
        }
        (Some(token), Some((word, found, _))) => {
            let message = format!("`{word}` is a unit of {}, and this is {}", found.bare(), measure.noun());
            Err(Problem::new(Code("wrong-unit"), token.bytes, message, expected).help(write))
        }
        (Some(token), None) if !follows(token.text) => {
            let near = UNITS.iter().find(|(unit, of, _)| *of == measure && unit.eq_ignore_ascii_case(token.text));
            let help = near.map_or(write, |(unit, _, _)| format!("write `{}`", with_unit(number, unit)));
            Err(Problem::new(
                Code("unknown-unit"),
                token.bytes,
                format!("`{}` is not a unit of this language", token.text),
                expected,
            )
            .help(help))
        }
        _ => {
            let message = format!("`{number}` has no unit");
            Err(Problem::new(Code("missing-unit"), cursor.since(start), message, expected).help(write))
        }
    }
}

/// A price stands without a unit.
fn bare(cursor: &mut Cursor<'_>, number: &str, start: usize) -> Result<i32, Problem> {
    let token = cursor.peek().filter(|token| token.kind == Kind::Word && !follows(token.text) || token.text == "%");
    let Some(token) = token.cloned() else { return Ok(0) };
    cursor.take();
    let bytes = cursor.since(start);
    let help = if matches!(token.text, "p" | "c" | "ct" | "cent" | "cents" | "pence") {
        let hundredth = decimal(number, -2).map(|value| value.to_string()).unwrap_or_default();
        format!("write `{hundredth}`")
    } else {
        format!("write `{number}`")
    };
    let message = "a price is a bare number in the tariff's currency per kWh";
    let code = if token.text == "%" { Code("wrong-unit") } else { Code("unknown-unit") };
    Err(Problem::new(code, bytes, message, "expected a number alone").help(help))
}

/// Words that may follow a quantity, so that what lacks is the unit and not the sense of the word.
fn follows(word: &str) -> bool {
    matches!(word, "until" | "for" | "on" | "to" | "at" | "of" | "tomorrow" | "today" | "by" | "between")
}

/// What someone who left the unit out most likely meant: `0.9` as an efficiency is 90 %.
fn likely(number: &str, measure: Measure) -> String {
    let share = number.parse::<f64>().is_ok_and(|value| value > 0.0 && value < 1.0);
    let hundredfold = decimal(number, 2).filter(|_| share && measure == Measure::Percent);
    hundredfold.map_or_else(|| with_unit(number, measure.likely(number)), |percent| format!("{percent}%"))
}

fn with_unit(number: &str, unit: &str) -> String {
    if unit == "%" { format!("{number}%") } else { format!("{number} {unit}") }
}

/// The number times a power of ten, rounded once.
fn decimal(number: &str, exponent: i32) -> Option<f64> {
    format!("{number}e{exponent}").parse().ok()
}

fn out_of_range(text: &str, bytes: Range<usize>, expected: &str) -> Problem {
    Problem::new(Code("out-of-range"), bytes, format!("`{text}` is out of range"), format!("expected {expected}"))
}

fn whole<T>(text: &str, parse: impl FnOnce(&mut Cursor<'_>) -> Result<T, Problem>) -> Result<T, Problem> {
    let mut cursor = Cursor::new(text)?;
    let value = parse(&mut cursor)?;
    cursor.end(Code("bad-value"), "expected nothing more")?;
    Ok(value)
}
