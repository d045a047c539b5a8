//! One set of data as the vendor tells it, before the owner's mapping says what it means.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use serde_json::{Map, Value};

use super::fields::{Kind, kind};
use crate::vendor::wall::wall_time;
use crate::vendor::wire::{check_serial, number, quoted, text, whole};

/// The most numbers that are taken from one set: the vendor documents about a hundred.
pub(super) const MAX_FIELDS: usize = 256;

/// The longest name of a field that is taken, in bytes.
const MAX_NAME: usize = 64;

/// One set of data. What is missing or null is not in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Latest {
    /// When it was measured, by the plant's wall clock.
    pub(super) stamp: Option<NaiveDateTime>,
    /// Every number under the vendor's name.
    pub(super) fields: BTreeMap<String, f64>,
}

impl Latest {
    /// Reads a set. `wanted` are the names that the owner's mapping uses, which may be undocumented ones.
    ///
    /// # Errors
    /// The field that is not what it is documented to be, or that this is no such set at all.
    pub(super) fn parse(set: &Map<String, Value>, serial: &str, wanted: &[&str]) -> Result<Latest, String> {
        check_serial(set, "deviceSn", serial)?;
        if !set.keys().any(|name| kind(name).is_some_and(|kind| kind != Kind::Other) || wanted.contains(&name.as_str()))
        {
            return Err("none of the documented fields is in the reply".to_owned());
        }
        let mut latest = Latest { stamp: stamp(set)?, fields: BTreeMap::new() };
        for name in set.keys() {
            latest.take(set, name, wanted.contains(&name.as_str()))?;
        }
        Ok(latest)
    }

    /// Takes in one field. A number of a name that nobody documents is taken as far as there is room for it.
    fn take(&mut self, set: &Map<String, Value>, name: &str, wanted: bool) -> Result<(), String> {
        let value = match kind(name) {
            Some(Kind::Number) => number(set, name)?,
            Some(Kind::Whole) => number(set, name)?.map(|value| int32(name, value)).transpose()?,
            None if wanted => number(set, name)?,
            None if name.len() <= MAX_NAME && self.fields.len() < MAX_FIELDS => number(set, name).unwrap_or_default(),
            Some(Kind::Time | Kind::Other) | None => None,
        };
        if let Some(value) = value {
            self.fields.insert(name.to_owned(), value);
        }
        Ok(())
    }
}

/// `time`, if it is there.
pub(super) fn stamp(set: &Map<String, Value>) -> Result<Option<NaiveDateTime>, String> {
    let Some(text) = text(set, "time")? else { return Ok(None) };
    wall_time(&text).map(Some).ok_or_else(|| format!("time is {}, not a date and a time of day", quoted(&text)))
}

fn int32(name: &str, value: f64) -> Result<f64, String> {
    let fits = whole(value).is_some_and(|value| i32::try_from(value).is_ok());
    if fits { Ok(value) } else { Err(format!("{name} is {value}, not a whole number of 32 bits")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendor::wire::object;
    use serde_json::json;

    fn parsed(set: &Value) -> Result<Latest, String> {
        Latest::parse(object(set, "the data").expect("an object"), "HPS1", &["powerOfMine"])
    }

    #[test]
    fn a_set_has_what_is_said_and_nothing_else() {
        let check = |set: Value, stamp: Option<&str>, expect: &[(&str, f64)]| {
            let latest = parsed(&set).expect("a set");
            let fields: Vec<_> = latest.fields.iter().map(|(name, value)| (name.as_str(), *value)).collect();
            assert_eq!((latest.stamp.map(|stamp| stamp.to_string()).as_deref(), fields.as_slice()), (stamp, expect));
        };
        check(
            json!({"deviceSn": "hps1", "time": "2026-11-20 20:41:07", "vbat": "512.4", "pac": -3, "status": 1, "ppv": null,
                "checkTime": {"any": "thing"}, "temp": ""}),
            Some("2026-11-20 20:41:07"),
            &[("pac", -3.0), ("status", 1.0), ("vbat", 512.4)],
        );
        check(json!({"time": null, "pac": null}), None, &[]);
        check(
            json!({"powerOfMine": "7", "another": 1.5, "name": "a text", "list": []}),
            None,
            &[("another", 1.5), ("powerOfMine", 7.0)],
        );
    }

    #[test]
    fn what_is_not_as_documented_is_no_set() {
        let check = |set: Value, expect: &str| assert_eq!(parsed(&set), Err(expect.to_owned()));
        check(json!({}), "none of the documented fields is in the reply");
        check(json!({"deviceSn": "HPS1", "soc": 41}), "none of the documented fields is in the reply");
        check(json!({"deviceSn": "HPS2", "pac": 1}), "the reply is about system “HPS2”, not “HPS1”");
        check(json!({"pac": "viel"}), "pac is “viel”, not a number");
        check(json!({"pac": [1]}), "pac is a list, not a number");
        check(json!({"vbat": "NaN"}), "vbat is “NaN”, not a number");
        check(json!({"powerOfMine": true}), "powerOfMine is a truth value, not a number");
        check(json!({"status": 1.5}), "status is 1.5, not a whole number of 32 bits");
        check(json!({"status": 3e9}), "status is 3000000000, not a whole number of 32 bits");
        check(json!({"time": "gestern", "pac": 1}), "time is “gestern”, not a date and a time of day");
        check(json!({"time": 20_261_120, "pac": 1}), "time is “20261120”, not a date and a time of day");
    }

    #[test]
    fn a_set_is_bounded() {
        let many: Map<String, Value> = (0..5000).map(|index| (format!("x{index}"), json!(index))).collect();
        let mut set = json!({"vbat": 1});
        set.as_object_mut().expect("an object").extend(many);
        set[&"y".repeat(MAX_NAME + 1)] = json!(1);
        let latest = parsed(&set).expect("a set");
        assert_eq!(latest.fields.len(), MAX_FIELDS);
        assert_eq!(latest.fields.get("vbat"), Some(&1.0));
    }
}
