//! Vendor wire ↔ normal form, and nothing else.

pub mod transport;
