//! What becomes of each rule.

use super::region::{Block, Budget, Exhausted, Region};
use super::study::{Study, WORK_OF_ONE};
use super::witness::{Witness, witness};
use crate::policy::model::{Action, Condition, Rule};

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

/// The conditions of a rule that must all hold.
#[must_use]
pub fn conjuncts(condition: &Condition) -> Vec<&Condition> {
    match condition {
        Condition::All(all) => all.iter().flat_map(conjuncts).collect(),
        Condition::Any(any) => match any.as_slice() {
            [only] => conjuncts(only),
            _ => vec![condition],
        },
        other => vec![other],
    }
}

impl Study<'_> {
    /// What becomes of each rule, in their order.
    #[must_use]
    pub fn verdicts(&self) -> Vec<Verdict> {
        let mut left = Study::budget();
        let today = self.space.today(&mut left);
        let Ok(today) = today else { return vec![Verdict::Undecided; self.regions.len()] };
        let verdict = |rule| {
            let mut budget = left.share(WORK_OF_ONE);
            let verdict = self.verdict(rule, &today, &mut budget).unwrap_or(Verdict::Undecided);
            left.settle(WORK_OF_ONE, &budget);
            verdict
        };
        (0..self.regions.len()).map(verdict).collect()
    }

    fn verdict(&self, number: usize, today: &Region, budget: &mut Budget) -> Result<Verdict, Exhausted> {
        let region = self.regions.get(number).and_then(Option::as_ref).ok_or(Exhausted)?;
        let rule = self.space.policy.rules.get(number).ok_or(Exhausted)?;
        if region.is_empty() {
            return Ok(Verdict::Never { core: self.core(rule, budget)? });
        }
        let above = self.above(number, region);
        let covers = || above.iter().filter_map(|rule| self.regions.get(*rule)?.as_ref());
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
        witness(&self.space, block).map(|witness| Verdict::Fires(Box::new(witness))).ok_or(Exhausted)
    }

    /// The rules above that may take something from it. A rule whose action may come to nothing known takes nothing for sure.
    fn above(&self, number: usize, region: &Region) -> Vec<usize> {
        let takes = |rule: &usize| {
            let acts = self.space.policy.rules.get(*rule).is_some_and(|rule| !may_wait(rule));
            acts && self.near(*rule, number)
                && self.regions.get(*rule).and_then(Option::as_ref).is_some_and(|other| other.meets(region))
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
            let everything = self.space.everything(budget)?;
            if rest.clone().try_fold(everything, |all, part| all.meet(part, budget))?.is_empty() {
                core = without;
            }
        }
        Ok(core)
    }
}

/// Whether a rule may hold and yet not win, because what it comes to is not known.
fn may_wait(rule: &Rule) -> bool {
    waits(rule) || rule.then == Action::FollowPlan
}

/// Whether a rule does nothing in this version.
fn waits(rule: &Rule) -> bool {
    matches!(rule.then, Action::ChargeToCover { .. })
}
