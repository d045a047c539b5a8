//! The keys of a mapping of conditions, all of which must hold.

use super::{Key, MAX_ITEMS, MAX_WINDOWS, Sentence, Table, Takes};
use crate::policy::model::Quantity;
use crate::snapshot::Signal;

/// `time:`
pub(super) const TIME: Key = Key::new(
    "time",
    Takes::Any(Sentence::Window, MAX_WINDOWS),
    "23:30-05:30",
    "Windows of the clock: the start belongs to it, the end does not. It may cross midnight, and may name a zone.",
);

/// `days:`
pub(super) const DAYS: Key = Key::new(
    "days",
    Takes::Any(Sentence::Days, MAX_ITEMS),
    "mon-fri",
    "Days of the week, `weekdays`, `weekends` or a calendar's name; `not` before any of these. Beside `time` or `tariff` \
     the day is the one on which that window began.",
);

/// `months:`
pub(super) const MONTHS: Key = Key::new(
    "months",
    Takes::Any(Sentence::Months, MAX_ITEMS),
    "nov-mar",
    "Months, and ranges of them, which may wrap the year.",
);

/// `dates:`
pub(super) const DATES: Key = Key::new(
    "dates",
    Takes::Any(Sentence::Dates, MAX_ITEMS),
    "2026-12-24..2026-12-26",
    "Dates, and ranges of them with both ends.",
);

/// A comparison, or a list of which any may hold.
const fn compared(name: &'static str, quantity: Quantity, example: &'static str, about: &'static str) -> Key {
    Key::new(name, Takes::Any(Sentence::Comparison(quantity), MAX_ITEMS), example, about)
}

/// A comparison of a reading.
const fn reading(name: &'static str, signal: Signal, example: &'static str, about: &'static str) -> Key {
    compared(name, Quantity::Reading(signal), example, about)
}

/// A mapping of conditions.
pub(in crate::policy) static CONDITION: Table = Table {
    name: "conditions",
    about: "All of these must hold. A list under a key means any of its items.",
    keys: &[
        TIME,
        DAYS,
        MONTHS,
        DATES,
        Key::new(
            "tariff",
            Takes::Any(Sentence::Band, MAX_ITEMS),
            "night",
            "The name of an import band, while that band holds.",
        ),
        compared(
            "import price",
            Quantity::ImportPrice,
            "below 0.10",
            "The price of import, compared in the tariff's currency per kWh, or its rank among the known prices.",
        ),
        compared(
            "export price",
            Quantity::ExportPrice,
            "above 0.30",
            "The price of export, compared in the tariff's currency per kWh, or its rank among the known prices.",
        ),
        reading("soc", Signal::Soc, "below 30%", "The state of charge, compared in percent."),
        reading("solar", Signal::Solar, "above 3 kW for 10 min", "The power of the sun; never negative."),
        reading(
            "load",
            Signal::Load,
            "below 200 W on average over 15 min",
            "The power that the house draws; never negative.",
        ),
        reading("grid", Signal::Grid, "below -500 W", "The power at the meter: import is positive, export negative."),
        reading(
            "battery",
            Signal::Battery,
            "above 0 W",
            "The power of the battery: discharge is positive, charge negative.",
        ),
        reading("ev", Signal::Ev, "above 1 kW for 5 min", "The power of the charging car; never negative."),
        Key::new(
            "forecast solar",
            Takes::Any(Sentence::Forecast, MAX_ITEMS),
            "below 8 kWh tomorrow",
            "The energy that the sun is forecast to give over a span.",
        ),
        Key::new(
            "forecast load",
            Takes::Any(Sentence::Forecast, MAX_ITEMS),
            "above 3 kWh by 16:00",
            "The energy that the house is forecast to draw over a span.",
        ),
        Key::new(
            "any",
            Takes::Conditions,
            "[{ soc: below 30% }, { tariff: night }]",
            "A list of mappings of conditions: at least one of them must hold.",
        ),
        Key::new(
            "all",
            Takes::Conditions,
            "[{ soc: below 30% }, { tariff: night }]",
            "A list of mappings of conditions: each of them must hold.",
        ),
        Key::new(
            "not",
            Takes::Mapping(&CONDITION),
            "{ tariff: night }",
            "One mapping of conditions, which must not hold.",
        ),
    ],
    either: &[],
};
