//! Why something holds, as product text and as data.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

mod engine_support;
mod report_support;

use engine_support::{Asks, above, at, below, charge_to, minutes, observed, rule, watts};
use insta::assert_snapshot;
use offpeak::policy::model::{Action, Condition, Quantity};
use offpeak::report::reason::{Ground, Reason};
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

/// The paragraph alone, as a person reads it.
fn paragraph(case: &Case) -> String {
    let text = case.why();
    text.split("\n\n").nth(1).expect("a paragraph").to_owned()
}

/// What is told at some telling moments, one after the other.
#[test]
fn the_paragraph_at_telling_moments() {
    let mut told = String::new();
    let mut tell = |title: &str, case: &Case| told.push_str(&format!("{title}\n\n{}\n\n", paragraph(case)));

    tell("won by time", &case(home(), "2026-11-20T23:41:00Z", 71.0, 430.0, 0.0));
    tell("no rule in the evening", &case(home(), "2026-11-20T20:41:00Z", 41.0, 430.0, 0.0));
    tell("a charge that fills until the next change", &case(home(), "2026-11-21T03:00:00Z", 20.0, 430.0, 0.0));

    let mut latched = case(home(), "2026-11-23T14:05:00Z", 58.0, 430.0, 0.0);
    tell("a latch that came on", &latched);
    for minute in [10, 15, 20, 25, 30, 35, 40] {
        latched.inputs.now = at(&format!("2026-11-23T14:{minute}:00Z"));
        age(&mut latched.inputs.readings, latched.inputs.now, 2);
        latched.inputs.readings.soc.as_mut().unwrap().value = engine_support::soc(58.0 + f64::from(minute) / 10.0);
        latched.look();
    }
    tell("a latch that is still on", &latched);
    tell("a latch that is off between its values", &case(home(), "2026-11-23T14:40:00Z", 62.0, 430.0, 0.0));

    let mut car = case(home(), "2026-11-23T14:18:00Z", 71.0, 430.0, 0.0);
    car.inputs.readings.ev = Some(Reading::good(watts(7200.0), at("2026-11-23T14:18:00Z")));
    car.look();
    car.inputs.now = at("2026-11-23T14:20:00Z");
    car.look();
    tell("a duration that is not long enough", &car);
    car.inputs.now = at("2026-11-23T14:25:00Z");
    age(&mut car.inputs.readings, car.inputs.now, 0);
    car.look();
    tell("a duration that is", &car);

    let mut old = case(home(), "2026-11-23T14:20:00Z", 41.0, 430.0, 0.0);
    age(&mut old.inputs.readings, at("2026-11-23T14:20:00Z"), 12);
    tell("readings that are too old", &old);
    let mut frozen = case(home(), "2026-11-23T14:20:00Z", 41.0, 430.0, 0.0);
    frozen.inputs.readings.soc.as_mut().unwrap().quality = Quality::Frozen;
    tell("a frozen reading", &frozen);
    let mut blind = case(home(), "2026-11-20T23:41:00Z", 41.0, 430.0, 0.0);
    blind.inputs.readings = Default::default();
    tell("blind at night", &blind);
    blind.policy.limits.when_blind = offpeak::policy::model::WhenBlind::SelfConsume;
    tell("blind in safe mode", &blind);

    let commanded = case(home(), "2026-11-20T16:10:00Z", 41.0, 430.0, 0.0).manual(Action::Hold, "2026-11-20T18:00:00Z");
    tell("the owner commands", &commanded);
    insta::assert_snapshot!(told);
}

#[test]
fn the_paragraph_of_nested_conditions() {
    let mut policy = home();
    let night = || engine_support::calendar("tariff: night", &[0], Default::default());
    let low = || engine_support::reading("soc: below 40%", Signal::Soc, below(40.0));
    let dear =
        || engine_support::compare("import price: above 0.20", Quantity::ImportPrice, engine_support::above(0.2), None);
    let not = |condition| Condition::Not(Box::new(condition));
    policy.rules = vec![
        rule("Low at night", Condition::All(vec![low(), night()]), charge_to(80.0)),
        rule("Neither low nor night", not(Condition::Any(vec![low(), night()])), Action::Hold),
        rule("Dear, or night", Condition::All(vec![Condition::Any(vec![night(), dear()]), not(night())]), Action::Hold),
        rule("Always", Condition::All(Vec::new()), charge_to(100.0)),
    ];
    let mut told = String::new();
    let mut tell = |title: &str, case: &Case| told.push_str(&format!("{title}\n\n{}\n\n", paragraph(case)));
    tell("low by day", &case(policy.clone(), "2026-11-23T14:20:00Z", 35.0, 430.0, 0.0));
    tell("neither low nor night", &case(policy.clone(), "2026-11-23T14:20:00Z", 55.0, 430.0, 0.0));
    policy.rules.drain(..2);
    tell("night, where what must not hold does", &case(policy.clone(), "2026-11-23T23:41:00Z", 35.0, 430.0, 0.0));
    policy.rules = (1..=6)
        .map(|number| rule(&format!("Rule {number}"), Condition::All(vec![low(), dear()]), Action::Hold))
        .collect();
    tell("many rules", &case(policy.clone(), "2026-11-23T14:20:00Z", 55.0, 430.0, 0.0));
    policy.rules.iter_mut().for_each(|rule| rule.when = night());
    tell("many rules of another time", &case(policy, "2026-11-23T14:20:00Z", 55.0, 430.0, 0.0));
    insta::assert_snapshot!(told);
}

/// A car that a house battery is not to feed while it is low, above a charge at night.
fn guarded_from_the_car() -> offpeak::policy::Policy {
    let mut policy = engine_support::policy("Europe/London");
    let for_5_min = Asks { hold: Some(minutes(5)), ..Asks::default() };
    let until_60 = Asks { until: Some(60.0), ..Asks::default() };
    let car = Quantity::Reading(Signal::Ev);
    let car = observed(&mut policy, "ev: above 1 kW for 5 min", car, above(1000.0), for_5_min);
    let low = Quantity::Reading(Signal::Soc);
    let low = observed(&mut policy, "soc: below 50% until 60%", low, below(50.0), until_60);
    let night = engine_support::calendar("tariff: night", &[0], Default::default());
    policy.rules =
        vec![rule("Spare it", Condition::All(vec![car, low]), Action::Hold), rule("Night", night, charge_to(90.0))];
    policy
}

/// What comes next as data: when, by which rule, and whether that is certain; and the last sentence of the paragraph.
fn next(case: &Case) -> (String, String) {
    let next = &why_json(&case.plan())["next"];
    let paragraph = paragraph(case).replace('\n', " ");
    let sentence = paragraph.trim_end_matches('.').rfind(". ").expect("a sentence");
    let data = format!("{} {} {}", next["at"], next["decision"]["rule"], next["certain"]).replace('"', "");
    (data, paragraph[sentence + 2..].to_owned())
}

#[test]
fn what_a_reading_may_change_is_not_called_certain() {
    let check = |case: &Case, data: &str, sentence: &str| {
        assert_eq!(next(case), (data.to_owned(), sentence.to_owned()));
    };
    let mut case = case(guarded_from_the_car(), "2026-01-15T12:00:00Z", 40.0, 1000.0, 0.0);
    check(
        &case,
        "2026-01-15T23:30:00Z Night false",
        "From 23:30, unless a reading changes it, \"Night\" decides, to charge to 90 %, and then hold.",
    );
    // Where nothing can be said of the battery's course, a rule that only waits is still expected to come.
    case.inputs.readings.solar = None;
    case.inputs.outlook = offpeak::plan::Outlook::default();
    case.inputs.readings.ev = Some(Reading::good(watts(2000.0), case.inputs.now));
    case.look();
    check(
        &case,
        "2026-01-15T12:05:00Z Spare it false",
        "If the readings stay as they are, that ends at 12:05: then \"Spare it\" decides, to hold: it gives nothing, and the sun \
         may charge it.",
    );
    case.policy.rules.remove(0);
    check(
        &case,
        "2026-01-15T23:30:00Z Night true",
        "At 23:30 that ends: then \"Night\" decides, to charge to 90 %, and then hold.",
    );
}

#[test]
fn since_when_it_has_been_decided_so() {
    let case = case(home(), "2026-11-20T23:41:00Z", 71.0, 430.0, 0.0);
    let plan = case.plan();
    let since = |earlier| Some(offpeak::report::Since { at: at("2026-11-20T23:30:00Z"), earlier });
    let told = |since| {
        let text = offpeak::report::why_text_since(&plan, since, Style::Plain);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(told(since(false)).contains("decides so since 23:30: `tariff: night` holds"), "{}", told(since(false)));
    assert!(told(since(true)).contains("decides so since before 23:30:"), "{}", told(since(true)));
    assert!(told(None).contains("decides so: `tariff: night` holds"), "{}", told(None));
    let json = offpeak::report::why_json_since(&plan, since(false));
    assert_eq!(json["since"]["at"], "2026-11-20T23:30:00Z");
    assert_eq!(json["next"]["at"], "2026-11-21T05:30:00Z");
    assert_eq!(json["grounds"][0]["reason"], "calendar");
    assert_eq!(json["grounds"][0]["until"], "2026-11-21T05:30:00Z");
}

#[test]
fn every_code_of_a_reason_stands_in_the_document_and_no_other() {
    let document = std::fs::read_to_string("docs/json.md").expect("the document");
    let cell = |key: &str, section: &str| -> Vec<String> {
        let section = document.split(&format!("\n## {section}\n")).nth(1).and_then(|rest| rest.split("\n## ").next());
        let row = section.and_then(|text| text.lines().find(|line| line.starts_with(&format!("| `{key}` |"))));
        let told = row.and_then(|row| row.split('|').nth(2)).expect("a row");
        let mut codes: Vec<String> = told.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        codes.retain(|code| !matches!(code.as_str(), "failed" | "unknown"));
        codes
    };
    assert_eq!(cell("reason", "Rules"), Reason::ALL.map(Reason::code));
    assert_eq!(cell("reason", "Why"), Ground::ALL.map(Ground::code));
}
