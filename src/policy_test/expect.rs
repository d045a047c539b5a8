//! `expect:`

use std::ops::Range;

use super::clock::clock;
use super::model::{Asked, Bound, Expect, Stretch, Time, Winner};
use super::read::Reader;
use crate::diagnostic::{Code, nearest};
use crate::engine::guarded;
use crate::policy::model::{Bounds, Edge, Quantity};
use crate::policy::sentence::{Known, Problem, comparison, parse_action};
use crate::policy::test_keys::{EXPECT, MAX_STRETCHES, STRETCH, names_of};
use crate::policy::{Action, Fields, Node, Value, listed, quoted};
use crate::snapshot::Signal;
use crate::time::Instant;

/// What only a span has.
const OF_SPANS: [&str; 4] = ["timeline", "writes", "cost", "soc"];

/// What is expected. `None` if anything about it is wrong.
pub(super) fn expect(
    reader: &mut Reader<'_, '_>,
    node: &Node,
    owner: &Range<usize>,
    time: Option<Time>,
) -> Option<Expect> {
    let fields = reader.cx.fields(node, "expect", owner, &names_of(&EXPECT))?;
    if fields.entries.is_empty() {
        let label = format!("expected one of {}", listed(&names_of(&EXPECT)).replace(" and ", " or "));
        reader.cx.error("missing-key", owner, "nothing is expected, so nothing could fail", label);
        return None;
    }
    if matches!(time, Some(Time::Moment(_))) {
        of_a_moment(reader, &fields)?;
    }
    let asked = ["rule", "action"].into_iter().find_map(|key| fields.entry(key));
    let throughout = asked.map(|(key, node)| self_asked(reader, &fields, &(key.bytes.start..node.bytes.end)));
    let timeline = fields.get("timeline").map(|node| timeline(reader, node, time));
    let writes = fields.get("writes").map(|node| bound(reader, node, "writes", count));
    let cost = fields.get("cost").map(|node| bound(reader, node, "cost", |text| number(text, "an amount", "1.20")));
    let of_charge = |text: &str| bare(text, Quantity::Reading(Signal::Soc));
    let soc = fields.get("soc").map(|node| bound(reader, node, "soc", of_charge));
    Some(Expect {
        throughout: given_or_none(throughout)?,
        timeline: timeline.unwrap_or(Some(Vec::new()))?,
        writes: given_or_none(writes)?,
        cost: given_or_none(cost)?,
        soc: given_or_none(soc)?,
    })
}

/// What was not written is fine; what was written and is wrong is not.
#[expect(clippy::option_option, reason = "the outer one says that what stands there is wrong")]
fn given_or_none<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(read) => read.map(Some),
    }
}

fn of_a_moment(reader: &mut Reader<'_, '_>, fields: &Fields<'_>) -> Option<()> {
    let mut fine = Some(());
    for (key, _) in fields.entries.iter().filter(|(key, _)| OF_SPANS.contains(&key.text.as_str())) {
        let message = format!("`{}` is known of a span, and this test has one moment", key.text);
        let help = "write `from` with `for` or `until` in place of `at`";
        reader.cx.error_help("needs-span", &key.bytes, message, "expected `rule` or `action`", help);
        fine = None;
    }
    fine
}

/// `rule` and `action` of one mapping.
fn self_asked(reader: &mut Reader<'_, '_>, fields: &Fields<'_>, owner: &Range<usize>) -> Option<Asked> {
    let winner = fields.get("rule").map(|node| winner(reader, node));
    let action = fields.get("action").map(|node| action(reader, node));
    let place = reader.cx.place(owner);
    Some(Asked { winner: given_or_none(winner)?, action: given_or_none(action)?, place })
}

/// The name of a rule, or `none`. A policy may well call a rule `none`; then that is meant.
fn winner(reader: &mut Reader<'_, '_>, node: &Node) -> Option<Winner> {
    let name = reader.cx.scalar(node, "rule")?.text.trim();
    let Some(policy) = reader.policy else { return Some(Winner::Nobody) };
    if let Some(index) = policy.rules.iter().position(|rule| rule.name == name) {
        return Some(Winner::Rule(index));
    }
    if name == "none" {
        return Some(Winner::Nobody);
    }
    let names: Vec<&str> = policy.rules.iter().map(|rule| rule.name.as_str()).chain(["none"]).collect();
    let begins = || names.iter().copied().find(|known| known.to_lowercase().starts_with(&name.to_lowercase()));
    let help = match nearest(name, names.iter().copied()).or_else(begins) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.len() <= 8 => format!("the rules are {}", listed(&names)),
        None => format!("the policy {} has {} rules", policy.file, policy.rules.len()),
    };
    let message = format!("the policy has no rule {}", quoted(name));
    reader.cx.error_help("unknown-rule", &node.bytes, message, "expected the name of a rule, or `none`", help);
    None
}

fn action(reader: &mut Reader<'_, '_>, node: &Node) -> Option<Action> {
    let action = reader.cx.read(node, "action", parse_action)?;
    let known = reader.policy.is_none_or(|policy| guarded(&policy.battery, action).is_some());
    if !known {
        let message = "this version knows no forecasts, so this is never decided";
        reader.cx.error("cannot-do", &node.bytes, message, "expected another action");
    }
    known.then_some(action)
}

fn timeline(reader: &mut Reader<'_, '_>, node: &Node, time: Option<Time>) -> Option<Vec<Stretch>> {
    let items: Vec<&Node> = match &node.value {
        Value::List(items) if items.is_empty() => {
            let label = "expected at least one stretch";
            reader.cx.error("empty-list", &node.bytes, "the timeline is empty", label);
            return None;
        }
        Value::List(items) => items.iter().collect(),
        Value::Scalar(_) | Value::Map(_) => vec![node],
    };
    if let Some(beyond) = items.get(MAX_STRETCHES) {
        let bytes = reader.cx.first_line(&beyond.bytes);
        reader.cx.error(
            "too-large",
            &bytes,
            format!("a timeline has at most {MAX_STRETCHES} stretches"),
            "one too many",
        );
        return None;
    }
    let mut newest = match time {
        Some(Time::Span { from, .. }) => Some(from),
        _ => None,
    };
    let end = match time {
        Some(Time::Span { until, .. }) => Some(until),
        _ => None,
    };
    let mut stretches = Vec::new();
    let expected = items.len().max(1);
    for item in items {
        let found = stretch(reader, item, newest.zip(end));
        newest = found.as_ref().map_or(newest, |found| Some(found.until));
        stretches.extend(found);
    }
    (stretches.len() == expected).then_some(stretches)
}

/// One stretch, which begins no sooner than the one before it ends.
fn stretch(reader: &mut Reader<'_, '_>, node: &Node, within: Option<(Instant, Instant)>) -> Option<Stretch> {
    let owner = reader.cx.first_line(&node.bytes);
    let fields = reader.cx.fields(node, "a stretch of the timeline", &owner, &names_of(&STRETCH))?;
    if fields.get("rule").is_none() && fields.get("action").is_none() {
        let label = "expected `rule` or `action`";
        reader.cx.error("missing-key", &owner, "this stretch expects nothing", label);
        return None;
    }
    let asked = self_asked(reader, &fields, &owner);
    let zone = reader.zone;
    let mut read = |key: &str| fields.get(key).map(|node| (node, reader.cx.read(node, key, |text| clock(text, zone))));
    let (from, to) = (read("from"), read("to"));
    let (newest, end) = within?;
    let from = match from {
        None => newest,
        Some((node, clock)) => {
            let at = clock?.next(zone, newest, true).filter(|at| (newest..end).contains(at));
            at.or_else(|| outside(reader, node, newest, end))?
        }
    };
    let until = match to {
        None => end,
        Some((node, clock)) => {
            let at = clock?.next(zone, from, false).filter(|at| from < *at && *at <= end);
            at.or_else(|| outside(reader, node, from, end))?
        }
    };
    Some(Stretch { from, until, asked: asked? })
}

fn outside(reader: &mut Reader<'_, '_>, node: &Node, from: Instant, until: Instant) -> Option<Instant> {
    let shown = |at: Instant| {
        let local = reader.zone.local(at);
        format!("{} {} {}", local.weekday(), local.date, local.time())
    };
    let message = format!("the clock does not show this between {} and {}", shown(from), shown(until));
    let help = "stretches stand in the order of time and within the span of the test";
    reader.cx.error_help("outside-span", &node.bytes, message, "expected a time within", help);
    None
}

/// A number with a word of comparison.
fn bound(
    reader: &mut Reader<'_, '_>,
    node: &Node,
    key: &str,
    parse: impl FnOnce(&str) -> Result<Bounds, Problem>,
) -> Option<Bound> {
    let bounds = reader.cx.read(node, key, parse)?;
    let text = reader.cx.scalar(node, key)?.text.split_whitespace().collect::<Vec<&str>>().join(" ");
    Some(Bound { text, bounds, place: reader.cx.place(&node.bytes) })
}

/// `none`, `2`, or a comparison.
fn count(text: &str) -> Result<Bounds, Problem> {
    let exactly = |count: u32| {
        let edge = Some(Edge { value: f64::from(count), inclusive: true });
        Bounds { low: edge, high: edge }
    };
    match text.trim() {
        "none" => Ok(exactly(0)),
        word => word.parse().map_or_else(|_| number(text, "a number of writes", "2"), |count| Ok(exactly(count))),
    }
}

/// A comparison of a bare number.
fn number(text: &str, noun: &str, example: &str) -> Result<Bounds, Problem> {
    // The grammar knows a bare number as a price, and would call it so.
    let renamed = |problem: Problem| match problem.code {
        Code("bad-value" | "unknown-unit" | "wrong-unit") => {
            let found = text.get(problem.bytes.clone()).unwrap_or_default();
            let message = format!("{} is not {noun}", quoted(found));
            Problem::new(problem.code, problem.bytes, message, format!("expected {noun} such as `{example}`"))
        }
        _ => problem,
    };
    bare(text, Quantity::ImportPrice).map_err(renamed)
}

/// A comparison without memory.
fn bare(text: &str, quantity: Quantity) -> Result<Bounds, Problem> {
    match comparison(text, quantity)? {
        Known::Comparison(sentence) if !sentence.remembers() => Ok(sentence.bounds),
        _ => {
            let message = "one number is compared here, without time and without rank";
            let label = "expected a comparison such as `at most 2`";
            Err(Problem::new(Code("bad-comparison"), 0..text.len(), message, label))
        }
    }
}
