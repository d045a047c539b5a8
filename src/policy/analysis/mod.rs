//! What can be proven about a policy before it runs: which rule can never fire, and which one others hide.
//!
//! Every condition restricts a named signal, or the calendar, to a set of values. So a policy can tell apart only finitely
//! many situations, and the set of those in which a rule fires is a union of boxes that can be computed. Nothing is assumed
//! of what was seen before. What would take too long is left undecided: a claim is never a guess.

mod axis;
mod bits;
mod calendar;
mod charges;
mod clock_change;
mod contradiction;
mod course;
mod days;
mod face;
mod gap;
mod implied;
mod region;
mod space;
mod study;
mod verdict;
mod witness;

pub use charges::{Charge, ChargeDay};
pub use clock_change::{ChangedWindow, changed};
pub use contradiction::calendar_core;
pub use course::{Course, Courses, DaySpan, courses};
pub use study::Study;
pub use verdict::{Verdict, conjuncts, verdicts};
pub use witness::{Recollection, Witness};

use super::model::Policy;

/// What becomes of each rule of a policy, in their order.
#[must_use]
pub fn analyse(policy: &Policy) -> Vec<Verdict> {
    verdicts(policy, Study::of(policy).as_ref())
}
