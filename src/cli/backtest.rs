//! `backtest`: what a policy would have cost over a history, beside what was possible. It asks nobody and writes nothing.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::{Backtest, Replayed};
use super::form::Format;
use super::output::{FAILED, Failure, OK, Outcome, failure, print, print_json, tell};
use super::progress::side_by_side;
use super::session::{Loaded, Session};
use super::{files, history, terminal};
use crate::backtest::{self, Charges, Done, Job, Options, Trial};
use crate::history::History;
use crate::policy;
use crate::report::{self, Brief};
use crate::units::Price;

/// The shortest and the longest time between two looks.
const TICK: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(3600)];

/// The most policies of one call.
const MOST_POLICIES: usize = 1000;

/// Tries a policy and shows what came of it; of several a line each.
///
/// # Errors
/// The policy, the history or the options cannot be used.
pub fn run(options: &Backtest, session: &Session<'_>) -> Outcome {
    let charges = charges(options)?;
    let replayed = replayed(&options.replayed)?;
    let paths = files::policies(&options.policies)?;
    match paths.as_slice() {
        [path] => one(options, path, replayed, charges, session),
        several if several.len() > MOST_POLICIES => failure(format!("at most {MOST_POLICIES} policies at a time")),
        _ if options.report.is_some() => failure("--report draws a single policy; name one"),
        several => many(options, several, replayed, charges, session),
    }
}

fn one(options: &Backtest, path: &Path, replayed: Options, charges: Charges, session: &Session<'_>) -> Outcome {
    let lives = [lived(options, path, session)?];
    let mut failed = None;
    tried(&lives, replayed, charges, |outcome| match outcome {
        Ok(outcome) => failed = shown(options, &outcome, session).err(),
        Err(error) => failed = Some(error),
    });
    failed.map_or(Ok(OK), Err)
}

fn shown(options: &Backtest, outcome: &backtest::Outcome, session: &Session<'_>) -> Result<(), Failure> {
    if let Some(path) = &options.report {
        files::replace_page(path, &report::page::page(&report::page::scene(outcome)))?;
    }
    match session.format() {
        Format::Text => print(&report::backtest_text(outcome, terminal::style())),
        Format::Json => print_json(&report::backtest_json(outcome)),
    }
    Ok(())
}

/// Tries several policies, some at a time, so that what they come to need not all be held at once. One that cannot be tried is
/// told, and the others are tried all the same.
fn many(options: &Backtest, paths: &[PathBuf], replayed: Options, charges: Charges, session: &Session<'_>) -> Outcome {
    let mut is_whole = true;
    let (mut briefs, mut values): (Vec<Brief>, Vec<Value>) = (Vec::new(), Vec::new());
    let mut told = |error: Failure| {
        tell(&format!("error: {}", error.0));
        is_whole = false;
    };
    for some in paths.chunks(thread::available_parallelism().map_or(1, NonZero::get)) {
        let mut lives = Vec::new();
        for path in some {
            match lived(options, path, session) {
                Ok(life) => lives.push(life),
                Err(error) => told(error),
            }
        }
        tried(&lives, replayed, charges, |outcome| match (outcome, session.format()) {
            (Ok(outcome), Format::Text) => briefs.push(Brief::of(&outcome)),
            (Ok(outcome), Format::Json) => values.push(report::backtest_json(&outcome)),
            (Err(error), _) => told(error),
        });
    }
    match session.format() {
        Format::Text if !briefs.is_empty() => print(&report::backtests_text(&briefs, terminal::style())),
        Format::Text => {}
        Format::Json => print_json(&json!({ "version": 1, "policies": values })),
    }
    Ok(if is_whole { OK } else { FAILED })
}

/// A policy and the history that it is to live through.
fn lived(options: &Backtest, path: &Path, session: &Session<'_>) -> Result<(Loaded, History), Failure> {
    let loaded = session.policy(path)?;
    let history = history::named(&options.replayed, &loaded, session)?;
    Ok((loaded, history))
}

/// Lives through each history with its policy, all ways of all of them beside each other; `told` is told of each in order.
fn tried(
    lives: &[(Loaded, History)],
    options: Options,
    charges: Charges,
    mut told: impl FnMut(Result<backtest::Outcome, Failure>),
) {
    let trials: Vec<_> = lives.iter().map(|(loaded, history)| Trial::new(&loaded.policy, history, options)).collect();
    let jobs: Vec<(&Trial<'_>, Job)> =
        trials.iter().flatten().flat_map(|trial| trial.jobs().into_iter().map(move |job| (trial, job))).collect();
    let counts: Vec<usize> = trials.iter().map(|trial| trial.as_ref().map_or(0, |trial| trial.jobs().len())).collect();
    let what = if lives.len() == 1 { "trying the policy" } else { "trying the policies" };
    let done = side_by_side(&jobs, 1, what, |(trial, job), bar| {
        let done = trial.run(*job);
        bar.inc(1);
        done
    });
    let mut done = done.into_iter().flatten();
    for (trial, count) in trials.into_iter().zip(counts) {
        let done: Vec<Done> = done.by_ref().take(count).collect();
        told(trial.map_err(Failure::from).map(|trial| {
            let mut outcome = trial.outcome(done);
            outcome.charges = charges;
            outcome
        }));
    }
}

fn charges(options: &Backtest) -> Result<Charges, Failure> {
    let sound = |name: &str, amount: f64| match Price::per_kwh(amount) {
        Some(_) if amount >= 0.0 => Ok(amount),
        _ => failure(format!("--{name} {amount}: expected an amount of money")),
    };
    Ok(Charges {
        standing: sound("standing-charge", options.standing_charge)?,
        peak: sound("peak-charge", options.peak_charge)?,
    })
}

/// How a history is lived through.
///
/// # Errors
/// A value cannot be used.
pub fn replayed(options: &Replayed) -> Result<Options, Failure> {
    let start = policy::parse_percent(&options.soc).map_err(|why| Failure(format!("--soc {}: {why}", options.soc)))?;
    let tick =
        policy::parse_duration(&options.tick).map_err(|why| Failure(format!("--tick {}: {why}", options.tick)))?;
    let [least, most] = TICK;
    if !(least..=most).contains(&tick) || !3600u64.is_multiple_of(tick.as_secs().max(1)) {
        return failure(format!(
            "--tick {}: expected 1 min to 1 h, a whole number of which make an hour",
            options.tick
        ));
    }
    Ok(Options { start, tick, writes: options.writes })
}
