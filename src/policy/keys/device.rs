//! The keys of a device; some belong to one driver alone.

use super::words::{BATTERY_SIGNS, DRIVERS, GRID_SIGNS, MODELS, STORES, words};
use super::{Key, MAX_FIELDS, MAX_PERIODS, Sentence, Table, Takes};
use crate::policy::model::Driver;

/// `device:`
pub(in crate::policy) static DEVICE: Table = Table {
    name: "device",
    about: "Which device is controlled. Credentials never stand here: they come from the environment, or from \
            credentials.yaml.",
    keys: &[
        Key::new(
            "driver",
            Takes::Word(|| DRIVERS.map(Driver::word).to_vec()),
            "alphaess",
            "Whose device it is; `simulated` needs no hardware.",
        )
        .needed(),
        Key::new("serial", Takes::One(Sentence::Serial), "ALB011020015002", "The serial number on the device's label.")
            .needed_of(&[Driver::AlphaEss, Driver::Atess])
            .usually("of the simulated device it is SIM000000000001"),
        Key::new(
            "url",
            Takes::One(Sentence::Url),
            "http://127.0.0.1:8480/api",
            "Another base URL than the vendor's, such as a simulator's: https, or plain http to this machine.",
        ),
        Key::new(
            "store",
            Takes::Word(|| words(&STORES)),
            "two-window",
            "Which of the vendor's stores holds the schedule: two windows of every day, or six with weekdays.",
        )
        .of(&[Driver::AlphaEss, Driver::Simulated])
        .usually("the one that answers; simulated: two-window"),
        Key::new("model", Takes::Word(|| words(&MODELS)), "string", "Which family of ATESS systems it is.")
            .of(&[Driver::Atess])
            .needed_of(&[Driver::Atess]),
        Key::new(
            "readings",
            Takes::Mapping(&READINGS),
            "{ battery: { field: pac, positive: discharge, unit: W } }",
            "What the fields of an ATESS mean. What is not mapped is not read; `offpeak calibrate` proposes it.",
        )
        .of(&[Driver::Atess]),
        Key::new(
            "settings",
            Takes::Mapping(&SETTINGS),
            "{ charge: { periods: [valleyPeriodTime1, valleyPeriodTime2], charges to: 100% } }",
            "Which settings of an ATESS may be written. Without it nothing is ever written.",
        )
        .of(&[Driver::Atess]),
    ],
    either: &[],
};

/// `device: readings:`
pub(in crate::policy) static READINGS: Table = Table {
    name: "readings",
    about: "What the fields of an ATESS mean. A signal that is not mapped is not read.",
    keys: &[
        Key::new(
            "battery",
            Takes::Mapping(&BATTERY_READING),
            "{ field: pac, positive: discharge, unit: W }",
            "The power of the battery.",
        ),
        Key::new(
            "grid",
            Takes::Mapping(&GRID_READING),
            "{ field: meterPower, positive: import, unit: kW }",
            "The power at the meter.",
        ),
        Key::new(
            "load",
            Takes::Mapping(&PLAIN_READING),
            "{ field: loadActivePower, unit: W }",
            "The power that the house draws.",
        ),
        Key::new("solar", Takes::Mapping(&PLAIN_READING), "{ sum of: [ppv1, ppv2], unit: W }", "The power of the sun."),
        Key::new("soc", Takes::Soc, "unknown", "Where the state of charge comes from: the vendor has no field for it.")
            .usually("unknown"),
    ],
    either: &[],
};

const FIELD: Key =
    Key::new("field", Takes::One(Sentence::Field), "pac", "One of the vendor's numbers; each serves once.");
const SUM_OF: Key =
    Key::new("sum of", Takes::Any(Sentence::Field, MAX_FIELDS), "[ppv1, ppv2]", "The vendor's numbers that are added.");
const UNIT: Key =
    Key::new("unit", Takes::One(Sentence::Unit), "W", "`W`, `kW`, or what one step of the field is: `100 W`.").needed();
const ONE_OR_SUM: &[&[&str]] = &[&["field"], &["sum of"]];

/// The battery under `readings:`.
pub(in crate::policy) static BATTERY_READING: Table = Table {
    name: "battery reading",
    about: "From which field the power of the battery is read.",
    keys: &[
        FIELD,
        SUM_OF,
        Key::new("positive", Takes::Word(|| words(&BATTERY_SIGNS)), "discharge", "What a positive value means.")
            .needed(),
        UNIT,
    ],
    either: ONE_OR_SUM,
};

/// The grid under `readings:`.
pub(in crate::policy) static GRID_READING: Table = Table {
    name: "grid reading",
    about: "From which field the power at the meter is read.",
    keys: &[
        FIELD,
        SUM_OF,
        Key::new("positive", Takes::Word(|| words(&GRID_SIGNS)), "import", "What a positive value means.").needed(),
        UNIT,
    ],
    either: ONE_OR_SUM,
};

/// Load and sun under `readings:`, which are never negative.
pub(in crate::policy) static PLAIN_READING: Table = Table {
    name: "plain reading",
    about: "From which field a power is read that is never negative.",
    keys: &[FIELD, SUM_OF, UNIT],
    either: ONE_OR_SUM,
};

/// `soc:` under `readings:`, where it is no word.
pub(in crate::policy) static SOC: Table = Table {
    name: "state of charge",
    about: "Where the state of charge comes from: the battery's voltage, or what was charged and discharged.",
    keys: &[
        Key::new(
            "voltage",
            Takes::Curve,
            "{ 48.0: 10%, 54.0: 100% }",
            "The state of charge at some voltages, by straight lines between them: volts rise, the charge never falls.",
        ),
        Key::new(
            "counted from",
            Takes::One(Sentence::Percent),
            "80%",
            "The state of charge when the counters showed `charged` and `discharged`.",
        ),
        Key::new(
            "charged",
            Takes::One(Sentence::Energy),
            "1234.5 kWh",
            "What the counter ebatChargeTotal showed then.",
        ),
        Key::new(
            "discharged",
            Takes::One(Sentence::Energy),
            "1100.2 kWh",
            "What the counter ebatDischargeTotal showed then.",
        ),
    ],
    either: &[&["voltage"], &["counted from", "charged", "discharged"]],
};

/// `device: settings:`
pub(in crate::policy) static SETTINGS: Table = Table {
    name: "settings",
    about: "Which settings of an ATESS may be written.",
    keys: &[
        Key::new(
            "charge",
            Takes::Mapping(&CHARGE),
            "{ periods: [valleyPeriodTime1, valleyPeriodTime2], charges to: 100% }",
            "The periods in which the grid charges the battery.",
        )
        .needed(),
        Key::new(
            "permission",
            Takes::Mapping(&PERMISSION),
            "{ periods: [peakPeriodTime1, peakPeriodTime2], enable: dischargeEnable }",
            "The periods outside which the battery does not discharge; without them there is no `hold`.",
        ),
    ],
    either: &[],
};

const PERIODS: Key = Key::new(
    "periods",
    Takes::Any(Sentence::Setting, MAX_PERIODS),
    "[valleyPeriodTime1, valleyPeriodTime2]",
    "The vendor's keys of the periods. A string system has two of each class, a central one five.",
)
.needed();
const ENABLE: Key = Key::new(
    "enable",
    Takes::One(Sentence::Setting),
    "chargeEnable",
    "The vendor's key of their switch, 1 or 0. Without one a period is in force as it stands.",
);

/// `charge:` under `settings:`
pub(in crate::policy) static CHARGE: Table = Table {
    name: "charge settings",
    about: "The periods in which the grid charges the battery.",
    keys: &[
        PERIODS,
        ENABLE,
        Key::new(
            "charges to",
            Takes::One(Sentence::Percent),
            "100%",
            "To how many percent the device charges then by a limit of its own, which is not written.",
        )
        .needed(),
    ],
    either: &[],
};

/// `permission:` under `settings:`
pub(in crate::policy) static PERMISSION: Table = Table {
    name: "permission settings",
    about: "The periods outside which the battery does not discharge.",
    keys: &[PERIODS, ENABLE],
    either: &[],
};
