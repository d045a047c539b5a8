//! The optimum over a track: the least that any use of the battery could have cost, and what one more stored kWh would have
//! been worth to it.

use std::time::Duration;

use super::account::{Course, Flow};
use super::{Piece, Track};
use crate::optimum::{self, End, Slot, Solution, Store};
use crate::policy::model::Battery;
use crate::units::{Energy, Soc};

/// The optimum's way through a track.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Best {
    /// What it does. It ends with at least what it began with.
    pub(super) course: Course,
    /// How far below its cost the true optimum may lie, in money.
    pub(super) gap: f64,
    /// What another stored kWh at the end would have been worth, per kWh.
    ///
    /// At that price the two are the same: to ask for no less at the end, and to pay for what is missing. So no way through
    /// the track whose end is priced by it costs less than the optimum, wherever it ends.
    pub(super) worth: f64,
}

/// The optimum of a battery from a state of charge on; `None` if the battery is none.
///
/// It keeps to the reserve, or to the start where that is lower, and may export what is stored: it knows no device.
pub(super) fn best(track: &Track, battery: &Battery, start: Soc) -> Option<Best> {
    let slots: Vec<Slot> = track.pieces.iter().map(slot).collect();
    let least = battery.reserve.min(start).of(battery.capacity);
    let begin = start.of(battery.capacity);
    let store = Store {
        capacity: battery.capacity - least,
        charge_power: battery.charge_power,
        discharge_power: battery.discharge_power,
        charge_efficiency: battery.charge_efficiency,
        discharge_efficiency: battery.discharge_efficiency,
        start: begin - least,
        end: End::NotBelowStart,
        may_export: true,
        grid_charging: true,
    };
    let solution = optimum::solve(&store, &slots)?;
    let course = Course { start: begin, flows: flows(track, &solution, least) };
    Some(Best { gap: solution.gap(), worth: solution.worth_at_end.amount(), course })
}

fn slot(piece: &Piece) -> Slot {
    let span = Duration::from_secs(u64::from(piece.seconds));
    let (load, solar) = (piece.load.over(span), piece.solar.over(span));
    Slot { span, load, solar, import: piece.import, export: piece.export }
}

fn flows(track: &Track, solution: &Solution, least: Energy) -> Vec<Flow> {
    let flow = |(piece, step): (&Piece, &optimum::Step)| {
        let span = Duration::from_secs(u64::from(piece.seconds));
        let grid = (piece.load - piece.solar).over(span) - step.battery;
        Flow {
            import: grid.max(Energy::ZERO),
            export: (-grid).max(Energy::ZERO),
            charged: (-step.battery).max(Energy::ZERO),
            discharged: step.battery.max(Energy::ZERO),
            stored: step.stored + least,
            decision: None,
        }
    };
    track.pieces.iter().zip(&solution.schedule).map(flow).collect()
}
