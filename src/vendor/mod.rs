//! Vendor wire ↔ normal form, and nothing else.

pub mod alphaess;
pub mod credentials;
pub mod http;
pub mod pace;
pub mod retry;
pub mod simulated;
pub mod transport;
