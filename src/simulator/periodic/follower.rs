//! The device's side of the periodic store: its copy, what is on its way there, and whether it is what the device acts on.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::super::device::{DeviceModel, Duty};
use super::super::state;
use super::model::PeriodicModel;
use super::region::{PeriodicOptions, Region};
use super::schedule::PeriodicSchedule;

/// How many writes may be on their way to the device.
const MAX_UNDERWAY: usize = 64;

/// What a device has of the periodic store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::simulator) struct Follower {
    region: Region,
    model: PeriodicModel,
    copy: PeriodicSchedule,
    underway: VecDeque<Underway>,
    in_force: bool,
}

/// A written schedule that has not reached the device yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Underway {
    due: i64,
    schedule: PeriodicSchedule,
}

impl Follower {
    pub(in crate::simulator) fn new(options: &PeriodicOptions) -> Follower {
        let PeriodicOptions { region, model, schedule, .. } = options;
        let copy = schedule.clone();
        let in_force = *region == Region::Periodic;
        Follower { region: *region, model: *model, copy, underway: VecDeque::new(), in_force }
    }

    /// Whether it is that of a device which knows nothing of the periodic store. A saved state leaves that out.
    pub(in crate::simulator) fn is_usual(&self) -> bool {
        *self == Follower::default()
    }

    pub(in crate::simulator) fn region(&self) -> Region {
        self.region
    }

    /// The device stands in another region from now on; what it holds stays.
    pub(in crate::simulator) fn set_region(&mut self, region: Region) {
        self.region = region;
        self.in_force = match region {
            Region::TwoWindow => false,
            Region::Periodic => true,
            Region::Both => self.in_force,
        };
    }

    pub(in crate::simulator) fn copy(&self) -> &PeriodicSchedule {
        &self.copy
    }

    /// When the last schedule on its way arrives, in seconds of Unix time.
    pub(in crate::simulator) fn last_due(&self) -> Option<i64> {
        self.underway.iter().map(|one| one.due).max()
    }

    /// Sends a schedule, which arrives at this second, but not before what was sent earlier.
    pub(in crate::simulator) fn send(&mut self, schedule: PeriodicSchedule, due: i64) {
        let due = due.max(self.last_due().unwrap_or(i64::MIN));
        if self.underway.len() >= MAX_UNDERWAY {
            self.underway.pop_front();
        }
        self.underway.push_back(Underway { due, schedule });
    }

    /// Takes what has arrived by this second, but silently keeps what it had where a time is off the grid. Where both stores
    /// have an effect, the later of this and of the last arrival in the other one has it.
    pub(in crate::simulator) fn deliver(&mut self, now: i64, other: Option<i64>) {
        let (arrived, underway) = std::mem::take(&mut self.underway).into_iter().partition(|one| one.due <= now);
        self.underway = underway;
        let arrived: VecDeque<Underway> = arrived;
        let taken = arrived.into_iter().rfind(|one| self.region.follows_periodic() && one.schedule.is_on_grid());
        let latest = taken.as_ref().map(|one| one.due);
        self.copy = taken.map_or_else(|| std::mem::take(&mut self.copy), |one| one.schedule);
        if self.region == Region::Both && latest != other {
            self.in_force = latest > other;
        }
    }

    /// What the device does at a minute of a day, counted since 1970-01-01 by its own clock; none where it acts on the other
    /// store.
    pub(in crate::simulator) fn duty(&self, device: &DeviceModel, day: i32, minute: u16) -> Option<Duty> {
        // 1970-01-01 was a Thursday.
        let weekday = u8::try_from((day.rem_euclid(7) + 3) % 7 + 1).unwrap_or(1);
        self.in_force.then(|| self.model.duty(device, &self.copy, weekday, minute))
    }

    pub(in crate::simulator) fn is_sound(&self) -> bool {
        self.copy.is_sound()
            && self.model.floor <= 100
            && self.underway.len() <= MAX_UNDERWAY
            && self.underway.iter().all(|one| state::is_sensible(one.due) && one.schedule.is_sound())
    }
}
