//! Where a history comes from: a file, the journal, or the device's maker.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{Days, NaiveDate};

use super::args::Replayed;
use super::output::{Failure, failure, tell};
use super::past::Past;
use super::progress::bar;
use super::session::{Loaded, Session};
use crate::device::access::HistoryPoint;
use crate::feed::history::{open, rows as rows_of, save};
use crate::history::{Findings, History, Priced, Row, Sample, rows};
use crate::snapshot::{Quality, Reading, Snapshot};
use crate::time::{Instant, after};

/// The word for the journal's own readings.
const JOURNAL: &str = "journal";

/// The word for what the device's maker keeps.
const VENDOR: &str = "vendor";

/// The most readings of a journal that are looked at: a minute's look over nearly two years.
const MAX_READINGS: u32 = 1_000_000;

/// The most days that are fetched: at ten seconds each, over an hour.
const MAX_DAYS: u16 = 400;

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

/// What the journal has of the policy's site.
fn journaled(loaded: &Loaded, session: &Session<'_>) -> Result<History, Failure> {
    let past = Past::must_open(session)?;
    let site = &loaded.policy.site;
    let readings = past.journal.readings(site, Instant::UNIX_EPOCH, far(), MAX_READINGS)?;
    let samples = readings.iter().filter_map(|(at, snapshot)| sample(*at, snapshot));
    let mut findings = Findings::default();
    let rows = rows(samples, &mut findings);
    History::from_rows(rows, Priced::default(), findings).map_err(|error| Failure(format!("{site}: {error}")))
}

/// Later than every reading that a journal may have.
fn far() -> Instant {
    Instant::from_timestamp(7_258_118_400, 0).unwrap_or(Instant::UNIX_EPOCH)
}

fn sample(at: Instant, snapshot: &Snapshot) -> Option<Sample> {
    let good = |reading: Option<Reading<_>>| reading.filter(|reading| reading.quality == Quality::Good);
    Some(Sample { at, load: good(snapshot.load)?.value, solar: good(snapshot.solar)?.value })
}

/// What the device's maker keeps, day by day up to yesterday. A day that was fetched once is kept in the state folder and never
/// asked for again.
fn fetched(days: u16, loaded: &Loaded, session: &Session<'_>) -> Result<History, Failure> {
    if !(1..=MAX_DAYS).contains(&days) {
        return failure(format!("--days {days}: expected 1 to {MAX_DAYS}"));
    }
    let folder = folder(session, &loaded.policy.site)?;
    fs::create_dir_all(&folder)?;
    let days = session.runtime()?.block_on(fetch(days, &folder, loaded, session))?;
    let mut all = Vec::new();
    for day in days {
        let path = kept(&folder, day);
        let (rows, ..) =
            rows_of(fs::File::open(&path)?).map_err(|error| Failure(format!("{}: {error}", path.display())))?;
        all.extend(rows);
    }
    let site = &loaded.policy.site;
    History::from_rows(all, Priced::default(), Findings::default()).map_err(|error| Failure(format!("{site}: {error}")))
}

/// Fetches the days that are not kept yet, one after the other at the driver's own pace. What was fetched before a failure
/// stays kept.
async fn fetch(days: u16, folder: &Path, loaded: &Loaded, session: &Session<'_>) -> Result<Vec<NaiveDate>, Failure> {
    let (mut site, _world) = session.reading_site(loaded).await?;
    let now = session.site_clock(&loaded.policy).await?.now();
    let today = loaded.policy.zone.local(now).date;
    let wanted: Vec<NaiveDate> =
        (1..=u64::from(days)).rev().filter_map(|back| today.checked_sub_days(Days::new(back))).collect();
    let missing: Vec<NaiveDate> = wanted.iter().copied().filter(|day| !kept(folder, *day).is_file()).collect();
    let bar = bar(missing.len(), "fetching the history, a day each ten seconds");
    for day in missing {
        let points = site.history(day).await?;
        let until = loaded.policy.zone.day(day).1;
        save(&kept(folder, day), &of_day(&points, until))?;
        site.remember_driver()?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(wanted)
}

/// The rows of a day. A sample at the stroke of midnight belongs to the day that it ends.
fn of_day(points: &[HistoryPoint], until: Instant) -> Vec<Row> {
    let sample = |point: &HistoryPoint| Some(Sample { at: point.at, load: point.load?, solar: point.solar? });
    let within = points.iter().filter(|point| point.at < after(until, std::time::Duration::ZERO));
    let mut findings = Findings::default();
    let rows = rows(within.filter_map(sample), &mut findings);
    for found in findings.iter() {
        tell(&format!("warning: {} × {}", found.count, found.fault));
    }
    rows
}

fn kept(folder: &Path, day: NaiveDate) -> PathBuf {
    folder.join(format!("{day}.csv"))
}

/// The folder in which a site's fetched days are kept. A site's name may hold anything, a folder's may not.
fn folder(session: &Session<'_>, site: &str) -> Result<PathBuf, Failure> {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    let name: String = site.chars().map(plain).take(60).collect();
    let digest: String = crate::policy::revision(site).chars().take(8).collect();
    Ok(session.state()?.join("history").join(format!("{name}-{digest}")))
}
