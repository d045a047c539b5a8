//! What a slot could cost at the very least: as though the battery could change its direction within it at will.

use super::limits::{Limits, Tick};
use super::shape::Shape;
use tinyvec::ArrayVec;

/// Something drawn from the store, and what the slot then costs.
#[derive(Clone, Copy, Debug, Default)]
struct Corner {
    drawn: f64,
    cost: f64,
}

/// What the battery can do in a slot: draw this from the store with this at the meter.
#[derive(Clone, Copy, Debug)]
struct Deed {
    drawn: f64,
    grid: f64,
}

/// Whether a slot's cost is the same however often the battery changes its direction or its power in it.
///
/// How much fits into the store says nothing here: for a part of the slot the battery may charge at full power all the same.
pub(super) fn is_ordinary(limits: &Limits, tick: &Tick, one_way: &Shape) -> bool {
    let lossy = limits.into * limits.out < 1.0 && tick.charge > 0.0 && tick.discharge > 0.0;
    let (imports, exports) = (tick.need + tick.charge > 0.0, tick.need - tick.discharge < 0.0);
    let paid_to_import = tick.import < 0.0 && imports;
    let pays_to_export = tick.export < 0.0 && exports;
    let sells_dearer = tick.export > tick.import && imports && exports;
    one_way.is_convex() && !sells_dearer && !(lossy && (paid_to_import || pays_to_export))
}

/// The lower convex envelope of the cost over all mixtures of charging and discharging within the slot.
///
/// These mixtures are the triangle between discharging all the time, nothing and charging all the time, in the plane of
/// what is drawn and what the meter sees; its inside is energy burnt by going both ways. The bill is linear in it but for
/// the kink where the meter sees nothing, so the envelope has its corners at those of the triangle and on that line.
pub(super) fn envelope(limits: &Limits, tick: &Tick) -> Shape {
    let charging = Deed { drawn: -tick.charge * limits.into, grid: tick.need + tick.charge };
    let idle = Deed { drawn: 0.0, grid: tick.need };
    let discharging = Deed { drawn: tick.discharge * limits.per_out, grid: tick.need - tick.discharge };
    let mut corners: ArrayVec<[Corner; 8]> = ArrayVec::new();
    for deed in [charging, idle, discharging] {
        corners.push(Corner { drawn: deed.drawn, cost: tick.bill(deed.grid) });
    }
    for (one, other) in [(charging, idle), (idle, discharging), (charging, discharging)] {
        corners.extend(balanced(one, other));
    }
    corners.sort_by(|one, other| one.drawn.total_cmp(&other.drawn).then(one.cost.total_cmp(&other.cost)));
    within(limits, &hull(&corners))
}

/// Where between two deeds the meter sees nothing.
fn balanced(one: Deed, other: Deed) -> Option<Corner> {
    let crosses = one.grid > 0.0 && other.grid < 0.0;
    let share = one.grid / (one.grid - other.grid);
    crosses.then_some(Corner { drawn: one.drawn + (other.drawn - one.drawn) * share, cost: 0.0 })
}

/// The lower convex hull of corners in the order of what is drawn.
fn hull(corners: &[Corner]) -> ArrayVec<[Corner; 8]> {
    let mut kept: ArrayVec<[Corner; 8]> = ArrayVec::new();
    for corner in corners {
        if kept.last().is_some_and(|last| last.drawn >= corner.drawn) {
            continue;
        }
        while let [.., before, last] = kept.as_slice() {
            let rise = (last.cost - before.cost) * (corner.drawn - last.drawn);
            if rise < (corner.cost - last.cost) * (last.drawn - before.drawn) {
                break;
            }
            kept.pop();
        }
        kept.push(*corner);
    }
    kept
}

/// The hull as a shape, cut to what the store can move.
fn within(limits: &Limits, hull: &[Corner]) -> Shape {
    let bounded = |drawn: f64| drawn.clamp(-limits.capacity, limits.capacity);
    let first = hull.first().copied().unwrap_or_default();
    let last = hull.last().copied().unwrap_or_default();
    let mut shape =
        Shape { from: bounded(first.drawn), to: bounded(last.drawn), cost: first.cost, pieces: ArrayVec::new() };
    for pair in hull.windows(2) {
        let [one, other] = pair else { continue };
        let worth = (one.cost - other.cost) / (other.drawn - one.drawn);
        let (from, to) = (bounded(one.drawn), bounded(other.drawn));
        // What lies before the window is passed over: the shape begins at its end.
        if one.drawn < shape.from {
            shape.cost -= worth * (other.drawn.min(shape.from) - one.drawn);
        }
        shape.push(worth, to - from);
    }
    shape
}
