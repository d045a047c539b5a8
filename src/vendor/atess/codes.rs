//! What the vendor's codes mean, and what the owner can do about each.

use crate::device::{DeviceError, WriteFailure};
use crate::vendor::failure::status_error;
use crate::vendor::wire::quoted;

/// What to do about a token that is not taken.
const TOKEN_ADVICE: &str = "no access: the token has expired, or it may not see this device; ask ATESS for a new one and put it \
                            into OFFPEAK_ATESS_TOKEN or credentials.yaml, and check that the plant is shared with it";

/// What kind of answer a call had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// 200 by the vendor's table, 0 in its samples.
    Success,
    /// There is no such device for this token.
    NotFound,
    /// The token is not taken, or not for this device.
    NoAccess,
    /// The cloud failed, or hides its undocumented limit behind this.
    Failed,
    /// Too many calls.
    TooFast,
    /// A code that no table has.
    Unknown,
}

impl Class {
    /// The kind of a code.
    pub(super) fn of(code: i64) -> Class {
        match code {
            0 | 200 => Class::Success,
            400 | 404 => Class::NotFound,
            401 | 403 => Class::NoAccess,
            429 => Class::TooFast,
            500 => Class::Failed,
            _ => Class::Unknown,
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Class::Success => "success",
            Class::NotFound => {
                "the cloud does not find this device; check `serial`, and that its plant and datalogger were added for this token"
            }
            Class::NoAccess => TOKEN_ADVICE,
            Class::Failed => {
                "the cloud says that it failed; where this lasts it may be its undocumented limit of calls"
            }
            Class::TooFast => "too many calls for the cloud; backing off",
            Class::Unknown => "a code that is not documented",
        }
    }

    fn error(self, endpoint: &'static str, reason: String) -> DeviceError {
        match self {
            Class::Success | Class::Failed | Class::Unknown => DeviceError::Transient { endpoint, reason },
            Class::NotFound | Class::NoAccess => DeviceError::Permanent { endpoint, reason },
            Class::TooFast => DeviceError::TooFast { endpoint, reason },
        }
    }
}

/// A code other than success, as the error of a read.
pub(super) fn code_error(endpoint: &'static str, code: i64, words: &str) -> DeviceError {
    let class = Class::of(code);
    let said = if words.is_empty() { String::new() } else { format!(" (the cloud's words: {})", quoted(words)) };
    class.error(endpoint, format!("code {code}: {}{said}", class.advice()))
}

/// A code other than success, as the end of a write: a refusal only where it says plainly that nothing was done.
pub(super) fn code_failure(endpoint: &'static str, code: i64, words: &str) -> WriteFailure {
    let error = code_error(endpoint, code, words);
    match Class::of(code) {
        Class::NotFound | Class::NoAccess | Class::TooFast => WriteFailure::Refused(error),
        Class::Success | Class::Failed | Class::Unknown => WriteFailure::OutcomeUnknown(error),
    }
}

/// An HTTP status other than 2xx, as the error of a read.
pub(super) fn http_error(endpoint: &'static str, status: u16) -> DeviceError {
    match status {
        401 | 403 => DeviceError::Permanent { endpoint, reason: format!("HTTP {status}: {TOKEN_ADVICE}") },
        _ => status_error(endpoint, status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_says_what_to_do() {
        let reason = |code| code_error("data-last-small", code, "失败\u{7}").to_string();
        insta::assert_snapshot!([400, 403, 429, 500, 7].map(reason).join("\n"), @r"
        data-last-small: code 400: the cloud does not find this device; check `serial`, and that its plant and datalogger were added for this token (the cloud's words: “失败”)
        data-last-small: code 403: no access: the token has expired, or it may not see this device; ask ATESS for a new one and put it into OFFPEAK_ATESS_TOKEN or credentials.yaml, and check that the plant is shared with it (the cloud's words: “失败”)
        data-last-small: code 429: too many calls for the cloud; backing off (the cloud's words: “失败”)
        data-last-small: code 500: the cloud says that it failed; where this lasts it may be its undocumented limit of calls (the cloud's words: “失败”)
        data-last-small: code 7: a code that is not documented (the cloud's words: “失败”)
        ");
    }
}
