//! What of the timeline the schedule does not do: found slot by slot.

use super::act::{Act, Ask};
use super::demand::Slot;
use super::judge::{Judge, Spared};
use super::standing::act;
use crate::device::Grip;
use crate::device::two_window::QUARTERS;
use crate::plan::budget::{MayGrant, Refusal};
use crate::plan::compile::slots::{QUARTER, instant};
use crate::plan::compile::{Deferred, Reason, Request};
use crate::time::Instant;

/// Everything that is not done as asked, in order of time.
pub(super) fn list(request: &Request<'_>, judge: &Judge<'_>, acts: &[Act]) -> Vec<Deferred> {
    let teller = Teller { request, judge, acts, spared: judge.spared(acts), needed: Needed::of(judge) };
    let mut list: Vec<Deferred> = Vec::new();
    let mut before: Option<(Act, Act, Reason)> = None;
    for slot in &judge.demand.slots {
        let key = slot.asked.filter(|asked| !teller.does(slot, *asked)).map(|asked| {
            let does = act(acts, slot.cell);
            (asked, does, teller.reason(slot, asked, does))
        });
        match (key, list.last_mut().filter(|_| key.is_some() && key == before)) {
            (Some(_), Some(last)) => last.until = instant(slot.from + QUARTER),
            (Some((_, does, why)), None) => list.extend(teller.deferred(slot, does, why)),
            (None, _) => {}
        }
        before = key;
    }
    list.iter_mut().for_each(|deferred| deferred.due = teller.due(deferred));
    list
}

struct Teller<'a> {
    request: &'a Request<'a>,
    judge: &'a Judge<'a>,
    acts: &'a [Act],
    spared: Spared,
    needed: Needed,
}

/// How many windows it would take to do all that is asked.
struct Needed {
    /// Of each day: charge windows and permissions.
    days: Vec<(usize, usize)>,
    /// Of a week in which two days differ.
    week: Option<usize>,
}

impl Teller<'_> {
    /// Whether the schedule does in a slot what is asked there. An extra hold that is allowed is no matter.
    fn does(&self, slot: &Slot, asked: Act) -> bool {
        let does = act(self.acts, slot.cell);
        let spare =
            does == Act::Hold && matches!(asked, Act::SelfConsume(_)) && self.spared.allows(slot, self.judge.means);
        slot.unable.is_none() && (spare || self.judge.means.serves(does, asked))
    }

    fn deferred(&self, slot: &Slot, does: Act, why: Reason) -> Option<Deferred> {
        let from = instant(slot.from).max(self.request.now);
        let span = self.request.timeline.spans.iter().rfind(|span| span.from <= from)?;
        let until = instant(slot.from + QUARTER);
        let floor = match does {
            Act::SelfConsume(floor) => floor,
            Act::Hold | Act::Charge { .. } => None,
        };
        Some(Deferred { from, until, asked: span.committed, does: does.grip(), floor, why, due: from })
    }

    fn reason(&self, slot: &Slot, asked: Act, does: Act) -> Reason {
        let means = self.judge.means;
        if !means.serves(does, asked) {
            if asked.takes_more_than(does, means.least_floor)
                && let MayGrant::No { why, .. } = self.request.permits.windows
            {
                return Reason::MayNotGrant(why);
            }
            if let MayGrant::No { why: Refusal::Drift, .. } = self.request.permits.windows {
                return Reason::MayNotGrant(Refusal::Drift);
            }
            if does.takes_more_than(asked, means.least_floor) {
                return Reason::LeftOver;
            }
        }
        if let Some(unable) = slot.unable {
            return unable;
        }
        let repeats = self.judge.demand.cells.get(slot.cell) != Some(&Ask::Act(asked));
        match (repeats, means.days) {
            (true, 1) => Reason::Repeats,
            (true, _) => Reason::RepeatsWeekly,
            (false, _) => self.windows(slot, asked, does).unwrap_or(Reason::Waits),
        }
    }

    /// Whether there are too few windows for it, and of which kind.
    fn windows(&self, slot: &Slot, asked: Act, does: Act) -> Option<Reason> {
        let means = self.judge.means;
        let (charge, permission) = self.needed.days.get(slot.cell / QUARTERS).copied().unwrap_or_default();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let too_many = |needed: usize, most: usize| (needed > most).then_some((number(needed), number(most)));
        let all = || {
            let (needed, most) = too_many(charge + permission, means.together)?;
            Some(Reason::DayWindows { needed, most })
        };
        let week = || {
            let (needed, most) = too_many(self.needed.week?, means.weekly?)?;
            Some(Reason::WeekWindows { needed, most })
        };
        let own = match asked {
            Act::Charge { .. } => {
                too_many(charge, means.charge).map(|(needed, most)| Reason::ChargeWindows { needed, most })
            }
            Act::Hold | Act::SelfConsume(_) => {
                too_many(permission, means.permission).map(|(needed, most)| Reason::Permissions { needed, most })
            }
        };
        let bare = permission == 0 && matches!(does, Act::SelfConsume(_)) && means.permission > 0;
        own.or_else(all).or_else(week).or_else(|| (bare && asked != does).then_some(Reason::LastPermission))
    }

    /// At its start less `program ahead`; if that has passed, at the end of what stands in the way: the last thing that
    /// the schedule does before it, or when grants are possible again.
    fn due(&self, deferred: &Deferred) -> Instant {
        let now = self.request.now;
        let ahead = chrono::Duration::from_std(self.request.program_ahead).unwrap_or_default();
        let planned = deferred.from.checked_sub_signed(ahead).unwrap_or(now);
        let granted = match (deferred.why, self.request.permits.windows) {
            (Reason::MayNotGrant(_), MayGrant::No { until, .. }) => until,
            _ => None,
        };
        let ready = granted.unwrap_or(now).max(now);
        if planned > now || matches!(deferred.why, Reason::MayNotGrant(_)) {
            return planned.max(ready);
        }
        self.cleared(deferred).unwrap_or(deferred.from).max(now)
    }

    /// The end of the last slot before it in which the schedule does something that is asked for.
    fn cleared(&self, deferred: &Deferred) -> Option<Instant> {
        let before = self.judge.demand.slots.iter().take_while(|slot| instant(slot.from) < deferred.from);
        let gripped = before.filter(|slot| act(self.acts, slot.cell).grip() > Grip::SelfConsume);
        gripped.last().map(|slot| instant(slot.from + QUARTER))
    }
}

impl Needed {
    /// Counts the runs of what is asked. Without any hold, and where no floor is set, self-consumption takes no window.
    fn of(judge: &Judge<'_>) -> Needed {
        let means = judge.means;
        let cells = &judge.demand.cells;
        let held = cells.contains(&Ask::Act(Act::Hold));
        let restricted = means.permission > 0 && (means.floors || held);
        let days: Vec<(usize, usize)> =
            cells.chunks(QUARTERS).map(|day| runs(day, restricted, means.plain())).collect();
        let alike = cells.chunks(QUARTERS).all(|day| cells.chunks(QUARTERS).next() == Some(day));
        let sum = days.iter().map(|(charge, permission)| charge + permission).sum();
        Needed { days, week: (means.days > 1 && !alike).then_some(sum) }
    }
}

/// How many charge windows and permissions a day takes.
fn runs(day: &[Ask], restricted: bool, plain: Act) -> (usize, usize) {
    let (mut charge, mut permission) = (0, 0);
    let mut last: Option<Act> = None;
    for ask in day {
        let act = match ask {
            Ask::Act(act) => *act,
            Ask::Unsaid => plain,
            Ask::Skipped => continue,
        };
        let new = last != Some(act);
        charge += usize::from(new && matches!(act, Act::Charge { .. }));
        permission += usize::from(new && restricted && matches!(act, Act::SelfConsume(_)));
        last = Some(act);
    }
    let whole =
        charge + permission == 1 && day.iter().all(|ask| matches!(ask, Ask::Skipped) || Some(ask) == day.first());
    if whole { (charge * 2, permission * 2) } else { (charge, permission) }
}
