//! What comes from files: histories. Reading and nothing else.

pub mod history;
pub mod samples;
