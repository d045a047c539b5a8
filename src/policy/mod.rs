//! The policy an owner writes: its model, and the way from YAML to it.

pub mod model;

pub use model::{Action, Policy, Rule};
