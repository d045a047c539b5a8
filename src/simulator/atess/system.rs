//! One plant of the account as the cloud knows it: its settings, its newest values and its history.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::fault::{Fault, Faults};
use super::live::{History, Live};
use super::options::{Kind, Looks, PlantOptions};
use super::plant::Plant;
use super::record::Record;
use super::settings::{self, CHARGE_ENABLE, MAX_TEXT_BYTES, Settings, period_key};
use crate::simulator::random::{Chance, Stream};
use crate::simulator::{state, upload};
use crate::time::Instant;

/// By how many seconds the plant's clock is fast under `clock-offset`.
const CLOCK_OFFSET_SECONDS: i64 = 7 * 60;

/// How long after a foreign edit there is no other, in seconds.
const FOREIGN_EDIT_SECONDS: i64 = 2 * 3600;

/// A plant as the cloud knows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct System {
    pub(super) serial: String,
    pub(super) logger: String,
    pub(super) kind: Kind,
    pub(super) plant: Plant,
    pub(super) stored: Map<String, Value>,
    pub(super) live: Live,
    pub(super) history: History,
    looks: Looks,
    chance: Chance,
    apply_seconds: (u32, u32),
    upload_minutes: u8,
    writes: i64,
    last_write: Option<i64>,
    second_of_pair: bool,
    counters_reset: bool,
    foreign_edit: Option<i64>,
}

impl System {
    pub(super) fn new(options: PlantOptions, chance: Chance, start: Instant) -> System {
        let plant = Plant::grown(&options, chance, start);
        let capacity = options.battery.capacity_wh;
        let mut system = System {
            stored: settings::object(&options.serial, options.kind, &options.settings, capacity),
            plant,
            live: Live::default(),
            history: History::default(),
            chance,
            serial: options.serial,
            logger: options.logger,
            kind: options.kind,
            looks: Looks { counter_decimals: options.looks.counter_decimals.min(6), ..options.looks },
            apply_seconds: options.apply_seconds,
            upload_minutes: options.upload_minutes.clamp(1, 60),
            writes: 0,
            last_write: None,
            second_of_pair: false,
            counters_reset: false,
            foreign_edit: None,
        };
        system.live = system.measured(system.plant.now().timestamp());
        system.history.push(system.live);
        system
    }

    /// One minute of the plant, and the uploads that fall into it; the faults that had an effect.
    pub(super) fn minute(&mut self, faults: Faults) -> Vec<Fault> {
        let offline = faults.first(&[Fault::Offline, Fault::OfflineAtNight]);
        let clock = faults.first(&[Fault::ClockOffset]);
        self.plant.set_clock_fault(if clock.is_some() { CLOCK_OFFSET_SECONDS } else { 0 });
        let reset = self.reset(faults);
        let begin = self.plant.now().timestamp();
        self.plant.step(offline.is_none());
        let silent = offline.or(faults.first(&[Fault::Frozen]));
        let repeats = faults.first(&[Fault::FrozenValues]);
        let turn = begin.div_euclid(60) % i64::from(self.upload_minutes) == 0;
        if silent.is_none() && turn {
            let wall = self.plant.wall_at(begin);
            self.live = if repeats.is_some() { self.live.at(begin, wall) } else { self.measured(begin) };
        }
        let item = self.remember(begin, faults, silent);
        [reset, clock, item, repeats].into_iter().flatten().collect()
    }

    /// The newest values, and the fault that shaped them.
    pub(super) fn newest(&self, faults: Faults) -> (Map<String, Value>, Option<Fault>) {
        let (record, shape) = self.record(self.live).shown(faults);
        let still = [Fault::Offline, Fault::OfflineAtNight, Fault::Frozen, Fault::FrozenValues];
        (record, shape.or(faults.first(&still)))
    }

    /// An item of the history.
    pub(super) fn item(&self, live: &Live, faults: Faults) -> Value {
        let mut shaping = Faults::default();
        if faults.has(Fault::NumericStrings) {
            shaping.insert(Fault::NumericStrings);
        }
        Value::Object(self.record(*live).shown(shaping).0)
    }

    /// The settings as the cloud shows them.
    pub(super) fn settings(&self, faults: Faults) -> Value {
        let mut shown = self.stored.clone();
        if faults.has(Fault::NumericStrings) {
            let numbers = shown.values_mut().filter(|value| value.is_number());
            numbers.for_each(|value| *value = Value::from(value.to_string()));
        }
        Value::Object(shown)
    }

    /// Stores an object and sends it to the device; the fault that had an effect.
    pub(super) fn store(&mut self, object: Map<String, Value>, now: Instant, faults: Faults) -> Option<Fault> {
        let settings = Settings::of(&object, self.kind);
        self.stored = object;
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
        self.plant.send(settings, now, delay);
        slow
    }

    /// Whether a write may be taken, which is noted if so.
    pub(super) fn may_write(&mut self, seconds: u32, now: Instant) -> bool {
        let second = now.timestamp();
        let allowed = self.last_write.is_none_or(|last| second.saturating_sub(last) >= i64::from(seconds));
        if allowed {
            self.last_write = Some(second);
        }
        allowed
    }

    /// Someone edits the settings in the app, unless someone did so lately; whether they were edited.
    pub(super) fn edit_by_someone_else(&mut self, now: Instant) -> bool {
        let second = now.timestamp();
        if self.foreign_edit.is_some_and(|last| second - last < FOREIGN_EDIT_SECONDS) {
            return false;
        }
        self.foreign_edit = Some(second);
        let mut edited = self.stored.clone();
        let valley = period_key("valley", 1);
        let noon = edited.get(&valley).and_then(Value::as_str) == Some("12:00-13:30");
        edited.insert(valley, json!(if noon { "13:00-14:30" } else { "12:00-13:30" }));
        edited.insert(CHARGE_ENABLE.to_owned(), json!(1));
        self.store(edited, now, Faults::default());
        true
    }

    pub(super) fn is_sound(&self) -> bool {
        let short = |value: &Value| match value {
            Value::Null | Value::Number(_) | Value::Bool(_) => true,
            Value::String(text) => text.len() <= MAX_TEXT_BYTES,
            _ => false,
        };
        self.plant.is_sound()
            && self.stored.len() <= 64
            && self.stored.iter().all(|(name, value)| name.len() <= MAX_TEXT_BYTES && short(value))
            && self.live.is_sound()
            && self.history.is_sound()
            && self.looks.counter_decimals <= 6
            && (1..=60).contains(&self.upload_minutes)
            && (0..i64::MAX / 2).contains(&self.writes)
            && self.last_write.is_none_or(state::is_sensible)
            && self.foreign_edit.is_none_or(state::is_sensible)
    }

    /// The counters begin again once, when the fault begins.
    fn reset(&mut self, faults: Faults) -> Option<Fault> {
        let holds = faults.has(Fault::CounterReset);
        let begins = holds && !self.counters_reset;
        self.counters_reset = holds;
        if begins {
            self.plant.reset_counters();
        }
        begins.then_some(Fault::CounterReset)
    }

    /// The item of the history that may fall into this minute; the fault that changed it.
    fn remember(&mut self, begin: i64, faults: Faults, silent: Option<Fault>) -> Option<Fault> {
        let second = upload::due(self.chance, begin)?;
        let gap = faults.has(Fault::HistoryGaps) && self.chance.unit(Stream::HistoryGap, second) < 0.5;
        if let Some(fault) = silent.or(gap.then_some(Fault::HistoryGaps)) {
            return Some(fault);
        }
        let wall = self.plant.wall_at(second);
        let item = if faults.has(Fault::FrozenValues) { self.live } else { self.measured(begin) };
        self.history.push(item.at(second, wall));
        let twin = faults.first(&[Fault::HistoryDuplicates]);
        if twin.is_some() {
            self.history.push(item.at(second, wall));
        }
        twin
    }

    /// The values of the minute that begins at this second.
    fn measured(&self, second: i64) -> Live {
        let plant = &self.plant;
        let values = Live {
            flows: plant.flows(),
            soc: plant.soc(),
            today: plant.today(),
            total: plant.total(),
            ..Live::default()
        };
        values.at(second, plant.wall_at(second))
    }

    fn record(&self, live: Live) -> Record<'_> {
        Record { serial: &self.serial, looks: &self.looks, battery: self.plant.battery(), live, chance: self.chance }
    }
}
