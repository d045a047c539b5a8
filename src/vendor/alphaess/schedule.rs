//! The objects of the schedule stores, between the vendor's JSON and the normal form.

use serde_json::{Map, Value, json};

use super::endpoint;
use super::periodic::{parse_periodic, periodic_fields};
use super::wire::{self, kind, number, object, quoted, whole};
use crate::device::{ChargeSettings, DischargeSettings, Object, Period, Settings, Store};
use crate::time::ClockTime;

/// The vendor's stores.
pub(super) const STORES: [Store; 2] = [Store::TwoWindow, Store::Periodic];

/// The vendor's name of the endpoint that reads an object.
#[must_use]
pub fn read_endpoint(object: Object) -> &'static str {
    match object {
        Object::Charge => endpoint::READ_CHARGE,
        Object::Discharge => endpoint::READ_DISCHARGE,
        Object::Windows => endpoint::READ_PERIODIC,
    }
}

/// The vendor's name of the endpoint that writes an object.
#[must_use]
pub fn write_endpoint(object: Object) -> &'static str {
    match object {
        Object::Charge => endpoint::WRITE_CHARGE,
        Object::Discharge => endpoint::WRITE_DISCHARGE,
        Object::Windows => endpoint::WRITE_PERIODIC,
    }
}

/// The store that an endpoint belongs to; `None` if it is no store's.
pub(super) fn store_of(endpoint: &str) -> Option<Store> {
    let has = |store: &Store| {
        let names = store.objects().iter().flat_map(|object| [read_endpoint(*object), write_endpoint(*object)]);
        names.into_iter().any(|name| name == endpoint)
    };
    STORES.into_iter().find(has)
}

/// The charge object from the `data` of `getChargeConfigInfo`.
///
/// # Errors
/// The field that is missing or cannot be read: none is ever guessed.
pub fn parse_charge(data: &Value) -> Result<ChargeSettings, String> {
    let fields = object(data, "the schedule")?;
    Ok(ChargeSettings {
        grid_charge: flag(fields, "gridCharge")?,
        windows: [period(fields, "timeChaf1", "timeChae1")?, period(fields, "timeChaf2", "timeChae2")?],
        cap: percent(fields, "batHighCap")?,
    })
}

/// The discharge object from the `data` of `getDisChargeConfigInfo`.
///
/// # Errors
/// The field that is missing or cannot be read: none is ever guessed.
pub fn parse_discharge(data: &Value) -> Result<DischargeSettings, String> {
    let fields = object(data, "the schedule")?;
    Ok(DischargeSettings {
        restricted: flag(fields, "ctrDis")?,
        windows: [period(fields, "timeDisf1", "timeDise1")?, period(fields, "timeDisf2", "timeDise2")?],
        floor: percent(fields, "batUseCap")?,
    })
}

/// Any object from the `data` of its read endpoint.
///
/// # Errors
/// As [`parse_charge`], [`parse_discharge`] and [`parse_periodic`].
pub fn parse_settings(object: Object, data: &Value) -> Result<Settings, String> {
    match object {
        Object::Charge => parse_charge(data).map(Settings::Charge),
        Object::Discharge => parse_discharge(data).map(Settings::Discharge),
        Object::Windows => parse_periodic(data).map(Settings::Windows),
    }
}

/// Exactly what a write sends: every field, since each update replaces its whole object.
#[must_use]
pub fn payload(settings: &Settings, serial: &str) -> Value {
    let mut fields = Map::new();
    fields.insert("sysSn".to_owned(), json!(serial));
    fields.extend(fields_of(settings));
    Value::Object(fields)
}

/// The fields of an object as the vendor names them.
pub(super) fn fields_of(settings: &Settings) -> Map<String, Value> {
    match settings {
        Settings::Charge(charge) => {
            let names = ["gridCharge", "timeChaf1", "timeChae1", "timeChaf2", "timeChae2", "batHighCap"];
            six(names, charge.grid_charge, charge.windows, charge.cap)
        }
        Settings::Discharge(discharge) => {
            let names = ["ctrDis", "timeDisf1", "timeDise1", "timeDisf2", "timeDise2", "batUseCap"];
            six(names, discharge.restricted, discharge.windows, discharge.floor)
        }
        Settings::Windows(list) => periodic_fields(list),
    }
}

/// Flag, windows and percentage under their six names.
fn six(names: [&str; 6], flag: bool, [one, two]: [Period; 2], percent: u8) -> Map<String, Value> {
    let time = |time: ClockTime| json!(time.to_string());
    let values = [json!(u8::from(flag)), time(one.from), time(one.to), time(two.from), time(two.to), json!(percent)];
    names.map(str::to_owned).into_iter().zip(values).collect()
}

/// 0 or 1 in any spelling of a number, or a truth value.
pub(super) fn flag(fields: &Map<String, Value>, key: &str) -> Result<bool, String> {
    if let Some(Value::Bool(value)) = fields.get(key) {
        return Ok(*value);
    }
    match number(fields, key)? {
        Some(0.0) => Ok(false),
        Some(1.0) => Ok(true),
        Some(other) => Err(format!("{key} is {other}, neither 0 nor 1")),
        None => Err(missing(key)),
    }
}

/// A whole percentage in any spelling of a number.
pub(super) fn percent(fields: &Map<String, Value>, key: &str) -> Result<u8, String> {
    let value = number(fields, key)?.ok_or_else(|| missing(key))?;
    let percent = whole(value).and_then(|value| u8::try_from(value).ok()).filter(|value| *value <= 100);
    percent.ok_or_else(|| format!("{key} is {value}, not a whole percentage"))
}

pub(super) fn period(fields: &Map<String, Value>, from: &str, to: &str) -> Result<Period, String> {
    let start = time(fields, from)?;
    if start == ClockTime::END_OF_DAY {
        return Err(format!("{from} is 24:00, at which nothing can begin"));
    }
    Ok(Period { from: start, to: time(fields, to)? })
}

/// `HH:mm`, `H:mm`, or either with seconds that are zero. An end of 24:00 stays one: midnight to 24:00 is a whole day,
/// midnight to midnight none.
fn time(fields: &Map<String, Value>, key: &str) -> Result<ClockTime, String> {
    let text = match fields.get(key) {
        None | Some(Value::Null) => return Err(missing(key)),
        Some(Value::String(text)) => text.trim(),
        Some(other) => return Err(format!("{key} is {}, not a time of day", kind(other))),
    };
    let minutes = if text.matches(':').count() == 2 { text.strip_suffix(":00").unwrap_or_default() } else { text };
    minutes.parse().map_err(|()| format!("{key} is {}, not a time of day", quoted(text)))
}

pub(super) fn missing(key: &str) -> String {
    format!("{key} is missing")
}

/// Whether the `data` of a schedule read is about this system, where it says.
pub(super) fn check_serial(data: &Value, serial: &str) -> Result<(), String> {
    data.as_object().map_or(Ok(()), |fields| wire::check_serial(fields, serial))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(windows: [Period; 2]) -> String {
        windows.map(|window| format!("{}-{}", window.from, window.to)).join(" ")
    }

    fn with(key: &str, value: Value) -> Value {
        let mut data = json!({"gridCharge": 1, "timeChaf1": "23:30", "timeChae1": "00:00", "timeChaf2": "00:00",
            "timeChae2": "05:30", "batHighCap": 90});
        data[key] = value;
        data
    }

    #[test]
    fn a_schedule_is_read_in_every_spelling() {
        let check = |key: &str, value: Value, expect: (bool, &str, u8)| {
            let charge = parse_charge(&with(key, value)).expect("a schedule");
            assert_eq!((charge.grid_charge, shown(charge.windows).as_str(), charge.cap), expect, "{key}");
        };
        let plain = "23:30-00:00 00:00-05:30";
        check("other", json!(null), (true, plain, 90));
        check("gridCharge", json!(0.0), (false, plain, 90));
        check("gridCharge", json!("1"), (true, plain, 90));
        check("gridCharge", json!(false), (false, plain, 90));
        check("batHighCap", json!(95.0), (true, plain, 95));
        check("batHighCap", json!("100.0"), (true, plain, 100));
        check("timeChae2", json!("5:30"), (true, plain, 90));
        check("timeChae2", json!("05:30:00"), (true, plain, 90));
        check("timeChae1", json!("24:00"), (true, "23:30-24:00 00:00-05:30", 90));
        check("timeChae2", json!("05:07"), (true, "23:30-00:00 00:00-05:07", 90));
    }

    #[test]
    fn a_field_that_cannot_be_read_is_named_and_never_guessed() {
        let check = |key: &str, value: Value, expect: &str| {
            assert_eq!(parse_charge(&with(key, value)), Err(expect.to_owned()));
        };
        check("gridCharge", json!(2), "gridCharge is 2, neither 0 nor 1");
        check("gridCharge", json!(null), "gridCharge is missing");
        check("batHighCap", json!(101), "batHighCap is 101, not a whole percentage");
        check("batHighCap", json!(-1), "batHighCap is -1, not a whole percentage");
        check("batHighCap", json!(89.5), "batHighCap is 89.5, not a whole percentage");
        check("batHighCap", json!(1e300), &format!("batHighCap is {}, not a whole percentage", 1e300));
        check("batHighCap", json!("full"), "batHighCap is “full”, not a number");
        check("timeChaf1", json!(null), "timeChaf1 is missing");
        check("timeChaf1", json!(""), "timeChaf1 is “”, not a time of day");
        check("timeChaf1", json!("24:00"), "timeChaf1 is 24:00, at which nothing can begin");
        check("timeChaf1", json!("23:30:15"), "timeChaf1 is “23:30:15”, not a time of day");
        check("timeChaf1", json!("25:00"), "timeChaf1 is “25:00”, not a time of day");
        check("timeChaf1", json!(2330), "timeChaf1 is a number, not a time of day");
        assert_eq!(parse_charge(&json!([])), Err("the schedule is a list, not an object".to_owned()));
        assert_eq!(parse_discharge(&json!({})), Err("ctrDis is missing".to_owned()));
    }

    #[test]
    fn a_write_sends_all_seven_fields_as_the_vendor_spells_them() {
        let charge = parse_settings(Object::Charge, &with("timeChaf1", json!("9:15"))).expect("a schedule");
        assert_eq!(
            payload(&charge, "ALB1").to_string(),
            r#"{"sysSn":"ALB1","gridCharge":1,"timeChaf1":"09:15","timeChae1":"00:00","timeChaf2":"00:00","timeChae2":"05:30","batHighCap":90}"#
        );
        let data = json!({"ctrDis": "0", "timeDisf1": "0:00", "timeDise1": "00:00", "timeDisf2": "00:00",
            "timeDise2": "00:00", "batUseCap": 10.0});
        let discharge = parse_settings(Object::Discharge, &data).expect("a schedule");
        assert_eq!(
            payload(&discharge, "ALB1").to_string(),
            r#"{"sysSn":"ALB1","ctrDis":0,"timeDisf1":"00:00","timeDise1":"00:00","timeDisf2":"00:00","timeDise2":"00:00","batUseCap":10}"#
        );
    }

    #[test]
    fn what_is_written_reads_back_as_the_same() {
        for minute in (0..=1425).step_by(15) {
            let from = ClockTime::from_minutes(minute).expect("a time");
            let window = Period { from, to: ClockTime::END_OF_DAY };
            let charge = ChargeSettings { grid_charge: true, windows: [window, Period::UNUSED], cap: 77 };
            let settings = Settings::Charge(charge);
            assert_eq!(parse_settings(Object::Charge, &payload(&settings, "ALB1")), Ok(settings));
        }
    }
}
