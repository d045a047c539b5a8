//! A client of the simulated ATESS cloud, written apart from any driver and from the cloud itself.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::time::Duration;

use chrono::{DateTime, Utc};
use offpeak::simulator::atess::{Cloud, CloudOptions, FaultPlan, Plant, SuccessCode};
use offpeak::simulator::{Answer, Call};
use serde_json::{Map, Value};

pub(crate) const SERIAL: &str = "ATS000000000001";

/// A cloud, a client's clock, and the headers between them.
pub(crate) struct Bench {
    pub(crate) cloud: Cloud,
    pub(crate) now: DateTime<Utc>,
    pub(crate) headers: Vec<(String, String)>,
}

pub(crate) fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

pub(crate) fn headers(token: &str) -> Vec<(String, String)> {
    [("Authorization", token), ("Accept-Language", "en"), ("Content-Type", "application/json")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

impl Bench {
    /// A cloud whose success is always code 200.
    pub(crate) fn new(start: &str, faults: &str) -> Bench {
        Bench::with(start, faults, |_| {})
    }

    pub(crate) fn with(start: &str, faults: &str, change: impl FnOnce(&mut CloudOptions)) -> Bench {
        let faults = FaultPlan::parse(faults, 1).expect("a list of faults");
        let mut options = CloudOptions { faults, ..CloudOptions::default() };
        options.manners.success = SuccessCode::TwoHundred;
        change(&mut options);
        let headers = headers(&options.token);
        Bench { cloud: Cloud::new(options, instant(start)), now: instant(start), headers }
    }

    pub(crate) fn wait(&mut self, minutes: i64) {
        self.now += chrono::Duration::minutes(minutes);
        self.cloud.advance(self.now);
    }

    pub(crate) fn call(&mut self, method: &str, path: &str, body: Option<String>) -> Answer {
        let call = Call { method: method.to_owned(), path: path.to_owned(), headers: self.headers.clone(), body };
        self.cloud.handle(&call, self.now)
    }

    /// A read of an endpoint of the plant, eleven seconds after whatever was before.
    pub(crate) fn get(&mut self, endpoint: &str) -> Answer {
        self.now += Duration::from_secs(11);
        let joint = if endpoint.contains('?') { '&' } else { '?' };
        self.call("GET", &format!("/api/v1/{endpoint}{joint}deviceSn={SERIAL}"), None)
    }

    /// The whole settings with some keys changed, as a driver puts them.
    pub(crate) fn put(&mut self, changes: &Value) -> Answer {
        let mut settings = self.stored();
        settings.extend(changes.as_object().expect("an object").clone());
        self.call("PUT", "/api/v1/hps/small-setting", Some(Value::Object(settings).to_string()))
    }

    /// The data of a read that succeeds.
    pub(crate) fn data(&mut self, endpoint: &str) -> Value {
        let answer = self.get(endpoint);
        assert_eq!(code(&answer), Some(200), "{endpoint}: {}", answer.body);
        envelope(&answer)["data"].clone()
    }

    pub(crate) fn newest(&mut self) -> Value {
        self.data("hps/data-last-small")
    }

    pub(crate) fn stored(&self) -> Map<String, Value> {
        self.cloud.stored(SERIAL).expect("a plant").clone()
    }

    pub(crate) fn plant(&self) -> &Plant {
        self.cloud.plant(SERIAL).expect("a plant")
    }
}

pub(crate) fn envelope(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).expect("JSON")
}

pub(crate) fn code(answer: &Answer) -> Option<u64> {
    serde_json::from_str::<Value>(&answer.body).ok()?["code"].as_u64()
}

pub(crate) fn message(answer: &Answer) -> String {
    envelope(answer)["msg"].as_str().expect("words").to_owned()
}

pub(crate) fn number(record: &Value, name: &str) -> f64 {
    record[name].as_f64().unwrap_or_else(|| panic!("{name}: {}", record[name]))
}
