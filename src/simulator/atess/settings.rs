//! The settings of a plant: the whole object as the cloud keeps it, and what the device makes of it.
//!
//! Of its keys only the first (`batCapacity`), the last (`valleyPeriodTime2` or `valleyPeriodTime5`) and their count of
//! periods are public. The rest is invented here, as little of it as the page implies.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::options::{Kind, MissingKeys};

/// Switches charging from the grid in valley periods: 0 or 1.
pub const CHARGE_ENABLE: &str = "chargeEnable";

/// Switches the restriction of discharge to peak periods: 0 or 1.
pub const DISCHARGE_ENABLE: &str = "dischargeEnable";

/// The key that names the device.
pub(super) const SERIAL: &str = "deviceSn";

/// An unused period.
const UNUSED: &str = "00:00-00:00";

/// The longest text that a key takes, in bytes.
pub(super) const MAX_TEXT_BYTES: usize = 64;

/// What the device acts on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Whether it charges from the grid in valley periods.
    pub charge_enable: bool,
    /// Whether it discharges in peak periods alone.
    pub discharge_enable: bool,
    /// `valleyPeriodTime1` and on.
    pub valley: Vec<Period>,
    /// `peakPeriodTime1` and on.
    pub peak: Vec<Period>,
}

/// A daily period in minutes since midnight, 0 to 1439; unused where both are equal. An end of 0 is midnight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The start.
    pub from: u16,
    /// The end, exclusive.
    pub to: u16,
}

/// Why an object is not taken: the key at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit(pub(super) String);

impl Period {
    /// Whether there is no period.
    #[must_use]
    pub fn is_unused(self) -> bool {
        self.from == self.to
    }

    /// The end in minutes since midnight, 1 to 1440.
    #[must_use]
    pub fn end(self) -> u16 {
        if self.to == 0 { 1440 } else { self.to }
    }

    /// Reads `23:30-05:30`, two digits each.
    #[must_use]
    pub fn read(text: &str) -> Option<Period> {
        let (from, to) = text.split_once('-')?;
        Some(Period { from: minutes(from)?, to: minutes(to)? })
    }

    /// As the vendor writes it.
    #[must_use]
    pub fn shown(self) -> String {
        let Period { from, to } = self;
        format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }

    fn is_on_grid(self) -> bool {
        self.from.is_multiple_of(15) && self.to.is_multiple_of(15)
    }
}

impl Settings {
    /// What a stored object says; an erased key switches off, an erased period is unused.
    pub(super) fn of(object: &Map<String, Value>, kind: Kind) -> Settings {
        let on = |name: &str| object.get(name).and_then(number).is_some_and(|number| number != 0.0);
        let periods = |class: &str| {
            let text = |index| object.get(&period_key(class, index)).and_then(Value::as_str);
            let read = |index| text(index).and_then(Period::read).unwrap_or_default();
            (1..=kind.periods()).map(read).collect()
        };
        Settings {
            charge_enable: on(CHARGE_ENABLE),
            discharge_enable: on(DISCHARGE_ENABLE),
            valley: periods("valley"),
            peak: periods("peak"),
        }
    }

    /// Whether every time is on a quarter of an hour.
    pub(super) fn is_on_grid(&self) -> bool {
        self.valley.iter().chain(&self.peak).all(|period| period.is_on_grid())
    }

    /// Whether a state that was read from a file can be settings.
    pub(super) fn is_sound(&self) -> bool {
        let sound =
            |periods: &[Period]| periods.len() <= 8 && periods.iter().all(|one| one.from < 1440 && one.to < 1440);
        sound(&self.valley) && sound(&self.peak)
    }
}

/// The name of a period: `valleyPeriodTime1`.
#[must_use]
pub fn period_key(class: &str, index: usize) -> String {
    format!("{class}PeriodTime{index}")
}

/// The whole object of a plant, its keys in alphabetical order as on the vendor's page.
pub(super) fn object(serial: &str, kind: Kind, settings: &Settings, capacity_wh: f64) -> Map<String, Value> {
    let mut pairs: Vec<(String, Value)> = vec![
        ("batCapacity".to_owned(), json!((capacity_wh / 100.0).round() / 10.0)),
        ("batNum".to_owned(), json!(1)),
        ("batType".to_owned(), json!("LFP")),
        (CHARGE_ENABLE.to_owned(), json!(u8::from(settings.charge_enable))),
        (SERIAL.to_owned(), json!(serial)),
        (DISCHARGE_ENABLE.to_owned(), json!(u8::from(settings.discharge_enable))),
        ("gridFreqHigh".to_owned(), json!(50.5)),
        ("gridFreqLow".to_owned(), json!(47.5)),
        ("maxChargeCurr".to_owned(), json!(25.0)),
        ("maxDischargeCurr".to_owned(), json!(25.0)),
        ("outputVolt".to_owned(), json!(230)),
    ];
    for (class, periods) in [("flat", &Vec::new()), ("peak", &settings.peak), ("valley", &settings.valley)] {
        for index in 1..=kind.periods() {
            let shown = periods.get(index - 1).map_or_else(|| UNUSED.to_owned(), |period: &Period| period.shown());
            pairs.push((period_key(class, index), Value::from(shown)));
        }
    }
    pairs.sort_by(|one, other| one.0.cmp(&other.0));
    pairs.into_iter().collect()
}

/// The object that results when a body is put over what is stored. Keys that the object does not have are ignored.
///
/// # Errors
/// The key that is missing or does not fit.
pub(super) fn put(
    stored: &Map<String, Value>,
    body: &Map<String, Value>,
    missing: MissingKeys,
) -> Result<Map<String, Value>, Misfit> {
    let mut object = Map::new();
    for (name, old) in stored {
        let value = match (body.get(name), missing) {
            (Some(new), _) if fits(name, old, new) => new.clone(),
            (Some(_), _) | (None, MissingKeys::Refused) => return Err(Misfit(name.clone())),
            (None, MissingKeys::Erased) => Value::Null,
            (None, MissingKeys::Kept) => old.clone(),
        };
        object.insert(name.clone(), value);
    }
    Ok(object)
}

/// Whether a key may take this value: a period is a period or null, a switch 0 or 1, a number a number, a word a word.
fn fits(name: &str, old: &Value, new: &Value) -> bool {
    match new {
        Value::Null => true,
        Value::String(text) if name.contains("PeriodTime") => Period::read(text).is_some(),
        _ if name.contains("PeriodTime") => false,
        _ if name == CHARGE_ENABLE || name == DISCHARGE_ENABLE => {
            number(new).is_some_and(|number| number == 0.0 || number == 1.0)
        }
        Value::String(text) => text.len() <= MAX_TEXT_BYTES && (!old.is_number() || number(new).is_some()),
        Value::Number(_) => !old.is_string(),
        _ => false,
    }
}

/// A number, also where it comes as a string.
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok(),
        _ => value.as_f64(),
    };
    number.filter(|number: &f64| number.is_finite())
}

fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let number = |part: &str| if two_digits(part) { part.parse::<u16>().ok() } else { None };
    match (number(hour)?, number(minute)?) {
        (hour, minute) if hour < 24 && minute < 60 => Some(hour * 60 + minute),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Map<String, Value> {
        let settings = Settings {
            charge_enable: true,
            valley: vec![Period::read("23:30-05:30").expect("a period")],
            ..Settings::default()
        };
        object("A", Kind::Small, &settings, 10_100.0)
    }

    #[test]
    fn an_object_has_the_keys_that_the_page_names() {
        let check = |kind: Kind, last: &str| {
            let object = object("A", kind, &Settings::default(), 10_100.0);
            assert_eq!(object.keys().next().map(String::as_str), Some("batCapacity"));
            assert_eq!(object.keys().next_back().map(String::as_str), Some(last));
            assert_eq!((&object["batCapacity"], &object[last]), (&json!(10.1), &json!("00:00-00:00")));
        };
        check(Kind::Small, "valleyPeriodTime2");
        check(Kind::Big, "valleyPeriodTime5");
    }

    #[test]
    fn what_is_put_must_fit_its_key() {
        let check = |name: &str, value: Value, expect: bool| {
            let mut body = stored();
            body.insert(name.to_owned(), value.clone());
            assert_eq!(put(&stored(), &body, MissingKeys::Refused).is_ok(), expect, "{name}: {value}");
        };
        check("valleyPeriodTime2", json!("12:00-13:00"), true);
        check("valleyPeriodTime2", json!(null), true);
        for wrong in [json!("24:00-01:00"), json!("1:00-2:00"), json!("12:00"), json!(""), json!(7), json!([])] {
            check("valleyPeriodTime2", wrong, false);
        }
        check("chargeEnable", json!(0), true);
        check("chargeEnable", json!("1"), true);
        check("chargeEnable", json!(2), false);
        check("chargeEnable", json!(true), false);
        check("batCapacity", json!(12), true);
        check("batCapacity", json!("twelve"), false);
        check("batType", json!(12), false);
        check("unheardOf", json!({}), true);
    }

    #[test]
    fn a_missing_key_is_erased_kept_or_refused() {
        let mut body = stored();
        body.shift_remove("valleyPeriodTime1");
        let left = |missing| put(&stored(), &body, missing).map(|object| object["valleyPeriodTime1"].clone());
        assert_eq!(left(MissingKeys::Erased), Ok(Value::Null));
        assert_eq!(left(MissingKeys::Kept), Ok(json!("23:30-05:30")));
        assert_eq!(left(MissingKeys::Refused), Err(Misfit("valleyPeriodTime1".to_owned())));
        let erased = put(&stored(), &Map::new(), MissingKeys::Erased).expect("an object");
        let settings = Settings::of(&erased, Kind::Small);
        assert!(!settings.charge_enable && settings.valley.iter().all(|period| period.is_unused()));
    }
}
