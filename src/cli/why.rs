//! `why`: explains a moment that is journaled, by deciding it again; or one that is given.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::Why as Options;
use super::form::Format;
use super::output::{Failure, OK, Outcome, failure, print, print_json};
use super::past::Past;
use super::session::Session;
use super::{plan, terminal, when};
use crate::journal::{Journal, TickRecord};
use crate::plan::Plan;
use crate::report::moment::{self, rfc3339};
use crate::report::{self, Since, words};
use crate::runner::{self, Replayed};
use crate::time::{Instant, Zone, before, elapsed};

/// How far a moment that is given looks ahead.
const HORIZON: Duration = Duration::from_secs(24 * 3600);

/// How many ticks are looked back for the beginning of a decision: those of a day.
const MOST_TICKS: usize = 1440;

/// Ticks that lie further apart do not tell what held between them.
const GAP: Duration = Duration::from_secs(10 * 60);

/// Explains it.
///
/// # Errors
/// Nothing is journaled of the moment, or it cannot be decided again.
pub fn run(options: &Options, session: &Session<'_>) -> Outcome {
    match (&options.policy, &options.given) {
        (Some(policy), Some(words)) => supposed(options, policy, words, session),
        _ => journaled(options, session),
    }
}

/// Explains a moment that was given, with nothing remembered of what was before.
fn supposed(options: &Options, policy: &Path, words: &[String], session: &Session<'_>) -> Outcome {
    let loaded = session.policy(policy)?;
    let inputs = plan::supposed(&loaded.policy, words, options.at.as_deref(), HORIZON)?;
    let plan = Plan::make(&loaded.policy, &inputs);
    match session.format() {
        Format::Text => {
            let text = report::why_text(&plan, terminal::style());
            print(&format!("{text}supposed: these readings were given, and nothing is remembered of what was before"));
        }
        Format::Json => print_json(&with(report::why_json(&plan), Some(inputs.now), json!(null))),
    }
    Ok(OK)
}

fn journaled(options: &Options, session: &Session<'_>) -> Outcome {
    let past = Past::must_open(session)?;
    let known = past.site(options.site.as_deref())?;
    let zone = known.zone();
    let asked = options.at.as_deref().map(|at| when::moment(at, &zone)).transpose()?;
    let Some(tick) = past.journal.decision_at(&known.site, asked.unwrap_or(Instant::MAX_UTC))? else {
        return nothing(&past, &known.site, asked, &zone);
    };
    let replayed = runner::replay(&past.journal, &tick).map_err(|error| {
        let at = moment::full(tick.at, &zone);
        Failure(format!("{}: what was decided at {at} cannot be decided again: {error}", known.site))
    })?;
    let plan = Plan::make(&replayed.policy, &replayed.inputs);
    let difference = difference(&replayed, &plan, &tick);
    let since = since(&past.journal, &known.site, &tick);
    match session.format() {
        Format::Text => {
            let text = report::why_text_since(&plan, since, terminal::style());
            print(&format!("{text}{}", closing(&tick, asked, difference.as_deref(), &zone)));
        }
        Format::Json => {
            let replayed = json!({ "same": replayed.same, "difference": difference });
            print_json(&with(report::why_json_since(&plan, since), asked, replayed));
        }
    }
    Ok(OK)
}

/// The explanation with the moment that was asked for, and whether the replay met it.
fn with(mut value: Value, asked: Option<Instant>, replayed: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.insert("asked".to_owned(), json!(asked.map(rfc3339)));
        object.insert("replayed".to_owned(), replayed);
    }
    value
}

/// Since when the same has been decided by the same, without a gap. `None` if this tick was the first.
fn since(journal: &Journal, site: &str, tick: &TickRecord) -> Option<Since> {
    let mut first = tick.at;
    for _ in 0..MOST_TICKS {
        // What cannot be read ends the look back, as what is not there does.
        let earlier = journal.decision_at(site, before(first, Duration::from_nanos(1))).ok().flatten();
        match earlier.filter(|earlier| same(earlier, tick) && elapsed(earlier.at, first) <= GAP) {
            Some(earlier) => first = earlier.at,
            None => return (first < tick.at).then_some(Since { at: first, earlier: false }),
        }
    }
    Some(Since { at: first, earlier: true })
}

/// Whether two ticks decided the same, by the same rule or by none.
fn same(one: &TickRecord, other: &TickRecord) -> bool {
    let source = |tick: &TickRecord| words::source_code(tick.decision.source);
    one.decision.command == other.decision.command && one.rule == other.rule && source(one) == source(other)
}

/// Which moment this was, if another was asked for, and whether the replay met it.
fn closing(tick: &TickRecord, asked: Option<Instant>, difference: Option<&str>, zone: &Zone) -> String {
    let mut lines = String::new();
    if asked.is_some_and(|asked| (asked - tick.at).num_seconds() >= 60) {
        let at = moment::full(tick.at, zone);
        lines.push_str(&format!("nothing was decided between {at} and the moment that was asked for\n"));
    }
    match difference {
        None => lines.push_str("replayed: the same plan, to the byte"),
        Some(difference) => lines.push_str(&format!("replayed: {difference}")),
    }
    lines
}

/// What a replay that did not meet the journaled plan shows of the reason.
fn difference(replayed: &Replayed, plan: &Plan<'_>, tick: &TickRecord) -> Option<String> {
    if replayed.same {
        return None;
    }
    let (then, now) = (tick.decision.command, plan.decision.command);
    Some(if plan.decision == tick.decision {
        "the same decision, but not the same plan to the byte: another version of offpeak, or of its time zones, made it"
            .to_owned()
    } else {
        format!(
            "another decision than then, which was `{then}` and would be `{now}`: another version of offpeak made it"
        )
    })
}

fn nothing(past: &Past, site: &str, asked: Option<Instant>, zone: &Zone) -> Outcome {
    let first = past.journal.decision_after(site, Instant::MIN_UTC)?;
    match (asked, first) {
        (Some(asked), Some(first)) => failure(format!(
            "{site}: no decision is journaled at or before {}; the first one is that of {}",
            moment::full(asked, zone),
            moment::full(first.at, zone)
        )),
        _ => failure(format!(
            "{site}: no decision is journaled yet; `offpeak run POLICY` journals one each minute, `offpeak plan POLICY` \
             shows what it would be"
        )),
    }
}
