//! What a change to a policy changes: for a terminal, and as Markdown for a pull request.

use std::time::Duration;

use crate::backtest::{Comparison, Difference, Held, Shift, Side};

use super::backtest::{findings, hours, money, signed};
use super::layout::{Line, Piece, Screen, Table, clean, cut};
use super::style::{Role, Style};
use super::words;

/// Groups that are shown; the rest is counted.
const MOST_GROUPS: usize = 20;

/// Columns of the longest name of a rule.
const NAME: usize = 40;

/// The comparison for a terminal.
#[must_use]
pub fn compare_text(comparison: &Comparison, style: Style) -> String {
    let mut screen = Screen::new(style);
    screen.line(&head(comparison));
    screen.blank();
    let mut rows = vec![totals_head(comparison)];
    rows.extend([&comparison.old, &comparison.new].map(|side| totals(comparison, side)));
    screen.table(Table { indent: 2, most: &[44, 12, 14, 14, 12, 12], flex: 0 }, &rows);
    screen.blank();
    screen.prose(Line::default(), Role::Title, &verdict(comparison), 0);
    screen.prose(Line::default(), Role::Faint, &reached(comparison), 0);
    for group in comparison.groups.iter().take(MOST_GROUPS) {
        screen.blank();
        difference(&mut screen, comparison, group);
    }
    rest(&mut screen, comparison);
    findings(&mut screen, &comparison.findings);
    screen.finish()
}

/// The comparison as Markdown.
#[must_use]
pub fn compare_markdown(comparison: &Comparison) -> String {
    let mut text = format!("### {}\n\n", markdown(&verdict(comparison)));
    text +=
        &format!("| | {} | import | export | left over | compared |\n|---|--:|--:|--:|--:|--:|\n", comparison.currency);
    for side in [&comparison.old, &comparison.new] {
        let cells: Vec<String> = totals(comparison, side).into_iter().map(|(_, cell)| markdown(cell.trim())).collect();
        text += &format!("| {} |\n", cells.join(" | "));
    }
    if !comparison.groups.is_empty() {
        text += "\n| hours | before | after | why | import | money |\n|--:|---|---|---|--:|--:|\n";
    }
    for group in comparison.groups.iter().take(MOST_GROUPS) {
        let Difference { old, new, reason, span, shift, .. } = group;
        let cells = [
            hours(*span),
            held(old, &comparison.old),
            held(new, &comparison.new),
            reason.to_string(),
            format!("{:+.1} kWh", shift.import.kilowatt_hours()),
            signed(shift.money),
        ];
        text += &format!("| {} |\n", cells.map(|cell| markdown(&cell)).join(" | "));
    }
    text += &format!("\n{}; {}\n", markdown(&elsewhere(comparison)), markdown(&reached(comparison)));
    let hidden = comparison.groups.len().saturating_sub(MOST_GROUPS);
    if hidden > 0 {
        text += &format!("\nand {hidden} kinds of difference more\n");
    }
    let found: Vec<String> =
        comparison.findings.iter().map(|found| format!("{} × {}", found.count, found.fault)).collect();
    if !found.is_empty() {
        text += &format!("\nThe history is not whole: {}.\n", markdown(&found.join(", ")));
    }
    text
}

fn head(comparison: &Comparison) -> Line {
    let days = comparison.days.map_or(String::new(), |(first, last)| format!(" · {first} to {last}"));
    let files = format!("{} → {}", cut(&comparison.old.file, NAME), cut(&comparison.new.file, NAME));
    Line::default().text(Role::Title, &files).text(Role::Text, &format!("{days} · {} h", hours(comparison.lived)))
}

fn totals_head(comparison: &Comparison) -> Vec<Piece> {
    let cells = [format!("{:>12}", comparison.currency), format!("{:>14}", "import"), format!("{:>14}", "export")];
    let rest = [format!("{:>12}", "left over"), format!("{:>12}", "compared")];
    let cells = cells.into_iter().chain(rest).map(|cell| (Role::Faint, cell));
    std::iter::once((Role::Faint, String::new())).chain(cells).collect()
}

fn totals(comparison: &Comparison, side: &Side) -> Vec<Piece> {
    let account = side.account;
    let kwh = |energy: f64| format!("{energy:.1} kWh");
    let cells = [
        format!("{:>12}", money(account.bill())),
        format!("{:>14}", kwh(account.import.kilowatt_hours())),
        format!("{:>14}", kwh(account.export.kilowatt_hours())),
        format!("{:>12}", format!("{:+.2} kWh", account.gained.kilowatt_hours())),
        format!("{:>12}", money(account.compared(comparison.stored_price))),
    ];
    let cells = cells.into_iter().map(|cell| (Role::Text, cell));
    std::iter::once((Role::Text, side.file.clone())).chain(cells).collect()
}

fn verdict(comparison: &Comparison) -> String {
    let dearer = comparison.dearer_by();
    let cost = match dearer {
        dearer if dearer.abs() < 0.005 => "it costs the same".to_owned(),
        dearer if dearer < 0.0 => format!("it saves {} {}", money(-dearer), comparison.currency),
        dearer => format!("it costs {} {} more", money(dearer), comparison.currency),
    };
    if comparison.is_same() {
        return format!("the change does nothing else over this history; {cost}");
    }
    format!("the two command otherwise for {} of {} h; {cost}", hours(comparison.differs), hours(comparison.lived))
}

fn difference(screen: &mut Screen, comparison: &Comparison, group: &Difference) {
    let Difference { old, new, reason, span, times, first, shift } = group;
    let local = first.format("%Y-%m-%d %H:%MZ");
    let stretches = if *times == 1 { "once" } else { "times" };
    let count = if *times == 1 { String::new() } else { format!("{times} ") };
    let title = format!("{} h, {count}{stretches}, first {local}", hours(*span));
    let line = Line::default().text(Role::Command, &title);
    screen.line(&line.text(Role::Text, &format!(" · {} · {}", kwh(shift), priced(shift.money, comparison))));
    screen.prose(Line::indent(2).text(Role::Faint, "before  "), Role::Text, &held(old, &comparison.old), 10);
    screen.prose(Line::indent(2).text(Role::Faint, "after   "), Role::Text, &held(new, &comparison.new), 10);
    screen.prose(Line::indent(2).text(Role::Faint, "why     "), Role::Text, &reason.to_string(), 10);
}

fn rest(screen: &mut Screen, comparison: &Comparison) {
    let hidden = comparison.groups.get(MOST_GROUPS..).unwrap_or_default();
    screen.blank();
    if !hidden.is_empty() {
        let span: Duration = hidden.iter().map(|group| group.span).sum();
        let words = format!("and {} kinds of difference more, {} h together", hidden.len(), hours(span));
        screen.line(&Line::default().text(Role::Faint, &words));
    }
    screen.prose(Line::default(), Role::Faint, &elsewhere(comparison), 0);
}

fn elsewhere(comparison: &Comparison) -> String {
    let shift = &comparison.elsewhere;
    format!("while both command the same: {}, {}", kwh(shift), priced(shift.money, comparison))
}

/// How either reached the battery.
fn reached(comparison: &Comparison) -> String {
    match (comparison.old.writes, comparison.new.writes) {
        (Some(old), Some(new)) => format!(
            "through schedules: {} writes before, {} after; {} and {} on the fullest day",
            old.total, new.total, old.per_day_max, new.per_day_max
        ),
        _ => "commands are taken as obeyed at once: no write is counted (--writes does)".to_owned(),
    }
}

fn kwh(shift: &Shift) -> String {
    let (import, export) = (shift.import.kilowatt_hours(), shift.export.kilowatt_hours());
    format!("import {} kWh, export {} kWh", tenth(import), tenth(export))
}

fn tenth(amount: f64) -> String {
    let text = format!("{amount:+.1}");
    if text == "-0.0" || text == "+0.0" { "0".to_owned() } else { text }
}

fn priced(amount: f64, comparison: &Comparison) -> String {
    format!("{} {}", signed(amount), comparison.currency)
}

/// `charge to 90 % · Top up at the night rate`
fn held(held: &Held, side: &Side) -> String {
    let rule = held.rule.as_deref().map_or("no rule".to_owned(), |rule| cut(rule, NAME));
    format!("{} · {rule}", words::command(held.command, side.reserve))
}

/// A text within a table of Markdown: nothing in it is markup.
fn markdown(text: &str) -> String {
    let text = clean(text);
    let escaped = text.chars().flat_map(|letter| {
        let marks = matches!(letter, '|' | '\\' | '*' | '_' | '<' | '>' | '[' | ']' | '#' | '&');
        marks.then_some('\\').into_iter().chain([letter])
    });
    escaped.collect()
}
