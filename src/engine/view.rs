//! Conditions judged at one moment, in three-valued logic.

use std::time::Duration;

use crate::policy::Policy;
use crate::policy::model::{Action, CalendarCondition, Comparison, Condition, Rule};
use crate::snapshot::Unknown;
use crate::time::Local;
use crate::units::Soc;
use crate::worth::{Lack, SlotWorth};

use super::memory::{Cell, Look};
use super::{Command, Memory, Readings, Situation, bands, followed, guarded};

/// Whether a condition holds, or why that cannot be known.
pub(crate) type Truth = Result<bool, Unknown>;

/// Whether what an action comes to may be unknown.
fn is_looked_up(action: Action) -> bool {
    matches!(action, Action::FollowPlan | Action::ChargeToCover { .. })
}

/// One moment as the conditions see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) situation: Situation<'a>,
    pub(crate) memory: &'a Memory,
    pub(crate) readings: Readings,
    pub(crate) site: Local,
}

impl<'a> View<'a> {
    /// The moment as it is.
    pub(crate) fn new(policy: &'a Policy, situation: &Situation<'a>, memory: &'a Memory) -> View<'a> {
        let readings = Readings::of(situation.snapshot, situation.now, policy.limits.reading_max_age);
        View { policy, situation: *situation, memory, readings, site: policy.zone.local(situation.now) }
    }

    /// Whether a rule fires: its condition holds, and what it asks for is known.
    pub(crate) fn fires(&self, rule: &Rule) -> Truth {
        match self.holds(&rule.when) {
            Ok(true) if is_looked_up(rule.then) => self.command(rule.then).map(|_| true),
            truth => truth,
        }
    }

    /// What an action comes to within the guards of the battery, or why that is not known.
    pub(crate) fn command(&self, action: Action) -> Result<Command, Unknown> {
        match action {
            Action::FollowPlan => {
                let standing = self.situation.prices.stored.standing(self.situation.now);
                self.plan().map(|(worth, soc)| followed(&self.policy.battery, worth, soc, standing))
            }
            action => guarded(&self.policy.battery, action).ok_or(Unknown::NotYetKnown),
        }
    }

    /// What stored energy is worth now, and how much is stored.
    pub(super) fn plan(&self) -> Result<(&'a SlotWorth, Soc), Unknown> {
        let worth = self.situation.prices.stored.at(self.situation.now).map_err(|lack| match lack {
            Lack::NotAsked => Unknown::NotYetKnown,
            Lack::NoPrice => Unknown::NoPrice,
            Lack::NoForecast => Unknown::NoForecast,
        })?;
        let soc = self.readings.soc?;
        Ok((worth, Soc::from_percent(soc).ok_or(Unknown::Implausible)?))
    }

    /// Whether a condition holds, by Kleene's logic. The reason of an unknown one is that of its first unknown part.
    pub(crate) fn holds(&self, condition: &Condition) -> Truth {
        match condition {
            Condition::All(parts) => self.until_found(parts, false),
            Condition::Any(parts) => self.until_found(parts, true),
            Condition::Not(inner) => self.holds(inner).map(|truth| !truth),
            Condition::Calendar(calendar) => Ok(self.calendar(calendar)),
            Condition::Compare(comparison) => self.compare(comparison),
            Condition::NotYetKnown(_) => Err(Unknown::NotYetKnown),
        }
    }

    /// One part of the decisive truth decides; without one, an unknown part leaves it unknown.
    fn until_found(&self, parts: &[Condition], decisive: bool) -> Truth {
        let mut found = Ok(!decisive);
        for part in parts {
            match self.holds(part) {
                Ok(truth) if truth == decisive => return Ok(decisive),
                Err(why) if found.is_ok() => found = Err(why),
                _ => {}
            }
        }
        found
    }

    fn calendar(&self, calendar: &CalendarCondition) -> bool {
        bands::holds(calendar, &self.policy.tariff, self.situation.now, self.site)
    }

    fn compare(&self, comparison: &Comparison) -> Truth {
        let value = self.readings.quantity(comparison.quantity, self.situation.prices, self.situation.now);
        match comparison.observation {
            None => value.map(|value| comparison.bounds.contains(value)),
            Some(index) => self.look(index, value).map_or(Err(Unknown::TooFewSamples), |look| look.truth),
        }
    }

    /// What a look at an observation comes to; `None` if the policy has no such observation.
    pub(crate) fn look(&self, index: usize, value: Result<f64, Unknown>) -> Option<Look> {
        let observation = self.policy.observations.get(index)?;
        let (now, gap) = (self.situation.now, self.gap());
        let look = |cell: &Cell| cell.look(observation, value, now, gap);
        Some(self.memory.cell(index).map_or_else(|| look(&Cell::default()), look))
    }

    fn gap(&self) -> Duration {
        self.policy.limits.reading_max_age
    }
}
