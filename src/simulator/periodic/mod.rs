//! The newer, periodic store beside the two-window one: what it holds, what a device makes of it, and in which region
//! which of the two stores acts.

mod follower;
pub mod model;
pub mod region;
pub mod rules;
pub mod schedule;
mod store;
mod wire;

pub(super) use follower::Follower;
pub use model::{PeriodicModel, Powerless};
pub use region::{PeriodicOptions, Region};
pub use rules::{PeriodCount, PeriodicRules};
pub use schedule::{PeriodicSchedule, PeriodicWindow, Weekdays};
pub(super) use store::PeriodicStore;
