//! What a store that holds lists of windows in one object means, worked out quarter hour by quarter hour from the cloud's own
//! fields: apart from the product.

use std::fmt;

use chrono::Weekday;
use offpeak::simulator::atess::settings::Period;
use offpeak::simulator::periodic::{PeriodicSchedule, PeriodicWindow};
use serde_json::{Map, Value};

use super::family::Grip;
use super::laid::{Cell, QUARTERS, WEEK};

/// The whole object.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Lists {
    /// Whether the charge windows are in force.
    pub(crate) charging: bool,
    /// Whether discharge is forbidden outside the permissions, if there are any.
    pub(crate) restricted: bool,
    /// Whether a read tells both switches.
    pub(crate) told_whole: bool,
    /// Without fillers and what is inert.
    pub(crate) charges: Vec<Window>,
    pub(crate) permissions: Vec<Window>,
    /// Everything else that the object has, which is nobody's business here.
    pub(crate) rest: Map<String, Value>,
}

/// A window in minutes since midnight, the end exclusive and 1440 for midnight.
#[derive(Clone, PartialEq)]
pub(crate) struct Window {
    pub(crate) from: u16,
    pub(crate) to: u16,
    pub(crate) days: Vec<Weekday>,
    /// The target of a charge, the floor of a permission; none if it is the device's own.
    pub(crate) level: Option<u8>,
    pub(crate) watts: Option<u32>,
}

impl fmt::Debug for Lists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let switch = |on: bool| if on { "on" } else { "off" };
        let (charging, restricted) = (switch(self.charging), switch(self.restricted));
        write!(f, "charge {charging} {:?}, permissions {restricted} {:?}", self.charges, self.permissions)
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Window { from, to, level, watts, .. } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)?;
        let days = if self.days.len() == 7 { String::new() } else { format!("{:?}", self.days) };
        write!(f, " {days} {level:?} {watts:?}")
    }
}

impl Window {
    fn covers(&self, day: Weekday, quarter: usize) -> bool {
        let minute = u16::try_from(quarter * 15).expect("a minute");
        self.days.contains(&day) && (self.from..self.to).contains(&minute)
    }

    fn is_odd(&self) -> bool {
        self.from >= self.to || !self.from.is_multiple_of(15) || !self.to.is_multiple_of(15)
    }
}

fn find(windows: &[Window], day: Weekday, quarter: usize) -> Option<&Window> {
    windows.iter().find(|window| window.covers(day, quarter))
}

fn everywhere(holds: impl Fn(Weekday, usize) -> bool) -> bool {
    WEEK.into_iter().all(|day| (0..QUARTERS).all(|quarter| holds(day, quarter)))
}

impl Lists {
    pub(crate) fn restricts(&self) -> bool {
        self.restricted && !self.permissions.is_empty()
    }

    fn charge(&self, day: Weekday, quarter: usize) -> Option<&Window> {
        find(&self.charges, day, quarter).filter(|_| self.charging)
    }

    pub(crate) fn cell(&self, day: Weekday, quarter: usize) -> Cell {
        if let Some(window) = self.charge(day, quarter) {
            return Cell { grip: Grip::Charge(window.level.expect("a target")), floor: None };
        }
        match find(&self.permissions, day, quarter).filter(|_| self.restricts()) {
            Some(window) => Cell { grip: Grip::SelfConsume, floor: window.level },
            None if self.restricts() => Cell { grip: Grip::Hold, floor: None },
            None => Cell { grip: Grip::SelfConsume, floor: None },
        }
    }

    /// Whether a charge window and a permission that are in force overlap.
    pub(crate) fn overlaps(&self) -> bool {
        let both =
            |day, quarter| self.charge(day, quarter).is_some() && find(&self.permissions, day, quarter).is_some();
        self.restricts() && !everywhere(|day, quarter| !both(day, quarter))
    }

    /// Whether nobody knows what the device makes of it: a window in force off the grid or wrapping, two of a kind that
    /// overlap and disagree, or a day that is restricted without any permission.
    pub(crate) fn odd(&self) -> bool {
        let charges: &[Window] = if self.charging { &self.charges } else { &[] };
        let permissions: &[Window] = if self.restricted { &self.permissions } else { &[] };
        let bare = |day: &Weekday| !permissions.iter().any(|window| window.days.contains(day));
        charges.iter().chain(permissions).any(Window::is_odd)
            || disagree(charges)
            || disagree(permissions)
            || self.restricts() && WEEK.iter().any(bare)
    }

    /// Whether two contents mean the same to the device.
    pub(crate) fn same(&self, other: &Lists) -> bool {
        if self.odd() || other.odd() {
            return self.charging == other.charging
                && self.restricted == other.restricted
                && self.charges == other.charges
                && self.permissions == other.permissions;
        }
        let power = |lists: &Lists, day, quarter| lists.charge(day, quarter).map(|window| window.watts);
        everywhere(|day, quarter| {
            self.cell(day, quarter) == other.cell(day, quarter)
                && power(self, day, quarter) == power(other, day, quarter)
        })
    }

    /// Whether whoever reads both can tell no difference that means anything, whatever the switches are that no read tells.
    pub(crate) fn looks_same(&self, other: &Lists) -> bool {
        if self.told_whole {
            return self.same(other);
        }
        [(true, false), (false, true)].into_iter().all(|(charging, restricted)| {
            let with = |lists: &Lists| Lists { charging, restricted, ..lists.clone() };
            with(self).same(&with(other))
        })
    }

    /// As a read tells it.
    pub(crate) fn told(&self) -> Lists {
        let (charging, restricted) = if self.told_whole { (self.charging, self.restricted) } else { (false, false) };
        Lists { charging, restricted, ..self.clone() }
    }
}

fn disagree(windows: &[Window]) -> bool {
    windows.iter().enumerate().any(|(index, one)| {
        windows.iter().skip(index + 1).any(|two| {
            let days = one.days.iter().any(|day| two.days.contains(day));
            days && one.from < two.to && two.from < one.to && (one.level, one.watts) != (two.level, two.watts)
        })
    })
}

/// The settings of an ATESS by the names that the family's policies map. An erased period is unused, an erased switch off.
pub(crate) fn of_atess(settings: &Map<String, Value>, charges_to: u8) -> Lists {
    let on = |name: &str| settings.get(name).and_then(number).is_some_and(|number| number != 0.0);
    let windows = |class: &str, level: Option<u8>| {
        let text = |number: u8| settings.get(&format!("{class}PeriodTime{number}"))?.as_str();
        let periods = [1, 2].into_iter().filter_map(|number| Period::read(text(number)?));
        let window = |period: Period| {
            let to = if period.to == 0 { 1440 } else { period.to };
            Window { from: period.from, to, days: WEEK.to_vec(), level, watts: None }
        };
        periods.filter(|period| period.from != period.to).map(window).collect()
    };
    let ours = ["chargeEnable", "dischargeEnable"];
    let mapped =
        |name: &str| ours.contains(&name) || name.starts_with("valleyPeriod") || name.starts_with("peakPeriod");
    let rest = settings.iter().filter(|(name, _)| !mapped(name));
    Lists {
        charging: on("chargeEnable"),
        restricted: on("dischargeEnable"),
        told_whole: true,
        charges: windows("valley", Some(charges_to)),
        permissions: windows("peak", None),
        rest: rest.map(|(name, value)| (name.clone(), number(value).map_or(value.clone(), Value::from))).collect(),
    }
}

/// The lists of the periodic store. Fillers and elements without power are none.
pub(crate) fn of_periodic(schedule: &PeriodicSchedule) -> Lists {
    let windows = |windows: &[PeriodicWindow], charge: bool| {
        let used = windows.iter().filter(|window| window.watts > 0 && window.period.from != window.period.to);
        let window = |window: &PeriodicWindow| {
            let Period { from, to } = Period { from: window.period.from, to: window.period.to };
            Window {
                from,
                to: if to == 0 { 1440 } else { to },
                days: (1..).zip(WEEK).filter(|(day, _)| window.weekdays.contains(*day)).map(|(_, day)| day).collect(),
                level: Some(window.limit),
                watts: charge.then_some(window.watts),
            }
        };
        used.map(window).collect()
    };
    Lists {
        charging: schedule.grid_charge,
        restricted: schedule.control_discharge,
        told_whole: false,
        charges: windows(&schedule.charge, true),
        permissions: windows(&schedule.discharge, false),
        rest: Map::new(),
    }
}

/// A number, also where it comes as a text.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}
