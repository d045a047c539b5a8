//! `device:`

use std::ops::Range;

use super::fields::{Fields, listed};
use super::{Context, quoted};
use crate::device::mapping::{AtessMapping, ReadingMap, SocMap};
use crate::device::{DeviceKind, Store};
use crate::diagnostic::nearest;
use crate::policy::keys::{self, DRIVERS, MODELS, STORES};
use crate::policy::model::{DeviceSpec, Driver};
use crate::policy::yaml::Node;

/// The serial number of the simulated device where the policy names none.
const SIMULATED_SERIAL: &str = "SIM000000000001";

impl Context<'_> {
    /// What is controlled. `None` if anything about it is wrong.
    pub(super) fn device(&mut self, node: &Node, owner: &Range<usize>) -> Option<DeviceSpec> {
        let fields = self.keyed(node, "device", owner, &keys::DEVICE)?;
        let driver = self.driver(&fields);
        let serial = self.serial(&fields, driver);
        let url = fields.get("url").map(|node| self.url(node));
        let kind = driver.and_then(|driver| self.kind(&fields, driver));
        let url = match url {
            Some(url) => Some(url?),
            None => None,
        };
        Some(DeviceSpec { kind: kind?, serial: serial?, url, place: self.place(owner) })
    }

    /// The kind of device, with what its driver wants to be told.
    fn kind(&mut self, fields: &Fields<'_>, driver: Driver) -> Option<DeviceKind> {
        let foreign = self.foreign(fields, driver);
        let kind = match driver {
            Driver::AlphaEss => self.store(fields).map(|store| DeviceKind::AlphaEss { store }),
            Driver::Simulated => self.store(fields).map(|store| DeviceKind::Simulated { store }),
            Driver::Atess => self.atess(fields).map(|mapping| DeviceKind::Atess(Box::new(mapping))),
        };
        kind.filter(|_| !foreign)
    }

    /// Reports keys that another driver has; whether there are any.
    fn foreign(&mut self, fields: &Fields<'_>, driver: Driver) -> bool {
        let help = match driver {
            Driver::Atess => "what holds the schedule of an ATESS follows from its `model`",
            Driver::AlphaEss | Driver::Simulated => {
                "leave it out: AlphaESS documents its readings and settings, so nothing has to be mapped"
            }
        };
        let others = keys::DEVICE.keys.iter().filter(|key| !key.belongs_to(driver));
        let found: Vec<_> = others.filter_map(|key| fields.entry(key.name)).collect();
        for (key, _) in &found {
            let message = format!("{} is not a key of `driver: {}`", quoted(&key.text), driver.word());
            self.error_help("unknown-key", &key.bytes, message, "a key of another driver", help);
        }
        !found.is_empty()
    }

    /// The store that the owner chose; `None` within if the one that answers is meant.
    #[expect(clippy::option_option, reason = "the outer one says that what stands there is no store")]
    fn store(&mut self, fields: &Fields<'_>) -> Option<Option<Store>> {
        match fields.get("store") {
            Some(node) => self.choice(node, "store", &STORES).map(Some),
            None => Some(None),
        }
    }

    /// What the owner says of an ATESS.
    fn atess(&mut self, fields: &Fields<'_>) -> Option<AtessMapping> {
        let model = self.needed(fields, "model");
        let model = model.and_then(|node| self.choice(node, "model", &MODELS));
        let readings = match fields.entry("readings") {
            Some((key, node)) => self.readings(node, &key.bytes),
            None => Some(ReadingMap { battery: None, grid: None, load: None, solar: None, soc: SocMap::Unknown }),
        };
        let settings = fields.entry("settings").map(|(key, node)| self.settings(node, &key.bytes, model));
        let settings = match settings {
            Some(settings) => Some(settings?),
            None => None,
        };
        Some(AtessMapping { model: model?, readings: readings?, settings })
    }

    fn driver(&mut self, fields: &Fields<'_>) -> Option<Driver> {
        let node = self.needed(fields, "driver")?;
        let word = &self.scalar(node, "driver")?.text;
        let driver = DRIVERS.into_iter().find(|driver| driver.word() == word);
        let Some(driver) = driver else {
            let words = DRIVERS.map(Driver::word);
            let help = nearest(word, words).map_or_else(
                || format!("the drivers are {}", listed(&words)),
                |word| format!("did you mean `{word}`?"),
            );
            self.error_help(
                "unknown-word",
                &node.bytes,
                format!("{} is not a driver", quoted(word)),
                "unknown driver",
                help,
            );
            return None;
        };
        Some(driver)
    }

    fn serial(&mut self, fields: &Fields<'_>, driver: Option<Driver>) -> Option<String> {
        let node = match fields.get("serial") {
            Some(node) => node,
            None if driver == Some(Driver::Simulated) => return Some(SIMULATED_SERIAL.to_owned()),
            None => self.needed(fields, "serial")?,
        };
        let serial = &self.scalar(node, "serial")?.text;
        let valid = serial.len() <= 64 && serial.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        if valid {
            return Some(serial.clone());
        }
        self.error(
            "bad-value",
            &node.bytes,
            "this is not a serial number",
            "expected letters and digits, as on the device's label",
        );
        None
    }

    /// A base URL: https, or http to this very machine, since credentials travel with each call.
    fn url(&mut self, node: &Node) -> Option<String> {
        let url = &self.scalar(node, "url")?.text;
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let printable = url.len() <= 300 && url.chars().all(|c| c.is_ascii_graphic());
        let (message, label, help) = if authority.contains('@') {
            let help = "credentials come from the environment or from credentials.yaml";
            self.error_help(
                "credentials",
                &node.bytes,
                "credentials never stand in a policy",
                "take the part before `@` out",
                help,
            );
            return None;
        } else if !printable || !matches!(scheme, "http" | "https") || !host_and_port(authority) {
            (
                "this is not a base URL",
                "expected `https://` and a host",
                "write `https://openapi.example.org/api`, or `http://127.0.0.1:8080` for a simulator",
            )
        } else if rest.contains(['?', '#']) {
            ("a base URL has no query", "expected the URL to end before this `?` or `#`", "leave the query out")
        } else if scheme == "http" && !is_loopback(authority) {
            (
                "plain http would show your credentials to the network",
                "expected `https://`",
                "plain http is accepted for this machine alone: `127.0.0.1`, `[::1]` or `localhost`",
            )
        } else {
            return Some(url.trim_end_matches('/').to_owned());
        };
        self.error_help("bad-url", &node.bytes, message, label, help);
        None
    }
}

/// The host without its port.
fn host(authority: &str) -> &str {
    match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => authority.split(':').next().unwrap_or_default(),
    }
}

fn host_and_port(authority: &str) -> bool {
    let bracketed = authority.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let port = bracketed.map_or_else(
        || authority.split_once(':').map_or("", |(_, port)| port),
        |(_, rest)| rest.strip_prefix(':').unwrap_or(rest),
    );
    let port = port.is_empty() && !authority.ends_with(':') || port.parse::<u16>().is_ok_and(|port| port > 0);
    let host = host(authority);
    let named = host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    let address = bracketed.is_some() && host.parse::<std::net::Ipv6Addr>().is_ok();
    !host.is_empty() && port && (named || address)
}

fn is_loopback(authority: &str) -> bool {
    let host = host(authority);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
