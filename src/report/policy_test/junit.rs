//! The tests as JUnit XML: a suite for each file, a case for each test.
//!
//! The form is the one that CI systems agree on: `testsuites` → `testsuite` → `testcase` with `failure` or `error`.

use super::detail::{Detail, details};
use super::{Report, Tested};
use crate::diagnostic;
use crate::policy_test::{Outcome, Test};
use crate::report::moment;

/// The whole document.
#[must_use]
pub fn tests_junit(report: &Report<'_>) -> String {
    let count = report.count();
    let tests = count.passed + count.failed + count.unusable;
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let head = attributes(&[
        ("name", "offpeak"),
        ("tests", &tests.to_string()),
        ("failures", &count.failed.to_string()),
        ("errors", &count.unusable.to_string()),
    ]);
    xml.push_str(&format!("<testsuites{head}>\n"));
    report.files.iter().for_each(|file| xml.push_str(&suite(report, file)));
    xml.push_str("</testsuites>\n");
    xml
}

fn suite(report: &Report<'_>, file: &Tested<'_>) -> String {
    let failed = file.tests.iter().filter(|(_, outcome)| !outcome.failures.is_empty()).count();
    let errors = usize::from(file.is_unusable());
    let head = attributes(&[
        ("name", file.source.file()),
        ("tests", &(file.tests.len() + errors).to_string()),
        ("failures", &failed.to_string()),
        ("errors", &errors.to_string()),
    ]);
    let mut xml = format!("  <testsuite{head}>\n");
    if file.is_unusable() {
        xml.push_str(&unusable(report, file));
    }
    file.tests.iter().for_each(|(test, outcome)| xml.push_str(&case(file, test, outcome)));
    xml.push_str("  </testsuite>\n");
    xml
}

/// The one case of a file that could not be run.
fn unusable(report: &Report<'_>, file: &Tested<'_>) -> String {
    let own = diagnostic::render_of(file.source.diagnostics, file.source.texts, false);
    let of_policies = report.broken.iter().map(|one| diagnostic::render_of(one.diagnostics, one.texts, false));
    let text = if own.is_empty() { of_policies.collect() } else { own };
    let head = attributes(&[("name", "the file can be run"), ("classname", file.source.file())]);
    let message = attributes(&[("message", "the file, or its policy, has errors"), ("type", "unusable")]);
    format!("    <testcase{head}>\n      <error{message}>{}</error>\n    </testcase>\n", escaped(&text))
}

fn case(file: &Tested<'_>, test: &Test, outcome: &Outcome) -> String {
    let line = test.place.line.to_string();
    let head = attributes(&[
        ("name", &test.name),
        ("classname", file.source.file()),
        ("file", file.source.file()),
        ("line", &line),
    ]);
    let Some(policy) = file.policy.filter(|_| !outcome.failures.is_empty()) else {
        return format!("    <testcase{head}/>\n");
    };
    let details = details(policy, outcome);
    let message: Vec<String> =
        details.iter().map(|one| format!("expected {}, found {}", one.expected, one.found)).collect();
    let kinds: Vec<&str> = details.iter().map(|one| one.what).collect();
    let told = attributes(&[("message", &message.join("; ")), ("type", &kinds.join(","))]);
    let place = format!("{}:{line}\n", file.source.file());
    let body: String = details.iter().map(|one| body(one, policy)).collect();
    let body = escaped(&(place + &body));
    format!("    <testcase{head}>\n      <failure{told}>{body}</failure>\n    </testcase>\n")
}

fn body(detail: &Detail, policy: &crate::policy::Policy) -> String {
    let at = detail.at.map_or(String::new(), |at| format!("at {}\n", moment::full(at, &policy.zone)));
    let why: String = detail.why.iter().map(|text| format!("why: {text}\n")).collect();
    format!("{at}expected: {}\nfound: {}\n{why}", detail.expected, detail.found)
}

fn attributes(pairs: &[(&str, &str)]) -> String {
    pairs.iter().map(|(name, value)| format!(" {name}=\"{}\"", escaped(value))).collect()
}

/// A text as XML 1.0 has it. What may not stand in a document at all is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' | '\t' => out.push(c),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{7f}'..='\u{9f}') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_taken_for_xml() {
        let check = |text: &str, expect: &str| assert_eq!(escaped(text), expect);
        check("a < b && \"c\" > 'd'", "a &lt; b &amp;&amp; &quot;c&quot; &gt; &apos;d&apos;");
        check("]]> <!-- ü 90 %", "]]&gt; &lt;!-- ü 90 %");
        check("a\u{0}\u{1b}[31mb\r\n", "a[31mb\n");
    }
}
