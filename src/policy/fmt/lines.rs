//! From the tree to lines.

use super::scalar::{quoted, scalar};
use super::shape::Shape;
use super::tree::{Block, Comment, Content, Entry, Text};

/// The longest line on which a list or a mapping stands in brackets, in characters, not counting a comment beside it.
const MAX_WIDTH: usize = 120;

/// Where a comment beside a value begins, counted from 0, if the value leaves two spaces before it.
const COMMENT_COLUMN: usize = 34;

/// How many spaces each level is indented by.
const STEP: usize = 2;

/// One line.
struct Line {
    /// Whether an empty line stands above it.
    parted: bool,
    /// How many spaces stand before it.
    indent: usize,
    /// What stands on it; empty if it is a comment alone.
    text: String,
    /// The comment on it.
    comment: Option<String>,
}

/// The text of a file.
pub(super) fn text(root: &Content, shape: Shape) -> String {
    let mut out = String::new();
    let lines = match root {
        Content::Map(block) if !block.entries.is_empty() => entries(block, shape, 0),
        _ => vec![Line { parted: false, indent: 0, text: inline(root, shape), comment: None }],
    };
    for line in lines {
        if line.parted {
            out.push('\n');
        }
        out.push_str(&" ".repeat(line.indent));
        out.push_str(&line.text);
        if let Some(comment) = line.comment {
            let width = line.indent + line.text.chars().count();
            let gap = if line.text.is_empty() { 0 } else { COMMENT_COLUMN.saturating_sub(width).max(2) };
            out.push_str(&" ".repeat(gap));
            out.push_str(&comment);
        }
        out.push('\n');
    }
    out
}

/// The lines of a list or of a mapping, its comments included.
fn entries(block: &Block, shape: Shape, indent: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let column = if shape.is_aligned() { value_column(block) } else { 0 };
    for (number, entry) in block.entries.iter().enumerate() {
        let mut own = lines_of(entry, shape, indent, column);
        if let Some(first) = own.first_mut() {
            let forced = shape.parted(entry.key.as_ref().map(|key| key.text.as_str()));
            let is_comment = first.text.is_empty();
            first.parted = number > 0
                && if is_comment { first.parted || forced == Some(true) } else { forced.unwrap_or(first.parted) };
        }
        lines.append(&mut own);
    }
    lines.extend(block.foot.iter().map(|comment| own_line(comment, indent)));
    lines
}

/// The lines of one entry: comments, the entry itself, and what stands below it.
fn lines_of(entry: &Entry, shape: Shape, indent: usize, column: usize) -> Vec<Line> {
    let below = entry.key.as_ref().map_or(shape.item(), |key| shape.under(&key.text));
    let start = start_of(entry, column);
    let fits = |text: &String| indent + start.chars().count() + text.chars().count() <= MAX_WIDTH;
    match (&entry.value, flow(&entry.value, below).filter(fits)) {
        // Beside a dash alone a comment would be taken for one of the line below.
        (Content::Empty, _) if entry.key.is_none() => beside(entry, indent, start + "~"),
        (Content::Empty | Content::Text(_), _) => beside(entry, indent, start + &inline(&entry.value, below)),
        (_, Some(text)) => beside(entry, indent, start + &text),
        (Content::Map(block), None) if entry.key.is_none() => item_lines(entry, block, below, indent),
        (Content::Map(block) | Content::List(block), None) => tall_lines(entry, block, below, indent),
    }
}

/// The key and its colon, or the dash of an item.
fn start_of(entry: &Entry, column: usize) -> String {
    match &entry.key {
        None => "- ".to_owned(),
        Some(key) => format!("{:column$}", format!("{}: ", key_text(key, false))),
    }
}

/// An entry on one line. Only one comment can stand beside it, so that others go above.
fn beside(entry: &Entry, indent: usize, text: String) -> Vec<Line> {
    let mut comments: Vec<String> = entry.heads.iter().chain(&entry.tails).cloned().collect();
    let comment = comments.pop();
    let text = text.trim_end().to_owned();
    with_comments(entry, comments, Line { parted: entry.blank, indent, text, comment })
}

/// A key on its line, with its value below it.
fn tall_lines(entry: &Entry, block: &Block, shape: Shape, indent: usize) -> Vec<Line> {
    let mut heads = entry.heads.clone();
    let comment = heads.pop();
    let text = start_of(entry, 0).trim_end().to_owned();
    let mut lines = with_comments(entry, heads, Line { parted: entry.blank, indent, text, comment });
    lines.append(&mut entries(block, shape, indent + STEP));
    lines.extend(tails(entry, indent + STEP));
    lines
}

/// A mapping as an item of a list: its first key beside the dash. Comments above that key go above the dash.
fn item_lines(entry: &Entry, block: &Block, shape: Shape, indent: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut above: Vec<Line> = entry.before.iter().map(|comment| own_line(comment, indent)).collect();
    let mut parted = entry.blank;
    let mut begun = false;
    for mut line in entries(block, shape, indent + STEP) {
        if !begun {
            begun = !line.text.is_empty();
            line.indent = indent;
            line.parted |= std::mem::take(&mut parted);
            if begun {
                line.text = format!("- {}", line.text);
            }
        }
        lines.push(line);
    }
    lines.extend(tails(entry, indent + STEP));
    above.append(&mut lines);
    above
}

/// Comments beside a closing bracket that is no more there.
fn tails(entry: &Entry, indent: usize) -> impl Iterator<Item = Line> {
    entry.tails.iter().map(move |text| own_line(&Comment::own(text.clone(), false), indent))
}

fn with_comments(entry: &Entry, more: Vec<String>, mut line: Line) -> Vec<Line> {
    let mut lines: Vec<Line> = entry.before.iter().map(|comment| own_line(comment, line.indent)).collect();
    for text in more {
        let parted = std::mem::take(&mut line.parted);
        lines.push(Line { parted, indent: line.indent, text: String::new(), comment: Some(text) });
    }
    lines.push(line);
    lines
}

fn own_line(comment: &Comment, indent: usize) -> Line {
    Line { parted: comment.blank, indent, text: String::new(), comment: Some(comment.text.clone()) }
}

/// Where the values of aligned entries begin after the indentation: behind the longest key.
fn value_column(block: &Block) -> usize {
    let short = block.entries.iter().filter(|entry| !entry.value.has_comments());
    short.filter_map(|entry| entry.key.as_ref()).map(|key| key_text(key, false).chars().count() + 2).max().unwrap_or(0)
}

/// A list or a mapping in brackets; `None` if it needs lines of its own.
fn flow(content: &Content, shape: Shape) -> Option<String> {
    let block = content.block()?;
    if block.entries.is_empty() {
        return block.foot.is_empty().then(|| inline(content, shape));
    }
    (!content.has_comments() && !has_tall(content, shape)).then(|| inline(content, shape))
}

/// Whether anything within has lines of its own.
fn has_tall(content: &Content, shape: Shape) -> bool {
    let Some(block) = content.block().filter(|block| !block.entries.is_empty()) else { return false };
    let below = |entry: &Entry| entry.key.as_ref().map_or(shape.item(), |key| shape.under(&key.text));
    shape.is_tall(content) || block.entries.iter().any(|entry| has_tall(&entry.value, below(entry)))
}

/// A value on one line.
fn inline(content: &Content, shape: Shape) -> String {
    in_place(content, shape, false)
}

fn in_place(content: &Content, shape: Shape, in_brackets: bool) -> String {
    match content {
        Content::Empty if in_brackets => "~".to_owned(),
        Content::Empty => String::new(),
        Content::Text(text) if text.quoted => quoted(&text.text),
        Content::Text(text) => scalar(&text.text, in_brackets),
        Content::List(block) => {
            let items = block.entries.iter().map(|item| in_place(&item.value, shape.item(), true));
            format!("[{}]", items.collect::<Vec<String>>().join(", "))
        }
        Content::Map(block) if block.entries.is_empty() => "{}".to_owned(),
        Content::Map(block) => {
            let entries = block.entries.iter().map(|entry| {
                let key = entry.key.as_ref().map(|key| (key_text(key, true), shape.under(&key.text)));
                let (key, below) = key.unwrap_or((String::new(), Shape::Other));
                format!("{key}: {}", in_place(&entry.value, below, true))
            });
            format!("{{ {} }}", entries.collect::<Vec<String>>().join(", "))
        }
    }
}

fn key_text(key: &Text, in_brackets: bool) -> String {
    if key.quoted { quoted(&key.text) } else { scalar(&key.text, in_brackets) }
}
