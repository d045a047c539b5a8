//! The words that a key takes, each with what it means.

use crate::device::Store;
use crate::device::mapping::AtessModel;
use crate::policy::model::{Driver, OnDrift, OnExit, WhenBlind};

/// The drivers.
pub(in crate::policy) const DRIVERS: [Driver; 3] = [Driver::AlphaEss, Driver::Atess, Driver::Simulated];

/// The stores that an AlphaESS may be driven through.
pub(in crate::policy) const STORES: [(&str, Store); 2] =
    [("two-window", Store::TwoWindow), ("periodic", Store::Periodic)];

/// The families of ATESS systems.
pub(in crate::policy) const MODELS: [(&str, AtessModel); 2] =
    [("string", AtessModel::String), ("central", AtessModel::Central)];

/// What a positive power of the battery means, and the factor that leads to our sign.
pub(in crate::policy) const BATTERY_SIGNS: [(&str, f64); 2] = [("discharge", 1.0), ("charge", -1.0)];

/// What a positive power at the meter means, and the factor that leads to our sign.
pub(in crate::policy) const GRID_SIGNS: [(&str, f64); 2] = [("import", 1.0), ("export", -1.0)];

/// What to do when readings fail.
pub(in crate::policy) const WHEN_BLIND: [(&str, WhenBlind); 2] =
    [("keep", WhenBlind::Keep), ("self-consume", WhenBlind::SelfConsume)];

/// What to do when someone else changed the schedule.
pub(in crate::policy) const ON_DRIFT: [(&str, OnDrift); 2] =
    [("report", OnDrift::Report), ("reclaim", OnDrift::Reclaim)];

/// What to leave behind.
pub(in crate::policy) const ON_EXIT: [(&str, OnExit); 3] =
    [("keep", OnExit::Keep), ("self-consume", OnExit::SelfConsume), ("restore", OnExit::Restore)];

/// The least and the most writes of a day.
pub(in crate::policy) const WRITES_PER_DAY: (u32, u32) = (2, 96);

/// The words alone.
pub(super) fn words<T>(table: &[(&'static str, T)]) -> Vec<&'static str> {
    table.iter().map(|(word, _)| *word).collect()
}
