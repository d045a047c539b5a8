//! The ATESS Enerclo OpenAPI: `docs/vendor-atess.md` has every fact that is relied on here, with its certainty.
//!
//! The vendor documents neither signs nor units nor which setting means what: the owner's [`AtessMapping`] says so, and what
//! it does not say is neither read nor written.
//!
//! [`AtessMapping`]: crate::device::mapping::AtessMapping

pub mod calibrate;
mod cloud;
mod codes;
mod driver;
mod fields;
mod latest;
mod memory;
mod pages;
mod period_text;
mod powers;
mod sample;
mod settings;
mod soc;

pub use driver::{Battery, Enerclo};
pub use memory::Memory;
pub use sample::Sample;
pub use settings::payload;

/// The vendor's own base URL.
pub const BASE_URL: &str = "https://www.enerclo-atesspower.com/api/v1";

/// An endpoint: the vendor's name of it, and where it is below the base URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Endpoint {
    name: &'static str,
    path: &'static str,
}

/// The latest data of a string system.
const DATA_SMALL: Endpoint = Endpoint { name: "data-last-small", path: "hps/data-last-small" };
/// The data of a central system over a span of time.
const DATA_LIST: Endpoint = Endpoint { name: "data-list", path: "hps/data-list" };
/// The settings of a string system.
const SMALL_SETTING: Endpoint = Endpoint { name: "small-setting", path: "hps/small-setting" };
/// The settings of a central system.
const BIG_SETTING: Endpoint = Endpoint { name: "big-setting", path: "hps/big-setting" };
