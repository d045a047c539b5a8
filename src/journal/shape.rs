//! How domain values stand in the journal's JSON columns. The domain types know nothing of it.

use chrono::DateTime;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::JournalError;
use crate::device::schedule::WEEK;
use crate::device::window_list::Windows;
use crate::device::{
    ChargeSettings, DischargeSettings, Flag, ListWindow, Object, Outcome, Period, Schedule, Settings, Step, Store,
    WindowList, WriteKind,
};
use crate::engine::{Command, Decision, Source};
use crate::snapshot::{Quality, Reading, Signal, Snapshot};
use crate::tariff::{PriceSeries, PriceSlot};
use crate::time::Instant;
use crate::time::Weekdays;
use crate::units::{Power, Price, Soc};

/// Nanoseconds since 1970. Instants that do not fit are as early or late as can be said.
pub(super) fn nanos(at: Instant) -> i64 {
    at.timestamp_nanos_opt().unwrap_or(if at.timestamp() < 0 { i64::MIN } else { i64::MAX })
}

/// The instant of so many nanoseconds since 1970.
pub(super) fn instant(nanos: i64) -> Instant {
    DateTime::from_timestamp_nanos(nanos)
}

/// A shape as JSON.
pub(super) fn json<T: Serialize>(shape: &T) -> Result<String, JournalError> {
    serde_json::to_string(shape).map_err(|error| JournalError::Damaged(error.to_string()))
}

/// A shape from JSON.
pub(super) fn parsed<T: DeserializeOwned>(text: &str, what: &str) -> Result<T, JournalError> {
    serde_json::from_str(text).map_err(|_| JournalError::Damaged(what.to_owned()))
}

/// The content of one object.
#[derive(Serialize, Deserialize)]
#[serde(tag = "object", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum SettingsShape {
    Charge {
        grid_charge: bool,
        windows: [(String, String); 2],
        cap: u8,
    },
    Discharge {
        restricted: bool,
        windows: [(String, String); 2],
        floor: u8,
    },
    Windows {
        store: String,
        charge: FlagShape,
        restricted: FlagShape,
        charge_windows: Vec<WindowShape>,
        permissions: Vec<WindowShape>,
    },
}

/// A switch: null where the vendor does not give it back.
type FlagShape = Option<bool>;

/// One window of a list: from, to, the days from Monday on, percent, W.
type WindowShape = (String, String, [bool; 7], Option<u8>, Option<u32>);

/// A whole schedule.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScheduleShape {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    charge: Option<SettingsShape>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    discharge: Option<SettingsShape>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    windows: Option<SettingsShape>,
}

/// One write of a sequence.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepShape {
    kind: String,
    settings: SettingsShape,
}

/// What was decided.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionShape {
    source: SourceShape,
    command: CommandShape,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SourceShape {
    Rule(usize),
    Otherwise,
    Override,
}

/// Percent and watts.
#[derive(Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
enum CommandShape {
    ChargeTo { target: f64, power: Option<f64> },
    Hold,
    SelfConsume { floor: f64 },
    DischargeTo { floor: f64, power: Option<f64> },
}

/// From, until, price: instants in nanoseconds.
pub(super) type SlotShape = (i64, i64, f64);

/// When each reading was taken, and what is thought of it, in the order of [`Signal::ALL`].
pub(super) type Stamps = [Option<(i64, String)>; 6];

/// The values of readings in percent and watts, in the order of [`Signal::ALL`].
pub(super) type Values = [Option<f64>; 6];

impl From<Settings> for SettingsShape {
    fn from(settings: Settings) -> SettingsShape {
        let texts = |windows: [Period; 2]| windows.map(|window| (window.from.to_string(), window.to.to_string()));
        match settings {
            Settings::Charge(charge) => SettingsShape::Charge {
                grid_charge: charge.grid_charge,
                windows: texts(charge.windows),
                cap: charge.cap,
            },
            Settings::Discharge(discharge) => SettingsShape::Discharge {
                restricted: discharge.restricted,
                windows: texts(discharge.windows),
                floor: discharge.floor,
            },
            Settings::Windows(list) => SettingsShape::Windows {
                store: list.store.word().to_owned(),
                charge: flag(list.charge),
                restricted: flag(list.restricted),
                charge_windows: list.charge_windows.iter().map(listed).collect(),
                permissions: list.permissions.iter().map(listed).collect(),
            },
        }
    }
}

impl SettingsShape {
    /// The content; `None` if a time is none.
    pub(super) fn settings(self) -> Option<Settings> {
        Some(match self {
            SettingsShape::Charge { grid_charge, windows, cap } => {
                Settings::Charge(ChargeSettings { grid_charge, windows: periods(windows)?, cap })
            }
            SettingsShape::Discharge { restricted, windows, floor } => {
                Settings::Discharge(DischargeSettings { restricted, windows: periods(windows)?, floor })
            }
            SettingsShape::Windows { store, charge, restricted, charge_windows, permissions } => {
                Settings::Windows(WindowList {
                    store: Store::named(&store)?,
                    charge: switch(charge),
                    restricted: switch(restricted),
                    charge_windows: windows(charge_windows)?,
                    permissions: windows(permissions)?,
                })
            }
        })
    }
}

fn periods([first, second]: [(String, String); 2]) -> Option<[Period; 2]> {
    let period = |(from, to): (String, String)| Some(Period { from: from.parse().ok()?, to: to.parse().ok()? });
    Some([period(first)?, period(second)?])
}

fn flag(flag: Flag) -> FlagShape {
    match flag {
        Flag::Off => Some(false),
        Flag::On => Some(true),
        Flag::Unread => None,
    }
}

fn switch(shape: FlagShape) -> Flag {
    match shape {
        Some(false) => Flag::Off,
        Some(true) => Flag::On,
        None => Flag::Unread,
    }
}

fn listed(window: &ListWindow) -> WindowShape {
    let days = WEEK.map(|day| window.days.contains(day));
    (window.period.from.to_string(), window.period.to.to_string(), days, window.limit, window.power)
}

fn windows(shapes: Vec<WindowShape>) -> Option<Windows> {
    let mut windows = Windows::new();
    for (from, to, days, limit, power) in shapes {
        let chosen = WEEK.into_iter().zip(days).filter(|(_, on)| *on);
        let days = chosen.fold(Weekdays::NONE, |days, (day, _)| days.or(Weekdays::only(day)));
        let period = Period { from: from.parse().ok()?, to: to.parse().ok()? };
        if windows.try_push(ListWindow { period, days, limit, power }).is_some() {
            return None;
        }
    }
    Some(windows)
}

impl From<&Schedule> for ScheduleShape {
    fn from(schedule: &Schedule) -> ScheduleShape {
        let of = |object| schedule.settings(object).map(SettingsShape::from);
        ScheduleShape { charge: of(Object::Charge), discharge: of(Object::Discharge), windows: of(Object::Windows) }
    }
}

impl ScheduleShape {
    /// The schedule; `None` if a part is not what it should be.
    pub(super) fn schedule(self) -> Option<Schedule> {
        let parts = [self.charge, self.discharge, self.windows].into_iter().flatten();
        Schedule::of(&parts.map(SettingsShape::settings).collect::<Option<Vec<Settings>>>()?)
    }
}

impl From<&Step> for StepShape {
    fn from(step: &Step) -> StepShape {
        StepShape { kind: step.kind.word().to_owned(), settings: step.settings.into() }
    }
}

impl StepShape {
    /// The step; `None` if a part is not what it should be.
    pub(super) fn step(self) -> Option<Step> {
        Some(Step { kind: kind(&self.kind)?, settings: self.settings.settings()? })
    }
}

/// The kind of write of this word.
pub(super) fn kind(word: &str) -> Option<WriteKind> {
    [WriteKind::Grant, WriteKind::Withdrawal].into_iter().find(|kind| kind.word() == word)
}

/// The object of this word.
pub(super) fn object(word: &str) -> Option<Object> {
    Object::ALL.into_iter().find(|object| object.word() == word)
}

/// The outcome of these words.
pub(super) fn outcome(words: &str) -> Option<Outcome> {
    Outcome::ALL.into_iter().find(|outcome| outcome.words() == words)
}

/// One object's content as JSON.
pub(super) fn settings_json(settings: &Settings) -> Result<String, JournalError> {
    json(&SettingsShape::from(*settings))
}

/// One object's content from JSON.
pub(super) fn settings_parsed(text: &str, what: &str) -> Result<Settings, JournalError> {
    parsed::<SettingsShape>(text, what)?.settings().ok_or_else(|| JournalError::Damaged(what.to_owned()))
}

impl From<&Decision> for DecisionShape {
    fn from(decision: &Decision) -> DecisionShape {
        let source = match decision.source {
            Source::Rule(position) => SourceShape::Rule(position),
            Source::Otherwise => SourceShape::Otherwise,
            Source::Override => SourceShape::Override,
        };
        let watts = |power: Option<Power>| power.map(Power::watts);
        let command = match decision.command {
            Command::ChargeTo { target, power } => {
                CommandShape::ChargeTo { target: target.percent(), power: watts(power) }
            }
            Command::Hold => CommandShape::Hold,
            Command::SelfConsume { floor } => CommandShape::SelfConsume { floor: floor.percent() },
            Command::DischargeTo { floor, power } => {
                CommandShape::DischargeTo { floor: floor.percent(), power: watts(power) }
            }
        };
        DecisionShape { source, command }
    }
}

impl DecisionShape {
    /// The decision; `None` if a number is out of its range.
    pub(super) fn decision(self) -> Option<Decision> {
        let source = match self.source {
            SourceShape::Rule(position) => Source::Rule(position),
            SourceShape::Otherwise => Source::Otherwise,
            SourceShape::Override => Source::Override,
        };
        let command = match self.command {
            CommandShape::ChargeTo { target, power } => {
                Command::ChargeTo { target: Soc::from_percent(target)?, power: watts(power)? }
            }
            CommandShape::Hold => Command::Hold,
            CommandShape::SelfConsume { floor } => Command::SelfConsume { floor: Soc::from_percent(floor)? },
            CommandShape::DischargeTo { floor, power } => {
                Command::DischargeTo { floor: Soc::from_percent(floor)?, power: watts(power)? }
            }
        };
        Some(Decision { source, command })
    }
}

/// A power that may be absent; `None` if it is there and no power.
fn watts(power: Option<f64>) -> Option<Option<Power>> {
    match power {
        None => Some(None),
        Some(watts) => Power::from_watts(watts).map(Some),
    }
}

/// A series of prices as rows.
pub(super) fn slots(series: &PriceSeries) -> Vec<SlotShape> {
    series.slots().iter().map(|slot| (nanos(slot.from), nanos(slot.until), slot.price.amount())).collect()
}

/// A series of prices from rows; `None` if they are no series.
pub(super) fn series(slots: Vec<SlotShape>) -> Option<PriceSeries> {
    let slot = |(from, until, price): SlotShape| {
        Some(PriceSlot { from: instant(from), until: instant(until), price: Price::per_kwh(price)? })
    };
    PriceSeries::from_slots(slots.into_iter().map(slot).collect::<Option<Vec<PriceSlot>>>()?)
}

/// Readings as columns.
pub(super) fn columns(snapshot: &Snapshot) -> (Values, Stamps) {
    let readings = Signal::ALL.map(|signal| snapshot.reading(signal));
    let stamp = |reading: Reading<f64>| (nanos(reading.taken_at), quality_word(reading.quality).to_owned());
    (readings.map(|reading| reading.map(|reading| reading.value)), readings.map(|reading| reading.map(stamp)))
}

/// Readings from columns; `None` if a value is none of its signal or has no stamp.
pub(super) fn snapshot(values: Values, stamps: &Stamps) -> Option<Snapshot> {
    let mut snapshot = Snapshot::default();
    for ((signal, value), stamp) in Signal::ALL.into_iter().zip(values).zip(stamps) {
        let (value, (taken_at, quality)) = match (value, stamp) {
            (None, None) => continue,
            (value, stamp) => (value?, stamp.as_ref()?),
        };
        let reading = Reading { value, taken_at: instant(*taken_at), quality: quality_of(quality)? };
        let power = || Power::from_watts(value).map(|power| reading.map(|_| power));
        match signal {
            Signal::Soc => snapshot.soc = Some(Soc::from_percent(value).map(|soc| reading.map(|_| soc))?),
            Signal::Solar => snapshot.solar = Some(power()?),
            Signal::Load => snapshot.load = Some(power()?),
            Signal::Grid => snapshot.grid = Some(power()?),
            Signal::Battery => snapshot.battery = Some(power()?),
            Signal::Ev => snapshot.ev = Some(power()?),
        }
    }
    Some(snapshot)
}

fn quality_word(quality: Quality) -> &'static str {
    match quality {
        Quality::Good => "good",
        Quality::Implausible => "implausible",
        Quality::Frozen => "frozen",
        Quality::Unconfirmed => "unconfirmed",
    }
}

fn quality_of(word: &str) -> Option<Quality> {
    let all = [Quality::Good, Quality::Implausible, Quality::Frozen, Quality::Unconfirmed];
    all.into_iter().find(|quality| quality_word(*quality) == word)
}
