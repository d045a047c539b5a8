//! The token of the account. How a real one expires is unknown; here it does when a fault says so, until it is renewed.

use serde::{Deserialize, Serialize};

/// A token, and whether it still opens anything.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Token {
    first: String,
    current: String,
    number: u32,
    expired: bool,
    fault_held: bool,
}

impl Token {
    pub(super) fn new(text: String) -> Token {
        Token { first: text.clone(), current: text, number: 1, expired: false, fault_held: false }
    }

    pub(super) fn text(&self) -> &str {
        &self.current
    }

    /// The token, unless it has expired.
    pub(super) fn valid(&self) -> Option<&str> {
        (!self.expired).then_some(self.current.as_str())
    }

    /// Tells whether the fault holds; the token expires when it begins to. Whether it expired just now.
    pub(super) fn expires(&mut self, fault_holds: bool) -> bool {
        let begins = fault_holds && !self.fault_held;
        self.fault_held = fault_holds;
        self.expired |= begins;
        begins
    }

    /// Another token, and no other than that.
    pub(super) fn renew(&mut self) -> &str {
        self.number = self.number.saturating_add(1);
        self.current = format!("{}-{}", self.first, self.number);
        self.expired = false;
        &self.current
    }

    pub(super) fn is_sound(&self) -> bool {
        self.first.len() <= 4096 && self.current.len() <= 8192
    }
}
