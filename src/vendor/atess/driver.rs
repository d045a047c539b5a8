//! One ATESS system as a device.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::cloud::{Cloud, GAP, PAGE_GAP, pace_key};
use super::latest::{Latest, stamp};
use super::memory::{Data, Mapped, Memory};
use super::pages::{PAGE_SIZE, PAGES_OF_DAY, PAGES_OF_NOW, Page, Span, newest};
use super::powers::{powers, wanted};
use super::soc::{Counters, Counting, soc};
use super::{BIG_SETTING, DATA_LIST, DATA_SMALL, Endpoint, SMALL_SETTING, Sample, settings};
use crate::clock::Clock;
use crate::device::access::{HistoryDay, HistoryPoint};
use crate::device::mapping::{AtessMapping, AtessModel, SettingMap, SocMap};
use crate::device::{
    Capability, DeviceError, Object, ReadDevice, Schedule, Settings, WindowList, WriteDevice, WriteFailure,
};
use crate::snapshot::Snapshot;
use crate::time::{Instant, Zone};
use crate::units::{Fraction, Power, Soc};
use crate::vendor::account::Account;
use crate::vendor::credentials::AtessCredentials;
use crate::vendor::failure::malformed;
use crate::vendor::freshness::Freshness;
use crate::vendor::memory::Memory as Common;
use crate::vendor::plausible::{self, BatteryLimits, Watch, judge};
use crate::vendor::transport::Transport;
use crate::vendor::wall::instant;
use crate::vendor::wire::{check_serial, object};

/// A turn that is so near is waited for; else a reply of the same minute serves.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why a device without a map of its settings has no schedule.
const READ_ONLY: &str = "this device is read only: the policy's `settings` maps nothing that may be written";

/// What the owner says of the battery.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Battery {
    /// Its capacity and powers.
    pub limits: BatteryLimits,
    /// Stored per taken.
    pub charge_efficiency: Fraction,
    /// Given per stored.
    pub discharge_efficiency: Fraction,
}

/// A system of an ATESS account at Enerclo.
pub struct Enerclo {
    cloud: Cloud,
    serial: String,
    zone: Zone,
    mapping: AtessMapping,
    battery: Battery,
    freshness: Freshness,
    watch: Watch,
    counters: Option<Counters>,
    data: Option<Data>,
    settings: Option<Mapped>,
    /// Whether settings of the same minute serve as well: a dry run writes nothing on them.
    lenient: bool,
    /// Why a reading that the mapping asks for was missing at the last look.
    remark: Option<String>,
}

impl Enerclo {
    /// The system of this serial, read as its owner maps it. `zone` is where its wall clock hangs: the cloud names none.
    #[must_use]
    pub fn new(
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        credentials: AtessCredentials,
        serial: &str,
        zone: Zone,
        mapping: AtessMapping,
        battery: Battery,
    ) -> Enerclo {
        Enerclo {
            cloud: Cloud::new(transport, clock, credentials),
            serial: serial.to_owned(),
            zone,
            mapping,
            battery,
            freshness: Freshness::default(),
            watch: Watch::default(),
            counters: None,
            data: None,
            settings: None,
            lenient: false,
            remark: None,
        }
    }

    /// The same system for someone who waits and writes nothing: a schedule that was read within the last minute serves again.
    #[must_use]
    pub fn for_a_look(self) -> Enerclo {
        Enerclo { lenient: true, ..self }
    }

    /// The same system, whose turns the others of its account share.
    #[must_use]
    pub fn with_account(self, account: Arc<Account>) -> Enerclo {
        Enerclo { cloud: self.cloud.with_account(account), ..self }
    }

    /// The same system with what was remembered of it.
    #[must_use]
    pub fn with_memory(mut self, memory: Memory) -> Enerclo {
        let Memory { common, counters, data, settings } = memory;
        self.cloud.pace = common.pace;
        Enerclo { freshness: common.freshness, watch: common.watch, counters, data, settings, ..self }
    }

    /// What should be remembered until the next process.
    #[must_use]
    pub fn remembered(&self) -> Memory {
        Memory {
            common: Common {
                pace: self.cloud.pace.clone(),
                freshness: self.freshness,
                watch: self.watch.clone(),
                found: None,
            },
            counters: self.counters,
            data: self.data.clone(),
            settings: self.settings.clone(),
        }
    }

    /// Every number of the latest data, as the vendor names and counts it.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn sample(&mut self) -> Result<Sample, DeviceError> {
        let data = self.data().await?;
        let stamped = data.latest.stamp.map(|stamp| instant(stamp, &self.zone).min(data.at));
        Ok(Sample { at: stamped.unwrap_or(data.at), fields: data.latest.fields })
    }

    /// The latest data: read in its turn, or where that is far off what was read within the same minute.
    async fn data(&mut self) -> Result<Data, DeviceError> {
        let endpoint = self.data_endpoint();
        let (key, now) = (pace_key(endpoint, &self.serial), self.cloud.clock().now());
        let far = self.cloud.pace.wait_at_least(GAP, &key, now) > PATIENCE;
        if let Some(kept) = self.data.as_ref().filter(|kept| far && kept.serves(&key, now)) {
            return Ok(kept.clone());
        }
        let latest = match self.mapping.model {
            AtessModel::String => self.last_small(endpoint).await?,
            AtessModel::Central => self.newest_item().await?,
        };
        let at = self.cloud.clock().now();
        let measured_at = self.aged(&key, &latest, at);
        let data = Data { key, at, measured_at, latest, before: self.watch.clone() };
        self.data = Some(data.clone());
        Ok(data)
    }

    async fn last_small(&mut self, endpoint: Endpoint) -> Result<Latest, DeviceError> {
        let (serial, wanted) = (self.serial.as_str(), wanted(&self.mapping));
        let parse = |data: &Value| match data {
            Value::Null => Ok(Latest::default()),
            data => Latest::parse(object(data, "the data")?, serial, &wanted),
        };
        self.cloud.read(endpoint, &[("deviceSn", serial)], GAP, parse).await
    }

    async fn newest_item(&mut self) -> Result<Latest, DeviceError> {
        let span = Span::of_now(&self.zone, self.cloud.clock().now());
        let items = self.items(span, PAGES_OF_NOW).await?;
        let found = newest(&items, &self.serial, &wanted(&self.mapping));
        let found = found.map_err(|reason| malformed(DATA_LIST.name, reason))?;
        found.ok_or_else(|| {
            let [from, until] = span.texts();
            let reason = format!(
                "no data from {from} to {until}: the plant has sent none, or its clock is not in the policy's `timezone`"
            );
            DeviceError::Transient { endpoint: DATA_LIST.name, reason }
        })
    }

    /// The items of a span of time, page by page and not beyond a bound.
    async fn items(&mut self, span: Span, pages: usize) -> Result<Vec<Map<String, Value>>, DeviceError> {
        let ([from, until], size) = (span.texts(), PAGE_SIZE.to_string());
        let mut items = Vec::new();
        for number in 1..=pages {
            let number_text = number.to_string();
            let query = [
                ("deviceSn", self.serial.as_str()),
                ("startDate", &from),
                ("endDate", &until),
                ("pageNo", &number_text),
                ("pageSize", &size),
            ];
            let gap = if number == 1 { GAP } else { PAGE_GAP };
            let page = self.cloud.read(DATA_LIST, &query, gap, Page::parse).await?;
            let goes_on = page.may_go_on(items.len() + page.items.len());
            items.extend(page.items);
            if !goes_on {
                break;
            }
        }
        Ok(items)
    }

    /// When the data were measured. Where they bear no stamp, that they are other numbers than at the look before is the only
    /// sign of life.
    fn aged(&mut self, key: &str, latest: &Latest, now: Instant) -> Instant {
        let before = self.data.as_ref().filter(|data| data.key == key);
        match latest.stamp {
            Some(stamp) => self.freshness.look(stamp, &self.zone, now),
            None => {
                let changed = before.is_some_and(|before| before.latest.fields != latest.fields);
                self.freshness.look_without_stamp(changed, now)
            }
        }
    }

    async fn judged(&mut self) -> Result<Snapshot, DeviceError> {
        let before = self.data.as_ref().map(|data| data.at);
        let data = self.data().await?;
        let counting = self.counting();
        let percent = soc(&self.mapping.readings.soc, &data.latest, &counting, &mut self.counters);
        self.remark = self.doubt(&data.latest, &percent);
        let powers = powers(&data.latest, &self.mapping.readings);
        let sample = plausible::Sample { soc: percent.ok(), ..powers };
        let mut watch = data.before.clone();
        let snapshot = judge(sample, &[], Some(&self.battery.limits), data.measured_at, data.at, &mut watch);
        // A reply that serves again is no second reading: what is remembered stays as its first look left it.
        if before != Some(data.at) {
            self.watch = watch;
        }
        Ok(snapshot)
    }

    /// What is to be told of a state of charge that the owner maps and that is missing all the same.
    fn doubt(&self, latest: &Latest, found: &Result<f64, String>) -> Option<String> {
        match found {
            _ if self.mapping.readings.soc == SocMap::Unknown || latest.fields.is_empty() => None,
            Err(why) => Some(format!("no state of charge: {why}")),
            Ok(percent) if Soc::from_percent(*percent).is_none() => Some(format!(
                "no state of charge: {percent:.0} % is counted, which no battery has; tell a new point under `soc:`"
            )),
            Ok(_) => None,
        }
    }

    fn counting(&self) -> Counting {
        Counting {
            capacity: self.battery.limits.capacity,
            charge_efficiency: self.battery.charge_efficiency,
            discharge_efficiency: self.battery.discharge_efficiency,
        }
    }

    fn data_endpoint(&self) -> Endpoint {
        match self.mapping.model {
            AtessModel::String => DATA_SMALL,
            AtessModel::Central => DATA_LIST,
        }
    }

    fn setting_endpoint(&self) -> Endpoint {
        match self.mapping.model {
            AtessModel::String => SMALL_SETTING,
            AtessModel::Central => BIG_SETTING,
        }
    }

    /// The map of the settings; without one nothing of them is read or written.
    fn setting_map(&self) -> Result<SettingMap, DeviceError> {
        let read_only =
            || DeviceError::Permanent { endpoint: self.setting_endpoint().name, reason: READ_ONLY.to_owned() };
        self.mapping.settings.clone().ok_or_else(read_only)
    }

    /// The whole object of settings, read now, and its windows.
    async fn read_settings(&mut self, map: &SettingMap) -> Result<(Map<String, Value>, WindowList), DeviceError> {
        let (endpoint, store) = (self.setting_endpoint(), self.mapping.model.store());
        let serial = self.serial.as_str();
        let parse = |data: &Value| {
            let whole = object(data, "the settings")?;
            check_serial(whole, "deviceSn", serial)?;
            Ok((whole.clone(), settings::parse(whole, map, store)?))
        };
        let (whole, list) = self.cloud.read(endpoint, &[("deviceSn", serial)], GAP, parse).await?;
        let keys = settings::keys(map);
        let mapped = whole.iter().filter(|(key, _)| keys.contains(&key.as_str()));
        let object = mapped.map(|(key, value)| (key.clone(), value.clone())).collect();
        let at = self.cloud.clock().now();
        self.settings = Some(Mapped { key: pace_key(endpoint, &self.serial), at, object });
        Ok((whole, list))
    }

    /// The windows that were read within the last minute, for someone who writes nothing on them.
    fn kept_windows(&self, map: &SettingMap) -> Option<WindowList> {
        let (key, now) = (pace_key(self.setting_endpoint(), &self.serial), self.cloud.clock().now());
        let far = self.cloud.pace.wait_at_least(GAP, &key, now) > PATIENCE;
        let kept = self.settings.as_ref().filter(|kept| self.lenient && far && kept.serves(&key, now))?;
        settings::parse(&kept.object, map, self.mapping.model.store()).ok()
    }

    /// One item of the history.
    fn point(&self, item: &Map<String, Value>, span: Span) -> Result<Option<HistoryPoint>, String> {
        let Some(at) = stamp(item)?.filter(|at| span.contains(*at)) else { return Ok(None) };
        let latest = Latest::parse(item, &self.serial, &wanted(&self.mapping))?;
        let powers = powers(&latest, &self.mapping.readings);
        let percent = soc(&self.mapping.readings.soc, &latest, &self.counting(), &mut None).ok();
        let power = |watts: Option<f64>| watts.and_then(Power::from_watts);
        Ok(Some(HistoryPoint {
            at: instant(at, &self.zone),
            load: power(powers.load),
            solar: power(powers.solar),
            soc: percent.and_then(Soc::from_percent).map(Soc::percent),
            grid: power(powers.grid),
        }))
    }
}

#[async_trait]
impl ReadDevice for Enerclo {
    fn capability(&self) -> Capability {
        Capability::atess(&self.mapping)
    }

    fn memory(&self) -> String {
        self.remembered().to_text()
    }

    fn heed(&mut self, memory: &str) {
        let Some(other) = Memory::from_text(memory) else { return };
        self.cloud.pace.heed(&other.common.pace);
        let ours = self.data.as_ref().map(|data| data.at);
        if let Some(theirs) = other.data.filter(|theirs| ours.is_none_or(|ours| ours < theirs.at)) {
            self.freshness = other.common.freshness;
            self.data = Some(theirs);
        }
    }

    fn remark(&self) -> Option<String> {
        self.remark.clone()
    }

    async fn readings(&mut self) -> Result<Snapshot, DeviceError> {
        let judged = self.judged().await;
        if judged.is_err() {
            self.watch.fail();
        }
        judged
    }

    async fn object(&mut self, object: Object) -> Result<Settings, DeviceError> {
        let map = self.setting_map()?;
        if object != Object::Windows {
            let reason = format!("an ATESS has no {} object", object.word());
            return Err(DeviceError::Permanent { endpoint: self.setting_endpoint().name, reason });
        }
        Ok(Settings::Windows(self.read_settings(&map).await?.1))
    }

    async fn schedule(&mut self) -> Result<Schedule, DeviceError> {
        let map = self.setting_map()?;
        match self.kept_windows(&map) {
            Some(list) => Ok(Schedule::Windows(list)),
            None => Ok(Schedule::Windows(self.read_settings(&map).await?.1)),
        }
    }

    async fn history(&mut self, day: NaiveDate) -> Result<HistoryDay, DeviceError> {
        if self.mapping.model == AtessModel::String {
            // The vendor documents no history of string systems.
            return Ok(HistoryDay::default());
        }
        let span = Span::of_day(day);
        let items = self.items(span, PAGES_OF_DAY).await?;
        let points = items.iter().map(|item| self.point(item, span)).collect::<Result<Vec<_>, String>>();
        let mut points: Vec<HistoryPoint> =
            points.map_err(|reason| malformed(DATA_LIST.name, reason))?.into_iter().flatten().collect();
        let unplaced = u32::try_from(items.len().saturating_sub(points.len())).unwrap_or(u32::MAX);
        points.sort_by_key(|point| point.at);
        let again = points.iter().zip(points.iter().skip(1)).filter(|(one, next)| one.at == next.at);
        let again = again.map(|(_, next)| *next).collect();
        points.dedup_by_key(|point| point.at);
        Ok(HistoryDay { points, again, unplaced })
    }
}

#[async_trait]
impl WriteDevice for Enerclo {
    /// Reads the whole object, changes the mapped keys, and puts all of it back to where it was read.
    async fn write(&mut self, settings: &Settings) -> Result<(), WriteFailure> {
        let endpoint = self.setting_endpoint();
        let refuse = |reason: String| WriteFailure::Refused(DeviceError::Permanent { endpoint: endpoint.name, reason });
        let map = self.setting_map().map_err(WriteFailure::Refused)?;
        let list = match settings {
            Settings::Windows(list) if list.store == self.mapping.model.store() => list,
            _ => return Err(refuse("another store's object cannot be written to this ATESS".to_owned())),
        };
        let (mut whole, _) = self.read_settings(&map).await.map_err(WriteFailure::Refused)?;
        settings::apply(&mut whole, list, &map).map_err(refuse)?;
        self.settings = None;
        self.cloud.put(endpoint, &[("deviceSn", self.serial.as_str())], &Value::Object(whole)).await
    }
}
