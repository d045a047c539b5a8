//! The AlphaESS driver over the periodic store keeps what every driver promises.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

mod driver_suite;

use driver_suite::alphaess::Home;
use driver_suite::driver_suite;
use offpeak::device::Store;
use offpeak::simulator::{PeriodicOptions, Region, SystemOptions};

/// A system in a region in which the periodic store alone has an effect.
fn periodic() -> Home {
    let system = SystemOptions { periodic: PeriodicOptions::of(Region::Periodic), ..SystemOptions::default() };
    Home::of(system, Store::Periodic)
}

driver_suite!(periodic);
