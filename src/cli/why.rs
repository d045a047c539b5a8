//! `why`: explains a moment that is journaled, by deciding it again.

use serde_json::json;

use super::args::{Format, Why as Options};
use super::output::{Failure, OK, Outcome, failure, print, print_json};
use super::past::Past;
use super::session::Session;
use super::{terminal, when};
use crate::journal::TickRecord;
use crate::plan::Plan;
use crate::report;
use crate::report::moment::{self, rfc3339};
use crate::runner::{self, Replayed};
use crate::time::{Instant, Zone};

/// Explains it.
///
/// # Errors
/// Nothing is journaled of the moment, or it cannot be decided again.
pub fn run(options: &Options, session: &Session<'_>) -> Outcome {
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
    match session.format() {
        Format::Text => {
            let text = report::why_text(&plan, terminal::style());
            print(&format!("{text}{}", closing(&tick, asked, difference.as_deref(), &zone)));
        }
        Format::Json => {
            let mut value = report::why_json(&plan);
            if let Some(object) = value.as_object_mut() {
                object.insert("asked".to_owned(), json!(asked.map(rfc3339)));
                object.insert("replayed".to_owned(), json!({ "same": replayed.same, "difference": difference }));
            }
            print_json(&value);
        }
    }
    Ok(OK)
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
