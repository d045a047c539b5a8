//! The service loop: the only holder of a writing device, the journal writer and the clock.
