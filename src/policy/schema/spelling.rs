//! What an editor is told of each kind of sentence: how it is spelt, in words and as a pattern, with examples.

use serde_json::{Value, json};

use super::pattern;
use crate::device::atess_fields::NUMBERS;
use crate::policy::keys::Sentence;
use crate::policy::sentence::Measure;
use crate::time::Zone;

/// The name and the schema of a kind of sentence.
pub(super) fn of(sentence: Sentence) -> (&'static str, Value) {
    match sentence {
        Sentence::Name => ("name", plain(pattern::LINE, "one line of at most 80 characters")),
        Sentence::Path => ("path", text(pattern::PATH, "a path from this file's folder on, with / between names", &[])),
        Sentence::Serial => ("serial", plain(pattern::SERIAL, "letters and digits, as on the device's label")),
        Sentence::Url => ("url", text(pattern::URL, "a base URL with https, without credentials and query", &[])),
        Sentence::Currency => ("currency", text(pattern::CURRENCY, "three capital letters", &["GBP", "EUR", "AUD"])),
        Sentence::Zone => ("zone", json!({ "enum": Zone::names().collect::<Vec<_>>() })),
        Sentence::Field => ("field", json!({ "enum": NUMBERS.as_slice() })),
        Sentence::Setting => ("setting", text(pattern::SETTING, "a key as the vendor spells it", &[])),
        Sentence::Unit => ("unit", text(pattern::UNIT, "W, kW, or what one step is", &["W", "kW", "100 W"])),
        Sentence::Band => ("band-name", text(pattern::BAND, "the name of an import band", &[])),
        Sentence::Percent => value(Measure::Percent),
        Sentence::Power => value(Measure::Power),
        Sentence::Energy => value(Measure::Energy),
        Sentence::Price => ("price", price()),
        Sentence::Comparison(quantity) => comparison(quantity.measure()),
        _ => worded(sentence),
    }
}

/// The sentences of more than a value.
fn worded(sentence: Sentence) -> (&'static str, Value) {
    let (name, inner, expected, examples): (_, _, _, &[&str]) = match sentence {
        Sentence::Span => ("span", pattern::span(), "a span of time in h, min and s", &["10 min", "3 h", "1 h 30 min"]),
        Sentence::Window => (
            "window",
            pattern::window(),
            "a start and an end, and a zone if it is another than the site's",
            &["23:30-05:30", "00:30-07:30 UTC"],
        ),
        Sentence::Months => ("months", pattern::months(), "a month or a range of months", &["dec", "nov-mar"]),
        Sentence::Dates => {
            ("dates", pattern::dates(), "a date or a range of dates", &["2026-12-25", "2026-12-24..2026-12-26"])
        }
        Sentence::Forecast => (
            "forecast",
            pattern::forecast(),
            "below, above, at least, at most or A to B, an energy, and today, tomorrow, by or between",
            &["below 8 kWh tomorrow", "above 3 kWh by 16:00"],
        ),
        Sentence::Action => ("action", pattern::action(), "an action of the policy language", &ACTIONS),
        _ => return ("days", text(pattern::DAYS, "days of the week or a calendar's name", &DAYS)),
    };
    (name, text(&pattern::whole(&inner), expected, examples))
}

const ACTIONS: [&str; 6] =
    ["charge to 90%", "charge to 90% at 3 kW", "hold", "self-consume", "self-consume down to 20%", "discharge to 30%"];

const DAYS: [&str; 5] = ["weekdays", "weekends", "mon-fri", "sat", "not holidays"];

fn value(measure: Measure) -> (&'static str, Value) {
    let (name, example) = match measure {
        Measure::Percent => ("percentage", "90%"),
        Measure::Power => ("power", "5 kW"),
        Measure::Energy => ("energy", "10.1 kWh"),
        Measure::Price => ("price", "0.27"),
    };
    (name, text(&pattern::whole(&pattern::value(measure)), measure.noun(), &[example]))
}

/// A bare number, which YAML takes for one.
fn price() -> Value {
    let mut price = value(Measure::Price).1;
    if let Some(fields) = price.as_object_mut() {
        fields.insert("type".to_owned(), json!(["number", "string"]));
        fields.insert("examples".to_owned(), json!([0.27]));
    }
    price
}

fn comparison(measure: Measure) -> (&'static str, Value) {
    let (name, examples): (_, &[&str]) = match measure {
        Measure::Percent => {
            ("percentage-comparison", &["below 30%", "at least 80%", "20% to 40%", "below 60% until 65%"])
        }
        Measure::Power => (
            "power-comparison",
            &["above 3 kW", "above 1 kW for 5 min", "below 200 W on average over 15 min", "1 kW to 3 kW"],
        ),
        Measure::Energy | Measure::Price => {
            ("price-comparison", &["below 0.10", "negative", "among the cheapest 3 h of today"])
        }
    };
    let expected = "below, above, at least, at most or A to B, with units; then perhaps until, for, on average over";
    (name, text(&pattern::whole(&pattern::comparison(measure)), expected, examples))
}

/// A text that follows a pattern.
fn text(pattern: &str, expected: &str, examples: &[&str]) -> Value {
    let mut text = json!({
        "description": capital(expected),
        "type": "string",
        "pattern": pattern,
        "patternErrorMessage": format!("expected {expected}"),
    });
    if let Some(fields) = text.as_object_mut().filter(|_| !examples.is_empty()) {
        fields.insert("examples".to_owned(), json!(examples));
    }
    text
}

/// A text that may look like a number to YAML.
fn plain(pattern: &str, expected: &str) -> Value {
    let mut text = text(pattern, expected, &[]);
    if let Some(fields) = text.as_object_mut() {
        fields.insert("type".to_owned(), json!(["string", "number"]));
    }
    text
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}
