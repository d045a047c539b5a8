//! What a store can do, as far as the compiler needs it: the capability and the limits of the policy in whole numbers.

use super::act::Act;
use crate::device::capability::Level;
use crate::plan::compile::Request;
use crate::plan::compile::slots::{QUARTER, whole_down, whole_up};
use crate::units::Power;

/// Days of a week.
const WEEK: usize = 7;

/// The abilities of a store under a policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Means {
    /// How many days the schedule takes to repeat: 1 or 7.
    pub(crate) days: usize,
    /// Whether it may be written at all.
    pub(crate) writable: bool,
    /// Charge windows of a day.
    pub(crate) charge: usize,
    /// Permissions of a day.
    pub(crate) permission: usize,
    /// Windows of both kinds of a day.
    pub(crate) together: usize,
    /// Windows of both kinds of a week in which two days differ.
    pub(crate) weekly: Option<usize>,
    /// The least target that it takes in percent.
    pub(crate) least_target: u8,
    /// The target that it charges to whatever is asked; `None` where each window has its own.
    pub(crate) only_target: Option<u8>,
    /// Whether each permission has its own floor.
    pub(crate) floors: bool,
    /// The reserve in percent, or the least floor that the store takes if that is higher.
    pub(crate) least_floor: u8,
    /// The reserve in percent.
    pub(crate) reserve: u8,
    /// The ceiling of charging in percent.
    pub(crate) ceiling: u8,
    /// The power of a charge of which none is asked in W; `None` where the store has no power.
    pub(crate) power: Option<u32>,
    /// Quarter hours of a day that may be held though self-consumption is asked.
    pub(crate) extra_hold: usize,
}

impl Means {
    /// Of a request.
    pub(crate) fn of(request: &Request<'_>) -> Means {
        let capability = request.capability;
        let windows = capability.windows;
        let count = |of: fn(&crate::device::capability::WindowCapability) -> u8| {
            windows.as_ref().map_or(0, |windows| usize::from(of(windows)))
        };
        let hold = capability.hold;
        let permission = count(|windows| windows.permission);
        let permission = if hold { permission } else { 0 };
        let floor = windows.map_or(Level::Unknown, |windows| windows.floor);
        let own_floors = matches!(floor, Level::Each { .. } | Level::Shared { .. }) && permission > 0;
        let least = if own_floors { floor.least().unwrap_or_default() } else { 0 };
        let reserve = whole_up(request.reserve);
        let (least_target, only_target) = targets(windows.map_or(Level::Unknown, |windows| windows.target));
        let quarters = request.extra_hold.as_secs() / QUARTER.unsigned_abs();
        Means {
            days: if windows.is_some_and(|windows| windows.weekly.is_some()) { WEEK } else { 1 },
            writable: windows.is_some(),
            charge: count(|windows| windows.charge),
            permission,
            together: count(|windows| windows.together),
            weekly: windows.and_then(|windows| windows.weekly).map(usize::from),
            least_target,
            only_target,
            floors: own_floors,
            least_floor: reserve.max(least),
            reserve,
            ceiling: whole_down(request.ceiling),
            power: capability.charge_power.then(|| whole_watts(request.charge_power)),
            extra_hold: usize::try_from(quarters).unwrap_or(usize::MAX),
        }
    }

    /// Self-consumption where nothing more is asked: down to the least floor, or to the device's own.
    pub(crate) fn plain(&self) -> Act {
        Act::SelfConsume(self.floors.then_some(self.least_floor))
    }

    /// What may be left of what is asked where nothing may be taken that does not stand.
    pub(crate) fn within(&self, asked: Act, stands: Act) -> Act {
        match asked.within(stands, self.least_floor) {
            Act::SelfConsume(None) => self.plain(),
            act => act,
        }
    }

    /// Whether a schedule that does one thing serves what is asked. A device left to itself serves self-consumption down
    /// to the reserve: its own floor is the owner's.
    pub(crate) fn serves(&self, does: Act, asked: Act) -> bool {
        match (does, asked) {
            (Act::SelfConsume(_), Act::SelfConsume(_)) if !self.floors => true,
            (Act::SelfConsume(None), Act::SelfConsume(asked)) => asked.is_none_or(|floor| floor <= self.least_floor),
            (does, asked) => does == asked,
        }
    }
}

/// The least target, and the only one where there is one. What nobody has told is presumed to be a full battery, so that no
/// window charges further than is asked.
fn targets(level: Level) -> (u8, Option<u8>) {
    match level {
        Level::Shared { least } | Level::Each { least } => (least, None),
        Level::Fixed(target) => (target, Some(target)),
        Level::Unknown => (100, Some(100)),
    }
}

/// A power in whole W, at least one.
pub(crate) fn whole_watts(power: Power) -> u32 {
    format!("{:.0}", power.watts().max(1.0)).parse().unwrap_or(1)
}
