//! What a device does in one quarter hour, and which of two things takes more grip.

use crate::device::Grip;

/// What the device does in one quarter hour, or is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// The device's own way down to a floor in percent; `None`: down to its own, which the store does not tell.
    SelfConsume(Option<u8>),
    /// No discharge.
    Hold,
    /// Charge from the grid, then no discharge.
    Charge {
        /// To how many percent.
        target: u8,
        /// At how many W; `None` where the store has no power.
        power: Option<u32>,
    },
}

/// What is asked of one quarter hour of the device's day or week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// The lap has no such quarter hour: a clock change leaves it out.
    Skipped,
    /// The timeline says nothing of it.
    Unsaid,
    /// The least of what is asked whenever the lap comes by.
    Act(Act),
}

impl Act {
    /// How firmly it holds.
    pub(crate) fn grip(self) -> Grip {
        match self {
            Act::SelfConsume(_) => Grip::SelfConsume,
            Act::Hold => Grip::Hold,
            Act::Charge { target, .. } => Grip::Charge(target),
        }
    }

    /// What both ask for: the least grip, the lower floor, the lower target, the lower power.
    pub(crate) fn least(self, other: Act) -> Act {
        match (self, other) {
            (Act::SelfConsume(one), Act::SelfConsume(two)) => Act::SelfConsume(one.min(two)),
            (Act::Charge { target, power }, Act::Charge { target: other, power: less }) => {
                Act::Charge { target: target.min(other), power: power.min(less) }
            }
            (one, two) => {
                if one.grip() <= two.grip() {
                    one
                } else {
                    two
                }
            }
        }
    }

    /// Whether it takes more than another does: more grip, a higher target or power, or a floor that rises above the
    /// least one that is kept anyway. The device's own floor is not known and presumed to be no higher than that.
    pub(crate) fn takes_more_than(self, from: Act, least_floor: u8) -> bool {
        match (self, from) {
            (Act::SelfConsume(Some(floor)), Act::SelfConsume(stood)) => floor > stood.unwrap_or(0).max(least_floor),
            (Act::Charge { target, power }, Act::Charge { target: stood, power: had }) => target > stood || power > had,
            (to, from) => to.grip() > from.grip(),
        }
    }

    /// What may be left of it where nothing may be taken that does not stand.
    pub(crate) fn within(self, stands: Act, least_floor: u8) -> Act {
        match (self, stands) {
            (Act::SelfConsume(Some(floor)), Act::SelfConsume(stood)) => {
                Act::SelfConsume(Some(floor.min(stood.unwrap_or(0).max(least_floor))))
            }
            (Act::Hold | Act::Charge { .. }, Act::SelfConsume(stood)) => {
                Act::SelfConsume(stood.map(|floor| floor.max(least_floor)))
            }
            (Act::SelfConsume(_), _) => self,
            (asked, stands) => asked.least(stands),
        }
    }
}
