//! A site whose device is an ATESS: read only, without a state of charge, and written through its mapped settings.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use offpeak::clock::{Clock, VirtualClock};
use offpeak::device::mapping::{AtessMapping, AtessModel, PeriodMap, PowerMap, ReadingMap, SettingMap, SocMap};
use offpeak::device::{DeviceKind, Flag, ListWindow, Period, Schedule, Store, WindowList};
use offpeak::journal::Journal;
use offpeak::plan::{Obstacle, Plan};
use offpeak::policy::{self, Policy};
use offpeak::report;
use offpeak::runner::{self, Hand, Site};
use offpeak::snapshot::Signal;
use offpeak::units::Fraction;
use offpeak::vendor::atess::{Battery, Enerclo};
use offpeak::vendor::credentials::AtessCredentials;
use offpeak::vendor::plausible::BatteryLimits;
use offpeak::vendor::transport::{Method, Reply, Request, Transport, TransportError};
use serde_json::{Map, Value, json};

const POLICY: &str = "\
offpeak: 1
site: works
timezone: Europe/Berlin
device: { driver: simulated }
battery: { capacity: 60 kWh, charge power: 30 kW, discharge power: 30 kW, round trip efficiency: 90% }
tariff:
  currency: EUR
  import:
    night: { price: 0.20, time: 02:00-05:00 }
    day: { price: 0.35 }
rules:
  - name: Not when low
    when: { soc: below 20% }
    then: hold
  - name: Fill up at night
    when: { tariff: night }
    then: charge to 90%
otherwise: self-consume
";

/// A plant that keeps the settings that are put.
struct Plant {
    clock: VirtualClock,
    settings: Mutex<Map<String, Value>>,
    calls: Mutex<BTreeMap<String, u32>>,
}

#[async_trait]
impl Transport for Plant {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        let endpoint = request.path.split(['/', '?']).nth(1).unwrap_or_default().to_owned();
        *self.calls.lock().unwrap().entry(format!("{:?} {endpoint}", request.method)).or_default() += 1;
        let mut settings = self.settings.lock().unwrap();
        let data = match (request.method, endpoint.as_str()) {
            (Method::Get, "data-last-small") => {
                let zone = offpeak::time::Zone::named("Europe/Berlin").unwrap();
                let local = zone.local(self.clock.now());
                let load = 8.0 + f64::from(local.minute % 7) / 10.0;
                json!({"time": format!("{} {}:00", local.date, local.time()), "pac": 0.0, "meterPower": load, "loadActivePower": load})
            }
            (Method::Get, "small-setting") => Value::Object(settings.clone()),
            (Method::Put, "small-setting") => {
                *settings = serde_json::from_str(&request.body.unwrap()).unwrap();
                Value::Null
            }
            other => panic!("nobody expected {other:?}"),
        };
        Ok(Reply { status: 200, body: json!({"code": 0, "msg": "operate successfully", "data": data}).to_string() })
    }
}

struct Works {
    plant: Arc<Plant>,
    clock: VirtualClock,
    policy: Policy,
    site: Site,
    _folder: tempfile::TempDir,
}

fn kilowatts(field: &str) -> Option<PowerMap> {
    Some(PowerMap { fields: vec![field.to_owned()], watts_per_unit: 1000.0 })
}

impl Works {
    fn new(settings: Option<SettingMap>) -> Works {
        let clock = VirtualClock::at("2026-11-20T20:41:00Z".parse().unwrap());
        let loaded = policy::load("works.yaml", POLICY);
        let mut policy = loaded.policy.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
        let readings = ReadingMap {
            battery: kilowatts("pac"),
            grid: kilowatts("meterPower"),
            load: kilowatts("loadActivePower"),
            solar: None,
            soc: SocMap::Unknown,
        };
        let mapping = AtessMapping { model: AtessModel::String, readings, settings };
        policy.device.kind = DeviceKind::Atess(Box::new(mapping.clone()));
        let stored = json!({"valleyPeriodTime1": "00:00-00:00", "valleyPeriodTime2": "00:00-00:00", "other": 7});
        let settings = Mutex::new(stored.as_object().cloned().unwrap());
        let plant = Arc::new(Plant { clock: clock.clone(), settings, calls: Mutex::default() });
        let device = enerclo(&plant, &clock, &policy, mapping);
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        let hand = Hand::Writing(Box::new(device));
        let site = Site::begin(policy.clone(), POLICY, hand, journal, Arc::new(clock.clone())).unwrap();
        Works { plant, clock, policy, site, _folder: folder }
    }

    fn calls(&self, call: &str) -> u32 {
        self.plant.calls.lock().unwrap().get(call).copied().unwrap_or_default()
    }
}

fn enerclo(plant: &Arc<Plant>, clock: &VirtualClock, policy: &Policy, mapping: AtessMapping) -> Enerclo {
    let battery = &policy.battery;
    let limits = BatteryLimits {
        capacity: battery.capacity,
        charge_power: battery.charge_power,
        discharge_power: battery.discharge_power,
    };
    let efficiency = Fraction::from_percent(95.0).unwrap();
    let battery = Battery { limits, charge_efficiency: efficiency, discharge_efficiency: efficiency };
    let credentials = AtessCredentials::new("a-token-of-the-tests").unwrap();
    let zone = policy.zone.clone();
    Enerclo::new(plant.clone(), Arc::new(clock.clone()), credentials, "HPS1", zone, mapping, battery)
}

fn valley() -> SettingMap {
    let periods = ["valleyPeriodTime1", "valleyPeriodTime2"].map(str::to_owned).to_vec();
    SettingMap { charge: PeriodMap { periods, enable: None }, charges_to: 90, permission: None }
}

#[tokio::test]
async fn a_site_that_is_read_only_ticks_plans_in_words_and_never_asks_for_a_schedule() {
    let mut works = Works::new(None);
    for _ in 0..30 {
        let tick = works.site.tick().await.unwrap();
        assert!((tick.verified, tick.sent.len(), tick.schedule) == (true, 0, None), "{tick:?}");
        works.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(works.site.journal().alarms("works").unwrap(), []);
    let inputs = works.site.survey(Duration::from_secs(86_400)).await.unwrap();
    assert!(inputs.readings.usable(Signal::Load, inputs.now, Duration::from_secs(600)).is_ok());
    let plan = Plan::make(&works.policy, &inputs);
    assert_eq!(plan.compiled, Err(Obstacle::ReadOnly));
    assert!(!plan.safe_mode, "a device that has no state of charge to tell is not blind without it");
    let device = report::Device { name: "ATESS", serial: "HPS1" };
    let shown = report::plan_json(&plan, &device, &|settings| runner::payload(settings, &works.policy.device));
    assert_eq!(shown["obstacle"]["code"], "read-only");
    let calls: Vec<String> = works.plant.calls.lock().unwrap().keys().cloned().collect();
    assert_eq!(calls, ["Get data-last-small"]);
}

#[tokio::test]
async fn a_rule_on_a_state_of_charge_that_nobody_maps_says_why_it_does_not_fire() {
    let mut works = Works::new(None);
    let inputs = works.site.survey(Duration::from_secs(86_400)).await.unwrap();
    let plan = Plan::make(&works.policy, &inputs);
    let why = report::why_text(&plan, report::style::Style::Plain);
    let words: Vec<&str> = why.split_whitespace().collect();
    assert!(words.join(" ").contains("the ATESS has no state of charge; map `soc:`"), "{why}");
}

#[tokio::test]
async fn a_schedule_is_written_once_and_read_back_and_the_rest_of_the_object_stays() {
    let mut works = Works::new(Some(valley()));
    works.site.tick().await.unwrap();
    let period = Period { from: "02:00".parse().unwrap(), to: "05:00".parse().unwrap() };
    let window = ListWindow { period, limit: Some(90), ..ListWindow::default() };
    let charge_windows = [window].into_iter().collect();
    let wanted = WindowList { charge: Flag::On, charge_windows, ..WindowList::empty(Store::AtessString) };
    let word = works.site.put(Schedule::Windows(wanted), "a test").await.unwrap();
    assert_eq!(word, "a test: 1 written and read back");
    let stored = Value::Object(works.plant.settings.lock().unwrap().clone());
    let expect = json!({"valleyPeriodTime1": "02:00-05:00", "valleyPeriodTime2": "00:00-00:00", "other": 7});
    assert_eq!((stored, works.calls("Put small-setting")), (expect, 1));
    assert_eq!(works.site.present(), Some(Schedule::Windows(wanted)));
    let word = works.site.put(Schedule::Windows(wanted), "a test").await.unwrap();
    assert_eq!(word, "the device holds that already");
}
