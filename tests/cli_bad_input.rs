//! Whatever the program is given: one clear message, exit code 1, nothing written, no panic.
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

use cli::{Desk, QUIET, Ran, ran, words};

/// Runs it and expects one failure that says this, and that no file has come, gone or changed.
fn fails(desk: &Desk, line: &str, expect: &str) {
    let before = desk.files();
    let found = desk.run(line);
    refused(line, &found, expect);
    assert_eq!(desk.files().keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "{line}: files");
    assert!(desk.files() == before, "{line}: a file has changed");
}

fn refused(line: &str, found: &Ran, expect: &str) {
    let Ran { code, stdout, stderr } = found;
    assert_eq!(*code, 1, "{line}: {stdout}{stderr}");
    assert_eq!(stderr.matches("error: ").count(), 1, "{line}: one message: {stderr}");
    assert!(stderr.contains(expect), "{line}: {stderr}");
    assert!(!stderr.contains("panicked"), "{line}: {stderr}");
    assert_eq!(stdout, "", "{line}: nothing on stdout");
}

#[test]
fn p21_files_that_are_no_policy() {
    let desk = Desk::new();
    desk.write("binary.yaml", [0x80, 0x00, 0xff, 0x13].repeat(1000));
    desk.write("large.yaml", "# x\n".repeat(5 * 1024 * 1024 / 4));
    std::fs::create_dir(desk.path("folder")).unwrap();
    for verb in ["check", "plan", "apply", "run", "read", "restore"] {
        fails(&desk, &format!("{verb} missing.yaml"), "missing.yaml: no such file");
        fails(&desk, &format!("{verb} binary.yaml"), "binary.yaml: byte 0 is not UTF-8 text; save the file as UTF-8");
        fails(&desk, &format!("{verb} large.yaml"), "large.yaml: the file is larger than 4 MiB");
        let folder = if ["check", "run"].contains(&verb) {
            "no policy (*.yaml) in this folder"
        } else {
            "is a folder, not a file"
        };
        fails(&desk, &format!("{verb} folder"), folder);
    }
    desk.write("broken.yaml", QUIET.replace("then: hold", "then: hodl"));
    for verb in ["plan", "apply", "run", "read", "restore"] {
        let found = desk.run(&format!("{verb} broken.yaml"));
        assert_eq!(found.code, 1);
        assert!(found.stderr.contains("did you mean `hold`?"), "{verb}: {}", found.stderr);
        assert!(found.stderr.ends_with("error: broken.yaml has errors; nothing was done\n"), "{}", found.stderr);
    }
    assert!(!desk.state().exists());
}

#[test]
fn arguments_that_cannot_be_understood() {
    let desk = Desk::new();
    let given = "--given soc=40% --device device.json";
    for (line, expect) in [
        ("bogus", "unrecognized subcommand 'bogus'"),
        ("status --bogus", "unexpected argument '--bogus'"),
        ("plan", "required arguments were not provided"),
        ("plan home.yaml --at 2026-11-20T20:41:00Z", "--given"),
        ("plan home.yaml --horizon tomorrow --given soc=40% --device x", "--horizon: "),
        ("plan home.yaml --horizon 1000h --given soc=40% --device x", "--horizon: at most 14 days"),
        ("plan home.yaml --given soc=40 --device x", "--given soc=40"),
        ("plan home.yaml --given sco=40% --device x", "did you mean soc?"),
        ("override hold", "--until"),
        ("override hold --for 1h --until 18:00", "cannot be used with"),
        ("log --limit many", "--limit"),
        ("log --limit 1000000", "at most 10000"),
        ("log --limit -1", "error: "),
        ("status --format xml", "possible values: text, json"),
        ("status --log loud", "possible values: error"),
        ("simulate --port 99999", "--port"),
        ("devices --driver alphaes", "did you mean alphaess?"),
        ("init", "home.yaml: is there already"),
        ("init no/such/folder.yaml", "no/such/folder.yaml: "),
        ("init new.yaml --driver alphaess", "--serial"),
        ("init new.yaml --night 25:00-26:00", "--night"),
    ] {
        fails(&desk, line, expect);
    }
    desk.write("device.json", "{}");
    fails(&desk, &format!("plan home.yaml {given} --at '20:41 yesterday'"), "is no moment");
    fails(&desk, &format!("plan home.yaml {given}"), "device.json: ");
    desk.write("device.json", "garbage");
    fails(&desk, &format!("plan home.yaml {given}"), "device.json: ");
    fails(&desk, "read home.yaml --clock http://example.com:1", "--clock: ");
    assert_eq!(words("override 'charge to 80%' --for 2h").len(), 4);
}

#[test]
fn commands_that_cannot_be_given() {
    let desk = Desk::ahead();
    assert_eq!(desk.run("run home.yaml --once --dry-run --log error").code, 0);
    for (line, expect) in [
        ("override 'charge to the moon' --for 2h", "expected"),
        ("override '' --for 2h", "an action is missing here"),
        ("override 'charge to 80% at 3 kW' --for 2h", "cannot set the power of a charge; write `charge to 80%`"),
        ("override 'discharge to 30%' --for 2h", "write `self-consume down to 30%`"),
        ("override 'charge to cover load until 09:00' --for 2h", "needs a forecast"),
        ("override hold --for soon", "--for soon: "),
        ("override hold --for 200h", "at most 7 days"),
        ("override hold --until 25:00", "--until 25:00: "),
        ("override hold --until '2040-01-13 20:00'", "is over"),
        ("override hold --for 1h --site barn", "does not know this site (it knows: home)"),
        ("why --at noon", "`noon` is no moment"),
        ("why --at '2039-01-01 00:00'", "no decision is journaled at or before"),
        ("resume --site barn", "does not know this site"),
    ] {
        let found = desk.run(line);
        refused(line, &found, expect);
    }
    let log = desk.run("log").stdout;
    assert!(!log.contains("override"), "nothing was journaled: {log}");
}

#[test]
fn p18_a_saved_plan_that_cannot_be_applied() {
    let desk = Desk::ahead();
    assert_eq!(desk.run("plan home.yaml --out plan.json").code, 0);
    let saved = std::fs::read_to_string(desk.path("plan.json")).unwrap();
    for (name, content, expect) in [
        ("garbage.json", "{ what is this".to_owned(), "not a saved plan"),
        ("empty.json", "{}".to_owned(), "its version is missing"),
        ("truncated.json", saved[..saved.len() / 2].to_owned(), "not a saved plan (EOF"),
        ("other.json", saved.replace("\"offpeak plan\": 1", "\"offpeak plan\": 2"), "another version wrote it"),
        (
            "elsewhere.json",
            saved.replace("\"policy\": \"home.yaml\"", "\"policy\": \"gone.yaml\""),
            "gone.yaml: no such file",
        ),
    ] {
        desk.write(name, content);
        let line = format!("apply {name} --yes");
        refused(&line, &desk.run(&line), expect);
    }
    let stale = |content: String, expect: &str| {
        desk.write("stale.json", content);
        let found = desk.run("apply stale.json --yes");
        refused("apply stale.json", &found, expect);
    };
    let moment = saved.split("\"now\": \"").nth(1).unwrap().split('"').next().unwrap();
    stale(saved.replace(&format!("\"now\": \"{moment}\""), "\"now\": \"2040-01-13T18:00:00Z\""), "plan again");
    stale(saved.replace("\"grid_charge\": false", "\"grid_charge\": true"), "plan again");
    stale(saved.replace("\"given\": false", "\"given\": true"), "rests on what was given");
    desk.write("home.yaml", QUIET.replace("above 20 kW", "above 19 kW"));
    stale(saved, "the policy has changed since the plan was made; plan again");
}

#[test]
fn p20_a_damaged_journal_is_named_and_survived() {
    let desk = Desk::ahead();
    desk.write("state/journal.db", [7; 5000]);
    for line in ["status", "log", "why", "resume", "override hold --for 1h", "plan home.yaml", "read home.yaml"] {
        fails(&desk, line, "state/journal.db: ");
        fails(&desk, line, "the next `offpeak run` or `offpeak apply` sets a damaged journal aside");
    }
    let applied = desk.run("apply home.yaml --yes");
    assert_eq!(applied.code, 0, "{}{}", applied.stdout, applied.stderr);
    let status = desk.run("status");
    assert_eq!(status.code, 0, "{}", status.stderr);
    assert!(status.stdout.contains("records were lost"), "{}", status.stdout);
}

#[test]
fn a_state_folder_that_cannot_be_used() {
    let desk = Desk::new();
    desk.write("file", "not a folder");
    for line in [
        "status",
        "log",
        "why",
        "resume",
        "override hold --for 1h",
        "plan home.yaml",
        "apply home.yaml",
        "run home.yaml",
    ] {
        fails(&desk, &format!("{line} --state file"), "file: is no folder; say where the state folder is with --state");
    }
    for line in ["plan home.yaml", "apply home.yaml --yes", "run home.yaml --once"] {
        fails(&desk, &format!("{line} --state file/below"), "file/below");
        fails(&desk, &format!("{line} --state /proc/none"), "/proc/none");
    }
    let homeless = |line: &str| {
        let words = words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        ran(desk.command(&words).env_clear().output().unwrap())
    };
    for line in ["status", "log", "why", "plan home.yaml", "apply home.yaml", "run home.yaml"] {
        refused(
            line,
            &homeless(line),
            "no state folder: neither --state, OFFPEAK_STATE, XDG_STATE_HOME nor HOME says where",
        );
    }
    refused("devices", &homeless("devices"), "no AlphaESS credentials");
    assert_eq!(homeless("check home.yaml").code, 0, "what needs no state asks for none");
}
