//! How well a schedule does what is asked, and whether it may be left alone for a lap.

use std::cmp::Reverse;

use super::act::Act;
use super::demand::{Demand, Slot};
use super::means::Means;
use super::pieces::is_safe;
use super::standing::{Standing, act};
use crate::device::two_window::QUARTERS;

/// How good a schedule is: the larger the better, in the order of the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Merit {
    /// Slots of the lap served from now on without a break.
    unbroken: usize,
    /// Slots of the lap served in all.
    served: usize,
    /// Slots of the lap held that ask for self-consumption.
    extra: Reverse<usize>,
}

/// What schedules are judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judge<'a> {
    /// What is asked.
    pub(crate) demand: &'a Demand,
    /// What the store can do.
    pub(crate) means: &'a Means,
    /// What stands on the device.
    pub(crate) standing: &'a Standing,
    /// Whether more may be taken than stands.
    pub(crate) grants: bool,
}

/// The days on which a schedule holds no longer than allowed where self-consumption is asked.
#[derive(Clone, Debug)]
pub(crate) struct Spared(Vec<usize>);

impl Judge<'_> {
    /// How many slots of each day a schedule holds though nothing of the kind is asked.
    pub(crate) fn spared(&self, acts: &[Act]) -> Spared {
        let mut held = vec![0; self.means.days];
        for slot in self.demand.lap_slots().filter(|slot| is_extra(slot, act(acts, slot.cell))) {
            held.get_mut(slot.cell / QUARTERS).into_iter().for_each(|count| *count += 1);
        }
        Spared(held)
    }

    /// How far a schedule serves what is aimed at from now on without a break.
    pub(crate) fn unbroken(&self, acts: &[Act]) -> usize {
        let spared = self.spared(acts);
        self.demand.slots.iter().take_while(|slot| self.serves(acts, slot, &spared)).count()
    }

    /// How far the present schedule serves the demand without a break, if it may stay at all: its meaning is known, and
    /// within `program ahead` it takes no more than is asked. What it takes beyond is left over from a day that asked for
    /// it, and is withdrawn when that comes within `program ahead`.
    pub(crate) fn present(&self) -> Option<usize> {
        let acts = &self.standing.acts;
        let spared = self.spared(acts);
        let too_much = |slot: &Slot| self.is_too_much(acts, slot, &spared);
        let unsafe_ahead = self.demand.slots.iter().take(self.demand.ahead).any(too_much);
        (!self.standing.odd && !unsafe_ahead).then(|| self.unbroken(acts))
    }

    /// How good a schedule is over the lap; `None` if it may not be left alone for one.
    pub(crate) fn merit(&self, acts: &[Act]) -> Option<Merit> {
        let spared = self.spared(acts);
        let within = spared.0.iter().all(|held| *held <= self.means.extra_hold);
        let may = |(act, ask): (&Act, &super::act::Ask)| is_safe(*act, *ask, self.means) || *act == Act::Hold;
        let safe = within && acts.iter().zip(&self.demand.cells).all(may);
        let served = self.demand.lap_slots().filter(|slot| self.serves(acts, slot, &spared)).count();
        let unbroken = self.unbroken(acts).min(self.demand.lap);
        safe.then(|| Merit { unbroken, served, extra: Reverse(spared.0.iter().sum()) })
    }

    /// What a schedule is judged by in a slot: what is asked, or less where more may not be granted now.
    pub(crate) fn aim(&self, slot: &Slot) -> Option<Act> {
        let asked = slot.asked?;
        Some(if self.grants { asked } else { self.means.within(asked, self.standing.act(slot.cell)) })
    }

    /// Whether a schedule does in a slot what is aimed at. An extra hold that is allowed serves.
    pub(crate) fn serves(&self, acts: &[Act], slot: &Slot, spared: &Spared) -> bool {
        let does = act(acts, slot.cell);
        let spare = is_extra(slot, does) && slot.asked.is_some() && spared.allows(slot, self.means);
        spare || self.aim(slot).is_some_and(|aim| self.means.serves(does, aim))
    }

    /// Whether a schedule takes more in a slot than is asked there. Where the timeline says nothing, what stands is not
    /// against it.
    pub(crate) fn is_too_much(&self, acts: &[Act], slot: &Slot, spared: &Spared) -> bool {
        let Some(asked) = slot.asked else { return false };
        let does = act(acts, slot.cell);
        if is_extra(slot, does) {
            return !spared.allows(slot, self.means);
        }
        !is_safe(does, super::act::Ask::Act(asked), self.means)
    }
}

impl Spared {
    /// Whether the day of a slot is held no longer than allowed.
    pub(crate) fn allows(&self, slot: &Slot, means: &Means) -> bool {
        self.0.get(slot.cell / QUARTERS).is_some_and(|held| *held <= means.extra_hold)
    }
}

/// Whether a hold of a slot is one that nothing asks for.
fn is_extra(slot: &Slot, does: Act) -> bool {
    does == Act::Hold && slot.asked.is_none_or(|asked| matches!(asked, Act::SelfConsume(_)))
}
