//! An ATESS as raw numbers, for finding out what they mean.

use std::sync::Arc;

use super::connect::{ConnectError, Way};
use crate::device::mapping::AtessMapping;
use crate::policy::Policy;
use crate::vendor::atess::{BASE_URL, Battery, Enerclo};
use crate::vendor::credentials::{AtessCredentials, config_folder};
use crate::vendor::http::{Http, HttpLimits};
use crate::vendor::plausible::BatteryLimits;

/// The ATESS of a policy, whose readings need not be mapped yet.
///
/// # Errors
/// Why it cannot be reached; nothing has been sent yet.
pub fn sampled(policy: &Policy, mapping: &AtessMapping, way: Way) -> Result<Enerclo, ConnectError> {
    let lookup = |name: &str| std::env::var(name).ok();
    let credentials = AtessCredentials::find(lookup, config_folder(lookup).as_deref())?;
    let line = Arc::new(Http::new(policy.device.url.as_deref().unwrap_or(BASE_URL), HttpLimits::default())?);
    let battery = &policy.battery;
    let limits = BatteryLimits {
        capacity: battery.capacity,
        charge_power: battery.charge_power,
        discharge_power: battery.discharge_power,
    };
    let (charge_efficiency, discharge_efficiency) = (battery.charge_efficiency, battery.discharge_efficiency);
    let battery = Battery { limits, charge_efficiency, discharge_efficiency };
    let (serial, zone) = (policy.device.serial.as_str(), policy.zone.clone());
    Ok(Enerclo::new(line, way.clock, credentials, serial, zone, mapping.clone(), battery))
}
