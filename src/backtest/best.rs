//! The optimum over a track: the least that any use of the battery could have cost, and what one more stored kWh would have
//! been worth to it.

use std::time::Duration;

use super::account::{Course, Flow};
use super::{Piece, Track};
use crate::optimum::{self, End, Floor, Slot, Solution, Store};
use crate::policy::model::Battery;
use crate::units::{Energy, Soc};

/// The optimum's way through a track.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Best {
    /// What it does, in one direction in each piece.
    pub(super) course: Course,
    /// What nobody undercuts.
    pub(super) bound: Bound,
}

/// What no use of the battery undercuts, wherever it ends and however often it changes its direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// How far it lies below the optimum's cost, what is left over being priced, in money.
    pub gap: f64,
    /// What another stored kWh at the end would have been worth, per kWh.
    ///
    /// At that price the two are the same: to ask for no less at the end, and to pay for what is missing.
    pub worth: f64,
    /// The same for each month of the track by itself.
    pub months: Vec<MonthBound>,
}

/// What a month costs at least if what is stored is priced as it begins and as it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MonthBound {
    /// What a stored kWh is worth as the month begins.
    pub from: f64,
    /// What it is worth as the month ends.
    pub until: f64,
    /// The least cost. What is stored counts from what was there when the track began.
    pub least: f64,
}

/// The optimum of a battery from a state of charge on; `None` if the battery is none.
///
/// It keeps to the reserve, or to the start where that is lower, and may export what is stored: it knows no device. It ends with
/// at least what it began with. Where costs are not convex it might pay to end elsewhere, at the price of what is stored:
/// that is in the gap.
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
    let floors = optimum::floor(&store, &slots)?;
    let solution = optimum::solve(&store, &slots)?;
    let course = Course { start: begin, flows: flows(track, &solution, least) };
    let (worth, months) = (solution.worth_at_end.amount(), months(track, &floors, store.start));
    // Where it is exact, rounding must not make a gap of it.
    let gap = if solution.gap() > 0.0 {
        let undercut: f64 = months.iter().map(|month| month.least).sum();
        (course.account(track).compared(worth) - undercut).max(0.0)
    } else {
        0.0
    };
    Some(Best { course, bound: Bound { gap, worth, months } })
}

/// The bound of each month, from the play that nobody undercuts.
fn months(track: &Track, floors: &[Floor], start: Energy) -> Vec<MonthBound> {
    let mut rest = track.pieces.iter().zip(floors).peekable();
    let (mut worth, mut gained) = (0.0, 0.0);
    let month = |month: usize| {
        let (from, begun) = (worth, worth * gained);
        let mut cost = 0.0;
        while let Some((_, floor)) = rest.next_if(|(piece, _)| piece.month == month) {
            cost += floor.cost;
            (worth, gained) = (floor.worth.amount(), (floor.stored - start).kilowatt_hours());
        }
        MonthBound { from, until: worth, least: cost + begun - worth * gained }
    };
    (0..track.months.len()).map(month).collect()
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
