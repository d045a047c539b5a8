//! What the owner says of an ATESS, because its vendor does not: signs, scales, where the state of charge comes from, and
//! which settings mean what. The facts, and what is unknown, stand in the vendor's page.

use super::store::Store;
use crate::units::{Energy, Soc};

/// Everything that the owner says.
#[derive(Clone, Debug, PartialEq)]
pub struct AtessMapping {
    /// Which of the two families it is: they answer at different endpoints.
    pub model: AtessModel,
    /// How its fields are read.
    pub readings: ReadingMap,
    /// Which of its settings may be written. `None`: nothing is ever written.
    pub settings: Option<SettingMap>,
}

/// The two families of systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtessModel {
    /// String HPS: `small-setting`, two periods a class.
    String,
    /// Central HPS: `big-setting`, five periods a class.
    Central,
}

/// How the fields of the latest data are read. A signal without a map is not read: absent is not zero.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadingMap {
    /// Power of the battery.
    pub battery: Option<PowerMap>,
    /// Power at the meter.
    pub grid: Option<PowerMap>,
    /// Power that the house draws.
    pub load: Option<PowerMap>,
    /// Power of the sun.
    pub solar: Option<PowerMap>,
    /// Where the state of charge comes from.
    pub soc: SocMap,
}

/// How one power is read.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerMap {
    /// The vendor's names of the fields whose sum it is; never empty.
    pub fields: Vec<String>,
    /// Watts for each unit of the sum, negative where the vendor's sign is the opposite of ours (`+` discharge, `+` import).
    pub watts_per_unit: f64,
}

/// Where the state of charge comes from: the vendor has no field for it.
#[derive(Clone, Debug, PartialEq)]
pub enum SocMap {
    /// It is unknown.
    Unknown,
    /// From the battery's voltage `vbat`, by straight lines between points: volts rising, charge never falling, two at least.
    Voltage(Vec<(f64, Soc)>),
    /// Counted from a moment at which it was known, by what the battery's two energy counters have moved since.
    Counted {
        /// What it was then.
        soc: Soc,
        /// `ebatChargeTotal` then.
        charged: Energy,
        /// `ebatDischargeTotal` then.
        discharged: Energy,
    },
}

/// Which settings may be written. Everything else in the vendor's object is sent back as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingMap {
    /// The periods in which the grid charges the battery; never empty.
    pub charge: PeriodMap,
    /// To how many percent the device charges then by a limit of its own, which is not written.
    pub charges_to: u8,
    /// The periods outside which the battery does not discharge, if the device has such.
    pub permission: Option<PeriodMap>,
}

/// Settings that hold periods, and the one that puts them in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodMap {
    /// The vendor's keys, each of one period.
    pub periods: Vec<String>,
    /// The vendor's key of the switch, 1 or 0; `None` if a period is in force as it stands.
    pub enable: Option<String>,
}

impl AtessModel {
    /// The word for it in a policy.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.store().word()
    }

    /// How many periods it has of one class of a tariff, numbered from 1.
    #[must_use]
    pub fn periods(self) -> u8 {
        match self {
            AtessModel::String => 2,
            AtessModel::Central => 5,
        }
    }

    /// The store that its settings are.
    #[must_use]
    pub fn store(self) -> Store {
        match self {
            AtessModel::String => Store::AtessString,
            AtessModel::Central => Store::AtessCentral,
        }
    }
}
