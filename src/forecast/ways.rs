//! What an hour may bring: the mean of the days before, and how they scattered about it.

use std::time::Duration;

use crate::time::{Instant, after};
use crate::units::Power;

/// An hour.
const HOUR: Duration = Duration::from_secs(3600);

/// The most hours of a forecast without a doubt.
const MOST_CERTAIN: u32 = 72;

/// In how many ways each step of a forecast may come, each as likely as the others.
pub const WAYS: usize = 4;

/// How likely an hour comes in the way of the hour before it because that one did; else it comes in any.
///
/// It is how much of a miss is left after an hour: by day the misses of a measured home go with those of the hour before by
/// 0.71, of two hours before by 0.57, of four by 0.36.
pub const PERSISTENCE: f64 = 0.7;

/// One step of a forecast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The first instant.
    pub from: Instant,
    /// The first instant after it.
    pub until: Instant,
    /// Mean power that the house is taken to draw.
    pub load: Power,
    /// Mean power that the sun is taken to give.
    pub solar: Power,
    /// What the house may need beyond the sun, `-` surplus: the ways in which it may come, rising.
    pub needs: [Power; WAYS],
}

/// The coming hours: steps that follow each other without a hole, or none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forecast {
    steps: Vec<Step>,
    way: Option<usize>,
}

/// One of the days before: what it counts, and its mean load and sun in watts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) weight: f64,
    pub(super) load: f64,
    pub(super) solar: f64,
}

/// An hour as forecast, in watts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ways {
    pub(super) load: f64,
    pub(super) solar: f64,
    pub(super) needs: [f64; WAYS],
}

impl Forecast {
    /// A forecast from steps; only as far as they follow each other.
    #[must_use]
    pub fn new(mut steps: Vec<Step>) -> Forecast {
        let joined = steps.iter().zip(steps.iter().skip(1)).take_while(|(one, next)| one.until == next.from).count();
        steps.truncate(joined + 1);
        steps.retain(|step| step.from < step.until);
        Forecast { steps, way: None }
    }

    /// The same, knowing in which of its ways the hour just past came; one that there is not is not known.
    #[must_use]
    pub fn after_way(self, way: Option<usize>) -> Forecast {
        Forecast { way: way.filter(|way| *way < WAYS), ..self }
    }

    /// In which of its ways the hour just past came, from 0 for the least need; `None` if that is not known.
    #[must_use]
    pub fn way(&self) -> Option<usize> {
        self.way
    }

    /// Load and sun that are taken to stay as they are, without a doubt, over this span: in steps of an hour, at most
    /// three days of them.
    #[must_use]
    pub fn certain(from: Instant, until: Instant, load: Power, solar: Power) -> Forecast {
        let hours = (0..MOST_CERTAIN).map(|hour| after(from, HOUR * hour)).take_while(|begin| *begin < until);
        let step = |begin: Instant| {
            let end = after(begin, HOUR).min(until);
            Step { from: begin, until: end, load, solar, needs: [load - solar; WAYS] }
        };
        Forecast::new(hours.map(step).collect())
    }

    /// The steps in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The step that an instant lies in.
    #[must_use]
    pub fn at(&self, at: Instant) -> Option<&Step> {
        let after = self.steps.partition_point(|step| step.from <= at);
        self.steps.get(after.checked_sub(1)?).filter(|step| at < step.until)
    }
}

impl Ways {
    /// The way that a need is nearest to.
    pub(super) fn nearest(&self, need: f64) -> usize {
        let pairs = self.needs.iter().zip(self.needs.iter().skip(1));
        pairs.take_while(|(low, high)| need > f64::midpoint(**low, **high)).count()
    }
}

/// The weighted mean of the days before, and the ways in which the hour may come.
///
/// A day to come scatters about the mean of so many days by more than these days do themselves: by (n + 1) ÷ (n − 1) in
/// variance, n being how many days of equal weight would know as much.
pub(super) fn ways(samples: &[Sample]) -> Ways {
    let total: f64 = samples.iter().map(|sample| sample.weight).sum();
    let mean = |of: fn(&Sample) -> f64| samples.iter().map(|sample| sample.weight * of(sample)).sum::<f64>() / total;
    let (load, solar) = (mean(|sample| sample.load), mean(|sample| sample.solar));
    let worth = total * total / samples.iter().map(|sample| sample.weight.powi(2)).sum::<f64>();
    let wider = if worth > 1.5 { ((worth + 1.0) / (worth - 1.0)).sqrt() } else { 1.0 };
    let apart = |mean: f64, value: f64| (mean + wider * (value - mean)).max(0.0);
    let need = |sample: &Sample| (apart(load, sample.load) - apart(solar, sample.solar), sample.weight / total);
    let mut needs: Vec<(f64, f64)> = samples.iter().map(need).collect();
    needs.sort_by(|one, other| one.0.total_cmp(&other.0));
    Ways { load, solar, needs: parts(&needs) }
}

/// The means of equal parts of a weighted sample in order: the lowest quarter, the next, and so on.
fn parts(sorted: &[(f64, f64)]) -> [f64; WAYS] {
    let share = 1.0 / f64::from(u32::try_from(WAYS).unwrap_or(u32::MAX));
    let mut samples = sorted.iter();
    let (mut value, mut left) = (0.0, 0.0);
    [0.0; WAYS].map(|_| {
        let (mut sum, mut taken) = (0.0, 0.0);
        while taken < share {
            if left <= 0.0 {
                let Some(sample) = samples.next() else { break };
                (value, left) = *sample;
            }
            let part = f64::min(left, share - taken);
            sum += part * value;
            taken += part;
            left -= part;
        }
        // What rounding left of the last part is as the last sample.
        if taken > 0.0 { sum / taken } else { value }
    })
}
