//! What leaves the program: results to stdout, everything else to stderr.

use std::io::Write;

use super::terminal;
use crate::report;

/// Why a verb failed, in words that stand for themselves; the exit code is 1.
#[derive(Debug)]
pub struct Failure(pub String);

/// How a verb ended: an exit code, or a failure to be told.
pub type Outcome = Result<u8, Failure>;

/// The longest answer that is read, in bytes.
const MAX_ANSWER: u64 = 1000;

/// Everything went well.
pub const OK: u8 = 0;
/// Something failed, or was found wanting.
pub const FAILED: u8 = 1;
/// `plan`: writes are pending.
pub const PENDING: u8 = 2;

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure(error.to_string())
    }
}

/// A failure from a text.
pub fn failure<T>(text: impl Into<String>) -> Result<T, Failure> {
    Err(Failure(text.into()))
}

/// Prints a result for people, in ASCII where the terminal shows no more.
pub fn print(text: &str) {
    if terminal::ascii() { emit(&report::ascii(text)) } else { emit(text) }
}

/// A reader who left early is no failure of ours.
fn emit(text: &str) {
    let mut out = anstream::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let _ = write!(out, "{text}{end}").and_then(|()| out.flush());
}

/// Prints a result as JSON.
pub fn print_json(value: &serde_json::Value) {
    emit(&format!("{value:#}"));
}

/// Tells something beside the result.
pub fn tell(text: &str) {
    let mut out = anstream::stderr().lock();
    let _ = writeln!(out, "{text}");
}

/// Asks a question on the terminal; without a terminal the answer is no.
pub fn ask(question: &str) -> bool {
    use std::io::IsTerminal;
    if !std::io::stdin().is_terminal() {
        return false;
    }
    let mut out = anstream::stderr().lock();
    let _ = write!(out, "{question} [y/N] ").and_then(|()| out.flush());
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

/// Asks for a word on the terminal; what is between brackets is taken where the answer is empty. `None` without a terminal.
pub fn inquire(question: &str, usual: &str) -> Option<String> {
    use std::io::{BufRead, IsTerminal, Read};
    if !std::io::stdin().is_terminal() {
        return None;
    }
    let shown = if usual.is_empty() { String::new() } else { format!(" [{usual}]") };
    let mut out = anstream::stderr().lock();
    let _ = write!(out, "{question}{shown}: ").and_then(|()| out.flush());
    let mut answer = String::new();
    std::io::stdin().lock().take(MAX_ANSWER).read_line(&mut answer).ok()?;
    let answer = answer.trim();
    Some(if answer.is_empty() { usual.to_owned() } else { answer.to_owned() })
}
