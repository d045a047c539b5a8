//! What `devices` says of what devices can do, without asking anyone.
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

use cli::{Desk, Ran};
use serde_json::Value;

#[test]
fn the_device_of_a_policy_and_the_stores_of_a_driver() {
    let desk = Desk::new();
    let lines = ["devices home.yaml", "devices --capabilities --driver atess --store central"];
    insta::assert_snapshot!("capabilities", desk.story(&lines));
    assert!(!desk.state().exists(), "looking makes nothing");
}

#[test]
fn every_store_is_shown_once_and_each_by_its_driver() {
    let desk = Desk::new();
    let stores = |line: &str| -> Vec<String> {
        let Ran { code, stdout, stderr } = desk.run(line);
        assert_eq!(code, 0, "{line}: {stderr}");
        let shown: Value = serde_json::from_str(&stdout).expect("JSON");
        let word = |one: &Value| one["store"].as_str().expect("a store").to_owned();
        shown["capabilities"].as_array().expect("a list").iter().map(word).collect()
    };
    let check = |line: &str, expect: &[&str]| assert_eq!(stores(line), expect, "{line}");
    check("devices --capabilities --format json", &["two-window", "periodic", "string", "central"]);
    check("devices --capabilities --driver alphaess --format json", &["two-window", "periodic"]);
    check("devices --capabilities --driver simulated --format json", &["two-window", "periodic"]);
    check("devices --capabilities --driver atess --format json", &["string", "central"]);
    check("devices --capabilities --store periodic --format json", &["periodic"]);
}

#[test]
fn what_is_not_there_is_named() {
    let desk = Desk::new();
    let check = |line: &str, expect: &str| {
        let Ran { code, stderr, .. } = desk.run(line);
        assert_eq!(code, 1, "{line}");
        assert!(stderr.contains(expect), "{line}: {stderr}");
    };
    check("devices --capabilities --store periodik", "did you mean periodic?");
    check("devices --capabilities --driver alpha", "no such driver");
    check("devices --capabilities --driver atess --store periodic", "ATESS has no periodic store");
    check("devices --store periodic", "--capabilities");
    check("devices nowhere.yaml", "nowhere.yaml: no such file");
    check("devices home.yaml --driver atess", "cannot be used with");
}

#[test]
fn check_says_where_it_stands_what_a_device_can_do() {
    let desk = Desk::new();
    let plain = cli::QUIET.replace("  ceiling: 95%\n", "");
    desk.write("plain.yaml", &plain);
    desk.write("sell.yaml", plain.replace("then: hold", "then: discharge to 30%"));
    let Ran { code, stdout, .. } = desk.run("check sell.yaml");
    assert_eq!(code, 1);
    assert!(stdout.contains("cannot force energy out"), "{stdout}");
    assert!(stdout.trim_end().ends_with("docs/devices.md"), "{stdout}");
    assert!(!desk.run("check plain.yaml").stdout.contains("docs/devices.md"));
}
