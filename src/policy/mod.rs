//! The policy an owner writes: its model, and the way from YAML to it.

pub mod analysis;
mod beside;
mod coverage;
pub mod fmt;
mod ical;
mod include;
mod keys;
mod load;
mod lower;
pub mod model;
mod refusal;
mod review;
mod schema;
pub mod sentence;
mod shared;
mod signs;
mod template;
mod yaml;

pub(crate) use beside::Parsed;
pub(crate) use keys::beside as test_keys;
pub(crate) use lower::fields::{Fields, listed};
pub(crate) use lower::{Context, quoted};
pub(crate) use yaml::{Node, Value};

pub use include::{Files, MAX_INCLUDED};
pub use load::{Loaded, MAX_BYTES, load, load_any, load_kept, load_with, revision, revision_with};
pub use model::{Action, Policy, Rule};
pub use refusal::{Refusal, read_only, refusal};
pub use review::clock_changes;
pub use schema::{schema, test_schema};
pub use shared::Shared;
pub use template::{ImportKind, Template, template};

use crate::time::DailyWindow;
use crate::units::{Energy, Power, Price, Soc};

/// An action of the policy language, for a manual command: `charge to 90%`.
///
/// # Errors
/// What is wrong with it, on one line.
pub fn parse_action(text: &str) -> Result<Action, String> {
    sentence::parse_action(text).map_err(|problem| problem.one_line())
}

/// A state of charge: `40%`.
///
/// # Errors
/// What is wrong with it, on one line.
pub fn parse_percent(text: &str) -> Result<Soc, String> {
    let percent = sentence::percent(text).map_err(|problem| problem.one_line())?;
    Soc::from_percent(percent).ok_or_else(|| format!("`{text}` is out of range: expected 0% to 100%"))
}

/// A power: `3 kW`, `200 W`.
///
/// # Errors
/// What is wrong with it, on one line.
pub fn parse_power(text: &str) -> Result<Power, String> {
    sentence::power(text).map_err(|problem| problem.one_line())
}

/// An energy: `10.1 kWh`.
///
/// # Errors
/// What is wrong with it, on one line.
pub fn parse_energy(text: &str) -> Result<Energy, String> {
    sentence::energy(text).map_err(|problem| problem.one_line())
}

/// A span of time: `5 min`, `2h`, `1 h 30 min`.
///
/// # Errors
/// What is wrong with it, on one line.
pub fn parse_duration(text: &str) -> Result<std::time::Duration, String> {
    sentence::duration(text).map_err(|problem| problem.one_line())
}

/// A price per kWh: `0.27`.
///
/// # Errors
/// What is wrong with it, on one line.
pub fn parse_price(text: &str) -> Result<Price, String> {
    sentence::price(text).map_err(|problem| problem.one_line())
}

/// A window of the clock: `23:30-05:30`.
///
/// # Errors
/// What is wrong with it, on one line.
pub fn parse_window(text: &str) -> Result<DailyWindow, String> {
    sentence::window(text).map_err(|problem| problem.one_line())
}
