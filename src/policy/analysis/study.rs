//! A policy laid out for questions.

use std::cell::Cell;

use super::charges::{ChargeDay, charge_days};
use super::region::{Block, Budget, Exhausted, Region};
use super::space::Space;
use super::verdict::conjuncts;
use crate::policy::model::{Action, Policy};

/// How much work the questions of one kind may take together: where each rule holds, what may follow on it, and what
/// becomes of it.
pub(super) const WORK: u64 = 80_000_000;

/// How much of it one question about what may follow on a rule may take.
const WORK_OF_ONE: u64 = 2_000_000;

/// Whether an action is of a sort, and the rule that it comes from.
type Sort<'a> = &'a dyn Fn(Option<usize>, Action) -> bool;

/// A policy whose situations are told apart, and in which of them each rule's conditions hold.
pub struct Study<'p> {
    pub(super) space: Space<'p>,
    /// Where the conditions of each rule hold; `None` if that is too intricate.
    pub(super) regions: Vec<Option<Region>>,
    /// The smallest box around each, to tell quickly which have nothing in common.
    pub(super) hulls: Vec<Block>,
    /// What is left of the work that the questions about what may follow on a rule may take.
    following: Cell<u64>,
}

impl<'p> Study<'p> {
    /// Tells the situations of a policy apart; `None` where there are too many.
    #[must_use]
    pub fn of(policy: &'p Policy) -> Option<Study<'p>> {
        let space = Space::of(policy).ok()?;
        let region = |rule: usize, budget: &mut Budget| {
            policy.rules.get(rule).map_or(Err(Exhausted), |rule| space.rule(rule, budget))
        };
        let regions = Budget::of(WORK).in_turn(policy.rules.len(), region);
        let hulls = regions.iter().map(|region| region.as_ref().map(Region::hull).unwrap_or_default()).collect();
        Some(Study { space, regions, hulls, following: Cell::new(WORK) })
    }

    /// The charges of each sort of day that follow from the calendar alone.
    #[must_use]
    pub fn charge_days(&self) -> Vec<ChargeDay> {
        charge_days(&self.space, &self.regions)
    }

    /// Whether an action of some sort may hold where one part of a rule's conditions is false and the others are true. The sort is
    /// asked of an action and of the rule that it comes from, as a position; `None` for what holds otherwise.
    ///
    /// Where it would take too long to say, nothing is said.
    #[must_use]
    pub fn may_turn_to(&self, rule: usize, part: usize, sort: Sort<'_>) -> bool {
        let mut left = Budget::of(self.following.get());
        let turns = left.within(WORK_OF_ONE, |budget| self.turns_to(rule, part, sort, budget));
        self.following.set(left.left());
        turns.unwrap_or(false)
    }

    fn turns_to(&self, number: usize, part: usize, sort: Sort<'_>, budget: &mut Budget) -> Result<bool, Exhausted> {
        let rule = self.space.policy.rules.get(number).ok_or(Exhausted)?;
        let mut beside = self.space.everything(budget)?;
        for (index, condition) in conjuncts(&rule.when).into_iter().enumerate() {
            beside = beside.meet(&self.space.region(condition, index != part, budget)?, budget)?;
        }
        let mut taken: Vec<&Region> = Vec::new();
        let mut sought: Vec<(Region, usize)> = Vec::new();
        for (by, (other, region)) in self.space.policy.rules.iter().zip(&self.regions).enumerate() {
            let region = region.as_ref().ok_or(Exhausted)?;
            if matches!(other.then, Action::ChargeToCover { .. } | Action::FollowPlan) {
                continue;
            }
            let both = beside.meet(region, budget)?;
            if both.is_empty() {
                continue;
            }
            if sort(Some(by), other.then) {
                sought.push((both, taken.len()));
            }
            taken.push(region);
        }
        // What holds otherwise is the likeliest, and asked once.
        if sort(None, self.space.policy.otherwise) && beside.outside(taken.iter().copied(), budget)?.is_some() {
            return Ok(true);
        }
        for (both, above) in sought {
            if both.outside(taken.iter().copied().take(above), budget)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
