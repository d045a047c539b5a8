//! Many sites of one process: what systems of one account share, and what a folder of policies comes to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    dead_code
)]

mod cli;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cli::{Desk, QUIET, start};
use offpeak::clock::Clock;
use offpeak::device::mapping::{AtessMapping, AtessModel, PowerMap, ReadingMap, SocMap};
use offpeak::device::{DeviceError, ReadDevice};
use offpeak::simulator::{Cloud, CloudOptions, FaultPlan, SystemOptions, atess};
use offpeak::time::{Instant, Zone};
use offpeak::units::{Energy, Fraction, Power};
use offpeak::vendor::account::{Account, Call, Scope};
use offpeak::vendor::alphaess::{AlphaEss, BatteryLimits};
use offpeak::vendor::atess::{Battery, Enerclo};
use offpeak::vendor::credentials::{AlphaEssCredentials, AtessCredentials};
use offpeak::vendor::simulated::{Home, InProcess, Kept};
use tokio::sync::Notify;
use tokio::task::LocalSet;

/// A clock on which several tasks wait: it goes on to the next for which someone waits once nobody has anything else to do.
#[derive(Clone)]
struct Stage(Arc<Mutex<State>>);

struct State {
    now: Instant,
    waiting: BTreeMap<(Instant, u64), Arc<Notify>>,
    number: u64,
}

#[async_trait]
impl Clock for Stage {
    fn now(&self) -> Instant {
        self.0.lock().unwrap().now
    }

    fn uptime(&self) -> Duration {
        Duration::ZERO
    }

    async fn sleep(&self, span: Duration) {
        let wake = Arc::new(Notify::new());
        {
            let mut state = self.0.lock().unwrap();
            state.number += 1;
            let key = (state.now + chrono::Duration::from_std(span).unwrap(), state.number);
            state.waiting.insert(key, Arc::clone(&wake));
        }
        wake.notified().await;
    }
}

impl Stage {
    fn at(now: Instant) -> Stage {
        Stage(Arc::new(Mutex::new(State { now, waiting: BTreeMap::new(), number: 0 })))
    }

    /// Lets tasks live until one of them, the play, is over.
    fn perform<T: 'static>(&self, play: impl Future<Output = T> + 'static) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let stage = self.clone();
        runtime.block_on(LocalSet::new().run_until(async move {
            let play = tokio::task::spawn_local(play);
            for _ in 0..1_000_000 {
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                if play.is_finished() {
                    return play.await.unwrap();
                }
                let next = {
                    let mut state = stage.0.lock().unwrap();
                    let next = state.waiting.pop_first();
                    next.map(|((at, _), wake)| {
                        state.now = state.now.max(at);
                        wake
                    })
                };
                next.expect("someone waits for the clock").notify_one();
            }
            panic!("the play does not end");
        }))
    }
}

fn serial(index: usize) -> String {
    format!("ALS{index:012}")
}

/// An account of so many systems at a simulated cloud, and a device for each.
fn account_of(systems: usize, scope: Scope, faults: &str) -> (Stage, Arc<Mutex<Cloud>>, Vec<Box<dyn ReadDevice>>) {
    let begin: Instant = "2026-11-20T20:41:00Z".parse().unwrap();
    let system = |index| SystemOptions { serial: serial(index), ..SystemOptions::default() };
    let faults = if faults.is_empty() { FaultPlan::none() } else { FaultPlan::parse(faults, 1).unwrap() };
    let options = CloudOptions { systems: (0..systems).map(system).collect(), faults, ..CloudOptions::default() };
    let cloud = Cloud::with_past(options, begin, 2);
    let credentials = AlphaEssCredentials::new(cloud.app_id(), cloud.app_secret()).unwrap();
    let (stage, cloud, account) = (Stage::at(begin), Arc::new(Mutex::new(cloud)), Arc::new(Account::new(scope)));
    let device = |index| {
        let clock: Arc<dyn Clock> = Arc::new(stage.clone());
        let line = Arc::new(InProcess::new(Arc::clone(&cloud), Arc::clone(&clock)));
        let zone = Zone::named("Europe/London").unwrap();
        let device = AlphaEss::new(line, clock, credentials.clone(), &serial(index), zone, None);
        Box::new(device.with_seed(7).with_account(Arc::clone(&account))) as Box<dyn ReadDevice>
    };
    let devices = (0..systems).map(device).collect();
    (stage, cloud, devices)
}

/// Each device reads once a minute, all at the same beat. How many times each had readings.
fn live(stage: &Stage, devices: Vec<Box<dyn ReadDevice>>, minutes: u32) -> Vec<u32> {
    let clock = stage.clone();
    stage.perform(async move {
        let tasks: Vec<_> = devices
            .into_iter()
            .map(|mut device| {
                let clock = clock.clone();
                tokio::task::spawn_local(async move {
                    let (mut read, end) = (0, clock.now() + chrono::Duration::minutes(i64::from(minutes)));
                    while clock.now() < end {
                        match device.readings().await {
                            Ok(_) => read += 1,
                            Err(DeviceError::NotYet { .. } | DeviceError::TooFast { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                        let into = clock.now().timestamp_millis().rem_euclid(60_000);
                        clock.sleep(Duration::from_millis(u64::try_from(60_000 - into).unwrap())).await;
                    }
                    read
                })
            })
            .collect();
        let mut read = Vec::new();
        for task in tasks {
            read.push(task.await.unwrap());
        }
        read
    })
}

/// The seconds between calls of each endpoint, whatever system they were about; the least of them.
fn least_gap(cloud: &Mutex<Cloud>) -> i64 {
    let mut calls: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for entry in cloud.lock().unwrap().log() {
        calls.entry(entry.endpoint().to_owned()).or_default().push(entry.second);
    }
    let gaps = calls.values().flat_map(|seconds| seconds.windows(2).map(|pair| pair[1] - pair[0]));
    gaps.min().expect("several calls")
}

#[test]
fn systems_of_one_account_never_call_an_endpoint_nearer_than_the_gap() {
    for systems in [2, 5, 12] {
        let (stage, cloud, devices) = account_of(systems, Scope::Account, "");
        let read = live(&stage, devices, 60);
        assert!(least_gap(&cloud) >= 10, "{systems} systems: {} s", least_gap(&cloud));
        let refused = cloud.lock().unwrap().log().iter().filter(|entry| entry.code != Some(200)).count();
        assert_eq!(refused, 0, "{systems} systems");
        let (least, most) = (read.iter().min().unwrap(), read.iter().max().unwrap());
        assert!(most - least <= 2, "{systems} systems, not shared fairly: {read:?}");
        let possible = u32::try_from(60.min(5 * 60 / systems)).unwrap();
        assert!(*least + 3 >= possible, "{systems} systems, of {possible} possible reads each: {read:?}");
    }
}

#[test]
fn where_the_vendor_counts_by_system_nobody_waits_for_another() {
    let (stage, cloud, devices) = account_of(12, Scope::Serial, "");
    let read = live(&stage, devices, 30);
    assert!(least_gap(&cloud) < 10);
    assert!(read.iter().all(|read| *read == 30), "{read:?}");
}

#[test]
fn when_one_system_is_called_too_fast_the_whole_account_rests() {
    let (stage, cloud, devices) = account_of(3, Scope::Account, "too-fast-reads");
    let read = live(&stage, devices, 10);
    assert_eq!(read, [0, 0, 0]);
    let calls = cloud.lock().unwrap().log().len();
    // The first rest is a minute, and each doubles: within ten minutes the account is heard four times at the most.
    assert!(calls <= 4, "{calls} calls of three systems");
}

/// A token with so many string systems at a simulated cloud, and a device for each.
fn token_of(systems: usize, faults: &str) -> (Stage, Arc<Mutex<atess::Cloud>>, Vec<Box<dyn ReadDevice>>) {
    let begin: Instant = "2026-11-20T20:41:00Z".parse().unwrap();
    let plant = |index| atess::PlantOptions { serial: serial(index), ..atess::PlantOptions::default() };
    let faults = if faults.is_empty() { atess::FaultPlan::none() } else { atess::FaultPlan::parse(faults, 1).unwrap() };
    let options = atess::CloudOptions {
        plants: (0..systems).map(plant).collect(),
        token: "a-token".to_owned(),
        faults,
        ..atess::CloudOptions::default()
    };
    let cloud = Arc::new(Mutex::new(atess::Cloud::with_past(options, begin, 2)));
    let (stage, account) = (Stage::at(begin), Arc::new(Account::new(Scope::Account)));
    let power = Power::from_watts(5000.0).unwrap();
    let limits = BatteryLimits {
        capacity: Energy::from_watt_hours(10_100.0).unwrap(),
        charge_power: power,
        discharge_power: power,
    };
    let efficiency = Fraction::from_percent(95.0).unwrap();
    let battery = Battery { limits, charge_efficiency: efficiency, discharge_efficiency: efficiency };
    let load = Some(PowerMap { fields: vec!["loadActivePower".to_owned()], watts_per_unit: 1.0 });
    let readings = ReadingMap { load, battery: None, grid: None, solar: None, soc: SocMap::Unknown };
    let mapping = AtessMapping { model: AtessModel::String, readings, settings: None };
    let device = |index| {
        let clock: Arc<dyn Clock> = Arc::new(stage.clone());
        let line = Arc::new(InProcess::new(Arc::clone(&cloud), Arc::clone(&clock)));
        let (credentials, zone) = (AtessCredentials::new("a-token").unwrap(), Zone::named("Europe/London").unwrap());
        let device = Enerclo::new(line, clock, credentials, &serial(index), zone, mapping.clone(), battery);
        Box::new(device.with_account(Arc::clone(&account))) as Box<dyn ReadDevice>
    };
    let devices = (0..systems).map(device).collect();
    (stage, cloud, devices)
}

#[test]
fn the_systems_of_one_token_keep_one_pace_and_rest_together() {
    let (stage, cloud, devices) = token_of(5, "");
    let read = live(&stage, devices, 30);
    let seconds: Vec<i64> = cloud.lock().unwrap().log().iter().map(|entry| entry.second).collect();
    let gap = seconds.windows(2).map(|pair| pair[1] - pair[0]).min().expect("several calls");
    assert!(gap >= 10, "{gap} s");
    assert!(read.iter().all(|read| *read >= 27), "{read:?}");

    let (stage, cloud, devices) = token_of(3, "too-many-requests");
    assert_eq!(live(&stage, devices, 10), [0, 0, 0]);
    let calls = cloud.lock().unwrap().log().len();
    assert!(calls <= 4, "{calls} calls of three systems");
}

#[test]
fn a_call_that_does_not_come_back_holds_up_its_account_for_seconds_only() {
    let stage = Stage::at("2026-11-20T20:41:00Z".parse().unwrap());
    let (clock, begun) = (stage.clone(), stage.now());
    let waited = stage.perform(async move {
        let account = Arc::new(Account::new(Scope::Account));
        let (hung, slow) = (Arc::clone(&account), clock.clone());
        tokio::task::spawn_local(async move {
            let _turn = hung.turn(Call::Read { endpoint: "power", serial: "A" }, &slow).await.unwrap();
            slow.sleep(Duration::from_secs(3600)).await;
        });
        tokio::task::yield_now().await;
        let turn = account.turn(Call::Read { endpoint: "power", serial: "B" }, &clock).await.unwrap();
        let other = account.turn(Call::Read { endpoint: "config", serial: "B" }, &clock).await.unwrap();
        drop((turn, other));
        let crowded = account.turn(Call::Write { serial: "A" }, &clock).await.is_err();
        assert!(!crowded, "writes have a queue of their own");
        clock.now() - begun
    });
    assert_eq!(waited.num_seconds(), 15, "five seconds of patience, then the gap");
}

#[test]
fn whoever_gives_up_keeps_the_place() {
    let stage = Stage::at("2026-11-20T20:41:00Z".parse().unwrap());
    let clock = stage.clone();
    stage.perform(async move {
        let account = Account::new(Scope::Account);
        let read = |serial: &'static str| account.turn(Call::Read { endpoint: "power", serial }, &clock);
        drop(read("A").await.unwrap());
        {
            // A tick that is broken off while it waits.
            let mut waiting = std::pin::pin!(read("B"));
            assert!(futures_poll(waiting.as_mut()).is_none());
        }
        let begun = clock.now();
        let mut late = std::pin::pin!(read("C"));
        assert!(futures_poll(late.as_mut()).is_none());
        // B comes back and goes first, C after it.
        drop(read("B").await.unwrap());
        assert_eq!((clock.now() - begun).num_seconds(), 10);
        drop(late.await.unwrap());
        assert_eq!((clock.now() - begun).num_seconds(), 20);
    });
}

fn futures_poll<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
    match future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(done) => Some(done),
        std::task::Poll::Pending => None,
    }
}

/// A desk with a folder of three houses and a policy with errors, whose worlds are years ahead of the machine.
fn village() -> Desk {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("sites")).unwrap();
    for (index, site) in ["barn", "home", "mill"].into_iter().enumerate() {
        let text = house(site, index);
        let policy = offpeak::policy::load("site.yaml", &text).policy.unwrap();
        let battery = &policy.battery;
        let home = Home {
            serial: policy.device.serial.clone(),
            zone: policy.zone.clone(),
            capacity: battery.capacity,
            charge_power: battery.charge_power,
            discharge_power: battery.discharge_power,
            charge_efficiency: battery.charge_efficiency,
            discharge_efficiency: battery.discharge_efficiency,
            seed: 7,
        };
        Kept::open(Some(&desk.state()), &home, start()).unwrap().save().unwrap();
        desk.write(&format!("sites/{site}.yaml"), text);
    }
    desk
}

fn house(site: &str, index: usize) -> String {
    let text = QUIET.replace("site: home", &format!("site: {site}"));
    text.replace("driver: simulated", &format!("driver: simulated\n  serial: SIM{index:012}"))
}

/// Snapshots in which what passes while a test runs is left out.
fn settled(body: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    for (pattern, by) in [
        (r"20:4\d:\d\d", "20:4x:xx"),
        (r"20:4\d", "20:4x"),
        (r"just now +", "moments ago  "),
        (r"\d min ago +", "moments ago  "),
        (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "NOW"),
        (r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d\d:\d\d", "DAY"),
        (r"since .*: sites", "since THEN: sites"),
        (r"pid \d+", "pid N"),
    ] {
        settings.add_filter(pattern, by);
    }
    settings.bind(body);
}

#[test]
fn a_folder_is_several_sites_and_one_status_table() {
    let desk = village();
    desk.write("sites/pub.yaml", "offpeak: 1\nsite: pub\nrules: what\n");
    let first = desk.run("run sites --once --dry-run --log error");
    assert_eq!(first.code, 1, "one policy is left out: {}{}", first.stdout, first.stderr);
    assert_eq!(first.stdout.lines().count(), 3, "{}", first.stdout);
    let again = desk.run("run sites --once --dry-run --log error --format json").stdout;
    let again: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_eq!(
        (again["sites"][2]["site"].as_str(), again["sites"][2]["tick"]["sent"].as_u64()),
        (Some("mill"), Some(0))
    );
    desk.journal().raise_alarm("barn", "readings", "no readings: offline", start()).unwrap();
    desk.journal().set_verified_cycle("mill", start() - chrono::Duration::minutes(12)).unwrap();
    settled(|| insta::assert_snapshot!("status_table", desk.story(&["status"])));
    let one = desk.run("status --site mill").stdout;
    assert!(one.starts_with("mill · ") && one.contains("OVERDUE") && !one.contains("barn"), "{one}");
    let data: serde_json::Value = serde_json::from_str(&desk.run("status --format json").stdout).unwrap();
    let names: Vec<&str> =
        data["sites"].as_array().unwrap().iter().map(|site| site["site"].as_str().unwrap()).collect();
    assert_eq!(names, ["barn", "home", "mill"]);
    assert_eq!(data["alarms"][0]["key"], "policy sites/pub.yaml");

    // Mended, and the alarm is over.
    std::fs::remove_file(desk.path("sites/pub.yaml")).unwrap();
    assert_eq!(desk.run("run sites --once --dry-run --log error").code, 0);
    let data: serde_json::Value = serde_json::from_str(&desk.run("status --format json").stdout).unwrap();
    assert_eq!(data["alarms"].as_array().unwrap().len(), 0);
}

#[test]
fn two_files_of_one_site_or_one_device_are_refused_with_both_names() {
    let check = |name: &str, text: String, words: &[&str]| {
        let desk = village();
        desk.write(&format!("sites/{name}"), text);
        let ran = desk.run("run sites --once --dry-run --log warn");
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        words.iter().for_each(|word| assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr));
        assert_eq!(ran.stdout.lines().count(), 2, "neither of the two runs: {}", ran.stdout);
    };
    check("twin.yaml", house("home", 9), &["sites/home.yaml: it names the site `home`, and so does sites/twin.yaml"]);
    check(
        "twin.yaml",
        house("inn", 2),
        &["sites/twin.yaml: it names the device", "SIM000000000002, and so does sites/mill"],
    );
    let desk = Desk::new();
    desk.write("twin.yaml", QUIET);
    let ran = desk.run("run home.yaml twin.yaml --once");
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.contains("home.yaml: it names the site `home`, and so does twin.yaml"), "{}", ran.stderr);
}
