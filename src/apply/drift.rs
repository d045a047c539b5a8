//! Whether someone else changed what we last proved on the device.

use crate::device::{Object, Settings};
use crate::policy::model::OnDrift;

/// An object that differs in meaning from what was last proved there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drift {
    /// Which object.
    pub object: Object,
    /// What was last proved there.
    pub from: Settings,
    /// What it holds now.
    pub to: Settings,
}

/// Whose schedule an object holds, and what the policy makes of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// Ours, or nobody's yet: it may be written.
    Free,
    /// Someone else's, to be told and left alone until `apply` or `resume`.
    Foreign(Drift),
    /// Someone else's, to be told and overwritten.
    Reclaimed(Drift),
}

/// The difference between what was last proved at an object and what was read from it now.
///
/// Two spellings of one meaning never differ. What our own writes without a known outcome would leave is ours, and so is
/// anything where nothing has been proved yet.
#[must_use]
pub fn drift(proven: Option<&Settings>, pending: &[Settings], read: &Settings) -> Option<Drift> {
    let from = *proven?;
    let ours = from.same_meaning(read) || pending.iter().any(|echo| echo.same_meaning(read));
    (!ours && from.object() == read.object()).then_some(Drift { object: read.object(), from, to: *read })
}

/// What the policy makes of a difference. One that the owner has acknowledged is none.
#[must_use]
pub fn ownership(drift: Option<Drift>, on_drift: OnDrift) -> Ownership {
    match (drift, on_drift) {
        (None, _) => Ownership::Free,
        (Some(drift), OnDrift::Report) => Ownership::Foreign(drift),
        (Some(drift), OnDrift::Reclaim) => Ownership::Reclaimed(drift),
    }
}
