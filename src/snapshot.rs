//! The frozen process image of one tick: what was read, when, and how far it can be believed.

use std::time::Duration;

use crate::time::{Instant, elapsed};
use crate::units::{Power, Soc};

/// What a device measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// State of charge of the battery.
    Soc,
    /// Power of the sun's generators, never negative.
    Solar,
    /// Power that the house draws, never negative.
    Load,
    /// Power at the meter: `+` import, `-` export.
    Grid,
    /// Power of the battery: `+` discharge, `-` charge.
    Battery,
    /// Power of the charging car.
    Ev,
}

/// A value with the instant at which it was measured and what is thought of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading<T> {
    /// The measured value.
    pub value: T,
    /// When it was measured, as far as can be known; never later than when it was read.
    pub taken_at: Instant,
    /// Whether it can be believed.
    pub quality: Quality,
}

/// Whether a reading can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quality {
    /// Nothing speaks against it.
    Good,
    /// It cannot be true beside what else is known: a jump, a zero beside a non-zero twin.
    Implausible,
    /// The device repeats itself: the value has not moved for longer than a living one would.
    Frozen,
    /// The first valid reading after a failure: healthy again is two in a row.
    Unconfirmed,
}

/// Why a value cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The device reports no such value, or did not answer.
    NoReading,
    /// The newest reading is older than `reading max age`.
    TooOld,
    /// See [`Quality::Implausible`].
    Implausible,
    /// See [`Quality::Frozen`].
    Frozen,
    /// See [`Quality::Unconfirmed`].
    Unconfirmed,
    /// No price is known for that moment.
    NoPrice,
    /// Load and sun have not been watched for enough days to forecast them.
    NoForecast,
    /// An average whose span has not been observed long enough.
    TooFewSamples,
    /// The language has it, this version of the program cannot evaluate it.
    NotYetKnown,
}

/// One reading of every signal, or its absence. Absent is not zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// State of charge.
    pub soc: Option<Reading<Soc>>,
    /// See [`Signal::Solar`].
    pub solar: Option<Reading<Power>>,
    /// See [`Signal::Load`].
    pub load: Option<Reading<Power>>,
    /// See [`Signal::Grid`].
    pub grid: Option<Reading<Power>>,
    /// See [`Signal::Battery`].
    pub battery: Option<Reading<Power>>,
    /// See [`Signal::Ev`].
    pub ev: Option<Reading<Power>>,
}

impl Signal {
    /// Every signal, in the order in which people read them.
    pub const ALL: [Signal; 6] = [Signal::Soc, Signal::Load, Signal::Solar, Signal::Battery, Signal::Grid, Signal::Ev];

    /// The word for it in policies and output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Signal::Soc => "soc",
            Signal::Solar => "solar",
            Signal::Load => "load",
            Signal::Grid => "grid",
            Signal::Battery => "battery",
            Signal::Ev => "ev",
        }
    }

    /// What it is called in a sentence, without an article.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Signal::Soc => "state of charge",
            Signal::Solar => "power of the sun",
            Signal::Load => "load",
            Signal::Grid => "power at the meter",
            Signal::Battery => "power of the battery",
            Signal::Ev => "power of a car",
        }
    }
}

impl<T> Reading<T> {
    /// A reading that nothing speaks against.
    #[must_use]
    pub fn good(value: T, taken_at: Instant) -> Reading<T> {
        Reading { value, taken_at, quality: Quality::Good }
    }

    /// How long ago it was measured.
    #[must_use]
    pub fn age(&self, now: Instant) -> Duration {
        elapsed(self.taken_at, now)
    }

    /// The value if it is fresh and believable. A reading from the future is as old as one too old: its clock is wrong.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn usable(&self, now: Instant, max_age: Duration) -> Result<&T, Unknown> {
        match self.quality {
            Quality::Implausible => Err(Unknown::Implausible),
            Quality::Frozen => Err(Unknown::Frozen),
            Quality::Unconfirmed => Err(Unknown::Unconfirmed),
            Quality::Good if self.taken_at > now || self.age(now) > max_age => Err(Unknown::TooOld),
            Quality::Good => Ok(&self.value),
        }
    }

    /// The same reading of another form of the value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Reading<U> {
        Reading { value: change(self.value), taken_at: self.taken_at, quality: self.quality }
    }
}

impl Snapshot {
    /// The reading of a signal as a plain number: percent for the state of charge, watts for the rest.
    #[must_use]
    pub fn reading(&self, signal: Signal) -> Option<Reading<f64>> {
        match signal {
            Signal::Soc => self.soc.map(|reading| reading.map(Soc::percent)),
            Signal::Solar => self.solar.map(|reading| reading.map(Power::watts)),
            Signal::Load => self.load.map(|reading| reading.map(Power::watts)),
            Signal::Grid => self.grid.map(|reading| reading.map(Power::watts)),
            Signal::Battery => self.battery.map(|reading| reading.map(Power::watts)),
            Signal::Ev => self.ev.map(|reading| reading.map(Power::watts)),
        }
    }

    /// The value of a signal, in percent or watts, if it is fresh and believable.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn usable(&self, signal: Signal, now: Instant, max_age: Duration) -> Result<f64, Unknown> {
        self.reading(signal).ok_or(Unknown::NoReading)?.usable(now, max_age).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fresh_and_believable_readings_are_usable() {
        let now: Instant = "2026-11-20T20:41:00Z".parse().expect("an instant");
        let max_age = Duration::from_secs(600);
        let check = |seconds_old: i64, quality: Quality, expect: Result<f64, Unknown>| {
            let taken_at = now - chrono::Duration::seconds(seconds_old);
            let soc = Soc::from_percent(41.0).map(|value| Reading { value, taken_at, quality });
            let snapshot = Snapshot { soc, ..Snapshot::default() };
            assert_eq!(snapshot.usable(Signal::Soc, now, max_age), expect, "{seconds_old} s, {quality:?}");
        };
        check(0, Quality::Good, Ok(41.0));
        check(600, Quality::Good, Ok(41.0));
        check(601, Quality::Good, Err(Unknown::TooOld));
        check(-1, Quality::Good, Err(Unknown::TooOld));
        check(0, Quality::Frozen, Err(Unknown::Frozen));
        check(0, Quality::Implausible, Err(Unknown::Implausible));
        check(0, Quality::Unconfirmed, Err(Unknown::Unconfirmed));
        assert_eq!(Snapshot::default().usable(Signal::Load, now, max_age), Err(Unknown::NoReading));
    }
}
