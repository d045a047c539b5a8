//! What the calendar alone decides over each sort of day: the first rule that holds while no reading is known, else what holds
//! otherwise.
//!
//! Prices are those of the bands. What follows a plan, or what this version cannot tell, decides nothing, as where nothing
//! is forecast. A day on which a clock changes counts only where no other is like it, and is taken for one without a change.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use super::bits::Bits;
use super::calendar::Survey;
use super::face::Face;
use super::implied::same;
use super::space::MAX_CALENDARS;
use crate::policy::model::{Action, Band, CalendarCondition, Comparison, Condition, Policy, Quantity, Rule};

/// How much may be looked at, in words of 64 edges of conditions on sorts of days. What comes after it is left out.
const MAX_WORK: usize = 600_000;

/// From when on days have not passed: those before it are looked at last.
fn present() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or_default()
}

/// What the calendar decides on the days of 28 years, and on those that the policy names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Courses {
    /// The first day of each sort from 2026 on, or before it, and what holds on it.
    pub sorts: Vec<Course>,
    /// Of which sort each day is, as a position, in order of the days; `None` if it was not looked at.
    pub days: Vec<(NaiveDate, Option<usize>)>,
}

/// One day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// The first such day.
    pub date: NaiveDate,
    /// From 00:00 to 24:00 without holes; two neighbours differ.
    pub spans: Vec<DaySpan>,
}

/// A stretch of a day in which one rule wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DaySpan {
    /// The first minute on the site's clock.
    pub from: i64,
    /// The first minute after it; 1440 at the end of the day.
    pub until: i64,
    /// The rule, as a position; `None` for what holds otherwise.
    pub rule: Option<usize>,
}

/// A condition as a set of the edges of a day, by rows of the survey.
enum Ask {
    /// Each holds, or at least one does.
    Parts { each: bool, parts: Vec<Ask> },
    /// It does not hold.
    Not(Box<Ask>),
    /// It holds where this row does.
    Row(usize),
    /// It holds where one of the first does, and fails where one of the others does.
    Priced { within: Vec<usize>, beyond: Vec<usize> },
    /// It cannot be known from the calendar.
    Unknown,
}

/// What the calendar alone decides; nothing where the policy has too many calendar conditions.
#[must_use]
pub fn courses(policy: &Policy) -> Courses {
    let decides = |rule: &&Rule| {
        !matches!(rule.then, Action::ChargeToCover { .. } | Action::FollowPlan) && knowable(&rule.when, true)
    };
    let mut asked: Vec<&CalendarCondition> = Vec::new();
    policy.rules.iter().filter(decides).for_each(|rule| collect(&rule.when, &mut asked));
    if asked.len() > MAX_CALENDARS {
        return Courses::default();
    }
    let rules = policy.rules.iter().enumerate().filter(|(_, rule)| decides(rule));
    let rules: Vec<(usize, Ask)> = rules.map(|(number, rule)| (number, lowered(&rule.when, policy, &asked))).collect();
    surveyed(&Survey::of(&policy.tariff, &policy.zone, &asked), &rules)
}

/// Whether the calendar alone can ever give a condition this truth.
fn knowable(condition: &Condition, truth: bool) -> bool {
    let parts = |each: bool, parts: &[Condition]| match each == truth {
        true => parts.iter().all(|part| knowable(part, truth)),
        false => parts.iter().any(|part| knowable(part, truth)),
    };
    match condition {
        Condition::All(all) => parts(true, all),
        Condition::Any(any) => parts(false, any),
        Condition::Not(inner) => knowable(inner, !truth),
        Condition::Calendar(_) => true,
        Condition::Compare(comparison) => {
            comparison.observation.is_none() && !matches!(comparison.quantity, Quantity::Reading(_))
        }
        Condition::NotYetKnown(_) => false,
    }
}

fn surveyed(survey: &Survey<'_>, rules: &[(usize, Ask)]) -> Courses {
    let mut days: Vec<(NaiveDate, Option<usize>)> =
        survey.table.inner().map(|day| (survey.table.date(day), None)).collect();
    let mut sorts: Vec<Course> = Vec::new();
    let mut seen: HashMap<(usize, Vec<u64>), usize> = HashMap::new();
    let mut faces: BTreeMap<usize, Face> = BTreeMap::new();
    let mut work = 0;
    let passed = days.iter().position(|(date, _)| *date >= present()).unwrap_or(days.len());
    let first = survey.table.inner().start;
    for place in (passed..days.len()).chain(0..passed) {
        let Some((date, sort)) = days.get_mut(place) else { continue };
        let plain = survey.clocks.plain(*date);
        let Some(clocks) = plain.or_else(|| survey.clocks.plain(date.pred_opt()?)) else { continue };
        let key = (clocks, survey.key(first + place));
        *sort = seen.get(&key).copied();
        if sort.is_some() || work > MAX_WORK {
            continue;
        }
        if plain.is_some() && !faces.contains_key(&clocks) {
            // What takes too long to look at is not said.
            let Ok(face) = survey.clocks.face(*date, MAX_WORK.saturating_sub(work)) else { continue };
            faces.insert(clocks, face);
        }
        let Some(face) = faces.get(&clocks) else { continue };
        let rows = survey.look(first + place, face);
        work += (rows.len() + rules.len()) * (2 + face.edges.len().div_ceil(64));
        *sort = Some(sorts.len());
        seen.insert(key, sorts.len());
        sorts.push(Course { date: *date, spans: spans(face, &winners(rules, &rows, face.edges.len())) });
    }
    Courses { sorts, days }
}

/// Which rule wins from each edge on.
fn winners(rules: &[(usize, Ask)], rows: &[Bits], edges: usize) -> Vec<Option<usize>> {
    let mut winners = vec![None; edges];
    let mut open = Bits::all(edges);
    for (number, ask) in rules {
        if open.is_empty() {
            break;
        }
        let won = ask.set(true, rows, edges).and(&open);
        if won.is_empty() {
            continue;
        }
        won.iter().for_each(|edge| winners.get_mut(edge).into_iter().for_each(|winner| *winner = Some(*number)));
        open = open.minus(&won);
    }
    winners
}

fn spans(face: &Face, winners: &[Option<usize>]) -> Vec<DaySpan> {
    let ends = face.edges.iter().skip(1).map(|edge| edge.minute).chain([1440]);
    let mut spans: Vec<DaySpan> = Vec::new();
    for ((edge, until), rule) in face.edges.iter().zip(ends).zip(winners) {
        match spans.last_mut().filter(|last| last.rule == *rule) {
            Some(last) => last.until = until,
            None => spans.push(DaySpan { from: edge.minute, until, rule: *rule }),
        }
    }
    spans
}

impl Ask {
    /// The edges from which on it has this truth.
    fn set(&self, truth: bool, rows: &[Bits], edges: usize) -> Bits {
        let row = |row: &usize| rows.get(*row).cloned().unwrap_or_else(|| Bits::none(edges));
        match self {
            Ask::Parts { each, parts } => {
                let sets = parts.iter().map(|part| part.set(truth, rows, edges));
                match *each == truth {
                    true => sets.reduce(|all, one| all.and(&one)).unwrap_or_else(|| Bits::all(edges)),
                    false => sets.reduce(|any, one| any.or(&one)).unwrap_or_else(|| Bits::none(edges)),
                }
            }
            Ask::Not(inner) => inner.set(!truth, rows, edges),
            Ask::Row(number) if truth => row(number),
            Ask::Row(number) => row(number).complement(),
            Ask::Priced { within, beyond } => {
                let meant = if truth { within } else { beyond };
                meant.iter().fold(Bits::none(edges), |any, number| any.or(&row(number)))
            }
            Ask::Unknown => Bits::none(edges),
        }
    }
}

fn lowered(condition: &Condition, policy: &Policy, asked: &[&CalendarCondition]) -> Ask {
    let parts = |each, parts: &[Condition]| Ask::Parts {
        each,
        parts: parts.iter().map(|part| lowered(part, policy, asked)).collect(),
    };
    match condition {
        Condition::All(all) => parts(true, all),
        Condition::Any(any) => parts(false, any),
        Condition::Not(inner) => Ask::Not(Box::new(lowered(inner, policy, asked))),
        Condition::Calendar(calendar) => {
            asked.iter().position(|known| same(known, calendar)).map_or(Ask::Unknown, Ask::Row)
        }
        Condition::Compare(comparison) => priced(comparison, policy, asked.len()),
        Condition::NotYetKnown(_) => Ask::Unknown,
    }
}

/// A comparison with a price as the rows of bands; those of import come after the conditions, and those of export after these.
fn priced(comparison: &Comparison, policy: &Policy, conditions: usize) -> Ask {
    let (bands, first): (&[Band], usize) = match comparison.quantity {
        Quantity::ImportPrice => (&policy.tariff.import, conditions),
        Quantity::ExportPrice => (&policy.tariff.export, conditions + policy.tariff.import.len()),
        Quantity::Reading(_) => return Ask::Unknown,
    };
    if comparison.observation.is_some() {
        return Ask::Unknown;
    }
    let within = |row: &usize| {
        bands.get(row.saturating_sub(first)).is_some_and(|band| comparison.bounds.contains(band.price.amount()))
    };
    let (within, beyond) = (first..first + bands.len()).partition(within);
    Ask::Priced { within, beyond }
}

/// Each calendar condition once; one too many is enough to know that there are.
fn collect<'p>(condition: &'p Condition, asked: &mut Vec<&'p CalendarCondition>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| collect(part, asked)),
        Condition::Not(inner) => collect(inner, asked),
        Condition::Calendar(calendar) => {
            if asked.len() <= MAX_CALENDARS && !asked.iter().any(|known| same(known, calendar)) {
                asked.push(calendar);
            }
        }
        Condition::Compare(_) | Condition::NotYetKnown(_) => {}
    }
}
