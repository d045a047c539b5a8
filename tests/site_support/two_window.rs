//! What the two objects of the two-window store mean, worked out quarter hour by quarter hour from the cloud's own fields:
//! apart from the product.

use offpeak::simulator::store::{Half, Period, Schedule, Which};

use super::family::Grip;
use super::laid::{Cell, QUARTERS};

fn covers(period: Period, quarter: usize) -> bool {
    let minute = u16::try_from(quarter * 15).expect("a minute");
    let end = if period.to == 0 { 1440 } else { period.to };
    period.from != period.to && (period.from..end).contains(&minute)
}

fn used(half: Half) -> bool {
    half.enabled && half.periods.iter().any(|period| period.from != period.to)
}

/// Whether the quarter hour is charged in.
pub(crate) fn charges(half: Half, quarter: usize) -> bool {
    half.enabled && half.periods.iter().any(|period| covers(*period, quarter))
}

/// Whether a permission stands there.
pub(crate) fn permission(half: Half, quarter: usize) -> bool {
    used(half) && half.periods.iter().any(|period| covers(*period, quarter))
}

/// Whether discharge is forbidden there.
pub(crate) fn forbids(half: Half, quarter: usize) -> bool {
    used(half) && !permission(half, quarter)
}

pub(crate) fn cell(schedule: &Schedule, quarter: usize) -> Cell {
    let grip = if charges(schedule.charge, quarter) {
        Grip::Charge(schedule.charge.percent)
    } else if forbids(schedule.discharge, quarter) {
        Grip::Hold
    } else {
        Grip::SelfConsume
    };
    Cell { grip, floor: Some(schedule.discharge.percent) }
}

/// Whether a charge window and a permission overlap.
pub(crate) fn overlaps(schedule: &Schedule) -> bool {
    (0..QUARTERS).any(|quarter| charges(schedule.charge, quarter) && permission(schedule.discharge, quarter))
}

/// Whether a window in force is off the grid or wraps.
pub(crate) fn odd(half: Half) -> bool {
    let odd = |period: &Period| {
        let wraps = period.to != 0 && period.from > period.to;
        period.from != period.to && (wraps || !period.from.is_multiple_of(15) || !period.to.is_multiple_of(15))
    };
    half.enabled && half.periods.iter().any(odd)
}

/// Whether two contents of an object mean the same to the device.
pub(crate) fn same(which: Which, one: Half, other: Half) -> bool {
    if odd(one) || odd(other) {
        return one == other;
    }
    let quarters = match which {
        Which::Charge => (0..QUARTERS).all(|quarter| charges(one, quarter) == charges(other, quarter)),
        Which::Discharge => (0..QUARTERS).all(|quarter| permission(one, quarter) == permission(other, quarter)),
    };
    let percent = one.percent == other.percent || which == Which::Charge && !used(one) && !used(other);
    quarters && percent
}
