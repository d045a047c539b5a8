//! From decisions to writes: project forward, compile for the device's store, order what differs.

pub mod budget;
pub mod compile;
pub mod diff;
pub mod make;
pub mod orphan;
pub mod project;
pub mod rehearse;
mod stand_in;
mod standing;
pub mod timeline;

pub use compile::{Compiled, Request, compile};
pub use make::{Cause, GripChange, Inputs, Obstacle, Plan};
pub use project::project;
pub use stand_in::{StandIn, untouched};
pub use timeline::{Outlook, Span, Timeline};
