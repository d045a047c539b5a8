//! Watches whether the battery answers to what is stored.

use tracing::warn;

use super::site::{Site, SiteError};
use crate::apply::{Unseen, Verdict, Watch};
use crate::device::{Grip, Outcome, Settings, Store};
use crate::time::Instant;

/// The key of the alarm about a schedule that is accepted and has no effect.
const ALARM: &str = "effect";

/// The key of the note that keeps through which store a charge or a hold was last seen to work.
const SEEN_NOTE: &str = "effect seen";

/// The key of the note that keeps when an object was last written.
const WRITTEN_NOTE: &str = "written";

impl Site {
    /// Remembers when the device was last written: from then on the watch begins anew.
    pub(super) fn written(&mut self, settings: Settings, now: Instant) {
        let noted = self.journal.set_note(&self.policy.site, WRITTEN_NOTE, settings.object().word(), now);
        if let Err(error) = noted {
            warn!(site = %self.policy.site, "when the device was written could not be journaled: {error}");
        }
        self.verdict = None;
    }

    /// Judges the readings since the window began, and tells when they contradict what is stored.
    pub(super) fn watch_effect(&mut self) -> Result<(), SiteError> {
        let now = self.clock.now();
        let Some((written_at, object)) = self.journal.note(&self.policy.site, WRITTEN_NOTE)? else { return Ok(()) };
        let wall = self.policy.zone.local(now);
        let Some(Ok(day)) = self.present().map(|schedule| schedule.day(wall.weekday())) else { return Ok(()) };
        let limits = self.policy.limits;
        let power = self.policy.battery.charge_power;
        let watch = Watch::begin(&day, wall, now, written_at, power, limits.reading_max_age);
        // Where the device's own floor holds and nobody knows it, an empty battery that stands still breaks no word.
        let reserve = self.policy.battery.reserve.percent();
        let floor = watch.floor.or_else(|| (0..=100).find(|percent| f64::from(*percent) >= reserve));
        let watch = Watch { floor, ..watch };
        let verdict = watch.judge(self.samples.make_contiguous(), now);
        if verdict == Verdict::Effective && watch.grip != Grip::SelfConsume {
            self.note_seen(now)?;
        }
        self.note_verdict(verdict, watch.since, &object, now)
    }

    /// Remembers that the store works here. Self-consumption would be no sign of it: the device does that by itself.
    fn note_seen(&self, now: Instant) -> Result<(), SiteError> {
        if self.was_seen()? {
            return Ok(());
        }
        Ok(self.journal.set_note(&self.policy.site, SEEN_NOTE, self.store().word(), now)?)
    }

    fn was_seen(&self) -> Result<bool, SiteError> {
        let seen = self.journal.note(&self.policy.site, SEEN_NOTE)?;
        Ok(seen.is_some_and(|(_, word)| word == self.store().word()))
    }

    fn note_verdict(&mut self, verdict: Verdict, since: Instant, object: &str, now: Instant) -> Result<(), SiteError> {
        let Some(outcome) = outcome(verdict) else { return Ok(()) };
        if self.verdict == Some((since, outcome)) {
            return Ok(());
        }
        self.verdict = Some((since, outcome));
        let last = self.journal.writes(&self.policy.site, 1)?.into_iter().next();
        if let Some(write) = last {
            let text = unseen(verdict);
            self.journal.record_outcome(
                &self.policy.site,
                Some(write.id),
                write.write.settings.object(),
                now,
                outcome,
                text,
            )?;
        }
        match outcome {
            Outcome::NotEffective => {
                let never = !self.was_seen()?;
                self.alarm(ALARM, &not_effective(object, self.store(), never), now)
            }
            Outcome::Effective => self.all_clear(ALARM, now),
            _ => Ok(()),
        }
    }
}

fn outcome(verdict: Verdict) -> Option<Outcome> {
    match verdict {
        Verdict::Pending => None,
        Verdict::Effective => Some(Outcome::Effective),
        Verdict::NotEffective => Some(Outcome::NotEffective),
        Verdict::NotObservable(_) => Some(Outcome::NotObservable),
    }
}

fn unseen(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotObservable(Unseen::NoReading) => "no reading that tells",
        Verdict::NotObservable(Unseen::AtTarget) => "the charge is at its target",
        Verdict::NotObservable(Unseen::AtFloor) => "the battery is at its floor",
        Verdict::NotObservable(Unseen::NothingToCover) => "the sun covers the load",
        Verdict::NotObservable(Unseen::SunFills) => "the sun alone fills the battery",
        Verdict::Pending | Verdict::Effective | Verdict::NotEffective => "",
    }
}

/// What the owner is told. `never`: no charge and no hold was ever seen to work through the store.
fn not_effective(object: &str, store: Store, never: bool) -> String {
    let told = format!(
        "accepted, not effective: the vendor stored the schedule ({object} object), and the battery does not do what it says; \
         nothing is repeated. See whether the vendor's app shows the schedule, and whether the system is online"
    );
    match store {
        Store::TwoWindow if never => format!(
            "{told}. Since July 2026 some regions accept writes to the two-window store and never act on them, and no charge \
             or hold was ever seen to work here: the periodic store may (`offpeak restore`, then `device: store: periodic`)"
        ),
        Store::Periodic => format!(
            "{told}. The two switches of the periodic store cannot be read back, so another client may have changed them"
        ),
        _ => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_two_window_store_that_never_worked_is_told_with_the_other_one() {
        let check = |store, never, expect: bool| {
            let told = not_effective("charge", store, never);
            assert_eq!(told.contains("`device: store: periodic`"), expect, "{told}");
            assert_eq!(told.contains("some regions"), expect, "{told}");
        };
        check(Store::TwoWindow, true, true);
        check(Store::TwoWindow, false, false);
        check(Store::Periodic, true, false);
        check(Store::AtessString, true, false);
    }
}
