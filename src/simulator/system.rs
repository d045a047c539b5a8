//! One system of the account: a world, what the cloud stores for it, and what it uploaded.

use serde::{Deserialize, Serialize};

use super::battery::Battery;
use super::device::DeviceModel;
use super::fault::{Fault, Faults};
use super::house::House;
use super::numbers::Numbers;
use super::periodic::{PeriodicOptions, PeriodicSchedule, PeriodicStore, Region};
use super::random::{Chance, Stream};
use super::state;
use super::store::{Half, Period, Schedule, Which};
use super::upload::{self, History, Live};
use super::world::{ClockFault, World};
use crate::time::{Instant, Zone};

/// By how many seconds the device's clock is fast under `device-clock-offset`.
const CLOCK_OFFSET_SECONDS: i64 = 7 * 60;

/// How long after a foreign edit there is no other, in seconds.
const FOREIGN_EDIT_SECONDS: i64 = 2 * 3600;

/// What a system is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct SystemOptions {
    /// `sysSn`
    pub serial: String,
    /// The zone of its wall clock.
    pub zone: Zone,
    /// The house.
    pub house: House,
    /// The battery.
    pub battery: Battery,
    /// The device.
    pub model: DeviceModel,
    /// What the cloud and the device hold at the start.
    pub schedule: Schedule,
    /// How its numbers look.
    pub numbers: Numbers,
    /// The shortest and the longest time from a write to the device, in seconds.
    pub apply_seconds: (u32, u32),
    /// The periodic store, and which of the two stores has an effect.
    pub periodic: PeriodicOptions,
}

/// What a write replaces in the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// An object of the two-window store.
    Half(Which, Half),
    /// The whole periodic store.
    Periodic(PeriodicSchedule),
}

/// A system as the cloud knows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct System {
    pub(super) serial: String,
    pub(super) numbers: Numbers,
    pub(super) world: World,
    pub(super) stored: Schedule,
    pub(super) live: Live,
    pub(super) history: History,
    chance: Chance,
    apply_seconds: (u32, u32),
    writes: i64,
    second_of_pair: bool,
    foreign_edit: Option<i64>,
    #[serde(default, skip_serializing_if = "PeriodicStore::is_usual")]
    pub(super) periodic: PeriodicStore,
}

impl Default for SystemOptions {
    /// A house near London, and a device that applies what it is sent within one to five minutes.
    fn default() -> SystemOptions {
        SystemOptions {
            serial: "ALS000000000001".to_owned(),
            zone: Zone::named("Europe/London").unwrap_or_else(Zone::utc),
            house: House::default(),
            battery: Battery::default(),
            model: DeviceModel::default(),
            schedule: Schedule::default(),
            numbers: Numbers::Floats,
            apply_seconds: (60, 300),
            periodic: PeriodicOptions::default(),
        }
    }
}

impl System {
    pub(super) fn new(options: SystemOptions, chance: Chance, start: Instant) -> System {
        let world = World::grown(&options, chance, start);
        let SystemOptions { serial, schedule, numbers, apply_seconds, periodic, .. } = options;
        let live = Live { second: world.now().timestamp(), flows: world.flows(), soc: world.soc() };
        let mut system = System {
            serial,
            numbers,
            world,
            stored: schedule,
            live,
            history: History::default(),
            chance,
            apply_seconds,
            writes: 0,
            second_of_pair: false,
            foreign_edit: None,
            periodic: PeriodicStore::new(&periodic),
        };
        system.upload(live.second);
        system
    }

    /// One minute of the world, and the upload that may fall into it; the faults that had an effect.
    pub(super) fn minute(&mut self, faults: Faults) -> Vec<Fault> {
        let offline = faults.first(&[Fault::Offline, Fault::OfflineAtNight]);
        self.world.set_clock_fault(ClockFault {
            offset_seconds: if faults.has(Fault::DeviceClockOffset) { CLOCK_OFFSET_SECONDS } else { 0 },
            winter_all_year: faults.has(Fault::DeviceClockWinter),
        });
        let begin = self.world.now().timestamp();
        self.world.step(offline.is_none());
        let silent = offline.or(faults.first(&[Fault::Frozen]));
        let repeats = faults.first(&[Fault::FrozenUploads]);
        if silent.or(repeats).is_none() {
            self.live = Live { second: begin, flows: self.world.flows(), soc: self.world.soc() };
        }
        let Some(second) = upload::due(self.chance, begin) else { return Vec::new() };
        let skipped = silent.or_else(|| self.gap(faults, second));
        let copies = if faults.has(Fault::HistoryDuplicates) { 2 } else { 1 };
        for _ in 0..if skipped.is_some() { 0 } else { copies } {
            self.upload(second);
        }
        let clock = [Fault::DeviceClockOffset, Fault::DeviceClockWinter];
        let twin = faults.first(&[Fault::HistoryDuplicates]);
        match skipped {
            Some(fault) => vec![fault],
            None => twin.into_iter().chain(repeats).chain(clock.into_iter().filter(|one| faults.has(*one))).collect(),
        }
    }

    /// Stores what was written and sends it to the device; the faults that had an effect.
    pub(super) fn store(&mut self, change: Change, now: Instant, faults: Faults) -> Option<Fault> {
        match &change {
            Change::Half(which, half) => self.stored.set(*which, *half),
            Change::Periodic(schedule) => self.periodic.stored.clone_from(schedule),
        }
        self.writes += 1;
        self.second_of_pair = !self.second_of_pair;
        if faults.has(Fault::NeverApplied) {
            return Some(Fault::NeverApplied);
        }
        if faults.has(Fault::HalfApplied) && !self.second_of_pair {
            return Some(Fault::HalfApplied);
        }
        let slow = faults.first(&[Fault::SlowApply]);
        let (low, high) = if slow.is_some() { (300, 720) } else { self.apply_seconds };
        let delay = self.chance.between(Stream::ApplyDelay, self.writes, i64::from(low), i64::from(high));
        match change {
            Change::Half(which, half) => self.world.send(which, half, now, delay),
            Change::Periodic(schedule) => self.world.send_periodic(schedule, now, delay),
        }
        slow
    }

    /// Another region holds from now on, and the periodic store is open where it has an effect.
    pub(super) fn set_region(&mut self, region: Region) {
        let PeriodicOptions { readable, writable, .. } = PeriodicOptions::of(region);
        (self.periodic.readable, self.periodic.writable) = (readable, writable);
        self.world.set_region(region);
    }

    /// Someone edits an object of the two-window store in the app, or without one the periodic store, unless someone did
    /// so lately; whether it was edited.
    pub(super) fn edit_by_someone_else(&mut self, which: Option<Which>, now: Instant) -> bool {
        let second = now.timestamp();
        if self.foreign_edit.is_some_and(|last| second - last < FOREIGN_EDIT_SECONDS) {
            return false;
        }
        self.foreign_edit = Some(second);
        let edited = match which {
            Some(which) => Change::Half(which, foreign(which, self.stored.half(which))),
            None => Change::Periodic(self.periodic.stored.foreign(&self.periodic.rules)),
        };
        self.store(edited, now, Faults::default());
        true
    }

    /// Whether it differs in any way from a system that has no periodic store.
    pub(super) fn knows_periodic(&self) -> bool {
        !self.periodic.is_usual() || self.world.region() != Region::TwoWindow
    }

    /// Brings back what the saved state leaves out.
    pub(super) fn refresh(&mut self) {
        self.history.refresh(&self.serial, self.numbers);
    }

    pub(super) fn is_sound(&self) -> bool {
        self.world.is_sound()
            && self.stored.is_sound()
            && self.periodic.stored.is_sound()
            && self.history.is_sound()
            && state::is_sensible(self.live.second)
            && (0..i64::MAX / 2).contains(&self.writes)
            && self.foreign_edit.is_none_or(state::is_sensible)
    }

    fn gap(&self, faults: Faults, second: i64) -> Option<Fault> {
        let missing = faults.has(Fault::HistoryGaps) && self.chance.unit(Stream::HistoryGap, second) < 0.5;
        missing.then_some(Fault::HistoryGaps)
    }

    fn upload(&mut self, second: i64) {
        self.history.push(&self.serial, self.numbers, self.world.wall_at(second), self.live);
    }
}

/// What an owner may do with a thumb: charge at lunch time to another cap, or move the floor by five.
fn foreign(which: Which, half: Half) -> Half {
    let [_, second] = half.periods;
    match which {
        Which::Charge => Half {
            enabled: true,
            periods: [Period { from: 720, to: 810 }, second],
            percent: if half.percent == 80 { 70 } else { 80 },
        },
        Which::Discharge if half.percent % 10 >= 5 => Half { percent: half.percent - 5, ..half },
        Which::Discharge => Half { percent: (half.percent + 5).min(100), ..half },
    }
}
