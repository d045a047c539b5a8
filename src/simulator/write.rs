//! What the writing endpoints make of a body.

use serde_json::{Map, Value};

use super::answer::{Envelope, code};
use super::store::{Half, Misfit, Which};

/// The object that a body of `updateChargeConfigInfo` or `updateDisChargeConfigInfo` describes.
///
/// # Errors
/// The refusal.
pub(super) fn half(which: Which, body: &Map<String, Value>, least_cap: u8) -> Result<Half, Envelope> {
    let least = match which {
        Which::Charge => least_cap,
        Which::Discharge => 0,
    };
    Half::from_fields(which, body, least).map_err(|misfit| match misfit {
        Misfit::Malformed(name) => Envelope::parameter(code::MALFORMED, name),
        Misfit::OutOfRange(name) => Envelope::parameter(code::BAD_PARAMETER, name),
    })
}

/// The object that a body holds.
///
/// # Errors
/// The refusal of what is no JSON object.
pub(super) fn body(text: &str) -> Result<Map<String, Value>, Envelope> {
    match serde_json::from_str(text) {
        Ok(Value::Object(body)) => Ok(body),
        _ => Err(Envelope::bare(code::MALFORMED)),
    }
}
