//! The projection of decisions over the coming hours.

use std::time::Duration;

use crate::battery::{self, Behaviour};
use crate::engine::{Decision, Memory, Override, Readings, Situation, View, decide, edges, is_settled};
use crate::policy::Policy;
use crate::policy::model::{Condition, Quantity};
use crate::snapshot::{Snapshot, Unknown};
use crate::tariff::Prices;
use crate::time::{ClockTime, Instant, Local, Zone, after, elapsed};
use crate::units::{Power, Soc};

use super::timeline::{Outlook, Point, Span, Timeline};

/// Seconds of a step: the quarter hour of the wall clock.
const QUARTER: i64 = 900;

/// The longest horizon that is projected; a longer one is cut.
const LONGEST: Duration = Duration::from_secs(14 * 86_400);

/// The hours of the site's clock at one of which what rests on a reading ends at the latest.
const STAY_MARKS: [u16; 4] = [0, 6, 12, 18];

/// What rests on a reading is programmed for this long at least.
const LEAST_STAY: Duration = Duration::from_secs(60 * 60);

/// The longest gap between two projected looks: steps follow each other without one.
const NO_GAP: Duration = Duration::from_secs(3600);

/// What is projected from.
#[derive(Clone, Copy, Debug)]
struct Origin<'a> {
    policy: &'a Policy,
    prices: &'a Prices,
    manual: Option<&'a Override>,
    snapshot: &'a Snapshot,
    outlook: &'a Outlook,
    now: Instant,
    /// What can be used of the snapshot now.
    present: Readings,
}

/// The state that one step hands to the next.
#[derive(Clone, Copy, Debug)]
struct State {
    soc: Option<Soc>,
    battery: Option<Power>,
    grid: Option<Power>,
}

/// What is true in fact now and rests on a reading: programmed as though the readings stayed as they are, for a while.
#[derive(Clone, Debug)]
struct Streak {
    /// What is decided now.
    decision: Decision,
    /// What is remembered under readings that stay as they are.
    memory: Memory,
    /// How far it is programmed at most.
    until: Instant,
}

/// Decisions and the battery's course from now over a horizon of at most 14 days.
///
/// Steps are the quarter hours of the wall clock and every exact edge of a window, a price or the manual command. The
/// first step decides on the readings as they are; later ones on what physics and the outlook make of them. What cannot
/// be used now stays unknown throughout. Load and sun are constant over a step, at what they are at its beginning; so a rule
/// that reads them, or the battery, is found to fire at the step after the moment at which it would. `memory` is that of before or of after the look at this very moment.
#[must_use]
#[allow(clippy::too_many_arguments, reason = "each is another part of what a projection starts from")]
pub fn project(
    policy: &Policy,
    snapshot: &Snapshot,
    prices: &Prices,
    memory: &Memory,
    manual: Option<&Override>,
    outlook: &Outlook,
    now: Instant,
    horizon: Duration,
) -> Timeline {
    let present = Readings::of(snapshot, now, policy.limits.reading_max_age);
    let origin = Origin { policy, prices, manual, snapshot, outlook, now, present };
    let end = after(now, horizon.min(LONGEST));
    let steps = steps(&origin, memory, end);
    let mut memory = memory.clone();
    let mut state = State { soc: present.soc.ok().and_then(Soc::from_percent), battery: None, grid: None };
    let mut streak = None;
    let mut timeline = Timeline { spans: Vec::new(), course: Vec::with_capacity(steps.len()) };
    let ends = steps.iter().skip(1).map(|(at, _)| *at).chain([end]);
    for ((at, site), until) in steps.iter().zip(ends) {
        let (span, point) = advance(&origin, &mut memory, &mut state, &mut streak, (*at, *site), until);
        timeline.extend(span);
        timeline.course.push(point);
    }
    timeline
}

/// The beginnings of all steps, in order, each with what the site's wall clock shows.
fn steps(origin: &Origin<'_>, memory: &Memory, end: Instant) -> Vec<(Instant, Local)> {
    let offsets = origin.policy.zone.offsets(origin.now, end);
    let mut steps = Vec::with_capacity(256);
    if origin.now < end {
        steps.push(origin.now);
    }
    let ends = offsets.iter().skip(1).map(|(at, _)| *at).chain([end]);
    for ((from, offset), until) in offsets.iter().zip(ends) {
        steps.extend(quarters(*from, *offset, until));
    }
    steps.extend(offsets.iter().skip(1).map(|(change, _)| *change));
    steps.extend(edges(origin.policy, origin.now, end));
    steps.extend(price_edges(origin, memory, end));
    steps.extend(origin.manual.map(|manual| manual.until).filter(|until| origin.now < *until && *until < end));
    steps.sort_unstable();
    steps.dedup();
    with_clock(&steps, &offsets)
}

/// The quarter hours of a wall clock after `from` and before `until`, while its offset lasts.
fn quarters(from: Instant, offset: i32, until: Instant) -> impl Iterator<Item = Instant> {
    let shifted = from.timestamp() + i64::from(offset);
    let first = (shifted.div_euclid(QUARTER) + 1) * QUARTER - i64::from(offset);
    let grid =
        (0..).map(move |index: i64| first + index * QUARTER).map_while(|second| Instant::from_timestamp(second, 0));
    grid.take_while(move |at| *at < until)
}

/// The instants at which a price changes, if a rule looks at prices, and those at which it has held as long as asked; and
/// those at which what stored energy is worth may change.
fn price_edges(origin: &Origin<'_>, memory: &Memory, end: Instant) -> Vec<Instant> {
    let worth = origin.prices.stored.slots().iter().map(|slot| slot.from);
    let mut edges: Vec<Instant> = worth.filter(|at| origin.now < *at && *at < end).collect();
    edges.extend(edges_of_prices(origin, memory, end));
    edges
}

fn edges_of_prices(origin: &Origin<'_>, memory: &Memory, end: Instant) -> Vec<Instant> {
    if !origin.policy.rules.iter().any(|rule| looks_at_prices(&rule.when)) {
        return Vec::new();
    }
    let slots = origin.prices.import.slots().iter().chain(origin.prices.export.slots());
    let changes: Vec<Instant> = slots.flat_map(|slot| [slot.from, slot.until]).collect();
    let observations = origin.policy.observations.iter().enumerate();
    let priced = observations.filter(|(_, observation)| is_price(observation.quantity));
    let holds = priced.filter_map(|(index, observation)| Some((observation.hold?, memory.since(index))));
    let held = holds.flat_map(|(hold, since)| {
        let begun = changes.iter().copied().chain([origin.now]).chain(since);
        begun.map(move |begun| after(begun, hold))
    });
    let all = changes.iter().copied().chain(held);
    all.filter(|at| origin.now < *at && *at < end).collect()
}

fn looks_at_prices(condition: &Condition) -> bool {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(looks_at_prices),
        Condition::Not(inner) => looks_at_prices(inner),
        Condition::Compare(comparison) => is_price(comparison.quantity),
        Condition::Calendar(_) | Condition::NotYetKnown(_) => false,
    }
}

fn is_price(quantity: Quantity) -> bool {
    matches!(quantity, Quantity::ImportPrice | Quantity::ExportPrice)
}

/// Each instant with the wall clock; both lists are in order, and the offsets begin no later than the instants.
fn with_clock(steps: &[Instant], offsets: &[(Instant, i32)]) -> Vec<(Instant, Local)> {
    let mut later = offsets.iter().peekable();
    let mut offset = 0;
    let local = |at: &Instant| {
        while let Some((_, next)) = later.next_if(|(from, _)| from <= at) {
            offset = *next;
        }
        (*at, Local::with_offset(*at, offset))
    };
    steps.iter().map(local).collect()
}

/// One step: what is decided, and what physics make of it.
fn advance(
    origin: &Origin<'_>,
    memory: &mut Memory,
    state: &mut State,
    streak: &mut Option<Streak>,
    (at, site): (Instant, Local),
    until: Instant,
) -> (Span, Point) {
    let taken = outlook_of(origin, at);
    let readings = if at == origin.now { origin.present } else { projected(origin, state, taken) };
    let situation = Situation { snapshot: origin.snapshot, prices: origin.prices, manual: origin.manual, now: at };
    let gap = if at == origin.now { origin.policy.limits.reading_max_age } else { NO_GAP };
    memory.look(origin.policy, &readings, &situation, gap);
    let seen = View { policy: origin.policy, situation, memory, readings, site };
    let expected = decide(&seen);
    if at == origin.now {
        *streak = begin_streak(&seen, expected);
    }
    let committed = committed(origin, &seen, streak);
    let span = Span {
        from: at,
        until,
        expected,
        committed: committed.command,
        programmable: committed == expected,
        certain: is_settled(&seen),
    };
    let before = state.soc;
    physics(origin, state, expected, taken.load.zip(taken.solar), elapsed(at, until));
    (span, Point { at, soc: before, battery: state.battery, grid: state.grid, import: origin.prices.import.at(at) })
}

/// The streak of what is decided now, if it rests on a reading: time, calendars and prices alone would decide otherwise.
fn begin_streak(seen: &View<'_>, expected: Decision) -> Option<Streak> {
    let blind = decide(&View { readings: Readings::BLIND, ..*seen });
    let until = stays_until(&seen.policy.zone, seen.situation.now, seen.site);
    let begin = || Streak { decision: expected, memory: seen.memory.clone(), until };
    (blind.source != expected.source).then(begin)
}

/// Where a streak ends at the latest: the first of 00:00, 06:00, 12:00 and 18:00 on the site's clock that is an hour
/// away or more. An end that is fixed on the clock does not slide from tick to tick, as one that is projected would, so it
/// costs no writes; and it bounds what an orphan goes on doing.
fn stays_until(zone: &Zone, now: Instant, site: Local) -> Instant {
    let least = after(now, LEAST_STAY);
    let tomorrow = site.date.succ_opt().unwrap_or(site.date);
    let marks = [site.date, tomorrow].into_iter().flat_map(|date| STAY_MARKS.map(|hour| (date, hour)));
    let instants = marks.filter_map(|(date, hour)| Some(zone.earliest(date, ClockTime::new(hour, 0)?)));
    instants.filter(|at| *at >= least).min().unwrap_or(least)
}

/// What may be programmed ahead: what is true in fact now, for as long as it stays true under readings that stay as they
/// are, but not beyond the streak's end; else what time, calendars and prices alone decide.
fn committed(origin: &Origin<'_>, seen: &View<'_>, streak: &mut Option<Streak>) -> Decision {
    if let Some(going) = streak.as_mut().filter(|streak| seen.situation.now < streak.until) {
        going.memory.look(origin.policy, &origin.present, &seen.situation, NO_GAP);
        let still = decide(&View { readings: origin.present, memory: &going.memory, ..*seen });
        if still == going.decision {
            return still;
        }
    }
    *streak = None;
    decide(&View { readings: Readings::BLIND, ..*seen })
}

/// What load, sun and car are taken to be: the outlook, else what is read now.
fn outlook_of(origin: &Origin<'_>, at: Instant) -> Taken {
    let or_now =
        |ahead: Option<Power>, now: Result<f64, Unknown>| ahead.or_else(|| now.ok().and_then(Power::from_watts));
    Taken {
        load: or_now(origin.outlook.load.at(at), origin.present.load),
        solar: or_now(origin.outlook.solar.at(at), origin.present.solar),
        ev: or_now(origin.outlook.ev.at(at), origin.present.ev),
    }
}

/// What is assumed at one step.
#[derive(Clone, Copy, Debug)]
struct Taken {
    load: Option<Power>,
    solar: Option<Power>,
    ev: Option<Power>,
}

/// The readings of a later moment. What cannot be used now stays so.
fn projected(origin: &Origin<'_>, state: &State, taken: Taken) -> Readings {
    let ahead = |present: Result<f64, Unknown>, power: Option<Power>| {
        present.and_then(|_| power.map(Power::watts).ok_or(Unknown::NoReading))
    };
    let present = &origin.present;
    Readings {
        soc: present.soc.and_then(|_| state.soc.map(Soc::percent).ok_or(Unknown::NoReading)),
        solar: ahead(present.solar, taken.solar),
        load: ahead(present.load, taken.load),
        ev: ahead(present.ev, taken.ev),
        grid: ahead(present.grid, state.grid),
        battery: ahead(present.battery, state.battery),
        prices: None,
    }
}

/// Moves the battery on; where its charge, the load or the sun is unknown, so is what follows.
fn physics(
    origin: &Origin<'_>,
    state: &mut State,
    decision: Decision,
    load_and_solar: Option<(Power, Power)>,
    duration: Duration,
) {
    let step = state.soc.zip(load_and_solar).map(|(soc, (load, solar))| {
        battery::step(&origin.policy.battery, soc, decision.command, load, solar, duration, Behaviour::default())
    });
    state.soc = step.map(|step| step.soc);
    state.battery = step.map(|step| step.battery);
    state.grid = step.map(|step| step.grid);
}

impl Timeline {
    /// Adds a stretch that begins where the last one ended; one that says the same prolongs it.
    fn extend(&mut self, span: Span) {
        let same = |last: &Span| {
            let told = |span: &Span| (span.expected, span.committed, span.programmable, span.certain);
            told(last) == told(&span)
        };
        match self.spans.last_mut() {
            Some(last) if same(last) => last.until = span.until,
            _ => self.spans.push(span),
        }
    }
}
