//! What a device can hold and do, apart from whose it is.

pub mod access;
pub mod atess_fields;
pub mod capability;
mod driver;
pub mod fact;
pub mod kind;
pub mod mapping;
pub mod quarters;
pub mod schedule;
pub mod store;
pub mod two_window;
pub mod window_list;
pub mod write;

pub use access::{DeviceError, ReadDevice, WriteDevice, WriteFailure};
pub use capability::Capability;
pub use driver::Driver;
pub use fact::{Certainty, Fact, Topic};
pub use kind::DeviceKind;
pub use quarters::QuarterSet;
pub use schedule::{Cell, Day, Grip, Object, Oddity, PerObject, Schedule, Settings};
pub use store::Store;
pub use two_window::{ChargeSettings, DischargeSettings, Meaning, Period, TwoWindow};
pub use window_list::{Flag, ListWindow, WindowList};
pub use write::{Attempt, Outcome, Sequence, Step, WriteKind};
