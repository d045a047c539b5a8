//! The plan as data: its keys, its order, its codes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod engine_support;
mod report_support;

use engine_support::{at, charge_to};
use insta::assert_snapshot;
use offpeak::device::{PerObject, Schedule};
use offpeak::plan::budget::{MayGrant, Refusal};
use offpeak::plan::compile::Reason;
use offpeak::report::words;
use offpeak::snapshot::Unknown;
use report_support::*;
use serde_json::Value;

/// The text of a plan, its course shortened.
fn shown(mut plan: Value) -> String {
    if let Some(course) = plan["course"].as_array_mut() {
        let more = course.len() - 2;
        course.truncate(2);
        course.push(format!("… and {more} more").into());
    }
    format!("{plan:#}")
}

#[test]
fn a_plan_with_a_write_as_data() {
    assert_snapshot!(shown(case(home(), "2026-11-20T20:41:00Z", 41.0, 430.0, 0.0).json()));
}

#[test]
fn a_plan_with_something_deferred_as_data() {
    let mut case = case(home(), "2026-11-20T16:10:00Z", 41.0, 430.0, 0.0);
    case.inputs.used = PerObject { charge: 5, discharge: 0, windows: 0 };
    case.inputs.present = Some(Schedule::TwoWindow(schedule(&["22:07-23:15"], 100, &[], 10)));
    let why = Refusal::Budget { used: 5, limit: 6 };
    case.inputs.permits.charge = MayGrant::No { why, until: Some(at("2026-11-21T00:00:00Z")) };
    case.inputs.readings.ev = None;
    assert_snapshot!(shown(case.manual(charge_to(80.0), "2026-11-20T18:00:00Z").json()));
}

#[test]
fn an_obstacle_as_data() {
    let mut case = case(home(), "2026-11-20T20:41:00Z", 41.0, 430.0, 0.0);
    case.inputs.present = None;
    let json = case.json();
    assert_eq!(json["obstacle"]["code"], "schedule-unknown");
    for key in ["present", "desired", "deferred", "lowering", "orphan"] {
        assert_eq!(json[key], Value::Null, "{key}");
    }
    assert_eq!(json["writes"], Value::Array(Vec::new()));
}

#[test]
fn keys_stand_in_the_order_of_the_document() {
    let document = std::fs::read_to_string("docs/json.md").expect("the document");
    let section = document.split("## Plan").nth(1).expect("a part on plans");
    let section = section.split("\n## ").next().expect("its text");
    let documented = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let plan = case(home(), "2026-11-20T20:41:00Z", 41.0, 430.0, 0.0).json();
    let keys: Vec<&String> = plan.as_object().expect("an object").keys().collect();
    assert_eq!(documented.collect::<Vec<_>>(), keys);
}

#[test]
fn every_code_stands_in_the_document() {
    let document = std::fs::read_to_string("docs/json.md").expect("the document");
    let last = at("2026-11-20T20:41:00Z");
    let refusals = [
        Refusal::Budget { used: 5, limit: 6 },
        Refusal::Interval { last },
        Refusal::Uncounted,
        Refusal::Drift,
        Refusal::Blind,
    ];
    let reasons = [
        Reason::LeftOver,
        Reason::Repeats,
        Reason::Target { asked: 90, held: 60 },
        Reason::LeastTarget { least: 10 },
        Reason::Floor { asked: 30, held: 10 },
        Reason::ChargeWindows { needed: 3, most: 2 },
        Reason::Permissions { needed: 3, most: 2 },
        Reason::Waits,
    ];
    let unknown = [
        Unknown::NoReading,
        Unknown::TooOld,
        Unknown::Implausible,
        Unknown::Frozen,
        Unknown::Unconfirmed,
        Unknown::NoPrice,
        Unknown::TooFewSamples,
        Unknown::NotYetKnown,
    ];
    let mut codes: Vec<&str> = refusals.map(words::refusal_code).into();
    codes.extend(refusals.map(|refusal| words::reason_code(Reason::MayNotGrant(refusal))));
    codes.extend(reasons.map(words::reason_code));
    codes.extend(unknown.map(words::unknown_code));
    for code in &codes {
        assert!(document.contains(&format!("`{code}`")), "{code} is not documented");
    }
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(
        codes.len(),
        refusals.len() + reasons.len() + unknown.len(),
        "each meaning has a code of its own: {codes:?}"
    );
}
