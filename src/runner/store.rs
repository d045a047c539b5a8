//! Which store of a system is driven: one, chosen once and recorded, and never another beside it.

use std::fmt;

use super::site::{Site, SiteError};
use crate::device::{DeviceKind, Store};
use crate::journal::{Journal, JournalError};
use crate::policy::Policy;

/// The key of the alarm about a store that is not the recorded one.
const ALARM: &str = "store";

/// What is asked for is not the store through which the system was written before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the journal records that this system was written through its {}, and {by} the {}: nothing was written, since two stores \
     are never mixed and windows left in the one would go on beside the other. Put `device: store: {}` back, or run `offpeak \
     restore` first, which puts back what was there before the first write and clears the record",
    recorded.name(), wanted.name(), recorded.word()
)]
pub struct Conflict {
    /// The store of the record.
    pub recorded: Store,
    /// The store that is asked for.
    pub wanted: Store,
    /// Who asks for it.
    pub by: WantedBy,
}

/// Who asks for a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WantedBy {
    /// The policy.
    Policy,
    /// The device, which answered there.
    Device,
}

impl fmt::Display for WantedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WantedBy::Policy => "the policy asks for",
            WantedBy::Device => "the device answered through",
        })
    }
}

/// The store that is driven: the policy's, else the recorded one, else the one that answered; `None` if the device is to be
/// asked.
///
/// # Errors
/// The policy or the device disagrees with the record.
pub fn choose(
    policy: Option<Store>,
    recorded: Option<Store>,
    answered: Option<Store>,
) -> Result<Option<Store>, Conflict> {
    let against = |wanted: Option<Store>, by: WantedBy| {
        let (recorded, wanted) = recorded.zip(wanted).filter(|(recorded, wanted)| recorded != wanted)?;
        Some(Conflict { recorded, wanted, by })
    };
    match against(policy, WantedBy::Policy).or_else(|| against(answered, WantedBy::Device)) {
        Some(conflict) => Err(conflict),
        None => Ok(policy.or(recorded).or(answered)),
    }
}

/// The store that a policy asks for; a simulated world without a word for it has the two-window store.
pub(super) fn asked(policy: &Policy) -> Option<Store> {
    match policy.device.kind {
        DeviceKind::Simulated { store } => Some(store.unwrap_or(Store::TwoWindow)),
        _ => policy.device.kind.chosen_store(),
    }
}

/// The same policy with the store through which its site was written: what has to be undone is undone there.
///
/// # Errors
/// The journal cannot be read.
pub fn as_recorded(policy: &Policy, journal: &Journal) -> Result<Policy, JournalError> {
    let mut policy = policy.clone();
    let recorded = journal.store(&policy.site)?;
    if let DeviceKind::AlphaEss { store } | DeviceKind::Simulated { store } = &mut policy.device.kind {
        *store = recorded.or(*store);
    }
    Ok(policy)
}

impl Site {
    /// Journals that the device holds again what it held before the first write, so that another store may be chosen.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn release_store(&mut self) -> Result<(), SiteError> {
        Ok(self.journal.release_store(&self.policy.site, self.clock.now())?)
    }

    /// Whether a schedule of this store may be written. If not, the owner is told.
    pub(super) fn may_use(&mut self, store: Store) -> Result<bool, SiteError> {
        let (recorded, now) = (self.journal.store(&self.policy.site)?, self.clock.now());
        match choose(None, recorded, Some(store)) {
            Err(conflict) => self.alarm(ALARM, &conflict.to_string(), now)?,
            Ok(_) => {
                self.all_clear(ALARM, now)?;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_comes_before_the_record_and_the_record_before_what_answers() {
        let (two, list) = (Some(Store::TwoWindow), Some(Store::Periodic));
        let check = |policy, recorded, answered, expect: Result<Option<Store>, (WantedBy, Store)>| {
            let chosen = choose(policy, recorded, answered).map_err(|conflict| (conflict.by, conflict.wanted));
            assert_eq!(chosen, expect, "{policy:?} {recorded:?} {answered:?}");
        };
        check(None, None, None, Ok(None));
        check(None, None, two, Ok(two));
        check(None, None, list, Ok(list));
        check(None, list, None, Ok(list));
        check(list, None, None, Ok(list));
        check(list, None, two, Ok(list));
        check(two, two, two, Ok(two));
        check(list, list, None, Ok(list));
        check(list, two, None, Err((WantedBy::Policy, Store::Periodic)));
        check(two, list, list, Err((WantedBy::Policy, Store::TwoWindow)));
        check(None, two, list, Err((WantedBy::Device, Store::Periodic)));
        check(two, two, list, Err((WantedBy::Device, Store::Periodic)));
    }

    #[test]
    fn a_conflict_says_what_is_recorded_and_what_to_do() {
        let conflict = Conflict { recorded: Store::TwoWindow, wanted: Store::Periodic, by: WantedBy::Policy };
        insta::assert_snapshot!(conflict, @"the journal records that this system was written through its two-window store, and the policy asks for the periodic store: nothing was written, since two stores are never mixed and windows left in the one would go on beside the other. Put `device: store: two-window` back, or run `offpeak restore` first, which puts back what was there before the first write and clears the record");
    }
}
