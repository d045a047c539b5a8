//! `backtest`: what a policy would have cost over a history, beside what was possible. It asks nobody and writes nothing.

use std::num::NonZero;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use super::args::{Backtest, Replayed};
use super::form::Format;
use super::output::{Failure, OK, Outcome, failure, print, print_json};
use super::progress::bar;
use super::session::Session;
use super::{history, terminal};
use crate::backtest::{Charges, Done, Job, Options, Trial};
use crate::policy;
use crate::report;
use crate::units::Price;

/// The shortest and the longest time between two looks.
const TICK: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(3600)];

/// Tries a policy and shows what came of it.
///
/// # Errors
/// The policy, the history or the options cannot be used.
pub fn run(options: &Backtest, session: &Session<'_>) -> Outcome {
    let loaded = session.policy(&options.policy)?;
    let history = history::named(&options.replayed, &loaded, session)?;
    let trial = Trial::new(&loaded.policy, &history, replayed(&options.replayed)?)?;
    let jobs = trial.jobs();
    let done = side_by_side(&jobs, "trying the policy", |job: &Job| trial.run(*job));
    let done: Vec<Done> = done.into_iter().flatten().collect();
    let mut outcome = trial.outcome(done);
    outcome.charges = charges(options)?;
    if let Some(path) = &options.report {
        let page = report::page::page(&report::page::scene(&outcome));
        std::fs::write(path, page)
            .map_err(|error| Failure(format!("{}: cannot be written: {error}", path.display())))?;
    }
    match session.format() {
        Format::Text => print(&report::backtest_text(&outcome, terminal::style())),
        Format::Json => print_json(&report::backtest_json(&outcome)),
    }
    Ok(OK)
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

/// Does jobs beside each other, one thread a processor, and gives what came of each in their order.
pub fn side_by_side<J: Sync, D: Send>(jobs: &[J], what: &str, run: impl Fn(&J) -> D + Sync) -> Vec<Option<D>> {
    let bar = bar(jobs.len(), what);
    let next = Mutex::new(jobs.iter().enumerate());
    let done: Mutex<Vec<Option<D>>> = Mutex::new(jobs.iter().map(|_| None).collect());
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(jobs.len());
    let work = || {
        while let Some((index, job)) = next.lock().ok().and_then(|mut next| next.next()) {
            let result = run(job);
            if let Ok(mut done) = done.lock()
                && let Some(place) = done.get_mut(index)
            {
                *place = Some(result);
            }
            bar.inc(1);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    bar.finish_and_clear();
    done.into_inner().unwrap_or_default()
}
