//! The schedule on the device, quarter hour by quarter hour.

use super::act::Act;
use super::means::Means;
use crate::device::schedule::WEEK;
use crate::device::two_window::QUARTERS;
use crate::device::{Flag, ListWindow, QuarterSet, WindowList};

/// What the schedule on the device is known to do.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// Each quarter hour of its day or week. An odd schedule does nothing for sure.
    pub(crate) acts: Vec<Act>,
    /// Whether discharge is restricted to its permissions.
    pub(crate) restricts: bool,
    /// Whether its meaning is unknown.
    pub(crate) odd: bool,
}

impl Standing {
    /// Reads the schedule on the device.
    pub(crate) fn of(list: &WindowList, means: &Means) -> Standing {
        let odd = list.oddity().is_some();
        let cells = means.days * QUARTERS;
        if odd {
            return Standing { acts: vec![Act::SelfConsume(None); cells], restricts: false, odd };
        }
        let restricts = list.restricts();
        let mut acts = vec![if restricts { Act::Hold } else { Act::SelfConsume(None) }; cells];
        for window in list.permissions.iter().filter(|_| restricts) {
            fill(&mut acts, window, Act::SelfConsume(window.limit.filter(|_| means.floors)));
        }
        for window in list.charge_windows.iter().filter(|_| list.charge == Flag::On) {
            let power = means.power.map(|_| window.power.unwrap_or_default());
            fill(&mut acts, window, Act::Charge { target: window.limit.unwrap_or(100), power });
        }
        Standing { acts, restricts, odd }
    }

    /// What it does in a quarter hour.
    pub(crate) fn act(&self, cell: usize) -> Act {
        act(&self.acts, cell)
    }
}

/// What a schedule does in a quarter hour.
pub(crate) fn act(acts: &[Act], cell: usize) -> Act {
    acts.get(cell).copied().unwrap_or(Act::SelfConsume(None))
}

fn fill(acts: &mut [Act], window: &ListWindow, act: Act) {
    let quarters = QuarterSet::of(window.period);
    for (_, cells) in WEEK.into_iter().zip(acts.chunks_mut(QUARTERS)).filter(|(day, _)| window.days.contains(*day)) {
        (0u32..).zip(cells).filter(|(quarter, _)| quarters.contains(*quarter)).for_each(|(_, cell)| *cell = act);
    }
}
