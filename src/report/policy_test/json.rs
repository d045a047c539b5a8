//! The tests for programs.

use serde_json::{Value, json};

use super::coverage::coverage;
use super::detail::{Detail, details};
use super::{Report, Source, Tested};
use crate::diagnostic;
use crate::engine::Source as Decider;
use crate::policy::Policy;
use crate::policy_test::{Outcome, Run, Test};
use crate::report::json::{VERSION, command, number};
use crate::report::{moment, words};

/// Everything that [`super::tests_text`] shows, as data. Keys and codes are stable.
#[must_use]
pub fn tests_json(report: &Report<'_>) -> Value {
    let count = report.count();
    json!({
        "version": VERSION,
        "passed": count.passed,
        "failed": count.failed,
        "files_not_run": count.unusable,
        "files": report.files.iter().map(file).collect::<Vec<_>>(),
        "policies": report.broken.iter().map(problems).collect::<Vec<_>>(),
        "coverage": coverage(report).iter().map(|one| {
            let idle = one.idle();
            json!({
                "policy": one.policy.file,
                "rules": one.fired.len(),
                "fired": one.fired.iter().filter(|fired| **fired).count(),
                "never_fired": idle.iter().map(|rule| json!({ "name": rule.name, "line": rule.place.line })).collect::<Vec<_>>(),
            })
        }).collect::<Vec<_>>(),
    })
}

fn problems(source: &Source<'_>) -> Value {
    json!({ "file": source.file(), "diagnostics": diagnostic::to_json_of(source.diagnostics, source.texts) })
}

fn file(file: &Tested<'_>) -> Value {
    let policy = file.policy;
    let tests = file.tests.iter().filter_map(|(test, outcome)| Some(one(policy?, test, outcome)));
    json!({
        "file": file.source.file(),
        "policy": policy.map(|policy| &policy.file),
        "diagnostics": diagnostic::to_json_of(file.source.diagnostics, file.source.texts),
        "tests": tests.collect::<Vec<_>>(),
    })
}

fn one(policy: &Policy, test: &Test, outcome: &Outcome) -> Value {
    let result = if outcome.failures.is_empty() { "passed" } else { "failed" };
    let fired = policy.rules.iter().zip(&outcome.fired).filter(|(_, fired)| **fired).map(|(rule, _)| &rule.name);
    json!({
        "name": test.name,
        "line": test.place.line,
        "result": result,
        "fired": fired.collect::<Vec<_>>(),
        "failures": details(policy, outcome).iter().map(failure).collect::<Vec<_>>(),
        "timeline": outcome.run.as_deref().map(|run| timeline(policy, run)),
        "writes": outcome.run.as_deref().map(|run| run.writes.iter().map(|written| json!({
            "at": moment::rfc3339(written.at),
            "kind": written.step.kind.word(),
            "settings": written.step.settings.to_string(),
        })).collect::<Vec<_>>()),
        "cost": outcome.run.as_deref().and_then(|run| run.cost.ok()).map(|cost| number(cost, 5)),
    })
}

fn failure(detail: &Detail) -> Value {
    json!({
        "what": detail.what,
        "line": detail.line,
        "at": detail.at.map(moment::rfc3339),
        "expected": detail.expected,
        "found": detail.found,
        "why": detail.why,
    })
}

fn timeline(policy: &Policy, run: &Run) -> Value {
    let decided = run.decided.iter().map(|decided| {
        let rule = match decided.decision.source {
            Decider::Rule(index) => policy.rules.get(index).map(|rule| &rule.name),
            Decider::Otherwise | Decider::Override => None,
        };
        json!({
            "from": moment::rfc3339(decided.from),
            "until": moment::rfc3339(decided.until),
            "source": words::source_code(decided.decision.source),
            "rule": rule,
            "command": command(decided.decision.command),
        })
    });
    decided.collect()
}
