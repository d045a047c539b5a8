//! Sets of small numbers.

/// A set of numbers below a bound that is fixed when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Bits {
    words: Vec<u64>,
    bound: usize,
}

impl Bits {
    /// No number.
    pub(super) fn none(bound: usize) -> Bits {
        Bits { words: vec![0; bound.div_ceil(64)], bound }
    }

    /// Every number below the bound.
    pub(super) fn all(bound: usize) -> Bits {
        Bits::none(bound).complement()
    }

    /// The numbers of which something holds.
    pub(super) fn which(bound: usize, holds: impl Fn(usize) -> bool) -> Bits {
        let mut bits = Bits::none(bound);
        (0..bound).filter(|number| holds(*number)).for_each(|number| bits.insert(number));
        bits
    }

    /// How many numbers there might be.
    pub(super) fn bound(&self) -> usize {
        self.bound
    }

    /// Adds a number; one that is not below the bound is left out.
    pub(super) fn insert(&mut self, number: usize) {
        if number < self.bound
            && let Some(word) = self.words.get_mut(number / 64)
        {
            *word |= 1 << (number % 64);
        }
    }

    /// Adds it if it is not there, else takes it away.
    pub(super) fn toggle(&mut self, number: usize) {
        if number < self.bound
            && let Some(word) = self.words.get_mut(number / 64)
        {
            *word ^= 1 << (number % 64);
        }
    }

    /// Whether a number is there.
    pub(super) fn contains(&self, number: usize) -> bool {
        self.words.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Whether no number is there.
    pub(super) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Whether every number below the bound is there.
    pub(super) fn is_full(&self) -> bool {
        self.count() == self.bound
    }

    /// How many numbers are there.
    pub(super) fn count(&self) -> usize {
        counted(self.words.iter().copied())
    }

    /// How many numbers of this set are not in the other.
    pub(super) fn count_without(&self, other: &Bits) -> usize {
        counted(self.words.iter().zip(&other.words).map(|(one, other)| one & !other))
    }

    /// How much work it is to look at all of it.
    pub(super) fn weight(&self) -> usize {
        self.words.len()
    }

    /// Whether some number is in both.
    pub(super) fn meets(&self, other: &Bits) -> bool {
        self.words.iter().zip(&other.words).any(|(one, other)| one & other != 0)
    }

    /// Whether every number of this set is in the other.
    pub(super) fn within(&self, other: &Bits) -> bool {
        self.words.iter().zip(&other.words).all(|(one, other)| one & !other == 0)
    }

    /// The numbers in both.
    pub(super) fn and(&self, other: &Bits) -> Bits {
        self.with(other, |one, other| one & other)
    }

    /// The numbers in either.
    pub(super) fn or(&self, other: &Bits) -> Bits {
        self.with(other, |one, other| one | other)
    }

    /// The numbers of this set that are not in the other.
    pub(super) fn minus(&self, other: &Bits) -> Bits {
        self.with(other, |one, other| one & !other)
    }

    /// The numbers in exactly one of both.
    pub(super) fn differing(&self, other: &Bits) -> Bits {
        self.with(other, |one, other| one ^ other)
    }

    /// Adds the numbers of another set.
    pub(super) fn extend(&mut self, other: &Bits) {
        self.words.iter_mut().zip(&other.words).for_each(|(one, other)| *one |= other);
    }

    /// The numbers that are not there.
    pub(super) fn complement(&self) -> Bits {
        let mut words: Vec<u64> = self.words.iter().map(|word| !word).collect();
        if let Some(last) = words.last_mut()
            && !self.bound.is_multiple_of(64)
        {
            *last &= (1 << (self.bound % 64)) - 1;
        }
        Bits { words, bound: self.bound }
    }

    /// Each number one higher, and the lowest as it was: what the set was a step before.
    pub(super) fn a_step_before(&self) -> Bits {
        let mut carry = self.words.first().map_or(0, |word| word & 1);
        let shifted = self.words.iter().map(|word| {
            let moved = word << 1 | carry;
            carry = word >> 63;
            moved
        });
        let shifted = Bits { words: shifted.collect(), bound: self.bound };
        shifted.and(&Bits::all(self.bound))
    }

    /// The numbers, lowest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let lowest = usize::try_from(left.trailing_zeros()).ok().filter(|bit| *bit < 64)?;
                left &= left - 1;
                Some(index * 64 + lowest)
            })
        })
    }

    fn with(&self, other: &Bits, change: impl Fn(u64, u64) -> u64) -> Bits {
        let words = self.words.iter().zip(&other.words).map(|(one, other)| change(*one, *other));
        Bits { words: words.collect(), bound: self.bound }
    }
}

fn counted(words: impl Iterator<Item = u64>) -> usize {
    words.map(|word| usize::try_from(word.count_ones()).unwrap_or_default()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_do_what_sets_of_numbers_do() {
        use std::collections::BTreeSet;
        for seed in 0..200 {
            let mut random = fastrand::Rng::with_seed(seed);
            let bound = random.usize(1..200);
            let mut any = || (0..bound).filter(|_| random.bool()).collect::<BTreeSet<usize>>();
            let (one, other) = (any(), any());
            let bits = |set: &BTreeSet<usize>| Bits::which(bound, |number| set.contains(&number));
            let plain = |bits: &Bits| bits.iter().collect::<BTreeSet<usize>>();
            let (a, b) = (bits(&one), bits(&other));
            assert_eq!(plain(&a.and(&b)), &one & &other, "seed {seed}");
            assert_eq!(plain(&a.or(&b)), &one | &other, "seed {seed}");
            assert_eq!(plain(&a.minus(&b)), &one - &other, "seed {seed}");
            assert_eq!(plain(&a.differing(&b)), &one ^ &other, "seed {seed}");
            assert_eq!(plain(&a.complement()), &(0..bound).collect() - &one, "seed {seed}");
            assert_eq!(a.meets(&b), !one.is_disjoint(&other), "seed {seed}");
            assert_eq!(a.within(&b), one.is_subset(&other), "seed {seed}");
            assert_eq!(a.is_full(), one.len() == bound, "seed {seed}");
            assert_eq!(a.or(&a.complement()).count(), bound, "seed {seed}");
            assert_eq!(a.count_without(&b), (&one - &other).len(), "seed {seed}");
            let before = Bits::which(bound, |number| one.contains(&number.saturating_sub(1)));
            assert_eq!(a.a_step_before(), before, "seed {seed}");
        }
    }
}
