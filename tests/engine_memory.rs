//! Latches, durations and averages: what they remember, what they forget, and what survives a restart.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::time::Duration;

use offpeak::engine::{Memory, Remembered, Seen, Situation, Source, Stretch, Verdict, evaluate, explain};
use offpeak::policy::Policy;
use offpeak::policy::model::{Action, Bounds, Edge, Quantity};
use offpeak::snapshot::{Reading, Signal, Snapshot, Unknown};
use offpeak::tariff::Prices;
use offpeak::time::Instant;

mod engine_support;
use engine_support::{Asks, above, at, below, minutes, observed, policy, rule, slots, soc, watts};

const START: &str = "2026-01-15T12:00:00Z";

/// A policy with one rule of one remembering condition.
fn remembering(quantity: Quantity, bounds: Bounds, asks: Asks) -> Policy {
    let mut policy = policy("Europe/London");
    let condition = observed(&mut policy, "the condition", quantity, bounds, asks);
    policy.rules = vec![rule("the rule", condition, Action::Hold)];
    policy
}

fn soc_policy(bounds: Bounds, asks: Asks) -> Policy {
    remembering(Quantity::Reading(Signal::Soc), bounds, asks)
}

fn load_policy(asks: Asks) -> Policy {
    remembering(Quantity::Reading(Signal::Load), above(3000.0), asks)
}

fn soc_is(percent: Option<f64>, now: Instant) -> Snapshot {
    Snapshot { soc: percent.map(|percent| Reading::good(soc(percent), now)), ..Snapshot::default() }
}

fn load_is(power: Option<f64>, now: Instant) -> Snapshot {
    Snapshot { load: power.map(|power| Reading::good(watts(power), now)), ..Snapshot::default() }
}

/// One letter a tick: `T` the rule fires, `-` it does not, `?` it cannot be known.
fn letter(policy: &Policy, situation: &Situation<'_>, memory: &Memory) -> char {
    let explanation = explain(policy, situation, memory);
    assert_eq!(explanation.decision, evaluate(policy, situation, memory));
    match explanation.rules[0] {
        Verdict::Won => 'T',
        Verdict::Failed(_) => '-',
        Verdict::Unknown(_) => '?',
        Verdict::NotReached => 'n',
    }
}

/// What the rule says at ticks so many seconds after the start.
fn course(policy: &Policy, see: impl Fn(Option<f64>, Instant) -> Snapshot, ticks: &[(i64, Option<f64>)]) -> String {
    let mut memory = Memory::empty(policy);
    let tick = |(seconds, value): &(i64, Option<f64>)| {
        let now = at(START) + chrono::Duration::seconds(*seconds);
        let snapshot = see(*value, now);
        let situation = Situation { snapshot: &snapshot, prices: &Prices::default(), manual: None, now };
        let before = letter(policy, &situation, &memory);
        memory.observe(policy, &situation);
        assert_eq!(letter(policy, &situation, &memory), before, "the look and the question commute");
        before
    };
    ticks.iter().map(tick).collect()
}

/// A tick a minute.
fn each_minute(values: &[Option<f64>]) -> Vec<(i64, Option<f64>)> {
    values.iter().zip(0..).map(|(value, minute)| (minute * 60, *value)).collect()
}

#[test]
fn a_latch_stays_until_its_second_value() {
    let check = |bounds: Bounds, until: f64, values: &[f64], expect: &str| {
        let policy = soc_policy(bounds, Asks { until: Some(until), ..Asks::default() });
        let ticks = each_minute(&values.iter().copied().map(Some).collect::<Vec<_>>());
        assert_eq!(course(&policy, soc_is, &ticks), expect, "{bounds:?} until {until}: {values:?}");
    };
    let at_least = |value| Bounds { low: Some(Edge { value, inclusive: true }), high: None };
    let between = Bounds { low: at_least(20.0).low, high: below(40.0).high };
    check(below(60.0), 65.0, &[62.0, 59.9, 62.0, 64.9, 65.0, 62.0, 60.0, 59.0], "-TTT---T");
    check(below(60.0), 65.0, &[59.0, 70.0, 64.0], "T--");
    check(above(60.0), 55.0, &[58.0, 60.0, 61.0, 58.0, 55.0, 58.0], "--TT--");
    check(at_least(80.0), 70.0, &[79.0, 80.0, 71.0, 70.0, 79.0], "-TT--");
    check(between, 50.0, &[45.0, 30.0, 45.0, 10.0, 50.0, 45.0], "-TTT--");
    check(below(60.0), 60.0, &[59.0, 60.0, 59.0], "T-T");
}

#[test]
fn a_latch_keeps_its_state_while_unknown_but_is_unknown_itself() {
    let policy = soc_policy(below(60.0), Asks { until: Some(65.0), ..Asks::default() });
    let ticks = each_minute(&[Some(59.0), None, None, Some(62.0), Some(66.0), None, Some(62.0)]);
    assert_eq!(course(&policy, soc_is, &ticks), "T??T-?-");
}

#[test]
fn a_latch_observes_whatever_else_its_rule_says() {
    let mut policy = soc_policy(below(60.0), Asks { until: Some(65.0), ..Asks::default() });
    let latched = policy.rules[0].when.clone();
    let evening = engine_support::calendar("time: 18:00-20:00", &[], engine_support::windows(&["18:00-20:00"]));
    policy.rules[0].when = offpeak::policy::model::Condition::All(vec![evening, latched]);
    let ticks = [(0, Some(50.0)), (6 * 3600 - 60, Some(63.0)), (6 * 3600, Some(63.0))];
    assert_eq!(course(&policy, soc_is, &ticks), "--T");
}

#[test]
fn a_duration_counts_only_what_was_seen_without_a_break() {
    let for_5_min = load_policy(Asks { hold: Some(minutes(5)), ..Asks::default() });
    let check = |ticks: &[(i64, Option<f64>)], expect: &str| {
        assert_eq!(course(&for_5_min, load_is, ticks), expect, "{ticks:?}");
    };
    let (high, low) = (Some(4000.0), Some(100.0));
    check(&each_minute(&[high; 7]), "-----TT");
    check(&each_minute(&[high, high, high, low, high, high, high, high, high, high]), "---------T");
    check(&each_minute(&[high, high, high, None, high, high, high, high, high, high]), "---?-----T");
    // Reading max age is 10 min: a longer gap may have hidden anything.
    check(&[(0, high), (600, high)], "-T");
    check(&[(0, high), (601, high), (900, high), (901, high)], "---T");
    check(&[(0, high), (299, high), (300, high)], "--T");
    // A clock set back has no past to count from.
    check(&[(600, high), (0, high), (299, high), (300, high)], "---T");
}

#[test]
fn an_average_needs_its_whole_span_without_a_gap() {
    let average = load_policy(Asks { average: Some(minutes(4)), ..Asks::default() });
    let check = |ticks: &[(i64, Option<f64>)], expect: &str| {
        assert_eq!(course(&average, load_is, ticks), expect, "{ticks:?}");
    };
    let (high, low) = (Some(7000.0), Some(1000.0));
    check(&each_minute(&[high; 6]), "????TT");
    // Each value holds until the next look: 1, 1, 7, 7 kW over four minutes is a mean of 4 kW.
    check(&each_minute(&[low, low, high, high, low, low, low, low]), "????TTT-");
    // The present reading must be known; a hole no longer than the greatest age is bridged by the value before it.
    check(&each_minute(&[high, high, None, high, high]), "????T");
    check(&[(0, high), (600, high), (660, high)], "?TT");
    check(&[(0, high), (601, high), (660, high)], "???");
    check(&[(0, high), (240, low), (300, low), (420, low), (480, low)], "?TT--");
}

#[test]
fn the_stages_work_on_each_other_in_order() {
    // Average over 2 min above 3 kW until 1 kW, for 2 min.
    let asks = Asks { average: Some(minutes(2)), until: Some(1000.0), hold: Some(minutes(2)) };
    let policy = load_policy(asks);
    let ticks = each_minute(&[
        Some(4000.0),
        Some(4000.0),
        Some(4000.0),
        Some(2000.0),
        Some(2000.0),
        Some(0.0),
        Some(0.0),
        Some(0.0),
    ]);
    // The average is known from the third tick, its latch is on from then until the average falls to 1 kW, and it has
    // held for two minutes from the fifth.
    assert_eq!(course(&policy, load_is, &ticks), "??--TT--");
}

#[test]
fn prices_latch_as_readings_do() {
    let policy = remembering(Quantity::ImportPrice, below(0.1), Asks { until: Some(0.2), ..Asks::default() });
    let import = slots(&[
        ("2026-01-15T12:00:00Z", "2026-01-15T12:01:00Z", 0.05),
        ("2026-01-15T12:01:00Z", "2026-01-15T12:02:00Z", 0.15),
        ("2026-01-15T12:03:00Z", "2026-01-15T12:04:00Z", 0.15),
        ("2026-01-15T12:04:00Z", "2026-01-15T12:05:00Z", 0.20),
        ("2026-01-15T12:05:00Z", "2026-01-15T12:06:00Z", 0.15),
    ]);
    let prices = Prices { import, ..Prices::default() };
    let mut memory = Memory::empty(&policy);
    let tick = |minute| {
        let now = at(START) + chrono::Duration::minutes(minute);
        let situation = Situation { snapshot: &Snapshot::default(), prices: &prices, manual: None, now };
        memory.observe(&policy, &situation);
        letter(&policy, &situation, &memory)
    };
    assert_eq!((0..6).map(tick).collect::<String>(), "TT?T--");
}

#[test]
fn memory_survives_a_restart_and_an_edit_elsewhere() {
    let old = load_policy(Asks { hold: Some(minutes(5)), ..Asks::default() });
    let mut new = policy("Europe/London");
    let asks = Asks { until: Some(65.0), ..Asks::default() };
    let added = observed(&mut new, "another", Quantity::Reading(Signal::Soc), below(60.0), asks);
    let kept = observed(
        &mut new,
        "the condition",
        Quantity::Reading(Signal::Load),
        above(3000.0),
        Asks { hold: Some(minutes(5)), ..Asks::default() },
    );
    new.rules = vec![rule("kept", kept, Action::Hold), rule("added", added, Action::Hold)];

    let seen = |minute| load_is(Some(4000.0), at(START) + chrono::Duration::minutes(minute));
    let mut memory = Memory::empty(&old);
    for minute in 0..4 {
        let now = at(START) + chrono::Duration::minutes(minute);
        memory.observe(&old, &Situation { snapshot: &seen(minute), prices: &Prices::default(), manual: None, now });
    }
    let mut memory = Memory::restore(&new, memory.records(&old));
    assert_eq!(memory.records(&new)[0], ("another".to_owned(), Remembered::default()));
    let now = at(START) + chrono::Duration::minutes(5);
    let snapshot = seen(5);
    let situation = Situation { snapshot: &snapshot, prices: &Prices::default(), manual: None, now };
    memory.observe(&new, &situation);
    assert_eq!(evaluate(&new, &situation, &memory).source, Source::Rule(0));
}

#[test]
fn records_that_cannot_be_true_count_as_nothing_remembered() {
    let average = load_policy(Asks { average: Some(minutes(4)), ..Asks::default() });
    let now = at(START) + chrono::Duration::minutes(5);
    let instant = |minute| at(START) + chrono::Duration::minutes(minute);
    let stretch = |from, until, mean| Stretch { from: instant(from), until: instant(until), mean };
    let check = |seen: Option<(i64, f64)>, course: Vec<Stretch>, expect: char| {
        let seen = seen.map(|(minute, value)| (instant(minute), value));
        let record = Remembered { seen, course: course.clone(), ..Remembered::default() };
        let memory = Memory::restore(&average, [("the condition".to_owned(), record)]);
        let snapshot = load_is(Some(4000.0), now);
        let situation = Situation { snapshot: &snapshot, prices: &Prices::default(), manual: None, now };
        assert_eq!(letter(&average, &situation, &memory), expect, "{seen:?} {course:?}");
    };
    check(Some((4, 4000.0)), vec![stretch(0, 4, 4000.0)], 'T');
    check(Some((4, 4000.0)), vec![stretch(0, 2, 4000.0), stretch(2, 4, 4000.0)], 'T');
    check(Some((4, f64::NAN)), vec![stretch(0, 4, 4000.0)], '?');
    check(Some((4, 4000.0)), vec![stretch(0, 4, f64::INFINITY)], '?');
    check(Some((4, 4000.0)), vec![stretch(0, 1, 4000.0), stretch(2, 4, 4000.0)], '?');
    check(Some((4, 4000.0)), vec![stretch(0, 3, 4000.0)], '?');
    check(Some((4, 4000.0)), vec![stretch(4, 0, 4000.0)], '?');
    check(Some((9, 4000.0)), vec![stretch(0, 9, 4000.0)], '?');
    check(None, vec![stretch(0, 5, 4000.0)], '?');
}

#[test]
fn memory_stays_bounded_however_often_one_looks() {
    let policy = load_policy(Asks { average: Some(Duration::from_secs(600)), ..Asks::default() });
    let mut memory = Memory::empty(&policy);
    for second in 0..4000 {
        let now = at(START) + chrono::Duration::milliseconds(second * 500);
        let snapshot = load_is(Some(4000.0), now);
        memory.observe(&policy, &Situation { snapshot: &snapshot, prices: &Prices::default(), manual: None, now });
    }
    let course = memory.records(&policy)[0].1.course.len();
    assert!((400..=1000).contains(&course), "{course} stretches");
}

#[test]
fn an_explanation_says_how_long_it_has_held_and_what_the_mean_is() {
    let policy = load_policy(Asks { average: Some(minutes(2)), hold: Some(minutes(5)), ..Asks::default() });
    let mut memory = Memory::empty(&policy);
    let mut seen = Vec::new();
    for minute in 0..5 {
        let now = at(START) + chrono::Duration::minutes(minute);
        let snapshot = load_is(Some(4000.0 + 1000.0 * f64::from(i32::try_from(minute).unwrap())), now);
        let situation = Situation { snapshot: &snapshot, prices: &Prices::default(), manual: None, now };
        memory.observe(&policy, &situation);
        let (Verdict::Failed(finding) | Verdict::Unknown(finding)) = explain(&policy, &situation, &memory).rules[0]
        else {
            panic!("not yet");
        };
        seen.push(finding.seen);
    }
    let quantity = Quantity::Reading(Signal::Load);
    let age = Some(Duration::ZERO);
    assert_eq!(seen[1], Seen::Missing { quantity, why: Unknown::TooFewSamples, value: Some(5000.0), age });
    assert_eq!(seen[2], Seen::Value { quantity, value: 4500.0, age, held: Some(minutes(0)) });
    assert_eq!(seen[4], Seen::Value { quantity, value: 6500.0, age, held: Some(minutes(2)) });
}
