//! The reference device model: what a device does with its copy of the schedule, and the options of what nobody knows.

use serde::{Deserialize, Serialize};

use super::store::{Half, Period, Schedule};

/// How this device behaves where the vendor says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceModel {
    /// What it does where a charge window and a permission overlap.
    pub overlap: Overlap,
    /// What it makes of a period whose start is later than its end.
    pub wrap: Wrap,
    /// What it makes of a restriction without any period.
    pub empty_restriction: EmptyRestriction,
    /// Whether the sun may charge inside a charge window at or above the cap.
    pub sun_above_cap: bool,
    /// The least `batHighCap` that is accepted, in percent: 10 or 25.
    pub least_cap: u8,
    /// How far its clock is ahead of the true wall clock, in seconds.
    pub clock_offset_seconds: i64,
    /// Whether its clock follows summer time.
    pub follows_summer_time: bool,
}

/// What wins where a charge window and a permission overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Overlap {
    /// The charge window.
    ChargeWins,
    /// The permission.
    DischargeWins,
}

/// What a period means whose start is later than its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wrap {
    /// It runs across midnight.
    AcrossMidnight,
    /// It runs to midnight and no further.
    UntilMidnight,
    /// Nothing.
    Ignored,
}

/// What `ctrDis` = 1 means when both periods are unused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EmptyRestriction {
    /// Nothing.
    Unrestricted,
    /// No discharge at all.
    Hold,
}

/// What the battery is told to do in one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Never discharge; below the cap charge at full power, from the sun, then the grid.
    Charge {
        /// In percent.
        cap: u8,
        /// Whether the sun may charge at or above the cap.
        sun_above_cap: bool,
    },
    /// As `Charge`, with no more than a power of its own.
    ChargeAt {
        /// In percent.
        cap: u8,
        /// In watts.
        watts: u32,
        /// Whether the sun may charge at or above the cap.
        sun_above_cap: bool,
    },
    /// Never discharge; the sun may charge.
    SunOnly,
    /// The sun charges, the battery covers the load down to the floor.
    SelfConsume {
        /// In percent.
        floor: u8,
    },
}

impl Default for DeviceModel {
    /// As the vendor page presumes.
    fn default() -> DeviceModel {
        DeviceModel {
            overlap: Overlap::ChargeWins,
            wrap: Wrap::AcrossMidnight,
            empty_restriction: EmptyRestriction::Unrestricted,
            sun_above_cap: false,
            least_cap: 10,
            clock_offset_seconds: 0,
            follows_summer_time: true,
        }
    }
}

impl DeviceModel {
    /// What the device does in this minute of its own clock's day.
    #[must_use]
    pub fn duty(&self, schedule: &Schedule, minute: u16) -> Duty {
        let Schedule { charge, discharge } = schedule;
        let floor = discharge.percent;
        let charging = charge.enabled && self.inside(charge, minute);
        let restricted = discharge.is_in_force() && discharge.periods.iter().any(|period| !self.is_void(*period));
        let permitted = restricted && self.inside(discharge, minute);
        let charge_loses = permitted && self.overlap == Overlap::DischargeWins;
        if charging && !charge_loses {
            Duty::Charge { cap: charge.percent, sun_above_cap: self.sun_above_cap }
        } else if permitted || !restricted && !self.holds_when_empty(discharge) {
            Duty::SelfConsume { floor }
        } else {
            Duty::SunOnly
        }
    }

    fn holds_when_empty(&self, discharge: &Half) -> bool {
        discharge.enabled && self.empty_restriction == EmptyRestriction::Hold
    }

    fn inside(&self, half: &Half, minute: u16) -> bool {
        half.periods.iter().any(|period| self.covers(*period, minute))
    }

    /// Whether the device treats the period as if it were unused.
    fn is_void(&self, period: Period) -> bool {
        period.is_unused() || self.wrap == Wrap::Ignored && period.from > period.end()
    }

    fn covers(&self, period: Period, minute: u16) -> bool {
        let (from, end) = (period.from, period.end());
        if self.is_void(period) {
            false
        } else if from < end {
            (from..end).contains(&minute)
        } else {
            minute >= from || self.wrap == Wrap::AcrossMidnight && minute < end
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn half(enabled: bool, periods: &[(u16, u16)], percent: u8) -> Half {
        let period = |index: usize| {
            periods.get(index).map_or(Period::default(), |(from, to)| Period { from: from * 60, to: to * 60 })
        };
        Half { enabled, periods: [period(0), period(1)], percent }
    }

    fn charge(periods: &[(u16, u16)]) -> Half {
        half(true, periods, 90)
    }

    fn permit(periods: &[(u16, u16)]) -> Half {
        half(true, periods, 20)
    }

    /// A letter for each hour: C charge, h sun only, s self-consumption.
    fn letters(model: DeviceModel, charge: Half, discharge: Half) -> String {
        let schedule = Schedule { charge, discharge };
        let letter = |hour: u16| match model.duty(&schedule, hour * 60) {
            Duty::Charge { cap: 90, .. } => 'C',
            Duty::SunOnly => 'h',
            Duty::SelfConsume { floor: 20 } => 's',
            other => panic!("{other:?}"),
        };
        (0..24).map(letter).collect()
    }

    #[test]
    fn the_three_rules_of_the_vendor_page() {
        let check = |one: Half, two: Half, expect: &str| assert_eq!(letters(DeviceModel::default(), one, two), expect);
        let off = half(false, &[], 20);
        check(half(false, &[(2, 5)], 90), off, "ssssssssssssssssssssssss");
        check(charge(&[(2, 5)]), off, "ssCCCsssssssssssssssssss");
        check(charge(&[(23, 0), (0, 5)]), off, "CCCCCssssssssssssssssssC");
        check(charge(&[(0, 0)]), off, "ssssssssssssssssssssssss");
        check(charge(&[]), permit(&[(7, 10), (20, 0)]), "hhhhhhhssshhhhhhhhhhssss");
        check(charge(&[(2, 5)]), permit(&[(7, 10), (20, 0)]), "hhCCChhssshhhhhhhhhhssss");
        check(charge(&[]), half(false, &[(7, 10)], 20), "ssssssssssssssssssssssss");
        check(charge(&[]), permit(&[]), "ssssssssssssssssssssssss");
    }

    #[test]
    fn what_is_unknown_of_the_device_is_an_option() {
        let model = DeviceModel::default();
        let check = |model: DeviceModel, one: Half, two: Half, expect: &str| {
            assert_eq!(letters(model, one, two), expect, "{model:?}");
        };
        let overlap = (charge(&[(2, 5)]), permit(&[(4, 8)]));
        check(model, overlap.0, overlap.1, "hhCCCssshhhhhhhhhhhhhhhh");
        let other = DeviceModel { overlap: Overlap::DischargeWins, ..model };
        check(other, overlap.0, overlap.1, "hhCCsssshhhhhhhhhhhhhhhh");

        let wrap = (charge(&[(22, 2)]), half(false, &[], 20));
        check(model, wrap.0, wrap.1, "CCssssssssssssssssssssCC");
        check(DeviceModel { wrap: Wrap::UntilMidnight, ..model }, wrap.0, wrap.1, "ssssssssssssssssssssssCC");
        check(DeviceModel { wrap: Wrap::Ignored, ..model }, wrap.0, wrap.1, "ssssssssssssssssssssssss");
        check(DeviceModel { wrap: Wrap::Ignored, ..model }, charge(&[]), permit(&[(22, 2)]), &"s".repeat(24));

        let hold = DeviceModel { empty_restriction: EmptyRestriction::Hold, ..model };
        check(hold, charge(&[]), permit(&[]), &"h".repeat(24));
    }
}
