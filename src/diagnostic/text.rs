//! Diagnostics for people, as a good compiler gives them.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::mask::masked;
use super::{Diagnostic, Severity};

/// How many problems are shown in full; the rest are counted.
const MAX_SHOWN: usize = 100;

/// Lines longer than this are not shown: what surrounds the problem would fill the screen.
const MAX_LINE: usize = 400;

/// All problems of a file: place, source line, underline, label and help of each, and a line that counts them.
///
/// The same input gives the same bytes. Credentials in the source are starred out. Nothing for no problem.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], file: &str, text: &str, colour: bool) -> String {
    if diagnostics.is_empty() {
        return String::new();
    }
    let source = masked(text);
    let file = printable(file);
    let mut out = String::new();
    for diagnostic in diagnostics.iter().take(MAX_SHOWN) {
        out.push_str(&one(diagnostic, &file, &source, colour));
        out.push_str("\n\n");
    }
    out.push_str(&summary(diagnostics, &file));
    out.push('\n');
    out
}

fn one(diagnostic: &Diagnostic, file: &str, source: &str, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(120);
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(printable(&diagnostic.message)).id(diagnostic.code.0);
    let mut group: Group<'_> = if fits(diagnostic, source) {
        title.element(snippet(diagnostic, file, source))
    } else {
        title.element(origin(diagnostic, file))
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(printable(help)));
    }
    renderer.render(&[group])
}

/// Whether the lines in question are short enough to be shown.
fn fits(diagnostic: &Diagnostic, source: &str) -> bool {
    let related = diagnostic.related.iter().map(|(place, _)| place);
    let mut places = std::iter::once(&diagnostic.place).chain(related);
    places.all(|place| {
        let before = source.get(..place.bytes.start).unwrap_or_default();
        let after = source.get(place.bytes.start..).unwrap_or_default();
        let left = before.rsplit('\n').next().map_or(0, str::len);
        left + after.split('\n').next().map_or(0, str::len) <= MAX_LINE
    })
}

/// The lines in question and no others, so that a long file costs no more than a short one.
fn snippet<'a>(
    diagnostic: &'a Diagnostic,
    file: &'a str,
    source: &'a str,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let related = diagnostic.related.as_ref().map(|(place, _)| place);
    let first = related.filter(|place| place.bytes.start < diagnostic.place.bytes.start).unwrap_or(&diagnostic.place);
    let last = related.map_or(diagnostic.place.bytes.end, |place| place.bytes.end.max(diagnostic.place.bytes.end));
    let start = source.get(..first.bytes.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let end = source.get(last..).and_then(|after| after.find('\n')).map_or(source.len(), |at| last + at);
    let lines = source.get(start..end).unwrap_or_default();
    let span = |bytes: &Range<usize>| {
        let within = |at: usize| at.saturating_sub(start).min(lines.len());
        within(bytes.start)..within(bytes.end)
    };
    let primary = AnnotationKind::Primary.span(span(&diagnostic.place.bytes)).label(printable(&diagnostic.label));
    let number = usize::try_from(first.line).unwrap_or(usize::MAX);
    let snippet = Snippet::source(lines).line_start(number).path(file).annotation(primary);
    match &diagnostic.related {
        Some((place, why)) => {
            snippet.annotation(AnnotationKind::Context.span(span(&place.bytes)).label(printable(why)))
        }
        None => snippet,
    }
}

fn origin<'a>(diagnostic: &Diagnostic, file: &'a str) -> Origin<'a> {
    let number = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
    Origin::path(file).line(number(diagnostic.place.line)).char_column(number(diagnostic.place.column))
}

fn summary(diagnostics: &[Diagnostic], file: &str) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    let counted = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        _ => Some(format!("{count} {word}s")),
    };
    let parts = [counted(errors, "error"), counted(diagnostics.len() - errors, "warning")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let hidden = diagnostics.len().saturating_sub(MAX_SHOWN);
    let hidden = if hidden > 0 { format!("; {hidden} of them not shown") } else { String::new() };
    format!("{file}: {}{hidden}", parts.join(" and "))
}

/// A text without control characters: nobody's terminal is steered by a file.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}
