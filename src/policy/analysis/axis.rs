//! The values of one quantity, cut at every threshold of the policy: within one piece every comparison has one answer.

use crate::policy::model::{Bounds, Observation, Policy, Quantity};

/// One value of each piece, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Axis {
    pub(super) values: Vec<f64>,
}

/// How far beyond the outermost threshold an example lies where the quantity has no end: watts, or currency per kWh.
const BEYOND: f64 = 100.0;

impl Axis {
    /// The axis of a quantity between two ends, each of which belongs to it.
    pub(super) fn of(policy: &Policy, compared: &[(Quantity, Bounds)], quantity: Quantity, ends: (f64, f64)) -> Axis {
        let of_bounds = |bounds: &Bounds| bounds.low.into_iter().chain(bounds.high).map(|edge| edge.value);
        let plain = compared.iter().filter(|(other, _)| *other == quantity).flat_map(|(_, bounds)| of_bounds(bounds));
        let observed = policy.observations.iter().filter(|observation| observation.quantity == quantity);
        let observed = observed.flat_map(|observation| of_bounds(&observation.bounds).chain(observation.until));
        let (least, most) = ends;
        let mut cuts: Vec<f64> = plain.chain(observed).filter(|value| (least..=most).contains(value)).collect();
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        Axis { values: pieces(&cuts, ends) }
    }

    /// The axis of a reading, as far as its nature bounds it.
    pub(super) fn natural(policy: &Policy, compared: &[(Quantity, Bounds)], quantity: Quantity) -> Axis {
        Axis::of(policy, compared, quantity, quantity.range())
    }
}

/// One value of each cut and of each stretch between them and the ends.
fn pieces(cuts: &[f64], (least, most): (f64, f64)) -> Vec<f64> {
    let (Some(first), Some(last)) = (cuts.first(), cuts.last()) else {
        let value = if least.is_finite() { least } else { most };
        return vec![if value.is_finite() { value } else { 0.0 }];
    };
    let below = if least.is_finite() { f64::midpoint(least, *first) } else { first - BEYOND };
    let above = if most.is_finite() { f64::midpoint(*last, most) } else { last + BEYOND };
    let mut values = Vec::new();
    values.extend(Some(below).filter(|below| below < first));
    for (number, cut) in cuts.iter().enumerate() {
        values.push(*cut);
        let middle = cuts.get(number + 1).map(|next| f64::midpoint(*cut, *next)).filter(|middle| middle > cut);
        values.extend(middle.filter(|middle| cuts.get(number + 1).is_some_and(|next| middle < next)));
    }
    values.extend(Some(above).filter(|above| above > last));
    values
}

/// Whether a latch that is on stays on at a value.
pub(super) fn keeps(observation: &Observation, value: f64) -> bool {
    let Bounds { low, high } = observation.bounds;
    let Some(until) = observation.until else { return false };
    match (low, high) {
        (_, Some(high)) if until >= high.value => value < until,
        (Some(low), _) if until <= low.value => value > until,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cut_and_every_stretch_between_has_a_value() {
        let infinite = (f64::NEG_INFINITY, f64::INFINITY);
        assert_eq!(pieces(&[], (0.0, 100.0)), [0.0]);
        assert_eq!(pieces(&[30.0], (0.0, 100.0)), [15.0, 30.0, 65.0]);
        assert_eq!(pieces(&[0.0, 100.0], (0.0, 100.0)), [0.0, 50.0, 100.0]);
        assert_eq!(pieces(&[500.0, 1000.0], infinite), [400.0, 500.0, 750.0, 1000.0, 1100.0]);
        assert_eq!(pieces(&[0.0], (0.0, f64::INFINITY)), [0.0, 100.0]);
        let next = 1.0_f64.next_up();
        assert_eq!(pieces(&[1.0, next], (1.0, next)), [1.0, next]);
    }
}
