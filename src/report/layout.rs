//! Lines and tables of plain text, at most 120 columns wide.

use unicode_width::UnicodeWidthStr;

use super::style::{Role, Style};

/// Columns of the widest line.
pub const WIDTH: usize = 120;

/// The least width that a column which gives way is cut to.
const LEAST_FLEX: usize = 12;

/// Characters that are kept for each column: a letter and the marks on it.
const MOST_MARKS: usize = 8;

/// Columns between two columns of a table.
const GAP: usize = 2;

/// A piece of text with its role.
pub(super) type Piece = (Role, String);

/// One line, made of pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    pieces: Vec<Piece>,
    width: usize,
}

/// Lines that become a text.
#[derive(Clone, Debug)]
pub(super) struct Screen {
    style: Style,
    text: String,
}

/// How a table is laid out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a> {
    /// Columns before the first cell.
    pub(super) indent: usize,
    /// The most columns of each cell.
    pub(super) most: &'a [usize],
    /// The cell that gives way where a row would be too wide.
    pub(super) flex: usize,
}

impl Line {
    /// A line that begins after so many blanks.
    pub(super) fn indent(columns: usize) -> Line {
        Line::default().text(Role::Text, &" ".repeat(columns.min(WIDTH)))
    }

    /// The line with a piece more. What would move the cursor or turn the direction of writing is left out.
    pub(super) fn text(mut self, role: Role, text: &str) -> Line {
        let text = clean(text);
        self.width += width(&text);
        self.pieces.push((role, text));
        self
    }

    /// The line filled with blanks up to a column.
    fn fill(self, column: usize) -> Line {
        let blanks = column.saturating_sub(self.width);
        self.text(Role::Text, &" ".repeat(blanks))
    }

    /// The pieces that are shown: no blanks at the end, nothing past the last column.
    fn shown(&self) -> Vec<Piece> {
        let mut shown = Vec::new();
        let mut left = WIDTH;
        let mut rest = self.width;
        for (role, text) in &self.pieces {
            let wide = width(text);
            // The ellipsis of a line that does not fit belongs to the piece that reaches the edge.
            if rest > left && wide + 1 > left {
                shown.push((*role, cut(&format!("{text}…"), left)));
                break;
            }
            rest = rest.saturating_sub(wide);
            left = left.saturating_sub(wide);
            shown.push((*role, text.clone()));
        }
        while shown.last().is_some_and(|(_, text)| text.trim_end().is_empty()) {
            shown.pop();
        }
        if let Some((_, text)) = shown.last_mut() {
            text.truncate(text.trim_end().len());
        }
        shown
    }
}

impl Screen {
    /// An empty text.
    pub(super) fn new(style: Style) -> Screen {
        Screen { style, text: String::new() }
    }

    /// Adds a line.
    pub(super) fn line(&mut self, line: &Line) {
        let painted = line.shown().into_iter().map(|(role, text)| self.style.paint(role, &text));
        self.text.extend(painted);
        self.text.push('\n');
    }

    /// Adds an empty line, unless there is one already or nothing above it.
    pub(super) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// Adds a text that is broken between words; what follows the first line is indented by `hang`.
    pub(super) fn prose(&mut self, head: Line, role: Role, text: &str, hang: usize) {
        let mut line = head;
        let mut bare = true;
        for word in unbroken(&clean(text)) {
            if !bare && line.width + 1 + width(&word) > WIDTH {
                self.line(&line);
                (line, bare) = (Line::indent(hang), true);
            }
            let gap = if bare { "" } else { " " };
            line = line.text(role, &format!("{gap}{word}"));
            bare = false;
        }
        self.line(&line);
    }

    /// Adds pieces with ` · ` between them, on as many lines as they take.
    pub(super) fn list(&mut self, pieces: &[Piece]) {
        let mut line = Line::default();
        for (index, (role, text)) in pieces.iter().enumerate() {
            if index > 0 && line.width + 3 + width(&clean(text)) + 2 > WIDTH {
                self.line(&line.text(Role::Faint, " ·"));
                line = Line::default();
            } else if index > 0 {
                line = line.text(Role::Faint, " · ");
            }
            line = line.text(*role, text);
        }
        self.line(&line);
    }

    /// Adds the rows of a table.
    pub(super) fn table(&mut self, table: Table<'_>, rows: &[Vec<Piece>]) {
        for line in table.lines(rows) {
            self.line(&line);
        }
    }

    /// The whole text.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

impl Table<'_> {
    fn lines(&self, rows: &[Vec<Piece>]) -> Vec<Line> {
        let widths = self.widths(rows);
        rows.iter().map(|row| self.row(row, &widths)).collect()
    }

    fn row(&self, row: &[Piece], widths: &[usize]) -> Line {
        let mut line = Line::indent(self.indent);
        let mut column = self.indent;
        for ((role, text), width) in row.iter().zip(widths) {
            // An empty cell is no reason to fill the line up to it, or past its end.
            line = if text.is_empty() { line } else { line.fill(column).text(*role, &cut(text, *width)) };
            column += if *width > 0 { width + GAP } else { 0 };
        }
        line
    }

    /// The width of each column: as wide as its widest cell, within its bound; one gives way if a row would be too wide.
    fn widths(&self, rows: &[Vec<Piece>]) -> Vec<usize> {
        let widest =
            |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|(_, text)| width(&clean(text))).max();
        let columns = self.most.iter().enumerate();
        let mut widths: Vec<usize> = columns.map(|(column, most)| widest(column).unwrap_or(0).min(*most)).collect();
        let used = widths.iter().filter(|width| **width > 0).count();
        let gaps = GAP * used.saturating_sub(1);
        let over = (self.indent + gaps + widths.iter().sum::<usize>()).saturating_sub(WIDTH);
        if let Some(flex) = widths.get_mut(self.flex) {
            *flex = flex.saturating_sub(over).max(LEAST_FLEX.min(*flex));
        }
        widths
    }
}

/// The words of a text; a number stays with its unit.
fn unbroken(text: &str) -> Vec<String> {
    let unit = |word: &str| {
        matches!(word.trim_matches([',', ';', '.', ':', ')']), "h" | "min" | "s" | "%" | "W" | "kW" | "kWh")
    };
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match words.last_mut().filter(|last| unit(word) && last.ends_with(|letter: char| letter.is_ascii_digit())) {
            Some(number) => *number = format!("{number} {word}"),
            None => words.push(word.to_owned()),
        }
    }
    words
}

/// Words that begin like a sentence.
pub(super) fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(char::to_uppercase);
    format!("{}{}", first.into_iter().flatten().collect::<String>(), letters.as_str())
}

/// Columns that a text takes on a terminal.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// A text of at most so many columns; one that is longer ends in `…`.
#[must_use]
pub fn cut(text: &str, columns: usize) -> String {
    let text = clean(text);
    // Marks without a width of their own are bounded too.
    let most = columns.saturating_mul(MOST_MARKS);
    if text.chars().nth(most).is_none() && width(&text) <= columns {
        return text;
    }
    let mut kept = String::new();
    for letter in text.chars().take(most) {
        kept.push(letter);
        if width(&kept) >= columns {
            kept.pop();
            break;
        }
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

/// A text without anything that would move the cursor, colour the screen or turn the direction of writing.
#[must_use]
pub fn clean(text: &str) -> String {
    let turns =
        |letter: char| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
    text.chars().filter(|letter| !turns(*letter)).map(|letter| if breaks(letter) { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &Line) -> String {
        let mut screen = Screen::new(Style::Plain);
        screen.line(line);
        screen.finish()
    }

    #[test]
    fn what_is_too_long_ends_in_an_ellipsis() {
        let check = |text: &str, columns: usize, expect: &str| assert_eq!(cut(text, columns), expect, "{text}");
        check("night", 5, "night");
        check("nights", 5, "nigh…");
        check("夜間充電", 5, "夜間…");
        check("night", 1, "…");
        check("night", 0, "");
        check("a\u{1b}[31m\nb", 9, "a [31m b");
        check("ab\u{202e}cd", 9, "abcd");
    }

    #[test]
    fn a_line_is_never_wider_than_the_screen() {
        let long = Line::indent(2).text(Role::Text, &"x".repeat(100)).text(Role::Warn, &"y".repeat(100));
        let text = shown(&long);
        assert_eq!(width(text.trim_end()), WIDTH);
        assert!(text.ends_with("y…\n"), "{text}");
        assert_eq!(shown(&Line::indent(2).text(Role::Text, "x ").text(Role::Faint, "  ")), "  x\n");
        let exact = Line::default().text(Role::Text, &"x".repeat(60)).text(Role::Text, &"y".repeat(60));
        assert_eq!(width(shown(&exact).trim_end()), WIDTH);
        assert!(!shown(&exact).contains('…'));
    }

    #[test]
    fn prose_breaks_between_words() {
        let mut screen = Screen::new(Style::Plain);
        screen.prose(Line::default().text(Role::Text, "why: "), Role::Text, &"word ".repeat(30), 2);
        let text = screen.finish();
        assert!(text.lines().all(|line| width(line) <= WIDTH), "{text}");
        assert_eq!(text.lines().nth(1).map(|line| line.starts_with("  word")), Some(true), "{text}");
    }

    #[test]
    fn one_column_gives_way() {
        let row = |name: &str| {
            vec![(Role::Text, "now".to_owned()), (Role::Text, name.repeat(40)), (Role::Text, "x".repeat(60))]
        };
        let mut screen = Screen::new(Style::Plain);
        screen.table(Table { indent: 2, most: &[4, 80, 60], flex: 1 }, &[row("ab"), row("c")]);
        let text = screen.finish();
        assert!(text.lines().all(|line| width(line) == WIDTH), "{text}");
        assert!(text.contains("ab…  x"), "{text}");
    }
}
