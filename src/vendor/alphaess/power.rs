//! What the cloud says of the present moment, before anything is believed.

use serde_json::{Map, Value};

use super::wire::{check_serial, number, object};
use crate::vendor::plausible::Sample;

/// The fields of which a reply about the present has at least one, be it null.
const KNOWN: [&str; 6] = ["ppv", "pload", "soc", "pgrid", "pbat", "pev"];

/// The chargers of `pevDetail`.
const CHARGERS: [&str; 4] = ["ev1Power", "ev2Power", "ev3Power", "ev4Power"];

/// Reads the `data` of a reply; null is a sample of nothing.
///
/// # Errors
/// The field that is no number, or that this is not such a reply at all.
pub(super) fn parse_sample(data: &Value, serial: &str) -> Result<Sample, String> {
    if data.is_null() {
        return Ok(Sample::default());
    }
    let fields = object(data, "the reading")?;
    check_serial(fields, serial)?;
    if !KNOWN.iter().any(|key| fields.contains_key(*key)) {
        return Err(format!("none of {} is in the reply", KNOWN.join(", ")));
    }
    Ok(Sample {
        soc: number(fields, "soc")?,
        load: number(fields, "pload")?,
        solar: number(fields, "ppv")?,
        battery: number(fields, "pbat")?,
        grid: number(fields, "pgrid")?,
        ev: chargers(fields)?,
    })
}

fn chargers(fields: &Map<String, Value>) -> Result<Option<f64>, String> {
    let total = number(fields, "pev")?;
    let Some(Value::Object(detail)) = fields.get("pevDetail").filter(|_| total.is_none()) else { return Ok(total) };
    let mut sum = None;
    for key in CHARGERS {
        sum = number(detail, key)?.map(|power| sum.unwrap_or(0.0) + power).or(sum);
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_sample_has_what_the_cloud_says_and_nothing_else() {
        let check = |data: Value, expect: Result<Sample, &str>| {
            let found = parse_sample(&data, "ALB1");
            assert_eq!(found.as_ref().map(|sample| *sample).map_err(String::as_str), expect, "{data}");
        };
        let evening = Sample {
            soc: Some(56.0),
            load: Some(1275.0),
            solar: Some(0.0),
            battery: Some(1264.0),
            grid: Some(11.0),
            ev: Some(0.0),
        };
        check(
            json!({"ppv": 0.0, "ppvDetail": {"ppv1": 0, "ppv2": null}, "pload": 1275, "soc": "56.0", "pgrid": 11.0,
                "pbat": 1264.0, "pev": 0, "pevDetail": {"ev1Power": null, "ev2Power": null}}),
            Ok(evening),
        );
        check(json!({"soc": null, "pload": null, "pevDetail": null}), Ok(Sample::default()));
        check(json!(null), Ok(Sample::default()));
        let charging = Sample { ev: Some(7000.0), ..Sample::default() };
        check(json!({"pev": null, "pevDetail": {"ev1Power": 3000, "ev3Power": "4000"}}), Ok(charging));
        check(json!({"pev": "7000", "pevDetail": {"ev1Power": 1}}), Ok(charging));
        check(json!({"pev": null, "pevDetail": {"ev1Power": null}}), Ok(Sample::default()));
        check(json!({}), Err("none of ppv, pload, soc, pgrid, pbat, pev is in the reply"));
        check(json!([]), Err("the reading is a list, not an object"));
        check(json!({"soc": "high"}), Err("soc is “high”, not a number"));
        check(json!({"sysSn": "B", "soc": 1}), Err("the reply is about system “B”, not “ALB1”"));
    }
}
