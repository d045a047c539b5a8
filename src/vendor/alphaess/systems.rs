//! The systems of an account, and what they counted.

use chrono::NaiveDate;
use serde_json::Value;

use super::wire::{check_serial, kind, number, object, text};
use crate::units::{Energy, Power};

/// The most systems or sums that are taken from one reply.
const MAX_ITEMS: usize = 1000;

/// One system of an account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct System {
    /// Its serial number.
    pub serial: String,
    /// The inverter's model.
    pub inverter: Option<String>,
    /// The battery's model.
    pub battery: Option<String>,
    /// The inverter's nominal power.
    pub inverter_power: Option<Power>,
    /// The nominal power of the sun's generators.
    pub solar_power: Option<Power>,
    /// The battery's capacity.
    pub capacity: Option<Energy>,
    /// The usable share of the capacity in percent.
    pub usable_percent: Option<f64>,
    /// The vendor's word for its state.
    pub status: Option<String>,
}

/// What a system counted on one local day.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DayEnergy {
    /// From the sun.
    pub solar: Option<Energy>,
    /// Into the battery.
    pub charged: Option<Energy>,
    /// Out of the battery.
    pub discharged: Option<Energy>,
    /// From the grid into the battery.
    pub charged_from_grid: Option<Energy>,
    /// From the grid.
    pub imported: Option<Energy>,
    /// To the grid.
    pub exported: Option<Energy>,
    /// Into the car.
    pub ev: Option<Energy>,
}

/// Reads the `data` of `getEssList`.
pub(super) fn systems(data: &Value) -> Result<Vec<System>, String> {
    match data {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => items.iter().take(MAX_ITEMS).map(system).collect(),
        other => Err(format!("the list of systems is {}, not a list", kind(other))),
    }
}

/// Reads the `data` of `getOneDateEnergyBySn`; null is a day of nothing known.
pub(super) fn energy(data: &Value, serial: &str, day: NaiveDate) -> Result<DayEnergy, String> {
    if data.is_null() {
        return Ok(DayEnergy::default());
    }
    let fields = object(data, "the day's energy")?;
    check_serial(fields, serial)?;
    if let Some(date) = text(fields, "theDate")?.filter(|date| !date.starts_with(&day.to_string())) {
        return Err(format!("the reply is about {date}, not {day}"));
    }
    let kilowatt_hours = |key| number(fields, key).map(energy_of);
    Ok(DayEnergy {
        solar: kilowatt_hours("epv")?,
        charged: kilowatt_hours("eCharge")?,
        discharged: kilowatt_hours("eDischarge")?,
        charged_from_grid: kilowatt_hours("eGridCharge")?,
        imported: kilowatt_hours("eInput")?,
        exported: kilowatt_hours("eOutput")?,
        ev: kilowatt_hours("eChargingPile")?,
    })
}

/// Reads the `data` of `getSumDataForCustomer`: every number that is there, under the vendor's own name for it.
pub(super) fn sums(data: &Value, serial: &str) -> Result<Vec<(String, f64)>, String> {
    if data.is_null() {
        return Ok(Vec::new());
    }
    let fields = object(data, "the sums")?;
    check_serial(fields, serial)?;
    let found = fields.iter().filter(|(key, _)| is_name(key)).take(MAX_ITEMS);
    Ok(found.filter_map(|(key, _)| Some((key.clone(), number(fields, key).ok()??))).collect())
}

fn system(item: &Value) -> Result<System, String> {
    let fields = object(item, "a system")?;
    let kilowatts = |key| number(fields, key).map(|value| value.and_then(|kw| Power::from_watts(kw * 1000.0)));
    Ok(System {
        serial: text(fields, "sysSn")?.ok_or("a system has no sysSn")?,
        inverter: text(fields, "minv")?,
        battery: text(fields, "mbat")?,
        inverter_power: kilowatts("poinv")?,
        solar_power: kilowatts("popv")?,
        capacity: number(fields, "cobat").map(energy_of)?,
        usable_percent: number(fields, "usCapacity")?,
        status: text(fields, "emsStatus")?,
    })
}

fn energy_of(kilowatt_hours: Option<f64>) -> Option<Energy> {
    kilowatt_hours.and_then(|value| Energy::from_watt_hours(value * 1000.0))
}

/// Whether a key is one of the vendor's names and not something that could drive a terminal.
fn is_name(key: &str) -> bool {
    key != "sysSn" && key.len() <= 40 && key.bytes().all(|letter| letter.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn systems_are_read_with_whatever_they_say() {
        let list = json!([
            {"sysSn": "ALB1", "minv": "SMILE5-INV", "mbat": "SMILE-BAT-10.1P", "poinv": 5.0, "popv": "6.6", "cobat": 10.1,
             "surplusCobat": 4.0, "usCapacity": 95, "emsStatus": "Normal"},
            {"sysSn": "ALB2\u{1b}[2J", "poinv": null, "emsStatus": ""},
        ]);
        let found = systems(&list).expect("systems");
        assert_eq!(found[0].capacity.map(Energy::kilowatt_hours), Some(10.1));
        assert_eq!(found[0].solar_power.map(Power::watts), Some(6600.0));
        assert_eq!(found[0].status.as_deref(), Some("Normal"));
        assert_eq!(found[1], System { serial: "ALB2 [2J".to_owned(), ..System::default() });
        assert_eq!(systems(&json!(null)), Ok(Vec::new()));
        assert_eq!(systems(&json!({})), Err("the list of systems is an object, not a list".to_owned()));
        assert_eq!(systems(&json!([{}])), Err("a system has no sysSn".to_owned()));
    }

    #[test]
    fn energies_are_kilowatt_hours_and_what_is_null_is_unknown() {
        let day = "2026-11-20".parse().expect("a day");
        let data = json!({"sysSn": "ALB1", "theDate": "2026-11-20", "epv": 12.5, "eCharge": "3.0", "eInput": null, "eOutput": 0});
        let found = energy(&data, "ALB1", day).expect("energies");
        assert_eq!(found.solar.map(Energy::kilowatt_hours), Some(12.5));
        assert_eq!((found.imported, found.exported), (None, Some(Energy::ZERO)));
        let other = energy(&json!({"theDate": "2026-11-19"}), "ALB1", day);
        assert_eq!(other, Err("the reply is about 2026-11-19, not 2026-11-20".to_owned()));
        let found =
            sums(&json!({"epvtoday": 1, "x\u{1b}": 2, "eload": null, "moneyType": "EUR", "treeNum": "1.5"}), "ALB1");
        assert_eq!(found, Ok(vec![("epvtoday".to_owned(), 1.0), ("treeNum".to_owned(), 1.5)]));
    }
}
