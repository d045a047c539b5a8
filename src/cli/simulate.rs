//! `simulate`: serves the simulated vendor cloud over HTTP.

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::args::{Format, Simulate as Options};
use super::output::{Failure, OK, Outcome, failure, print, print_json, tell};
use super::session::Session;
use super::when;
use crate::clock::{Clock, SystemClock};
use crate::report::moment::rfc3339;
use crate::simulator::{CloudOptions, FaultPlan, Running, ServeOptions, SystemOptions, serve};
use crate::time::Instant;
use crate::vendor::credentials::{APP_ID, APP_SECRET};

/// How many hours the house has lived before, so that there is a history to read.
const PAST_HOURS: u16 = 48;

/// The fastest clock.
const FASTEST: f64 = 100_000.0;

/// Serves until SIGINT or SIGTERM.
///
/// # Errors
/// The options cannot be used, or the port cannot be had.
pub fn run(options: &Options, session: &Session<'_>) -> Outcome {
    let serving = serving(options)?;
    let start = serving.start;
    session.runtime()?.block_on(async {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let running = serve(serving).await.map_err(|error| {
            Failure(format!("127.0.0.1:{}: {error}; choose another --port, or --port 0 for any", options.port))
        })?;
        match session.format() {
            Format::Text => print(&text(&running, options, start)),
            Format::Json => print_json(&as_json(&running, options, start)),
        }
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        running.stop().await;
        tell("the simulated cloud has ended");
        Ok(OK)
    })
}

fn serving(options: &Options) -> Result<ServeOptions, Failure> {
    if options.vendor != "alphaess" {
        let vendor = &options.vendor;
        return failure(format!("--vendor {vendor}: this version simulates alphaess alone"));
    }
    if !options.speed.is_finite() || !(0.0..=FASTEST).contains(&options.speed) {
        return failure(format!("--speed {}: expected a number from 0 to {FASTEST}", options.speed));
    }
    for (name, value) in [("--app-id", &options.app_id), ("--app-secret", &options.app_secret)] {
        if value.is_empty() || !value.chars().all(|letter| letter.is_ascii_graphic()) {
            return failure(format!("{name}: expected letters, digits and marks without blanks"));
        }
    }
    let system = SystemOptions::default();
    let start = match &options.start {
        Some(start) => when::moment(start, &system.zone).map_err(|Failure(why)| Failure(format!("--start: {why}")))?,
        None => SystemClock::default().now(),
    };
    let faults =
        FaultPlan::parse(&options.faults.join(","), options.seed).map_err(|why| Failure(format!("--faults: {why}")))?;
    let cloud = CloudOptions {
        app_id: options.app_id.clone(),
        app_secret: options.app_secret.clone(),
        systems: vec![system],
        faults,
        seed: options.seed,
        ..CloudOptions::default()
    };
    Ok(ServeOptions { port: options.port, speed: options.speed, start, past_hours: PAST_HOURS, cloud })
}

fn text(running: &Running, options: &Options, start: Instant) -> String {
    let serials = running.serials.join(", ");
    let serial = running.serials.first().map_or("", String::as_str);
    let faults = if options.faults.is_empty() { "none".to_owned() } else { options.faults.join(",") };
    format!(
        "simulated AlphaESS cloud at {url}\n  \
           serials  {serials}\n  \
           clock    from {start}, {speed}; `--clock {clock}` makes other verbs follow it\n  \
           faults   {faults} · seed {seed}\n\
         \n\
         # for the shell that runs offpeak\n\
         export {APP_ID}={id}\n\
         export {APP_SECRET}={secret}\n\
         \n\
         # for the policy\n\
         device:\n  \
           driver: alphaess\n  \
           serial: {serial}\n  \
           url: {url}\n\
         \n\
         SIGINT (Ctrl-C) or SIGTERM ends it.",
        url = running.url,
        clock = running.clock_url,
        start = rfc3339(start),
        speed = speed(options.speed),
        seed = options.seed,
        id = quoted(&running.app_id),
        secret = quoted(&running.app_secret),
    )
}

fn speed(speed: f64) -> String {
    if speed == 0.0 { "standing still until told to advance".to_owned() } else { format!("{speed} × real time") }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = word.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.'));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

fn as_json(running: &Running, options: &Options, start: Instant) -> serde_json::Value {
    json!({
        "version": 1,
        "url": running.url,
        "clock_url": running.clock_url,
        "app_id": running.app_id,
        "app_secret": running.app_secret,
        "serials": running.serials,
        "start": rfc3339(start),
        "speed": options.speed,
        "seed": options.seed,
        "faults": options.faults,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pasted_into_a_shell_stays_one_word() {
        let check = |word: &str, expect: &str| assert_eq!(quoted(word), expect);
        check("alpha-simulated", "alpha-simulated");
        check("a$b", "'a$b'");
        check("it's", r"'it'\''s'");
    }
}
