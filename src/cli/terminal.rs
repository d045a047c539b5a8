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
