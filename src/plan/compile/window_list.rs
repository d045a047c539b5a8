//! The compiler for stores that hold lists of windows in one object.

use super::{ChargeUse, Compiled, Lowering, Request};
use crate::device::{QuarterSet, Schedule, WindowList};
use crate::plan::orphan::OrphanBound;

/// Compiles the committed part of a timeline, of which the store can do every command, from a present schedule.
pub(super) fn compile(_request: &Request<'_>, present: &WindowList) -> Compiled {
    Compiled {
        desired: Schedule::Windows(*present),
        writes: Vec::new(),
        deferred: Vec::new(),
        bound: OrphanBound::of(QuarterSet::NONE, None, QuarterSet::NONE, None, 0),
        lowering: Lowering { charge: ChargeUse::Nothing, restricted: false },
        waits_until: None,
    }
}
