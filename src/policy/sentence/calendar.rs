//! Windows, days, months and dates: `23:30-05:30`, `mon-fri`, `not holidays`, `nov-mar`, `2026-12-24..2026-12-26`.

use std::ops::Range;

use chrono::{Datelike, NaiveDate, Weekday};

use super::Problem;
use super::token::Cursor;
use crate::diagnostic::{Code, nearest};
use crate::time::{ClockTime, DailyWindow, DateRange, Months, Weekdays, Zone};

/// The years that a policy may speak of.
pub(super) const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

const DAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Mon),
    ("tuesday", Weekday::Tue),
    ("wednesday", Weekday::Wed),
    ("thursday", Weekday::Thu),
    ("friday", Weekday::Fri),
    ("saturday", Weekday::Sat),
    ("sunday", Weekday::Sun),
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// One item under `days`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DayWord {
    /// Days of the week.
    Weekdays(Weekdays),
    /// A word that is no day of the week, so the name of a calendar, with its place.
    Calendar(String, Range<usize>),
    /// `not` something.
    Not(Box<DayWord>),
}

/// A window of the clock: `23:30-05:30`, `00:30-07:30 UTC`.
///
/// # Errors
/// What is wrong with it, and where.
pub fn window(text: &str) -> Result<DailyWindow, Problem> {
    let mut cursor = Cursor::new(text)?;
    let start = time(&mut cursor, "start")?;
    let dash = cursor.take();
    if !dash.as_ref().is_some_and(|token| matches!(token.text, "-" | "\u{2013}" | "\u{2014}" | "to")) {
        let message = "a window has a start and an end";
        let bytes = dash.map_or(0..text.len(), |token| token.bytes);
        return Err(Problem::new(Code("bad-time"), bytes, message, "expected a window such as `23:30-05:30`"));
    }
    let end = time(&mut cursor, "end")?;
    let span = cursor.since(0);
    let zone = zone(&mut cursor)?;
    if start == ClockTime::END_OF_DAY {
        let message = "24:00 ends a day, so a window cannot begin there";
        return Err(Problem::new(Code("bad-time"), span, message, "expected a start before 24:00")
            .help("write `00:00` for the beginning of the next day"));
    }
    DailyWindow::new(start, end, zone).ok_or_else(|| {
        let message = "this window is empty: it ends where it starts";
        Problem::new(Code("empty-window"), span, message, "start and end are equal")
            .help("write `00:00-24:00` for the whole day, or leave the key out")
    })
}

fn time(cursor: &mut Cursor<'_>, which: &str) -> Result<ClockTime, Problem> {
    let here = cursor.here();
    let Some(token) = cursor.take() else {
        let message = format!("the {which} of the window is missing");
        return Err(Problem::new(Code("bad-time"), here, message, "expected a window such as `23:30-05:30`"));
    };
    clock_token(token.text, token.bytes)
}

/// A time of the clock: `09:00`.
///
/// # Errors
/// What is wrong with it.
pub fn clock(text: &str) -> Result<ClockTime, Problem> {
    clock_token(text.trim(), 0..text.len())
}

fn clock_token(text: &str, bytes: Range<usize>) -> Result<ClockTime, Problem> {
    text.parse().map_err(|()| {
        let mended = text.replace(['.', 'h'], ":");
        let mended = if mended.contains(':') { mended } else { format!("{mended}:00") };
        let help = mended.parse::<ClockTime>().ok().map(|time| format!("write `{time}`"));
        let message = format!("`{text}` is not a time of the clock");
        Problem::new(Code("bad-time"), bytes, message, "expected hours and minutes: `00:00` to `24:00`")
            .maybe_help(help)
    })
}

fn zone(cursor: &mut Cursor<'_>) -> Result<Option<Zone>, Problem> {
    let name = cursor.rest();
    let start = cursor.start();
    cursor.finish();
    if name.is_empty() {
        return Ok(None);
    }
    if name.starts_with(',') {
        let bytes = start..start + name.len();
        return Err(Problem::new(
            Code("bad-time"),
            bytes,
            "one text holds one window",
            "expected the window to end before this",
        ));
    }
    Zone::named(name).map(Some).ok_or_else(|| {
        let help = near_zone(name).map(|zone| format!("did you mean `{zone}`?"));
        let message = format!("`{name}` is not a time zone");
        let label = "expected nothing, or a name of the tz database: `UTC`, `Europe/London`";
        Problem::new(Code("unknown-zone"), start..start + name.len(), message, label).maybe_help(help)
    })
}

/// The zone that was likely meant: the same letters, the city alone, or the nearest name.
#[must_use]
pub fn near_zone(name: &str) -> Option<&'static str> {
    let wanted = name.replace(' ', "_");
    let city = |zone: &&'static str| zone.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(&wanted));
    let same = Zone::names().find(|zone| zone.eq_ignore_ascii_case(&wanted));
    same.or_else(|| Zone::names().find(city)).or_else(|| nearest(name, Zone::names()))
}

/// An item under `days`: `mon`, `mon-fri`, `weekdays`, `weekends`, a calendar's name, or `not` before any of these.
///
/// # Errors
/// What is wrong with it, and where.
pub fn days(text: &str) -> Result<DayWord, Problem> {
    let trimmed = text.trim();
    let start = text.len() - text.trim_start().len();
    if let Some(rest) = trimmed.strip_prefix("not ") {
        let offset = start + trimmed.len() - rest.len();
        let inner = days_without_not(rest.trim(), offset + rest.len() - rest.trim_start().len())?;
        return Ok(DayWord::Not(Box::new(inner)));
    }
    days_without_not(trimmed, start)
}

fn days_without_not(word: &str, start: usize) -> Result<DayWord, Problem> {
    let bytes = start..start + word.len();
    if word.is_empty() {
        return Err(Problem::new(
            Code("bad-days"),
            bytes,
            "a day is missing here",
            "expected `mon-fri`, `weekdays` or a calendar's name",
        ));
    }
    if word.starts_with("not ") {
        return Err(Problem::new(Code("bad-days"), bytes, "`not` stands twice", "leave both out"));
    }
    match word.to_lowercase().as_str() {
        "weekdays" => return Ok(DayWord::Weekdays(Weekdays::WEEKDAYS)),
        "weekends" => return Ok(DayWord::Weekdays(Weekdays::WEEKENDS)),
        _ => {}
    }
    if let Some(day) = weekday(word) {
        return Ok(DayWord::Weekdays(Weekdays::range(day, day)));
    }
    if let Some((from, to)) = word.split_once('-').and_then(|(from, to)| Some((weekday(from)?, weekday(to)?))) {
        return Ok(DayWord::Weekdays(Weekdays::range(from, to)));
    }
    Ok(DayWord::Calendar(word.to_owned(), bytes))
}

/// A day of the week by its name, whole or cut to three letters or more.
fn weekday(word: &str) -> Option<Weekday> {
    let word = word.trim().to_lowercase();
    let matches = |name: &str| word.len() >= 3 && name.starts_with(&word);
    DAYS.iter().find(|(name, _)| matches(name)).map(|(_, day)| *day)
}

/// An item under `months`: `dec`, `nov-mar`.
///
/// # Errors
/// What is wrong with it.
pub fn months(text: &str) -> Result<Months, Problem> {
    let word = text.trim();
    let (from, to) = word.split_once('-').unwrap_or((word, word));
    let range = month(from).zip(month(to)).and_then(|(from, to)| Months::range(from, to));
    range.ok_or_else(|| {
        let wrong = [from, to].into_iter().find(|part| month(part).is_none()).unwrap_or(word).trim();
        let near = nearest(wrong, MONTHS.iter().map(|name| name.get(..3).unwrap_or(name)).chain(MONTHS));
        let help = near.map(|word| format!("did you mean `{word}`?")).or_else(|| numbered(from, to));
        let message = format!("`{wrong}` is not a month");
        let label = "expected a month or a range: `dec`, `nov-mar`";
        let start = text.find(wrong).unwrap_or_default();
        Problem::new(Code("bad-months"), start..start + wrong.len(), message, label).maybe_help(help)
    })
}

/// Months that are written as numbers.
fn numbered(from: &str, to: &str) -> Option<String> {
    let name =
        |part: &str| MONTHS.get(part.trim().parse::<usize>().ok()?.checked_sub(1)?).and_then(|name| name.get(..3));
    let (from, to) = (name(from)?, name(to)?);
    Some(if from == to { format!("write `{from}`") } else { format!("write `{from}-{to}`") })
}

fn month(word: &str) -> Option<u32> {
    let word = word.trim().to_lowercase();
    let matches = |name: &&str| word.len() >= 3 && name.starts_with(&word);
    (1..).zip(MONTHS).find(|(_, name)| matches(name)).map(|(number, _)| number)
}

/// A date: `2026-12-25`.
///
/// # Errors
/// What is wrong with it.
pub fn date(text: &str) -> Result<NaiveDate, Problem> {
    date_at(text, 0)
}

fn date_at(text: &str, start: usize) -> Result<NaiveDate, Problem> {
    let word = text.trim();
    let bytes = start..start + text.len();
    let shaped = word.len() == 10 && word.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let date = shaped.then(|| word.parse::<NaiveDate>().ok()).flatten();
    let Some(date) = date else {
        let message =
            if shaped { format!("`{word}` is not a day of the calendar") } else { format!("`{word}` is not a date") };
        return Err(Problem::new(Code("bad-date"), bytes, message, "expected year, month and day: `2026-12-25`"));
    };
    if YEARS.contains(&date.year()) {
        return Ok(date);
    }
    let message = format!("the year {} is out of range", date.year());
    Err(Problem::new(Code("bad-date"), bytes, message, "expected a year from 2000 to 2100"))
}

/// A date, or two dates and everything between them: `2026-12-24..2026-12-26`.
///
/// # Errors
/// What is wrong with it, and where.
pub fn date_range(text: &str) -> Result<DateRange, Problem> {
    let Some((from, to)) = text.split_once("..") else {
        let day = date_at(text, 0)?;
        return Ok(day..=day);
    };
    let range = date_at(from, 0)?..=date_at(to, from.len() + 2)?;
    if range.is_empty() {
        let message = "the range runs backwards";
        let help = format!("write `{}..{}`", range.end(), range.start());
        return Err(
            Problem::new(Code("reversed-range"), 0..text.len(), message, "the earlier date comes first").help(help)
        );
    }
    Ok(range)
}
