//! The two-window schedule store: what it holds field for field, and what that means to the device.

use std::fmt;

use super::{Grip, Object, Oddity, QuarterSet, Settings};
use crate::time::ClockTime;

/// Quarter hours in a day of the wall clock.
pub const QUARTERS: usize = 96;

/// Minutes in a quarter hour: the device's grid.
pub const GRID_MINUTES: u16 = 15;

/// The whole schedule of a device: two objects that are written apart, each as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwoWindow {
    /// When the grid may charge.
    pub charge: ChargeSettings,
    /// When the battery may discharge.
    pub discharge: DischargeSettings,
}

/// The charge object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChargeSettings {
    /// `gridCharge`: whether the windows are in force.
    pub grid_charge: bool,
    /// The two daily windows, either of which may be unused.
    pub windows: [Period; 2],
    /// `batHighCap`: the target of both windows in percent.
    pub cap: u8,
}

/// The discharge object. Its windows are permissions: they never force energy out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DischargeSettings {
    /// `ctrDis`: whether discharge is forbidden outside the windows.
    pub restricted: bool,
    /// The two daily windows, either of which may be unused.
    pub windows: [Period; 2],
    /// `batUseCap`: the floor of self-consumption in percent, in force whatever the rest says.
    pub floor: u8,
}

/// A daily window as the store holds it: unused where start and end are equal; an end of 00:00 is midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The start.
    pub from: ClockTime,
    /// The end, exclusive.
    pub to: ClockTime,
}

/// The normal form of a schedule: what each quarter hour of every day means, and the floor. Two schedules with one meaning
/// are the same to the device, so the difference between them is never worth a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The grip of each quarter hour, counted from 00:00 of the wall clock.
    pub quarters: [Grip; QUARTERS],
    /// The floor of self-consumption in percent.
    pub floor: u8,
}

impl Period {
    /// No window.
    pub const UNUSED: Period = Period { from: ClockTime::MIDNIGHT, to: ClockTime::MIDNIGHT };

    /// Whether there is no window.
    #[must_use]
    pub fn is_unused(self) -> bool {
        self.from == self.to
    }

    /// The minutes of the day that it covers, end exclusive; empty if unused or wrapping.
    #[must_use]
    pub fn minutes(self) -> std::ops::Range<u16> {
        if self.is_unused() { 0..0 } else { self.from.minutes()..self.end_minutes() }
    }

    /// The end in minutes since midnight, where midnight is the end of the day.
    fn end_minutes(self) -> u16 {
        if self.to == ClockTime::MIDNIGHT { 1440 } else { self.to.minutes() }
    }

    /// Whether the device is known to do with it what it says: it is on the grid and does not wrap.
    #[must_use]
    pub fn is_plain(self) -> bool {
        self.oddity(Object::Charge).is_none()
    }

    pub(super) fn oddity(self, object: Object) -> Option<Oddity> {
        let off_grid =
            !self.from.minutes().is_multiple_of(GRID_MINUTES) || !self.to.minutes().is_multiple_of(GRID_MINUTES);
        let wraps = !self.is_unused() && self.from.minutes() > self.end_minutes();
        if off_grid && !self.is_unused() {
            Some(Oddity::OffGrid(object, self))
        } else {
            wraps.then_some(Oddity::Wraps(object, self))
        }
    }
}

impl ChargeSettings {
    /// Whether the quarter hour of the day is charged in.
    #[must_use]
    pub fn charges(&self, quarter: usize) -> bool {
        u32::try_from(quarter).is_ok_and(|quarter| self.charged().contains(quarter))
    }

    /// The quarter hours of the day that are charged in. What an oddity makes of them is another matter.
    #[must_use]
    pub fn charged(&self) -> QuarterSet {
        if self.grid_charge { covered(&self.windows) } else { QuarterSet::NONE }
    }
}

impl DischargeSettings {
    /// Whether discharge is permitted in the quarter hour of the day. A restriction without any window is none.
    #[must_use]
    pub fn permits(&self, quarter: usize) -> bool {
        u32::try_from(quarter).is_ok_and(|quarter| self.permitted().contains(quarter))
    }

    /// The quarter hours of the day in which discharge is permitted; the whole day without a restriction.
    #[must_use]
    pub fn permitted(&self) -> QuarterSet {
        if self.restricts() { covered(&self.windows) } else { QuarterSet::DAY }
    }

    /// Whether any quarter hour of the day is without permission.
    #[must_use]
    pub fn restricts(&self) -> bool {
        self.restricted && self.windows.iter().any(|window| !window.is_unused())
    }
}

impl TwoWindow {
    /// A schedule that asks nothing, beside which one object's meaning shows.
    pub const NEUTRAL: TwoWindow = TwoWindow {
        charge: ChargeSettings { grid_charge: false, windows: [Period::UNUSED; 2], cap: 100 },
        discharge: DischargeSettings { restricted: false, windows: [Period::UNUSED; 2], floor: 10 },
    };

    /// What the schedule means to the device.
    ///
    /// # Errors
    /// What makes its meaning unknown.
    pub fn meaning(&self) -> Result<Meaning, Oddity> {
        self.oddity().map_or(Ok(()), Err)?;
        let (charges, permits) = (self.charge.charged(), self.discharge.permitted());
        let mut quarters = [Grip::SelfConsume; QUARTERS];
        for (quarter, grip) in (0u32..).zip(quarters.iter_mut()) {
            *grip = if charges.contains(quarter) {
                Grip::Charge(self.charge.cap)
            } else if permits.contains(quarter) {
                Grip::SelfConsume
            } else {
                Grip::Hold
            };
        }
        Ok(Meaning { quarters, floor: self.discharge.floor })
    }

    /// Whether two schedules are the same to the device. Schedules of unknown meaning are the same only to the letter.
    #[must_use]
    pub fn same_meaning(&self, other: &TwoWindow) -> bool {
        match (self.meaning(), other.meaning()) {
            (Ok(one), Ok(two)) => one == two,
            _ => self == other,
        }
    }

    /// The contents of both objects, the charge object first.
    #[must_use]
    pub fn contents(&self) -> [Settings; 2] {
        [Settings::Charge(self.charge), Settings::Discharge(self.discharge)]
    }

    /// The schedule after a write. The content of another store's object changes nothing here.
    #[must_use]
    pub fn with(self, settings: Settings) -> TwoWindow {
        match settings {
            Settings::Charge(charge) => TwoWindow { charge, ..self },
            Settings::Discharge(discharge) => TwoWindow { discharge, ..self },
            Settings::Windows(_) => self,
        }
    }

    /// Why the meaning of the schedule is not known, if it is not.
    #[must_use]
    pub fn oddity(&self) -> Option<Oddity> {
        self.odd(Object::Charge)
            .or_else(|| self.odd(Object::Discharge))
            .or_else(|| self.overlaps().then_some(Oddity::Overlap))
    }

    /// Why the meaning of one object is not known by itself, if it is not. An object that is switched off means nothing,
    /// whatever its windows say.
    #[must_use]
    pub fn odd(&self, object: Object) -> Option<Oddity> {
        let (in_force, windows) = match object {
            Object::Charge => (self.charge.grid_charge, &self.charge.windows),
            Object::Discharge => (self.discharge.restricted, &self.discharge.windows),
            Object::Windows => return None,
        };
        windows.iter().filter(|_| in_force).find_map(|window| window.oddity(object))
    }

    fn overlaps(&self) -> bool {
        self.discharge.restricts() && self.charge.charged().meets(self.discharge.permitted())
    }
}

/// The quarter hours of the day that two windows cover together.
fn covered(windows: &[Period; 2]) -> QuarterSet {
    windows.iter().fold(QuarterSet::NONE, |set, window| set | QuarterSet::of(*window))
}

impl fmt::Display for Period {
    /// As people read it: `23:30–00:00`, `unused`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_unused() { f.write_str("unused") } else { write!(f, "{}–{}", self.from, self.to) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(text: &str) -> Period {
        let (from, to) = text.split_once('-').expect("a period");
        Period { from: from.parse().expect("a start"), to: to.parse().expect("an end") }
    }

    fn schedule(charge: &[&str], permissions: &[&str]) -> TwoWindow {
        let windows = |texts: &[&str]| [0, 1].map(|index| texts.get(index).map_or(Period::UNUSED, |text| period(text)));
        TwoWindow {
            charge: ChargeSettings { grid_charge: !charge.is_empty(), windows: windows(charge), cap: 90 },
            discharge: DischargeSettings {
                restricted: !permissions.is_empty(),
                windows: windows(permissions),
                floor: 10,
            },
        }
    }

    fn letters(schedule: &TwoWindow) -> String {
        let meaning = schedule.meaning().expect("a meaning");
        let letter = |grip: &Grip| match grip {
            Grip::SelfConsume => 's',
            Grip::Hold => 'h',
            Grip::Charge(_) => 'C',
        };
        meaning.quarters.iter().step_by(4).map(letter).collect()
    }

    #[test]
    fn a_schedule_means_a_grip_for_each_quarter_hour() {
        let check = |schedule: TwoWindow, expect: &str| assert_eq!(letters(&schedule), expect);
        check(schedule(&[], &[]), "ssssssssssssssssssssssss");
        check(schedule(&["23:00-00:00", "00:00-05:00"], &[]), "CCCCCssssssssssssssssssC");
        check(schedule(&["02:00-05:00"], &["07:00-10:00", "20:00-00:00"]), "hhCCChhssshhhhhhhhhhssss");
        let mut unrestricted = schedule(&[], &[]);
        unrestricted.discharge.restricted = true;
        check(unrestricted, "ssssssssssssssssssssssss");
        let mut disabled = schedule(&["02:00-05:00"], &[]);
        disabled.charge.grid_charge = false;
        check(disabled, "ssssssssssssssssssssssss");
    }

    #[test]
    fn two_spellings_of_one_meaning_are_the_same() {
        let one = schedule(&["00:00-05:00", "23:00-00:00"], &[]);
        assert!(one.same_meaning(&schedule(&["23:00-00:00", "00:00-05:00"], &[])));
        assert!(schedule(&["01:00-03:00", "03:00-05:00"], &[]).same_meaning(&schedule(&["01:00-05:00"], &[])));
        let mut capped = schedule(&[], &[]);
        capped.charge.cap = 50;
        assert!(capped.same_meaning(&schedule(&[], &[])));
        capped.discharge.floor = 20;
        assert!(!capped.same_meaning(&schedule(&[], &[])));
    }

    #[test]
    fn what_the_device_may_ignore_has_no_meaning() {
        let check = |schedule: TwoWindow, expect: Oddity| assert_eq!(schedule.meaning(), Err(expect));
        check(schedule(&["22:07-23:15"], &[]), Oddity::OffGrid(Object::Charge, period("22:07-23:15")));
        check(schedule(&["22:15-01:15"], &[]), Oddity::Wraps(Object::Charge, period("22:15-01:15")));
        check(schedule(&["02:00-05:00"], &["04:00-10:00"]), Oddity::Overlap);
        assert!(schedule(&["02:00-05:00"], &[]).meaning().is_ok());
    }
}
