//! The program through the periodic store: plan, apply, run and restore against a simulated house in whose region that store
//! alone has an effect, and what happens when another store is asked for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    unreachable_pub,
    dead_code
)]

mod cli;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use cli::{Beside, Desk, QUIET, Ran, ran, words};
use offpeak::device::Store;
use serde_json::Value;

/// A policy that charges gently in the evening, with these lines under `device:`.
fn charging(device: &str) -> String {
    let rule = ("when: { ev: above 20 kW }\n    then: hold", "when: { time: 20:00-23:30 }\n    then: charge to 90%");
    QUIET.replace(rule.0, rule.1).replace("device:\n  driver: simulated\n", &format!("device:\n{device}"))
}

const SIMULATED: &str = "  driver: simulated\n  store: periodic\n";

/// A served simulator that stands still until it is told to go on.
struct Cloud {
    served: Beside,
    url: String,
    clock: String,
    credentials: (String, String),
}

impl Cloud {
    fn open(desk: &Desk, region: &str) -> Cloud {
        let arguments = [
            "simulate",
            "--port",
            "0",
            "--speed",
            "200",
            "--start",
            "2026-11-20T20:41:00Z",
            "--region",
            region,
            "--format",
            "json",
        ];
        let mut served = Beside(desk.command(&arguments).stdout(Stdio::piped()).spawn().unwrap());
        let mut text = String::new();
        let mut lines = BufReader::new(served.0.stdout.as_mut().unwrap()).lines();
        let told: Value = loop {
            text.push_str(&lines.next().expect("a line").unwrap());
            text.push('\n');
            if let Ok(told) = serde_json::from_str(&text) {
                break told;
            }
        };
        assert_eq!(told["region"], region);
        let word = |name: &str| told[name].as_str().unwrap().to_owned();
        Cloud { url: word("url"), clock: word("clock_url"), credentials: (word("app_id"), word("app_secret")), served }
    }

    fn policy(&self, store: &str) -> String {
        charging(&format!("  driver: alphaess\n  serial: ALS000000000001\n  url: {}\n{store}", self.url))
    }

    fn run(&self, desk: &Desk, line: &str) -> Ran {
        let words = words(&format!("{line} --clock {}", self.clock));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut command: Command = desk.command(&words);
        command.env("OFFPEAK_ALPHAESS_APP_ID", &self.credentials.0);
        ran(command.env("OFFPEAK_ALPHAESS_APP_SECRET", &self.credentials.1).output().unwrap())
    }
}

fn recorded(desk: &Desk) -> Option<Store> {
    desk.journal().store("home").unwrap()
}

/// Asserts how a run ended and that it said all of this.
fn assert_ran(line: &str, found: &Ran, code: i32, expect: &[&str]) {
    let said = format!("{}{}", found.stdout, found.stderr);
    assert_eq!(found.code, code, "{line}: {said}");
    for words in expect {
        assert!(said.contains(words), "{line}: {words} is not in\n{said}");
    }
}

#[test]
fn the_simulated_house_is_driven_through_its_periodic_store() {
    let desk = Desk::new();
    let cloud = Cloud::open(&desk, "two-window");
    desk.write("home.yaml", charging(SIMULATED));
    let check = |line: &str, code: i32, expect: &[&str]| assert_ran(line, &cloud.run(&desk, line), code, expect);
    check("plan home.yaml", 2, &["setTimeChargeBySn"]);
    check("apply home.yaml --yes", 0, &["applied: 1 write sent, accepted and read back"]);
    check("plan home.yaml", 0, &["nothing to send"]);
    check("apply home.yaml --yes", 0, &["nothing to send"]);
    check("run home.yaml --once", 0, &["charge"]);
    check("read home.yaml", 0, &["to 90 %"]);
    assert_eq!(recorded(&desk), Some(Store::Periodic));
    for other in ["  driver: simulated\n  store: two-window\n", "  driver: simulated\n"] {
        desk.write("home.yaml", charging(other));
        for line in ["plan home.yaml", "apply home.yaml --yes", "run home.yaml --once"] {
            check(line, 1, &["written through its periodic store", "`offpeak restore`"]);
        }
    }
    check("restore home.yaml --yes", 0, &["written and read back"]);
    assert_eq!(recorded(&desk), None);
    check("plan home.yaml", 2, &["updateChargeConfigInfo"]);
}

#[test]
fn the_store_that_answers_is_found_and_stays_the_only_one() {
    let desk = Desk::new();
    let cloud = Cloud::open(&desk, "periodic,no-two-windows");
    desk.write("home.yaml", cloud.policy(""));
    let check = |line: &str, code: i32, expect: &[&str]| assert_ran(line, &cloud.run(&desk, line), code, expect);
    check("plan home.yaml", 2, &["setTimeChargeBySn"]);
    assert_eq!(recorded(&desk), None, "a look records nothing");
    check("apply home.yaml --yes", 0, &["applied: 1 write sent, accepted and read back"]);
    assert_eq!(recorded(&desk), Some(Store::Periodic));
    check("plan home.yaml", 0, &["nothing to send"]);
    check("run home.yaml --once", 0, &["charge"]);
    desk.write("home.yaml", cloud.policy("  store: two-window\n"));
    for line in ["plan home.yaml", "apply home.yaml --yes", "run home.yaml --once"] {
        check(line, 1, &["written through its periodic store", "`offpeak restore`"]);
    }
    desk.write("home.yaml", cloud.policy("  store: periodic\n"));
    check("plan home.yaml", 0, &["nothing to send"]);
}

#[test]
fn a_store_that_is_not_open_is_said() {
    let desk = Desk::new();
    let cloud = Cloud::open(&desk, "two-window");
    desk.write("home.yaml", cloud.policy("  store: periodic\n"));
    let check = |line: &str, code: i32, expect: &[&str]| assert_ran(line, &cloud.run(&desk, line), code, expect);
    check("plan home.yaml", 1, &["getTimeChargeBySn", "6017", "`device: store: two-window`"]);
    check("apply home.yaml --yes", 1, &["6017"]);
    assert_eq!(recorded(&desk), None);
    desk.write("home.yaml", cloud.policy(""));
    check("plan home.yaml", 2, &["updateChargeConfigInfo"]);
}

/// A device with one charge window or none, its switches as the cloud tells them or as the owner states them.
fn device(switches: &str, times: (&str, &str)) -> String {
    let element = |(from, to): (&str, &str)| {
        format!(r#"[{{ "beginTime": "{from}", "endTime": "{to}", "chargePower": 3000, "chargeLimit": 90 }}]"#)
    };
    let (charge, discharge) = (element(times), element(NONE));
    format!(
        r#"{{ "getTimeChargeBySn": {{ "executeCycleType": 0, {switches}, "chargeTimeList": {charge}, "dischargeTimeList": {discharge} }} }}"#
    )
}

/// The times of a filler.
const NONE: (&str, &str) = ("00:00", "00:00");

#[test]
fn a_plan_of_what_is_given_takes_a_file_of_the_periodic_store() {
    let desk = Desk::new();
    desk.write("night.yaml", charging(SIMULATED));
    desk.write("quiet.yaml", QUIET.replace("driver: simulated", "driver: simulated\n  store: periodic"));
    let (told, stated) =
        (r#""gridChargeCycle": 0, "ctrDisCycle": 0"#, r#""gridChargeCycle": false, "ctrDisCycle": false"#);
    desk.write("told.json", device(told, ("02:00", "05:00")));
    desk.write("off.json", device(stated, ("02:00", "05:00")));
    desk.write("stated.json", device(stated, NONE));
    let check = |policy: &str, file: &str, code: i32, expect: &[&str]| {
        let given = "--given soc=41% load=430W solar=0W --at 2026-11-20T20:41:00Z";
        let line = format!("plan {policy} {given} --device {file}");
        assert_ran(&line, &desk.run(&line), code, expect);
    };
    check("night.yaml", "stated.json", 2, &["setTimeChargeBySn", "20:00–23:30 to 90 %", "nothing was sent"]);
    check("quiet.yaml", "stated.json", 0, &["nothing to send"]);
    // What the cloud tells of the switches says nothing: the window that it tells may be in force.
    check("quiet.yaml", "told.json", 2, &["setTimeChargeBySn", "unread"]);
    check("quiet.yaml", "off.json", 0, &["nothing to send"]);
    desk.write("home.yaml", QUIET.replace("driver: simulated", "driver: simulated\n  store: two-window"));
    check("home.yaml", "stated.json", 1, &["stated.json", "periodic store", "two-window store"]);
    desk.write("both.json", r#"{ "getTimeChargeBySn": {}, "getChargeConfigInfo": {} }"#);
    check("quiet.yaml", "both.json", 1, &["stands beside another store"]);
    assert!(!desk.state().exists(), "given readings and a given device need no journal");
}

#[test]
fn a_region_that_is_none_is_refused() {
    let desk = Desk::new();
    let check = |line: &str, expect: &str| assert_ran(line, &desk.run(line), 1, &[expect]);
    check("simulate --region north", "--region: no region is called `north`");
    check("simulate --region periodic,fast", "--region: `fast` is none of");
    check("simulate --region ''", "--region");
}
