//! `compare`: what a change to a policy changes over a history. It asks nobody and writes nothing.

use super::args::Compare;
use super::backtest::replayed;
use super::form::Form;
use super::output::{Failure, OK, Outcome, PENDING, print, print_json};
use super::progress::side_by_side;
use super::session::Session;
use super::{history, terminal};
use crate::backtest::{Comparison, Contest, Version};
use crate::report;

/// Compares two policies; the exit code tells whether they do the same.
///
/// # Errors
/// A policy, the history or the options cannot be used.
pub fn run(options: &Compare, session: &Session<'_>) -> Outcome {
    let (old, new) = (session.policy(&options.old)?, session.policy(&options.new)?);
    let history = history::named(&options.replayed, &new, session)?;
    let contest = Contest::new(&old.policy, &new.policy, &history, replayed(&options.replayed)?)?;
    let comparison = compared(&contest)?;
    match session.form() {
        Form::Text | Form::Junit => print(&report::compare_text(&comparison, terminal::style())),
        Form::Markdown => print(&report::compare_markdown(&comparison)),
        Form::Json => print_json(&report::compare_json(&comparison)),
    }
    Ok(if comparison.is_same() { OK } else { PENDING })
}

/// Lives through the history with both beside each other, a step of the bar a day.
fn compared(contest: &Contest<'_>) -> Result<Comparison, Failure> {
    let versions = [Version::Old, Version::New];
    let lived = side_by_side(&versions, contest.days(), "trying both policies", |version, bar| {
        let mut day = None;
        contest.live(*version, |ran| {
            let today = ran.at.timestamp().div_euclid(86_400);
            bar.inc(u64::from(day.replace(today) != Some(today)));
        })
    });
    let mut lived = lived.into_iter().flatten();
    match (lived.next(), lived.next()) {
        (Some(old), Some(new)) => Ok(contest.comparison(old, new)),
        _ => Err(Failure("a policy could not be tried".to_owned())),
    }
}
