//! What a change to a policy changes: for a terminal, and as Markdown for a pull request.

use std::time::Duration;

use crate::backtest::{Comparison, Difference, Held, Shift, Side};

use super::backtest::{findings, hours, money, signed};
use super::layout::{Line, Piece, Screen, Table, clean, cut, sentence};
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
    let rows: Vec<Vec<Piece>> =
        totals(comparison).into_iter().zip([Role::Faint, Role::Text, Role::Text]).map(padded).collect();
    screen.table(Table { indent: 2, most: &[NAME, 10, 14, 14, 12, 10, 8], flex: 0 }, &rows);
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
    let mut text = format!("### {}\n\n", markdown(&sentence(&verdict(comparison))));
    for (index, cells) in totals(comparison).into_iter().enumerate() {
        text += &format!("| {} |\n", cells.iter().map(|cell| markdown(cell)).collect::<Vec<_>>().join(" | "));
        if index == 0 {
            text += &format!("|---|{}\n", "--:|".repeat(cells.len().saturating_sub(1)));
        }
    }
    if !comparison.groups.is_empty() {
        let coin = &comparison.currency;
        text += &format!("\n| hours | before | after | why | import | {coin} |\n|--:|---|---|---|--:|--:|\n");
    }
    for group in comparison.groups.iter().take(MOST_GROUPS) {
        let Difference { old, new, reason, span, shift, .. } = group;
        let cells = [
            hours(*span),
            held(old, &comparison.old),
            held(new, &comparison.new),
            reason.to_string(),
            format!("{} kWh", tenth(shift.import.kilowatt_hours())),
            signed(shift.money),
        ];
        text += &format!("| {} |\n", cells.map(|cell| markdown(&cell)).join(" | "));
    }
    let rest = [elsewhere(comparison), reached(comparison)].map(|words| format!("{}.", sentence(&words)));
    text += &format!("\n{}\n", markdown(&rest.join(" ")));
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

/// What either cost, under a head: with a column of writes where they were counted.
fn totals(comparison: &Comparison) -> [Vec<String>; 3] {
    let mut head = vec![format!("cost in {}", comparison.currency)];
    head.extend(["billed", "import", "export", "left over", "compared"].map(str::to_owned));
    let rows = [&comparison.old, &comparison.new].map(|side| {
        let account = side.account;
        let kwh = |energy: f64| format!("{energy:.1} kWh");
        let mut row = vec![
            side.file.clone(),
            money(account.bill()),
            kwh(account.import.kilowatt_hours()),
            kwh(account.export.kilowatt_hours()),
            format!("{:+.2} kWh", account.gained.kilowatt_hours()),
            money(account.compared(comparison.stored_price)),
        ];
        row.extend(side.writes.map(|writes| writes.total.to_string()));
        row
    });
    if rows.iter().all(|row| row.len() > head.len()) {
        head.push("writes".to_owned());
    }
    let [old, new] = rows;
    [head, old, new]
}

/// A row whose numbers stand under each other.
fn padded((cells, role): (Vec<String>, Role)) -> Vec<Piece> {
    let wide = [0, 10, 14, 14, 12, 10, 8];
    let cells = cells.into_iter().zip(wide).map(|(cell, wide)| (role, format!("{cell:>wide$}")));
    cells.collect()
}

fn verdict(comparison: &Comparison) -> String {
    let dearer = comparison.dearer_by();
    let cost = match dearer {
        dearer if dearer.abs() < 0.005 => "the new one costs the same".to_owned(),
        dearer if dearer < 0.0 => format!("the new one saves {} {}", money(-dearer), comparison.currency),
        dearer => format!("the new one costs {} {} more", money(dearer), comparison.currency),
    };
    if comparison.is_same() {
        return format!("the change does nothing over this history; {cost}");
    }
    format!("the two command otherwise for {} of {} h; {cost}", hours(comparison.differs), hours(comparison.lived))
}

fn difference(screen: &mut Screen, comparison: &Comparison, group: &Difference) {
    let Difference { old, new, reason, span, times, first, shift } = group;
    let local = comparison.zone.local(*first);
    let begins = format!("{} {}", local.date, local.time());
    let when = if *times == 1 { format!("once, at {begins}") } else { format!("{times} times, first at {begins}") };
    let title = format!("{} h, {when}", hours(*span));
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
    let money = priced(shift.money, comparison);
    format!("while both command the same (the battery may hold more or less): {}, {money}", kwh(shift))
}

/// How either reached the battery.
fn reached(comparison: &Comparison) -> String {
    match (comparison.old.writes, comparison.new.writes) {
        (Some(old), Some(new)) => format!(
            "through schedules: at most {} writes a day before, {} after; the device did something else than commanded for {} h \
             before, {} h after",
            old.per_day_max,
            new.per_day_max,
            hours(old.apart),
            hours(new.apart)
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
