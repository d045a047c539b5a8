//! One look at a site for a plan that someone waits for, and the writes that they agreed to.

use std::time::Duration;

use super::company::SERVICE;
use super::gather::Remembrance;
use super::site::{DRIVER_NOTE, Site, SiteError};
use crate::device::access::HistoryDay;
use crate::device::{DeviceError, Object, Schedule, Settings};
use crate::engine::{Situation, banded_prices};
use crate::plan::{Inputs, Plan};
use crate::time::{Instant, after, elapsed};

/// Readings of another process that are younger than this are not asked for again.
const REUSE: Duration = Duration::from_secs(10);

/// How long a write that cannot be read back yet is waited for before the next look.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many such looks there are.
const MAX_LOOKS: u32 = 12;

/// Why a site could not be surveyed.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// The device did not answer as it should.
    #[error("{0}")]
    Device(#[from] DeviceError),
    /// The journal failed.
    #[error("{0}")]
    Site(#[from] SiteError),
}

impl From<crate::journal::JournalError> for SurveyError {
    fn from(error: crate::journal::JournalError) -> SurveyError {
        SurveyError::Site(error.into())
    }
}

/// How writes that were agreed to ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// What was sent, in order.
    pub sent: Vec<Settings>,
    /// Whether all of it was read back.
    pub stored: bool,
}

impl Site {
    /// Reads the device once, one endpoint after another, and gathers what a plan rests on. Nothing is journaled.
    ///
    /// A change by someone else counts as answered: the plan is what `apply` would send.
    ///
    /// # Errors
    /// The device or the journal does not answer.
    pub async fn survey(&mut self, horizon: Duration) -> Result<Inputs, SurveyError> {
        if !self.reuse()? {
            self.readings = self.hand.reader().readings().await?;
            if self.has_schedule() {
                let schedule = self.hand.reader().schedule().await?;
                self.schedule = Some((self.recalled(schedule)?, self.clock.now()));
            }
        }
        let now = self.clock.now();
        let remembrance = Remembrance::answered(&self.journal, &self.policy, now)?;
        let mut inputs = self.inputs(now, horizon, &remembrance)?;
        let prices = banded_prices(&self.policy, now, after(now, REUSE));
        let manual = remembrance.manual.as_ref();
        let situation = Situation { snapshot: &inputs.readings, prices: &prices, manual, now };
        inputs.memory.observe(&self.policy, &situation);
        Ok(inputs)
    }

    /// Why the readings lack what the device should have, if the driver has a word on that.
    pub fn remark(&mut self) -> Option<String> {
        self.hand.reader().remark()
    }

    /// Reads the schedule alone.
    ///
    /// # Errors
    /// The device does not answer.
    pub async fn survey_schedule(&mut self) -> Result<Schedule, SurveyError> {
        let schedule = self.hand.reader().schedule().await?;
        let schedule = self.recalled(schedule)?;
        self.schedule = Some((schedule, self.clock.now()));
        Ok(schedule)
    }

    /// What the device's maker keeps of one local day.
    ///
    /// # Errors
    /// The device does not answer.
    pub async fn history(&mut self, day: chrono::NaiveDate) -> Result<HistoryDay, SurveyError> {
        Ok(self.hand.reader().history(day).await?)
    }

    /// Keeps what the driver wants remembered, so that every process holds one pace: for this site, and for all others of its
    /// account.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn remember_driver(&mut self) -> Result<(), SiteError> {
        let now = self.clock.now();
        self.journal.set_note(SERVICE, DRIVER_NOTE, &self.hand.memory(), now)?;
        Ok(self.journal.set_note(&self.policy.site, DRIVER_NOTE, &self.hand.memory(), now)?)
    }

    /// Takes someone else's change of the schedule as answered, as far as it is one.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn answer_drift(&mut self, who: &str) -> Result<(), SiteError> {
        let now = self.clock.now();
        self.journal.acknowledge(&self.policy.site, who, now)?;
        for object in Object::ALL {
            self.all_clear(&format!("drift {}", object.word()), now)?;
        }
        Ok(())
    }

    /// Sends a plan's writes, after finishing what another process left, and waits until they are read back.
    ///
    /// # Errors
    /// The journal cannot be read or written.
    pub async fn apply(&mut self, plan: &Plan<'_>) -> Result<Applied, SiteError> {
        let mut sent = self.begin_sequence(plan).await?;
        for _ in 0..MAX_LOOKS {
            if self.under_way.is_none() {
                break;
            }
            self.clock.sleep(PATIENCE).await;
            sent.extend(self.go_on().await?);
        }
        self.keep(false)?;
        let wanted = plan.compiled.as_ref().map(|compiled| compiled.desired).ok();
        let stored =
            self.under_way.is_none() && wanted.zip(self.present()).is_some_and(|(wanted, is)| wanted.same_meaning(&is));
        Ok(Applied { sent, stored })
    }

    /// Finishes what another process left, before anything new is planned.
    ///
    /// # Errors
    /// The journal cannot be read or written.
    pub async fn finish_what_was_left(&mut self) -> Result<(), SiteError> {
        self.recover().await?;
        for _ in 0..MAX_LOOKS {
            if self.under_way.is_none() {
                break;
            }
            self.clock.sleep(PATIENCE).await;
            self.go_on().await?;
        }
        Ok(())
    }

    /// Takes over what another process read within the last seconds.
    fn reuse(&mut self) -> Result<bool, SiteError> {
        let now = self.clock.now();
        let Some(tick) = self.journal.decision_at(&self.policy.site, now)? else { return Ok(false) };
        let fresh = |at: Instant| elapsed(at, now) < REUSE;
        let driven = self.hand.reader().capability().store;
        let ours = |schedule: &Schedule| fresh(tick.at) && schedule.store() == driven;
        let Some(schedule) = tick.schedule.filter(ours) else { return Ok(false) };
        self.readings = tick.readings;
        self.schedule = Some((schedule, tick.at));
        Ok(true)
    }
}
