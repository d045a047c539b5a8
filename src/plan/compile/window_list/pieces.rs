//! A day of the device cut into pieces that ask for one thing, and what may be done in each.

use super::act::{Act, Ask};
use super::demand::Demand;
use super::means::Means;
use super::standing::{Standing, act};
use crate::device::two_window::QUARTERS;

/// Things that one day may do at most; of more, those asked for first are kept.
const MOST_ACTS: usize = 12;

/// A stretch of a day that asks for one thing and of which one thing may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Its first quarter hour of the day.
    pub(crate) first: usize,
    /// How many quarter hours it has.
    pub(crate) length: usize,
    /// How many slots of the lap it has.
    pub(crate) slots: usize,
    /// What the lap asks.
    pub(crate) ask: Ask,
    /// What a schedule is judged by: what is asked, or less where more may not be granted now.
    pub(crate) aim: Option<Act>,
    /// What stands there, where no more may be granted; `None` where it may.
    pub(crate) bound: Option<Act>,
    /// Its place in the order in which the day's pieces come by.
    pub(crate) turn: usize,
}

/// One day of the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DayPieces {
    /// The pieces from 00:00 to 24:00.
    pub(crate) pieces: Vec<Piece>,
    /// How many of them come by before midnight of the first day: all of them but for the day that has begun.
    pub(crate) front: usize,
    /// What may be done in them: what they ask for first, then self-consumption and holding.
    pub(crate) acts: Vec<Act>,
}

impl DayPieces {
    /// One day of a lap. `grants` tells whether more may be taken than stands.
    pub(crate) fn of(day: usize, demand: &Demand, means: &Means, standing: &Standing, grants: bool) -> DayPieces {
        let now = demand.present();
        let begun = (now / QUARTERS == day).then_some(now % QUARTERS).filter(|quarter| *quarter > 0);
        let cuts = [begun.unwrap_or_default(), begun.unwrap_or(QUARTERS) - 1, QUARTERS - 1];
        let mut pieces: Vec<Piece> = Vec::new();
        for quarter in 0..QUARTERS {
            let piece = piece(quarter, day * QUARTERS + quarter, demand, means, standing, grants);
            let like = |last: &&mut Piece| (last.ask, last.aim, last.bound) == (piece.ask, piece.aim, piece.bound);
            match pieces.last_mut().filter(like).filter(|_| !cuts.contains(&quarter)) {
                Some(last) => (last.length, last.slots) = (last.length + 1, last.slots + piece.slots),
                None => pieces.push(piece),
            }
        }
        let back = begun.map_or(0, |quarter| pieces.iter().take_while(|piece| piece.first < quarter).count());
        let front = pieces.len() - back;
        for (place, piece) in pieces.iter_mut().enumerate() {
            piece.turn = if place < back { front + place } else { place - back };
        }
        let acts = acts(&pieces, means);
        DayPieces { pieces, front, acts }
    }
}

impl Piece {
    /// Whether it may do this: no more than is asked, and no more than stands where nothing more may be granted. A hold of
    /// what asks for self-consumption is another matter.
    pub(crate) fn may(&self, act: Act, means: &Means) -> bool {
        let granted = self.bound.is_none_or(|stands| !act.takes_more_than(stands, means.least_floor));
        granted && is_safe(act, self.ask, means)
    }

    /// Whether a hold of it is an extra one.
    pub(crate) fn is_extra(&self, act: Act) -> bool {
        act == Act::Hold && matches!(self.ask, Ask::Act(Act::SelfConsume(_)) | Ask::Unsaid)
    }
}

/// Whether a schedule may do this though nobody comes back: no more than is asked.
pub(crate) fn is_safe(act: Act, ask: Ask, means: &Means) -> bool {
    match (act, ask) {
        (_, Ask::Skipped) => true,
        (Act::SelfConsume(Some(floor)), _) if floor < means.least_floor => false,
        (Act::SelfConsume(floor), Ask::Unsaid) => floor.is_none_or(|floor| floor <= means.least_floor),
        (_, Ask::Unsaid) => false,
        (Act::SelfConsume(Some(floor)), Ask::Act(Act::SelfConsume(Some(asked)))) => floor <= asked,
        (Act::SelfConsume(_), Ask::Act(_)) => true,
        (Act::Hold, Ask::Act(asked)) => !matches!(asked, Act::SelfConsume(_)),
        (Act::Charge { target, power }, Ask::Act(Act::Charge { target: asked, power: most })) => {
            target <= asked && power <= most
        }
        (Act::Charge { .. }, Ask::Act(_)) => false,
    }
}

fn piece(quarter: usize, cell: usize, demand: &Demand, means: &Means, standing: &Standing, grants: bool) -> Piece {
    let ask = demand.cells.get(cell).copied().unwrap_or(Ask::Unsaid);
    let stands = act(&standing.acts, cell);
    let aim = match ask {
        Ask::Act(asked) if grants => Some(asked),
        Ask::Act(asked) => Some(means.within(asked, stands)),
        Ask::Skipped | Ask::Unsaid => None,
    };
    let slots = demand.passes.get(cell).copied().unwrap_or_default();
    Piece { first: quarter, length: 1, slots, ask, aim, bound: (!grants).then_some(stands), turn: 0 }
}

fn acts(pieces: &[Piece], means: &Means) -> Vec<Act> {
    let mut in_turn: Vec<&Piece> = pieces.iter().collect();
    in_turn.sort_by_key(|piece| piece.turn);
    let mut acts = vec![means.plain()];
    if means.permission > 0 {
        acts.push(Act::Hold);
    }
    for aim in in_turn.iter().filter_map(|piece| piece.aim) {
        if !acts.contains(&aim) && acts.len() < MOST_ACTS {
            acts.push(aim);
        }
    }
    acts
}
