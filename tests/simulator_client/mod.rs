//! A client of the simulated cloud, written apart from the driver and from the cloud itself.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::time::Duration;

use chrono::{DateTime, Utc};
use offpeak::simulator::store::{Half, Period, Schedule, Which};
use offpeak::simulator::{Answer, Call, Cloud, CloudOptions, FaultPlan};
use serde_json::{Value, json};
use sha2::{Digest, Sha512};

pub(crate) const SERIAL: &str = "ALS000000000001";

/// A cloud, a client's clock, and the credentials between them.
pub(crate) struct Bench {
    pub(crate) cloud: Cloud,
    pub(crate) now: DateTime<Utc>,
}

/// The headers of a request, signed as the vendor wants it.
pub(crate) fn headers(app_id: &str, secret: &str, now: DateTime<Utc>) -> Vec<(String, String)> {
    let stamp = now.timestamp().to_string();
    let digest = Sha512::digest(format!("{app_id}{secret}{stamp}").as_bytes());
    let sign = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    [
        ("appId", app_id.to_owned()),
        ("timeStamp", stamp),
        ("sign", sign),
        ("Content-Type", "application/json".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

pub(crate) fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// An object with its times in hours and minutes: `half(true, &["23:30-00:00"], 90)`.
pub(crate) fn half(enabled: bool, periods: &[&str], percent: u8) -> Half {
    let minutes = |text: &str| {
        let (hour, minute) = text.split_once(':').expect("a time");
        hour.parse::<u16>().expect("hours") * 60 + minute.parse::<u16>().expect("minutes")
    };
    let period = |index: usize| {
        periods.get(index).map_or(Period::default(), |text| {
            let (from, to) = text.split_once('-').expect("a period");
            Period { from: minutes(from), to: minutes(to) }
        })
    };
    Half { enabled, periods: [period(0), period(1)], percent }
}

/// The body of `updateChargeConfigInfo`.
pub(crate) fn charge_body(window: (&str, &str), cap: u8) -> Value {
    json!({ "sysSn": SERIAL, "gridCharge": 1, "timeChaf1": window.0, "timeChae1": window.1,
            "timeChaf2": "00:00", "timeChae2": "00:00", "batHighCap": cap })
}

/// The body of `updateDisChargeConfigInfo`.
pub(crate) fn discharge_body(window: (&str, &str), floor: u8) -> Value {
    json!({ "sysSn": SERIAL, "ctrDis": 1, "timeDisf1": window.0, "timeDise1": window.1,
            "timeDisf2": "00:00", "timeDise2": "00:00", "batUseCap": floor })
}

impl Bench {
    pub(crate) fn new(start: &str, faults: &str) -> Bench {
        Bench::with(start, faults, |_| {})
    }

    pub(crate) fn with(start: &str, faults: &str, change: impl FnOnce(&mut CloudOptions)) -> Bench {
        let faults = FaultPlan::parse(faults, 1).expect("a list of faults");
        let mut options = CloudOptions { faults, ..CloudOptions::default() };
        change(&mut options);
        Bench { cloud: Cloud::new(options, instant(start)), now: instant(start) }
    }

    pub(crate) fn wait(&mut self, minutes: i64) {
        self.now += chrono::Duration::minutes(minutes);
        self.cloud.advance(self.now);
    }

    pub(crate) fn call(&mut self, method: &str, path: &str, body: Option<String>) -> Answer {
        let headers = headers(self.cloud.app_id(), self.cloud.app_secret(), self.now);
        let call = Call { method: method.to_owned(), path: path.to_owned(), headers, body };
        self.cloud.handle(&call, self.now)
    }

    /// A read of an endpoint of the system, ten seconds after whatever was before.
    pub(crate) fn get(&mut self, endpoint: &str) -> Answer {
        self.now += Duration::from_secs(11);
        let date = self.now.date_naive();
        self.call("GET", &format!("/api/{endpoint}?sysSn={SERIAL}&queryDate={date}"), None)
    }

    pub(crate) fn post(&mut self, endpoint: &str, body: &Value) -> Answer {
        self.call("POST", &format!("/api/{endpoint}"), Some(body.to_string()))
    }

    /// The data of a read that succeeds.
    pub(crate) fn data(&mut self, endpoint: &str) -> Value {
        let answer = self.get(endpoint);
        assert_eq!(code(&answer), Some(200), "{endpoint}: {}", answer.body);
        envelope(&answer)["data"].clone()
    }

    pub(crate) fn stored(&self) -> Schedule {
        self.cloud.stored(SERIAL).expect("a system")
    }

    pub(crate) fn applied(&self) -> Schedule {
        *self.cloud.world(SERIAL).expect("a system").device_copy()
    }

    pub(crate) fn percent(&self, which: Which) -> (u8, u8) {
        (self.stored().half(which).percent, self.applied().half(which).percent)
    }
}

pub(crate) fn envelope(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).expect("JSON")
}

pub(crate) fn code(answer: &Answer) -> Option<u64> {
    serde_json::from_str::<Value>(&answer.body).ok()?["code"].as_u64()
}
