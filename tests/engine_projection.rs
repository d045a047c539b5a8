//! The timeline: what is expected, what may be programmed ahead, and the battery's course, at telling moments.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::time::Duration;

use offpeak::engine::{Memory, Override, Situation, Source, banded_prices, evaluate};
use offpeak::plan::timeline::{Span, Steps, Timeline};
use offpeak::plan::{Outlook, project};
use offpeak::policy::Policy;
use offpeak::policy::model::{Action, Condition, Quantity};
use offpeak::snapshot::{Reading, Signal, Snapshot};
use offpeak::tariff::Prices;
use offpeak::time::{CalendarTest, Instant, Weekdays};
use proptest::prelude::*;

mod engine_support;
use engine_support::{
    Asks, above, at, below, calendar, charge_to, compare, days, minutes, observed, policy, reading, rule, self_consume,
    slots, snapshot, soc, watts, windows,
};

/// What a projection starts from; what a test does not say is the usual.
struct Given {
    policy: Policy,
    now: Instant,
    snapshot: Snapshot,
    prices: Prices,
    manual: Option<Override>,
    outlook: Outlook,
    hours: u64,
}

impl Given {
    fn new(rules: Vec<(Condition, Action)>, now: &str, percent: f64, load: f64, solar: f64) -> Given {
        let now = at(now);
        let snapshot = snapshot(now, percent, load, solar);
        let mut policy = policy("Europe/London");
        let named = rules.into_iter().zip('A'..).map(|((when, then), name)| rule(&name.to_string(), when, then));
        policy.rules = named.collect();
        let prices = banded_prices(&policy, now, now + chrono::Duration::days(3));
        Given { policy, now, snapshot, prices, manual: None, outlook: Outlook::default(), hours: 24 }
    }

    fn situation(&self) -> Situation<'_> {
        Situation { snapshot: &self.snapshot, prices: &self.prices, manual: self.manual.as_ref(), now: self.now }
    }

    fn project(&self, memory: &Memory) -> Timeline {
        let Given { policy, now, snapshot, prices, manual, outlook, hours } = self;
        let horizon = Duration::from_secs(hours * 3600);
        let timeline = project(policy, snapshot, prices, memory, manual.as_ref(), outlook, *now, horizon);
        check_form(&timeline, *now, horizon);
        timeline
    }

    /// One line a span: when it begins by the site's clock, what is expected and by whom, and what is committed instead.
    fn lines(&self) -> Vec<String> {
        self.lines_of(&self.project(&Memory::empty(&self.policy)))
    }

    fn lines_of(&self, timeline: &Timeline) -> Vec<String> {
        let line = |span: &Span| {
            let by = match span.expected.source {
                Source::Rule(index) => self.policy.rules[index].name.clone(),
                Source::Otherwise => "-".into(),
                Source::Override => "manual".into(),
            };
            let time = self.policy.zone.local(span.from).time();
            let committed = if span.committed == span.expected.command {
                String::new()
            } else {
                format!(", committed {}", span.committed)
            };
            let only = if span.programmable { "" } else { ", expected only" };
            format!("{time} {} ({by}){committed}{only}", span.expected.command)
        };
        let told = |span: &Span| (span.expected, span.committed, span.programmable);
        let mut spans = timeline.spans.clone();
        spans.dedup_by(|span, before| told(span) == told(before));
        spans.iter().map(line).collect()
    }

    /// From when on the projection is certain, and from when readings may change it.
    fn certainty(&self) -> Vec<String> {
        let mut spans = self.project(&Memory::empty(&self.policy)).spans;
        spans.dedup_by_key(|span| span.certain);
        let word = |span: &Span| if span.certain { "certain" } else { "open" };
        spans.iter().map(|span| format!("{} {}", self.policy.zone.local(span.from).time(), word(span))).collect()
    }

    fn check(&self, expect: &[&str]) {
        assert_eq!(self.lines(), expect);
    }
}

/// What holds of every timeline: it covers the horizon without holes, and neighbours differ.
fn check_form(timeline: &Timeline, now: Instant, horizon: Duration) {
    let end = now + chrono::Duration::from_std(horizon).unwrap();
    assert_eq!(timeline.spans.first().map(|span| span.from), (horizon > Duration::ZERO).then_some(now));
    assert_eq!(timeline.spans.last().map(|span| span.until), (horizon > Duration::ZERO).then_some(end));
    let told = |span: &Span| (span.expected, span.committed, span.programmable, span.certain);
    for pair in timeline.spans.windows(2) {
        assert_eq!(pair[0].until, pair[1].from);
        assert_ne!(told(&pair[0]), told(&pair[1]));
    }
    assert!(timeline.course.windows(2).all(|pair| pair[0].at < pair[1].at));
}

fn night() -> Condition {
    calendar("tariff: night", &[0], CalendarTest::default())
}

fn time(texts: &[&str]) -> Condition {
    calendar("time", &[], windows(texts))
}

fn percents(timeline: &Timeline, hours: usize) -> Vec<String> {
    let whole = timeline.course.iter().filter(|point| point.at.timestamp() % 3600 == 0);
    whole.take(hours).map(|point| point.soc.map_or("?".into(), |soc| format!("{:.0}", soc.percent()))).collect()
}

#[test]
fn an_evening_before_a_night_tariff() {
    let given = Given::new(vec![(night(), charge_to(90.0))], "2026-11-20T20:41:00Z", 41.0, 430.0, 0.0);
    given.check(&[
        "20:41 self-consume down to 10 % (-)",
        "23:30 charge to 90 % (A)",
        "05:30 self-consume down to 10 % (-)",
    ]);
    let timeline = given.project(&Memory::empty(&given.policy));
    let first = timeline.course[0];
    assert_eq!(
        (first.at, first.soc, first.battery, first.grid),
        (given.now, Some(soc(41.0)), Some(watts(430.0)), Some(watts(0.0)))
    );
    assert_eq!(timeline.course[1].at, at("2026-11-20T20:45:00Z"));
    // 21:00 to 08:00: down to 23:30, up at 5 kW until 90 %, held, and down again from 05:30.
    assert_eq!(percents(&timeline, 12), ["40", "35", "30", "52", "90", "90", "90", "90", "90", "88", "83", "79"]);
    let import = |hour: usize| timeline.course[hour * 4].import.map(offpeak::units::Price::amount);
    assert_eq!((import(0), import(4)), (Some(0.27), Some(0.07)));
}

#[test]
fn windows_off_the_quarter_hour_are_exact() {
    let rules = vec![(time(&["23:37-05:03"]), charge_to(90.0)), (time(&["12:00-12:01"]), Action::Hold)];
    let given = Given::new(rules, "2026-11-20T20:41:07Z", 41.0, 430.0, 0.0);
    given.check(&[
        "20:41 self-consume down to 10 % (-)",
        "23:37 charge to 90 % (A)",
        "05:03 self-consume down to 10 % (-)",
        "12:00 hold (B)",
        "12:01 self-consume down to 10 % (-)",
    ]);
}

#[test]
fn inside_a_window_it_holds_from_now() {
    let given = Given::new(vec![(night(), charge_to(90.0))], "2026-11-21T02:10:00Z", 89.0, 430.0, 0.0);
    given.check(&["02:10 charge to 90 % (A)", "05:30 self-consume down to 10 % (-)", "23:30 charge to 90 % (A)"]);
}

#[test]
fn what_only_a_later_reading_can_tell_is_expected_and_never_committed() {
    let low = || reading("soc: below 30%", Signal::Soc, below(30.0));
    let mut given = Given::new(vec![(low(), Action::Hold)], "2026-11-20T12:00:00Z", 41.0, 1000.0, 0.0);
    given.hours = 6;
    given.check(&[
        "12:00 self-consume down to 10 % (-)",
        "13:15 hold (A), committed self-consume down to 10 %, expected only",
    ]);
    // True in fact now, it is committed as though the readings stayed as they are, up to 18:00; beyond it is only expected.
    given.snapshot = snapshot(given.now, 25.0, 0.0, 2000.0);
    let dark = given.now + chrono::Duration::minutes(60);
    given.outlook.solar = Steps::new(vec![(given.now, watts(2000.0)), (dark, watts(0.0))]);
    given.outlook.load = Steps::constant(given.now, watts(500.0));
    given.check(&[
        "12:00 hold (A)",
        "12:30 self-consume down to 10 % (-), committed hold, expected only",
        "15:00 hold (A)",
    ]);
}

#[test]
fn a_rule_that_readings_may_preempt_is_not_certain_but_committed_where_time_alone_decides() {
    let full = || reading("soc: above 80%", Signal::Soc, above(80.0));
    let rules = vec![(full(), self_consume()), (night(), charge_to(90.0))];
    let mut given = Given::new(rules, "2026-11-20T22:00:00Z", 70.0, 500.0, 0.0);
    given.hours = 3;
    given.check(&[
        "22:00 self-consume down to 10 % (-)",
        "23:30 charge to 90 % (B)",
        "00:00 self-consume down to 10 % (A), committed charge to 90 %, expected only",
    ]);
}

#[test]
fn blind_what_time_decides_goes_on() {
    let low = || reading("soc: below 30%", Signal::Soc, below(30.0));
    let mut given =
        Given::new(vec![(low(), Action::Hold), (night(), charge_to(90.0))], "2026-11-20T20:41:00Z", 20.0, 430.0, 0.0);
    given.snapshot = Snapshot::default();
    let expect =
        ["20:41 self-consume down to 10 % (-)", "23:30 charge to 90 % (B)", "05:30 self-consume down to 10 % (-)"];
    given.check(&expect);
    assert!(
        given
            .project(&Memory::empty(&given.policy))
            .course
            .iter()
            .all(|point| point.soc.is_none() && point.grid.is_none())
    );
    // Too old is as good as absent.
    given.snapshot = snapshot(given.now - chrono::Duration::seconds(601), 20.0, 430.0, 0.0);
    given.check(&expect);
    // Missing is never zero: without the load there is no course, with an outlook for it there is.
    given.snapshot = snapshot(given.now, 41.0, 430.0, 0.0);
    given.snapshot.load = None;
    let course = given.project(&Memory::empty(&given.policy)).course;
    assert_eq!((course[0].soc, course[0].battery, course[1].soc), (Some(soc(41.0)), None, None));
    given.outlook.load = Steps::constant(given.now, watts(430.0));
    assert!(given.project(&Memory::empty(&given.policy)).course.iter().all(|point| point.soc.is_some()));
}

#[test]
fn a_manual_command_stands_until_it_expires() {
    let mut given = Given::new(vec![(night(), charge_to(90.0))], "2026-11-20T20:41:00Z", 41.0, 430.0, 0.0);
    given.manual = Some(Override { action: Action::Hold, until: at("2026-11-20T23:52:00Z") });
    given.check(&["20:41 hold (manual)", "23:52 charge to 90 % (A)", "05:30 self-consume down to 10 % (-)"]);
    given.manual = Some(Override { action: Action::Hold, until: given.now });
    given.check(&[
        "20:41 self-consume down to 10 % (-)",
        "23:30 charge to 90 % (A)",
        "05:30 self-consume down to 10 % (-)",
    ]);
}

#[test]
fn clock_changes_keep_their_quarter_hours_and_their_windows() {
    let check = |now: &str, steps: usize, charge: (&str, &str)| {
        let given = Given::new(vec![(night(), charge_to(90.0))], now, 41.0, 430.0, 0.0);
        let midnight = given.now;
        let (_, end) = given.policy.zone.day(given.policy.zone.local(midnight).date);
        let horizon = (end - midnight).to_std().unwrap();
        let timeline = project(
            &given.policy,
            &given.snapshot,
            &given.prices,
            &Memory::empty(&given.policy),
            None,
            &given.outlook,
            midnight,
            horizon,
        );
        assert_eq!(timeline.course.len(), steps, "{now}");
        let edges: Vec<Instant> = timeline.spans.iter().map(|span| span.from).collect();
        assert_eq!(edges, [midnight, at(charge.0), at(charge.1)], "{now}");
    };
    check("2026-11-20T00:00:00Z", 96, ("2026-11-20T05:30:00Z", "2026-11-20T23:30:00Z"));
    check("2026-03-29T00:00:00Z", 92, ("2026-03-29T04:30:00Z", "2026-03-29T22:30:00Z"));
    check("2026-10-24T23:00:00Z", 100, ("2026-10-25T05:30:00Z", "2026-10-25T23:30:00Z"));
}

#[test]
fn days_change_at_their_own_midnight() {
    let weekend = days(windows(&["22:00-02:00"]), Weekdays::WEEKENDS);
    let given = Given::new(
        vec![(calendar("weekend nights", &[], weekend), Action::Hold)],
        "2026-11-21T12:00:00Z",
        41.0,
        430.0,
        0.0,
    );
    given.check(&["12:00 self-consume down to 10 % (-)", "22:00 hold (A)", "02:00 self-consume down to 10 % (-)"]);
}

#[test]
fn prices_are_followed_as_far_as_they_are_known() {
    let cheap = compare("import price: below 0.10", Quantity::ImportPrice, below(0.1), None);
    let mut given = Given::new(vec![(cheap, charge_to(80.0))], "2026-11-20T12:00:00Z", 41.0, 430.0, 0.0);
    given.prices.import = slots(&[
        ("2026-11-20T12:00:00Z", "2026-11-20T13:10:00Z", 0.2),
        ("2026-11-20T13:10:00Z", "2026-11-20T14:00:00Z", 0.05),
        ("2026-11-20T14:00:00Z", "2026-11-20T15:00:00Z", 0.2),
        ("2026-11-20T16:00:00Z", "2026-11-20T17:00:00Z", 0.05),
    ]);
    given.check(&[
        "12:00 self-consume down to 10 % (-)",
        "13:10 charge to 80 % (A)",
        "14:00 self-consume down to 10 % (-)",
        "16:00 charge to 80 % (A)",
        "17:00 self-consume down to 10 % (-)",
    ]);
    // A price that has to hold for a while is as certain as the price itself, and as exact.
    let asks = Asks { hold: Some(minutes(20)), ..Asks::default() };
    let lasting =
        observed(&mut given.policy, "import price: below 0.10 for 20 min", Quantity::ImportPrice, below(0.1), asks);
    given.policy.rules[0].when = lasting;
    given.check(&[
        "12:00 self-consume down to 10 % (-)",
        "13:30 charge to 80 % (A)",
        "14:00 self-consume down to 10 % (-)",
        "16:20 charge to 80 % (A)",
        "17:00 self-consume down to 10 % (-)",
    ]);
}

#[test]
fn memory_goes_on_into_the_projection() {
    // A latch that was set before now holds beyond its first value, up to its second.
    let mut given = Given::new(Vec::new(), "2026-11-20T12:00:00Z", 62.0, 0.0, 1000.0);
    let asks = Asks { until: Some(65.0), ..Asks::default() };
    let latched =
        observed(&mut given.policy, "soc: below 60% until 65%", Quantity::Reading(Signal::Soc), below(60.0), asks);
    given.policy.rules = vec![rule("A", latched, Action::Hold)];
    let mut memory = Memory::empty(&given.policy);
    let earlier = given.now - chrono::Duration::minutes(1);
    let before = snapshot(earlier, 59.0, 0.0, 1000.0);
    memory.observe(&given.policy, &Situation { snapshot: &before, now: earlier, ..given.situation() });
    let timeline = given.project(&memory);
    let going_on = "12:30 self-consume down to 10 % (-), committed hold, expected only";
    assert_eq!(given.lines_of(&timeline), ["12:00 hold (A)", going_on, "18:00 self-consume down to 10 % (-)"]);
    given.check(&["12:00 self-consume down to 10 % (-)"]);
    // Asking before or after the look at this very moment makes no difference.
    let mut observed = memory.clone();
    observed.observe(&given.policy, &given.situation());
    assert_eq!(given.project(&observed), timeline);
    // A duration goes on from where it stood.
    let mut given = Given::new(Vec::new(), "2026-11-20T12:00:00Z", 62.0, 4000.0, 0.0);
    let asks = Asks { hold: Some(minutes(20)), ..Asks::default() };
    let lasting = engine_support::observed(
        &mut given.policy,
        "load: above 3 kW for 20 min",
        Quantity::Reading(Signal::Load),
        above(3000.0),
        asks,
    );
    given.policy.rules = vec![rule("A", lasting, Action::Hold)];
    given.hours = 2;
    given.check(&[
        "12:00 self-consume down to 10 % (-)",
        "12:30 hold (A), committed self-consume down to 10 %, expected only",
    ]);
    // But what was seen too long ago is no past to go on from, in the projection as in fact.
    let mut memory = Memory::empty(&given.policy);
    let earlier = given.now - chrono::Duration::minutes(30);
    let before = snapshot(earlier, 62.0, 4000.0, 0.0);
    memory.observe(&given.policy, &Situation { snapshot: &before, now: earlier, ..given.situation() });
    let first = given.project(&memory).spans[0];
    assert_eq!((first.expected.source, first.until), (Source::Otherwise, at("2026-11-20T12:30:00Z")));
}

#[test]
fn a_horizon_is_as_long_as_asked_within_reason() {
    let given = Given::new(vec![(night(), charge_to(90.0))], "2026-11-20T20:41:00Z", 41.0, 430.0, 0.0);
    let until = |horizon| {
        let memory = Memory::empty(&given.policy);
        project(&given.policy, &given.snapshot, &given.prices, &memory, None, &given.outlook, given.now, horizon)
    };
    assert_eq!(until(Duration::ZERO), Timeline::default());
    assert_eq!(until(Duration::from_secs(1)).spans.len(), 1);
    let longest = until(Duration::MAX).spans.last().unwrap().until - given.now;
    assert_eq!(longest, chrono::Duration::days(14));
}

#[test]
fn certain_is_what_no_reading_could_change() {
    let check = |rules: Vec<(Condition, Action)>, expect: &[&str]| {
        let given = Given::new(rules, "2026-11-20T12:00:00Z", 40.0, 1000.0, 0.0);
        assert_eq!(given.certainty(), expect);
    };
    let busy = || reading("load: above 2 kW", Signal::Load, above(2000.0));
    let busy_in_the_evening = || Condition::All(vec![time(&["16:00-19:00"]), busy()]);
    let not = |condition| Condition::Not(Box::new(condition));
    check(vec![], &["12:00 certain"]);
    check(vec![(night(), charge_to(90.0))], &["12:00 certain"]);
    check(vec![(busy(), Action::Hold), (night(), charge_to(90.0))], &["12:00 open"]);
    check(vec![(night(), charge_to(90.0)), (busy(), Action::Hold)], &["12:00 open", "23:30 certain", "05:30 open"]);
    check(
        vec![(busy_in_the_evening(), Action::Hold), (night(), charge_to(90.0))],
        &["12:00 certain", "16:00 open", "19:00 certain"],
    );
    check(vec![(not(busy_in_the_evening()), Action::Hold)], &["12:00 certain", "16:00 open", "19:00 certain"]);
    check(vec![(Condition::Any(vec![night(), busy()]), Action::Hold)], &["12:00 open", "23:30 certain", "05:30 open"]);
    // Whatever is read, nothing comes of what cannot be evaluated.
    check(vec![(engine_support::not_yet_known("price ranks"), Action::Hold)], &["12:00 certain"]);
    check(vec![(not(engine_support::not_yet_known("price ranks")), Action::Hold)], &["12:00 certain"]);
    // Known prices are no readings; one that is not known may come to be.
    let price = |quantity| compare("price: below 0.1", quantity, below(0.1), None);
    check(vec![(price(Quantity::ImportPrice), charge_to(90.0))], &["12:00 certain"]);
    let mut given =
        Given::new(vec![(price(Quantity::ExportPrice), Action::Hold)], "2026-11-20T12:00:00Z", 40.0, 1e3, 0.0);
    given.prices.export = slots(&[("2026-11-20T12:00:00Z", "2026-11-20T20:00:00Z", 0.15)]);
    assert_eq!(given.certainty(), ["12:00 certain", "20:00 open"]);
    // The owner's command stands above every reading, but the plan of least cost goes by one.
    let mut given = Given::new(vec![(busy(), Action::Hold)], "2026-11-20T12:00:00Z", 40.0, 1000.0, 0.0);
    given.manual = Some(Override { action: Action::Hold, until: at("2026-11-20T18:00:00Z") });
    assert_eq!(given.certainty(), ["12:00 certain", "18:00 open"]);
    given.manual = Some(Override { action: Action::FollowPlan, until: at("2026-11-20T18:00:00Z") });
    assert_eq!(given.certainty(), ["12:00 open"]);
    check(vec![(night(), Action::FollowPlan)], &["12:00 certain", "23:30 open", "05:30 certain"]);
}

fn some_condition() -> impl Strategy<Value = Condition> {
    nested(some_leaf())
}

fn some_leaf() -> impl Strategy<Value = Condition> {
    prop_oneof![
        (1.0..99.0).prop_map(|percent| reading("soc", Signal::Soc, below(percent))),
        (0.0..3000.0).prop_map(|power| reading("load", Signal::Load, above(power))),
        (-2000.0..3000.0).prop_map(|power| reading("grid", Signal::Grid, above(power))),
        (0.0..0.4).prop_map(|amount| compare("import price", Quantity::ImportPrice, below(amount), None)),
        (0..1440_u32, 1..1440_u32).prop_map(|(start, length)| {
            let end = (start + length) % 1440;
            time(&[&format!("{:02}:{:02}-{:02}:{:02}", start / 60, start % 60, end / 60, end % 60)])
        }),
        Just(night()),
    ]
}

fn nested(leaf: impl Strategy<Value = Condition> + 'static) -> impl Strategy<Value = Condition> {
    leaf.prop_recursive(2, 8, 3, |inner| {
        let several = || proptest::collection::vec(inner.clone(), 1..3);
        prop_oneof![
            several().prop_map(Condition::All),
            several().prop_map(Condition::Any),
            inner.clone().prop_map(|inner| Condition::Not(Box::new(inner))),
        ]
    })
}

/// Conditions that remember, as a policy would have them.
fn remembering(policy: &mut Policy) -> [Condition; 4] {
    let (latch, hold) = (Asks { until: Some(65.0), ..Asks::default() }, |for_minutes| Asks {
        hold: Some(minutes(for_minutes)),
        ..Asks::default()
    });
    let mean = Asks { average: Some(minutes(15)), ..Asks::default() };
    [
        observed(policy, "soc: below 60% until 65%", Quantity::Reading(Signal::Soc), below(60.0), latch),
        observed(policy, "ev: above 1 kW for 10 min", Quantity::Reading(Signal::Ev), above(1000.0), hold(10)),
        observed(policy, "load: above 2 kW on average", Quantity::Reading(Signal::Load), above(2000.0), mean),
        observed(policy, "import price: below 0.1 for 20 min", Quantity::ImportPrice, below(0.1), hold(20)),
    ]
}

/// Any condition, with or without memory of its own.
fn any_condition() -> impl Strategy<Value = Condition> {
    let remembering = (0..4_usize).prop_map(|index| remembering(&mut policy("UTC"))[index].clone());
    nested(prop_oneof![some_leaf(), remembering])
}

/// What is read five minutes later: each reading stays, is another, or is missing.
fn read_on(random: &mut fastrand::Rng, last: &Snapshot, then: Instant) -> Snapshot {
    let mut next = snapshot(then, random.f64() * 100.0, random.f64() * 4000.0, random.f64() * 6000.0);
    let any = |random: &mut fastrand::Rng| Some(Reading::good(watts(random.f64() * 8000.0 - 4000.0), then));
    (next.grid, next.battery, next.ev) = (any(random), any(random), any(random));
    if random.u8(0..4) > 0 {
        next.soc = last.soc.map(|reading| Reading { taken_at: then, ..reading });
    }
    for (next, last) in [(&mut next.load, last.load), (&mut next.grid, last.grid), (&mut next.ev, last.ev)] {
        match random.u8(0..8) {
            0 => *next = None,
            1..=5 => *next = last.map(|reading| Reading { taken_at: then, ..reading }),
            _ => {}
        }
    }
    next
}

/// The first of 00:00, 06:00, 12:00 and 18:00 on the site's clock that is an hour away or more, minute by minute.
fn streak_end(given: &Given) -> Instant {
    let mut then = given.now + chrono::Duration::minutes(60);
    while !given.policy.zone.local(then).minute.is_multiple_of(360) {
        then += chrono::Duration::minutes(1);
    }
    then
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The first span is the decision of now; what is committed is what the engine says under readings that stay as they are,
    /// as long as that is the decision of now and before the streak's end on the clock; from then on exactly what it says
    /// without a single reading. A decision that rests on no reading has no streak.
    #[test]
    fn what_is_committed_rests_on_time_and_prices_or_on_now(
        conditions in proptest::collection::vec(some_condition(), 0..5),
        start in 0..1440_i64,
        percent in 0.0..100.0,
        load in 0.0..4000.0,
        solar in 0.0..6000.0,
    ) {
        let actions = [Action::Hold, charge_to(90.0), self_consume(), charge_to(50.0)];
        let rules = conditions.into_iter().zip(actions).collect();
        let mut given = Given::new(rules, "2026-10-24T12:00:00Z", percent, load, solar);
        given.now += chrono::Duration::minutes(start);
        given.snapshot = snapshot(given.now, percent, load, solar);
        given.outlook.solar = Steps::new((0..30).map(|hour| {
            (given.now + chrono::Duration::hours(hour), watts(if hour % 2 == 0 { solar } else { 0.0 }))
        }).collect());
        let memory = Memory::empty(&given.policy);
        let timeline = given.project(&memory);
        let now = evaluate(&given.policy, &given.situation(), &memory);
        prop_assert_eq!(timeline.spans[0].expected, now);
        let nothing = Snapshot::default();
        let blindly = |then| evaluate(&given.policy, &Situation { snapshot: &nothing, now: then, ..given.situation() }, &memory);
        let mut unbroken = blindly(given.now).source != now.source;
        for span in &timeline.spans {
            for minute in 0..(span.until - span.from).num_minutes() {
                let then = span.from + chrono::Duration::minutes(minute);
                let still = snapshot(then, percent, load, solar);
                let frozen = evaluate(&given.policy, &Situation { snapshot: &still, now: then, ..given.situation() }, &memory);
                unbroken &= then < streak_end(&given) && frozen.source == now.source;
                let expect = if unbroken { frozen } else { blindly(then) };
                prop_assert_eq!(span.committed, expect.command, "{}", then);
                prop_assert_eq!(span.programmable, span.expected.source == expect.source, "{}", then);
            }
        }
        prop_assert_eq!(&timeline, &given.project(&memory), "P1");
    }

    /// Whatever is read on the way, now and remembered, a span that is called certain comes as it was told.
    #[test]
    fn no_reading_changes_what_is_certain(
        conditions in proptest::collection::vec(any_condition(), 0..4),
        start in 0..288_i64,
        percent in 0.0..100.0,
        seed in any::<u64>(),
    ) {
        let actions = [Action::Hold, charge_to(90.0), self_consume(), charge_to(50.0)];
        let rules = conditions.into_iter().zip(actions).collect();
        let mut given = Given::new(rules, "2026-10-24T12:00:00Z", percent, 1000.0, 0.0);
        remembering(&mut given.policy);
        given.now += chrono::Duration::minutes(5 * start);
        given.snapshot = snapshot(given.now, percent, 1000.0, 0.0);
        let mut memory = Memory::empty(&given.policy);
        let timeline = given.project(&memory);
        let mut random = fastrand::Rng::with_seed(seed);
        let mut read = given.snapshot.clone();
        for span in &timeline.spans {
            while given.now < span.until {
                let situation = Situation { snapshot: &read, ..given.situation() };
                memory.observe(&given.policy, &situation);
                let holds = evaluate(&given.policy, &situation, &memory);
                prop_assert!(!span.certain || holds == span.expected, "{} {:?} {:?}", given.now, holds, span);
                given.now += chrono::Duration::minutes(5);
                read = read_on(&mut random, &read, given.now);
            }
        }
    }
}
