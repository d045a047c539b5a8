//! One canonical layout, whatever a policy looked like before: the same meaning, every comment, and the same bytes again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

use std::path::{Path, PathBuf};

use fastrand::Rng;
use offpeak::diagnostic::render;
use offpeak::policy::fmt::{canonical, canonical_tests};
use offpeak::policy::{MAX_BYTES, Policy, Template, load, template};
use proptest::prelude::*;

/// What every policy needs, canonical, up to the rules.
const HEAD: &str = "offpeak: 1
site: home
timezone: Europe/London

device:
  driver: simulated

battery:
  capacity: 10.1 kWh
  charge power: 5 kW
  discharge power: 5 kW
  round trip efficiency: 90%

tariff:
  currency: GBP
  import:
    night: { price: 0.07, time: 23:30-05:30 }
    day:   { price: 0.27 }
";

fn fmt(text: &str) -> String {
    canonical("home.yaml", text).unwrap_or_else(|found| panic!("{}\n{text}", render(&found, "home.yaml", text, false)))
}

/// A policy without its places, its revision and its words as they were written: what it means.
fn meaning(text: &str) -> String {
    let loaded = load("home.yaml", text);
    let shown = || format!("{}\n{text}", render(&loaded.diagnostics, "home.yaml", text, false));
    let policy = loaded.policy.as_ref().unwrap_or_else(|| panic!("{}", shown()));
    let bare = Policy { revision: String::new(), ..policy.clone() };
    without(&without(&format!("{bare:?}"), "Place {", '}'), "text: \"", '"')
}

/// A text without every stretch that begins so and ends at this sign.
fn without(text: &str, start: &str, end: char) -> String {
    let mut parts = text.split(start);
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |out, part| {
        let mut escaped = false;
        let close = part.find(|c: char| {
            let found = c == end && !escaped;
            escaped = c == '\\' && !escaped;
            found
        });
        out + &part[close.unwrap() + 1..]
    })
}

/// Lays out a policy that begins with [`HEAD`] and expects what follows it; and that this is canonical and means the same.
fn follows(written: &str, expect: &str) {
    let text = format!("{HEAD}{written}");
    let out = fmt(&text);
    assert_eq!(out.strip_prefix(HEAD).unwrap_or(&out), expect, "{written}");
    assert_eq!(fmt(&out), out);
    assert_eq!(meaning(&out), meaning(&text));
}

/// Every policy of this repository that people may start from.
fn policies() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["rules", "examples"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.ends_with(".yaml") && load(&name, &std::fs::read_to_string(&path).unwrap()).policy.is_some() {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(found.len() >= 11, "{found:?}");
    found
}

#[test]
fn every_policy_to_start_from_is_canonical() {
    for (path, text) in policies() {
        assert_eq!(fmt(&text), text, "run `offpeak fmt {}`", path.display());
    }
    let first = template(&Template::default());
    assert_eq!(fmt(&first), first);
}

#[test]
fn keys_come_in_their_order_and_sections_apart() {
    let written =
        "rules: []\ntariff: { import: { price: 0.3 }, currency: GBP }\nlimits: { on exit: keep, writes per day: 4 }
battery: { reserve: 10%, round trip efficiency: 90%, capacity: 10 kWh, discharge power: 5 kW, charge power: 5 kW }
device: { driver: simulated }\ntimezone: UTC\noffpeak: 1\nsite: home\n";
    let expect = "offpeak: 1
site: home
timezone: UTC

device:
  driver: simulated

battery:
  capacity: 10 kWh
  charge power: 5 kW
  discharge power: 5 kW
  round trip efficiency: 90%
  reserve: 10%

tariff:
  currency: GBP
  import: { price: 0.3 }

rules: []

limits:
  writes per day: 4
  on exit: keep
";
    assert_eq!(fmt(written), expect);
    assert_eq!(meaning(written), meaning(expect));
}

#[test]
fn short_conditions_stand_on_one_line_and_long_ones_below_each_other() {
    follows(
        "rules:
- {then: hold, when: {days: [ mon , 'tue' ], soc: below 60 % until 65%}, name: 'One, two'}
- name: Alternatives
  when: {any: [{soc: <30%}, {tariff: night}], not: {ev: '> 1kW'}}
  then: hold
- name: Long
  when: { time: 10:00-11:00, load: above 6 kW on average over 10 min, grid: above 6 kW for 10 min, solar: below 100 W for 20 min }
  then: hold
",
        "
rules:
  - name: One, two
    when: { days: [mon, tue], soc: below 60% until 65% }
    then: hold

  - name: Alternatives
    when:
      any:
        - { soc: below 30% }
        - { tariff: night }
      not: { ev: above 1 kW }
    then: hold

  - name: Long
    when:
      time: 10:00-11:00
      load: above 6 kW on average over 10 min
      grid: above 6 kW for 10 min
      solar: below 100 W for 20 min
    then: hold
",
    );
}

#[test]
fn a_line_may_have_120_columns_and_not_one_more() {
    let name = "a".repeat(40);
    let check = |dates: usize, length: usize| {
        let list = vec!["2026-12-25"; dates].join(", ");
        let name = &name[..length];
        let out = fmt(&format!("{HEAD}calendars:\n  {name}: [{list}]\n"));
        let line = format!("  {name}: [{list}]");
        assert_eq!(out.contains(&line), line.len() <= 120, "{}", line.len());
    };
    (1..=12)
        .flat_map(|dates| (1..=40).map(move |length| (dates, length)))
        .for_each(|(dates, length)| check(dates, length));
}

#[test]
fn comments_stay_where_they_are() {
    follows(
        "rules:   # the first
  # above
  - name: One   # beside the name

    # above when
    when: { # beside the bracket
      tariff: night, # beside night
      # between
      soc: # beside soc
        [ below 30%, # first
          # above the second
          above 90% ] # behind the list
      # at the foot of when
    }   # behind when
    then:   # beside then
      # above hold
      hold   # beside hold
    # at the foot of the rule

  # at the foot of the rules
# above otherwise

otherwise: hold


# at the end
",
        "
rules:                            # the first
  # above
  - name: One                     # beside the name

    # above when
    when:                         # beside the bracket
      tariff: night               # beside night
      # between
      soc:                        # beside soc
        - below 30%               # first
        # above the second
        - above 90%
        # behind the list
      # at the foot of when
      # behind when
    # above hold
    # beside then
    then: hold                    # beside hold
    # at the foot of the rule

  # at the foot of the rules

# above otherwise

otherwise: hold

# at the end
",
    );
}

#[test]
fn the_head_of_a_file_stays_its_head() {
    let check = |head: &str, expect: &str| {
        let text = format!("{head}site: home\n{}", HEAD.replacen("site: home\n", "", 1));
        let out = fmt(&text);
        assert_eq!(out, format!("{expect}{}", HEAD.split_once("site: home\n").unwrap().1), "{head}");
        assert_eq!(fmt(&out), out);
    };
    check("# A house.\n", "# A house.\noffpeak: 1\nsite: home\n");
    check("# A house.\n\n", "# A house.\n\noffpeak: 1\nsite: home\n");
    check("# A house.\n\n# Its name.\n", "# A house.\n\noffpeak: 1\n# Its name.\nsite: home\n");
    check("# A house.\n#\n# Old.\n\n# More.\n\n", "# A house.\n#\n# Old.\n\n# More.\n\noffpeak: 1\nsite: home\n");
}

#[test]
fn an_owners_single_empty_lines_stay_within_a_section() {
    follows(
        "\n\n\ncalendars:\n\n  one: [2026-12-25]\n\n\n  two: 2026-12-26\n  # three\n\n  three: 2026-12-27\n",
        "\ncalendars:\n  one: [2026-12-25]\n\n  two: 2026-12-26\n  # three\n\n  three: 2026-12-27\n",
    );
}

#[test]
fn quotes_stand_only_where_they_are_needed() {
    follows(
        "rules:
  - { name: \"Night: cheap\", when: { tariff: \"night\" }, then: \"hold\" }
  - { name: 'say \"hold\" # now', when: { }, then: >-\n      hold }
"
        .replace(">-\n      hold }", "'hold' }")
        .as_str(),
        "
rules:
  - name: \"Night: cheap\"
    when: { tariff: night }
    then: hold

  - name: 'say \"hold\" # now'
    when: {}
    then: hold
",
    );
    follows("otherwise: |\n  hold\n", "\notherwise: hold\n");
    follows("otherwise: |\n  hold\n# not beside it\n", "\notherwise: hold\n# not beside it\n");
    follows("otherwise: >-  # why\n  self-consume\n  down to 20%\n", "\notherwise: self-consume down to 20%  # why\n");
}

#[test]
fn line_ends_marks_and_document_signs_are_made_the_same() {
    let check = |text: String| {
        assert_eq!(fmt(&text), HEAD, "{text:?}");
        assert_eq!(meaning(&text), meaning(HEAD));
    };
    check(HEAD.replace('\n', "\r\n"));
    check(format!("\u{feff}{HEAD}"));
    check(HEAD.trim_end().to_owned());
    check(format!("---\n{HEAD}...\n"));
    check(format!("%YAML 1.2\n---\n{HEAD}"));
    check(HEAD.replace("site: home", "? site\n: home"));
    assert_eq!(fmt(&format!("# one\r\n# two  \r\n{HEAD}")), format!("# one\n# two\n{HEAD}"));
}

#[test]
fn a_hundred_lines_of_comment_are_no_obstacle() {
    let comment = "  # a line of many\n".repeat(300);
    let text = format!("{HEAD}\nrules:\n{comment}  - name: One\n    when: {{ tariff: night }}\n    then: hold\n");
    assert_eq!(fmt(&text), text);
}

#[test]
fn what_check_refuses_is_refused_in_its_words() {
    let check = |text: &str| {
        let refused = canonical("home.yaml", text).unwrap_err();
        let mut errors = load("home.yaml", text).diagnostics;
        errors.retain(|found| found.severity == offpeak::diagnostic::Severity::Error);
        assert_eq!(refused, errors, "{text}");
    };
    check("");
    check("a: [");
    check(&HEAD.replace("home", "&home home"));
    check(&HEAD.replace("home", "!!str home"));
    check(&HEAD.replace("0.07", "7 p"));
    check(&format!("{HEAD}rulez: []\n"));
    check(&"# x\n".repeat(300_000));
    assert!(load("home.yaml", &HEAD.replace("home", "!!str home")).policy.is_none());
}

#[test]
fn what_would_grow_beyond_what_is_read_stays_as_it_is() {
    let (open, close) = ("{ not: ".repeat(20), "}".repeat(20));
    let check = |comments: usize, grows: bool| {
        let list = format!("[below 30%,\n{}]", "#\n".repeat(comments));
        let text = format!("{HEAD}rules: [{{ name: x, when: {open}{{ soc: {list} }}{close}, then: hold }}]\n");
        assert!(load("home.yaml", &text).policy.is_some());
        let out = canonical("home.yaml", &text).map_err(|refused| refused[0].message.clone()).unwrap();
        assert!(out.len() < MAX_BYTES && (out == text) != grows, "{comments} comments became {} bytes", out.len());
    };
    check(15_000, true);
    check(45_000, false);
    check(400_000, false);
}

#[test]
fn tests_beside_a_policy_are_laid_out_and_no_word_is_changed() {
    let text = "tests:
- {name: a cold night, at: 2026-01-15 01:00, given: {soc: 40 %, solar: 0 W}, # why
   expect: {rule: Top up, action: Charge to 90%}}

- name: \"the night\"
  from: 2026-10-24 20:00
  for: 16h
  given:
    soc: [40% at 20:00, '55% at 23:00']
  expect:
    timeline: [{from: \"23:30\", to: '05:30', rule: Top up}]
    writes: at most 2
policy: home.yaml
";
    let expect = "policy: home.yaml

tests:
  - name: a cold night
    at: 2026-01-15 01:00
    given: { soc: 40 %, solar: 0 W }  # why
    expect: { rule: Top up, action: Charge to 90% }

  - name: \"the night\"
    from: 2026-10-24 20:00
    for: 16h
    given: { soc: [40% at 20:00, \"55% at 23:00\"] }
    expect:
      timeline:
        - { from: \"23:30\", to: \"05:30\", rule: Top up }
      writes: at most 2
";
    assert_eq!(canonical_tests(text).unwrap(), expect);
    assert_eq!(canonical_tests(expect).unwrap(), expect);
    assert!(canonical_tests("tests: [").is_err());
    assert!(canonical_tests("- a list\n").is_err());
}

/// A part of a random policy.
#[derive(Clone, Debug)]
enum Part {
    Text(String),
    List(Vec<Part>),
    /// Keys in the canonical order; whether they may be shuffled.
    Map(bool, Vec<(String, Part)>),
}

fn text(text: impl Into<String>) -> Part {
    Part::Text(text.into())
}

fn map(free: bool, entries: Vec<(&str, Part)>) -> Part {
    Part::Map(free, entries.into_iter().map(|(key, part)| (key.to_owned(), part)).collect())
}

fn pick<'a>(rng: &mut Rng, words: &[&'a str]) -> &'a str {
    words[rng.usize(..words.len())]
}

/// One of some words, or a list of a few.
fn some(rng: &mut Rng, words: &[&str]) -> Part {
    if rng.bool() {
        return text(pick(rng, words));
    }
    Part::List((0..rng.usize(1..4)).map(|_| text(pick(rng, words))).collect())
}

fn condition(rng: &mut Rng, depth: usize) -> Part {
    let mut entries = Vec::new();
    let windows = ["23:30-05:30", "00:30-07:30 UTC", "09:00-17:00"];
    let powers = ["above 1 kW for 5 min", "below 200 W on average over 15 min", "at least -0.5 kW", "1 kW to 3 kW"];
    for key in ["time", "days", "months", "dates", "tariff", "import price", "soc", "ev", "grid", "any", "not"] {
        if rng.u8(..4) > 0 {
            continue;
        }
        let part = match key {
            "time" => some(rng, &windows),
            "days" => some(rng, &["mon-fri", "weekends", "holidays", "not holidays", "sat"]),
            "months" => some(rng, &["oct-mar", "dec"]),
            "dates" => some(rng, &["2026-12-24..2026-12-26", "2027-01-01"]),
            "tariff" => some(rng, &["night", "late night"]),
            "import price" => some(rng, &["below 0.1000", "negative", "at least 0.05"]),
            "soc" => some(rng, &["below 60% until 65%", "20% to 40%", "at most 30% for 10 min"]),
            "ev" | "grid" if key == "grid" => some(rng, &powers),
            "ev" => some(rng, &["above 1.20 kW until 300 W", "above 1 kW for 1 h 30 min"]),
            "any" if depth < 3 => Part::List((0..rng.usize(1..3)).map(|_| condition(rng, depth + 1)).collect()),
            "not" if depth < 3 => condition(rng, depth + 1),
            _ => continue,
        };
        entries.push((key, part));
    }
    rng.shuffle(&mut entries);
    map(false, entries)
}

fn rule(rng: &mut Rng, number: usize) -> Part {
    let names =
        ["Night", "Closed, so the sun fills it", "it's \"hot\"", "Note: wait", "50 # or so", "- dash", "[x]", "é"];
    let actions = ["charge to 90%", "hold", "self-consume down to 20%", "charge to 45%", "self-consume"];
    map(
        true,
        vec![
            ("name", text(format!("{} {number}", pick(rng, &names)))),
            ("when", condition(rng, 0)),
            ("then", text(pick(rng, &actions))),
        ],
    )
}

/// A policy that loads.
fn policy(rng: &mut Rng) -> Part {
    let band = |price: &str, time: &str| map(true, vec![("price", text(price)), ("time", text(time))]);
    let rules = (0..rng.usize(..5)).map(|number| rule(rng, number)).collect();
    let holidays = (0..rng.usize(1..15)).map(|day| text(format!("2026-12-{:02}", 10 + day))).collect();
    map(
        true,
        vec![
            ("offpeak", text("1")),
            ("site", text(pick(rng, &["home", "Mum's: \"house\"", "50 % # site", "a, b"]))),
            ("timezone", text("Europe/London")),
            ("device", map(true, vec![("driver", text("alphaess")), ("serial", text("ALB011020015002"))])),
            (
                "battery",
                map(
                    true,
                    vec![
                        ("capacity", text("10.10 kWh")),
                        ("charge power", text("5000 W")),
                        ("discharge power", text("5 kW")),
                        ("round trip efficiency", text("90%")),
                        ("reserve", text("10.0%")),
                    ],
                ),
            ),
            (
                "tariff",
                map(
                    true,
                    vec![
                        ("currency", text("GBP")),
                        (
                            "import",
                            map(
                                false,
                                vec![
                                    ("night", band("0.0700", "23:30-05:30")),
                                    ("late night", band("-0.02", "05:30-06:00")),
                                    ("day", map(true, vec![("price", text("0.27"))])),
                                ],
                            ),
                        ),
                        ("export", map(true, vec![("price", text("0.15"))])),
                    ],
                ),
            ),
            ("calendars", map(false, vec![("holidays", Part::List(holidays))])),
            ("rules", Part::List(rules)),
            ("otherwise", text("self-consume")),
            ("limits", map(true, vec![("writes per day", text("6")), ("program ahead", text("2 h 30 min"))])),
        ],
    )
}

/// How a policy is written down.
struct Pen {
    rng: Rng,
    /// Nothing is varied.
    plain: bool,
    /// How many comments stand in it; `None` if none are to be written.
    comments: Option<usize>,
    out: String,
}

impl Pen {
    fn write(part: &Part, seed: u64, plain: bool, comments: bool) -> (String, usize) {
        let mut pen = Pen { rng: Rng::with_seed(seed), plain, comments: comments.then_some(0), out: String::new() };
        pen.block(part, 0, true);
        (pen.out, pen.comments.unwrap_or(0))
    }

    fn maybe(&mut self, one_in: u32) -> bool {
        !self.plain && self.rng.u32(..one_in) == 0
    }

    fn spaces(&mut self, least: usize) -> String {
        let more = if self.maybe(4) { self.rng.usize(..4) } else { 0 };
        " ".repeat(least + more)
    }

    /// The next comment, by chance.
    fn comment(&mut self, one_in: u32) -> Option<String> {
        let number = self.comments.filter(|_| self.maybe(one_in))?;
        self.comments = Some(number + 1);
        Some(format!("# c{number}."))
    }

    fn end_line(&mut self) {
        if let Some(comment) = self.comment(5) {
            self.out.push_str(&format!("  {comment}"));
        }
        self.out.push('\n');
    }

    /// Comments and empty lines above an entry.
    fn above(&mut self, indent: usize, is_apart: bool) {
        while let Some(comment) = self.comment(6) {
            let indent = if self.maybe(3) { self.rng.usize(..8) } else { indent };
            self.out.push_str(&format!("{}{comment}\n", " ".repeat(indent)));
        }
        if (is_apart || self.comments.is_some()) && self.maybe(4) {
            self.out.push_str(&"\n".repeat(self.rng.usize(1..3)));
        }
    }

    /// A text with other spaces and other quotes, and the same meaning.
    fn text(&mut self, text: &str, is_key: bool, in_brackets: bool) -> String {
        let mut text = text.to_owned();
        if !is_key && self.maybe(4) && text.len() < 40 && !text.contains(['"', ':', '#', '\'']) {
            text = text.replace('%', " %").replace(" kW", "kW").replace("below", "Below").replace("at most", "<=");
        }
        let special =
            text.contains(": ") || text.contains(" #") || text.starts_with(['-', '[', '"']) && !text.starts_with("-0");
        let special = special || in_brackets && text.contains([',', '[', ']', '{', '}']);
        match if special || self.maybe(5) { self.rng.usize(1..3) } else { 0 } {
            0 => text,
            1 => format!("'{}'", text.replace('\'', "''")),
            _ => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        }
    }

    fn entries<'p>(&mut self, free: bool, entries: &'p [(String, Part)]) -> Vec<&'p (String, Part)> {
        let mut entries: Vec<&(String, Part)> = entries.iter().collect();
        if free && self.maybe(2) {
            self.rng.shuffle(&mut entries);
        }
        entries
    }

    /// The entries of a list or of a mapping, each on lines of its own.
    fn block(&mut self, part: &Part, indent: usize, is_apart: bool) {
        match part {
            Part::Map(free, entries) => {
                for (key, value) in self.entries(*free, entries) {
                    self.above(indent, is_apart);
                    self.out.push_str(&" ".repeat(indent));
                    self.pair(key, value, indent);
                }
            }
            Part::List(items) => {
                for item in items {
                    self.above(indent, matches!(item, Part::Map(..)) && indent < 4);
                    self.out.push_str(&" ".repeat(indent));
                    self.item(item, indent);
                }
            }
            Part::Text(_) => panic!("a text is no block"),
        }
    }

    fn pair(&mut self, key: &str, value: &Part, indent: usize) {
        let key = self.text(key, true, false);
        self.out.push_str(&key);
        self.out.push(':');
        self.value(value, indent, true);
    }

    fn item(&mut self, item: &Part, indent: usize) {
        self.out.push('-');
        match item {
            Part::Map(free, entries) if !entries.is_empty() && !self.maybe(4) => {
                self.out.push(' ');
                let mut first = true;
                for (key, value) in self.entries(*free, entries) {
                    if !std::mem::take(&mut first) {
                        self.above(indent + 2, false);
                        self.out.push_str(&" ".repeat(indent + 2));
                    }
                    self.pair(key, value, indent + 2);
                }
            }
            item => self.value(item, indent, false),
        }
    }

    fn value(&mut self, value: &Part, indent: usize, in_map: bool) {
        let empty = matches!(value, Part::List(items) if items.is_empty())
            || matches!(value, Part::Map(_, entries) if entries.is_empty());
        if matches!(value, Part::Text(_)) || empty || self.maybe(3) {
            let space = self.spaces(1);
            self.out.push_str(&space);
            self.flow(value, indent + 1, false);
            self.end_line();
            return;
        }
        self.end_line();
        let list = matches!(value, Part::List(_)) && in_map;
        let deeper = if self.plain { 2 } else { self.rng.usize(usize::from(!list)..5) };
        self.block(value, indent + deeper, false);
    }

    /// A value in brackets, perhaps over several lines.
    fn flow(&mut self, value: &Part, indent: usize, in_brackets: bool) {
        match value {
            Part::Text(text) => {
                let text = self.text(text, false, in_brackets);
                self.out.push_str(&text);
            }
            Part::List(items) => {
                self.out.push('[');
                for (number, item) in items.iter().enumerate() {
                    self.gap(number, indent);
                    self.flow(item, indent, true);
                }
                self.close(']', indent);
            }
            Part::Map(free, entries) => {
                self.out.push('{');
                for (number, (key, value)) in self.entries(*free, entries).into_iter().enumerate() {
                    self.gap(number, indent);
                    let key = self.text(key, true, true);
                    self.out.push_str(&format!("{key}: "));
                    self.flow(value, indent, true);
                }
                self.close('}', indent);
            }
        }
    }

    fn gap(&mut self, number: usize, indent: usize) {
        if number > 0 {
            self.out.push(',');
        }
        self.break_line(indent, usize::from(number > 0));
    }

    fn close(&mut self, bracket: char, indent: usize) {
        self.break_line(indent, 0);
        self.out.push(bracket);
    }

    fn break_line(&mut self, indent: usize, least: usize) {
        if self.maybe(6) {
            self.end_line();
            self.above(indent, false);
            self.out.push_str(&" ".repeat(indent));
        } else {
            let space = self.spaces(least);
            self.out.push_str(&space);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_way_to_write_a_policy_has_one_layout(seed in any::<u64>()) {
        let part = policy(&mut Rng::with_seed(seed));
        let (plain, _) = Pen::write(&part, seed, true, false);
        let (varied, _) = Pen::write(&part, seed, false, false);
        let expect = fmt(&plain);
        prop_assert_eq!(meaning(&expect), meaning(&plain), "{}", plain);
        prop_assert_eq!(&fmt(&varied), &expect, "{}", varied);
        prop_assert_eq!(&fmt(&expect), &expect);
    }

    #[test]
    fn no_comment_is_lost_or_doubled_wherever_it_stands(seed in any::<u64>()) {
        let part = policy(&mut Rng::with_seed(seed));
        let (varied, comments) = Pen::write(&part, seed, false, true);
        let out = fmt(&varied);
        prop_assert_eq!(meaning(&out), meaning(&varied), "{}", varied);
        prop_assert_eq!(&fmt(&out), &out, "{}", varied);
        for number in 0..comments {
            let comment = format!("# c{number}.");
            prop_assert_eq!(out.matches(&comment).count(), 1, "{}\n{}\n{}", comment, varied, out);
        }
    }
}
