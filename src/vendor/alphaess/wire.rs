//! The vendor's JSON as far as it is its own.

use serde_json::{Map, Value};

pub(super) use crate::vendor::wire::{Envelope, kind, number, object, quoted, text, whole};

/// Whether the object is about another system than the one asked for.
pub(super) fn check_serial(fields: &Map<String, Value>, serial: &str) -> Result<(), String> {
    crate::vendor::wire::check_serial(fields, "sysSn", serial)
}
