//! What a device can do, as data: `check`, the compiler, the plan screen and the documents speak from one table.

use super::Driver;
use crate::snapshot::Signal;

/// What one kind of device can measure, hold and be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// The name of its schedule store for people.
    pub store: &'static str,
    /// What it measures.
    pub readings: &'static [Signal],
    /// How many windows of the day may charge from the grid.
    pub charge_windows: u8,
    /// How many windows of the day may permit discharge while the rest of the day forbids it.
    pub permission_windows: u8,
    /// Minutes between two times that a window may begin or end at; others are silently ignored by the device.
    pub grid_minutes: u16,
    /// Whether one target serves all charge windows.
    pub shared_target: bool,
    /// Whether the power of a charge can be set.
    pub charge_power: bool,
    /// Whether energy can be forced out of the battery.
    pub forced_discharge: bool,
    /// Whether discharge can be forbidden.
    pub hold: bool,
    /// The least charge target that the device is known to take, in percent.
    pub least_target: u8,
}

impl Capability {
    /// The AlphaESS two-window store: two daily charge windows under one target, two daily permissions under one floor.
    pub const ALPHAESS_TWO_WINDOW: Capability = Capability {
        store: "two-window store",
        readings: &[Signal::Soc, Signal::Load, Signal::Solar, Signal::Battery, Signal::Grid, Signal::Ev],
        charge_windows: 2,
        permission_windows: 2,
        grid_minutes: 15,
        shared_target: true,
        charge_power: false,
        forced_discharge: false,
        hold: true,
        least_target: 10,
    };

    /// What is known of a driver's device. An ATESS has none here yet: this version has no driver for it.
    #[must_use]
    pub fn of(driver: Driver) -> Option<Capability> {
        match driver {
            Driver::AlphaEss | Driver::Simulated => Some(Capability::ALPHAESS_TWO_WINDOW),
            Driver::Atess => None,
        }
    }
}
