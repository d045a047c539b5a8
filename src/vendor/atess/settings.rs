//! The owner's mapping of settings, between the vendor's object and the normal form.
//!
//! What is not mapped is never looked into and goes back as it came.

use serde_json::{Map, Value, json};

use super::period_text;
use crate::device::mapping::{AtessMapping, PeriodMap, SettingMap};
use crate::device::window_list::Windows;
use crate::device::{Flag, ListWindow, Period, Settings, Store, WindowList};
use crate::time::Weekdays;
use crate::vendor::wire::{kind, number};

/// What a mapped key is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Period(Period),
    Switch(bool),
}

/// The windows that the mapped keys of an object hold. Unused periods are left out.
///
/// # Errors
/// The key that is missing or cannot be understood, with its value: nothing is guessed.
pub(super) fn parse(object: &Map<String, Value>, map: &SettingMap, store: Store) -> Result<WindowList, String> {
    let (charge, charge_windows) = group(object, &map.charge, Some(map.charges_to))?;
    let (restricted, permissions) = match &map.permission {
        Some(permission) => group(object, permission, None)?,
        None => (Flag::Off, Windows::new()),
    };
    Ok(WindowList { store, charge, restricted, charge_windows, permissions })
}

/// Changes the mapped keys of an object as a write asks, each in the spelling in which it stands there.
///
/// # Errors
/// What the mapped keys cannot hold, or the key whose present value does not tell how it is spelled.
pub(super) fn apply(object: &mut Map<String, Value>, list: &WindowList, map: &SettingMap) -> Result<(), String> {
    for (key, wanted) in wanted(list, map)? {
        let value = match wanted {
            Wanted::Period(wanted) => {
                let (present, spelling) = period(object, key)?;
                if present == wanted { continue } else { Value::from(spelling.write(wanted)) }
            }
            Wanted::Switch(wanted) => {
                let present = switch(object, key)?;
                if present == wanted { continue } else { respelled(object.get(key), wanted) }
            }
        };
        object.insert(key.to_owned(), value);
    }
    Ok(())
}

/// The mapped keys with what a write gives them; everything else goes back as it is read just before. Times stand here as
/// `HH:mm-HH:mm` and switches as 1 or 0: the write spells them as the device does. Empty where nothing can be written.
#[must_use]
pub fn payload(settings: &Settings, mapping: &AtessMapping) -> Value {
    let (Settings::Windows(list), Some(map)) = (settings, &mapping.settings) else { return json!({}) };
    let value = |wanted: Wanted| match wanted {
        Wanted::Period(Period { from, to }) => json!(format!("{from}-{to}")),
        Wanted::Switch(on) => json!(u8::from(on)),
    };
    let wanted = wanted(list, map).unwrap_or_default();
    Value::Object(wanted.into_iter().map(|(key, wanted)| (key.to_owned(), value(wanted))).collect())
}

/// Every key that is mapped.
pub(super) fn keys(map: &SettingMap) -> Vec<&str> {
    let groups = [Some(&map.charge), map.permission.as_ref()];
    let keys = groups.into_iter().flatten().flat_map(|group| group.periods.iter().chain(&group.enable));
    keys.map(String::as_str).collect()
}

/// What every mapped key is to hold.
///
/// # Errors
/// What the mapped keys cannot hold.
fn wanted<'a>(list: &WindowList, map: &'a SettingMap) -> Result<Vec<(&'a str, Wanted)>, String> {
    let mut keys = Vec::new();
    group_wanted(&mut keys, &map.charge, list.charge, &list.charge_windows, Some(map.charges_to))?;
    match &map.permission {
        Some(permission) => group_wanted(&mut keys, permission, list.restricted, &list.permissions, None)?,
        None if list.restricts() => return Err("no setting that permits discharge is mapped".to_owned()),
        None => {}
    }
    Ok(keys)
}

/// Without a window the switch goes off: whether a device takes equal times for none or for the whole day is not known.
/// Without a switch the windows that are not in force go.
fn group_wanted<'a>(
    keys: &mut Vec<(&'a str, Wanted)>,
    map: &'a PeriodMap,
    flag: Flag,
    windows: &Windows,
    limit: Option<u8>,
) -> Result<(), String> {
    let on = flag == Flag::On && !windows.is_empty();
    let shown = windows.iter().filter(|_| on || map.enable.is_some());
    let mut periods = shown.map(|window| held(window, limit)).collect::<Result<Vec<Period>, String>>()?;
    if periods.len() > map.periods.len() {
        return Err(format!("{} periods are asked for and {} are mapped", periods.len(), map.periods.len()));
    }
    periods.resize(map.periods.len(), Period::UNUSED);
    keys.extend(map.periods.iter().map(String::as_str).zip(periods.into_iter().map(Wanted::Period)));
    keys.extend(map.enable.as_deref().map(|key| (key, Wanted::Switch(on))));
    Ok(())
}

/// The period of a window, if it asks for nothing that a setting cannot hold.
fn held(window: &ListWindow, limit: Option<u8>) -> Result<Period, String> {
    if window.days != Weekdays::ALL || window.power.is_some() || window.limit.is_some_and(|asked| limit != Some(asked))
    {
        return Err(format!("a period holds neither weekdays nor a power nor a level: {window}"));
    }
    Ok(window.period)
}

fn group(object: &Map<String, Value>, map: &PeriodMap, limit: Option<u8>) -> Result<(Flag, Windows), String> {
    let on = map.enable.as_deref().map_or(Ok(true), |key| switch(object, key))?;
    let mut windows = Windows::new();
    for key in &map.periods {
        let (period, _) = period(object, key)?;
        let window = ListWindow { period, limit, ..ListWindow::default() };
        if !period.is_unused() && windows.try_push(window).is_some() {
            return Err("more periods are mapped than any device has".to_owned());
        }
    }
    Ok((if on { Flag::On } else { Flag::Off }, windows))
}

fn period(object: &Map<String, Value>, key: &str) -> Result<(Period, period_text::Spelling), String> {
    match object.get(key) {
        Some(Value::String(text)) => period_text::read(text).map_err(|reason| format!("{key} is {reason}")),
        Some(other) => Err(format!("{key} is {}, not a period such as 02:00-05:30", kind(other))),
        None => Err(missing(key)),
    }
}

/// 0 or 1 in any spelling of a number, or a truth value.
fn switch(object: &Map<String, Value>, key: &str) -> Result<bool, String> {
    if let Some(Value::Bool(on)) = object.get(key) {
        return Ok(*on);
    }
    match number(object, key)? {
        Some(0.0) => Ok(false),
        Some(1.0) => Ok(true),
        Some(other) => Err(format!("{key} is {other}, neither 0 nor 1")),
        None if object.contains_key(key) => Err(format!("{key} is empty, neither 0 nor 1")),
        None => Err(missing(key)),
    }
}

/// A switch in the form of the present one.
fn respelled(present: Option<&Value>, on: bool) -> Value {
    match present {
        Some(Value::Bool(_)) => json!(on),
        Some(Value::String(_)) => json!(u8::from(on).to_string()),
        _ => json!(u8::from(on)),
    }
}

fn missing(key: &str) -> String {
    format!("{key} is not among the settings; check the policy's `settings`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(permission: bool, enable: bool) -> SettingMap {
        let group = |names: [&str; 2], key: &str| PeriodMap {
            periods: names.map(str::to_owned).to_vec(),
            enable: enable.then(|| key.to_owned()),
        };
        SettingMap {
            charge: group(["valleyPeriodTime1", "valleyPeriodTime2"], "valleyEnable"),
            charges_to: 90,
            permission: permission.then(|| group(["peakPeriodTime1", "peakPeriodTime2"], "peakEnable")),
        }
    }

    fn object() -> Map<String, Value> {
        let value = json!({
            "deviceSn": "HPS1", "batCapacity": 100.0, "valleyEnable": "1", "valleyPeriodTime1": "02:00~05:30",
            "valleyPeriodTime2": "00:00~00:00", "peakEnable": false, "peakPeriodTime1": "7:00:00 - 9:00:00",
            "peakPeriodTime2": "16:00:00 - 20:00:00", "odd": [null, {"a": 1e300}], "name": "é\n",
        });
        value.as_object().cloned().expect("an object")
    }

    fn windows(list: &[(&str, &str)], limit: Option<u8>) -> Windows {
        let window = |(from, to): &(&str, &str)| {
            let period = Period { from: from.parse().expect("a start"), to: to.parse().expect("an end") };
            ListWindow { period, limit, ..ListWindow::default() }
        };
        list.iter().map(window).collect()
    }

    #[test]
    fn the_mapped_keys_are_the_schedule() {
        let list = parse(&object(), &map(true, true), Store::AtessString).expect("a schedule");
        assert_eq!(list.to_string(), "grid charge 02:00–05:30 to 90 %; discharge unrestricted");
        assert_eq!((list.charge, list.restricted), (Flag::On, Flag::Off));
        assert_eq!(list.permissions, windows(&[("07:00", "09:00"), ("16:00", "20:00")], None));
        let list = parse(&object(), &map(true, false), Store::AtessCentral).expect("a schedule");
        assert_eq!((list.store, list.charge, list.restricted), (Store::AtessCentral, Flag::On, Flag::On));
        let list = parse(&object(), &map(false, false), Store::AtessString).expect("a schedule");
        assert_eq!((list.restricted, list.permissions.len()), (Flag::Off, 0));
    }

    #[test]
    fn what_cannot_be_understood_is_named_with_its_value() {
        let check = |key: &str, value: Option<Value>, expect: &str| {
            let mut object = object();
            match value {
                Some(value) => drop(object.insert(key.to_owned(), value)),
                None => drop(object.shift_remove(key)),
            }
            assert_eq!(parse(&object, &map(true, true), Store::AtessString), Err(expect.to_owned()));
        };
        let gone = "valleyPeriodTime2 is not among the settings; check the policy's `settings`";
        check("valleyPeriodTime2", None, gone);
        check("valleyPeriodTime2", Some(json!(null)), "valleyPeriodTime2 is null, not a period such as 02:00-05:30");
        check("valleyPeriodTime2", Some(json!("")), "valleyPeriodTime2 is “”, not a period such as 02:00-05:30");
        check(
            "valleyPeriodTime1",
            Some(json!("night")),
            "valleyPeriodTime1 is “night”, not a period such as 02:00-05:30",
        );
        check("valleyPeriodTime1", Some(json!(230)), "valleyPeriodTime1 is a number, not a period such as 02:00-05:30");
        check("valleyEnable", Some(json!(2)), "valleyEnable is 2, neither 0 nor 1");
        check("valleyEnable", Some(json!(null)), "valleyEnable is empty, neither 0 nor 1");
        check("peakEnable", Some(json!("on")), "peakEnable is “on”, not a number");
        check("peakEnable", None, "peakEnable is not among the settings; check the policy's `settings`");
    }

    #[test]
    fn a_write_changes_the_mapped_keys_in_their_own_spelling_and_nothing_else() {
        let before = object();
        let charge_windows = windows(&[("01:00", "04:00"), ("13:00", "14:30")], Some(90));
        let list = WindowList { charge: Flag::On, charge_windows, ..WindowList::empty(Store::AtessString) };
        let check = |list: &WindowList, map: &SettingMap, expect: &str| {
            let mut after = before.clone();
            apply(&mut after, list, map).expect("a change");
            let changed: Vec<String> = after
                .iter()
                .filter(|(key, value)| before.get(*key) != Some(*value))
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            assert_eq!(changed.join(" "), expect);
            assert!(after.keys().eq(before.keys()), "the order stays");
            let read = parse(&after, map, Store::AtessString).expect("a schedule");
            assert!(read.same_meaning(list), "{read} | {list}");
        };
        let both = r#"valleyPeriodTime1="01:00~04:00" valleyPeriodTime2="13:00~14:30""#;
        check(&list, &map(false, true), both);
        check(&list, &map(false, false), both);
        let off = WindowList { charge: Flag::Off, ..list };
        check(&off, &map(false, true), &format!(r#"valleyEnable="0" {both}"#));
        check(&off, &map(false, false), r#"valleyPeriodTime1="00:00~00:00""#);
        let held = WindowList { restricted: Flag::On, permissions: windows(&[("06:00", "22:00")], None), ..list };
        let peak = r#"peakEnable=true peakPeriodTime1="6:00:00 - 22:00:00" peakPeriodTime2="00:00:00 - 00:00:00""#;
        check(&held, &map(true, true), &format!("{both} {peak}"));
        check(
            &WindowList::empty(Store::AtessString),
            &map(false, true),
            r#"valleyEnable="0" valleyPeriodTime1="00:00~00:00""#,
        );
        let same = parse(&before, &map(true, true), Store::AtessString).expect("a schedule");
        check(&same, &map(true, true), "");
    }

    #[test]
    fn what_the_settings_cannot_hold_changes_nothing() {
        let check = |list: WindowList, expect: &str| {
            let mut after = object();
            assert_eq!(apply(&mut after, &list, &map(false, true)), Err(expect.to_owned()));
            assert_eq!(after, object());
        };
        let empty = WindowList::empty(Store::AtessString);
        fn on(charge_windows: Windows) -> WindowList {
            WindowList { charge: Flag::On, charge_windows, ..WindowList::empty(Store::AtessString) }
        }
        check(
            on(windows(&[("01:00", "02:00"), ("03:00", "04:00"), ("05:00", "06:00")], Some(90))),
            "3 periods are asked for and 2 are mapped",
        );
        let level = "a period holds neither weekdays nor a power nor a level: 01:00–02:00 to 80 %";
        check(on(windows(&[("01:00", "02:00")], Some(80))), level);
        let permissions = windows(&[("01:00", "02:00")], None);
        check(WindowList { restricted: Flag::On, permissions, ..empty }, "no setting that permits discharge is mapped");
    }

    #[test]
    fn the_payload_shows_each_mapped_key() {
        let model = crate::device::mapping::AtessModel::String;
        let readings = crate::device::mapping::ReadingMap {
            battery: None,
            grid: None,
            load: None,
            solar: None,
            soc: crate::device::mapping::SocMap::Unknown,
        };
        let mapping = AtessMapping { model, readings, settings: Some(map(false, true)) };
        let charge_windows = windows(&[("23:30", "00:00")], Some(90));
        let list = WindowList { charge: Flag::On, charge_windows, ..WindowList::empty(Store::AtessString) };
        let expect = json!({"valleyPeriodTime1": "23:30-00:00", "valleyPeriodTime2": "00:00-00:00", "valleyEnable": 1});
        assert_eq!(payload(&Settings::Windows(list), &mapping), expect);
        assert_eq!(payload(&Settings::Windows(list), &AtessMapping { settings: None, ..mapping }), json!({}));
    }
}
