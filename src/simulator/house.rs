//! What a house draws and what its roof gives, minute by minute, from a seed.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::random::{Chance, Stream};
use crate::time::Local;

/// A house, its roof and its car.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct House {
    /// What is drawn around the clock, in watts.
    pub base_watts: f64,
    /// What the evening adds at its peak, in watts; the morning adds half of it.
    pub evening_watts: f64,
    /// The peak power of the roof, in watts.
    pub solar_watts: f64,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// What the car draws while it charges, in watts.
    pub ev_watts: f64,
    /// The share of evenings on which the car charges, 0 to 1.
    pub ev_evenings: f64,
}

/// What a house does in one minute, in watts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Weather {
    /// Everything that is drawn, the car included.
    pub(super) load: f64,
    /// What the roof gives.
    pub(super) solar: f64,
    /// The car's part of the load.
    pub(super) ev: f64,
}

impl Default for House {
    /// A family house near London with four kilowatts of roof and a car.
    fn default() -> House {
        House {
            base_watts: 260.0,
            evening_watts: 1500.0,
            solar_watts: 4000.0,
            latitude: 51.5,
            longitude: -0.1,
            ev_watts: 7200.0,
            ev_evenings: 0.35,
        }
    }
}

impl House {
    /// The minute that begins at this second of Unix time, which the wall clock of the house reads as `local`.
    pub(super) fn at(&self, chance: Chance, local: Local, second: i64) -> Weather {
        let ev = self.ev(chance, local);
        Weather { load: self.appliances(chance, local, second) + ev, solar: self.solar(chance, second), ev }
    }

    fn appliances(&self, chance: Chance, local: Local, second: i64) -> f64 {
        let minute = f64::from(local.minute);
        let weekend = matches!(local.weekday(), chrono::Weekday::Sat | chrono::Weekday::Sun);
        let bump = |centre: f64, width: f64| (-((minute - centre) / width).powi(2)).exp();
        let morning = 0.5 * bump(if weekend { 570.0 } else { 450.0 }, 60.0);
        let midday = if weekend { 0.35 * bump(780.0, 90.0) } else { 0.0 };
        let evening = bump(1115.0, 110.0);
        let noise = 0.6 + 0.8 * chance.gliding(Stream::LoadNoise, second.div_euclid(60), 7);
        let flutter = 20.0 * chance.unit(Stream::LoadNoise, -second.div_euclid(60));
        let kettle_chance = 0.01 + 0.12 * (morning + midday + evening);
        let kettle = chance.unit(Stream::Kettle, second.div_euclid(180)) < kettle_chance;
        let household = self.base_watts + self.evening_watts * (morning + midday + evening);
        household * noise + flutter + if kettle { 1800.0 } else { 0.0 }
    }

    fn solar(&self, chance: Chance, second: i64) -> f64 {
        let height = self.sine_of_elevation(second);
        if height <= 0.0 {
            return 0.0;
        }
        let minute = second.div_euclid(60);
        let clear = 0.15 + 0.85 * chance.gliding(Stream::DayWeather, minute, 1440);
        let cloud = (1.0 - clear) * chance.gliding(Stream::Cloud, minute, 9);
        self.solar_watts * 0.85 * height.powf(1.15) * (clear - 0.8 * cloud).clamp(0.02, 1.0)
    }

    /// The sun's height from its declination (Cooper, 1969) and the hour angle, without the equation of time.
    fn sine_of_elevation(&self, second: i64) -> f64 {
        let days = second as f64 / 86_400.0;
        let declination = -23.44_f64.to_radians() * (TAU * (days.rem_euclid(365.2425) + 10.0) / 365.2425).cos();
        let hour_angle = TAU * (days.fract() + self.longitude / 360.0 - 0.5);
        let latitude = self.latitude.to_radians();
        latitude.sin() * declination.sin() + latitude.cos() * declination.cos() * hour_angle.cos()
    }

    /// A session begins between 17:00 and 23:00 and lasts one to four hours, so it may run past midnight.
    fn ev(&self, chance: Chance, local: Local) -> f64 {
        let today = i64::from(local.date.to_epoch_days());
        let minute = i64::from(local.minute);
        let charging = |day: i64, minute: i64| {
            let start = chance.between(Stream::EvStart, day, 1020, 1380);
            let length = chance.between(Stream::EvLength, day, 60, 240);
            chance.unit(Stream::EvEvening, day) < self.ev_evenings && (start..start + length).contains(&minute)
        };
        if charging(today, minute) || charging(today - 1, minute + 1440) { self.ev_watts } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Instant, Zone};

    fn day(date: &str) -> Vec<Weather> {
        let zone = Zone::named("Europe/London").expect("a zone");
        let (from, until) = zone.day(date.parse().expect("a date"));
        let house = House::default();
        let minutes = (from.timestamp()..until.timestamp()).step_by(60);
        let at = |second| Instant::from_timestamp(second, 0).expect("an instant");
        minutes.map(|second| house.at(Chance::new(1), zone.local(at(second)), second)).collect()
    }

    #[test]
    fn the_sun_follows_the_season() {
        let kwh = |month: u32| {
            let days = (1..=28).map(|number| day(&format!("2026-{month:02}-{number:02}")));
            days.flatten().map(|minute| minute.solar / 60_000.0).sum::<f64>() / 28.0
        };
        let (june, december) = (kwh(6), kwh(12));
        assert!(june > 4.0 * december && december > 0.5 && june < 35.0, "{june} and {december} kWh a day");
        assert!(day("2026-12-21").iter().take(420).all(|minute| minute.solar == 0.0), "dark until seven");
    }

    #[test]
    fn the_house_has_a_quiet_night_and_a_busy_evening() {
        let mean = |from: usize| {
            let days = (2..=27).map(|number| day(&format!("2026-11-{number:02}")));
            let hour = |day: Vec<Weather>| {
                day.iter().skip(from * 60).take(60).map(|minute| minute.load - minute.ev).sum::<f64>() / 60.0
            };
            days.map(hour).sum::<f64>() / 26.0
        };
        assert!(mean(18) > 3.0 * mean(3), "{} and {} W", mean(18), mean(3));
    }

    #[test]
    fn the_car_charges_on_some_evenings() {
        let charged =
            |number: u32| day(&format!("2026-11-{number:02}")).iter().skip(1020).any(|minute| minute.ev > 0.0);
        let evenings = (1..=28).filter(|number| charged(*number)).count();
        assert!((3..20).contains(&evenings), "{evenings}");
    }
}
