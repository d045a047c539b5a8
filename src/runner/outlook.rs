//! What load, sun and car are taken to be: the same quarter hours of the days before.

use std::time::Duration;

use chrono::Days;

use crate::forecast::{Forecast, Past};
use crate::plan::Outlook;
use crate::plan::timeline::Steps;
use crate::snapshot::{Quality, Reading, Snapshot};
use crate::time::{ClockTime, Instant, Zone, after};
use crate::units::Power;

/// Minutes of a step.
const STEP_MINUTES: u16 = 15;

/// The same as a span.
const STEP: Duration = Duration::from_secs(15 * 60);

/// How many days back are looked at.
pub(super) const DAYS_BACK: u64 = 7;

/// How many days back a forecast with its errors looks.
pub(super) const FORECAST_DAYS_BACK: u64 = 14;

/// The mean of each quarter hour of the wall clock over the days before, for every quarter hour of a horizon that has one.
///
/// `rows` are readings and when they were read, in any order. Where no day before has a believable reading nothing is
/// known, and whoever plans falls back to the present value.
#[must_use]
pub fn outlook(rows: &[(Instant, Snapshot)], zone: &Zone, now: Instant, until: Instant) -> Outlook {
    let quarters = quarters(zone, now, until);
    Outlook {
        load: means(rows, zone, &quarters, |snapshot| snapshot.load),
        solar: means(rows, zone, &quarters, |snapshot| snapshot.solar),
        ev: Steps::default(),
        forecast: Forecast::default(),
    }
}

/// The forecast that rows in the order of time give; empty where there are too few days.
///
/// A reading holds until the next one is read, but not for longer than a step.
#[must_use]
pub(super) fn forecast(rows: &[(Instant, Snapshot)], zone: &Zone, now: Instant) -> Forecast {
    let mut past = Past::new(zone.clone());
    let ends = rows.iter().skip(1).map(|(at, _)| *at).chain([now]);
    for ((at, snapshot), end) in rows.iter().zip(ends) {
        let believable = |reading: Option<Reading<Power>>| {
            reading.filter(|reading| reading.quality == Quality::Good).map(|reading| reading.value)
        };
        let until = end.min(after(*at, STEP));
        past.add(*at, until, believable(snapshot.load), believable(snapshot.solar));
    }
    past.forecast(now).unwrap_or_default()
}

/// The beginnings of the wall clock's quarter hours from that of now on.
fn quarters(zone: &Zone, now: Instant, until: Instant) -> Vec<Instant> {
    let into = i64::from(zone.local(now).minute % STEP_MINUTES) * 60 + now.timestamp().rem_euclid(60);
    let first = now.timestamp() - into;
    let step = i64::from(STEP_MINUTES) * 60;
    (0..)
        .map(|index: i64| first + index * step)
        .map_while(|second| Instant::from_timestamp(second, 0))
        .take_while(|at| *at < until)
        .collect()
}

/// Sums and counts by the wall clock's quarter hour, then the means where there are any.
fn means(
    rows: &[(Instant, Snapshot)],
    zone: &Zone,
    quarters: &[Instant],
    signal: impl Fn(&Snapshot) -> Option<Reading<Power>>,
) -> Steps {
    let mut sums = vec![(0.0_f64, 0_u32); usize::from(1440 / STEP_MINUTES)];
    for (at, snapshot) in rows {
        let believable = signal(snapshot).filter(|reading| reading.quality == Quality::Good);
        let Some(sum) = sums.get_mut(quarter_of_day(zone, *at)) else { continue };
        if let Some(reading) = believable {
            *sum = (sum.0 + reading.value.watts(), sum.1 + 1);
        }
    }
    let mean = |at: &Instant| {
        let (sum, count) = sums.get(quarter_of_day(zone, *at)).copied().filter(|(_, count)| *count > 0)?;
        Some((*at, Power::from_watts(sum / f64::from(count))?))
    };
    Steps::new(quarters.iter().filter_map(mean).collect())
}

fn quarter_of_day(zone: &Zone, at: Instant) -> usize {
    usize::from(zone.local(at).minute / STEP_MINUTES)
}

/// The first instant of the days that are looked back on.
pub(super) fn begin(zone: &Zone, now: Instant, days: u64) -> Instant {
    let today = zone.local(now).date;
    let first = today.checked_sub_days(Days::new(days)).unwrap_or(today);
    zone.earliest(first, ClockTime::MIDNIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("an instant")
    }

    fn row(time: &str, watts: f64, quality: Quality) -> (Instant, Snapshot) {
        let load = Power::from_watts(watts).map(|value| Reading { value, taken_at: at(time), quality });
        (at(time), Snapshot { load, ..Snapshot::default() })
    }

    #[test]
    fn the_same_quarter_hours_of_the_days_before_are_averaged() {
        let rows = [
            row("2026-11-18T07:02:00Z", 400.0, Quality::Good),
            row("2026-11-19T07:12:00Z", 600.0, Quality::Good),
            row("2026-11-19T07:13:00Z", 9000.0, Quality::Implausible),
            row("2026-11-19T08:00:00Z", 1000.0, Quality::Good),
        ];
        let london = Zone::named("Europe/London").expect("a zone");
        let ahead = outlook(&rows, &london, at("2026-11-20T06:50:00Z"), at("2026-11-20T08:30:00Z"));
        let load = |time: &str| ahead.load.at(at(time)).map(Power::watts);
        assert_eq!(load("2026-11-20T06:55:00Z"), None);
        assert_eq!(load("2026-11-20T07:05:00Z"), Some(500.0));
        assert_eq!(load("2026-11-20T08:10:00Z"), Some(1000.0));
        assert_eq!(ahead.solar, Steps::default());
    }
}
