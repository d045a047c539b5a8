//! How far the naive forecasts of a history missed what came.

use std::time::Duration;

use super::{Piece, Track};
use crate::forecast::{Error, Forecast, Miss, Past};
use crate::time::{after, elapsed};
use crate::units::Power;

/// Less of an hour than this many seconds says too little of it.
const ENOUGH: f64 = 1800.0;

/// What is added up, in watts and hours.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    load: [f64; 2],
    solar: [f64; 2],
    hours: u32,
}

/// What came in one hour, in watt seconds.
#[derive(Clone, Copy, Debug, Default)]
struct Came {
    load: f64,
    solar: f64,
    seconds: f64,
}

/// Forecasts each local day at its beginning from the days before it, and compares it hour by hour with what came. `None` if
/// no day could be forecast: it takes three days to look back on.
pub(super) fn missed(track: &Track) -> Option<Error> {
    let mut past = Past::new(track.zone.clone());
    let mut sums = Sums::default();
    for day in track.pieces.chunk_by(|one, next| one.day == next.day) {
        let forecast = day.first().and_then(|first| past.forecast(first.at));
        if let Some(forecast) = forecast {
            sums.add(&forecast, day);
        }
        for piece in day {
            past.add(piece.at, after(piece.at, length(piece)), Some(piece.load), Some(piece.solar));
        }
    }
    sums.error()
}

fn length(piece: &Piece) -> Duration {
    Duration::from_secs(u64::from(piece.seconds))
}

impl Sums {
    /// Compares the hours of a day with what came in them.
    fn add(&mut self, forecast: &Forecast, day: &[Piece]) {
        let mut pieces = day.iter().peekable();
        for step in forecast.steps() {
            let mut came = Came::default();
            while let Some(piece) = pieces.peek() {
                let end = after(piece.at, length(piece));
                let seconds = elapsed(piece.at.max(step.from), end.min(step.until)).as_secs_f64();
                came.load += piece.load.watts() * seconds;
                came.solar += piece.solar.watts() * seconds;
                came.seconds += seconds;
                if end > step.until {
                    break;
                }
                pieces.next();
            }
            if came.seconds >= ENOUGH {
                self.note(came.load / came.seconds - step.load.watts(), came.solar / came.seconds - step.solar.watts());
            }
        }
    }

    fn note(&mut self, load: f64, solar: f64) {
        for (sum, miss) in [(&mut self.load, load), (&mut self.solar, solar)] {
            let [mean, size] = *sum;
            *sum = [mean + miss, size + miss.abs()];
        }
        self.hours = self.hours.saturating_add(1);
    }

    fn error(self) -> Option<Error> {
        let hours = f64::from(self.hours);
        let miss = |[mean, size]: [f64; 2]| {
            let power = |sum: f64| Power::from_watts(sum / hours).unwrap_or_default();
            Miss { mean: power(mean), size: power(size) }
        };
        (self.hours > 0).then(|| Error { load: miss(self.load), solar: miss(self.solar), hours: self.hours })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Findings, History, Priced, Row};
    use crate::units::{Energy, Price};

    /// Hours from midnight on, each with this load in kWh.
    fn track(hours: u32, load: impl Fn(u32) -> f64) -> Track {
        let begin: crate::time::Instant = "2026-11-01T00:00:00Z".parse().expect("an instant");
        let energy = |kwh: f64| Energy::from_watt_hours(kwh * 1000.0).expect("an energy");
        let row = |hour: u32| Row {
            line: 1,
            start: begin + chrono::Duration::hours(i64::from(hour)),
            load: energy(load(hour)),
            solar: energy(0.0),
            import: Price::per_kwh(0.3),
            export: Price::per_kwh(0.1),
        };
        let priced = Priced { import: true, export: true };
        let history = History::from_rows((0..hours).map(row).collect(), priced, Findings::default());
        let text = "offpeak: 1\nsite: home\ntimezone: Etc/UTC\ndevice: { driver: simulated }\nbattery: { capacity: 10 kWh, charge power: 5 \
                    kW, discharge power: 5 kW, round trip efficiency: 90%, reserve: 0% }\ntariff: { currency: EUR, import: { all: { price: 0.3 } }, export: { price: 0.1 } }\n";
        let loaded = crate::policy::load("home.yaml", text);
        let policy = loaded.policy.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
        Track::new(&history.expect("a history"), &policy, &[]).expect("priced")
    }

    #[test]
    fn what_repeats_itself_is_forecast_and_a_day_of_another_kind_is_missed() {
        let daily = |hour: u32| f64::from(hour % 24) / 10.0;
        let even = missed(&track(24 * 8, daily)).expect("an error");
        assert_eq!((even.hours, even.load.size.watts().round(), even.solar.size.watts()), (24 * 5, 0.0, 0.0));
        let last = missed(&track(24 * 4, |hour| daily(hour) + if hour >= 72 { 0.5 } else { 0.0 })).expect("an error");
        assert_eq!((last.hours, last.load.mean.watts().round(), last.load.size.watts().round()), (24, 500.0, 500.0));
        assert_eq!(missed(&track(24 * 3, daily)), None, "nothing to look back on");
    }
}
