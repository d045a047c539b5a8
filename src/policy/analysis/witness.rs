//! A situation in which a rule fires, as data: whoever doubts it may evaluate it.

use std::time::Duration;

use super::axis::keeps;
use super::bits::Bits;
use super::region::{Block, Variable};
use super::space::{CLOCK, DAY, NO, Space, YES};
use crate::policy::model::Observation;
use crate::snapshot::Signal;
use crate::time::Instant;

/// A situation in which a rule wins.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// The moment.
    pub at: Instant,
    /// What each signal says, in percent or watts; `None` where it is unknown. In the order of [`Signal::ALL`].
    pub readings: Vec<(Signal, Option<f64>)>,
    /// What is remembered for each of [`Policy::observations`](crate::policy::Policy::observations), in their order.
    pub memory: Vec<Recollection>,
}

/// What is remembered for one observation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Recollection {
    /// `until`: whether the latch is on.
    pub latched: bool,
    /// `for`: how long it has held up to the newest look.
    pub held: Option<Duration>,
    /// `on average over`: the mean over the whole span and up to now: percent, watts, or currency per kWh. `None` where
    /// too little was seen.
    pub mean: Option<f64>,
}

/// A situation of a box.
pub(super) fn witness(space: &Space<'_>, block: &Block) -> Option<Witness> {
    let value = |variable: Variable| block.side(variable).and_then(|values| values.iter().next());
    let at = space.calendar.example(value(DAY).unwrap_or_default(), value(CLOCK).unwrap_or_default())?;
    let reading = |signal: Signal| {
        let piece = value(Space::signal(signal)).and_then(|value| value.checked_sub(1));
        (signal, space.axis(signal).zip(piece).and_then(|(axis, piece)| axis.values.get(piece)).copied())
    };
    let remembered = |(index, observation): (usize, &Observation)| {
        recollection(space, observation, block.side(Space::observation(index)))
    };
    let memory = space.policy.observations.iter().enumerate().map(remembered).collect::<Option<_>>()?;
    Some(Witness { at, readings: Signal::ALL.into_iter().map(reading).collect(), memory })
}

/// A memory that says what is wanted of it; one of which nothing is wanted is empty.
fn recollection(space: &Space<'_>, observation: &Observation, wanted: Option<&Bits>) -> Option<Recollection> {
    let bounds = observation.bounds;
    let Some(wanted) = wanted else { return Some(Recollection::default()) };
    if wanted.contains(YES) {
        // A duration runs only while the latch is on, so both go together.
        let mean = observation.average.map(|_| space.mean(observation, |mean| bounds.contains(mean)));
        let mean = mean.map_or(Some(None), |mean| mean.map(Some))?;
        return Some(Recollection { latched: true, held: observation.hold, mean });
    }
    let averaged = observation.average.is_some() && wanted.contains(NO);
    let outside = |mean: f64| !bounds.contains(mean) && !keeps(observation, mean);
    let apart = || space.mean(observation, outside).or_else(|| space.mean(observation, |mean| !bounds.contains(mean)));
    let mean = averaged.then(|| apart().or_else(|| space.mean(observation, |_| true))).flatten();
    Some(Recollection { latched: false, held: None, mean })
}
