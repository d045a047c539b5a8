//! The periodic store in the vendor's words, written by hand from its table.

use serde_json::{Map, Value, json};

use super::super::numbers::Numbers;
use super::super::store::{Misfit, Period, clock, minutes, switch};
use super::rules::PeriodicRules;
use super::schedule::{MAX_WATTS, MAX_WINDOWS, PeriodicSchedule, PeriodicWindow, Weekdays};

/// What `chargeLimit` may be, in percent.
const LIMITS: std::ops::RangeInclusive<u8> = 10..=100;

/// What only the read model of an element has.
const READ_FIELDS: [&str; 3] = ["executeCycleType", "strategyType", "sort"];

/// Whether a list may be empty: in the cloud's own store and in the app it may, in a call it may not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Empty {
    Refused,
    Taken,
}

impl PeriodicSchedule {
    /// What `getTimeChargeBySn` tells: both switches are 0 whatever they are.
    pub(in crate::simulator) fn told(&self, serial: &str, numbers: Numbers) -> Value {
        let list = |windows: &[PeriodicWindow], strategy: u8| -> Value {
            (1..).zip(windows).map(|(sort, window)| window.told(self.weekly, strategy, sort, numbers)).collect()
        };
        json!({
            "sysSn": serial,
            "executeCycleType": u8::from(self.weekly),
            "gridChargeCycle": 0,
            "ctrDisCycle": 0,
            "chargeTimeList": list(&self.charge, 0),
            "dischargeTimeList": list(&self.discharge, 1),
        })
    }

    /// What a call of `setTimeChargeBySn` would say to store this, without a serial.
    pub(in crate::simulator) fn to_fields(&self) -> Map<String, Value> {
        let list = |windows: &[PeriodicWindow]| windows.iter().map(|window| window.to_fields(self.weekly)).collect();
        let fields: [(&str, Value); 5] = [
            ("executeCycleType", u8::from(self.weekly).into()),
            ("gridChargeCycle", u8::from(self.grid_charge).into()),
            ("ctrDisCycle", u8::from(self.control_discharge).into()),
            ("chargeTimeList", list(&self.charge)),
            ("dischargeTimeList", list(&self.discharge)),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// What the body of a call describes; that windows overlap is not looked at.
    pub(in crate::simulator) fn from_fields(body: &Map<String, Value>, rules: &PeriodicRules) -> Result<Self, Misfit> {
        PeriodicSchedule::parsed(body, rules, Empty::Refused)
    }

    /// This with some of the fields of a call changed by an owner, who may leave a list empty.
    pub(in crate::simulator) fn edited(
        &self,
        fields: &Map<String, Value>,
        rules: &PeriodicRules,
    ) -> Result<Self, Misfit> {
        let mut merged = self.to_fields();
        merged.iter_mut().for_each(|(name, value)| fields.get(name).into_iter().for_each(|new| *value = new.clone()));
        let edited = PeriodicSchedule::parsed(&merged, rules, Empty::Taken)?;
        if edited.overlaps() { Err(Misfit::Overlap) } else { Ok(edited) }
    }

    /// What an owner may do with a thumb: charge at lunch time, or where that is taken, change a limit.
    pub(in crate::simulator) fn foreign(&self, rules: &PeriodicRules) -> PeriodicSchedule {
        let mut edited = self.clone();
        let first = edited.charge.first().copied();
        let lunch = PeriodicWindow {
            period: Period { from: 720, to: 810 },
            weekdays: first.map_or(Weekdays::ALL, |window| window.weekdays),
            watts: 3000,
            limit: if first.is_some_and(|window| window.limit == 80) { 70 } else { 80 },
        };
        edited.charge = std::iter::once(lunch).chain(edited.charge.into_iter().skip(1)).collect();
        edited.grid_charge = true;
        if !edited.overlaps() && rules.check(&edited).is_ok() {
            return edited;
        }
        let mut edited = self.clone();
        edited.discharge.iter_mut().take(1).for_each(|window| window.limit = if window.limit == 15 { 20 } else { 15 });
        edited
    }

    fn parsed(body: &Map<String, Value>, rules: &PeriodicRules, empty: Empty) -> Result<PeriodicSchedule, Misfit> {
        let flag = |name: &'static str| present(body, name).map(|value| switch(name, value)).transpose();
        let weekly = flag("executeCycleType")?.ok_or(Misfit::Malformed("executeCycleType"))?;
        let schedule = PeriodicSchedule {
            weekly,
            grid_charge: flag("gridChargeCycle")?.unwrap_or(false),
            control_discharge: flag("ctrDisCycle")?.unwrap_or(false),
            charge: windows(body, "chargeTimeList", weekly, rules, empty)?,
            discharge: windows(body, "dischargeTimeList", weekly, rules, empty)?,
        };
        rules.check(&schedule)?;
        Ok(schedule)
    }
}

impl PeriodicWindow {
    /// As the read model has it. Weekdays are null where every day is meant; times and weekdays keep their types whatever
    /// the numbers look like.
    fn told(&self, weekly: bool, strategy: u8, sort: u32, numbers: Numbers) -> Value {
        let power = if numbers == Numbers::Strings { Numbers::Strings } else { Numbers::Integers };
        let mut fields = self.to_fields(weekly);
        let shown = [
            ("executeCycleType", u8::from(weekly).into()),
            ("strategyType", strategy.into()),
            ("sort", sort.into()),
            ("chargePower", power.value(f64::from(self.watts), 0)),
            ("chargeLimit", numbers.value(f64::from(self.limit), 0)),
        ];
        if let Some(fields) = fields.as_object_mut() {
            fields.extend(shown.map(|(name, value)| (name.to_owned(), value)));
        }
        fields
    }

    fn to_fields(self, weekly: bool) -> Value {
        let weeks: Option<Vec<u8>> = weekly.then(|| self.weekdays.numbers().collect());
        json!({
            "beginTime": clock(self.period.from),
            "endTime": clock(self.period.to),
            "weeks": weeks,
            "chargePower": self.watts,
            "chargeLimit": self.limit,
        })
    }
}

/// A field that is there and is not null.
fn present<'a>(fields: &'a Map<String, Value>, name: &'static str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

fn windows(
    body: &Map<String, Value>,
    name: &'static str,
    weekly: bool,
    rules: &PeriodicRules,
    empty: Empty,
) -> Result<Vec<PeriodicWindow>, Misfit> {
    let list = present(body, name).and_then(Value::as_array).ok_or(Misfit::Malformed(name))?;
    if list.is_empty() && empty == Empty::Refused {
        return Err(Misfit::OutOfRange("time list is null"));
    }
    if list.len() > MAX_WINDOWS {
        return Err(Misfit::OutOfRange(name));
    }
    list.iter().map(|element| window(element.as_object().ok_or(Misfit::Malformed(name))?, weekly, rules)).collect()
}

fn window(element: &Map<String, Value>, weekly: bool, rules: &PeriodicRules) -> Result<PeriodicWindow, Misfit> {
    let field = |name: &'static str| present(element, name).ok_or(Misfit::Malformed(name));
    let time = |name: &'static str| field(name).and_then(|value| minutes(name, value));
    let odd = READ_FIELDS.into_iter().find(|name| rules.refuses_read_fields && element.contains_key(*name));
    match odd {
        Some(name) => Err(Misfit::Malformed(name)),
        None => Ok(PeriodicWindow {
            period: Period { from: time("beginTime")?, to: time("endTime")? },
            weekdays: if weekly { field("weeks").and_then(weekdays)? } else { Weekdays::ALL },
            watts: present(element, "chargePower").map_or(Ok(0), watts)?,
            limit: field("chargeLimit").and_then(limit)?,
        }),
    }
}

fn weekdays(value: &Value) -> Result<Weekdays, Misfit> {
    let list = value.as_array().ok_or(Misfit::Malformed("weeks"))?;
    let number = |value: &Value| value.as_i64().ok_or(Misfit::Malformed("weeks"));
    let numbers = list.iter().map(number).collect::<Result<Vec<i64>, Misfit>>()?;
    let numbers: Vec<u8> = numbers.into_iter().map(|number| u8::try_from(number).unwrap_or(0)).collect();
    Weekdays::of(&numbers).ok_or(Misfit::OutOfRange("weeks"))
}

fn watts(value: &Value) -> Result<u32, Misfit> {
    let watts = value.as_i64().ok_or(Misfit::Malformed("chargePower"))?;
    u32::try_from(watts).ok().filter(|watts| *watts <= MAX_WATTS).ok_or(Misfit::OutOfRange("chargePower"))
}

/// A decimal in the vendor's table, and read back as `25.0`: whole numbers are taken with and without a fraction.
fn limit(value: &Value) -> Result<u8, Misfit> {
    let percent = value.as_f64().ok_or(Misfit::Malformed("chargeLimit"))?;
    LIMITS.into_iter().find(|limit| f64::from(*limit) == percent).ok_or(Misfit::OutOfRange("chargeLimit"))
}
