//! Which charges of a day follow from the calendar alone.

use chrono::NaiveDate;

use super::bits::Bits;
use super::region::{Block, Region};
use super::space::{CLOCK, DAY, Space};
use crate::policy::model::Action;
use crate::units::Soc;

/// How much may be looked at, in boxes of rules on sorts of days.
const MAX_WORK: usize = 2_000_000;

/// The charges of a day that are sure, whatever the readings say.
#[derive(Clone, Debug, PartialEq)]
pub struct ChargeDay {
    /// The first such day.
    pub date: NaiveDate,
    /// Whether some such day follows on another.
    pub repeats: bool,
    /// In order, apart from each other: between two of them there is a time that surely is not charged.
    pub charges: Vec<Charge>,
}

/// One charge, within one day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Charge {
    /// The first minute of the site's clock.
    pub from: i64,
    /// The first minute after it; 1440 at the end of the day.
    pub until: i64,
    /// Up to where.
    pub target: Soc,
    /// The rule that asks for it, as a position.
    pub rule: usize,
}

/// What surely holds at a stretch of a day.
#[derive(Clone, Copy, PartialEq)]
enum Sure {
    Charge(Soc, usize),
    Other,
    Unsure,
}

/// The sure charges of each sort of day; nothing where several clocks are read, or it would take too long.
pub(super) fn charge_days(space: &Space<'_>, regions: &[Option<Region>]) -> Vec<ChargeDay> {
    let days = space.calendar.days();
    let boxes: usize = regions.iter().flatten().map(|region| region.blocks().len()).sum();
    if days.len() * boxes > MAX_WORK {
        return Vec::new();
    }
    let day = |(number, kind): (usize, &super::calendar::DayKind)| ChargeDay {
        date: kind.date,
        repeats: kind.repeats,
        charges: charges(space, &sure(space, regions, number)),
    };
    days.iter().enumerate().map(day).filter(|day| !day.charges.is_empty()).collect()
}

/// What surely holds at each stretch of a day: a rule wins for sure if it asks for the calendar alone, and none above it may
/// hold.
fn sure(space: &Space<'_>, regions: &[Option<Region>], day: usize) -> Vec<Sure> {
    let (_, stretches) = space.calendar.size;
    let mut sure = vec![Sure::Other; stretches];
    let mut open = Bits::all(stretches);
    for (number, (rule, region)) in space.policy.rules.iter().zip(regions).enumerate() {
        let acts = !matches!(rule.then, Action::ChargeToCover { .. } | Action::FollowPlan);
        let (mut certain, mut possible) = (Bits::none(stretches), Bits::none(stretches));
        match region {
            Some(region) => {
                let blocks =
                    region.blocks().iter().filter(|block| block.side(DAY).is_none_or(|days| days.contains(day)));
                for block in blocks.filter(|_| acts) {
                    let clock = block.side(CLOCK).cloned().unwrap_or_else(|| Bits::all(stretches));
                    if of_calendar(block) { certain.extend(&clock) } else { possible.extend(&clock) }
                }
            }
            None => possible = Bits::all(stretches),
        }
        let won = match rule.then {
            Action::ChargeTo { target, .. } => Sure::Charge(target.min(space.policy.battery.ceiling), number),
            _ => Sure::Other,
        };
        for (stretches, what) in [(certain, won), (possible, Sure::Unsure)] {
            let settled = stretches.and(&open);
            settled.iter().for_each(|stretch| sure.get_mut(stretch).into_iter().for_each(|sure| *sure = what));
            open = open.minus(&settled);
        }
    }
    sure
}

/// Whether a box asks for the calendar alone.
fn of_calendar(block: &Block) -> bool {
    block.variables().all(|variable| variable == DAY || variable == CLOCK)
}

/// The sure charges in order; one that may go on into the next is left out, so that no two are one.
fn charges(space: &Space<'_>, sure: &[Sure]) -> Vec<Charge> {
    let minutes = space.calendar.minutes();
    let ends = minutes.iter().skip(1).copied().chain([1440]);
    let mut charges: Vec<Charge> = Vec::new();
    let mut apart = true;
    for ((from, until), sure) in minutes.iter().copied().zip(ends).zip(sure) {
        match sure {
            Sure::Other => apart = true,
            Sure::Unsure => {}
            Sure::Charge(target, rule) => {
                let another = charges.last().is_none_or(|last| last.target != *target);
                match charges.last_mut().filter(|last| last.until == from && last.target == *target) {
                    Some(last) => last.until = until,
                    None if apart || another => charges.push(Charge { from, until, target: *target, rule: *rule }),
                    None => {}
                }
                apart = false;
            }
        }
    }
    charges
}
