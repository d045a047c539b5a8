//! The signature of a request.

use secrecy::ExposeSecret;
use sha2::{Digest, Sha512};

use crate::time::Instant;
use crate::vendor::credentials::AlphaEssCredentials;

/// The headers that every request carries: `appId`, `timeStamp` in Unix seconds, and `sign`, the lower-case hex SHA-512 of
/// application id, secret and time stamp without separator.
pub(super) fn headers(credentials: &AlphaEssCredentials, now: Instant) -> Vec<(String, String)> {
    let stamp = now.timestamp().to_string();
    let signature = sign(credentials.app_id.expose_secret(), credentials.app_secret.expose_secret(), &stamp);
    let headers = [("appId", credentials.app_id.expose_secret()), ("timeStamp", &stamp), ("sign", &signature)];
    headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn sign(app_id: &str, app_secret: &str, stamp: &str) -> String {
    hex::encode(Sha512::new().chain_update(app_id).chain_update(app_secret).chain_update(stamp).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_sha512sum_says() {
        // printf 'alphaef1b9f1e05a41b20123456789abcdef0123456789abcdef1795207260' | sha512sum
        let expect = "a29a2e1a0205cce9dbcc8ece51cbca49ad8ba78cc41c3a48fdab3e9898eb974d\
                      e162e43fe02ee6a6888380489a555f5c3d02b40db1f79320c5263d7185f66024";
        let credentials =
            AlphaEssCredentials::new("alphaef1b9f1e05a41b2", "0123456789abcdef0123456789abcdef").expect("credentials");
        let headers = headers(&credentials, "2026-11-20T20:41:00.900Z".parse().expect("an instant"));
        let shown: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(shown, [("appId", "alphaef1b9f1e05a41b2"), ("timeStamp", "1795207260"), ("sign", expect)]);
    }
}
