//! What the periodic store holds: two lists of windows, and three switches over them.

use serde::{Deserialize, Serialize};

use super::super::store::Period;

/// The most windows that a list is looked at for, fillers included.
pub(super) const MAX_WINDOWS: usize = 64;

/// The most power that a window may name, in watts.
pub(super) const MAX_WATTS: u32 = 1_000_000;

/// The whole store of one system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodicSchedule {
    /// `executeCycleType`: whether windows have weekdays; else each is of every day.
    pub weekly: bool,
    /// `gridChargeCycle`: whether the charge windows are in force.
    pub grid_charge: bool,
    /// `ctrDisCycle`: whether the discharge windows are in force.
    pub control_discharge: bool,
    /// `chargeTimeList`
    pub charge: Vec<PeriodicWindow>,
    /// `dischargeTimeList`: permissions, not commands.
    pub discharge: Vec<PeriodicWindow>,
}

/// An element of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodicWindow {
    /// From when to when; unused where both are equal, a filler where both are midnight.
    pub period: Period,
    /// The days on which it begins: all of them in a daily schedule.
    pub weekdays: Weekdays,
    /// `chargePower`, in watts; 0 where none was given.
    pub watts: u32,
    /// `chargeLimit`, in percent: the cap of a charge window, the floor of a discharge window.
    pub limit: u8,
}

/// A set of weekdays, 1 for Monday to 7 for Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weekdays(u8);

impl PeriodicSchedule {
    pub(in crate::simulator) fn is_sound(&self) -> bool {
        let window = |one: &PeriodicWindow| {
            let time = |minutes: u16| minutes < 1440;
            time(one.period.from)
                && time(one.period.to)
                && one.limit <= 100
                && one.watts <= MAX_WATTS
                && (1..=Weekdays::ALL.0).contains(&one.weekdays.0)
        };
        self.charge.len() <= MAX_WINDOWS
            && self.discharge.len() <= MAX_WINDOWS
            && self.charge.iter().chain(&self.discharge).all(window)
    }

    /// Whether the device would take it: one time off the quarter hours makes it ignore the whole.
    #[must_use]
    pub fn is_on_grid(&self) -> bool {
        let on_grid = |one: &PeriodicWindow| one.period.from.is_multiple_of(15) && one.period.to.is_multiple_of(15);
        self.charge.iter().chain(&self.discharge).all(on_grid)
    }

    /// Whether a charge and a discharge window share a moment of the week. One that ends before it begins is taken to run
    /// across midnight.
    #[must_use]
    pub fn overlaps(&self) -> bool {
        let discharge: Vec<(i32, i32)> = self.discharge.iter().flat_map(PeriodicWindow::minutes_of_week).collect();
        let meet = |one: (i32, i32), two: (i32, i32)| one.0 < two.1 && two.0 < one.1;
        self.charge.iter().flat_map(PeriodicWindow::minutes_of_week).any(|(from, end)| {
            let shifts = [-WEEK, 0, WEEK];
            shifts.iter().any(|shift| discharge.iter().any(|other| meet((from + shift, end + shift), *other)))
        })
    }
}

/// Minutes of a week.
const WEEK: i32 = 7 * 1440;

impl PeriodicWindow {
    /// Whether it stands for no time at all.
    #[must_use]
    pub fn is_unused(&self) -> bool {
        self.period.is_unused()
    }

    /// The spans that it covers, in minutes since the midnight before Monday; none if it is unused.
    fn minutes_of_week(&self) -> Vec<(i32, i32)> {
        if self.is_unused() {
            return Vec::new();
        }
        let (from, end) = (i32::from(self.period.from), i32::from(self.period.end()));
        let end = if end < from { end + 1440 } else { end };
        let midnight = |weekday: u8| 1440 * (i32::from(weekday) - 1);
        self.weekdays.numbers().map(|day| (midnight(day) + from, midnight(day) + end)).collect()
    }
}

impl Weekdays {
    /// Every day.
    pub const ALL: Weekdays = Weekdays(0b111_1111);

    /// The days of these numbers, in any order; none if there is no number, or one beyond 1 to 7.
    #[must_use]
    pub fn of(numbers: &[u8]) -> Option<Weekdays> {
        let add = |set: u8, number: &u8| (1..=7).contains(number).then(|| set | 1 << (number - 1));
        numbers.iter().try_fold(0, add).filter(|set| *set != 0).map(Weekdays)
    }

    /// Whether a day is one of them, 1 for Monday to 7 for Sunday.
    #[must_use]
    pub fn contains(self, weekday: u8) -> bool {
        (1..=7).contains(&weekday) && self.0 & 1 << (weekday - 1) != 0
    }

    /// Their numbers from Monday on.
    pub fn numbers(self) -> impl Iterator<Item = u8> {
        (1..=7).filter(move |weekday| self.contains(*weekday))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_are_a_set_of_numbers_from_monday() {
        let check = |numbers: &[u8], expect: Option<&[u8]>| {
            let days = Weekdays::of(numbers).map(|days| days.numbers().collect::<Vec<u8>>());
            assert_eq!(days.as_deref(), expect, "{numbers:?}");
        };
        check(&[6, 5, 4, 3, 2, 1, 7], Some(&[1, 2, 3, 4, 5, 6, 7]));
        check(&[3, 3], Some(&[3]));
        check(&[], None);
        check(&[0], None);
        check(&[1, 8], None);
        assert!(!Weekdays::ALL.contains(0) && !Weekdays::ALL.contains(8));
    }
}
