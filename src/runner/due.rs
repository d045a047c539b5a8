//! What is due at a tick: a pure function of the policy, the last run and now.

use std::time::Duration;

use crate::policy::model::Limits;
use crate::time::{Instant, elapsed};

/// How often the schedule on the device is read: the vendor's advice, and the latest at which another's edit is noticed
/// within two reads.
const SCHEDULE_EVERY: Duration = Duration::from_secs(30 * 60);

/// How often old records are forgotten.
pub(super) const PRUNE_EVERY: Duration = Duration::from_secs(6 * 3600);

/// When each kind of work was last done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastRun {
    /// The readings were read.
    pub readings: Option<Instant>,
    /// The schedule was read.
    pub schedule: Option<Instant>,
    /// Old records were forgotten.
    pub prune: Option<Instant>,
}

/// The work of one tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Read the schedule on the device.
    pub schedule: bool,
    /// Forget old records.
    pub prune: bool,
}

/// What is due now. Work that was missed is due once, never as often as it was missed; and what was done in the future, by a
/// clock that has been set back since, is due again.
#[must_use]
pub fn due(limits: &Limits, last: &LastRun, now: Instant) -> Due {
    let every = |last: Option<Instant>, span: Duration| last.is_none_or(|at| at > now || elapsed(at, now) >= span);
    let schedule_every = SCHEDULE_EVERY.min(limits.program_ahead.max(Duration::from_secs(60)));
    Due { schedule: every(last.schedule, schedule_every), prune: every(last.prune, PRUNE_EVERY) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missed_work_is_due_once_and_a_clock_set_back_makes_it_due_again() {
        let at = |minute: i64| Instant::from_timestamp(1_800_000_000 + minute * 60, 0).expect("an instant");
        let check = |last: Option<i64>, now: i64, expect: bool| {
            let last = LastRun { schedule: last.map(at), ..LastRun::default() };
            assert_eq!(due(&Limits::default(), &last, at(now)).schedule, expect, "{last:?} {now}");
        };
        check(None, 0, true);
        check(Some(0), 29, false);
        check(Some(0), 30, true);
        check(Some(0), 5000, true);
        check(Some(5000), 0, true);
    }
}
