//! The tree of a file with its comments.

use std::iter::Peekable;
use std::vec::IntoIter;

pub(super) use super::events::{Comment, Text};
use super::events::{Event, Open};

/// What stands under a key or in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing.
    Empty,
    /// A text.
    Text(Text),
    /// A list.
    List(Block),
    /// A mapping.
    Map(Block),
}

/// The entries of a list or of a mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// Each entry, in order.
    pub(super) entries: Vec<Entry>,
    /// Comments after the last one.
    pub(super) foot: Vec<Comment>,
}

/// A key with its value, or an item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Comments above it.
    pub(super) before: Vec<Comment>,
    /// Whether an empty line stands directly above it.
    pub(super) blank: bool,
    /// The key; `None` in a list.
    pub(super) key: Option<Text>,
    /// Comments beside the key or beside an opening bracket.
    pub(super) heads: Vec<String>,
    /// The value.
    pub(super) value: Content,
    /// Comments beside the value or beside a closing bracket.
    pub(super) tails: Vec<String>,
}

impl Content {
    /// Its entries, if it is a list or a mapping.
    pub(super) fn block(&self) -> Option<&Block> {
        match self {
            Content::List(block) | Content::Map(block) => Some(block),
            Content::Empty | Content::Text(_) => None,
        }
    }

    /// Whether a comment stands anywhere within.
    pub(super) fn has_comments(&self) -> bool {
        self.block().is_some_and(|block| !block.foot.is_empty() || block.entries.iter().any(Entry::has_comments))
    }
}

impl Entry {
    fn has_comments(&self) -> bool {
        let beside = self.heads.is_empty() && self.tails.is_empty();
        !self.before.is_empty() || !beside || self.value.has_comments()
    }
}

/// The mapping that a file consists of. `None` if it is none.
pub(super) fn tree(events: Vec<Event>) -> Option<Content> {
    let mut build = Build { events: events.into_iter().peekable() };
    let carried = build.comments();
    match build.events.next()? {
        Event::Open(open) if !open.list => {
            let mut heads = Vec::new();
            let mut block = build.block(open, carried, &mut heads)?;
            let beside = heads.into_iter().chain(build.beside());
            block.foot.extend(beside.map(|text| Comment::own(text, false)));
            block.foot.extend(build.comments());
            Some(Content::Map(block)).filter(|_| build.events.next().is_none())
        }
        _ => None,
    }
}

struct Build {
    events: Peekable<IntoIter<Event>>,
}

impl Build {
    /// Comments on lines of their own that come next.
    fn comments(&mut self) -> Vec<Comment> {
        let mut found = Vec::new();
        while let Some(Event::Comment(comment)) = self.events.next_if(|event| matches!(event, Event::Comment(_))) {
            found.push(comment);
        }
        found
    }

    /// Comments beside what was read last.
    fn beside(&mut self) -> Vec<String> {
        let mut found = Vec::new();
        while let Some(Event::Beside(text)) = self.events.next_if(|event| matches!(event, Event::Beside(_))) {
            found.push(text);
        }
        found
    }

    /// What has been opened, up to its end. `carried` are comments that stand above its first entry; what stands beside an
    /// opening bracket goes to `heads`.
    fn block(&mut self, open: Open, carried: Vec<Comment>, heads: &mut Vec<String>) -> Option<Block> {
        heads.extend(self.beside());
        let mut block = Block::default();
        let mut above = carried;
        loop {
            above.extend(self.comments());
            if self.events.next_if_eq(&Event::Close).is_some() {
                block.foot = above;
                return Some(block);
            }
            let before = std::mem::take(&mut above);
            block.entries.push(if open.list { self.item(before)? } else { self.pair(before)? });
        }
    }

    fn item(&mut self, before: Vec<Comment>) -> Option<Entry> {
        let blank = match self.events.peek()? {
            Event::Text(text) => text.blank,
            Event::Open(open) => open.blank,
            _ => return None,
        };
        let mut entry = Entry { before, blank, key: None, heads: Vec::new(), value: Content::Empty, tails: Vec::new() };
        self.value(&mut entry)?;
        Some(entry)
    }

    fn pair(&mut self, before: Vec<Comment>) -> Option<Entry> {
        let Event::Text(key) = self.events.next()? else { return None };
        let blank = key.blank;
        let heads = self.beside();
        let mut entry = Entry { before, blank, key: Some(key), heads, value: Content::Empty, tails: Vec::new() };
        self.value(&mut entry)?;
        Some(entry)
    }

    /// The value of an entry, with the comments around it.
    fn value(&mut self, entry: &mut Entry) -> Option<()> {
        let between = self.comments();
        entry.value = match self.events.next()? {
            Event::Text(text) => {
                entry.before.extend(between);
                if text.empty { Content::Empty } else { Content::Text(text) }
            }
            Event::Open(open) => {
                // Above a bracket no comment can stay; above a block it is its first entry's.
                let own = open.flow || entry.key.is_none();
                let carried = if own { Vec::new() } else { between.clone() };
                entry.before.extend(between.into_iter().filter(|_| own));
                let mut block = self.block(open, carried, &mut entry.heads)?;
                if block.entries.is_empty() {
                    entry.before.append(&mut block.foot);
                }
                if open.list { Content::List(block) } else { Content::Map(block) }
            }
            _ => return None,
        };
        entry.tails = self.beside();
        Some(())
    }
}

impl Comment {
    /// A comment that is put on a line of its own.
    pub(super) fn own(text: String, blank: bool) -> Comment {
        Comment { text, blank, column: 0 }
    }
}
