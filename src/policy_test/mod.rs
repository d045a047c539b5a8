//! Tests beside a policy: what is given, what is expected, and what the engine makes of it.
//!
//! A moment is decided once. A span is lived through minute by minute: the engine decides, the compiler writes to a device
//! that stores at once, and the battery does what the device's schedule says.

mod clock;
mod expect;
mod given;
mod judge;
mod memory;
mod model;
mod moment;
mod read;
mod span;

pub use judge::{Difference, Failure, Figure, Outcome, Wanted};
pub use model::{Asked, Bound, Expect, Given, Stated, Stretch, Suite, Test, Time, Told, Winner};
pub use read::{Draft, Loaded, NoPolicy};
pub use span::{Gap, Run, Written};

use crate::policy::Policy;

/// Runs one test. Pure: whoever has several may run them on as many threads as wanted.
#[must_use]
pub fn run(policy: &Policy, test: &Test) -> Outcome {
    match test.time {
        Time::Moment(at) => moment::run(policy, test, at),
        Time::Span { from, until } => span::judged(policy, test, from, until),
    }
}
