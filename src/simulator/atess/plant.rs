//! One house with its battery and its ATESS device, moved on minute by minute, under the weather of every simulated house.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::counters::Counters;
use super::device::{DeviceModel, Duty, OffGrid};
use super::options::PlantOptions;
use super::settings::Settings;
use crate::simulator::battery::Battery;
use crate::simulator::house::House;
use crate::simulator::random::Chance;
use crate::simulator::state;
use crate::simulator::world::{Flows, STEP_SECONDS, Wall};
use crate::time::{Instant, Local, Zone};

/// How many writes may be on their way to the device.
const MAX_UNDERWAY: usize = 64;

/// A house, its battery, its device, and what the counters counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plant {
    #[serde(with = "state::zone")]
    zone: Zone,
    chance: Chance,
    house: House,
    battery: Battery,
    model: DeviceModel,
    settings: Settings,
    underway: VecDeque<Underway>,
    clock_fault_seconds: i64,
    second: i64,
    flows: Flows,
    day: i32,
    today: Counters,
    total: Counters,
}

/// Settings that were written and have not reached the device yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Underway {
    due: i64,
    settings: Settings,
}

impl Plant {
    pub(super) fn grown(options: &PlantOptions, chance: Chance, start: Instant) -> Plant {
        let mut plant = Plant {
            zone: options.zone.clone(),
            chance,
            house: options.house,
            battery: options.battery,
            model: options.model,
            settings: options.settings.clone(),
            underway: VecDeque::new(),
            clock_fault_seconds: 0,
            second: start.timestamp().div_euclid(STEP_SECONDS) * STEP_SECONDS,
            flows: Flows::default(),
            day: 0,
            today: Counters::default(),
            total: Counters::before(chance),
        };
        plant.day = plant.wall_at(plant.second).day;
        plant.flows = plant.clone().minute();
        plant
    }

    /// Moves the plant on by one minute; what is on its way reaches the device only if it is online.
    pub(super) fn step(&mut self, online: bool) {
        if online {
            self.deliver();
        }
        let day = self.wall_at(self.second).day;
        if day != self.day {
            (self.day, self.today) = (day, Counters::default());
        }
        self.flows = self.minute();
        self.today.count(&self.flows);
        self.total.count(&self.flows);
        self.second += STEP_SECONDS;
    }

    /// Goes to a later second without living through the time before it.
    pub(super) fn leap(&mut self, second: i64) {
        self.second = self.second.max(second);
    }

    /// The instant up to which the plant has moved.
    #[must_use]
    pub fn now(&self) -> Instant {
        state::instant(self.second)
    }

    /// The true state of charge, in percent.
    #[must_use]
    pub fn soc(&self) -> f64 {
        self.battery.soc()
    }

    /// The battery.
    #[must_use]
    pub fn battery(&self) -> &Battery {
        &self.battery
    }

    /// The battery, to be set for a test.
    pub fn battery_mut(&mut self) -> &mut Battery {
        &mut self.battery
    }

    /// The true power of the last minute.
    #[must_use]
    pub fn flows(&self) -> Flows {
        self.flows
    }

    /// What the device holds and acts on.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What the device does at this moment.
    #[must_use]
    pub fn duty(&self) -> Duty {
        let minute = u16::try_from(self.wall_at(self.second).second / 60).unwrap_or_default();
        self.model.duty(&self.settings, minute)
    }

    /// What was counted since midnight of the device's clock, without rounding.
    #[must_use]
    pub fn today(&self) -> Counters {
        self.today
    }

    /// What was counted in all, without rounding.
    #[must_use]
    pub fn total(&self) -> Counters {
        self.total
    }

    /// Every counter begins again.
    pub(super) fn reset_counters(&mut self) {
        (self.today, self.total) = (Counters::default(), Counters::default());
    }

    /// Sends settings to the device, where they arrive after some seconds, but not before what was sent earlier.
    pub(super) fn send(&mut self, settings: Settings, from: Instant, delay_seconds: i64) {
        let earliest = self.underway.iter().map(|one| one.due).max();
        let due = (from.timestamp() + delay_seconds).max(earliest.unwrap_or(i64::MIN));
        if self.underway.len() >= MAX_UNDERWAY {
            self.underway.pop_front();
        }
        self.underway.push_back(Underway { due, settings });
    }

    /// Seconds by which the clock is fast for the moment, beyond what the model says.
    pub(super) fn set_clock_fault(&mut self, seconds: i64) {
        self.clock_fault_seconds = seconds;
    }

    /// What the device's own clock shows at a second of Unix time.
    pub(super) fn wall_at(&self, second: i64) -> Wall {
        let shift = i64::from(self.local(second).offset) + self.model.clock_offset_seconds + self.clock_fault_seconds;
        let shown = second + shift;
        Wall { day: i32::try_from(shown.div_euclid(86_400)).unwrap_or_default(), second: shown.rem_euclid(86_400) }
    }

    /// What the true wall clock shows at a second of Unix time.
    pub(super) fn local(&self, second: i64) -> Local {
        self.zone.local(state::instant(second))
    }

    /// Whether a state that was read from a file can be a plant.
    pub(super) fn is_sound(&self) -> bool {
        let house = &self.house;
        let watts = [house.base_watts, house.evening_watts, house.solar_watts, house.ev_watts];
        self.battery.is_sound()
            && state::is_sensible(self.second)
            && self.settings.is_sound()
            && self.underway.len() <= MAX_UNDERWAY
            && self.underway.iter().all(|one| state::is_sensible(one.due) && one.settings.is_sound())
            && self.model.clock_offset_seconds.abs() <= 86_400
            && self.clock_fault_seconds.abs() <= 86_400
            && self.model.limit_percent <= 100
            && self.model.floor_percent <= 100
            && watts.iter().all(|watts| (0.0..=1e7).contains(watts))
            && self.today.is_sound()
            && self.total.is_sound()
    }

    fn deliver(&mut self) {
        let now = self.second;
        while self.underway.front().is_some_and(|one| one.due <= now) {
            let Some(one) = self.underway.pop_front() else { return };
            if self.model.off_grid == OffGrid::Taken || one.settings.is_on_grid() {
                self.settings = one.settings;
            }
        }
    }

    /// One minute of battery and meter.
    fn minute(&mut self) -> Flows {
        let weather = self.house.at(self.chance, self.local(self.second), self.second);
        let surplus = weather.solar - weather.load;
        let seconds = STEP_SECONDS as f64;
        let (limit, floor) = (f64::from(self.model.limit_percent), f64::from(self.model.floor_percent));
        let battery = match self.duty() {
            Duty::Charge => -self.battery.charge(self.battery.charge_watts, limit, seconds),
            Duty::SelfConsume if surplus < 0.0 => self.battery.discharge(-surplus, floor, seconds),
            Duty::SunOnly | Duty::SelfConsume => -self.battery.charge(surplus, limit, seconds),
        };
        let grid = weather.load - weather.solar - battery;
        Flows { solar: weather.solar, load: weather.load, ev: weather.ev, battery, grid }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::atess::settings::Period;
    use crate::simulator::device::{EmptyRestriction, Overlap, Wrap};
    use proptest::prelude::*;

    fn periods() -> impl Strategy<Value = Vec<Period>> {
        let period = (0..1440_u16, 0..1440_u16).prop_map(|(from, to)| Period { from, to });
        prop::collection::vec(period, 0..3)
    }

    fn settings() -> impl Strategy<Value = Settings> {
        (any::<bool>(), any::<bool>(), periods(), periods()).prop_map(
            |(charge_enable, discharge_enable, valley, peak)| Settings {
                charge_enable,
                discharge_enable,
                valley,
                peak,
            },
        )
    }

    fn models() -> impl Strategy<Value = DeviceModel> {
        let overlap = prop_oneof![Just(Overlap::ChargeWins), Just(Overlap::DischargeWins)];
        let wrap = prop_oneof![Just(Wrap::AcrossMidnight), Just(Wrap::UntilMidnight), Just(Wrap::Ignored)];
        let empty = prop_oneof![Just(EmptyRestriction::Unrestricted), Just(EmptyRestriction::Hold)];
        (overlap, wrap, empty, 0..=100_u8, 0..=100_u8).prop_map(|(overlap, wrap, empty, limit, floor)| DeviceModel {
            overlap,
            wrap,
            empty_restriction: empty,
            limit_percent: limit,
            floor_percent: floor,
            ..DeviceModel::default()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
        #[test]
        fn whatever_the_settings_energy_is_conserved_and_duties_are_kept(
            settings in settings(), model in models(), soc in 0.0..100.0_f64, day in 0..365_i64, seed: u64,
        ) {
            let mut options = PlantOptions { model, settings, ..PlantOptions::default() };
            options.battery.set_soc(soc);
            let mut plant = Plant::grown(&options, Chance::new(seed), state::instant(1_767_225_600 + day * 86_400));
            let (before, counted) = (plant.battery.stored_wh, plant.total);
            for _ in 0..1440 {
                let duty = plant.duty();
                plant.step(true);
                let Flows { solar, load, battery, grid, .. } = plant.flows();
                prop_assert!((solar + battery + grid - load).abs() < 1e-6);
                match duty {
                    Duty::Charge => prop_assert!(battery <= 0.0),
                    Duty::SunOnly => prop_assert!(battery <= 0.0 && -battery <= (solar - load).max(0.0) + 1e-6),
                    Duty::SelfConsume => prop_assert!(battery <= 0.0 || grid >= -1e-6),
                }
                prop_assert!(battery <= 0.0 || plant.soc() >= f64::from(model.floor_percent) - 1e-6);
                prop_assert!(battery >= 0.0 || plant.soc() <= f64::from(model.limit_percent) + 1e-6);
                prop_assert!(plant.is_sound());
            }
            let charged = plant.total.charge.kwh - counted.charge.kwh;
            let discharged = plant.total.discharge.kwh - counted.discharge.kwh;
            let gained = 1000.0 * (charged * 0.95 - discharged / 0.95);
            prop_assert!((plant.battery.stored_wh - before - gained).abs() < 1e-3);
        }
    }

    #[test]
    fn what_was_written_last_arrives_last() {
        let start = state::instant(1_767_225_600);
        let mut plant = Plant::grown(&PlantOptions::default(), Chance::new(1), start);
        plant.send(Settings { charge_enable: true, ..Settings::default() }, start, 300);
        plant.send(Settings { discharge_enable: true, ..Settings::default() }, start, 60);
        let after = |plant: &mut Plant, minutes: u32| {
            (0..minutes).for_each(|_| plant.step(true));
            (plant.settings.charge_enable, plant.settings.discharge_enable)
        };
        assert_eq!(after(&mut plant, 3), (false, false));
        assert_eq!(after(&mut plant, 4), (false, true));
    }
}
