//! What stored energy is worth over the coming hours, given the known prices and a forecast that errs: what the action
//! `follow the cheapest plan` goes by.
//!
//! One pass backward over the slopes of the cost to come gives it, slot by slot as for the perfect-foresight optimum and by
//! the same code. Here each hour may come in several ways, and an hour tends to come as the one before it did. So there is
//! a cost to come for each way of the hour at hand, and before it the ways of the next are averaged: what is decided now
//! need not be right, only the best that holds for all of them. `docs/forecasts.md` says why, and what it is worth.

mod ahead;
mod slots;
mod worth;

pub use worth::{HORIZON, stored_worth};
