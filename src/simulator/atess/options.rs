//! What an ATESS account and its plants are made of: every unknown of the vendor's page is an option here.

use serde::{Deserialize, Serialize};

use super::device::DeviceModel;
use super::plan::FaultPlan;
use super::settings::Settings;
use crate::simulator::battery::Battery;
use crate::simulator::house::House;
use crate::simulator::numbers::Numbers;
use crate::time::Zone;

/// What an account is made of. It has no `Debug`, for the token's sake.
#[derive(Clone)]
pub struct CloudOptions {
    /// What `Authorization` must be, bare.
    pub token: String,
    /// The plants of the account.
    pub plants: Vec<PlantOptions>,
    /// Which faults hold when.
    pub faults: FaultPlan,
    /// How it behaves where the page is silent.
    pub manners: Manners,
    /// From where houses, weather and delays grow.
    pub seed: u64,
}

/// How the cloud behaves where the page is silent or contradicts itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manners {
    /// The code of success.
    pub success: SuccessCode,
    /// What becomes of a request without `Accept-Language`.
    pub missing_language: MissingLanguage,
    /// What becomes of keys that an object lacks when it is put.
    pub missing_keys: MissingKeys,
    /// The path, below the base, to which settings are put; none for the path from which they are read.
    pub write_path: Option<String>,
    /// The code for a serial that the account does not have: 400, 403 or 500.
    pub unknown_serial: u16,
    /// Seconds between two reads of one endpoint of one device; 0 for no limit.
    pub read_seconds: u32,
    /// Seconds between two accepted writes to one device; 0 for no limit.
    pub write_seconds: u32,
    /// How a request that comes too early is answered.
    pub too_early: TooEarly,
    /// The shortest and the longest time of an ordinary reply, in milliseconds.
    pub reply_milliseconds: (u32, u32),
}

/// The code of success: the page's table says 200, its samples say 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SuccessCode {
    /// One or the other, by the seed.
    Both,
    /// As in the samples.
    Zero,
    /// As in the table.
    TwoHundred,
}

/// What becomes of a request without `Accept-Language`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MissingLanguage {
    /// Code 500.
    Error,
    /// Code 403.
    Refused,
}

/// What becomes of keys that an object lacks when it is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MissingKeys {
    /// They become null.
    Erased,
    /// Code 500, and nothing is stored.
    Refused,
    /// They stay as they were.
    Kept,
}

/// How a request that comes too early is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TooEarly {
    /// Code 500 with words about frequency.
    Code500,
    /// HTTP 429.
    Http429,
}

/// What a plant is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct PlantOptions {
    /// `deviceSn`
    pub serial: String,
    /// `dataLogSn` of its datalogger.
    pub logger: String,
    /// Which series it belongs to.
    pub kind: Kind,
    /// The zone of its wall clock.
    pub zone: Zone,
    /// The house.
    pub house: House,
    /// The battery.
    pub battery: Battery,
    /// The device.
    pub model: DeviceModel,
    /// What the cloud and the device hold at the start.
    pub settings: Settings,
    /// How its values look.
    pub looks: Looks,
    /// The shortest and the longest time from a write to the device, in seconds.
    pub apply_seconds: (u32, u32),
    /// Minutes between two uploads of the newest values, 1 to 60.
    pub upload_minutes: u8,
}

/// The series of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// String HPS: `small-setting`, two periods of each tariff class.
    Small,
    /// Central HPS: `big-setting`, five periods of each tariff class.
    Big,
}

/// How the values of a plant look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Looks {
    /// How numbers look in JSON.
    pub numbers: Numbers,
    /// `pac`: battery power; as is, `+` discharges.
    pub pac: Shown,
    /// `meterPower`: the grid at the meter; as is, `+` imports.
    pub meter: Shown,
    /// `gactivePower`: the grid at the inverter; as is, `+` imports.
    pub grid: Shown,
    /// The unit of `ppv`, `ppv1` to `ppv3` and of the load.
    pub power: Unit,
    /// What `ppv` and `ppv1` mean.
    pub solar: SolarFields,
    /// Open-circuit volts of the battery by state of charge in percent, both rising from point to point.
    pub volts: Vec<(f64, f64)>,
    /// By how many ohms `vbat` sinks under load and rises under charge.
    pub resistance_ohms: f64,
    /// How many decimals of a kWh its counters show.
    pub counter_decimals: u8,
}

/// How one power looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Whether its sign is turned.
    pub turned: bool,
    /// Its unit.
    pub unit: Unit,
}

/// The unit of a power.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// W
    #[default]
    Watts,
    /// kW
    Kilowatts,
}

/// What `ppv` and `ppv1` mean. The roof's power is split over three inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SolarFields {
    /// `ppv` is the first input alone, as `ppv1` is; the three make the total.
    PpvIsFirst,
    /// `ppv` is the total of `ppv1` to `ppv3`.
    PpvIsTotal,
    /// `ppv` is the first input and `ppv1` the total, as is documented of the 100HV and 150HV.
    Ppv1IsTotal,
}

impl Kind {
    /// How many periods each tariff class has.
    #[must_use]
    pub fn periods(self) -> usize {
        match self {
            Kind::Small => 2,
            Kind::Big => 5,
        }
    }
}

impl Default for Manners {
    /// As nasty as the page allows.
    fn default() -> Manners {
        Manners {
            success: SuccessCode::Both,
            missing_language: MissingLanguage::Error,
            missing_keys: MissingKeys::Erased,
            write_path: None,
            unknown_serial: 400,
            read_seconds: 10,
            write_seconds: 0,
            too_early: TooEarly::Code500,
            reply_milliseconds: (80, 400),
        }
    }
}

impl Default for CloudOptions {
    /// One string HPS in London, no faults.
    fn default() -> CloudOptions {
        CloudOptions {
            token: "atess-simulated-token".to_owned(),
            plants: vec![PlantOptions::default()],
            faults: FaultPlan::none(),
            manners: Manners::default(),
            seed: 1,
        }
    }
}

impl Default for PlantOptions {
    /// A house near London, and a device that applies what it is sent within one to five minutes.
    fn default() -> PlantOptions {
        PlantOptions {
            serial: "ATS000000000001".to_owned(),
            logger: "ATL000000000001".to_owned(),
            kind: Kind::Small,
            zone: Zone::named("Europe/London").unwrap_or_else(Zone::utc),
            house: House::default(),
            battery: Battery::default(),
            model: DeviceModel::default(),
            settings: Settings::default(),
            looks: Looks::default(),
            apply_seconds: (60, 300),
            upload_minutes: 1,
        }
    }
}

impl Default for Looks {
    /// Watts; discharge and import positive; `ppv` the first input; a lithium battery of 160 cells.
    fn default() -> Looks {
        let volts = vec![(0.0, 448.0), (10.0, 496.0), (50.0, 520.0), (90.0, 536.0), (100.0, 568.0)];
        Looks {
            numbers: Numbers::Floats,
            pac: Shown::default(),
            meter: Shown::default(),
            grid: Shown::default(),
            power: Unit::Watts,
            solar: SolarFields::PpvIsFirst,
            volts,
            resistance_ohms: 0.05,
            counter_decimals: 2,
        }
    }
}
