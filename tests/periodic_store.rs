//! What the driver and the runner promise of the periodic store: one store is driven, it is recorded, and what the cloud never
//! gives back is neither guessed nor forgotten.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use offpeak::apply::{Command, Event, Machine, SendReply, drift};
use offpeak::clock::VirtualClock;
use offpeak::device::{
    DeviceError, DeviceKind, Flag, ListWindow, Object, Period, ReadDevice, Schedule, Sequence, Settings, Step, Store,
    TwoWindow, WindowList, WriteDevice, WriteFailure, WriteKind,
};
use offpeak::journal::Journal;
use offpeak::policy::model::OnExit;
use offpeak::policy::{self, Policy};
use offpeak::runner::{self, ConnectError, Hand, Links, Site, Way};
use offpeak::time::Instant;
use offpeak::vendor::alphaess::{AlphaEss, Memory};
use offpeak::vendor::credentials::AlphaEssCredentials;
use offpeak::vendor::retry::Retries;
use offpeak::vendor::transport::{Method, Reply, Request, Transport, TransportError};
use serde_json::{Value, json};

const HOME: &str = include_str!("../rules/simulated-home.yaml");
const SERIAL: &str = "ALB011020015002";

const CHARGE: &str = "getChargeConfigInfo";
const DISCHARGE: &str = "getDisChargeConfigInfo";
const READ: &str = "getTimeChargeBySn";
const WRITE: &str = "setTimeChargeBySn";

/// Three objects, a list of what is not open, and every call that came.
struct Double {
    objects: Mutex<HashMap<&'static str, Value>>,
    closed: Mutex<HashSet<&'static str>>,
    codes: Mutex<HashMap<&'static str, i64>>,
    /// Replies to writes are lost: before anything is stored, or after.
    lost: Mutex<Option<bool>>,
    calls: Mutex<Vec<(String, Option<Value>)>>,
}

impl Double {
    fn new() -> Arc<Double> {
        let objects = HashMap::from([(CHARGE, charge()), (DISCHARGE, discharge()), (READ, fillers())]);
        let (closed, codes, lost, calls) = (Mutex::default(), Mutex::default(), Mutex::default(), Mutex::default());
        Arc::new(Double { objects: Mutex::new(objects), closed, codes, lost, calls })
    }

    fn close(&self, endpoints: &[&'static str]) {
        self.closed.lock().unwrap().extend(endpoints);
    }

    fn holds(&self, endpoint: &'static str, value: Value) {
        self.objects.lock().unwrap().insert(endpoint, value);
    }

    fn calls(&self) -> Vec<String> {
        std::mem::take(&mut *self.calls.lock().unwrap()).into_iter().map(|(name, _)| name).collect()
    }

    /// The bodies of the writes so far, without the serial.
    fn sent(&self) -> Vec<Value> {
        self.calls.lock().unwrap().iter().filter_map(|(_, body)| body.clone()).collect()
    }

    fn answer(&self, name: &str, body: Option<Value>) -> (i64, Value) {
        if self.closed.lock().unwrap().contains(name) {
            return (6017, Value::Null);
        }
        if let Some(code) = self.codes.lock().unwrap().get(name) {
            return (*code, Value::Null);
        }
        let mut objects = self.objects.lock().unwrap();
        let read = match name {
            "updateChargeConfigInfo" => CHARGE,
            "updateDisChargeConfigInfo" => DISCHARGE,
            WRITE => READ,
            _ => return (200, objects.get(name).cloned().unwrap_or_else(|| panic!("nobody expected {name}"))),
        };
        let mut stored = body.expect("a body");
        if name == WRITE {
            (stored["gridChargeCycle"], stored["ctrDisCycle"]) = (json!(0), json!(0));
        }
        if *self.lost.lock().unwrap() != Some(false) {
            objects.insert(read, stored);
        }
        (200, Value::Null)
    }
}

#[async_trait]
impl Transport for Double {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        let name = request.path.split('?').next().unwrap_or_default().to_owned();
        let body = request.body.map(|body| serde_json::from_str::<Value>(&body).expect("JSON"));
        self.calls.lock().unwrap().push((name.clone(), body.clone()));
        let (code, data) = self.answer(&name, body);
        if request.method == Method::Post && self.lost.lock().unwrap().is_some() {
            return Err(TransportError::TimedOut { seconds: 30 });
        }
        Ok(Reply { status: 200, body: json!({"code": code, "data": data}).to_string() })
    }
}

fn charge() -> Value {
    json!({"gridCharge": 0, "timeChaf1": "00:00", "timeChae1": "00:00", "timeChaf2": "00:00", "timeChae2": "00:00", "batHighCap": 100})
}

fn discharge() -> Value {
    json!({"ctrDis": 0, "timeDisf1": "00:00", "timeDise1": "00:00", "timeDisf2": "00:00", "timeDise2": "00:00", "batUseCap": 10})
}

fn periodic(charge: &Value, discharge: &Value) -> Value {
    json!({"sysSn": SERIAL, "executeCycleType": 0, "gridChargeCycle": 0, "ctrDisCycle": 0, "chargeTimeList": charge,
        "dischargeTimeList": discharge})
}

fn fillers() -> Value {
    let filler = json!([{"beginTime": "00:00", "endTime": "00:00", "chargePower": 0, "chargeLimit": "100.0"}]);
    periodic(&filler, &filler)
}

/// The owner's own noon charge.
fn noon() -> Value {
    periodic(
        &json!([{"beginTime": "12:00", "endTime": "13:30", "chargePower": "3000", "chargeLimit": 80.0}]),
        &json!([]),
    )
}

fn window(from: &str, to: &str, limit: u8, power: u32) -> ListWindow {
    let period = Period { from: from.parse().unwrap(), to: to.parse().unwrap() };
    ListWindow { period, limit: Some(limit), power: Some(power), ..ListWindow::default() }
}

/// Charges at night, as we would write it.
fn night() -> WindowList {
    let mut list = WindowList::empty(Store::Periodic);
    list.charge = Flag::On;
    list.charge_windows.push(window("00:00", "05:30", 90, 5000));
    list
}

fn now() -> Instant {
    "2026-11-20T20:41:00Z".parse().unwrap()
}

fn device(double: &Arc<Double>, store: Option<Store>) -> AlphaEss {
    let credentials = AlphaEssCredentials::new("alphaef1b9f1e05a41b2", "0123456789abcdef").unwrap();
    let clock = Arc::new(VirtualClock::at(now()));
    let zone = offpeak::time::Zone::named("Europe/London").unwrap();
    let device = AlphaEss::new(double.clone(), clock, credentials, SERIAL, zone, None);
    device.with_retries(Retries::NONE).with_store(store)
}

fn home(store: Option<Store>) -> Policy {
    let mut policy = policy::load("home.yaml", HOME).policy.unwrap();
    policy.device.kind = DeviceKind::AlphaEss { store };
    policy.device.serial = SERIAL.to_owned();
    policy
}

fn site(double: &Arc<Double>, store: Option<Store>, on_exit: OnExit) -> Site {
    let mut policy = home(store);
    policy.limits.on_exit = on_exit;
    let hand = Hand::Writing(Box::new(device(double, store)));
    let journal = Journal::in_memory().unwrap();
    Site::begin(policy, HOME, hand, journal, Arc::new(VirtualClock::at(now()))).unwrap()
}

fn permanent(error: &DeviceError, words: &str) {
    let DeviceError::Permanent { .. } = error else { panic!("{error:?}") };
    assert!(error.to_string().contains(words), "{error}");
}

#[tokio::test]
async fn a_driver_calls_the_endpoints_of_its_store_alone() {
    let check = async |store: Store, reads: &[&str]| {
        let double = Double::new();
        let mut device = device(&double, Some(store));
        assert_eq!(device.capability().store, store);
        assert_eq!(device.schedule().await.unwrap().store(), store);
        assert_eq!(double.calls(), reads, "{store:?}");
        for object in Object::ALL {
            let ours = store.objects().contains(&object);
            assert_eq!(device.object(object).await.is_ok(), ours, "{store:?} {object:?}");
            assert_eq!(double.calls().len(), usize::from(ours), "{store:?} {object:?}");
        }
        let contents = Schedule::TwoWindow(TwoWindow::NEUTRAL).contents();
        for settings in contents.into_iter().chain([Settings::Windows(night())]) {
            let ours = store.objects().contains(&settings.object());
            let wrote = device.write(&settings).await;
            assert_eq!(double.calls().len(), usize::from(ours), "{store:?} {settings}");
            match wrote {
                Err(WriteFailure::Refused(error)) if !ours => permanent(&error, "driven through its"),
                wrote => assert!(wrote.is_ok() && ours, "{wrote:?}"),
            }
        }
    };
    check(Store::TwoWindow, &[CHARGE, DISCHARGE]).await;
    check(Store::Periodic, &[READ]).await;
}

#[tokio::test]
async fn a_store_that_belongs_to_another_vendor_is_never_called() {
    let double = Double::new();
    let mut device = device(&double, Some(Store::AtessString));
    permanent(&device.object(Object::Windows).await.unwrap_err(), "string settings");
    assert!(matches!(device.write(&Settings::Windows(night())).await, Err(WriteFailure::Refused(_))));
    assert_eq!(double.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn the_store_that_answers_is_found_and_stays() {
    let check =
        async |closed: &[&'static str], codes: &[(&'static str, i64)], expect: Result<Store, &str>, calls: &[&str]| {
            let double = Double::new();
            double.close(closed);
            double.codes.lock().unwrap().extend(codes.iter().copied());
            let mut device = device(&double, None);
            let read = device.schedule().await.map(|schedule| schedule.store());
            assert_eq!(double.calls(), calls, "{closed:?} {codes:?}");
            match (read, expect) {
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
                (read, expect) => assert_eq!(read.as_ref().ok(), expect.as_ref().ok(), "{read:?}"),
            }
            let found = Memory::from_text(&device.memory()).unwrap().found;
            assert_eq!(found, expect.ok(), "what is remembered, {closed:?}");
        };
    let both = [CHARGE, DISCHARGE, READ];
    check(&[], &[], Ok(Store::TwoWindow), &[CHARGE, DISCHARGE]).await;
    check(&[READ], &[], Ok(Store::TwoWindow), &[CHARGE, DISCHARGE]).await;
    check(&[CHARGE, DISCHARGE], &[], Ok(Store::Periodic), &[CHARGE, READ]).await;
    check(&[DISCHARGE], &[], Ok(Store::Periodic), &both).await;
    check(&both, &[], Err("no store that can be read"), &[CHARGE, READ]).await;
    // Whatever may pass says nothing of what the system has.
    check(&[], &[(CHARGE, 6042)], Err("offline"), &[CHARGE]).await;
    check(&[], &[(DISCHARGE, 6053)], Err("6053"), &[CHARGE, DISCHARGE]).await;
    check(&[], &[(CHARGE, 6016)], Err("the schedule is null"), &[CHARGE]).await;
    check(&[CHARGE], &[(READ, 6042)], Err("offline"), &[CHARGE, READ]).await;
}

#[tokio::test]
async fn a_store_that_was_found_is_asked_for_no_more_unless_it_is_taken_away() {
    let double = Double::new();
    double.close(&[CHARGE]);
    let mut first = device(&double, None);
    first.schedule().await.unwrap();
    double.calls();
    let mut second = device(&double, None);
    second.heed(&first.memory());
    second.schedule().await.unwrap();
    assert_eq!((double.calls(), second.capability().store), (vec![READ.to_owned()], Store::Periodic));
    let mut given = device(&double, Some(Store::TwoWindow));
    given.heed(&first.memory());
    permanent(&given.schedule().await.unwrap_err(), "`device: store: periodic`");
    assert_eq!(double.calls(), [CHARGE], "what the owner chose is not looked for elsewhere");

    double.close(&[READ]);
    double.closed.lock().unwrap().remove(CHARGE);
    permanent(&second.schedule().await.unwrap_err(), "`device: store: two-window`");
    assert_eq!(second.schedule().await.unwrap().store(), Store::TwoWindow);
}

#[tokio::test]
async fn a_write_that_is_not_entitled_names_the_endpoint_and_the_other_store() {
    let double = Double::new();
    double.close(&[WRITE]);
    let mut device = device(&double, Some(Store::Periodic));
    assert!(device.schedule().await.is_ok(), "reading is entitled apart");
    let Err(WriteFailure::Refused(error)) = device.write(&Settings::Windows(night())).await else { panic!("refused") };
    permanent(&error, "setTimeChargeBySn: code 6017: this system is not entitled to the periodic store");
    permanent(&error, "`device: store: two-window`");
}

#[tokio::test]
async fn the_owner_is_told_why_a_write_was_refused_and_what_to_try() {
    let double = Double::new();
    double.close(&[WRITE]);
    let mut site = site(&double, Some(Store::Periodic), OnExit::Keep);
    site.survey_schedule().await.unwrap();
    let word = site.put(Schedule::Windows(night()), "test").await.unwrap();
    assert_eq!(word, "test: not stored");
    let alarms = site.journal().alarms("demo").unwrap();
    let expect = "setTimeChargeBySn: code 6017: this system is not entitled to the periodic store; try the other one with \
                  `device: store: two-window`";
    assert!(alarms.iter().any(|alarm| alarm.text.contains(expect)), "{alarms:?}");
}

#[tokio::test]
async fn nothing_is_sent_that_leaves_a_switch_open() {
    let double = Double::new();
    let mut device = device(&double, Some(Store::Periodic));
    for list in [WindowList { charge: Flag::Unread, ..night() }, WindowList { restricted: Flag::Unread, ..night() }] {
        let refused = device.write(&Settings::Windows(list)).await;
        assert!(matches!(refused, Err(WriteFailure::Refused(_))), "{refused:?}");
    }
    assert_eq!(double.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn a_write_is_read_back_and_its_switches_are_remembered() {
    let double = Double::new();
    let mut site = site(&double, Some(Store::Periodic), OnExit::Keep);
    assert!(site.survey_schedule().await.unwrap().is_unread(), "nobody knows before the first write");
    let word = site.put(Schedule::Windows(night()), "test").await.unwrap();
    assert_eq!(word, "test: 1 written and read back");
    assert_eq!(site.present(), Some(Schedule::Windows(night())));
    assert_eq!(site.survey_schedule().await.unwrap(), Schedule::Windows(night()), "read again, switches and all");
    let journal = site.journal();
    assert_eq!(journal.proven("demo", Object::Windows).unwrap().unwrap().settings, Settings::Windows(night()));
    assert_eq!(journal.store("demo").unwrap(), Some(Store::Periodic));
}

#[tokio::test]
async fn safe_mode_sends_both_switches_off_and_a_lost_reply_to_it_proves_nothing() {
    let check = async |lost: Option<bool>, expect: &str| {
        let double = Double::new();
        let mut site = site(&double, Some(Store::Periodic), OnExit::SelfConsume);
        site.survey_schedule().await.unwrap();
        site.put(Schedule::Windows(night()), "test").await.unwrap();
        *double.lost.lock().unwrap() = lost;
        double.calls();
        let word = site.leave().await.unwrap();
        assert_eq!(word, format!("on exit: self-consume: {expect}"), "{lost:?}");
        let sent = double.sent();
        let switches = (&sent[0]["gridChargeCycle"], &sent[0]["ctrDisCycle"]);
        assert_eq!(switches, (&json!(0), &json!(0)), "{lost:?}");
    };
    check(None, "1 written and read back").await;
    check(Some(true), "not stored").await;
    check(Some(false), "not stored").await;
}

#[tokio::test]
async fn what_was_there_before_goes_back_with_switches_that_are_said() {
    let check = async |before: Value, switches: (u8, u8), said: &str| {
        let double = Double::new();
        double.holds(READ, before.clone());
        let mut site = site(&double, Some(Store::Periodic), OnExit::Restore);
        site.survey_schedule().await.unwrap();
        site.put(Schedule::Windows(night()), "test").await.unwrap();
        double.calls();
        let word = site.leave().await.unwrap();
        assert!(word.starts_with("on exit: restore: 1 written and read back; whether"), "{word}");
        assert!(word.ends_with(said), "{word}");
        let sent = double.sent();
        let found = (&sent[0]["gridChargeCycle"], &sent[0]["ctrDisCycle"]);
        assert_eq!(found, (&json!(switches.0), &json!(switches.1)), "{before}");
    };
    check(fillers(), (0, 0), "both switches are off").await;
    check(noon(), (1, 0), "their switches are on").await;
}

#[tokio::test]
async fn a_store_beside_the_recorded_one_is_never_written() {
    let double = Double::new();
    let mut site = site(&double, None, OnExit::Keep);
    site.journal().keep_original("demo", &Schedule::Windows(night()), now()).unwrap();
    assert_eq!(site.survey_schedule().await.unwrap().store(), Store::TwoWindow, "both answer");
    double.calls();
    let mut wanted = TwoWindow::NEUTRAL;
    wanted.discharge.floor = 30;
    site.put(Schedule::TwoWindow(wanted), "test").await.unwrap();
    assert_eq!(double.sent(), Vec::<Value>::new());
    let alarms = site.journal().alarms("demo").unwrap();
    assert!(alarms[0].text.contains("written through its periodic store"), "{}", alarms[0].text);
    assert!(alarms[0].text.contains("the device answered through the two-window store"), "{}", alarms[0].text);
    assert!(alarms[0].text.contains("`offpeak restore`"), "{}", alarms[0].text);
    assert_eq!(alarms.len(), 1);
}

#[test]
fn a_policy_against_the_record_reaches_no_device() {
    let way = |recorded| {
        let clock = Arc::new(VirtualClock::at(now()));
        Way { clock, memory: None, recorded, impatient: true, links: Links::default() }
    };
    let check = |policy: &Policy, recorded: Store| {
        for hand in
            [runner::reading(policy, way(Some(recorded)), None), runner::writing(policy, way(Some(recorded)), None)]
        {
            let Err(ConnectError::Store(conflict)) = hand else { panic!("a conflict") };
            assert_eq!(conflict.recorded, recorded);
        }
    };
    check(&home(Some(Store::TwoWindow)), Store::Periodic);
    check(&home(Some(Store::Periodic)), Store::TwoWindow);
    let simulated = Policy { device: policy::load("home.yaml", HOME).policy.unwrap().device, ..home(None) };
    check(&simulated, Store::Periodic);
}

#[test]
fn the_record_outlives_the_process_and_ends_with_a_release() {
    let folder = tempfile::tempdir().unwrap();
    let two_window = Schedule::TwoWindow(TwoWindow::NEUTRAL);
    let journal = Journal::open(folder.path()).unwrap();
    assert_eq!(journal.store("home").unwrap(), None);
    assert!(journal.keep_original("home", &two_window, now()).unwrap());
    journal.prove("home", &two_window.contents()[0], now()).unwrap();
    drop(journal);
    let journal = Journal::open(folder.path()).unwrap();
    assert_eq!(journal.store("home").unwrap(), Some(Store::TwoWindow));
    journal.release_store("home", now()).unwrap();
    assert_eq!(journal.store("home").unwrap(), None);
    assert_eq!(journal.original("home").unwrap().unwrap().0, two_window, "still known, and still the same store's");

    assert!(!journal.keep_original("home", &two_window, now()).unwrap(), "the same store again");
    assert_eq!(journal.store("home").unwrap(), Some(Store::TwoWindow));
    journal.release_store("home", now()).unwrap();
    assert!(journal.keep_original("home", &Schedule::Windows(night()), now()).unwrap(), "another store begins anew");
    assert_eq!(journal.original("home").unwrap().unwrap().0, Schedule::Windows(night()));
    assert_eq!(journal.proven("home", Object::Charge).unwrap(), None);
    assert_eq!(journal.store("home").unwrap(), Some(Store::Periodic));
    journal.set_note("home", "store", "\u{1b}[2J", now()).unwrap();
    assert!(journal.store("home").is_err(), "what is no store is not taken for none");
}

#[test]
fn before_stores_were_recorded_the_original_tells_which() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    journal.keep_original("home", &Schedule::TwoWindow(TwoWindow::NEUTRAL), now()).unwrap();
    drop(journal);
    let bare = rusqlite::Connection::open(folder.path().join("journal.db")).unwrap();
    assert_eq!(bare.execute("DELETE FROM notes WHERE key = 'store'", []).unwrap(), 1);
    drop(bare);
    let journal = Journal::open(folder.path()).unwrap();
    assert_eq!(journal.store("home").unwrap(), Some(Store::TwoWindow));
    let recorded = runner::as_recorded(&Policy { site: "home".to_owned(), ..home(Some(Store::Periodic)) }, &journal);
    assert_eq!(recorded.unwrap().device.kind, DeviceKind::AlphaEss { store: Some(Store::TwoWindow) });
}

#[test]
fn p8_a_write_of_switches_alone_is_proved_by_a_yes_and_by_no_reading() {
    let off = WindowList { charge: Flag::Off, ..night() };
    let unread = Settings::Windows(WindowList { charge: Flag::Unread, restricted: Flag::Unread, ..night() });
    let words = |commands: &[Command]| {
        let word = |command: &Command| match command {
            Command::RecordIntent(_) => "intend".to_owned(),
            Command::Send(_) => "send".to_owned(),
            Command::ReadBack(_) => "read".to_owned(),
            Command::Record { outcome, .. } => outcome.words().to_owned(),
            Command::Prove(proof) => format!("proved {}", proof.settings()),
            Command::Done(end) => format!("{end:?}"),
            other => format!("{other:?}").split(['(', ' ']).next().unwrap_or_default().to_owned(),
        };
        commands.iter().map(word).collect::<Vec<_>>().join(", ")
    };
    let course = |before: WindowList, asked: WindowList, events: &[(Event, &str)]| {
        let steps = vec![Step { settings: Settings::Windows(asked), kind: WriteKind::Withdrawal }];
        let sequence = Sequence { id: 1, reason: String::new(), before: Schedule::Windows(before), steps };
        let (mut machine, _) = Machine::begin(sequence, Duration::from_secs(600), now());
        for (event, expect) in events {
            assert_eq!(words(&machine.on(event.clone())), *expect, "{event:?}");
        }
    };
    let read = || Event::ReadBackReply(Some(unread));
    let reply = Event::SendReply;
    let proved = format!("stored, proved {off}, Done(Stored)").replace("Done(Stored)", "Stored");
    let accepted =
        [(Event::IntentDurable, "send"), (reply(SendReply::Accepted), "accepted, read"), (read(), proved.as_str())];
    course(night(), off, &accepted);
    let WindowList { charge, restricted, .. } =
        WindowList { charge: Flag::Unread, ..WindowList::empty(Store::Periodic) };
    let unknown_before = WindowList { charge, restricted, ..night() };
    let lost = [
        (Event::IntentDurable, "send"),
        (reply(SendReply::Unknown), "outcome unknown, read"),
        (read(), "AwaitNextTick"),
        (Event::Tick(now()), "read"),
        (read(), "not stored, intend"),
        (Event::IntentDurable, "send"),
        (reply(SendReply::Accepted), "accepted, read"),
        (read(), proved.as_str()),
    ];
    course(night(), off, &lost);
    course(unknown_before, off, &lost);
    // Where the windows change as well, reading tells.
    let told = [lost[0].clone(), lost[1].clone(), (read(), proved.as_str())];
    course(WindowList::empty(Store::Periodic), off, &told);
}

#[test]
fn p13_drift_of_a_list_is_a_difference_that_can_be_read() {
    let proven = Settings::Windows(night());
    let unread = |list: WindowList| WindowList { charge: Flag::Unread, restricted: Flag::Unread, ..list };
    let mut earlier = night();
    earlier.charge_windows[0] = window("00:00", "05:00", 90, 5000);
    let mut weaker = night();
    weaker.charge_windows[0] = window("00:00", "05:30", 90, 3000);
    let mut split = night();
    split.charge_windows[0] = window("00:00", "02:00", 90, 5000);
    split.charge_windows.push(window("02:00", "05:30", 90, 5000));
    let check = |read: WindowList, drifts: bool| {
        let Schedule::Windows(read) = Schedule::Windows(unread(read)).recalling(Some(&proven)) else {
            panic!("a list")
        };
        let found = drift(Some(&proven), &[], &Settings::Windows(read));
        assert_eq!(found.is_some(), drifts, "{read}");
        assert_eq!(read.is_unread(), drifts, "{read}");
    };
    check(night(), false);
    check(split, false);
    check(earlier, true);
    check(weaker, true);
    check(WindowList::empty(Store::Periodic), true);
}

#[test]
fn p13_windows_added_where_ours_are_switched_off_are_drift() {
    let ours =
        WindowList { charge: Flag::Off, charge_windows: WindowList::empty(Store::Periodic).charge_windows, ..night() };
    let check = |proven: WindowList, read: WindowList, drifts: bool| {
        let proven = Settings::Windows(proven);
        let unread = WindowList { charge: Flag::Unread, restricted: Flag::Unread, ..read };
        let Schedule::Windows(read) = Schedule::Windows(unread).recalling(Some(&proven)) else { panic!("a list") };
        assert_eq!(drift(Some(&proven), &[], &Settings::Windows(read)).is_some(), drifts, "{proven:?} {read}");
        assert_eq!(read.is_unread(), drifts, "whoever added them may have switched them on");
    };
    check(ours, ours, false);
    check(ours, night(), true);
    let unrestricted = WindowList { restricted: Flag::Off, permissions: ours.charge_windows, ..night() };
    check(unrestricted, unrestricted, false);
    let mut permitted = unrestricted;
    permitted.permissions.push(window("17:00", "21:00", 10, 5000));
    check(unrestricted, permitted, true);
    let switched_off = WindowList { charge: Flag::Off, ..night() };
    check(switched_off, night(), false);
}
