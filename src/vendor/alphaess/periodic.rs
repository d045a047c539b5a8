//! The periodic store's one object, between the vendor's JSON and the normal form.

use serde_json::{Map, Value, json};

use super::schedule::period;
use super::wire::{number, object, quoted, whole};
use crate::device::schedule::WEEK;
use crate::device::window_list::Windows;
use crate::device::{Flag, ListWindow, Store, WindowList};
use crate::time::Weekdays;

/// The object from the `data` of `getTimeChargeBySn`. Fillers and charge windows without power, which the device is known
/// to ignore, are left out; the two switches are never given back, so they are unread.
///
/// # Errors
/// The field that is missing or cannot be read: none is ever guessed.
pub(super) fn parse_periodic(data: &Value) -> Result<WindowList, String> {
    let fields = object(data, "the schedule")?;
    let weekly = number(fields, "executeCycleType")?.ok_or("executeCycleType is missing")? != 0.0;
    let charge_windows = list(fields, "chargeTimeList", weekly, true)?;
    let permissions = list(fields, "dischargeTimeList", weekly, false)?;
    Ok(WindowList {
        store: Store::Periodic,
        charge: Flag::Unread,
        restricted: Flag::Unread,
        charge_windows,
        permissions,
    })
}

/// The fields that a write sends, as the vendor names them. A list that would be empty gets a filler, which the vendor asks
/// for and the device ignores.
#[must_use]
pub(super) fn periodic_fields(content: &WindowList) -> Map<String, Value> {
    let weekly = content.charge_windows.iter().chain(&content.permissions).any(|window| window.days != Weekdays::ALL);
    let switch = |flag: Flag| json!(u8::from(flag == Flag::On));
    let mut fields = Map::new();
    fields.insert("executeCycleType".to_owned(), json!(u8::from(weekly)));
    fields.insert("gridChargeCycle".to_owned(), switch(content.charge));
    fields.insert("ctrDisCycle".to_owned(), switch(content.restricted));
    fields.insert("chargeTimeList".to_owned(), elements(&content.charge_windows, weekly));
    fields.insert("dischargeTimeList".to_owned(), elements(&content.permissions, weekly));
    fields
}

fn elements(windows: &Windows, weekly: bool) -> Value {
    let filler = [ListWindow { limit: Some(100), ..ListWindow::default() }];
    let windows: &[ListWindow] = if windows.is_empty() { &filler } else { windows };
    windows.iter().map(|window| element(window, weekly)).collect()
}

fn element(window: &ListWindow, weekly: bool) -> Value {
    let mut fields = Map::new();
    fields.insert("beginTime".to_owned(), json!(window.period.from.to_string()));
    fields.insert("endTime".to_owned(), json!(window.period.to.to_string()));
    if weekly {
        let days = (1u8..).zip(WEEK).filter(|(_, day)| window.days.contains(*day)).map(|(number, _)| number);
        fields.insert("weeks".to_owned(), days.collect());
    }
    fields.insert("chargePower".to_owned(), json!(window.power.unwrap_or_default()));
    fields.insert("chargeLimit".to_owned(), json!(window.limit.unwrap_or(100)));
    Value::Object(fields)
}

fn list(fields: &Map<String, Value>, key: &str, weekly: bool, needs_power: bool) -> Result<Windows, String> {
    let Some(Value::Array(elements)) = fields.get(key) else { return Err(format!("{key} is missing or no list")) };
    let mut windows = Windows::new();
    for value in elements {
        let window = window(value, weekly).map_err(|reason| format!("{key}: {reason}"))?;
        let inert = window.period.is_unused() || needs_power && window.power.unwrap_or_default() == 0;
        if !inert && windows.try_push(window).is_some() {
            return Err(format!("{key} has more windows than the store is documented to hold"));
        }
    }
    Ok(windows)
}

fn window(value: &Value, weekly: bool) -> Result<ListWindow, String> {
    let fields = object(value, "a window")?;
    let limit = number(fields, "chargeLimit")?.ok_or("chargeLimit is missing")?;
    let limit = whole(limit).and_then(|limit| u8::try_from(limit).ok()).filter(|limit| *limit <= 100);
    let power = number(fields, "chargePower")?.unwrap_or_default();
    Ok(ListWindow {
        period: period(fields, "beginTime", "endTime")?,
        days: if weekly { days(fields)? } else { Weekdays::ALL },
        limit: Some(limit.ok_or("chargeLimit is no whole percentage")?),
        power: Some(
            whole(power).and_then(|power| u32::try_from(power).ok()).ok_or("chargePower is no whole number of W")?,
        ),
    })
}

fn days(fields: &Map<String, Value>) -> Result<Weekdays, String> {
    let Some(Value::Array(numbers)) = fields.get("weeks") else { return Err("weeks is missing or no list".to_owned()) };
    numbers.iter().try_fold(Weekdays::NONE, |days, value| {
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        let day = number.and_then(|number| WEEK.get(usize::try_from(number).ok()?.checked_sub(1)?));
        day.map(|day| days.or(Weekdays::only(*day)))
            .ok_or_else(|| format!("weeks has {}, not a day from 1 to 7", quoted(&value.to_string())))
    })
}
