//! `apply`: plans or takes a saved plan, shows it, asks, writes and reads back.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::args::Apply as Options;
use super::form::Format;
use super::output::{FAILED, Failure, OK, Outcome, ask, print, print_json};
use super::saved_plan::SavedPlan;
use super::session::Session;
use super::shown;
use crate::journal::StateLock;
use crate::plan::Plan;
use crate::runner::{Applied, Site};

/// How far `apply` looks ahead, as `plan` does by default.
const HORIZON: Duration = Duration::from_secs(24 * 3600);

/// Plans, asks, writes.
///
/// # Errors
/// The policy, the saved plan or the device cannot be used, or another process holds the state folder.
pub fn run(options: &Options, session: &Session<'_>) -> Outcome {
    let saved = SavedPlan::read(&options.file)?;
    let path: PathBuf = saved.as_ref().map_or_else(|| options.file.clone(), |saved| saved.policy.clone());
    let loaded = session.policy(&path)?;
    let _lock = StateLock::acquire(&session.state()?, &format!("offpeak apply {}", options.file.display()))?;
    session.runtime()?.block_on(async {
        let (mut site, world) = session.writing_site(&loaded).await?;
        site.finish_what_was_left().await?;
        let surveyed = site.survey(HORIZON).await;
        site.remember_driver()?;
        let inputs = surveyed?;
        let plan = Plan::make(&loaded.policy, &inputs);
        if let Some(saved) = &saved {
            saved.still_holds(&plan)?;
        }
        let done = agree_and_apply(options, session, &mut site, &plan).await;
        if let Some(world) = world {
            world.save()?;
        }
        done
    })
}

async fn agree_and_apply(options: &Options, session: &Session<'_>, site: &mut Site, plan: &Plan<'_>) -> Outcome {
    let text = session.format() == Format::Text;
    if plan.writes().is_empty() {
        tell_result(session, plan, &Applied { sent: Vec::new(), stored: true }, "nothing to send.");
        return Ok(OK);
    }
    if text {
        print(&shown::text(plan, ""));
    }
    if !options.yes && !ask("send this?") {
        return Err(Failure("nothing was sent: not agreed to (--yes agrees without asking)".to_owned()));
    }
    site.answer_drift("apply")?;
    let applied = site.apply(plan).await?;
    let word = outcome(&applied, plan.writes().len());
    if text {
        print(&word)
    } else {
        tell_result(session, plan, &applied, &word)
    }
    Ok(if applied.stored { OK } else { FAILED })
}

fn outcome(applied: &Applied, planned: usize) -> String {
    match (applied.stored, applied.sent.len()) {
        (true, 1) => {
            "applied: 1 write sent, accepted and read back; whether the battery answers shows once a window begins."
                .to_owned()
        }
        (true, sent) => format!(
            "applied: {sent} writes sent, accepted and read back; whether the battery answers shows once a window begins."
        ),
        (false, sent) => {
            format!("not stored: {sent} of {planned} writes sent, and not all of it was read back; see `offpeak log`.")
        }
    }
}

fn tell_result(session: &Session<'_>, plan: &Plan<'_>, applied: &Applied, word: &str) {
    match session.format() {
        Format::Text => print(&shown::text(plan, word)),
        Format::Json => print_json(&json!({
            "plan": shown::json(plan),
            "sent": applied.sent.len(),
            "stored": applied.stored,
        })),
    }
}
