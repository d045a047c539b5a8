//! What is remembered of load and sun, and the forecast that follows from it.

use std::time::Duration;

use chrono::NaiveDate;

use super::error::{Error, error};
use super::hours::{Days, HOURS};
use super::ways::{Forecast, Sample, Step, Ways, ways};
use crate::time::{Instant, Local, Zone, after, before, elapsed};
use crate::units::Power;

/// An hour.
const HOUR: Duration = Duration::from_secs(3600);

/// How many hours a forecast reaches ahead, beside the present one.
const AHEAD: usize = 48;

/// What each day counts of the day after it.
const FADING: f64 = 0.8;

/// The fewest days on which an hour must have been seen.
const LEAST_DAYS: usize = 3;

/// Over how many hours just past today's sun is compared with what was forecast of it.
const SUN_SO_FAR: u32 = 4;

/// Forecast sun in watt hours over those hours below which the comparison says nothing.
const LEAST_SUN: f64 = 200.0;

/// By how much today's sun may differ from the forecast and be believed.
const SUN_BOUNDS: (f64, f64) = (0.1, 4.0);

/// After so many hours what today's sun differs by has faded to a third.
const SUN_FADES: f64 = 24.0;

/// The longest stretch that is added at once; of a longer one the end counts.
const LONGEST: Duration = Duration::from_secs(40 * 86_400);

/// Load and sun of the last days, by the hours of the site's clock.
#[derive(Clone, Debug)]
pub struct Past {
    zone: Zone,
    days: Days,
}

impl Past {
    /// Nothing is remembered yet.
    #[must_use]
    pub fn new(zone: Zone) -> Past {
        Past { zone, days: Days::default() }
    }

    /// Takes note of load and sun that were constant over a stretch. What is not known of them is left out: a hole stays a
    /// hole. Stretches come in any order; what is older than the days that count is forgotten.
    pub fn add(&mut self, from: Instant, until: Instant, load: Option<Power>, solar: Option<Power>) {
        let mut from = from.max(before(until, LONGEST));
        while from < until {
            let local = self.zone.local(from);
            let end = after(start_of_hour(from, local), HOUR).min(until);
            if let Some(hour) = self.days.hour_mut(local.date, hour(local)) {
                hour.add(load, solar, elapsed(from, end).as_secs_f64());
            }
            from = end;
        }
    }

    /// The hours from the present one on, as the same hours of the days before were. `None` if one of them was seen on
    /// fewer than three of these days.
    #[must_use]
    pub fn forecast(&self, now: Instant) -> Option<Forecast> {
        let first = start_of_hour(now, self.zone.local(now));
        let mut known: [Option<Ways>; HOURS] = [None; HOURS];
        let mut steps = Vec::with_capacity(AHEAD + 1);
        let sun = self.sun_so_far(first);
        let mut from = first;
        for ahead in 0..=AHEAD {
            let local = self.zone.local(from);
            let known = known.get_mut(hour(local))?;
            if known.is_none() {
                *known = self.ways(self.zone.local(first), hour(local));
            }
            let hours = f64::from(u32::try_from(ahead).unwrap_or(u32::MAX));
            let more_sun = (sun - 1.0) * (-hours / SUN_FADES).exp();
            let until = after(from, HOUR);
            steps.push(step(from, until, &(*known)?, more_sun));
            from = until;
        }
        Some(Forecast::new(steps))
    }

    /// How far the forecasts of the last days erred; `None` before any could be made.
    #[must_use]
    pub fn error(&self) -> Option<Error> {
        error(&self.days, |date, hour| self.of(date, hour))
    }

    /// The forecast of an hour of the clock, as seen from an hour of a day: the newest whole one may be of today.
    fn ways(&self, present: Local, hour_of_day: usize) -> Option<Ways> {
        let today = if hour_of_day < hour(present) { present.date.succ_opt()? } else { present.date };
        self.of(today, hour_of_day)
    }

    /// The forecast of an hour from the days before a day.
    fn of(&self, date: NaiveDate, hour: usize) -> Option<Ways> {
        let samples: Vec<Sample> = self
            .days
            .same_hour(date, hour)
            .map(|(past, seen)| Sample { weight: FADING.powi(past - 1), load: seen.load, solar: seen.solar })
            .collect();
        (samples.len() >= LEAST_DAYS).then(|| ways(&samples))
    }

    /// What the sun gave in the hours just past, of what was forecast of them. Without enough of either it is as forecast.
    fn sun_so_far(&self, first: Instant) -> f64 {
        let (mut seen, mut forecast) = (0.0, 0.0);
        for past in 1..=SUN_SO_FAR {
            let local = self.zone.local(before(first, HOUR * past));
            let both = self.days.seen(local.date, hour(local)).zip(self.of(local.date, hour(local)));
            if let Some((hour, ways)) = both {
                seen += hour.solar;
                forecast += ways.solar;
            }
        }
        if forecast < LEAST_SUN { 1.0 } else { (seen / forecast).clamp(SUN_BOUNDS.0, SUN_BOUNDS.1) }
    }
}

fn hour(local: Local) -> usize {
    usize::from(local.minute / 60)
}

/// When the hour of the wall clock began that an instant lies in.
fn start_of_hour(at: Instant, local: Local) -> Instant {
    let into = i64::from(local.minute % 60) * 60 + at.timestamp().rem_euclid(60);
    Instant::from_timestamp(at.timestamp() - into, 0).unwrap_or(at)
}

/// One hour of a forecast, with so much more sun than the days before had, as a share.
fn step(from: Instant, until: Instant, ways: &Ways, more_sun: f64) -> Step {
    let power = |watts: f64| Power::from_watts(watts.clamp(-1e7, 1e7)).unwrap_or_default();
    let more = ways.solar * more_sun;
    Step {
        from,
        until,
        load: power(ways.load),
        solar: power((ways.solar + more).max(0.0)),
        needs: ways.needs.map(|need| power(need - more)),
    }
}
