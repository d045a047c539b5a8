//! Decides a past moment again from the journal, and compares.

use std::time::Duration;

use super::record::{self, Context};
use super::tick::digest;
use crate::engine::{Override, Situation, banded_prices};
use crate::journal::{Journal, JournalError, TickRecord};
use crate::plan::{Inputs, Plan};
use crate::policy::{self, Policy};
use crate::time::after;

/// A moment decided again.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// The policy that was in force.
    pub policy: Policy,
    /// What the decision rested on.
    pub inputs: Inputs,
    /// Whether the plan is the same, to the byte, as it was then.
    pub same: bool,
}

/// Why a moment cannot be decided again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The journal cannot be read.
    #[error("{0}")]
    Journal(#[from] JournalError),
    /// The policy's revision is not in the journal.
    #[error("revision {0} of the policy is not in the journal")]
    NoRevision(String),
    /// A record cannot be understood, perhaps because another version of the program wrote it.
    #[error("the record of {0} cannot be understood by this version")]
    Strange(String),
}

/// Decides a journaled tick again, with the policy and the readings of then.
///
/// # Errors
/// What is missing in the journal.
pub fn replay(journal: &Journal, tick: &TickRecord) -> Result<Replayed, ReplayError> {
    let strange = || ReplayError::Strange(crate::report::moment::rfc3339(tick.at));
    let revision = journal.revision(&tick.revision)?.ok_or_else(|| ReplayError::NoRevision(tick.revision.clone()))?;
    let policy = policy::load_kept(&revision.file, &revision.text).policy.ok_or_else(strange)?;
    let context = Context::from_text(&tick.context).ok_or_else(strange)?;
    let inputs = inputs(&policy, tick, &context).ok_or_else(strange)?;
    let same = digest(&Plan::make(&policy, &inputs)) == context.digest;
    Ok(Replayed { policy, inputs, same })
}

fn inputs(policy: &Policy, tick: &TickRecord, context: &Context) -> Option<Inputs> {
    let manual = match &tick.manual {
        Some((action, until)) => Some(Override { action: policy::parse_action(action).ok()?, until: *until }),
        None => None,
    };
    let mut memory = record::memory_from(policy, &tick.memory);
    let prices = banded_prices(policy, tick.at, after(tick.at, Duration::from_secs(60)));
    let situation = Situation { snapshot: &tick.readings, prices: &prices, manual: manual.as_ref(), now: tick.at };
    memory.observe(policy, &situation);
    Some(Inputs {
        now: tick.at,
        horizon: Duration::from_secs(context.horizon_seconds),
        readings: tick.readings.clone(),
        memory,
        manual,
        outlook: context.outlook.clone(),
        present: tick.schedule,
        used: tick.writes_used,
        permits: context.permits,
        last_change: context.last_change,
    })
}
