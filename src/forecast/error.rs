//! How far the forecasts of the last days erred.

use chrono::NaiveDate;

use super::hours::{Days, HOURS, Seen};
use super::ways::Ways;
use crate::units::Power;

/// By how much forecasts missed what came, hour for hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Miss {
    /// What came less what was forecast, on average: `+` more came.
    pub mean: Power,
    /// The same without its sign: how far off a forecast is on average.
    pub size: Power,
}

/// How far the forecasts of the last days erred, by what came of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Error {
    /// Of the load.
    pub load: Miss,
    /// Of the sun, nights included.
    pub solar: Miss,
    /// How many hours were compared.
    pub hours: u32,
}

/// What is added up.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    mean: f64,
    size: f64,
}

impl Sum {
    fn add(&mut self, miss: f64) {
        self.mean += miss;
        self.size += miss.abs();
    }

    fn over(self, hours: u32) -> Miss {
        let power = |sum: f64| Power::from_watts(sum / f64::from(hours)).unwrap_or_default();
        Miss { mean: power(self.mean), size: power(self.size) }
    }
}

/// Compares each hour that was seen with what the days before it would have made of it.
pub(super) fn error(days: &Days, forecast: impl Fn(NaiveDate, usize) -> Option<Ways>) -> Option<Error> {
    let (mut load, mut solar, mut hours) = (Sum::default(), Sum::default(), 0u32);
    for date in days.dates() {
        for hour in 0..HOURS {
            let both: Option<(Seen, Ways)> = days.seen(date, hour).zip(forecast(date, hour));
            let Some((seen, ways)) = both else { continue };
            load.add(seen.load - ways.load);
            solar.add(seen.solar - ways.solar);
            hours += 1;
        }
    }
    (hours > 0).then(|| Error { load: load.over(hours), solar: solar.over(hours), hours })
}
