//! What a stored schedule means, worked out quarter hour by quarter hour from the cloud's own fields: apart from the product.

use chrono::{DateTime, Datelike, Duration, Timelike, Utc};
use chrono_tz::Tz;
use offpeak::simulator::store::{Half, Period, Schedule, Which};

use super::family::Grip;

/// The quarter hours of a day.
pub(crate) const QUARTERS: usize = 96;

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

pub(crate) fn grip(schedule: &Schedule, quarter: usize) -> Grip {
    if charges(schedule.charge, quarter) {
        Grip::Charge(schedule.charge.percent)
    } else if forbids(schedule.discharge, quarter) {
        Grip::Hold
    } else {
        Grip::SelfConsume
    }
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

/// Whether a schedule grips a quarter hour more firmly than another, or raises the floor beyond the reserve.
pub(crate) fn adds_grip(from: &Schedule, to: &Schedule, reserve: u8) -> bool {
    let firmer = (0..QUARTERS).any(|quarter| grip(to, quarter) > grip(from, quarter));
    firmer || to.discharge.percent > from.discharge.percent.max(reserve)
}

/// Whether a grip is no more than what is allowed. A charge window with the least cap is a hold.
pub(crate) fn legal(grip: Grip, allowed: Grip) -> bool {
    match grip {
        Grip::SelfConsume => true,
        Grip::Hold => allowed >= Grip::Hold,
        Grip::Charge(10) if allowed >= Grip::Hold => true,
        Grip::Charge(cap) => matches!(allowed, Grip::Charge(target) if target >= cap),
    }
}

/// The quarter hours from now until the wall clock comes round to the present one, at most 24 h: when each begins (the
/// present one: now) and which of the day it is.
pub(crate) fn lap(zone: Tz, now: DateTime<Utc>) -> Vec<(DateTime<Utc>, usize)> {
    let wall = |at: DateTime<Utc>| {
        let local = at.with_timezone(&zone);
        (local.num_days_from_ce(), usize::try_from(local.hour() * 4 + local.minute() / 15).expect("a quarter"))
    };
    let (day, first) = wall(now);
    let local = now.with_timezone(&zone);
    let into = Duration::minutes(i64::from(local.minute() % 15)) + Duration::seconds(i64::from(local.second()));
    let start = now - into - Duration::milliseconds(i64::from(now.timestamp_subsec_millis()));
    let mut slots = vec![(now, first)];
    for number in 1..96 {
        let at = start + Duration::minutes(15 * number);
        let (then, quarter) = wall(at);
        if then > day && quarter >= first {
            break;
        }
        slots.push((at, quarter));
    }
    slots
}
