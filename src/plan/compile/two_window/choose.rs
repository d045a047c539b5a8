//! The best schedule among the candidates.

use std::cmp::Reverse;

use super::candidates::{EDGES_KEPT, Edges};
use super::demand::{Demand, LEAST_TARGET, Layer, Slot};
use super::order::{Route, Shape, Standing, route, writes};
use crate::device::{Grip, QuarterSet};
use crate::plan::budget::Permits;

/// Pairs of charge windows and permissions that are compared at most; far more than any real policy has.
const MOST_PAIRS: usize = 60_000;

/// Targets that are tried at most, nearest first.
const MOST_TARGETS: usize = 6;

/// What bounds the choice.
pub(crate) struct Bounds<'a> {
    /// The least floor.
    pub(crate) reserve: u8,
    /// The floor that is best: the larger of the reserve and the lowest floor asked.
    pub(crate) floor: u8,
    /// Slots of a day that may be held though the timeline asks for self-consumption.
    pub(crate) extra_hold: usize,
    /// The ceiling of charging.
    pub(crate) ceiling: u8,
    /// What may be granted.
    pub(crate) permits: &'a Permits,
    /// Whether a charge window with the least cap is a hold in a slot that asks for one.
    pub(crate) idle: &'a dyn Fn(&Slot) -> bool,
    /// Whether such windows are to be tried at all.
    pub(crate) idle_windows: bool,
}

/// How good a schedule is: the larger the better, in the order of the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Merit {
    /// Slots served from now on without a break, up to `program ahead`.
    ahead: usize,
    /// Writes to get there.
    writes: Reverse<u32>,
    /// Slots served from now on without a break.
    unbroken: usize,
    /// Slots served in all.
    served: u32,
    /// Slots of a day held that ask for self-consumption.
    extra: Reverse<usize>,
    /// Quarter hours held by a charge window.
    held_by_charge: Reverse<u32>,
    /// Then the plainest: unrestricted, with few windows, with little grip.
    plain: (Reverse<bool>, Reverse<usize>, Reverse<u32>, Reverse<u32>),
}

/// A schedule and how to get there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    /// What it does.
    pub(crate) shape: Shape,
    /// Which writes lead there.
    pub(crate) route: Route,
    merit: Merit,
}

/// The charge windows that are tried with one cap.
struct Charging {
    cap: u8,
    exact: Vec<QuarterSet>,
    sets: Vec<QuarterSet>,
}

/// One way to permit discharge.
#[derive(Clone, Copy)]
struct Permission {
    unpermitted: QuarterSet,
    extra: usize,
    kept: bool,
    /// Whether it is there only because a restriction needs one: charge windows make room for it.
    lonely: bool,
}

/// How one part of a schedule serves the demand: everything that judging needs, made once.
pub(crate) struct Judge<'a> {
    demand: &'a Demand,
    bounds: &'a Bounds<'a>,
    standing: &'a Standing,
    /// Layers under the best floor.
    layers: Vec<Layer>,
    /// Layers under the floor on the device.
    kept_layers: Vec<Layer>,
    free: QuarterSet,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(demand: &'a Demand, bounds: &'a Bounds<'a>, standing: &'a Standing) -> Judge<'a> {
        let layers = demand.layers(bounds.floor, bounds.floor);
        let same = standing.shape.floor == bounds.floor;
        let kept_layers = if same { layers.clone() } else { demand.layers(standing.shape.floor, bounds.floor) };
        Judge { demand, bounds, standing, layers, kept_layers, free: demand.free() }
    }

    /// How far the present schedule serves the demand without a break, if it may stay at all: its meaning is known, its
    /// floor and cap keep their bounds, and within `program ahead` it holds nothing more firmly than asked. What it holds
    /// too firmly beyond is left over from a day that asked for it, and is withdrawn when that comes within
    /// `program ahead`.
    pub(crate) fn present(&self) -> Option<usize> {
        let shape = &self.standing.shape;
        let capped = shape.charged.is_empty() || shape.cap <= self.bounds.ceiling;
        if self.standing.odd || !capped || !self.keeps_floor() || self.too_firm_ahead(shape) {
            return None;
        }
        let exact = self.demand.charged(shape.cap, self.bounds.idle);
        Some(self.served(shape, &exact, self.kept_layers.as_slice()).0)
    }

    /// The best schedule. The one without any grip is always among those that are compared.
    pub(crate) fn best(&self) -> Choice {
        let mut best = self.present().map_or_else(|| self.gripless(), |_| self.stay());
        let edges = Edges::of(self.demand, self.standing, self.bounds.idle);
        self.one_object(&self.charging(&edges), &self.permissions(&edges), &mut best);
        let one_write_is_enough = best.merit.ahead == self.demand.ahead && best.merit.writes.0 <= 1;
        if !one_write_is_enough {
            self.both_objects(&edges, &mut best);
        }
        best
    }

    /// Schedules that need two writes or three. Of more pairs than can be looked at, those of the farthest edges are left
    /// out.
    fn both_objects(&self, edges: &Edges, best: &mut Choice) {
        for count in EDGES_KEPT {
            let nearest = edges.nearest(count);
            let mut permissions = self.permissions(&nearest);
            let charging = self.charging(&nearest);
            permissions.retain(|permission| self.may_serve(permission.unpermitted) >= best.merit.ahead);
            let sets: usize = charging.iter().map(|charging| charging.sets.len()).sum();
            if sets.saturating_mul(permissions.len()) > MOST_PAIRS {
                continue;
            }
            for charging in &charging {
                permissions.iter().for_each(|permission| self.try_all(charging, *permission, best));
            }
            return;
        }
    }

    /// How many slots within `program ahead` a permission serves at best, whatever is charged.
    fn may_serve(&self, unpermitted: QuarterSet) -> usize {
        let serves = |slot: &&Slot| match slot.aim {
            Grip::Hold | Grip::Charge(_) => unpermitted.is_empty() || unpermitted.contains(slot.quarter),
            Grip::SelfConsume => true,
        };
        self.demand.slots.iter().take(self.demand.ahead).take_while(serves).count()
    }

    fn stay(&self) -> Choice {
        let shape = self.standing.shape;
        let exact = self.demand.charged(shape.cap, self.bounds.idle);
        let extra = self.demand.held_too_much(shape.unpermitted - shape.charged);
        self.choice(shape, &exact, extra, true, Route::Nothing)
    }

    fn gripless(&self) -> Choice {
        let shape = Shape {
            charged: QuarterSet::NONE,
            cap: self.standing.shape.cap,
            unpermitted: QuarterSet::NONE,
            floor: self.bounds.floor,
        };
        let exact = self.demand.charged(shape.cap, self.bounds.idle);
        // Without any grip no window overlaps and nothing is granted: only what someone else changed stands in the way.
        match self.route(&shape, &exact) {
            Some(route) => self.choice(shape, &exact, 0, false, route),
            None => self.stay(),
        }
    }

    /// Schedules that need at most one write.
    fn one_object(&self, charging: &[Charging], permissions: &[Permission], best: &mut Choice) {
        let present = &self.standing.shape;
        let cap_kept = present.charged.is_empty() || present.cap <= self.bounds.ceiling;
        if !self.standing.odd_charge
            && cap_kept
            && present.charged.within(self.demand.may_charge(present.cap, self.bounds.idle))
        {
            let exact = self.demand.charged(present.cap, self.bounds.idle);
            let kept = Charging { cap: present.cap, exact, sets: vec![present.charged] };
            permissions.iter().for_each(|permission| self.try_all(&kept, *permission, best));
        }
        for permission in permissions.iter().filter(|permission| permission.kept) {
            charging.iter().for_each(|charging| self.try_all(charging, *permission, best));
        }
    }

    /// Every way to permit discharge that holds no more than allowed: the present one first, if it may stay.
    fn permissions(&self, edges: &Edges) -> Vec<Permission> {
        let present = self.standing.shape.unpermitted;
        let keep = !self.standing.odd_discharge && self.keeps_floor() && self.extra(present) <= self.bounds.extra_hold;
        let permission =
            |unpermitted| Permission { unpermitted, extra: self.extra(unpermitted), kept: false, lonely: false };
        let kept = keep.then(|| Permission { kept: true, ..permission(present) });
        let sets = edges.sets(QuarterSet::DAY, self.free, self.bounds.extra_hold);
        let held = sets.into_iter().map(|set| !set).filter(|unpermitted| !unpermitted.is_empty());
        let stands = [QuarterSet::NONE, present].into_iter().chain(held).map(permission);
        let lonely = edges.lonely().filter(|_| self.free.is_empty());
        let lonely = lonely.map(|alone| Permission { lonely: true, ..permission(!alone) });
        let new = stands.chain(lonely).filter(|permission| permission.extra <= self.bounds.extra_hold);
        kept.into_iter().chain(new).collect()
    }

    /// Every set of charge windows that is safe, by cap: none at all first.
    fn charging(&self, edges: &Edges) -> Vec<Charging> {
        let present = &self.standing.shape;
        let mut caps: Vec<u8> = self.demand.targets().into_iter().take(MOST_TARGETS).collect();
        if self.bounds.idle_windows && !caps.contains(&LEAST_TARGET) {
            caps.push(LEAST_TARGET);
        }
        let none = Charging {
            cap: present.cap,
            exact: self.demand.charged(present.cap, self.bounds.idle),
            sets: vec![QuarterSet::NONE],
        };
        let with = |cap: u8| {
            let allowed = self.demand.may_charge(cap, self.bounds.idle);
            let mut sets = edges.sets(allowed, QuarterSet::NONE, 0);
            sets.extend([present.charged].into_iter().filter(|set| set.within(allowed)));
            Charging { cap, exact: self.demand.charged(cap, self.bounds.idle), sets }
        };
        std::iter::once(none).chain(caps.into_iter().map(with)).collect()
    }

    fn try_all(&self, charging: &Charging, permission: Permission, best: &mut Choice) {
        let floor = if permission.kept { self.standing.shape.floor } else { self.bounds.floor };
        let layers = if permission.kept { &self.kept_layers } else { &self.layers };
        for charged in &charging.sets {
            let mut shape = Shape { charged: *charged, cap: charging.cap, unpermitted: permission.unpermitted, floor };
            if permission.lonely {
                shape.charged = shape.charged - shape.permissions();
            }
            if shape.charged.meets(shape.permissions()) || (permission.lonely && shape.charged.windows().is_none()) {
                continue;
            }
            let (unbroken, _) = self.served(&shape, &charging.exact, layers);
            if unbroken.min(self.demand.ahead) < best.merit.ahead {
                continue;
            }
            if let Some(route) = self.route(&shape, &charging.exact) {
                let choice = self.choice(shape, &charging.exact, permission.extra, permission.kept, route);
                if choice.merit > best.merit {
                    *best = choice;
                }
            }
        }
    }

    fn choice(&self, shape: Shape, exact: &[QuarterSet], extra: usize, kept: bool, route: Route) -> Choice {
        let layers = if kept { &self.kept_layers } else { &self.layers };
        let (unbroken, served) = self.served(&shape, exact, layers);
        let held_by_charge = if shape.cap == LEAST_TARGET { shape.charged.len() } else { 0 };
        let windows = shape.charged.runs().count() + shape.permissions().runs().count();
        let merit = Merit {
            ahead: unbroken.min(self.demand.ahead),
            writes: Reverse(writes(route)),
            unbroken,
            served,
            extra: Reverse(extra),
            held_by_charge: Reverse(held_by_charge),
            plain: (
                Reverse(!shape.unpermitted.is_empty()),
                Reverse(windows),
                Reverse(shape.charged.len()),
                Reverse(shape.unpermitted.len()),
            ),
        };
        Choice { shape, route, merit }
    }

    fn route(&self, to: &Shape, exact: &[QuarterSet]) -> Option<Route> {
        let standing = &self.standing.shape;
        let sooner = |after_discharge: &Shape, after_charge: &Shape| {
            let kept_exact = self.demand.charged(standing.cap, self.bounds.idle);
            let discharged = self.served(after_discharge, &kept_exact, &self.layers);
            discharged > self.served(after_charge, exact, &self.kept_layers)
        };
        route(self.standing, to, self.bounds.reserve, self.bounds.permits, sooner)
    }

    /// How many slots a schedule serves without a break from now on, and in all. An extra hold that is allowed serves.
    fn served(&self, shape: &Shape, exact: &[QuarterSet], layers: &[Layer]) -> (usize, u32) {
        let extra = shape.unpermitted & self.free;
        let mut unbroken = None;
        let mut served = 0;
        for (layer, exact) in layers.iter().zip(exact) {
            let held = shape.unpermitted - shape.charged;
            let spared = if layer.in_lap { layer.self_consume } else { layer.self_consume & extra };
            let free = layer.floor_kept - shape.unpermitted - shape.charged;
            let good = (shape.charged & *exact) | (held & (layer.hold | spared)) | free;
            served += (good & layer.known).len();
            if unbroken.is_none() {
                let miss = (layer.slots - (good & layer.known)).first();
                let before = miss.map(|quarter| (layer.slots & QuarterSet::below(quarter)).len());
                unbroken = before.map(|slots| layer.first + usize::try_from(slots).unwrap_or_default());
            }
        }
        (unbroken.unwrap_or(self.demand.slots.len()), served)
    }

    fn keeps_floor(&self) -> bool {
        let floor = self.standing.shape.floor;
        floor >= self.bounds.reserve && self.demand.floor.is_none_or(|asked| floor <= asked.max(self.bounds.reserve))
    }

    fn extra(&self, unpermitted: QuarterSet) -> usize {
        if unpermitted.meets(self.free) { self.demand.held_too_much(unpermitted) } else { 0 }
    }

    fn too_firm_ahead(&self, shape: &Shape) -> bool {
        let held = self.demand.held_too_much(shape.unpermitted - shape.charged);
        let may_charge = |asked: Grip| match asked {
            Grip::Charge(target) => shape.cap <= target,
            Grip::Hold => shape.cap == LEAST_TARGET,
            Grip::SelfConsume => false,
        };
        // Where the timeline says nothing, what stands is not against it.
        let too_firm = |slot: &Slot| {
            slot.asked.is_some_and(|asked| match shape.grip(slot.quarter) {
                Grip::Charge(_) => !may_charge(asked),
                Grip::Hold => asked == Grip::SelfConsume && held > self.bounds.extra_hold,
                Grip::SelfConsume => false,
            })
        };
        self.demand.slots.iter().take(self.demand.ahead).any(too_firm)
    }
}
