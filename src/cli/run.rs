//! `run`: the service.

use std::sync::Arc;

use serde_json::{Value, json};

use super::args::Run as Options;
use super::files;
use super::form::Format;
use super::output::{FAILED, OK, Outcome, print, print_json};
use super::session::Session;
use crate::journal::StateLock;
use crate::runner::{Pulse, Service, Tick};

/// Runs the service until it is told to end, or one tick of it.
///
/// # Errors
/// The policy or the device cannot be used, or another process holds the state folder.
pub fn run(options: &Options, session: &Session<'_>) -> Outcome {
    let files = files::policies(&options.paths)?;
    if let [only] = files.as_slice() {
        // What is wrong with the only policy is told in full, before anything is touched.
        session.policy(only)?;
    }
    let shown: Vec<String> = options.paths.iter().map(|path| path.display().to_string()).collect();
    let _lock = StateLock::acquire(&session.state()?, &format!("offpeak run {}", shown.join(" ")))?;
    session.runtime()?.block_on(async {
        let ground = session.ground(!options.dry_run, options.pace.into()).await?;
        let pulse = match session.has_remote_clock() {
            true => Pulse::Clock(Arc::clone(&ground.clock)),
            false => Pulse::Machine,
        };
        let service = Service::new(ground, options.paths.clone())?;
        if !options.once {
            service.run(pulse).await?;
            return Ok(OK);
        }
        let ticks = service.once().await?;
        show(&ticks, session.format());
        Ok(if ticks.len() == files.len() && ticks.iter().all(|(_, tick)| tick.verified) { OK } else { FAILED })
    })
}

fn show(ticks: &[(String, Tick)], format: Format) {
    match (ticks, format) {
        ([(_, only)], Format::Text) => print(&line(only)),
        ([(_, only)], Format::Json) => print_json(&as_json(only)),
        (several, Format::Text) => {
            let lines = several.iter().map(|(site, tick)| format!("{site}: {}", line(tick)));
            print(&lines.collect::<Vec<_>>().join("\n"));
        }
        (several, Format::Json) => {
            let sites = several.iter().map(|(site, tick)| json!({ "site": site, "tick": as_json(tick) }));
            print_json(&json!({ "version": 1, "sites": sites.collect::<Vec<_>>() }));
        }
    }
}

fn line(tick: &Tick) -> String {
    format!(
        "{}: {}; {} sent, {} pending, {}",
        crate::report::moment::rfc3339(tick.at),
        tick.decision.command,
        tick.sent.len(),
        tick.pending,
        if tick.verified { "everything was seen" } else { "not everything could be seen: see `offpeak log`" }
    )
}

fn as_json(tick: &Tick) -> Value {
    json!({
        "at": crate::report::moment::rfc3339(tick.at),
        "command": tick.decision.command.to_string(),
        "sent": tick.sent.len(),
        "pending": tick.pending,
        "verified": tick.verified,
    })
}
