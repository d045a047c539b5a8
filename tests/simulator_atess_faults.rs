//! Every fault of the simulated ATESS cloud by its name: what a client and the device see of it. And the table of the
//! documentation keeps step.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod atess_client;

use std::collections::BTreeSet;
use std::io::BufRead;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use atess_client::{Bench, SERIAL, code, headers, instant, message, number};
use offpeak::clock::{Clock, VirtualClock};
use offpeak::simulator::atess::{Cloud, CloudOptions, Fault, FaultPlan};
use offpeak::simulator::{Answer, serve_cloud};
use offpeak::vendor::simulated::InProcess;
use offpeak::vendor::transport::{Method, Request, Transport, TransportError};
use serde_json::{Value, json};

const EVENING: &str = "2026-11-20T22:41:00Z";

fn write(bench: &mut Bench, on: u8) -> Answer {
    bench.put(&json!({ "chargeEnable": on, "valleyPeriodTime1": "02:00-05:00" }))
}

/// What a client sees of a fault (a code, `h` and an HTTP status without a code, or nothing): a read of the newest values, a
/// read of the settings, a write, and whether that is stored and applied after six minutes.
fn seen(fault: Fault) -> String {
    let mut bench = Bench::new(EVENING, fault.name());
    let short = |answer: Answer| match code(&answer) {
        _ if answer.lost => "lost".to_owned(),
        Some(code) => code.to_string(),
        None => format!("h{}", answer.status),
    };
    let newest = short(bench.get("hps/data-last-small"));
    let settings = short(bench.get("hps/small-setting"));
    let written = short(write(&mut bench, 1));
    bench.wait(6);
    let yes = |yes: bool| if yes { "yes" } else { "no" };
    let stored = yes(bench.stored()["valleyPeriodTime1"] == "02:00-05:00");
    let applied = yes(bench.plant().settings().valley.first().is_some_and(|period| period.shown() == "02:00-05:00"));
    format!("{newest:>6} {settings:>6} {written:>6} {stored:>3} {applied:>3}")
}

#[test]
fn what_a_client_sees_of_each_fault() {
    let rows: Vec<String> = Fault::ALL.iter().map(|fault| format!("{:<24}{}", fault.name(), seen(*fault))).collect();
    let table = format!("fault                   newest    set  write sto app\n{}\n", rows.join("\n"));
    insta::assert_snapshot!(table);
}

#[test]
fn every_fault_that_has_an_effect_is_counted() {
    let mut all = BTreeSet::new();
    for fault in Fault::ALL {
        let mut bench = Bench::new(EVENING, fault.name());
        for _ in 0..40 {
            bench.wait(4);
            bench.get("hps/data-last-small");
            bench.get("hps/small-setting");
            write(&mut bench, 1);
            write(&mut bench, 0);
        }
        assert!(bench.cloud.met().contains_key(fault.name()), "{fault}: {:?}", bench.cloud.met());
        all.extend(bench.cloud.met().into_keys());
    }
    assert_eq!(all.len(), Fault::ALL.len());
}

#[test]
fn values_come_null_zero_as_strings_and_of_another_type() {
    let newest = |fault: &str| Bench::new(EVENING, fault).newest();
    let null = newest("all-null");
    assert!(null.as_object().expect("an object").values().all(Value::is_null));
    let zeros = newest("zeros");
    assert_eq!((&zeros["vbat"], &zeros["runModel"], &zeros["egridTotal"]), (&json!(0.0), &json!(0), &json!(0.0)));
    assert_eq!(zeros["deviceSn"], SERIAL);
    let strings = newest("numeric-strings");
    assert_eq!((&strings["loadPf"], &strings["runModel"]), (&json!("0.96"), &json!("1")));
    let wrong = newest("mistyped");
    assert!(wrong.as_object().expect("an object").values().all(|value| !value.is_number()));
    let settings = Bench::new(EVENING, "numeric-strings").data("hps/small-setting");
    assert_eq!((&settings["chargeEnable"], &settings["batCapacity"]), (&json!("0"), &json!("10.1")));
}

#[test]
fn fields_are_missing_or_null_others_each_minute() {
    let sound = Bench::new(EVENING, "").newest().as_object().expect("an object").len();
    let gaps = |fault: &str| {
        let mut bench = Bench::new(EVENING, fault);
        let mut names = || -> BTreeSet<String> {
            bench.wait(1);
            let record = bench.newest();
            let record = record.as_object().expect("an object");
            record.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name.clone()).collect()
        };
        (names(), names())
    };
    for fault in ["missing-fields", "null-fields"] {
        let (one, two) = gaps(fault);
        assert!(one != two && (sound / 2..sound * 9 / 10).contains(&one.len()), "{fault}: {} of {sound}", one.len());
    }
}

#[test]
fn the_time_is_missing_or_ahead_and_another_plant_answers() {
    let newest = |fault: &str| Bench::new(EVENING, fault).newest();
    assert_eq!(newest("")["time"], "2026-11-20 22:41:00");
    assert!(newest("time-missing").get("time").is_none());
    assert_eq!(newest("time-in-future")["time"], "2026-11-21 00:41:00");
    let (ours, other) = (newest(""), newest("other-device"));
    assert_ne!(other["deviceSn"], SERIAL);
    assert!(
        number(&other, "vbat") > number(&ours, "vbat")
            && number(&other, "loadActivePower") > 2.0 * number(&ours, "loadActivePower")
    );
    let mut bench = Bench::new(EVENING, "clock-offset");
    bench.wait(1);
    assert_eq!(bench.newest()["time"], "2026-11-20 22:48:00");
}

#[test]
fn frozen_values_repeat_with_and_without_their_time() {
    let after_an_hour = |fault: &str| {
        let mut bench = Bench::new(EVENING, fault);
        bench.wait(10);
        let early = bench.newest();
        bench.wait(60);
        let late = bench.newest();
        (early["time"] == late["time"], early["vbat"] == late["vbat"])
    };
    assert_eq!(after_an_hour(""), (false, false));
    assert_eq!(after_an_hour("frozen"), (true, true));
    assert_eq!(after_an_hour("offline"), (true, true));
    assert_eq!(after_an_hour("frozen-values"), (false, true));
}

#[test]
fn counters_begin_again_once() {
    let mut bench = Bench::new(EVENING, "counter-reset@23:00-23:30");
    bench.wait(18);
    assert!(number(&bench.newest(), "egridTotal") >= 300.0);
    bench.wait(10);
    let reset = bench.newest();
    assert!(number(&reset, "egridTotal") < 10.0 && number(&reset, "eloadToday") < 10.0);
    bench.wait(20);
    assert!(number(&bench.newest(), "eloadTotal") > number(&reset, "eloadTotal"), "and they count on");
    assert_eq!(bench.cloud.met()["counter-reset"], 1);
}

#[test]
fn a_token_expires_until_it_is_renewed() {
    let mut bench = Bench::new(EVENING, "expired-token@23:00-23:10");
    assert_eq!(code(&bench.get("hps/small-setting")), Some(200));
    bench.wait(20);
    assert_eq!(code(&bench.get("hps/small-setting")), Some(403));
    bench.wait(60);
    assert_eq!(code(&bench.get("hps/small-setting")), Some(403), "the fault is over, the token is not renewed");
    let token = bench.cloud.renew_token().to_owned();
    assert_eq!(code(&bench.get("hps/small-setting")), Some(403), "the old one stays refused");
    bench.headers = headers(&token);
    assert_eq!(code(&bench.get("hps/small-setting")), Some(200));
}

#[test]
fn limits_let_the_first_request_pass() {
    let mut bench = Bench::new(EVENING, "write-limit-10min");
    assert_eq!(code(&write(&mut bench, 1)), Some(200));
    let refused = write(&mut bench, 0);
    assert_eq!((code(&refused), message(&refused).contains("too frequent")), (Some(500), true));
    bench.wait(10);
    assert_eq!(code(&write(&mut bench, 0)), Some(200));
    let mut bench = Bench::new(EVENING, "read-limit-5min");
    assert_eq!(code(&bench.get("hps/small-setting")), Some(200));
    bench.wait(4);
    assert_eq!(code(&bench.get("hps/small-setting")), Some(500));
    bench.wait(1);
    assert_eq!(code(&bench.get("hps/small-setting")), Some(200));
}

#[test]
fn bodies_are_torn_enormous_foreign_bare_and_mistyped() {
    let body = |fault: &str| Bench::new(EVENING, fault).get("hps/small-setting").body;
    let whole = body("");
    assert!(
        whole.starts_with(body("truncated").as_str()) && serde_json::from_str::<Value>(&body("truncated")).is_err()
    );
    assert!(body("enormous").len() > 5 * 1024 * 1024);
    let foreign: Value = serde_json::from_str(&body("other-vendor")).expect("JSON");
    assert!(foreign.get("code").is_none() && foreign.get("data").is_none());
    let bare: Value = serde_json::from_str(&body("bare-body")).expect("JSON");
    assert_eq!(bare, json!({ "code": 200, "msg": "operate successfully" }));
    let text: Value = serde_json::from_str(&body("code-as-text")).expect("JSON");
    assert_eq!(text["code"], "200");
    assert_eq!(message(&Bench::new(EVENING, "localised").get("hps/small-setting")), "操作成功");
}

#[test]
fn the_history_has_gaps_and_duplicates() {
    let times = |fault: &str| {
        let mut bench = Bench::new("2026-11-20T12:00:00Z", fault);
        bench.wait(8 * 60);
        let path = "hps/data-list?startDate=2026-11-20%2000:00:00&endDate=2026-11-20%2023:59:59&pageSize=100";
        let (one, two) = (bench.data(path), bench.data(&format!("{path}&pageNo=2")));
        let items = [one, two].map(|page| page["datas"].as_array().expect("a list").clone()).concat();
        let unique: BTreeSet<String> = items.iter().map(|item| item["time"].to_string()).collect();
        (items.len(), unique.len())
    };
    let (all, unique) = times("");
    assert!(all == unique && (96..=98).contains(&all), "{all}");
    let (gaps, unique) = times("history-gaps");
    assert!(gaps == unique && (30..65).contains(&gaps), "{gaps}");
    let (twins, unique) = times("history-duplicates");
    assert!((96..=98).contains(&unique) && twins == 2 * unique - 1, "{twins} {unique}");
}

#[test]
fn writes_are_applied_late_by_halves_or_never() {
    let after = |fault: &str, minutes: i64| {
        let mut bench = Bench::new(EVENING, fault);
        write(&mut bench, 1);
        bench.wait(minutes);
        bench.plant().settings().charge_enable
    };
    assert_eq!([after("slow-apply", 5), after("slow-apply", 13)], [false, true]);
    assert_eq!([after("never-applied", 60), after("offline", 60)], [false, false]);
    let mut bench = Bench::new(EVENING, "half-applied");
    write(&mut bench, 1);
    write(&mut bench, 0);
    bench.wait(10);
    assert_eq!((&bench.stored()["chargeEnable"], bench.plant().settings().charge_enable), (&json!(0), true));
}

#[test]
fn someone_else_edits_between_a_read_and_a_write() {
    let mut bench = Bench::new(EVENING, "foreign-edit");
    assert_eq!(
        bench.data("hps/small-setting")["valleyPeriodTime1"],
        "00:00-00:00",
        "what was read is what stood there"
    );
    let edited = bench.stored();
    assert_eq!((&edited["valleyPeriodTime1"], &edited["chargeEnable"]), (&json!("12:00-13:30"), &json!(1)));
    assert_eq!(bench.data("hps/small-setting")["valleyPeriodTime1"], "12:00-13:30");
    assert_eq!(bench.stored(), edited, "and not again within two hours");
}

#[test]
fn bursts_by_seed_fill_their_share_of_time() {
    let mut bench = Bench::new(EVENING, "30%");
    let mut met = 0;
    for _ in 0..2000 {
        bench.wait(30);
        bench.get("hps/data-last-small");
        met += usize::from(!bench.cloud.log().back().expect("an entry").faults.is_empty());
    }
    assert!((200..600).contains(&met), "{met} of 2000");
    assert!(
        bench.cloud.met().len() > 25 && !bench.cloud.met().contains_key("expired-token"),
        "{:?}",
        bench.cloud.met()
    );
}

#[tokio::test]
async fn the_line_within_the_process_times_out_and_refuses_what_is_too_large() {
    let send = |faults: &str, method: Method| {
        let bench = Bench::new(EVENING, faults);
        let body = (method == Method::Put).then(|| {
            let mut settings = bench.stored();
            settings.insert("chargeEnable".to_owned(), json!(1));
            Value::Object(settings).to_string()
        });
        let (cloud, headers) = (Arc::new(Mutex::new(bench.cloud)), bench.headers);
        async move {
            let clock = VirtualClock::at(instant(EVENING));
            let line = InProcess::new(Arc::clone(&cloud), Arc::new(clock.clone()));
            let path = format!("hps/small-setting?deviceSn={SERIAL}");
            let result = line.send(Request { method, path, headers, body }).await;
            let stored = cloud.lock().expect("the cloud").stored(SERIAL).expect("a plant")["chargeEnable"].clone();
            (result, (clock.now() - instant(EVENING)).to_std().expect("forward"), stored)
        }
    };
    let (reply, took, _) = send("", Method::Get).await;
    assert_eq!(reply.expect("a reply").status, 200);
    assert!(took >= Duration::from_millis(80) && took <= Duration::from_millis(400), "{took:?}");
    let timed_out = TransportError::TimedOut { seconds: 30 };
    for (fault, expect) in [("timeout", 0), ("lost-reply", 1)] {
        let (reply, took, stored) = send(fault, Method::Put).await;
        assert_eq!((reply, took, stored), (Err(timed_out.clone()), Duration::from_secs(30), json!(expect)), "{fault}");
    }
    assert_eq!(send("enormous", Method::Get).await.0, Err(TransportError::TooLarge));
}

#[tokio::test]
async fn it_is_served_over_http_with_its_controls() {
    let cloud = Cloud::with_past(CloudOptions::default(), instant(EVENING), 2);
    let serving = serve_cloud(cloud, 0, 0.0, instant(EVENING)).await.expect("a port");
    assert!(serving.url.ends_with("/api/v1"), "{}", serving.url);
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().expect("a client");
    let newest = |token: String| {
        let request = client.get(format!("{}/hps/data-last-small?deviceSn={SERIAL}", serving.url));
        let request = request.header("Authorization", token).header("Accept-Language", "en");
        async move {
            let text = request.send().await.expect("a reply").text().await.expect("a body");
            serde_json::from_str::<Value>(&text).expect("JSON")
        }
    };
    let control = |post: bool, path: &str, body: &str| {
        let url = format!("{}/sim/{path}", serving.clock_url);
        let request = if post { client.post(url).body(body.to_owned()) } else { client.get(url) };
        async move {
            let reply = request.send().await.expect("a reply");
            let status = reply.status().as_u16();
            (status, serde_json::from_str(&reply.text().await.expect("a body")).unwrap_or(Value::Null))
        }
    };
    assert_eq!(newest("atess-simulated-token".into()).await["data"]["time"], "2026-11-20 22:40:00");
    assert_eq!(control(true, "schedule", r#"{"valleyPeriodTime2":"01:00-02:00"}"#).await.0, 200);
    assert_eq!(control(true, "soc?percent=71", "").await.0, 200);
    control(true, "advance?seconds=600", "").await;
    let state = control(false, "state", "").await.1;
    assert_eq!(state["plants"][0]["stored"]["valleyPeriodTime2"], "01:00-02:00");
    assert_eq!(state["plants"][0]["device"]["valley"][1], json!({ "from": 60, "to": 120 }));
    assert_eq!(control(true, "fault?name=expired-token&minutes=1", "").await.0, 200);
    assert_eq!(newest("atess-simulated-token".into()).await["code"], 403);
    let token = control(true, "token", "").await.1["token"].as_str().expect("a token").to_owned();
    assert!(newest(token).await["data"].is_object());
    for (post, path, status) in [
        (true, "fault?name=clock-skew&minutes=5", 400),
        (true, "schedule", 400),
        (true, "soc?percent=101", 400),
        (false, "token", 405),
        (false, "nothing", 404),
    ] {
        assert_eq!(control(post, path, "").await.0, status, "{path}");
    }
    assert_eq!(control(true, "schedule", r#"{"batteries":1}"#).await.0, 400);
    let cloud = serving.stop().await;
    assert!(cloud.lock().expect("the cloud").log().len() >= 3);
}

#[tokio::test]
async fn the_verb_prints_what_a_client_needs() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_offpeak"));
    command.args(["simulate", "--vendor", "atess", "--port", "0", "--speed", "0", "--faults", "time-missing"]);
    command.args(["--token", "my-token", "--start", EVENING]).stdout(std::process::Stdio::piped());
    let mut served = Beside(command.spawn().expect("the program"));
    let mut lines = std::io::BufReader::new(served.0.stdout.take().expect("its output")).lines();
    let mut after = |mark: &str| {
        let found = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once(mark).map(|(_, rest)| rest.to_owned()));
        found.unwrap_or_else(|| panic!("no line with `{mark}`"))
    };
    assert_eq!(after("export OFFPEAK_ATESS_TOKEN="), "my-token");
    assert_eq!((after("driver: ").as_str(), after("serial: ").as_str()), ("atess", SERIAL));
    let url = after("url: ");
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().expect("a client");
    let request = client.get(format!("{url}/hps/data-last-small?deviceSn={SERIAL}"));
    let reply =
        request.header("Authorization", "my-token").header("Accept-Language", "en").send().await.expect("a reply");
    let record: Value = serde_json::from_str(&reply.text().await.expect("a body")).expect("JSON");
    assert!(record["data"]["vbat"].is_number() && record["data"].get("time").is_none(), "{record}");
}

/// A program that ends with its test.
struct Beside(std::process::Child);

impl Drop for Beside {
    fn drop(&mut self) {
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

#[test]
fn a_wrong_list_of_faults_is_refused_with_its_item() {
    let check = |text: &str, expect: &str| {
        let error = FaultPlan::parse(text, 1).expect_err(text);
        assert!(error.contains(expect), "{text}: {error}");
    };
    check("clock-skew", "no fault of the ATESS cloud is called `clock-skew`");
    check("zeros@noon", "`noon` is neither");
    check("zeros%150", "no percentage");
}

#[test]
fn the_documentation_lists_every_fault() {
    let page = include_str!("../docs/simulator.md");
    let (_, page) = page.split_once("## The ATESS cloud").expect("its part of the page");
    let rows: Vec<&str> =
        page.lines().filter(|line| line.starts_with("| `") && line.matches('|').count() == 4).collect();
    let row = |fault: &Fault| format!("| `{}` | {} | {} |", fault.name(), by_seed(*fault), fault.says());
    let expect: Vec<String> = Fault::ALL.iter().map(row).collect();
    assert_eq!(rows, expect);
}

fn by_seed(fault: Fault) -> &'static str {
    use offpeak::simulator::FaultKind;
    if FaultKind::burst(fault).is_some() { "yes" } else { "no" }
}
