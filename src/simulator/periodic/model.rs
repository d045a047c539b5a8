//! What a device does with its copy of the periodic store, and the options of what nobody knows.

use serde::{Deserialize, Serialize};

use super::super::device::{DeviceModel, Duty, EmptyRestriction, Wrap};
use super::schedule::{PeriodicSchedule, PeriodicWindow};

/// How a device follows the periodic store where the vendor says nothing. What it makes of a wrap, of a restriction without
/// windows and of the sun above a cap, its [`DeviceModel`] says for both stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodicModel {
    /// What a charge window without power does.
    pub powerless: Powerless,
    /// Whether a discharge window without power is inert as well.
    pub discharge_wants_power: bool,
    /// Whether a window from midnight to midnight is the whole day instead of none of it.
    pub filler_is_all_day: bool,
    /// The floor of self-consumption where no discharge window gives one, in percent.
    pub floor: u8,
}

/// What a charge window does whose `chargePower` is 0 or missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Powerless {
    /// Nothing, as if it did not exist.
    Inert,
    /// It charges with no power, so that the battery stands still.
    Hold,
}

/// A moment of the device's own week.
#[derive(Clone, Copy)]
struct Moment {
    /// 1 for Monday to 7 for Sunday.
    weekday: u8,
    /// Since midnight.
    minute: u16,
}

impl Default for PeriodicModel {
    /// As the vendor page presumes.
    fn default() -> PeriodicModel {
        PeriodicModel { powerless: Powerless::Inert, discharge_wants_power: true, filler_is_all_day: false, floor: 10 }
    }
}

impl PeriodicModel {
    /// What a device does at a minute of its own clock's day, 1 for Monday to 7 for Sunday.
    #[must_use]
    pub fn duty(&self, device: &DeviceModel, schedule: &PeriodicSchedule, weekday: u8, minute: u16) -> Duty {
        let moment = Moment { weekday, minute };
        let charges = |one: &&PeriodicWindow| self.charges(device, one) && covers(device, one, moment);
        let permits = |one: &&PeriodicWindow| self.permits(device, one) && covers(device, one, moment);
        if let Some(window) = schedule.charge.iter().filter(|_| schedule.grid_charge).find(charges) {
            return Duty::ChargeAt { cap: window.limit, watts: window.watts, sun_above_cap: device.sun_above_cap };
        }
        if !schedule.control_discharge {
            return Duty::SelfConsume { floor: self.floor };
        }
        let restricted = schedule.discharge.iter().any(|one| self.permits(device, one));
        match schedule.discharge.iter().find(permits) {
            Some(window) => Duty::SelfConsume { floor: window.limit },
            None if restricted || device.empty_restriction == EmptyRestriction::Hold => Duty::SunOnly,
            None => Duty::SelfConsume { floor: self.floor },
        }
    }

    fn charges(&self, device: &DeviceModel, window: &PeriodicWindow) -> bool {
        self.is_there(device, window) && (window.watts > 0 || self.powerless == Powerless::Hold)
    }

    fn permits(&self, device: &DeviceModel, window: &PeriodicWindow) -> bool {
        self.is_there(device, window) && (window.watts > 0 || !self.discharge_wants_power)
    }

    /// Whether the device sees a window here at all.
    fn is_there(&self, device: &DeviceModel, window: &PeriodicWindow) -> bool {
        let wraps = window.period.from > window.period.end();
        let all_day = self.filler_is_all_day && window.period.from == 0;
        if window.is_unused() { all_day } else { !wraps || device.wrap != Wrap::Ignored }
    }
}

/// Whether a window that is there covers this moment. What runs across midnight belongs to the day on which it began.
fn covers(device: &DeviceModel, window: &PeriodicWindow, Moment { weekday, minute }: Moment) -> bool {
    let (from, end) = (window.period.from, window.period.end());
    let today = window.weekdays.contains(weekday);
    if from < end {
        return today && (from..end).contains(&minute);
    }
    let yesterday = window.weekdays.contains(if weekday == 1 { 7 } else { weekday.saturating_sub(1) });
    today && minute >= from || yesterday && device.wrap == Wrap::AcrossMidnight && minute < end
}
