//! A text as a YAML value: plain where nothing about it is special, else in quotes.

use std::fmt::Write;

/// What YAML gives a meaning of its own at the beginning of a plain text.
const INDICATORS: &str = "-?:,[]{}#&*!|>'\"%@`=";

/// The text as it is written. Within brackets more signs are special.
pub(super) fn scalar(text: &str, in_brackets: bool) -> String {
    if is_plain(text) && !(in_brackets && text.contains(['[', ']', '{', '}', ','])) {
        return text.to_owned();
    }
    quoted(text)
}

/// The text in quotes: in double ones, but for a text that has those in it and needs no escapes.
pub(super) fn quoted(text: &str) -> String {
    let special = text.contains(['"', '\\']) && !text.contains('\'');
    if special && text.chars().all(is_printable) { format!("'{text}'") } else { in_double_quotes(text) }
}

/// Whether YAML reads the text as it stands, on any line and beside any comment.
fn is_plain(text: &str) -> bool {
    let negative = text.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
    let begins = !text.starts_with(|c| INDICATORS.contains(c)) || negative;
    let nothing = matches!(text, "" | "~" | "null" | "Null" | "NULL" | "<<");
    let signs = text.contains(": ") || text.contains(" #") || text.ends_with(':');
    let brackets = [":,", ":[", ":]", ":{", ":}"].iter().any(|pair| text.contains(pair));
    begins && !nothing && !signs && !brackets && text.trim() == text && text.chars().all(is_printable)
}

/// Whether a character stands for itself wherever it stands.
fn is_printable(c: char) -> bool {
    let odd = matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    !c.is_control() && !odd && (c == ' ' || !c.is_whitespace())
}

fn in_double_quotes(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c) => out.push(c),
            c => {
                let code = u32::from(c);
                // Writing into a string cannot fail.
                let _ = if code <= 0xffff { write!(out, "\\u{code:04x}") } else { write!(out, "\\U{code:08x}") };
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::yaml::{self, Value};

    #[test]
    fn quotes_stand_only_where_they_are_needed() {
        let check = |text: &str, expect: &str| assert_eq!(scalar(text, false), expect);
        check("charge to 90%", "charge to 90%");
        check("23:30-05:30", "23:30-05:30");
        check("-0.02", "-0.02");
        check("Closed, so the sun fills it", "Closed, so the sun fills it");
        check("https://example.org/api", "https://example.org/api");
        check("< 30%", "< 30%");
        check("> 30%", "\"> 30%\"");
        check("Note: this", "\"Note: this\"");
        check("a #1", "\"a #1\"");
        check("~", "\"~\"");
        check("say \"no\"", "say \"no\"");
        check("\"no\"", "'\"no\"'");
        check("it's \"no\": yes", "\"it's \\\"no\\\": yes\"");
        check("", "\"\"");
        check("a\u{7}\u{feff}b", "\"a\\u0007\\ufeffb\"");
        assert_eq!(scalar("a, b", true), "\"a, b\"");
    }

    #[test]
    fn every_text_is_read_back() {
        let pieces = [
            "a",
            " ",
            ":",
            "#",
            "-",
            "'",
            "\"",
            "\\",
            ",",
            "[",
            "}",
            "\n",
            "\t",
            "~",
            "\u{85}",
            "é",
            "?",
            "&",
            "\u{1f600}",
            "%",
        ];
        for one in pieces {
            for two in pieces {
                for three in pieces {
                    let text = format!("{one}{two}{three}");
                    for (in_brackets, yaml) in [
                        (false, format!("k: {}  # c\n", scalar(&text, false))),
                        (true, format!("k: [{}]\n", scalar(&text, true))),
                    ] {
                        let root = yaml::parse(&yaml).unwrap_or_else(|fault| panic!("{yaml:?}: {fault:?}"));
                        let Value::Map(entries) = root.value else { panic!("{yaml:?}") };
                        let value = match &entries[0].1.value {
                            Value::List(items) if in_brackets => &items[0].value,
                            value => value,
                        };
                        assert!(matches!(value, Value::Scalar(scalar) if scalar.text == text), "{yaml:?} {value:?}");
                    }
                }
            }
        }
    }
}
