//! Diagnostics for people, as a good compiler gives them.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::mask::masked;
use super::{Diagnostic, Place, Severity, Texts};

/// How many problems are shown in full, errors before warnings; the rest are counted.
const MAX_SHOWN: usize = 100;

/// Lines longer than this are not shown: what surrounds the problem would fill the screen.
const MAX_LINE: usize = 400;

/// All problems of a file: place, source line, underline, label and help of each, and a line that counts them.
///
/// The same input gives the same bytes. Credentials in the source are starred out. Nothing for no problem.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], file: &str, text: &str, colour: bool) -> String {
    render_of(diagnostics, &Texts::of(file, text), colour)
}

/// The same for a file with what it includes: each problem is shown in the text in which it lies.
#[must_use]
pub fn render_of(diagnostics: &[Diagnostic], texts: &Texts, colour: bool) -> String {
    if diagnostics.is_empty() {
        return String::new();
    }
    let shown = texts.sources().map(|source| (printable(&source.file), masked(&source.text))).collect();
    let shown = Shown { texts, shown };
    let mut out = String::new();
    for diagnostic in foremost(diagnostics) {
        out.push_str(&one(diagnostic, &shown, colour));
        out.push_str("\n\n");
    }
    out.push_str(&summary(diagnostics, &printable(texts.file())));
    out.push('\n');
    out
}

/// The problems that are shown, in their order: a warning is left out before any error is.
fn foremost(diagnostics: &[Diagnostic]) -> impl Iterator<Item = &Diagnostic> {
    let mut errors = MAX_SHOWN;
    let mut warnings = MAX_SHOWN.saturating_sub(count(diagnostics, Severity::Error));
    diagnostics.iter().filter(move |diagnostic| {
        let left = match diagnostic.severity {
            Severity::Error => &mut errors,
            Severity::Warning => &mut warnings,
        };
        let shown = *left > 0;
        *left = left.saturating_sub(1);
        shown
    })
}

fn count(diagnostics: &[Diagnostic], severity: Severity) -> usize {
    diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count()
}

/// The texts as they may be shown.
struct Shown<'t> {
    texts: &'t Texts,
    /// The name and the text of each source, in their order.
    shown: Vec<(String, String)>,
}

impl Shown<'_> {
    /// The file's name and its text around a place.
    fn of(&self, place: &Place) -> (&str, &str) {
        let source = self.texts.of_place(place);
        let number = self.texts.sources().position(|other| std::ptr::eq(other, source)).unwrap_or_default();
        self.shown.get(number).map(|(file, text)| (file.as_str(), text.as_str())).unwrap_or_default()
    }
}

fn one(diagnostic: &Diagnostic, shown: &Shown<'_>, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(120);
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(printable(&diagnostic.message)).id(diagnostic.code.0);
    let place = &diagnostic.place;
    let primary = AnnotationKind::Primary;
    let mut group: Group<'_> = match &diagnostic.related {
        _ if !fits(diagnostic, shown) => title.element(origin(place, shown)),
        None => title.element(snippet(shown, &[(place, &diagnostic.label, primary)])),
        Some((other, why)) if other.file == place.file => {
            title.element(snippet(shown, &[(place, &diagnostic.label, primary), (other, why, AnnotationKind::Context)]))
        }
        Some((other, why)) => title
            .element(snippet(shown, &[(place, &diagnostic.label, primary)]))
            .element(snippet(shown, &[(other, why, AnnotationKind::Context)])),
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(printable(help)));
    }
    renderer.render(&[group])
}

/// Whether the lines in question are short enough to be shown.
fn fits(diagnostic: &Diagnostic, shown: &Shown<'_>) -> bool {
    let related = diagnostic.related.iter().map(|(place, _)| place);
    let mut places = std::iter::once(&diagnostic.place).chain(related);
    places.all(|place| {
        let (_, source) = shown.of(place);
        let before = source.get(..place.bytes.start).unwrap_or_default();
        let after = source.get(place.bytes.start..).unwrap_or_default();
        let left = before.rsplit('\n').next().map_or(0, str::len);
        left + after.split('\n').next().map_or(0, str::len) <= MAX_LINE
    })
}

/// A place with what stands under its underline.
type Underlined<'a> = (&'a Place, &'a String, AnnotationKind);

/// The lines in question and no others, so that a long file costs no more than a short one. All places lie in one file.
fn snippet<'a>(shown: &'a Shown<'_>, places: &[Underlined<'a>]) -> Snippet<'a, Annotation<'a>> {
    let first = places.iter().map(|(place, ..)| *place).min_by_key(|place| place.bytes.start);
    let last = places.iter().map(|(place, ..)| place.bytes.end).max().unwrap_or_default();
    let (file, source) = first.map(|place| shown.of(place)).unwrap_or_default();
    let begin = first.map_or(0, |place| place.bytes.start);
    let start = source.get(..begin).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let end = source.get(last..).and_then(|after| after.find('\n')).map_or(source.len(), |at| last + at);
    let lines = source.get(start..end).unwrap_or_default();
    let span = |bytes: &Range<usize>| {
        let within = |at: usize| at.saturating_sub(start).min(lines.len());
        within(bytes.start)..within(bytes.end)
    };
    let number = usize::try_from(first.map_or(1, |place| place.line)).unwrap_or(usize::MAX);
    let annotations = places.iter().map(|(place, label, kind)| kind.span(span(&place.bytes)).label(printable(label)));
    Snippet::source(lines).line_start(number).path(file).annotations(annotations)
}

fn origin<'a>(place: &Place, shown: &'a Shown<'_>) -> Origin<'a> {
    let number = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
    Origin::path(shown.of(place).0).line(number(place.line)).char_column(number(place.column))
}

fn summary(diagnostics: &[Diagnostic], file: &str) -> String {
    let counted = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        _ => Some(format!("{count} {word}s")),
    };
    let of = |severity: Severity, word: &str| counted(count(diagnostics, severity), word);
    let parts = [of(Severity::Error, "error"), of(Severity::Warning, "warning")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let hidden = diagnostics.len().saturating_sub(MAX_SHOWN);
    let hidden = if hidden > 0 { format!("; {hidden} of them not shown") } else { String::new() };
    format!("{file}: {}{hidden}", parts.join(" and "))
}

/// A text without control characters: nobody's terminal is steered by a file.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Lines};

    #[test]
    fn no_error_is_left_out_for_the_sake_of_a_warning() {
        let check = |severities: &[(Severity, usize)], expect: (usize, usize), summary: &str| {
            let all = severities.iter().flat_map(|(severity, count)| std::iter::repeat_n(*severity, *count));
            let place = || Lines::of("soc").place(0..3);
            let found: Vec<Diagnostic> = all
                .map(|severity| Diagnostic::new(severity, Code("x"), place(), "m".to_owned(), "l".to_owned()))
                .collect();
            let shown = render(&found, "home.yaml", "soc", false);
            let told = (shown.matches("error[x]").count(), shown.matches("warning[x]").count());
            assert_eq!(told, expect, "{severities:?}");
            assert_eq!(shown.lines().last(), Some(summary));
        };
        let (error, warning) = (Severity::Error, Severity::Warning);
        check(&[(warning, 3), (error, 1)], (1, 3), "home.yaml: 1 error and 3 warnings");
        check(&[(warning, 144), (error, 2)], (2, 98), "home.yaml: 2 errors and 144 warnings; 46 of them not shown");
        check(&[(error, 101), (warning, 1)], (100, 0), "home.yaml: 101 errors and 1 warning; 2 of them not shown");
        check(&[(warning, 101)], (0, 100), "home.yaml: 101 warnings; 1 of them not shown");
    }
}
