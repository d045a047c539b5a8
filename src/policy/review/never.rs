//! Rules that can never fire, and rules that others hide: what the analysis proves, told with its reason.

use super::super::analysis::{Verdict, calendar_core, conjuncts};
use super::super::lower::Context;
use super::super::model::{CalendarCondition, Comparison, Condition, Policy, Quantity, Rule};
use super::super::sentence::written;
use crate::diagnostic::{Code, Diagnostic, Place};

/// The calendar keys in the order in which they are told.
const KEYS: [&str; 5] = ["tariff", "time", "days", "months", "dates"];

/// How much of a condition is quoted, in characters.
const MAX_QUOTE: usize = 60;

/// Tells what becomes of each rule that never wins.
pub(super) fn never_winning(cx: &mut Context<'_>, policy: &Policy, verdicts: Vec<Verdict>) {
    for (rule, verdict) in policy.rules.iter().zip(verdicts) {
        match verdict {
            Verdict::Never { core } => cx.push(never(policy, rule, &core)),
            Verdict::Hidden { by } => {
                let by: Vec<&Rule> = by.iter().filter_map(|number| policy.rules.get(*number)).collect();
                cx.push(hidden(rule, &by));
            }
            Verdict::Fires(_) | Verdict::NotYetKnown | Verdict::Undecided => {}
        }
    }
}

fn never(policy: &Policy, rule: &Rule, core: &[usize]) -> Diagnostic {
    let parts = conjuncts(&rule.when);
    let core: Vec<&Condition> = core.iter().filter_map(|number| parts.get(*number).copied()).collect();
    let Reason { says, label, help } = reason(policy, &core);
    let message = format!("the rule `{}` can never fire: {says}", rule.name);
    let place = core.last().and_then(|part| place(part)).unwrap_or(&rule.place);
    let warning = Diagnostic::warning(Code("never-fires"), place.clone(), message, label).help(help);
    match core.as_slice() {
        [first, .., _] => match place_of_first(first, place) {
            Some(first_place) => warning.related(first_place, beside(policy, first)),
            None => warning,
        },
        _ => warning,
    }
}

/// What contradicts what.
struct Reason {
    says: String,
    label: String,
    help: String,
}

fn reason(policy: &Policy, core: &[&Condition]) -> Reason {
    match core {
        [Condition::Calendar(calendar)] => of_calendar(policy, calendar),
        [Condition::Compare(comparison)] => of_one(policy, comparison),
        [] => Reason {
            says: "its conditions never hold".to_owned(),
            label: "no moment is left".to_owned(),
            help: "leave the rule out, or ask for what may hold".to_owned(),
        },
        [alone] => of_part(policy, alone),
        _ => {
            let said: Vec<String> = core.iter().map(|part| format!("`{}`", said(part))).collect();
            let label = core.last().map_or_else(String::new, |part| beside(policy, part));
            Reason {
                says: format!("{} never hold together", joined(&said)),
                label,
                help: "leave one of them out; where either is meant, list them under `any`".to_owned(),
            }
        }
    }
}

/// A part that never holds by itself, whatever stands beside it.
fn of_part(policy: &Policy, alone: &Condition) -> Reason {
    let help = match alone {
        Condition::Not(_) => "what stands under `not` always holds: leave the rule out, or exclude less",
        _ => "leave the rule out, or ask for what may hold",
    };
    Reason {
        says: format!("`{}` never holds", said(alone)),
        label: needed(policy, alone).unwrap_or_else(|| "this never holds".to_owned()),
        help: help.to_owned(),
    }
}

fn of_calendar(policy: &Policy, calendar: &CalendarCondition) -> Reason {
    let keys = calendar_core(policy, calendar);
    let said = keys.iter().map(|key| format!("`{}`", part_of(&calendar.text, key))).collect::<Vec<String>>();
    let days_alone = keys.iter().all(|key| !matches!(*key, "tariff" | "time"));
    let says = match (said.as_slice(), days_alone) {
        ([one], true) => format!("{one} names no day"),
        ([one], false) => format!("{one} never holds"),
        (_, true) => format!("{} have no day in common", joined(&said)),
        (_, false) => format!("{} have no moment in common", joined(&said)),
    };
    Reason {
        says,
        label: "no moment is left".to_owned(),
        help: "all keys must hold, and days are judged where the window or the band began; \
               where either is meant, list them under `any`"
            .to_owned(),
    }
}

/// A comparison that is false by itself: a price that no band has.
fn of_one(policy: &Policy, comparison: &Comparison) -> Reason {
    let bands = match comparison.quantity {
        Quantity::ExportPrice => &policy.tariff.export,
        _ => &policy.tariff.import,
    };
    let amounts = bands.iter().map(|band| band.price.amount());
    let (least, most) = (amounts.clone().fold(f64::INFINITY, f64::min), amounts.fold(f64::NEG_INFINITY, f64::max));
    let measure = comparison.quantity.measure();
    let range = if least < most {
        format!("its prices go from {} to {}", written(least, measure), written(most, measure))
    } else {
        format!("its only price is {}", written(least, measure))
    };
    Reason {
        says: format!("no price of the tariff is `{}`", comparison.text),
        label: range,
        help: "compare with a price that a band has, or name the band under `tariff`".to_owned(),
    }
}

/// What a condition needs beside which another stands.
fn beside(policy: &Policy, condition: &Condition) -> String {
    needed(policy, condition).unwrap_or_else(|| "beside this".to_owned())
}

/// What a condition needs, in numbers; `None` where no two of them say it.
fn needed(policy: &Policy, condition: &Condition) -> Option<String> {
    let (comparison, negated) = match condition {
        Condition::Compare(comparison) => (comparison, false),
        Condition::Not(inner) => match inner.as_ref() {
            Condition::Compare(comparison) if comparison.observation.is_none() => (comparison, true),
            _ => return None,
        },
        _ => return None,
    };
    let observation = comparison.observation.and_then(|number| policy.observations.get(number));
    let until = observation.and_then(|observation| observation.until);
    let measure = comparison.quantity.measure();
    let key = comparison.quantity.key();
    let needs = |words: &str, value: f64| Some(format!("this needs `{key}` {words} {}", written(value, measure)));
    match (comparison.bounds.low, comparison.bounds.high) {
        (None, Some(high)) if negated => needs(if high.inclusive { "above" } else { "at least" }, high.value),
        (Some(low), None) if negated => needs(if low.inclusive { "below" } else { "at most" }, low.value),
        (Some(low), Some(high)) if !negated => {
            let ends = (written(low.value, measure), written(high.value, measure));
            Some(format!("this needs `{key}` between {} and {}", ends.0, ends.1))
        }
        (None, Some(high)) => needs(if high.inclusive { "at most" } else { "below" }, until.unwrap_or(high.value)),
        (Some(low), None) => needs(if low.inclusive { "at least" } else { "above" }, until.unwrap_or(low.value)),
        _ => None,
    }
}

fn place_of_first(first: &Condition, last: &Place) -> Option<Place> {
    place(first).filter(|place| *place != last).cloned()
}

/// Where a condition stands.
fn place(condition: &Condition) -> Option<&Place> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().find_map(place),
        Condition::Not(inner) => place(inner),
        Condition::Calendar(calendar) => Some(&calendar.place),
        Condition::Compare(comparison) => Some(&comparison.place),
        Condition::NotYetKnown(future) => Some(&future.place),
    }
}

/// A condition in the words of the policy, shortened.
fn said(condition: &Condition) -> String {
    let list = |parts: &[Condition]| parts.iter().map(said).collect::<Vec<String>>().join(", ");
    let mappings = |parts: &[Condition]| parts.iter().map(mapping).collect::<Vec<String>>();
    let whole = match condition {
        Condition::All(parts) if parts.is_empty() => "{}".to_owned(),
        Condition::All(parts) => list(parts),
        Condition::Any(parts) => format!("any: [{}]", mappings(parts).join(", ")),
        Condition::Not(inner) => format!("not: {}", mapping(inner)),
        Condition::Calendar(calendar) => calendar.text.clone(),
        Condition::Compare(comparison) => comparison.text.clone(),
        Condition::NotYetKnown(future) => future.text.clone(),
    };
    if whole.chars().count() <= MAX_QUOTE {
        return whole;
    }
    whole.chars().take(MAX_QUOTE).chain(['…']).collect()
}

/// A condition as a mapping in brackets.
fn mapping(condition: &Condition) -> String {
    let whole = said(condition);
    if whole == "{}" { whole } else { format!("{{ {whole} }}") }
}

/// The part of a mapping's text that one of its keys begins: `time: 23:30-05:30` of `time: 23:30-05:30, days: weekdays`.
fn part_of<'t>(text: &'t str, key: &str) -> &'t str {
    let starts = KEYS.iter().filter_map(|other| {
        let head = format!("{other}: ");
        let inner = text.find(&format!(", {head}")).map(|at| at + 2);
        let at = if text.starts_with(&head) { Some(0) } else { inner };
        at.map(|at| (at, *other))
    });
    let mut starts: Vec<(usize, &str)> = starts.collect();
    starts.sort_unstable();
    let begun = starts.iter().position(|(_, other)| *other == key);
    let start = begun.and_then(|number| starts.get(number)).map_or(0, |(at, _)| *at);
    let end = begun.and_then(|number| starts.get(number + 1)).map_or(text.len(), |(at, _)| at.saturating_sub(2));
    text.get(start..end).unwrap_or(text)
}

fn hidden(rule: &Rule, by: &[&Rule]) -> Diagnostic {
    let help = "the first rule whose conditions all hold wins: put the narrower rule first";
    let names: Vec<String> = by.iter().map(|hiding| format!("`{}`", hiding.name)).collect();
    let (message, label, why) = match names.as_slice() {
        [] | [_] => (
            format!("the rule `{}` never wins", rule.name),
            "hidden by a rule above it",
            "whenever the other holds, this one does too, and it comes first",
        ),
        names => (
            format!("the rule `{}` never wins: whenever it holds, one of {} does", rule.name, joined(names)),
            "hidden by the rules above it together",
            "the first of them",
        ),
    };
    let warning = Diagnostic::warning(Code("hidden-rule"), rule.place.clone(), message, label).help(help);
    match by.first() {
        Some(first) => warning.related(first.place.clone(), why),
        None => warning,
    }
}

/// `a`, `b` and `c`; of very many the first ones and how many more.
pub(super) fn joined(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] if most.len() < 5 => format!("{} and {last}", most.join(", ")),
        [a, b, c, rest @ ..] => format!("{a}, {b}, {c} and {} more", rest.len()),
        _ => items.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_is_found_in_the_text_of_several() {
        let check = |text: &str, key: &str, expect: &str| assert_eq!(part_of(text, key), expect, "{text} {key}");
        check("time: 23:30-05:30, days: weekdays", "time", "time: 23:30-05:30");
        check("time: 23:30-05:30, days: weekdays", "days", "days: weekdays");
        check("days: [mon, tue], months: [jan, feb], tariff: night", "months", "months: [jan, feb]");
        check("tariff: night", "tariff", "tariff: night");
        check("tariff: night", "dates", "tariff: night");
    }

    #[test]
    fn many_names_are_cut_short() {
        let check = |count: usize, expect: &str| {
            let items: Vec<String> = (1..=count).map(|number| number.to_string()).collect();
            assert_eq!(joined(&items), expect);
        };
        check(1, "1");
        check(3, "1, 2 and 3");
        check(6, "1, 2, 3 and 3 more");
    }
}
