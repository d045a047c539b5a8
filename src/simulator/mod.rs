//! Doubles of the vendor clouds, a house with a battery behind them, and their faults.
//!
//! The simulator shares neither physics nor wire types with the rest of the program: a mistake that both made would be
//! seen by neither. It has no clock of its own but in [`server`]: everything else is moved on by whoever calls it, so that
//! one seed gives one story.

mod answer;
mod answers;
pub mod atess;
mod auth;
pub mod battery;
mod burst;
pub mod cloud;
mod control;
pub mod device;
mod endpoint;
mod exchange;
pub mod fault;
pub mod house;
mod kind;
mod limit;
mod log;
mod numbers;
pub mod periodic;
mod plan;
mod random;
mod read;
pub mod server;
mod severable;
mod state;
pub mod store;
mod system;
mod upload;
pub mod world;
mod write;

pub use answers::Answers;
pub use cloud::{Answer, Call, Cloud, CloudOptions};
pub use fault::Fault;
pub use kind::FaultKind;
pub use limit::{LimitCode, LimitScope, Limits};
pub use log::LogEntry;
pub use numbers::Numbers;
pub use periodic::{PeriodicOptions, Region};
pub use plan::FaultPlan;
pub use server::{Running, ServeOptions, Serving, serve, serve_cloud};
pub use system::SystemOptions;
