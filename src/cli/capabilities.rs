//! `devices POLICY` and `devices --capabilities`: the table of what devices can do. It asks nobody.

use std::path::Path;

use serde_json::json;

use super::args::Devices as Options;
use super::form::Format;
use super::output::{Failure, OK, Outcome, failure, print, print_json};
use super::session::Session;
use super::{drivers, terminal};
use crate::device::{Capability, DeviceKind, Driver, Store};
use crate::diagnostic::nearest;
use crate::policy::Policy;
use crate::report::capability::{anchor, capability_json, capability_text, title};

/// What the device of a policy can do.
///
/// # Errors
/// The policy cannot be used.
pub fn of_policy(path: &Path, session: &Session<'_>) -> Outcome {
    let loaded = session.policy(path)?;
    let policy = &loaded.policy;
    let capability = policy.device.capability();
    match session.format() {
        Format::Text => print(&policy_text(policy, &capability)),
        Format::Json => print_json(&json!({
            "version": 1,
            "site": policy.site,
            "device": { "name": policy.device.driver().name(), "serial": policy.device.serial },
            "store_chosen": policy.device.kind.chosen_store().is_some(),
            "capability": capability_json(&capability),
        })),
    }
    Ok(OK)
}

/// What devices can do through the stores of a driver, or of every driver.
///
/// # Errors
/// There is no such driver or store, or the driver has no such store.
pub fn of_stores(options: &Options, session: &Session<'_>) -> Outcome {
    let driver = options.driver.as_deref().map(drivers::named).transpose()?;
    let store = options.store.as_deref().map(store).transpose()?;
    let of_driver = |store: &Store| driver.is_none_or(|driver| store.maker() == maker(driver));
    let stores = Store::ALL.into_iter().filter(|one| store.is_none_or(|store| store == *one)).filter(of_driver);
    let found: Vec<Capability> = stores.map(Capability::widest).collect();
    if let (true, Some(driver), Some(store)) = (found.is_empty(), driver, store) {
        return failure(format!("--store {}: {} has no {}", store.word(), driver.name(), store.name()));
    }
    match session.format() {
        Format::Text => print(&found.iter().map(store_text).collect::<Vec<_>>().join("\n")),
        Format::Json => print_json(&json!({
            "version": 1,
            "capabilities": found.iter().map(capability_json).collect::<Vec<_>>(),
        })),
    }
    Ok(OK)
}

/// The simulated device is one of AlphaESS.
fn maker(driver: Driver) -> Driver {
    match driver {
        Driver::Simulated => Driver::AlphaEss,
        driver => driver,
    }
}

fn store(word: &str) -> Result<Store, Failure> {
    Store::named(word).ok_or_else(|| {
        let words = Store::ALL.map(Store::word);
        let near = nearest(word, words).map_or(String::new(), |near| format!("; did you mean {near}?"));
        Failure(format!("--store {word}: no such store: expected one of {}{near}", words.join(", ")))
    })
}

fn policy_text(policy: &Policy, capability: &Capability) -> String {
    let device = &policy.device;
    let head = format!("{} · {} {} · {}", policy.site, device.driver().name(), device.serial, capability.store.name());
    let asked = match &device.kind {
        DeviceKind::AlphaEss { store: None } => "the policy names no store: the device is asked which one answers\n",
        _ => "",
    };
    format!("{}{asked}more: {}\n", capability_text(&head, capability, terminal::style()), anchor(capability.store))
}

fn store_text(capability: &Capability) -> String {
    let mapped = match capability.store.maker() {
        Driver::Atess => {
            "a policy has as much of this as its mapping says; without mapped settings nothing is written\n"
        }
        Driver::AlphaEss | Driver::Simulated => "",
    };
    format!(
        "{}{mapped}more: {}\n",
        capability_text(&title(capability), capability, terminal::style()),
        anchor(capability.store)
    )
}
