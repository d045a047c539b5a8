//! Histories that no file holds, by the real program over HTTP: what the service journaled, and what the device's maker keeps.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod e2e_support;

use e2e_support::{House, On, Setup, at, files};
use serde_json::Value;

/// The maker's endpoint of a day.
const DAY: &str = "getOneDayPowerBySn";

/// A policy with all its prices.
fn priced(text: &str) -> String {
    text.replace("    day: { price: 0.27 }\n", "    day: { price: 0.27 }\n  export: { price: 0.05 }\n")
}

/// A house of whose past so many hours are known.
fn house(on: On, start: &'static str, past_hours: u16) -> House {
    let setup = Setup::on(on);
    let policy = priced(&setup.policy);
    House::begin(Setup { start, past_hours, policy, ..setup })
}

fn backtest<'a>(history: &[&'a str]) -> Vec<&'a str> {
    [&["backtest", "home.yaml", "--format", "json", "--history"], history].concat()
}

/// How often each kind of fault of the history was found.
fn found(json: &Value) -> Vec<(String, u64)> {
    let findings = json["history"]["findings"].as_array().expect("findings");
    findings.iter().map(|it| (it["code"].as_str().expect("a code").to_owned(), it["count"].as_u64().unwrap())).collect()
}

fn hours(json: &Value) -> (f64, f64) {
    (json["hours"].as_f64().expect("hours"), json["history"]["missing_hours"].as_f64().expect("hours"))
}

#[test]
fn the_makers_days_are_fetched_once_and_ten_seconds_apart() {
    let mut house = house(On::TwoWindow, "2026-11-20T20:41:00Z", 120);
    let three_days = backtest(&["vendor", "--days", "3"]);
    let first = house.offpeak(&three_days).with_code(0);
    let json = first.json();
    assert_eq!(
        (json["from"].as_str(), json["until"].as_str()),
        (Some("2026-11-17T00:00:00Z"), Some("2026-11-20T00:00:00Z"))
    );
    assert_eq!((hours(&json), found(&json)), ((72.0, 0.0), Vec::new()));
    assert!(json["cost"]["policy"].is_f64() && json["cost"]["optimum"].is_f64(), "{json:#}");
    let asked: Vec<_> = house.log().into_iter().filter(|entry| entry.endpoint().ends_with(DAY)).collect();
    assert_eq!(asked.len(), 3);
    assert!(asked.windows(2).all(|pair| pair[1].at() - pair[0].at() >= chrono::Duration::seconds(10)), "{asked:?}");
    assert_eq!(house.writes().len(), 0);

    let arrived = house.log().len();
    house.end_simulator();
    let second = house.offpeak(&three_days).with_code(0);
    assert_eq!(second.out, first.out, "with nobody to ask");
    assert_eq!(house.log().len(), arrived);
}

#[test]
fn what_was_fetched_before_a_failure_stays() {
    let house = house(On::TwoWindow, "2026-11-20T20:41:00Z", 120);
    house.faults("bad-gateway@2026-11-20T20:41:15Z..2026-11-20T20:50:00Z");
    let three_days = backtest(&["vendor", "--days", "3"]);
    let broken = house.offpeak(&three_days).with_code(1);
    assert!(broken.err.contains("home: 2026-11-19 could not be fetched: getOneDayPowerBySn: "), "{}", broken.err);
    assert!(broken.err.contains("2 of 3 days were, and are kept"), "{}", broken.err);
    house.faults("");
    assert_eq!(house.requests(DAY), 3);
    house.pass(10);
    let whole = house.offpeak(&three_days).with_code(0);
    assert_eq!((hours(&whole.json()), house.requests(DAY)), ((72.0, 0.0), 4));

    // A day that something happened to is not trusted.
    let day = files(&house.state().join("history")).into_iter().find(|path| path.ends_with("2026-11-18.csv")).unwrap();
    std::fs::write(&day, "start,load_kwh\n").unwrap();
    let damaged = house.offpeak(&three_days).with_code(1);
    assert!(damaged.err.contains("2026-11-18.csv: line 1: expected at,load_w,pv_w; delete it"), "{}", damaged.err);
}

#[test]
fn what_the_maker_lost_or_told_twice_is_told_and_not_filled() {
    let house = house(On::TwoWindow, "2026-11-18T20:41:00Z", 2);
    let faults = "history-gaps,history-duplicates,numeric-strings";
    house.faults(&format!("{faults},offline@2026-11-19T10:00:00Z..2026-11-19T13:07:00Z"));
    house.move_to(at("2026-11-20T06:00:00Z"));
    let one_day = ["vendor", "--days", "1"];
    let told = house.offpeak(&backtest(&one_day)).with_code(0).json();
    let (lived, missing) = hours(&told);
    assert!(missing > 3.0 && lived + missing == 24.0, "{lived} h and {missing} h: {told:#}");
    let kinds: Vec<String> = found(&told).into_iter().map(|(code, _)| code).collect();
    assert!(["repeated", "thin", "gap"].iter().all(|code| kinds.iter().any(|kind| kind == code)), "{told:#}");
    let again = house.offpeak(&backtest(&one_day)).with_code(0).json();
    assert_eq!((again, house.requests(DAY)), (told, 1), "what was wrong is kept with the days");
    let text = house.offpeak(&[&["backtest", "home.yaml", "--history"], &one_day[..]].concat()).with_code(0);
    assert!(text.out.contains("the history is not whole, ") && text.out.contains(" missing in all"), "{}", text.out);
}

#[test]
fn of_a_day_of_25_hours_the_hour_that_cannot_be_told_apart_is_missing() {
    let house = house(On::TwoWindow, "2026-10-26T09:00:00Z", 60);
    let json = house.offpeak(&backtest(&["vendor", "--days", "1"])).with_code(0).json();
    assert_eq!(
        (json["from"].as_str(), json["until"].as_str()),
        (Some("2026-10-24T23:00:00Z"), Some("2026-10-26T00:00:00Z"))
    );
    assert_eq!(hours(&json), (24.0, 1.0), "{json:#}");
    assert_eq!(json["history"]["findings"][0]["code"], "gap", "{json:#}");
}

#[test]
fn a_day_that_may_still_come_is_asked_for_again() {
    let house = house(On::TwoWindow, "2026-11-20T20:41:00Z", 30);
    let five_days = backtest(&["vendor", "--days", "5"]);
    let first = house.offpeak(&five_days).with_code(0);
    assert!(
        first.err.contains("its maker has nothing of 2026-11-15, 2026-11-16, 2026-11-17, 2026-11-18"),
        "{}",
        first.err
    );
    assert_eq!(house.requests(DAY), 5);
    house.offpeak(&five_days).with_code(0);
    assert_eq!(house.requests(DAY), 5 + 4, "all but the one of which there was something");
}

#[test]
fn the_services_own_readings_are_a_history() {
    let house = house(On::TwoWindow, "2026-11-20T20:41:00Z", 2);
    let journal = backtest(&["journal"]);
    let nothing = house.offpeak(&journal).with_code(1);
    assert!(nothing.err.contains("begin with"), "{}", nothing.err);
    let mut service = house.run(&[]);
    service.live_until(at("2026-11-22T03:00:00Z"));
    let beside = house.offpeak_beside(&journal).with_code(0).json();
    assert!(service.terminate().success());
    let json = house.offpeak(&journal).with_code(0).json();
    assert_eq!(beside["from"].as_str(), Some("2026-11-20T20:30:00Z"));
    assert_eq!((json["from"].clone(), json["until"].as_str()), (beside["from"].clone(), Some("2026-11-22T03:15:00Z")));
    assert_eq!(hours(&json), (30.75, 0.0), "{json:#}");
    assert!(json["rules"][0]["hours"].as_f64().expect("hours") > 9.0, "a night and a half: {json:#}");
    let same = ["compare", "home.yaml", "home.yaml", "--history", "journal"];
    house.offpeak(&same).with_code(0);
    let other = house.policy_text().replace("charge to 90%", "charge to 50%");
    std::fs::write(house.path("new.yaml"), other).unwrap();
    let differs = house.offpeak(&["compare", "home.yaml", "new.yaml", "--history", "journal", "--format", "markdown"]);
    assert!(differs.with_code(2).out.contains("asks for something else"));
    let elsewhere = house.policy_text().replace("site: home", "site: barn");
    std::fs::write(house.path("barn.yaml"), elsewhere).unwrap();
    let unknown = house.offpeak(&["backtest", "barn.yaml", "--history", "journal"]).with_code(1);
    assert!(unknown.err.contains("has no readings of this site"), "{}", unknown.err);
}

#[test]
fn of_an_atess_a_central_system_has_a_history_and_a_string_system_says_that_it_has_none() {
    let house = house(On::Atess, "2026-11-20T20:41:00Z", 60);
    let string = house.offpeak(&backtest(&["vendor", "--days", "1"])).with_code(1);
    assert!(string.err.contains("documents no history of a device of this model"), "{}", string.err);
    assert_eq!(house.log().len(), 0, "nobody was asked");
    house.write_policy(&priced(&On::Atess.night("")).replace("model: string", "model: central"));
    let json = house.offpeak(&backtest(&["vendor", "--days", "1"])).with_code(0).json();
    assert_eq!((hours(&json), found(&json)), ((24.0, 0.0), Vec::new()));
    let pages: Vec<_> = house.log().into_iter().map(|entry| entry.at()).collect();
    assert!(
        pages.len() >= 3 && pages.windows(2).all(|pair| pair[1] - pair[0] >= chrono::Duration::seconds(10)),
        "{pages:?}"
    );
}
