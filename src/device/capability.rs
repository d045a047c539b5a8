//! What a device can do, as data: `check`, the compiler, the plan screen, `devices` and the documents speak from one table.

use std::time::Duration;

use super::kind::DeviceKind;
use super::mapping::{AtessMapping, PeriodMap, SocMap};
use super::store::Store;
use crate::snapshot::Signal;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The vendor's fields that read back.
    pub read_back: &'static [&'static str],
    /// The vendor's fields that are taken and never given back: only the battery's power proves them.
    pub write_only: &'static [&'static str],
}

/// How often the vendor lets itself be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// Between two reads of one endpoint.
    pub between_reads: Duration,
    /// What the vendor says of writes.
    pub writes: &'static str,
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
            }),
            charge_power: false,
            forced_discharge: false,
            hold: true,
            verification: Verification {
                read_back: &[
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
                ],
                write_only: &[],
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
            }),
            charge_power: true,
            forced_discharge: false,
            hold: true,
            verification: Verification {
                read_back: &["executeCycleType", "chargeTimeList", "dischargeTimeList"],
                write_only: &["gridChargeCycle", "ctrDisCycle"],
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
        });
        Capability {
            store: mapping.model.store(),
            readings: atess_readings(mapping),
            windows,
            charge_power: false,
            forced_discharge: false,
            hold: permission.is_some(),
            verification: Verification { read_back: &["the mapped keys"], write_only: &[] },
            limits: CallLimits {
                between_reads: Duration::from_secs(60),
                writes: "a limit exists and is not documented",
            },
        }
    }

    /// Whether it can be written at all.
    #[must_use]
    pub fn can_write(&self) -> bool {
        self.windows.is_some()
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
    CallLimits { between_reads: Duration::from_secs(10), writes: "documented as one in 24 h for each endpoint" };

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
