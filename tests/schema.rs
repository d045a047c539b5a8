//! The schema of a policy: valid itself, met by every good policy, and never stricter than `check`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::{Path, PathBuf};

use jsonschema::Validator;
use offpeak::diagnostic::{Severity, render};
use offpeak::policy::model::Quantity;
use offpeak::policy::sentence;
use offpeak::policy::{load, schema, test_schema};
use offpeak::policy_test::{Draft, NoPolicy};
use offpeak::snapshot::Signal;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).unwrap()
}

/// What an editor makes of a text, if it is YAML at all.
fn tree(text: &str) -> Option<Value> {
    serde_yaml::from_str(text).ok()
}

fn files(folder: &str) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let yaml = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
    let plain = |path: &PathBuf| !path.to_string_lossy().ends_with(".test.yaml");
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let mut found: Vec<_> = entries
        .filter(|path| yaml(path) && plain(path))
        .map(|path| (name(&path), std::fs::read_to_string(path).unwrap()))
        .collect();
    found.sort();
    found
}

/// Every good policy of this repository.
fn good() -> Vec<(String, String)> {
    let mut found: Vec<_> = ["rules", "examples", "tests/policies"].iter().flat_map(|folder| files(folder)).collect();
    let reference = std::fs::read_to_string(root().join("docs/policy-language.md")).unwrap();
    let blocks = reference.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
    found.extend(blocks.map(|block| ("policy-language.md".to_owned(), block)));
    found
}

/// The codes of what `check` holds against a text.
fn errors(text: &str) -> Vec<&'static str> {
    let found = load("any.yaml", text).diagnostics;
    found.into_iter().filter(|found| found.severity == Severity::Error).map(|found| found.code.0).collect()
}

fn refusals(validator: &Validator, tree: &Value) -> Vec<String> {
    validator.iter_errors(tree).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn the_schema_is_a_schema() {
    jsonschema::draft202012::meta::validate(&schema()).unwrap();
    jsonschema::draft7::meta::validate(&schema()).unwrap();
}

#[test]
fn the_schema_reads_as_it_was_reviewed() {
    let mut schema = schema();
    // Names of other people's databases, which are long and not ours.
    for long in ["zone", "field"] {
        let names = schema["$defs"][long]["enum"].as_array_mut().unwrap();
        let more = names.len() - 3;
        names.truncate(3);
        names.push(format!("… and {more} more").into());
    }
    insta::assert_snapshot!(format!("{schema:#}"));
}

fn validator_of_tests() -> Validator {
    assert!(jsonschema::draft202012::meta::is_valid(&test_schema()));
    jsonschema::draft202012::new(&test_schema()).unwrap()
}

#[test]
fn every_good_file_of_tests_meets_its_schema() {
    let (validator, mut count) = (validator_of_tests(), 0);
    let mut check = |name: &str, text: &str| {
        let found = refusals(&validator, &tree(text).unwrap());
        assert!(found.is_empty(), "{name}: {found:#?}");
        count += 1;
    };
    for folder in ["rules", "tests/policy_tests"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.display().to_string();
            if name.ends_with(".test.yaml") && !name.ends_with("broken.test.yaml") {
                check(&name, &std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let reference = std::fs::read_to_string(root().join("docs/testing.md")).unwrap();
    for fence in ["```yaml\n", "```yaml test\n"] {
        for block in reference.split(fence).skip(1).map(|rest| rest.split("```").next().unwrap()) {
            let whole =
                if block.starts_with("policy:") { block.to_owned() } else { format!("policy: x\ntests:\n{block}") };
            check("testing.md", &whole);
        }
    }
    assert!(count >= 13, "{count}");
}

#[test]
fn what_the_schema_of_tests_refuses_the_tests_themselves_refuse() {
    let validator = validator_of_tests();
    let check = |text: &str, good: bool| {
        let found = refusals(&validator, &tree(text).unwrap());
        assert_eq!(found.is_empty(), good, "{text}\n{found:#?}");
        let loaded = Draft::of(text).finish(Err(NoPolicy::Broken));
        let shown = render(&loaded.diagnostics, "any.test.yaml", text, false);
        assert_eq!(loaded.diagnostics.is_empty(), good, "{text}\n{shown}");
    };
    let of = |keys: &str| format!("policy: home.yaml\ntests: [{{ name: x, {keys} }}]\n");
    let moment = |given: &str| of(&format!("at: 2026-01-15 01:00, given: {{ {given} }}, expect: {{ rule: none }}"));
    let span = |expect: &str| of(&format!("from: 2026-01-15 01:00, for: 16 h, expect: {{ {expect} }}"));
    check("policy: home.yaml\ntests: []\n", true);
    check("tests: []\n", false);
    check("policy: home.yaml\ntest: []\ntests: []\n", false);
    check(&of("at: 2026-01-15 01:00, expect: { rule: none }"), true);
    check(&of("at: 2026-01-15 01:00"), false);
    check(&of("expect: { rule: none }"), false);
    check(&of("at: 2026-01-15 01:00, from: 2026-01-15 01:00, for: 1 h, expect: { rule: none }"), false);
    check(&of("from: 2026-01-15 01:00, for: 16, expect: { rule: none }"), false);
    check(&of("from: 2026-01-15 01:00, until: 12:00, expect: { rule: none }"), true);
    check(&moment("soc: 40%, load: 400 W, grid: -1.5 kW, import price: 0.07, export price: unknown, ev: stale"), true);
    check(&moment("soc: 40"), false);
    check(&moment("ev: stal"), false);
    check(&moment("solr: 0 W"), false);
    check(&moment("soc: [40% at 00:20, stale at 00:40]"), true);
    check(&moment("soc: [40%]"), false);
    check(&moment("soc: []"), false);
    check(
        &span("timeline: [{ from: 01:30, to: 05:30, rule: none }], writes: 2, cost: at most 1.20, soc: at least 80%"),
        true,
    );
    check(&span("timeline: { to: 05:30, action: charge to 90% }"), true);
    check(&span("timeline: []"), false);
    check(&span("action: charg to 90%"), false);
    check(&span("soc: 80"), false);
    check(&span("rule: none, priority: 1"), false);
}

#[test]
fn every_good_policy_meets_the_schema() {
    let validator = validator();
    let good = good();
    assert!(good.len() > 10);
    for (file, text) in good {
        let found = refusals(&validator, &tree(&text).unwrap());
        assert!(found.is_empty(), "{file}: {found:#?}");
    }
}

/// What is wrong with the shape of a file: what an editor can know.
const STRUCTURAL: [&str; 6] =
    ["unknown-key", "missing-key", "wrong-shape", "missing-value", "unknown-word", "empty-list"];

#[test]
fn of_the_broken_policies_the_schema_refuses_those_whose_shape_is_wrong() {
    let validator = validator();
    let mut refused = Vec::new();
    for (file, text) in files("tests/broken") {
        let Some(tree) = tree(&text) else { continue };
        let found = refusals(&validator, &tree);
        let errors = errors(&text);
        assert!(found.is_empty() || !errors.is_empty(), "{file}: {found:#?}");
        let structural = errors.iter().any(|code| STRUCTURAL.contains(code));
        assert!(!found.is_empty() || !structural, "{file} is {errors:?}, and the schema takes it");
        refused.extend((!found.is_empty()).then_some(file));
    }
    // Sentences that are misspelt are refused too, where a pattern can know it.
    for file in
        ["action-without-target", "comparison-missing-unit", "months-as-numbers", "window-bad-time", "zone-misspelt"]
    {
        assert!(refused.contains(&format!("{file}.yaml")), "{file}");
    }
    assert!(refused.len() > 80, "{refused:?}");
}

/// A change to a policy, as a hand that slips would make it.
#[derive(Clone, Debug)]
enum Slip {
    /// Leaves a key or an item out.
    Drop,
    /// Writes another key.
    Rename(&'static str),
    /// Writes another value.
    Replace(Value),
    /// Puts the value into a list.
    Enlist,
    /// Puts the value under a key.
    Nest(&'static str),
    /// Adds a key with this value.
    Add(&'static str, Value),
}

/// Keys of the language, and some that are none.
const KEYS: [&str; 40] = [
    "offpeak",
    "site",
    "timezone",
    "device",
    "battery",
    "tariff",
    "calendars",
    "rules",
    "otherwise",
    "limits",
    "driver",
    "serial",
    "url",
    "store",
    "model",
    "readings",
    "settings",
    "capacity",
    "charge power",
    "round trip efficiency",
    "charge efficiency",
    "reserve",
    "price",
    "time",
    "days",
    "months",
    "dates",
    "soc",
    "ev",
    "import price",
    "any",
    "not",
    "name",
    "when",
    "then",
    "voltage",
    "periods",
    "field",
    "sum of",
    "nonsense",
];

fn values() -> impl Strategy<Value = Value> {
    let texts = [
        "90%",
        " 9.5 % ",
        "101%",
        "-5%",
        "5 kW",
        "5kW",
        "5 kilowatt",
        "10.1 kWh",
        "0.27",
        "10 min",
        "1 h 30 min",
        "90 s",
        "23:30-05:30",
        "9:00 to 17:00 UTC",
        "24:00-01:00",
        "mon-fri",
        "not weekends",
        "nov-mar",
        "Dec",
        "2026-12-24..2026-12-26",
        "2026-13-01",
        "night",
        "below 30%",
        "above 1 kW for 5 min",
        "< 0.10",
        "negative",
        "Hold",
        "charge to 90% at 3 kW",
        "self-consume down to 20%",
        "self consume",
        "keep",
        "periodic",
        "atess",
        "simulated",
        "string",
        "unknown",
        "GBP",
        "Europe/London",
        "Europe/Londinium",
        "https://example.org/api",
        "ftp://example.org",
        "pac",
        "",
        "  ",
        "x",
    ];
    prop_oneof![
        8 => prop::sample::select(texts.to_vec()).prop_map(Value::from),
        1 => prop::sample::select(vec![json!(0.27), json!(1), json!(6), json!(97), json!(-3), Value::Null]),
        1 => prop::sample::select(vec![json!([]), json!({}), json!(["hold"]), json!({ "price": 0.1 }), json!([[]])]),
    ]
}

fn slip() -> impl Strategy<Value = Slip> {
    let key = || prop::sample::select(KEYS.to_vec());
    prop_oneof![
        3 => Just(Slip::Drop),
        2 => key().prop_map(Slip::Rename),
        6 => values().prop_map(Slip::Replace),
        1 => Just(Slip::Enlist),
        1 => key().prop_map(Slip::Nest),
        3 => (key(), values()).prop_map(|(key, value)| Slip::Add(key, value)),
    ]
}

/// How many places a tree has at which a hand can slip.
fn places(tree: &Value) -> usize {
    let below: usize = match tree {
        Value::Object(entries) => entries.values().map(places).sum(),
        Value::Array(items) => items.iter().map(places).sum(),
        _ => 0,
    };
    below + 1
}

/// The tree with a slip at the place of this number; the root is the last.
fn slipped(tree: Value, at: &mut usize, slip: &Slip) -> Option<Value> {
    let whole = match tree {
        Value::Object(entries) => {
            let mut kept = Map::new();
            for (key, value) in entries {
                let here = *at == places(&value) - 1;
                let key = if let (true, Slip::Rename(other)) = (here, slip) { (*other).to_owned() } else { key };
                if let Some(value) = slipped(value, at, slip) {
                    kept.insert(key, value);
                }
            }
            Value::Object(kept)
        }
        Value::Array(items) => Value::Array(items.into_iter().filter_map(|item| slipped(item, at, slip)).collect()),
        other => other,
    };
    let here = *at == 0;
    *at = at.wrapping_sub(1);
    if here { changed(whole, slip) } else { Some(whole) }
}

fn changed(value: Value, slip: &Slip) -> Option<Value> {
    Some(match (slip, value) {
        (Slip::Drop, _) => return None,
        (Slip::Rename(_), value) => value,
        (Slip::Replace(other), _) => other.clone(),
        (Slip::Enlist, value) => json!([value]),
        (Slip::Nest(key), value) => json!({ *key: value }),
        (Slip::Add(key, added), Value::Object(mut entries)) => {
            entries.insert((*key).to_owned(), added.clone());
            Value::Object(entries)
        }
        (Slip::Add(key, added), _) => json!({ *key: added }),
    })
}

/// Good policies as trees: those of this repository, and an ATESS whose every key is written.
fn trees() -> Vec<Value> {
    let atess = "offpeak: 1\nsite: yard\ntimezone: UTC\ndevice:\n  driver: atess\n  serial: HPS1\n  model: string\n  readings:\n    \
                 battery: { field: pac, positive: discharge, unit: W }\n    grid: { field: meterPower, positive: import, unit: kW }\n    \
                 load: { field: loadActivePower, unit: W }\n    solar: { sum of: [ppv1, ppv2], unit: 100 W }\n    \
                 soc: { voltage: { 48.0: 10%, 54.0: 100% } }\n  settings:\n    charge: { periods: [valleyPeriodTime1], enable: \
                 chargeEnable, charges to: 90% }\n    permission: { periods: peakPeriodTime1 }\nbattery: { capacity: 50 kWh, charge \
                 power: 5 kW, discharge power: 5 kW, charge efficiency: 95%, discharge efficiency: 95%, reserve: 0% }\ntariff: { currency: EUR }\n";
    assert!(
        load("yard.yaml", atess).policy.is_some(),
        "{}",
        render(&load("yard.yaml", atess).diagnostics, "", atess, false)
    );
    let mut trees: Vec<Value> = good().iter().map(|(_, text)| tree(text).unwrap()).collect();
    trees.push(tree(atess).unwrap());
    trees.push(
        tree(&atess.replace(
            "{ voltage: { 48.0: 10%, 54.0: 100% } }",
            "{ counted from: 80%, charged: 1 kWh, discharged: 1 kWh }",
        ))
        .unwrap(),
    );
    trees
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    /// An editor that underlines what `check` takes would be lied to by its own schema; one that does not underline a wrong
    /// shape would not know the language.
    #[test]
    fn what_the_schema_refuses_check_refuses_and_wrong_shapes_are_refused_by_both(
        which in any::<prop::sample::Index>(),
        slips in prop::collection::vec((any::<prop::sample::Index>(), slip()), 1..4),
    ) {
        thread_local! {
            static STAND: (Validator, Vec<Value>) = (validator(), trees());
        }
        STAND.with(|(validator, trees)| {
            let mut tree = which.get(trees).clone();
            for (at, slip) in &slips {
                let mut at = at.index(places(&tree));
                let Some(next) = slipped(tree.clone(), &mut at, slip) else { continue };
                tree = next;
            }
            // JSON is YAML too, so what the schema sees and what `check` reads is one text.
            let text = format!("{tree:#}");
            let errors = errors(&text);
            let refusals = refusals(validator, &tree);
            prop_assert!(refusals.is_empty() || !errors.is_empty(), "{text}\n{refusals:#?}");
            let structural = errors.iter().any(|code| STRUCTURAL.contains(code));
            prop_assert!(!structural || !refusals.is_empty(), "{text}\n{errors:?}");
            Ok(())
        })?;
    }
}

/// A sentence made of the language's words with other cases, blanks and numbers.
fn sentence() -> impl Strategy<Value = String> {
    let lines = [
        "charge to 90 % at 3 kW",
        "charge to cover load until 09:00 at 500 W",
        "discharge to 30 %",
        "hold",
        "self-consume down to 20 %",
        "self-consume",
        "follow the cheapest plan",
        "below 30 % until 65 % for 5 min",
        "at least 80 %",
        "20 % to 40 %",
        "< 3 kW on average over 15 min",
        ">= -500 W for 1 h 30 min",
        "1 kW to 2 MW until 3 kW",
        "below 0.10",
        "negative",
        "-0.05 to 0.10 for 10 min until 0.20",
        "among the cheapest 3 h of today",
        "among the dearest 2 h in a row after 16:00",
        "among the cheapest 2 h between 22:00 - 07:00 UTC",
        "at most 80 % of the average of tomorrow",
        "below 8 kWh tomorrow",
        "3 kWh to 8 kWh by 16:00",
        "above 3 kWh between 9:00 - 24:00",
        "23:30 - 05:30",
        "0:30 to 07:30 Europe/London",
        "nov - mar",
        "december",
        "2026-12-24 .. 2026-12-26",
        "2100-02-28",
        "90 %",
        "100.0 %",
        "5 kW",
        "10.1 kWh",
        "0.27",
        "1 h 30 min 5 s",
        "90 min",
    ];
    let gap = prop::sample::select(vec!["", " ", " ", "  ", "\t", "\n"]);
    let word = (gap, any::<bool>(), 0..40usize, -20..200i32);
    (prop::sample::select(lines.to_vec()), prop::collection::vec(word, 16)).prop_map(|(line, changes)| {
        let mut text = String::new();
        for (word, (gap, upper, dice, number)) in line.split(' ').zip(changes) {
            let letters = word.chars().all(|letter| letter.is_ascii_lowercase());
            let digits = word.parse::<f64>().is_ok();
            text.push_str(&match dice {
                0 if digits => number.to_string(),
                1 if digits => format!("{word}.5"),
                2 if digits => format!("\u{2212}{word}"),
                3..=6 if letters && upper => word.to_uppercase(),
                _ => word.to_owned(),
            });
            text.push_str(if dice > 6 { " " } else { gap });
        }
        text
    })
}

/// A pattern of the schema beside the parser that it stands for.
type Pattern = (&'static str, Validator, Parses);

/// Whether a parser takes a text.
type Parses = fn(&str) -> bool;

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn what_a_parser_takes_its_pattern_takes(text in sentence()) {
        thread_local! {
            static PATTERNS: Vec<Pattern> = patterns();
        }
        PATTERNS.with(|patterns| {
            for (name, pattern, parses) in patterns {
                prop_assert!(!parses(&text) || pattern.is_valid(&json!(text)), "{name} refuses {text:?}");
            }
            Ok(())
        })?;
    }
}

/// Each pattern of the schema with the parser that it stands for.
fn patterns() -> Vec<Pattern> {
    let parsers: [(&'static str, Parses); 13] = [
        ("action", |text| sentence::parse_action(text).is_ok()),
        ("percentage-comparison", |text| sentence::comparison(text, Quantity::Reading(Signal::Soc)).is_ok()),
        ("power-comparison", |text| sentence::comparison(text, Quantity::Reading(Signal::Grid)).is_ok()),
        ("price-comparison", |text| sentence::comparison(text, Quantity::ImportPrice).is_ok()),
        ("forecast", |text| sentence::forecast(text).is_ok()),
        ("window", |text| sentence::window(text).is_ok()),
        ("months", |text| sentence::months(text).is_ok()),
        ("dates", |text| sentence::date_range(text).is_ok()),
        ("percentage", |text| sentence::percent(text).is_ok()),
        ("power", |text| sentence::power(text).is_ok()),
        ("energy", |text| sentence::energy(text).is_ok()),
        ("price", |text| sentence::price(text).is_ok()),
        ("span", |text| sentence::duration(text).is_ok()),
    ];
    let schema = schema();
    let pattern = |name: &str| jsonschema::draft202012::new(&schema["$defs"][name]).unwrap();
    parsers.into_iter().map(|(name, parses)| (name, pattern(name), parses)).collect()
}

#[test]
fn patterns_refuse_what_is_misspelt() {
    let patterns = patterns();
    let check = |name: &str, texts: &[&str]| {
        let (_, pattern, _) = patterns.iter().find(|(known, ..)| *known == name).unwrap();
        for text in texts {
            assert!(!pattern.is_valid(&json!(text)), "{name} takes {text:?}");
        }
    };
    check("action", &["charge", "charge to 90", "self consume", "charge to 190%", "hold until 09:00", "discharge"]);
    check(
        "percentage-comparison",
        &["30%", "below 30", "under 30%", "below 30% and above 10%", "below 3 kW", "> 130%"],
    );
    check("power-comparison", &["below 3", "below 3 kw", "above 1 kW for 5", "above 1 kW during 5 min", "negative"]);
    check("price-comparison", &["0.10", "below 10p", "the cheapest 3 h", "among the cheapest of today"]);
    check("window", &["23:30", "23.30-05:30", "25:00-26:00", "24:00-01:00", "23:30-05:30, 06:00-07:00"]);
    check("months", &["11-3", "nov to mar", "xyz"]);
    check("dates", &["26-12-24", "2026/12/24", "2026-13-01", "1999-01-01"]);
    check("span", &["5", "5 m", "5 minutes", "1h30min", "-5 min"]);
    check("power", &["5", "5 kVA", "5 kWh", "5,5 kW"]);
}

#[test]
fn every_key_stands_in_the_reference_and_every_example_is_one() {
    let reference = std::fs::read_to_string(root().join("docs/policy-language.md")).unwrap();
    let schema = schema();
    let validator = |part: &Value| {
        let mut part = part.clone();
        part["$defs"] = schema["$defs"].clone();
        jsonschema::draft202012::new(&part).unwrap()
    };
    let objects = schema["$defs"].as_object().unwrap().values().chain([&schema]);
    let mut keys = 0;
    for (key, property) in objects.filter_map(|object| object["properties"].as_object()).flatten() {
        let told = [format!("`{key}`"), format!("{key}:"), format!(": {key}`")];
        assert!(told.iter().any(|told| reference.contains(told)), "{key} is not in the reference");
        assert!(property["description"].as_str().unwrap().ends_with('.'), "{key}");
        for example in property["examples"].as_array().into_iter().flatten() {
            assert!(validator(property).is_valid(example), "{key}: {example}");
        }
        keys += 1;
    }
    assert!(keys > 60);
}
