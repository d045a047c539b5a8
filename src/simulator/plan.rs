//! Which faults hold when: by name and time, with a probability, or by seed.

use serde::{Deserialize, Serialize};

use super::burst::Bursts;
use super::fault::{Fault, Faults};
use super::random::{Chance, Stream};
use crate::time::{ClockTime, Instant, Local};

/// The most entries of a plan.
pub(super) const MAX_ENTRIES: usize = 256;

/// From when to when `offline-at-night` holds, in minutes of the wall clock.
pub(super) const NIGHT: (u16, u16) = (22 * 60, 6 * 60);

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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Span {
    Always,
    /// Minutes of the wall clock; it may cross midnight.
    Daily(u16, u16),
    /// Seconds of Unix time, the second exclusive.
    Between(i64, i64),
}

impl FaultPlan {
    /// No fault at all.
    #[must_use]
    pub fn none() -> FaultPlan {
        FaultPlan::default()
    }

    /// Faults of every kind that fill this share of time, 0 to 1, in bursts.
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

impl Span {
    pub(super) fn holds(self, second: i64, minute: u16) -> bool {
        match self {
            Span::Always => true,
            Span::Daily(from, until) => daily_holds((from, until), minute),
            Span::Between(from, until) => (from..until).contains(&second),
        }
    }
}

pub(super) fn daily_holds((from, until): (u16, u16), minute: u16) -> bool {
    if from < until { (from..until).contains(&minute) } else { minute >= from || minute < until }
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

pub(super) fn percent(text: &str) -> Result<f64, String> {
    let share = text.trim().parse::<f64>().ok().filter(|share| (0.0..=100.0).contains(share));
    share.ok_or_else(|| format!("`{text}` is no percentage from 0 to 100"))
}

pub(super) fn span(text: &str) -> Result<Span, String> {
    let wrong = || format!("`{text}` is neither like 12:00-13:00 nor like 2026-11-20T12:00:00Z..2026-11-20T13:00:00Z");
    if let Some((from, until)) = text.split_once("..") {
        let instant = |part: &str| part.trim().parse::<Instant>().map(|at| at.timestamp()).map_err(|_| wrong());
        return Ok(Span::Between(instant(from)?, instant(until)?));
    }
    let (from, until) = text.split_once('-').ok_or_else(wrong)?;
    let minute = |part: &str| part.trim().parse::<ClockTime>().map(ClockTime::minutes).map_err(|()| wrong());
    Ok(Span::Daily(minute(from)?, minute(until)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Zone;

    fn holds(text: &str, at: &str, draw: i64) -> bool {
        let mut plan = FaultPlan::parse(text, 1).expect("a plan");
        let at: Instant = at.parse().expect("an instant");
        let local = Zone::named("Europe/London").expect("a zone").local(at);
        plan.at(at.timestamp(), local, draw).first(Fault::ALL).is_some()
    }

    #[test]
    fn a_list_says_which_faults_hold_when() {
        let check = |text: &str, at: &str, expect: bool| assert_eq!(holds(text, at, 1), expect, "{text} at {at}");
        check("", "2026-11-20T12:30:00Z", false);
        check("zeros", "2026-11-20T12:30:00Z", true);
        check("zeros@12:00-13:00", "2026-11-20T12:30:00Z", true);
        check("zeros@12:00-13:00", "2026-11-20T13:00:00Z", false);
        check("zeros@12:00-13:00", "2026-07-20T12:30:00Z", false);
        check("zeros@23:00-01:00", "2026-11-20T00:30:00Z", true);
        check("zeros@2026-11-20T12:00:00Z..2026-11-20T13:00:00Z", "2026-11-20T12:30:00Z", true);
        check("zeros@2026-11-20T12:00:00Z..2026-11-20T13:00:00Z", "2026-11-21T12:30:00Z", false);
        check("offline-at-night", "2026-11-20T23:00:00Z", true);
        check("offline-at-night", "2026-11-20T12:00:00Z", false);
        check("zeros%0", "2026-11-20T12:30:00Z", false);
    }

    #[test]
    fn a_share_of_requests_is_met() {
        let met = (0..10_000).filter(|draw| holds("zeros%20", "2026-11-20T12:30:00Z", *draw)).count();
        assert!((1900..2100).contains(&met), "{met}");
    }

    #[test]
    fn a_wrong_list_is_refused_with_its_item() {
        let check = |text: &str, expect: &str| {
            let error = FaultPlan::parse(text, 1).expect_err(text);
            assert!(error.contains(expect), "{text}: {error}");
        };
        check("zeroes", "no fault is called `zeroes`");
        check("zeros@noon", "`noon` is neither");
        check("zeros%150", "no percentage");
        check("x%", "no percentage");
    }
}
