//! The program as its owner meets it: every verb of the binary, with a simulated house and no network.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    unreachable_pub,
    dead_code
)]

mod cli;

use std::time::Duration;

use cli::{Beside, Desk, QUIET, Ran, ran, start};
use offpeak::device::{ChargeSettings, Object, Period, Settings, Store};
use offpeak::journal::{StateLock, TickRecord};
use serde_json::Value;

/// Every verb, as `--help` lists them.
const VERBS: &[&str] = &[
    "demo", "init", "check", "test", "schema", "devices", "read", "plan", "apply", "run", "status", "log", "why",
    "override", "resume", "restore", "simulate",
];

/// Snapshots in which what passes while a test runs is left out: seconds, process numbers, the folder.
fn settled(body: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    for (pattern, by) in [
        (r"20:4\d:\d\d", "20:4x:xx"),
        (r"20:4\d", "20:4x"),
        (r"22:4\d", "22:4x"),
        (r"21 h \d+ min", "21 h N min"),
        (r"(just now|\d min ago)", "moments ago"),
        (r"(now|\d min old) +measured", "now  measured"),
        (r"pid \d+", "pid N"),
        (r"revision [0-9a-f]{12}", "revision REVISION"),
    ] {
        settings.add_filter(pattern, by);
    }
    settings.bind(body);
}

#[test]
fn the_help_of_every_verb_has_an_example() {
    let desk = Desk::new();
    let whole = desk.run("--help").stdout;
    let mut text = format!("$ offpeak --help\n{whole}");
    for verb in VERBS {
        assert!(whole.contains(&format!("\n  {verb}")), "{verb} is not listed");
        let Ran { code, stdout, .. } = desk.run(&format!("{verb} --help"));
        assert_eq!(code, 0, "{verb}");
        assert!(stdout.contains("Example"), "{verb} has no example");
        text.push_str(&format!("\n$ offpeak {verb} --help\n{stdout}"));
    }
    insta::assert_snapshot!("help", text);
}

#[test]
fn a_folder_in_which_nothing_has_run_says_so() {
    let desk = Desk::new();
    let story = desk.story(&["status", "log", "why", "resume", "override hold --for 2h", "restore home.yaml"]);
    insta::assert_snapshot!("nothing_has_run", story);
    assert!(!desk.state().exists(), "looking makes nothing");
}

#[test]
fn the_look_back_after_one_tick() {
    let desk = Desk::ahead();
    let first = desk.run("run home.yaml --once --dry-run --log error");
    assert_eq!((first.code, first.stderr.as_str()), (0, ""), "{}", first.stdout);
    settled(|| insta::assert_snapshot!("look_back", desk.story(&["status", "log", "why"])));
}

#[test]
fn why_tells_of_a_moment_that_never_was() {
    let desk = Desk::new();
    let given = "why home.yaml --given soc=41% load=430W solar=0W";
    let story = desk.story(&[
        &format!("{given} ev=7kW --at '2026-11-20 20:41'"),
        &format!("{given},ev=22kW --at '2026-11-20 20:41'"),
        &format!("{given} ev=unknown --at '2026-11-20 20:41'"),
    ]);
    insta::assert_snapshot!("why_given", story);
    let json: Value =
        serde_json::from_str(&desk.run(&format!("{given} --at '2026-11-20 20:41' --format json")).stdout).unwrap();
    assert_eq!((&json["asked"], &json["replayed"]), (&Value::from("2026-11-20T20:41:00Z"), &Value::Null));
    assert_eq!(json["rules"][0]["reason"], "no-reading");
    for line in
        ["why home.yaml", "why --given soc=41%", &format!("{given} --site home"), "why home.yaml --given sco=41%"]
    {
        assert_eq!(desk.run(line).code, 1, "{line}");
    }
    assert!(!desk.state().exists(), "supposing makes nothing");
}

#[test]
fn why_tells_since_when() {
    let desk = Desk::ahead();
    assert_eq!(desk.run("run home.yaml --once --dry-run --log error").code, 0);
    let journal = desk.journal();
    let tick = journal.decision_at("home", start() + chrono::Duration::hours(1)).unwrap().unwrap();
    let since = || {
        let why: Value = serde_json::from_str(&desk.run("why --format json").stdout).unwrap();
        why["since"]["at"].as_str().map(|at| at.parse::<offpeak::time::Instant>().unwrap())
    };
    assert_eq!(since(), None, "the first decision began with itself");
    let later = |minutes: i64| TickRecord { at: tick.at + chrono::Duration::minutes(minutes), ..tick.clone() };
    for minutes in 1..=3 {
        journal.record_tick("home", &later(minutes)).unwrap();
    }
    let seconds = |at: offpeak::time::Instant| at.timestamp();
    assert_eq!(since().map(seconds), Some(seconds(tick.at)));
    // Nobody knows what held in a gap.
    journal.record_tick("home", &later(30)).unwrap();
    assert_eq!(since(), None);
    journal.record_tick("home", &later(31)).unwrap();
    assert_eq!(since().map(seconds), Some(seconds(later(30).at)));
}

#[test]
fn the_schema_is_printed_as_json() {
    let desk = Desk::new();
    let Ran { code, stdout, .. } = desk.run("schema");
    assert_eq!(code, 0);
    assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap(), offpeak::policy::schema());
}

#[test]
fn a_manual_command_holds_until_it_is_taken_back() {
    let desk = Desk::ahead();
    assert_eq!(desk.run("run home.yaml --once --dry-run --log error").code, 0);
    let story = desk.story(&[
        "override 'charge to 80%' --for 2h",
        "status",
        "override 'charge to 100%' --until 18:00",
        "resume",
        "resume",
        "log --limit 4",
    ]);
    settled(|| insta::assert_snapshot!("manual_command", story));
    // What was commanded is what a tick does.
    assert_eq!(desk.run("override hold --for 2h").code, 0);
    let tick = desk.run("run home.yaml --once --dry-run --log error");
    assert!(tick.stdout.contains(": hold;"), "{}", tick.stdout);
    let why = desk.run("why");
    assert!(why.stdout.contains("replayed: the same plan, to the byte"), "{}", why.stdout);
    assert!(desk.run("log").stdout.contains("hold (override)"));
}

#[test]
fn p17_the_holder_of_the_folder_is_named() {
    let desk = Desk::ahead();
    assert_eq!(desk.run("run home.yaml --once --dry-run --log error").code, 0);
    let lock = StateLock::acquire(&desk.state(), "offpeak run home.yaml").unwrap();
    let status = desk.run("status");
    assert!(status.stdout.contains("service       offpeak run home.yaml, pid"), "{}", status.stdout);
    let manual = desk.run("override hold --for 1h");
    assert!(manual.stdout.contains("acts on it at its next tick"), "{}{}", manual.stdout, manual.stderr);
    for line in ["apply home.yaml --yes", "run home.yaml"] {
        let Ran { code, stderr, .. } = desk.run(line);
        assert_eq!(code, 1, "{line}");
        assert!(stderr.contains("is held by offpeak run home.yaml, pid"), "{line}: {stderr}");
    }
    drop(lock);
    assert!(desk.run("status").stdout.contains("no service runs"));
}

#[test]
fn p24_a_cycle_that_is_overdue_is_said_loudly() {
    let desk = Desk::ahead();
    assert_eq!(desk.run("run home.yaml --once --dry-run --log error").code, 0);
    let verified = |minutes: i64| {
        desk.journal().set_verified_cycle("home", start() - chrono::Duration::minutes(minutes)).unwrap();
        let overdue = desk.run("status --format json").stdout;
        let overdue: Value = serde_json::from_str(&overdue).unwrap();
        (desk.run("status").stdout, overdue["sites"][0]["verified"]["overdue"].clone())
    };
    let (text, overdue) = verified(12);
    assert!(text.contains("last verified cycle 12 min ago: OVERDUE"), "{text}");
    assert_eq!(overdue, true);
    let (text, overdue) = verified(2);
    assert!(text.contains("last verified cycle 2 min ago\n"), "{text}");
    assert_eq!(overdue, false);
}

#[test]
fn p13_resume_takes_a_drifted_schedule_back_and_ends_its_alarm() {
    let desk = Desk::ahead();
    assert_eq!(desk.run("run home.yaml --once --dry-run --log error").code, 0);
    let settings = |cap: u8| {
        let windows = [Period { from: "12:00".parse().unwrap(), to: "13:30".parse().unwrap() }, Period::UNUSED];
        Settings::Charge(ChargeSettings { grid_charge: true, windows, cap })
    };
    let journal = desk.journal();
    journal.note_drift("home", &settings(90), &settings(80), start()).unwrap();
    journal.raise_alarm("home", "drift charge", "changed by someone else", start()).unwrap();
    journal.raise_alarm("home", "readings", "no readings: timeout", start()).unwrap();
    settled(|| insta::assert_snapshot!("drift", desk.story(&["status", "resume", "status"])));
    assert!(journal.drift("home", Object::Charge).unwrap().unwrap().acknowledged_at.is_some());
    let left: Vec<String> = journal.alarms("home").unwrap().into_iter().map(|alarm| alarm.key).collect();
    assert_eq!(left, ["readings"], "no other alarm ends");
}

#[test]
fn p19_a_replay_that_does_not_meet_the_journal_says_so() {
    let desk = Desk::ahead();
    assert_eq!(desk.run("run home.yaml --once --dry-run --log error").code, 0);
    let journal = desk.journal();
    let tick = journal.decision_at("home", start() + chrono::Duration::hours(1)).unwrap().unwrap();
    let mut context: Value = serde_json::from_str(&tick.context).unwrap();
    context["digest"] = "0".repeat(64).into();
    let at = tick.at + chrono::Duration::minutes(30);
    journal.record_tick("home", &TickRecord { at, context: context.to_string(), ..tick.clone() }).unwrap();
    let why = desk.run("why");
    assert!(why.stdout.contains("replayed: the same decision, but not the same plan to the byte"), "{}", why.stdout);
    // The moment before is still met.
    let why = desk.run("why --at '2040-01-13 20:59'");
    assert!(why.stdout.contains("replayed: the same plan, to the byte"), "{}", why.stdout);
    assert!(why.stdout.contains("nothing was decided between"), "{}", why.stdout);
    let why: Value = serde_json::from_str(&desk.run("why --format json").stdout).unwrap();
    assert_eq!(why["replayed"]["same"], false);
    let early = desk.run("why --at '2039-12-31 12:00'");
    assert_eq!(early.code, 1);
    assert!(early.stderr.contains("the first one is that of Fri 2040-01-13"), "{}", early.stderr);
}

#[test]
fn several_sites_in_one_folder_are_told_apart() {
    let desk = Desk::ahead();
    desk.write(
        "barn.yaml",
        QUIET.replace("site: home", "site: barn").replace("simulated", "simulated\n  serial: SIM2"),
    );
    for file in ["home.yaml", "barn.yaml"] {
        assert_eq!(desk.run(&format!("run {file} --once --dry-run --log error")).code, 0);
    }
    let why = desk.run("why");
    assert_eq!(why.code, 1);
    assert!(why.stderr.contains("several sites: say which with --site: barn, home"), "{}", why.stderr);
    assert_eq!(desk.run("why --site barn").code, 0);
    assert_eq!(desk.run("override hold --for 1h --site barn").code, 0);
    let status: Value = serde_json::from_str(&desk.run("status --format json").stdout).unwrap();
    let sites = status["sites"].as_array().unwrap();
    assert_eq!(sites.iter().map(|site| site["site"].as_str().unwrap()).collect::<Vec<_>>(), ["barn", "home"]);
    assert_eq!((sites[0]["override"]["action"].as_str(), sites[1]["override"].as_str()), (Some("hold"), None));
    let log = desk.run("log --site home").stdout;
    assert!(!log.contains("override"), "{log}");
}

#[test]
fn init_writes_what_check_passes() {
    let desk = Desk::new();
    let written = desk.run("init new.yaml --driver simulated --timezone Europe/London");
    assert_eq!(written.code, 0, "{}", written.stderr);
    insta::assert_snapshot!("init", written.stdout);
    assert_eq!(desk.run("check new.yaml --strict").code, 0);
    let before = desk.files();
    let again = desk.run("init new.yaml");
    assert_eq!((again.code, desk.files()), (1, before));
    assert!(again.stderr.contains("--force writes over it"), "{}", again.stderr);
    let forced =
        desk.run("init new.yaml --force --driver alphaess --serial ALB011020015002 --day-price 0.3 --currency EUR");
    assert_eq!(forced.code, 0, "{}", forced.stderr);
    assert_eq!(desk.run("check new.yaml --strict").code, 0);
    assert!(std::fs::read_to_string(desk.path("new.yaml")).unwrap().contains("ALB011020015002"));
}

#[test]
fn p1_the_same_plan_twice_is_the_same_bytes() {
    let desk = Desk::new();
    desk.write("device.json", DEVICE);
    for format in ["text", "json"] {
        let line = format!(
            "plan home.yaml --given soc=41% load=430W solar=0W --device device.json --at 2026-11-20T20:41:00Z --format {format}"
        );
        let (first, second) = (desk.run(&line), desk.run(&line));
        assert_eq!((first.code, first.stderr.as_str()), (0, ""), "{}", first.stdout);
        assert_eq!(first.stdout, second.stdout);
    }
    assert!(!desk.state().exists(), "given readings and a given device need no journal");
}

#[test]
fn every_answer_for_programs_is_json() {
    let desk = Desk::ahead();
    assert_eq!(desk.run("run home.yaml --once --dry-run --log error").code, 0);
    let check = |line: &str, keys: &[&str]| {
        let Ran { code, stdout, stderr } = desk.run(&format!("{line} --format json"));
        assert_eq!(code, 0, "{line}: {stderr}");
        let value: Value = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{line}: {error}\n{stdout}"));
        let object = if value.is_array() { &value[0] } else { &value };
        let found: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(found, keys, "{line}");
    };
    check("status", &["version", "state", "holder", "loss", "alarms", "sites"]);
    check("log", &["at", "site", "kind", "object", "text"]);
    check(
        "why",
        &[
            "version",
            "site",
            "policy",
            "now",
            "decision",
            "since",
            "paragraph",
            "grounds",
            "next",
            "rules",
            "readings",
            "safe_mode",
            "asked",
            "replayed",
        ],
    );
    check("override hold --for 1h", &["version", "site", "action", "at", "until", "bound", "holder"]);
    check("resume", &["version", "site", "at", "override", "drifts", "holder"]);
    check("restore home.yaml", &["version", "site", "original", "present", "changes", "presumed", "stored"]);
    check("read home.yaml", &["version", "site", "device", "now", "readings", "remark", "schedule"]);
    check("init other.yaml", &["version", "file", "site", "driver", "serial", "timezone"]);
    check("check home.yaml", &["policies"]);
}

#[test]
fn every_verb_ends_with_the_code_it_promises() {
    let desk = Desk::ahead();
    desk.write("device.json", DEVICE);
    desk.write("night.yaml", charging());
    let given = "--given soc=41% load=430W solar=0W --device device.json --at 2026-11-20T20:41:00Z";
    let check = |line: &str, code: i32, expect: &str| {
        let found = desk.run(line);
        let said = format!("{}{}", found.stdout, found.stderr);
        assert_eq!(found.code, code, "{line}: {said}");
        assert!(said.contains(expect), "{line}: {said}");
    };
    check("--version", 0, "offpeak ");
    check("check home.yaml", 0, "1 policy checked: 0 errors, 1 warning");
    check("check home.yaml --strict", 1, "warning[ceiling-grid-only]");
    check(&format!("plan home.yaml {given}"), 0, "nothing to send.");
    check(&format!("plan night.yaml {given}"), 2, "nothing was sent: this is a plan of what was given.");
    check("read home.yaml", 0, "soc");
    check("run home.yaml --once --dry-run", 0, "self-consume");
    check("apply home.yaml", 0, "nothing to send.");
    check("status --site home", 0, "last verified cycle");
    check("status --site hme", 1, "did you mean home?");
    check("log --limit 1", 0, "GMT");
    check("restore home.yaml", 0, "nothing to restore");
    check("restore home.yaml --yes", 0, "nothing to restore");
    check("devices", 1, "OFFPEAK_ALPHAESS_APP_ID");
    check("devices --driver simulated", 1, "offpeak simulate");
    check("devices --driver atess", 1, "has no list of an account");
    check("simulate --vendor ates", 1, "expected alphaess or atess");
    check("simulate --vendor atess --faults clock-skew", 1, "no fault of the ATESS cloud");
    check("simulate --vendor atess --token ''", 1, "--token");
    check("simulate --faults no-such-fault", 1, "no fault is called");
    check("simulate --speed -1", 1, "");
    check("simulate --speed nan", 1, "expected a number from 0");
    check("simulate --start yesterday", 1, "--start: `yesterday` is no moment");
    check("simulate --app-secret ''", 1, "--app-secret");
}

#[test]
fn p8_restore_puts_back_what_was_there_before_the_first_write() {
    let desk = Desk::new();
    desk.write("home.yaml", charging());
    let mut served = desk.command(&["simulate", "--port", "0", "--speed", "200", "--start", "2026-11-20T20:41:00Z"]);
    let mut served = Beside(served.stdout(std::process::Stdio::piped()).spawn().unwrap());
    let url = clock_url(served.0.stdout.as_mut().unwrap());
    let run = |line: &str| desk.run(&format!("{line} --clock {url}"));

    let applied = run("apply home.yaml --yes");
    assert!(applied.stdout.contains("applied: "), "{}{}", applied.stdout, applied.stderr);
    let recorded = || desk.journal().store(&desk.journal().sites().unwrap()[0]).unwrap();
    assert_eq!(recorded(), Some(Store::TwoWindow));
    let refused = run("restore home.yaml");
    assert_eq!(refused.code, 1, "nobody agreed");
    assert!(refused.stdout.contains("gridCharge 1 → 0"), "{}", refused.stdout);
    assert!(refused.stderr.contains("not agreed to"), "{}", refused.stderr);
    let restored = run("restore home.yaml --yes");
    assert_eq!(restored.code, 0, "{}{}", restored.stdout, restored.stderr);
    assert!(restored.stdout.contains("written and read back"), "{}", restored.stdout);
    assert_eq!(recorded(), None, "another store may be chosen");
    let again = run("restore home.yaml --yes");
    assert_eq!(again.code, 0, "{}{}", again.stdout, again.stderr);
    assert!(again.stdout.contains("the device holds that already"), "{}", again.stdout);

    assert!(served.end("-TERM"), "SIGTERM ends the simulator cleanly");
}

#[test]
fn the_simulator_prints_what_can_be_pasted() {
    let desk = Desk::new();
    let mut served =
        desk.command(&["simulate", "--port", "0", "--app-secret", "it's a$ecret".replace(' ', "-").as_str()]);
    let mut served = Beside(served.stdout(std::process::Stdio::piped()).spawn().unwrap());
    let text = head(served.0.stdout.as_mut().unwrap(), "SIGINT");
    let url = text.lines().find_map(|line| line.strip_prefix("simulated AlphaESS cloud at ")).unwrap();
    let snippet = text.split("# for the policy\n").nth(1).unwrap().split("\n\n").next().unwrap();
    desk.write("home.yaml", QUIET.replace("device:\n  driver: simulated", snippet));
    let exports: Vec<&str> = text.lines().filter(|line| line.starts_with("export ")).collect();
    let script = format!("{}\nexec \"$0\" \"$@\"", exports.join("\n"));
    let mut shell = std::process::Command::new("/bin/sh");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_offpeak"), "devices", "--url", url]);
    let devices = ran(shell.current_dir(desk.dir.path()).env_clear().env("HOME", desk.dir.path()).output().unwrap());
    assert_eq!(devices.code, 0, "{}", devices.stderr);
    assert!(devices.stdout.contains("ALS000000000001"), "{}", devices.stdout);
    assert_eq!(desk.run("check home.yaml").code, 0);
    assert!(served.end("-INT"), "SIGINT ends the simulator cleanly");
}

/// The output of a child up to a line with a word in it.
fn head(output: &mut impl std::io::Read, until: &str) -> String {
    use std::io::BufRead;
    let mut text = String::new();
    for line in std::io::BufReader::new(output).lines().take(100) {
        let line = line.unwrap();
        text.push_str(&line);
        text.push('\n');
        if line.contains(until) {
            break;
        }
    }
    text
}

fn clock_url(output: &mut impl std::io::Read) -> String {
    let text = head(output, "--clock");
    text.split("--clock ").nth(1).unwrap().split('`').next().unwrap().to_owned()
}

/// A policy that charges in the evening.
fn charging() -> String {
    QUIET.replace("when: { ev: above 20 kW }\n    then: hold", "when: { time: 20:00-23:30 }\n    then: charge to 90%")
}

/// A device that only serves the house.
const DEVICE: &str = r#"{
  "getChargeConfigInfo": { "gridCharge": 0, "timeChaf1": "00:00", "timeChae1": "00:00", "timeChaf2": "00:00",
    "timeChae2": "00:00", "batHighCap": 100 },
  "getDisChargeConfigInfo": { "ctrDis": 0, "timeDisf1": "00:00", "timeDise1": "00:00", "timeDisf2": "00:00",
    "timeDise2": "00:00", "batUseCap": 10 }
}"#;

#[test]
fn no_verb_hangs_when_its_reader_leaves() {
    let desk = Desk::new();
    let mut child = desk.command(&["--help"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let began = std::time::Instant::now();
    child.wait().unwrap();
    assert!(began.elapsed() < Duration::from_secs(30));
}
