//! Comparisons that begin with an unquoted `>`, which is YAML's own sign for a folded text.
//!
//! YAML refuses them with a riddle, or takes the value for an empty text. So they are looked for before YAML is read,
//! reported with the line as it should be, and blotted out, so that the rest of the file can be checked in the same run.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::diagnostic::{Code, Diagnostic, Lines};

/// How many are reported; YAML itself trips over the next one.
const MAX_FOUND: usize = 100;

/// The longest line that is printed as it should be.
const MAX_LINE: usize = 200;

/// A text in which no value begins with `>`, and what was found.
pub(super) struct Cleaned {
    /// The text, byte for byte as long as before.
    pub(super) text: String,
    /// The bytes at which the offending values begin.
    pub(super) at: BTreeSet<usize>,
    /// One error for each.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Looks through a text.
pub(super) fn clean(text: &str) -> Cleaned {
    let found = Scan::default().signs(text);
    let lines = Lines::of(text);
    let mut cleaned = text.to_owned();
    let mut diagnostics = Vec::new();
    for at in &found {
        cleaned.replace_range(*at..at + 1, "x");
        diagnostics.push(diagnostic(text, *at, &lines));
    }
    Cleaned { text: cleaned, at: found, diagnostics }
}

fn diagnostic(text: &str, at: usize, lines: &Lines<'_>) -> Diagnostic {
    let value = value(text, at);
    let (sign, word) = if value.starts_with(">=") { (">=", "at least") } else { (">", "above") };
    let number = value.get(sign.len()..).unwrap_or_default().trim();
    let bytes: Range<usize> = at..at + value.len();
    let before = text.get(..at).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
    let after = text.get(bytes.end..).unwrap_or_default().split('\n').next().unwrap_or_default();
    let line = format!("{before}{word} {number}{after}");
    let line = if line.len() > MAX_LINE { format!("{word} {number}") } else { line };
    let message = format!("an unquoted `{sign}` is YAML's own sign, not a comparison");
    let diagnostic =
        Diagnostic::error(Code("unquoted-sign"), lines.place(bytes), message, format!("expected `{word} {number}`"));
    diagnostic.help(format!("write the line as `{}`, or the sign in quotes: `\"{sign} {number}\"`", line.trim()))
}

/// The value that begins here: to the end of the line or, within brackets, to the next item.
fn value(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or_default();
    let rest = rest.split(['\n', '\r', ',', ']', '}']).next().unwrap_or_default();
    rest.split(" #").next().unwrap_or_default().trim_end()
}

/// What surrounds the present character, as far as values are concerned.
#[derive(Default)]
struct Scan {
    quote: Option<char>,
    depth: usize,
    /// Whether a value may begin here.
    fresh: bool,
}

impl Scan {
    fn signs(mut self, text: &str) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            self.line(line, start, &mut found);
            start += line.len();
        }
        found
    }

    fn line(&mut self, line: &str, start: usize, found: &mut BTreeSet<usize>) {
        let mut before = ' ';
        let mut characters = line.char_indices().peekable();
        self.fresh = true;
        while let Some((at, c)) = characters.next() {
            let next = characters.peek().map_or('\n', |(_, next)| *next);
            if let Some(quote) = self.quote {
                self.quote = (c != quote || before == '\\').then_some(quote);
            } else if c == '#' && before.is_whitespace() {
                return;
            } else if found.len() < MAX_FOUND
                && c == '>'
                && self.fresh
                && !self.begins_line(line, at)
                && !is_header(line.get(at + 1..).unwrap_or_default())
            {
                found.insert(start + at);
            }
            self.step(c, next);
            before = if before == '\\' && c == '\\' { ' ' } else { c };
        }
    }

    /// Whether only spaces stand before: such a line continues a text and begins no value, unless within brackets.
    fn begins_line(&self, line: &str, at: usize) -> bool {
        self.depth == 0 && line.get(..at).unwrap_or_default().trim().is_empty()
    }

    fn step(&mut self, c: char, next: char) {
        if self.quote.is_some() {
            return;
        }
        match c {
            '"' | '\'' if self.fresh => {
                self.quote = Some(c);
                self.fresh = false;
            }
            '[' | '{' if self.fresh => self.depth += 1,
            ']' | '}' => self.depth = self.depth.saturating_sub(1),
            ',' if self.depth > 0 => self.fresh = true,
            ':' | '-' if next.is_whitespace() => self.fresh = c == ':' || self.fresh,
            c if c.is_whitespace() => {}
            _ => self.fresh = false,
        }
    }
}

/// Whether `>` and this begin a folded text. An indentation digit is not believed: nobody means one here.
fn is_header(rest: &str) -> bool {
    let rest = rest.trim_start_matches(['+', '-']).trim();
    rest.is_empty() || rest.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_begin_with_the_sign_are_found_and_nothing_else() {
        let check = |text: &str, expect: usize| assert_eq!(clean(text).at.len(), expect, "{text}");
        check("soc: > 30%\n", 1);
        check("soc: >30%\nev: >= 1 kW # why\n", 2);
        check("when: { soc: > 30%, ev: [> 1 kW, > 2 kW] }\n", 3);
        check("soc: >3\n", 1);
        check("- > 30%\n", 1);
        check("soc: \"> 30%\"\nev: '> 1 kW'\n", 0);
        check("note: >\n  > folded\n  text\n", 0);
        check("note: >-\n  text\n", 0);
        check("# soc: > 30%\nname: a > b\nname: a -> b\n", 0);
        check("name: Don't: x\nsoc: > 30%\n", 1);
        check("name: \"a \\\" : > b\"\nsoc: 1\n", 0);
    }

    #[test]
    fn the_text_keeps_its_length() {
        let cleaned = clean("soc: > 30%\n");
        assert_eq!(cleaned.text, "soc: x 30%\n");
    }
}
