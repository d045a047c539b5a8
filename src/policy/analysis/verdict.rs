//! What becomes of each rule.

use super::implied::implies;
use super::region::{Block, Budget, Exhausted, Region};
use super::study::{Study, WORK};
use super::witness::{Witness, witness};
use crate::policy::model::{Action, Condition, Policy, Rule};

/// How much work it may take to see whether one rule plainly hides another.
const PLAIN_WORK: u64 = 100_000;

/// What becomes of a rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It wins in this situation.
    Fires(Box<Witness>),
    /// Its conditions never hold together.
    Never {
        /// Which of [`conjuncts`] contradict each other, as positions: leaving out any of them, the others may hold, unless
        /// there were too many to try them all.
        core: Vec<usize>,
    },
    /// Whenever its conditions hold, those of a rule above it do.
    Hidden {
        /// The rules that hide it together, as positions: without any of them it might win, unless there were too many to try
        /// them all.
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

/// What becomes of each rule of a policy, in their order, with its study if there is one.
///
/// The cheap questions come first: what one rule alone plainly hides is found however large the policy is.
#[must_use]
pub fn verdicts(policy: &Policy, study: Option<&Study<'_>>) -> Vec<Verdict> {
    // The form of two conditions is compared in work of its own, which is enough for as many conditions as there may be.
    let (mut left, mut form) = (Budget::of(WORK), Budget::of(WORK));
    let plain =
        (0..policy.rules.len()).map(|rule| hidden_by_one(policy, study, rule, (&mut left, &mut form))).collect();
    match study {
        Some(study) => study.verdicts(plain, &mut left),
        None => plain.into_iter().map(|plain| plain.unwrap_or(Verdict::Undecided)).collect(),
    }
}

/// A rule that one above it plainly hides.
fn hidden_by_one(
    policy: &Policy,
    study: Option<&Study<'_>>,
    number: usize,
    (left, form): (&mut Budget, &mut Budget),
) -> Option<Verdict> {
    let rule = policy.rules.get(number)?;
    if study.and_then(|study| study.region(number)).is_some_and(Region::is_empty) {
        return None;
    }
    let mut hides = |above: usize, other: &Rule| {
        let plainly = study.and_then(|study| study.plainly_hides(above, number, left));
        plainly.unwrap_or_else(|| implies(&rule.when, &other.when, form))
    };
    let mut above = policy.rules.iter().enumerate().take(number).filter(|(_, other)| !may_wait(other));
    let by = above.find(|(above, other)| hides(*above, other))?;
    Some(Verdict::Hidden { by: vec![by.0] })
}

impl Study<'_> {
    /// Where the conditions of a rule hold, if that is known.
    fn region(&self, rule: usize) -> Option<&Region> {
        self.regions.get(rule).and_then(Option::as_ref)
    }

    /// Whether a rule plainly hides another; `None` if it is not known where one of them holds, or would take too long.
    fn plainly_hides(&self, above: usize, rule: usize, left: &mut Budget) -> Option<bool> {
        let (hiding, region) = self.region(above).zip(self.region(rule))?;
        let (around, hull) = self.hulls.get(above).zip(self.hulls.get(rule))?;
        left.spend(hull.weight()).ok()?;
        if !hull.within(around) {
            return Some(false);
        }
        left.within(PLAIN_WORK, |budget| region.plainly_within(hiding, budget)).ok()
    }

    /// What becomes of those rules of which it is not known yet.
    fn verdicts(&self, plain: Vec<Option<Verdict>>, left: &mut Budget) -> Vec<Verdict> {
        let open: Vec<usize> =
            plain.iter().enumerate().filter(|(_, plain)| plain.is_none()).map(|(rule, _)| rule).collect();
        let found = self.space.today(left).map_or_else(
            |_| Vec::new(),
            |today| {
                let verdict = |number: usize, budget: &mut Budget| {
                    open.get(number).map_or(Err(Exhausted), |rule| self.verdict(*rule, &today, budget))
                };
                left.in_turn(open.len(), verdict)
            },
        );
        let mut found = found.into_iter().map(|found| found.unwrap_or(Verdict::Undecided));
        plain.into_iter().map(|plain| plain.or_else(|| found.next()).unwrap_or(Verdict::Undecided)).collect()
    }

    fn verdict(&self, number: usize, today: &Region, budget: &mut Budget) -> Result<Verdict, Exhausted> {
        let region = self.region(number).ok_or(Exhausted)?;
        let rule = self.space.policy.rules.get(number).ok_or(Exhausted)?;
        if region.is_empty() {
            return Ok(Verdict::Never { core: self.core(rule, budget) });
        }
        let above = self.above(number);
        let covers = || above.iter().filter_map(|rule| self.region(*rule));
        if let Some(block) = region.meet(today, budget)?.outside(covers(), budget)?
            && !waits(rule)
        {
            return self.fires(&block);
        }
        Ok(match region.outside(covers(), budget)? {
            Some(_) => Verdict::NotYetKnown,
            None => Verdict::Hidden { by: self.fewest(region, above, budget) },
        })
    }

    fn fires(&self, block: &Block) -> Result<Verdict, Exhausted> {
        witness(&self.space, block).map(|witness| Verdict::Fires(Box::new(witness))).ok_or(Exhausted)
    }

    /// The rules above that may take something from it. A rule whose action may come to nothing known takes nothing for sure.
    fn above(&self, number: usize) -> Vec<usize> {
        let near = |rule: &usize| {
            self.hulls.get(*rule).zip(self.hulls.get(number)).is_some_and(|(one, other)| one.meets(other))
        };
        let acts = |rule: &usize| self.space.policy.rules.get(*rule).is_some_and(|rule| !may_wait(rule));
        (0..number).filter(|rule| acts(rule) && near(rule)).collect()
    }

    /// As few as possible of the rules that hide one: one of them alone, or else all that none can be left out of, as far as
    /// there is time to try.
    fn fewest(&self, region: &Region, above: Vec<usize>, budget: &mut Budget) -> Vec<usize> {
        let mut hides = |rules: &[usize]| {
            let covers = rules.iter().filter_map(|rule| self.region(*rule));
            region.outside(covers, budget).is_ok_and(|left| left.is_none())
        };
        if let Some(rule) = above.iter().find(|rule| hides(&[**rule])) {
            return vec![*rule];
        }
        let mut needed = above.clone();
        for rule in above.iter().rev() {
            let without: Vec<usize> = needed.iter().copied().filter(|other| other != rule).collect();
            if hides(&without) {
                needed = without;
            }
        }
        needed
    }

    /// The conditions that contradict each other, without those that have no part in it, as far as there is time to try.
    fn core(&self, rule: &Rule, budget: &mut Budget) -> Vec<usize> {
        let parts = conjuncts(&rule.when);
        let mut core: Vec<usize> = (0..parts.len()).collect();
        for part in 0..parts.len() {
            let without: Vec<usize> = core.iter().copied().filter(|other| *other != part).collect();
            let mut rest = without.iter().filter_map(|part| parts.get(*part));
            let met = self.space.everything(budget).and_then(|everything| {
                rest.try_fold(everything, |all, part| all.meet(&self.space.region(part, true, budget)?, budget))
            });
            if met.is_ok_and(|met| met.is_empty()) {
                core = without;
            }
        }
        core
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
