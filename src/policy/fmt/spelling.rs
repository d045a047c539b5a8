//! Sentences in canonical words. A new spelling counts only if the parser of the language reads the same out of it.

use std::fmt::Debug;

use crate::policy::model::Quantity;
use crate::policy::sentence::{self, DayWord, Known, Problem, comparison, parse_action};
use crate::time::{ClockTime, DailyWindow};

/// What a text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    /// A word or a text that stays as it is.
    Text,
    /// A name, around which no space counts.
    Name,
    /// An action.
    Action,
    /// A comparison of this quantity.
    Comparison(Quantity),
    /// A window of the clock.
    Window,
    /// Days of the week or a calendar.
    Days,
    /// Months.
    Months,
    /// Dates.
    Dates,
    /// A percentage.
    Percent,
    /// A power.
    Power,
    /// An energy.
    Energy,
    /// A price per kWh.
    Price,
    /// A span of time.
    Span,
    /// What one step of a field is.
    Unit,
}

/// Words of the language that are read whatever their case.
const VOCABULARY: [&str; 37] = [
    "above",
    "after",
    "among",
    "at",
    "average",
    "before",
    "below",
    "between",
    "by",
    "charge",
    "cheapest",
    "cover",
    "dearest",
    "discharge",
    "down",
    "for",
    "hold",
    "in",
    "least",
    "load",
    "most",
    "negative",
    "of",
    "on",
    "over",
    "row",
    "self-consume",
    "the",
    "to",
    "today",
    "tomorrow",
    "until",
    "a",
    "weekdays",
    "weekends",
    "not",
    "and",
];

/// Signs of comparison and their words.
const SIGNS: [(&str, &str); 6] = [
    ("<", "below"),
    (">", "above"),
    ("<=", "at most"),
    (">=", "at least"),
    ("\u{2264}", "at most"),
    ("\u{2265}", "at least"),
];

/// The text in canonical words; as it was if nothing proves that the meaning is the same.
pub(super) fn spelt(text: &str, words: Words) -> String {
    let (new, same) = match words {
        Words::Text => return text.to_owned(),
        Words::Name => return text.trim().to_owned(),
        Words::Action => proven(text, respelt(text), parse_action),
        Words::Comparison(quantity) => proven(text, respelt(text), |text| known(text, quantity)),
        Words::Window => proven(text, window(text), sentence::window),
        Words::Days => proven(text, days(text), |text| sentence::days(text).map(placeless)),
        Words::Months => proven(text, range(text, short_name), sentence::months),
        Words::Dates => proven(text, dates(text), sentence::date_range),
        Words::Percent => proven(text, respelt(text), sentence::percent),
        Words::Power => proven(text, respelt(text), sentence::power),
        Words::Energy => proven(text, respelt(text), sentence::energy),
        Words::Price => proven(text, respelt(text), sentence::price),
        Words::Span => proven(text, respelt(text), sentence::duration),
        Words::Unit => proven(text, respelt(text), sentence::power),
    };
    if same { new } else { text.to_owned() }
}

/// Whether the parser reads the same out of both spellings.
fn proven<T: PartialEq>(text: &str, new: String, parse: impl Fn(&str) -> Result<T, Problem>) -> (String, bool) {
    let same = matches!((parse(text), parse(&new)), (Ok(one), Ok(other)) if one == other);
    (new, same)
}

/// A comparison that the parser reads wholly. What it only recognises proves nothing.
fn known(text: &str, quantity: Quantity) -> Result<impl PartialEq + Debug + use<>, Problem> {
    let known = comparison(text, quantity)?;
    Ok(match known {
        Known::Comparison(sentence) => (Some(sentence), String::new()),
        _ => (None, text.to_owned()),
    })
}

/// The same word without its place in the text.
fn placeless(word: DayWord) -> DayWord {
    match word {
        DayWord::Calendar(name, _) => DayWord::Calendar(name, 0..0),
        DayWord::Not(inner) => DayWord::Not(Box::new(placeless(*inner))),
        DayWord::Weekdays(days) => DayWord::Weekdays(days),
    }
}

fn window(text: &str) -> String {
    sentence::window(text).map(|window: DailyWindow| window.to_string()).unwrap_or_default()
}

/// `Monday - Friday` as `mon-fri`.
fn days(text: &str) -> String {
    let text = text.trim();
    let (not, word) = text.strip_prefix("not ").map_or(("", text), |rest| ("not ", rest.trim()));
    match sentence::days(word) {
        Ok(DayWord::Weekdays(_)) => {
            let lower = word.to_lowercase();
            let whole = matches!(lower.as_str(), "weekdays" | "weekends");
            format!("{not}{}", if whole { lower } else { range(word, short_name) })
        }
        _ => format!("{not}{word}"),
    }
}

/// Two names with a dash between them, or one.
fn range(text: &str, name: fn(&str) -> String) -> String {
    text.split('-').map(name).collect::<Vec<String>>().join("-")
}

/// The first three letters of the name of a day or of a month.
fn short_name(word: &str) -> String {
    word.trim().to_lowercase().chars().take(3).collect()
}

fn dates(text: &str) -> String {
    text.split("..").map(str::trim).collect::<Vec<&str>>().join("..")
}

/// A sentence word by word: one space between words, none before `%`, small letters, words for signs.
fn respelt(text: &str) -> String {
    let mut out = String::new();
    let mut glued = true;
    for word in words(text) {
        let sign = matches!(word, "-" | "+" | "\u{2212}");
        if !glued && word != "%" {
            out.push(' ');
        }
        match word {
            "\u{2212}" => out.push('-'),
            word => out.push_str(&canonical(word)),
        }
        glued = sign;
    }
    out
}

fn canonical(word: &str) -> String {
    if let Some((_, words)) = SIGNS.iter().find(|(sign, _)| *sign == word) {
        return (*words).to_owned();
    }
    if let Ok(time) = word.parse::<ClockTime>() {
        return time.to_string();
    }
    let lower = word.to_lowercase();
    if VOCABULARY.contains(&lower.as_str()) { lower } else { word.to_owned() }
}

/// The words of a sentence: numbers, words, signs. What is read otherwise by the parser is found out by the proof.
fn words(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let run = |belongs: fn(char) -> bool| rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        let length = if first.is_ascii_digit() {
            run(|c| c.is_ascii_digit() || matches!(c, '.' | ':'))
        } else if first.is_alphabetic() {
            run(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '/'))
        } else if matches!(first, '<' | '>' | '=') {
            run(|c| matches!(c, '<' | '>' | '='))
        } else {
            first.len_utf8()
        };
        let (word, tail) = rest.split_at_checked(length).unwrap_or((rest, ""));
        found.push(word);
        rest = tail.trim_start();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Signal;

    #[test]
    fn sentences_are_spelt_canonically_where_the_meaning_is_the_same() {
        let check = |words: Words, text: &str, expect: &str| assert_eq!(spelt(text, words), expect, "{text}");
        let soc = Words::Comparison(Quantity::Reading(Signal::Soc));
        let grid = Words::Comparison(Quantity::Reading(Signal::Grid));
        let price = Words::Comparison(Quantity::ImportPrice);
        check(Words::Action, "Charge  TO 90 % at 3kW", "charge to 90% at 3 kW");
        check(Words::Action, "charge to cover load until 9:00", "charge to cover load until 09:00");
        check(Words::Action, "SELF-CONSUME", "self-consume");
        check(soc, "<= 30 %", "at most 30%");
        check(soc, "<30% until 40 % FOR 5min", "below 30% until 40% for 5 min");
        check(soc, "20 % to 40%", "20% to 40%");
        check(grid, "below - 0.5kW", "below -0.5 kW");
        check(grid, "above \u{2212}500 W on average over 1h 30 min", "above -500 W on average over 1 h 30 min");
        check(price, "below 0.1000", "below 0.1000");
        check(price, "Among  the cheapest 3 h", "Among  the cheapest 3 h");
        check(Words::Window, "9:00 \u{2013} 17:00", "09:00-17:00");
        check(Words::Window, "0:30 to 7:30  UTC", "00:30-07:30 UTC");
        check(Words::Days, " Monday - FRIDAY ", "mon-fri");
        check(Words::Days, "not  Holidays", "not Holidays");
        check(Words::Days, "Weekends", "weekends");
        check(Words::Months, "November - march", "nov-mar");
        check(Words::Dates, "2026-12-24 .. 2026-12-26", "2026-12-24..2026-12-26");
        check(Words::Percent, "90 %", "90%");
        check(Words::Energy, "10100Wh", "10100 Wh");
        check(Words::Price, "+0.0950", "+0.0950");
        check(Words::Span, "1h 30min", "1 h 30 min");
        check(Words::Unit, "100W", "100 W");
        check(Words::Unit, "kW", "kW");
        check(Words::Name, " night ", "night");
        check(Words::Text, " x ", " x ");
        check(Words::Power, "what ever", "what ever");
    }
}
