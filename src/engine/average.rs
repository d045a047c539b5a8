//! The mean of a quantity over the time just past.

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::{Instant, before, elapsed};

use super::Stretch;

/// Looks are kept apart down to this share of the averaged span, which bounds how many there can be.
const GRAIN: u32 = 480;

/// What was seen over the time just past: a step function, each value holding until the next look.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Course {
    /// Contiguous stretches in order, the last ending at the newest look.
    stretches: VecDeque<Stretch>,
}

impl Course {
    /// A course from stretches that came from outside; one that is not contiguous or not finite counts as nothing seen.
    pub(super) fn restored(stretches: Vec<Stretch>, newest: Option<Instant>) -> Course {
        let sound = stretches.iter().all(|stretch| stretch.from < stretch.until && stretch.mean.is_finite());
        let contiguous = stretches.iter().zip(stretches.iter().skip(1)).all(|(one, next)| one.until == next.from);
        let complete = stretches.last().is_none_or(|last| Some(last.until) == newest);
        let few = stretches.len() <= 4 * usize::try_from(GRAIN).unwrap_or(usize::MAX);
        let usable = sound && contiguous && complete && few;
        Course { stretches: if usable { stretches.into() } else { VecDeque::new() } }
    }

    /// The stretches in order.
    pub(super) fn stretches(&self) -> impl Iterator<Item = &Stretch> {
        self.stretches.iter()
    }

    /// Forgets everything: what comes does not join what was.
    pub(super) fn clear(&mut self) {
        self.stretches.clear();
    }

    /// Adds a stretch that begins where the last one ended, and forgets what lies wholly before the span that ends with it.
    pub(super) fn push(&mut self, piece: Stretch, span: Duration) {
        let grain = span / GRAIN;
        match self.stretches.back_mut() {
            Some(last) if elapsed(last.from, piece.until) <= grain => *last = last.joined(piece),
            _ => self.stretches.push_back(piece),
        }
        let start = before(piece.until, span);
        while self.stretches.front().is_some_and(|first| first.until <= start) {
            self.stretches.pop_front();
        }
    }

    /// The time-weighted mean over the span that ends with the last piece, which follows the stretches; `None` if they do
    /// not reach back far enough.
    pub(super) fn mean(&self, last: Stretch, span: Duration) -> Option<f64> {
        let start = before(last.until, span);
        let first = self.stretches.front().map_or(last.from, |stretch| stretch.from);
        let whole = span.as_secs_f64();
        if first > start || whole <= 0.0 {
            return None;
        }
        let pieces = self.stretches.iter().copied().chain([last]);
        let weighted: f64 =
            pieces.map(|piece| piece.mean * elapsed(piece.from.max(start), piece.until).as_secs_f64()).sum();
        Some(weighted / whole)
    }
}

impl Stretch {
    /// This stretch and the one that follows it as one.
    fn joined(self, next: Stretch) -> Stretch {
        let (one, two) = (elapsed(self.from, self.until).as_secs_f64(), elapsed(next.from, next.until).as_secs_f64());
        let mean = if one + two > 0.0 { (self.mean * one + next.mean * two) / (one + two) } else { next.mean };
        Stretch { from: self.from, until: next.until, mean }
    }
}
