//! Since when and until when the calendar says what it says.

use std::time::Duration;

use super::bands;
use super::edges::edges_of;
use crate::policy::Policy;
use crate::policy::model::CalendarCondition;
use crate::time::{CalendarTest, Instant, after, before};

/// How far is looked back and ahead: a week and a day, since one day of a week may have been a holiday.
const SPAN: Duration = Duration::from_secs(8 * 86_400);

/// A stretch of time over which a calendar condition does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CalendarStretch {
    /// Whether it holds.
    pub holds: bool,
    /// The first instant of the stretch; `None` if that is more than eight days ago.
    pub from: Option<Instant>,
    /// The first instant after it; `None` if that is more than eight days ahead.
    pub until: Option<Instant>,
}

/// The stretch around a moment over which a calendar condition does not change.
#[must_use]
pub fn stretch(policy: &Policy, condition: &CalendarCondition, at: Instant) -> CalendarStretch {
    let says = |at: Instant| bands::holds(condition, &policy.tariff, at, policy.zone.local(at));
    let holds = says(at);
    let first = before(at, SPAN);
    let edges = edges_of(&policy.zone, tests(policy, condition), first, after(at, SPAN));
    let (past, coming): (Vec<Instant>, Vec<Instant>) = edges.into_iter().partition(|edge| *edge <= at);
    let begun = std::iter::once(first).chain(past.iter().copied()).zip(&past).collect::<Vec<_>>();
    let from = begun.into_iter().rev().find(|(before, _)| says(*before) != holds).map(|(_, begun)| *begun);
    CalendarStretch { holds, from, until: coming.into_iter().find(|edge| says(*edge) != holds) }
}

/// The tests on whose edges a condition can change: its own and, if it names a band, those of every import band.
fn tests<'a>(policy: &'a Policy, condition: &'a CalendarCondition) -> impl Iterator<Item = &'a CalendarTest> {
    let named = !condition.bands.is_empty();
    let bands = policy.tariff.import.iter().filter(move |_| named).map(|band| &band.when);
    bands.chain(std::iter::once(&condition.test))
}
