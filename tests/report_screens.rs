//! The plan screen at telling moments, as product text.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod engine_support;
mod report_support;

use engine_support::{at, charge_to, rule, soc, windows};
use insta::assert_snapshot;
use offpeak::device::{PerObject, Schedule};
use offpeak::engine::Memory;
use offpeak::plan::budget::{MayGrant, Permits, Refusal};
use offpeak::policy::model::{Action, WhenBlind};
use offpeak::snapshot::{Quality, Snapshot};
use offpeak::time::CalendarTest;
use report_support::*;

#[test]
fn the_evening_before_a_night_charge() {
    assert_snapshot!(case(home(), "2026-11-20T20:41:00Z", 41.0, 430.0, 0.0).screen());
}

#[test]
fn inside_the_night_with_all_in_place() {
    let mut case = case(home(), "2026-11-21T01:10:00Z", 62.0, 300.0, 0.0);
    case.inputs.present = Some(Schedule::TwoWindow(night()));
    assert_snapshot!(case.screen());
}

#[test]
fn the_morning_after() {
    let mut case = case(home(), "2026-11-21T08:00:00Z", 84.0, 650.0, 120.0);
    case.inputs.present = Some(Schedule::TwoWindow(night()));
    assert_snapshot!(case.screen());
}

#[test]
fn nothing_was_read() {
    let mut case = case(home(), "2026-11-20T20:41:00Z", 41.0, 430.0, 0.0);
    case.inputs.readings = Snapshot::default();
    case.inputs.memory = Memory::empty(&case.policy);
    case.inputs.outlook = Default::default();
    assert_snapshot!(case.screen());
}

#[test]
fn safe_mode_when_blind() {
    let mut policy = home();
    policy.limits.when_blind = WhenBlind::SelfConsume;
    let mut case = case(policy, "2026-11-20T23:41:00Z", 41.0, 430.0, 0.0);
    case.inputs.present = Some(Schedule::TwoWindow(night()));
    age(&mut case.inputs.readings, case.inputs.now, 12);
    assert_snapshot!(case.screen());
}

#[test]
fn readings_that_cannot_be_true() {
    let mut case = case(home(), "2026-11-23T14:20:00Z", 0.0, 430.0, 0.0);
    let readings = &mut case.inputs.readings;
    readings.soc.as_mut().unwrap().quality = Quality::Implausible;
    readings.load.as_mut().unwrap().quality = Quality::Frozen;
    readings.grid = None;
    readings.battery = None;
    readings.ev.as_mut().unwrap().taken_at = at("2026-11-23T14:35:00Z");
    case.inputs.memory = Memory::empty(&case.policy);
    assert_snapshot!(case.screen());
}

#[test]
fn a_foreign_schedule_off_the_grid() {
    let mut case = case(home(), "2026-11-20T20:41:00Z", 41.0, 430.0, 0.0);
    case.inputs.present = Some(Schedule::TwoWindow(schedule(&["22:07-23:15"], 100, &[], 10)));
    assert_snapshot!(case.screen());
}

#[test]
fn drift_that_is_only_reported() {
    let mut case = case(home(), "2026-11-20T20:41:00Z", 41.0, 430.0, 0.0);
    case.inputs.present = Some(Schedule::TwoWindow(schedule(&["02:00-05:00"], 90, &[], 10)));
    case.inputs.permits.charge = MayGrant::No { why: Refusal::Drift, until: None };
    assert_snapshot!(case.screen());
}

#[test]
fn the_budget_is_used_up() {
    let mut case = case(home(), "2026-11-20T20:41:00Z", 41.0, 430.0, 0.0);
    case.inputs.used = PerObject { charge: 5, discharge: 0, windows: 0 };
    let why = Refusal::Budget { used: 5, limit: 6 };
    case.inputs.permits.charge = MayGrant::No { why, until: Some(at("2026-11-21T00:00:00Z")) };
    assert_snapshot!(case.screen());
}

#[test]
fn a_write_was_sent_a_moment_ago() {
    let mut case = case(home(), "2026-11-20T20:41:00Z", 41.0, 430.0, 0.0);
    case.inputs.used = PerObject { charge: 1, discharge: 0, windows: 0 };
    let why = Refusal::Interval { last: at("2026-11-20T20:35:00Z") };
    case.inputs.permits = Permits::none(why, Some(at("2026-11-20T20:45:00Z")));
    assert_snapshot!(case.screen());
}

#[test]
fn the_schedule_on_the_device_is_not_known() {
    let mut case = case(home(), "2026-11-20T20:41:00Z", 41.0, 430.0, 0.0);
    case.inputs.present = None;
    assert_snapshot!(case.screen());
}

#[test]
fn the_device_cannot_do_it_at_all() {
    let mut policy = home();
    let peak = engine_support::calendar("time: 17:00-19:00", &[], windows(&["17:00-19:00"]));
    let mut rule = rule("Sell at the peak", peak, Action::DischargeTo { floor: soc(30.0), power: None });
    rule.place = place(44);
    policy.rules.push(rule);
    assert_snapshot!(case(policy, "2026-11-20T15:00:00Z", 80.0, 430.0, 0.0).screen());
}

/// A charge and two holds a day: more than the store has windows for.
fn busy() -> offpeak::policy::Policy {
    let mut policy = home();
    let timed = |text: &str| engine_support::calendar(&format!("time: {text}"), &[], windows(&[text]));
    policy.rules = vec![
        rule("Hold in the morning", timed("06:00-07:00"), Action::Hold),
        rule("Top up at noon", timed("11:00-13:00"), charge_to(60.0)),
        rule("Hold before the peak", timed("14:00-16:00"), Action::Hold),
        rule("Hold after the peak", timed("19:00-21:00"), Action::Hold),
        rule("Top up at the night rate", timed("23:30-05:30"), charge_to(90.0)),
    ];
    for (rule, line) in policy.rules.iter_mut().zip([30, 34, 38, 42, 46]) {
        rule.place = place(line);
    }
    policy
}

#[test]
fn more_than_the_store_can_hold() {
    assert_snapshot!(case(busy(), "2026-11-20T09:00:00Z", 41.0, 430.0, 0.0).screen());
}

#[test]
fn two_writes() {
    let mut case = case(busy(), "2026-11-20T12:30:00Z", 58.0, 430.0, 0.0);
    case.inputs.used = PerObject { charge: 1, discharge: 1, windows: 0 };
    case.inputs.present =
        Some(Schedule::TwoWindow(schedule(&["23:30-00:00", "00:00-05:30"], 90, &["13:00-18:00"], 10)));
    assert_snapshot!(case.screen());
}

#[test]
fn three_writes() {
    let mut policy = busy();
    policy.limits.program_ahead = std::time::Duration::from_secs(12 * 3600);
    let mut case = case(policy, "2026-11-20T22:00:00Z", 35.0, 430.0, 0.0);
    case.inputs.present =
        Some(Schedule::TwoWindow(schedule(&["02:00-06:00"], 90, &["06:00-15:00", "16:00-00:00"], 10)));
    assert_snapshot!(case.screen());
}

#[test]
fn the_owner_commands_by_hand() {
    let case = case(home(), "2026-11-20T16:10:00Z", 41.0, 430.0, 0.0);
    assert_snapshot!(case.manual(charge_to(80.0), "2026-11-20T18:00:00Z").screen());
}

#[test]
fn the_night_the_clocks_go_back() {
    let mut policy = home();
    let hour = engine_support::calendar("time: 01:30-03:00", &[], windows(&["01:30-03:00"]));
    let mut rule = rule("Top up in the small hours", hour, charge_to(100.0));
    rule.place = place(26);
    policy.rules.insert(0, rule);
    assert_snapshot!(case(policy, "2026-10-24T20:00:00Z", 40.0, 300.0, 0.0).screen());
}

#[test]
fn the_night_the_clocks_go_forward() {
    assert_snapshot!(case(home(), "2026-03-28T20:00:00Z", 40.0, 300.0, 0.0).screen());
}

#[test]
fn a_hold_that_is_only_expected() {
    assert_snapshot!(case(home(), "2026-11-20T07:00:00Z", 70.0, 500.0, 0.0).screen());
}

#[test]
fn without_prices_or_rules() {
    let mut policy = home();
    policy.tariff.import.clear();
    policy.tariff.export.clear();
    policy.rules.clear();
    policy.observations.clear();
    assert_snapshot!(case(policy, "2026-11-20T07:00:00Z", 70.0, 500.0, 0.0).screen());
}

#[test]
fn long_names_many_windows_and_two_days() {
    let mut policy = home();
    policy.site = "The old schoolhouse behind the church, with two heat pumps".into();
    policy.file = "/srv/batteries/policies/the-old-schoolhouse-behind-the-church.yaml".into();
    policy.rules = (0u32..8)
        .map(|index| {
            let window = format!("{:02}:00-{:02}:00", index * 3, index * 3 + 1);
            let name =
                format!("{}. 安い時間帯に充電する and a name that goes on and on, as names sometimes do", index + 1);
            let mut rule = rule(&name, engine_support::calendar(&window, &[], windows(&[&window])), charge_to(60.0));
            rule.place = place(120 + index);
            rule
        })
        .collect();
    policy.tariff.import = (0u32..6)
        .map(|index| {
            let times = format!("{:02}:00-{:02}:00", index * 4, index * 4 + 4);
            engine_support::band(&format!("b{index}"), 0.05 + f64::from(index * index) / 100.0, windows(&[&times]))
        })
        .collect();
    let mut case = case(policy, "2026-11-20T20:41:00Z", 41.0, 430.0, 0.0);
    case.inputs.horizon = std::time::Duration::from_secs(48 * 3600);
    assert_snapshot!(case.screen());
}

#[test]
fn an_empty_test_is_the_rest_of_the_time() {
    // The support's rules rest on this: a band without a test holds where no other does.
    assert!(CalendarTest::default().is_empty());
}
