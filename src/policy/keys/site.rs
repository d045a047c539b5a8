//! The keys of a policy, its battery, its tariff, its rules and its limits.

use super::condition::{CONDITION, DATES, DAYS, MONTHS, TIME};
use super::device::DEVICE;
use super::words::{ON_DRIFT, ON_EXIT, WHEN_BLIND, WRITES_PER_DAY, words};
use super::{Key, MAX_ITEMS, Sentence, Table, Takes};

/// The version of the language.
const VERSION: Key = Key::new("offpeak", Takes::Version, "1", "The version of the policy language: 1.").needed();

const INCLUDE: Key = Key::new(
    "include",
    Takes::Any(Sentence::Path, MAX_ITEMS),
    "shared/days.yaml",
    "Files with calendars or the tariff, by their paths from this file's folder on. Files with rules stand under `rules`.",
);

// It must stand in one of the files.
const SHARED_TARIFF: Key = Key::new(
    "tariff",
    Takes::Mapping(&TARIFF),
    "{ currency: GBP }",
    "What energy costs. It stands in the policy or in one of the files that it includes.",
);

const CALENDARS: Key = Key::new(
    "calendars",
    Takes::Calendars,
    "{ holidays: [2026-12-25, 2026-12-26] }",
    "Days by name: dates, ranges of at most 400 days, and iCalendar files. `days` can name a calendar.",
);

const RULES: Key = Key::new(
    "rules",
    Takes::Rules,
    "[]",
    "The rules in the order of their priority: the first whose conditions all hold wins. A file of rules stands where its rules stand.",
);

/// A file that policies share.
pub(in crate::policy) static SHARED: Table = Table {
    name: "shared file",
    about: "Rules, calendars and a tariff that several policies include.",
    keys: &[VERSION, INCLUDE, SHARED_TARIFF, CALENDARS, RULES],
    either: &[],
};

/// A file of rules among `rules:`.
pub(in crate::policy) static INCLUDED_RULES: Table = Table {
    name: "included rules",
    about: "The rules of these files stand here.",
    keys: &[Key::new(
        "include",
        Takes::Any(Sentence::Path, MAX_ITEMS),
        "shared/car.yaml",
        "Files with rules, by their paths from this file's folder on.",
    )
    .needed()],
    either: &[],
};

/// The days of an iCalendar file.
pub(in crate::policy) static ICAL: Table = Table {
    name: "ical",
    about: "Every day on which an event of an iCalendar file is.",
    keys: &[Key::new(
        "ical",
        Takes::Any(Sentence::Path, MAX_ITEMS),
        "holidays.ics",
        "iCalendar files, by their paths from this file's folder on.",
    )
    .needed()],
    either: &[],
};

/// A whole policy.
pub(in crate::policy) static POLICY: Table = Table {
    name: "policy",
    about: "What a battery is to do and when: the first rule whose conditions all hold wins.",
    keys: &[
        VERSION,
        INCLUDE,
        Key::new("site", Takes::One(Sentence::Name), "home", "The site's name, on one line of at most 80 characters.")
            .needed(),
        Key::new(
            "timezone",
            Takes::One(Sentence::Zone),
            "Europe/London",
            "A name of the tz database: the zone of every window that names none.",
        )
        .needed(),
        Key::new(
            "device",
            Takes::Mapping(&DEVICE),
            "{ driver: simulated }",
            "Which device is controlled. Credentials never stand here.",
        )
        .needed(),
        Key::new(
            "battery",
            Takes::Mapping(&BATTERY),
            "{ capacity: 10 kWh, charge power: 5 kW, discharge power: 5 kW, round trip efficiency: 90% }",
            "What the battery stores, and the guards that hold whatever a rule says.",
        )
        .needed(),
        SHARED_TARIFF,
        CALENDARS,
        RULES,
        Key::new("otherwise", Takes::One(Sentence::Action), "self-consume", "What holds where no rule does.")
            .usually("self-consume"),
        Key::new("limits", Takes::Mapping(&LIMITS), "{ writes per day: 6 }", "The bounds of what may be done."),
    ],
    either: &[],
};

/// `battery:`
pub(in crate::policy) static BATTERY: Table = Table {
    name: "battery",
    about: "What the battery stores, and the guards that hold whatever a rule says.",
    keys: &[
        Key::new("capacity", Takes::One(Sentence::Energy), "10.1 kWh", "Usable energy between 0 and 100 %.").needed(),
        Key::new(
            "charge power",
            Takes::One(Sentence::Power),
            "5 kW",
            "The most that it takes, measured outside the battery.",
        )
        .needed(),
        Key::new(
            "discharge power",
            Takes::One(Sentence::Power),
            "5 kW",
            "The most that it gives, measured outside the battery.",
        )
        .needed(),
        Key::new(
            "round trip efficiency",
            Takes::One(Sentence::Percent),
            "90%",
            "What comes out of what went in. Or `charge efficiency` and `discharge efficiency`.",
        ),
        Key::new(
            "charge efficiency",
            Takes::One(Sentence::Percent),
            "95%",
            "What is stored of what is taken. Beside `discharge efficiency`, instead of `round trip efficiency`.",
        ),
        Key::new(
            "discharge efficiency",
            Takes::One(Sentence::Percent),
            "95%",
            "What is given of what was stored. Beside `charge efficiency`, instead of `round trip efficiency`.",
        ),
        Key::new(
            "reserve",
            Takes::One(Sentence::Percent),
            "10%",
            "Never discharged below this by command, whatever a rule says.",
        )
        .usually("10%"),
        Key::new(
            "ceiling",
            Takes::One(Sentence::Percent),
            "100%",
            "Never charged above this from the grid by command, whatever a rule says.",
        )
        .usually("100%"),
    ],
    either: &[&["round trip efficiency"], &["charge efficiency", "discharge efficiency"]],
};

/// `tariff:`
pub(in crate::policy) static TARIFF: Table = Table {
    name: "tariff",
    about: "What energy costs. At every instant exactly one band of import and one of export holds; `check` proves it.",
    keys: &[
        Key::new(
            "currency",
            Takes::One(Sentence::Currency),
            "GBP",
            "The currency of every price: three capital letters.",
        )
        .needed(),
        Key::new(
            "import",
            Takes::Prices,
            "{ night: { price: 0.07, time: 23:30-05:30 }, day: { price: 0.27 } }",
            "What is paid for a kWh from the grid: one price, or bands by name.",
        ),
        Key::new(
            "export",
            Takes::Prices,
            "{ price: 0.15 }",
            "What is earned for a kWh to the grid: one price, or bands by name.",
        ),
    ],
    either: &[],
};

const PRICE: Key = Key::new(
    "price",
    Takes::One(Sentence::Price),
    "0.07",
    "The price of a kWh in the tariff's currency; may be negative.",
)
.needed();

/// One price for all time.
pub(in crate::policy) static FLAT: Table =
    Table { name: "flat price", about: "One price for all time.", keys: &[PRICE], either: &[] };

/// A band of a tariff.
pub(in crate::policy) static BAND: Table = Table {
    name: "band",
    about: "A price and when it holds. One band may stand without conditions: it holds for the rest of the time.",
    keys: &[PRICE, TIME, DAYS, MONTHS, DATES],
    either: &[],
};

/// One of `rules:`.
pub(in crate::policy) static RULE: Table = Table {
    name: "rule",
    about: "While `when` holds, and no rule above holds, do what `then` says.",
    keys: &[
        Key::new(
            "name",
            Takes::One(Sentence::Name),
            "Top up at the night rate",
            "The rule's own name, by which plans and logs speak of it: one line of at most 80 characters.",
        )
        .needed(),
        Key::new(
            "when",
            Takes::Mapping(&CONDITION),
            "{ time: 00:30-04:30 }",
            "All of these must hold. An empty mapping always holds.",
        )
        .needed(),
        Key::new("then", Takes::One(Sentence::Action), "charge to 90%", "What is done while the rule holds.").needed(),
    ],
    either: &[],
};

/// `limits:`
pub(in crate::policy) static LIMITS: Table = Table {
    name: "limits",
    about: "The bounds of what may be done to the device.",
    keys: &[
        Key::new(
            "reading max age",
            Takes::One(Sentence::Span),
            "10 min",
            "A reading older than this is unknown: 1 min to 24 h.",
        )
        .usually("10 min"),
        Key::new(
            "writes per day",
            Takes::Count(WRITES_PER_DAY.0, WRITES_PER_DAY.1),
            "6",
            "Writes to each vendor endpoint on a local day, 2 to 96. The last one is kept for letting go.",
        )
        .usually("6"),
        Key::new(
            "time between writes",
            Takes::One(Sentence::Span),
            "10 min",
            "The least time between two grants to one endpoint: 1 min to 24 h.",
        )
        .usually("10 min"),
        Key::new(
            "program ahead",
            Takes::One(Sentence::Span),
            "3 h",
            "What begins within this is on the device already, so that an outage as long costs nothing: 0 h to 24 h.",
        )
        .usually("3 h"),
        Key::new(
            "when blind",
            Takes::Word(|| words(&WHEN_BLIND)),
            "keep",
            "What to do when readings fail: `keep` what time alone decides, or `self-consume`.",
        )
        .usually("keep"),
        Key::new(
            "on drift",
            Takes::Word(|| words(&ON_DRIFT)),
            "report",
            "What to do when someone else changed the device's schedule: `report` and leave it, or `reclaim` it.",
        )
        .usually("report"),
        Key::new(
            "on exit",
            Takes::Word(|| words(&ON_EXIT)),
            "keep",
            "What the service leaves behind: `keep` the schedule, `self-consume`, or `restore` what was there at first.",
        )
        .usually("keep"),
        Key::new(
            "extra hold",
            Takes::One(Sentence::Span),
            "0 h",
            "How long a day may be held beyond what the rules ask, to save writes: 0 h to 24 h.",
        )
        .usually("0 h"),
    ],
    either: &[],
};
