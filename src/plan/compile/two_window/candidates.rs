//! The schedules that are worth comparing.
//!
//! Within a stretch of the day that asks for one thing on every day of the horizon, a window gains nothing by beginning or
//! ending in its middle. So the windows of a candidate begin and end where the demand or the present schedule changes, at
//! midnight, and at the present quarter hour. Where the lap asks for no self-consumption at all a restriction still needs
//! a permission somewhere: a quarter hour beside one of these, which charge windows then leave out.

use super::demand::{Demand, Slot};
use super::order::Standing;
use crate::device::QuarterSet;

/// More sets than any real policy has; beyond, the farthest edges are forgotten.
const MOST_SETS: usize = 4_000;

/// How many edges are kept, from as many as there are down to so few that their sets are few whatever is asked.
pub(crate) const EDGES_KEPT: [usize; 9] = [usize::MAX, 40, 32, 26, 22, 18, 14, 11, 8];

/// Edges within the day at which windows may begin and end: those of the demand, nearest in time first, then those of the
/// schedule on the device. In this order the last are the first to be forgotten.
#[derive(Clone, Debug)]
pub(crate) struct Edges(Vec<u32>);

impl Edges {
    /// Every edge of a demand and of the schedule on the device.
    pub(crate) fn of(demand: &Demand, standing: &Standing, idle: &dyn Fn(&Slot) -> bool) -> Edges {
        let mut edges = Edges(vec![0, 96]);
        let mut before: Option<&Slot> = None;
        for slot in &demand.slots {
            let follows = before.is_some_and(|before| before.quarter + 1 == slot.quarter);
            if !(follows && before.is_some_and(|before| like(before, slot) && idle(before) == idle(slot))) {
                edges.add(slot.quarter);
                before.filter(|_| !follows).into_iter().for_each(|before| edges.add(before.quarter + 1));
            }
            before = Some(slot);
        }
        present_edges(standing).into_iter().for_each(|edge| edges.add(edge));
        edges
    }

    /// The first so many edges.
    pub(crate) fn nearest(&self, count: usize) -> Edges {
        Edges(self.0.iter().take(count).copied().collect())
    }

    /// Every set of at most two runs between the edges that lies within `allowed` and leaves out at most `spare` of
    /// `needed`. Of more sets than can be looked at, those of the farthest edges are left out.
    pub(crate) fn sets(&self, allowed: QuarterSet, needed: QuarterSet, spare: usize) -> Vec<QuarterSet> {
        let enough = EDGES_KEPT.iter().find_map(|count| {
            let mut edges = self.nearest(*count).0;
            edges.sort_unstable();
            Search { edges: &edges, allowed, needed, spare }.run()
        });
        enough.unwrap_or_default()
    }

    /// The quarter hours on both sides of each edge, each alone.
    pub(crate) fn lonely(&self) -> impl Iterator<Item = QuarterSet> {
        let sides = self.0.iter().flat_map(|edge| [edge.checked_sub(1), Some(*edge).filter(|edge| *edge < 96)]);
        sides.flatten().map(|quarter| QuarterSet::NONE.with(quarter))
    }

    fn add(&mut self, quarter: u32) {
        if !self.0.contains(&quarter) {
            self.0.push(quarter);
        }
    }
}

/// Where a window of the present schedule begins or ends.
fn present_edges(standing: &Standing) -> Vec<u32> {
    let sets = [standing.shape.charged, standing.shape.unpermitted];
    sets.into_iter().flat_map(QuarterSet::runs).flat_map(|(from, until)| [from, until]).collect()
}

fn like(one: &Slot, two: &Slot) -> bool {
    (one.asked, one.aim, one.floor) == (two.asked, two.aim, two.floor)
}

struct Search<'a> {
    edges: &'a [u32],
    allowed: QuarterSet,
    needed: QuarterSet,
    spare: usize,
}

impl Search<'_> {
    /// `None` if there are too many.
    fn run(&self) -> Option<Vec<QuarterSet>> {
        let mut sets = Vec::new();
        for (index, from) in self.edges.iter().enumerate() {
            if self.misses(QuarterSet::below(*from)) {
                break;
            }
            for (next, until) in self.edges.iter().enumerate().skip(index + 1) {
                let run = QuarterSet::range(*from, *until);
                if !run.within(self.allowed) {
                    break;
                }
                self.take(&mut sets, run)?;
                self.second(&mut sets, run, next)?;
            }
        }
        Some(sets)
    }

    fn second(&self, sets: &mut Vec<QuarterSet>, first: QuarterSet, after: usize) -> Option<()> {
        let end = self.edges.get(after).copied().unwrap_or_default();
        for (index, from) in self.edges.iter().enumerate().skip(after + 1) {
            if self.misses(QuarterSet::range(end, *from)) {
                break;
            }
            for until in self.edges.iter().skip(index + 1) {
                let run = QuarterSet::range(*from, *until);
                if !run.within(self.allowed) {
                    break;
                }
                self.take(sets, first | run)?;
            }
        }
        Some(())
    }

    fn take(&self, sets: &mut Vec<QuarterSet>, set: QuarterSet) -> Option<()> {
        if !self.misses(!set) {
            sets.push(set);
        }
        (sets.len() <= MOST_SETS).then_some(())
    }

    /// Whether leaving this out leaves out too much of what is needed.
    fn misses(&self, left_out: QuarterSet) -> bool {
        usize::try_from((self.needed & left_out).len()).unwrap_or(usize::MAX) > self.spare
    }
}
