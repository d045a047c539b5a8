//! What the battery of a test does: what the schedule on its device says, as the device's model has it.

use crate::device::{
    Capability, ChargeSettings, DischargeSettings, Grip, Period, Schedule, Store, TwoWindow, WindowList,
};
use crate::engine::Command;
use crate::policy::Policy;
use crate::time::{Instant, Local};
use crate::units::{Power, Soc};

/// What a device holds before anything was written to it: no window, and the policy's reserve as its floor. `None` if
/// nothing may ever be written to it.
pub(super) fn untouched(policy: &Policy) -> Option<Schedule> {
    let capability: Capability = policy.device.capability();
    capability.can_write().then(|| match capability.store {
        Store::TwoWindow => Schedule::TwoWindow(TwoWindow {
            charge: ChargeSettings { grid_charge: false, windows: [Period::UNUSED; 2], cap: 100 },
            discharge: DischargeSettings {
                restricted: false,
                windows: [Period::UNUSED; 2],
                floor: whole_percent(policy.battery.reserve),
            },
        }),
        store => Schedule::Windows(WindowList::empty(store)),
    })
}

/// What the schedule tells the battery at an instant. Without a schedule of known meaning the device goes its own way.
pub(super) fn command(policy: &Policy, schedule: Option<&Schedule>, at: Instant) -> Command {
    let reserve = policy.battery.reserve;
    let local = policy.zone.local(at);
    let cell = schedule.and_then(|schedule| schedule.day(local.weekday()).ok()?.cell(quarter(local)));
    let percent = |percent: u8| Soc::from_percent(f64::from(percent)).unwrap_or(reserve);
    match cell.map(|cell| (cell.grip, cell.floor)) {
        Some((Grip::Charge(target), _)) => {
            Command::ChargeTo { target: percent(target), power: schedule.and_then(|held| power(held, local)) }
        }
        Some((Grip::Hold, _)) => Command::Hold,
        Some((Grip::SelfConsume, floor)) => Command::SelfConsume { floor: floor.map_or(reserve, percent) },
        None => Command::SelfConsume { floor: reserve },
    }
}

/// How firmly the schedule holds the battery at an instant.
pub(super) fn grip(policy: &Policy, schedule: &Schedule, at: Instant) -> Option<Grip> {
    let local = policy.zone.local(at);
    schedule.day(local.weekday()).ok()?.cell(quarter(local)).map(|cell| cell.grip)
}

/// The power of the charge window that holds.
fn power(schedule: &Schedule, local: Local) -> Option<Power> {
    let Schedule::Windows(list) = schedule else { return None };
    let quarter = u32::try_from(quarter(local)).ok()?;
    let window = list.charge_windows.iter().find(|window| window.covers(local.weekday(), quarter))?;
    window.power.and_then(|watts| Power::from_watts(f64::from(watts)))
}

fn quarter(local: Local) -> usize {
    usize::from(local.minute / crate::device::two_window::GRID_MINUTES)
}

/// A percentage as a device holds it: rounded up.
fn whole_percent(soc: Soc) -> u8 {
    (0..=100).find(|percent| f64::from(*percent) >= soc.percent()).unwrap_or(100)
}
