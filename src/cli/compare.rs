//! `compare`: what a change to a policy changes over a history. It asks nobody and writes nothing.

use super::args::Compare;
use super::backtest::replayed;
use super::form::Form;
use super::output::{OK, Outcome, PENDING, print, print_json};
use super::session::Session;
use super::{history, terminal};
use crate::backtest::Contest;
use crate::report;

/// Compares two policies; the exit code tells whether they do the same.
///
/// # Errors
/// A policy, the history or the options cannot be used.
pub fn run(options: &Compare, session: &Session<'_>) -> Outcome {
    let (old, new) = (session.policy(&options.old)?, session.policy(&options.new)?);
    let history = history::named(&options.replayed, &new, session)?;
    let comparison = Contest::new(&old.policy, &new.policy, &history, replayed(&options.replayed)?)?.run();
    match session.form() {
        Form::Text | Form::Junit => print(&report::compare_text(&comparison, terminal::style())),
        Form::Markdown => print(&report::compare_markdown(&comparison)),
        Form::Json => print_json(&report::compare_json(&comparison)),
    }
    Ok(if comparison.is_same() { OK } else { PENDING })
}
