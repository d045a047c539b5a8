//! From a timeline to what the two-window store is to hold, what waits, and which writes lead there.
//!
//! The store repeats every day, has two charge windows under one target, two permissions under one floor, and changes its
//! two objects one at a time. So most timelines do not fit as a whole: what begins within `program ahead` goes first, what
//! does not fit is deferred, and nothing is ever written that would do more than the timeline asks if nobody came back.
//!
//! What stands on the device from a day that asked for it may stand until it would repeat within `program ahead`; then it
//! is withdrawn. Nothing new is written that the next lap of the wall clock does not ask for.
//!
//! The search is exact for any policy that a person would write. It is bounded for every other: of more than 4,000 sets of
//! windows or 60,000 pairs of them those of the farthest edges are not looked at, and of more than six targets only the
//! nearest six are tried. What is not looked at is deferred; what is chosen is safe all the same.
//!
//! An odd schedule (off the grid, across midnight, windows that overlap) never matches anything: the device may do anything
//! with it, so it is replaced at once. Replacing it is a withdrawal if the new content has no grip, since an odd object
//! surely holds nothing; else it is a grant.

mod candidates;
mod choose;
mod deferred;
mod demand;
mod order;
mod safety;

pub use super::violation::Violation;
pub use safety::violations;

use self::choose::{Bounds, Choice, Judge};
use self::demand::{Demand, LEAST_TARGET, Slot};
use self::order::{Route, Shape, Standing};
use super::slots::{QUARTER, instant, whole_down, whole_up};
use super::{ChargeUse, Compiled, Lowering, Request};
use crate::device::two_window::GRID_MINUTES;
use crate::device::{
    ChargeSettings, DischargeSettings, Grip, Object, Period, QuarterSet, Schedule, Settings, Step, TwoWindow, WriteKind,
};
use crate::plan::budget::{MayGrant, Permits, Refusal};
use crate::plan::orphan::OrphanBound;
use crate::time::Instant;
use crate::units::Soc;

/// Compiles the committed part of a timeline, of which the store can do every command, from a present schedule.
pub(super) fn compile(request: &Request<'_>, present: &TwoWindow) -> Compiled {
    let standing = Standing::of(present);
    let mut demand = demand(request, &standing);
    let idle = |slot: &Slot| idles(request, slot);
    let bounds = bounds(request, &demand, &standing, &idle);
    let judge = Judge::new(&demand, &bounds, &standing);
    let unbroken = judge.present();
    let settled = unbroken.is_some_and(|unbroken| unbroken >= demand.ahead);
    let until = unbroken.map_or(request.now, |unbroken| demand.served_until(unbroken));
    let as_it_is = (standing.shape, Vec::new(), *present);
    let mut waits_until = None;
    let (shape, writes, desired) = if settled {
        as_it_is
    } else {
        let best = judge.best();
        let best = settle(request, &mut demand, &bounds, &standing, best);
        let (desired, writes) = spell(present, &standing, &best);
        let foreign = writes.iter().any(|write| is_foreign(&request.permits, write.settings.object()));
        let waits = |steady: &Instant| until >= *steady || changes_now(request, &standing, &best.shape);
        waits_until = request.steady_until.filter(waits);
        if foreign || waits_until.is_some() { as_it_is } else { (best.shape, writes, desired) }
    };
    let deferred = deferred::list(request, &demand, &bounds, &shape);
    let bound = orphan_bound(&demand, &shape);
    let lowering = lowering(&demand, &shape);
    let desired = Schedule::TwoWindow(desired);
    Compiled { desired, writes, deferred, bound, lowering, waits_until }
}

/// Safe mode: no charge from the grid, no restriction, the floor at the reserve; everything else as it stands.
#[must_use]
pub fn self_consume(present: &TwoWindow, reserve: Soc) -> TwoWindow {
    TwoWindow {
        charge: ChargeSettings { grid_charge: false, ..present.charge },
        discharge: DischargeSettings { restricted: false, floor: whole_up(reserve), ..present.discharge },
    }
}

/// Whether someone else changed an object that is left alone until the owner has answered: then not even a withdrawal is
/// sent to it.
fn is_foreign(permits: &Permits, object: Object) -> bool {
    matches!(permits.of(object), MayGrant::No { why: Refusal::Drift, .. })
}

/// Whether a schedule grips the present quarter hour otherwise than the one on the device, whose meaning is known.
fn changes_now(request: &Request<'_>, standing: &Standing, shape: &Shape) -> bool {
    let quarter = u32::from(request.zone.local(request.now).minute / GRID_MINUTES);
    !standing.odd && standing.shape.grip(quarter) != shape.grip(quarter)
}

/// What is asked, and what it is judged by: where an object may not be granted more, what it does at present is enough.
fn demand(request: &Request<'_>, standing: &Standing) -> Demand {
    let ahead = i64::try_from(request.program_ahead.as_secs()).unwrap_or(i64::MAX);
    let ceiling = whole_down(request.ceiling);
    let mut demand = Demand::new(request.timeline, request.zone, request.now, ahead, ceiling);
    demand.aim(&request.permits, &standing.shape);
    demand
}

/// Where grants are refused, a grip that the choice could not keep is nothing to aim at any more: chooses again until what
/// is kept and what is aimed at agree, so that a second compilation finds nothing to do. A few rounds are enough.
fn settle(
    request: &Request<'_>,
    demand: &mut Demand,
    bounds: &Bounds<'_>,
    standing: &Standing,
    mut best: Choice,
) -> Choice {
    let refused = !(request.permits.charge.is_yes() && request.permits.discharge.is_yes());
    for _ in 0..if refused { 4 } else { 0 } {
        demand.aim(&request.permits, &best.shape);
        let again = Judge::new(demand, bounds, standing).best();
        if again.shape == best.shape {
            break;
        }
        best = again;
    }
    best
}

fn bounds<'a>(
    request: &'a Request<'_>,
    demand: &Demand,
    standing: &Standing,
    idle: &'a dyn Fn(&Slot) -> bool,
) -> Bounds<'a> {
    let reserve = whole_up(request.reserve);
    let present = standing.shape.floor.max(reserve);
    let wanted = demand.floor.map_or(present, |asked| asked.max(reserve));
    let floor = if request.permits.discharge.is_yes() { wanted } else { wanted.min(present) };
    let quarters = request.extra_hold.as_secs() / QUARTER.unsigned_abs();
    Bounds {
        reserve,
        floor,
        extra_hold: usize::try_from(quarters).unwrap_or(usize::MAX),
        ceiling: whole_down(request.ceiling),
        permits: &request.permits,
        idle,
        idle_windows: request.outlook.is_some() && demand.slots.iter().any(idle),
    }
}

/// Whether the device idles through a slot in a charge window with the least cap: the house takes all of the sun, and the
/// battery is fuller than that cap. What is not known is presumed not to be so.
fn idles(request: &Request<'_>, slot: &Slot) -> bool {
    let Some(outlook) = request.outlook.filter(|_| slot.asked == Some(Grip::Hold)) else { return false };
    let (from, last) = (instant(slot.from), instant(slot.from + QUARTER - 1));
    let no_surplus = |at: Instant| match (outlook.solar.at(at), outlook.load.at(at)) {
        (Some(solar), Some(load)) => solar <= load,
        _ => false,
    };
    let course = &request.timeline.course;
    let after = course.partition_point(|point| point.at <= from);
    let soc = after.checked_sub(1).and_then(|index| course.get(index)).and_then(|point| point.soc);
    let fuller = soc.is_some_and(|soc| soc.percent() > f64::from(LEAST_TARGET));
    fuller && no_surplus(from) && no_surplus(last)
}

/// The schedule to the letter, and the writes that lead there.
fn spell(present: &TwoWindow, standing: &Standing, choice: &Choice) -> (TwoWindow, Vec<Step>) {
    let shape = &choice.shape;
    let charge = Settings::Charge(charge_settings(&present.charge, shape));
    let discharge = Settings::Discharge(discharge_settings(&present.discharge, shape));
    let write = |settings: Settings, kind: WriteKind| Step { settings, kind };
    let writes = match choice.route {
        Route::Nothing => Vec::new(),
        Route::Charge(kind) => vec![write(charge, kind)],
        Route::Discharge(kind) => vec![write(discharge, kind)],
        Route::ChargeFirst(first, second) => vec![write(charge, first), write(discharge, second)],
        Route::DischargeFirst(first, second) => vec![write(discharge, first), write(charge, second)],
        Route::Shrink(second, third) => {
            let shared = charge_settings(&present.charge, &standing.shared(shape));
            let shrunk = write(Settings::Charge(shared), WriteKind::Withdrawal);
            vec![shrunk, write(discharge, second), write(charge, third)]
        }
    };
    let desired = writes.iter().fold(*present, |schedule, write| schedule.with(write.settings));
    (desired, writes)
}

/// The charge object that does what the shape says, with as few changes to the present one as possible.
fn charge_settings(present: &ChargeSettings, shape: &Shape) -> ChargeSettings {
    if shape.charged.is_empty() {
        return ChargeSettings { grid_charge: false, ..*present };
    }
    ChargeSettings { grid_charge: true, windows: windows(&present.windows, shape.charged), cap: shape.cap }
}

/// The discharge object that does what the shape says, with as few changes to the present one as possible.
fn discharge_settings(present: &DischargeSettings, shape: &Shape) -> DischargeSettings {
    if shape.unpermitted.is_empty() {
        return DischargeSettings { restricted: false, floor: shape.floor, ..*present };
    }
    let windows = windows(&present.windows, shape.permissions());
    DischargeSettings { restricted: true, windows, floor: shape.floor }
}

/// The windows that hold exactly this set: as they stand if they do already. Candidates have no more than two runs.
fn windows(present: &[Period; 2], set: QuarterSet) -> [Period; 2] {
    let stands = present.iter().fold(QuarterSet::NONE, |sum, window| sum | QuarterSet::of(*window));
    let plain = present.iter().all(|window| window.is_plain());
    if plain && stands == set { *present } else { set.windows().unwrap_or([Period::UNUSED; 2]) }
}

/// What the schedule does every day if nobody comes back.
fn orphan_bound(demand: &Demand, shape: &Shape) -> OrphanBound {
    let unasked = demand.held_or_charged_too_much(shape);
    let target = (!shape.charged.is_empty()).then_some(shape.cap);
    OrphanBound::of(shape.charged, target, shape.unpermitted - shape.charged, Some(shape.floor), unasked)
}

fn lowering(demand: &Demand, shape: &Shape) -> Lowering {
    let mut charged = demand.lap_slots().filter(|slot| shape.charged.contains(slot.quarter));
    let holds = shape.cap == LEAST_TARGET && charged.all(|slot| slot.asked == Some(Grip::Hold));
    let charge = match shape.charged.is_empty() {
        true => ChargeUse::Nothing,
        false if holds => ChargeUse::Hold,
        false => ChargeUse::Charge(shape.cap),
    };
    Lowering { charge, restricted: !shape.unpermitted.is_empty() }
}

impl Shape {
    /// The grip in a quarter hour of the day.
    pub(crate) fn grip(&self, quarter: u32) -> Grip {
        if self.charged.contains(quarter) {
            Grip::Charge(self.cap)
        } else if self.unpermitted.contains(quarter) {
            Grip::Hold
        } else {
            Grip::SelfConsume
        }
    }
}

impl Demand {
    /// The end of so many slots from now on.
    fn served_until(&self, slots: usize) -> Instant {
        let end = self.slots.last().map_or(i64::MAX, |last| last.from + QUARTER);
        instant(self.slots.get(slots).map_or(end, |slot| slot.from))
    }

    /// How many slots of the lap a schedule grips more firmly than is asked in them.
    fn held_or_charged_too_much(&self, shape: &Shape) -> usize {
        let too_firm = |slot: &&Slot| match (shape.grip(slot.quarter), slot.asked.unwrap_or(Grip::SelfConsume)) {
            (Grip::Charge(LEAST_TARGET), Grip::Hold) => false,
            (does, asked) => does > asked,
        };
        self.lap_slots().filter(too_firm).count()
    }
}
