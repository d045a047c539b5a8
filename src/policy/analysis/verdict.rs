//! What becomes of each rule.

use super::region::{Block, Budget, Exhausted, Region};
use super::space::Space;
use super::witness::{Witness, witness};
use crate::policy::model::{Action, Condition, Policy, Rule};

/// How much work the rules of a policy may take together, in comparisons of boxes.
const WORK: u32 = 400_000;

/// How much of it one question may take.
const WORK_OF_ONE: u32 = 40_000;

/// What becomes of a rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It wins in this situation.
    Fires(Box<Witness>),
    /// Its conditions never hold together.
    Never {
        /// Which of [`conjuncts`] contradict each other, as positions: leaving out any of them, the others may hold.
        core: Vec<usize>,
    },
    /// Whenever its conditions hold, those of a rule above it do.
    Hidden {
        /// The rules that hide it together, as positions: without any of them it might win.
        by: Vec<usize>,
    },
    /// It fires only where something is known that this version cannot tell: price ranks, forecasts.
    NotYetKnown,
    /// It would take too long to say.
    Undecided,
}

/// What can be proven about a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// For each rule, in their order.
    pub rules: Vec<Verdict>,
}

impl Analysis {
    /// Looks at every rule.
    #[must_use]
    pub fn of(policy: &Policy) -> Analysis {
        match Space::of(policy) {
            Ok(space) => Analysis { rules: Judge::of(&space).verdicts() },
            Err(Exhausted) => Analysis { rules: vec![Verdict::Undecided; policy.rules.len()] },
        }
    }
}

/// The conditions of a rule that must all hold.
#[must_use]
pub fn conjuncts(condition: &Condition) -> Vec<&Condition> {
    match condition {
        Condition::All(all) => all.iter().flat_map(conjuncts).collect(),
        other => vec![other],
    }
}

struct Judge<'s> {
    space: &'s Space<'s>,
    /// Where the conditions of each rule hold; `None` if that is too intricate.
    regions: Vec<Option<Region>>,
    today: Option<Region>,
    left: Budget,
}

impl<'s> Judge<'s> {
    fn of(space: &'s Space<'s>) -> Judge<'s> {
        let mut left = Budget::of(WORK);
        let region = |rule: &Rule, left: &mut Budget| {
            let mut budget = left.share(WORK_OF_ONE);
            let region = space.region(&rule.when, true, &mut budget);
            left.settle(WORK_OF_ONE, &budget);
            region.ok()
        };
        let regions = space.policy.rules.iter().map(|rule| region(rule, &mut left)).collect();
        let today = space.today(&mut left).ok();
        Judge { space, regions, today, left }
    }

    fn verdicts(mut self) -> Vec<Verdict> {
        (0..self.regions.len()).map(|rule| self.within_budget(|judge, budget| judge.verdict(rule, budget))).collect()
    }

    fn within_budget(
        &mut self,
        question: impl FnOnce(&Judge<'_>, &mut Budget) -> Result<Verdict, Exhausted>,
    ) -> Verdict {
        let mut budget = self.left.share(WORK_OF_ONE);
        let verdict = question(self, &mut budget).unwrap_or(Verdict::Undecided);
        self.left.settle(WORK_OF_ONE, &budget);
        verdict
    }

    fn verdict(&self, number: usize, budget: &mut Budget) -> Result<Verdict, Exhausted> {
        let region = self.regions.get(number).and_then(Option::as_ref).ok_or(Exhausted)?;
        let rule = self.space.policy.rules.get(number).ok_or(Exhausted)?;
        if region.is_empty() {
            return Ok(Verdict::Never { core: self.core(rule, budget)? });
        }
        let above = self.above(number, region);
        let covers = || above.iter().filter_map(|rule| self.regions.get(*rule)?.as_ref());
        let today = self.today.as_ref().ok_or(Exhausted)?;
        if let Some(block) = region.meet(today, budget)?.outside(covers(), budget)?
            && !waits(rule)
        {
            return self.fires(&block);
        }
        Ok(match region.outside(covers(), budget)? {
            Some(_) => Verdict::NotYetKnown,
            None => Verdict::Hidden { by: self.fewest(region, above, budget)? },
        })
    }

    fn fires(&self, block: &Block) -> Result<Verdict, Exhausted> {
        witness(self.space, block).map(|witness| Verdict::Fires(Box::new(witness))).ok_or(Exhausted)
    }

    /// The rules above that may take something from it. A rule whose action is not known in this version takes nothing.
    fn above(&self, number: usize, region: &Region) -> Vec<usize> {
        let takes = |rule: &usize| {
            let acts = self.space.policy.rules.get(*rule).is_some_and(|rule| !waits(rule));
            acts && self.regions.get(*rule).and_then(Option::as_ref).is_some_and(|other| other.meets(region))
        };
        (0..number).filter(takes).collect()
    }

    /// As few as possible of the rules that hide one: one of them alone, or else all that none can be left out of.
    fn fewest(&self, region: &Region, above: Vec<usize>, budget: &mut Budget) -> Result<Vec<usize>, Exhausted> {
        let hides = |rules: &[usize], budget: &mut Budget| {
            let covers = rules.iter().filter_map(|rule| self.regions.get(*rule)?.as_ref());
            region.outside(covers, budget).map(|left| left.is_none())
        };
        for rule in &above {
            if hides(&[*rule], budget)? {
                return Ok(vec![*rule]);
            }
        }
        let mut needed = above.clone();
        for rule in above.iter().rev() {
            let without: Vec<usize> = needed.iter().copied().filter(|other| other != rule).collect();
            if hides(&without, budget)? {
                needed = without;
            }
        }
        Ok(needed)
    }

    /// The conditions that contradict each other, without those that have no part in it.
    fn core(&self, rule: &Rule, budget: &mut Budget) -> Result<Vec<usize>, Exhausted> {
        let parts = conjuncts(&rule.when).into_iter().map(|part| self.space.region(part, true, budget));
        let parts: Vec<Region> = parts.collect::<Result<_, _>>()?;
        let mut core: Vec<usize> = (0..parts.len()).collect();
        for part in 0..parts.len() {
            let without: Vec<usize> = core.iter().copied().filter(|other| *other != part).collect();
            let rest = without.iter().filter_map(|part| parts.get(*part));
            if rest.clone().try_fold(Region::everything(), |all, part| all.meet(part, budget))?.is_empty() {
                core = without;
            }
        }
        Ok(core)
    }
}

/// Whether a rule does nothing in this version.
fn waits(rule: &Rule) -> bool {
    matches!(rule.then, Action::ChargeToCover { .. })
}
