//! Files that policies share, looked at by themselves.

use super::keys;
use super::lower::fields::meant;
use super::yaml::{Node, Value};

/// What a shared file holds, with what it includes in turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// How many rules.
    pub rules: usize,
    /// How many calendars.
    pub calendars: usize,
    /// Whether the tariff.
    pub tariff: bool,
}

/// Whether a file is one that policies share: it holds some of what such a file may, and nothing that a policy alone has, not even
/// misspelt.
pub(super) fn is_shared(root: &Node) -> bool {
    let Value::Map(entries) = &root.value else { return false };
    let known: Vec<&str> = keys::POLICY.names().collect();
    let meant: Vec<&str> = entries.iter().filter_map(|(key, _)| meant(&key.text, &known)).collect();
    let may_stand = |key: &&str| keys::SHARED.key(key).is_some();
    meant.iter().all(may_stand) && meant.iter().any(|key| *key != "offpeak")
}
