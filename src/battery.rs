//! One step of battery physics.
