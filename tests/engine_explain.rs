//! P19 and P4: what decided, what did not and why, what was unknown; the guards that hold above all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::time::Duration;

use offpeak::engine::{
    Command, Finding, Memory, Override, Seen, Situation, Source, Verdict, evaluate, explain, stretch,
};
use offpeak::policy::Policy;
use offpeak::policy::model::{Action, Condition, Quantity};
use offpeak::snapshot::{Quality, Reading, Signal, Snapshot, Unknown};
use offpeak::tariff::Prices;
use offpeak::time::{CalendarTest, ClockTime, Instant, Weekdays};
use offpeak::units::{Power, Soc};

mod engine_support;
use engine_support::{
    above, at, below, calendar, charge_to, compare, days, not_yet_known, policy, reading, rule, self_consume, snapshot,
    soc, watts, windows,
};

const NIGHT: &str = "2026-01-15T01:00:00Z";
const DAY: &str = "2026-01-15T14:30:00Z";

fn with_rules(rules: Vec<(Condition, Action)>) -> Policy {
    let mut policy = policy("Europe/London");
    let named = rules.into_iter().enumerate().map(|(index, (when, then))| rule(&format!("rule {index}"), when, then));
    policy.rules = named.collect();
    policy
}

fn night() -> Condition {
    calendar("tariff: night", &[0], CalendarTest::default())
}

fn low() -> Condition {
    reading("soc: below 30%", Signal::Soc, below(30.0))
}

fn car() -> Condition {
    reading("ev: above 1 kW", Signal::Ev, above(1000.0))
}

/// What became of the first rule, in words: what decided, and what was seen of it.
fn told(policy: &Policy, snapshot: &Snapshot, now: Instant) -> String {
    let situation = Situation { snapshot, prices: &Prices::default(), manual: None, now };
    let memory = Memory::empty(policy);
    let explanation = explain(policy, &situation, &memory);
    assert_eq!(explanation.decision, evaluate(policy, &situation, &memory));
    match explanation.rules[0] {
        Verdict::Won => "won".into(),
        Verdict::NotReached => "not reached".into(),
        Verdict::Failed(finding) => format!("failed: {}", spoken(finding)),
        Verdict::Unknown(finding) => format!("unknown: {}", spoken(finding)),
    }
}

fn spoken(finding: Finding<'_>) -> String {
    let not = if finding.negated { "not " } else { "" };
    let aged = |age: Option<Duration>| age.map_or(String::new(), |age| format!(", {} s old", age.as_secs()));
    let seen = match finding.seen {
        Seen::Calendar => "calendar".into(),
        Seen::Value { value, age, .. } => format!("is {value}{}", aged(age)),
        Seen::Missing { why, value, age, .. } => {
            format!("{why:?}{}{}", value.map_or(String::new(), |value| format!(", said {value}")), aged(age))
        }
        Seen::NotYetKnown(what) => format!("no {what}"),
        Seen::Nothing => "nothing".into(),
    };
    format!("{not}{} [{seen}]", finding.text)
}

#[test]
fn the_condition_that_decided_is_named_with_what_was_seen() {
    let now = at(DAY);
    let readings = snapshot(now - chrono::Duration::seconds(180), 41.0, 430.0, 0.0);
    let check = |when: Condition, expect: &str| {
        assert_eq!(told(&with_rules(vec![(when, Action::Hold)]), &readings, now), expect);
    };
    let not = |condition| Condition::Not(Box::new(condition));
    check(night(), "failed: tariff: night [calendar]");
    check(low(), "failed: soc: below 30% [is 41, 180 s old]");
    check(Condition::All(vec![not(night()), low(), car()]), "failed: soc: below 30% [is 41, 180 s old]");
    check(not(not(low())), "failed: soc: below 30% [is 41, 180 s old]");
    check(not(Condition::All(vec![not(night()), not(low())])), "failed: tariff: night [calendar]");
    check(Condition::Any(vec![night(), low()]), "failed: tariff: night [calendar]");
    check(Condition::Any(Vec::new()), "failed:  [nothing]");
    check(Condition::All(Vec::new()), "won");
    check(
        compare("import price: below 0.10", Quantity::ImportPrice, below(0.1), None),
        "unknown: import price: below 0.10 [NoPrice]",
    );
    check(not_yet_known("among the cheapest 3 h"), "unknown: among the cheapest 3 h [no price ranks]");
    // Where a rule is false, what is unknown beside it is not to blame; where it is unknown, what is true is not.
    check(Condition::All(vec![not_yet_known("rank"), low()]), "failed: soc: below 30% [is 41, 180 s old]");
    check(Condition::Any(vec![low(), not_yet_known("rank")]), "unknown: rank [no price ranks]");
    check(Condition::Any(vec![not_yet_known("rank"), not(low())]), "won");
}

#[test]
fn what_cannot_be_used_is_named_with_its_reason() {
    let now = at(DAY);
    let policy = with_rules(vec![(low(), Action::Hold)]);
    let check = |quality, seconds, expect: &str| {
        let taken_at = now - chrono::Duration::seconds(seconds);
        let soc = Some(Reading { value: soc(20.0), taken_at, quality });
        assert_eq!(told(&policy, &Snapshot { soc, ..Snapshot::default() }, now), expect);
    };
    check(Quality::Good, 600, "won");
    check(Quality::Good, 601, "unknown: soc: below 30% [TooOld, said 20, 601 s old]");
    check(Quality::Good, -1, "unknown: soc: below 30% [TooOld, said 20, 0 s old]");
    check(Quality::Frozen, 0, "unknown: soc: below 30% [Frozen, said 20, 0 s old]");
    check(Quality::Implausible, 0, "unknown: soc: below 30% [Implausible, said 20, 0 s old]");
    check(Quality::Unconfirmed, 0, "unknown: soc: below 30% [Unconfirmed, said 20, 0 s old]");
    assert_eq!(told(&policy, &Snapshot::default(), now), "unknown: soc: below 30% [NoReading]");
}

#[test]
fn the_first_rule_wins_and_those_below_are_not_reached() {
    let now = at(NIGHT);
    let policy = with_rules(vec![
        (car(), Action::Hold),
        (low(), charge_to(50.0)),
        (night(), charge_to(90.0)),
        (Condition::All(Vec::new()), Action::Hold),
    ]);
    let verdicts = |snapshot: &Snapshot, manual: Option<&Override>| {
        let memory = Memory::empty(&policy);
        let situation = Situation { snapshot, prices: &Prices::default(), manual, now };
        let explanation = explain(&policy, &situation, &memory);
        let letter = |verdict: &Verdict<'_>| match verdict {
            Verdict::Won => 'W',
            Verdict::NotReached => '.',
            Verdict::Failed(_) => 'f',
            Verdict::Unknown(_) => '?',
        };
        (explanation.decision.source, explanation.rules.iter().map(letter).collect::<String>())
    };
    let check = |snapshot: &Snapshot, manual: Option<&Override>, source: Source, expect: &str| {
        assert_eq!(verdicts(snapshot, manual), (source, expect.to_owned()));
    };
    check(&snapshot(now, 41.0, 430.0, 0.0), None, Source::Rule(2), "ffW.");
    check(&snapshot(now, 20.0, 430.0, 0.0), None, Source::Rule(1), "fW..");
    // Blind, rules on time alone still work, and nothing above them counts as false.
    check(&Snapshot::default(), None, Source::Rule(2), "??W.");
    let manual = |minutes| Override { action: Action::Hold, until: now + chrono::Duration::minutes(minutes) };
    check(&Snapshot::default(), Some(&manual(1)), Source::Override, "....");
    check(&Snapshot::default(), Some(&manual(0)), Source::Rule(2), "??W.");
}

#[test]
fn guards_stand_above_every_command() {
    let now = at(DAY);
    let always = || Condition::All(Vec::new());
    let power = Some(watts(3000.0));
    let check = |action: Action, expect: Command| {
        let mut policy = with_rules(vec![(always(), action)]);
        (policy.battery.reserve, policy.battery.ceiling) = (soc(15.0), soc(95.0));
        let command = |policy: &Policy, manual: Option<&Override>| {
            let situation = Situation { snapshot: &Snapshot::default(), prices: &Prices::default(), manual, now };
            evaluate(policy, &situation, &Memory::empty(policy)).command
        };
        assert_eq!(command(&policy, None), expect, "a rule");
        let manual = Override { action, until: now + chrono::Duration::hours(1) };
        policy.rules.clear();
        assert_eq!(command(&policy, Some(&manual)), expect, "the manual command");
        policy.otherwise = action;
        assert_eq!(command(&policy, None), expect, "otherwise");
    };
    let charge = |target: Soc, power: Option<Power>| Command::ChargeTo { target, power };
    check(charge_to(90.0), charge(soc(90.0), None));
    check(charge_to(100.0), charge(soc(95.0), None));
    check(Action::ChargeTo { target: soc(96.0), power }, charge(soc(95.0), power));
    check(Action::Hold, Command::Hold);
    check(self_consume(), Command::SelfConsume { floor: soc(15.0) });
    check(Action::SelfConsume { floor: Some(soc(5.0)) }, Command::SelfConsume { floor: soc(15.0) });
    check(Action::SelfConsume { floor: Some(soc(20.0)) }, Command::SelfConsume { floor: soc(20.0) });
    check(Action::DischargeTo { floor: soc(0.0), power }, Command::DischargeTo { floor: soc(15.0), power });
    check(
        Action::DischargeTo { floor: soc(30.0), power: None },
        Command::DischargeTo { floor: soc(30.0), power: None },
    );
}

#[test]
fn a_target_that_needs_a_forecast_is_not_guessed() {
    let now = at(NIGHT);
    let cover = Action::ChargeToCover { until: ClockTime::new(9, 0).unwrap(), power: None };
    let mut policy = with_rules(vec![(night(), cover)]);
    assert_eq!(told(&policy, &Snapshot::default(), now), "unknown: charge to cover [no forecasts]");
    assert_eq!(told(&policy, &Snapshot::default(), at(DAY)), "failed: tariff: night [calendar]");
    policy.otherwise = cover;
    let (blind, prices) = (Snapshot::default(), Prices::default());
    let situation = |manual| Situation { snapshot: &blind, prices: &prices, manual, now };
    let own_way = Command::SelfConsume { floor: policy.battery.reserve };
    assert_eq!(evaluate(&policy, &situation(None), &Memory::empty(&policy)).command, own_way);
    let manual = Override { action: cover, until: now + chrono::Duration::hours(1) };
    let decision = evaluate(&policy, &situation(Some(&manual)), &Memory::empty(&policy));
    assert_eq!((decision.source, decision.command), (Source::Otherwise, own_way));
}

#[test]
fn a_reading_of_the_wrong_kind_never_panics() {
    // P3 at its edges: indexes that no validated policy holds, and moments at the ends of time.
    let mut policy = with_rules(vec![
        (compare("nobody remembers", Quantity::Reading(Signal::Soc), below(30.0), Some(7)), Action::Hold),
        (calendar("no such band", &[9], windows(&["00:00-24:00"])), Action::Hold),
    ]);
    policy.limits.reading_max_age = Duration::MAX;
    for now in [Instant::MIN_UTC, Instant::MAX_UTC, at(DAY)] {
        let readings = snapshot(now, 41.0, 430.0, 0.0);
        let situation = Situation { snapshot: &readings, prices: &Prices::default(), manual: None, now };
        let explanation = explain(&policy, &situation, &Memory::default());
        assert_eq!(explanation.decision.source, Source::Otherwise);
        let Verdict::Unknown(finding) = explanation.rules[0] else { panic!("{explanation:?}") };
        assert!(matches!(finding.seen, Seen::Value { .. } | Seen::Missing { why: Unknown::TooFewSamples, .. }));
    }
}

#[test]
fn what_the_winner_rests_on_is_named() {
    let now = at("2026-11-21T00:30:00Z");
    let readings = snapshot(now - chrono::Duration::seconds(180), 41.0, 430.0, 0.0);
    let check = |when: Condition, expect: &[&str]| {
        let policy = with_rules(vec![(when, Action::Hold)]);
        let prices = Prices::default();
        let situation = Situation { snapshot: &readings, prices: &prices, manual: None, now };
        let explanation = explain(&policy, &situation, &Memory::empty(&policy));
        let grounds: Vec<String> = explanation.grounds.iter().map(|found| spoken(*found)).collect();
        assert_eq!(grounds, expect);
    };
    let not = |condition| Condition::Not(Box::new(condition));
    let (night_holds, not_low) = ("tariff: night [calendar]", "not soc: below 30% [is 41, 180 s old]");
    check(night(), &[night_holds]);
    check(Condition::All(vec![night(), not(low())]), &[night_holds, not_low]);
    check(Condition::Any(vec![low(), not(low()), night()]), &[not_low]);
    check(not(Condition::Any(vec![low(), not(night())])), &[not_low, night_holds]);
    check(not(Condition::All(vec![night(), low(), car()])), &[not_low]);
    check(Condition::All(Vec::new()), &[]);
    // Nothing won, so nothing rests on anything.
    check(low(), &[]);
}

#[test]
fn a_condition_alone_is_told_from_one_among_others() {
    let now = at(DAY);
    let readings = snapshot(now - chrono::Duration::seconds(180), 41.0, 430.0, 0.0);
    let check = |when: Condition, expect: bool| {
        let policy = with_rules(vec![(when.clone(), Action::Hold)]);
        let prices = Prices::default();
        let situation = Situation { snapshot: &readings, prices: &prices, manual: None, now };
        let explanation = explain(&policy, &situation, &Memory::empty(&policy));
        let (Verdict::Failed(found) | Verdict::Unknown(found)) = explanation.rules[0] else { panic!("{when:?}") };
        assert_eq!(found.alone, expect, "{when:?}");
    };
    let not = |condition| Condition::Not(Box::new(condition));
    check(low(), true);
    check(Condition::All(vec![low(), not(night())]), true);
    check(Condition::All(vec![low(), night()]), false);
    check(Condition::All(vec![low(), not_yet_known("rank")]), false);
    check(Condition::Any(vec![low(), night()]), true);
    check(not(Condition::Any(vec![not(low()), night()])), true);
    check(not(Condition::Any(vec![not(low()), not(night())])), false);
    check(not_yet_known("rank"), true);
    check(Condition::Any(Vec::new()), false);
}

#[test]
fn a_calendar_says_since_when_and_until_when() {
    let policy = policy("Europe/London");
    let of = |condition: Condition, now: &str| {
        let Condition::Calendar(calendar) = condition else { panic!("a calendar") };
        let found = stretch(&policy, &calendar, at(now));
        let told = |at: Option<Instant>| at.map_or("-".to_owned(), |at| at.format("%d %H:%M").to_string());
        (found.holds, told(found.from), told(found.until))
    };
    let check = |condition: Condition, now: &str, (holds, from, until): (bool, &str, &str)| {
        assert_eq!(of(condition, now), (holds, from.to_owned(), until.to_owned()), "{now}");
    };
    check(night(), "2026-11-20T23:30:00Z", (true, "20 23:30", "21 05:30"));
    check(night(), "2026-11-21T05:29:59Z", (true, "20 23:30", "21 05:30"));
    check(night(), "2026-11-21T05:30:00Z", (false, "21 05:30", "21 23:30"));
    // The night in which the clocks go back has seven hours.
    check(night(), "2026-10-25T03:00:00Z", (true, "24 22:30", "25 05:30"));
    let weekend = || calendar("days: weekends", &[], days(CalendarTest::default(), Weekdays::WEEKENDS));
    check(weekend(), "2026-11-25T12:00:00Z", (false, "23 00:00", "28 00:00"));
    check(calendar("tariff: night or day", &[0, 1], CalendarTest::default()), "2026-11-25T12:00:00Z", (true, "-", "-"));
}

#[test]
fn a_stretch_ends_where_the_next_begins() {
    let policy = policy("Europe/London");
    let Condition::Calendar(calendar) = night() else { panic!("a calendar") };
    let mut now = at("2026-10-20T00:00:00Z");
    while now < at("2026-10-30T00:00:00Z") {
        let found = stretch(&policy, &calendar, now);
        let (from, until) = (found.from.unwrap(), found.until.unwrap());
        assert!(from <= now && now < until);
        let last = until - chrono::Duration::seconds(1);
        assert_eq!(stretch(&policy, &calendar, last), found);
        let next = stretch(&policy, &calendar, until);
        assert_eq!((next.from, next.holds), (found.until, !found.holds));
        now += chrono::Duration::minutes(17);
    }
}
