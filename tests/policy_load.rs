//! What a policy file turns into.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use offpeak::diagnostic::{Severity, render, to_json};
use offpeak::policy::model::{Bounds, Condition, Edge, Limits, Quantity};
use offpeak::policy::{self, Action, Policy, load};
use offpeak::snapshot::Signal;

/// The policy of the language's reference.
const EXAMPLE: &str = include_str!("policies/example.yaml");

fn loaded(text: &str) -> Policy {
    let loaded = load("home.yaml", text);
    loaded.policy.unwrap_or_else(|| panic!("{}", render(&loaded.diagnostics, "home.yaml", text, false)))
}

#[test]
fn the_example_loads_with_nothing_but_what_is_not_yet_known() {
    let found = load("home.yaml", EXAMPLE).diagnostics;
    let codes: Vec<&str> = found.iter().map(|diagnostic| diagnostic.code.0).collect();
    assert_eq!(codes, ["not-yet-known"], "{}", render(&found, "home.yaml", EXAMPLE, false));
    insta::assert_debug_snapshot!("example", loaded(EXAMPLE));
}

/// The example with other rules and, if need be, another tariff.
fn with(rules: &str) -> Policy {
    loaded(&format!("{HEAD}calendars:\n  holidays: [2026-12-25, 2026-12-28..2026-12-30]\nrules:\n{rules}"))
}

const HEAD: &str = "offpeak: 1
site: home
timezone: Europe/London
device: { driver: simulated }
battery: { capacity: 10 kWh, charge power: 5 kW, discharge power: 5 kW, round trip efficiency: 81% }
tariff:
  currency: GBP
  import:
    night: { price: 0.07, time: 23:30-05:30 }
    peak: { price: 0.4, time: 16:00-19:00 }
    day: { price: 0.27 }
  export: { price: 0.15 }
";

/// One rule with this condition.
fn when(condition: &str) -> Policy {
    with(&format!("  - name: a rule\n    when: {{ {condition} }}\n    then: hold\n"))
}

#[test]
fn the_keys_of_a_mapping_become_conditions_in_the_order_of_the_file() {
    let check = |condition: &str, expect: &str| {
        let policy = when(condition);
        assert_eq!(shape(&policy.rules[0].when), expect, "{condition}");
    };
    check("soc: below 30%", "soc: below 30%");
    check("soc: \"< 30%\"", "soc: < 30%");
    check(
        "soc: below 30%, time: 01:00-02:00, ev: above 1 kW, days: weekdays",
        "all[soc: below 30%; calendar(time: 01:00-02:00, days: weekdays); ev: above 1 kW]",
    );
    check("tariff: [night, peak], months: oct-mar", "calendar(tariff: [night, peak], months: oct-mar)");
    check("soc: [below 30%, above 90%]", "any[soc: below 30%; soc: above 90%]");
    check(
        "any: [{ soc: below 30% }, { tariff: night, soc: below 50% }]",
        "any[soc: below 30%; all[calendar(tariff: night); soc: below 50%]]",
    );
    check("not: { days: [holidays, weekends] }", "not(calendar(days: [holidays, weekends]))");
    check("all: [{ soc: below 30% }], load: above 1 kW", "all[all[soc: below 30%]; load: above 1 kW]");
    check("import price: among the cheapest 3 h of today", "unknown(price ranks)");
    check("import price: below 80% of the average of today", "unknown(price ranks)");
    check("forecast solar: below 8 kWh tomorrow", "unknown(forecasts)");
    check("", "all[]");
}

fn shape(condition: &Condition) -> String {
    let list = |all: &[Condition]| all.iter().map(shape).collect::<Vec<String>>().join("; ");
    match condition {
        Condition::All(all) => format!("all[{}]", list(all)),
        Condition::Any(any) => format!("any[{}]", list(any)),
        Condition::Not(inner) => format!("not({})", shape(inner)),
        Condition::Calendar(calendar) => format!("calendar({})", calendar.text),
        Condition::Compare(comparison) => comparison.text.clone(),
        Condition::NotYetKnown(unknown) => format!("unknown({})", unknown.what),
    }
}

#[test]
fn comparisons_become_bounds_in_base_units() {
    let edge = |value, inclusive| Some(Edge { value, inclusive });
    let check = |condition: &str, quantity: Quantity, low: Option<Edge>, high: Option<Edge>| {
        let Condition::Compare(found) = when(condition).rules[0].when.clone() else { panic!("{condition}") };
        assert_eq!((found.quantity, found.bounds), (quantity, Bounds { low, high }), "{condition}");
    };
    let reading = Quantity::Reading;
    check("soc: below 30%", reading(Signal::Soc), None, edge(30.0, false));
    check("soc: \"<= 30 %\"", reading(Signal::Soc), None, edge(30.0, true));
    check("soc: at least 80%", reading(Signal::Soc), edge(80.0, true), None);
    check("soc: 20% to 40%", reading(Signal::Soc), edge(20.0, true), edge(40.0, true));
    check("ev: above 1.2 kW", reading(Signal::Ev), edge(1200.0, false), None);
    check("ev: above 1.005 kW", reading(Signal::Ev), edge(1005.0, false), None);
    check("grid: below -0.5 kW", reading(Signal::Grid), None, edge(-500.0, false));
    check("grid: -2 kW to 200 W", reading(Signal::Grid), edge(-2000.0, true), edge(200.0, true));
    check("battery: at most 0 W", reading(Signal::Battery), None, edge(0.0, true));
    check("import price: negative", Quantity::ImportPrice, None, edge(0.0, false));
    check("import price: below 0.1005", Quantity::ImportPrice, None, edge(0.1005, false));
    check("export price: at least -0.02", Quantity::ExportPrice, edge(-0.02, true), None);
}

#[test]
fn what_needs_memory_is_kept_once_under_its_canonical_words() {
    let policy = with(
        "  - name: one
    when: { soc: below 60% until 65%, ev: above 1000 W for 5 min }
    then: hold
  - name: two
    when: { any: [{ soc: '<60 % until 65 %' }, { load: below 200 W on average over 0.25 h for 1 h 30 min }] }
    then: hold
",
    );
    let keys: Vec<&str> = policy.observations.iter().map(|observation| observation.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "soc: below 60% until 65%",
            "ev: above 1 kW for 5 min",
            "load: below 200 W on average over 15 min for 1 h 30 min"
        ]
    );
    let Condition::Any(any) = &policy.rules[1].when else { panic!("any") };
    let points = |condition: &Condition| match condition {
        Condition::Compare(comparison) => comparison.observation,
        _ => None,
    };
    assert_eq!(any.iter().map(points).collect::<Vec<_>>(), [Some(0), Some(2)]);
}

#[test]
fn defaults_hold_where_a_policy_is_silent() {
    let policy = when("soc: below 30%");
    assert_eq!(policy.limits, Limits::default());
    assert_eq!(policy.otherwise, Action::SelfConsume { floor: None });
    assert_eq!((policy.battery.reserve.percent(), policy.battery.ceiling.percent()), (10.0, 100.0));
    assert_eq!(policy.device.serial, "SIM000000000001");
    assert_eq!(policy.battery.charge_efficiency.factor(), 0.9);
    assert_eq!(policy.revision.len(), 64);
}

#[test]
fn calendars_windows_and_dates_are_read() {
    let Condition::Calendar(found) =
        when("time: [22:00-06:00, 00:30-07:30 UTC], days: [mon-wed, not holidays], dates: 2026-12-24..2026-12-26")
            .rules[0]
            .when
            .clone()
    else {
        panic!("a calendar")
    };
    let windows: Vec<String> = found.test.windows.iter().map(ToString::to_string).collect();
    assert_eq!(windows, ["22:00-06:00", "00:30-07:30 UTC"]);
    assert_eq!(found.test.days.len(), 2);
    let day = |text: &str| text.parse().unwrap();
    assert!(found.test.allows_day(day("2026-12-24")));
    assert!(!found.test.allows_day(day("2026-12-25")), "Friday and a holiday");
    assert!(!found.test.allows_day(day("2026-12-27")));
}

#[test]
fn values_of_other_verbs_have_the_same_grammar() {
    assert_eq!(policy::parse_action("charge to 90% at 3 kW").unwrap().to_string(), "charge to 90% at 3 kW");
    assert_eq!(policy::parse_percent("40 %").unwrap().percent(), 40.0);
    assert_eq!(policy::parse_power("200 W").unwrap().watts(), 200.0);
    assert_eq!(policy::parse_energy("10.1kWh").unwrap().watt_hours(), 10_100.0);
    assert_eq!(policy::parse_price("-0.05").unwrap().amount(), -0.05);
    let seconds = |text: &str| policy::parse_duration(text).unwrap().as_secs();
    assert_eq!([seconds("5 min"), seconds("2h"), seconds("2 h"), seconds("1 h 30 min")], [300, 7200, 7200, 5400]);
    let wrong = policy::parse_power("3 kWh").unwrap_err();
    assert_eq!(
        wrong,
        "`kWh` is a unit of energy, and this is a power: expected a power such as `3 kW` or `200 W`; write `3 kW`"
    );
    for bad in ["", "2", "h", "2 h 3 h", "30 min 1 h", "-1 h", "1e9 h", "99999999999 h"] {
        assert!(policy::parse_duration(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_base_url_is_https_or_this_very_machine() {
    let check = |url: &str, expect: bool| {
        let text = HEAD.replace("driver: simulated", &format!("driver: simulated, url: \"{url}\""));
        assert_eq!(load("home.yaml", &text).policy.is_some(), expect, "{url}");
    };
    for good in [
        "https://openapi.example.org/api",
        "http://127.0.0.1:8080",
        "http://localhost/x",
        "http://[::1]:8080",
        "https://h:443",
    ] {
        check(good, true);
    }
    for bad in [
        "http://192.168.1.2",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "ftp://127.0.0.1",
        "https://",
        "https://a b",
        "https://me:pw@h",
        "http://127.0.0.1@evil.example",
        "https://h:0",
        "https://h:99999",
        "https://h?x=1",
        "//h",
        "",
    ] {
        check(bad, false);
    }
}

#[test]
fn problems_are_data_for_programs_too() {
    let text = HEAD.replace("capacity: 10 kWh", "capacity: 10").replace("site: home", "site: home\nsite: there");
    let found = to_json(&load("home.yaml", &text).diagnostics, "home.yaml", &text);
    insta::assert_snapshot!("json", serde_json::to_string_pretty(&found).unwrap());
}

#[test]
fn no_credential_is_ever_printed() {
    let secret = "s3cr3t-8f21";
    let device =
        |body: &str| HEAD.replace("device: { driver: simulated }", &format!("device:\n  driver: alphaess\n{body}"));
    for body in [
        format!("  app id: {secret}\n"),
        format!("  appSecret: \"{secret}\n"),
        format!("  secrt: {secret}\n"),
        format!("  token:\n    - {secret}\n"),
        format!("  token: |\n    {secret}\n    {secret}\n"),
        format!("  serial: X\n  url: https://{secret}:{secret}@h/\n"),
        format!("  serial: [ {{ secret: {secret} }} ]\n"),
    ] {
        let text = device(&body);
        let found = load("home.yaml", &text).diagnostics;
        assert!(!found.is_empty(), "{body}");
        let shown = render(&found, "home.yaml", &text, false);
        assert!(!shown.contains("s3cr3t"), "{shown}");
        assert!(!to_json(&found, "home.yaml", &text).to_string().contains("s3cr3t"), "{body}");
    }
}

#[test]
fn files_without_bound_are_refused_in_bounded_time() {
    let list = |item: &str, count: usize| vec![item; count].join(", ");
    let rules = |count: usize| {
        (0..count)
            .map(|n| format!("  - {{ name: r{n}, when: {{ soc: below 30% }}, then: hold }}\n"))
            .collect::<String>()
    };
    let bomb = (1..10).fold("a0: &a0 x\n".to_owned(), |text, n| {
        format!("{text}a{n}: &a{n} [{}]\n", list(&format!("*a{}", n - 1), 9))
    });
    let cases = [
        ("too-large", "#".repeat(2 << 20)),
        ("too-large", format!("{HEAD}rules:\n{}", rules(300))),
        (
            "too-large",
            format!("{HEAD}rules:\n  - {{ name: r, when: {{ soc: [{}] }}, then: hold }}\n", list("below 30%", 3000)),
        ),
        (
            "too-large",
            format!("{HEAD}rules:\n  - {{ name: r, when: {{ time: [{}] }}, then: hold }}\n", list("01:00-02:00", 30)),
        ),
        ("too-large", format!("x: [{}]\n", list("1", 100_000))),
        ("too-large", format!("{HEAD}limits: {{ reading max age: \"{}\" }}\n", "9".repeat(1000))),
        ("anchor", bomb),
        ("too-deep", format!("a: {}{}\n", "[".repeat(100), "]".repeat(100))),
        ("yaml", "[".repeat(100_000)),
        ("yaml", format!("[{}\n", "{a: ".repeat(100_000))),
        ("unquoted-sign", list("a: > 1", 1000).replace(", ", "\n")),
        ("yaml", format!("[{}]", list("> 1", 100_000))),
        ("unknown-key", (0..20_000).map(|n| format!("k{n}: x\n")).collect()),
    ];
    for (code, text) in cases {
        let found = load("big.yaml", &text);
        let codes: std::collections::BTreeSet<&str> =
            found.diagnostics.iter().map(|diagnostic| diagnostic.code.0).collect();
        assert!(found.policy.is_none() && codes.contains(code), "{code}: {codes:?}");
        assert!(found.diagnostics.len() <= 700, "{code}: {}", found.diagnostics.len());
        let shown = render(&found.diagnostics, "big.yaml", &text, false);
        assert!(shown.len() < 200_000, "{code}: {} bytes", shown.len());
    }
}

#[test]
fn line_ends_and_byte_order_marks_of_other_systems_change_nothing() {
    let plain = loaded(EXAMPLE);
    for text in [EXAMPLE.replace('\n', "\r\n"), format!("\u{feff}{EXAMPLE}")] {
        let other = loaded(&text);
        assert_eq!((&other.site, &other.limits, other.otherwise), (&plain.site, &plain.limits, plain.otherwise));
        let shapes = |policy: &Policy| policy.rules.iter().map(|rule| shape(&rule.when)).collect::<Vec<String>>();
        assert_eq!(shapes(&other), shapes(&plain));
        let lines =
            |policy: &Policy| policy.rules.iter().map(|rule| (rule.place.line, rule.place.column)).collect::<Vec<_>>();
        assert_eq!(lines(&other), lines(&plain));
    }
}

#[test]
fn colour_changes_nothing_but_the_colour() {
    let text = HEAD.replace("capacity: 10 kWh", "capacity: 10");
    let found = load("home.yaml", &text).diagnostics;
    let (plain, coloured) = (render(&found, "home.yaml", &text, false), render(&found, "home.yaml", &text, true));
    assert!(coloured.contains("\u{1b}["));
    let stripped: String = coloured
        .split('\u{1b}')
        .enumerate()
        .map(|(n, part)| if n == 0 { part } else { part.split_once('m').unwrap().1 })
        .collect();
    assert_eq!(stripped, plain);
}

#[test]
fn no_number_of_warnings_refuses_a_policy_or_hides_an_error() {
    let windows: Vec<String> = (0..24).map(|hour| format!("{hour:02}:01-{hour:02}:59")).collect();
    let rule = |number: usize| {
        format!("  - {{ name: r{number}, when: {{ time: [{}] }}, then: charge to 90% }}\n", windows.join(", "))
    };
    let rules: String = (0..24).map(rule).collect();
    let told = |text: &str, severity: Severity| -> Vec<String> {
        let found = load("home.yaml", text).diagnostics;
        found.into_iter().filter(|one| one.severity == severity).map(|one| one.message).collect()
    };
    let text = format!("{HEAD}rules:\n{rules}");
    assert_eq!(told(&text, Severity::Error), [""; 0]);
    let warnings = told(&text, Severity::Warning);
    assert_eq!(warnings.len(), 501);
    assert!(warnings.contains(&"there are more than 500 warnings, and the rest is not told".to_owned()));
    assert_eq!(loaded(&text).rules.len(), 24);
    let wrong = format!("{text}  - {{ name: last, when: {{ soc: belw 3% }}, then: hodl }}\n");
    assert_eq!(told(&wrong, Severity::Error).len(), 2);
}

#[test]
fn what_is_wrong_with_a_name_is_told() {
    let check = |text: &str, expect: &str| {
        let found = load("home.yaml", text).diagnostics;
        let found: Vec<&str> = found.iter().map(|found| found.message.as_str()).collect();
        assert_eq!(found, [expect], "{text}");
    };
    let rule =
        |name: &str| format!("{HEAD}rules:\n  - {{ name: \"{name}\", when: {{ soc: below 30% }}, then: hold }}\n");
    check(&rule("a\\tb"), "a tab, a line break or another control character stands in the name of a rule");
    check(&rule("a\\u0001"), "a tab, a line break or another control character stands in the name of a rule");
    check(&rule(&"a".repeat(81)), "this is too long for the name of a rule");
    let site = format!("{HEAD}rules: []\n").replace("site: home", "site: \"my\\nhome\"");
    check(&site, "a tab, a line break or another control character stands in the name of a site");
}
