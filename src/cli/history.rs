//! Where a history comes from: a file, the journal, or the device's maker.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{Days, NaiveDate};

use super::args::Replayed;
use super::output::{Failure, failure, tell};
use super::past::Past;
use super::progress::bar;
use super::session::{Loaded, Session};
use crate::device::access::{HistoryDay, HistoryPoint};
use crate::feed::history::open;
use crate::feed::samples;
use crate::history::{Findings, History, Sample};
use crate::snapshot::{Reading, Snapshot};
use crate::time::{Instant, before};
use crate::units::Power;

/// The word for the journal's own readings.
const JOURNAL: &str = "journal";

/// The word for what the device's maker keeps.
const VENDOR: &str = "vendor";

/// The most readings of a journal that are looked at: a minute's look over nearly two years.
const MAX_READINGS: u32 = 1_000_000;

/// The most days that are fetched: at ten seconds each, over an hour.
const MAX_DAYS: u16 = 400;

/// How long after its end a day counts as whole: the last of it arrives some minutes late.
const LATE: Duration = Duration::from_secs(3600);

/// A day of which the maker has nothing is asked for again until it is so many days past.
const MAY_COME: u64 = 7;

/// The history that the options name.
///
/// # Errors
/// It cannot be read or fetched, or is no history.
pub fn named(options: &Replayed, loaded: &Loaded, session: &Session<'_>) -> Result<History, Failure> {
    match options.history.to_str() {
        Some(JOURNAL) => journaled(loaded, session),
        Some(VENDOR) => fetched(options.days, loaded, session),
        _ => open(&options.history).map_err(|error| Failure(format!("{}: {error}", options.history.display()))),
    }
}

/// What the journal has of the policy's site: a reading that was not believed when it was read, or was too old, counts as unknown.
fn journaled(loaded: &Loaded, session: &Session<'_>) -> Result<History, Failure> {
    let past = Past::must_open(session)?;
    let site = &loaded.policy.site;
    let readings = past.journal.readings(site, Instant::UNIX_EPOCH, far(), MAX_READINGS)?;
    if readings.is_empty() {
        return failure(format!("{site}: the journal of {} has no readings of this site", past.folder.display()));
    }
    let max_age = loaded.policy.limits.reading_max_age;
    let samples = readings.iter().map(|(at, snapshot)| sample(*at, snapshot, max_age)).collect();
    History::from_samples(samples, Findings::default()).map_err(|error| Failure(format!("{site}: {error}")))
}

/// Later than every reading that a journal may have.
fn far() -> Instant {
    Instant::from_timestamp(7_258_118_400, 0).unwrap_or(Instant::UNIX_EPOCH)
}

fn sample(at: Instant, snapshot: &Snapshot, max_age: Duration) -> Sample {
    let usable = |reading: Option<Reading<Power>>| reading.and_then(|it| it.usable(at, max_age).ok().copied());
    Sample { at, load: usable(snapshot.load), solar: usable(snapshot.solar) }
}

/// What the device's maker keeps, day by day up to yesterday. A day that was fetched once is kept in the state folder and never
/// asked for again.
fn fetched(days: u16, loaded: &Loaded, session: &Session<'_>) -> Result<History, Failure> {
    let site = &loaded.policy.site;
    if !(1..=MAX_DAYS).contains(&days) {
        return failure(format!("--days {days}: expected 1 to {MAX_DAYS}"));
    }
    if !loaded.policy.device.kind.has_history() {
        let name = loaded.policy.device.driver().name();
        return failure(format!(
            "{site}: {name} documents no history of a device of this model; take `--history journal`, which has what was read \
             of it, or a file"
        ));
    }
    let folder = folder(session, loaded)?;
    fs::create_dir_all(&folder)?;
    let days = session.runtime()?.block_on(fetch(days, &folder, loaded, session))?;
    let mut findings = Findings::default();
    let (mut all, mut nothing) = (Vec::new(), Vec::new());
    for day in days {
        let known = of_day(&folder, day, &mut findings)?;
        nothing.extend(known.is_empty().then(|| day.to_string()));
        all.extend(known);
    }
    if !nothing.is_empty() {
        tell(&format!("warning: {site}: its maker has nothing of {}", nothing.join(", ")));
    }
    History::from_samples(all, findings).map_err(|error| Failure(format!("{site}: {error}")))
}

/// What is kept of a day; nothing where nothing is.
fn of_day(folder: &Path, day: NaiveDate, findings: &mut Findings) -> Result<Vec<Sample>, Failure> {
    let path = kept(folder, day);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    samples::open(&path, findings)
        .map_err(|error| Failure(format!("{}: {error}; delete it, and it is fetched again", path.display())))
}

/// Fetches the days that are not kept yet, one after the other at the driver's own pace. What was fetched before a failure
/// stays kept.
async fn fetch(days: u16, folder: &Path, loaded: &Loaded, session: &Session<'_>) -> Result<Vec<NaiveDate>, Failure> {
    let now = session.site_clock(&loaded.policy).await?.now();
    let today = loaded.policy.zone.local(before(now, LATE)).date;
    let back = |days| today.checked_sub_days(Days::new(days));
    let wanted: Vec<NaiveDate> = (1..=u64::from(days)).rev().filter_map(back).collect();
    let missing: Vec<NaiveDate> = wanted.iter().copied().filter(|day| !kept(folder, *day).is_file()).collect();
    if missing.is_empty() {
        return Ok(wanted);
    }
    let (mut site, world) = session.reading_site(loaded).await?;
    let bar = bar(missing.len(), "fetching the history, a day each ten seconds");
    for (done, day) in missing.iter().enumerate() {
        let fetched = site.history(*day).await;
        site.remember_driver()?;
        let fetched = fetched.map_err(|error| Failure(broken_off(loaded, *day, done, missing.len(), &error)))?;
        if !fetched.points.is_empty() || back(MAY_COME).is_some_and(|past| *day < past) {
            samples::save(&kept(folder, *day), &samples_of(&fetched), fetched.unplaced)?;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if let Some(world) = world {
        world.save()?;
    }
    Ok(wanted)
}

fn broken_off(loaded: &Loaded, day: NaiveDate, done: usize, missing: usize, error: &dyn std::fmt::Display) -> String {
    format!(
        "{}: {day} could not be fetched: {error}; {done} of {missing} days were, and are kept: the same command goes on from there",
        loaded.policy.site
    )
}

/// All that came of a day, in the order of time.
fn samples_of(day: &HistoryDay) -> Vec<Sample> {
    let sample = |point: &HistoryPoint| Sample { at: point.at, load: point.load, solar: point.solar };
    let mut samples: Vec<Sample> = day.points.iter().chain(&day.again).map(sample).collect();
    samples.sort_by_key(|sample| sample.at);
    samples
}

fn kept(folder: &Path, day: NaiveDate) -> PathBuf {
    folder.join(format!("{day}.csv"))
}

/// The folder in which a device's fetched days are kept. A site's name may hold anything, a folder's may not.
fn folder(session: &Session<'_>, loaded: &Loaded) -> Result<PathBuf, Failure> {
    let (site, device) = (&loaded.policy.site, &loaded.policy.device);
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    let name: String = site.chars().map(plain).take(60).collect();
    let whose = format!("{site}\n{}\n{}", device.driver().name(), device.serial);
    let digest: String = crate::policy::revision(&whose).chars().take(8).collect();
    Ok(session.state()?.join("history").join(format!("{name}-{digest}")))
}
