//! What a device can hold and do, apart from whose it is.

pub mod access;
pub mod capability;
mod driver;
pub mod quarters;
pub mod two_window;
pub mod write;

pub use access::{DeviceError, ReadDevice, WriteDevice, WriteFailure};
pub use capability::Capability;
pub use driver::Driver;
pub use quarters::QuarterSet;
pub use two_window::{ChargeSettings, DischargeSettings, Grip, Meaning, Object, Oddity, Period, Settings, TwoWindow};
pub use write::{Attempt, Outcome, Sequence, Step, WriteKind};
