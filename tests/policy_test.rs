//! Tests beside a policy: what they mean, what a failure shows, and what is wrong with a broken file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use offpeak::diagnostic::{Diagnostic, Texts, render};
use offpeak::policy::{Policy, load};
use offpeak::policy_test::{Draft, NoPolicy, Outcome, Suite, run};
use offpeak::report::{Report, Source, Style, Tested, tests_json, tests_junit, tests_text};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap()
}

fn policy(file: &str) -> Policy {
    let loaded = load(file, &text(file));
    loaded.policy.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

/// The house whose numbers can be worked out by hand.
fn home() -> Policy {
    Policy { file: "home.yaml".to_owned(), ..policy("tests/policy_tests/home.yaml") }
}

fn read(text: &str, policy: &Policy) -> (Suite, Vec<Diagnostic>) {
    let loaded = Draft::of(text).finish(Ok(policy));
    let shown = render(&loaded.diagnostics, "any.test.yaml", text, false);
    (loaded.suite.unwrap_or_else(|| panic!("{shown}")), loaded.diagnostics)
}

/// What becomes of one test of the house, given as the keys after its name.
fn outcome(keys: &str) -> Outcome {
    let text = format!("policy: home.yaml\ntests:\n  - name: a test\n    {}\n", keys.replace('\n', "\n    "));
    let policy = home();
    let (suite, _) = read(&text, &policy);
    run(&policy, &suite.tests[0])
}

fn passes(keys: &str) -> bool {
    outcome(keys).failures.is_empty()
}

/// Everything that a report says of one file.
fn reported<R>(file: &str, text: &str, policy: &Policy, tell: impl Fn(&Report<'_>) -> R) -> R {
    let loaded = Draft::of(text).finish(Ok(policy));
    let suite = loaded.suite.unwrap_or_default();
    let texts = Texts::of(file, text);
    let source = Source { texts: &texts, diagnostics: &loaded.diagnostics };
    let tests = suite.tests.iter().map(|test| (test, run(policy, test))).collect();
    tell(&Report { files: vec![Tested { source, policy: Some(policy), tests }], ..Report::default() })
}

fn failures<R>(tell: impl Fn(&Report<'_>) -> R) -> R {
    reported("failures.test.yaml", &text("tests/policy_tests/failures.test.yaml"), &home(), tell)
}

#[test]
fn what_is_given_at_a_moment_has_been_so_for_ever_and_latches_begin_off() {
    let check = |at: &str, given: &str, rule: &str| {
        let keys = |rule: &str| format!("at: 2026-01-15 {at}\ngiven: {{ {given} }}\nexpect: {{ rule: {rule} }}");
        assert!(passes(&keys(rule)), "{at} {given}: {rule}");
        let other = if rule == "none" { "Top up at the night rate" } else { "none" };
        assert!(!passes(&keys(other)), "{at} {given}: {other} passes as well");
    };
    check("18:00", "ev: 2 kW", "Do not feed the car");
    check("18:00", "ev: 500 W", "none");
    check("18:00", "load: 7 kW, soc: 30%", "Not on a heavy load");
    check("18:00", "load: 7 kW, soc: 50%", "none");
    check("14:30", "soc: 59%", "Keep it for the evening");
    check("14:30", "soc: 62%", "none");
    check("10:05", "import price: 0.04", "Buy while it is cheap");
    check("10:05", "import price: 0.06", "none");
    check("10:05", "import price: unknown", "none");
    check("18:00", "ev: unknown", "none");
    check("18:00", "ev: stale", "none");
    check("14:30", "soc: stale", "none");
    check("01:00", "soc: unknown", "Top up at the night rate");
}

#[test]
fn a_series_says_what_was_before() {
    let check = |at: &str, given: &str, rule: &str| {
        let keys = format!("at: 2026-01-15 {at}\ngiven: {{ {given} }}\nexpect: {{ rule: {rule} }}");
        assert!(passes(&keys), "{at} {given}: {rule}");
    };
    check("18:30", "ev: [0 W at 18:00, 2 kW at 18:26]", "none");
    check("18:30", "ev: [0 W at 18:00, 2 kW at 18:25]", "Do not feed the car");
    check("18:30", "ev: [2 kW at 18:00, unknown at 18:20, 2 kW at 18:25]", "Do not feed the car");
    check("18:30", "ev: [2 kW at 18:00, unknown at 18:20, 2 kW at 18:26]", "none");
    check("14:30", "soc: [55% at 14:00, 62% at 14:10]", "Keep it for the evening");
    check("14:30", "soc: [55% at 14:00, 66% at 14:10, 62% at 14:20]", "none");
    check("14:30", "soc: [62% at 14:00]", "none");
    check("18:30", "soc: 30%, load: [0 W at 18:00, 7 kW at 18:29]", "none");
    check("18:30", "soc: 30%, load: [0 W at 18:00, 14 kW at 18:24]", "Not on a heavy load");
    check("18:30", "soc: 30%, load: [7 kW at 18:25]", "none");
    check("10:05", "import price: [0.04 at 09:35]", "Buy while it is cheap");
    check("10:05", "import price: [0.04 at 09:36]", "none");
    check("00:10", "ev: [2 kW at 23:50]", "Top up at the night rate");
}

#[test]
fn a_moment_is_one_of_the_sites_clock_or_names_its_offset_or_its_pass() {
    let check = |at: &str, rule: &str| {
        assert!(passes(&format!("at: {at}\nexpect: {{ rule: {rule} }}")), "{at}: {rule}");
    };
    check("2026-07-15 23:30", "Top up at the night rate");
    check("2026-07-15T22:30:00Z", "Top up at the night rate");
    check("2026-07-15 23:29", "none");
    check("2026-07-15T23:30:00+01:00", "Top up at the night rate");
    check("2026-10-25 01:30 BST", "Top up at the night rate");
    check("2026-10-25 01:30 GMT", "Top up at the night rate");
}

#[test]
fn a_time_that_occurs_twice_names_its_pass() {
    let night = |rest: &str| {
        let given = "given: { soc: 40%, load: 300 W, solar: 0 W }";
        passes(&format!("from: 2026-10-24 20:00\nuntil: 01:30 GMT\n{given}\nexpect: {{ {rest} }}"))
    };
    assert!(night("timeline: [{ from: 01:30 BST, to: 01:30 GMT, action: charge to 90% }]"));
    // 23:30 to 01:30 BST are 2 h, to 01:30 GMT 3 h: what is missing, 6.05 kWh, and the load of 3 h.
    assert!(night("cost: 0.6949 to 0.6951"));
    let twice = |at: &str, rule: &str| {
        let ev = "given: { ev: [0 W at 20:00, 2 kW at 20:10] }";
        passes(&format!("at: {at}\n{ev}\nexpect: {{ rule: {rule} }}"))
    };
    assert!(twice("2026-01-15 20:15", "Do not feed the car"));
    assert!(twice("2026-01-15 20:14", "none"));
}

#[test]
fn an_action_is_compared_as_the_batterys_guards_leave_it() {
    let check = |at: &str, action: &str, expect: bool| {
        assert_eq!(passes(&format!("at: 2026-01-15 {at}\nexpect: {{ action: {action} }}")), expect, "{at} {action}");
    };
    check("01:00", "charge to 90%", true);
    check("01:00", "charge to 80%", false);
    check("01:00", "charge to 90% at 2 kW", false);
    check("12:00", "self-consume", true);
    check("12:00", "self-consume down to 10%", true);
    check("12:00", "self-consume down to 5%", true);
    check("12:00", "self-consume down to 20%", false);
}

/// From 20:00 with 40 %: 300 W from the battery until 23:30 leave 2.95 kWh, the night adds 6.05 kWh and carries the load.
#[test]
fn energy_and_cost_of_a_span_are_those_worked_out_by_hand() {
    let night = |expect: &str| {
        let given = "given: { soc: 40%, load: 300 W, solar: 0 W }";
        passes(&format!("from: 2026-01-14 20:00\nuntil: 05:30\n{given}\nexpect: {{ {expect} }}"))
    };
    let bought = 6.05 + 0.3 * 6.0;
    let cost = bought * 0.10;
    assert!(night(&format!("cost: {:.4} to {:.4}", cost - 1e-4, cost + 1e-4)));
    assert!(!night(&format!("cost: below {:.4}", cost - 1e-3)));
    assert!(!night(&format!("cost: above {:.4}", cost + 1e-3)));
    assert!(night("soc: 90% to 90%"));
    assert!(!night("soc: above 90%"));
    assert!(night("writes: 1"));
    assert!(!night("writes: none"));
}

#[test]
fn the_sun_is_sold_and_given_prices_replace_the_tariffs() {
    let noon = |given: &str, expect: &str| {
        let given = format!("given: {{ soc: 100%, load: 500 W, solar: 2.5 kW{given} }}");
        passes(&format!("from: 2026-01-15 12:00\nfor: 2 h\n{given}\nexpect: {{ {expect} }}"))
    };
    assert!(noon("", "cost: -0.20 to -0.20"), "4 kWh are sold at 0.05");
    assert!(noon(", export price: 0.10", "cost: -0.40 to -0.40"));
    assert!(noon(", export price: [0.10 at 12:00, -0.10 at 13:00]", "cost: 0 to 0"));
    assert!(!noon(", export price: unknown", "cost: at most 100"), "what is not known is within no bounds");
    assert!(noon(", import price: unknown", "cost: -0.20 to -0.20"), "nothing is bought");
}

#[test]
fn a_series_of_the_charge_is_imposed_and_a_single_charge_only_begins() {
    let hold = "timeline: [{ from: 14:00, to: 16:00, rule: Keep it for the evening }]";
    let afternoon = |soc: &str, expect: &str| {
        let given = format!("given: {{ soc: {soc}, load: 0 W, solar: 5 kW }}");
        passes(&format!("from: 2026-01-15 13:00\nuntil: 17:00\n{given}\nexpect: {{ {expect} }}"))
    };
    assert!(afternoon("[50% at 13:00]", hold));
    assert!(!afternoon("50%", hold), "the sun fills it long before 14:00");
    // 59 % at 14:00 and 50 % more an hour: 65 % is passed in the eighth minute.
    assert!(afternoon("9%", "timeline: [{ from: 14:00, to: 14:08, rule: Keep it for the evening }]"));
}

#[test]
fn nights_on_which_the_clocks_change_follow_the_wall_clock() {
    let night = |from: &str, cost: &str| {
        let given = "given: { soc: 90%, load: 1 kW, solar: 0 W }";
        let timeline = "timeline: [{ from: 23:30, to: 05:30, rule: Top up at the night rate }]";
        passes(&format!("from: {from} 23:30\nuntil: 05:30\n{given}\nexpect: {{ {timeline}, cost: {cost} }}"))
    };
    assert!(night("2026-01-14", "0.60 to 0.60"));
    assert!(night("2026-10-24", "0.70 to 0.70"));
    assert!(night("2027-03-27", "0.50 to 0.50"));
}

#[test]
fn a_timeline_is_exact_for_the_rules_that_it_names() {
    let night = |stretch: &str| {
        let given = "given: { soc: 40%, load: 300 W, solar: 0 W }";
        let timeline = format!("timeline: [{stretch}]");
        passes(&format!("from: 2026-01-14 20:00\nfor: 12 h\n{given}\nexpect: {{ {timeline} }}"))
    };
    let rule = "rule: Top up at the night rate";
    assert!(night(&format!("{{ from: 23:30, to: 05:30, {rule} }}")));
    assert!(!night(&format!("{{ from: 23:31, to: 05:30, {rule} }}")));
    assert!(!night(&format!("{{ from: 23:30, to: 05:29, {rule} }}")));
    assert!(!night(&format!("{{ from: 23:29, to: 05:30, {rule} }}")));
    assert!(!night(&format!("{{ from: 23:30, to: 05:31, {rule} }}")));
    assert!(night(&format!("{{ from: 23:30, to: 02:00, {rule} }}, {{ from: 02:00, to: 05:30, {rule} }}")));
    assert!(!night(&format!("{{ from: 23:30, to: 02:00, {rule} }}, {{ from: 02:01, to: 05:30, {rule} }}")));
    assert!(night("{ from: 01:00, to: 02:00, action: charge to 90% }"));
    assert!(night("{ to: 23:30, rule: none }, { from: 05:30, rule: none }"));
    assert!(!night("{ to: 23:31, rule: none }"));
}

#[test]
fn every_rule_of_every_policy_is_fired_by_the_tests_beside_it() {
    let mut tested = 0;
    for file in std::fs::read_dir(root().join("rules")).unwrap().map(|entry| entry.unwrap().path()) {
        let Some(name) = file.to_string_lossy().strip_suffix(".test.yaml").map(str::to_owned) else { continue };
        let name = Path::new(&name).file_name().unwrap().to_string_lossy().into_owned();
        let policy = policy(&format!("rules/{name}.yaml"));
        let tests = text(&format!("rules/{name}.test.yaml"));
        let shown = reported(&name, &tests, &policy, |report| (report.passed(), tests_text(report, Style::Plain)));
        assert!(shown.0 && !shown.1.contains("no test fired"), "{}", shown.1);
        tested += 1;
    }
    assert!(tested >= 10, "{tested}");
}

#[test]
fn a_run_that_passes() {
    let policy = Policy { file: "rules/ev-guard.yaml".to_owned(), ..policy("rules/ev-guard.yaml") };
    let text = text("rules/ev-guard.test.yaml");
    insta::assert_snapshot!(reported("rules/ev-guard.test.yaml", &text, &policy, |report| tests_text(
        report,
        Style::Plain
    )));
}

#[test]
fn every_kind_of_failure() {
    insta::assert_snapshot!(failures(|report| tests_text(report, Style::Plain)));
}

#[test]
fn every_kind_of_failure_as_data() {
    insta::assert_snapshot!(failures(|report| format!("{:#}", tests_json(report))));
}

#[test]
fn every_kind_of_failure_for_ci() {
    let xml = failures(tests_junit);
    well_formed(&xml);
    assert_eq!(xml.matches("<testcase ").count(), 10);
    assert_eq!(xml.matches("<failure ").count(), 9);
    assert!(xml.contains("<testsuites name=\"offpeak\" tests=\"10\" failures=\"9\" errors=\"0\">"), "{xml}");
    insta::assert_snapshot!(xml);
}

/// Whether the tags of a document are closed in the order in which they were opened, and their attributes quoted.
fn well_formed(xml: &str) {
    let mut open: Vec<&str> = Vec::new();
    let body = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").expect("a declaration");
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag that ends");
        assert!(
            !text.contains('>') && !tag.contains('&') || tag.contains("&quot;") || tag.contains("&apos;"),
            "{part}"
        );
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{xml}");
            continue;
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap());
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn a_broken_file_tells_everything_at_once() {
    let text = text("tests/policy_tests/broken.test.yaml");
    let policy = home();
    insta::assert_snapshot!(reported("broken.test.yaml", &text, &policy, |report| tests_text(report, Style::Plain)));
    reported("broken.test.yaml", &text, &policy, |report| {
        well_formed(&tests_junit(report));
        assert!(!report.passed());
    });
}

#[test]
fn without_its_policy_a_file_is_still_read() {
    let text = "policy: nowhere.yaml\ntests:\n  - name: a\n    at: 2026-01-15 25:00\n    expect: { rule: Anything }\n";
    let unreadable = Err(NoPolicy::Unreadable("nowhere.yaml: no such file".to_owned()));
    let found = Draft::of(text).finish(unreadable);
    let codes: Vec<&str> = found.diagnostics.iter().map(|found| found.code.0).collect();
    assert_eq!((codes.as_slice(), found.suite), (["no-policy", "bad-moment"].as_slice(), None));
    let found = Draft::of(text).finish(Err(NoPolicy::Broken));
    let codes: Vec<&str> = found.diagnostics.iter().map(|found| found.code.0).collect();
    assert_eq!((codes.as_slice(), found.suite), (["bad-moment"].as_slice(), None));
}

#[test]
fn what_is_too_large_or_says_nothing_is_refused() {
    let check = |text: &str, code: &str| {
        let found = Draft::of(text).finish(Ok(&home()));
        let codes: Vec<&str> = found.diagnostics.iter().map(|found| found.code.0).collect();
        assert_eq!((codes, found.suite), (vec![code], None));
    };
    check(&"#".repeat((1 << 20) + 1), "too-large");
    check("", "empty");
    check("# nothing\n", "empty");
    check("policy: [\n", "yaml");
    let test = |number: usize| format!("  - {{ name: t{number}, at: 2026-01-15 12:00, expect: {{ rule: none }} }}\n");
    let many: String = (0..2_001).map(test).collect();
    check(&format!("policy: home.yaml\ntests:\n{many}"), "too-large");
}

#[test]
fn no_text_makes_it_panic() {
    let policy = home();
    let pieces = [":", "- ", "{", "}", "[", "]", ",", "\n", "  ", "at", "40%", "unknown", "\"", "|", "9999-12-31", "ü"];
    for seed in 0..150 {
        let mut random = fastrand::Rng::with_seed(seed);
        let whole = text(random.choice(["rules/ev-guard.test.yaml", "tests/policy_tests/failures.test.yaml"]).unwrap());
        let mut text: Vec<char> = whole.chars().collect();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(0..text.len());
            let end = (at + random.usize(0..12)).min(text.len());
            let piece = random.choice(pieces).unwrap();
            text.splice(at..end, piece.chars());
        }
        let text: String = text.into_iter().collect();
        let loaded = Draft::of(&text).finish(Ok(&policy));
        let shown = render(&loaded.diagnostics, "any.test.yaml", &text, false);
        assert!(loaded.suite.is_some() || !shown.is_empty(), "seed {seed}");
        let moments = loaded.suite.into_iter().flat_map(|suite| suite.tests);
        moments.take(3).for_each(|test| drop(run(&policy, &test)));
    }
}

/// Every code that the reader of tests names.
fn codes_in_source() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("src/policy_test")).unwrap() {
        let source = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for call in ["Code(", ".error(", ".error_help("] {
            for (at, _) in source.match_indices(call) {
                let rest = source[at + call.len()..].trim_start();
                if let Some(literal) = rest.strip_prefix('"') {
                    codes.insert(literal.split('"').next().unwrap().to_owned());
                }
            }
        }
    }
    codes
}

#[test]
fn every_code_is_listed() {
    let listed = text("docs/testing.md") + &text("docs/diagnostics.md");
    for code in codes_in_source() {
        assert!(listed.contains(&format!("`{code}`")), "{code} is listed nowhere");
    }
}

#[test]
fn every_example_of_the_reference_passes() {
    let text = text("docs/testing.md");
    let block = |kind: &str, number: usize| -> String {
        let rest = text.split(&format!("```{kind}\n")).nth(number).unwrap_or_else(|| panic!("{kind} {number}"));
        rest.split("\n```").next().unwrap().to_owned() + "\n"
    };
    let policy = policy("rules/simulated-home.yaml");
    let policy = Policy { file: "home.yaml".to_owned(), ..policy };
    let tests = block("yaml", 1);
    let shown = reported("home.test.yaml", &tests, &policy, |report| tests_text(report, Style::Plain));
    assert_eq!(shown, block("text", 1));
    for fragment in text.split("```yaml test\n").skip(1).map(|rest| rest.split("\n```").next().unwrap()) {
        let whole = format!("policy: home.yaml\ntests:\n{fragment}\n");
        let shown =
            reported("home.test.yaml", &whole, &policy, |report| (report.passed(), tests_text(report, Style::Plain)));
        assert!(shown.0, "{}", shown.1);
    }
    let wrong = format!("policy: home.yaml\ntests:\n{}", block("yaml failing", 1));
    let shown = reported("home.test.yaml", &wrong, &policy, |report| tests_text(report, Style::Plain));
    assert!(shown.contains(&block("text", 2)), "{shown}");
}

/// The program in a folder with a policy, its tests and a broken file; what it printed and its exit code.
fn offpeak(arguments: &[&str], in_folder: &Path) -> (String, i32) {
    let run = Command::new(env!("CARGO_BIN_EXE_offpeak")).args(arguments).current_dir(in_folder).output().unwrap();
    let text = String::from_utf8(run.stdout).unwrap() + &String::from_utf8(run.stderr).unwrap();
    (text, run.status.code().unwrap())
}

fn desk() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, content: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    let home = text("tests/policy_tests/home.yaml");
    put("home.yaml", &home);
    put(
        "home.test.yaml",
        "policy: home.yaml\ntests:\n  - name: a night\n    at: 2026-01-15 01:00\n    expect: { rule: Top up at the night rate }\n",
    );
    put(
        "more.test.yaml",
        "policy: ./home.yaml\ntests:\n  - name: a noon\n    at: 2026-01-15 12:00\n    expect: { rule: none }\n",
    );
    put(
        "deep/down/wrong.test.yaml",
        "policy: ../../home.yaml\ntests:\n  - name: a wrong noon\n    at: 2026-01-15 12:00\n    expect: { action: hold }\n",
    );
    put("lonely/lonely.yaml", &home);
    put("bad/bad.yaml", "offpeak: 1\n");
    put("bad/bad.test.yaml", "policy: bad.yaml\ntests: []\n");
    dir
}

#[test]
fn a_path_is_a_file_a_folder_or_a_policy_and_the_exit_code_says_whether_all_passed() {
    let desk = desk();
    let check = |arguments: &[&str], code: i32, expect: &[&str], not: &[&str]| {
        let arguments = [&["test"], arguments].concat();
        let (text, found) = offpeak(&arguments, desk.path());
        assert_eq!(found, code, "{arguments:?}\n{text}");
        expect.iter().for_each(|part| assert!(text.contains(part), "{arguments:?}: {part}\n{text}"));
        not.iter().for_each(|part| assert!(!text.contains(part), "{arguments:?}: {part}\n{text}"));
    };
    check(&["home.test.yaml"], 0, &["pass  a night", "1 test: 1 passed", "1 of 5 rules fired"], &["a noon"]);
    check(&["home.yaml"], 0, &["pass  a night", "pass  a noon", "2 tests: 2 passed"], &["wrong"]);
    check(&["."], 1, &["FAIL  a wrong noon", "bad.yaml", "1 file could not be run"], &[]);
    check(&["deep"], 1, &["FAIL  a wrong noon", "1 test: 0 passed, 1 failed"], &["a night"]);
    check(
        &["home.yaml", "--filter", "A NIGHT"],
        0,
        &["pass  a night", "1 test: 1 passed"],
        &["a noon", "no test fired"],
    );
    check(&[".", "--filter", "A NIGHT"], 1, &["pass  a night", "1 file could not be run"], &["a noon", "a wrong noon"]);
    check(&["home.yaml", "--filter", "nothing"], 1, &["no test is called like \"nothing\""], &[]);
    check(&["lonely/lonely.yaml"], 1, &["no tests beside it", "lonely.test.yaml"], &[]);
    check(&["lonely"], 1, &["no tests (*.test.yaml)"], &[]);
    check(&["nowhere.test.yaml"], 1, &["no such file"], &[]);
    check(&["home.yaml", "--format", "json"], 0, &["\"passed\": 2", "\"never_fired\""], &[]);
    check(&["deep", "--format", "junit"], 1, &["<testsuites", "failures=\"1\""], &[]);
    let (text, code) = offpeak(&["check", "home.yaml", "--format", "junit"], desk.path());
    assert!(code == 1 && text.contains("only `test`"), "{text}");
}

#[test]
fn the_order_of_the_output_is_that_of_the_files() {
    let folder = root();
    let (first, code) = offpeak(&["test", "rules"], &folder);
    assert_eq!(code, 0, "{first}");
    for _ in 0..3 {
        assert_eq!(offpeak(&["test", "rules"], &folder).0, first);
    }
}
