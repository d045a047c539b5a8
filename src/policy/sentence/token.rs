//! The words of a sentence with their places.

use std::ops::Range;

use super::Problem;
use crate::diagnostic::Code;

/// The longest sentence that is read, in bytes.
const MAX_SENTENCE: usize = 400;

/// What kind of word it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Digits with points and what people put between them: `0.27`, `1_000`, `0,27`.
    Number,
    /// Digits with a colon: `23:30`.
    Time,
    /// Letters, perhaps with dashes: `self-consume`.
    Word,
    /// Anything else: `%`, `<=`, `-`.
    Sign,
}

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) text: &'t str,
    pub(super) bytes: Range<usize>,
}

/// A place in a sentence while it is read.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    tokens: Vec<Token<'t>>,
    at: usize,
}

impl<'t> Cursor<'t> {
    /// The beginning of a sentence.
    pub(super) fn new(text: &'t str) -> Result<Cursor<'t>, Problem> {
        if text.len() > MAX_SENTENCE {
            let message = format!("this is longer than the {MAX_SENTENCE} characters that a sentence may have");
            return Err(Problem::new(Code("too-large"), 0..text.len(), message, "too long"));
        }
        Ok(Cursor { text, tokens: tokens(text), at: 0 })
    }

    /// The next word.
    pub(super) fn peek(&self) -> Option<&Token<'t>> {
        self.tokens.get(self.at)
    }

    /// The word after the next ones.
    pub(super) fn ahead(&self, steps: usize) -> Option<&Token<'t>> {
        self.tokens.get(self.at + steps)
    }

    /// Takes the next word.
    pub(super) fn take(&mut self) -> Option<Token<'t>> {
        let token = self.tokens.get(self.at).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    /// Takes these words if they come next.
    pub(super) fn eat(&mut self, words: &str) -> bool {
        let count = words.split(' ').count();
        let matches = words
            .split(' ')
            .enumerate()
            .all(|(step, word)| self.ahead(step).is_some_and(|token| token.text.eq_ignore_ascii_case(word)));
        self.at += if matches { count } else { 0 };
        matches
    }

    /// Where the next word stands; at the end of the sentence, its last word.
    pub(super) fn here(&self) -> Range<usize> {
        let last = || self.tokens.last().map_or(0..self.text.len(), |token| token.bytes.clone());
        self.peek().map_or_else(last, |token| token.bytes.clone())
    }

    /// From a byte to the end of the last word taken.
    pub(super) fn since(&self, start: usize) -> Range<usize> {
        let end = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(start, |token| token.bytes.end);
        start..end.max(start)
    }

    /// Where the next word begins; at the end of the sentence, its length.
    pub(super) fn start(&self) -> usize {
        self.peek().map_or(self.text.len(), |token| token.bytes.start)
    }

    /// What has not been read yet, as written.
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.start()..).unwrap_or_default().trim_end()
    }

    /// The sentence from a byte on, as written.
    pub(super) fn text_from(&self, start: usize) -> &'t str {
        self.text.get(start..).unwrap_or_default().trim_end()
    }

    /// Takes everything that is left.
    pub(super) fn finish(&mut self) {
        self.at = self.tokens.len();
    }

    /// Whether two neighbours among the coming words touch each other.
    pub(super) fn touches_next(&self) -> bool {
        let end = self.peek().map(|token| token.bytes.end);
        end.is_some() && end == self.ahead(1).map(|token| token.bytes.start)
    }

    /// Nothing may follow.
    pub(super) fn end(&self, code: Code, expected: &str) -> Result<(), Problem> {
        let Some(token) = self.peek() else { return Ok(()) };
        let rest = self.start()..self.start() + self.rest().len();
        let message = format!("`{}` was not expected here", token.text);
        Err(Problem::new(code, rest, message, expected.to_owned()))
    }
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or_default();
        let (kind, length) = measure(first, rest);
        if !first.is_whitespace() {
            found.push(Token { kind, text: rest.get(..length).unwrap_or_default(), bytes: at..at + length });
        }
        at += length.max(1);
    }
    found
}

/// The length of what makes a number scientific, `e400`, which this language does not read but should name.
fn exponent(rest: &str) -> usize {
    let Some(tail) = rest.strip_prefix(['e', 'E']) else { return 0 };
    let digits = tail.strip_prefix(['+', '-']).unwrap_or(tail);
    let count = digits.len() - digits.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if count > 0 { rest.len() - digits.len() + count } else { 0 }
}

fn measure(first: char, rest: &str) -> (Kind, usize) {
    let run = |belongs: fn(char) -> bool| rest.find(|c| !belongs(c)).unwrap_or(rest.len());
    if first.is_ascii_digit() || first == '.' && rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit()) {
        let length = run(|c| c.is_ascii_digit() || matches!(c, '.' | ':' | ',' | '_'));
        let length = rest.get(..length).unwrap_or_default().trim_end_matches([',', '.', ':']).len();
        let length = length + exponent(rest.get(length..).unwrap_or_default());
        let time = rest.get(..length).is_some_and(|text| text.contains(':'));
        (if time { Kind::Time } else { Kind::Number }, length)
    } else if first.is_alphabetic() {
        let length = run(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '/'));
        (Kind::Word, length)
    } else if matches!(first, '<' | '>' | '=') {
        (Kind::Sign, run(|c| matches!(c, '<' | '>' | '=')))
    } else {
        (Kind::Sign, first.len_utf8())
    }
}
