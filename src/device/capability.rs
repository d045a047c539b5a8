//! What a device can do, as data: `check`, the compiler, the plan screen, `devices` and the documents speak from one table.

use std::time::Duration;

use super::fact::{self, Fact, Topic};
use super::kind::DeviceKind;
use super::mapping::{AtessMapping, AtessModel, PeriodMap, PowerMap, ReadingMap, SettingMap, SocMap};
use super::store::Store;
use crate::snapshot::Signal;
use crate::units::{Energy, Soc};

/// What one kind of device can measure, hold and be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    /// The store that holds its schedule.
    pub store: Store,
    /// What it measures.
    pub readings: Vec<Measured>,
    /// What its schedule is made of; `None` if it is never written.
    pub windows: Option<WindowCapability>,
    /// Whether the power of a charge can be set.
    pub charge_power: bool,
    /// Whether energy can be forced out of the battery.
    pub forced_discharge: bool,
    /// Whether discharge can be forbidden.
    pub hold: bool,
    /// Whether the sun can be kept from charging.
    pub stops_sun: bool,
    /// What of the schedule reads back after a write.
    pub verification: Verification,
    /// How often the vendor lets itself be asked.
    pub limits: CallLimits,
}

/// One signal that a device measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Which.
    pub signal: Signal,
    /// How its age is known.
    pub freshness: Freshness,
}

/// How the age of a reading is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// The vendor stamps it.
    Stamped,
    /// The vendor does not stamp it; another endpoint, so many minutes apart, tells whether the device is still heard.
    Inferred {
        /// Minutes between two measurements of that endpoint.
        minutes: u16,
    },
}

/// What a schedule is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowCapability {
    /// How many windows of a day may charge from the grid.
    pub charge: u8,
    /// How many windows of a day may permit discharge while the rest of the day forbids it; 0 if none can.
    pub permission: u8,
    /// How many windows of a day there may be of both kinds together.
    pub together: u8,
    /// How many windows of a week there may be of both kinds together, each counted on every day that it has; `None` where
    /// every day is the same.
    pub weekly: Option<u8>,
    /// Minutes between two times at which a window may begin or end; others are silently ignored by the device.
    pub grid_minutes: u16,
    /// To what it charges.
    pub target: Level,
    /// Down to what it discharges.
    pub floor: Level,
    /// The greatest target and the greatest floor that it takes, in percent.
    pub greatest: u8,
    /// What becomes of a window across midnight.
    pub midnight: Midnight,
}

/// What becomes of a window across midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Midnight {
    /// It is written as two, up to 00:00 and from 00:00 on, and counts twice.
    Split,
}

/// How a level in percent is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// One serves all windows.
    Shared {
        /// The least that the device is known to take.
        least: u8,
    },
    /// Each window has its own.
    Each {
        /// The least that the device is known to take.
        least: u8,
    },
    /// The device's own, which the owner has told.
    Fixed(u8),
    /// The device's own, which nobody has told.
    Unknown,
}

/// What of the schedule reads back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The vendor's fields that read back.
    pub read_back: Vec<String>,
    /// The vendor's fields that are taken and never given back: only the battery's power proves them.
    pub write_only: Vec<String>,
    /// How long after a write the device acts on it: the soonest and the latest that is usual. `None` if nobody knows.
    pub effect: Option<(Duration, Duration)>,
}

/// How often the vendor lets itself be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// Between two reads of one endpoint.
    pub between_reads: Duration,
    /// Between two writes of one endpoint, as the vendor's documents have it; `None` if they give no number.
    pub between_writes: Option<Duration>,
}

impl Capability {
    /// What a kind of device can do through a store; a store that is not one of its own counts as its usual one.
    #[must_use]
    pub fn of(kind: &DeviceKind, store: Option<Store>) -> Capability {
        match (kind, store.or(kind.chosen_store())) {
            (DeviceKind::Atess(mapping), _) => Capability::atess(mapping),
            (_, Some(Store::Periodic)) => Capability::alphaess_periodic(),
            _ => Capability::alphaess_two_window(),
        }
    }

    /// The AlphaESS two-window store: two daily charge windows under one target, two daily permissions under one floor.
    #[must_use]
    pub fn alphaess_two_window() -> Capability {
        Capability {
            store: Store::TwoWindow,
            readings: alphaess_readings(),
            windows: Some(WindowCapability {
                charge: 2,
                permission: 2,
                together: 4,
                weekly: None,
                grid_minutes: 15,
                target: Level::Shared { least: 10 },
                floor: Level::Shared { least: 0 },
                greatest: 100,
                midnight: Midnight::Split,
            }),
            charge_power: false,
            forced_discharge: false,
            hold: true,
            stops_sun: false,
            verification: Verification {
                read_back: names(&TWO_WINDOW_FIELDS),
                write_only: Vec::new(),
                effect: Some(ALPHAESS_EFFECT),
            },
            limits: ALPHAESS_LIMITS,
        }
    }

    /// The AlphaESS periodic store: up to six windows a day, with weekdays, power and a level each.
    #[must_use]
    pub fn alphaess_periodic() -> Capability {
        Capability {
            store: Store::Periodic,
            readings: alphaess_readings(),
            windows: Some(WindowCapability {
                charge: 6,
                permission: 6,
                together: 6,
                weekly: Some(28),
                grid_minutes: 15,
                target: Level::Each { least: 10 },
                floor: Level::Each { least: 10 },
                greatest: 100,
                midnight: Midnight::Split,
            }),
            charge_power: true,
            forced_discharge: false,
            hold: true,
            stops_sun: false,
            verification: Verification {
                read_back: names(&["executeCycleType", "chargeTimeList", "dischargeTimeList"]),
                write_only: names(&["gridChargeCycle", "ctrDisCycle"]),
                effect: Some(ALPHAESS_EFFECT),
            },
            limits: ALPHAESS_LIMITS,
        }
    }

    /// An ATESS as its owner maps it: without a map of its settings it is read and never written.
    #[must_use]
    pub fn atess(mapping: &AtessMapping) -> Capability {
        let permission = mapping.settings.as_ref().and_then(|settings| settings.permission.as_ref());
        let windows = mapping.settings.as_ref().map(|settings| WindowCapability {
            charge: count(&settings.charge),
            permission: permission.map_or(0, count),
            together: count(&settings.charge).saturating_add(permission.map_or(0, count)),
            weekly: None,
            grid_minutes: 15,
            target: Level::Fixed(settings.charges_to),
            floor: Level::Unknown,
            greatest: 100,
            midnight: Midnight::Split,
        });
        Capability {
            store: mapping.model.store(),
            readings: atess_readings(mapping),
            windows,
            charge_power: false,
            forced_discharge: false,
            hold: permission.is_some(),
            stops_sun: false,
            verification: Verification { read_back: mapped_keys(mapping), write_only: Vec::new(), effect: None },
            limits: CallLimits { between_reads: Duration::from_secs(60), between_writes: None },
        }
    }

    /// What a store can do at the most: of an ATESS, what the owner may map as far as the vendor's keys are known.
    #[must_use]
    pub fn widest(store: Store) -> Capability {
        match store {
            Store::TwoWindow => Capability::alphaess_two_window(),
            Store::Periodic => Capability::alphaess_periodic(),
            Store::AtessString => Capability::atess(&widest_mapping(AtessModel::String, 2)),
            Store::AtessCentral => Capability::atess(&widest_mapping(AtessModel::Central, 5)),
        }
    }

    /// What an entry of the table rests on.
    #[must_use]
    pub fn fact(&self, topic: Topic) -> Fact {
        fact::fact(self.store, topic)
    }

    /// Whether it can be written at all.
    #[must_use]
    pub fn can_write(&self) -> bool {
        self.windows.is_some()
    }

    /// Whether it measures this.
    #[must_use]
    pub fn measures(&self, signal: Signal) -> bool {
        self.readings.iter().any(|measured| measured.signal == signal)
    }

    /// How many days the schedule takes to repeat: 7 where windows have weekdays, else 1.
    #[must_use]
    pub fn repeats_after_days(&self) -> u8 {
        if self.windows.is_some_and(|windows| windows.weekly.is_some()) { 7 } else { 1 }
    }
}

impl Level {
    /// The least that can be asked; `None` where nothing can.
    #[must_use]
    pub fn least(self) -> Option<u8> {
        match self {
            Level::Shared { least } | Level::Each { least } => Some(least),
            Level::Fixed(level) => Some(level),
            Level::Unknown => None,
        }
    }
}

/// The vendor asks for 10 s between reads of one endpoint; the limit of writes is enforced differently by region.
const ALPHAESS_LIMITS: CallLimits =
    CallLimits { between_reads: Duration::from_secs(10), between_writes: Some(Duration::from_secs(24 * 3600)) };

/// From a write to the device, where it gets there.
const ALPHAESS_EFFECT: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(300));

/// The fields of both objects.
const TWO_WINDOW_FIELDS: [&str; 12] = [
    "gridCharge",
    "timeChaf1",
    "timeChae1",
    "timeChaf2",
    "timeChae2",
    "batHighCap",
    "ctrDis",
    "timeDisf1",
    "timeDise1",
    "timeDisf2",
    "timeDise2",
    "batUseCap",
];

/// The power readings bear no stamp; the day's history does, every five minutes.
fn alphaess_readings() -> Vec<Measured> {
    Signal::ALL.into_iter().map(|signal| Measured { signal, freshness: Freshness::Inferred { minutes: 5 } }).collect()
}

fn atess_readings(mapping: &AtessMapping) -> Vec<Measured> {
    let readings = &mapping.readings;
    let mapped = |signal: Signal| match signal {
        Signal::Soc => readings.soc != SocMap::Unknown,
        Signal::Solar => readings.solar.is_some(),
        Signal::Load => readings.load.is_some(),
        Signal::Grid => readings.grid.is_some(),
        Signal::Battery => readings.battery.is_some(),
        Signal::Ev => false,
    };
    let known = Signal::ALL.into_iter().filter(|signal| mapped(*signal));
    known.map(|signal| Measured { signal, freshness: Freshness::Stamped }).collect()
}

fn count(periods: &PeriodMap) -> u8 {
    u8::try_from(periods.periods.len()).unwrap_or(u8::MAX)
}

fn names(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|name| (*name).to_owned()).collect()
}

/// Every key that the owner maps.
fn mapped_keys(mapping: &AtessMapping) -> Vec<String> {
    let settings = mapping.settings.iter();
    let maps = settings.flat_map(|settings| [Some(&settings.charge), settings.permission.as_ref()]).flatten();
    maps.flat_map(|map| map.periods.iter().chain(&map.enable)).cloned().collect()
}

/// A mapping of everything that the vendor is known to have: all powers, a state of charge, the valley periods.
fn widest_mapping(model: AtessModel, periods: u8) -> AtessMapping {
    let power = |field: &str| Some(PowerMap { fields: vec![field.to_owned()], watts_per_unit: 1.0 });
    let valley = (1..=periods).map(|number| format!("valleyPeriodTime{number}")).collect();
    let charge = PeriodMap { periods: valley, enable: None };
    AtessMapping {
        model,
        readings: ReadingMap {
            battery: power("pac"),
            grid: power("meterPower"),
            load: power("loadActivePower"),
            solar: power("ppv"),
            soc: SocMap::Counted { soc: Soc::FULL, charged: Energy::default(), discharged: Energy::default() },
        },
        settings: Some(SettingMap { charge, charges_to: 100, permission: None }),
    }
}
