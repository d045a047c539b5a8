//! The least forecast that anyone has: load and sun from the same hours of the days before, and how far they erred.
//!
//! `docs/forecasts.md` says what it is made of and what it was worth on a year of measurements.

mod error;
mod hours;
mod past;
mod ways;

pub use error::{Error, Miss};
pub use past::Past;
pub use ways::{Forecast, PERSISTENCE, Step, WAYS};
