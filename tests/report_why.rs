//! Why something holds, as product text and as data.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod engine_support;
mod report_support;

use engine_support::{Asks, above, at, below, charge_to, minutes, observed, rule, watts};
use insta::assert_snapshot;
use offpeak::policy::model::{Action, Condition, Quantity};
use offpeak::report::{Style, readings_json, readings_text, why_json};
use offpeak::snapshot::{Quality, Reading, Signal};
use report_support::*;

#[test]
fn why_a_night_rule_won() {
    assert_snapshot!(case(home(), "2026-11-20T23:41:00Z", 71.0, 430.0, 0.0).why());
}

#[test]
fn why_nothing_held_in_the_afternoon() {
    let mut case = case(home(), "2026-11-23T14:20:00Z", 71.0, 430.0, 0.0);
    // The car began to charge two minutes ago.
    case.inputs.readings.ev = Some(Reading::good(watts(7200.0), at("2026-11-23T14:18:00Z")));
    case.inputs.now = at("2026-11-23T14:18:00Z");
    case.look();
    case.inputs.now = at("2026-11-23T14:20:00Z");
    case.look();
    assert_snapshot!(case.why());
}

#[test]
fn why_with_readings_that_cannot_be_used() {
    let mut policy = home();
    let asks = Asks { average: Some(minutes(15)), ..Asks::default() };
    let sun = observed(
        &mut policy,
        "solar: above 2 kW on average over 15 min",
        Quantity::Reading(Signal::Solar),
        above(2000.0),
        asks,
    );
    let cheap = engine_support::compare("import price: below 0.05", Quantity::ImportPrice, below(0.05), None);
    let low = engine_support::reading("soc: below 40%", Signal::Soc, below(40.0));
    policy.rules.push(rule("Sunny", sun, Action::Hold));
    policy.rules.push(rule("Cheap", cheap, charge_to(100.0)));
    policy.rules.push(rule("Not low", Condition::Not(Box::new(low)), Action::Hold));
    policy.rules.push(rule("Nothing to ask", Condition::Any(Vec::new()), Action::Hold));
    let rank = engine_support::not_yet_known("import price: among the cheapest 3 h of today");
    policy.rules.push(rule("The three cheapest hours", rank, charge_to(100.0)));
    let mut case = case(policy, "2026-11-23T09:20:00Z", 35.0, 430.0, 0.0);
    case.inputs.readings.ev.as_mut().unwrap().quality = Quality::Frozen;
    assert_snapshot!(case.why());
}

#[test]
fn why_the_owner_commands() {
    let case = case(home(), "2026-11-20T16:10:00Z", 41.0, 430.0, 0.0).manual(Action::Hold, "2026-11-20T18:00:00Z");
    assert_snapshot!(case.why());
}

#[test]
fn why_as_data() {
    let mut case = case(home(), "2026-11-23T14:20:00Z", 71.0, 430.0, 0.0);
    case.inputs.readings.ev = None;
    assert_snapshot!(format!("{:#}", why_json(&case.plan())));
}

#[test]
fn one_set_of_readings() {
    let mut case = case(home(), "2026-11-23T14:20:00Z", 71.0, 430.0, 2350.0);
    let readings = &mut case.inputs.readings;
    readings.ev = None;
    readings.battery = Some(Reading::good(watts(-1920.0), at("2026-11-23T14:19:30Z")));
    readings.grid = Some(Reading::good(watts(0.0), at("2026-11-23T14:02:00Z")));
    readings.solar.as_mut().unwrap().quality = Quality::Unconfirmed;
    let (zone, now, max_age) = (&case.policy.zone, case.inputs.now, case.policy.limits.reading_max_age);
    assert_snapshot!(readings_text(&case.inputs.readings, zone, now, max_age, Style::Plain));
    assert_snapshot!(format!("{:#}", readings_json(&case.inputs.readings, now, max_age)));
}
