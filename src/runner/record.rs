//! What the engine remembers, and what a tick rested on, as JSON for the journal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::{Memory, Remembered, Stretch};
use crate::forecast::{Forecast, Step, WAYS};
use crate::plan::budget::{MayGrant, Permits, Refusal};
use crate::plan::timeline::Steps;
use crate::plan::{Cause, GripChange, Outlook};
use crate::policy::Policy;
use crate::time::Instant;
use crate::units::Power;

/// One remembered condition. Times are milliseconds since 1970.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RememberedShape {
    latched: bool,
    since: Option<i64>,
    seen: Option<(i64, f64)>,
    course: Vec<(i64, i64, f64)>,
}

/// What a tick rested on beside what the journal has columns for.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContextShape {
    horizon_seconds: u64,
    load: Vec<(i64, f64)>,
    solar: Vec<(i64, f64)>,
    ev: Vec<(i64, f64)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    forecast: Vec<StepShape>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    way: Option<usize>,
    permits: [PermitShape; 2],
    #[serde(default, skip_serializing_if = "Option::is_none")]
    windows: Option<PermitShape>,
    last_change: Option<(i64, bool)>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    let_go: bool,
    digest: String,
}

/// One step of a forecast: when it begins and ends, the load, the sun, and the needs in which it may come.
type StepShape = (i64, i64, f64, f64, [f64; WAYS]);

/// Whether an object may be granted more.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PermitShape {
    Yes { writes: u32 },
    No { why: RefusalShape, until: Option<i64> },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RefusalShape {
    Budget { used: u32, limit: u32 },
    Interval { last: i64 },
    Uncounted,
    Drift,
    Blind,
    Clock,
}

/// What a tick rested on beside readings, memory and schedule.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Context {
    /// How far it looked ahead, in seconds.
    pub(super) horizon_seconds: u64,
    /// What load, sun and car were taken to be.
    pub(super) outlook: Outlook,
    /// What might have been granted.
    pub(super) permits: Permits,
    /// The last write that changed the grip in force.
    pub(super) last_change: Option<GripChange>,
    /// SHA-256 of the plan, which a replay has to meet.
    pub(super) digest: String,
}

/// What is remembered, from the journal's texts. What cannot be understood begins empty, as after a loss.
pub(super) fn remembered(policy: &Policy, texts: &BTreeMap<String, String>) -> Memory {
    let parse = |(key, text): (&String, &String)| Some((key.clone(), parsed(text)?));
    Memory::restore(policy, texts.iter().filter_map(parse))
}

/// What is remembered, as the journal's texts.
pub(super) fn memory_texts(policy: &Policy, memory: &Memory) -> BTreeMap<String, String> {
    memory.records(policy).into_iter().map(|(key, record)| (key, text(&record))).collect()
}

/// What is remembered, as one text.
pub(super) fn memory_text(policy: &Policy, memory: &Memory) -> String {
    serde_json::to_string(&memory_texts(policy, memory)).unwrap_or_default()
}

/// The other way.
pub(super) fn memory_from(policy: &Policy, text: &str) -> Memory {
    remembered(policy, &serde_json::from_str(text).unwrap_or_default())
}

impl Context {
    /// As a text.
    pub(super) fn to_text(&self) -> String {
        let shape = ContextShape {
            horizon_seconds: self.horizon_seconds,
            load: steps(&self.outlook.load),
            solar: steps(&self.outlook.solar),
            ev: steps(&self.outlook.ev),
            forecast: self.outlook.forecast.steps().iter().map(step).collect(),
            way: self.outlook.forecast.way(),
            permits: [permit(&self.permits.charge), permit(&self.permits.discharge)],
            windows: Some(permit(&self.permits.windows)),
            last_change: self.last_change.map(|change| (millis(change.at), change.cause != Cause::Time)),
            let_go: self.last_change.is_some_and(|change| change.cause == Cause::LetGo),
            digest: self.digest.clone(),
        };
        serde_json::to_string(&shape).unwrap_or_default()
    }

    /// From a text; `None` if it is none of ours.
    pub(super) fn from_text(text: &str) -> Option<Context> {
        let shape: ContextShape = serde_json::from_str(text).ok()?;
        let [charge, discharge] = shape.permits;
        // A record of before there were such stores says nothing of them, and none of its plans asked.
        let windows = shape.windows.map_or(Some(MayGrant::Yes { writes: u32::MAX }), may_grant)?;
        Some(Context {
            horizon_seconds: shape.horizon_seconds,
            outlook: Outlook {
                load: course(shape.load)?,
                solar: course(shape.solar)?,
                ev: course(shape.ev)?,
                forecast: forecast(&shape.forecast)?.after_way(shape.way),
            },
            permits: Permits { charge: may_grant(charge)?, discharge: may_grant(discharge)?, windows },
            last_change: match shape.last_change {
                Some((at, by_reading)) => {
                    let cause = match (by_reading, shape.let_go) {
                        (false, _) => Cause::Time,
                        (true, false) => Cause::Reading,
                        (true, true) => Cause::LetGo,
                    };
                    Some(GripChange { at: instant(at)?, cause })
                }
                None => None,
            },
            digest: shape.digest,
        })
    }
}

fn parsed(text: &str) -> Option<Remembered> {
    let shape: RememberedShape = serde_json::from_str(text).ok()?;
    let stretch = |(from, until, mean)| Some(Stretch { from: instant(from)?, until: instant(until)?, mean });
    Some(Remembered {
        latched: shape.latched,
        since: shape.since.and_then(instant),
        seen: shape.seen.and_then(|(at, value)| Some((instant(at)?, value))),
        course: shape.course.into_iter().filter_map(stretch).collect(),
    })
}

fn text(record: &Remembered) -> String {
    let shape = RememberedShape {
        latched: record.latched,
        since: record.since.map(millis),
        seen: record.seen.map(|(at, value)| (millis(at), value)),
        course: record.course.iter().map(|part| (millis(part.from), millis(part.until), part.mean)).collect(),
    };
    serde_json::to_string(&shape).unwrap_or_default()
}

fn steps(steps: &Steps) -> Vec<(i64, f64)> {
    steps.iter().map(|(at, power)| (millis(at), power.watts())).collect()
}

fn course(steps: Vec<(i64, f64)>) -> Option<Steps> {
    let steps = steps.into_iter().map(|(at, watts)| Some((instant(at)?, Power::from_watts(watts)?)));
    Some(Steps::new(steps.collect::<Option<Vec<_>>>()?))
}

fn step(step: &Step) -> StepShape {
    let needs = step.needs.map(Power::watts);
    (millis(step.from), millis(step.until), step.load.watts(), step.solar.watts(), needs)
}

fn forecast(shapes: &[StepShape]) -> Option<Forecast> {
    let step = |(from, until, load, solar, needs): &StepShape| {
        let mut powers = [Power::ZERO; WAYS];
        for (power, watts) in powers.iter_mut().zip(needs) {
            *power = Power::from_watts(*watts)?;
        }
        let (load, solar) = (Power::from_watts(*load)?, Power::from_watts(*solar)?);
        Some(Step { from: instant(*from)?, until: instant(*until)?, load, solar, needs: powers })
    };
    Some(Forecast::new(shapes.iter().map(step).collect::<Option<Vec<_>>>()?))
}

fn permit(permit: &MayGrant) -> PermitShape {
    match *permit {
        MayGrant::Yes { writes } => PermitShape::Yes { writes },
        MayGrant::No { why, until } => PermitShape::No { why: refusal(why), until: until.map(millis) },
    }
}

fn refusal(why: Refusal) -> RefusalShape {
    match why {
        Refusal::Budget { used, limit } => RefusalShape::Budget { used, limit },
        Refusal::Interval { last } => RefusalShape::Interval { last: millis(last) },
        Refusal::Uncounted => RefusalShape::Uncounted,
        Refusal::Drift => RefusalShape::Drift,
        Refusal::Blind => RefusalShape::Blind,
        Refusal::Clock => RefusalShape::Clock,
    }
}

fn may_grant(shape: PermitShape) -> Option<MayGrant> {
    Some(match shape {
        PermitShape::Yes { writes } => MayGrant::Yes { writes },
        PermitShape::No { why, until } => MayGrant::No { why: refused(why)?, until: until.and_then(instant) },
    })
}

fn refused(shape: RefusalShape) -> Option<Refusal> {
    Some(match shape {
        RefusalShape::Budget { used, limit } => Refusal::Budget { used, limit },
        RefusalShape::Interval { last } => Refusal::Interval { last: instant(last)? },
        RefusalShape::Uncounted => Refusal::Uncounted,
        RefusalShape::Drift => Refusal::Drift,
        RefusalShape::Blind => Refusal::Blind,
        RefusalShape::Clock => Refusal::Clock,
    })
}

fn millis(at: Instant) -> i64 {
    at.timestamp_millis()
}

fn instant(millis: i64) -> Option<Instant> {
    Instant::from_timestamp_millis(millis)
}
