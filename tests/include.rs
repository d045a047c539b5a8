//! Rules, calendars and tariffs that several policies share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;

use offpeak::diagnostic::{Severity, render_of, to_json_of};
use offpeak::policy::{self, Loaded, Policy, load_kept, load_with, revision_with};
use offpeak::runner::Beside;
use proptest::prelude::*;

const HEAD: &str = "offpeak: 1
site: home
timezone: Europe/London
device: { driver: simulated }
battery: { capacity: 10 kWh, charge power: 5 kW, discharge power: 5 kW, round trip efficiency: 81% }
";

const TARIFF: &str = "tariff:
  currency: GBP
  import:
    night: { price: 0.07, time: 23:30-05:30 }
    day: { price: 0.27 }
";

/// A folder that lies in no file system.
#[derive(Clone, Default)]
struct Folder(BTreeMap<&'static str, String>);

impl Folder {
    fn with(mut self, path: &'static str, text: impl Into<String>) -> Folder {
        self.0.insert(path, text.into());
        self
    }
}

impl policy::Files for Folder {
    fn text(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "no such file".to_owned())
    }
}

fn load(text: &str, folder: &Folder) -> Loaded {
    load_with("rules/home.yaml", text, folder)
}

fn shown(loaded: &Loaded) -> String {
    render_of(&loaded.diagnostics, &loaded.texts, false)
}

#[track_caller]
fn good(text: &str, folder: &Folder) -> Policy {
    let loaded = load(text, folder);
    assert!(loaded.diagnostics.is_empty(), "{}", shown(&loaded));
    loaded.policy.unwrap()
}

fn names(policy: &Policy) -> Vec<&str> {
    policy.rules.iter().map(|rule| rule.name.as_str()).collect()
}

fn rule(name: &str, when: &str) -> String {
    format!("  - name: {name}\n    when: {{ {when} }}\n    then: hold\n")
}

#[test]
fn included_rules_stand_where_they_are_included() {
    let folder = Folder::default()
        .with(
            "shared/ev.yaml",
            format!("offpeak: 1\nrules:\n{}{}", rule("car", "ev: above 1 kW"), rule("cars", "ev: above 9 kW")),
        )
        .with(
            "shared/night.yaml",
            format!("offpeak: 1\nrules:\n  - include: ev.yaml\n{}", rule("dark", "tariff: night")),
        );
    let check = |rules: &str, expect: &[&str]| {
        let policy = load(&format!("{HEAD}{TARIFF}rules:\n{rules}"), &folder).policy.unwrap();
        assert_eq!(names(&policy), expect, "{rules}");
    };
    let (one, two) = (rule("one", "soc: below 20%"), rule("two", "soc: above 90%"));
    check(&format!("{one}  - include: shared/ev.yaml\n{two}"), &["one", "car", "cars", "two"]);
    check(&format!("  - include: shared/night.yaml\n{one}"), &["car", "cars", "dark", "one"]);
    check(&format!("  - include: [shared/ev.yaml, shared/night.yaml]\n{one}"), &["car", "cars", "dark", "one"]);
    check(
        &format!("{one}  - include: shared/night.yaml\n{two}  - include: shared/ev.yaml\n"),
        &["one", "car", "cars", "dark", "two"],
    );
}

#[test]
fn calendars_and_a_tariff_may_be_shared() {
    let folder = Folder::default()
        .with("shared/tariff.yaml", format!("offpeak: 1\n{TARIFF}"))
        .with("shared/days.yaml", "offpeak: 1\ninclude: more/easter.yaml\ncalendars:\n  holidays: 2026-12-25\n")
        .with("shared/more/easter.yaml", "offpeak: 1\ncalendars: { easter: 2026-04-05 }\n");
    let rules = rule("free", "days: [holidays, easter], tariff: night");
    let policy = good(&format!("{HEAD}include: [shared/tariff.yaml, shared/days.yaml]\nrules:\n{rules}"), &folder);
    let calendars: Vec<&str> = policy.calendars.iter().map(|calendar| calendar.name.as_str()).collect();
    assert_eq!(calendars, ["easter", "holidays"]);
    assert_eq!(policy.tariff.import.len(), 2);
}

#[test]
fn a_file_that_is_named_twice_counts_once() {
    let folder = Folder::default()
        .with("a.yaml", "offpeak: 1\ninclude: ./x/../days.yaml\n")
        .with("b.yaml", format!("offpeak: 1\ninclude: days.yaml\nrules:\n{}", rule("free", "days: holidays")))
        .with("days.yaml", "offpeak: 1\ncalendars: { holidays: 2026-12-25 }\n");
    let policy = good(
        &format!("{HEAD}{TARIFF}include: [a.yaml, days.yaml]\nrules:\n  - include: b.yaml\n  - include: b.yaml\n"),
        &folder,
    );
    assert_eq!((names(&policy).len(), policy.calendars.len()), (1, 1));
}

#[test]
fn a_revision_covers_every_file_and_what_is_kept_is_the_whole() {
    let text = format!("{HEAD}{TARIFF}rules:\n  - include: shared/ev.yaml\n");
    let ev = |at: &str| Folder::default().with("shared/ev.yaml", format!("offpeak: 1\nrules:\n{}", rule("car", at)));
    let loaded = load(&text, &ev("ev: above 1 kW"));
    let policy = loaded.policy.clone().unwrap();
    assert_eq!(policy.revision, policy::revision(&loaded.kept));
    assert_eq!(loaded.included, ["shared/ev.yaml"]);
    let now = |folder: &Folder| revision_with(&text, &loaded.included, folder);
    assert_eq!(now(&ev("ev: above 1 kW")), policy.revision);
    assert_ne!(now(&ev("ev: above 2 kW")), policy.revision);
    assert_ne!(now(&Folder::default()), policy.revision);
    assert_eq!(load_kept("rules/home.yaml", &loaded.kept), loaded);
    assert_eq!(load_kept("/elsewhere/home.yaml", &loaded.kept).policy.unwrap().revision, policy.revision);
    let alone = format!("{HEAD}{TARIFF}");
    assert_eq!(load(&alone, &Folder::default()).kept, alone);
}

#[test]
fn a_problem_is_told_where_it_stands() {
    let folder =
        Folder::default().with("shared/ev.yaml", format!("offpeak: 1\nrules:\n{}", rule("car", "ev: above 1 kg")));
    let text = format!("{HEAD}{TARIFF}rules:\n{}  - include: shared/ev.yaml\n", rule("car", "soc: below 120%"));
    let loaded = load(&text, &folder);
    insta::assert_snapshot!(shown(&loaded));
    insta::assert_snapshot!(format!("{:#}", to_json_of(&loaded.diagnostics, &loaded.texts)));
}

/// The days of a calendar that an iCalendar file gives, in this zone.
fn days_in(zone: &str, ics: &str) -> Result<Vec<String>, String> {
    let text = format!("{}{TARIFF}calendars: {{ away: {{ ical: away.ics }} }}\n", HEAD.replace("Europe/London", zone));
    let loaded = load(&text, &Folder::default().with("away.ics", ics));
    match loaded.policy.clone() {
        Some(policy) => Ok(policy.calendars[0].days.iter().map(ToString::to_string).collect()),
        None => Err(shown(&loaded)),
    }
}

/// A file with one event.
fn event(lines: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n{lines}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
}

#[test]
fn events_are_the_days_that_they_touch() {
    let check = |lines: &str, expect: &[&str]| {
        let days = days_in("Europe/London", &event(lines)).unwrap_or_else(|why| panic!("{lines}\n{why}"));
        assert_eq!(days, expect, "{lines}");
    };
    check("DTSTART;VALUE=DATE:20261225", &["2026-12-25"]);
    check("DTSTART:20261225", &["2026-12-25"]);
    // The end is the first day that does not belong to it.
    check("DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227", &["2026-12-25", "2026-12-26"]);
    check("DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261225", &["2026-12-25"]);
    check("DTSTART;VALUE=DATE:20261225\r\nDURATION:P2D", &["2026-12-25", "2026-12-26"]);
    check("DTSTART;VALUE=DATE:202\r\n 61225\r\nSUMMARY:a\r\n b", &["2026-12-25"]);
    // At a time of day: the days that it touches, in the policy's zone.
    check("DTSTART:20261225T220000\r\nDTEND:20261226T000000", &["2026-12-25"]);
    check("DTSTART:20261225T220000\r\nDTEND:20261226T000001", &["2026-12-25", "2026-12-26"]);
    check("DTSTART:20261225T220000", &["2026-12-25"]);
    check("DTSTART:20260701T233000Z\r\nDTEND:20260701T234500Z", &["2026-07-02"]);
    check("DTSTART;TZID=America/New_York:20261224T200000\r\nDURATION:PT2H", &["2026-12-25"]);
    check("DTSTART;TZID=\"Asia/Tokyo\":20261225T030000\r\nDTEND;TZID=Asia/Tokyo:20261225T040000", &["2026-12-24"]);
    check("DTSTART;VALUE=DATE:20261225\r\nSTATUS:CANCELLED", &[]);
    check(
        "DTSTART;VALUE=DATE:20261225\r\nBEGIN:VALARM\r\nDTSTART:20200101\r\nDURATION:no\r\nEND:VALARM",
        &["2026-12-25"],
    );
    check("DTSTART;VALUE=DATE:20261225\r\nthis line is no property\r\nX-A;B=\"c:d", &["2026-12-25"]);
}

#[test]
fn recurrences_are_worked_out() {
    let check = |lines: &str, expect: &[&str]| {
        let days = days_in("Europe/London", &event(lines)).unwrap_or_else(|why| panic!("{lines}\n{why}"));
        assert_eq!(days, expect, "{lines}");
    };
    let yearly = "DTSTART;VALUE=DATE:20261225\r\nRRULE:FREQ=YEARLY";
    check(&format!("{yearly};COUNT=3"), &["2026-12-25", "2027-12-25", "2028-12-25"]);
    check(&format!("{yearly};UNTIL=20281224"), &["2026-12-25", "2027-12-25"]);
    check(&format!("{yearly};COUNT=3\r\nEXDATE;VALUE=DATE:20271225"), &["2026-12-25", "2028-12-25"]);
    check(
        &format!("{yearly};COUNT=2;INTERVAL=4\r\nRDATE;VALUE=DATE:20270101,20280101"),
        &["2026-12-25", "2027-01-01", "2028-01-01", "2030-12-25"],
    );
    check("DTSTART;VALUE=DATE:20240229\r\nRRULE:FREQ=YEARLY;COUNT=3", &["2024-02-29", "2028-02-29", "2032-02-29"]);
    // The spring and the summer bank holiday.
    check(
        "DTSTART;VALUE=DATE:20260504\r\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=1MO;COUNT=3",
        &["2026-05-04", "2027-05-03", "2028-05-01"],
    );
    check(
        "DTSTART;VALUE=DATE:20260831\r\nRRULE:FREQ=YEARLY;BYMONTH=8;BYDAY=-1MO;COUNT=3",
        &["2026-08-31", "2027-08-30", "2028-08-28"],
    );
    check(
        "DTSTART;VALUE=DATE:20260130\r\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3",
        &["2026-01-30", "2026-02-27", "2026-03-31"],
    );
    check("DTSTART;VALUE=DATE:20260131\r\nRRULE:FREQ=MONTHLY;COUNT=3", &["2026-01-31", "2026-03-31", "2026-05-31"]);
    check(
        "DTSTART;VALUE=DATE:19970805\r\nRRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
        &["1997-08-05", "1997-08-10", "1997-08-19", "1997-08-24"],
    );
    check(
        "DTSTART;VALUE=DATE:19970805\r\nRRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
        &["1997-08-05", "1997-08-17", "1997-08-19", "1997-08-31"],
    );
    // A night shift keeps its hours while the clocks change.
    check(
        "DTSTART;TZID=Europe/London:20261024T223000\r\nDTEND;TZID=Europe/London:20261025T000000\r\nRRULE:FREQ=DAILY;COUNT=3",
        &["2026-10-24", "2026-10-25", "2026-10-26"],
    );
    check(
        "DTSTART:20261024T223000Z\r\nDTEND:20261024T233000Z\r\nRRULE:FREQ=DAILY;COUNT=2\r\nEXDATE:20261024T223000Z",
        &["2026-10-25"],
    );
}

#[test]
fn recurrences_fall_on_the_days_that_another_program_finds() {
    let lines = include_str!("calendars/recurrences.txt").lines().filter(|line| !line.starts_with('#'));
    let mut count = 0;
    for line in lines {
        let parts: Vec<&str> = line.split(' ').collect();
        let [start, rule, number, first, last] = parts[..] else { panic!("{line}") };
        let days = days_in("UTC", &event(&format!("DTSTART;VALUE=DATE:{start}\r\nRRULE:{rule}"))).unwrap();
        let days: Vec<String> = days.into_iter().map(|day| day.replace('-', "")).collect();
        let begin = days.iter().take(6).cloned().collect::<Vec<String>>().join(",");
        assert_eq!(
            (days.len().to_string().as_str(), begin.as_str(), days.last().unwrap().as_str()),
            (number, first, last),
            "{line}"
        );
        count += 1;
    }
    assert_eq!(count, 200);
}

#[test]
fn a_recurrence_ends_with_the_century() {
    let days = days_in("Europe/London", &event("DTSTART;VALUE=DATE:19601225\r\nRRULE:FREQ=YEARLY")).unwrap();
    assert_eq!((days.len(), days[0].as_str(), days[130].as_str()), (131, "1970-12-25", "2100-12-25"));
}

#[test]
fn an_occurrence_may_be_moved_or_cancelled() {
    let text = "BEGIN:VCALENDAR
BEGIN:VEVENT
UID:a
DTSTART;VALUE=DATE:20260105
RRULE:FREQ=WEEKLY;COUNT=3
END:VEVENT
BEGIN:VEVENT
UID:a
RECURRENCE-ID;VALUE=DATE:20260112
DTSTART;VALUE=DATE:20260113
END:VEVENT
BEGIN:VEVENT
UID:a
RECURRENCE-ID;VALUE=DATE:20260119
DTSTART;VALUE=DATE:20260119
STATUS:CANCELLED
END:VEVENT
END:VCALENDAR
";
    assert_eq!(days_in("Europe/London", text).unwrap(), ["2026-01-05", "2026-01-13"]);
}

#[test]
fn a_shared_calendar_file_is_found_from_the_file_that_names_it() {
    let folder = Folder::default()
        .with("shared/days.yaml", "offpeak: 1\ncalendars: { holidays: [2026-12-24, { ical: ics/uk.ics }] }\n")
        .with("shared/ics/uk.ics", event("DTSTART;VALUE=DATE:20261225"));
    let rules = rule("free", "days: holidays");
    let policy = good(&format!("{HEAD}{TARIFF}include: shared/days.yaml\nrules:\n{rules}"), &folder);
    assert_eq!(policy.calendars[0].days.len(), 2);
}

#[test]
fn the_examples_of_two_sites_pass_without_a_word() {
    for site in ["home", "office"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/two-sites/{site}.yaml"));
        let text = std::fs::read_to_string(&path).unwrap();
        let loaded = load_with(&format!("{site}.yaml"), &text, &Beside::of(&path));
        assert!(loaded.diagnostics.is_empty(), "{}", shown(&loaded));
        let policy = loaded.policy.unwrap();
        let holidays = policy.calendars.iter().find(|calendar| calendar.name == "holidays").unwrap();
        let in_year = |year: &str| holidays.days.iter().filter(|day| day.to_string().starts_with(year)).count();
        assert_eq!([in_year("2026"), in_year("2027"), in_year("2028")], [8, 8, 8]);
        assert!(policy.rules.iter().any(|rule| rule.name == "Do not feed a car from the battery"));
    }
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    std::fs::write(folder.path().join("latin.yaml"), b"offpeak: 1 # \xe9").unwrap();
    std::fs::write(folder.path().join("large.yaml"), vec![b' '; 3 << 20]).unwrap();
    let beside = Beside::of(&folder.path().join("home.yaml"));
    let check = |path: &str, expect: &str| {
        assert_eq!(policy::Files::text(&beside, path).unwrap_err(), expect, "{path}");
    };
    check("gone.yaml", "no such file");
    check("folder", "it is a folder");
    check("/dev/zero", "it is no plain file");
    check("latin.yaml", "byte 13 is not UTF-8 text; save the file as UTF-8");
    check("large.yaml", "it has more than 2 MiB");
}

#[test]
fn chains_numbers_and_sizes_are_bounded() {
    let check = |text: &str, folder: &dyn Fn(&str) -> Result<String, String>, expect: &str| {
        let loaded = load_with("home.yaml", &format!("{HEAD}{TARIFF}{text}"), &folder);
        let codes: Vec<&str> = loaded.diagnostics.iter().map(|found| found.code.0).collect();
        assert!(loaded.policy.is_none() && codes.contains(&expect), "{codes:?}");
        assert!(loaded.included.len() <= 64);
    };
    // Each file includes the next, without end.
    let chain = |path: &str| {
        let number: usize = path.trim_end_matches(".yaml").parse().unwrap();
        Ok(format!("offpeak: 1\ninclude: {}.yaml\n", number + 1))
    };
    check("include: 1.yaml\n", &chain, "too-deep");
    let many: Vec<String> = (0..100).map(|number| format!("{number}.yaml")).collect();
    check(&format!("include: [{}]\n", many.join(", ")), &|_| Ok("offpeak: 1\n".to_owned()), "too-large");
    let large = |_: &str| Ok(format!("offpeak: 1\n#{}", "x".repeat(1 << 20)));
    check("include: [a.yaml, b.yaml, c.yaml]\n", &large, "too-large");
    let rules = |path: &str| {
        let rule =
            |number: usize| format!("  - name: {path} {number}\n    when: {{ soc: below 20% }}\n    then: hold\n");
        Ok(format!("offpeak: 1\nrules:\n{}", (0..150).map(rule).collect::<String>()))
    };
    check("rules:\n  - include: [a.yaml, b.yaml]\n", &rules, "too-large");
}

/// Whether every place of what was found lies in a text of what was read.
fn holds(loaded: &Loaded) {
    for found in &loaded.diagnostics {
        for place in std::iter::once(&found.place).chain(found.related.iter().map(|(place, _)| place)) {
            let source = loaded.texts.of_place(place);
            assert!(source.text.get(place.bytes.clone()).is_some(), "{found:?}");
            assert!(place.file.is_none() || place.file.as_ref() == Some(&source.file), "{found:?}");
        }
    }
    assert_eq!(loaded.policy.is_some(), loaded.diagnostics.iter().all(|found| found.severity == Severity::Warning));
    assert!(shown(loaded).len() < 1 << 20);
    if loaded.policy.is_some() {
        assert_eq!(load_kept("rules/home.yaml", &loaded.kept), *loaded);
    }
}

const PATHS: [&str; 8] = ["home.yaml", "a.yaml", "b/b.yaml", "b/../a.yaml", "../a.yaml", "c.ics", "b/c.ics", "gone"];

/// Lines of files that name each other.
const LINES: [&str; 16] = [
    "offpeak: 1\n",
    "include: PATH\n",
    "include: [PATH, PATH]\n",
    "calendars: { x: { ical: PATH } }\n",
    "calendars:\n  y: [2026-12-25, { ical: [PATH, PATH] }]\n",
    "calendars: { z: 2026-12-25 }\n",
    "rules:\n  - include: PATH\n",
    "rules:\n  - name: A\n    when: { days: x }\n    then: hold\n  - include: [PATH]\n",
    "rules:\n  - name: B\n    when: { tariff: night }\n    then: hold\n",
    "tariff: { currency: GBP }\n",
    "include:\n",
    "include: { PATH: PATH }\n",
    "rules: PATH\n",
    "rules:\n  - { include: PATH, name: C }\n",
    "soc: > PATH\n",
    "site: x\n",
];

const ICAL: [&str; 34] = [
    "BEGIN:VCALENDAR\n",
    "END:VCALENDAR\n",
    "BEGIN:VEVENT\n",
    "END:VEVENT\n",
    "BEGIN:VTODO\n",
    "END:VTODO\n",
    "DTSTART;VALUE=DATE:",
    "DTSTART;TZID=Europe/Berlin:",
    "DTEND:",
    "DURATION:",
    "RRULE:",
    "EXDATE:",
    "RDATE:",
    "RECURRENCE-ID:",
    "STATUS:CANCELLED\n",
    "UID:x\n",
    "20260101",
    "T120000",
    "Z",
    "00010101",
    "99991231",
    "P1W",
    "PT9H",
    "FREQ=YEARLY",
    "FREQ=DAILY",
    "FREQ=MONTHLY;BYDAY=-1SU",
    ";COUNT=99999999",
    ";BYMONTH=2;BYMONTHDAY=30",
    ";UNTIL=",
    ",",
    "\n",
    "\r\n ",
    "é",
    "\"",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn files_that_name_each_other_at_random_are_read_without_panic(
        files in prop::collection::vec(prop::collection::vec((0..LINES.len(), 0..PATHS.len()), 0..6), 4),
    ) {
        let texts: Vec<String> = files
            .iter()
            .map(|lines| lines.iter().map(|(line, path)| LINES[*line].replace("PATH", PATHS[*path])).collect())
            .collect();
        let folder = Folder::default()
            .with("home.yaml", format!("{HEAD}{TARIFF}{}", texts[0]))
            .with("a.yaml", format!("offpeak: 1\n{}", texts[1]))
            .with("b/b.yaml", format!("offpeak: 1\n{}", texts[2]))
            .with("../a.yaml", texts[3].clone())
            .with("c.ics", event("DTSTART;VALUE=DATE:20261225"))
            .with("b/c.ics", "BEGIN:VCALENDAR\n");
        holds(&load(&folder.0["home.yaml"], &folder));
    }

    #[test]
    fn any_calendar_is_read_without_panic(
        in_event in any::<bool>(), pieces in prop::collection::vec(0..ICAL.len(), 0..60), any in any::<String>(),
    ) {
        let pieces: String = pieces.into_iter().map(|piece| ICAL[piece]).collect();
        let text = if in_event { event(&pieces) } else { pieces };
        for ics in [text, any] {
            let folder = Folder::default().with("c.ics", ics);
            holds(&load(&format!("{HEAD}{TARIFF}calendars: {{ x: {{ ical: c.ics }} }}\n"), &folder));
        }
    }
}
