//! What the program says, as text for people and as JSON with stable keys: pure functions of what was decided.

pub mod alarms;
mod ascii;
mod backtest;
mod backtest_json;
mod brief;
pub mod capability;
mod charts;
mod compare;
mod compare_json;
mod course;
mod finding;
mod json;
pub mod layout;
pub mod listing;
pub mod moment;
mod narrative;
mod next;
mod over_budget;
pub mod page;
mod plan_json;
mod policy_test;
mod readings;
pub mod reason;
mod screen;
pub mod spark;
pub mod style;
mod wall;
mod weighed;
mod why;
pub mod words;
mod writes;

pub use ascii::ascii;
pub use backtest::backtest_text;
pub use backtest_json::backtest_json;
pub use brief::{Brief, backtests_text};
pub use compare::{compare_markdown, compare_text};
pub use compare_json::compare_json;
pub use narrative::Since;
pub use over_budget::over_budget;
pub use plan_json::plan_json;
pub use policy_test::{Report, Source, Tested, tests_json, tests_junit, tests_text};
pub use readings::{readings_json, readings_text};
pub use screen::plan_text;
pub use style::Style;
pub use why::{why_json, why_json_since, why_text, why_text_since};

/// What a screen's head says of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device<'a> {
    /// The maker's name for people: `AlphaESS`.
    pub name: &'a str,
    /// The serial number; empty if there is none.
    pub serial: &'a str,
}
