//! A site in a simulated world under a virtual clock: the very code that runs live, without sockets and without waiting.

#![allow(dead_code, reason = "each test file uses some of it")]

pub(crate) mod bug;
pub(crate) mod double;
pub(crate) mod drive;
pub(crate) mod family;
pub(crate) mod laid;
pub(crate) mod line;
pub(crate) mod lists;
pub(crate) mod oracle;
pub(crate) mod told;
pub(crate) mod two_window;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, Utc};
use offpeak::clock::{Clock, VirtualClock};
use offpeak::journal::Journal;
use offpeak::policy::{self, Policy};
use offpeak::runner::{Hand, Site, Tick};
use offpeak::simulator::{Cloud, CloudOptions, FaultPlan, SystemOptions};
use offpeak::time::Instant;
use offpeak::vendor::alphaess::{AlphaEss, BatteryLimits};
use offpeak::vendor::credentials::AlphaEssCredentials;
use offpeak::vendor::simulated::InProcess;

/// A night tariff with an evening hold and a guard for the car.
pub(crate) const HOME: &str = include_str!("../../rules/simulated-home.yaml");

/// A simulated world and the clock that it shares with whoever looks at it.
pub(crate) struct World {
    pub(crate) clock: VirtualClock,
    pub(crate) cloud: Arc<Mutex<Cloud>>,
    pub(crate) serial: String,
}

pub(crate) fn at(text: &str) -> Instant {
    text.parse::<DateTime<Utc>>().expect("an instant")
}

pub(crate) fn load(text: &str) -> Policy {
    let loaded = policy::load("home.yaml", text);
    loaded.policy.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

impl World {
    pub(crate) fn new(policy: &Policy, start: Instant, faults: FaultPlan, seed: u64) -> World {
        let serial = policy.device.serial.clone();
        let system = SystemOptions { serial: serial.clone(), zone: policy.zone.clone(), ..SystemOptions::default() };
        let options = CloudOptions { systems: vec![system], faults, seed, ..CloudOptions::default() };
        let cloud = Cloud::with_past(options, start, 6);
        World { clock: VirtualClock::at(start), cloud: Arc::new(Mutex::new(cloud)), serial }
    }

    pub(crate) fn cloud(&self) -> MutexGuard<'_, Cloud> {
        self.cloud.lock().expect("a cloud")
    }

    pub(crate) fn device(&self, policy: &Policy) -> AlphaEss {
        let app_id = self.cloud().app_id().to_owned();
        let secret = self.cloud().app_secret().to_owned();
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let line = InProcess::new(Arc::clone(&self.cloud), Arc::clone(&clock));
        let battery = &policy.battery;
        let limits = BatteryLimits {
            capacity: battery.capacity,
            charge_power: battery.charge_power,
            discharge_power: battery.discharge_power,
        };
        let credentials = AlphaEssCredentials::new(&app_id, &secret).expect("credentials");
        AlphaEss::new(Arc::new(line), clock, credentials, &self.serial, policy.zone.clone(), Some(limits)).with_seed(1)
    }

    pub(crate) fn site(&self, policy: &Policy, text: &str, journal: Journal) -> Site {
        let hand = Hand::Writing(Box::new(self.device(policy)));
        Site::begin(policy.clone(), text, hand, journal, Arc::new(self.clock.clone())).expect("a site")
    }

    /// One tick, then on to the next full minute.
    pub(crate) async fn tick(&self, site: &mut Site) -> Tick {
        let tick = site.tick().await.expect("a tick");
        let now = self.clock.now();
        let into = now.timestamp_millis().rem_euclid(60_000);
        self.clock.advance(Duration::from_millis(u64::try_from(60_000 - into).expect("a rest of a minute")));
        tick
    }
}
