//! What a YAML text consists of, with its comments, in the order in which a tree can be built of it.
//!
//! The parser is the one beneath the loader's, asked for its events. It tells of a comment before it tells that the block
//! above has ended, so whose an indented comment is follows from its column: see [`Run`].

use granit_parser::{Event as Parsed, Parser, ScalarStyle, Span, StructureStyle};

/// A part of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A comment on a line of its own, or beside what is no value.
    Comment(Comment),
    /// A comment beside the value or the opening bracket before it.
    Beside(String),
    /// A text.
    Text(Text),
    /// A list or a mapping begins.
    Open(Open),
    /// A list or a mapping ends.
    Close,
}

/// A comment on a line of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comment {
    /// From its `#` on.
    pub(super) text: String,
    /// Whether an empty line stands before it.
    pub(super) blank: bool,
    /// Where it begins on its line, counted from 0.
    pub(super) column: usize,
}

/// A text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    /// What it says.
    pub(super) text: String,
    /// Whether it stood in quotes or as a block of its own.
    pub(super) quoted: bool,
    /// Whether nothing stands there at all, or a word for nothing.
    pub(super) empty: bool,
    /// Whether an empty line stands before it.
    pub(super) blank: bool,
}

/// The beginning of a list or of a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Open {
    /// Whether it is a list.
    pub(super) list: bool,
    /// Whether it stands in brackets.
    pub(super) flow: bool,
    /// Whether an empty line stands before it.
    pub(super) blank: bool,
    /// Where its entries begin on their lines, counted from 0.
    column: usize,
}

/// The events of a text, each comment where its owner is built. `None` if the text holds what a policy never does.
pub(super) fn events(text: &str) -> Option<Vec<Event>> {
    let options = granit_parser::options! { max_buffered_comment_events: text.len() };
    let mut run = Run::of(text);
    for parsed in Parser::new_from_str_with_options(text, options) {
        let (event, span) = parsed.ok()?;
        run.take(event, span)?;
    }
    run.flush(None);
    Some(run.events)
}

/// What has been read so far.
///
/// Between one value and the next stand comments and the ends of blocks. A comment belongs to the innermost block that ends
/// here and whose entries begin at its column or before it, unless it stands no further right than what comes next; then it
/// belongs to that.
struct Run {
    /// Which lines are empty, the first line first.
    blank: Vec<bool>,
    events: Vec<Event>,
    /// What is open.
    open: Vec<Open>,
    /// Comments since the last value.
    comments: Vec<Comment>,
    /// Blocks that ended since then, the innermost first.
    closed: Vec<Open>,
    /// The line and the byte at which the last value, bracket or key ended.
    last: (usize, usize),
}

impl Run {
    fn of(text: &str) -> Run {
        let (events, open, comments, closed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let blank = text.replace("\r\n", "\n").split(['\n', '\r']).map(|line| line.trim().is_empty()).collect();
        Run { blank, events, open, comments, closed, last: (0, 0) }
    }

    fn take(&mut self, event: Parsed<'_>, span: Span) -> Option<()> {
        match event {
            Parsed::Comment(text, _) => self.comment(&text, span),
            Parsed::Scalar(text, style, 0, None) => {
                let plain = style == ScalarStyle::Plain;
                let nothing = span.start.byte_offset() == span.end.byte_offset();
                let empty = plain && (nothing || matches!(&*text, "" | "~" | "null" | "Null" | "NULL"));
                self.flush(Some(span.start.col()));
                let text = if empty { String::new() } else { text.into_owned() };
                let blank = self.blank_before(span);
                self.events.push(Event::Text(Text { text, quoted: !plain, empty, blank }));
                self.reached(span);
            }
            Parsed::SequenceStart(style, 0, None) => self.begin(true, style == StructureStyle::Flow, span),
            Parsed::MappingStart(style, 0, None) => self.begin(false, style == StructureStyle::Flow, span),
            Parsed::SequenceEnd | Parsed::MappingEnd => self.end(span)?,
            Parsed::StreamStart | Parsed::StreamEnd | Parsed::DocumentStart(..) | Parsed::DocumentEnd => {}
            _ => return None,
        }
        Some(())
    }

    fn begin(&mut self, list: bool, flow: bool, span: Span) {
        let column = span.start.col();
        self.flush(Some(column));
        let open = Open { list, flow, blank: self.blank_before(span), column };
        self.open.push(open);
        self.events.push(Event::Open(open));
        if flow {
            self.reached(span);
        }
    }

    fn end(&mut self, span: Span) -> Option<()> {
        let open = self.open.pop()?;
        if open.flow {
            self.flush(None);
            self.events.push(Event::Close);
            self.reached(span);
        } else {
            self.closed.push(open);
        }
        Some(())
    }

    fn comment(&mut self, text: &str, span: Span) {
        let (line, end) = self.last;
        let start = span.start.byte_offset().unwrap_or_default();
        let beside = line == span.start.line() || start < end;
        let text = format!("#{}", text.trim_end());
        if beside && self.comments.is_empty() && self.closed.is_empty() {
            self.events.push(Event::Beside(text));
        } else {
            let blank = self.is_below_blank(span);
            self.comments.push(Comment { text, blank, column: span.start.col() });
        }
    }

    fn reached(&mut self, span: Span) {
        // A text as a block of its own ends where the line below it begins.
        let below = span.end.col() == 0 && span.end.line() > span.start.line();
        let line = span.end.line() - usize::from(below);
        self.last = (line, span.end.byte_offset().unwrap_or_default());
    }

    /// Hands over the comments and the ends that have gathered. What comes next begins at this column; `None` if nothing does,
    /// or nothing but a closing bracket.
    fn flush(&mut self, next: Option<usize>) {
        let item = self.open.last().filter(|open| open.list && !open.flow).map(|open| open.column);
        let next = next.map(|column| item.unwrap_or(column));
        let mut closed = std::mem::take(&mut self.closed).into_iter().peekable();
        // At the end of the file a comment at the margin is nobody's but the whole file's.
        let mut last = if next.is_none() { closed.len().saturating_sub(1) } else { closed.len() };
        for comment in std::mem::take(&mut self.comments) {
            let margin = next.unwrap_or_default();
            while last > 0 && closed.next_if(|open| comment.column <= margin || open.column > comment.column).is_some()
            {
                self.events.push(Event::Close);
                last -= 1;
            }
            self.events.push(Event::Comment(comment));
        }
        self.events.extend(closed.map(|_| Event::Close));
    }

    /// Whether this is the first on its line and the line above is empty.
    fn blank_before(&self, span: Span) -> bool {
        let (line, _) = self.last;
        line != span.start.line() && self.is_below_blank(span)
    }

    fn is_below_blank(&self, span: Span) -> bool {
        span.start.line().checked_sub(2).and_then(|before| self.blank.get(before)).copied().unwrap_or_default()
    }
}
