//! What holds at one moment.

use std::fmt;

use crate::time::Instant;
use crate::units::{Power, Soc};

/// What is asked of the battery, after reserve and ceiling have bounded it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Command {
    /// Take from the sun, then the grid, up to the target; at or above it, no discharge.
    ChargeTo {
        /// The target, at most the ceiling.
        target: Soc,
        /// At most this power.
        power: Option<Power>,
    },
    /// No discharge; the sun may charge.
    Hold,
    /// The device's own way, down to the floor.
    SelfConsume {
        /// The floor, at least the reserve.
        floor: Soc,
    },
    /// Force energy out down to the floor, then self-consume down to it.
    DischargeTo {
        /// The floor, at least the reserve.
        floor: Soc,
        /// At most this power.
        power: Option<Power>,
    },
}

/// Who decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The rule at this position in the policy.
    Rule(usize),
    /// No rule held.
    Otherwise,
    /// The owner's manual command, which stands above all rules.
    Override,
}

/// What holds at one moment and who decided it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// Who decided.
    pub source: Source,
    /// What holds.
    pub command: Command,
}

/// The owner's manual command. It expires by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Override {
    /// What is asked.
    pub action: crate::policy::Action,
    /// The first instant at which it no longer holds.
    pub until: Instant,
}

impl fmt::Display for Command {
    /// The words of the policy language.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at =
            |f: &mut fmt::Formatter<'_>, power: &Option<Power>| power.map_or(Ok(()), |power| write!(f, " at {power}"));
        match self {
            Command::ChargeTo { target, power } => {
                write!(f, "charge to {target}")?;
                at(f, power)
            }
            Command::Hold => f.write_str("hold"),
            Command::SelfConsume { floor } => write!(f, "self-consume down to {floor}"),
            Command::DischargeTo { floor, power } => {
                write!(f, "discharge to {floor}")?;
                at(f, power)
            }
        }
    }
}
