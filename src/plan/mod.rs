//! From decisions to writes: project forward, compile for the device's store, order what differs.

pub mod timeline;

pub use timeline::{Outlook, Span, Timeline};
