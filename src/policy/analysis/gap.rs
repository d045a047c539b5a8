//! A gap in a cover: a part of a box that lies in none of some others.
//!
//! To lie outside of a box is to have, in some variable, a value that its side lacks: a clause with a choice for each side.
//! So a gap satisfies all clauses together, and it is searched for as a solver of such formulas does (Davis, Putnam,
//! Logemann and Loveland), with variables of many values: what only one choice is left for is done at once; a value that no
//! open clause asks for is taken, since it does no harm anywhere; only then something is tried, and taken back if it fails.

use super::bits::Bits;
use super::region::{Block, Budget, Exhausted, Variable};

/// A search for a gap.
struct Search<'b> {
    block: &'b Block,
    /// The variables in which a choice may lie.
    variables: Vec<Variable>,
    /// For each of them, the values that are left.
    domains: Vec<Bits>,
    /// For each of the others, the sides out of which the gap may lie.
    clauses: Vec<Vec<Side<'b>>>,
    /// The clauses as numbers, first those that are still open.
    order: Vec<usize>,
    open: usize,
    /// What was left before each change, oldest first.
    trail: Vec<(usize, Bits)>,
    tried: Vec<Try<'b>>,
}

/// A side of one of the others.
#[derive(Clone, Copy)]
struct Side<'b> {
    /// The position of its variable.
    variable: usize,
    values: &'b Bits,
}

/// What was tried: to lie outside of a side.
struct Try<'b> {
    side: Side<'b>,
    trail: usize,
    open: usize,
}

/// How it stands after everything has been done that follows.
enum Settled<'b> {
    /// What is left lies outside of all others.
    Gap,
    /// What is left lies within one of them.
    Covered,
    /// Something has to be tried.
    Open(Side<'b>),
}

/// How a clause stands.
enum Stand<'b> {
    /// What is left lies outside.
    Outside,
    /// What is left lies within.
    Within,
    /// Only this is left to do.
    Only(Side<'b>),
    /// So many choices are left, among them the one that leaves the most.
    Choices(usize, Side<'b>),
}

/// A part of a box that lies in none of the others; `None` if they cover it.
pub(super) fn gap(block: &Block, others: &[&Block], budget: &mut Budget) -> Result<Option<Block>, Exhausted> {
    let Some(mut search) = Search::of(block, others, budget)? else { return Ok(None) };
    loop {
        match search.settle(budget)? {
            Settled::Gap => return Ok(Some(search.found())),
            Settled::Open(side) => search.try_outside(side),
            Settled::Covered if search.turn_back() => {}
            Settled::Covered => return Ok(None),
        }
    }
}

impl<'b> Search<'b> {
    /// `None` if one of the others alone covers the box.
    fn of(block: &'b Block, others: &[&'b Block], budget: &mut Budget) -> Result<Option<Search<'b>>, Exhausted> {
        let mut search = Search {
            block,
            variables: Vec::new(),
            domains: Vec::new(),
            clauses: Vec::new(),
            order: Vec::new(),
            open: 0,
            trail: Vec::new(),
            tried: Vec::new(),
        };
        let mut numbers: Vec<Option<usize>> = Vec::new();
        for other in others {
            budget.spend(other.weight())?;
            if !other.meets(block) {
                continue;
            }
            let sides = other.sides().filter(|(variable, values)| !block.lies_within(*variable, values));
            let clause: Vec<Side<'b>> =
                sides.map(|(variable, values)| search.side(variable, values, &mut numbers)).collect();
            if clause.is_empty() {
                return Ok(None);
            }
            search.clauses.push(clause);
        }
        search.open = search.clauses.len();
        search.order = (0..search.open).collect();
        Ok(Some(search))
    }

    /// A side by the position of its variable, which `numbers` tells for those that are known.
    fn side(&mut self, variable: Variable, values: &'b Bits, numbers: &mut Vec<Option<usize>>) -> Side<'b> {
        if numbers.len() <= variable {
            numbers.resize(variable + 1, None);
        }
        let known = numbers.get(variable).copied().flatten();
        let number = known.unwrap_or_else(|| {
            let left = self.block.side(variable).cloned().unwrap_or_else(|| Bits::all(values.bound()));
            self.variables.push(variable);
            self.domains.push(left);
            self.domains.len() - 1
        });
        numbers.get_mut(variable).into_iter().for_each(|known| *known = Some(number));
        Side { variable: number, values }
    }

    /// Does everything that follows from what has been tried.
    fn settle(&mut self, budget: &mut Budget) -> Result<Settled<'b>, Exhausted> {
        loop {
            let (mut changed, mut fewest, mut at) = (false, None, 0);
            while at < self.open {
                match self.stand(at, budget)? {
                    Stand::Outside => self.close(at),
                    Stand::Within => return Ok(Settled::Covered),
                    Stand::Only(side) => {
                        self.leave_outside(side);
                        self.close(at);
                        changed = true;
                    }
                    Stand::Choices(count, side) => {
                        at += 1;
                        if fewest.as_ref().is_none_or(|(least, _)| count < *least) {
                            fewest = Some((count, side));
                        }
                    }
                }
            }
            if !changed && !self.take_free(budget)? {
                return Ok(fewest.map_or(Settled::Gap, |(_, side)| Settled::Open(side)));
            }
        }
    }

    fn stand(&self, at: usize, budget: &mut Budget) -> Result<Stand<'b>, Exhausted> {
        let mut choices = 0;
        let mut best: Option<(usize, usize, Side<'b>)> = None;
        for side in self.clause(at) {
            budget.spend(1 + side.values.weight())?;
            let Some(left) = self.domains.get(side.variable) else { continue };
            let (outside, all) = (left.count_without(side.values), left.count());
            if outside == all {
                return Ok(Stand::Outside);
            }
            if outside > 0 {
                choices += 1;
                if best.is_none_or(|(most, of, _)| outside * of > most * all) {
                    best = Some((outside, all, *side));
                }
            }
        }
        Ok(match best {
            Some((.., side)) if choices == 1 => Stand::Only(side),
            Some((.., side)) => Stand::Choices(choices, side),
            None => Stand::Within,
        })
    }

    /// Leaves each variable the values that no open clause asks to lie outside of, if there are some. Whether there were.
    fn take_free(&mut self, budget: &mut Budget) -> Result<bool, Exhausted> {
        let mut asked: Vec<Option<Bits>> = vec![None; self.domains.len()];
        for side in (0..self.open).flat_map(|at| self.clause(at)) {
            budget.spend(1 + side.values.weight())?;
            let left = self.domains.get(side.variable);
            // Where what is left lies within the side, it is no choice any more.
            if left.is_some_and(|left| !left.within(side.values))
                && let Some(asked) = asked.get_mut(side.variable)
            {
                asked.get_or_insert_with(|| Bits::none(side.values.bound())).extend(side.values);
            }
        }
        let mut changed = false;
        for (variable, asked) in asked.iter().enumerate() {
            let free = self.domains.get(variable).zip(asked.as_ref()).map(|(left, asked)| left.minus(asked));
            if let Some(free) = free.filter(|free| !free.is_empty()) {
                self.leave(variable, free);
                changed = true;
            }
        }
        Ok(changed)
    }

    /// Tries to lie outside of a side.
    fn try_outside(&mut self, side: Side<'b>) {
        self.tried.push(Try { side, trail: self.trail.len(), open: self.open });
        self.leave_outside(side);
    }

    /// Takes back the newest try: it has to lie within that side. `false` if nothing was tried.
    fn turn_back(&mut self) -> bool {
        let Some(Try { side, trail, open }) = self.tried.pop() else { return false };
        for (variable, before) in self.trail.drain(trail.min(self.trail.len())..).rev() {
            self.domains.get_mut(variable).into_iter().for_each(|left| left.clone_from(&before));
        }
        self.open = open;
        if let Some(left) = self.domains.get(side.variable) {
            let within = left.and(side.values);
            self.leave(side.variable, within);
        }
        true
    }

    fn leave_outside(&mut self, side: Side<'b>) {
        if let Some(left) = self.domains.get(side.variable) {
            let outside = left.minus(side.values);
            self.leave(side.variable, outside);
        }
    }

    /// Leaves a variable some of its values.
    fn leave(&mut self, variable: usize, values: Bits) {
        if let Some(left) = self.domains.get_mut(variable) {
            self.trail.push((variable, std::mem::replace(left, values)));
        }
    }

    /// Puts a clause behind those that are open.
    fn close(&mut self, at: usize) {
        if let Some(last) = self.open.checked_sub(1)
            && at <= last
        {
            self.open = last;
            self.order.swap(at, last);
        }
    }

    fn clause(&self, at: usize) -> &[Side<'b>] {
        let clause = self.order.get(at).and_then(|clause| self.clauses.get(*clause));
        clause.map_or(&[], Vec::as_slice)
    }

    fn found(&self) -> Block {
        let left = self.variables.iter().copied().zip(self.domains.iter().cloned());
        self.block.clone().restricted(left)
    }
}
