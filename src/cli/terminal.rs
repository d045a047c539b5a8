//! What the terminal can show.

use std::io::IsTerminal;

/// Whether stdout takes colour: it is a terminal, and `NO_COLOR` is not set.
#[must_use]
pub fn colour() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Whether results go to a terminal that shows no more than ASCII, as its locale says. Where nothing says anything it is taken to
/// show Unicode.
#[must_use]
pub fn ascii() -> bool {
    let said = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(std::env::var_os).find(|value| !value.is_empty());
    std::io::stdout().is_terminal() && said.is_some_and(|locale| !is_utf8(&locale.to_string_lossy()))
}

fn is_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_tells_whether_it_is_utf_8() {
        let check = |locale: &str, expect: bool| assert_eq!(is_utf8(locale), expect, "{locale}");
        check("en_GB.UTF-8", true);
        check("C.utf8", true);
        check("C", false);
        check("de_DE@euro", false);
        check("POSIX", false);
    }
}
