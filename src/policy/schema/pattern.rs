//! How sentences are spelt, as regular expressions of ECMA 262.
//!
//! Each takes in at least what the parser takes in: words whatever their case, units as they are, blanks where two words do
//! not touch. Where a pattern would have to be long to be exact, it takes in more.

use crate::policy::sentence::Measure;

/// Nothing but blanks.
pub(super) const NOTHING: &str = "^\\s*$";
/// Anything but blanks.
pub(super) const SOMETHING: &str = "\\S";
/// What stands in the place of a value that a test gives.
pub(super) const NOT_READ: &str = "^\\s*(unknown|stale)\\s*$";
/// A value of a series, with its time.
pub(super) const TIMED: &str = " at ";
/// A count of up to four digits.
pub(super) const COUNT: &str = "^[0-9]{1,4}$";
/// The name of a band or a calendar: letters, digits, blanks, dashes and underscores, beginning with a letter.
pub(super) const NAME: &str = "^[^\\s0-9!-/:-@\\[-`{-~][^!-,./:-@\\[-^`{-~]{0,39}$";
/// The same with blanks around it.
pub(super) const BAND: &str = "^\\s*[^\\s0-9!-/:-@\\[-`{-~][^!-,./:-@\\[-^`{-~]*$";
/// Volts, as the key of a curve.
pub(super) const VOLTS: &str = "^\\s*[0-9.]{1,12}\\s*V*\\s*$";
/// One line of a name.
pub(super) const LINE: &str = "^\\s*\\S.{0,79}\\s*$";
/// A path, neither from the root nor with `\` in it.
pub(super) const PATH: &str = "^\\s*[^\\s/~\\\\][^\\\\]*$";
/// A serial number.
pub(super) const SERIAL: &str = "^[A-Za-z0-9_-]{1,64}$";
/// A base URL without credentials and query.
pub(super) const URL: &str = "^https?://[A-Za-z0-9.:\\[\\]-]+(/[!-\"$->@-~]*)?$";
/// A currency.
pub(super) const CURRENCY: &str = "^[A-Z]{3}$";
/// A key of an ATESS's settings.
pub(super) const SETTING: &str = "^[A-Za-z][A-Za-z0-9_]{0,63}$";
/// What one step of a field is.
pub(super) const UNIT: &str = "^\\s*([0-9]+(\\.[0-9]+)?)?\\s*(W|kW|MW)\\s*$";
/// A day of the week, or the name of a calendar.
pub(super) const DAYS: &str = "^[^,:;.%<>]*[^\\s,:;.%<>][^,:;.%<>]*$";

const NUMBER: &str = "[0-9]+(\\.[0-9]+)?";
const SIGN: &str = "[-+\u{2212}]?\\s*";
const TIME: &str = "([01]?[0-9]|2[0-3]):[0-5][0-9]";
const DAY: &str = "(20[0-9]{2}|2100)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A whole text.
pub(super) fn whole(inner: &str) -> String {
    format!("^\\s*({inner})\\s*$")
}

/// One of several.
fn one_of(parts: &[String]) -> String {
    format!("({})", parts.join("|"))
}

/// Words whatever their case, with blanks between them.
fn words(words: &str) -> String {
    let letter = |letter: char| match letter {
        ' ' => "\\s+".to_owned(),
        'a'..='z' => format!("[{}{letter}]", letter.to_ascii_uppercase()),
        other => other.to_string(),
    };
    words.chars().map(letter).collect()
}

/// Any of some words.
fn any_word(all: &[&str]) -> String {
    one_of(&all.iter().map(|word| words(word)).collect::<Vec<_>>())
}

/// A value of a measure.
pub(super) fn value(measure: Measure) -> String {
    match measure {
        Measure::Percent => format!("{SIGN}0*(100(\\.[0-9]+)?|[0-9]{{1,2}}(\\.[0-9]+)?)\\s*%"),
        Measure::Power => format!("{SIGN}{NUMBER}\\s*(W|kW|MW)"),
        Measure::Energy => format!("{SIGN}{NUMBER}\\s*(Wh|kWh|MWh)"),
        Measure::Price => format!("{SIGN}{NUMBER}"),
    }
}

/// A span of time.
pub(super) fn span() -> String {
    format!("{NUMBER}\\s*(h|min|s)(\\s+{NUMBER}\\s*(min|s)){{0,2}}")
}

/// A reading of the clock, the end of the day included.
fn clock() -> String {
    format!("({TIME}|24:00)")
}

/// A window of the clock.
pub(super) fn window() -> String {
    format!("{TIME}\\s*([-\u{2013}\u{2014}]|to)\\s*{}(\\s*[A-Za-z][A-Za-z0-9_+/-]*)?", clock())
}

/// Months and ranges of them.
pub(super) fn months() -> String {
    let month = format!("{}[A-Za-z]*", any_word(&MONTHS));
    format!("{month}(\\s*-\\s*{month})?")
}

/// Dates and ranges of them.
pub(super) fn dates() -> String {
    format!("{DAY}(\\s*\\.\\.\\s*{DAY})?")
}

/// A word of comparison.
fn relation() -> String {
    one_of(&[any_word(&["below", "above", "at least", "at most"]), "<=|>=|<|>|\u{2264}|\u{2265}".to_owned()])
}

/// `below 60% until 65%`, `1 kW to 3 kW for 5 min`, and of a price its rank.
pub(super) fn comparison(measure: Measure) -> String {
    let value = value(measure);
    let mut ranges = vec![format!("{}\\s*{value}", relation()), format!("{value}\\s*{}\\s*{value}", words("to"))];
    if measure == Measure::Price {
        ranges.push(words("negative"));
    }
    let tails = [
        format!("{}\\s*{value}", words("until")),
        format!("{}\\s+{}", words("for"), span()),
        format!("{}\\s+{}", words("on average over"), span()),
    ];
    let plain = format!("{}(\\s*{})*", one_of(&ranges), one_of(&tails));
    if measure == Measure::Price { one_of(&[plain, relative(), rank()]) } else { plain }
}

/// `below 80% of the average of today`
fn relative() -> String {
    let average = any_word(&["of the average of today", "of the average of tomorrow"]);
    format!("{}\\s*{SIGN}{NUMBER}\\s*%\\s*{average}", relation())
}

/// `among the cheapest 2 h in a row between 22:00-07:00`
fn rank() -> String {
    let ends = any_word(&["among the cheapest", "among the dearest"]);
    let among = one_of(&[
        any_word(&["of today", "of tomorrow"]),
        format!("{}\\s+{}", any_word(&["after", "before"]), clock()),
        format!("{}\\s+{}", words("between"), window()),
    ]);
    format!("{ends}\\s+{}(\\s+{})?(\\s+{among})?", span(), words("in a row"))
}

/// `below 8 kWh tomorrow`
pub(super) fn forecast() -> String {
    let energy = value(Measure::Energy);
    let range = one_of(&[format!("{}\\s*{energy}", relation()), format!("{energy}\\s+{}\\s*{energy}", words("to"))]);
    let over = one_of(&[
        any_word(&["today", "tomorrow"]),
        format!("{}\\s+{}", words("by"), clock()),
        format!("{}\\s+{}", words("between"), window()),
    ]);
    format!("{range}\\s+{over}")
}

/// `charge to 90% at 3 kW`
pub(super) fn action() -> String {
    let percent = value(Measure::Percent);
    let at = format!("(\\s*{}\\s*{})?", words("at"), value(Measure::Power));
    one_of(&[
        words("hold"),
        format!("{}(\\s+{}\\s*{percent})?", words("self-consume"), words("down to")),
        format!("{}\\s+{}{at}", words("charge to cover load until"), clock()),
        format!("{}\\s*{percent}{at}", any_word(&["charge to", "discharge to"])),
        words("follow the cheapest plan"),
    ])
}
