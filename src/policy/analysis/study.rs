//! A policy laid out for questions.

use super::charges::{ChargeDay, charge_days};
use super::region::{Block, Budget, Exhausted, Region};
use super::space::Space;
use super::verdict::conjuncts;
use crate::policy::model::{Action, Policy, Rule};

/// How much work the rules of a policy may take together, in comparisons of boxes.
const WORK: u32 = 400_000;

/// How much of it one question may take.
pub(super) const WORK_OF_ONE: u32 = 40_000;

/// Whether an action is of a sort, and the rule that it comes from.
type Sort<'a> = &'a dyn Fn(Option<usize>, Action) -> bool;

/// A policy whose situations are told apart, and in which of them each rule's conditions hold.
pub struct Study<'p> {
    pub(super) space: Space<'p>,
    /// Where the conditions of each rule hold; `None` if that is too intricate.
    pub(super) regions: Vec<Option<Region>>,
    /// The smallest box around each, to tell quickly which have nothing in common.
    hulls: Vec<Block>,
}

impl<'p> Study<'p> {
    /// Tells the situations of a policy apart; `None` where there are too many.
    #[must_use]
    pub fn of(policy: &'p Policy) -> Option<Study<'p>> {
        let space = Space::of(policy).ok()?;
        let mut left = Budget::of(WORK);
        let region = |rule: &Rule| {
            let mut budget = left.share(WORK_OF_ONE);
            let region = space.rule(rule, &mut budget);
            left.settle(WORK_OF_ONE, &budget);
            region.ok()
        };
        let regions: Vec<Option<Region>> = policy.rules.iter().map(region).collect();
        let hulls = regions.iter().map(|region| region.as_ref().map(Region::hull).unwrap_or_default()).collect();
        Some(Study { space, regions, hulls })
    }

    /// What is left for the questions about all rules together.
    pub(super) fn budget() -> Budget {
        Budget::of(WORK)
    }

    /// The charges of each sort of day that follow from the calendar alone.
    #[must_use]
    pub fn charge_days(&self) -> Vec<ChargeDay> {
        charge_days(&self.space, &self.regions)
    }

    /// Whether an action of some sort may hold where one part of a rule's conditions is false and the others are true. The sort is
    /// asked of an action and of the rule that it comes from, as a position; `None` for what holds otherwise.
    ///
    /// Where it would take too long to say it is held for possible.
    #[must_use]
    pub fn may_turn_to(&self, rule: usize, part: usize, sort: Sort<'_>) -> bool {
        self.turns_to(rule, part, sort, &mut Budget::of(WORK_OF_ONE)).unwrap_or(true)
    }

    fn turns_to(&self, number: usize, part: usize, sort: Sort<'_>, budget: &mut Budget) -> Result<bool, Exhausted> {
        let rule = self.space.policy.rules.get(number).ok_or(Exhausted)?;
        let mut beside = self.space.everything(budget)?;
        for (index, condition) in conjuncts(&rule.when).into_iter().enumerate() {
            beside = beside.meet(&self.space.region(condition, index != part, budget)?, budget)?;
        }
        let mut taken: Vec<&Region> = Vec::new();
        for (by, (other, region)) in self.space.policy.rules.iter().zip(&self.regions).enumerate() {
            let region = region.as_ref().ok_or(Exhausted)?;
            let waits = matches!(other.then, Action::ChargeToCover { .. } | Action::FollowPlan);
            if waits || !region.meets(&beside) {
                continue;
            }
            if sort(Some(by), other.then)
                && beside.meet(region, budget)?.outside(taken.iter().copied(), budget)?.is_some()
            {
                return Ok(true);
            }
            taken.push(region);
        }
        Ok(sort(None, self.space.policy.otherwise) && beside.outside(taken, budget)?.is_some())
    }

    /// Whether two rules may hold together, as far as a glance tells.
    pub(super) fn near(&self, one: usize, other: usize) -> bool {
        self.hulls.get(one).zip(self.hulls.get(other)).is_some_and(|(one, other)| one.meets(other))
    }
}
