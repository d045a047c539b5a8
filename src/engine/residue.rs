//! What a stretch of time leaves open of a policy: the rules whose truth a reading can still change.
//!
//! Kleene's logic is monotone: what is true or false without any reading stays so whatever is read. So over a stretch in
//! which no calendar test changes, most rules need be asked once and not at every tick.

use crate::policy::Policy;
use crate::tariff::Prices;
use crate::time::{Instant, Local};

use super::evaluate::{decision_of, otherwise};
use super::{Decision, Memory, Readings, Situation, View};

/// The rules that readings and prices decide over a stretch of time in which the calendar stands still.
#[derive(Clone, Debug, Default)]
pub(crate) struct Residue {
    open: Vec<usize>,
    /// The first rule that holds whatever is read; none of those after it counts.
    settled: Option<usize>,
}

impl Residue {
    /// What is left of a policy from an instant on, until the calendar changes.
    pub(crate) fn begin(&mut self, policy: &Policy, now: Instant, site: Local) {
        let nothing = (crate::snapshot::Snapshot::default(), Prices::default(), Memory::default());
        let situation = Situation { snapshot: &nothing.0, prices: &nothing.1, manual: None, now };
        let view = View { policy, situation, memory: &nothing.2, readings: Readings::BLIND, site };
        self.open.clear();
        self.settled = None;
        for (index, rule) in policy.rules.iter().enumerate() {
            match view.fires(rule) {
                Ok(false) => {}
                Ok(true) => {
                    self.settled = Some(index);
                    return;
                }
                Err(_) => self.open.push(index),
            }
        }
    }

    /// The decision of a moment within the stretch, without a manual command: the same as [`super::evaluate`]'s.
    pub(crate) fn decide(&self, view: &View<'_>) -> Decision {
        let fires = |index: &&usize| view.policy.rules.get(**index).is_some_and(|rule| view.fires(rule) == Ok(true));
        let winner = self.open.iter().find(fires).copied().or(self.settled);
        winner.and_then(|index| decision_of(view, index)).unwrap_or_else(|| otherwise(view.policy))
    }
}
