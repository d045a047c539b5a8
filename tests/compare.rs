//! What a comparison of two policies promises: the hours in which they differ, why, and exit codes that a program can use.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use offpeak::backtest::{Comparison, Contest, Options};
use offpeak::feed::history;
use offpeak::history::History;
use offpeak::policy::{self, Policy};
use offpeak::report::{Style, compare_json, compare_markdown, compare_text};
use offpeak::units::Soc;

const OLD: &str = "offpeak: 1
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
  - name: Fill up at night
    when: { tariff: night }
    then: charge to 60%
  - name: Keep it | for the evening
    when: { time: 12:00-16:00, soc: below 50% }
    then: hold
";

fn loaded(file: &str, text: &str) -> Policy {
    let loaded = policy::load(file, text);
    loaded.policy.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics))
}

/// Four winter days, hour by hour.
fn days() -> String {
    let mut text = "start,load_kwh,pv_kwh\n".to_owned();
    for hour in 0..96 {
        let (day, of_day) = (12 + hour / 24, hour % 24);
        let (load, sun) = match of_day {
            0..6 => ("0.3", "0"),
            9..14 => ("0.5", "0.9"),
            17..22 => ("1.4", "0"),
            _ => ("0.6", "0"),
        };
        writeln!(text, "2026-01-{day}T{of_day:02}:00:00+01:00,{load},{sun}").expect("written");
    }
    text
}

fn compared(new: &str) -> Comparison {
    let history: History = history::read(days().as_bytes()).expect("a history");
    let (old, new) = (loaded("old.yaml", OLD), loaded("new.yaml", new));
    let options =
        Options { start: Soc::from_percent(30.0).expect("a share"), tick: Duration::from_secs(300), writes: false };
    Contest::new(&old, &new, &history, options).expect("priced").run()
}

#[test]
fn a_policy_does_the_same_as_itself_and_as_itself_by_other_names() {
    let check = |new: &str| {
        let comparison = compared(new);
        assert!(comparison.is_same(), "{comparison:?}");
        assert_eq!(comparison.differs, Duration::ZERO);
        assert!(comparison.dearer_by().abs() < 1e-9);
    };
    check(OLD);
    check(&OLD.replace("Fill up at night", "At night"));
    check(
        &OLD.replace(
            "rules:\n",
            "rules:\n  - name: Never\n    when: { dates: 2031-01-01..2031-01-02 }\n    then: hold\n",
        ),
    );
}

#[test]
fn every_kind_of_change_has_its_reason() {
    let check = |from: &str, to: &str, expect: &[&str]| {
        let new = OLD.replace(from, to);
        assert_ne!(new, OLD);
        let comparison = compared(&new);
        let reasons: Vec<&str> = comparison.groups.iter().map(|group| group.reason.code()).collect();
        assert!(expect.iter().all(|code| reasons.contains(code)), "{from} → {to}: {reasons:?}");
        assert!(!comparison.is_same());
    };
    check("charge to 60%", "charge to 80%", &["action-changed"]);
    check("{ tariff: night }", "{ tariff: night, time: 02:00-05:00 }", &["condition-changed"]);
    check("time: 00:00-06:00", "time: 00:00-05:00", &["tariff-changed"]);
    check("reserve: 10%", "reserve: 20%", &["battery-changed"]);
    check("rules:\n", "rules:\n  - name: Rest\n    when: { days: wed }\n    then: hold\n", &["rule-added"]);
    let gone = "  - name: Fill up at night\n    when: { tariff: night }\n    then: charge to 60%\n";
    check(gone, "", &["rule-removed"]);
}

#[test]
fn hours_and_money_add_up() {
    let comparison = compared(&OLD.replace("charge to 60%", "charge to 80%"));
    let money: f64 = comparison.groups.iter().map(|group| group.shift.money).sum();
    let bills = comparison.new.account.bill() - comparison.old.account.bill();
    assert!((money + comparison.elsewhere.money - bills).abs() < 1e-9);
    let import: f64 = comparison.groups.iter().map(|group| group.shift.import.watt_hours()).sum();
    let apart = (comparison.new.account.import - comparison.old.account.import).watt_hours();
    assert!((import + comparison.elsewhere.import.watt_hours() - apart).abs() < 1e-6);
    let action = comparison.groups.iter().find(|group| group.reason.code() == "action-changed").expect("a change");
    assert_eq!((action.span, action.times), (Duration::from_secs(24 * 3600), 4));
}

#[test]
fn a_comparison_reads_as_an_owner_would_say_it() {
    let comparison = compared(&OLD.replace("charge to 60%", "charge to 80%").replace("below 50%", "below 70%"));
    insta::assert_snapshot!("compare_text", compare_text(&comparison, Style::Plain));
    insta::assert_snapshot!("compare_markdown", compare_markdown(&comparison));
    insta::assert_snapshot!("compare_json", format!("{:#}", compare_json(&comparison)));
    let lines = compare_text(&comparison, Style::Plain);
    assert!(lines.lines().all(|line| line.chars().count() <= 120), "{lines}");
}

#[test]
fn the_program_says_it_with_its_exit_code() {
    let desk = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(desk.path().join(name), text).expect("written");
    write("old.yaml", OLD);
    write("new.yaml", &OLD.replace("charge to 60%", "charge to 80%"));
    write("days.csv", &days());
    let check = |arguments: &[&str], code: i32, expect: &str| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_offpeak"));
        let ran = program.current_dir(desk.path()).args(arguments).output().expect("ran");
        let told = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert_eq!(ran.status.code(), Some(code), "{arguments:?}: {told}");
        assert!(told.contains(expect), "{arguments:?}: {told}");
    };
    check(
        &["compare", "old.yaml", "old.yaml", "--history", "days.csv"],
        0,
        "the change does nothing over this history",
    );
    check(
        &["compare", "old.yaml", "new.yaml", "--history", "days.csv"],
        2,
        "`Fill up at night` asks for something else",
    );
    let markdown = ["compare", "old.yaml", "new.yaml", "--history", "days.csv", "--format", "markdown"];
    check(&markdown, 2, "### The two command otherwise");
    check(&["compare", "old.yaml", "new.yaml", "--history", "none.csv"], 1, "none.csv: ");
    check(&["compare", "old.yaml", "new.yaml", "--history", "days.csv", "--soc", "140%"], 1, "--soc 140%");
    check(&["check", "old.yaml", "--format", "markdown"], 1, "only `compare` writes it");
    check(&["backtest", "old.yaml", "--history", "days.csv"], 0, "the optimum");
    check(&["backtest", "old.yaml", "--history", "days.csv", "--format", "json"], 0, "\"captured_of_none\"");
    check(&["backtest", "old.yaml", "--history", "days.csv", "--tick", "7min"], 1, "--tick 7min");
}
