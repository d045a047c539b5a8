//! The hours of the days that are remembered.

use std::collections::VecDeque;

use chrono::NaiveDate;

use crate::units::Power;

/// How many days are looked back on, beside the newest.
pub(super) const DAYS: usize = 14;

/// Hours on the face of a clock.
pub(super) const HOURS: usize = 24;

/// Less of an hour than this many seconds says too little of it.
const ENOUGH: f64 = 1800.0;

/// What was seen of a power in one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sum {
    watt_seconds: f64,
    seconds: f64,
}

/// What was seen of load and sun in one hour of the wall clock; an hour that occurs twice counts as one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Hour {
    load: Sum,
    solar: Sum,
}

/// The mean load and sun of an hour in watts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    pub(super) load: f64,
    pub(super) solar: f64,
}

/// One local day.
#[derive(Clone, Debug, PartialEq)]
struct Day {
    date: NaiveDate,
    hours: [Hour; HOURS],
}

/// The newest days in order, each at most once; holes are simply not there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Days(VecDeque<Day>);

impl Sum {
    fn add(&mut self, power: Option<Power>, seconds: f64) {
        if let Some(power) = power {
            self.watt_seconds += power.watts() * seconds;
            self.seconds += seconds;
        }
    }

    /// The mean, of whatever can be negative only by a mistake of the meter.
    fn mean(self) -> Option<f64> {
        (self.seconds >= ENOUGH).then(|| (self.watt_seconds / self.seconds).max(0.0))
    }
}

impl Hour {
    pub(super) fn add(&mut self, load: Option<Power>, solar: Option<Power>, seconds: f64) {
        self.load.add(load, seconds);
        self.solar.add(solar, seconds);
    }

    /// The means, if enough of both was seen.
    fn seen(self) -> Option<Seen> {
        Some(Seen { load: self.load.mean()?, solar: self.solar.mean()? })
    }
}

impl Days {
    /// An hour of a day, made if need be; `None` for one that is too long past, or no hour.
    pub(super) fn hour_mut(&mut self, date: NaiveDate, hour: usize) -> Option<&mut Hour> {
        let place = self.0.partition_point(|day| day.date < date);
        if self.0.get(place).is_none_or(|day| day.date != date) {
            if place == 0 && self.0.len() > DAYS {
                return None;
            }
            self.0.insert(place, Day { date, hours: [Hour::default(); HOURS] });
        }
        let gone = self.0.len().saturating_sub(DAYS + 1);
        self.0.drain(..gone);
        self.0.get_mut(place.checked_sub(gone)?)?.hours.get_mut(hour)
    }

    /// What was seen of an hour of a day.
    pub(super) fn seen(&self, date: NaiveDate, hour: usize) -> Option<Seen> {
        let place = self.0.partition_point(|day| day.date < date);
        let day = self.0.get(place).filter(|day| day.date == date)?;
        day.hours.get(hour)?.seen()
    }

    /// The same hour of the days before a day, each with how many days it is past: the newest first.
    pub(super) fn same_hour(&self, before: NaiveDate, hour: usize) -> impl Iterator<Item = (i32, Seen)> {
        let until = self.0.partition_point(|day| day.date < before);
        self.0.iter().take(until).rev().filter_map(move |day| {
            let past = i32::try_from((before - day.date).num_days()).ok()?;
            (past <= i32::try_from(DAYS).ok()?).then_some(())?;
            Some((past, day.hours.get(hour)?.seen()?))
        })
    }

    /// The dates that are remembered, in order.
    pub(super) fn dates(&self) -> impl Iterator<Item = NaiveDate> {
        self.0.iter().map(|day| day.date)
    }
}
