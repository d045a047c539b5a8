//! The durable memory: readings, decisions, intents before writes, outcomes, overrides.
