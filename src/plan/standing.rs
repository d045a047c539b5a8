//! What the device is told to do already, quarter hour by quarter hour: a plan of least cost leaves that be where little is
//! gained.

use std::time::Duration;

use crate::device::schedule::Day;
use crate::device::two_window::GRID_MINUTES;
use crate::device::{Grip, Schedule};
use crate::time::{Instant, Local, Zone, after};
use crate::units::Soc;
use crate::worth::Standing;

/// The grid of all schedules.
const QUARTER: i64 = 900;

/// What a schedule tells the battery from now on over a span; what cannot be said of it is not known.
pub(super) fn standing(
    schedule: &Schedule,
    reserve: Soc,
    zone: &Zone,
    now: Instant,
    span: Duration,
) -> Vec<(Instant, Option<Standing>)> {
    let end = after(now, span);
    let offsets = zone.offsets(now, end);
    let mut standing: Vec<(Instant, Option<Standing>)> = Vec::with_capacity(16);
    let mut known: Option<(chrono::NaiveDate, Option<Day>)> = None;
    for at in quarters(now, end) {
        let offset = offsets.iter().take_while(|(since, _)| *since <= at).last().map_or(0, |(_, offset)| *offset);
        let local = Local::with_offset(at, offset);
        let day = match known {
            Some((date, day)) if date == local.date => day,
            _ => schedule.day(local.weekday()).ok(),
        };
        known = Some((local.date, day));
        let stands = day
            .and_then(|day| day.cell(usize::from(local.minute / GRID_MINUTES)))
            .and_then(|cell| told(cell.grip, reserve));
        if standing.last().is_none_or(|(_, last)| *last != stands) {
            standing.push((at, stands));
        }
    }
    standing
}

/// Now, and the quarter hours after it.
fn quarters(now: Instant, end: Instant) -> impl Iterator<Item = Instant> {
    let first = (now.timestamp().div_euclid(QUARTER) + 1) * QUARTER;
    let later = (0..).map_while(move |index: i64| Instant::from_timestamp(first + index * QUARTER, 0));
    std::iter::once(now).chain(later.take_while(move |at| *at < end))
}

/// A charge that goes no further than the reserve is there to hold.
fn told(grip: Grip, reserve: Soc) -> Option<Standing> {
    Some(match grip {
        Grip::Charge(percent) => {
            let target = Soc::from_percent(f64::from(percent))?;
            if target > reserve { Standing::Charge(target) } else { Standing::Hold }
        }
        Grip::Hold => Standing::Hold,
        Grip::SelfConsume => Standing::OwnWay,
    })
}
