//! Which faults of the ATESS cloud hold when, in the same words as those of the AlphaESS one.

use serde::{Deserialize, Serialize};

use super::fault::{Fault, Faults};
use crate::simulator::burst::Bursts;
use crate::simulator::plan::{MAX_ENTRIES, NIGHT, Span, daily_holds, percent, span};
use crate::simulator::random::{Chance, Stream};
use crate::time::{Instant, Local};

/// Which faults hold when.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FaultPlan {
    entries: Vec<Entry>,
    share: Option<f64>,
    bursts: Option<Bursts<Fault>>,
    seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    fault: Fault,
    span: Span,
    percent: f64,
}

impl FaultPlan {
    /// No fault at all.
    #[must_use]
    pub fn none() -> FaultPlan {
        FaultPlan::default()
    }

    /// Faults of every kind that come by seed, which fill this share of time, 0 to 1, in bursts.
    #[must_use]
    pub fn seeded(seed: u64, share: f64) -> FaultPlan {
        FaultPlan { share: Some(share), seed, ..FaultPlan::default() }
    }

    /// Reads a list: items between commas, each `NAME`, `NAME@12:00-13:00` (wall clock),
    /// `NAME@2026-11-20T12:00:00Z..2026-11-20T13:00:00Z`, any of them with a share of requests as in `NAME%20`, or `5%`:
    /// faults of every kind that fill this share of time.
    ///
    /// # Errors
    /// What is wrong with which item.
    pub fn parse(text: &str, seed: u64) -> Result<FaultPlan, String> {
        let mut plan = FaultPlan { seed, ..FaultPlan::default() };
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            if plan.entries.len() >= MAX_ENTRIES {
                return Err(format!("a list of faults has at most {MAX_ENTRIES} items"));
            }
            match item.strip_suffix('%') {
                Some(share) => plan.share = Some(percent(share)? / 100.0),
                None => plan.entries.push(entry(item)?),
            }
        }
        Ok(plan)
    }

    /// Adds a fault that holds from one instant to another.
    pub fn add(&mut self, fault: Fault, from: Instant, until: Instant) {
        if self.entries.len() >= MAX_ENTRIES {
            self.entries.remove(0);
        }
        self.entries.push(Entry { fault, span: Span::Between(from.timestamp(), until.timestamp()), percent: 100.0 });
    }

    /// Ends every fault.
    pub fn clear(&mut self) {
        *self = FaultPlan::none();
    }

    /// The faults that hold at a second of Unix time, which the wall clock reads as `local`. What holds by chance is drawn
    /// for this draw number.
    pub(super) fn at(&mut self, second: i64, local: Local, draw: i64) -> Faults {
        let mut faults = Faults::default();
        let chance = Chance::new(self.seed);
        for (index, entry) in (0..).zip(&self.entries) {
            let holds = entry.span.holds(second, local.minute);
            if holds && (entry.percent >= 100.0 || 100.0 * chance.unit(Stream::Entry(index), draw) < entry.percent) {
                faults.insert(entry.fault);
            }
        }
        if let Some(fault) = self.burst(second) {
            faults.insert(fault);
        }
        if !daily_holds(NIGHT, local.minute) {
            faults.remove(Fault::OfflineAtNight);
        }
        faults
    }

    pub(super) fn is_sound(&self) -> bool {
        self.entries.len() <= MAX_ENTRIES
            && self.share.is_none_or(|share| (0.0..=1.0).contains(&share))
            && self.bursts.as_ref().is_none_or(Bursts::is_sound)
    }

    /// The bursts begin with the first look.
    fn burst(&mut self, second: i64) -> Option<Fault> {
        let (share, seed) = (self.share?, self.seed);
        self.bursts.get_or_insert_with(|| Bursts::new(seed, share, second)).at(second)
    }
}

fn entry(item: &str) -> Result<Entry, String> {
    let (rest, percent) = match item.split_once('%') {
        Some((rest, share)) => (rest, percent(share)?),
        None => (item, 100.0),
    };
    let (name, span) = match rest.split_once('@') {
        Some((name, when)) => (name, span(when)?),
        None => (rest, Span::Always),
    };
    Ok(Entry { fault: name.trim().parse()?, span, percent })
}
