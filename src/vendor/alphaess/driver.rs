//! One AlphaESS system as a device.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;

use super::cloud::Failure;
use super::endpoint;
use super::history::Day;
use super::power::parse_sample;
use super::schedule::{STORES, check_serial, parse_settings, payload, read_endpoint, write_endpoint};
use super::systems::{DayEnergy, energy, sums};
use super::{BatteryLimits, Cloud, Freshness, Memory, Sample, Watch, judge};
use crate::clock::Clock;
use crate::device::access::{HistoryDay, HistoryPoint};
use crate::device::{
    Capability, DeviceError, Object, ReadDevice, Schedule, Settings, Store, WriteDevice, WriteFailure,
};
use crate::snapshot::Snapshot;
use crate::time::{Instant, Zone};
use crate::vendor::account::Account;
use crate::vendor::credentials::AlphaEssCredentials;
use crate::vendor::retry::Retries;
use crate::vendor::transport::Transport;

/// A system of an AlphaESS account.
pub struct AlphaEss {
    cloud: Cloud,
    serial: String,
    zone: Zone,
    battery: Option<BatteryLimits>,
    freshness: Freshness,
    watch: Watch,
    store: Choice,
    /// The newest day of the history as it was last read, oldest first; `None` if it is to be read again in any case.
    history: Option<Vec<HistoryPoint>>,
}

/// Which of the system's stores is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    /// Whoever made the driver says which.
    Given(Store),
    /// The one that answered.
    Found(Store),
    /// The first read of the schedule asks which answers.
    Open,
}

impl Choice {
    fn store(self) -> Option<Store> {
        match self {
            Choice::Given(store) | Choice::Found(store) => Some(store),
            Choice::Open => None,
        }
    }

    /// What was found, by another process or an earlier one, unless more is known here.
    fn or_found(self, found: Option<Store>) -> Choice {
        match (self, found.filter(|store| STORES.contains(store))) {
            (Choice::Open, Some(store)) => Choice::Found(store),
            (known, _) => known,
        }
    }
}

impl AlphaEss {
    /// The system of this serial, driven through its two-window store. `zone` is where its wall clock hangs: the cloud names none. Without `battery` no jump of
    /// the state of charge is judged.
    #[must_use]
    pub fn new(
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        credentials: AlphaEssCredentials,
        serial: &str,
        zone: Zone,
        battery: Option<BatteryLimits>,
    ) -> AlphaEss {
        let (freshness, watch) = (Freshness::default(), Watch::default());
        AlphaEss {
            cloud: Cloud::new(transport, clock, credentials),
            serial: serial.to_owned(),
            zone,
            battery,
            freshness,
            watch,
            store: Choice::Given(Store::TwoWindow),
            history: None,
        }
    }

    /// The same system driven through one of its stores and never through the other; a store that is none of the vendor's is
    /// refused with every call. `None`: the first read of the schedule asks the two-window store, and the periodic one where
    /// the system is not entitled to that, and stays with the one that answers.
    #[must_use]
    pub fn with_store(self, store: Option<Store>) -> AlphaEss {
        AlphaEss { store: store.map_or(Choice::Open, Choice::Given), ..self }
    }

    /// The same system with other retries.
    #[must_use]
    pub fn with_retries(self, retries: Retries) -> AlphaEss {
        AlphaEss { cloud: self.cloud.with_retries(retries), ..self }
    }

    /// The same system of an account whose turns others share.
    #[must_use]
    pub fn with_account(self, account: Arc<Account>) -> AlphaEss {
        AlphaEss { cloud: self.cloud.with_account(account), ..self }
    }

    /// The same system with a jitter that can be repeated.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> AlphaEss {
        AlphaEss { cloud: self.cloud.with_seed(seed), ..self }
    }

    /// The same system with what was remembered of it. A one-shot command that should not be told that a reading from
    /// another day is unconfirmed takes over the pace alone: `Memory { pace, ..Memory::default() }`.
    #[must_use]
    pub fn with_memory(self, memory: Memory) -> AlphaEss {
        self.cloud.account().heed(&memory.pace);
        let store = self.store.or_found(memory.found);
        AlphaEss { freshness: memory.freshness, watch: memory.watch, store, history: None, ..self }
    }

    /// What should be remembered until the next process.
    #[must_use]
    pub fn remembered(&self) -> Memory {
        let found = match self.store {
            Choice::Found(store) => Some(store),
            Choice::Given(_) | Choice::Open => None,
        };
        let pace = self.cloud.account().pace_of(&self.serial);
        Memory { pace, freshness: self.freshness, watch: self.watch.clone(), found }
    }

    /// What the system counted on one local day.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn energy(&mut self, day: NaiveDate) -> Result<DayEnergy, DeviceError> {
        let (serial, date) = (self.serial.as_str(), day.to_string());
        let query = [("sysSn", serial), ("queryDate", date.as_str())];
        self.cloud.read(endpoint::ENERGY, &query, |data| energy(data, serial, day)).await
    }

    /// What the system counted today and in all: the vendor's own names and units, and only what has a number.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn sums(&mut self) -> Result<Vec<(String, f64)>, DeviceError> {
        let serial = self.serial.as_str();
        self.cloud.read(endpoint::SUMS, &[("sysSn", serial)], |data| sums(data, serial)).await
    }

    async fn sample(&mut self) -> Result<Sample, DeviceError> {
        let serial = self.serial.as_str();
        self.cloud.read(endpoint::POWER, &[("sysSn", serial)], |data| parse_sample(data, serial)).await
    }

    async fn day(&mut self, day: NaiveDate) -> Result<Day, DeviceError> {
        let (serial, date, zone) = (self.serial.as_str(), day.to_string(), &self.zone);
        let query = [("sysSn", serial), ("queryDate", date.as_str())];
        self.cloud.read(endpoint::HISTORY, &query, |data| Day::parse(data, serial, day, zone)).await
    }

    /// The newest day of the history that has anything: today, or just after midnight the day before.
    async fn newest_day(&mut self) -> Result<Day, DeviceError> {
        let today = self.zone.local(self.cloud.clock().now()).date;
        let day = self.day(today).await?;
        match today.pred_opt().filter(|_| day.items.is_empty()) {
            Some(yesterday) => self.day(yesterday).await,
            None => Ok(day),
        }
    }

    /// When the readings of now were measured, as the history tells: read again only when it may have news.
    ///
    /// Where the history cannot be read they are as old as they were known to be; where it never was, nothing is known of
    /// their age and there are no readings.
    async fn aged(&mut self) -> Result<Instant, DeviceError> {
        let quiet = self.freshness.without_news_yet(self.cloud.clock().now());
        if let Some(known) = quiet.filter(|_| self.history.is_some()) {
            return Ok(known);
        }
        self.history = None;
        match (self.newest_day().await, self.freshness.measured_at) {
            (Ok(day), _) => {
                let now = self.cloud.clock().now();
                let measured_at = match day.newest() {
                    Some(newest) => self.freshness.look(newest, &self.zone, now),
                    None => self.freshness.without_stamp(now),
                };
                self.history = Some(day.points());
                Ok(measured_at)
            }
            (Err(_), Some(known)) => Ok(known),
            (Err(error), None) => Err(error),
        }
    }

    /// One object of a store.
    async fn content(&mut self, object: Object) -> Result<Settings, Failure> {
        let serial = self.serial.as_str();
        let parse = |data: &serde_json::Value| {
            check_serial(data, serial)?;
            parse_settings(object, data)
        };
        self.cloud.ask(read_endpoint(object), &[("sysSn", serial)], parse).await
    }

    /// The whole schedule of one store, its objects read one after the other.
    async fn contents(&mut self, store: Store) -> Result<Schedule, Failure> {
        let mut contents = Vec::new();
        for object in store.objects() {
            contents.push(self.content(*object).await?);
        }
        Schedule::of(&contents).ok_or_else(|| {
            let reason = "one object was read as the other".to_owned();
            Failure::malformed(store.objects().first().map_or("", |object| read_endpoint(*object)), reason)
        })
    }

    /// The schedule of the store that answers. Only a system that is not entitled to the two-window store is asked for the
    /// other: whatever else fails may pass, and says nothing of what the system has.
    async fn found(&mut self) -> Result<Schedule, DeviceError> {
        let first = match self.contents(Store::TwoWindow).await {
            Err(failure) if failure.not_entitled => failure.error,
            read => return self.settle(Store::TwoWindow, read),
        };
        match self.contents(Store::Periodic).await {
            Err(failure) if failure.not_entitled => Err(DeviceError::Permanent {
                endpoint: endpoint::READ_PERIODIC,
                reason: format!("this system has no store that can be read: {first}; {}", failure.error),
            }),
            read => self.settle(Store::Periodic, read),
        }
    }

    fn settle(&mut self, store: Store, read: Result<Schedule, Failure>) -> Result<Schedule, DeviceError> {
        if read.is_ok() {
            self.store = Choice::Found(store);
        }
        read.map_err(|failure| failure.error)
    }

    /// Why an object is not this driver's to touch; `None` if it is.
    fn not_ours(&self, object: Object, endpoint: &'static str) -> Option<DeviceError> {
        let reason = match self.store.store() {
            Some(store) if STORES.contains(&store) && store.objects().contains(&object) => return None,
            Some(store) => format!("not called: the system is driven through its {}", store.name()),
            None => "not called: which store the system has is not known before its schedule is read".to_owned(),
        };
        Some(DeviceError::Permanent { endpoint, reason })
    }

    async fn judged(&mut self) -> Result<Snapshot, DeviceError> {
        let sample = self.sample().await?;
        let read_at = self.cloud.clock().now();
        let measured_at = self.aged().await?;
        let history = self.history.as_deref().unwrap_or_default();
        Ok(judge(sample, history, self.battery.as_ref(), measured_at, read_at, &mut self.watch))
    }
}

#[async_trait]
impl ReadDevice for AlphaEss {
    fn capability(&self) -> Capability {
        match self.store.store() {
            Some(Store::Periodic) => Capability::alphaess_periodic(),
            _ => Capability::alphaess_two_window(),
        }
    }

    fn memory(&self) -> String {
        self.remembered().to_text()
    }

    fn heed(&mut self, memory: &str) {
        if let Some(other) = Memory::from_text(memory) {
            self.cloud.account().heed(&other.pace);
            self.store = self.store.or_found(other.found);
        }
    }

    async fn readings(&mut self) -> Result<Snapshot, DeviceError> {
        let judged = self.judged().await;
        if judged.as_ref().is_err_and(|error| !matches!(error, DeviceError::NotYet { .. })) {
            self.watch.fail();
        }
        judged
    }

    async fn object(&mut self, object: Object) -> Result<Settings, DeviceError> {
        if let Some(error) = self.not_ours(object, read_endpoint(object)) {
            return Err(error);
        }
        self.content(object).await.map_err(|failure| failure.error)
    }

    async fn schedule(&mut self) -> Result<Schedule, DeviceError> {
        let read = match self.store {
            Choice::Open => return self.found().await,
            Choice::Given(store) | Choice::Found(store) => self.contents(store).await,
        };
        // A store that was found by asking and has been taken away since is looked for again: nothing is known of it.
        if let (Choice::Found(_), Err(Failure { not_entitled: true, .. })) = (self.store, &read) {
            self.store = Choice::Open;
        }
        read.map_err(|failure| failure.error)
    }

    async fn history(&mut self, day: NaiveDate) -> Result<HistoryDay, DeviceError> {
        Ok(self.day(day).await?.whole())
    }
}

#[async_trait]
impl WriteDevice for AlphaEss {
    async fn write(&mut self, settings: &Settings) -> Result<(), WriteFailure> {
        let endpoint = write_endpoint(settings.object());
        if let Some(error) = self.not_ours(settings.object(), endpoint) {
            return Err(WriteFailure::Refused(error));
        }
        let refused = |reason: String| Err(WriteFailure::Refused(DeviceError::Permanent { endpoint, reason }));
        if let Settings::Windows(list) = settings
            && list.store != Store::Periodic
        {
            return refused(format!("not called: the windows are of the {}", list.store.name()));
        }
        if settings.is_unread() {
            return refused("not called: whether the windows are to be in force is not said".to_owned());
        }
        self.cloud.write(endpoint, &self.serial, &payload(settings, &self.serial)).await
    }
}
