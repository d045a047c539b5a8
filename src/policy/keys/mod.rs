//! The keys of the language, each written down once: from here lowering knows what may stand in a mapping, and from here the
//! JSON Schema is made. What is not in these tables is no key.

pub(crate) mod beside;
mod condition;
mod device;
mod site;
mod words;

pub(super) use condition::CONDITION;
pub(super) use device::{
    BATTERY_READING, CHARGE, DEVICE, GRID_READING, PERMISSION, PLAIN_READING, READINGS, SETTINGS, SOC,
};
pub(super) use site::{BAND, BATTERY, FLAT, ICAL, INCLUDED_RULES, LIMITS, POLICY, RULE, SHARED, TARIFF};
pub(super) use words::{
    BATTERY_SIGNS, DRIVERS, GRID_SIGNS, MODELS, ON_DRIFT, ON_EXIT, STORES, WHEN_BLIND, WRITES_PER_DAY,
};

use super::model::{Driver, Quantity};

/// How many items a list of the language may have where nothing else is said.
pub(super) const MAX_ITEMS: usize = 2_000;
/// How many calendars a policy may have.
pub(super) const MAX_CALENDARS: usize = 64;
/// How many windows may stand under one `time`.
pub(super) const MAX_WINDOWS: usize = 24;
/// How many rules a policy may have.
pub(super) const MAX_RULES: usize = 200;
/// How many fields one signal of an ATESS may be the sum of.
pub(super) const MAX_FIELDS: usize = 8;
/// How many periods may serve one purpose: four classes of a tariff, five periods each.
pub(super) const MAX_PERIODS: usize = 20;
/// How many points a curve of voltages may have.
pub(super) const MAX_POINTS: usize = 100;

/// The keys of one kind of mapping.
#[derive(Debug)]
pub(crate) struct Table {
    /// What the kind is called.
    pub(super) name: &'static str,
    /// What it is for, in a sentence or two.
    pub(super) about: &'static str,
    /// Its keys, in the order in which people write them.
    pub(super) keys: &'static [Key],
    /// Groups of keys of which exactly one stands there whole, and of the others none; empty if there is no such choice.
    pub(super) either: &'static [&'static [&'static str]],
}

/// One key of a mapping.
#[derive(Debug)]
pub(super) struct Key {
    /// Its name.
    pub(super) name: &'static str,
    /// What may stand behind it.
    pub(super) takes: Takes,
    /// Whether it must stand.
    pub(super) need: Need,
    /// The drivers that have it; empty if it does not depend on the driver.
    pub(super) drivers: &'static [Driver],
    /// What it says, in a sentence or two.
    pub(super) about: &'static str,
    /// A value as a policy has it.
    pub(super) example: &'static str,
    /// What holds where it does not stand, in words; empty if nothing does.
    pub(super) usual: &'static str,
}

/// Whether a key must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Always.
    Always,
    /// Not.
    Optional,
    /// Under these drivers.
    Of(&'static [Driver]),
}

/// What may stand behind a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Takes {
    /// The version of the language.
    Version,
    /// A count between these.
    Count(u32, u32),
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
    /// One sentence.
    One(Sentence),
    /// One sentence, or a list of at most so many, any of which may hold.
    Any(Sentence, usize),
    /// A mapping.
    Mapping(&'static Table),
    /// A list of rules.
    Rules,
    /// A list of mappings of conditions.
    Conditions,
    /// Calendars by name.
    Calendars,
    /// One price for all time, or bands by name.
    Prices,
    /// Where the state of charge comes from.
    Soc,
    /// Any text.
    Text,
    /// A list of at most so many mappings.
    List(&'static Table, usize),
    /// One mapping, or a list of at most so many.
    Mappings(&'static Table, usize),
    /// What is given in a test: a value, a word in its place, or a list of these with their times.
    Given(Sentence),
    /// Volts, and the state of charge at them.
    Curve,
}

/// What a text of the language says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sentence {
    /// A name for people, on one line.
    Name,
    /// A path of a file, from the folder of the file in which it stands.
    Path,
    /// A name of the tz database.
    Zone,
    /// A serial number.
    Serial,
    /// A base URL.
    Url,
    /// A currency's code.
    Currency,
    /// A percentage.
    Percent,
    /// A power.
    Power,
    /// An energy.
    Energy,
    /// A price per kWh.
    Price,
    /// A span of time.
    Span,
    /// A window of the clock.
    Window,
    /// Days of the week or of a calendar.
    Days,
    /// Months.
    Months,
    /// Dates.
    Dates,
    /// An import band's name.
    Band,
    /// A comparison.
    Comparison(Quantity),
    /// A comparison of forecast energy.
    Forecast,
    /// An action.
    Action,
    /// A number that an ATESS reports.
    Field,
    /// What one step of such a number is.
    Unit,
    /// A key of an ATESS's settings.
    Setting,
}

impl Table {
    /// A key by its name.
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The names of the keys.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.keys.iter().map(|key| key.name)
    }
}

impl Key {
    /// A key that need not stand.
    const fn new(name: &'static str, takes: Takes, example: &'static str, about: &'static str) -> Key {
        Key { name, takes, need: Need::Optional, drivers: &[], about, example, usual: "" }
    }

    /// The same key, which must stand.
    const fn needed(self) -> Key {
        Key { need: Need::Always, ..self }
    }

    /// The same key, which must stand under these drivers.
    const fn needed_of(self, drivers: &'static [Driver]) -> Key {
        Key { need: Need::Of(drivers), ..self }
    }

    /// The same key, which these drivers alone have.
    const fn of(self, drivers: &'static [Driver]) -> Key {
        Key { drivers, ..self }
    }

    /// The same key with what holds where it does not stand.
    const fn usually(self, usual: &'static str) -> Key {
        Key { usual, ..self }
    }

    /// Whether a driver has it.
    pub(super) fn belongs_to(&self, driver: Driver) -> bool {
        self.drivers.is_empty() || self.drivers.contains(&driver)
    }
}
