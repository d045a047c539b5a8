//! `devices`: the systems of an account, and what devices can do.

use serde_json::{Value, json};

use super::args::Devices as Options;
use super::form::Format;
use super::output::{Failure, OK, Outcome, failure, print, print_json};
use super::session::Session;
use super::terminal;
use super::{capabilities, drivers};
use crate::device::Driver;
use crate::report::listing::{self, Cell};
use crate::report::style::Role;
use crate::runner;
use crate::units::{Energy, Power, trimmed};
use crate::vendor::alphaess::System;

/// Columns of each cell at the most, in the order of [`row`].
const COLUMNS: [usize; 7] = [24, 20, 20, 10, 10, 10, 16];

/// Lists them.
///
/// # Errors
/// The account cannot be reached, in the driver's own words; or the policy, the driver or the store that is named cannot be
/// used.
pub fn run(options: &Options, session: &Session<'_>) -> Outcome {
    if let Some(policy) = &options.policy {
        return capabilities::of_policy(policy, session);
    }
    if options.capabilities {
        return capabilities::of_stores(options, session);
    }
    let driver = options.driver.as_deref().unwrap_or(Driver::AlphaEss.word());
    match drivers::named(driver)? {
        Driver::AlphaEss => {}
        Driver::Simulated => {
            return failure(
                "--driver simulated: a simulated house has no account; `offpeak simulate` serves one, which \
                 `offpeak devices --url` lists",
            );
        }
        Driver::Atess => {
            return failure(
                "--driver atess: the Enerclo OpenAPI has no list of an account's systems, only one of the batteries behind a \
                 datalogger; the serial number stands on the system and in the vendor's app, and `offpeak read` tries it",
            );
        }
    }
    let systems = session.runtime()?.block_on(async {
        let mut account = runner::account(options.url.as_deref(), session.clock().await?)?;
        account.systems().await.map_err(|error| Failure(error.to_string()))
    })?;
    match session.format() {
        Format::Text => print(&text(&systems)),
        Format::Json => print_json(&json!({
            "version": 1,
            "driver": driver,
            "systems": systems.iter().map(system_json).collect::<Vec<_>>(),
        })),
    }
    Ok(OK)
}

fn text(systems: &[System]) -> String {
    if systems.is_empty() {
        return "the account has no systems: bind one to it in the vendor's app or developer portal".to_owned();
    }
    let head = ["serial", "inverter", "battery", "power", "solar", "capacity", "state"];
    let head: Vec<Cell> = head.map(|word| (Role::Faint, word.to_owned())).to_vec();
    let rows: Vec<Vec<Cell>> = [head].into_iter().chain(systems.iter().map(row)).collect();
    listing::table(&rows, &COLUMNS, 1, terminal::style())
}

fn row(system: &System) -> Vec<Cell> {
    let unknown = || "–".to_owned();
    let kilowatts =
        |power: Option<Power>| power.map_or_else(unknown, |power| format!("{} kW", trimmed(power.watts() / 1000.0, 2)));
    let capacity =
        system.capacity.map_or_else(unknown, |energy| format!("{} kWh", trimmed(energy.kilowatt_hours(), 2)));
    let word = |text: &Option<String>| text.clone().unwrap_or_else(unknown);
    vec![
        (Role::Title, system.serial.clone()),
        (Role::Text, word(&system.inverter)),
        (Role::Text, word(&system.battery)),
        (Role::Text, kilowatts(system.inverter_power)),
        (Role::Text, kilowatts(system.solar_power)),
        (Role::Text, capacity),
        (Role::Text, word(&system.status)),
    ]
}

fn system_json(system: &System) -> Value {
    json!({
        "serial": system.serial,
        "inverter": system.inverter,
        "battery": system.battery,
        "inverter_power": system.inverter_power.map(Power::watts),
        "solar_power": system.solar_power.map(Power::watts),
        "capacity": system.capacity.map(Energy::watt_hours),
        "usable_percent": system.usable_percent,
        "state": system.status,
    })
}
