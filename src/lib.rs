//! offpeak: battery policies as code.
//!
//! A YAML policy of rules is evaluated against fresh readings and turned into the few schedule writes that the vendor's
//! cloud needs. Deciding is pure, doing is thin: see `ARCHITECTURE.md`.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)
)]

pub mod apply;
pub mod backtest;
pub mod battery;
pub mod cli;
pub mod clock;
pub mod clock_remote;
pub mod device;
pub mod diagnostic;
pub mod engine;
pub mod feed;
pub mod follow;
pub mod forecast;
pub mod history;
pub mod journal;
pub mod optimum;
pub mod plan;
pub mod policy;
pub mod policy_test;
pub mod report;
pub mod runner;
pub mod simulator;
pub mod snapshot;
pub mod tariff;
pub mod time;
pub mod units;
pub mod vendor;
pub mod worth;
