//! Comparisons of a quantity with bounds: `below 60% until 65%`, `above 1 kW for 5 min`.

use std::ops::Range;
use std::time::Duration;

use super::price_rank;
use super::quantity::{Measure, measured, span, written};
use super::token::{Cursor, Kind};
use super::{Problem, window};
use crate::diagnostic::{Code, nearest};
use crate::policy::model::{Bounds, Edge, Quantity};
use crate::snapshot::Signal;
use crate::time::{ClockTime, spoken};

/// The longest `for` and `on average over`.
pub(super) const MAX_SPAN: Duration = Duration::from_secs(24 * 3600);

/// A tick: the shortest `for` and `on average over`.
const MIN_SPAN: Duration = Duration::from_secs(60);

/// What a comparison may begin with.
const BEGINNINGS: [&str; 7] = ["below", "above", "at least", "at most", "negative", "among", "between"];

/// A comparison that this version can evaluate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sentence {
    /// Where it becomes true.
    pub bounds: Bounds,
    /// `on average over`
    pub average: Option<Duration>,
    /// `until`
    pub until: Option<f64>,
    /// `for`
    pub hold: Option<Duration>,
}

/// What a sentence about a quantity turned out to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Known {
    /// A comparison.
    Comparison(Sentence),
    /// A sentence of the language that this version cannot evaluate: what is missing.
    NotYet(&'static str),
}

impl Quantity {
    /// The unit in which it is compared.
    #[must_use]
    pub fn measure(self) -> Measure {
        match self {
            Quantity::Reading(Signal::Soc) => Measure::Percent,
            Quantity::Reading(_) => Measure::Power,
            Quantity::ImportPrice | Quantity::ExportPrice => Measure::Price,
        }
    }

    /// The key under which a policy compares it.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Quantity::Reading(signal) => signal.word(),
            Quantity::ImportPrice => "import price",
            Quantity::ExportPrice => "export price",
        }
    }

    /// The least and the most that it can ever be: percent, watts, or currency per kWh.
    #[must_use]
    pub fn range(self) -> (f64, f64) {
        match self {
            Quantity::Reading(Signal::Soc) => (0.0, 100.0),
            Quantity::Reading(Signal::Solar | Signal::Load | Signal::Ev) => (0.0, f64::INFINITY),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    fn is_price(self) -> bool {
        matches!(self, Quantity::ImportPrice | Quantity::ExportPrice)
    }
}

impl Sentence {
    /// The sentence in canonical words: reading it gives the same sentence again.
    #[must_use]
    pub fn canonical(&self, measure: Measure) -> String {
        let mut words = range_words(&self.bounds, measure);
        if let Some(until) = self.until {
            words.push_str(&format!(" until {}", written(until, measure)));
        }
        if let Some(span) = self.average {
            words.push_str(&format!(" on average over {}", spoken(span)));
        }
        if let Some(span) = self.hold {
            words.push_str(&format!(" for {}", spoken(span)));
        }
        words
    }

    /// Whether its truth depends on what was seen before.
    #[must_use]
    pub fn remembers(&self) -> bool {
        self.average.is_some() || self.until.is_some() || self.hold.is_some()
    }
}

fn range_words(bounds: &Bounds, measure: Measure) -> String {
    let number = |edge: Edge| written(edge.value, measure);
    match (bounds.low, bounds.high) {
        (Some(low), Some(high)) => format!("{} to {}", number(low), number(high)),
        (Some(low), None) => format!("{} {}", if low.inclusive { "at least" } else { "above" }, number(low)),
        (None, Some(high)) => format!("{} {}", if high.inclusive { "at most" } else { "below" }, number(high)),
        (None, None) => String::new(),
    }
}

/// A sentence about a quantity.
///
/// # Errors
/// What is wrong with it, and where.
pub fn comparison(text: &str, quantity: Quantity) -> Result<Known, Problem> {
    let mut cursor = Cursor::new(text)?;
    if quantity.is_price() && cursor.eat("among") {
        return price_rank::rank(&mut cursor);
    }
    if quantity.is_price() && price_rank::is_relative(&cursor) {
        return price_rank::relative(&mut cursor);
    }
    let bounds = range(&mut cursor, quantity.measure())?;
    makes_sense(&bounds, quantity, cursor.since(0))?;
    let mut sentence = Sentence { bounds, average: None, until: None, hold: None };
    while cursor.peek().is_some() {
        tail(&mut cursor, &mut sentence, quantity)?;
    }
    Ok(Known::Comparison(sentence))
}

/// A sentence about forecast energy: `below 8 kWh tomorrow`, `above 3 kWh by 16:00`. This version knows no forecast.
///
/// # Errors
/// What is wrong with it, and where.
pub fn forecast(text: &str) -> Result<Known, Problem> {
    let mut cursor = Cursor::new(text)?;
    range(&mut cursor, Measure::Energy)?;
    if cursor.eat("today") || cursor.eat("tomorrow") {
        // The span is named by one word.
    } else if cursor.eat("by") {
        clock_at(&mut cursor)?;
    } else if cursor.eat("between") {
        window_at(&mut cursor)?;
    } else {
        let message = "a forecast needs a span of time";
        return Err(Problem::new(
            Code("bad-comparison"),
            cursor.here(),
            message,
            "expected `today`, `tomorrow`, `by 16:00` or `between 10:00-16:00`",
        ));
    }
    cursor.end(Code("bad-comparison"), "expected the sentence to end here")?;
    Ok(Known::NotYet("forecasts"))
}

/// A time of the clock at the cursor.
pub(super) fn clock_at(cursor: &mut Cursor<'_>) -> Result<ClockTime, Problem> {
    let here = cursor.here();
    let time = cursor.take().and_then(|token| token.text.parse().ok());
    time.ok_or_else(|| {
        Problem::new(Code("bad-time"), here, "a time is missing here", "expected a time such as `16:00`")
    })
}

/// A window of the clock, which is all that is left of the sentence.
pub(super) fn window_at(cursor: &mut Cursor<'_>) -> Result<(), Problem> {
    let start = cursor.start();
    let rest = cursor.rest();
    cursor.finish();
    let moved = |problem: Problem| Problem { bytes: problem.bytes.start + start..problem.bytes.end + start, ..problem };
    window(rest).map(|_| ()).map_err(moved)
}

/// The bounds at the cursor.
fn range(cursor: &mut Cursor<'_>, measure: Measure) -> Result<Bounds, Problem> {
    if cursor.eat("negative") && measure == Measure::Price {
        return Ok(Bounds { low: None, high: Some(Edge { value: 0.0, inclusive: false }) });
    }
    if let Some((lower, inclusive)) = beginning(cursor) {
        let edge = Some(Edge { value: measured(cursor, measure)?, inclusive });
        return Ok(if lower { Bounds { low: edge, high: None } } else { Bounds { low: None, high: edge } });
    }
    let start = cursor.start();
    if !cursor.peek().is_some_and(|token| token.kind == Kind::Number || matches!(token.text, "-" | "+" | "\u{2212}")) {
        return Err(no_comparison(cursor, measure));
    }
    let low = measured(cursor, measure)?;
    if !cursor.eat("to") {
        return Err(lone_value(cursor, start));
    }
    let high = measured(cursor, measure)?;
    if low > high {
        let message = "the range runs backwards";
        let help = format!("write `{} to {}`", written(high, measure), written(low, measure));
        return Err(Problem::new(
            Code("reversed-range"),
            cursor.since(start),
            message,
            "the smaller value comes first",
        )
        .help(help));
    }
    let edge = |value| Some(Edge { value, inclusive: true });
    Ok(Bounds { low: edge(low), high: edge(high) })
}

/// Whether the word of comparison at the cursor bounds from below, and whether it takes the value itself in.
fn beginning(cursor: &mut Cursor<'_>) -> Option<(bool, bool)> {
    let words = [
        ("below", false, false),
        ("above", true, false),
        ("at least", true, true),
        ("at most", false, true),
        ("<", false, false),
        (">", true, false),
        (">=", true, true),
        ("<=", false, true),
        ("\u{2265}", true, true),
        ("\u{2264}", false, true),
    ];
    words.into_iter().find(|(word, _, _)| cursor.eat(word)).map(|(_, lower, inclusive)| (lower, inclusive))
}

/// A comparison that begins with no word of comparison.
fn no_comparison(cursor: &Cursor<'_>, measure: Measure) -> Problem {
    let rest = cursor.rest();
    let bytes = cursor.start()..cursor.start() + rest.len();
    let first = rest.split_whitespace().next().unwrap_or_default().to_lowercase();
    let example = example(measure);
    let help = match first.as_str() {
        "under" | "less" | "lower" | "smaller" => format!("write `below {example}`"),
        "over" | "more" | "greater" | "higher" | "exceeds" => format!("write `above {example}`"),
        "between" => format!("write a range as `{} to {}`", lesser(measure), example),
        "min" | "minimum" => format!("write `at least {example}`"),
        "max" | "maximum" => format!("write `at most {example}`"),
        "=" | "==" | "is" | "equals" => format!("write a range as `{example} to {example}`"),
        _ => nearest(&first, BEGINNINGS).map_or_else(
            || format!("such as `below {example}`, `at least {example}` or `{} to {example}`", lesser(measure)),
            |word| format!("did you mean `{word}`?"),
        ),
    };
    let message = if rest.is_empty() {
        "a comparison is missing here".to_owned()
    } else {
        format!("`{rest}` is not a comparison")
    };
    let label = "expected `below`, `above`, `at least`, `at most`, or `A to B`";
    Problem::new(Code("bad-comparison"), bytes, message, label).help(help)
}

fn example(measure: Measure) -> &'static str {
    match measure {
        Measure::Percent => "30%",
        Measure::Power => "3 kW",
        Measure::Energy => "8 kWh",
        Measure::Price => "0.10",
    }
}

fn lesser(measure: Measure) -> &'static str {
    match measure {
        Measure::Percent => "20%",
        Measure::Power => "1 kW",
        Measure::Energy => "3 kWh",
        Measure::Price => "0.05",
    }
}

/// A value alone compares nothing.
fn lone_value(cursor: &Cursor<'_>, start: usize) -> Problem {
    let bytes = cursor.since(start);
    let value = cursor.text_from(bytes.start).get(..bytes.len()).unwrap_or_default().to_owned();
    let message = format!("`{value}` alone is not a comparison");
    let label = "expected `below`, `above`, `at least`, `at most`, or `A to B`";
    Problem::new(Code("bad-comparison"), bytes, message, label)
        .help(format!("write `at least {value}` or `below {value}`"))
}

/// Refuses bounds that can never hold, or that name values which the quantity never has.
fn makes_sense(bounds: &Bounds, quantity: Quantity, bytes: Range<usize>) -> Result<(), Problem> {
    let (least, most) = quantity.range();
    let below = bounds.high.is_some_and(|edge| edge.value < least || edge.value == least && !edge.inclusive);
    let above = bounds.low.is_some_and(|edge| edge.value > most || edge.value == most && !edge.inclusive);
    let key = quantity.key();
    if below {
        let message = format!("this can never hold: {key} is never below 0");
        return Err(Problem::new(Code("never-true"), bytes, message, "always false"));
    }
    if above {
        let message = format!("this can never hold: {key} is never above {}", written(most, quantity.measure()));
        return Err(Problem::new(Code("never-true"), bytes, message, "always false"));
    }
    Ok(())
}

/// One of `until`, `for` and `on average over`, each at most once.
fn tail(cursor: &mut Cursor<'_>, sentence: &mut Sentence, quantity: Quantity) -> Result<(), Problem> {
    let start = cursor.start();
    if cursor.eat("until") {
        let value = measured(cursor, quantity.measure())?;
        once(&sentence.until, "until", cursor.since(start))?;
        sentence.until = Some(latch(&sentence.bounds, value, quantity.measure(), cursor.since(start))?);
    } else if cursor.eat("for") {
        let span = bounded_span(cursor)?;
        once(&sentence.hold, "for", cursor.since(start))?;
        sentence.hold = Some(span);
    } else if cursor.eat("on average over") {
        let span = bounded_span(cursor)?;
        once(&sentence.average, "on average over", cursor.since(start))?;
        sentence.average = Some(span);
    } else {
        return Err(trailing(cursor));
    }
    Ok(())
}

fn trailing(cursor: &Cursor<'_>) -> Problem {
    let rest = cursor.rest();
    let bytes = cursor.start()..cursor.start() + rest.len();
    let first = rest.split_whitespace().next().unwrap_or_default();
    let help = match first {
        "and" => "one key takes one comparison; both ends at once are written as a range, `A to B`".to_owned(),
        "or" => "one key takes one comparison; a list means any of its items: `[below 30%, above 90%]`".to_owned(),
        "on" | "average" | "averaged" => "write `on average over 15 min`".to_owned(),
        _ => nearest(first, ["until", "for", "on"]).map_or_else(
            || "a comparison may go on with `until`, `for` or `on average over`".to_owned(),
            |word| format!("did you mean `{word}`?"),
        ),
    };
    let message = format!("`{rest}` was not expected here");
    Problem::new(
        Code("bad-comparison"),
        bytes,
        message,
        "expected the comparison to end, or `until`, `for`, `on average over`",
    )
    .help(help)
}

fn once<T>(earlier: &Option<T>, word: &str, bytes: Range<usize>) -> Result<(), Problem> {
    let message = format!("`{word}` stands twice in one comparison");
    if earlier.is_some() {
        Err(Problem::new(Code("bad-comparison"), bytes, message, "leave one of them out"))
    } else {
        Ok(())
    }
}

/// The second value of a latch lies beyond the first, on the other side.
fn latch(bounds: &Bounds, until: f64, measure: Measure, bytes: Range<usize>) -> Result<f64, Problem> {
    let (message, label) = match (bounds.low, bounds.high) {
        (None, Some(edge)) if until > edge.value => return Ok(until),
        (Some(edge), None) if until < edge.value => return Ok(until),
        (None, Some(edge)) => (
            "this latch could never be released: it is true below one value, so it ends at a higher one",
            format!("expected more than {}", written(edge.value, measure)),
        ),
        (Some(edge), None) => (
            "this latch could never be released: it is true above one value, so it ends at a lower one",
            format!("expected less than {}", written(edge.value, measure)),
        ),
        _ => (
            "a range has two sides, so `until` cannot say which one ends it",
            "use `below` or `above` beside `until`".to_owned(),
        ),
    };
    Err(Problem::new(Code("latch-side"), bytes, message, label))
}

fn bounded_span(cursor: &mut Cursor<'_>) -> Result<Duration, Problem> {
    let start = cursor.start();
    let length = span(cursor)?;
    if length < MIN_SPAN {
        let message = format!("{} is shorter than a tick", spoken(length));
        return Err(Problem::new(Code("out-of-range"), cursor.since(start), message, "expected at least 1 min"));
    }
    if length > MAX_SPAN {
        let message = format!("{} is longer than what is remembered", spoken(length));
        return Err(Problem::new(Code("out-of-range"), cursor.since(start), message, "expected at most 24 h"));
    }
    Ok(length)
}
