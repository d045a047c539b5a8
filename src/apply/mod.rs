//! The write protocol as a state machine: intend, write, read back, watch the effect.
