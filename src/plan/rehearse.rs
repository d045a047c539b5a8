//! How many writes a day takes, found by making its plans one after the other on a device that stores at once.
//!
//! Nothing is read: what holds follows from time, calendars and the prices of the bands. So it is what a day takes while no
//! reading decides otherwise. Budget and interval are left aside: what they would hold back is what is asked about.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{Days, NaiveDate};

use super::budget::Permits;
use super::make::{Inputs, Plan};
use super::stand_in::untouched;
use super::timeline::Outlook;
use crate::device::{Object, PerObject, Schedule, WriteKind};
use crate::engine::{Memory, Situation, Source, banded_prices, edges};
use crate::policy::Policy;
use crate::policy::model::{CalendarCondition, Condition, WhenBlind};
use crate::snapshot::Snapshot;
use crate::time::{CalendarTest, Instant, after, before};

/// How many looks at a policy one rehearsal may take, and as many again for what was deferred.
const MAX_LOOKS: usize = 200;

/// How many days are looked through for sorts of days.
const SPAN: usize = 366;

/// What a day takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsal {
    /// The day, on the site's clock.
    pub date: NaiveDate,
    /// When each object is written, and whether that asks more of the device or less.
    pub writes: PerObject<Vec<(Instant, WriteKind)>>,
    /// The rules that hold at some time of it, as positions.
    pub rules: BTreeSet<usize>,
}

/// The first day of each sort within a year from a day on: a day is another sort if a window, a band or a rule is asked for on it or
/// on a neighbour that is not on an earlier one, or if the site's clock changes. Those with the most to ask for come first, and
/// no more than so many.
#[must_use]
pub fn sorts_of_days(policy: &Policy, first: NaiveDate, most: usize) -> Vec<NaiveDate> {
    let mut tests: Vec<&CalendarTest> = policy.tariff.import.iter().map(|band| &band.when).collect();
    policy.rules.iter().for_each(|rule| collect(&rule.when, &mut tests));
    let allowed = |day: NaiveDate| tests.iter().map(|test| test.allows_day(day)).collect::<Vec<bool>>();
    let changes = |day: NaiveDate| {
        let (start, end) = policy.zone.day(day);
        !policy.zone.changes(start, end).is_empty()
    };
    let mut seen = BTreeSet::new();
    let mut sorts: Vec<(usize, NaiveDate)> = Vec::new();
    let mut newest = [first.pred_opt().unwrap_or(first), first].map(allowed);
    for day in first.iter_days().take(SPAN) {
        let [before, today] = newest;
        let tomorrow = allowed(day.succ_opt().unwrap_or(day));
        let busy = tests.iter().zip(&today).filter(|(_, allowed)| **allowed).map(|(test, _)| test.windows.len()).sum();
        if seen.insert((before, today.clone(), tomorrow.clone(), changes(day))) {
            sorts.push((busy, day));
        }
        newest = [today, tomorrow];
    }
    sorts.sort_by_key(|(busy, _)| std::cmp::Reverse(*busy));
    sorts.into_iter().take(most).map(|(_, day)| day).collect()
}

/// What a day takes, if the days before were lived through likewise. `None` if nothing may ever be written to the device, or there
/// is too much to look at.
#[must_use]
pub fn rehearse(policy: &Policy, date: NaiveDate) -> Option<Rehearsal> {
    // Without readings the engine would retreat from a policy that says so.
    let mut policy = policy.clone();
    policy.limits.when_blind = WhenBlind::Keep;
    let ((start, _), (from, until)) = (policy.zone.day(date.checked_sub_days(Days::new(2))?), policy.zone.day(date));
    let mut looks = Some(looks(&policy, start, until)).filter(|looks| looks.len() <= MAX_LOOKS)?;
    let mut present = untouched(&policy)?;
    let mut memory = Memory::empty(&policy);
    let mut rehearsal = Rehearsal { date, writes: PerObject::default(), rules: BTreeSet::new() };
    for _ in 0..2 * MAX_LOOKS {
        let Some(now) = looks.pop_first() else { return Some(rehearsal) };
        let inputs = inputs(&policy, &mut memory, present, now);
        let plan = Plan::make(&policy, &inputs);
        if let Source::Rule(rule) = plan.decision.source
            && from <= now
        {
            rehearsal.rules.insert(rule);
        }
        let due = plan.compiled.iter().flat_map(|compiled| &compiled.deferred).map(|deferred| deferred.due);
        looks.extend(due.filter(|due| now < *due && *due < until));
        for step in plan.writes() {
            present = present.with(step.settings);
            if from <= now {
                rehearsal.writes.of_mut(step.settings.object()).push((now, step.kind));
            }
        }
    }
    None
}

/// At how many moments of a day a write may be due, what was deferred left aside.
#[must_use]
pub fn moments(policy: &Policy, date: NaiveDate) -> usize {
    let (start, until) = policy.zone.day(date);
    looks(policy, start, until).len()
}

impl Rehearsal {
    /// The object that takes the most writes until all is granted, and when those are. What only lets go after that is always
    /// allowed.
    #[must_use]
    pub fn most(&self) -> (Object, Vec<Instant>) {
        let until_granted = |object: Object| {
            let writes = self.writes.of(object);
            let granted = writes.iter().rposition(|(_, kind)| *kind == WriteKind::Grant).map_or(0, |last| last + 1);
            (object, writes.iter().take(granted).map(|(at, _)| *at).collect::<Vec<Instant>>())
        };
        let each = Object::ALL.map(until_granted).into_iter().rev();
        each.max_by_key(|(_, writes)| writes.len()).unwrap_or((Object::Windows, Vec::new()))
    }
}

/// When something may begin, end, or come within reach of being programmed.
fn looks(policy: &Policy, start: Instant, until: Instant) -> BTreeSet<Instant> {
    let ahead = policy.limits.program_ahead;
    let edges = edges(policy, start, after(until, ahead));
    let looks = edges.into_iter().flat_map(|edge| [edge, before(edge, ahead)]).chain([start]);
    looks.filter(|at| (start..until).contains(at)).collect()
}

fn inputs(policy: &Policy, memory: &mut Memory, present: Schedule, now: Instant) -> Inputs {
    let readings = Snapshot::default();
    let prices = banded_prices(policy, now, after(now, Duration::from_secs(60)));
    memory.observe(policy, &Situation { snapshot: &readings, prices: &prices, manual: None, now });
    Inputs {
        now,
        horizon: Duration::ZERO,
        readings,
        memory: memory.clone(),
        manual: None,
        outlook: Outlook::default(),
        present: Some(present),
        used: PerObject::default(),
        permits: Permits::FREE,
        last_change: None,
    }
}

fn collect<'p>(condition: &'p Condition, tests: &mut Vec<&'p CalendarTest>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| collect(part, tests)),
        Condition::Not(inner) => collect(inner, tests),
        Condition::Calendar(CalendarCondition { test, .. }) => tests.push(test),
        Condition::Compare(_) | Condition::NotYetKnown(_) => {}
    }
}
