//! What a test may ask of the ATESS cloud beside the vendor's API, under `/sim/`.

use serde_json::{Map, Value, json};

use super::cloud::Cloud;
use super::system::System;
use crate::simulator::control::{Control, fault_span, shown};
use crate::simulator::endpoint::Query;
use crate::time::Instant;

/// Answers a control request that neither asks for the clock nor moves it.
pub(super) fn control(cloud: &mut Cloud, method: &str, query: &Query, body: &str, now: Instant) -> Control {
    cloud.advance(now);
    let result = match (method, query.endpoint.as_str()) {
        ("GET", "sim/state") => Ok(state(cloud, now).to_string()),
        ("GET", "sim/log") => Ok(cloud.log_text()),
        ("POST", "sim/fault") => fault(cloud, query, now),
        ("POST", "sim/schedule") => schedule(cloud, body, now),
        ("POST", "sim/soc") => soc(cloud, query),
        ("POST", "sim/token") => Ok(json!({ "token": cloud.renew_token() }).to_string()),
        (_, "sim/state" | "sim/log" | "sim/fault" | "sim/schedule" | "sim/soc" | "sim/token") => {
            return (405, "wrong verb\n".to_owned());
        }
        _ => return (404, "no such control\n".to_owned()),
    };
    match result {
        Ok(body) => (200, body),
        Err(reason) => (400, format!("{reason}\n")),
    }
}

fn state(cloud: &Cloud, now: Instant) -> Value {
    let plants: Vec<Value> = cloud.systems().iter().map(plant).collect();
    json!({ "now": shown(now), "plants": plants, "met": cloud.met() })
}

fn plant(system: &System) -> Value {
    let plant = &system.plant;
    json!({
        "deviceSn": system.serial,
        "soc": plant.soc(),
        "duty": format!("{:?}", plant.duty()),
        "flows": plant.flows(),
        "today": plant.today(),
        "total": plant.total(),
        "stored": system.stored,
        "device": plant.settings(),
    })
}

/// `name=none` ends every fault; else the fault holds from now for so many minutes.
fn fault(cloud: &mut Cloud, query: &Query, now: Instant) -> Result<String, String> {
    let name = query.value("name").ok_or("`name` says which fault")?;
    if name == "none" {
        cloud.faults_mut().clear();
        return Ok("{}".to_owned());
    }
    let until = now + fault_span(query)?;
    cloud.faults_mut().add(name.parse()?, now, until);
    Ok(json!({ "fault": name, "until": shown(until) }).to_string())
}

/// Some keys of the settings, and `deviceSn` where it is not the first plant.
fn schedule(cloud: &mut Cloud, body: &str, now: Instant) -> Result<String, String> {
    let mut keys: Map<String, Value> =
        serde_json::from_str(body).map_err(|error| format!("the body is not a JSON object: {error}"))?;
    let named = keys.shift_remove(super::settings::SERIAL).and_then(|serial| serial.as_str().map(str::to_owned));
    let serial = named.or_else(|| cloud.serials().next().map(str::to_owned)).unwrap_or_default();
    cloud.edit(&serial, &keys, now)?;
    Ok("{}".to_owned())
}

/// Sets the state of charge of one plant, or of all.
fn soc(cloud: &mut Cloud, query: &Query) -> Result<String, String> {
    let percent = query.value("percent").and_then(|percent| percent.parse::<f64>().ok());
    let percent = percent.filter(|percent| (0.0..=100.0).contains(percent)).ok_or("`percent` is from 0 to 100")?;
    let wanted = query.value(super::settings::SERIAL);
    let serials: Vec<String> = cloud.serials().map(str::to_owned).collect();
    for serial in serials.iter().filter(|serial| wanted.as_ref().is_none_or(|wanted| wanted == *serial)) {
        cloud.plant_mut(serial).into_iter().for_each(|plant| plant.battery_mut().set_soc(percent));
    }
    Ok("{}".to_owned())
}
