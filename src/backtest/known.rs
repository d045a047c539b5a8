//! Which prices are known at a moment.

use std::time::Duration;

use chrono::NaiveTime;

use super::Track;
use crate::tariff::{PriceSeries, Prices};
use crate::time::{Instant, after, before};
use crate::units::Price;

/// Day-ahead prices are published at noon in UTC+1, which is 11:00 UTC, for the whole next day.
const PUBLISHED_AT: (u32, u32) = (11, 0);

/// From UTC to the clock by which prices are published.
const PUBLISHERS_OFFSET: Duration = Duration::from_secs(3600);

/// How far back known prices are kept: whoever asks for today's begins at the last midnight.
const BACK: Duration = Duration::from_secs(26 * 3600);

/// How far ahead a tariff's own bands are laid out.
const AHEAD: Duration = Duration::from_secs(50 * 3600);

/// What was known of prices from one publication to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The prices.
    pub(super) prices: Prices,
    /// Until when nothing more is published.
    pub(super) until: Option<Instant>,
    /// How many slots of import and of export ended before the newest moment.
    passed: [usize; 2],
}

impl Known {
    /// Takes note of what has been published by now; tells whether anything was.
    pub(super) fn refresh(&mut self, track: &Track, now: Instant) -> bool {
        if self.until.is_some_and(|until| now < until) {
            return false;
        }
        let horizon = if track.published { published_until(track, now) } else { after(now, AHEAD) };
        let slice = |series: &PriceSeries| {
            let first = series.slots().partition_point(|slot| slot.until <= before(now, BACK));
            let last = series.slots().partition_point(|slot| slot.from < horizon);
            let slots = series.slots().get(first..last).unwrap_or_default().to_vec();
            PriceSeries::from_slots(slots).unwrap_or_default()
        };
        self.prices =
            Prices { import: slice(&track.prices.import), export: slice(&track.prices.export), ..Prices::default() };
        self.until = Some(next_publication(now));
        self.passed = [0, 0];
        true
    }

    /// The prices of import and of export at a moment that is not before the one of the call before.
    pub(super) fn at(&mut self, now: Instant) -> [Option<Price>; 2] {
        let [import, export] = &mut self.passed;
        [(&self.prices.import, import), (&self.prices.export, export)].map(|(series, passed)| {
            let slots = series.slots();
            while slots.get(*passed).is_some_and(|slot| slot.until <= now) {
                *passed += 1;
            }
            slots.get(*passed).filter(|slot| slot.from <= now).map(|slot| slot.price)
        })
    }
}

/// The end of the last local day whose prices are published.
fn published_until(track: &Track, now: Instant) -> Instant {
    let there = after(now, PUBLISHERS_OFFSET);
    let today = there.date_naive();
    let noon = NaiveTime::from_hms_opt(PUBLISHED_AT.0 + 1, PUBLISHED_AT.1, 0).unwrap_or_default();
    let last = if there.time() >= noon { today.succ_opt().unwrap_or(today) } else { today };
    track.zone.day(last).1
}

/// The first publication after this moment.
fn next_publication(now: Instant) -> Instant {
    let at = NaiveTime::from_hms_opt(PUBLISHED_AT.0, PUBLISHED_AT.1, 0).unwrap_or_default();
    let today = now.date_naive().and_time(at).and_utc();
    if now < today { today } else { after(today, Duration::from_secs(86_400)) }
}
