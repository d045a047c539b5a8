//! Faults by seed: bursts one after the other, with calm between them, so that a given share of time is spent in faults.

use serde::{Deserialize, Serialize};

use super::kind::FaultKind;
use super::random::{Chance, Stream};

/// The longest calm between two bursts, in seconds.
const MAX_CALM: f64 = 60.0 * 86_400.0;

/// The bursts of one seed. They are rolled on, never back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Bursts<F> {
    chance: Chance,
    share: f64,
    number: i64,
    fault: F,
    from: i64,
    until: i64,
}

impl<F: FaultKind> Bursts<F> {
    /// Bursts that fill this share of time, 0 to 1, from this second of Unix time on.
    pub(super) fn new(seed: u64, share: f64, start: i64) -> Bursts<F> {
        let chance = Chance::new(seed).branch(u64::from_le_bytes(*b"bursts.."));
        let share = share.clamp(0.0, 0.95);
        let mut bursts = Bursts { chance, share, number: 0, fault: F::FIRST, from: start, until: start };
        bursts.next();
        bursts
    }

    /// The fault that holds at this second, which is not earlier than the one asked for before.
    pub(super) fn at(&mut self, second: i64) -> Option<F> {
        if self.share <= 0.0 {
            return None;
        }
        while self.until <= second {
            self.next();
        }
        (self.from <= second).then_some(self.fault)
    }

    pub(super) fn is_sound(&self) -> bool {
        (0.0..=0.95).contains(&self.share)
            && (0..i64::MAX / 2).contains(&self.number)
            && self.from <= self.until
            && super::state::is_sensible(self.from)
            && super::state::is_sensible(self.until)
    }

    /// The calm is drawn from an exponential distribution whose mean gives the share.
    fn next(&mut self) {
        self.number += 1;
        let bursty: Vec<(F, (i64, i64))> =
            F::ALL.iter().filter_map(|fault| fault.burst().map(|minutes| (*fault, minutes))).collect();
        let last = i64::try_from(bursty.len()).unwrap_or(1) - 1;
        let pick = self.chance.between(Stream::BurstFault, self.number, 0, last);
        let Some((fault, (low, high))) = usize::try_from(pick).ok().and_then(|pick| bursty.get(pick).copied()) else {
            return;
        };
        let minutes = self.chance.between(Stream::BurstLength, self.number, low, high);
        let mean_burst = 60.0 * mean_minutes(&bursty);
        let mean_calm = mean_burst * (1.0 - self.share) / self.share.max(1e-6);
        let drawn = -(1.0 - self.chance.unit(Stream::BurstGap, self.number)).ln() * mean_calm;
        let calm = std::time::Duration::from_secs_f64(drawn.clamp(60.0, MAX_CALM)).as_secs();
        self.fault = fault;
        self.from = self.until + i64::try_from(calm).unwrap_or_default();
        self.until = self.from + minutes * 60;
    }
}

fn mean_minutes<F>(bursty: &[(F, (i64, i64))]) -> f64 {
    let sum: i64 = bursty.iter().map(|(_, (low, high))| low + high).sum();
    sum as f64 / 2.0 / bursty.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::Fault;
    use std::collections::BTreeSet;

    #[test]
    fn bursts_fill_the_share_of_time_that_was_asked_for() {
        for share in [0.02, 0.05, 0.3] {
            let mut bursts = Bursts::<Fault>::new(3, share, 0);
            let looks = 3000 * 144;
            let faulty = (0..looks).filter(|look| bursts.at(look * 600).is_some()).count();
            let met = faulty as f64 / looks as f64;
            assert!((met - share).abs() < 0.1 * share, "asked for {share}, met {met}");
        }
        assert_eq!(Bursts::<Fault>::new(3, 0.0, 0).at(1_000_000), None);
    }

    #[test]
    fn every_fault_that_may_come_by_seed_does() {
        let mut bursts = Bursts::<Fault>::new(11, 0.5, 0);
        let met: BTreeSet<Fault> = (0..400 * 1440).filter_map(|minute| bursts.at(minute * 60)).collect();
        let may = Fault::ALL.iter().filter(|fault| fault.burst().is_some()).count();
        assert_eq!(met.len(), may);
    }
}
