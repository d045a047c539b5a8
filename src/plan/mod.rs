//! From decisions to writes: project forward, compile for the device's store, order what differs.

pub mod project;
pub mod timeline;

pub use project::project;
pub use timeline::{Outlook, Span, Timeline};
