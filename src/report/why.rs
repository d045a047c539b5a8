//! Why a decision is what it is: the rule that won, and what kept each rule above it from winning.

use serde_json::{Value, json};

use crate::engine::{Decision, Finding, Seen, Source, Verdict};
use crate::plan::Plan;
use crate::policy::model::Rule;

use super::json::{command, number};
use super::layout::{Line, Screen, Table, cut};
use super::narrative::Since;
use super::next::{Next, Rests};
use super::reason::{Ground, Reason};
use super::style::{Role, Style};
use super::wall::Wall;
use super::words;
use super::{finding, moment, narrative, next, readings, screen, weighed};

/// Hex digits of a revision that tell it from the others of one file.
const SHORT_REVISION: usize = 12;

/// For one moment: what held and who decided, what became of every rule, on which readings, under which policy.
#[must_use]
pub fn why_text(plan: &Plan<'_>, style: Style) -> String {
    why_text_since(plan, None, style)
}

/// The same with since when the rule that decided has done so.
#[must_use]
pub fn why_text_since(plan: &Plan<'_>, since: Option<Since>, style: Style) -> String {
    let wall = Wall { zone: &plan.policy.zone, now: plan.inputs.now };
    let mut screen = Screen::new(style);
    headline(&mut screen, plan, wall);
    screen.blank();
    screen.prose(Line::default(), Role::Text, &narrative::paragraph(plan, since), 0);
    screen.blank();
    rules(&mut screen, plan);
    screen.blank();
    screen.line(&Line::default().text(Role::Title, "readings"));
    let (now, max_age) = (plan.inputs.now, plan.policy.limits.reading_max_age);
    readings::table(&mut screen, &plan.inputs.readings, &plan.policy.zone, now, max_age, 2);
    screen.blank();
    let revision: String = plan.policy.revision.chars().take(SHORT_REVISION).collect();
    let line =
        Line::default().text(Role::Title, "policy").text(Role::Text, &format!("  {}", cut(&plan.policy.file, 80)));
    screen.line(&line.text(Role::Faint, &format!("  revision {revision}")));
    screen.finish()
}

/// The same as data. Keys and codes are stable.
#[must_use]
pub fn why_json(plan: &Plan<'_>) -> Value {
    why_json_since(plan, None)
}

/// The same with since when the rule that decided has done so.
#[must_use]
pub fn why_json_since(plan: &Plan<'_>, since: Option<Since>) -> Value {
    json!({
        "version": super::json::VERSION,
        "site": plan.policy.site,
        "policy": super::json::policy(plan),
        "now": moment::rfc3339(plan.inputs.now),
        "decision": decision(plan),
        "since": since.map(|since| json!({ "at": moment::rfc3339(since.at), "earlier": since.earlier })),
        "paragraph": narrative::paragraph(plan, since),
        "grounds": plan.explanation().grounds.iter().map(|found| ground(plan, found)).collect::<Vec<_>>(),
        "next": next::next(plan).map(|next| upcoming(plan, &next)),
        "rules": rules_json(plan),
        "readings": readings::readings_json(&plan.inputs.readings, plan.inputs.now, plan.policy.limits.reading_max_age),
        "safe_mode": plan.safe_mode,
    })
}

/// What holds now and who decided.
pub(super) fn decision(plan: &Plan<'_>) -> Value {
    let mut decision = decided(plan, &plan.decision);
    if let (Some(decision), Some(weighed)) = (decision.as_object_mut(), weighed::data(plan)) {
        decision.insert("weighed".to_owned(), weighed);
    }
    decision
}

fn decided(plan: &Plan<'_>, decision: &Decision) -> Value {
    let rule = decider(plan, decision);
    let entry = json!({
        "source": words::source_code(decision.source),
        "rule": rule.map(|rule| &rule.name),
        "line": rule.map(|rule| rule.place.line),
        "command": command(decision.command),
    });
    in_file(entry, rule)
}

/// What is expected to hold next, and from when.
fn upcoming(plan: &Plan<'_>, next: &Next) -> Value {
    let certain = next.rests == Rests::Nothing;
    json!({ "at": moment::rfc3339(next.at), "certain": certain, "decision": decided(plan, &next.decision) })
}

/// One condition on which the rule that decided rests.
fn ground(plan: &Plan<'_>, found: &Finding<'_>) -> Value {
    let ground = Ground::of(found, finding::observation(plan, found));
    let stretch = narrative::calendar_of(plan, found).filter(|_| ground == Ground::Calendar);
    let since = stretch.map_or_else(|| narrative::remembered_since(plan, found), |stretch| stretch.from);
    let mut entry = json!({
        "reason": ground.code(),
        "condition": found.text,
        "condition_line": found.place.line,
        "negated": found.negated,
        "since": since.map(moment::rfc3339),
        "until": stretch.and_then(|stretch| stretch.until).map(moment::rfc3339),
    });
    if let Some(entry) = entry.as_object_mut() {
        entry.extend(seen(plan, Some(found)));
    }
    entry
}

/// What became of every rule, in the policy's order.
pub(super) fn rules_json(plan: &Plan<'_>) -> Value {
    let explanation = plan.explanation();
    let rules = plan.policy.rules.iter().zip(&explanation.rules);
    rules.map(|(rule, verdict)| rule_json(plan, rule, verdict)).collect()
}

fn winner<'a>(plan: &Plan<'a>) -> Option<&'a Rule> {
    decider(plan, &plan.decision)
}

fn decider<'a>(plan: &Plan<'a>, decision: &Decision) -> Option<&'a Rule> {
    let Source::Rule(index) = decision.source else { return None };
    plan.policy.rules.get(index)
}

fn headline(screen: &mut Screen, plan: &Plan<'_>, wall: Wall<'_>) {
    let title = Line::default().text(Role::Title, &cut(&plan.policy.site, 60)).text(Role::Text, " · ");
    screen.line(&title.text(Role::Text, &moment::full(wall.now, wall.zone)));
    let command = words::command(plan.decision.command, plan.policy.battery.reserve);
    let who = match plan.decision.source {
        Source::Rule(_) => {
            let place = screen::place(plan, &plan.decision);
            let place = if place.is_empty() { place } else { format!(" ({place})") };
            let name = winner(plan).map_or("", |rule| rule.name.as_str());
            format!("decided by the rule \"{}\"{place}", cut(name, 60))
        }
        Source::Otherwise => "no rule matched, so `otherwise` holds".to_owned(),
        Source::Override => words::source(plan.policy, &plan.decision, screen::manual_until(plan), wall),
    };
    let line = Line::default().text(Role::Command, &command).text(Role::Text, ": ");
    screen.prose(line, Role::Text, &who, 2);
    if let Some(weighed) = weighed::text(plan) {
        screen.prose(Line::indent(2), Role::Text, &weighed, 2);
    }
    if plan.safe_mode {
        let head = Line::default().text(Role::Warn, "safe mode: ");
        screen.prose(head, Role::Text, "soc cannot be used, so only self-consumption is programmed", 2);
    }
}

fn rules(screen: &mut Screen, plan: &Plan<'_>) {
    screen.line(&Line::default().text(Role::Title, "rules"));
    let explanation = plan.explanation();
    for (rule, verdict) in plan.policy.rules.iter().zip(&explanation.rules) {
        let role = match verdict {
            Verdict::Won => Role::Good,
            Verdict::Unknown(_) => Role::Warn,
            Verdict::Failed(_) | Verdict::NotReached => Role::Faint,
        };
        let row = vec![
            (role, format!("{:<11}", words::verdict(verdict))),
            (Role::Text, format!("{:<64}", cut(&rule.name, 64))),
            (Role::Faint, screen::file_line(&plan.policy.file, &rule.place)),
        ];
        screen.table(Table { indent: 2, most: &[11, 64, 32], flex: 1 }, &[row]);
        if let Verdict::Failed(found) | Verdict::Unknown(found) = verdict {
            screen.prose(Line::indent(15), Role::Text, &finding::text(plan, found), 17);
        }
    }
    let otherwise =
        if plan.decision.source == Source::Otherwise { (Role::Good, "holds") } else { (Role::Faint, "not reached") };
    let line = Line::indent(2).text(otherwise.0, &format!("{:<11}  ", otherwise.1));
    screen.line(&line.text(Role::Text, &format!("otherwise: {}", words::action(plan.policy.otherwise))));
}

/// The same entry with the `file` in which the rule stands, if that is not the policy's own.
pub(super) fn in_file(mut entry: Value, rule: Option<&Rule>) -> Value {
    let file = rule.and_then(|rule| rule.place.file.as_deref());
    if let (Some(file), Some(entry)) = (file, entry.as_object_mut()) {
        entry.insert("file".to_owned(), json!(file));
    }
    entry
}

fn rule_json(plan: &Plan<'_>, rule: &Rule, verdict: &Verdict<'_>) -> Value {
    let found = match verdict {
        Verdict::Failed(found) | Verdict::Unknown(found) => Some(found),
        Verdict::Won | Verdict::NotReached => None,
    };
    let mut entry = json!({
        "name": rule.name,
        "line": rule.place.line,
        "verdict": words::verdict_code(verdict),
        "reason": found.map(|found| Reason::of(found).code()),
        "condition": found.map(|found| found.text),
        "condition_line": found.map(|found| found.place.line),
        "negated": found.map(|found| found.negated),
    });
    if let Some(entry) = entry.as_object_mut() {
        entry.extend(seen(plan, found));
    }
    in_file(entry, Some(rule))
}

/// The value that was looked at: null where there was none to look at.
fn seen(plan: &Plan<'_>, found: Option<&Finding<'_>>) -> Vec<(String, Value)> {
    let currency = &plan.policy.tariff.currency;
    let (quantity, value, age, held) = match found.map(|found| found.seen) {
        Some(Seen::Value { quantity, value, age, held }) => (Some(quantity), Some(value), age, held),
        Some(Seen::Missing { quantity, value, age, .. }) => (Some(quantity), value, age, None),
        _ => (None, None, None, None),
    };
    let pairs = [
        ("quantity", json!(quantity.map(words::quantity_code))),
        ("value", json!(value.map(|value| number(value, 5)))),
        ("unit", json!(quantity.map(|quantity| words::unit(quantity, currency)))),
        ("age_seconds", json!(age.map(|age| age.as_secs()))),
        ("held_seconds", json!(held.map(|held| held.as_secs()))),
    ];
    pairs.map(|(key, value)| (key.to_owned(), value)).into()
}
