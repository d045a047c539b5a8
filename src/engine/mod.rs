//! Which rule holds, and why: a pure function of policy, readings, prices, memory and now.

mod average;
pub mod bands;
pub mod decision;
mod edges;
mod evaluate;
mod explain;
mod follow;
mod memory;
mod residue;
mod settled;
mod situation;
mod stretch;
mod view;

pub use bands::{band_at, banded_prices};
pub use decision::{Command, Decision, Override, Source};
pub use edges::edges;
pub use evaluate::{evaluate, guarded};
pub use explain::{Explanation, Finding, Seen, Verdict, explain};
pub use follow::{Weighed, followed};
pub use memory::{Memory, Remembered, Stretch};
pub use situation::Situation;
pub use stretch::{CalendarStretch, stretch};

pub(crate) use evaluate::decide;
pub(crate) use residue::Residue;
pub(crate) use settled::is_settled;
pub(crate) use situation::Readings;
pub(crate) use view::View;
