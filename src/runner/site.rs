//! One policy with its device and its journal.

use std::collections::VecDeque;
use std::sync::Arc;

use super::record;
use super::{Credence, Hand, LastRun};
use crate::apply::{Machine, Sample};
use crate::clock::Clock;
use crate::device::{Outcome, Schedule};
use crate::engine::Memory;
use crate::journal::{Journal, JournalError};
use crate::plan::Outlook;
use crate::policy::Policy;
use crate::snapshot::Snapshot;
use crate::time::Instant;

/// The key of the note that keeps what the driver remembers.
pub const DRIVER_NOTE: &str = "driver";

/// How many samples the watch for the effect looks back on: two hours of ticks.
pub(super) const SAMPLES: usize = 120;

/// One site under way: what is known of it between two ticks. Whatever must outlive the process is in the journal.
pub struct Site {
    pub(super) policy: Policy,
    pub(super) hand: Hand,
    pub(super) journal: Journal,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) credence: Credence,
    pub(super) last: LastRun,
    pub(super) memory: Memory,
    pub(super) readings: Snapshot,
    /// How many looks in a row have brought readings.
    pub(super) healthy: u32,
    /// The schedule as it was last read, and when.
    pub(super) schedule: Option<(Schedule, Instant)>,
    /// A sequence of writes under way, with the journal's numbers of its intents.
    pub(super) under_way: Option<UnderWay>,
    pub(super) samples: VecDeque<Sample>,
    /// What the watch said last, and of which window.
    pub(super) verdict: Option<(Instant, Outcome)>,
    /// The outlook, the quarter hour for which it was made, and whether a forecast was asked for.
    pub(super) outlook: Option<((i64, bool), Outlook)>,
    pub(super) recovered: bool,
}

/// A sequence of writes under way.
pub(super) struct UnderWay {
    pub(super) machine: Machine,
    /// The journal's number of the newest intent; `None` if it could not be journaled.
    pub(super) intent: Option<i64>,
    /// Whether it was planned at an earlier tick or by an earlier process: what it rests on may hold no longer.
    pub(super) resumed: bool,
    /// Why the vendor refused the last write, in the driver's words.
    pub(super) refusal: Option<String>,
}

/// Why a site cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The journal failed.
    #[error("the journal: {0}")]
    Journal(#[from] JournalError),
    /// The manual command in the journal cannot be understood.
    #[error("the override in the journal, `{0}`, cannot be understood: {1}")]
    Override(String, String),
}

impl Site {
    /// Takes up a site where the journal left it. `text` is the policy with its files, whose revision is kept for replays.
    ///
    /// # Errors
    /// The journal cannot be read or written.
    pub fn begin(
        policy: Policy,
        text: &str,
        hand: Hand,
        journal: Journal,
        clock: Arc<dyn Clock>,
    ) -> Result<Site, SiteError> {
        let now = clock.now();
        journal.record_revision(&policy.site, &policy.file, &policy.revision, text, now)?;
        let memory = record::remembered(&policy, &journal.memory(&policy.site)?);
        Ok(Site {
            policy,
            hand,
            journal,
            clock,
            credence: Credence::default(),
            last: LastRun::default(),
            memory,
            readings: Snapshot::default(),
            healthy: 0,
            schedule: None,
            under_way: None,
            samples: VecDeque::new(),
            verdict: None,
            outlook: None,
            recovered: false,
        })
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The journal.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Gives the site up and hands back its journal.
    #[must_use]
    pub fn into_journal(self) -> Journal {
        self.journal
    }

    /// Replaces the policy, as a reload does. What is remembered goes on under the conditions that both have.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn reload(&mut self, policy: Policy, text: &str) -> Result<(), SiteError> {
        let now = self.clock.now();
        self.journal.record_revision(&policy.site, &policy.file, &policy.revision, text, now)?;
        self.memory = Memory::restore(&policy, self.memory.records(&self.policy));
        self.policy = policy;
        Ok(())
    }

    /// The present, as this site's clock shows it.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// This site's clock: whoever paces it goes by the same one.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Tells once that the policy's file cannot be taken up.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn policy_is_refused(&mut self, text: &str) -> Result<(), SiteError> {
        self.alarm("policy", text, self.clock.now())
    }

    /// The policy's file is good again.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn policy_is_fine(&mut self) -> Result<(), SiteError> {
        self.all_clear("policy", self.clock.now())
    }

    /// Whether a sequence of writes waits to be finished.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    pub(super) fn name(&self) -> String {
        self.policy.site.clone()
    }
}
