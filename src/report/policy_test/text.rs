//! The tests for people.

use super::coverage::coverage;
use super::detail::{Detail, details, stretch, who};
use super::{Report, Source, Tested, counted};
use crate::diagnostic;
use crate::policy::Policy;
use crate::policy::model::Quantity;
use crate::policy_test::{Failure, Outcome, Run, Stated, Test, Time};
use crate::report::layout::{Line, Piece, Screen, Table, cut};
use crate::report::style::{Role, Style};
use crate::report::{moment, screen, words};
use crate::snapshot::Signal;
use crate::time::Instant;

/// Stretches of a timeline that are shown before and after the first difference; the rest is counted.
const AROUND: usize = 6;

/// Sentences of a failure that are shown; the rest is counted.
const MOST_WHY: usize = 12;

/// Every test, what failed and why, the rules that no test fired, and the count.
#[must_use]
pub fn tests_text(report: &Report<'_>, style: Style) -> String {
    let mut text = String::new();
    for source in &report.broken {
        text.push_str(&rendered(source, style));
    }
    for file in &report.files {
        text.push_str(&file_text(file, style));
    }
    let mut screen = Screen::new(style);
    idle(&mut screen, report);
    summary(&mut screen, report);
    text.push_str(&screen.finish());
    text
}

fn rendered(source: &Source<'_>, style: Style) -> String {
    let shown = diagnostic::render_of(source.diagnostics, source.texts, style == Style::Ansi);
    if shown.is_empty() { shown } else { format!("{shown}\n") }
}

fn file_text(file: &Tested<'_>, style: Style) -> String {
    let problems = rendered(&file.source, style);
    let Some(policy) = file.policy.filter(|_| !file.is_unusable()) else {
        let mut screen = Screen::new(style);
        if problems.is_empty() {
            let line = Line::default().text(Role::Title, &cut(file.source.file(), 80));
            screen.line(&line.text(Role::Warn, "  not run: its policy has errors"));
            screen.blank();
        }
        return problems + &screen.finish();
    };
    let mut screen = Screen::new(style);
    let title = Line::default().text(Role::Title, &cut(file.source.file(), 60));
    screen.line(&title.text(Role::Faint, &format!("  tests {}", cut(&policy.file, 50))));
    for (test, outcome) in &file.tests {
        one(&mut screen, file, policy, test, outcome);
    }
    screen.blank();
    problems + &screen.finish()
}

fn one(screen: &mut Screen, file: &Tested<'_>, policy: &Policy, test: &Test, outcome: &Outcome) {
    if outcome.failures.is_empty() {
        screen.line(&Line::indent(2).text(Role::Good, "pass").text(Role::Text, &format!("  {}", cut(&test.name, 100))));
        return;
    }
    let place = screen::file_line(file.source.file(), &test.place);
    let line = Line::indent(2).text(Role::Warn, "FAIL").text(Role::Text, &format!("  {}", cut(&test.name, 70)));
    screen.line(&line.text(Role::Faint, &format!("  {place}")));
    for detail in details(policy, outcome) {
        failure(screen, policy, &detail);
    }
    if let Some(run) = &outcome.run {
        timeline(screen, policy, run, first_difference(outcome));
    }
    readings(screen, policy, test, outcome);
    screen.blank();
}

fn failure(screen: &mut Screen, policy: &Policy, detail: &Detail) {
    if let Some(at) = detail.at {
        let line = Line::indent(8).text(Role::Faint, "at        ");
        screen.line(&line.text(Role::Text, &moment::full(at, &policy.zone)));
    }
    let said = [("expected", Role::Good, &detail.expected), ("found", Role::Warn, &detail.found)];
    for (name, role, text) in said {
        screen.prose(Line::indent(8).text(Role::Faint, &format!("{name:<10}")), role, text, 18);
    }
    for (index, text) in detail.why.iter().take(MOST_WHY).enumerate() {
        let name = if index == 0 { "why" } else { "" };
        screen.prose(Line::indent(8).text(Role::Faint, &format!("{name:<10}")), Role::Text, text, 20);
    }
    let hidden = detail.why.len().saturating_sub(MOST_WHY);
    if hidden > 0 {
        screen.line(&Line::indent(18).text(Role::Faint, &format!("and {hidden} more")));
    }
}

fn first_difference(outcome: &Outcome) -> Option<Instant> {
    outcome.failures.iter().find_map(|failure| match failure {
        Failure::Decision(difference) => Some(difference.at),
        Failure::Figure { .. } => None,
    })
}

/// What was decided, with a mark at the first difference.
fn timeline(screen: &mut Screen, policy: &Policy, run: &Run, different: Option<Instant>) {
    let marked =
        different.and_then(|at| run.decided.iter().position(|decided| decided.from <= at && at < decided.until));
    let middle = marked.unwrap_or(0);
    let (first, last) = (middle.saturating_sub(AROUND), middle + AROUND);
    let hidden = |count: usize, where_: &str| {
        let line = Line::indent(18).text(Role::Faint, &format!("{} {where_}", counted(count, "stretch", "stretches")));
        (count > 0).then_some(line)
    };
    screen.line(&Line::indent(8).text(Role::Faint, "timeline"));
    hidden(first, "before this").iter().for_each(|line| screen.line(line));
    let shown = run.decided.iter().enumerate().skip(first).take(last - first + 1);
    let rows: Vec<Vec<Piece>> = shown
        .map(|(index, decided)| {
            let (mark, role) = if marked == Some(index) { (">", Role::Warn) } else { ("", Role::Text) };
            vec![
                (Role::Warn, mark.to_owned()),
                (Role::Text, stretch(policy, decided.from, decided.until)),
                (role, who(policy, decided.decision.source)),
                (Role::Command, words::command(decided.decision.command, policy.battery.reserve)),
            ]
        })
        .collect();
    screen.table(Table { indent: 10, most: &[1, 24, 60, 40], flex: 2 }, &rows);
    hidden(run.decided.len().saturating_sub(last + 1), "after this").iter().for_each(|line| screen.line(line));
}

/// What was read at the moment of the difference.
fn readings(screen: &mut Screen, policy: &Policy, test: &Test, outcome: &Outcome) {
    let scene = outcome.failures.iter().find_map(|failure| match failure {
        Failure::Decision(difference) => Some(&difference.scene),
        Failure::Figure { .. } => None,
    });
    let Some(scene) = scene else { return };
    let now = scene.inputs.now;
    let one = |signal: Signal| {
        let word = signal.word();
        let reading = scene.inputs.readings.reading(signal);
        match (scene.inputs.readings.usable(signal, now, policy.limits.reading_max_age), reading) {
            (Ok(value), _) => {
                let value = words::value(Quantity::Reading(signal), value, &policy.tariff.currency);
                Some(format!("{word} {value}"))
            }
            (Err(_), Some(_)) => Some(format!("{word} stale")),
            (Err(_), None) => (*test.given.of(signal) != Stated::Absent).then(|| format!("{word} unknown")),
        }
    };
    let told: Vec<String> = Signal::ALL.into_iter().filter_map(one).collect();
    if told.is_empty() {
        return;
    }
    let name = if matches!(test.time, Time::Moment(_)) { "given" } else { "then" };
    let line = Line::indent(8).text(Role::Faint, &format!("{name:<10}"));
    screen.prose(line, Role::Faint, &told.join(" · "), 18);
}

/// The rules that no test fired.
fn idle(screen: &mut Screen, report: &Report<'_>) {
    for coverage in coverage(report) {
        let idle = coverage.idle();
        if idle.is_empty() {
            continue;
        }
        let rules = counted(coverage.fired.len(), "rule", "rules");
        let line = format!("no test fired {} of the {rules} of {}", idle.len(), cut(&coverage.policy.file, 60));
        screen.line(&Line::default().text(Role::Warn, &line));
        let place = |rule: &crate::policy::Rule| screen::file_line(&coverage.policy.file, &rule.place);
        let rows: Vec<Vec<Piece>> =
            idle.iter().map(|rule| vec![(Role::Text, rule.name.clone()), (Role::Faint, place(rule))]).collect();
        screen.table(Table { indent: 2, most: &[80, 36], flex: 0 }, &rows);
        screen.blank();
    }
}

fn summary(screen: &mut Screen, report: &Report<'_>) {
    let count = report.count();
    let tests = counted(count.passed + count.failed, "test", "tests");
    let mut line = Line::default().text(Role::Title, &format!("{tests}: "));
    let passed = if count.passed > 0 && report.passed() { Role::Good } else { Role::Text };
    line = line.text(passed, &format!("{} passed", count.passed));
    let failed = if count.failed > 0 { Role::Warn } else { Role::Text };
    line = line.text(Role::Text, ", ").text(failed, &format!("{} failed", count.failed));
    if count.unusable > 0 {
        let files = counted(count.unusable, "file", "files");
        line = line.text(Role::Warn, &format!(", {files} could not be run"));
    }
    if !report.filtered {
        let covered = coverage(report);
        let rules: usize = covered.iter().map(|one| one.fired.len()).sum();
        let fired: usize = covered.iter().flat_map(|one| &one.fired).filter(|fired| **fired).count();
        if rules > 0 {
            line = line.text(Role::Text, &format!("; {fired} of {} fired", counted(rules, "rule", "rules")));
        }
    }
    screen.line(&line);
}
