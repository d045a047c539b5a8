//! `run`: the service.

use serde_json::json;

use super::args::{Format, Run as Options};
use super::output::{FAILED, OK, Outcome, failure, print, print_json};
use super::session::Session;
use crate::journal::StateLock;
use crate::runner::{Pulse, Service, Tick};

/// Runs the service until it is told to end, or one tick of it.
///
/// # Errors
/// The policy or the device cannot be used, or another process holds the state folder.
pub fn run(options: &Options, session: &Session<'_>) -> Outcome {
    let [path] = options.paths.as_slice() else {
        return failure("run takes one policy: this version runs one site in one service");
    };
    let loaded = session.policy(path)?;
    let _lock = StateLock::acquire(&session.state()?, &format!("offpeak run {}", path.display()))?;
    session.runtime()?.block_on(async {
        let (site, world) =
            if options.dry_run { session.reading_site(&loaded).await? } else { session.writing_site(&loaded).await? };
        let pulse = match session.has_remote_clock() {
            true => Pulse::Clock(site.clock()),
            false => Pulse::Machine,
        };
        let mut service = Service::new(site, path.clone(), world);
        if !options.once {
            service.run(pulse).await?;
            return Ok(OK);
        }
        let tick = service.once().await?;
        show(&tick, session.format());
        Ok(if tick.verified { OK } else { FAILED })
    })
}

fn show(tick: &Tick, format: Format) {
    let at = crate::report::moment::rfc3339(tick.at);
    match format {
        Format::Text => print(&format!(
            "{at}: {}; {} sent, {} pending, {}",
            tick.decision.command,
            tick.sent.len(),
            tick.pending,
            if tick.verified { "everything was seen" } else { "not everything could be seen: see `offpeak log`" }
        )),
        Format::Json => print_json(&json!({
            "at": at,
            "command": tick.decision.command.to_string(),
            "sent": tick.sent.len(),
            "pending": tick.pending,
            "verified": tick.verified,
        })),
    }
}
