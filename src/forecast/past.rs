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

/// How many hours a forecast is long, the present one among them.
const AHEAD: u32 = 49;

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
        let mut steps = Vec::with_capacity(64);
        let offsets = self.zone.offsets(first, after(first, HOUR * AHEAD));
        let present = self.zone.local(first);
        let mut more_sun = self.sun_so_far(first) - 1.0;
        let fading = (-1.0 / SUN_FADES).exp();
        let mut from = first;
        for _ in 0..AHEAD {
            let offset = offsets.iter().take_while(|(since, _)| *since <= from).last().map(|(_, offset)| *offset)?;
            let hour = hour(Local::with_offset(from, offset));
            let known = known.get_mut(hour)?;
            if known.is_none() {
                *known = self.ways(present, hour);
            }
            let until = after(from, HOUR);
            steps.push(step(from, until, &(*known)?, more_sun));
            more_sun *= fading;
            from = until;
        }
        Some(Forecast::new(steps).after_way(self.way(before(first, HOUR))))
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

    /// In which of its ways an hour came, as the days before it had them.
    fn way(&self, from: Instant) -> Option<usize> {
        let local = self.zone.local(from);
        let (seen, ways) = self.days.seen(local.date, hour(local)).zip(self.of(local.date, hour(local)))?;
        Some(ways.nearest(seen.load - seen.solar))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::WAYS;

    fn at(text: &str) -> Instant {
        text.parse().expect("an instant")
    }

    fn watts(watts: f64) -> Option<Power> {
        Power::from_watts(watts)
    }

    /// A past in which each hour of each day from the first of November on drew this much and had this much sun.
    fn past(days: u32, load: impl Fn(u32, u32) -> Option<f64>, sun: impl Fn(u32, u32) -> Option<f64>) -> Past {
        let mut past = Past::new(Zone::utc());
        for (day, hour) in (0..days).flat_map(|day| (0..24).map(move |hour| (day, hour))) {
            let from = after(at("2026-11-01T00:00:00Z"), HOUR * (24 * day + hour));
            let power = |watts: Option<f64>| watts.and_then(Power::from_watts);
            past.add(from, after(from, HOUR), power(load(day, hour)), power(sun(day, hour)));
        }
        past
    }

    #[test]
    fn newer_days_count_for_more() {
        let past = past(3, |day, _| Some(f64::from(day) * 100.0), |_, _| Some(0.0));
        let forecast = past.forecast(at("2026-11-04T00:30:00Z")).expect("a forecast");
        let steps = forecast.steps();
        assert_eq!(steps.len(), 49);
        assert_eq!(steps[0].from, at("2026-11-04T00:00:00Z"));
        let expect = (200.0 + 0.8 * 100.0) / (1.0 + 0.8 + 0.64);
        assert!(steps.iter().all(|step| (step.load.watts() - expect).abs() < 1e-9 && step.solar == Power::ZERO));
        let needs = steps[0].needs.map(Power::watts);
        assert!(needs.windows(2).all(|pair| pair[0] <= pair[1]), "{needs:?}");
        assert!(needs[0] < expect && needs[WAYS - 1] > 200.0, "a day to come may lie beyond all before it: {needs:?}");
    }

    #[test]
    fn a_hole_stays_a_hole_and_three_days_are_needed() {
        let now = at("2026-11-05T00:00:00Z");
        let with_hole = |gone: fn(u32, u32) -> bool| {
            past(4, move |day, hour| (!gone(day, hour)).then_some(500.0), |_, _| Some(0.0)).forecast(now)
        };
        let load = |forecast: Option<Forecast>| forecast.map(|forecast| forecast.steps()[5].load.watts().round());
        assert_eq!(load(with_hole(|_, _| false)), Some(500.0));
        assert_eq!(load(with_hole(|day, hour| day == 2 && hour == 5)), Some(500.0));
        assert_eq!(load(with_hole(|day, hour| day >= 2 && hour == 5)), None);
        assert_eq!(past(4, |_, _| Some(500.0), |_, _| None).forecast(now), None, "no sun is not a sun of nothing");
        assert_eq!(past(2, |_, _| Some(500.0), |_, _| Some(0.0)).forecast(at("2026-11-03T00:00:00Z")), None);
        assert_eq!(Past::new(Zone::utc()).forecast(now), None);
    }

    #[test]
    fn what_is_long_past_is_forgotten() {
        let past = past(60, |_, _| Some(500.0), |_, _| Some(0.0));
        assert_eq!(past.days.dates().count(), 15);
        assert_eq!(past.forecast(at("2027-02-01T00:00:00Z")), None);
    }

    #[test]
    fn todays_sun_so_far_speaks_for_the_rest_of_the_day_and_less_for_tomorrow() {
        let sun = |day: u32, hour: u32| {
            Some(if (8..16).contains(&hour) { 1000.0 } else { 0.0 } * if day < 5 { 1.0 } else { 0.5 })
        };
        let mut today = past(5, |_, _| Some(300.0), sun);
        for hour in 0..12 {
            let from = after(at("2026-11-06T00:00:00Z"), HOUR * hour);
            today.add(from, after(from, HOUR), watts(300.0), sun(5, hour).and_then(Power::from_watts));
        }
        let forecast = today.forecast(at("2026-11-06T12:10:00Z")).expect("a forecast");
        let sun = |time: &str| forecast.at(at(time)).map(|step| step.solar.watts()).unwrap_or(f64::NAN);
        assert!((sun("2026-11-06T12:10:00Z") - 500.0).abs() < 1e-6);
        assert!((500.0..600.0).contains(&sun("2026-11-06T15:10:00Z")), "{}", sun("2026-11-06T15:10:00Z"));
        assert!(sun("2026-11-07T15:10:00Z") > 800.0 - 60.0, "{}", sun("2026-11-07T15:10:00Z"));
        assert_eq!(sun("2026-11-06T20:10:00Z"), 0.0);
    }

    #[test]
    fn hours_are_those_of_the_clock_on_the_day_on_which_it_changes() {
        let mut past = Past::new(Zone::named("Europe/Berlin").expect("a zone"));
        for hour in 0..24 * 10 {
            let from = after(at("2026-10-15T22:00:00Z"), HOUR * hour);
            let load = if past.zone.local(from).minute / 60 == 7 { 2000.0 } else { 100.0 };
            past.add(from, after(from, HOUR), watts(load), watts(0.0));
        }
        let forecast = past.forecast(at("2026-10-24T20:00:00Z")).expect("a forecast");
        let peaks: Vec<Instant> =
            forecast.steps().iter().filter(|step| step.load.watts() > 1000.0).map(|step| step.from).collect();
        assert_eq!(peaks, [at("2026-10-25T06:00:00Z"), at("2026-10-26T06:00:00Z")]);
    }

    #[test]
    fn the_error_is_that_of_its_own_days() {
        let even = past(10, |_, _| Some(500.0), |_, _| Some(0.0)).error().expect("an error");
        assert!(even.load.size.watts() < 1e-9 && even.solar.size == Power::ZERO && even.hours == 7 * 24, "{even:?}");
        let rising = past(10, |day, _| Some(f64::from(day) * 100.0), |_, _| Some(0.0)).error().expect("an error");
        assert!(rising.load.mean.watts() > 200.0 && rising.load.mean == rising.load.size, "{rising:?}");
        assert_eq!(past(3, |_, _| Some(500.0), |_, _| Some(0.0)).error(), None);
    }

    #[test]
    fn stretches_come_in_any_order_and_any_length() {
        let mut one = Past::new(Zone::utc());
        one.add(at("2026-11-01T00:00:00Z"), at("2026-11-05T00:00:00Z"), watts(500.0), watts(0.0));
        let mut other = Past::new(Zone::utc());
        for quarter in (0..4 * 24 * 4).rev() {
            let from = after(at("2026-11-01T00:00:00Z"), HOUR / 4 * quarter);
            other.add(from, after(from, HOUR / 4), watts(500.0), watts(0.0));
        }
        let now = at("2026-11-05T00:00:00Z");
        assert!(one.forecast(now).is_some());
        assert_eq!(one.forecast(now), other.forecast(now));
        one.add(Instant::MIN_UTC, Instant::MAX_UTC, watts(500.0), watts(0.0));
        one.add(now, at("2026-11-01T00:00:00Z"), watts(500.0), watts(0.0));
    }
}
