//! Long work: done beside each other, and how far it has come, on stderr and on a terminal alone.

use std::num::NonZero;
use std::sync::Mutex;
use std::thread;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::terminal;

/// A bar of so many steps; it shows nothing where stderr is no terminal.
pub fn bar(length: usize, what: &str) -> ProgressBar {
    if !terminal::progress() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(u64::try_from(length).ok(), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what.to_owned());
    bar
}

/// Does jobs beside each other, one thread a processor, and gives what came of each in their order. A job moves the bar on by so
/// many steps.
pub fn side_by_side<J: Sync, D: Send>(
    jobs: &[J],
    steps: usize,
    what: &str,
    run: impl Fn(&J, &ProgressBar) -> D + Sync,
) -> Vec<Option<D>> {
    let bar = bar(jobs.len().saturating_mul(steps), what);
    let next = Mutex::new(jobs.iter().enumerate());
    let done: Mutex<Vec<Option<D>>> = Mutex::new(jobs.iter().map(|_| None).collect());
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(jobs.len());
    let work = || {
        while let Some((index, job)) = next.lock().ok().and_then(|mut next| next.next()) {
            let result = run(job, &bar);
            if let Ok(mut done) = done.lock()
                && let Some(place) = done.get_mut(index)
            {
                *place = Some(result);
            }
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
