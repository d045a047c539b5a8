//! What the device of a test begins with.

use crate::device::{Capability, DischargeSettings, Schedule, Store, TwoWindow, WindowList};
use crate::policy::Policy;
use crate::units::Soc;

/// What a device holds before anything was written to it: no window, and the policy's reserve as its floor. `None` if
/// nothing may ever be written to it.
pub(super) fn untouched(policy: &Policy) -> Option<Schedule> {
    let capability: Capability = policy.device.capability();
    capability.can_write().then(|| match capability.store {
        Store::TwoWindow => Schedule::TwoWindow(TwoWindow {
            discharge: DischargeSettings {
                floor: whole_percent(policy.battery.reserve),
                ..TwoWindow::NEUTRAL.discharge
            },
            ..TwoWindow::NEUTRAL
        }),
        store => Schedule::Windows(WindowList::empty(store)),
    })
}

/// A percentage as a device holds it: rounded up.
fn whole_percent(soc: Soc) -> u8 {
    (0..=100).find(|percent| f64::from(*percent) >= soc.percent()).unwrap_or(100)
}
