//! One failure in words.

use crate::engine::{Decision, Finding, Seen, Source, Verdict, guarded};
use crate::plan::Plan;
use crate::policy::Policy;
use crate::policy::model::{Condition, Quantity, Rule};
use crate::policy_test::{Asked, Difference, Failure, Figure, Gap, Outcome, Run, Wanted, Winner};
use crate::report::layout::cut;
use crate::report::{finding, moment, words};
use crate::snapshot::Signal;
use crate::time::Instant;
use crate::units::trimmed;

/// How many rules or stretches are named of those that would have been right.
const MOST_RULES: usize = 3;

/// Columns of a rule's conditions that are shown.
const MOST_CONDITIONS: usize = 200;

/// One failure.
pub(super) struct Detail {
    /// What failed: `decision`, `writes`, `cost` or `soc`.
    pub(super) what: &'static str,
    /// The line of the test file on which it was expected.
    pub(super) line: u32,
    /// The moment, where one is meant.
    pub(super) at: Option<Instant>,
    /// What was expected.
    pub(super) expected: String,
    /// What was found.
    pub(super) found: String,
    /// Why, a sentence each.
    pub(super) why: Vec<String>,
}

/// Every failure of a test.
pub(super) fn details(policy: &Policy, outcome: &Outcome) -> Vec<Detail> {
    outcome.failures.iter().map(|failure| detail(policy, outcome.run.as_deref(), failure)).collect()
}

fn detail(policy: &Policy, run: Option<&Run>, failure: &Failure) -> Detail {
    match failure {
        Failure::Decision(difference) => decision(policy, difference),
        Failure::Figure { figure, expected, found } => {
            let text = &expected.text;
            let (what, expected_words) = match (figure, text.as_str()) {
                (Figure::Writes, "none") => ("writes", "no writes".to_owned()),
                (Figure::Writes, "1" | "at most 1") => ("writes", format!("{text} write")),
                (Figure::Writes, _) => ("writes", format!("{text} writes")),
                (Figure::Cost, _) => ("cost", format!("a cost of {text} {}", policy.tariff.currency)),
                (Figure::Soc, _) => ("soc", format!("soc {text} at the end")),
            };
            Detail {
                what,
                line: expected.place.line,
                at: None,
                expected: expected_words,
                found: figure_found(policy, *figure, found),
                why: run.map(|run| figure_why(policy, *figure, run)).unwrap_or_default(),
            }
        }
    }
}

fn decision(policy: &Policy, difference: &Difference) -> Detail {
    let (place, expected) = match &difference.wanted {
        Wanted::Holds { asked, from, until } if from < until => {
            let over = stretch(policy, *from, *until);
            (&asked.place, format!("{} over {over}", asked_words(policy, asked)))
        }
        Wanted::Holds { asked, .. } => (&asked.place, asked_words(policy, asked)),
        Wanted::Elsewhere { rule, only, place } => {
            let shown = only.iter().take(MOST_RULES).map(|(from, until)| stretch(policy, *from, *until));
            let over = shown.collect::<Vec<String>>().join(", ");
            let more = if only.len() > MOST_RULES { ", …" } else { "" };
            (place, format!("{} only over {over}{more}", rule_name(policy, *rule)))
        }
    };
    Detail {
        what: "decision",
        line: place.line,
        at: Some(difference.at),
        expected,
        found: decided(policy, &difference.found),
        why: why(policy, difference),
    }
}

/// `"Top up at the night rate", charge to 90 %`.
fn asked_words(policy: &Policy, asked: &Asked) -> String {
    let winner = asked.winner.map(|winner| match winner {
        Winner::Rule(index) => rule_name(policy, index),
        Winner::Nobody => "no rule".to_owned(),
    });
    let action = asked.action.map(|action| match guarded(&policy.battery, action) {
        Some(command) => words::command(command, policy.battery.reserve),
        None => words::action(action),
    });
    [winner, action].into_iter().flatten().collect::<Vec<String>>().join(": ")
}

/// `"Top up at the night rate": charge to 90 %, then hold`.
pub(super) fn decided(policy: &Policy, decision: &Decision) -> String {
    let command = words::command(decision.command, policy.battery.reserve);
    format!("{}: {command}", who(policy, decision.source))
}

/// Who decided.
pub(super) fn who(policy: &Policy, source: Source) -> String {
    match source {
        Source::Rule(index) => rule_name(policy, index),
        Source::Otherwise => "no rule".to_owned(),
        Source::Override => "override".to_owned(),
    }
}

fn rule_name(policy: &Policy, index: usize) -> String {
    policy.rules.get(index).map_or_else(String::new, |rule| format!("\"{}\"", cut(&rule.name, 80)))
}

fn figure_found(policy: &Policy, figure: Figure, found: &Result<f64, Option<(Instant, Gap)>>) -> String {
    let currency = &policy.tariff.currency;
    match (figure, found) {
        (Figure::Writes, Ok(1.0)) => "1 write".to_owned(),
        (Figure::Writes, Ok(count)) => format!("{} writes", trimmed(*count, 0)),
        (Figure::Cost, Ok(cost)) => format!("{cost:.2} {currency}"),
        (Figure::Soc, Ok(soc)) => format!("{} %", trimmed(*soc, 1)),
        (_, Err(Some((at, gap)))) => {
            let at = moment::full(*at, &policy.zone);
            let why = match gap {
                Gap::Unknown(signal) => format!("{} is unknown", signal.word()),
                Gap::ImportPrice => "energy is bought and no import price is known".to_owned(),
                Gap::ExportPrice => "energy is sold and no export price is known".to_owned(),
            };
            format!("not known: at {at} {why}")
        }
        (_, Err(None)) => "not known: soc is unknown at the end".to_owned(),
    }
}

/// What a number is made of.
fn figure_why(policy: &Policy, figure: Figure, run: &Run) -> Vec<String> {
    match figure {
        Figure::Writes => {
            let told = |written: &crate::policy_test::Written| {
                format!("{}  {}: {}", day_time(policy, written.at), written.step.kind.word(), written.step.settings)
            };
            run.writes.iter().map(told).collect()
        }
        Figure::Cost if run.cost.is_ok() => vec![format!("{} from the grid, {} to it", run.import, run.export)],
        Figure::Cost | Figure::Soc => Vec::new(),
    }
}

/// `Sat 23:30`, with the pass where a time occurs twice.
fn day_time(policy: &Policy, at: Instant) -> String {
    let local = policy.zone.local(at);
    format!("{} {}", local.weekday(), moment::short(at, at, &policy.zone))
}

/// `Sat 23:30–05:30`.
pub(super) fn stretch(policy: &Policy, from: Instant, until: Instant) -> String {
    format!("{}–{}", day_time(policy, from), moment::short(until, from, &policy.zone))
}

/// Why it was decided so, and why not as was expected.
fn why(policy: &Policy, difference: &Difference) -> Vec<String> {
    let mut plan = Plan::make(policy, &difference.scene.inputs);
    plan.prices = difference.scene.prices.clone();
    let explanation = plan.explanation();
    let mut told = Vec::new();
    let won = match difference.found.source {
        Source::Rule(index) => Some(index),
        Source::Otherwise | Source::Override => None,
    };
    for index in wanted_rules(policy, &difference.wanted).into_iter().filter(|index| Some(*index) != won) {
        let rule = policy.rules.get(index).zip(explanation.rules.get(index));
        told.extend(rule.map(|(rule, verdict)| lost(&plan, difference, rule, verdict, won)));
    }
    if let Some(rule) = won.and_then(|index| policy.rules.get(index)) {
        let conditions = cut(&conditions(&rule.when), MOST_CONDITIONS);
        told.push(format!("{} won: {conditions}", named(policy, rule)));
    } else {
        told.push("no rule held, so `otherwise` did".to_owned());
    }
    told
}

/// The rules that would have been right.
fn wanted_rules(policy: &Policy, wanted: &Wanted) -> Vec<usize> {
    let Wanted::Holds { asked, .. } = wanted else { return Vec::new() };
    match (asked.winner, asked.action) {
        (Some(Winner::Rule(index)), _) => vec![index],
        (None, Some(action)) => {
            let command = guarded(&policy.battery, action);
            let asks = |rule: &Rule| guarded(&policy.battery, rule.then) == command;
            let rules = policy.rules.iter().enumerate().filter(|(_, rule)| asks(rule));
            rules.map(|(index, _)| index).take(MOST_RULES).collect()
        }
        _ => Vec::new(),
    }
}

/// Why a rule did not decide.
fn lost(plan: &Plan<'_>, difference: &Difference, rule: &Rule, verdict: &Verdict<'_>, won: Option<usize>) -> String {
    let name = named(plan.policy, rule);
    match verdict {
        Verdict::Failed(found) => format!("{name} did not hold: {}", finding::text(plan, &told(difference, found))),
        Verdict::Unknown(found) => {
            format!("{name} could not be judged: {}", finding::text(plan, &told(difference, found)))
        }
        Verdict::NotReached | Verdict::Won => {
            let above = won.map_or_else(String::new, |index| rule_name(plan.policy, index));
            format!("{name} was not reached: {above} stands above it")
        }
    }
}

/// A finding without the number that stands for a stale reading of which no value was told.
fn told<'a>(difference: &Difference, found: &Finding<'a>) -> Finding<'a> {
    let stands_for_nothing = |signal: Signal| difference.scene.valueless.contains(&signal);
    match found.seen {
        Seen::Missing { quantity: Quantity::Reading(signal), why, .. } if stands_for_nothing(signal) => {
            let seen = Seen::Missing { quantity: Quantity::Reading(signal), why, value: None, age: None };
            Finding { seen, ..*found }
        }
        _ => *found,
    }
}

/// `"Top up at the night rate" (home.yaml:28)`.
fn named(policy: &Policy, rule: &Rule) -> String {
    let place = crate::report::screen::file_line(&policy.file, &rule.place);
    format!("\"{}\" ({place})", cut(&rule.name, 80))
}

/// A rule's conditions in one line, as they are written.
fn conditions(condition: &Condition) -> String {
    match condition {
        Condition::All(parts) if parts.is_empty() => "it has no condition".to_owned(),
        Condition::All(parts) => parts.iter().map(conditions).collect::<Vec<String>>().join(", "),
        Condition::Any(parts) => {
            format!("any of ({})", parts.iter().map(conditions).collect::<Vec<String>>().join("; "))
        }
        Condition::Not(inner) => format!("not ({})", conditions(inner)),
        Condition::Calendar(calendar) => calendar.text.clone(),
        Condition::Compare(comparison) => comparison.text.clone(),
        Condition::NotYetKnown(unknown) => unknown.text.clone(),
    }
}
