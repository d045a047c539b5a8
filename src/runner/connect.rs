//! From a policy to the device that it names.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::ExposeSecret;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Hand;
use super::store::{Conflict, asked, choose};
use crate::clock::Clock;
use crate::device::mapping::AtessMapping;
use crate::device::{DeviceKind, Driver, ReadDevice, Settings, Store, WriteDevice};
use crate::policy::Policy;
use crate::policy::model::DeviceSpec;
use crate::time::Instant;
use crate::vendor::account::{Account, Scope};
use crate::vendor::alphaess::{self, AlphaEss, BatteryLimits, Cloud, Memory};
use crate::vendor::atess::{self, Enerclo};
use crate::vendor::credentials::{AlphaEssCredentials, AtessCredentials, CredentialsError, config_folder};
use crate::vendor::http::{Http, HttpError, HttpLimits};
use crate::vendor::retry::Retries;
use crate::vendor::simulated::{Home, InProcess, Kept, KeptError};
use crate::vendor::transport::Transport;

/// The seed of the world behind `driver: simulated`.
const SEED: u64 = 7;

/// How a device is reached.
#[derive(Clone)]
pub struct Way {
    /// Now, and how to wait.
    pub clock: Arc<dyn Clock>,
    /// What the driver wanted remembered by the last process.
    pub memory: Option<String>,
    /// The store through which the site was written before, as the journal records it.
    pub recorded: Option<Store>,
    /// Whether someone waits in front of a terminal: then a failed read is not tried again.
    pub impatient: bool,
    /// What the devices of one process share.
    pub links: Links,
}

/// What the devices of one process share: an account for each set of credentials at each cloud, and one client for each cloud.
/// A clone shares the same.
#[derive(Clone, Default)]
pub struct Links {
    scope: Scope,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    accounts: BTreeMap<String, Arc<Account>>,
    lines: BTreeMap<String, Arc<Http>>,
}

/// Why a device could not be reached.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// There are no credentials, or they cannot be used.
    #[error("{0}")]
    Credentials(#[from] CredentialsError),
    /// The base URL cannot be used.
    #[error("device url: {0}")]
    Url(#[from] HttpError),
    /// The simulated world cannot be used.
    #[error("the simulated world: {0}")]
    World(#[from] KeptError),
    /// The store is not the one through which the site was written.
    #[error("{0}")]
    Store(#[from] Conflict),
    /// The simulated device was asked for without its world.
    #[error("the simulated device has no world here")]
    NoWorld,
}

impl Links {
    /// Nothing shared yet. The vendors' gap between reads counts by this.
    #[must_use]
    pub fn new(scope: Scope) -> Links {
        Links { scope, shared: Arc::default() }
    }

    /// The account of these credentials at this cloud: known by a digest, so that no credential is kept for it.
    fn account(&self, cloud: &str, user: &str) -> Arc<Account> {
        let digest = hex::encode(Sha256::digest(format!("{cloud}\n{user}")));
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(shared.accounts.entry(digest).or_insert_with(|| Arc::new(Account::new(self.scope))))
    }

    /// The client for the cloud at this base URL.
    fn line(&self, url: &str) -> Result<Arc<Http>, HttpError> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = shared.lines.get(url) {
            return Ok(Arc::clone(line));
        }
        let line = Arc::new(Http::new(url, HttpLimits::default())?);
        shared.lines.insert(url.to_owned(), Arc::clone(&line));
        Ok(line)
    }
}

/// The device of a policy, to be read alone. `world` is the simulated one, if the policy's driver is that.
///
/// # Errors
/// Why it cannot be reached; nothing has been sent yet.
pub fn reading(policy: &Policy, way: Way, world: Option<&Kept>) -> Result<Hand, ConnectError> {
    let device: Box<dyn ReadDevice> = connect(policy, way, world)?;
    Ok(Hand::Reading(device))
}

/// The device of a policy, to be read and written. `world` is the simulated one, if the policy's driver is that.
///
/// # Errors
/// Why it cannot be reached; nothing has been sent yet.
pub fn writing(policy: &Policy, way: Way, world: Option<&Kept>) -> Result<Hand, ConnectError> {
    Ok(Hand::Writing(connect(policy, way, world)?))
}

/// Exactly what a write to the device of a policy sends; of an ATESS the keys that it changes.
#[must_use]
pub fn payload(settings: &Settings, device: &DeviceSpec) -> Value {
    match &device.kind {
        DeviceKind::Atess(mapping) => atess::payload(settings, mapping),
        DeviceKind::AlphaEss { .. } | DeviceKind::Simulated { .. } => alphaess::payload(settings, &device.serial),
    }
}

fn connect(policy: &Policy, way: Way, world: Option<&Kept>) -> Result<Box<dyn WriteDevice>, ConnectError> {
    let store = choose(asked(policy), way.recorded, None)?;
    match (&policy.device.kind, world) {
        (DeviceKind::AlphaEss { .. }, _) => {
            let url = policy.device.url.as_deref().unwrap_or(alphaess::BASE_URL);
            let (line, credentials) = (way.links.line(url)?, credentials()?);
            let account = way.links.account(url, credentials.app_id.expose_secret());
            Ok(Box::new(alphaess(policy, way, line, credentials, account).with_store(store)))
        }
        (DeviceKind::Atess(mapping), _) => Ok(Box::new(sampled(policy, mapping, way)?)),
        (DeviceKind::Simulated { .. }, Some(world)) => {
            store.into_iter().for_each(|store| world.stand_where(store));
            let (app_id, app_secret) = world.credentials();
            let line = Arc::new(InProcess::new(world.cloud(), Arc::clone(&way.clock)));
            let credentials = AlphaEssCredentials::new(&app_id, &app_secret)?;
            // Each simulated world has a cloud of its own.
            let account = Arc::new(Account::new(Scope::Serial));
            Ok(Box::new(alphaess(policy, way, line, credentials, account).with_store(store)))
        }
        (DeviceKind::Simulated { .. }, None) => Err(ConnectError::NoWorld),
    }
}

fn alphaess(
    policy: &Policy,
    way: Way,
    line: Arc<dyn Transport>,
    credentials: AlphaEssCredentials,
    account: Arc<Account>,
) -> AlphaEss {
    let limits = limits(policy);
    let (serial, zone) = (policy.device.serial.as_str(), policy.zone.clone());
    let device = AlphaEss::new(line, way.clock, credentials, serial, zone, Some(limits)).with_account(account);
    let device = if way.impatient { device.with_retries(Retries::NONE) } else { device };
    match way.memory.as_deref().and_then(Memory::from_text) {
        Some(memory) => device.with_memory(memory),
        None => device,
    }
}

/// The ATESS of a policy, which also gives its raw numbers: for them its readings need not be mapped.
///
/// # Errors
/// Why it cannot be reached; nothing has been sent yet.
pub fn sampled(policy: &Policy, mapping: &AtessMapping, way: Way) -> Result<Enerclo, ConnectError> {
    let url = policy.device.url.as_deref().unwrap_or(atess::BASE_URL);
    let line = way.links.line(url)?;
    let lookup = |name: &str| std::env::var(name).ok();
    let credentials = AtessCredentials::find(lookup, config_folder(lookup).as_deref())?;
    let battery = atess::Battery {
        limits: limits(policy),
        charge_efficiency: policy.battery.charge_efficiency,
        discharge_efficiency: policy.battery.discharge_efficiency,
    };
    let (serial, zone) = (policy.device.serial.as_str(), policy.zone.clone());
    let account = way.links.account(url, credentials.token.expose_secret());
    let device = Enerclo::new(line, way.clock, credentials, serial, zone, mapping.clone(), battery);
    let device = device.with_account(account);
    let device = if way.impatient { device.for_a_look() } else { device };
    Ok(match way.memory.as_deref().and_then(atess::Memory::from_text) {
        Some(memory) => device.with_memory(memory),
        None => device,
    })
}

fn limits(policy: &Policy) -> BatteryLimits {
    let battery = &policy.battery;
    BatteryLimits {
        capacity: battery.capacity,
        charge_power: battery.charge_power,
        discharge_power: battery.discharge_power,
    }
}

/// The simulated world of a policy whose driver is that; `None` for every other.
///
/// # Errors
/// The world's file cannot be used.
pub fn world(policy: &Policy, folder: Option<&Path>, now: Instant) -> Result<Option<Kept>, ConnectError> {
    if policy.device.driver() != Driver::Simulated {
        return Ok(None);
    }
    seeded_world(policy, folder, SEED, now).map(Some)
}

/// The simulated world for a policy's site, grown from a seed.
///
/// # Errors
/// The world's file cannot be used.
pub fn seeded_world(policy: &Policy, folder: Option<&Path>, seed: u64, now: Instant) -> Result<Kept, ConnectError> {
    let battery = &policy.battery;
    let home = Home {
        serial: policy.device.serial.clone(),
        zone: policy.zone.clone(),
        capacity: battery.capacity,
        charge_power: battery.charge_power,
        discharge_power: battery.discharge_power,
        charge_efficiency: battery.charge_efficiency,
        discharge_efficiency: battery.discharge_efficiency,
        seed,
    };
    Ok(Kept::open(folder, &home, now)?)
}

/// The AlphaESS account of the environment's credentials.
///
/// # Errors
/// Why it cannot be reached; nothing has been sent yet.
pub fn account(url: Option<&str>, clock: Arc<dyn Clock>) -> Result<Cloud, ConnectError> {
    Ok(Cloud::new(http(url, alphaess::BASE_URL)?, clock, credentials()?).with_retries(Retries::NONE))
}

fn http(url: Option<&str>, usual: &str) -> Result<Arc<Http>, ConnectError> {
    Ok(Arc::new(Http::new(url.unwrap_or(usual), HttpLimits::default())?))
}

fn credentials() -> Result<AlphaEssCredentials, ConnectError> {
    let lookup = |name: &str| std::env::var(name).ok();
    Ok(AlphaEssCredentials::find(lookup, config_folder(lookup).as_deref())?)
}
