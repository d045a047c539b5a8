//! What is expected to hold next, from when, and how far that may be relied on.

use std::time::Duration;

use crate::engine::{Decision, Finding, Seen, Source, Verdict, edges, guarded};
use crate::plan::Plan;
use crate::time::{Instant, after, before};

use super::finding;

/// Between two moments that count as one.
const SECOND: Duration = Duration::from_secs(1);

/// The next change of what holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Next {
    /// From when.
    pub(super) at: Instant,
    /// What holds then.
    pub(super) decision: Decision,
    /// What it rests on.
    pub(super) rests: Rests,
}

/// What a change ahead rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rests {
    /// Nothing that a later reading could change.
    Nothing,
    /// Time and prices, as long as no reading brings another rule to hold.
    NoOtherReading,
    /// What load, sun and car are taken to be.
    Outlook,
    /// The readings as they are now.
    StayingReadings,
}

/// The first moment ahead at which something else is expected to hold, and what.
pub(super) fn next(plan: &Plan<'_>) -> Option<Next> {
    waiting(plan).into_iter().chain(projected(plan)).min_by_key(|next| next.at)
}

/// From when a condition that holds, but not as long as asked, has held long enough.
pub(super) fn waits_until(plan: &Plan<'_>, found: &Finding<'_>) -> Option<Instant> {
    let hold = finding::observation(plan, found)?.hold?;
    let Seen::Value { held: Some(held), .. } = found.seen else { return None };
    (!found.negated).then(|| after(plan.inputs.now, hold.saturating_sub(held)))
}

/// What the projection says. It looks every quarter hour; a rule that only waits for its duration is known to the second.
fn projected(plan: &Plan<'_>) -> Option<Next> {
    let spans = &plan.timeline.spans;
    let index = spans.iter().position(|span| span.from > plan.inputs.now && span.expected != plan.decision)?;
    let span = spans.get(index)?;
    let rests = if spans.iter().take(index + 1).all(|span| span.certain) {
        Rests::Nothing
    } else if span.programmable && is_of_the_clock(plan, span.from) {
        Rests::NoOtherReading
    } else {
        Rests::Outlook
    };
    let waits = match span.expected.source {
        Source::Rule(index) => plan.explanation().rules.get(index).and_then(|verdict| alone_until(plan, verdict)),
        Source::Otherwise | Source::Override => None,
    };
    Some(Next { at: waits.unwrap_or(span.from).min(span.from), decision: span.expected, rests })
}

/// Whether a calendar, a band or the owner's command may end at a moment.
fn is_of_the_clock(plan: &Plan<'_>, at: Instant) -> bool {
    let by_hand = plan.inputs.manual.is_some_and(|manual| manual.until == at);
    by_hand || edges(plan.policy, before(at, SECOND), after(at, SECOND)).contains(&at)
}

/// The first rule that only waits for its duration, where the projection cannot follow the battery, and so says nothing of a
/// rule that reads it.
fn waiting(plan: &Plan<'_>) -> Option<Next> {
    if plan.timeline.course.first().is_none_or(|point| point.grid.is_some()) {
        return None;
    }
    let explanation = plan.explanation();
    let rules = plan.policy.rules.iter().zip(&explanation.rules).enumerate();
    let next = rules.filter_map(|(index, (rule, verdict))| {
        let at = alone_until(plan, verdict).filter(|at| same_calendar_until(plan, *at))?;
        let command = guarded(&plan.policy.battery, rule.then)?;
        Some(Next { at, decision: Decision { source: Source::Rule(index), command }, rests: Rests::StayingReadings })
    });
    next.min_by_key(|next| next.at)
}

/// From when a rule holds that nothing but a duration keeps from it.
fn alone_until(plan: &Plan<'_>, verdict: &Verdict<'_>) -> Option<Instant> {
    match verdict {
        Verdict::Failed(found) if found.alone => waits_until(plan, found),
        _ => None,
    }
}

/// Whether no calendar and no band changes up to a moment.
fn same_calendar_until(plan: &Plan<'_>, at: Instant) -> bool {
    edges(plan.policy, plan.inputs.now, after(at, SECOND)).is_empty()
}
