//! A schedule in a file, for a plan without a network: each read reply's `data` under its endpoint's name.

use serde_json::{Map, Value};

use super::periodic::{parse_stated, stated_fields};
use super::schedule::{fields_of, parse_charge, parse_discharge, read_endpoint};
use super::wire::{kind, quoted};
use crate::device::{Object, Schedule, Settings, TwoWindow};
use crate::diagnostic::nearest;
use crate::vendor::unique::Unique;

/// The largest device file that is read, in bytes.
pub const MAX_DEVICE_FILE_BYTES: usize = 1024 * 1024;

/// Why a device file could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceFileError {
    /// It is larger than [`MAX_DEVICE_FILE_BYTES`].
    #[error("larger than {MAX_DEVICE_FILE_BYTES} bytes")]
    TooLarge,
    /// It is not JSON, or one of its keys stands twice.
    #[error("{line}:{column}: not a device file: {reason}")]
    Syntax {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
        /// What the parser says.
        reason: String,
    },
    /// It is JSON of another shape.
    #[error("{path}: {reason}")]
    Content {
        /// The endpoint or key that is meant.
        path: String,
        /// What is wrong there.
        reason: String,
    },
}

/// The schedule that a device file holds: `{ "getChargeConfigInfo": {…}, "getDisChargeConfigInfo": {…} }` of the two-window
/// store, or `{ "getTimeChargeBySn": {…} }` of the periodic one, whose switches it may state: see `parse_stated`.
///
/// # Errors
/// What is wrong and where.
pub fn parse_device_file(text: &str) -> Result<Schedule, DeviceFileError> {
    if text.len() > MAX_DEVICE_FILE_BYTES {
        return Err(DeviceFileError::TooLarge);
    }
    let Unique(value) = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| syntax(&error))?;
    let Value::Object(fields) = &value else {
        return Err(content("the file", format!("{}, not an object with the endpoints of a store", kind(&value))));
    };
    for key in fields.keys() {
        check_key(key)?;
    }
    let periodic = read_endpoint(Object::Windows);
    if !fields.contains_key(periodic) {
        let charge = parse_charge(data_of(fields, Object::Charge)?);
        let discharge = parse_discharge(data_of(fields, Object::Discharge)?);
        return Ok(Schedule::TwoWindow(TwoWindow {
            charge: charge.map_err(|reason| content(read_endpoint(Object::Charge), reason))?,
            discharge: discharge.map_err(|reason| content(read_endpoint(Object::Discharge), reason))?,
        }));
    }
    if fields.len() > 1 {
        return Err(content(
            periodic,
            "stands beside another store; a device is driven through one of them".to_owned(),
        ));
    }
    let list = parse_stated(data_of(fields, Object::Windows)?);
    Ok(Schedule::Windows(list.map_err(|reason| content(periodic, reason))?))
}

/// A schedule as [`parse_device_file`] reads it.
#[must_use]
pub fn device_file(schedule: &Schedule) -> Value {
    let stated = |settings: &Settings| match settings {
        Settings::Windows(list) => stated_fields(list),
        settings => fields_of(settings),
    };
    let entry = |settings: Settings| (read_endpoint(settings.object()).to_owned(), Value::Object(stated(&settings)));
    Value::Object(schedule.contents().into_iter().map(entry).collect())
}

fn check_key(key: &str) -> Result<(), DeviceFileError> {
    let known = Object::ALL.map(read_endpoint);
    if known.contains(&key) {
        return Ok(());
    }
    let hint = nearest(key, known).map_or(String::new(), |name| format!("; did you mean {name}?"));
    let [charge, discharge, windows] = known;
    let reason = format!("unknown; {charge} and {discharge}, or {windows}, stand in a device file{hint}");
    Err(content(quoted(key), reason))
}

/// What stands under the name of an endpoint. A whole reply with its envelope is a likely slip and gets its own words.
fn data_of(fields: &Map<String, Value>, object: Object) -> Result<&Value, DeviceFileError> {
    let name = read_endpoint(object);
    let data = fields.get(name).ok_or_else(|| content(name, "missing".to_owned()))?;
    if data.get("code").is_some() && data.get("data").is_some() {
        return Err(content(name, "a whole reply; only what stands under its `data` belongs here".to_owned()));
    }
    Ok(data)
}

fn content(path: impl Into<String>, reason: String) -> DeviceFileError {
    DeviceFileError::Content { path: path.into(), reason }
}

/// The place apart from the words, since serde_json appends it to them.
fn syntax(error: &serde_json::Error) -> DeviceFileError {
    let reason = error.to_string();
    let reason = reason.rsplit_once(" at line ").map_or(reason.as_str(), |(words, _)| words).to_owned();
    DeviceFileError::Syntax { line: error.line(), column: error.column(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{
  "getChargeConfigInfo": { "gridCharge": 1, "timeChaf1": "00:00", "timeChae1": "05:30", "timeChaf2": "00:00",
    "timeChae2": "00:00", "batHighCap": 90 },
  "getDisChargeConfigInfo": { "ctrDis": 0, "timeDisf1": "00:00", "timeDise1": "00:00", "timeDisf2": "00:00",
    "timeDise2": "00:00", "batUseCap": 10.0 }
}"#;

    #[test]
    fn a_device_file_goes_both_ways() {
        let schedule = parse_device_file(GOOD).expect("a schedule");
        let Schedule::TwoWindow(held) = schedule else { panic!("{schedule:?}") };
        assert_eq!((held.charge.cap, held.discharge.floor), (90, 10));
        assert_eq!(parse_device_file(&device_file(&schedule).to_string()), Ok(schedule));
        assert_eq!(parse_device_file(&format!("\u{feff}{GOOD}")), Ok(schedule));
    }

    #[test]
    fn a_device_file_of_the_periodic_store_states_what_the_cloud_does_not_say() {
        let file = |switches: &str| {
            format!(
                r#"{{"getTimeChargeBySn": {{"executeCycleType": 0, {switches} "chargeTimeList": [{{"beginTime": "00:00",
                "endTime": "05:30", "chargePower": 3000, "chargeLimit": 90}}], "dischargeTimeList": []}}}}"#
            )
        };
        let check = |switches: &str, expect: &str| {
            let schedule = parse_device_file(&file(switches)).expect("a schedule");
            let shown: Vec<String> = schedule.contents().iter().map(Settings::to_string).collect();
            assert_eq!(shown.join(""), expect, "{switches}");
            assert_eq!(parse_device_file(&device_file(&schedule).to_string()), Ok(schedule), "{switches}");
        };
        let unread = "grid charge, if switched on, 00:00–05:30 to 90 % at 3000 W; discharge unrestricted";
        check("", unread);
        check(r#""gridChargeCycle": 0, "ctrDisCycle": 0,"#, unread);
        check(r#""gridChargeCycle": false, "ctrDisCycle": true,"#, "no grid charge; discharge unrestricted");
        check(
            r#""gridChargeCycle": 1, "ctrDisCycle": 0,"#,
            "grid charge 00:00–05:30 to 90 % at 3000 W; discharge unrestricted",
        );
        let both = file("").replacen('{', r#"{"getChargeConfigInfo": {},"#, 1);
        let why = parse_device_file(&both).map_err(|error| error.to_string());
        let expect = "getTimeChargeBySn: stands beside another store; a device is driven through one of them";
        assert_eq!(why, Err(expect.to_owned()));
    }

    #[test]
    fn what_is_wrong_with_a_device_file_is_said_with_its_place() {
        let check = |text: &str, expect: &str| {
            assert_eq!(parse_device_file(text).map_err(|error| error.to_string()), Err(expect.to_owned()));
        };
        check("", "1:0: not a device file: EOF while parsing a value");
        check("{\n  \"getChargeConfigInfo\": {,", "2:27: not a device file: key must be a string");
        check(&GOOD.replace("timeChaf2", "timeChaf1"), "2:108: not a device file: “timeChaf1” stands twice");
        check("[]", "the file: a list, not an object with the endpoints of a store");
        check("{}", "getChargeConfigInfo: missing");
        check(&GOOD.replace("05:30", "5h30"), "getChargeConfigInfo: timeChae1 is “5h30”, not a time of day");
        check(&GOOD.replace("10.0", "null"), "getDisChargeConfigInfo: batUseCap is missing");
        check(
            &GOOD.replace("getDisC", "getDisc"),
            "“getDischargeConfigInfo”: unknown; getChargeConfigInfo and getDisChargeConfigInfo, or getTimeChargeBySn, \
             stand in a device file; did you mean getDisChargeConfigInfo?",
        );
        check(
            r#"{"getChargeConfigInfo": {"code": 200, "data": {}}}"#,
            "getChargeConfigInfo: a whole reply; only what stands under its `data` belongs here",
        );
        check(&"[".repeat(MAX_DEVICE_FILE_BYTES + 1), "larger than 1048576 bytes");
        check(&"[".repeat(1000), "1:128: not a device file: recursion limit exceeded");
    }
}
