//! Files that policies share, under `check`, `fmt` and `test`: by themselves, and where a policy that includes them is looked at.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    dead_code
)]

mod cli;

use cli::{Desk, QUIET};

const CAR: &str = "offpeak: 1

rules:
  - name: Do not feed a car from the battery
    when: { ev: above 1.2 kW, days: not holidays, tariff: night, import price: below 0.1 }
    then: hold
";

/// A policy of which nothing is to be said.
fn quiet() -> String {
    QUIET.replace("  ceiling: 95%\n", "")
}

/// A desk with a folder of shared files.
fn desk(files: &[(&str, &str)]) -> Desk {
    let desk = Desk::new();
    desk.write("home.yaml", quiet());
    std::fs::create_dir(desk.path("shared")).unwrap();
    files.iter().for_each(|(name, text)| desk.write(&format!("shared/{name}"), text));
    desk
}

#[test]
fn a_shared_file_is_checked_as_such() {
    let check = |text: &str, code: i32, expect: &str| {
        let found = desk(&[("one.yaml", text)]).run("check shared/one.yaml");
        assert_eq!((found.code, found.stdout.as_str()), (code, expect), "{text}");
    };
    let told = |held: &str| {
        format!(
            "shared/one.yaml: a shared file, with {held}; what its rules come to is told by `check` of a policy that includes it\n\
             1 shared file checked: no problems\n"
        )
    };
    check(CAR, 0, &told("1 rule"));
    check("offpeak: 1\ncalendars: { a: 2026-12-25, b: 2026-12-26 }\n", 0, &told("2 calendars"));
    check("offpeak: 1\ntariff: { currency: GBP }\nrules: []\n", 0, &told("a tariff"));
    check("offpeak: 1\nrules:\n", 0, &told("nothing yet"));
    check(
        "rules:\n  - { name: x, when: { ev: above 1 kg }, then: hold }\ncalender: 1\n",
        1,
        "error[missing-key]: the shared file has no `offpeak`
 --> shared/one.yaml:1:1
  |
1 | rules:
  | ^^^^^ expected a key `offpeak`
  |
  = help: write `offpeak: 1`

error[unknown-unit]: `kg` is not a unit of this language
 --> shared/one.yaml:2:36
  |
2 |   - { name: x, when: { ev: above 1 kg }, then: hold }
  |                                    ^^ expected a power such as `3 kW` or `200 W`
  |
  = help: write `1 kW`

error[unknown-key]: `calender` is not a key of the shared file
 --> shared/one.yaml:3:1
  |
3 | calender: 1
  | ^^^^^^^^ unknown key
  |
  = help: did you mean `calendars`?

shared/one.yaml: 3 errors
1 shared file checked: 3 errors, 0 warnings
",
    );
}

#[test]
fn what_a_shared_tariff_says_is_proven_without_a_site() {
    let check = |bands: &str, expect: Option<&str>| {
        let text = format!("offpeak: 1\ntariff: {{ currency: GBP, import: {{ {bands} }} }}\n");
        let found = desk(&[("one.yaml", &text)]).run("check shared/one.yaml");
        assert_eq!(found.code, i32::from(expect.is_some()), "{bands}: {}", found.stdout);
        assert!(
            expect.is_none_or(|code| found.stdout.contains(&format!("error[{code}]"))),
            "{bands}: {}",
            found.stdout
        );
    };
    check("night: { price: 0.1, time: 00:00-06:00 }, day: { price: 0.2 }", None);
    check(
        "night: { price: 0.1, time: 00:00-06:00 }, day: { price: 0.2, time: 05:00-24:00 }",
        Some("overlapping-bands"),
    );
    check("night: { price: 0.1, time: 00:00-06:00 }, day: { price: 0.2, time: 07:00-24:00 }", Some("uncovered-time"));
    // On clocks that differ it is for the site's to say.
    check("night: { price: 0.1, time: 00:00-06:00 UTC }, day: { price: 0.2, time: 05:00-24:00 }", None);
}

#[test]
fn names_that_only_the_file_itself_can_give_are_known_there() {
    let tariff =
        "tariff: { currency: GBP, import: { night: { price: 0.1, time: 00:00-06:00 }, day: { price: 0.2 } } }\n";
    let check = |text: String, code: Option<&str>| {
        let found = desk(&[("one.yaml", &text)]).run("check shared/one.yaml");
        assert_eq!(found.code, i32::from(code.is_some()), "{text}{}", found.stdout);
        assert!(code.is_none_or(|code| found.stdout.contains(code)), "{text}{}", found.stdout);
    };
    let rule = |when: &str| format!("rules: [{{ name: x, when: {{ {when} }}, then: hold }}]\n");
    check(format!("offpeak: 1\n{}", rule("tariff: nihgt")), None);
    check(format!("offpeak: 1\n{tariff}{}", rule("tariff: nihgt")), Some("did you mean `night`?"));
    check(format!("offpeak: 1\n{}", rule("export price: below 0.1")), None);
    check(format!("offpeak: 1\n{tariff}{}", rule("export price: below 0.1")), Some("error[no-price]"));
    check(format!("offpeak: 1\n{}", rule("days: holidays")), None);
    check(format!("offpeak: 1\ninclude: gone.yaml\n{}", rule("days: holidays")), Some("gone.yaml"));
}

#[test]
fn what_has_anything_of_a_policy_is_one() {
    let check = |text: &str| {
        let found = desk(&[("one.yaml", text)]).run("check shared/one.yaml");
        assert!(found.stdout.ends_with("1 policy checked: 5 errors, 0 warnings\n"), "{text}{}", found.stdout);
    };
    // Five of `site`, `timezone`, `device`, `battery`, `tariff` are missing, or misspelt.
    check("offpeak: 1\n");
    check("offpeak: 1\nrules: []\nsites: home\n");
    check("offpeak: 1\nrules: []\notherwise: hold\n");
    check("offpeak: 1\nrules: []\nLimits: { writes per day: 6 }\n".replace("Limits", "limits").as_str());
}

#[test]
fn policies_and_shared_files_are_told_apart() {
    let desk = desk(&[("car.yaml", CAR)]);
    let text = desk.run("check home.yaml shared/car.yaml").stdout;
    assert!(text.ends_with("1 policy and 1 shared file checked: no problems\n"), "{text}");
    let data: serde_json::Value =
        serde_json::from_str(&desk.run("check home.yaml shared --format json").stdout).unwrap();
    let expect = serde_json::json!({ "policies": [
        { "file": "home.yaml", "shared": false, "diagnostics": [] },
        { "file": "shared/car.yaml", "shared": true, "diagnostics": [] },
    ] });
    assert_eq!(data, expect);
}

#[test]
fn files_of_tests_are_left_to_test() {
    let desk = desk(&[("car.yaml", CAR)]);
    desk.write("home.test.yaml", "policy: home.yaml\ntests: []\n");
    let found = desk.run("check home.yaml home.test.yaml");
    let expect = "1 policy checked: no problems\n1 file of tests is left to `offpeak test`\n";
    assert_eq!((found.code, found.stdout.as_str()), (0, expect));
    let found = desk.run("check home.test.yaml");
    assert_eq!(found.code, 1);
    assert!(found.stderr.contains("`offpeak test` reads them"), "{}", found.stderr);
}

#[test]
fn a_shared_file_is_laid_out() {
    let messy = "rules:\n- {name: 'Car', when: {ev: '>1 kW'}, then: HOLD} # why\noffpeak: 1\n";
    let desk = desk(&[("car.yaml", messy), ("broken.yaml", "offpeak: 1\nrules: 1\n")]);
    assert_eq!(desk.run("fmt shared/car.yaml").stdout, "shared/car.yaml laid out anew\n1 file: 1 changed\n");
    let laid = std::fs::read_to_string(desk.path("shared/car.yaml")).unwrap();
    let expect = "offpeak: 1\n\nrules:\n  - name: Car\n    when: { ev: above 1 kW }\n    # why\n    then: hold\n";
    let lines = |text: &str| text.lines().filter(|line| !line.contains('#')).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(&laid), lines(expect));
    assert!(laid.contains("# why"), "{laid}");
    assert_eq!(desk.run("fmt --check shared/car.yaml").code, 0);
    let refused = desk.run("fmt shared/broken.yaml");
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("`rules` takes a list"), "{}", refused.stderr);
}

const TEST: &str = "policy: home.yaml\ntests:\n  - name: x\n    at: 2026-01-15 01:00\n    expect: { rule: none }\n";

#[test]
fn what_is_wrong_with_an_included_file_is_shown_there() {
    let desk = desk(&[("car.yaml", "offpeak: 1\nrules:\n  - { name: x, when: { ev: above 1 kg }, then: hold }\n")]);
    desk.write("home.yaml", quiet().replace("rules:\n", "rules:\n  - include: shared/car.yaml\n"));
    desk.write("home.test.yaml", TEST);
    let there = "error[unknown-unit]: `kg` is not a unit of this language
 --> shared/car.yaml:3:36
  |
3 |   - { name: x, when: { ev: above 1 kg }, then: hold }
  |                                    ^^ expected a power such as `3 kW` or `200 W`
";
    for line in ["check home.yaml", "fmt home.yaml", "test home.test.yaml"] {
        let found = desk.run(line);
        let told = found.stdout + &found.stderr;
        assert!(found.code == 1 && told.contains(there), "{line}: {told}");
    }
    let xml = desk.run("test home.test.yaml --format junit").stdout;
    assert!(xml.contains(" --&gt; shared/car.yaml:3:36\n"), "{xml}");
    let place = |line: &str, pointer: &str| {
        let data: serde_json::Value = serde_json::from_str(&desk.run(line).stdout).unwrap();
        data.pointer(pointer).unwrap_or_else(|| panic!("{line}: {data:#}")).clone()
    };
    let expect = place("check home.yaml --format json", "/policies/0/diagnostics");
    assert_eq!(expect[0]["file"], "shared/car.yaml");
    assert_eq!(place("fmt --check home.yaml --format json", "/files/0/diagnostics"), expect);
    assert_eq!(place("test home.test.yaml --format json", "/policies/0/diagnostics"), expect);
}
