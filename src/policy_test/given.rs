//! `given:`

use std::ops::Range;

use super::clock::{Clock, clock};
use super::model::{Given, Stated, Time, Told};
use super::read::Reader;
use crate::diagnostic::{Code, nearest};
use crate::policy::model::Quantity;
use crate::policy::sentence::{Measure, Problem, percent, power, price};
use crate::policy::test_keys::{GIVEN, MAX_SERIES, names_of};
use crate::policy::{Fields, Node, Value};
use crate::snapshot::Signal;
use crate::time::{Instant, Zone};

/// What stands in the place of a value.
const WORDS: [&str; 2] = ["unknown", "stale"];

/// What is given. `None` if anything about it is wrong.
pub(super) fn given(
    reader: &mut Reader<'_, '_>,
    node: &Node,
    owner: &Range<usize>,
    time: Option<Time>,
) -> Option<Given> {
    let fields = reader.cx.fields(node, "given", owner, &names_of(&GIVEN))?;
    let mut of = |quantity: Quantity| match fields.entry(quantity.key()) {
        Some((_, node)) => stated(reader, node, quantity, time),
        None => Some(Stated::Absent),
    };
    let signals = Signal::ALL.map(|signal| of(Quantity::Reading(signal)));
    let (import, export) = (of(Quantity::ImportPrice), of(Quantity::ExportPrice));
    let [soc, load, solar, battery, grid, ev] = signals;
    Some(Given {
        soc: soc?,
        solar: solar?,
        load: load?,
        grid: grid?,
        battery: battery?,
        ev: ev?,
        import: import?,
        export: export?,
    })
}

/// Reports a span whose battery cannot be followed: it starts at a charge, and load or sun are not known.
pub(super) fn needs_physics(reader: &mut Reader<'_, '_>, fields: &Fields<'_>, given: &Given) {
    let missing: Vec<&str> = [("load", &given.load), ("solar", &given.solar)]
        .into_iter()
        .filter(|(_, stated)| **stated == Stated::Absent)
        .map(|(name, _)| name)
        .collect();
    if !matches!(given.soc, Stated::Constant(Told::Value(_))) || missing.is_empty() {
        return;
    }
    let Some((key, _)) = fields.entry("given") else { return };
    let message = format!("the battery cannot be followed from its first charge without {}", missing.join(" and "));
    let help = "give `load` and `solar`, or the whole course of the charge: `soc: [40% at 20:00, 55% at 23:00]`";
    reader.cx.error_help("missing-key", &key.bytes, message, format!("expected `{}`", missing.join("` and `")), help);
}

/// One value, or a list of values with their times.
fn stated(reader: &mut Reader<'_, '_>, node: &Node, quantity: Quantity, time: Option<Time>) -> Option<Stated> {
    let Value::List(items) = &node.value else {
        return reader.cx.read(node, quantity.key(), |text| told(text, quantity)).map(Stated::Constant);
    };
    if items.len() > MAX_SERIES {
        let bytes = reader.cx.first_line(&node.bytes);
        reader.cx.error("too-large", &bytes, format!("a series has at most {MAX_SERIES} values"), "too long");
        return None;
    }
    if items.is_empty() {
        let label = format!("expected values with their times, such as `{} at 20:00`", example(quantity));
        reader.cx.error("bad-series", &node.bytes, "the series is empty", label);
        return None;
    }
    let zone = reader.zone;
    let mut read = Vec::new();
    for item in items {
        read.push(reader.cx.read(item, quantity.key(), |text| timed(text, quantity, zone)).map(|read| (item, read)));
    }
    let read: Vec<(&Node, (Told, Clock))> = read.into_iter().collect::<Option<_>>()?;
    let series = match time? {
        Time::Span { from, until } => forward(reader, &read, from, until)?,
        Time::Moment(at) => backward(reader, &read, at)?,
    };
    (!series.is_empty()).then_some(Stated::Series(series))
}

/// The times of a series on a span: each the next after the one before.
fn forward(
    reader: &mut Reader<'_, '_>,
    read: &[(&Node, (Told, Clock))],
    from: Instant,
    until: Instant,
) -> Option<Vec<(Instant, Told)>> {
    let mut series: Vec<(Instant, Told)> = Vec::new();
    for (node, (told, clock)) in read {
        let newest = series.last().map(|(at, _)| *at);
        let next = clock.next(reader.zone, newest.unwrap_or(from), newest.is_none());
        let next = next.filter(|at| newest.is_none_or(|newest| *at > newest));
        let Some(at) = next else { return disorder(reader, node, clock) };
        if at >= until {
            let message = "the span has ended by then";
            reader.cx.error("outside-span", &node.bytes, message, "expected a time within the span");
            return None;
        }
        series.push((at, *told));
    }
    Some(series)
}

/// The times of a series that leads to a moment: each the last before the one after.
fn backward(reader: &mut Reader<'_, '_>, read: &[(&Node, (Told, Clock))], at: Instant) -> Option<Vec<(Instant, Told)>> {
    let mut series: Vec<(Instant, Told)> = Vec::new();
    for (node, (told, clock)) in read.iter().rev() {
        let oldest = series.last().map(|(at, _)| *at);
        let last = clock.last(reader.zone, oldest.unwrap_or(at), oldest.is_none());
        if last.is_some_and(|last| last > at) {
            let message = "this is later than the moment of the test";
            reader.cx.error("outside-span", &node.bytes, message, "expected a time up to that moment");
            return None;
        }
        let Some(last) = last.filter(|last| oldest.is_none_or(|oldest| *last < oldest)) else {
            return disorder(reader, node, clock);
        };
        series.push((last, *told));
    }
    series.reverse();
    Some(series)
}

fn disorder<T>(reader: &mut Reader<'_, '_>, node: &Node, clock: &Clock) -> Option<T> {
    if let Clock::Time(time, Some(pass)) = clock {
        let message = format!("the clock of {} shows no {time} {pass} there", reader.zone.name());
        reader.cx.error("bad-moment", &node.bytes, message, "expected a time such as `20:00`, or a moment");
        return None;
    }
    let message = "the values of a series stand in the order of their times";
    reader.cx.error("bad-series", &node.bytes, message, "expected a time between those of its neighbours");
    None
}

/// A value with its time: `40% at 20:00`.
fn timed(text: &str, quantity: Quantity, zone: &Zone) -> Result<(Told, Clock), Problem> {
    let Some((value, time)) = text.rsplit_once(" at ") else {
        let message = format!("a series says when: `{}` has no time", text.trim());
        let label = format!("expected a value and a time such as `{} at 20:00`", example(quantity));
        return Err(Problem::new(Code("bad-series"), 0..text.len(), message, label));
    };
    let start = text.len() - time.len();
    let moved = |problem: Problem| Problem { bytes: problem.bytes.start + start..problem.bytes.end + start, ..problem };
    Ok((told(value, quantity)?, clock(time, zone).map_err(moved)?))
}

/// A value, `unknown` or `stale`.
fn told(text: &str, quantity: Quantity) -> Result<Told, Problem> {
    let word = text.trim();
    match word {
        "unknown" => return Ok(Told::Unknown),
        "stale" if quantity.measure() != Measure::Price => return Ok(Told::Stale),
        "stale" => {
            let message = "a price has no age, so it is never stale";
            let problem = Problem::new(Code("bad-value"), 0..text.len(), message, "expected a price, or `unknown`");
            return Err(problem);
        }
        _ => {}
    }
    let value = match quantity.measure() {
        Measure::Percent => percent(text),
        Measure::Price => price(text).map(crate::units::Price::amount),
        Measure::Power | Measure::Energy => power(text).map(crate::units::Power::watts),
    };
    let words: &[&str] = if quantity.measure() == Measure::Price { &["unknown"] } else { &WORDS };
    let near = || nearest(word, words.iter().copied()).map(|word| format!("did you mean `{word}`?"));
    let value = value.map_err(|problem| problem.maybe_help(near()))?;
    let signed = matches!(
        quantity,
        Quantity::Reading(Signal::Grid | Signal::Battery) | Quantity::ImportPrice | Quantity::ExportPrice
    );
    if value < 0.0 && !signed {
        let message = format!("{} is never below 0", quantity.key());
        return Err(Problem::new(Code("out-of-range"), 0..text.len(), message, "expected 0 or more"));
    }
    Ok(Told::Value(value))
}

fn example(quantity: Quantity) -> &'static str {
    match quantity.measure() {
        Measure::Percent => "40%",
        Measure::Price => "0.07",
        Measure::Power | Measure::Energy => "300 W",
    }
}
