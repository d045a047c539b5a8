//! `offpeak fmt`: what it writes, what it tells, and that it touches nothing where anything is wrong.
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

use std::io::Write;
use std::process::Stdio;

use cli::{Desk, QUIET, Ran, ran};

/// The quiet policy in its canonical layout.
fn canonical() -> String {
    offpeak::policy::fmt::canonical("home.yaml", QUIET).unwrap()
}

fn fed(desk: &Desk, arguments: &[&str], text: &str) -> Ran {
    let mut command = desk.command(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Who refuses its arguments does not read on.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    ran(child.wait_with_output().unwrap())
}

#[test]
fn files_are_laid_out_once_and_stay() {
    let desk = Desk::new();
    desk.write("crlf.yaml", format!("\u{feff}{}", canonical().replace('\n', "\r\n")));
    desk.write("home.test.yaml", "tests: [{name: x, at: 2026-01-15 01:00}]\npolicy: home.yaml\n");
    desk.write("notes.txt", "not: [a policy\n");
    let found = desk.run("fmt .");
    let told =
        "./crlf.yaml laid out anew\n./home.test.yaml laid out anew\n./home.yaml laid out anew\n3 files: 3 changed\n";
    assert_eq!((found.code, found.stdout.as_str(), found.stderr.as_str()), (0, told, ""));
    let read = |name: &str| std::fs::read_to_string(desk.path(name)).unwrap();
    assert_eq!(read("home.yaml"), canonical());
    assert_eq!(read("crlf.yaml"), canonical());
    assert_eq!(read("home.test.yaml"), "policy: home.yaml\n\ntests:\n  - name: x\n    at: 2026-01-15 01:00\n");
    let before = desk.files();
    let again = desk.run("fmt .");
    assert_eq!((again.code, again.stdout.as_str()), (0, "3 files: canonical already\n"));
    assert!(desk.files() == before, "nothing is written where nothing changes");
    assert_eq!(desk.run("fmt --check .").code, 0);
}

#[test]
fn check_shows_the_difference_and_writes_nothing() {
    let desk = Desk::new();
    desk.write("home.yaml", canonical().replace("then: hold", "then:   HOLD"));
    let before = desk.files();
    let found = desk.run("fmt --check home.yaml");
    let told = "home.yaml would change\n  line 23\n  -     then:   HOLD\n  +     then: hold\n1 file: 1 would change; `offpeak fmt` lays out\n";
    assert_eq!((found.code, found.stdout.as_str(), found.stderr.as_str()), (1, told, ""));
    assert!(desk.files() == before);
    let data: serde_json::Value =
        serde_json::from_str(&desk.run("fmt --check home.yaml --format json").stdout).unwrap();
    assert_eq!(data, serde_json::json!({ "files": [{ "file": "home.yaml", "changed": true, "diagnostics": [] }] }));
}

#[test]
fn one_file_that_does_not_load_keeps_all_as_they_are() {
    let desk = Desk::new();
    desk.write("broken.yaml", QUIET.replace("then: hold", "then: hodl"));
    let before = desk.files();
    for line in ["fmt home.yaml broken.yaml", "fmt .", "fmt --check broken.yaml", "fmt broken.yaml --format json"] {
        let found = desk.run(line);
        assert_eq!(found.code, 1, "{line}");
        assert!(found.stderr.contains("did you mean `hold`?"), "{line}: {}", found.stderr);
        assert!(found.stderr.ends_with("nothing was laid out: `offpeak check` must be content first\n"), "{line}");
        assert!(desk.files() == before, "{line}");
    }
    assert_eq!(desk.run("fmt --check broken.yaml").stdout, "1 file: 1 refused\n");
    let checked = desk.run("check broken.yaml").stdout;
    let told = desk.run("fmt broken.yaml").stderr;
    assert!(checked.contains(told.split("nothing was laid out").next().unwrap().trim_end()), "{checked}\n{told}");
    assert!(desk.run("fmt missing.yaml").stderr.contains("missing.yaml: no such file"));
}

#[test]
fn a_dash_reads_stdin_and_writes_stdout() {
    let desk = Desk::new();
    let check = |arguments: &[&str], text: &str, code: i32, stdout: &str| {
        let found = fed(&desk, arguments, text);
        assert_eq!((found.code, found.stdout.as_str()), (code, stdout), "{arguments:?}: {}", found.stderr);
    };
    check(&["fmt", "-"], QUIET, 0, &canonical());
    check(&["fmt", "-"], &canonical(), 0, &canonical());
    check(&["fmt", "-", "--check"], &canonical(), 0, "");
    check(&["fmt", "-"], "offpeak: [", 1, "");
    assert_eq!(fed(&desk, &["fmt", "-", "--check"], QUIET).code, 1);
    assert!(fed(&desk, &["fmt", "-", "home.yaml"], QUIET).stderr.contains("`-` stands alone"));
}

#[cfg(unix)]
#[test]
fn mode_and_link_stay_and_nothing_is_left_beside() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let desk = Desk::new();
    let mode = |name: &str| std::fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777;
    let set = |name: &str, mode| {
        std::fs::set_permissions(desk.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set("home.yaml", 0o640);
    symlink("home.yaml", desk.path("link.yaml")).unwrap();
    assert_eq!(desk.run("fmt link.yaml").code, 0);
    assert!(std::fs::symlink_metadata(desk.path("link.yaml")).unwrap().is_symlink());
    assert_eq!((mode("home.yaml"), std::fs::read_to_string(desk.path("home.yaml")).unwrap()), (0o640, canonical()));
    assert_eq!(desk.files().len(), 2, "{:?}", desk.files().keys());
    desk.write("home.yaml", QUIET);
    set("home.yaml", 0o440);
    let refused = desk.run("fmt home.yaml");
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("home.yaml: the file is read-only"), "{}", refused.stderr);
    assert_eq!(std::fs::read_to_string(desk.path("home.yaml")).unwrap(), QUIET);
}
