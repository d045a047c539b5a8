//! What the writing endpoints make of a body.

use serde_json::{Map, Value};

use super::answer::{Envelope, code};
use super::endpoint::Endpoint;
use super::periodic::PeriodicSchedule;
use super::store::{Half, Misfit, Which};
use super::system::{Change, System};

/// What a body of a writing endpoint would change in a system.
///
/// # Errors
/// The refusal.
pub(super) fn change(endpoint: Endpoint, body: &Map<String, Value>, system: &System) -> Result<Change, Envelope> {
    let half = |which: Which, least: u8| Half::from_fields(which, body, least).map(|half| Change::Half(which, half));
    let change = match endpoint {
        Endpoint::UpdatePeriodic => PeriodicSchedule::from_fields(body, &system.periodic.rules).map(Change::Periodic),
        Endpoint::UpdateDischarge => half(Which::Discharge, 0),
        _ => half(Which::Charge, system.world.model().least_cap),
    };
    // Whether the account is entitled is looked at only once the body is sound, as with the real one.
    match change.map_err(refusal)? {
        _ if !endpoint.is_open(&system.periodic) => Err(Envelope::bare(code::NOT_ENTITLED)),
        Change::Periodic(schedule) if schedule.overlaps() => Err(refusal(Misfit::Overlap)),
        change => Ok(change),
    }
}

fn refusal(misfit: Misfit) -> Envelope {
    match misfit {
        Misfit::Malformed(name) => Envelope::parameter(code::MALFORMED, name),
        Misfit::OutOfRange(name) => Envelope::parameter(code::BAD_PARAMETER, name),
        Misfit::Overlap => Envelope::bare(code::SET_FAILED),
    }
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
