//! Whether the machine's clock can be believed.

use std::time::Duration;

use crate::time::{Instant, elapsed};

/// By how much the wall clock may run ahead of or behind the time that has passed before it is said to have jumped.
const TOLERANCE: Duration = Duration::from_secs(60);

/// How many ticks in a row must agree before a clock that jumped is believed again.
const AGREEMENTS: u32 = 2;

/// What is thought of the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Credence {
    last: Option<(Instant, Duration)>,
    doubts: u32,
}

impl Credence {
    /// Looks at the clock: what it shows, and how much time has passed since the process began, whatever clocks show.
    pub fn look(&mut self, now: Instant, uptime: Duration) {
        if let Some((then, before)) = self.last {
            let passed = uptime.saturating_sub(before);
            let apart = elapsed(then, now).abs_diff(passed).max(elapsed(now, then));
            self.doubts = if apart > TOLERANCE { AGREEMENTS } else { self.doubts.saturating_sub(1) };
        }
        self.last = Some((now, uptime));
    }

    /// Whether it is believed.
    #[must_use]
    pub fn is_believed(&self) -> bool {
        self.doubts == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumped_is_believed_after_two_ticks_that_agree() {
        let start = Instant::from_timestamp(1_800_000_000, 0).expect("an instant");
        let mut credence = Credence::default();
        let mut look = |wall: i64, uptime: u64| {
            credence.look(start + chrono::Duration::seconds(wall), Duration::from_secs(uptime));
            credence.is_believed()
        };
        assert!(look(0, 0));
        assert!(look(60, 60));
        assert!(look(125, 120), "a small slip is none");
        assert!(!look(4000, 180), "ahead");
        assert!(!look(4060, 240));
        assert!(look(4120, 300));
        assert!(!look(100, 360), "back");
        assert!(!look(160, 420));
        assert!(look(220, 480));
        assert!(look(7420, 7680), "a long tick is no jump");
    }
}
