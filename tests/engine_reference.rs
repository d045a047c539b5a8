//! P2: the engine agrees with a plain, slow evaluator written apart: its own clock arithmetic over chrono-tz, its own
//! logic over sets of possible truths, and memory worked out anew from everything that was ever seen.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{Datelike, NaiveDate, TimeZone, Timelike};
use fastrand::Rng;
use offpeak::engine::{
    Command, Decision, Memory, Override, Situation, Source, Verdict, banded_prices, evaluate, explain,
};
use offpeak::policy::model::{Action, Band, Bounds, CalendarCondition, Condition, Edge, Observation, Policy, Quantity};
use offpeak::snapshot::{Quality, Reading, Signal, Snapshot};
use offpeak::tariff::{PriceSeries, PriceSlot, Prices};
use offpeak::time::{CalendarTest, ClockTime, DailyWindow, DayTest, Instant, Months, NamedDays, Weekdays, Zone};
use offpeak::units::{Power, Soc};
use proptest::prelude::*;

mod engine_support;
use engine_support::{Asks, at, band, calendar, compare, not_yet_known, observed, policy, price, rule, soc, watts};

/// Zones whose data chrono-tz has right, with changes at odd hours and by odd amounts.
const ZONES: [&str; 5] =
    ["Europe/London", "Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe"];

// ---- The reference ----------------------------------------------------------------------------------------------

/// What was seen at one tick.
struct Seen {
    at: Instant,
    snapshot: Snapshot,
    prices: Prices,
}

/// Which truths are possible.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Possible {
    yes: bool,
    no: bool,
}

const UNKNOWN: Possible = Possible { yes: true, no: true };

fn sure(truth: bool) -> Possible {
    Possible { yes: truth, no: !truth }
}

fn reference(policy: &Policy, history: &[Seen], manual: Option<&Override>) -> Decision {
    let now = history.last().unwrap().at;
    if let Some(manual) = manual.filter(|manual| now < manual.until)
        && let Some(command) = bounded(policy, manual.action)
    {
        return Decision { source: Source::Override, command };
    }
    for (index, rule) in policy.rules.iter().enumerate() {
        let fires = possible(policy, history, &rule.when) == sure(true);
        if let Some(command) = bounded(policy, rule.then).filter(|_| fires) {
            return Decision { source: Source::Rule(index), command };
        }
    }
    let own = Command::SelfConsume { floor: policy.battery.reserve };
    Decision { source: Source::Otherwise, command: bounded(policy, policy.otherwise).unwrap_or(own) }
}

fn bounded(policy: &Policy, action: Action) -> Option<Command> {
    let (reserve, ceiling) = (policy.battery.reserve.percent(), policy.battery.ceiling.percent());
    let at_least = |floor: f64| soc(if floor < reserve { reserve } else { floor });
    match action {
        Action::ChargeToCover { .. } | Action::FollowPlan => None,
        Action::Hold => Some(Command::Hold),
        Action::ChargeTo { target, power } => {
            let target = soc(if target.percent() > ceiling { ceiling } else { target.percent() });
            Some(Command::ChargeTo { target, power })
        }
        Action::SelfConsume { floor } => {
            Some(Command::SelfConsume { floor: at_least(floor.map_or(reserve, Soc::percent)) })
        }
        Action::DischargeTo { floor, power } => Some(Command::DischargeTo { floor: at_least(floor.percent()), power }),
    }
}

fn possible(policy: &Policy, history: &[Seen], condition: &Condition) -> Possible {
    let now = history.last().unwrap();
    match condition {
        Condition::All(parts) => {
            let parts: Vec<Possible> = parts.iter().map(|part| possible(policy, history, part)).collect();
            Possible { yes: parts.iter().all(|part| part.yes), no: parts.iter().any(|part| part.no) }
        }
        Condition::Any(parts) => {
            let parts: Vec<Possible> = parts.iter().map(|part| possible(policy, history, part)).collect();
            Possible { yes: parts.iter().any(|part| part.yes), no: parts.iter().all(|part| part.no) }
        }
        Condition::Not(inner) => {
            let inner = possible(policy, history, inner);
            Possible { yes: inner.no, no: inner.yes }
        }
        Condition::Calendar(calendar) => sure(calendar_holds(policy, calendar, now.at)),
        Condition::NotYetKnown(_) => UNKNOWN,
        Condition::Compare(comparison) => match comparison.observation {
            None => seen_value(policy, now, comparison.quantity)
                .map_or(UNKNOWN, |value| sure(within(comparison.bounds, value))),
            Some(index) => remembered(policy, history, &policy.observations[index]).map_or(UNKNOWN, sure),
        },
    }
}

fn within(bounds: Bounds, value: f64) -> bool {
    let low = match bounds.low {
        None => true,
        Some(edge) if edge.inclusive => value >= edge.value,
        Some(edge) => value > edge.value,
    };
    let high = match bounds.high {
        None => true,
        Some(edge) if edge.inclusive => value <= edge.value,
        Some(edge) => value < edge.value,
    };
    low && high
}

fn seen_value(policy: &Policy, seen: &Seen, quantity: Quantity) -> Option<f64> {
    let power = |reading: Option<Reading<Power>>| reading.map(|r| (r.value.watts(), r.taken_at, r.quality));
    let snapshot = &seen.snapshot;
    let (value, taken_at, quality) = match quantity {
        Quantity::ImportPrice => return price_then(&seen.prices.import, seen.at),
        Quantity::ExportPrice => return price_then(&seen.prices.export, seen.at),
        Quantity::Reading(Signal::Soc) => snapshot.soc.map(|r| (r.value.percent(), r.taken_at, r.quality)),
        Quantity::Reading(Signal::Load) => power(snapshot.load),
        Quantity::Reading(Signal::Solar) => power(snapshot.solar),
        Quantity::Reading(Signal::Grid) => power(snapshot.grid),
        Quantity::Reading(Signal::Battery) => power(snapshot.battery),
        Quantity::Reading(Signal::Ev) => power(snapshot.ev),
    }?;
    let age = seen.at.timestamp() - taken_at.timestamp();
    let fresh = age >= 0 && age <= i64::try_from(policy.limits.reading_max_age.as_secs()).unwrap();
    (fresh && quality == Quality::Good).then_some(value)
}

fn price_then(series: &PriceSeries, at: Instant) -> Option<f64> {
    series.slots().iter().find(|slot| slot.from <= at && at < slot.until).map(|slot| slot.price.amount())
}

/// Whether an observation holds now, worked out from every look there ever was.
fn remembered(policy: &Policy, history: &[Seen], observation: &Observation) -> Option<bool> {
    let gap = policy.limits.reading_max_age.as_secs_f64();
    let looks: Vec<(f64, Option<f64>)> =
        history.iter().map(|seen| (seconds(seen.at), seen_value(policy, seen, observation.quantity))).collect();
    let levels: Vec<Option<f64>> = (0..looks.len()).map(|index| level(&looks[..=index], observation, gap)).collect();
    let mut on = false;
    let states: Vec<Option<bool>> = levels
        .iter()
        .map(|level| {
            let value = (*level)?;
            on = within(observation.bounds, value) || on && !lets_go(observation, value);
            Some(on)
        })
        .collect();
    let now = states.last().copied().flatten()?;
    let Some(hold) = observation.hold else { return Some(now) };
    let mut first = looks.len() - 1;
    while first > 0 && states[first - 1] == Some(true) && looks[first].0 - looks[first - 1].0 <= gap {
        first -= 1;
    }
    Some(now && looks.last().unwrap().0 - looks[first].0 >= hold.as_secs_f64())
}

fn lets_go(observation: &Observation, value: f64) -> bool {
    let Some(until) = observation.until else { return true };
    match (observation.bounds.low, observation.bounds.high) {
        (_, Some(high)) if until >= high.value => value >= until,
        (Some(low), _) if until <= low.value => value <= until,
        _ => true,
    }
}

/// The quantity at the last look, or its mean over the span before it, each value holding until the next known one.
fn level(looks: &[(f64, Option<f64>)], observation: &Observation, gap: f64) -> Option<f64> {
    let (now, value) = *looks.last()?;
    let value = value?;
    let Some(span) = observation.average.map(|span| span.as_secs_f64()) else { return Some(value) };
    let known: Vec<(f64, f64)> = looks.iter().filter_map(|(at, value)| Some((*at, (*value)?))).collect();
    let first = known.iter().rposition(|(at, _)| *at <= now - span)?;
    let pairs = || known[first..].windows(2);
    if pairs().any(|pair| pair[1].0 - pair[0].0 > gap) {
        return None;
    }
    let sum: f64 = pairs().map(|pair| pair[0].1 * (pair[1].0 - pair[0].0.max(now - span))).sum();
    Some(sum / span)
}

fn seconds(at: Instant) -> f64 {
    f64::from(i32::try_from(at.timestamp() - 1_700_000_000).unwrap())
}

/// The day and the minute that the wall clock shows, from chrono-tz.
fn wall(zone: &Zone, at: Instant) -> (NaiveDate, u16) {
    let zone: chrono_tz::Tz = zone.name().parse().unwrap();
    let local = zone.from_utc_datetime(&at.naive_utc());
    (local.date_naive(), u16::try_from(local.hour() * 60 + local.minute()).unwrap())
}

fn calendar_holds(policy: &Policy, condition: &CalendarCondition, at: Instant) -> bool {
    let today = wall(&policy.zone, at).0;
    let band_days: Vec<NaiveDate> =
        condition.bands.iter().flat_map(|index| band_days(policy, &policy.tariff.import, *index, at)).collect();
    let band_holds = condition.bands.is_empty() || !band_days.is_empty();
    let days = if !condition.test.windows.is_empty() {
        window_days(policy, &condition.test, at)
    } else if !condition.bands.is_empty() {
        band_days
    } else {
        vec![today]
    };
    band_holds && days.iter().any(|day| day_passes(&condition.test, *day))
}

/// The days on which the windows around now began.
fn window_days(policy: &Policy, test: &CalendarTest, at: Instant) -> Vec<NaiveDate> {
    let began = |window: &DailyWindow| {
        let (day, minute) = wall(window.zone().unwrap_or(&policy.zone), at);
        face_days(window, day, minute)
    };
    test.windows.iter().filter_map(began).collect()
}

/// The day on which a window began that holds at this reading of its clock, by trying both days there are.
fn face_days(window: &DailyWindow, day: NaiveDate, minute: u16) -> Option<NaiveDate> {
    let (start, end) = (window.start().minutes(), window.end().minutes());
    let length = if end > start { end - start } else { end + 1440 - start };
    [(day, minute), (day.pred_opt().unwrap(), minute + 1440)]
        .into_iter()
        .find(|(_, minute)| (start..start + length).contains(minute))
        .map(|(day, _)| day)
}

fn day_passes(test: &CalendarTest, day: NaiveDate) -> bool {
    fn named(test: &DayTest, day: NaiveDate) -> bool {
        match test {
            DayTest::Weekdays(set) => set.contains(day.weekday()),
            DayTest::Named(days) => days.days.iter().any(|one| *one == day),
            DayTest::Not(inner) => !named(inner, day),
        }
    }
    (test.days.is_empty() || test.days.iter().any(|one| named(one, day)))
        && test.months.is_none_or(|months| months.contains(day.month()))
        && (test.dates.is_empty() || test.dates.iter().any(|range| *range.start() <= day && day <= *range.end()))
}

/// The days on which a band began that holds now: none if it does not hold.
fn band_days(policy: &Policy, bands: &[Band], index: usize, at: Instant) -> Vec<NaiveDate> {
    let (today, minute) = wall(&policy.zone, at);
    let test = &bands[index].when;
    let others: Vec<&CalendarTest> = bands.iter().map(|band| &band.when).filter(|test| !test.is_empty()).collect();
    if !test.is_empty() {
        let days = if test.windows.is_empty() { vec![today] } else { window_days(policy, test, at) };
        return days.into_iter().filter(|day| day_passes(test, *day)).collect();
    }
    let taken = |day: NaiveDate, minute: u16| others.iter().any(|test| face_holds(test, day, minute));
    if taken(today, minute) {
        return Vec::new();
    }
    let yesterday = today.pred_opt().unwrap();
    let whole = |day: NaiveDate| (0..1440).all(|minute| !taken(day, minute));
    let since_midnight = (0..minute).all(|minute| !taken(today, minute));
    vec![if since_midnight && !whole(yesterday) && !whole(today) { yesterday } else { today }]
}

/// Whether a test in the site's zone holds when its clock shows this.
fn face_holds(test: &CalendarTest, day: NaiveDate, minute: u16) -> bool {
    if test.windows.is_empty() {
        return day_passes(test, day);
    }
    test.windows.iter().filter_map(|window| face_days(window, day, minute)).any(|began| day_passes(test, began))
}

// ---- Anything an owner may write, and anything a cloud may say ----------------------------------------------------

fn some_time(rng: &mut Rng) -> ClockTime {
    ClockTime::from_minutes(rng.u16(0..=96) * 15 + if rng.u8(0..4) == 0 { 7 } else { 0 }).unwrap_or(ClockTime::MIDNIGHT)
}

fn some_window(rng: &mut Rng, foreign: bool) -> DailyWindow {
    loop {
        let zone = (foreign && rng.u8(0..5) == 0).then(|| Zone::named(rng.choice(ZONES).unwrap()).unwrap());
        if let Some(window) = DailyWindow::new(some_time(rng), some_time(rng), zone) {
            return window;
        }
    }
}

fn some_days(rng: &mut Rng) -> DayTest {
    let day = |rng: &mut Rng| chrono::Weekday::try_from(rng.u8(0..7)).unwrap();
    let (from, to) = (day(rng), day(rng));
    let named = || {
        let days: BTreeSet<NaiveDate> =
            ["2026-03-29", "2026-10-25", "2026-10-26"].map(|day| day.parse().unwrap()).into();
        DayTest::Named(Arc::new(NamedDays { name: "holidays".into(), days }))
    };
    let plain = if rng.bool() { DayTest::Weekdays(Weekdays::range(from, to)) } else { named() };
    if rng.u8(0..4) == 0 { DayTest::Not(Box::new(plain)) } else { plain }
}

fn some_test(rng: &mut Rng, foreign: bool) -> CalendarTest {
    let windows = (0..rng.usize(0..=2)).map(|_| some_window(rng, foreign)).collect();
    let mut test = CalendarTest { windows, ..CalendarTest::default() };
    if rng.u8(0..3) == 0 {
        test.days = (0..rng.usize(1..=2)).map(|_| some_days(rng)).collect();
    }
    if rng.u8(0..5) == 0 {
        test.months = Months::range(rng.u32(1..=12), rng.u32(1..=12));
    }
    if rng.u8(0..6) == 0 {
        let from: NaiveDate = "2026-03-20".parse().unwrap();
        let from = from + chrono::Duration::days(rng.i64(0..220));
        test.dates = vec![from..=from + chrono::Duration::days(rng.i64(0..60))];
    }
    test
}

/// A test that asks for something: one without would be a second band for the rest of the time.
fn some_band_test(rng: &mut Rng) -> CalendarTest {
    std::iter::repeat_with(|| some_test(rng, false)).find(|test| !test.is_empty()).unwrap()
}

/// Bounds for a quantity; the odd decimals keep means off the edge, where the order of a sum would decide.
fn some_bounds(rng: &mut Rng, quantity: Quantity) -> Bounds {
    let mut edge = || Edge { value: threshold(rng, quantity), inclusive: rng.bool() };
    let (one, two) = (edge(), edge());
    match rng.u8(0..3) {
        0 => Bounds { low: Some(one), high: None },
        1 => Bounds { low: None, high: Some(one) },
        _ if one.value <= two.value => Bounds { low: Some(one), high: Some(two) },
        _ => Bounds { low: Some(two), high: Some(one) },
    }
}

fn threshold(rng: &mut Rng, quantity: Quantity) -> f64 {
    let odd = if rng.bool() { 0.037 } else { 0.0 };
    match quantity {
        Quantity::Reading(Signal::Soc) => f64::from(rng.u8(1..10)) * 10.0 + odd,
        Quantity::Reading(_) => f64::from(rng.i8(-4..8)) * 1000.0 + odd,
        Quantity::ImportPrice | Quantity::ExportPrice => f64::from(rng.i8(-1..4)) / 10.0 + odd / 100.0,
    }
}

fn some_quantity(rng: &mut Rng) -> Quantity {
    match rng.u8(0..8) {
        0 => Quantity::ImportPrice,
        1 => Quantity::ExportPrice,
        index => Quantity::Reading(Signal::ALL[usize::from(index - 2)]),
    }
}

fn some_comparison(rng: &mut Rng, policy: &mut Policy) -> Condition {
    let quantity = some_quantity(rng);
    let bounds = some_bounds(rng, quantity);
    if rng.bool() {
        return compare("plain", quantity, bounds, None);
    }
    let mut span = |most: u64| (rng.u8(0..2) == 0).then(|| Duration::from_secs(rng.u64(1..=most) * 60));
    let (hold, average) = (span(30), span(40));
    let until = (rng.u8(0..2) == 0).then(|| threshold(rng, quantity) + if average.is_some() { 0.0191 } else { 0.0 });
    let key = format!("observation {}", policy.observations.len());
    let bounds = if average.is_some() { shifted(bounds) } else { bounds };
    observed(policy, &key, quantity, bounds, Asks { average, until, hold })
}

/// The same bounds off every value that a mean of round numbers can take.
fn shifted(mut bounds: Bounds) -> Bounds {
    for edge in [&mut bounds.low, &mut bounds.high].into_iter().flatten() {
        edge.value += 0.000_713;
    }
    bounds
}

fn some_condition(rng: &mut Rng, policy: &mut Policy, depth: u8) -> Condition {
    let parts = |rng: &mut Rng, policy: &mut Policy| -> Vec<Condition> {
        (0..rng.usize(0..=3)).map(|_| some_condition(rng, policy, depth - 1)).collect()
    };
    match rng.u8(0..if depth == 0 { 6 } else { 10 }) {
        0 => not_yet_known("among the cheapest 3 h"),
        1 | 2 => {
            let bands: Vec<usize> = (0..policy.tariff.import.len()).filter(|_| rng.u8(0..3) == 0).collect();
            calendar("calendar", &bands, some_test(rng, true))
        }
        3..=5 => some_comparison(rng, policy),
        6 => Condition::Not(Box::new(some_condition(rng, policy, depth - 1))),
        7 => Condition::Any(parts(rng, policy)),
        _ => Condition::All(parts(rng, policy)),
    }
}

fn some_action(rng: &mut Rng) -> Action {
    let percent = |rng: &mut Rng| soc(f64::from(rng.u8(0..=100)));
    let power = rng.bool().then(|| watts(3000.0));
    match rng.u8(0..6) {
        0 => Action::ChargeToCover { until: ClockTime::MIDNIGHT, power },
        1 => Action::Hold,
        2 => Action::SelfConsume { floor: rng.bool().then(|| percent(rng)) },
        3 => Action::DischargeTo { floor: percent(rng), power },
        _ => Action::ChargeTo { target: percent(rng), power },
    }
}

fn some_policy(rng: &mut Rng) -> Policy {
    let mut policy = policy(rng.choice(ZONES).unwrap());
    policy.battery.reserve = soc(f64::from(rng.u8(0..30)));
    policy.battery.ceiling = soc(f64::from(rng.u8(70..=100)));
    policy.limits.reading_max_age = Duration::from_secs(rng.u64(1..=12) * 60);
    let count = rng.usize(0..=2);
    policy.tariff.import = (0..count)
        .map(|index| band("b", f64::from(u8::try_from(index).unwrap()) / 10.0, some_band_test(rng)))
        .collect();
    if rng.bool() {
        policy.tariff.import.insert(rng.usize(0..=count), band("rest", 0.27, CalendarTest::default()));
    }
    policy.otherwise = some_action(rng);
    for index in 0..rng.usize(0..=5) {
        let when = some_condition(rng, &mut policy, 3);
        let then = some_action(rng);
        policy.rules.push(rule(&format!("rule {index}"), when, then));
    }
    policy
}

fn some_reading<T>(rng: &mut Rng, now: Instant, value: T) -> Option<Reading<T>> {
    let quality = match rng.u8(0..24) {
        0 => return None,
        1 => Quality::Implausible,
        2 => Quality::Frozen,
        3 => Quality::Unconfirmed,
        _ => Quality::Good,
    };
    let age = if rng.u8(0..12) == 0 { rng.i64(-60..900) } else { rng.i64(0..60) };
    Some(Reading { value, taken_at: now - chrono::Duration::seconds(age), quality })
}

fn some_snapshot(rng: &mut Rng, now: Instant) -> Snapshot {
    let mut power = |low: i8| {
        let value = watts(f64::from(rng.i8(low..8)) * 1000.0);
        some_reading(rng, now, value)
    };
    let (solar, load, grid, battery, ev) = (power(0), power(0), power(-5), power(-5), power(0));
    let percent = soc(f64::from(rng.u8(0..=10)) * 10.0);
    Snapshot { soc: some_reading(rng, now, percent), solar, load, grid, battery, ev }
}

fn some_prices(rng: &mut Rng, from: Instant) -> PriceSeries {
    let mut slots = Vec::new();
    let mut start = from - chrono::Duration::hours(1);
    for _ in 0..rng.usize(0..12) {
        let until = start + chrono::Duration::minutes(rng.i64(1..5) * 15);
        if rng.u8(0..5) != 0 {
            slots.push(PriceSlot { from: start, until, price: price(f64::from(rng.i8(-2..5)) / 10.0) });
        }
        start = until;
    }
    PriceSeries::from_slots(slots).unwrap()
}

/// A moment near a change of the clocks, a month's end, or anywhere in the year.
fn some_moment(rng: &mut Rng) -> Instant {
    let around = ["2026-03-29T00:00:00Z", "2026-10-25T00:00:00Z", "2026-03-08T06:00:00Z", "2026-10-04T15:00:00Z"];
    let (start, minutes) = match rng.choice(around) {
        Some(start) if rng.bool() => (start, 36 * 60),
        _ => ("2026-06-01T00:00:00Z", 180 * 24 * 60),
    };
    at(start) + chrono::Duration::seconds(rng.i64(-minutes..minutes) * 60 + rng.i64(0..60))
}

fn some_override(rng: &mut Rng, now: Instant) -> Option<Override> {
    let until = now + chrono::Duration::minutes(rng.i64(-10..10));
    (rng.u8(0..6) == 0).then(|| Override { action: some_action(rng), until })
}

/// Ticks of about a minute, sometimes more, with what was seen at each.
fn some_history(rng: &mut Rng) -> Vec<Seen> {
    let mut now = some_moment(rng);
    let prices = Prices { import: some_prices(rng, now), export: some_prices(rng, now), ..Prices::default() };
    let mut history = Vec::new();
    for _ in 0..rng.usize(1..60) {
        history.push(Seen { at: now, snapshot: some_snapshot(rng, now), prices: prices.clone() });
        now += chrono::Duration::seconds(if rng.u8(0..20) == 0 { rng.i64(0..1200) } else { rng.i64(50..130) });
    }
    history
}

// ---- The promises --------------------------------------------------------------------------------------------------

fn situation<'a>(seen: &'a Seen, manual: Option<&'a Override>) -> Situation<'a> {
    Situation { snapshot: &seen.snapshot, prices: &seen.prices, manual, now: seen.at }
}

/// Whether an explanation says the same as the decision beside it.
fn agrees(decision: Decision, rules: &[Verdict<'_>]) -> bool {
    let won = rules.iter().position(|verdict| *verdict == Verdict::Won);
    let first_unreached = rules.iter().position(|verdict| *verdict == Verdict::NotReached);
    match decision.source {
        Source::Rule(index) => won == Some(index) && first_unreached.is_none_or(|first| first == index + 1),
        Source::Otherwise => won.is_none() && first_unreached.is_none(),
        Source::Override => won.is_none() && first_unreached.is_none_or(|first| first == 0),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// P2, and with it P1 and P3: whatever the policy and whatever was seen, the engine says what the reference says, says
    /// it again when asked again, explains the same, and neither a restart nor the order of looking and asking matters.
    #[test]
    fn the_engine_agrees_with_the_reference(seed in any::<u64>()) {
        let mut rng = Rng::with_seed(seed);
        let policy = some_policy(&mut rng);
        let history = some_history(&mut rng);
        let mut memory = Memory::empty(&policy);
        for (index, seen) in history.iter().enumerate() {
            let manual = some_override(&mut rng, seen.at);
            let situation = situation(seen, manual.as_ref());
            let before = evaluate(&policy, &situation, &memory);
            memory.observe(&policy, &situation);
            let decision = evaluate(&policy, &situation, &memory);
            prop_assert_eq!(decision, reference(&policy, &history[..=index], manual.as_ref()), "seed {}", seed);
            prop_assert_eq!(decision, before, "asking before the look, seed {}", seed);
            prop_assert_eq!(decision, evaluate(&policy, &situation, &memory));
            let explanation = explain(&policy, &situation, &memory);
            prop_assert_eq!(explanation.decision, decision);
            prop_assert_eq!(explanation.rules.len(), policy.rules.len());
            prop_assert!(agrees(decision, &explanation.rules), "seed {} {:?}", seed, explanation);
            if rng.u8(0..8) == 0 {
                memory = Memory::restore(&policy, memory.records(&policy));
            }
        }
    }

    /// Prices from bands are those of the band that holds, at every instant, with holes where none does.
    #[test]
    fn banded_prices_are_those_of_the_band_that_holds(seed in any::<u64>()) {
        let mut rng = Rng::with_seed(seed);
        let policy = some_policy(&mut rng);
        let from = some_moment(&mut rng);
        let until = from + chrono::Duration::minutes(rng.i64(1..30 * 60));
        let prices = banded_prices(&policy, from, until);
        for minute in 0..(until - from).num_minutes() {
            let now = from + chrono::Duration::minutes(minute);
            let bands = &policy.tariff.import;
            let mut tested = (0..bands.len()).filter(|index| !bands[*index].when.is_empty());
            let rest = bands.iter().position(|band| band.when.is_empty());
            let held = tested.find(|index| !band_days(&policy, bands, *index, now).is_empty()).or(rest);
            let expect = held.map(|index| bands[index].price);
            prop_assert_eq!(prices.import.at(now), expect, "seed {} at {}", seed, now);
        }
        prop_assert_eq!(prices.import.at(until), None);
    }
}
