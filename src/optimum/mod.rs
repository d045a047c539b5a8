//! The perfect-foresight optimum: the least that any use of a battery could have cost, with the schedule that costs it.
//!
//! Where a slot's cost is convex in what the battery moves, the cost of all slots to come is convex and piecewise linear
//! in the stored energy. One pass backward over a sorted set of slopes gives it, and undoing that pass gives the
//! schedule: O(n log n) in all. Slots in which it is not convex (a negative price, export that pays more than import) are
//! solved on curves that bend either way, and exactly too. `docs/optimum.md` has the proof and the physics.

mod ahead;
mod branches;
mod convex;
mod curve;
mod floor;
mod levels;
mod limits;
mod relaxed;
mod shape;
mod slopes;
mod slot;
mod solution;
mod solve;
mod store;
mod window;

pub use ahead::{CostToGo, Segment};
pub use floor::{Floor, floor};
pub use levels::levels_before;
pub use slot::Slot;
pub use solution::{Solution, Step};
pub use solve::{cost_to_go, decide, solve};
pub use store::{End, Store};
