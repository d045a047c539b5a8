//! The served simulator over a real loopback socket: the vendor's API, the controls of tests, and the accelerated clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod simulator_client;

use std::time::{Duration, Instant};

use offpeak::clock::Clock;
use offpeak::clock_remote::RemoteClock;
use offpeak::simulator::{CloudOptions, FaultPlan, Running, ServeOptions, serve};
use serde_json::{Value, json};
use simulator_client::{SERIAL, charge_body, headers, instant};

const START: &str = "2026-11-20T20:41:00Z";

/// A served cloud and a client that signs by the cloud's own clock.
struct Line {
    running: Running,
    client: reqwest::Client,
}

impl Line {
    async fn open(speed: f64, faults: &str) -> Line {
        let faults = FaultPlan::parse(faults, 1).expect("a list of faults");
        let cloud = CloudOptions { faults, ..CloudOptions::default() };
        let options = ServeOptions { port: 0, speed, start: instant(START), past_hours: 2, cloud };
        let running = serve(options).await.expect("a port");
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().expect("a client");
        Line { running, client }
    }

    async fn control(&self, post: bool, path: &str, body: &str) -> (u16, Value) {
        let url = format!("{}/sim/{path}", self.running.clock_url);
        let request = if post { self.client.post(url).body(body.to_owned()) } else { self.client.get(url) };
        let reply = request.send().await.expect("a reply");
        let status = reply.status().as_u16();
        let text = reply.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    async fn now(&self) -> chrono::DateTime<chrono::Utc> {
        let (_, clock) = self.control(false, "clock", "").await;
        instant(clock["now"].as_str().expect("an instant"))
    }

    async fn vendor(&self, path: &str, body: Option<Value>) -> Result<(u16, Value), reqwest::Error> {
        let url = format!("{}/{path}", self.running.url);
        let signed = headers(&self.running.app_id, &self.running.app_secret, self.now().await);
        let request = match body {
            Some(body) => self.client.post(url).body(body.to_string()),
            None => self.client.get(url),
        };
        let request = signed.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let reply = request.send().await?;
        let status = reply.status().as_u16();
        let text = reply.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }
}

#[tokio::test]
async fn the_api_is_served_and_a_write_reaches_the_device_as_time_moves_on() {
    let line = Line::open(0.0, "").await;
    let (status, list) = line.vendor("getEssList", None).await.expect("a reply");
    assert_eq!((status, list["data"][0]["sysSn"].as_str()), (200, Some(SERIAL)));
    assert_eq!(line.running.serials, [SERIAL]);
    let (_, power) = line.vendor(&format!("getLastPowerData?sysSn={SERIAL}"), None).await.expect("a reply");
    assert!(power["data"]["soc"].is_number(), "{power}");
    let history = format!("getOneDayPowerBySn?sysSn={SERIAL}&queryDate=2026-11-20");
    let (_, history) = line.vendor(&history, None).await.expect("a reply");
    assert!(history["data"].as_array().expect("a list").len() > 20, "two hours of past");

    let body = charge_body(("23:30", "00:00"), 90);
    let (_, written) = line.vendor("updateChargeConfigInfo", Some(body)).await.expect("a reply");
    assert_eq!(written["code"], 200);
    let caps = |state: &Value| {
        let system = &state["systems"][0];
        (system["stored"]["batHighCap"].as_u64(), system["device"]["batHighCap"].as_u64())
    };
    assert_eq!(caps(&line.control(false, "state", "").await.1), (Some(90), Some(100)));
    assert_eq!(line.control(true, "advance?seconds=360", "").await.1["now"], "2026-11-20T20:47:00.000Z");
    assert_eq!(caps(&line.control(false, "state", "").await.1), (Some(90), Some(90)));
    let (_, log) = line.control(false, "log", "").await;
    assert!(log.as_str().expect("lines").contains(r#""stored":true"#));
    line.running.stop().await;
}

#[tokio::test]
async fn tests_can_break_it_and_edit_behind_its_back() {
    let line = Line::open(0.0, "").await;
    assert_eq!(line.control(true, "fault?name=bad-gateway&minutes=5", "").await.0, 200);
    assert_eq!(line.vendor("getEssList", None).await.expect("a reply").0, 502);
    line.control(true, "advance?seconds=301", "").await;
    assert_eq!(line.vendor("getEssList", None).await.expect("a reply").0, 200);
    assert_eq!(line.control(true, "schedule", r#"{"batUseCap":33}"#).await.0, 200);
    line.control(true, "soc?percent=71", "").await;
    let (_, state) = line.control(false, "state", "").await;
    assert_eq!(state["systems"][0]["stored"]["batUseCap"], 33);
    assert_eq!(state["systems"][0]["soc"], 71.0);
    assert_eq!(state["met"], json!({ "bad-gateway": 1 }));
    for (post, path, status) in [
        (true, "fault?name=bad-weather&minutes=5", 400),
        (true, "fault?name=zeros", 400),
        (true, "advance?seconds=-1", 400),
        (true, "advance?seconds=inf", 400),
        (true, "soc?percent=101", 400),
        (true, "schedule", 400),
        (false, "advance?seconds=1", 405),
        (true, "clock", 405),
        (false, "nothing", 404),
    ] {
        assert_eq!(line.control(post, path, "").await.0, status, "{path}");
    }
}

#[tokio::test]
async fn a_lost_reply_closes_the_connection_and_is_sent_once() {
    let line = Line::open(0.0, "lost-reply").await;
    let lost = line.vendor("updateChargeConfigInfo", Some(charge_body(("23:30", "00:00"), 90))).await;
    assert!(lost.expect_err("no reply").is_request());
    let (_, read) = line.vendor(&format!("getChargeConfigInfo?sysSn={SERIAL}"), None).await.expect("a reply");
    assert_eq!(read["data"]["batHighCap"], 90.0);
    let cloud = line.running.stop().await;
    let cloud = cloud.lock().expect("the cloud");
    assert_eq!(cloud.log().iter().filter(|entry| entry.stored).count(), 1);
}

#[tokio::test]
async fn a_body_without_bound_is_refused() {
    let line = Line::open(0.0, "").await;
    let url = format!("{}/updateChargeConfigInfo", line.running.url);
    let reply = line.client.post(url).body(vec![b' '; 65 * 1024]).send().await.expect("a reply");
    assert_eq!(reply.status().as_u16(), 413);
}

#[tokio::test]
async fn a_fast_clock_is_followed_and_a_sleep_takes_its_share_of_real_time() {
    let line = Line::open(60.0, "").await;
    let clock = RemoteClock::connect(&line.running.url).await.expect("a clock");
    let (before, real) = (clock.now(), Instant::now());
    clock.sleep(Duration::from_secs(6)).await;
    assert!(clock.now() >= before + chrono::Duration::seconds(6));
    assert!(real.elapsed() >= Duration::from_millis(90), "{:?}", real.elapsed());
    let apart = (line.now().await - clock.now()).num_seconds().abs();
    assert!(apart < 300, "{apart} s apart at 60 times real time");
}

#[tokio::test]
async fn a_clock_that_stands_still_is_waited_for() {
    let line = Line::open(0.0, "").await;
    let clock = RemoteClock::connect(&line.running.clock_url).await.expect("a clock");
    assert_eq!(clock.now(), instant(START));
    let moved = async {
        line.control(true, "advance?seconds=599", "").await;
        line.control(true, "advance?seconds=1", "").await;
    };
    tokio::join!(clock.sleep(Duration::from_secs(600)), moved);
    assert_eq!(clock.now(), instant("2026-11-20T20:51:00Z"));
}

#[tokio::test]
async fn where_no_simulator_answers_there_is_no_clock() {
    let line = Line::open(0.0, "").await;
    let url = line.running.clock_url.clone();
    line.running.stop().await;
    assert!(RemoteClock::connect(&url).await.expect_err("nobody there").contains("no simulator's clock"));
}

#[tokio::test]
async fn the_periodic_store_and_its_region_are_within_reach_of_a_test() {
    let line = Line::open(0.0, "").await;
    let told = async || line.control(false, "state", "").await.1["systems"][0]["periodic"].clone();
    assert!(told().await.is_null(), "the usual system knows nothing of it");
    let read = format!("getTimeChargeBySn?sysSn={SERIAL}");
    assert_eq!(line.vendor(&read, None).await.expect("a reply").1["code"], 6017);
    assert_eq!(line.control(true, "region?name=periodic", "").await.0, 200);
    assert_eq!(line.vendor(&read, None).await.expect("a reply").1["code"], 200);
    let night = r#"{"gridChargeCycle":1,"chargeTimeList":[{"beginTime":"00:00","endTime":"05:30","chargePower":3000,"chargeLimit":90}]}"#;
    assert_eq!(line.control(true, "periodic", night).await, (200, json!({})));
    let lists = |state: &Value| {
        let list = |holder: &str| state[holder]["chargeTimeList"].as_array().expect("a list").len();
        (list("stored"), list("device"))
    };
    assert_eq!(lists(&told().await), (1, 0));
    line.control(true, "advance?seconds=360", "").await;
    let now = told().await;
    assert_eq!((lists(&now), now["region"].as_str()), ((1, 1), Some("periodic")));
    assert_eq!(now["device"]["gridChargeCycle"], 1, "the truth has the switches");
    for (path, body, reason) in [
        ("region?name=north", "", "no region is called `north`"),
        ("region", "", "`name` says which region"),
        ("periodic", "[]", "a JSON object"),
        ("periodic", "{", "not JSON"),
        ("periodic", r#"{"chargeTimeList":[{}]}"#, "beginTime"),
        ("periodic", r#"{"sysSn":"AL0000"}"#, "no system `AL0000`"),
    ] {
        let (status, told) = line.control(true, path, body).await;
        assert!(status == 400 && told.as_str().is_some_and(|told| told.contains(reason)), "{path} {body}: {told}");
    }
    for path in ["periodic", "region?name=both"] {
        assert_eq!(line.control(false, path, "").await.0, 405);
    }
    line.running.stop().await;
}
