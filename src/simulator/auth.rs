//! The vendor's check of who is calling: appId, timeStamp and a signature over both and the secret.

use sha2::{Digest, Sha512};

use super::answer::code;
use super::cloud::Call;

/// How far a request's clock may be off, in seconds.
const SKEW_SECONDS: i64 = 300;

/// What a request signs: lower-case hex SHA-512 of appId, appSecret and timeStamp without anything between them.
pub(super) fn signature(app_id: &str, app_secret: &str, time_stamp: &str) -> String {
    hex::encode(Sha512::digest(format!("{app_id}{app_secret}{time_stamp}")))
}

/// Whether a request may pass; the code that refuses it if not.
pub(super) fn check(call: &Call, app_id: &str, app_secret: &str, now: i64) -> Result<(), u16> {
    let header = |name| call.header(name).filter(|value| !value.is_empty());
    let claimed = header("appId").ok_or(code::EMPTY_APP_ID)?;
    let time_stamp = header("timeStamp").ok_or(code::EMPTY_TIME_STAMP)?;
    let sign = header("sign").ok_or(code::EMPTY_SIGN)?;
    let second: i64 = time_stamp.parse().map_err(|_| code::TIME_STAMP)?;
    if now.saturating_sub(second).saturating_abs() > SKEW_SECONDS {
        return Err(code::TIME_STAMP);
    }
    let expect = signature(app_id, app_secret, time_stamp);
    if claimed == app_id && sign == expect { Ok(()) } else { Err(code::SIGNATURE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_what_sha512sum_says() {
        // printf 'alpha0123secret451700000000' | sha512sum
        let expect = "887eb351016b2e0a37709b5d1582d7a21c242329fadd132351c4f80536b9b8cbfe0ad3e1a3cfcdcf209ebfae5e86202a7dc0ddf864c1787469e96434490ca710";
        assert_eq!(signature("alpha0123", "secret45", "1700000000"), expect);
    }
}
