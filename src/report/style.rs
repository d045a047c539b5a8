//! Colour by role: the same words with or without escapes.

use anstyle::{AnsiColor, Style as Ansi};

/// Whether text carries colour. Who prints it knows whether a terminal shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// The bare text.
    #[default]
    Plain,
    /// With ANSI escapes, and otherwise the very same text.
    Ansi,
}

/// What a piece of text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing special.
    Text,
    /// The head of a screen or of a part of it.
    Title,
    /// What matters less: places, ages.
    Faint,
    /// What is or will be so.
    Good,
    /// What deserves a look.
    Warn,
    /// What is commanded.
    Command,
}

impl Style {
    /// A piece of text in the colour of its role.
    #[must_use]
    pub fn paint(self, role: Role, text: &str) -> String {
        let ansi = role.ansi();
        match self {
            Style::Ansi if ansi != Ansi::new() && !text.trim().is_empty() => {
                format!("{}{text}{}", ansi.render(), ansi.render_reset())
            }
            _ => text.to_owned(),
        }
    }
}

impl Role {
    fn ansi(self) -> Ansi {
        let colour = |colour: AnsiColor| Ansi::new().fg_color(Some(colour.into()));
        match self {
            Role::Text => Ansi::new(),
            Role::Title => Ansi::new().bold(),
            Role::Faint => Ansi::new().dimmed(),
            Role::Good => colour(AnsiColor::Green),
            Role::Warn => colour(AnsiColor::Yellow),
            Role::Command => colour(AnsiColor::Cyan),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_changes_no_word() {
        assert_eq!(Style::Plain.paint(Role::Warn, "warning"), "warning");
        let painted = Style::Ansi.paint(Role::Warn, "warning");
        assert_ne!(painted, "warning");
        assert_eq!(anstream::adapter::strip_str(&painted).to_string(), "warning");
        assert_eq!(Style::Ansi.paint(Role::Text, "text"), "text");
        assert_eq!(Style::Ansi.paint(Role::Warn, "  "), "  ");
    }
}
