//! The periodic store's one object, between the vendor's JSON and the normal form.

use serde_json::{Map, Value, json};

use super::schedule::{flag, missing, percent, period};
use super::wire::{kind, number, object, quoted, whole};
use crate::device::schedule::WEEK;
use crate::device::window_list::Windows;
use crate::device::{Flag, ListWindow, Period, Store, WindowList};
use crate::time::{ClockTime, Weekdays};

/// The list of what charges from the grid.
const CHARGES: &str = "chargeTimeList";

/// The list of what permits discharge.
const PERMISSIONS: &str = "dischargeTimeList";

/// The power that a permission is written with if it has none of its own, in W: an element without power is accepted and
/// inert, and the power of a permission asks nothing of a battery that covers the house.
const PERMISSION_WATTS: u32 = 10_000;

/// The percentage that a permission is written with if it has none: the least that the store takes.
const LEAST_LIMIT: u8 = 10;

/// The percentage of a charge that has none, and of a filler.
const FULL: u8 = 100;

/// The object from the `data` of `getTimeChargeBySn`. What the device is known to ignore is left out: fillers, windows on no
/// day, elements without power. The cloud says 0 for both switches whatever was sent, so 0 is unread.
///
/// # Errors
/// The field that is missing or cannot be read: none is ever guessed.
pub fn parse_periodic(data: &Value) -> Result<WindowList, String> {
    let fields = object(data, "the schedule")?;
    let weekly = flag(fields, "executeCycleType")?;
    Ok(WindowList {
        store: Store::Periodic,
        charge: Flag::Unread,
        restricted: Flag::Unread,
        charge_windows: list(fields, CHARGES, weekly)?,
        permissions: list(fields, PERMISSIONS, weekly)?,
    })
}

/// The same from a file, which may state the switches: `true`, `false` or 1. A 0 is what the cloud says of either, and tells
/// nothing in a reply that was copied into a file.
///
/// # Errors
/// As [`parse_periodic`].
pub(super) fn parse_stated(data: &Value) -> Result<WindowList, String> {
    let fields = object(data, "the schedule")?;
    let list = parse_periodic(data)?;
    Ok(WindowList { charge: stated(fields, "gridChargeCycle")?, restricted: stated(fields, "ctrDisCycle")?, ..list })
}

/// The fields that a write sends, as the vendor names them, but for a switch that is unread. A list that would be empty gets a
/// filler, which the vendor asks for and the device ignores.
#[must_use]
pub(super) fn periodic_fields(content: &WindowList) -> Map<String, Value> {
    let weekly = content.charge_windows.iter().chain(&content.permissions).any(|window| window.days != Weekdays::ALL);
    let charges = content
        .charge_windows
        .iter()
        .map(|window| element(window, window.power.unwrap_or_default(), window.limit.unwrap_or(FULL), weekly));
    let permissions = content.permissions.iter().map(|window| {
        let watts = window.power.filter(|watts| *watts > 0).unwrap_or(PERMISSION_WATTS);
        element(window, watts, window.limit.unwrap_or(LEAST_LIMIT), weekly)
    });
    let fields = [
        ("executeCycleType", Some(json!(u8::from(weekly)))),
        ("gridChargeCycle", switch(content.charge).map(|on| json!(u8::from(on)))),
        ("ctrDisCycle", switch(content.restricted).map(|on| json!(u8::from(on)))),
        (CHARGES, Some(filled(charges.collect(), weekly))),
        (PERMISSIONS, Some(filled(permissions.collect(), weekly))),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// The same as it stands in a file: the switches that are known are stated.
#[must_use]
pub(super) fn stated_fields(content: &WindowList) -> Map<String, Value> {
    let mut fields = periodic_fields(content);
    let switches = [("gridChargeCycle", content.charge), ("ctrDisCycle", content.restricted)];
    fields.extend(switches.into_iter().filter_map(|(name, flag)| Some((name.to_owned(), json!(switch(flag)?)))));
    fields
}

fn switch(flag: Flag) -> Option<bool> {
    match flag {
        Flag::Off => Some(false),
        Flag::On => Some(true),
        Flag::Unread => None,
    }
}

fn stated(fields: &Map<String, Value>, key: &str) -> Result<Flag, String> {
    match fields.get(key) {
        None | Some(Value::Null) => Ok(Flag::Unread),
        Some(Value::Bool(on)) => Ok(if *on { Flag::On } else { Flag::Off }),
        Some(_) => Ok(if flag(fields, key)? { Flag::On } else { Flag::Unread }),
    }
}

fn filled(elements: Vec<Value>, weekly: bool) -> Value {
    if elements.is_empty() {
        return json!([element(&ListWindow::default(), 0, FULL, weekly)]);
    }
    Value::Array(elements)
}

fn element(window: &ListWindow, watts: u32, limit: u8, weekly: bool) -> Value {
    let mut fields = Map::new();
    fields.insert("beginTime".to_owned(), json!(window.period.from.to_string()));
    fields.insert("endTime".to_owned(), json!(end(window.period).to_string()));
    if weekly {
        let days = (1u8..).zip(WEEK).filter(|(_, day)| window.days.contains(*day)).map(|(number, _)| number);
        fields.insert("weeks".to_owned(), days.collect());
    }
    fields.insert("chargePower".to_owned(), json!(watts));
    fields.insert("chargeLimit".to_owned(), json!(limit));
    Value::Object(fields)
}

/// An end as the vendor writes it: midnight is 00:00. A whole day, which that would leave without any time, stays as it was
/// read.
fn end(period: Period) -> ClockTime {
    let whole_day = period.from == ClockTime::MIDNIGHT;
    if period.to == ClockTime::END_OF_DAY && !whole_day { ClockTime::MIDNIGHT } else { period.to }
}

fn list(fields: &Map<String, Value>, key: &str, weekly: bool) -> Result<Windows, String> {
    let elements = match fields.get(key) {
        None | Some(Value::Null) => return Err(missing(key)),
        Some(Value::Array(elements)) => elements,
        Some(other) => return Err(format!("{key} is {}, not a list", kind(other))),
    };
    let mut windows = Windows::new();
    for value in elements {
        let read = window(value, weekly).map_err(|reason| format!("{key}: {reason}"))?;
        if read.is_some_and(|window| windows.try_push(window).is_some()) {
            return Err(format!("{key} has more windows than the store is documented to hold"));
        }
    }
    Ok(windows)
}

/// One window; `None` if the device ignores it.
fn window(value: &Value, weekly: bool) -> Result<Option<ListWindow>, String> {
    let fields = object(value, "a window")?;
    let period = period(fields, "beginTime", "endTime")?;
    if period.is_unused() {
        return Ok(None);
    }
    let days = if weekly { days(fields)? } else { Weekdays::ALL };
    let power = number(fields, "chargePower")?.unwrap_or_default();
    let watts = whole(power).and_then(|power| u32::try_from(power).ok());
    let watts = watts.ok_or_else(|| format!("chargePower is {power}, not a whole number of W"))?;
    let window = ListWindow { period, days, limit: Some(percent(fields, "chargeLimit")?), power: Some(watts) };
    Ok(Some(window).filter(|window| watts > 0 && window.days != Weekdays::NONE))
}

fn days(fields: &Map<String, Value>) -> Result<Weekdays, String> {
    let numbers = match fields.get("weeks") {
        None | Some(Value::Null) => return Err(missing("weeks")),
        Some(Value::Array(numbers)) => numbers,
        Some(other) => return Err(format!("weeks is {}, not a list", kind(other))),
    };
    numbers.iter().try_fold(Weekdays::NONE, |days, value| {
        let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).and_then(whole);
        let day = number.and_then(|number| WEEK.get(usize::try_from(number).ok()?.checked_sub(1)?));
        day.map(|day| days.or(Weekdays::only(*day)))
            .ok_or_else(|| format!("weeks has {}, not a day from 1 to 7", quoted(&value.to_string())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Settings;

    fn times(from: &str, to: &str) -> Period {
        Period { from: from.parse().expect("a time"), to: to.parse().expect("a time") }
    }

    fn night() -> Value {
        json!({"beginTime": "00:00", "endTime": "05:30", "weeks": null, "chargePower": 3000, "chargeLimit": 90,
            "sort": 1, "strategyType": 0})
    }

    fn reply(charge: Value, permissions: Value) -> Value {
        json!({"executeCycleType": 0, "gridChargeCycle": 0, "ctrDisCycle": 0, "chargeTimeList": charge,
            "dischargeTimeList": permissions})
    }

    /// The night with one field changed, in a weekly schedule.
    fn weekly(key: &str, value: Value) -> Value {
        let mut window = night();
        window["weeks"] = json!([1, 2, 3, 4, 5, 6, 7]);
        window[key] = value;
        let mut reply = reply(json!([window]), json!([]));
        reply["executeCycleType"] = json!(1);
        reply
    }

    #[test]
    fn windows_are_read_in_every_spelling() {
        let check = |data: &Value, expect: &str| {
            let list = parse_periodic(data).unwrap_or_else(|why| panic!("{data}: {why}"));
            assert_eq!(list.to_string(), format!("{expect}; discharge unrestricted"), "{data}");
            assert!(list.is_unread(), "{data}");
        };
        let plain = "grid charge, if switched on, 00:00–05:30 to 90 % at 3000 W";
        check(&reply(json!([night()]), json!([])), plain);
        check(&weekly("sort", json!(7)), plain);
        check(&weekly("chargePower", json!("3000.0")), plain);
        check(&weekly("chargeLimit", json!("90")), plain);
        check(&weekly("chargeLimit", json!(90.0)), plain);
        check(&weekly("endTime", json!("5:30:00")), plain);
        check(
            &weekly("weeks", json!(["1", 2.0, "6 "])),
            "grid charge, if switched on, 00:00–05:30 Mon,Tue,Sat to 90 % at 3000 W",
        );
        let mut cycle = reply(json!([night()]), json!([]));
        cycle["executeCycleType"] = json!("0");
        check(&cycle, plain);
    }

    #[test]
    fn what_the_device_ignores_is_no_window() {
        let check = |data: Value| {
            let list = parse_periodic(&data).unwrap_or_else(|why| panic!("{data}: {why}"));
            assert!(list.charge_windows.is_empty() && list.permissions.is_empty(), "{data}");
        };
        let filler = json!({"beginTime": "00:00", "endTime": "00:00"});
        check(reply(json!([]), json!([])));
        check(reply(json!([filler, filler]), json!([filler])));
        check(reply(json!(vec![filler.clone(); 1000]), json!([filler])));
        check(weekly("chargePower", json!(0)));
        check(weekly("chargePower", json!(null)));
        check(weekly("weeks", json!([])));
    }

    #[test]
    fn a_field_that_cannot_be_read_is_named_and_never_guessed() {
        let check = |data: &Value, expect: &str| {
            assert_eq!(parse_periodic(data), Err(expect.to_owned()), "{data}");
        };
        check(&json!(null), "the schedule is null, not an object");
        check(&json!({}), "executeCycleType is missing");
        check(&json!({"executeCycleType": 2}), "executeCycleType is 2, neither 0 nor 1");
        check(&json!({"executeCycleType": 0}), "chargeTimeList is missing");
        check(&reply(json!(null), json!([])), "chargeTimeList is missing");
        check(&reply(json!([]), json!("[]")), "dischargeTimeList is a text, not a list");
        check(&reply(json!([7]), json!([])), "chargeTimeList: a window is a number, not an object");
        check(&weekly("weeks", json!(null)), "chargeTimeList: weeks is missing");
        check(&weekly("weeks", json!({"1": 1})), "chargeTimeList: weeks is an object, not a list");
        check(&weekly("weeks", json!([0])), "chargeTimeList: weeks has “0”, not a day from 1 to 7");
        check(&weekly("weeks", json!([8])), "chargeTimeList: weeks has “8”, not a day from 1 to 7");
        check(&weekly("weeks", json!([1.5])), "chargeTimeList: weeks has “1.5”, not a day from 1 to 7");
        check(&weekly("chargeLimit", json!(null)), "chargeTimeList: chargeLimit is missing");
        check(&weekly("chargeLimit", json!(101)), "chargeTimeList: chargeLimit is 101, not a whole percentage");
        check(&weekly("chargePower", json!(-1)), "chargeTimeList: chargePower is -1, not a whole number of W");
        check(&weekly("chargePower", json!("much")), "chargeTimeList: chargePower is “much”, not a number");
        check(&weekly("endTime", json!(530)), "chargeTimeList: endTime is a number, not a time of day");
        check(&weekly("beginTime", json!("24:00")), "chargeTimeList: beginTime is 24:00, at which nothing can begin");
        let many = json!(vec![night(); 29]);
        check(&reply(many, json!([])), "chargeTimeList has more windows than the store is documented to hold");
    }

    #[test]
    fn a_write_has_no_empty_list_and_no_permission_without_power() {
        let text = |list: &WindowList| Value::Object(periodic_fields(list)).to_string();
        let empty = WindowList::empty(Store::Periodic);
        let filler = r#"[{"beginTime":"00:00","endTime":"00:00","chargePower":0,"chargeLimit":100}]"#;
        assert_eq!(
            text(&empty),
            format!(
                r#"{{"executeCycleType":0,"gridChargeCycle":0,"ctrDisCycle":0,"chargeTimeList":{filler},"dischargeTimeList":{filler}}}"#
            )
        );
        let mut list = parse_periodic(&weekly("weeks", json!([6, 7]))).expect("a schedule");
        (list.charge, list.restricted) = (Flag::On, Flag::On);
        list.permissions.push(ListWindow { period: times("05:30", "24:00"), ..ListWindow::default() });
        insta::assert_snapshot!(text(&list), @r#"{"executeCycleType":1,"gridChargeCycle":1,"ctrDisCycle":1,"chargeTimeList":[{"beginTime":"00:00","endTime":"05:30","weeks":[6,7],"chargePower":3000,"chargeLimit":90}],"dischargeTimeList":[{"beginTime":"05:30","endTime":"00:00","weeks":[1,2,3,4,5,6,7],"chargePower":10000,"chargeLimit":10}]}"#);
    }

    #[test]
    fn what_is_written_reads_back_as_the_same_but_for_the_switches() {
        let mut list = parse_periodic(&weekly("weeks", json!([1, 7]))).expect("a schedule");
        let period = times("06:00", "00:00");
        list.permissions.push(ListWindow { period, limit: Some(10), ..ListWindow::default() });
        for (charge, restricted) in [(Flag::On, Flag::Off), (Flag::Off, Flag::On), (Flag::On, Flag::On)] {
            let sent = WindowList { charge, restricted, ..list };
            let read = parse_periodic(&Value::Object(periodic_fields(&sent))).expect("a schedule");
            assert!(read.is_unread() && Settings::Windows(sent).same_meaning(&Settings::Windows(read)), "{sent}");
        }
    }

    #[test]
    fn a_file_may_state_the_switches_and_a_copied_reply_does_not() {
        let check = |charge: Value, restricted: Value, expect: Result<(Flag, Flag), &str>| {
            let mut data = reply(json!([night()]), json!([]));
            (data["gridChargeCycle"], data["ctrDisCycle"]) = (charge, restricted);
            let read = parse_stated(&data).map(|list| (list.charge, list.restricted));
            assert_eq!(read.as_ref().map(|flags| *flags).map_err(String::as_str), expect, "{data}");
        };
        check(json!(0), json!(0), Ok((Flag::Unread, Flag::Unread)));
        check(json!(1), json!("1"), Ok((Flag::On, Flag::On)));
        check(json!(true), json!(false), Ok((Flag::On, Flag::Off)));
        check(json!(null), json!(0.0), Ok((Flag::Unread, Flag::Unread)));
        check(json!(2), json!(0), Err("gridChargeCycle is 2, neither 0 nor 1"));
    }
}
