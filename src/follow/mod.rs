//! What stored energy is worth over the coming hours, given the known prices and a forecast that errs: what the action
//! `follow the cheapest plan` goes by.
//!
//! The cost of all hours to come is convex and piecewise linear in the stored energy, so one pass backward over its sorted
//! slopes gives it, as for the perfect-foresight optimum. Here each hour may come in several ways, so each slope is the
//! mean over them: what is decided now need not be right, only the best that holds for all of them. `docs/forecasts.md`
//! says why, and what it is worth.

mod slots;
mod stage;
mod worth;

pub use worth::{HORIZON, stored_worth};
