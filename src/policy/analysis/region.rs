//! Sets of situations as unions of boxes: a box restricts some variables to some of their values.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bits::Bits;
use super::gap::gap;

/// A number that names a variable.
pub(super) type Variable = usize;

/// How much work an analysis may do, in words of 64 values that are looked at, and in sides of boxes.
#[derive(Debug)]
pub(super) struct Budget {
    left: u64,
}

/// The work that was allowed is done, and the question is still open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

/// The situations in which each of some variables has one of some values, whatever the others have.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Block {
    /// In the order of the variables, each once, none without a value, none with every value.
    sides: Vec<(Variable, Arc<Bits>)>,
}

/// The situations of any of some boxes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Region {
    blocks: Vec<Block>,
}

impl From<Block> for Region {
    fn from(block: Block) -> Region {
        Region { blocks: vec![block] }
    }
}

/// How many boxes one set may have.
const MAX_BLOCKS: usize = 256;

impl Budget {
    pub(super) fn of(work: u64) -> Budget {
        Budget { left: work }
    }

    /// Asks questions, each of which may take as much as any other, and those again for which that was not enough.
    pub(super) fn in_turn<T>(
        &mut self,
        count: usize,
        mut ask: impl FnMut(usize, &mut Budget) -> Result<T, Exhausted>,
    ) -> Vec<Option<T>> {
        let mut answers: Vec<Option<T>> = std::iter::repeat_with(|| None).take(count).collect();
        for _ in 0..2 {
            let mut open = answers.iter().filter(|answer| answer.is_none()).count();
            for (number, answer) in answers.iter_mut().enumerate().filter(|(_, answer)| answer.is_none()) {
                let share = self.left / u64::try_from(open).unwrap_or(u64::MAX).max(1);
                open = open.saturating_sub(1);
                *answer = self.within(share, |budget| ask(number, budget)).ok();
            }
        }
        answers
    }

    /// Asks a question that may take so much of what is left at the most.
    pub(super) fn within<T>(
        &mut self,
        most: u64,
        ask: impl FnOnce(&mut Budget) -> Result<T, Exhausted>,
    ) -> Result<T, Exhausted> {
        let given = self.left.min(most);
        let mut share = Budget { left: given };
        let answer = ask(&mut share);
        self.left = self.left.saturating_sub(given.saturating_sub(share.left));
        answer
    }

    /// How much is left.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Takes some of what is left; all of it where that is not enough.
    pub(super) fn spend(&mut self, work: usize) -> Result<(), Exhausted> {
        let left = u64::try_from(work).ok().and_then(|work| self.left.checked_sub(work));
        self.left = left.unwrap_or_default();
        left.map(|_| ()).ok_or(Exhausted)
    }
}

impl Block {
    /// The situations in which one variable has one of these values; `None` if there are none.
    pub(super) fn one(variable: Variable, values: Bits) -> Option<Block> {
        if values.is_full() {
            return Some(Block::default()).filter(|_| !values.is_empty());
        }
        (!values.is_empty()).then(|| Block { sides: vec![(variable, Arc::new(values))] })
    }

    /// Its sides.
    pub(super) fn sides(&self) -> impl Iterator<Item = (Variable, &Bits)> + '_ {
        self.sides.iter().map(|(variable, values)| (*variable, values.as_ref()))
    }

    /// How much work it is to look at all of it.
    pub(super) fn weight(&self) -> usize {
        self.sides.iter().map(|(_, values)| 1 + values.weight()).sum::<usize>() + 1
    }

    /// The values of a variable, if they are restricted.
    pub(super) fn side(&self, variable: Variable) -> Option<&Bits> {
        let at = self.sides.binary_search_by_key(&variable, |(named, _)| *named).ok()?;
        self.sides.get(at).map(|(_, values)| values.as_ref())
    }

    /// The variables that are restricted.
    pub(super) fn variables(&self) -> impl Iterator<Item = Variable> + '_ {
        self.sides.iter().map(|(variable, _)| *variable)
    }

    /// The situations of both; `None` if there are none.
    pub(super) fn meet(&self, other: &Block) -> Option<Block> {
        let mut sides = Vec::with_capacity(self.sides.len() + other.sides.len());
        let (mut ours, mut theirs) = (self.sides.iter().peekable(), other.sides.iter().peekable());
        loop {
            let next = match (ours.peek(), theirs.peek()) {
                (Some((one, _)), Some((other, _))) if one == other => {
                    let ((variable, one), (_, other)) = (ours.next()?, theirs.next()?);
                    let both = one.and(other);
                    if both.is_empty() {
                        return None;
                    }
                    (*variable, Arc::new(both))
                }
                (Some((one, _)), Some((other, _))) if one > other => theirs.next()?.clone(),
                (Some(_), _) => ours.next()?.clone(),
                (None, Some(_)) => theirs.next()?.clone(),
                (None, None) => return Some(Block { sides }),
            };
            sides.push(next);
        }
    }

    /// Whether some situation is in both.
    pub(super) fn meets(&self, other: &Block) -> bool {
        self.sides.iter().all(|(variable, values)| other.side(*variable).is_none_or(|others| values.meets(others)))
    }

    /// Whether every situation of this box is in the other.
    pub(super) fn within(&self, other: &Block) -> bool {
        other.sides().all(|(variable, values)| self.lies_within(variable, values))
    }

    /// Whether a variable has no other values than these.
    pub(super) fn lies_within(&self, variable: Variable, values: &Bits) -> bool {
        self.side(variable).is_some_and(|own| own.within(values))
    }

    fn with(&self, variable: Variable, values: Bits) -> Block {
        let mut sides: Vec<(Variable, Arc<Bits>)> =
            self.sides.iter().filter(|(named, _)| *named != variable).cloned().collect();
        let at = sides.partition_point(|(named, _)| *named < variable);
        if !values.is_full() {
            sides.insert(at, (variable, Arc::new(values)));
        }
        Block { sides }
    }

    /// It with other sides for some variables, each once and none without a value.
    pub(super) fn restricted(mut self, others: impl IntoIterator<Item = (Variable, Bits)>) -> Block {
        let others: BTreeMap<Variable, Bits> = others.into_iter().collect();
        self.sides.retain(|(variable, _)| !others.contains_key(variable));
        let others = others.into_iter().filter(|(_, values)| !values.is_full());
        self.sides.extend(others.map(|(variable, values)| (variable, Arc::new(values))));
        self.sides.sort_unstable_by_key(|(variable, _)| *variable);
        self
    }

    /// The one box that is both, if they differ in one variable alone.
    fn joined(&self, other: &Block) -> Option<Block> {
        let same_variables = self.sides.iter().map(|(named, _)| named).eq(other.sides.iter().map(|(named, _)| named));
        if !same_variables {
            return None;
        }
        let mut differing = self.sides.iter().zip(&other.sides).filter(|((_, one), (_, other))| one != other);
        let ((variable, one), (_, two)) = differing.next()?;
        differing.next().is_none().then(|| self.with(*variable, one.or(two)))
    }
}

impl Region {
    /// Every situation.
    pub(super) fn everything() -> Region {
        Region { blocks: vec![Block::default()] }
    }

    /// The situations in which one variable has one of these values.
    pub(super) fn one(variable: Variable, values: Bits) -> Region {
        Region { blocks: Block::one(variable, values).into_iter().collect() }
    }

    /// Whether there is no situation in it.
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Its boxes; they may have situations in common.
    pub(super) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The situations of both.
    pub(super) fn meet(&self, other: &Region, budget: &mut Budget) -> Result<Region, Exhausted> {
        budget.spend(self.blocks.len() * other.weight() + other.blocks.len() * self.weight())?;
        let mut both = Region::default();
        for one in &self.blocks {
            for block in other.blocks.iter().filter_map(|other| one.meet(other)) {
                both.add(block, budget)?;
            }
        }
        Ok(both)
    }

    /// The situations of either.
    pub(super) fn join(mut self, other: Region, budget: &mut Budget) -> Result<Region, Exhausted> {
        for block in other.blocks {
            self.add(block, budget)?;
        }
        Ok(self)
    }

    /// The smallest box around it.
    pub(super) fn hull(&self) -> Block {
        let mut blocks = self.blocks.iter();
        let first = blocks.next().cloned().unwrap_or_default();
        blocks.fold(first, |hull, block| {
            let both =
                hull.sides.iter().filter_map(|(variable, values)| Some((variable, values, block.side(*variable)?)));
            let sides = both.map(|(variable, values, others)| (*variable, Arc::new(values.or(others))));
            Block { sides: sides.filter(|(_, values)| !values.is_full()).collect() }
        })
    }

    /// Whether each of its boxes lies within one of the other's, so that all of it lies within the other. It may do so too
    /// where this is not plain to see.
    pub(super) fn plainly_within(&self, other: &Region, budget: &mut Budget) -> Result<bool, Exhausted> {
        if self == other {
            return Ok(true);
        }
        for block in &self.blocks {
            budget.spend(1 + other.blocks.len() + block.weight())?;
            if !other.blocks.iter().any(|other| block.within(other)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How much work it is to look at all of it.
    fn weight(&self) -> usize {
        self.blocks.iter().map(Block::weight).sum()
    }

    /// A box of situations that are in this set and in none of the others; `None` if there is none.
    pub(super) fn outside<'r>(
        &self,
        others: impl IntoIterator<Item = &'r Region>,
        budget: &mut Budget,
    ) -> Result<Option<Block>, Exhausted> {
        let others: Vec<&Block> = others.into_iter().flat_map(|region| &region.blocks).collect();
        for block in &self.blocks {
            if let Some(found) = gap(block, &others, budget)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn add(&mut self, block: Block, budget: &mut Budget) -> Result<(), Exhausted> {
        // Most of those that are known differ in the first side that is looked at.
        budget.spend(block.weight() * (1 + self.blocks.len() / 4))?;
        if self.blocks.iter().any(|known| block.within(known)) {
            return Ok(());
        }
        self.blocks.retain(|known| !known.within(&block));
        let joined = self.blocks.iter().enumerate().find_map(|(at, known)| Some((at, known.joined(&block)?)));
        match joined {
            Some((at, joined)) => {
                self.blocks.swap_remove(at);
                self.blocks.push(joined);
            }
            None if self.blocks.len() >= MAX_BLOCKS => return Err(Exhausted),
            None => self.blocks.push(block),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [usize; 3] = [3, 2, 5];

    fn any_block(random: &mut fastrand::Rng) -> Option<Block> {
        SIZES.iter().enumerate().try_fold(Block::default(), |block, (variable, size)| {
            if random.bool() {
                return Some(block);
            }
            let mut values = Bits::none(*size);
            (0..*size).filter(|_| random.bool()).for_each(|value| values.insert(value));
            block.meet(&Block::one(variable, values)?)
        })
    }

    fn any_region(random: &mut fastrand::Rng) -> Region {
        Region { blocks: (0..random.usize(0..5)).filter_map(|_| any_block(random)).collect() }
    }

    fn contains(region: &Region, situation: [usize; 3]) -> bool {
        let inside = |block: &Block| block.sides.iter().all(|(variable, values)| values.contains(situation[*variable]));
        region.blocks.iter().any(inside)
    }

    fn every_situation() -> impl Iterator<Item = [usize; 3]> {
        (0..30).map(|number| [number % 3, number / 3 % 2, number / 6])
    }

    #[test]
    fn sets_of_boxes_are_what_asking_every_situation_finds() {
        for seed in 0..500 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut budget = Budget::of(100_000);
            let (one, other) = (any_region(&mut random), any_region(&mut random));
            let both = one.meet(&other, &mut budget).expect("enough");
            let either = one.clone().join(other.clone(), &mut budget).expect("enough");
            for situation in every_situation() {
                let (a, b) = (contains(&one, situation), contains(&other, situation));
                assert_eq!(contains(&both, situation), a && b, "seed {seed}: {situation:?}");
                assert_eq!(contains(&either, situation), a || b, "seed {seed}: {situation:?}");
            }
        }
    }

    #[test]
    fn what_lies_outside_is_found_exactly_where_there_is_something() {
        for seed in 0..2_000 {
            let mut random = fastrand::Rng::with_seed(seed);
            let one = any_region(&mut random);
            let others: Vec<Region> = (0..random.usize(0..4)).map(|_| any_region(&mut random)).collect();
            let inside = |situation: &[usize; 3]| {
                contains(&one, *situation) && !others.iter().any(|other| contains(other, *situation))
            };
            let expect = every_situation().any(|situation| inside(&situation));
            let found = one.outside(&others, &mut Budget::of(100_000)).expect("enough");
            assert_eq!(found.is_some(), expect, "seed {seed}");
            let found = Region { blocks: found.into_iter().collect() };
            let inside = every_situation().filter(|situation| contains(&found, *situation)).all(|one| inside(&one));
            assert!(inside, "seed {seed}");
        }
    }

    #[test]
    fn work_is_bounded() {
        let block = |variable, value| Region::one(variable, Bits::which(4, |number| number == value));
        let mut budget = Budget::of(3);
        assert_eq!(block(0, 1).outside(&[block(1, 1), block(2, 1), block(3, 2)], &mut budget), Err(Exhausted));
    }
}
