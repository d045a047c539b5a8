//! The compiler for stores that hold lists of windows in one object: the AlphaESS periodic store, the periods of an ATESS.
//!
//! One object is one write, so there is no state in between. The committed timeline is laid over one lap, a day or, where
//! windows have weekdays, a week; each quarter hour of the lap is to do the least of what is asked in it, never more. Where
//! there are windows enough that is the schedule. Where there are not, what comes first is served first: as much as
//! possible from now on without a break, then as many quarter hours as possible, and the rest is deferred.
//!
//! What the store can do comes from the capability alone: how many windows, whether each has its own target, floor and power,
//! whether discharge can be forbidden.

mod act;
mod choose;
mod day;
mod deferred;
mod demand;
mod judge;
mod means;
mod pieces;
mod safety;
mod share;
mod spell;
mod standing;

pub use safety::violations;

use self::act::Act;
use self::choose::Choice;
use self::demand::Demand;
use self::judge::Judge;
use self::means::Means;
use self::standing::{Standing, act};
use super::{ChargeUse, Compiled, Lowering, Request};
use crate::device::schedule::WEEK;
use crate::device::two_window::QUARTERS;
use crate::device::{Grip, QuarterSet, Schedule, Settings, Step, WindowList, WriteKind};
use crate::plan::budget::{MayGrant, Refusal};
use crate::plan::orphan::OrphanBound;
use crate::time::Instant;

/// Compiles the committed part of a timeline, of which the store can do every command, from a present schedule.
pub(super) fn compile(request: &Request<'_>, present: &WindowList) -> Compiled {
    let means = Means::of(request);
    let standing = Standing::of(present, &means);
    let demand = Demand::new(request, &means);
    let grants = request.permits.windows.allows(WriteKind::Grant, 1);
    let judge = Judge { demand: &demand, means: &means, standing: &standing, grants };
    let unbroken = judge.present();
    let settled = unbroken.is_some_and(|unbroken| unbroken >= demand.ahead);
    let best = if settled { None } else { better(&judge, present) };
    let (acts, desired, writes, waits_until) = match best {
        None => (standing.acts.clone(), *present, Vec::new(), None),
        Some(best) => written(request, &judge, present, unbroken, best),
    };
    let deferred = deferred::list(request, &judge, &acts);
    let restricted = if writes.is_empty() { standing.restricts } else { desired.restricts() };
    let bound = orphan_bound(&judge, &acts);
    let lowering = Lowering { charge: charge_use(&acts), restricted };
    Compiled { desired: Schedule::Windows(desired), writes, deferred, bound, lowering, waits_until }
}

/// The best schedule, if it is any better than the one that stands.
fn better(judge: &Judge<'_>, present: &WindowList) -> Option<Choice> {
    let candidates = choose::candidates(judge.demand, judge.means, judge.standing, judge.grants);
    let mut best: Option<(judge::Merit, Choice)> = None;
    for choice in candidates.into_iter().filter(|_| judge.means.writable) {
        let Some(merit) = judge.merit(&choice.acts) else { continue };
        if best.as_ref().is_none_or(|(other, before)| (merit, before.windows) > (*other, choice.windows)) {
            best = Some((merit, choice));
        }
    }
    let stands = judge.merit(&judge.standing.acts).filter(|_| !judge.standing.odd && spell::fits(present, judge.means));
    let (merit, best) = best?;
    (stands.is_none_or(|stands| merit > stands)).then_some(best)
}

/// What a schedule costs to get there, unless that must wait or may not be sent at all.
fn written(
    request: &Request<'_>,
    judge: &Judge<'_>,
    present: &WindowList,
    unbroken: Option<usize>,
    best: Choice,
) -> (Vec<Act>, WindowList, Vec<Step>, Option<Instant>) {
    let (standing, means) = (judge.standing, judge.means);
    let until = unbroken.map_or(request.now, |unbroken| judge.demand.served_until(unbroken));
    let now = judge.demand.present();
    let changes_now = !standing.odd && standing.act(now).grip() != act(&best.acts, now).grip();
    let waits = |steady: &Instant| until >= *steady || changes_now;
    let waits_until = request.steady_until.filter(waits);
    let desired = spell::spell(present, standing, &best, means);
    let kind = kind(standing, &best.acts, means);
    let allowed = request.permits.windows.allows(kind, 1) && !is_foreign(request.permits.windows);
    if waits_until.is_some() || !allowed || (!standing.odd && desired.same_meaning(present)) {
        return (standing.acts.clone(), *present, Vec::new(), waits_until);
    }
    let write = Step { settings: Settings::Windows(desired), kind };
    (best.acts, desired, vec![write], None)
}

/// Whether someone else changed the object that is left alone until the owner has answered: then not even a withdrawal is
/// sent to it.
fn is_foreign(permit: MayGrant) -> bool {
    matches!(permit, MayGrant::No { why: Refusal::Drift, .. })
}

/// Whether a schedule takes more than the one that stands in any quarter hour.
fn kind(standing: &Standing, acts: &[Act], means: &Means) -> WriteKind {
    let more = |(to, from): (&Act, &Act)| to.takes_more_than(*from, means.least_floor);
    if acts.iter().zip(&standing.acts).any(more) { WriteKind::Grant } else { WriteKind::Withdrawal }
}

/// How charge windows are used.
fn charge_use(acts: &[Act]) -> ChargeUse {
    let targets = || {
        acts.iter().filter_map(|act| match act {
            Act::Charge { target, .. } => Some(*target),
            Act::SelfConsume(_) | Act::Hold => None,
        })
    };
    match (targets().min(), targets().max()) {
        (Some(least), Some(most)) if least == most => ChargeUse::Charge(most),
        (Some(least), Some(most)) => ChargeUse::Targets { least, most },
        _ => ChargeUse::Nothing,
    }
}

/// What the schedule does if nobody comes back: on every day, or on the day of which most is asked.
fn orphan_bound(judge: &Judge<'_>, acts: &[Act]) -> OrphanBound {
    let days: Vec<&[Act]> = acts.chunks(QUARTERS).collect();
    let fullest = |day: &&[Act]| {
        let grips = |least: Grip| day.iter().filter(|act| act.grip() >= least).count();
        (grips(Grip::Hold), grips(Grip::Charge(0)))
    };
    let worst = days.iter().map(fullest).enumerate().max_by_key(|(day, full)| (*full, std::cmp::Reverse(*day)));
    let worst = worst.map_or(0, |(day, _)| day);
    let alike = days.iter().all(|day| Some(day) == days.first());
    let of = |wanted: fn(&Act) -> bool| {
        let day = days.get(worst).copied().unwrap_or_default();
        let quarters = (0u32..).zip(day).filter(|(_, act)| wanted(act));
        quarters.fold(QuarterSet::NONE, |set, (quarter, _)| set.with(quarter))
    };
    let charged = of(|act| matches!(act, Act::Charge { .. }));
    let held = of(|act| *act == Act::Hold);
    let floors = acts.iter().filter_map(|act| match act {
        Act::SelfConsume(floor) => *floor,
        Act::Hold | Act::Charge { .. } => None,
    });
    let (target, several) = match charge_use(acts) {
        ChargeUse::Charge(target) => (Some(target), false),
        ChargeUse::Targets { most, .. } => (Some(most), true),
        ChargeUse::Nothing | ChargeUse::Hold => (None, false),
    };
    let unasked = judge.demand.slots.iter().take(judge.demand.day).filter(|slot| {
        let asked = slot.asked.unwrap_or(Act::SelfConsume(None));
        act(acts, slot.cell).grip() > asked.grip()
    });
    let bound = OrphanBound::of(charged, target, held, floors.max(), unasked.count());
    OrphanBound { worst: WEEK.into_iter().nth(worst).filter(|_| !alike), several_targets: several, ..bound }
}
