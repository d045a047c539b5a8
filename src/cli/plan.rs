//! `plan`: shows what would be written and why. It sends nothing, ever.

use std::time::Duration;

use super::args::Plan as Options;
use super::form::Format;
use super::output::{Failure, OK, Outcome, PENDING, failure, print, print_json};
use super::session::{Loaded, Session};
use super::{files, given, saved_plan, shown, when};
use crate::clock::{Clock, SystemClock};
use crate::device::{PerObject, Schedule};
use crate::engine::{Memory, Situation, banded_prices};
use crate::plan::budget::{MayGrant, Permits};
use crate::plan::{Inputs, Plan};
use crate::policy::{self, Policy};
use crate::time::{Instant, after};
use crate::vendor::alphaess;

/// The longest horizon that is planned.
const LONGEST: Duration = Duration::from_secs(14 * 86_400);

/// Plans and shows it.
///
/// # Errors
/// The policy, the options or the device cannot be used.
pub fn run(options: &Options, session: &Session<'_>) -> Outcome {
    let loaded = session.policy(&options.policy)?;
    let horizon = horizon(&options.horizon)?;
    let inputs = match (&options.given, &options.device) {
        (Some(words), Some(_)) => {
            let inputs = supposed(&loaded.policy, words, options.at.as_deref(), horizon)?;
            Inputs { present: present(options, &loaded.policy)?, ..inputs }
        }
        _ => session.runtime()?.block_on(surveyed(options, session, &loaded, horizon))?,
    };
    let plan = Plan::make(&loaded.policy, &inputs);
    if let Some(path) = &options.out {
        saved_plan::save(path, &plan, options.given.is_some())?;
    }
    match session.format() {
        Format::Text => print(&shown::text(&plan, &closing(&plan, options))),
        Format::Json => print_json(&shown::json(&plan)),
    }
    Ok(if plan.writes().is_empty() { OK } else { PENDING })
}

fn closing(plan: &Plan<'_>, options: &Options) -> String {
    let file = options.policy.display();
    let supposed = options.given.is_some() || options.device.is_some();
    match (plan.writes().is_empty(), supposed, &options.out) {
        (true, _, _) => "nothing to send.".to_owned(),
        (false, true, _) => "nothing was sent: this is a plan of what was given.".to_owned(),
        (false, false, Some(out)) => format!("nothing was sent. `offpeak apply {}` sends it.", out.display()),
        (false, false, None) => format!("nothing was sent. `offpeak apply {file}` sends it."),
    }
}

fn horizon(text: &str) -> Result<Duration, Failure> {
    let span = policy::parse_duration(text).map_err(|why| Failure(format!("--horizon: {why}")))?;
    if span > LONGEST { failure("--horizon: at most 14 days") } else { Ok(span) }
}

/// What a plan rests on where everything is given: no journal, no network, nothing used of the budget. The schedule on
/// the device is left unknown.
///
/// # Errors
/// The moment or a reading cannot be understood.
pub fn supposed(policy: &Policy, words: &[String], at: Option<&str>, horizon: Duration) -> Result<Inputs, Failure> {
    let now = match at {
        Some(at) => when::moment(at, &policy.zone)?,
        None => SystemClock::default().now(),
    };
    let given = given::given(words, now)?;
    let permits = unused(policy);
    let mut inputs = Inputs {
        now,
        horizon,
        readings: given.readings,
        memory: Memory::empty(policy),
        manual: None,
        outlook: given.outlook,
        present: None,
        used: PerObject::default(),
        permits,
        last_change: None,
    };
    observe(&mut inputs, policy, now);
    Ok(inputs)
}

/// What may be granted on a day without any write so far.
fn unused(policy: &Policy) -> Permits {
    let writes = policy.limits.writes_per_day.saturating_sub(1);
    Permits::all(MayGrant::Yes { writes })
}

fn observe(inputs: &mut Inputs, policy: &Policy, now: Instant) {
    let prices = banded_prices(policy, now, after(now, Duration::from_secs(60)));
    let situation = Situation { snapshot: &inputs.readings, prices: &prices, manual: None, now };
    inputs.memory.observe(policy, &situation);
}

fn present(options: &Options, policy: &Policy) -> Result<Option<Schedule>, Failure> {
    let Some(path) = &options.device else { return Ok(None) };
    let text = files::read_text(path)?;
    let wrong = |why: String| Failure(format!("{}: {why}", path.display()));
    let schedule = alphaess::parse_device_file(&text).map_err(|error| wrong(error.to_string()))?;
    match policy.device.kind.chosen_store().filter(|store| *store != schedule.store()) {
        Some(store) => {
            let (held, asked) = (schedule.store().name(), store.name());
            Err(wrong(format!("it holds what the {held} has, and the policy asks for the {asked}")))
        }
        None => Ok(Some(schedule)),
    }
}

/// What a plan rests on where the device is asked; what is given replaces what it says.
async fn surveyed(
    options: &Options,
    session: &Session<'_>,
    loaded: &Loaded,
    horizon: Duration,
) -> Result<Inputs, Failure> {
    if let Some(words) = &options.given {
        return given_over_device(options, words, session, loaded, horizon).await;
    }
    let (mut site, world) = session.reading_site(loaded).await?;
    let surveyed = site.survey(horizon).await;
    site.remember_driver()?;
    if let Some(world) = world {
        world.save()?;
    }
    let mut inputs = surveyed?;
    if let Some(schedule) = present(options, &loaded.policy)? {
        inputs.present = Some(schedule);
    }
    Ok(inputs)
}

/// Given readings beside the schedule that is on the device.
async fn given_over_device(
    options: &Options,
    words: &[String],
    session: &Session<'_>,
    loaded: &Loaded,
    horizon: Duration,
) -> Result<Inputs, Failure> {
    let (mut site, world) = session.reading_site(loaded).await?;
    let writable = loaded.policy.device.capability().can_write();
    let surveyed = if writable { site.survey_schedule().await.map(Some) } else { Ok(None) };
    site.remember_driver()?;
    if let Some(world) = world {
        world.save()?;
    }
    Ok(Inputs { present: surveyed?, ..supposed(&loaded.policy, words, options.at.as_deref(), horizon)? })
}
