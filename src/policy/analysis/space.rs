//! What a policy can tell apart: a finite space of situations, and each condition as a set of them.
//!
//! The variables are the sort of day and the stretch of the clock, each signal (unknown, or a piece of its axis), what is remembered for each
//! observation, and each condition that this version cannot evaluate. Nothing is assumed of what was seen before: a latch
//! or a duration is a variable of its own, bound to the present value alone by what it means.

use super::axis::{Axis, keeps};
use super::bits::Bits;
use super::calendar::{Calendar, Rectangle};
use super::implied::same;
use super::region::{Block, Budget, Exhausted, Region, Variable};
use crate::policy::model::{
    Band, Bounds, CalendarCondition, Comparison, Condition, Observation, Policy, Quantity, Rule,
};
use crate::snapshot::Signal;

/// How many calendar conditions may differ.
pub(super) const MAX_CALENDARS: usize = 512;

/// The sort of day, or of moment.
pub(super) const DAY: Variable = 0;
/// The stretch of the clock.
pub(super) const CLOCK: Variable = 1;
/// The first of the signals.
const SIGNALS: Variable = 2;

/// What is remembered says yes.
pub(super) const YES: usize = 0;
/// What is remembered says no.
pub(super) const NO: usize = 1;
/// Too little was seen to have a mean, or this version cannot tell; a latch and a duration always say yes or no.
pub(super) const UNTOLD: usize = 2;

/// The situations of a policy.
pub(super) struct Space<'p> {
    pub(super) policy: &'p Policy,
    pub(super) calendar: Calendar,
    calendars: Vec<&'p CalendarCondition>,
    /// In the order of [`Signal::ALL`]. Value 0 of the variable is unknown.
    axes: Vec<Axis>,
    /// The prices of import and of export that a mean can be.
    price_axes: [Axis; 2],
    futures: Vec<&'p str>,
}

impl<'p> Space<'p> {
    /// The space that the conditions of a policy span.
    pub(super) fn of(policy: &'p Policy) -> Result<Space<'p>, Exhausted> {
        let mut found = Found::default();
        policy.rules.iter().for_each(|rule| found.collect(&rule.when));
        if found.calendars.len() > MAX_CALENDARS {
            return Err(Exhausted);
        }
        let calendar = Calendar::of(&policy.tariff, &policy.zone, &found.calendars)?;
        let axis = |signal| Axis::natural(policy, &found.compared, Quantity::Reading(signal));
        let axes: Vec<Axis> = Signal::ALL.into_iter().map(axis).collect();
        let priced = |quantity, bands| Axis::of(policy, &found.compared, quantity, prices(bands));
        let price_axes = [
            priced(Quantity::ImportPrice, &policy.tariff.import),
            priced(Quantity::ExportPrice, &policy.tariff.export),
        ];
        Ok(Space { policy, calendar, calendars: found.calendars, axes, price_axes, futures: found.futures })
    }

    /// The variable of a signal.
    pub(super) fn signal(signal: Signal) -> Variable {
        SIGNALS + Signal::ALL.iter().position(|one| *one == signal).unwrap_or_default()
    }

    /// The variable of an observation.
    pub(super) fn observation(index: usize) -> Variable {
        SIGNALS + Signal::ALL.len() + index
    }

    /// The values of a signal.
    pub(super) fn axis(&self, signal: Signal) -> Option<&Axis> {
        Signal::ALL.iter().position(|one| *one == signal).and_then(|number| self.axes.get(number))
    }

    /// The moments that exist.
    pub(super) fn everything(&self, budget: &mut Budget) -> Result<Region, Exhausted> {
        self.calendar.exists.as_ref().map_or(Ok(Region::everything()), |exists| rectangles(exists, budget))
    }

    /// The situations in which a rule's conditions hold.
    pub(super) fn rule(&self, rule: &Rule, budget: &mut Budget) -> Result<Region, Exhausted> {
        self.region(&rule.when, true, budget)?.meet(&self.everything(budget)?, budget)
    }

    /// The variables of the conditions that this version cannot evaluate.
    pub(super) fn futures(&self) -> impl Iterator<Item = Variable> + use<> {
        let first = Space::observation(self.policy.observations.len());
        first..first + self.futures.len()
    }

    /// The situations in which everything that this version cannot evaluate is untold, as it is today.
    pub(super) fn today(&self, budget: &mut Budget) -> Result<Region, Exhausted> {
        let untold = |variable| Region::one(variable, Bits::which(3, |value| value == UNTOLD));
        self.futures().try_fold(Region::everything(), |all, variable| all.meet(&untold(variable), budget))
    }

    /// The situations in which a condition has this truth.
    pub(super) fn region(&self, condition: &Condition, truth: bool, budget: &mut Budget) -> Result<Region, Exhausted> {
        match condition {
            Condition::All(parts) => self.combined(parts, truth, truth, budget),
            Condition::Any(parts) => self.combined(parts, truth, !truth, budget),
            Condition::Not(inner) => self.region(inner, !truth, budget),
            Condition::Calendar(calendar) => self.calendar_region(calendar, truth, budget),
            Condition::Compare(comparison) => self.compare(comparison, truth, budget),
            Condition::NotYetKnown(future) => {
                let number = self.futures.iter().position(|text| *text == future.text).unwrap_or_default();
                let variable = Space::observation(self.policy.observations.len()) + number;
                Ok(Region::one(variable, only(3, truth)))
            }
        }
    }

    /// Each part has the truth, or one of them has.
    fn combined(&self, parts: &[Condition], truth: bool, each: bool, budget: &mut Budget) -> Result<Region, Exhausted> {
        let mut whole = if each { Region::everything() } else { Region::default() };
        for part in parts {
            let part = self.region(part, truth, budget)?;
            whole = if each { whole.meet(&part, budget)? } else { whole.join(part, budget)? };
        }
        Ok(whole)
    }

    fn calendar_region(
        &self,
        asked: &CalendarCondition,
        truth: bool,
        budget: &mut Budget,
    ) -> Result<Region, Exhausted> {
        let number = self.calendars.iter().position(|known| same(known, asked));
        let Some(row) = number.and_then(|number| self.calendar.conditions.get(number)) else {
            return Ok(Region::default());
        };
        rectangles(if truth { &row.holds } else { &row.fails }, budget)
    }

    fn compare(&self, comparison: &Comparison, truth: bool, budget: &mut Budget) -> Result<Region, Exhausted> {
        let quantity = comparison.quantity;
        let Some(index) = comparison.observation else {
            return self.at(quantity, |value| comparison.bounds.contains(value) == truth, budget);
        };
        let Some(observation) = self.policy.observations.get(index) else { return Ok(Region::default()) };
        if observation.average.is_some() {
            return self.of_mean(index, observation, truth, budget);
        }
        let remembered = Region::one(Space::observation(index), only(2, truth));
        let within = |value| observation.bounds.contains(value);
        let kept = |value| within(value) || keeps(observation, value);
        // A latch is on within its bounds whatever was; a duration needs a past wherever it is.
        let surely = |value| within(value) && observation.hold.is_none();
        let open = self.at(quantity, |value| kept(value) && !surely(value), budget)?.meet(&remembered, budget)?;
        let settled = self.at(quantity, |value| if truth { surely(value) } else { !kept(value) }, budget)?;
        settled.join(open, budget)
    }

    /// A condition on a mean: of the present value nothing follows but that it must be known.
    fn of_mean(
        &self,
        index: usize,
        observation: &Observation,
        truth: bool,
        budget: &mut Budget,
    ) -> Result<Region, Exhausted> {
        let means = self.means(observation.quantity);
        let possible = match truth {
            true => means.iter().any(|mean| observation.bounds.contains(*mean)),
            false => observation.hold.is_some() || means.iter().any(|mean| !observation.bounds.contains(*mean)),
        };
        if !possible {
            return Ok(Region::default());
        }
        let known = self.at(observation.quantity, |_| true, budget)?;
        known.meet(&Region::one(Space::observation(index), only(3, truth)), budget)
    }

    /// The situations in which a quantity is known and has a value of which something holds.
    pub(super) fn at(
        &self,
        quantity: Quantity,
        holds: impl Fn(f64) -> bool,
        budget: &mut Budget,
    ) -> Result<Region, Exhausted> {
        match quantity {
            Quantity::Reading(signal) => {
                let values = self.axis(signal).map_or(&[][..], |axis| &axis.values);
                let value = |number: usize| number.checked_sub(1).and_then(|number| values.get(number)).copied();
                let values = Bits::which(values.len() + 1, |number| value(number).is_some_and(&holds));
                Ok(Region::one(Space::signal(signal), values))
            }
            Quantity::ImportPrice => self.priced(&self.policy.tariff.import, 0, holds, budget),
            Quantity::ExportPrice => self.priced(&self.policy.tariff.export, 1, holds, budget),
        }
    }

    fn priced(
        &self,
        bands: &[Band],
        side: usize,
        holds: impl Fn(f64) -> bool,
        budget: &mut Budget,
    ) -> Result<Region, Exhausted> {
        let stands = self.calendar.stands.get(side).map_or(&[][..], Vec::as_slice);
        let meant = bands.iter().zip(stands).filter(|(band, _)| holds(band.price.amount()));
        let found: Vec<Rectangle> = meant.flat_map(|(_, row)| row.holds.iter().cloned()).collect();
        rectangles(&found, budget)
    }

    /// A mean of an observation's quantity of which something holds.
    pub(super) fn mean(&self, observation: &Observation, holds: impl Fn(f64) -> bool) -> Option<f64> {
        self.means(observation.quantity).iter().copied().find(|mean| holds(*mean))
    }

    /// The means that a quantity can have.
    fn means(&self, quantity: Quantity) -> &[f64] {
        let [import, export] = &self.price_axes;
        let axis = match quantity {
            Quantity::Reading(signal) => self.axis(signal),
            Quantity::ImportPrice => Some(import),
            Quantity::ExportPrice => Some(export),
        };
        axis.map_or(&[], |axis| &axis.values)
    }
}

/// The situations of some moments.
fn rectangles(rectangles: &[Rectangle], budget: &mut Budget) -> Result<Region, Exhausted> {
    let mut region = Region::default();
    for (days, stretches) in rectangles {
        let block = Block::one(DAY, days.clone()).zip(Block::one(CLOCK, stretches.clone()));
        let Some(block) = block.and_then(|(days, stretches)| days.meet(&stretches)) else { continue };
        region = region.join(Region::from(block), budget)?;
    }
    Ok(region)
}

/// Yes or no, of so many values.
fn only(values: usize, truth: bool) -> Bits {
    Bits::which(values, |value| value == if truth { YES } else { NO })
}

/// The least and the greatest price of some bands.
fn prices(bands: &[Band]) -> (f64, f64) {
    let amounts = || bands.iter().map(|band| band.price.amount());
    (amounts().fold(f64::INFINITY, f64::min), amounts().fold(f64::NEG_INFINITY, f64::max))
}

/// What the conditions of a policy speak of, each once.
#[derive(Default)]
struct Found<'p> {
    calendars: Vec<&'p CalendarCondition>,
    compared: Vec<(Quantity, Bounds)>,
    futures: Vec<&'p str>,
}

impl<'p> Found<'p> {
    fn collect(&mut self, condition: &'p Condition) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| self.collect(part)),
            Condition::Not(inner) => self.collect(inner),
            // One too many is enough to know that there are.
            Condition::Calendar(calendar) => {
                if self.calendars.len() <= MAX_CALENDARS && !self.calendars.iter().any(|known| same(known, calendar)) {
                    self.calendars.push(calendar);
                }
            }
            Condition::Compare(comparison) => self.compared.push((comparison.quantity, comparison.bounds)),
            Condition::NotYetKnown(future) => {
                if !self.futures.contains(&future.text.as_str()) {
                    self.futures.push(&future.text);
                }
            }
        }
    }
}
