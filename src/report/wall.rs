//! From where a moment is told.

use super::moment;
use crate::time::{Instant, Zone};

/// From where moments are told: the site's clock, and the present.
#[derive(Clone, Copy, Debug)]
pub struct Wall<'a> {
    /// The zone.
    pub zone: &'a Zone,
    /// The present.
    pub now: Instant,
}

impl Wall<'_> {
    /// See [`moment::short`].
    #[must_use]
    pub fn short(self, at: Instant) -> String {
        moment::short(at, self.now, self.zone)
    }

    /// See [`moment::span`].
    #[must_use]
    pub fn span(self, from: Instant, until: Instant) -> String {
        moment::span(from, until, self.now, self.zone)
    }
}
