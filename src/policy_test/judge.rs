//! What was expected beside what came of it.

use super::model::{Asked, Bound, Stretch, Test, Winner};
use super::span::{Decided, Gap, Run};
use crate::diagnostic::Place;
use crate::engine::{Decision, Source, guarded};
use crate::plan::Inputs;
use crate::policy::Policy;
use crate::snapshot::Signal;
use crate::tariff::Prices;
use crate::time::Instant;

/// A cost is compared to the hundred-thousandth of the currency, so that no rounding decides.
const COST_GRAIN: f64 = 1e-5;

/// A state of charge is compared to the thousandth of a percent.
const SOC_GRAIN: f64 = 1e-3;

/// What became of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// For each rule of the policy whether it decided anything.
    pub fired: Vec<bool>,
    /// What was not as expected; nothing if the test passed.
    pub failures: Vec<Failure>,
    /// What became of the span, if the test failed and has one.
    pub run: Option<Box<Run>>,
}

/// One thing that was not as expected.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// Another decision.
    Decision(Box<Difference>),
    /// Another number.
    Figure {
        /// Of what.
        figure: Figure,
        /// What was expected.
        expected: Bound,
        /// What it was: a count, the tariff's currency, or percent; or why it is not known.
        found: Result<f64, Option<(Instant, Gap)>>,
    },
}

/// A number of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// How many writes.
    Writes,
    /// The cost.
    Cost,
    /// The state of charge at the end.
    Soc,
}

/// The first moment at which another decision held than was expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// When.
    pub at: Instant,
    /// What was expected.
    pub wanted: Wanted,
    /// What was decided.
    pub found: Decision,
    /// What was known then.
    pub scene: Scene,
}

/// What was expected of a moment.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// That this holds over a stretch of time.
    Holds {
        /// What.
        asked: Asked,
        /// The first instant.
        from: Instant,
        /// The first instant after it; the same where one moment is meant.
        until: Instant,
    },
    /// That a rule does not decide, since the timeline names it for other times.
    Elsewhere {
        /// The rule's position in the policy.
        rule: usize,
        /// The stretches for which the timeline names it: the first instant of each, and the first after it.
        only: Vec<(Instant, Instant)>,
        /// Where the timeline first names it.
        place: Place,
    },
}

/// Everything that was known at a moment, so that it can be explained.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// What was read and remembered.
    pub inputs: Inputs,
    /// The prices.
    pub prices: Prices,
    /// The signals whose stale readings hold a number that stands for nothing.
    pub valueless: Vec<Signal>,
}

/// For each rule whether it is among those who decided.
pub(super) fn fired(policy: &Policy, sources: impl IntoIterator<Item = Source>) -> Vec<bool> {
    let mut fired = vec![false; policy.rules.len()];
    for source in sources {
        if let Source::Rule(index) = source
            && let Some(seen) = fired.get_mut(index)
        {
            *seen = true;
        }
    }
    fired
}

/// Whether a decision is what was asked. An action is compared as the battery's guards leave it.
pub(super) fn meets(policy: &Policy, asked: &Asked, decision: &Decision) -> bool {
    let decided = match asked.winner {
        None => true,
        Some(Winner::Rule(index)) => decision.source == Source::Rule(index),
        Some(Winner::Nobody) => decision.source == Source::Otherwise,
    };
    let commanded = asked.action.is_none_or(|action| guarded(&policy.battery, action) == Some(decision.command));
    decided && commanded
}

/// Everything that a span has otherwise than was expected.
pub(super) fn span(policy: &Policy, test: &Test, run: &Run, scene: impl Fn(Instant) -> Scene) -> Vec<Failure> {
    let expect = &test.expect;
    let first = first_difference(policy, test, run);
    let difference = first.and_then(|(at, wanted)| {
        let found = run.at(at)?.decision;
        Some(Failure::Decision(Box::new(Difference { at, wanted, found, scene: scene(at) })))
    });
    let count = u32::try_from(run.writes.len()).map_or(f64::MAX, f64::from);
    let figures = [
        (Figure::Writes, &expect.writes, Ok(count), 0.0),
        (Figure::Cost, &expect.cost, run.cost.map_err(Some), COST_GRAIN),
        (Figure::Soc, &expect.soc, run.soc.map(|soc| soc.percent()).ok_or(None), SOC_GRAIN),
    ];
    let figures = figures.into_iter().filter_map(|(figure, expected, found, grain)| {
        let expected = expected.as_ref().filter(|bound| !found.is_ok_and(|value| within(bound, value, grain)))?;
        Some(Failure::Figure { figure, expected: expected.clone(), found })
    });
    difference.into_iter().chain(figures).collect()
}

/// Whether a number lies within bounds, once the dust of arithmetic is wiped off.
fn within(bound: &Bound, value: f64, grain: f64) -> bool {
    let value = if grain > 0.0 { (value / grain).round() * grain } else { value };
    let near = [bound.bounds.low, bound.bounds.high].into_iter().flatten().map(|edge| edge.value);
    let value = near.into_iter().find(|edge| (edge - value).abs() < grain / 2.0).unwrap_or(value);
    bound.bounds.contains(value)
}

/// The earliest moment at which something else was decided than was expected.
fn first_difference(policy: &Policy, test: &Test, run: &Run) -> Option<(Instant, Wanted)> {
    let (from, until) = (run.decided.first()?.from, run.decided.last()?.until);
    let throughout = test.expect.throughout.iter().map(|asked| Stretch { from, until, asked: asked.clone() });
    let stretches: Vec<Stretch> = throughout.chain(test.expect.timeline.iter().cloned()).collect();
    let missed = stretches.iter().filter_map(|stretch| {
        let not_met = |decided: &&Decided| {
            decided.from < stretch.until
                && stretch.from < decided.until
                && !meets(policy, &stretch.asked, &decided.decision)
        };
        let at = run.decided.iter().find(not_met)?.from.max(stretch.from);
        let Stretch { from, until, asked } = stretch.clone();
        Some((at, Wanted::Holds { asked, from, until }))
    });
    missed.chain(elsewhere(&test.expect.timeline, run)).min_by_key(|(at, _)| *at)
}

/// Where a rule that the timeline names decided at a time for which it is not named.
fn elsewhere(timeline: &[Stretch], run: &Run) -> Option<(Instant, Wanted)> {
    let stray = run.decided.iter().filter_map(|decided| {
        let Source::Rule(rule) = decided.decision.source else { return None };
        let named = |stretch: &&Stretch| stretch.asked.winner == Some(Winner::Rule(rule));
        let place = timeline.iter().find(named)?.asked.place.clone();
        let at = uncovered(decided, timeline.iter().filter(named))?;
        let only = timeline.iter().filter(named).map(|stretch| (stretch.from, stretch.until)).collect();
        Some((at, Wanted::Elsewhere { rule, only, place }))
    });
    stray.min_by_key(|(at, _)| *at)
}

/// The first instant of what was decided that no stretch covers; stretches stand in order.
fn uncovered<'a>(decided: &Decided, stretches: impl Iterator<Item = &'a Stretch>) -> Option<Instant> {
    let mut at = decided.from;
    for stretch in stretches {
        if stretch.from <= at && at < stretch.until {
            at = stretch.until;
        }
    }
    (at < decided.until).then_some(at)
}
