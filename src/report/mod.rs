//! What the program says, as text for people and as JSON with stable keys: pure functions of what was decided.

pub mod moment;
pub mod spark;
