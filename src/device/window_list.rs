//! A store that holds lists of windows in one object: the AlphaESS periodic store, and the periods of an ATESS.

use std::fmt;

use chrono::Weekday;
use tinyvec::ArrayVec;

use super::QuarterSet;
use super::schedule::{Cell, Day, Grip, Object, Oddity, WEEK};
use super::store::Store;
use super::two_window::{Period, QUARTERS};
use crate::time::Weekdays;

/// The most windows of one kind that any store holds: the periodic store's 28 a week.
pub const MOST_WINDOWS: usize = 28;

/// The windows of one kind, in the vendor's order. Fillers and windows that the vendor is known to ignore are left out.
pub type Windows = ArrayVec<[ListWindow; MOST_WINDOWS]>;

/// The whole content of the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowList {
    /// Whose store it is.
    pub store: Store,
    /// Whether the charge windows are in force.
    pub charge: Flag,
    /// Whether discharge is forbidden outside the permissions. Without any permission nothing is forbidden.
    pub restricted: Flag,
    /// When the grid charges.
    pub charge_windows: Windows,
    /// When the battery may discharge while it is restricted.
    pub permissions: Windows,
}

/// A switch of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// It is off.
    Off,
    /// It is on.
    On,
    /// The vendor takes it and does not give it back.
    Unread,
}

/// One window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListWindow {
    /// When it begins and ends; on the grid, never across midnight.
    pub period: Period,
    /// On which days.
    pub days: Weekdays,
    /// Of a charge: its target in percent. Of a permission: its floor. `None`: the device's own, which the store does not tell.
    pub limit: Option<u8>,
    /// Of a charge: its power in W. `None` where the store has none.
    pub power: Option<u32>,
}

impl WindowList {
    /// A store that asks nothing.
    #[must_use]
    pub fn empty(store: Store) -> WindowList {
        let none = Windows::default();
        WindowList { store, charge: Flag::Off, restricted: Flag::Off, charge_windows: none, permissions: none }
    }

    /// What it means on a day of the week.
    ///
    /// # Errors
    /// What makes its meaning unknown.
    pub fn day(&self, weekday: Weekday) -> Result<Day, Oddity> {
        self.oddity().map_or(Ok(()), Err)?;
        let restricted = self.restricts();
        let cell = |quarter: u32| {
            let charge = self.charging().find(|window| window.covers(weekday, quarter));
            let permission = self.permissions.iter().find(|window| window.covers(weekday, quarter));
            match (charge, permission) {
                (Some(window), _) => Cell { grip: Grip::Charge(window.limit.unwrap_or(100)), floor: None },
                (None, Some(window)) if restricted => Cell { grip: Grip::SelfConsume, floor: window.limit },
                (None, None) if restricted => Cell { grip: Grip::Hold, floor: None },
                _ => Cell { grip: Grip::SelfConsume, floor: None },
            }
        };
        let mut quarters = [Cell { grip: Grip::SelfConsume, floor: None }; QUARTERS];
        for (quarter, slot) in (0u32..).zip(quarters.iter_mut()) {
            *slot = cell(quarter);
        }
        Ok(Day { quarters })
    }

    /// Whether two contents are the same to the device. A switch that cannot be read agrees with any, but not with other windows
    /// than those that it was written with: whoever changed these may have switched them on. Contents of unknown meaning are
    /// the same only to the letter.
    #[must_use]
    pub fn same_meaning(&self, other: &WindowList) -> bool {
        if self.store != other.store {
            return false;
        }
        let told = !self.is_unread() && !other.is_unread();
        let (one, two) = (self.recalling_flags(other), other.recalling_flags(self));
        one.same_as_known(&two) && (told || self.same_windows(other))
    }

    /// The same where the switches are known.
    fn same_as_known(&self, other: &WindowList) -> bool {
        match (self.oddity(), other.oddity()) {
            (None, None) => self.same_days(other) && self.same_power(other),
            _ => self == other,
        }
    }

    /// Whether the windows of either kind would do the same if they alone were switched on.
    fn same_windows(&self, other: &WindowList) -> bool {
        let none = Windows::default;
        let charge =
            |list: &WindowList| WindowList { charge: Flag::On, restricted: Flag::Off, permissions: none(), ..*list };
        let permission =
            |list: &WindowList| WindowList { charge: Flag::Off, restricted: Flag::On, charge_windows: none(), ..*list };
        charge(self).same_as_known(&charge(other)) && permission(self).same_as_known(&permission(other))
    }

    /// Why its meaning is not known, if it is not.
    #[must_use]
    pub fn oddity(&self) -> Option<Oddity> {
        let unread = |flag: Flag, windows: &Windows| flag == Flag::Unread && !windows.is_empty();
        if unread(self.charge, &self.charge_windows) || unread(self.restricted, &self.permissions) {
            return Some(Oddity::FlagsUnread);
        }
        let permitting = self.permissions.iter().filter(|_| self.restricted == Flag::On);
        let odd = self.charging().chain(permitting).find_map(|window| window.period.oddity(Object::Windows));
        odd.or_else(|| self.overlaps().then_some(Oddity::Overlap)).or_else(|| self.day_without_permission())
    }

    /// Whether a switch is unread, so that nobody knows whether its windows are in force.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.charge == Flag::Unread || self.restricted == Flag::Unread
    }

    /// Whether both switches are off: the device does as it likes.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.charge == Flag::Off && self.restricted == Flag::Off
    }

    /// The same as it was in force in all likelihood: an unread switch is on where there are windows for it, else off.
    #[must_use]
    pub fn presumed(self) -> WindowList {
        let presume = |flag: Flag, windows: &Windows| match flag {
            Flag::Unread if windows.is_empty() => Flag::Off,
            Flag::Unread => Flag::On,
            known => known,
        };
        WindowList {
            charge: presume(self.charge, &self.charge_windows),
            restricted: presume(self.restricted, &self.permissions),
            ..self
        }
    }

    /// Whether discharge is forbidden anywhere. A restriction without any permission is none.
    #[must_use]
    pub fn restricts(&self) -> bool {
        self.restricted == Flag::On && !self.permissions.is_empty()
    }

    /// The same with the switches that were proved, if the windows are the proved ones and the switches cannot be read.
    #[must_use]
    pub fn recalling(self, proven: &WindowList) -> WindowList {
        let recalled = self.recalling_flags(proven);
        let same = recalled.charge_windows == proven.charge_windows && recalled.permissions == proven.permissions;
        if same || self.same_meaning(proven) { recalled } else { self }
    }

    fn recalling_flags(self, other: &WindowList) -> WindowList {
        let recall = |own: Flag, other: Flag| if own == Flag::Unread { other } else { own };
        WindowList {
            charge: recall(self.charge, other.charge),
            restricted: recall(self.restricted, other.restricted),
            ..self
        }
    }

    /// The charge windows that are in force.
    fn charging(&self) -> impl Iterator<Item = &ListWindow> {
        self.charge_windows.iter().filter(|_| self.charge == Flag::On)
    }

    fn same_days(&self, other: &WindowList) -> bool {
        WEEK.into_iter().all(|day| self.day(day) == other.day(day))
    }

    /// Whether each quarter hour is charged in with the same power.
    fn same_power(&self, other: &WindowList) -> bool {
        let power = |list: &WindowList, day: Weekday, quarter: u32| {
            list.charging().find(|window| window.covers(day, quarter)).and_then(|window| window.power)
        };
        let quarters = (0u32..).take(QUARTERS);
        WEEK.into_iter().all(|day| quarters.clone().all(|at| power(self, day, at) == power(other, day, at)))
    }

    fn overlaps(&self) -> bool {
        WEEK.into_iter().any(|day| {
            let charge: Vec<&ListWindow> = self.charging().filter(|window| window.days.contains(day)).collect();
            let permit: Vec<&ListWindow> = self.permissions.iter().filter(|window| window.days.contains(day)).collect();
            let permitted = permit.iter().fold(QuarterSet::NONE, |set, window| set | QuarterSet::of(window.period));
            let charged = charge.iter().fold(QuarterSet::NONE, |set, window| set | QuarterSet::of(window.period));
            (self.restricts() && charged.meets(permitted))
                || disagree(&charge)
                || (self.restricts() && disagree(&permit))
        })
    }

    fn day_without_permission(&self) -> Option<Oddity> {
        let permitted = |day: &Weekday| self.permissions.iter().any(|window| window.days.contains(*day));
        let bare = WEEK.into_iter().find(|day| !permitted(day)).filter(|_| self.restricts());
        bare.map(Oddity::DayWithoutPermission)
    }
}

/// Whether two windows of one day overlap and ask for different things.
fn disagree(windows: &[&ListWindow]) -> bool {
    windows.iter().enumerate().any(|(index, one)| {
        windows.iter().skip(index + 1).any(|two| {
            let meet = QuarterSet::of(one.period).meets(QuarterSet::of(two.period));
            meet && (one.limit, one.power) != (two.limit, two.power)
        })
    })
}

impl ListWindow {
    /// Whether a quarter hour of a day of the week lies in it.
    #[must_use]
    pub fn covers(&self, day: Weekday, quarter: u32) -> bool {
        self.days.contains(day) && QuarterSet::of(self.period).contains(quarter)
    }
}

impl Default for ListWindow {
    /// An unused one.
    fn default() -> ListWindow {
        ListWindow { period: Period::UNUSED, days: Weekdays::ALL, limit: None, power: None }
    }
}

impl fmt::Display for ListWindow {
    /// As people read it: `23:30–00:00 Mon-Fri to 90 % at 5000 W`; of a permission the percentage is its floor.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.period)?;
        if self.days != Weekdays::ALL {
            write!(f, " {}", days(self.days))?;
        }
        if let Some(limit) = self.limit {
            write!(f, " to {limit} %")?;
        }
        self.power.map_or(Ok(()), |power| write!(f, " at {power} W"))
    }
}

impl fmt::Display for WindowList {
    /// One line for people: `grid charge 00:00–05:30 to 90 %; discharge only 05:30–00:00 to 10 %`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = |windows: &Windows| windows.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match self.charge {
            _ if self.charge_windows.is_empty() => f.write_str("no grid charge")?,
            Flag::Off => f.write_str("no grid charge")?,
            Flag::On => write!(f, "grid charge {}", listed(&self.charge_windows))?,
            Flag::Unread => write!(f, "grid charge, if switched on, {}", listed(&self.charge_windows))?,
        }
        match self.restricted {
            _ if self.permissions.is_empty() => f.write_str("; discharge unrestricted"),
            Flag::Off => f.write_str("; discharge unrestricted"),
            Flag::On => write!(f, "; discharge only {}", listed(&self.permissions)),
            Flag::Unread => write!(f, "; discharge, if switched on, only {}", listed(&self.permissions)),
        }
    }
}

/// `Mon,Tue,Sat`.
fn days(days: Weekdays) -> String {
    WEEK.into_iter().filter(|day| days.contains(*day)).map(|day| day.to_string()).collect::<Vec<_>>().join(",")
}
