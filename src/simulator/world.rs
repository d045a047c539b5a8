//! One house with its battery and its device, moved on minute by minute. It knows nothing of clouds and their faults.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::battery::Battery;
use super::device::{DeviceModel, Duty};
use super::house::House;
use super::periodic::{Follower, PeriodicSchedule, Region};
use super::random::Chance;
use super::state;
use super::store::{Half, Schedule, Which};
use super::system::SystemOptions;
use crate::tariff::Prices;
use crate::time::{Instant, Local, Zone};

/// A step of the world, in seconds.
pub const STEP_SECONDS: i64 = 60;

/// How many days of daily energies are kept.
const KEPT_DAYS: usize = 62;

/// How many writes may be on their way to the device.
const MAX_UNDERWAY: usize = 64;

/// A house, its battery, its device, and what the meters counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct World {
    #[serde(with = "state::zone")]
    zone: Zone,
    chance: Chance,
    house: House,
    battery: Battery,
    model: DeviceModel,
    copy: Schedule,
    underway: VecDeque<Underway>,
    clock_fault: ClockFault,
    second: i64,
    flows: Flows,
    total: Meters,
    days: BTreeMap<i32, Meters>,
    cost: f64,
    unpriced_kwh: f64,
    #[serde(skip)]
    prices: Prices,
    #[serde(default, skip_serializing_if = "Follower::is_usual")]
    periodic: Follower,
}

/// Power in one minute, in watts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Flows {
    /// What the roof gave.
    pub solar: f64,
    /// What was drawn, the car included.
    pub load: f64,
    /// The car's part of it.
    pub ev: f64,
    /// `+` discharge, `-` charge.
    pub battery: f64,
    /// `+` import, `-` export.
    pub grid: f64,
}

/// What meters counted, in kWh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Meters {
    /// Made by the roof.
    pub solar: f64,
    /// Drawn, the car included.
    pub load: f64,
    /// Drawn by the car.
    pub ev: f64,
    /// Put into the battery.
    pub charge: f64,
    /// Put into the battery beyond what the roof left over.
    pub grid_charge: f64,
    /// Taken from the battery.
    pub discharge: f64,
    /// Taken from the grid.
    pub import: f64,
    /// Given to the grid.
    pub export: f64,
}

/// How the device's clock is wrong for the moment, beyond what its model says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ClockFault {
    /// Seconds ahead.
    pub(super) offset_seconds: i64,
    /// Whether it stays on winter time.
    pub(super) winter_all_year: bool,
}

/// What the device's clock shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wall {
    /// Days since 1970-01-01.
    pub(super) day: i32,
    /// Seconds since midnight.
    pub(super) second: i64,
}

/// A written object that has not reached the device yet.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Underway {
    due: i64,
    which: Which,
    half: Half,
}

impl World {
    /// A world that stands at this instant, its device holding the schedule of the options.
    #[must_use]
    pub fn new(options: &SystemOptions, seed: u64, start: Instant) -> World {
        World::grown(options, Chance::new(seed), start)
    }

    pub(super) fn grown(options: &SystemOptions, chance: Chance, start: Instant) -> World {
        let mut world = World {
            zone: options.zone.clone(),
            chance,
            house: options.house,
            battery: options.battery,
            model: options.model,
            copy: options.schedule,
            underway: VecDeque::new(),
            clock_fault: ClockFault::default(),
            second: start.timestamp().div_euclid(STEP_SECONDS) * STEP_SECONDS,
            flows: Flows::default(),
            total: Meters::default(),
            days: BTreeMap::new(),
            cost: 0.0,
            unpriced_kwh: 0.0,
            prices: Prices::default(),
            periodic: Follower::new(&options.periodic),
        };
        world.flows = world.clone().minute();
        world
    }

    /// Moves the world on by whole minutes, as far as this instant, with its device online.
    pub fn advance(&mut self, until: Instant) {
        while self.second + STEP_SECONDS <= until.timestamp() {
            self.step(true);
        }
    }

    /// Moves the world on by one minute; what is on its way reaches the device only if it is online.
    pub(super) fn step(&mut self, online: bool) {
        if online {
            self.deliver();
        }
        self.flows = self.minute();
        self.count();
        self.second += STEP_SECONDS;
    }

    /// Goes to a later second without living through the time before it.
    pub(super) fn leap(&mut self, second: i64) {
        self.second = self.second.max(second);
    }

    /// The instant up to which the world has moved.
    #[must_use]
    pub fn now(&self) -> Instant {
        state::instant(self.second)
    }

    /// The zone of its wall clock.
    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
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

    /// The peak power of the roof, in kilowatts.
    pub(super) fn solar_kw(&self) -> f64 {
        self.house.solar_watts / 1000.0
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
    pub fn device_copy(&self) -> &Schedule {
        &self.copy
    }

    /// What the device holds of the periodic store.
    #[must_use]
    pub fn periodic_copy(&self) -> &PeriodicSchedule {
        self.periodic.copy()
    }

    /// Which store has an effect on the device.
    #[must_use]
    pub fn region(&self) -> Region {
        self.periodic.region()
    }

    /// What the device does at this moment.
    #[must_use]
    pub fn duty(&self) -> Duty {
        let wall = self.wall();
        let periodic = self.periodic.duty(&self.model, wall.day, wall.minute());
        periodic.unwrap_or_else(|| self.model.duty(&self.copy, wall.minute()))
    }

    /// How the device behaves.
    #[must_use]
    pub fn model(&self) -> &DeviceModel {
        &self.model
    }

    /// What the meters counted since the world began.
    #[must_use]
    pub fn meters(&self) -> Meters {
        self.total
    }

    /// What the meters counted on a day of the device's clock, in days since 1970-01-01.
    pub(super) fn meters_of(&self, day: i32) -> Option<Meters> {
        self.days.get(&day).copied()
    }

    /// Prices by which the meter's money is counted from now on. They are not part of the saved state.
    pub fn set_prices(&mut self, prices: Prices) {
        self.prices = prices;
    }

    /// What the energy through the meter cost, in the currency of the prices; earnings are negative.
    #[must_use]
    pub fn cost(&self) -> f64 {
        self.cost
    }

    /// The energy through the meter for which no price was known, in kWh.
    #[must_use]
    pub fn unpriced_kwh(&self) -> f64 {
        self.unpriced_kwh
    }

    /// Sends an object to the device, where it arrives after some seconds, but not before what was sent earlier. In a region
    /// in which the two-window store has no effect it never does.
    pub(super) fn send(&mut self, which: Which, half: Half, from: Instant, delay_seconds: i64) {
        if !self.region().follows_two_windows() {
            return;
        }
        let earliest = self.underway.iter().filter(|one| one.which == which).map(|one| one.due).max();
        let earliest = earliest.max(self.periodic.last_due().map(|due| due + 1));
        let due = (from.timestamp() + delay_seconds).max(earliest.unwrap_or(i64::MIN));
        if self.underway.len() >= MAX_UNDERWAY {
            self.underway.pop_front();
        }
        self.underway.push_back(Underway { due, which, half });
    }

    /// As [`World::send`], for the periodic store.
    pub(super) fn send_periodic(&mut self, schedule: PeriodicSchedule, from: Instant, delay_seconds: i64) {
        if self.region().follows_periodic() {
            let earliest = self.underway.iter().map(|one| one.due + 1).max();
            self.periodic.send(schedule, (from.timestamp() + delay_seconds).max(earliest.unwrap_or(i64::MIN)));
        }
    }

    pub(super) fn set_region(&mut self, region: Region) {
        self.periodic.set_region(region);
    }

    pub(super) fn set_clock_fault(&mut self, fault: ClockFault) {
        self.clock_fault = fault;
    }

    /// What the device's own clock shows now.
    pub(super) fn wall(&self) -> Wall {
        self.wall_at(self.second)
    }

    /// What the device's own clock shows at a second of Unix time.
    pub(super) fn wall_at(&self, second: i64) -> Wall {
        let offset = if self.model.follows_summer_time && !self.clock_fault.winter_all_year {
            self.local(second).offset
        } else {
            self.winter_offset(second)
        };
        let shift = i64::from(offset) + self.model.clock_offset_seconds + self.clock_fault.offset_seconds;
        let shown = second + shift;
        let day = i32::try_from(shown.div_euclid(86_400)).unwrap_or_default();
        Wall { day, second: shown.rem_euclid(86_400) }
    }

    /// What the true wall clock shows at a second of Unix time.
    pub(super) fn local(&self, second: i64) -> Local {
        self.zone.local(state::instant(second))
    }

    /// Whether a state that was read from a file can be a world.
    pub(super) fn is_sound(&self) -> bool {
        let house = &self.house;
        let watts = [house.base_watts, house.evening_watts, house.solar_watts, house.ev_watts];
        self.battery.is_sound()
            && state::is_sensible(self.second)
            && self.copy.is_sound()
            && self.periodic.is_sound()
            && self.underway.len() <= MAX_UNDERWAY
            && self.underway.iter().all(|one| state::is_sensible(one.due))
            && self.model.clock_offset_seconds.abs() <= 86_400
            && self.clock_fault.offset_seconds.abs() <= 86_400
            && watts.iter().all(|watts| (0.0..=1e7).contains(watts))
    }

    /// The offset of winter: half a year apart, the smaller of two.
    fn winter_offset(&self, second: i64) -> i32 {
        self.local(second).offset.min(self.local(second - 182 * 86_400).offset)
    }

    /// The device takes what has reached it, but silently keeps what it had where a time is off its grid.
    fn deliver(&mut self) {
        let now = self.second;
        let arrived: Vec<Underway> = self.underway.iter().filter(|one| one.due <= now).copied().collect();
        self.underway.retain(|one| one.due > now);
        for one in arrived.iter().filter(|one| one.half.is_on_grid()) {
            self.copy.set(one.which, one.half);
        }
        let latest = arrived.iter().filter(|one| one.half.is_on_grid()).map(|one| one.due).max();
        self.periodic.deliver(now, latest);
    }

    /// One minute of battery and meter.
    fn minute(&mut self) -> Flows {
        let weather = self.house.at(self.chance, self.local(self.second), self.second);
        let surplus = weather.solar - weather.load;
        let seconds = STEP_SECONDS as f64;
        let battery = match self.duty() {
            Duty::Charge { cap, .. } if self.battery.soc() < f64::from(cap) - 1e-9 => {
                -self.battery.charge(self.battery.charge_watts, f64::from(cap), seconds)
            }
            Duty::ChargeAt { cap, watts, .. } if self.battery.soc() < f64::from(cap) - 1e-9 => {
                -self.battery.charge(f64::from(watts), f64::from(cap), seconds)
            }
            Duty::Charge { sun_above_cap: false, .. } | Duty::ChargeAt { sun_above_cap: false, .. } => 0.0,
            Duty::Charge { .. } | Duty::ChargeAt { .. } | Duty::SunOnly => {
                -self.battery.charge(surplus, 100.0, seconds)
            }
            Duty::SelfConsume { .. } if surplus >= 0.0 => -self.battery.charge(surplus, 100.0, seconds),
            Duty::SelfConsume { floor } => self.battery.discharge(-surplus, f64::from(floor), seconds),
        };
        let grid = weather.load - weather.solar - battery;
        Flows { solar: weather.solar, load: weather.load, ev: weather.ev, battery, grid }
    }

    fn count(&mut self) {
        let minute = Meters::of(&self.flows);
        self.total.add(&minute);
        self.days.entry(self.wall().day).or_default().add(&minute);
        if self.days.len() > KEPT_DAYS {
            self.days.pop_first();
        }
        self.charge_money(&minute);
    }

    fn charge_money(&mut self, minute: &Meters) {
        let now = self.now();
        let mut pay = |kwh: f64, price: Option<f64>| match price {
            Some(price) => self.cost += kwh * price,
            None => self.unpriced_kwh += kwh.abs(),
        };
        pay(minute.import, self.prices.import.at(now).map(|price| price.amount()));
        pay(-minute.export, self.prices.export.at(now).map(|price| price.amount()));
    }
}

impl Wall {
    /// Minutes since midnight.
    pub(super) fn minute(self) -> u16 {
        u16::try_from(self.second / 60).unwrap_or_default()
    }
}

impl Meters {
    fn of(flows: &Flows) -> Meters {
        let kwh = |watts: f64| watts.max(0.0) * STEP_SECONDS as f64 / 3_600_000.0;
        Meters {
            solar: kwh(flows.solar),
            load: kwh(flows.load),
            ev: kwh(flows.ev),
            charge: kwh(-flows.battery),
            grid_charge: kwh((-flows.battery).min(flows.grid)),
            discharge: kwh(flows.battery),
            import: kwh(flows.grid),
            export: kwh(-flows.grid),
        }
    }

    fn add(&mut self, other: &Meters) {
        self.solar += other.solar;
        self.load += other.load;
        self.ev += other.ev;
        self.charge += other.charge;
        self.grid_charge += other.grid_charge;
        self.discharge += other.discharge;
        self.import += other.import;
        self.export += other.export;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::device::{EmptyRestriction, Overlap, Wrap};
    use crate::simulator::store::Period;
    use crate::tariff::{PriceSeries, PriceSlot};
    use crate::units::Price;
    use proptest::prelude::*;

    fn halves(percent: std::ops::RangeInclusive<u8>) -> impl Strategy<Value = Half> {
        let time = || (0..96_u16).prop_map(|quarter| quarter * 15);
        let period = move || (time(), time()).prop_map(|(from, to)| Period { from, to });
        (any::<bool>(), [period(), period()], percent).prop_map(|(enabled, periods, percent)| Half {
            enabled,
            periods,
            percent,
        })
    }

    fn models() -> impl Strategy<Value = DeviceModel> {
        let overlap = prop_oneof![Just(Overlap::ChargeWins), Just(Overlap::DischargeWins)];
        let wrap = prop_oneof![Just(Wrap::AcrossMidnight), Just(Wrap::UntilMidnight), Just(Wrap::Ignored)];
        let empty = prop_oneof![Just(EmptyRestriction::Unrestricted), Just(EmptyRestriction::Hold)];
        (overlap, wrap, empty, any::<bool>(), -900..900_i64).prop_map(|(overlap, wrap, empty, sun, offset)| {
            DeviceModel {
                overlap,
                wrap,
                empty_restriction: empty,
                sun_above_cap: sun,
                clock_offset_seconds: offset,
                ..DeviceModel::default()
            }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
        #[test]
        fn whatever_the_schedule_energy_is_conserved_and_duties_are_kept(
            charge in halves(10..=100), discharge in halves(0..=100), model in models(),
            soc in 0.0..100.0_f64, day in 0..365_i64, seed: u64,
        ) {
            let schedule = Schedule { charge, discharge };
            let mut options = SystemOptions { model, schedule, ..SystemOptions::default() };
            options.battery.set_soc(soc);
            let start = state::instant(1_767_225_600 + day * 86_400);
            let mut world = World::new(&options, seed, start);
            let before = world.battery.stored_wh;
            for _ in 0..1440 {
                let (duty, stored) = (world.duty(), world.soc());
                world.step(true);
                let Flows { solar, load, battery, grid, .. } = world.flows();
                prop_assert!((solar + battery + grid - load).abs() < 1e-6);
                prop_assert!(battery.abs() <= 5000.0 + 1e-9);
                match duty {
                    Duty::Charge { cap, sun_above_cap } => {
                        prop_assert!(battery <= 0.0);
                        prop_assert!(battery == 0.0 || sun_above_cap || world.soc() <= f64::from(cap) + 1e-6);
                    }
                    Duty::ChargeAt { .. } => prop_assert!(false, "only the periodic store knows it"),
                    Duty::SunOnly => prop_assert!(battery <= 0.0 && -battery <= (solar - load).max(0.0) + 1e-6),
                    Duty::SelfConsume { floor } => {
                        prop_assert!(battery <= 0.0 || stored > f64::from(floor) && grid >= -1e-6);
                        prop_assert!(battery <= 0.0 || world.soc() >= f64::from(floor) - 1e-6);
                    }
                }
            }
            let meters = world.meters();
            let gained = 1000.0 * (meters.charge * 0.95 - meters.discharge / 0.95);
            prop_assert!((world.battery.stored_wh - before - gained).abs() < 1e-3);
            prop_assert!(meters.grid_charge <= meters.charge + 1e-9 && meters.grid_charge <= meters.import + 1e-9);
        }
    }

    #[test]
    fn what_was_written_last_arrives_last() {
        let start = state::instant(1_767_225_600);
        let mut world = World::new(&SystemOptions::default(), 1, start);
        let half = |percent| Half { percent, ..Schedule::default().charge };
        world.send(Which::Charge, half(90), start, 300);
        world.send(Which::Charge, half(80), start, 60);
        world.advance(start + chrono::Duration::minutes(3));
        assert_eq!(world.device_copy().charge.percent, 100);
        world.advance(start + chrono::Duration::minutes(6));
        assert_eq!(world.device_copy().charge.percent, 80);
    }

    #[test]
    fn the_meter_counts_money_only_where_a_price_is_known() {
        let start = state::instant(1_767_225_600);
        let price = |amount| Price::per_kwh(amount).expect("a price");
        let slot = PriceSlot { from: start, until: start + chrono::Duration::hours(1), price: price(0.5) };
        let import = PriceSeries::from_slots(vec![slot]).expect("a series");
        let mut options = SystemOptions::default();
        options.battery.set_soc(10.0);
        let mut world = World::new(&options, 1, start);
        world.set_prices(Prices { import, ..Prices::default() });
        world.advance(start + chrono::Duration::hours(1));
        assert!((world.cost() - 0.5 * world.meters().import).abs() < 1e-9 && world.cost() > 0.0);
        let priced = world.meters().import;
        world.advance(start + chrono::Duration::hours(2));
        assert!((world.unpriced_kwh() - (world.meters().import - priced)).abs() < 1e-9);
    }
}
