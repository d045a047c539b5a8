//! The arrows of `ARCHITECTURE.md`: who may know whom. A forbidden arrow fails here, with its file and line.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room with the rooms that it may know. A room that is not listed here fails the test.
const ROOMS: &[(&str, &str)] = &[
    ("units", ""),
    ("time", ""),
    ("diagnostic", ""),
    ("clock", "time"),
    ("snapshot", "time units"),
    ("tariff", "time units worth"),
    ("worth", "time units"),
    ("forecast", "time units"),
    ("follow", "forecast worth optimum policy tariff time units"),
    ("history", "time units"),
    ("device", "snapshot time units"),
    ("policy", "diagnostic time units snapshot device"),
    ("engine", "diagnostic worth policy snapshot tariff time units"),
    ("battery", "engine policy units"),
    ("optimum", "units"),
    ("plan", "engine follow forecast worth battery policy snapshot tariff device time units"),
    ("apply", "plan policy snapshot device time units"),
    ("backtest", "plan device optimum forecast worth follow engine battery policy snapshot tariff history time units"),
    ("policy_test", "plan engine battery policy snapshot tariff device time units diagnostic"),
    (
        "report",
        "backtest history policy_test plan engine forecast worth battery policy snapshot tariff device time units apply diagnostic",
    ),
    ("vendor", "device snapshot time units clock"),
    ("vendor::alphaess", "diagnostic device snapshot time units clock vendor"),
    ("vendor::atess", "device snapshot time units clock vendor"),
    ("vendor::simulated", "device snapshot time units clock vendor vendor::alphaess simulator"),
    ("journal", "device engine tariff snapshot time units"),
    ("feed", "history time units"),
    ("simulator", "tariff time units clock"),
    (
        "runner",
        "apply plan engine forecast battery policy snapshot tariff device time units clock journal vendor vendor::alphaess vendor::atess vendor::simulated report diagnostic",
    ),
    (
        "cli",
        "runner apply plan engine follow forecast battery policy snapshot tariff device time units clock journal vendor vendor::alphaess vendor::atess \
         vendor::simulated report diagnostic simulator policy_test backtest feed history",
    ),
    ("main", "cli"),
    ("lib", ""),
];

/// The rooms that decide, and so may neither look at the world nor wait for it.
const PURE: &str = "units time diagnostic snapshot worth tariff forecast follow policy engine battery optimum plan apply report policy_test history backtest";

/// What a pure room never says.
const WORLDLY: [&str; 16] = [
    "std::fs",
    "std::env",
    "TcpStream",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "Utc::now",
    "async ",
    ".await",
    "tokio",
    "tracing",
    "fastrand",
    "reqwest",
    "rusqlite",
    "println!",
];

/// What serde may never shape: the domain types.
const SERDE_FREE: &str =
    "units time snapshot worth tariff forecast follow device engine battery optimum plan apply history backtest";

struct Source {
    room: String,
    path: PathBuf,
    /// The lines before the unit tests, with their numbers.
    lines: Vec<(usize, String)>,
}

fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    collect(Path::new("src"), &mut files);
    files.into_iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

fn read(path: PathBuf) -> Source {
    let text = fs::read_to_string(&path).expect("a source file");
    let lines = text.lines().enumerate().take_while(|(_, line)| !line.starts_with("#[cfg(test)]"));
    let code = lines.filter(|(_, line)| !line.trim_start().starts_with("//"));
    let lines = code.map(|(index, line)| (index + 1, line.to_owned())).collect();
    Source { room: room_of_file(&path), path, lines }
}

fn room_of_file(path: &Path) -> String {
    let parts: Vec<String> = path
        .with_extension("")
        .components()
        .skip(1)
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    room(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The room of a path of modules: its first part, but for the vendors, each of which is a room of its own.
fn room(parts: &[&str]) -> String {
    match parts {
        ["vendor", vendor @ ("alphaess" | "atess" | "simulated"), ..] => format!("vendor::{vendor}"),
        ["clock_remote", ..] => "clock".to_owned(),
        [first, ..] => (*first).to_owned(),
        [] => String::new(),
    }
}

/// The rooms that a line names by `crate::…`, also within braces.
fn named(line: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for tail in line.split("crate::").skip(1) {
        let path: String = tail.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':')).collect();
        rooms.push(room(&path.split("::").collect::<Vec<_>>()));
    }
    for tail in
        line.split("offpeak::").skip(1).filter(|_| line.trim_start().starts_with("use ") || line.contains(" offpeak::"))
    {
        rooms.push(tail.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
    }
    rooms
}

fn fail(found: Vec<String>) {
    assert!(found.is_empty(), "arrows that must not exist:\n{}", found.join("\n"));
}

#[test]
fn rooms_know_only_the_rooms_below_them() {
    let table: BTreeMap<&str, Vec<&str>> =
        ROOMS.iter().map(|(room, known)| (*room, known.split_whitespace().collect())).collect();
    let mut found = Vec::new();
    for source in sources() {
        let Some(known) = table.get(source.room.as_str()) else {
            found.push(format!("{}: the room `{}` is not on the floor plan", source.path.display(), source.room));
            continue;
        };
        for (number, line) in &source.lines {
            for target in
                named(line).into_iter().filter(|target| *target != source.room && !known.contains(&target.as_str()))
            {
                found.push(format!("{}:{number}: {} → {target}", source.path.display(), source.room));
            }
        }
    }
    fail(found);
}

#[test]
fn pure_rooms_neither_look_at_the_world_nor_wait() {
    let mut found = Vec::new();
    for source in sources().into_iter().filter(|source| PURE.split_whitespace().any(|pure| pure == source.room)) {
        for (number, line) in &source.lines {
            for word in WORLDLY.iter().filter(|word| line.contains(**word)) {
                found.push(format!("{}:{number}: `{word}` in a pure room", source.path.display()));
            }
        }
    }
    fail(found);
}

#[test]
fn only_the_runner_is_handed_a_writing_device() {
    let mut found = Vec::new();
    let strangers = |room: &str| !matches!(room, "device" | "runner") && !room.starts_with("vendor");
    for source in sources().into_iter().filter(|source| strangers(&source.room)) {
        for (number, _) in source.lines.iter().filter(|(_, line)| line.contains("WriteDevice")) {
            found.push(format!("{}:{number}: `WriteDevice` in {}", source.path.display(), source.room));
        }
    }
    fail(found);
}

#[test]
fn domain_types_know_no_serde() {
    let mut found = Vec::new();
    for source in sources().into_iter().filter(|source| SERDE_FREE.split_whitespace().any(|free| free == source.room)) {
        for (number, _) in
            source.lines.iter().filter(|(_, line)| line.contains("Serialize") || line.contains("Deserialize"))
        {
            found.push(format!("{}:{number}: serde on a domain type", source.path.display()));
        }
    }
    fail(found);
}

#[test]
fn one_module_alone_reads_yaml() {
    let readers: Vec<String> = sources()
        .into_iter()
        .filter(|source| source.lines.iter().any(|(_, line)| line.contains("serde_yaml::")))
        .map(|source| source.path.display().to_string())
        .collect();
    assert!(readers.len() <= 2, "the YAML crate is known to: {readers:?}");
}

#[test]
fn the_walk_finds_a_forbidden_arrow() {
    assert_eq!(named("use crate::engine::Decision;"), ["engine"]);
    assert_eq!(named("    let x = crate::vendor::alphaess::sign();"), ["vendor::alphaess"]);
    assert_eq!(room_of_file(Path::new("src/vendor/atess/wire.rs")), "vendor::atess");
    assert!(named("use std::fmt;").is_empty());
}
