//! Content lines: unfolded, cut into name, parameters and value, with their places.

use std::ops::Range;

/// One content line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Property {
    /// Its name in capitals.
    pub name: String,
    /// Its parameters, names in capitals, values without quotes.
    pub parameters: Vec<(String, String)>,
    /// Its value as written.
    pub value: String,
    /// Where it stands; its first line alone, if it is folded.
    pub bytes: Range<usize>,
    /// Where its value stands; the same as `bytes`, if it is folded.
    pub value_bytes: Range<usize>,
}

impl Property {
    /// The value of a parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The content lines of a text. What has no `:` is no content line, and stands in many files: it is passed over.
pub(super) struct Content<'t> {
    text: &'t str,
    /// Where the next line begins.
    at: usize,
}

impl<'t> Content<'t> {
    /// The content lines of this text.
    pub(super) fn of(text: &'t str) -> Content<'t> {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Content { text, at }
    }

    /// The next line as it stands, without its end.
    fn line(&mut self) -> Option<(usize, &'t str)> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let line = rest.split_inclusive('\n').next()?;
        let start = self.at;
        self.at += line.len();
        Some((start, line.trim_end_matches(['\n', '\r'])))
    }

    /// What goes on with a space or a tab, without either.
    fn folded(&mut self) -> Option<&'t str> {
        let before = self.at;
        let folded = self.line().and_then(|(_, line)| line.strip_prefix([' ', '\t']));
        if folded.is_none() {
            self.at = before;
        }
        folded
    }
}

impl Iterator for Content<'_> {
    type Item = Property;

    fn next(&mut self) -> Option<Property> {
        loop {
            let (start, first) = self.line()?;
            let bytes = start..start + first.len();
            let mut whole = first.to_owned();
            while let Some(more) = self.folded() {
                whole.push_str(more);
            }
            if let Some(property) = property(&whole, bytes, whole.len() == first.len()) {
                return Some(property);
            }
        }
    }
}

fn property(whole: &str, bytes: Range<usize>, unfolded: bool) -> Option<Property> {
    let colon = colon(whole)?;
    let (head, value) = (whole.get(..colon)?, whole.get(colon + 1..)?);
    let mut parts = split(head, ';');
    let name = parts.next()?.trim().to_ascii_uppercase();
    let parameters = parts.filter_map(|part| {
        let (name, value) = part.split_once('=')?;
        Some((name.trim().to_ascii_uppercase(), value.trim().trim_matches('"').to_owned()))
    });
    let parameters = parameters.collect();
    let value_bytes = if unfolded { bytes.start + colon + 1..bytes.end } else { bytes.clone() };
    Some(Property { name, parameters, value: value.to_owned(), bytes, value_bytes })
}

/// The first `:` outside quotes.
fn colon(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices()
        .find(|(_, c)| {
            quoted ^= *c == '"';
            *c == ':' && !quoted
        })
        .map(|(at, _)| at)
}

/// The parts of a text between signs outside quotes.
fn split(text: &str, sign: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == sign && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        Content::of(text).map(|found| format!("{}{:?}={}", found.name, found.parameters, found.value)).collect()
    }

    #[test]
    fn lines_are_unfolded_and_cut() {
        assert_eq!(lines("BEGIN:VEVENT\r\nSUMMARY:a\r\n b\n\tc\r\n"), ["BEGIN[]=VEVENT", "SUMMARY[]=abc"]);
        assert_eq!(lines("\u{feff}A:1"), ["A[]=1"]);
        assert_eq!(
            lines("dtstart;tzid=\"Europe/London\";value=date-time:2026\r\n 0101T000000\n"),
            ["DTSTART[(\"TZID\", \"Europe/London\"), (\"VALUE\", \"date-time\")]=20260101T000000"]
        );
        assert_eq!(lines("X;P=\"a;b:c\":d:e\n"), ["X[(\"P\", \"a;b:c\")]=d:e"]);
        assert_eq!(lines(" orphan\nno colon\n\n:\nA:b"), ["[]=", "A[]=b"]);
        assert_eq!(lines("X;P=\"never closed:d\n"), Vec::<String>::new());
    }

    #[test]
    fn places_are_those_of_the_text() {
        let text = "A:1\r\nB;X=y:22\r\nC:3\r\n 4\r\n";
        let found: Vec<Property> = Content::of(text).collect();
        let at = |range: &Range<usize>| &text[range.clone()];
        assert_eq!((at(&found[1].bytes), at(&found[1].value_bytes)), ("B;X=y:22", "22"));
        assert_eq!((at(&found[2].bytes), at(&found[2].value_bytes)), ("C:3", "C:3"));
    }
}
