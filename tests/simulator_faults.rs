//! Every fault by its name: what a client and the device see of it. And the table of the documentation keeps step.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod simulator_client;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use offpeak::clock::{Clock, VirtualClock};
use offpeak::simulator::store::Which;
use offpeak::simulator::{Answer, Fault};
use offpeak::vendor::simulated::InProcess;
use offpeak::vendor::transport::{Method, Request, Transport, TransportError};
use serde_json::{Value, json};
use simulator_client::{Bench, SERIAL, charge_body, code, discharge_body, envelope, half, headers, instant};

const EVENING: &str = "2026-11-20T20:41:00Z";

fn write(bench: &mut Bench, cap: u8) -> Answer {
    bench.post("updateChargeConfigInfo", &charge_body(("23:30", "00:00"), cap))
}

/// What a client sees of a fault (a code, `h` and an HTTP status without a code, or nothing): a read of power, a read of the schedule, a write, and whether that is stored and applied
/// after six minutes.
fn seen(fault: Fault) -> String {
    let mut bench = Bench::new(EVENING, fault.name());
    let short = |answer: Answer| match code(&answer) {
        _ if answer.lost => "lost".to_owned(),
        Some(code) => code.to_string(),
        None => format!("h{}", answer.status),
    };
    let power = short(bench.get("getLastPowerData"));
    let config = short(bench.get("getChargeConfigInfo"));
    let written = short(write(&mut bench, 90));
    bench.wait(6);
    let (stored, applied) = bench.percent(Which::Charge);
    let yes = |percent: u8| if percent == 90 { "yes" } else { "no" };
    format!("{power:>5} {config:>5} {written:>5} {:>3} {:>3}", yes(stored), yes(applied))
}

#[test]
fn what_a_client_sees_of_each_fault() {
    let rows: Vec<String> = Fault::ALL.iter().map(|fault| format!("{:<24}{}", fault.name(), seen(*fault))).collect();
    let table = format!("fault                   power   cfg write sto app\n{}\n", rows.join("\n"));
    insta::assert_snapshot!(table);
}

#[test]
fn every_fault_that_has_an_effect_is_counted() {
    let mut all = BTreeSet::new();
    for fault in Fault::ALL {
        let mut bench = Bench::new("2026-07-20T20:41:00Z", fault.name());
        if *fault == Fault::WriteLimitPerAccount {
            bench.cloud.limits_mut().write_seconds = 600;
        }
        for _ in 0..40 {
            bench.wait(5);
            for endpoint in ["getLastPowerData", "getOneDayPowerBySn", "getChargeConfigInfo"] {
                bench.get(endpoint);
            }
            write(&mut bench, 90);
            write(&mut bench, 80);
        }
        all.extend(bench.cloud.met().into_keys());
        assert!(bench.cloud.met().contains_key(fault.name()), "{fault}: {:?}", bench.cloud.met());
    }
    assert_eq!(all.len(), Fault::ALL.len());
}

#[test]
fn power_data_comes_null_zero_and_as_strings() {
    let data = |fault: &str| Bench::new(EVENING, fault).data("getLastPowerData");
    let null = data("all-null");
    assert!(null["ppv"].is_null() && null["soc"].is_null() && null["pgridDetail"]["pmeterL1"].is_null());
    let zeros = data("zeros");
    assert_eq!((&zeros["pload"], &zeros["soc"], &zeros["pbat"]), (&json!(0.0), &json!(0.0), &json!(0.0)));
    let strings = data("numeric-strings");
    assert_eq!(strings["soc"], "40.0");
    let mut bench = Bench::new(EVENING, "soc-zero");
    assert_eq!(bench.data("getLastPowerData")["soc"], 0.0);
    assert_eq!(bench.data("getOneDayPowerBySn")[0]["cbat"], 40.0);
    let mut bench = Bench::new(EVENING, "numeric-strings");
    assert_eq!(bench.data("getOneDayPowerBySn")[0]["cbat"], "40.0");
    let config = bench.data("getChargeConfigInfo");
    assert_eq!((&config["batHighCap"], &config["gridCharge"]), (&json!("100.0"), &json!(0)));
}

#[test]
fn a_frozen_system_repeats_itself_with_and_without_new_uploads() {
    let after_an_hour = |fault: &str| {
        let mut bench = Bench::new(EVENING, fault);
        bench.wait(10);
        let newest = |bench: &mut Bench| bench.data("getOneDayPowerBySn")[0].clone();
        let (power, upload) = (bench.data("getLastPowerData"), newest(&mut bench));
        bench.wait(60);
        let later = newest(&mut bench);
        (
            power == bench.data("getLastPowerData"),
            upload["uploadTime"] == later["uploadTime"],
            upload["load"] == later["load"],
        )
    };
    assert_eq!(after_an_hour(""), (false, false, false));
    assert_eq!(after_an_hour("frozen"), (true, true, true));
    assert_eq!(after_an_hour("frozen-uploads"), (true, false, true));
}

#[test]
fn a_history_has_gaps_and_duplicates() {
    let times = |fault: &str| {
        let mut bench = Bench::new("2026-11-20T12:00:00Z", fault);
        bench.wait(10 * 60);
        let items = bench.data("getOneDayPowerBySn").as_array().expect("a list").clone();
        let unique: BTreeSet<String> = items.iter().map(|item| item["uploadTime"].to_string()).collect();
        (items.len(), unique.len())
    };
    assert_eq!(times(""), (121, 121));
    let (all, unique) = times("history-gaps");
    assert!(all == unique && (40..80).contains(&all), "{all}");
    let (all, unique) = times("history-duplicates");
    assert_eq!((all, unique), (241, 121));
}

#[test]
fn write_limits_let_the_first_write_pass() {
    let check = |fault: &str, minutes: i64, expect: u64| {
        let mut bench = Bench::new(EVENING, fault);
        assert_eq!(code(&write(&mut bench, 90)), Some(200));
        assert_eq!(code(&write(&mut bench, 80)), Some(6053), "{fault}");
        bench.wait(minutes);
        assert_eq!(code(&write(&mut bench, 80)), Some(expect), "{fault} after {minutes} min");
    };
    check("write-limit-30s", 1, 200);
    check("write-limit-10min", 9, 6053);
    check("write-limit-10min", 10, 200);
    check("write-limit-24h", 1439, 6053);
    check("write-limit-24h", 1440, 200);
}

#[test]
fn of_a_pair_of_writes_half_may_reach_the_device() {
    let mut bench = Bench::new(EVENING, "half-applied");
    write(&mut bench, 90);
    bench.post("updateDisChargeConfigInfo", &discharge_body(("07:00", "10:00"), 20));
    bench.wait(10);
    assert_eq!((bench.percent(Which::Charge), bench.percent(Which::Discharge)), ((90, 90), (20, 10)));
}

#[test]
fn a_slow_device_applies_later_than_five_minutes_but_does() {
    let mut bench = Bench::new(EVENING, "slow-apply");
    write(&mut bench, 90);
    bench.wait(5);
    assert_eq!(bench.percent(Which::Charge), (90, 100));
    bench.wait(8);
    assert_eq!(bench.percent(Which::Charge), (90, 90));
}

#[test]
fn someone_else_edits_between_a_read_and_a_write() {
    let mut bench = Bench::new(EVENING, "foreign-edit");
    assert_eq!(bench.data("getChargeConfigInfo")["batHighCap"], 100.0, "what was read is what stood there");
    let edited = bench.stored().charge;
    assert_eq!(edited, half(true, &["12:00-13:30"], 80));
    assert_eq!(bench.data("getChargeConfigInfo")["batHighCap"], 80.0);
    assert_eq!(bench.stored().charge, edited, "and not again within two hours");
    bench.wait(6);
    assert_eq!(bench.applied().charge, edited, "the device follows the edit");
}

#[test]
fn nothing_reaches_a_device_that_is_offline_until_it_is_back() {
    let mut bench = Bench::new("2026-11-20T21:58:00Z", "offline-at-night");
    assert_eq!(code(&write(&mut bench, 90)), Some(200));
    bench.wait(3);
    let stuck = bench.percent(Which::Charge).1 == 100;
    bench.wait(60);
    assert_eq!(code(&bench.get("getLastPowerData")), Some(6042));
    assert_eq!(bench.percent(Which::Charge).1 == 100, stuck);
    bench.wait(8 * 60);
    assert_eq!(code(&bench.get("getLastPowerData")), Some(200));
    assert_eq!(bench.percent(Which::Charge), (90, 90));
}

#[test]
fn the_devices_clock_may_be_fast_or_know_no_summer_time() {
    let check = |fault: &str, utc: &str, expect: &str| {
        let mut bench = Bench::with(&format!("2026-07-20T{utc}:00Z"), fault, |options| {
            options.systems[0].schedule.charge = half(true, &["02:00-05:00"], 90);
            options.systems[0].house.ev_evenings = 0.0;
        });
        bench.wait(2);
        let flows = bench.cloud.world(SERIAL).expect("a system").flows();
        assert_eq!(if flows.battery < 0.0 { "charges" } else { "does not" }, expect, "{fault} at {utc} UTC");
    };
    check("", "00:55", "does not");
    check("", "01:01", "charges");
    check("device-clock-offset", "00:55", "charges");
    check("device-clock-winter", "01:01", "does not");
    check("device-clock-winter", "02:01", "charges");
    let mut bench = Bench::new("2026-07-20T12:00:00Z", "device-clock-offset");
    bench.wait(10);
    let newest = bench.data("getOneDayPowerBySn")[0]["uploadTime"].as_str().expect("a time").to_owned();
    assert!(newest.as_str() >= "2026-07-20 13:12", "uploadTime follows the device's clock: {newest}");
}

#[test]
fn bodies_come_bare_cut_and_in_chinese() {
    let mut bench = Bench::new(EVENING, "bare-body");
    assert_eq!(envelope(&bench.get("getLastPowerData")), json!({ "code": 200, "msg": "Success" }));
    let mut bench = Bench::new(EVENING, "localised");
    assert_eq!(envelope(&bench.get("getLastPowerData"))["msg"], "操作成功");
    let mut bench = Bench::new(EVENING, "truncated");
    assert!(serde_json::from_str::<Value>(&bench.get("getLastPowerData").body).is_err());
    let mut bench = Bench::new(EVENING, "");
    let keys = envelope(&bench.get("getLastPowerData"));
    let keys: Vec<&String> = keys.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["code", "msg", "expMsg", "data", "extra"]);
}

#[tokio::test]
async fn within_the_process_replies_take_virtual_time_and_lost_ones_time_out() {
    let send = |faults: &str, path: &'static str, body: Option<Value>| {
        let bench = Bench::new(EVENING, faults);
        let (id, secret) = (bench.cloud.app_id().to_owned(), bench.cloud.app_secret().to_owned());
        let cloud = Arc::new(Mutex::new(bench.cloud));
        async move {
            let clock = VirtualClock::at(instant(EVENING));
            let line = InProcess::new(Arc::clone(&cloud), Arc::new(clock.clone()));
            let method = if body.is_some() { Method::Post } else { Method::Get };
            let body = body.map(|body| body.to_string());
            let request = Request { method, path: path.into(), headers: headers(&id, &secret, clock.now()), body };
            let result = line.send(request).await;
            let stored = cloud.lock().expect("the cloud").stored(SERIAL).expect("a system").charge.percent;
            (result, (clock.now() - instant(EVENING)).to_std().expect("forward"), stored)
        }
    };
    let (reply, took, _) = send("", "getEssList", None).await;
    assert_eq!(reply.expect("a reply").status, 200);
    assert!(took >= Duration::from_millis(80) && took <= Duration::from_millis(400), "{took:?}");
    let (reply, took, _) = send("slow-reply", "getEssList", None).await;
    assert_eq!(reply.expect("a reply").status, 200);
    assert!(took >= Duration::from_secs(10) && took < Duration::from_secs(30), "{took:?}");
    let timed_out = TransportError::TimedOut { seconds: 30 };
    let body = charge_body(("23:30", "00:00"), 90);
    for (fault, expect) in [("timeout", 100), ("lost-reply", 90)] {
        let (reply, took, stored) = send(fault, "updateChargeConfigInfo", Some(body.clone())).await;
        assert_eq!((reply, took, stored), (Err(timed_out.clone()), Duration::from_secs(30), expect), "{fault}");
    }
}

#[test]
fn the_documentation_lists_every_fault() {
    let page = include_str!("../docs/simulator.md");
    let rows: Vec<&str> =
        page.lines().filter(|line| line.starts_with("| `") && line.matches('|').count() == 3).collect();
    let expect: Vec<String> =
        Fault::ALL.iter().map(|fault| format!("| `{}` | {} |", fault.name(), fault.says())).collect();
    assert_eq!(rows, expect);
}
