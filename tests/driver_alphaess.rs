//! The AlphaESS driver over the two-window store keeps what every driver promises.
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

driver_suite!(Home::two_window);
