//! What `backtest` and `compare` show, line by line: a year and two days, several policies, on a screen and as data.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use offpeak::backtest::{Charges, Contest, Options, Outcome, Trial};
use offpeak::feed::history;
use offpeak::history::History;
use offpeak::policy::{self, Policy};
use offpeak::report::{
    Brief, Style, backtest_json, backtest_text, backtests_text, compare_json, compare_markdown, compare_text,
};
use offpeak::units::Soc;

const HOME: &str = "offpeak: 1
site: home
timezone: Europe/Berlin
device: { driver: simulated }
battery:
  capacity: 10 kWh
  charge power: 5 kW
  discharge power: 5 kW
  charge efficiency: 95%
  discharge efficiency: 95%
  reserve: 10%
tariff:
  currency: EUR
  import:
    night: { price: 0.10, time: 00:00-06:00 }
    day: { price: 0.30 }
  export: { price: 0.08 }
rules:
  - name: Fill up on winter nights
    when: { tariff: night, months: oct-mar }
    then: charge to 80%
  - name: Keep it for the evening
    when: { time: 13:00-17:00, soc: below 40%, months: nov-feb }
    then: hold
";

fn loaded(file: &str, text: &str) -> Policy {
    let loaded = policy::load(file, text);
    loaded.policy.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics))
}

/// Days of a house by the hour from the first of January on: more sun in summer, more load in winter.
fn days(count: u32) -> String {
    let mut text = "start,load_kwh,pv_kwh\n".to_owned();
    let first: chrono::DateTime<chrono::Utc> = "2025-12-31T23:00:00Z".parse().expect("an instant");
    for hour in 0..count * 24 {
        let at = first + chrono::Duration::hours(i64::from(hour));
        let (day, clock) = (f64::from(hour / 24), hour % 24);
        let summer = (1.0 - (day / 365.0 * std::f64::consts::TAU).cos()) / 2.0;
        let sun = if (8..16).contains(&clock) { 0.2 + 2.2 * summer * f64::from(1 + (hour * 7) % 3) / 2.0 } else { 0.0 };
        let load = 0.5 - 0.2 * summer + if (17..22).contains(&clock) { 1.0 } else { 0.0 } + f64::from(hour % 5) / 20.0;
        text.push_str(&format!("{},{load:.3},{sun:.3}\n", at.format("%Y-%m-%dT%H:%M:%SZ")));
    }
    text
}

fn read(text: &str) -> History {
    history::read(text.as_bytes()).expect("a history")
}

fn options(writes: bool) -> Options {
    Options { start: Soc::from_percent(50.0).expect("a soc"), tick: Duration::from_secs(900), writes }
}

fn tried(policy: &Policy, history: &History, writes: bool) -> Outcome {
    let trial = Trial::new(policy, history, options(writes)).expect("priced");
    let done = trial.jobs().into_iter().map(|job| trial.run(job)).collect();
    trial.outcome(done)
}

/// Charts stay within 80 columns, all else within 120.
fn assert_widths(text: &str) {
    for line in text.lines() {
        let width = line.chars().count();
        let prose = [
            "home · ",
            "the policy ",
            "a stored kWh",
            "its commands",
            "through schedules",
            "forecasts made",
            "beside that",
        ];
        let is_prose = prose.iter().any(|head| line.starts_with(head)) || line.contains(" × ");
        assert!(width <= if is_prose { 120 } else { 80 }, "{width}: {line}");
    }
}

#[test]
fn a_year_on_a_screen() {
    let outcome = tried(&loaded("home.yaml", HOME), &read(&days(365)), false);
    let text = backtest_text(&outcome, Style::Plain);
    assert_widths(&text);
    insta::assert_snapshot!("a_year_text", text);
    let painted = backtest_text(&outcome, Style::Ansi);
    assert_ne!(painted, text);
    assert_eq!(anstream::adapter::strip_str(&painted).to_string(), text, "colour changes no letter");
}

#[test]
fn two_days_through_schedules_with_a_history_that_is_not_whole() {
    let mut rows: Vec<String> = days(2).lines().map(str::to_owned).collect();
    rows.remove(30);
    rows.push(rows[5].clone());
    rows.push("2026-01-01T12:00:00,1,0".to_owned());
    rows.swap(10, 11);
    let mut outcome = tried(&loaded("home.yaml", HOME), &read(&rows.join("\n")), true);
    outcome.charges = Charges { standing: 0.35, peak: 4.0 };
    let text = backtest_text(&outcome, Style::Plain);
    assert_widths(&text);
    insta::assert_snapshot!("two_days_text", text);
    insta::assert_snapshot!("two_days_json", format!("{:#}", rounded(backtest_json(&outcome))));
}

#[test]
fn a_policy_that_follows_the_plan_tells_how_far_forecasts_were_off() {
    let follow = HOME.split("rules:").next().expect("a head").to_owned()
        + "rules:\n  - name: Follow\n    when: {}\n    then: follow the cheapest plan\n";
    let outcome = tried(&loaded("home.yaml", &follow), &read(&days(12)), false);
    let text = backtest_text(&outcome, Style::Plain);
    let told = text.lines().find(|line| line.starts_with("forecasts made at midnight")).expect("a line");
    insta::assert_snapshot!(told);
    let json = backtest_json(&outcome);
    assert_eq!(json["forecast"]["hours"], 24 * 9);
    assert!(json["forecast"]["load_off"].as_f64().is_some_and(|off| off > 0.0 && off < 1.0), "{json:#}");
    let page = offpeak::report::page::page(&offpeak::report::page::scene(&outcome));
    assert!(page.contains("Forecasts made at midnight were off by "));
    let plain = tried(&loaded("home.yaml", HOME), &read(&days(12)), false);
    assert_eq!(backtest_json(&plain)["forecast"], serde_json::Value::Null, "nobody asked for a forecast");
}

#[test]
fn several_policies_at_a_glance() {
    let history = read(&days(40));
    let of =
        |file: &str, from: &str, to: &str| Brief::of(&tried(&loaded(file, &HOME.replace(from, to)), &history, false));
    let sites = [of("home.yaml", "", ""), of("barn.yaml", "site: home", "site: barn")];
    insta::assert_snapshot!("several_sites", backtests_text(&sites, Style::Plain));
    let variants = [of("home.yaml", "", ""), of("new.yaml", "charge to 80%", "charge to 100%")];
    insta::assert_snapshot!("several_variants", backtests_text(&variants, Style::Plain));
}

#[test]
fn a_comparison_counts_writes_where_that_is_asked() {
    let (old, new) = (loaded("old.yaml", HOME), loaded("new.yaml", &HOME.replace("charge to 80%", "charge to 100%")));
    let history = read(&days(5));
    let comparison = Contest::new(&old, &new, &history, options(true)).expect("priced").run();
    let text = compare_text(&comparison, Style::Plain);
    insta::assert_snapshot!("compare_writes_text", text);
    insta::assert_snapshot!("compare_writes_markdown", compare_markdown(&comparison));
    let json = compare_json(&comparison);
    assert!(json["new"]["writes"]["total"].as_u64().is_some_and(|writes| writes > 0), "{json:#}");
}

#[test]
fn a_plan_that_commands_otherwise_has_the_reason_of_what_changed() {
    let follow = HOME.split("rules:").next().expect("a head").to_owned()
        + "rules:\n  - name: Follow\n    when: {}\n    then: follow the cheapest plan\n";
    let head = "rules:\n  - name: Once\n    when: { dates: 2026-01-06..2026-01-06 }\n    then: hold\n";
    let (old, new) = (loaded("old.yaml", &follow), loaded("new.yaml", &follow.replace("rules:\n", head)));
    let history = read(&days(12));
    let reasons = |old: &Policy, new: &Policy| -> Vec<&str> {
        let comparison = Contest::new(old, new, &history, options(false)).expect("priced").run();
        comparison.groups.iter().map(|group| group.reason.code()).collect()
    };
    let found = reasons(&old, &new);
    assert!(found.contains(&"rule-added") && !found.contains(&"battery-changed"), "{found:?}");
    let found = reasons(&old, &loaded("new.yaml", &follow.replace("price: 0.30", "price: 0.11")));
    assert!(found.contains(&"tariff-changed") && !found.contains(&"battery-changed"), "{found:?}");
    let found = reasons(&old, &loaded("new.yaml", &follow.replace("reserve: 10%", "reserve: 30%")));
    assert!(found.contains(&"battery-changed"), "{found:?}");
}

/// Numbers to six decimals, so that a snapshot does not rest on the last bit.
fn rounded(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Number(number) if number.is_f64() => {
            ((number.as_f64().expect("a number") * 1e6).round() / 1e6 + 0.0).into()
        }
        Value::Array(items) => Value::Array(items.into_iter().map(rounded).collect()),
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(key, item)| (key, rounded(item))).collect()),
        other => other,
    }
}

fn offpeak(desk: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_offpeak"));
    let ran = program.current_dir(desk).args(arguments).output().expect("ran");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (ran.status.code(), text(ran.stdout), text(ran.stderr))
}

#[test]
fn several_policies_are_tried_in_one_call_and_a_broken_one_stops_none() {
    let desk = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = desk.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("written");
    };
    write("sites/home.yaml", HOME);
    write("sites/barn.yaml", &HOME.replace("site: home", "site: barn"));
    write("days.csv", &days(3));
    let (code, out, err) = offpeak(desk.path(), &["backtest", "sites", "--history", "days.csv"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(out.contains("\nbarn ") && out.contains("\nhome ") && out.contains("\ntogether "), "{out}");
    let json = ["backtest", "sites/barn.yaml", "sites/home.yaml", "--history", "days.csv", "--format", "json"];
    let (_, out, _) = offpeak(desk.path(), &json);
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let sites: Vec<_> = json["policies"].as_array().expect("a list").iter().map(|it| it["site"].clone()).collect();
    assert_eq!(sites, ["barn", "home"]);
    let (_, out, _) =
        offpeak(desk.path(), &["backtest", "sites/home.yaml", "--history", "days.csv", "--format", "json"]);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&out).expect("JSON"),
        json["policies"][1],
        "alone as among others"
    );

    write("sites/shed.yaml", "offpeak: 1\n");
    let (code, out, err) = offpeak(desk.path(), &["backtest", "sites", "--history", "days.csv"]);
    assert_eq!(code, Some(1), "{out}");
    assert!(err.contains("shed.yaml") && out.contains("\nbarn ") && out.contains("\nhome "), "{out}{err}");
    let (code, _, err) = offpeak(desk.path(), &["backtest", "sites", "--history", "days.csv", "--report", "a.html"]);
    assert!(code == Some(1) && err.contains("--report draws a single policy"), "{err}");
    assert!(!desk.path().join("a.html").exists());
}
