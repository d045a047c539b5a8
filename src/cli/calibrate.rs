//! `calibrate`: watches an ATESS for a while and proposes how its readings are mapped.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use super::args::Calibrate as Options;
use super::form::Format;
use super::output::{Failure, OK, Outcome, failure, print, print_json, tell};
use super::session::Session;
use super::{past, terminal};
use crate::clock::Clock;
use crate::device::mapping::AtessMapping;
use crate::device::{DeviceError, DeviceKind};
use crate::journal::Journal;
use crate::policy::{self, Policy};
use crate::runner::{self, Links, Way};
use crate::time::{elapsed, spoken};
use crate::vendor::atess::Sample;
use crate::vendor::atess::calibrate::{Finding, Fit, Proposal, propose};

/// Between two samples: the vendor is not asked more often.
const BEAT: Duration = Duration::from_secs(60);

/// The shortest and the longest time to watch.
const SPAN: [Duration; 2] = [Duration::from_secs(5 * 60), Duration::from_secs(24 * 3600)];

/// How many samples in a row may fail.
const MAX_FAILURES: u32 = 10;

/// Watches and proposes.
///
/// # Errors
/// The policy's device is no ATESS, or cannot be reached.
pub fn run(options: &Options, session: &Session<'_>) -> Outcome {
    let span = span(&options.duration)?;
    let loaded = session.policy(&options.policy)?;
    let DeviceKind::Atess(mapping) = &loaded.policy.device.kind else {
        let driver = loaded.policy.device.driver().name();
        return failure(format!("{driver} documents its signs and units: there is nothing to calibrate"));
    };
    let samples = session.runtime()?.block_on(watched(&loaded.policy, mapping, session, span))?;
    let proposal = propose(&samples);
    match session.format() {
        Format::Text => print(&proposal.to_string()),
        Format::Json => print_json(&as_json(&loaded.policy.site, &proposal)),
    }
    Ok(OK)
}

fn span(text: &str) -> Result<Duration, Failure> {
    let span = policy::parse_duration(text).map_err(|why| Failure(format!("--for {text}: {why}")))?;
    let [least, most] = SPAN;
    if (least..=most).contains(&span) {
        return Ok(span);
    }
    failure(format!("--for {text}: expected {} to {}", spoken(least), spoken(most)))
}

/// The samples of a span, or of what came of it before Ctrl-C.
async fn watched(
    policy: &Policy,
    mapping: &AtessMapping,
    session: &Session<'_>,
    span: Duration,
) -> Result<Vec<Sample>, Failure> {
    let clock = session.clock().await?;
    let folder = session.state()?;
    // Another verb may have asked a moment ago: the vendor is asked at one pace.
    let journal = Journal::open_beside(&folder).map_err(|error| past::unusable(&folder, &error))?;
    let memory = runner::driver_memory(&journal, &policy.site)?;
    let way = Way { clock: clock.clone(), memory, recorded: None, impatient: false, links: Links::default() };
    let mut device = runner::sampled(policy, mapping, way)?;
    tell(&format!("watching {} for {}, once a minute; Ctrl-C ends it earlier", policy.device.serial, spoken(span)));
    let mut samples = Vec::new();
    let bar = progress(span);
    let watching = watch(clock.as_ref(), span, &mut samples, &bar, async || device.sample().await);
    let ended = tokio::select! {
        ended = watching => ended,
        _ = tokio::signal::ctrl_c() => Ok(()),
    };
    bar.finish_and_clear();
    ended.map(|()| samples)
}

/// Samples once a beat until the span has passed. A sample that fails is told and left out.
async fn watch(
    clock: &dyn Clock,
    span: Duration,
    samples: &mut Vec<Sample>,
    bar: &ProgressBar,
    mut sample: impl AsyncFnMut() -> Result<Sample, DeviceError>,
) -> Result<(), Failure> {
    let start = clock.now();
    let mut failures = 0;
    let beats = u32::try_from(span.as_secs() / BEAT.as_secs()).unwrap_or(u32::MAX);
    for beat in 0..=beats {
        match sample().await {
            Ok(sample) => {
                failures = 0;
                samples.push(sample);
            }
            Err(error @ DeviceError::Permanent { .. }) => return failure(error.to_string()),
            Err(error) => {
                failures += 1;
                if failures == MAX_FAILURES {
                    return failure(format!("{error}; {MAX_FAILURES} samples in a row failed"));
                }
                bar.suspend(|| tell(&format!("one sample failed: {error}")));
            }
        }
        bar.set_position(u64::from(beat));
        if beat < beats {
            clock.sleep((BEAT * (beat + 1)).saturating_sub(elapsed(start, clock.now()))).await;
        }
    }
    Ok(())
}

fn progress(span: Duration) -> ProgressBar {
    let target = if terminal::progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template("  {wide_bar} {pos} of {len} min")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(span.as_secs() / BEAT.as_secs()), target).with_style(style)
}

fn as_json(site: &str, proposal: &Proposal) -> Value {
    let readings: serde_json::Map<String, Value> =
        proposal.powers.iter().map(|(signal, finding)| ((*signal).to_owned(), finding_json(finding))).collect();
    json!({
        "version": 1,
        "site": site,
        "samples": proposal.samples,
        "span_seconds": proposal.span.as_secs(),
        "readings": readings,
        "text": proposal.to_string(),
    })
}

fn finding_json(finding: &Finding) -> Value {
    let (code, fit) = match finding {
        Finding::Told(fit) => ("told", Some(fit)),
        Finding::NoCounter(_) => ("no-counter", None),
        Finding::NoField => ("no-field", None),
        Finding::TooLittle { .. } => ("too-little", None),
        Finding::NothingFits(fit) => ("nothing-fits", Some(fit)),
        Finding::BothWays(fit) => ("both-ways", Some(fit)),
    };
    json!({ "found": code, "text": finding.to_string(), "best": fit.map(fit_json) })
}

fn fit_json(fit: &Fit) -> Value {
    json!({
        "fields": fit.fields,
        "positive": fit.positive,
        "watts_per_unit": fit.watts_per_unit,
        "counted_kwh": fit.counted,
        "explained": fit.explained,
        "next_best": fit.rival,
        "largest_watts": fit.largest,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::clock::VirtualClock;
    use crate::time::Instant;

    const POLICY: &str = include_str!("../../rules/atess-night.yaml");

    fn clock() -> VirtualClock {
        VirtualClock::at("2026-11-20T12:00:00Z".parse().expect("an instant"))
    }

    /// A battery that gives 3 kW, and shows it in kW with the opposite sign.
    fn giving(start: Instant, now: Instant) -> Sample {
        let hours = elapsed(start, now).as_secs_f64() / 3600.0;
        let fields = [("pac", -3.0), ("echargeToday", 1.0), ("edischargeToday", (hours * 30.0).floor() / 10.0)];
        Sample { at: now, fields: fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect() }
    }

    fn transient() -> DeviceError {
        DeviceError::Transient { endpoint: "data-last-small", reason: "502".to_owned() }
    }

    #[tokio::test]
    async fn a_sample_a_minute_becomes_a_mapping_that_a_policy_takes() {
        let clock = clock();
        let (start, bar, mut samples) = (clock.now(), ProgressBar::hidden(), Vec::new());
        let mut turn = 0;
        let sampled = async || {
            turn += 1;
            // The vendor takes its time, and every seventh answer is lost.
            clock.advance(Duration::from_secs(20));
            if turn % 7 == 0 { Err(transient()) } else { Ok(giving(start, clock.now())) }
        };
        watch(&clock, Duration::from_secs(3600), &mut samples, &bar, sampled).await.expect("samples");
        assert_eq!((turn, samples.len()), (61, 53));
        assert_eq!(elapsed(start, clock.now()), Duration::from_secs(3620));
        let text = propose(&samples).to_string();
        assert!(text.contains("    battery: { field: pac, positive: charge, unit: kW }   # explains"), "{text}");
        let (head, rest) = POLICY.split_once("  readings:").expect("readings");
        let (_, tail) = rest.split_once("  settings:").expect("settings");
        let tail = tail.replace(", soc: below 30% until 40%", "");
        let policy = policy::load("workshop.yaml", &format!("{head}{text}  settings:{tail}"));
        let kind = policy.policy.unwrap_or_else(|| panic!("{:?}\n{text}", policy.diagnostics)).device.kind;
        let DeviceKind::Atess(mapping) = kind else { panic!("an ATESS") };
        assert_eq!(mapping.readings.battery.map(|battery| battery.watts_per_unit), Some(-1000.0));
    }

    #[tokio::test]
    async fn it_ends_where_nothing_comes_or_someone_must_act() {
        let clock = clock();
        let hour = Duration::from_secs(3600);
        let bar = ProgressBar::hidden();
        let mut asked = 0;
        let failing = async || {
            asked += 1;
            Err(transient())
        };
        let Failure(why) = watch(&clock, hour, &mut Vec::new(), &bar, failing).await.expect_err("no samples");
        assert_eq!((why.as_str(), asked), ("data-last-small: 502; 10 samples in a row failed", 10));
        let refused =
            async || Err(DeviceError::Permanent { endpoint: "data-last-small", reason: "token expired".to_owned() });
        let ended = watch(&clock, hour, &mut Vec::new(), &bar, refused).await;
        assert!(ended.is_err_and(|Failure(why)| why.contains("token expired")));
    }

    #[test]
    fn the_span_is_bounded() {
        let check = |text: &str, expect: Option<u64>| {
            assert_eq!(span(text).ok().map(|span| span.as_secs() / 60), expect, "{text}");
        };
        check("60min", Some(60));
        check("2 h", Some(120));
        check("1 min", None);
        check("48 h", None);
        check("soon", None);
    }

    #[test]
    fn what_is_found_is_data_too() {
        let start = clock().now();
        let samples: Vec<Sample> =
            (0..=60).map(|minute| giving(start, start + chrono::Duration::minutes(minute))).collect();
        let found = as_json("workshop", &propose(&samples));
        assert_eq!(found["readings"]["battery"]["found"], "told");
        assert_eq!(found["readings"]["battery"]["best"]["watts_per_unit"], 1000.0);
        assert_eq!(found["readings"]["grid"]["found"], "no-counter");
        assert_eq!(found["readings"]["grid"]["best"], Value::Null);
        let empty = as_json("workshop", &propose(&[Sample { at: start, fields: BTreeMap::new() }]));
        assert_eq!((&empty["samples"], &empty["span_seconds"]), (&json!(1), &json!(0)));
    }
}
