//! What all sites of a service stand on.

use std::path::PathBuf;
use std::sync::Arc;

use super::connect::{self, ConnectError, Links, Way};
use super::gather::driver_memory;
use super::site::{Site, SiteError};
use crate::clock::{Clock, ShiftedClock};
use crate::journal::{Journal, JournalError};
use crate::policy::Policy;
use crate::vendor::simulated::Kept;

/// What all sites of a service stand on.
pub struct Ground {
    /// The journal that they share.
    pub journal: Journal,
    /// Where simulated worlds are kept; without it they end with the process.
    pub worlds: Option<PathBuf>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Whether that is a simulator's clock, by which simulated worlds then live as well.
    pub is_simulated: bool,
    /// What their devices share.
    pub links: Links,
    /// Whether the devices may be written.
    pub may_write: bool,
}

/// Why a site could not be begun.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// Its device cannot be reached.
    #[error("{0}")]
    Connect(#[from] ConnectError),
    /// The journal failed.
    #[error("{0}")]
    Site(#[from] SiteError),
}

impl From<JournalError> for SettleError {
    fn from(error: JournalError) -> SettleError {
        SettleError::Site(error.into())
    }
}

impl Ground {
    /// Begins the site of a policy where the journal left it, with its simulated world if it has one. `text` is the policy's file.
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// Why its device cannot be reached, or what the journal says.
    pub fn settle(&self, policy: Policy, text: &str) -> Result<(Site, Option<Kept>), SettleError> {
        let world = connect::world(&policy, self.worlds.as_deref(), self.clock.now())?;
        let clock: Arc<dyn Clock> = match &world {
            Some(world) if !self.is_simulated => Arc::new(ShiftedClock::showing(world.now())),
            _ => Arc::clone(&self.clock),
        };
        let memory = driver_memory(&self.journal, &policy.site)?;
        let recorded = self.journal.store(&policy.site)?;
        let links = self.links.clone();
        let way = Way { clock: Arc::clone(&clock), memory, recorded, impatient: false, links };
        let connect = if self.may_write { connect::writing } else { connect::reading };
        let hand = connect(&policy, way, world.as_ref())?;
        Ok((Site::begin(policy, text, hand, self.journal.clone(), clock)?, world))
    }
}
