//! Whether a schedule may be left alone on the device for a lap: the rules, checked apart from the search that obeys them.

use super::act::Act;
use super::demand::{Demand, Slot};
use super::means::Means;
use super::spell::fits;
use crate::device::schedule::WEEK;
use crate::device::two_window::QUARTERS;
use crate::device::{Cell, Day, Grip, WindowList};
use crate::plan::compile::slots::{QUARTER, instant};
use crate::plan::compile::{Request, Violation};

/// Every rule of orphan safety that a schedule breaks, laid over the lap from the present quarter hour on. A window left
/// from a day that asked for it breaks a rule here until it is withdrawn: the schedules that are written break none.
#[must_use]
pub fn violations(request: &Request<'_>, list: &WindowList) -> Vec<Violation> {
    let means = Means::of(request);
    let demand = Demand::new(request, &means);
    let days: Result<Vec<Day>, _> = WEEK.into_iter().map(|day| list.day(day)).collect();
    let days = match days {
        Ok(days) => days,
        Err(oddity) => return vec![Violation::Odd(oddity)],
    };
    let lap: Vec<(&Slot, Cell)> = demand
        .lap_slots()
        .filter_map(|slot| Some((slot, days.get(slot.cell / QUARTERS)?.cell(slot.cell % QUARTERS)?)))
        .collect();
    let counts = (!fits(list, &means)).then_some(Violation::TooManyWindows);
    let floors = [below_reserve(&days, &means), too_high(&lap, &means)];
    let grips = [above(&days, &means), charges(&lap), powers(&demand, list), holds(request, &lap)];
    counts.into_iter().chain(floors.into_iter().chain(grips).flatten()).collect()
}

fn below_reserve(days: &[Day], means: &Means) -> Option<Violation> {
    let floors = days.iter().flat_map(|day| day.quarters).filter_map(|cell| cell.floor);
    let floor = floors.min().filter(|floor| *floor < means.reserve)?;
    Some(Violation::BelowReserve { floor, reserve: means.reserve })
}

fn too_high(lap: &[(&Slot, Cell)], means: &Means) -> Option<Violation> {
    let higher = |(slot, cell): &(&Slot, Cell)| match slot.asked {
        Some(Act::SelfConsume(Some(asked))) => {
            let asked = asked.max(means.least_floor);
            cell.floor.filter(|floor| *floor > asked).map(|floor| Violation::FloorTooHigh { floor, asked })
        }
        _ => None,
    };
    lap.iter().find_map(higher)
}

fn above(days: &[Day], means: &Means) -> Option<Violation> {
    let target = |cell: Cell| match cell.grip {
        Grip::Charge(target) => Some(target),
        Grip::SelfConsume | Grip::Hold => None,
    };
    let target = days.iter().flat_map(|day| day.quarters).filter_map(target).max()?;
    (target > means.ceiling).then_some(Violation::AboveCeiling { target, ceiling: means.ceiling })
}

fn charges(lap: &[(&Slot, Cell)]) -> Option<Violation> {
    let too_far = |(slot, cell): &&(&Slot, Cell)| match (cell.grip, slot.asked) {
        (Grip::Charge(does), Some(Act::Charge { target, .. })) => does > target,
        (Grip::Charge(_), _) => true,
        (Grip::SelfConsume | Grip::Hold, _) => false,
    };
    lap.iter().find(too_far).map(|(slot, _)| Violation::Charges { at: instant(slot.from) })
}

/// Where it charges with more power than is asked.
fn powers(demand: &Demand, list: &WindowList) -> Option<Violation> {
    let window = |slot: &Slot| {
        let day = WEEK.into_iter().nth(slot.cell / QUARTERS)?;
        let quarter = u32::try_from(slot.cell % QUARTERS).ok()?;
        list.charge_windows.iter().find(|window| window.covers(day, quarter))
    };
    let stronger = |slot: &&Slot| match slot.asked {
        Some(Act::Charge { power: Some(most), .. }) => {
            window(slot).and_then(|window| window.power).is_some_and(|power| power > most)
        }
        _ => false,
    };
    demand.lap_slots().find(stronger).map(|slot| Violation::Charges { at: instant(slot.from) })
}

/// The day that is held for the longest without being asked to.
fn holds(request: &Request<'_>, lap: &[(&Slot, Cell)]) -> Option<Violation> {
    let mut held = [0usize; WEEK.len()];
    for (slot, cell) in lap {
        let free = slot.asked.is_none_or(|asked| matches!(asked, Act::SelfConsume(_)));
        let extra = free && cell.grip == Grip::Hold;
        held.get_mut(slot.cell / QUARTERS).into_iter().for_each(|count| *count += usize::from(extra));
    }
    let minutes = held.into_iter().max()? * usize::try_from(QUARTER / 60).unwrap_or_default();
    let allowed = request.extra_hold.as_secs() / 60;
    (u64::try_from(minutes).unwrap_or(u64::MAX) > allowed).then_some(Violation::Holds { minutes })
}
