//! Digests of rows: SQLite notices a torn page, not a byte that changed inside a text.

use sha2::{Digest, Sha256};

use super::JournalError;

/// How many hex digits of the digest are kept.
const LENGTH: usize = 16;

/// The digest of a row's columns, each told apart from its neighbours by its length.
pub(super) fn seal(columns: &[&str]) -> String {
    let mut digest = Sha256::new();
    for column in columns {
        digest.update(u64::try_from(column.len()).unwrap_or(u64::MAX).to_le_bytes());
        digest.update(column.as_bytes());
    }
    hex::encode(digest.finalize()).chars().take(LENGTH).collect()
}

/// Compares a row's seal with its columns.
pub(super) fn check(found: &str, columns: &[&str], what: &str) -> Result<(), JournalError> {
    if seal(columns) == found { Ok(()) } else { Err(JournalError::Damaged(what.to_owned())) }
}

/// The whole digest of a text, in hex.
pub(super) fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}
