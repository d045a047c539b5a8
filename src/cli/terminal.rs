//! What the terminal can show.

use std::io::IsTerminal;

/// Whether stdout takes colour: it is a terminal, and `NO_COLOR` is not set.
#[must_use]
pub fn colour() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Whether progress may be shown: stderr is a terminal.
#[must_use]
pub fn progress() -> bool {
    std::io::stderr().is_terminal()
}

/// Whether stderr takes colour.
#[must_use]
pub fn colour_on_stderr() -> bool {
    progress() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The style of results.
#[must_use]
pub fn style() -> crate::report::Style {
    if colour() { crate::report::Style::Ansi } else { crate::report::Style::Plain }
}
