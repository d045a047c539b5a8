//! What the vendor's codes and HTTP statuses mean, and what the owner can do about each.

use super::schedule::store_of;
use super::wire::quoted;
use crate::device::{DeviceError, Store, WriteFailure};

/// What kind of answer a call had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// 200, the only success.
    Success,
    /// Something about the request itself is wrong.
    BadParameter,
    /// The serial is not known to this application.
    Unbound,
    /// The time stamp, or an address that is not allowed: a skewed clock has been seen as either.
    ClockOrAllowList,
    /// Application id, secret or signature.
    Signature,
    /// Neither yes nor no.
    SetFailed,
    /// There is nothing for this query.
    NoData,
    /// This system may not use this endpoint.
    NotEntitled,
    /// The cloud failed inside.
    Internal,
    /// The system does not answer its cloud.
    Offline,
    /// Too many calls.
    TooFast,
    /// A code that no table has.
    Unknown,
}

/// An answer that was not a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The vendor's name of the endpoint.
    pub endpoint: &'static str,
    /// Its kind.
    pub class: Class,
    /// What happened and what to do.
    pub reason: String,
}

impl Class {
    /// The kind of a code.
    pub(super) fn of(code: i64) -> Class {
        match code {
            200 => Class::Success,
            6001 | 10001 => Class::BadParameter,
            6002 | 6005 | 6038 => Class::Unbound,
            6006 | 6009 => Class::ClockOrAllowList,
            6007 | 6010..=6012 => Class::Signature,
            6008 => Class::SetFailed,
            6016 => Class::NoData,
            6017 => Class::NotEntitled,
            6026 | 6029 => Class::Internal,
            6042 => Class::Offline,
            6053 => Class::TooFast,
            _ => Class::Unknown,
        }
    }

    /// Whether the same read may succeed within a minute. An offline system is routine and takes hours, so it is not asked
    /// again at once.
    pub(super) fn passes_soon(self) -> bool {
        self == Class::Internal
    }

    fn advice(self) -> &'static str {
        match self {
            Class::Success => "success",
            Class::BadParameter => {
                "the cloud does not accept the parameters of this request; the same request will fail again"
            }
            Class::Unbound => {
                "the serial is unknown or not bound to this application; check `serial`, and bind the system on the developer portal"
            }
            Class::ClockOrAllowList => {
                "clock or allow-list: check this machine's clock first (the cloud refuses stamps over 300 s off), then the \
                 addresses that the developer portal allows"
            }
            Class::Signature => "the credentials are refused; check the application id and secret",
            Class::SetFailed => "the cloud says that setting failed, without saying whether anything was stored",
            Class::NoData => "the cloud has no data for this query",
            Class::NotEntitled => {
                "this system is not entitled to this endpoint; the vendor's support can enable it for the serial"
            }
            Class::Internal => "the cloud failed inside; it usually passes",
            Class::Offline => "the system is offline: its cloud does not reach it",
            Class::TooFast => "too many calls for the cloud; backing off",
            Class::Unknown => "a code that is not documented",
        }
    }
}

impl Refusal {
    /// A refusal by code. `ahead`: how many seconds the server's clock is ahead of this machine's, if known.
    pub(super) fn by_code(endpoint: &'static str, code: i64, words: &str, ahead: Option<i64>) -> Refusal {
        let class = Class::of(code);
        let advice = not_entitled(endpoint).filter(|_| class == Class::NotEntitled);
        let mut reason = format!("code {code}: {}", advice.unwrap_or_else(|| class.advice().to_owned()));
        if let Some(ahead) = ahead.filter(|_| class == Class::ClockOrAllowList) {
            reason.push_str(&format!("; {}", skew(ahead)));
        }
        if !words.is_empty() {
            reason.push_str(&format!(" (the cloud's words: {})", quoted(words)));
        }
        Refusal { endpoint, class, reason }
    }

    /// As the error of a read.
    pub(super) fn into_error(self) -> DeviceError {
        let Refusal { endpoint, class, reason } = self;
        match class {
            Class::Internal | Class::Offline | Class::Unknown | Class::Success => {
                DeviceError::Transient { endpoint, reason }
            }
            Class::TooFast => DeviceError::TooFast { endpoint, reason },
            Class::BadParameter
            | Class::Unbound
            | Class::ClockOrAllowList
            | Class::Signature
            | Class::SetFailed
            | Class::NoData
            | Class::NotEntitled => DeviceError::Permanent { endpoint, reason },
        }
    }

    /// As the end of a write: a refusal only where the code says plainly that nothing was done.
    pub(super) fn into_failure(self) -> WriteFailure {
        let unclear =
            matches!(self.class, Class::SetFailed | Class::Internal | Class::NoData | Class::Unknown | Class::Success);
        let error = match self.into_error() {
            DeviceError::Permanent { endpoint, reason } if unclear => DeviceError::Transient { endpoint, reason },
            error => error,
        };
        if unclear { WriteFailure::OutcomeUnknown(error) } else { WriteFailure::Refused(error) }
    }
}

/// What to do about a store that the system is not entitled to; `None` for every other endpoint.
fn not_entitled(endpoint: &str) -> Option<String> {
    let own = store_of(endpoint)?;
    let other = if own == Store::Periodic { Store::TwoWindow } else { Store::Periodic };
    Some(format!(
        "this system is not entitled to the {}; try the other one with `device: store: {}`, or have the vendor's support \
         enable this one for the serial",
        own.name(),
        other.word()
    ))
}

fn skew(ahead: i64) -> String {
    match ahead {
        -5..=5 => "this machine's clock agrees with the server's".to_owned(),
        6.. => format!("this machine's clock is {ahead} s behind the server's"),
        _ => format!("this machine's clock is {} s ahead of the server's", ahead.unsigned_abs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_class_for_reads_and_for_writes() {
        let check = |codes: &[i64], read: &str, write: &str| {
            for code in codes {
                let refusal = || Refusal::by_code("getEssList", *code, "", None);
                let shown = match refusal().into_error() {
                    DeviceError::Transient { .. } => "transient",
                    DeviceError::TooFast { .. } => "too fast",
                    DeviceError::NotYet { .. } => "not yet",
                    DeviceError::Permanent { .. } => "permanent",
                    DeviceError::Malformed { .. } => "malformed",
                };
                assert_eq!(shown, read, "{code}");
                let shown = match refusal().into_failure() {
                    WriteFailure::Refused(_) => "refused",
                    WriteFailure::OutcomeUnknown(_) => "unknown",
                };
                assert_eq!(shown, write, "{code}");
            }
        };
        check(&[6001, 10001, 6002, 6005, 6038, 6006, 6009, 6007, 6010, 6011, 6012, 6017], "permanent", "refused");
        check(&[6008, 6016], "permanent", "unknown");
        check(&[6026, 6029], "transient", "unknown");
        check(&[6042], "transient", "refused");
        check(&[6053], "too fast", "refused");
        check(&[0, 201, -1, 6999, i64::MAX], "transient", "unknown");
    }

    #[test]
    fn a_refused_stamp_names_the_clock_first_and_by_how_much_it_is_off() {
        let check = |code: i64, ahead: Option<i64>, expect: &str| {
            let reason = Refusal::by_code("getEssList", code, "", ahead).reason;
            assert!(reason.contains("check this machine's clock first"), "{reason}");
            assert!(reason.ends_with(expect), "{reason}");
        };
        check(6006, Some(412), "this machine's clock is 412 s behind the server's");
        check(6009, Some(-3600), "this machine's clock is 3600 s ahead of the server's");
        check(6009, Some(2), "this machine's clock agrees with the server's");
        check(6009, None, "the addresses that the developer portal allows");
    }

    #[test]
    fn a_store_without_entitlement_is_named_with_the_other_one() {
        let check = |endpoint, own: &str, other: &str| {
            let reason = Refusal::by_code(endpoint, 6017, "", None).reason;
            assert!(reason.contains(&format!("not entitled to the {own} store")), "{reason}");
            assert!(reason.contains(&format!("`device: store: {other}`")), "{reason}");
        };
        check("getTimeChargeBySn", "periodic", "two-window");
        check("setTimeChargeBySn", "periodic", "two-window");
        check("getChargeConfigInfo", "two-window", "periodic");
        check("updateDisChargeConfigInfo", "two-window", "periodic");
        assert!(!Refusal::by_code("setTimeChargeBySn", 6008, "", None).reason.contains("store:"));
    }

    #[test]
    fn advice_and_the_clouds_words_stand_in_the_reason() {
        let reason = |code| Refusal::by_code("getEssList", code, "无权限\u{7}", None).reason;
        insta::assert_snapshot!([6017, 6008, 6053, 6042, 7777].map(reason).join("\n"), @r"
        code 6017: this system is not entitled to this endpoint; the vendor's support can enable it for the serial (the cloud's words: “无权限”)
        code 6008: the cloud says that setting failed, without saying whether anything was stored (the cloud's words: “无权限”)
        code 6053: too many calls for the cloud; backing off (the cloud's words: “无权限”)
        code 6042: the system is offline: its cloud does not reach it (the cloud's words: “无权限”)
        code 7777: a code that is not documented (the cloud's words: “无权限”)
        ");
    }
}
