//! What holds for every text and every sentence. A failure prints its seed and the smallest input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::time::Duration;

use offpeak::device::atess_fields::NUMBERS;
use offpeak::device::mapping::{AtessMapping, AtessModel, PeriodMap, PowerMap, ReadingMap, SettingMap, SocMap};
use offpeak::device::{DeviceKind, Store};
use offpeak::diagnostic::{Severity, render, to_json};
use offpeak::policy::model::{Bounds, Edge, Quantity};
use offpeak::policy::sentence::{Known, Sentence, comparison, parse_action};
use offpeak::policy::{Action, load};
use offpeak::snapshot::Signal;
use offpeak::time::ClockTime;
use offpeak::units::{Energy, Power, Soc};
use proptest::prelude::*;

/// What must hold whatever is read: no panic, a policy exactly without errors, and places that lie in the text.
fn holds(text: &str) {
    let loaded = load("any.yaml", text);
    let failed = loaded.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    assert_eq!(loaded.policy.is_none(), failed, "{text:?}");
    for diagnostic in &loaded.diagnostics {
        let bytes = diagnostic.place.bytes.clone();
        assert!(text.get(bytes.clone()).is_some(), "{bytes:?} of {text:?}");
        assert!(diagnostic.place.line >= 1 && diagnostic.place.column >= 1);
        assert!(!diagnostic.message.is_empty() && !diagnostic.message.ends_with('.'), "{}", diagnostic.message);
        assert!(!diagnostic.label.is_empty(), "{}", diagnostic.message);
    }
    let shown = render(&loaded.diagnostics, "any.yaml", text, false);
    assert_eq!(shown.is_empty(), loaded.diagnostics.is_empty());
    assert_eq!(shown, render(&loaded.diagnostics, "any.yaml", text, false));
    assert!(to_json(&loaded.diagnostics, "any.yaml", text).is_array());
}

/// Every policy and every broken policy of this repository.
fn corpus() -> Vec<String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["rules", "tests/broken", "tests/policies"];
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(root.join(folder)).unwrap());
    let files = files.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let mut texts: Vec<String> = files.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    texts.sort();
    texts
}

/// Pieces that mean something to YAML or to the language.
const PIECES: [&str; 44] = [
    ":",
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\n",
    "  ",
    "\t",
    "\"",
    "'",
    "#",
    " #",
    "|",
    ">",
    "> ",
    "&a ",
    "*a",
    "!t ",
    "?",
    "%",
    "~",
    "é",
    "\u{feff}",
    "\u{0}",
    "\u{1b}",
    "\r\n",
    "---\n",
    "...",
    "24:00",
    "-",
    "..",
    "1e9",
    ".nan",
    "until",
    "below",
    "not ",
    "<<: ",
    "any: [",
    "soc: ",
    "\u{202e}",
    "999999999999999999999",
];

#[derive(Clone, Debug)]
enum Edit {
    Insert(usize, usize),
    Delete(usize, usize),
    Copy(usize, usize, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (any::<usize>(), 0..PIECES.len()).prop_map(|(at, piece)| Edit::Insert(at, piece)),
        (any::<usize>(), 1..20_usize).prop_map(|(at, length)| Edit::Delete(at, length)),
        (any::<usize>(), any::<usize>(), 1..60_usize).prop_map(|(from, to, length)| Edit::Copy(from, to, length)),
    ]
}

fn edited(text: &str, edits: &[Edit]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for edit in edits {
        let length = characters.len().max(1);
        match *edit {
            Edit::Insert(at, piece) => {
                let at = at % length;
                characters.splice(at..at, PIECES[piece].chars());
            }
            Edit::Delete(at, count) => {
                let at = (at % length).min(characters.len());
                let end = (at + count).min(characters.len());
                characters.drain(at..end);
            }
            Edit::Copy(from, to, count) => {
                let from = (from % length).min(characters.len());
                let piece: Vec<char> = characters[from..(from + count).min(characters.len())].to_vec();
                let to = (to % length).min(characters.len());
                characters.splice(to..to, piece);
            }
        }
    }
    characters.into_iter().collect()
}

fn action() -> impl Strategy<Value = Action> {
    let soc = || (0..=1000_u32).prop_map(|tenths| Soc::from_percent(f64::from(tenths) / 10.0).unwrap());
    let power =
        || proptest::option::of((1..=10_000_000_u32).prop_map(|watts| Power::from_watts(f64::from(watts)).unwrap()));
    let time = (0..=1440_u16).prop_map(|minutes| ClockTime::from_minutes(minutes).unwrap());
    prop_oneof![
        (soc(), power()).prop_map(|(target, power)| Action::ChargeTo { target, power }),
        (time, power()).prop_map(|(until, power)| Action::ChargeToCover { until, power }),
        Just(Action::Hold),
        proptest::option::of(soc()).prop_map(|floor| Action::SelfConsume { floor }),
        (soc(), power()).prop_map(|(floor, power)| Action::DischargeTo { floor, power }),
    ]
}

const QUANTITIES: [Quantity; 8] = [
    Quantity::Reading(Signal::Soc),
    Quantity::Reading(Signal::Solar),
    Quantity::Reading(Signal::Load),
    Quantity::Reading(Signal::Grid),
    Quantity::Reading(Signal::Battery),
    Quantity::Reading(Signal::Ev),
    Quantity::ImportPrice,
    Quantity::ExportPrice,
];

/// Any comparison that a policy may hold.
fn sentence() -> impl Strategy<Value = (Quantity, Sentence)> {
    let span = || proptest::option::of((60..=86_400_u64).prop_map(Duration::from_secs));
    let parts = (0..QUANTITIES.len(), 1..=98_000_u32, 1..=1000_u32, 0..5_u8, any::<bool>(), span(), span());
    parts.prop_map(|(quantity, value, step, form, latched, average, hold)| {
        let (value, other) = (f64::from(value) / 1000.0, f64::from(value + step) / 1000.0);
        let edge = |value, inclusive| Some(Edge { value, inclusive });
        let (low, high, until) = match form {
            0 => (None, edge(value, false), Some(other)),
            1 => (None, edge(value, true), Some(other)),
            2 => (edge(other, false), None, Some(value)),
            3 => (edge(other, true), None, Some(value)),
            _ => (edge(value, true), edge(other, true), None),
        };
        (
            QUANTITIES[quantity],
            Sentence { bounds: Bounds { low, high }, until: until.filter(|_| latched), average, hold },
        )
    })
}

/// The name of an ATESS field or of one of its settings, by position.
fn number(position: usize) -> String {
    NUMBERS[position % NUMBERS.len()].to_owned()
}

fn soc_map() -> impl Strategy<Value = SocMap> {
    let soc = |percent: u32| Soc::from_percent(f64::from(percent) / 10.0).unwrap();
    let point = (1..=200_u32, 0..=100_u32);
    let curve = prop::collection::vec(point, 2..9).prop_map(move |steps| {
        let mut volts = 400_u32;
        let mut percent = 0_u32;
        let mut points = Vec::new();
        for (volt, more) in steps {
            volts += volt;
            percent = (percent + more).min(1000);
            points.push((f64::from(volts) / 10.0, soc(percent)));
        }
        SocMap::Voltage(points)
    });
    let energy = || (0..=1_000_000_u32).prop_map(|tenths| Energy::from_watt_hours(f64::from(tenths) * 100.0).unwrap());
    let counted = (0..=1000_u32, energy(), energy()).prop_map(move |(percent, charged, discharged)| SocMap::Counted {
        soc: soc(percent),
        charged,
        discharged,
    });
    prop_oneof![Just(SocMap::Unknown), curve, counted]
}

/// Any mapping that an owner may write.
fn mapping() -> impl Strategy<Value = AtessMapping> {
    let scale = || prop::sample::select(vec![1.0, 10.0, 100.0, 1000.0, 0.5]);
    let power = move |from: usize, signed: bool| {
        let map = (1..4_usize, scale(), any::<bool>()).prop_map(move |(count, scale, negative)| PowerMap {
            fields: (0..count).map(|step| number(from + step)).collect(),
            watts_per_unit: if signed && negative { -scale } else { scale },
        });
        proptest::option::of(map)
    };
    let readings = (power(0, true), power(10, true), power(20, false), power(30, false), soc_map())
        .prop_map(|(battery, grid, load, solar, soc)| ReadingMap { battery, grid, load, solar, soc });
    let keys = |class: &'static str| {
        (1..=2_usize, any::<bool>()).prop_map(move |(count, enable)| PeriodMap {
            periods: (1..=count).map(|number| format!("{class}PeriodTime{number}")).collect(),
            enable: enable.then(|| format!("{class}Enable")),
        })
    };
    let settings = (keys("valley"), 1..=100_u8, proptest::option::of(keys("peak")))
        .prop_map(|(charge, charges_to, permission)| SettingMap { charge, charges_to, permission });
    let model = prop::sample::select(vec![AtessModel::String, AtessModel::Central]);
    (model, readings, proptest::option::of(settings)).prop_map(|(model, readings, settings)| AtessMapping {
        model,
        readings,
        settings,
    })
}

/// A mapping in the words of a policy, one key a line.
fn written(mapping: &AtessMapping) -> String {
    let readings = &mapping.readings;
    let power = |key: &str, map: &Option<PowerMap>, directions: Option<[&str; 2]>| {
        let Some(map) = map else { return String::new() };
        let fields = match map.fields.as_slice() {
            [field] => format!("field: {field}"),
            fields => format!("sum of: [{}]", fields.join(", ")),
        };
        let positive = directions.map(|words| words[usize::from(map.watts_per_unit < 0.0)]);
        let positive = positive.map_or(String::new(), |word| format!(", positive: {word}"));
        format!("    {key}: {{ {fields}{positive}, unit: {} W }}\n", map.watts_per_unit.abs())
    };
    let soc = match &readings.soc {
        SocMap::Unknown => "unknown".to_owned(),
        SocMap::Voltage(points) => {
            let points: Vec<String> =
                points.iter().map(|(volts, soc)| format!("{volts:.1}: {}%", soc.percent())).collect();
            format!("{{ voltage: {{ {} }} }}", points.join(", "))
        }
        SocMap::Counted { soc, charged, discharged } => format!(
            "{{ counted from: {}%, charged: {} kWh, discharged: {} Wh }}",
            soc.percent(),
            charged.kilowatt_hours(),
            discharged.watt_hours()
        ),
    };
    let periods = |map: &PeriodMap| {
        let enable = map.enable.as_ref().map_or(String::new(), |key| format!(", enable: {key}"));
        format!("periods: [{}]{enable}", map.periods.join(", "))
    };
    let settings = mapping.settings.as_ref().map_or(String::new(), |settings| {
        let permission = settings
            .permission
            .as_ref()
            .map_or(String::new(), |permission| format!("    permission: {{ {} }}\n", periods(permission)));
        let charge = periods(&settings.charge);
        format!("  settings:\n    charge: {{ {charge}, charges to: {}% }}\n{permission}", settings.charges_to)
    });
    format!(
        "  model: {}\n  readings:\n{}{}{}{}    soc: {soc}\n{settings}",
        mapping.model.word(),
        power("battery", &readings.battery, Some(["discharge", "charge"])),
        power("grid", &readings.grid, Some(["import", "export"])),
        power("load", &readings.load, None),
        power("solar", &readings.solar, None),
    )
}

/// A whole policy with this device.
fn policy_of(device: &str) -> String {
    format!(
        "offpeak: 1\nsite: home\ntimezone: Europe/London\ndevice:\n{device}battery: {{ capacity: 10 kWh, \
         charge power: 5 kW, discharge power: 5 kW, round trip efficiency: 81% }}\ntariff: {{ currency: GBP }}\n"
    )
}

#[test]
fn a_store_is_read_back() {
    let check = |driver: &str, store: Option<Store>| {
        let line = store.map_or(String::new(), |store| format!("  store: {}\n", store.word()));
        let policy = load("any.yaml", &policy_of(&format!("  driver: {driver}\n  serial: A1\n{line}"))).policy;
        assert_eq!(policy.unwrap().device.kind.chosen_store(), store, "{driver}");
    };
    for driver in ["alphaess", "simulated"] {
        [None, Some(Store::TwoWindow), Some(Store::Periodic)].into_iter().for_each(|store| check(driver, store));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_without_panic(text in any::<String>()) {
        holds(&text);
    }

    #[test]
    fn any_pieces_are_read_without_panic(pieces in prop::collection::vec(0..PIECES.len(), 0..60)) {
        holds(&pieces.into_iter().map(|piece| PIECES[piece]).collect::<String>());
    }

    #[test]
    fn damaged_policies_are_read_without_panic(pick in any::<usize>(), edits in prop::collection::vec(edit(), 1..8)) {
        let corpus = corpus();
        holds(&edited(&corpus[pick % corpus.len()], &edits));
    }

    #[test]
    fn an_action_in_canonical_words_is_read_back(action in action()) {
        prop_assert_eq!(parse_action(&action.to_string()), Ok(action));
    }

    #[test]
    fn what_an_owner_says_of_an_atess_is_read_back(mapping in mapping()) {
        let text = policy_of(&format!("  driver: atess\n  serial: HPS1\n{}", written(&mapping)));
        let loaded = load("any.yaml", &text);
        let kind = loaded.policy.map(|policy| policy.device.kind);
        prop_assert_eq!(kind, Some(DeviceKind::Atess(Box::new(mapping))), "{}", render(&loaded.diagnostics, "any.yaml", &text, false));
    }

    #[test]
    fn damaged_mappings_are_read_without_panic(mapping in mapping(), edits in prop::collection::vec(edit(), 1..6)) {
        holds(&edited(&policy_of(&format!("  driver: atess\n  serial: HPS1\n{}", written(&mapping))), &edits));
    }

    #[test]
    fn a_comparison_in_canonical_words_is_read_back((quantity, sentence) in sentence()) {
        let words = sentence.canonical(quantity.measure());
        prop_assert_eq!(comparison(&words, quantity), Ok(Known::Comparison(sentence)), "{}", words);
    }

    #[test]
    fn damaged_sentences_are_read_without_panic(text in "[a-z0-9%:. <>=-]{0,40}", edits in prop::collection::vec(edit(), 0..3)) {
        let text = edited(&text, &edits);
        let _ = parse_action(&text);
        for quantity in QUANTITIES {
            if let Err(problem) = comparison(&text, quantity) {
                prop_assert!(text.get(problem.bytes.clone()).is_some(), "{:?} of {text:?}", problem.bytes);
            }
        }
    }
}
