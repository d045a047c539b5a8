//! The AlphaESS AlphaCloud Open API: `docs/vendor-alphaess.md` has every fact that is relied on here, with its certainty.

mod cloud;
mod codes;
mod device_file;
mod driver;
mod history;
mod periodic;
mod power;
mod schedule;
mod sign;
mod systems;
mod wire;

pub use cloud::Cloud;
pub use device_file::{DeviceFileError, MAX_DEVICE_FILE_BYTES, device_file, parse_device_file};
pub use driver::AlphaEss;
pub use periodic::parse_periodic;
pub use schedule::{parse_charge, parse_discharge, parse_settings, payload, read_endpoint, write_endpoint};
pub use systems::{DayEnergy, System};

pub use super::freshness::Freshness;
pub use super::memory::Memory;
pub use super::plausible::{BatteryLimits, Sample, Watch, judge};

/// The vendor's own base URL.
pub const BASE_URL: &str = "https://openapi.alphaess.com/api";

/// The vendor's names of the endpoints that are called.
pub(crate) mod endpoint {
    pub(crate) const SYSTEMS: &str = "getEssList";
    pub(crate) const POWER: &str = "getLastPowerData";
    pub(crate) const HISTORY: &str = "getOneDayPowerBySn";
    pub(crate) const ENERGY: &str = "getOneDateEnergyBySn";
    pub(crate) const SUMS: &str = "getSumDataForCustomer";
    pub(crate) const READ_CHARGE: &str = "getChargeConfigInfo";
    pub(crate) const READ_DISCHARGE: &str = "getDisChargeConfigInfo";
    pub(crate) const WRITE_CHARGE: &str = "updateChargeConfigInfo";
    pub(crate) const READ_PERIODIC: &str = "getTimeChargeBySn";
    pub(crate) const WRITE_PERIODIC: &str = "setTimeChargeBySn";
    pub(crate) const WRITE_DISCHARGE: &str = "updateDisChargeConfigInfo";
}
