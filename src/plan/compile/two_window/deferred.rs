//! What of the timeline the two-window store does not do: found slot by slot.

use super::choose::Bounds;
use super::demand::{Demand, Slot};
use super::order::Shape;
use super::{Request, idles};
use crate::device::Grip;
use crate::engine::Command;
use crate::plan::budget::{MayGrant, Refusal};
use crate::plan::compile::slots::{QUARTER, instant};
use crate::plan::compile::{Deferred, Reason};
use crate::time::Instant;

/// Windows of each kind that the store has.
const WINDOWS: u32 = 2;

/// Everything that is not done as asked, in order of time.
pub(super) fn list(request: &Request<'_>, demand: &Demand, bounds: &Bounds<'_>, shape: &Shape) -> Vec<Deferred> {
    let teller = Teller { request, demand, bounds, shape };
    let mut list: Vec<Deferred> = Vec::new();
    let mut before: Option<(Option<Grip>, Option<u8>)> = None;
    let extra_allowed = demand.held_too_much(shape.unpermitted - shape.charged) <= bounds.extra_hold;
    for slot in &demand.slots {
        let differs = slot.asked.filter(|asked| !teller.does(slot, *asked, extra_allowed));
        let key = differs.map(|asked| (Some(asked), slot.floor));
        let continues = key.is_some() && key == before && list.last().is_some_and(|last| teller.same(last, slot));
        before = key;
        match (differs, list.last_mut().filter(|_| continues)) {
            (Some(_), Some(last)) => last.until = instant(slot.from + QUARTER),
            (Some(asked), None) => list.extend(teller.deferred(slot, asked)),
            (None, _) => {}
        }
    }
    list.iter_mut().for_each(|deferred| deferred.due = teller.due(deferred));
    list
}

struct Teller<'a> {
    request: &'a Request<'a>,
    demand: &'a Demand,
    bounds: &'a Bounds<'a>,
    shape: &'a Shape,
}

impl Teller<'_> {
    /// Whether the schedule does in a slot what is asked there.
    fn does(&self, slot: &Slot, asked: Grip, extra_allowed: bool) -> bool {
        match (asked, self.shape.grip(slot.quarter)) {
            (Grip::SelfConsume, Grip::SelfConsume) => slot.floor.is_none_or(|floor| floor <= self.shape.floor),
            (Grip::SelfConsume, Grip::Hold) => extra_allowed && self.demand.free().contains(slot.quarter),
            (Grip::Hold, Grip::Charge(cap)) => cap == super::LEAST_TARGET && idles(self.request, slot),
            (Grip::Hold, Grip::Hold) => !slot.below_least,
            (asked, does) => asked == does,
        }
    }

    /// Whether a slot goes on with the same thing.
    fn same(&self, last: &Deferred, slot: &Slot) -> bool {
        let asked = slot.asked.unwrap_or(Grip::SelfConsume);
        last.does == self.shape.grip(slot.quarter) && last.why == self.reason(slot, asked)
    }

    fn deferred(&self, slot: &Slot, asked: Grip) -> Option<Deferred> {
        let from = instant(slot.from).max(self.request.now);
        let span = self.request.timeline.spans.iter().rfind(|span| span.from <= from)?;
        let does = self.shape.grip(slot.quarter);
        let why = self.reason(slot, asked);
        let until = instant(slot.from + QUARTER);
        let floor = (does == Grip::SelfConsume).then_some(self.shape.floor);
        Some(Deferred { from, until, asked: span.committed, does, floor, why, due: from })
    }

    fn reason(&self, slot: &Slot, asked: Grip) -> Reason {
        let does = self.shape.grip(slot.quarter);
        if let Some(refused) = self.refusal(slot, asked) {
            return Reason::MayNotGrant(refused);
        }
        match asked {
            _ if does > asked => Reason::LeftOver,
            Grip::SelfConsume => Reason::Floor { asked: slot.floor.unwrap_or_default(), held: self.shape.floor },
            Grip::Hold if slot.below_least => Reason::LeastTarget { least: super::LEAST_TARGET },
            Grip::Hold if self.demand.free().contains(slot.quarter) => Reason::Repeats,
            Grip::Hold => over(self.permissions(), |needed, most| Reason::Permissions { needed, most }),
            Grip::Charge(target) if !self.demand.may_charge(target, self.bounds.idle).contains(slot.quarter) => {
                Reason::Repeats
            }
            Grip::Charge(target) if !self.shape.charged.is_empty() && self.shape.cap != target => {
                Reason::Target { asked: target, held: self.shape.cap }
            }
            Grip::Charge(target) => {
                let needed = self.demand.may_charge(target, self.bounds.idle).runs().count();
                over(needed, |needed, most| Reason::ChargeWindows { needed, most })
            }
        }
    }

    /// Why what is missing may not be granted now.
    fn refusal(&self, slot: &Slot, asked: Grip) -> Option<Refusal> {
        let permit = self.permit(asked);
        let does = self.shape.grip(slot.quarter);
        let more = asked > does || (asked == does && slot.floor.is_some_and(|floor| floor > self.shape.floor));
        match permit {
            MayGrant::No { why, .. } if more => Some(why),
            _ => None,
        }
    }

    fn permit(&self, asked: Grip) -> MayGrant {
        match asked {
            Grip::Charge(_) => self.bounds.permits.charge,
            Grip::Hold | Grip::SelfConsume => self.bounds.permits.discharge,
        }
    }

    /// How many permissions the self-consumption of the lap takes.
    fn permissions(&self) -> usize {
        self.demand.free().runs().count()
    }

    /// At its start less `program ahead`; if that has passed, at the end of what stands in the way: the last thing that
    /// the schedule does before it, or when grants are possible again.
    fn due(&self, deferred: &Deferred) -> Instant {
        let now = self.request.now;
        let ahead = chrono::Duration::from_std(self.request.program_ahead).unwrap_or_default();
        let planned = deferred.from.checked_sub_signed(ahead).unwrap_or(now);
        let permit = match deferred.asked {
            Command::ChargeTo { .. } => self.bounds.permits.charge,
            _ => self.bounds.permits.discharge,
        };
        let granted = match (deferred.why, permit) {
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
        let before = self.demand.slots.iter().take_while(|slot| instant(slot.from) < deferred.from);
        let gripped = before.filter(|slot| self.shape.grip(slot.quarter) > Grip::SelfConsume);
        gripped.last().map(|slot| instant(slot.from + QUARTER))
    }
}

fn over(needed: usize, reason: impl FnOnce(u32, u32) -> Reason) -> Reason {
    let needed = u32::try_from(needed).unwrap_or(u32::MAX);
    if needed > WINDOWS { reason(needed, WINDOWS) } else { Reason::Waits }
}

#[cfg(test)]
mod tests {
    use crate::device::Capability;

    #[test]
    fn the_constants_of_the_compiler_are_those_of_the_table() {
        let windows = Capability::alphaess_two_window().windows.expect("windows");
        assert_eq!([windows.charge, windows.permission].map(u32::from), [super::WINDOWS; 2]);
        assert_eq!(windows.target.least(), Some(crate::plan::compile::two_window::LEAST_TARGET));
    }
}
