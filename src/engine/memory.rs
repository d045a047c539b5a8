//! What the engine remembers between ticks: latches, durations and averages, as explicit state.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::policy::Policy;
use crate::policy::model::{Bounds, Observation};
use crate::snapshot::Unknown;
use crate::time::{Instant, elapsed};

use super::average::Course;
use super::{Readings, Situation};

/// What is remembered for each of [`Policy::observations`], in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    cells: Vec<Cell>,
}

/// What is remembered for one observation, as a plain record: it is kept under [`Observation::key`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remembered {
    /// `until`: whether the latch is on.
    pub latched: bool,
    /// `for`: since when the condition has held without a break.
    pub since: Option<Instant>,
    /// The newest look at which the quantity was known, and what it was: percent, watts, or currency per kWh.
    pub seen: Option<(Instant, f64)>,
    /// `on average over`: what was seen over the span, in order and without gaps.
    pub course: Vec<Stretch>,
}

/// A stretch of time and the mean of a quantity over it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// The first instant.
    pub from: Instant,
    /// The first instant after it.
    pub until: Instant,
    /// The mean: percent, watts, or currency per kWh.
    pub mean: f64,
}

/// The state of one observation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cell {
    latched: bool,
    since: Option<Instant>,
    seen: Option<(Instant, f64)>,
    course: Course,
    /// What the look at `seen` came to, so that whoever asks at the same moment need not work it out again.
    looked: Option<Look>,
}

/// What a look at one observation comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Look {
    /// Whether the observation holds, all stages passed.
    pub(crate) truth: Result<bool, Unknown>,
    /// The quantity, or its average where one is asked for.
    pub(crate) level: Result<f64, Unknown>,
    /// How long the condition has held, where it holds and a duration is asked for.
    pub(crate) held: Option<Duration>,
    latched: bool,
    since: Option<Instant>,
}

impl Memory {
    /// Nothing remembered: latches off, no duration begun, no sample taken.
    #[must_use]
    pub fn empty(policy: &Policy) -> Memory {
        Memory { cells: vec![Cell::default(); policy.observations.len()] }
    }

    /// What was recorded for the observations that the policy still has; the rest begins empty.
    #[must_use]
    pub fn restore(policy: &Policy, records: impl IntoIterator<Item = (String, Remembered)>) -> Memory {
        let mut records: BTreeMap<String, Remembered> = records.into_iter().collect();
        let cell = |observation: &Observation| records.remove(&observation.key).map(Cell::restored).unwrap_or_default();
        Memory { cells: policy.observations.iter().map(cell).collect() }
    }

    /// What is to be recorded, under the observations' keys.
    #[must_use]
    pub fn records(&self, policy: &Policy) -> Vec<(String, Remembered)> {
        let pairs = policy.observations.iter().zip(&self.cells);
        pairs.map(|(observation, cell)| (observation.key.clone(), cell.record())).collect()
    }

    /// Looks at every observation, whatever the rest of its rule says. To be called at every tick, before deciding.
    pub fn observe(&mut self, policy: &Policy, situation: &Situation<'_>) {
        let max_age = policy.limits.reading_max_age;
        let readings = Readings::of(situation.snapshot, situation.now, max_age);
        self.look(policy, &readings, situation, max_age);
    }

    /// The same with readings as they are given, and with another longest gap between two looks.
    pub(crate) fn look(&mut self, policy: &Policy, readings: &Readings, situation: &Situation<'_>, gap: Duration) {
        self.cells.resize_with(policy.observations.len(), Cell::default);
        for (observation, cell) in policy.observations.iter().zip(&mut self.cells) {
            let value = readings.quantity(observation.quantity, situation.prices, situation.now);
            cell.advance(observation, value, situation.now, gap);
        }
    }

    /// Since when one observation has held without a break.
    pub(crate) fn since(&self, index: usize) -> Option<Instant> {
        self.cells.get(index)?.since
    }

    /// The state of one observation, if there is any.
    pub(crate) fn cell(&self, index: usize) -> Option<&Cell> {
        self.cells.get(index)
    }
}

impl Cell {
    /// What a look at this moment comes to. It changes nothing, so it may be taken before or after the tick is observed.
    pub(crate) fn look(
        &self,
        observation: &Observation,
        value: Result<f64, Unknown>,
        now: Instant,
        gap: Duration,
    ) -> Look {
        match (value, &self.looked) {
            (Ok(value), Some(look)) if self.seen == Some((now, value)) => *look,
            (Ok(value), _) => self.look_afresh(observation, value, now, gap),
            (Err(why), _) => Look { truth: Err(why), level: Err(why), held: None, latched: self.latched, since: None },
        }
    }

    fn look_afresh(&self, observation: &Observation, value: f64, now: Instant, gap: Duration) -> Look {
        let level = observation.average.map_or(Ok(value), |span| self.mean(now, span, gap));
        let Ok(known) = level else {
            return Look { truth: level.map(|_| false), level, held: None, latched: self.latched, since: None };
        };
        let latched = latch(observation, self.latched, known);
        let begun = self.since.filter(|_| self.joins(now, gap)).unwrap_or(now);
        let since = latched.then_some(begun);
        let held = since.map(|since| elapsed(since, now)).filter(|_| observation.hold.is_some());
        let long_enough = observation.hold.is_none_or(|hold| held.is_some_and(|held| held >= hold));
        Look { truth: Ok(latched && long_enough), level, held, latched, since }
    }

    fn advance(&mut self, observation: &Observation, value: Result<f64, Unknown>, now: Instant, gap: Duration) {
        let look = self.look(observation, value, now, gap);
        self.latched = look.latched;
        self.since = look.since;
        self.looked = None;
        let Ok(value) = value else { return };
        self.record_course(observation, now, gap);
        self.seen = Some((now, value));
        self.looked = Some(look);
    }

    fn record_course(&mut self, observation: &Observation, now: Instant, gap: Duration) {
        let (Some(span), Some((from, mean))) = (observation.average, self.seen) else { return };
        if !self.joins(now, gap) {
            self.course.clear();
        } else if from < now {
            self.course.push(Stretch { from, until: now, mean }, span);
        }
    }

    /// The mean over the span up to now, if the looks cover it.
    fn mean(&self, now: Instant, span: Duration, gap: Duration) -> Result<f64, Unknown> {
        let last = self.seen.filter(|_| self.joins(now, gap)).map(|(from, mean)| Stretch { from, until: now, mean });
        last.and_then(|last| self.course.mean(last, span)).ok_or(Unknown::TooFewSamples)
    }

    /// Whether the newest look was recent enough for nothing to have been missed since.
    fn joins(&self, now: Instant, gap: Duration) -> bool {
        self.seen.is_some_and(|(at, _)| at <= now && elapsed(at, now) <= gap)
    }

    fn record(&self) -> Remembered {
        let course = self.course.stretches().copied().collect();
        Remembered { latched: self.latched, since: self.since, seen: self.seen, course }
    }

    fn restored(record: Remembered) -> Cell {
        let seen = record.seen.filter(|(_, value)| value.is_finite());
        let course = Course::restored(record.course, seen.map(|(at, _)| at));
        Cell { latched: record.latched, since: record.since, seen, course, looked: None }
    }
}

/// Whether a condition holds: within its bounds, or latched by them and not yet let go.
fn latch(observation: &Observation, latched: bool, value: f64) -> bool {
    let kept = || latched && observation.until.is_some_and(|until| !released(observation.bounds, until, value));
    observation.bounds.contains(value) || kept()
}

/// Whether a value outside the bounds has reached or passed the one that lets a latch go.
///
/// That one lies above the upper end or below the lower; a value between the ends would let go at once.
fn released(bounds: Bounds, until: f64, value: f64) -> bool {
    if bounds.high.is_some_and(|high| until >= high.value) {
        value >= until
    } else if bounds.low.is_some_and(|low| until <= low.value) {
        value <= until
    } else {
        true
    }
}
