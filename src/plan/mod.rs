//! From decisions to writes: project forward, compile for the device's store, order what differs.

pub mod project;
pub mod timeline;

pub use project::project;
pub mod budget;
pub mod compile;
pub mod diff;
pub mod order;
pub mod orphan;
pub mod timeline;

pub use compile::{Compiled, Request, compile};
pub use timeline::{Outlook, Span, Timeline};
