//! What has no screen of its own: a title, facts with their labels, and tables.

use serde_json::Value;

use crate::device::Schedule;
use crate::engine::Command;
use crate::plan::diff::Difference;

use super::json;
use super::layout::{Line, Piece, Screen, Table, width};
use super::style::{Role, Style};

/// Columns of the widest label that the facts are aligned to.
const MOST_LABEL: usize = 26;

/// Columns of the widest cell before the last.
const MOST_LEADING: usize = 40;

/// A cell, or a fact: what it is for, and its words.
pub type Cell = (Role, String);

/// Facts under a title, each with its label; what does not fit goes on below its own beginning. A label that repeats the one
/// above is shown once.
#[must_use]
pub fn facts(title: &str, facts: &[(&str, Role, String)], style: Style) -> String {
    let mut screen = Screen::new(style);
    screen.line(&Line::default().text(Role::Title, title));
    let column = facts.iter().map(|(label, _, _)| width(label)).max().unwrap_or(0).min(MOST_LABEL);
    let mut above = "";
    for (label, role, text) in facts {
        let shown = if *label == above { "" } else { label };
        above = label;
        let blanks = " ".repeat(column.saturating_sub(width(shown)) + 2);
        let head = Line::indent(2).text(Role::Faint, shown).text(Role::Text, &blanks);
        screen.prose(head, *role, text, column + 4);
    }
    screen.finish()
}

/// Rows of cells in aligned columns, each as wide as its widest cell but at most as wide as said; the column `flex` gives way
/// where a row would be too wide.
#[must_use]
pub fn table(rows: &[Vec<Cell>], most: &[usize], flex: usize, style: Style) -> String {
    let mut screen = Screen::new(style);
    let rows: Vec<Vec<Piece>> = rows.to_vec();
    screen.table(Table { indent: 0, most, flex }, &rows);
    screen.finish()
}

/// Rows of cells in aligned columns, the last of which is broken between words and goes on below its own beginning.
#[must_use]
pub fn entries(rows: &[Vec<Cell>], style: Style) -> String {
    let mut screen = Screen::new(style);
    let widths = leading_widths(rows);
    for row in rows {
        let Some(((role, text), leading)) = row.split_last() else { continue };
        let (mut head, mut column) = (Line::default(), 0);
        for ((role, cell), wide) in leading.iter().zip(&widths).filter(|(_, wide)| **wide > 0) {
            let blanks = " ".repeat(wide.saturating_sub(width(cell)) + 2);
            head = head.text(*role, cell).text(Role::Text, &blanks);
            column += wide + 2;
        }
        screen.prose(head, *role, text, column);
    }
    screen.finish()
}

fn leading_widths(rows: &[Vec<Cell>]) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0).saturating_sub(1);
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|(_, text)| width(text)).max();
    (0..columns).map(|column| widest(column).unwrap_or(0).min(MOST_LEADING)).collect()
}

/// A command as data.
#[must_use]
pub fn command_json(command: Command) -> Value {
    json::command(command)
}

/// What differs between two schedules, field for field, as data.
#[must_use]
pub fn differences_json(differences: &[Difference]) -> Value {
    let changes = differences.iter().flat_map(|difference| {
        let endpoint = difference.to.update_endpoint();
        difference.changes.iter().map(move |change| {
            let (from, to) = (json::field(change.from), json::field(change.to));
            serde_json::json!({ "endpoint": endpoint, "field": change.field, "from": from, "to": to })
        })
    });
    Value::Array(changes.collect())
}

/// A schedule as data.
#[must_use]
pub fn schedule_json(schedule: &Schedule) -> Value {
    json::schedule(schedule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_goes_on_below_its_own_beginning() {
        let row = |cells: [&str; 3]| cells.map(|cell| (Role::Text, cell.to_owned())).to_vec();
        let long = "word ".repeat(40);
        let text = entries(&[row(["20:41", "", "hold"]), row(["9:00", "", &long])], Style::Plain);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.first(), Some(&"20:41  hold"));
        assert!(lines.get(1).is_some_and(|line| line.starts_with("9:00   word")), "{text}");
        assert!(lines.get(2).is_some_and(|line| line.starts_with("       word")), "{text}");
        assert!(lines.iter().all(|line| width(line) <= 120), "{text}");
    }

    #[test]
    fn facts_are_aligned_and_go_on_below_their_beginning() {
        let long = "word ".repeat(30);
        let list = [
            ("now", Role::Text, "hold".to_owned()),
            ("alarms", Role::Warn, long),
            ("alarms", Role::Warn, "another\u{1b}[2J".to_owned()),
        ];
        let text = facts("home", &list, Style::Plain);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.first(), Some(&"home"));
        assert_eq!(lines.get(1), Some(&"  now     hold"));
        assert!(lines.get(3).is_some_and(|line| line.starts_with("          word")), "{text}");
        assert_eq!(lines.last(), Some(&"          another [2J"));
        assert!(lines.iter().all(|line| width(line) <= 120), "{text}");
    }

    #[test]
    fn the_columns_of_a_table_stand_below_each_other() {
        let row = |cells: [&str; 3]| cells.map(|cell| (Role::Text, cell.to_owned())).to_vec();
        let text = table(&[row(["a", "bbb", "c"]), row(["aa", "b", "c"])], &[10, 10, 10], 2, Style::Plain);
        assert_eq!(text, "a   bbb  c\naa  b    c\n");
    }
}
