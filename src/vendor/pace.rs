//! How often one endpoint may be read, and how long it is left alone once the vendor has called it too often.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::time::{Instant, elapsed};

/// The least time between two reads of one endpoint.
pub const LEAST_GAP: Duration = Duration::from_secs(10);

/// How long an endpoint is left alone after the first "too fast"; it doubles with each further one.
const FIRST_REST: Duration = Duration::from_secs(60);

/// No rest is longer than this, so that the return of an endpoint is noticed.
const LONGEST_REST: Duration = Duration::from_secs(600);

/// The most keys that are remembered: a few endpoints of a thousand systems.
const MAX_KEYS: usize = 8192;

/// The last read of each endpoint. Plain data, so that a caller can keep it and several processes hold one pace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// By endpoint or by endpoint and system, as the [`Account`](super::account::Account) counts them.
    pub calls: BTreeMap<String, LastCall>,
}

/// The last read of one endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastCall {
    /// When it ended.
    pub at: Instant,
    /// How many reads in a row were refused as too fast.
    pub refusals: u32,
}

impl Pace {
    /// How long to wait before the next read of this key. A last read in the future, as after a clock that was set back,
    /// costs one gap and no more.
    #[must_use]
    pub fn wait(&self, key: &str, now: Instant) -> Duration {
        self.wait_at_least(LEAST_GAP, key, now)
    }

    /// The same for a vendor that asks for another gap.
    #[must_use]
    pub fn wait_at_least(&self, gap: Duration, key: &str, now: Instant) -> Duration {
        let Some(last) = self.calls.get(key) else { return Duration::ZERO };
        gap.saturating_sub(elapsed(last.at, now))
    }

    /// Until when the key is left alone because the vendor called it too fast; `None` if it may be read.
    #[must_use]
    pub fn resting_until(&self, key: &str, now: Instant) -> Option<Instant> {
        let last = self.calls.get(key).filter(|last| last.refusals > 0 && last.at <= now)?;
        let rest = FIRST_REST.saturating_mul(2_u32.saturating_pow(last.refusals.saturating_sub(1))).min(LONGEST_REST);
        let until = last.at + chrono::Duration::from_std(rest).unwrap_or_default();
        (until > now).then_some(until)
    }

    /// Takes over the reads of another process that are later than our own.
    pub fn heed(&mut self, other: &Pace) {
        for (key, last) in &other.calls {
            let later = self.calls.get(key).is_none_or(|ours| ours.at < last.at);
            if later && (self.calls.len() < MAX_KEYS || self.calls.contains_key(key)) {
                self.calls.insert(key.clone(), *last);
            }
        }
    }

    /// Notes a read that ended now.
    pub fn called(&mut self, key: &str, now: Instant, too_fast: bool) {
        if self.calls.len() >= MAX_KEYS && !self.calls.contains_key(key) {
            self.calls.clear();
        }
        let before = self.calls.get(key).map_or(0, |last| last.refusals);
        let refusals = if too_fast { before.saturating_add(1) } else { 0 };
        self.calls.insert(key.to_owned(), LastCall { at: now, refusals });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp(1_795_000_000 + seconds, 0).expect("an instant")
    }

    #[test]
    fn reads_of_one_key_are_ten_seconds_apart() {
        let mut pace = Pace::default();
        pace.called("power", at(0), false);
        let check = |key: &str, seconds: i64, expect: u64| {
            assert_eq!(pace.wait(key, at(seconds)).as_secs(), expect, "{key} after {seconds} s");
        };
        check("power", 0, 10);
        check("power", 3, 7);
        check("power", 10, 0);
        check("power", 1_000_000, 0);
        check("power", -3600, 10);
        check("history", 0, 0);
    }

    #[test]
    fn each_refusal_doubles_the_rest_up_to_ten_minutes() {
        let mut pace = Pace::default();
        for expect in [60, 120, 240, 480, 600, 600] {
            pace.called("config", at(0), true);
            assert_eq!(pace.resting_until("config", at(0)), Some(at(expect)));
            assert_eq!(pace.resting_until("config", at(expect)), None);
        }
        assert_eq!(pace.resting_until("config", at(-5)), None, "a clock that was set back does not lock anything");
        pace.called("config", at(700), false);
        assert_eq!(pace.resting_until("config", at(700)), None);
    }

    #[test]
    fn the_later_read_counts_whoever_made_it() {
        let (mut ours, mut theirs) = (Pace::default(), Pace::default());
        ours.called("power", at(0), false);
        ours.called("config", at(9), true);
        theirs.called("power", at(5), false);
        theirs.called("config", at(3), false);
        theirs.called("history", at(4), false);
        ours.heed(&theirs);
        let check = |key: &str, expect: u64| assert_eq!(ours.wait(key, at(10)).as_secs(), expect, "{key}");
        check("power", 5);
        check("config", 9);
        check("history", 4);
        assert!(ours.resting_until("config", at(10)).is_some(), "our own refusal stays");
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut pace = Pace::default();
        for key in 0..2 * MAX_KEYS {
            pace.called(&key.to_string(), at(0), false);
        }
        assert!(pace.calls.len() <= MAX_KEYS);
    }
}
