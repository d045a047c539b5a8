//! Which device, as far as its kind decides what it can do.

use super::Driver;
use super::mapping::{AtessMapping, AtessModel};
use super::store::Store;

/// A kind of device with what the owner says of it.
#[derive(Clone, Debug, PartialEq)]
pub enum DeviceKind {
    /// AlphaESS through the AlphaCloud Open API.
    AlphaEss {
        /// The store that the owner chose; `None`: the one that answers.
        store: Option<Store>,
    },
    /// ATESS through the Enerclo OpenAPI.
    Atess(Box<AtessMapping>),
    /// The simulated AlphaESS world in this very process.
    Simulated {
        /// The store that the owner chose; `None`: the two-window store.
        store: Option<Store>,
    },
}

impl DeviceKind {
    /// Whose it is.
    #[must_use]
    pub fn driver(&self) -> Driver {
        match self {
            DeviceKind::AlphaEss { .. } => Driver::AlphaEss,
            DeviceKind::Atess(_) => Driver::Atess,
            DeviceKind::Simulated { .. } => Driver::Simulated,
        }
    }

    /// The store that the policy names or leaves no choice of; `None` if the device is to be asked.
    #[must_use]
    pub fn chosen_store(&self) -> Option<Store> {
        match self {
            DeviceKind::AlphaEss { store } | DeviceKind::Simulated { store } => *store,
            DeviceKind::Atess(mapping) => Some(mapping.model.store()),
        }
    }

    /// Whether its maker documents a history of past days. ATESS does for central systems alone.
    #[must_use]
    pub fn has_history(&self) -> bool {
        !matches!(self, DeviceKind::Atess(mapping) if mapping.model == AtessModel::String)
    }
}
