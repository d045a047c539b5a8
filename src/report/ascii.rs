//! The same text for a terminal that shows no more than ASCII: each mark of ours by one that takes as many columns.

/// The marks beyond ASCII that this program draws or writes with, and what stands for each. What an owner wrote stays as it is.
const MARKS: [(char, char); 22] = [
    ('▁', '_'),
    ('▂', '.'),
    ('▃', ':'),
    ('▄', '-'),
    ('▅', '='),
    ('▆', '+'),
    ('▇', '*'),
    ('█', '#'),
    ('│', '|'),
    ('·', '-'),
    ('–', '-'),
    ('—', '-'),
    ('−', '-'),
    ('→', '>'),
    ('…', '~'),
    ('×', 'x'),
    ('÷', '/'),
    ('“', '"'),
    ('”', '"'),
    ('‘', '\''),
    ('’', '\''),
    ('\u{a0}', ' '),
];

/// The text with our own marks in ASCII.
#[must_use]
pub fn ascii(text: &str) -> String {
    let plain = |letter: char| MARKS.iter().find(|(mark, _)| *mark == letter).map_or(letter, |(_, plain)| *plain);
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_takes_one_column_as_before() {
        assert_eq!(
            ascii("  soc    ▁▂▃▄▅▆▇█   41 → 12 % · 23:30–05:30 …"),
            "  soc    _.:-=+*#   41 > 12 % - 23:30-05:30 ~"
        );
        assert_eq!(ascii("Größe"), "Größe", "an owner's words are theirs");
        assert!(MARKS.iter().all(|(_, plain)| plain.is_ascii()));
    }
}
