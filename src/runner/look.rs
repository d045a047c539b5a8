//! Looking at the device: its readings, its schedule, and whether someone else changed it.

use tracing::{info, warn};

use super::company::SERVICE;
use super::site::{DRIVER_NOTE, SAMPLES, Site, SiteError};
use crate::apply::{Sample, drift};
use crate::device::{DeviceError, Object, Schedule, Settings};
use crate::journal::{Journal, JournalError};
use crate::policy::Policy;
use crate::policy::model::OnDrift;
use crate::time::{Instant, elapsed};

/// So many looks in a row must have brought readings before an alarm about them is over: a cloud that answers every other
/// time does not have the owner told each minute.
const HEALTHY: u32 = 2;

/// Whether an object was changed by someone else and the policy leaves it alone until the owner says so.
pub(super) fn is_foreign(journal: &Journal, policy: &Policy, object: Object) -> Result<bool, JournalError> {
    let drift = journal.drift(&policy.site, object)?;
    let unanswered = drift.is_some_and(|drift| drift.acknowledged_at.is_none());
    Ok(unanswered && policy.limits.on_drift == OnDrift::Report)
}

impl Site {
    /// Reads the readings. Those that fail leave the last ones to grow old.
    pub(super) async fn look_at_readings(&mut self) -> Result<bool, SiteError> {
        // Another process, such as a `plan` beside the service, may have asked a moment ago, for this site or for another.
        for whose in [self.policy.site.as_str(), SERVICE] {
            if let Some((_, memory)) = self.journal.note(whose, DRIVER_NOTE)? {
                self.hand.reader().heed(&memory);
            }
        }
        let read = self.hand.reader().readings().await;
        let now = self.clock.now();
        match read {
            Ok(readings) => {
                self.readings = readings;
                self.keep_sample(now);
                (self.healthy, self.last.readings) = (self.healthy.saturating_add(1), Some(now));
                if self.healthy >= HEALTHY {
                    self.all_clear("readings", now)?;
                }
                match self.hand.reader().remark() {
                    Some(remark) => self.alarm("soc", &remark, now)?,
                    None => self.all_clear("soc", now)?,
                }
                Ok(true)
            }
            Err(error) => {
                let queued = matches!(error, DeviceError::NotYet { .. });
                self.healthy = if queued { self.healthy } else { 0 };
                let blinding = self.is_blinding(&error, now);
                if blinding {
                    self.alarm("readings", &format!("no readings: {error}"), now)?;
                }
                // Whoever's turn has not come, and whose readings are young enough, had nothing to look at.
                Ok(queued && !blinding)
            }
        }
    }

    /// Whether a look that failed is worth telling: it will not pass by itself, or the last readings are too old to be used.
    fn is_blinding(&self, error: &DeviceError, now: Instant) -> bool {
        let max_age = self.policy.limits.reading_max_age;
        let usable = self.last.readings.is_some_and(|at| at <= now && elapsed(at, now) < max_age);
        matches!(error, DeviceError::Permanent { .. }) || !usable
    }

    /// Reads the schedule and compares it with what was proved there.
    pub(super) async fn look_at_schedule(&mut self) -> Result<bool, SiteError> {
        let read = self.hand.reader().schedule().await;
        let now = self.clock.now();
        match read {
            Ok(schedule) => {
                self.last.schedule = Some(now);
                let schedule = self.recalled(schedule)?;
                self.schedule = Some((schedule, now));
                self.all_clear("schedule", now)?;
                self.compare(&schedule, now)?;
                Ok(true)
            }
            Err(DeviceError::NotYet { .. }) => Ok(false),
            Err(error) => {
                self.alarm("schedule", &format!("the schedule could not be read: {error}"), now)?;
                Ok(false)
            }
        }
    }

    /// Tells the owner once that something is wrong.
    pub(super) fn alarm(&mut self, key: &str, text: &str, now: Instant) -> Result<(), SiteError> {
        if self.journal.raise_alarm(&self.policy.site, key, text, now)? {
            warn!(site = %self.policy.site, "{text}");
        }
        Ok(())
    }

    /// Tells the owner once that it no longer is.
    pub(super) fn all_clear(&mut self, key: &str, now: Instant) -> Result<(), SiteError> {
        if let Some(alarm) = self.journal.clear_alarm(&self.policy.site, key, now)? {
            info!(site = %self.policy.site, "over: {}", alarm.text);
        }
        Ok(())
    }

    /// A schedule with what cannot be read of it taken from what was last proved.
    pub(super) fn recalled(&self, schedule: Schedule) -> Result<Schedule, JournalError> {
        let proven = self.journal.proven(&self.policy.site, Object::Windows)?.map(|record| record.settings);
        Ok(schedule.recalling(proven.as_ref()))
    }

    /// Each object beside what was last proved there. Our own echo, or what the owner has answered, is no drift.
    fn compare(&mut self, schedule: &Schedule, now: Instant) -> Result<(), SiteError> {
        let pending: Vec<Settings> =
            self.under_way.iter().filter_map(|under_way| under_way.machine.pending()).collect();
        for read in schedule.contents() {
            let object = read.object();
            let proven = self.journal.proven(&self.policy.site, object)?.map(|record| record.settings);
            match drift(proven.as_ref(), &pending, &read) {
                Some(found) => self.note_drift(object, found.from, found.to, now)?,
                None => self.forget_drift(object, now)?,
            }
        }
        Ok(())
    }

    fn note_drift(&mut self, object: Object, from: Settings, to: Settings, now: Instant) -> Result<(), SiteError> {
        if self.journal.note_drift(&self.policy.site, &from, &to, now)? {
            let then = match self.policy.limits.on_drift {
                OnDrift::Report => "left alone until `offpeak resume` or `offpeak apply`",
                OnDrift::Reclaim => "to be overwritten, as the policy says",
            };
            self.alarm(&key(object), &format!("changed by someone else: {from} → {to}; {then}"), now)?;
        }
        Ok(())
    }

    fn forget_drift(&mut self, object: Object, now: Instant) -> Result<(), SiteError> {
        if self.journal.drift(&self.policy.site, object)?.is_some() {
            self.journal.clear_drift(&self.policy.site, object)?;
        }
        self.all_clear(&key(object), now)
    }

    fn keep_sample(&mut self, now: Instant) {
        if self.samples.len() >= SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(Sample { at: now, readings: self.readings.clone() });
    }
}

/// The key of the alarm about someone else's change of an object.
fn key(object: Object) -> String {
    format!("drift {}", object.word())
}
