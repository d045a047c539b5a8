//! What a store holds, laid over the time until it repeats itself: apart from the product.

use chrono::{DateTime, Datelike, Duration, Timelike, Utc, Weekday};
use chrono_tz::Tz;
use offpeak::device::{Object, Store};
use offpeak::simulator::store::{Half, Schedule, Which};

use super::family::Grip;
use super::lists::Lists;
use super::two_window;

/// The quarter hours of a day.
pub(crate) const QUARTERS: usize = 96;

/// The days of a week.
pub(crate) const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// What a store asks in one quarter hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) grip: Grip,
    /// None where the device's own holds.
    pub(crate) floor: Option<u8>,
}

/// One quarter hour of the lap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    /// When it begins; the present one: now.
    pub(crate) at: DateTime<Utc>,
    pub(crate) day: Weekday,
    pub(crate) quarter: usize,
}

/// The whole content of a store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Held {
    TwoWindow(Schedule),
    Lists(Box<Lists>),
}

/// The content of one of its objects.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    Half(Which, Half),
    Lists(Box<Lists>),
}

impl Held {
    pub(crate) fn part(&self, object: Object) -> Part {
        match (self, object) {
            (Held::TwoWindow(schedule), Object::Charge) => Part::Half(Which::Charge, schedule.charge),
            (Held::TwoWindow(schedule), Object::Discharge) => Part::Half(Which::Discharge, schedule.discharge),
            (Held::Lists(lists), Object::Windows) => Part::Lists(lists.clone()),
            _ => panic!("{object:?} is of another store"),
        }
    }

    /// With another content of one object.
    pub(crate) fn with(&self, part: Part) -> Held {
        match (self, part) {
            (Held::TwoWindow(schedule), Part::Half(which, half)) => {
                let mut schedule = *schedule;
                schedule.set(which, half);
                Held::TwoWindow(schedule)
            }
            (_, Part::Lists(lists)) => Held::Lists(lists),
            (Held::Lists(_), Part::Half(..)) => panic!("of another store"),
        }
    }

    pub(crate) fn cell(&self, day: Weekday, quarter: usize) -> Cell {
        match self {
            Held::TwoWindow(schedule) => two_window::cell(schedule, quarter),
            Held::Lists(lists) => lists.cell(day, quarter),
        }
    }

    pub(crate) fn grip(&self, slot: Slot) -> Grip {
        self.cell(slot.day, slot.quarter).grip
    }

    /// Whether a quarter hour is gripped on account of one object.
    pub(crate) fn grips(&self, object: Object, slot: Slot) -> bool {
        match (self, object) {
            (Held::TwoWindow(schedule), Object::Charge) => two_window::charges(schedule.charge, slot.quarter),
            (Held::TwoWindow(_), _) => self.grip(slot) == Grip::Hold,
            (Held::Lists(_), _) => self.grip(slot) > Grip::SelfConsume,
        }
    }

    /// Whether a charge window and a permission overlap.
    pub(crate) fn overlaps(&self) -> bool {
        match self {
            Held::TwoWindow(schedule) => two_window::overlaps(schedule),
            Held::Lists(lists) => lists.overlaps(),
        }
    }

    /// Whether nobody knows what the device makes of it.
    pub(crate) fn odd(&self) -> bool {
        match self {
            Held::TwoWindow(schedule) => {
                two_window::odd(schedule.charge) || two_window::odd(schedule.discharge) || self.overlaps()
            }
            Held::Lists(lists) => lists.odd() || self.overlaps(),
        }
    }

    /// Whether another content grips any quarter hour more firmly, or raises a floor beyond the reserve.
    pub(crate) fn adds_grip(&self, to: &Held, reserve: u8) -> bool {
        let days = if matches!(self, Held::TwoWindow(_)) { &WEEK[..1] } else { &WEEK[..] };
        let firmer = |day: Weekday, quarter: usize| {
            let (from, to) = (self.cell(day, quarter), to.cell(day, quarter));
            // Where it charged or held it gave nothing at all: any floor is less than that.
            let gave = from.floor.is_some() || from.grip == Grip::SelfConsume;
            to.grip > from.grip || gave && to.floor.unwrap_or(0) > from.floor.unwrap_or(0).max(reserve)
        };
        days.iter().any(|day| (0..QUARTERS).any(|quarter| firmer(*day, quarter)))
    }

    /// What the owner's mapping leaves alone.
    pub(crate) fn rest(&self) -> Option<&serde_json::Map<String, serde_json::Value>> {
        match self {
            Held::TwoWindow(_) => None,
            Held::Lists(lists) => Some(&lists.rest),
        }
    }
}

impl Part {
    /// Whether two contents of an object mean the same to the device.
    pub(crate) fn same(&self, other: &Part) -> bool {
        match (self, other) {
            (Part::Half(which, one), Part::Half(_, two)) => two_window::same(*which, *one, *two),
            (Part::Lists(one), Part::Lists(two)) => one.same(two),
            _ => false,
        }
    }

    /// Whether whoever reads both can tell no difference that means anything.
    pub(crate) fn looks_same(&self, other: &Part) -> bool {
        match (self, other) {
            (Part::Lists(one), Part::Lists(two)) => one.looks_same(two),
            _ => self.same(other),
        }
    }

    /// As a read tells it.
    pub(crate) fn told(&self) -> Part {
        match self {
            Part::Half(..) => self.clone(),
            Part::Lists(lists) => Part::Lists(Box::new(lists.told())),
        }
    }

    /// Whether a read tells the whole of it.
    pub(crate) fn told_whole(&self) -> bool {
        match self {
            Part::Half(..) => true,
            Part::Lists(lists) => lists.told_whole,
        }
    }

    /// Whether nobody knows what the device makes of it.
    pub(crate) fn odd(&self) -> bool {
        match self {
            Part::Half(_, half) => two_window::odd(*half),
            Part::Lists(lists) => lists.odd(),
        }
    }

    /// The targets of its charge windows: of those in force, or of all.
    pub(crate) fn targets(&self, in_force: bool) -> Vec<u8> {
        match self {
            Part::Half(Which::Charge, half) if half.enabled || !in_force => vec![half.percent],
            Part::Half(..) => Vec::new(),
            Part::Lists(lists) if lists.charging || !in_force => {
                lists.charges.iter().filter_map(|window| window.level).collect()
            }
            Part::Lists(_) => Vec::new(),
        }
    }

    /// The floors that it sets.
    pub(crate) fn floors(&self) -> Vec<u8> {
        match self {
            Part::Half(Which::Charge, _) => Vec::new(),
            Part::Half(Which::Discharge, half) => vec![half.percent],
            Part::Lists(lists) if lists.restricts() => {
                lists.permissions.iter().filter_map(|window| window.level).collect()
            }
            Part::Lists(_) => Vec::new(),
        }
    }
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

/// After how many days a store repeats itself.
fn days(store: Store) -> i32 {
    if store == Store::Periodic { 7 } else { 1 }
}

/// The quarter hours from now until the store repeats itself: until the wall clock comes round to the present one, on the next
/// day or on the same day of the next week.
pub(crate) fn lap(store: Store, zone: Tz, now: DateTime<Utc>) -> Vec<Slot> {
    let slot = |at: DateTime<Utc>| {
        let local = at.with_timezone(&zone);
        let quarter = usize::try_from(local.hour() * 4 + local.minute() / 15).expect("a quarter");
        (local.num_days_from_ce(), Slot { at, day: local.weekday(), quarter })
    };
    let (today, first) = slot(now);
    let local = now.with_timezone(&zone);
    let into = Duration::minutes(i64::from(local.minute() % 15)) + Duration::seconds(i64::from(local.second()));
    let start = now - into - Duration::milliseconds(i64::from(now.timestamp_subsec_millis()));
    let mut slots = vec![first];
    let last = i64::from(days(store)) * 96;
    for number in 1..last {
        let (day, slot) = slot(start + Duration::minutes(15 * number));
        if day >= today + days(store) && slot.quarter >= first.quarter {
            break;
        }
        slots.push(slot);
    }
    slots
}
