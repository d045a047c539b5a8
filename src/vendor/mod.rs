//! Vendor wire ↔ normal form, and nothing else.

pub mod account;
pub mod alphaess;
pub mod atess;
pub mod credentials;
mod failure;
pub mod freshness;
pub mod http;
pub mod memory;
pub mod pace;
pub mod plausible;
pub mod retry;
pub mod simulated;
pub mod transport;
mod unique;
mod wall;
mod wire;
