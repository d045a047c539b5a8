//! Ranks among known prices: read far enough to be told from mistakes. This version cannot evaluate them.

use super::Problem;
use super::comparison::{Known, MAX_SPAN, clock_at, window_at};
use super::quantity::{Measure, measured, span};
use super::token::{Cursor, Kind};
use crate::diagnostic::{Code, nearest};

/// What is missing for any sentence of this file.
const MISSING: &str = "price ranks";

/// The rest of `among the cheapest 3 h of today`, after `among`.
pub(super) fn rank(cursor: &mut Cursor<'_>) -> Result<Known, Problem> {
    if !cursor.eat("the cheapest") && !cursor.eat("the dearest") {
        let second = cursor.ahead(1).map(|token| token.text).unwrap_or_default();
        let help = nearest(second, ["cheapest", "dearest"]).map(|word| format!("did you mean `the {word}`?"));
        let message = "a rank says which end of the prices it means";
        return Err(Problem::new(
            Code("bad-comparison"),
            cursor.here(),
            message,
            "expected `the cheapest` or `the dearest`",
        )
        .maybe_help(help));
    }
    let start = cursor.start();
    let length = span(cursor)?;
    if length > MAX_SPAN || length.is_zero() {
        let bytes = cursor.since(start);
        return Err(Problem::new(Code("out-of-range"), bytes, "this rank is out of range", "expected at most 24 h"));
    }
    cursor.eat("in a row");
    among(cursor)?;
    cursor.end(Code("bad-comparison"), "expected the sentence to end here")?;
    Ok(Known::NotYet(MISSING))
}

/// Among which prices: all that are known if nothing is said.
fn among(cursor: &mut Cursor<'_>) -> Result<(), Problem> {
    if cursor.eat("of today") || cursor.eat("of tomorrow") || cursor.peek().is_none() {
        return Ok(());
    }
    if cursor.eat("after") || cursor.eat("before") {
        return clock_at(cursor).map(|_| ());
    }
    if cursor.eat("between") {
        return window_at(cursor);
    }
    let bytes = cursor.start()..cursor.start() + cursor.rest().len();
    let message = format!("`{}` does not say which prices are ranked", cursor.rest());
    Err(Problem::new(
        Code("bad-comparison"),
        bytes,
        message,
        "expected `of today`, `of tomorrow`, `after 16:00`, `before 07:00` or `between 22:00-07:00`",
    ))
}

/// Whether a comparison with the average stands here: `below 80% of …`.
pub(super) fn is_relative(cursor: &Cursor<'_>) -> bool {
    let token = |steps: usize| cursor.ahead(steps);
    (0..5).any(|steps| {
        token(steps).is_some_and(|number| number.kind == Kind::Number)
            && token(steps + 1).is_some_and(|sign| sign.text == "%")
            && token(steps + 2).is_some_and(|word| word.text == "of")
    })
}

/// `below 80% of the average of today`
pub(super) fn relative(cursor: &mut Cursor<'_>) -> Result<Known, Problem> {
    let words = ["below", "above", "at least", "at most", "<", ">", "<=", ">="];
    if !words.iter().any(|word| cursor.eat(word)) {
        let message = "a comparison is missing here";
        return Err(Problem::new(Code("bad-comparison"), cursor.here(), message, "expected `below` or `above`"));
    }
    share(cursor)?;
    let spans = ["of the average of today", "of the average of tomorrow"];
    if !spans.iter().any(|words| cursor.eat(words)) {
        let bytes = cursor.start()..cursor.start() + cursor.rest().len();
        let message = format!("`{}` does not say what the percentage is of", cursor.rest());
        return Err(Problem::new(
            Code("bad-comparison"),
            bytes,
            message,
            "expected `of the average of today` or `of the average of tomorrow`",
        ));
    }
    cursor.end(Code("bad-comparison"), "expected the sentence to end here")?;
    Ok(Known::NotYet(MISSING))
}

/// A share of the average, which may be more than the whole.
fn share(cursor: &mut Cursor<'_>) -> Result<(), Problem> {
    let number =
        cursor.peek().filter(|token| token.kind == Kind::Number).and_then(|token| token.text.parse::<f64>().ok());
    if number.is_some_and(|number| (100.0..=1000.0).contains(&number)) {
        cursor.take();
        cursor.take();
        return Ok(());
    }
    measured(cursor, Measure::Percent).map(|_| ())
}
