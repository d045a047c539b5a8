//! What a test may ask of the simulator beside the vendor's API, under `/sim/`.

use serde_json::{Value, json};

use super::cloud::Cloud;
use super::endpoint::Query;
use super::store::{Schedule, Which};
use super::system::System;
use crate::time::Instant;

/// The longest a fault may be asked to last, in minutes.
const MAX_MINUTES: i64 = 100 * 1440;

/// The answer to one control request: an HTTP status and a body.
pub(super) type Control = (u16, String);

/// Answers a control request that neither asks for the clock nor moves it.
pub(super) fn control(cloud: &mut Cloud, method: &str, query: &Query, body: &str, now: Instant) -> Control {
    cloud.advance(now);
    let result = match (method, query.endpoint.as_str()) {
        ("GET", "sim/state") => Ok(state(cloud, now).to_string()),
        ("GET", "sim/log") => Ok(cloud.log_text()),
        ("POST", "sim/fault") => fault(cloud, query, now),
        ("POST", "sim/schedule") => schedule(cloud, body, now),
        ("POST", "sim/periodic") => periodic(cloud, body, now),
        ("POST", "sim/region") => region(cloud, query),
        ("POST", "sim/soc") => soc(cloud, query),
        (_, "sim/state" | "sim/log" | "sim/fault" | "sim/schedule" | "sim/periodic" | "sim/region" | "sim/soc") => {
            return (405, "wrong verb\n".to_owned());
        }
        _ => return (404, "no such control\n".to_owned()),
    };
    match result {
        Ok(body) => (200, body),
        Err(reason) => (400, format!("{reason}\n")),
    }
}

/// An instant as the control endpoints write it, to the millisecond.
pub(super) fn shown(at: Instant) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// How long a fault is asked to last.
pub(super) fn fault_span(query: &Query) -> Result<chrono::Duration, String> {
    let minutes = query.value("minutes").and_then(|minutes| minutes.parse::<i64>().ok());
    let minutes = minutes.filter(|minutes| (1..=MAX_MINUTES).contains(minutes));
    let minutes = minutes.ok_or_else(|| format!("`minutes` says how long, from 1 to {MAX_MINUTES}"))?;
    Ok(chrono::Duration::minutes(minutes))
}

fn state(cloud: &Cloud, now: Instant) -> Value {
    let systems: Vec<Value> = cloud.systems().iter().map(system).collect();
    json!({ "now": shown(now), "systems": systems, "met": cloud.met() })
}

fn system(system: &System) -> Value {
    let world = &system.world;
    let mut truth = json!({
        "sysSn": system.serial,
        "soc": world.soc(),
        "duty": format!("{:?}", world.duty()),
        "flows": world.flows(),
        "meters": world.meters(),
        "stored": fields(&system.stored),
        "device": fields(world.device_copy()),
    });
    let told = if system.knows_periodic() { truth.as_object_mut() } else { None };
    if let Some(truth) = told {
        let (stored, device) = (system.periodic.stored.to_fields(), world.periodic_copy().to_fields());
        let periodic = json!({ "region": world.region().name(), "stored": stored, "device": device });
        truth.insert("periodic".to_owned(), periodic);
    }
    truth
}

/// Both objects under the vendor's names of their fields.
fn fields(schedule: &Schedule) -> Value {
    let halves = Which::ALL.map(|which| {
        let half = schedule.half(which);
        half.to_fields(which, half.percent.into())
    });
    Value::Object(halves.into_iter().flatten().collect())
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

fn schedule(cloud: &mut Cloud, body: &str, now: Instant) -> Result<String, String> {
    let (serial, fields) = edit(cloud, body)?;
    cloud.edit(&serial, &fields, now)?;
    Ok("{}".to_owned())
}

fn periodic(cloud: &mut Cloud, body: &str, now: Instant) -> Result<String, String> {
    let (serial, fields) = edit(cloud, body)?;
    cloud.edit_periodic(&serial, &fields, now)?;
    Ok("{}".to_owned())
}

/// Whom a foreign edit concerns, and its fields.
fn edit(cloud: &Cloud, body: &str) -> Result<(String, Value), String> {
    let fields: Value = serde_json::from_str(body).map_err(|error| format!("the body is not JSON: {error}"))?;
    let named = fields.get("sysSn").and_then(Value::as_str).map(str::to_owned);
    let serial = named.or_else(|| cloud.serials().next().map(str::to_owned)).unwrap_or_default();
    Ok((serial, fields))
}

/// Another store has an effect from now on, on one system or on all.
fn region(cloud: &mut Cloud, query: &Query) -> Result<String, String> {
    let region = query.value("name").ok_or("`name` says which region")?.parse()?;
    for serial in wanted(cloud, query) {
        cloud.set_region(&serial, region)?;
    }
    Ok("{}".to_owned())
}

/// The system that `sysSn` names, or all.
fn wanted(cloud: &Cloud, query: &Query) -> Vec<String> {
    let wanted = query.value("sysSn");
    let chosen = |serial: &&str| wanted.as_ref().is_none_or(|wanted| wanted == serial);
    cloud.serials().filter(chosen).map(str::to_owned).collect()
}

/// Sets the state of charge of one system, or of all.
fn soc(cloud: &mut Cloud, query: &Query) -> Result<String, String> {
    let percent = query.value("percent").and_then(|percent| percent.parse::<f64>().ok());
    let percent = percent.filter(|percent| (0.0..=100.0).contains(percent)).ok_or("`percent` is from 0 to 100")?;
    for serial in wanted(cloud, query) {
        cloud.world_mut(&serial).into_iter().for_each(|world| world.battery_mut().set_soc(percent));
    }
    Ok("{}".to_owned())
}
