//! From one schedule to another: which writes, in which order, and whether each takes more grip.
//!
//! The store has no atomic change of both objects, so a change of both passes through a state that is neither. Whatever
//! the order, such a state never holds a quarter hour more firmly than one of its two ends; what can go wrong is that a
//! charge window and a permission overlap in it, which the device answers in ways unknown.

use crate::device::{Object, QuarterSet, TwoWindow, WriteKind};
use crate::plan::budget::Permits;

/// What a schedule does, as sets of quarter hours of every day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Where it charges.
    pub(crate) charged: QuarterSet,
    /// To how many percent.
    pub(crate) cap: u8,
    /// Where discharge is not permitted, inside charge windows or out.
    pub(crate) unpermitted: QuarterSet,
    /// The floor in percent.
    pub(crate) floor: u8,
}

/// What the schedule on the device is known to do, and what it may do beyond that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// What it surely does: an odd object does nothing for sure.
    pub(crate) shape: Shape,
    /// Where it may charge: anywhere, if the charge object is odd.
    pub(crate) may_charge: QuarterSet,
    /// Where a permission stands or may stand: nowhere without a restriction, anywhere if the object is odd.
    pub(crate) permissions: QuarterSet,
    /// Whether the charge object is odd in itself.
    pub(crate) odd_charge: bool,
    /// Whether the discharge object is odd in itself.
    pub(crate) odd_discharge: bool,
    /// Whether its meaning is unknown for any reason.
    pub(crate) odd: bool,
}

/// The ways from one schedule to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Nothing differs.
    Nothing,
    /// The charge object differs.
    Charge(WriteKind),
    /// The discharge object differs.
    Discharge(WriteKind),
    /// Both differ: the charge object goes first.
    ChargeFirst(WriteKind, WriteKind),
    /// Both differ: the discharge object goes first.
    DischargeFirst(WriteKind, WriteKind),
    /// Both differ and neither may go first: cut the charge windows to what both ends share, then discharge, then charge.
    Shrink(WriteKind, WriteKind),
}

impl Shape {
    /// Where permissions stand: nowhere without a restriction.
    pub(crate) fn permissions(&self) -> QuarterSet {
        if self.unpermitted.is_empty() { QuarterSet::NONE } else { !self.unpermitted }
    }
}

impl Standing {
    /// Reads the schedule on the device.
    pub(crate) fn of(schedule: &TwoWindow) -> Standing {
        let odd_charge = schedule.odd(Object::Charge).is_some();
        let odd_discharge = schedule.odd(Object::Discharge).is_some();
        let windows = schedule.charge.charged();
        let permitted = schedule.discharge.permitted();
        let stands = if schedule.discharge.restricts() { permitted } else { QuarterSet::NONE };
        let permissions = if odd_discharge { QuarterSet::DAY } else { stands };
        let may_charge = if odd_charge { QuarterSet::DAY } else { windows };
        // Where windows overlap charge is presumed to win.
        let charged = if odd_charge { QuarterSet::NONE } else { windows };
        let unpermitted = if odd_discharge { QuarterSet::NONE } else { !permitted };
        let shape = Shape { charged, cap: schedule.charge.cap, unpermitted, floor: schedule.discharge.floor };
        let odd = odd_charge || odd_discharge || may_charge.meets(permissions);
        Standing { shape, may_charge, permissions, odd_charge, odd_discharge, odd }
    }

    /// The charge windows between two schedules that cannot be exchanged in two writes: what both charge alike and no
    /// permission meets, with the lower cap; none, if that takes more windows than there are.
    pub(crate) fn shared(&self, to: &Shape) -> Shape {
        let both = (self.shape.charged & to.charged) - self.permissions;
        let charged = if both.windows().is_some() { both } else { QuarterSet::NONE };
        Shape { charged, cap: self.shape.cap.min(to.cap), ..self.shape }
    }

    /// Whether the charge object must be rewritten to get there.
    pub(crate) fn charge_differs(&self, new: &Shape) -> bool {
        self.odd_charge || self.may_charge != new.charged || !(new.charged.is_empty() || self.shape.cap == new.cap)
    }

    /// Whether the discharge object must be rewritten to get there. A restriction that restricts nothing may stay, unless
    /// its windows would overlap a charge.
    pub(crate) fn discharge_differs(&self, new: &Shape) -> bool {
        let same = self.shape.unpermitted == new.unpermitted && self.shape.floor == new.floor;
        self.odd_discharge || !same || new.charged.meets(self.permissions)
    }
}

/// The best way that never overlaps and grants nothing that may not be granted: the fewest writes, withdrawals first.
/// Of two that are as good, `sooner` tells whether the state after the discharge object alone serves the timeline better
/// than the state after the charge object alone.
pub(crate) fn route(
    from: &Standing,
    to: &Shape,
    reserve: u8,
    permits: &Permits,
    sooner: impl FnOnce(&Shape, &Shape) -> bool,
) -> Option<Route> {
    let charge = charge_kind(&from.shape, to);
    let discharge = |charged: QuarterSet| discharge_kind(&from.shape, to, charged, reserve);
    match (from.charge_differs(to), from.discharge_differs(to)) {
        (false, false) => Some(Route::Nothing),
        (true, false) => permits.charge.allows(charge, 1).then_some(Route::Charge(charge)),
        (false, true) => {
            let kind = discharge(to.charged);
            permits.discharge.allows(kind, 1).then_some(Route::Discharge(kind))
        }
        (true, true) => {
            let charge_first = (charge, discharge(to.charged));
            let discharge_first = (discharge(from.shape.charged), charge);
            let first = !to.charged.meets(from.permissions) && allowed(permits, charge_first.0, charge_first.1);
            let second =
                !from.may_charge.meets(to.permissions()) && allowed(permits, discharge_first.1, discharge_first.0);
            match (first, second) {
                (true, true) if prefers_discharge(charge_first, discharge_first, from, to, sooner) => {
                    Some(Route::DischargeFirst(discharge_first.0, discharge_first.1))
                }
                (true, _) => Some(Route::ChargeFirst(charge_first.0, charge_first.1)),
                (false, true) => Some(Route::DischargeFirst(discharge_first.0, discharge_first.1)),
                (false, false) => shrink(from, to, reserve, permits),
            }
        }
    }
}

/// How many writes a route takes.
pub(crate) fn writes(route: Route) -> u32 {
    match route {
        Route::Nothing => 0,
        Route::Charge(_) | Route::Discharge(_) => 1,
        Route::ChargeFirst(..) | Route::DischargeFirst(..) => 2,
        Route::Shrink(..) => 3,
    }
}

/// What replacing the charge object does: inside the windows that stay it may lower the cap.
fn charge_kind(from: &Shape, to: &Shape) -> WriteKind {
    let more = !to.charged.within(from.charged) || (!to.charged.is_empty() && to.cap > from.cap);
    if more { WriteKind::Grant } else { WriteKind::Withdrawal }
}

/// What replacing the discharge object does while these quarter hours are charged in, where it has no say.
fn discharge_kind(from: &Shape, to: &Shape, charged: QuarterSet, reserve: u8) -> WriteKind {
    let more = !(to.unpermitted - charged).within(from.unpermitted) || to.floor > from.floor.max(reserve);
    if more { WriteKind::Grant } else { WriteKind::Withdrawal }
}

fn allowed(permits: &Permits, charge: WriteKind, discharge: WriteKind) -> bool {
    permits.charge.allows(charge, 1) && permits.discharge.allows(discharge, 1)
}

/// Withdraw before grant; then what serves the timeline sooner; then the charge object first.
fn prefers_discharge(
    charge_first: (WriteKind, WriteKind),
    discharge_first: (WriteKind, WriteKind),
    from: &Standing,
    to: &Shape,
    sooner: impl FnOnce(&Shape, &Shape) -> bool,
) -> bool {
    let wrong = |(first, second): (WriteKind, WriteKind)| first > second;
    match (wrong(charge_first), wrong(discharge_first)) {
        (true, false) => true,
        (false, true) => false,
        _ => {
            let after_charge = Shape { unpermitted: from.shape.unpermitted, floor: from.shape.floor, ..*to };
            let after_discharge = Shape { charged: from.shape.charged, cap: from.shape.cap, ..*to };
            sooner(&after_discharge, &after_charge)
        }
    }
}

fn shrink(from: &Standing, to: &Shape, reserve: u8, permits: &Permits) -> Option<Route> {
    let shared = from.shared(to);
    let discharge = discharge_kind(&from.shape, to, shared.charged, reserve);
    let charge = charge_kind(&shared, to);
    let allowed = permits.charge.allows(charge, 2) && permits.discharge.allows(discharge, 1);
    allowed.then_some(Route::Shrink(discharge, charge))
}
