//! What the device does with its settings, and the options of what nobody knows.

use serde::{Deserialize, Serialize};

use super::settings::{Period, Settings};
use crate::simulator::device::{EmptyRestriction, Overlap, Wrap};

/// How this device behaves where the vendor says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceModel {
    /// What it does where a valley and a peak overlap.
    pub overlap: Overlap,
    /// What it makes of a period whose start is later than its end.
    pub wrap: Wrap,
    /// What it makes of an enabled restriction without any peak.
    pub empty_restriction: EmptyRestriction,
    /// What it makes of times off the quarter hours.
    pub off_grid: OffGrid,
    /// The state of charge above which it never charges, in percent.
    pub limit_percent: u8,
    /// The state of charge below which it never discharges, in percent.
    pub floor_percent: u8,
    /// How far its clock is ahead of the true wall clock, in seconds.
    pub clock_offset_seconds: i64,
}

/// What a device makes of times off the quarter hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OffGrid {
    /// It keeps all settings that it had.
    Ignored,
    /// It acts on them to the minute.
    Taken,
}

/// What the battery is told to do in one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Never discharge; below the device's own limit charge at full power, from the sun, then the grid.
    Charge,
    /// Never discharge; the sun may charge.
    SunOnly,
    /// The sun charges, the battery covers the load down to the device's own floor.
    SelfConsume,
}

impl Default for DeviceModel {
    /// The valley wins, periods run across midnight, times off the grid are ignored; from 10 to 100 %.
    fn default() -> DeviceModel {
        DeviceModel {
            overlap: Overlap::ChargeWins,
            wrap: Wrap::AcrossMidnight,
            empty_restriction: EmptyRestriction::Unrestricted,
            off_grid: OffGrid::Ignored,
            limit_percent: 100,
            floor_percent: 10,
            clock_offset_seconds: 0,
        }
    }
}

impl DeviceModel {
    /// What the device does in this minute of its own clock's day.
    #[must_use]
    pub fn duty(&self, settings: &Settings, minute: u16) -> Duty {
        let charging = settings.charge_enable && self.inside(&settings.valley, minute);
        let peak = settings.discharge_enable && self.inside(&settings.peak, minute);
        if charging && !(peak && self.overlap == Overlap::DischargeWins) {
            Duty::Charge
        } else if peak || !self.restricts(settings) {
            Duty::SelfConsume
        } else {
            Duty::SunOnly
        }
    }

    /// Whether it holds back outside the peaks.
    fn restricts(&self, settings: &Settings) -> bool {
        let empty = settings.peak.iter().all(|period| self.is_void(*period));
        settings.discharge_enable && (!empty || self.empty_restriction == EmptyRestriction::Hold)
    }

    fn inside(&self, periods: &[Period], minute: u16) -> bool {
        periods.iter().any(|period| self.covers(*period, minute))
    }

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

    fn settings(charge: bool, valley: &[&str], discharge: bool, peak: &[&str]) -> Settings {
        let read = |texts: &[&str]| texts.iter().map(|text| Period::read(text).expect("a period")).collect();
        Settings { charge_enable: charge, discharge_enable: discharge, valley: read(valley), peak: read(peak) }
    }

    /// A letter for each hour: C charge, h sun only, s self-consumption.
    fn letters(model: DeviceModel, settings: &Settings) -> String {
        let letter = |hour: u16| match model.duty(settings, hour * 60) {
            Duty::Charge => 'C',
            Duty::SunOnly => 'h',
            Duty::SelfConsume => 's',
        };
        (0..24).map(letter).collect()
    }

    #[test]
    fn valleys_charge_and_peaks_permit_while_their_switch_is_on() {
        let check = |settings: Settings, expect: &str| {
            assert_eq!(letters(DeviceModel::default(), &settings), expect, "{settings:?}");
        };
        check(settings(false, &["02:00-05:00"], false, &["07:00-10:00"]), "ssssssssssssssssssssssss");
        check(settings(true, &["02:00-05:00"], false, &["07:00-10:00"]), "ssCCCsssssssssssssssssss");
        check(settings(true, &["23:00-02:00"], false, &[]), "CCsssssssssssssssssssssC");
        check(settings(false, &["02:00-05:00"], true, &["07:00-10:00"]), "hhhhhhhssshhhhhhhhhhhhhh");
        check(settings(true, &["02:00-05:00"], true, &["07:00-10:00", "20:00-00:00"]), "hhCCChhssshhhhhhhhhhssss");
        check(settings(true, &["00:00-00:00"], true, &["00:00-00:00"]), "ssssssssssssssssssssssss");
    }

    #[test]
    fn what_is_unknown_of_the_device_is_an_option() {
        let model = DeviceModel::default();
        let check = |model: DeviceModel, settings: &Settings, expect: &str| {
            assert_eq!(letters(model, settings), expect, "{model:?}");
        };
        let overlap = settings(true, &["02:00-05:00"], true, &["04:00-08:00"]);
        check(model, &overlap, "hhCCCssshhhhhhhhhhhhhhhh");
        check(DeviceModel { overlap: Overlap::DischargeWins, ..model }, &overlap, "hhCCsssshhhhhhhhhhhhhhhh");
        let night = settings(true, &["22:00-02:00"], false, &[]);
        check(DeviceModel { wrap: Wrap::UntilMidnight, ..model }, &night, "ssssssssssssssssssssssCC");
        check(DeviceModel { wrap: Wrap::Ignored, ..model }, &night, "ssssssssssssssssssssssss");
        let empty = settings(false, &[], true, &[]);
        check(DeviceModel { empty_restriction: EmptyRestriction::Hold, ..model }, &empty, "hhhhhhhhhhhhhhhhhhhhhhhh");
    }
}
