//! The kinds of store that hold a schedule.

use super::Driver;
use super::schedule::Object;

/// A kind of store. A system is driven through one of them and never through two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Store {
    /// AlphaESS: two daily windows to charge, two to permit discharge, in two objects.
    TwoWindow,
    /// AlphaESS, newer: up to six windows a day in one object, with weekdays, power and a target each.
    Periodic,
    /// ATESS string systems: two periods of a tariff class, as the owner's mapping names them.
    AtessString,
    /// ATESS central systems: five periods of a tariff class, as the owner's mapping names them.
    AtessCentral,
}

impl Store {
    /// Every kind.
    pub const ALL: [Store; 4] = [Store::TwoWindow, Store::Periodic, Store::AtessString, Store::AtessCentral];

    /// The word for it in a policy and in the journal.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Store::TwoWindow => "two-window",
            Store::Periodic => "periodic",
            Store::AtessString => "string",
            Store::AtessCentral => "central",
        }
    }

    /// The store of this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Store> {
        Store::ALL.into_iter().find(|store| store.word() == word)
    }

    /// The name that people use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Store::TwoWindow => "two-window store",
            Store::Periodic => "periodic store",
            Store::AtessString => "string settings",
            Store::AtessCentral => "central settings",
        }
    }

    /// Whose store it is.
    #[must_use]
    pub fn maker(self) -> Driver {
        match self {
            Store::TwoWindow | Store::Periodic => Driver::AlphaEss,
            Store::AtessString | Store::AtessCentral => Driver::Atess,
        }
    }

    /// The objects that it is written by, each as a whole.
    #[must_use]
    pub fn objects(self) -> &'static [Object] {
        match self {
            Store::TwoWindow => &[Object::Charge, Object::Discharge],
            Store::Periodic | Store::AtessString | Store::AtessCentral => &[Object::Windows],
        }
    }

    /// The vendor's name of the endpoint that replaces an object.
    #[must_use]
    pub fn update_endpoint(self, object: Object) -> &'static str {
        match (self, object) {
            (_, Object::Charge) => "updateChargeConfigInfo",
            (_, Object::Discharge) => "updateDisChargeConfigInfo",
            (Store::AtessString, Object::Windows) => "small-setting",
            (Store::AtessCentral, Object::Windows) => "big-setting",
            (Store::Periodic | Store::TwoWindow, Object::Windows) => "setTimeChargeBySn",
        }
    }
}
