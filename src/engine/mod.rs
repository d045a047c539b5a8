//! Which rule holds, and why: a pure function of policy, readings, prices, memory and now.

pub mod decision;

pub use decision::{Command, Decision, Source};
