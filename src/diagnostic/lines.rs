//! From byte offsets to lines and columns.

use std::ops::Range;
use std::sync::Arc;

use super::Place;

/// Where the lines of a text begin.
#[derive(Clone, Debug)]
pub struct Lines<'t> {
    text: &'t str,
    file: Option<Arc<str>>,
    starts: Vec<usize>,
    /// How many characters stand before each block of [`BLOCK`] bytes, so that long lines cost no more than short ones.
    counts: Vec<usize>,
}

const BLOCK: usize = 256;

impl<'t> Lines<'t> {
    /// The lines of a text.
    #[must_use]
    pub fn of(text: &'t str) -> Lines<'t> {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let mut counts = vec![0];
        for block in text.as_bytes().chunks(BLOCK) {
            counts.push(counts.last().copied().unwrap_or_default() + characters(block));
        }
        Lines { text, file: None, starts: std::iter::once(0).chain(breaks).collect(), counts }
    }

    /// The same lines as those of an included file.
    #[must_use]
    pub fn in_file(mut self, file: Option<Arc<str>>) -> Lines<'t> {
        self.file = file;
        self
    }

    /// The place of a stretch of bytes. Offsets beyond the text, or within a character, are moved back to one that is not.
    #[must_use]
    pub fn place(&self, bytes: Range<usize>) -> Place {
        let start = self.boundary(bytes.start);
        let end = self.boundary(bytes.end).max(start);
        let (line, column) = self.position(start);
        Place { file: self.file.clone(), line, column, bytes: start..end }
    }

    /// Line and column of a byte offset, both counted from 1, the column in characters.
    #[must_use]
    pub fn position(&self, at: usize) -> (u32, u32) {
        let at = self.boundary(at);
        let line = self.starts.partition_point(|start| *start <= at);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let mark = usize::from(line == 1 && at > 0 && self.text.starts_with('\u{feff}'));
        let column = (self.before(at) - self.before(start)).saturating_sub(mark);
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column + 1).unwrap_or(u32::MAX))
    }

    /// The byte offset of a line and column, both counted from 1.
    #[must_use]
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len());
        let rest = self.text.get(start..).unwrap_or_default();
        rest.char_indices().nth(column.saturating_sub(1)).map_or(self.text.len(), |(at, _)| start + at)
    }

    /// The stretch cut at the end of its first line.
    #[must_use]
    pub fn first_line(&self, bytes: &Range<usize>) -> Range<usize> {
        let start = self.boundary(bytes.start);
        let line = self.text.get(start..).unwrap_or_default().split(['\n', '\r']).next().unwrap_or_default();
        start..bytes.end.clamp(start, start + line.trim_end().len())
    }

    /// How many characters stand before a byte offset.
    fn before(&self, at: usize) -> usize {
        let block = at / BLOCK;
        let rest = self.text.as_bytes().get(block * BLOCK..at).unwrap_or_default();
        self.counts.get(block).copied().unwrap_or_default() + characters(rest)
    }

    fn boundary(&self, at: usize) -> usize {
        (0..=at.min(self.text.len())).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or_default()
    }
}

/// How many characters begin among these bytes.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_offsets_find_the_way_back() {
        let text = "a: é\nü: 30 %\n";
        let lines = Lines::of(text);
        let check = |needle: &str, line: u32, column: u32| {
            let at = text.find(needle).expect("in the text");
            assert_eq!(lines.position(at), (line, column), "{needle}");
            assert_eq!(lines.offset(line as usize, column as usize), at, "{needle}");
        };
        check("é", 1, 4);
        check("30", 2, 4);
        assert_eq!(lines.place(3..4), Place { file: None, line: 1, column: 4, bytes: 3..3 });
        assert_eq!(lines.place(900..901).bytes, text.len()..text.len());
    }
}
