//! What every vendor's failures have in common: HTTP statuses, lost replies, and words that may repeat a secret.

use secrecy::{ExposeSecret, SecretString};

use super::transport::TransportError;
use crate::device::DeviceError;

/// Credentials shorter than this are not looked for in the cloud's words: they would be found in any sentence.
const LEAST_SECRET: usize = 8;

/// What an HTTP status other than 2xx says, as the error of a read.
pub(super) fn status_error(endpoint: &'static str, status: u16) -> DeviceError {
    let transient = |words: &str| DeviceError::Transient { endpoint, reason: format!("HTTP {status}: {words}") };
    let permanent = |words: &str| DeviceError::Permanent { endpoint, reason: format!("HTTP {status}: {words}") };
    match status {
        300..=399 => permanent("the server sends elsewhere, which is not followed; check `url`"),
        401 | 403 => permanent("access refused before the API was reached; check `url` and any proxy"),
        404 => permanent("no such endpoint there; check `url`"),
        405 => permanent("this endpoint does not take this verb; check `url`"),
        408 => transient("the server gave up waiting"),
        429 => DeviceError::TooFast { endpoint, reason: "HTTP 429: too many calls; backing off".to_owned() },
        400..=499 => permanent("the server does not accept the request"),
        500..=599 => transient("the cloud is not well; it usually passes"),
        _ => DeviceError::Malformed { endpoint, reason: format!("HTTP {status} is no answer to a request") },
    }
}

/// Whether a read that ended with this status may succeed within a minute.
pub(super) fn status_passes_soon(status: u16) -> bool {
    matches!(status, 408 | 502..=504)
}

/// Whether a status says that a write was turned away before anything could be stored.
pub(super) fn status_refuses(status: u16) -> bool {
    matches!(status, 400 | 401 | 403 | 404 | 405 | 411 | 413 | 414 | 415 | 429)
}

/// What an exchange without any reply comes to, as the error of a read.
pub(super) fn unreached(endpoint: &'static str, error: &TransportError) -> DeviceError {
    let reason = error.to_string();
    match error {
        TransportError::TooLarge => malformed(endpoint, reason),
        _ => DeviceError::Transient { endpoint, reason },
    }
}

/// A reply that could not be understood.
pub(super) fn malformed(endpoint: &'static str, reason: String) -> DeviceError {
    DeviceError::Malformed { endpoint, reason }
}

/// The same error in other words.
pub(super) fn reworded(mut error: DeviceError, words: impl Fn(&str) -> String) -> DeviceError {
    let (DeviceError::Transient { reason, .. }
    | DeviceError::TooFast { reason, .. }
    | DeviceError::NotYet { reason, .. }
    | DeviceError::Permanent { reason, .. }
    | DeviceError::Malformed { reason, .. }) = &mut error;
    *reason = words(reason);
    error
}

/// A text without the secrets that a cloud may have sent back in its words.
pub(super) fn without(text: &str, secrets: &[&SecretString]) -> String {
    let secrets = secrets.iter().map(|secret| secret.expose_secret());
    let long = secrets.filter(|secret| secret.len() >= LEAST_SECRET);
    long.fold(text.to_owned(), |text, secret| text.replace(secret, "…"))
}
