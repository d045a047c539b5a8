//! `simulate`: serves the simulated vendor cloud over HTTP.

use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::args::Simulate as Options;
use super::form::Format;
use super::output::{Failure, OK, Outcome, failure, print, print_json, tell};
use super::session::Session;
use super::when;
use crate::clock::{Clock, SystemClock};
use crate::report::moment::rfc3339;
use crate::simulator::{
    CloudOptions, FaultPlan, PeriodicOptions, Running, ServeOptions, Serving, SystemOptions, atess, serve, serve_cloud,
};
use crate::time::{Instant, Zone};
use crate::vendor::credentials::{APP_ID, APP_SECRET};

/// How many hours the house has lived before, so that there is a history to read.
const PAST_HOURS: u16 = 48;

/// The fastest clock.
const FASTEST: f64 = 100_000.0;

/// Where the token of ATESS is looked for.
const ATESS_TOKEN: &str = "OFFPEAK_ATESS_TOKEN";

/// What ends the serving.
struct Ends {
    terminate: Signal,
    interrupt: Signal,
}

/// Serves until SIGINT or SIGTERM.
///
/// # Errors
/// The options cannot be used, or the port cannot be had.
pub fn run(options: &Options, session: &Session<'_>) -> Outcome {
    if !options.speed.is_finite() || !(0.0..=FASTEST).contains(&options.speed) {
        return failure(format!("--speed {}: expected a number from 0 to {FASTEST}", options.speed));
    }
    match options.vendor.as_str() {
        "alphaess" => alphaess(options, session),
        "atess" => atess(options, session),
        vendor => failure(format!("--vendor {vendor}: expected alphaess or atess")),
    }
}

fn alphaess(options: &Options, session: &Session<'_>) -> Outcome {
    let serving = serving(options)?;
    let start = serving.start;
    session.runtime()?.block_on(async {
        let ends = Ends::listen()?;
        let running = serve(serving).await.map_err(|error| no_port(options, &error))?;
        match session.format() {
            Format::Text => print(&text(&running, options, start)),
            Format::Json => print_json(&as_json(&running, options, start)),
        }
        ends.wait().await;
        running.stop().await;
        tell("the simulated cloud has ended");
        Ok(OK)
    })
}

fn atess(options: &Options, session: &Session<'_>) -> Outcome {
    is_word("--token", &options.token)?;
    let plant = atess::PlantOptions::default();
    let start = start(options, &plant.zone)?;
    let faults = atess::FaultPlan::parse(&options.faults.join(","), options.seed);
    let faults = faults.map_err(|why| Failure(format!("--faults: {why}")))?;
    let token = options.token.clone();
    let cloud = atess::CloudOptions { token, faults, seed: options.seed, plants: vec![plant], ..Default::default() };
    let cloud = atess::Cloud::with_past(cloud, start, PAST_HOURS);
    let serials: Vec<String> = cloud.serials().map(str::to_owned).collect();
    session.runtime()?.block_on(async {
        let ends = Ends::listen()?;
        let serving = serve_cloud(cloud, options.port, options.speed, start).await;
        let serving = serving.map_err(|error| no_port(options, &error))?;
        match session.format() {
            Format::Text => print(&atess_text(&serving, &serials, options, start)),
            Format::Json => print_json(&atess_json(&serving, &serials, options, start)),
        }
        ends.wait().await;
        serving.stop().await;
        tell("the simulated cloud has ended");
        Ok(OK)
    })
}

impl Ends {
    /// Listens from now on, so that no signal ends the process on its own once the cloud is announced.
    fn listen() -> Result<Ends, Failure> {
        Ok(Ends { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Returns with SIGINT or SIGTERM.
    async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn no_port(options: &Options, error: &std::io::Error) -> Failure {
    Failure(format!("127.0.0.1:{}: {error}; choose another --port, or --port 0 for any", options.port))
}

fn is_word(name: &str, value: &str) -> Result<(), Failure> {
    if value.is_empty() || !value.chars().all(|letter| letter.is_ascii_graphic()) {
        return failure(format!("{name}: expected letters, digits and marks without blanks"));
    }
    Ok(())
}

fn start(options: &Options, zone: &Zone) -> Result<Instant, Failure> {
    match &options.start {
        Some(start) => when::moment(start, zone).map_err(|Failure(why)| Failure(format!("--start: {why}"))),
        None => Ok(SystemClock::default().now()),
    }
}

fn serving(options: &Options) -> Result<ServeOptions, Failure> {
    is_word("--app-id", &options.app_id)?;
    is_word("--app-secret", &options.app_secret)?;
    let system = SystemOptions { periodic: region(options)?, ..SystemOptions::default() };
    let start = start(options, &system.zone)?;
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

fn region(options: &Options) -> Result<PeriodicOptions, Failure> {
    options.region.parse().map_err(|why| Failure(format!("--region: {why}")))
}

fn text(running: &Running, options: &Options, start: Instant) -> String {
    let serials = running.serials.join(", ");
    let serial = running.serials.first().map_or("", String::as_str);
    let faults = shown_faults(options);
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

fn atess_text(serving: &Serving<atess::Cloud>, serials: &[String], options: &Options, start: Instant) -> String {
    format!(
        "simulated ATESS Enerclo cloud at {url}\n  \
           serials  {serials}\n  \
           clock    from {start}, {speed}; `--clock {clock}` makes other verbs follow it\n  \
           faults   {faults} · seed {seed}\n\
         \n\
         # for the shell that runs offpeak\n\
         export {ATESS_TOKEN}={token}\n\
         \n\
         # for the policy\n\
         device:\n  \
           driver: atess\n  \
           serial: {serial}\n  \
           url: {url}\n\
         \n\
         SIGINT (Ctrl-C) or SIGTERM ends it.",
        url = serving.url,
        serials = serials.join(", "),
        serial = serials.first().map_or("", String::as_str),
        clock = serving.clock_url,
        start = rfc3339(start),
        speed = speed(options.speed),
        faults = shown_faults(options),
        seed = options.seed,
        token = quoted(&options.token),
    )
}

fn atess_json(
    serving: &Serving<atess::Cloud>,
    serials: &[String],
    options: &Options,
    start: Instant,
) -> serde_json::Value {
    json!({
        "version": 1,
        "url": serving.url,
        "clock_url": serving.clock_url,
        "token": options.token,
        "serials": serials,
        "start": rfc3339(start),
        "speed": options.speed,
        "seed": options.seed,
        "faults": options.faults,
    })
}

fn shown_faults(options: &Options) -> String {
    if options.faults.is_empty() { "none".to_owned() } else { options.faults.join(",") }
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
        "region": options.region,
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
