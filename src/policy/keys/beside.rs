//! The keys of the files of tests beside a policy.

use super::{Key, Sentence, Table, Takes};
use crate::policy::model::Quantity;
use crate::snapshot::Signal;

/// How many tests a file may have.
pub(crate) const MAX_TESTS: usize = 2_000;

/// How many values a series may have.
pub(crate) const MAX_SERIES: usize = 2_000;

/// How many stretches a timeline may have.
pub(crate) const MAX_STRETCHES: usize = 500;

/// The names of the keys of a table.
pub(crate) fn names_of(table: &Table) -> Vec<&'static str> {
    table.names().collect()
}

/// A whole file of tests.
pub(crate) static TEST_FILE: Table = Table {
    name: "test file",
    about: "Tests of one policy.",
    keys: &[
        Key::new(
            "policy",
            Takes::Text,
            "home.yaml",
            "The policy that is tested, by its path from this file's folder on.",
        )
        .needed(),
        Key::new("tests", Takes::List(&TEST, MAX_TESTS), "[]", "The tests, each with a name of its own.").needed(),
    ],
    either: &[],
};

/// One of `tests:`
pub(crate) static TEST: Table = Table {
    name: "test",
    about: "What must hold at one moment (`at`) or over a span (`from` with `for` or `until`).",
    keys: &[
        Key::new(
            "name",
            Takes::Text,
            "a cold night charges",
            "The test's own name: one line of at most 120 characters.",
        )
        .needed(),
        Key::new("at", Takes::Text, "2026-01-15 01:00", "One moment, on the site's clock or with its offset."),
        Key::new("from", Takes::Text, "2026-10-24 20:00", "The first moment of a span of 1 min to 14 days."),
        Key::new("for", Takes::One(Sentence::Span), "16 h", "How long the span lasts by any clock."),
        Key::new(
            "until",
            Takes::Text,
            "12:00",
            "The first moment after the span, or the next time that the clock shows.",
        ),
        Key::new(
            "given",
            Takes::Mapping(&GIVEN),
            "{ soc: 40%, solar: 0 W, load: 400 W }",
            "What is read and what prices are. What is not given is unknown, but for the prices of the policy's tariff.",
        ),
        Key::new("expect", Takes::Mapping(&EXPECT), "{ rule: none }", "What must come of it.").needed(),
    ],
    either: &[&["at"], &["from"]],
};

/// A reading that is given.
const fn reading(name: &'static str, sentence: Sentence, example: &'static str, about: &'static str) -> Key {
    Key::new(name, Takes::Given(sentence), example, about)
}

/// A price that is given.
const fn price(name: &'static str, about: &'static str) -> Key {
    Key::new(name, Takes::Given(Sentence::Price), "0.07", about)
}

/// `given:`
pub(crate) static GIVEN: Table = Table {
    name: "given",
    about: "Each is a value, `unknown`, `stale`, or a list of these with their times: `40% at 20:00`.",
    keys: &[
        reading(
            "soc",
            Sentence::Percent,
            "40%",
            "The state of charge. Over a span one value is where the battery begins.",
        ),
        reading("load", Sentence::Power, "400 W", "The power that the house draws."),
        reading("solar", Sentence::Power, "0 W", "The power of the sun."),
        reading("battery", Sentence::Power, "0 W", "The power of the battery: discharge is positive, charge negative."),
        reading("grid", Sentence::Power, "0 W", "The power at the meter: import is positive, export negative."),
        reading("ev", Sentence::Power, "7.2 kW", "The power of the charging car."),
        price("import price", "What a kWh from the grid costs; never stale."),
        price("export price", "What a kWh to the grid earns; never stale."),
    ],
    either: &[],
};

const RULE: Key = Key::new(
    "rule",
    Takes::Text,
    "Top up at the night rate",
    "The rule that decides, by its name; `none` where no rule does.",
);

const ACTION: Key = Key::new(
    "action",
    Takes::One(Sentence::Action),
    "charge to 90%",
    "What is asked of the battery, within reserve and ceiling.",
);

/// `expect:`
pub(crate) static EXPECT: Table = Table {
    name: "expect",
    about: "What must come of it. Of one moment `rule` and `action` are known; beside a span they must hold all through it.",
    keys: &[
        RULE,
        ACTION,
        Key::new(
            "timeline",
            Takes::Mappings(&STRETCH, MAX_STRETCHES),
            "[]",
            "Stretches of a span in the order of time. A rule that they name must not decide outside of them.",
        ),
        Key::new("writes", Takes::Text, "at most 2", "How many writes the device gets over a span."),
        Key::new(
            "cost",
            Takes::Text,
            "at most 1.20",
            "Energy bought less energy sold over a span, in the tariff's currency.",
        ),
        Key::new(
            "soc",
            Takes::One(Sentence::Comparison(Quantity::Reading(Signal::Soc))),
            "at least 80%",
            "The state of charge at the end of a span.",
        ),
    ],
    either: &[],
};

/// One of `timeline:`
pub(crate) static STRETCH: Table = Table {
    name: "stretch",
    about: "A stretch of a timeline, with `rule`, `action` or both.",
    keys: &[
        Key::new("from", Takes::Text, "23:30", "Where it begins; left out, where the one before it ends."),
        Key::new("to", Takes::Text, "05:30", "Where it ends; left out, at the end of the span."),
        RULE,
        ACTION,
    ],
    either: &[],
};
