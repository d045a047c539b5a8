//! `demo`: the whole story with no hardware.

mod day;
mod twin;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use self::day::Day;
use self::twin::Twin;
use super::args::Demo as Options;
use super::form::Format;
use super::output::{Failure, OK, Outcome, failure, print, print_json};
use super::session::Session;
use super::{shown, terminal};
use crate::clock::{Clock, VirtualClock};
use crate::journal::{Journal, LogFilter, LogKind};
use crate::plan::Plan;
use crate::policy::{self, Policy};
use crate::report::moment;
use crate::runner::{self, Links, Site, Way};
use crate::time::Instant;
use crate::vendor::simulated::Kept;

/// The policy of the story.
const POLICY: &str = include_str!("../../../rules/simulated-home.yaml");

/// Its name in output.
const FILE: &str = "rules/simulated-home.yaml";

/// When the story begins: an evening before a night tariff.
const START: &str = "2026-11-20T20:41:00Z";

/// Ticks of the story: a day of minutes.
const TICKS: u64 = 24 * 60;

/// How far the plans look ahead.
const HORIZON: Duration = Duration::from_secs(24 * 3600);

/// The actors: a site, its clock and its world.
struct Stage {
    policy: Policy,
    clock: VirtualClock,
    world: Kept,
    site: Site,
}

/// Tells the story: a plan, the writes, a day, and a second plan that is empty.
///
/// # Errors
/// The state folder cannot be used.
pub fn run(options: &Options, session: &Session<'_>) -> Outcome {
    let folder = session.state()?.join("demo");
    begin_afresh(&folder)?;
    let mut stage = Stage::set(options.seed, &folder)?;
    let mut twin = Twin::of(&stage.policy, options.seed, stage.clock.now())?;
    let text = session.format() == Format::Text;
    session.runtime()?.block_on(async {
        let (first, stored) = stage.plan_and_apply().await?;
        if text {
            print(&opening(&first));
            print(&stage.happened(&[LogKind::Intent, LogKind::Outcome])?);
        }
        let day = stage.live_through_a_day().await?;
        let cost = stage.cost();
        twin.live_until(stage.clock.now());
        let second = stage.plan_again().await?;
        stage.world.save()?;
        if text {
            print(&day.text(&stage.policy));
            print(&stage.happened(&[LogKind::Decision, LogKind::Intent, LogKind::Outcome, LogKind::Alarm])?);
            print(&twin.money(&stage.policy, cost, day.last_soc()));
            print(&ending(&second, &folder));
        } else {
            print_json(&json!({
                "writes": day.sent() + usize::from(stored),
                "stored": stored,
                "pending_at_the_end": second.1,
                "cost": { "currency": stage.policy.tariff.currency, "with": cost, "without": twin.cost() },
                "soc_at_the_end": { "with": day.last_soc(), "without": twin.soc() },
            }));
        }
        Ok(OK)
    })
}

/// Each telling begins with a new world; only files of an earlier telling are removed.
fn begin_afresh(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure(format!("{}: {error}", folder.display())))?;
    for name in ["journal.db", "journal.db-wal", "journal.db-shm", "journal.mark", "SIM000000000001.json"] {
        let path = folder.join(name);
        if path.exists() {
            std::fs::remove_file(&path).map_err(|error| Failure(format!("{}: {error}", path.display())))?;
        }
    }
    Ok(())
}

impl Stage {
    fn set(seed: u64, folder: &Path) -> Result<Stage, Failure> {
        let Some(policy) = policy::load(FILE, POLICY).policy else { return failure(format!("{FILE} has errors")) };
        let start: Instant = START.parse().unwrap_or_default();
        let clock = VirtualClock::at(start);
        let world = runner::seeded_world(&policy, Some(folder), seed, start)?;
        price(&world, &policy, start);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let (memory, recorded, links) = (None, None, Links::default());
        let way = Way { clock: Arc::clone(&shared), memory, recorded, impatient: false, links };
        let hand = runner::writing(&policy, way, Some(&world))?;
        let site = Site::begin(policy.clone(), POLICY, hand, Journal::open(folder)?, shared)?;
        Ok(Stage { policy, clock, world, site })
    }

    /// The first plan as its screen, and whether its writes were stored.
    async fn plan_and_apply(&mut self) -> Result<(String, bool), Failure> {
        let inputs = self.site.survey(HORIZON).await?;
        let plan = Plan::make(&self.policy, &inputs);
        let screen = shown::text(&plan, "nothing was sent yet.");
        let applied = self.site.apply(&plan).await?;
        Ok((screen, applied.stored && !applied.sent.is_empty()))
    }

    async fn live_through_a_day(&mut self) -> Result<Day, Failure> {
        let bar = progress();
        let mut day = Day::default();
        for _ in 0..TICKS {
            let tick = self.site.tick().await?;
            day.keep(&tick, &self.world, &self.policy.device.serial);
            let into = u64::try_from(self.clock.now().timestamp_millis().rem_euclid(60_000)).unwrap_or_default();
            self.clock.advance(Duration::from_millis(60_000 - into));
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(day)
    }

    /// The last plan as its screen, and how many writes it has.
    async fn plan_again(&mut self) -> Result<(String, usize), Failure> {
        let inputs = self.site.survey(HORIZON).await?;
        let plan = Plan::make(&self.policy, &inputs);
        Ok((shown::text(&plan, "nothing to send."), plan.writes().len()))
    }

    /// What the meter has cost so far.
    fn cost(&self) -> f64 {
        let cloud = self.world.cloud();
        let cloud = cloud.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        cloud.world(&self.policy.device.serial).map_or(0.0, crate::simulator::world::World::cost)
    }

    /// What the journal says happened, one line each.
    fn happened(&self, kinds: &[LogKind]) -> Result<String, Failure> {
        let filter = LogFilter { kinds: kinds.to_vec(), ..LogFilter::default() };
        let mut lines = String::new();
        for entry in self.site.journal().log(&filter, 60)? {
            let local = self.policy.zone.local(entry.at);
            let line = format!("  {} {}  {:8}  {}\n", local.weekday(), local.time(), entry.kind.word(), entry.text);
            lines.push_str(&line);
        }
        Ok(lines)
    }
}

/// Prices of the two days, by which the simulated meter counts money.
fn price(world: &Kept, policy: &Policy, start: Instant) {
    let until = crate::time::after(start, HORIZON + HORIZON);
    let prices = crate::engine::banded_prices(policy, start, until);
    let cloud = world.cloud();
    let mut cloud = cloud.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(world) = cloud.world_mut(&policy.device.serial) {
        world.set_prices(prices);
    }
}

fn opening(plan: &str) -> String {
    format!(
        "A house in London, a 10.1 kWh battery and a night tariff, all simulated: only the program is real.\n\
         Its policy is {FILE}.\n\n1. What would be written, and why (`offpeak plan`)\n\n{plan}\n2. The writes (`offpeak apply`)\n"
    )
}

fn ending(second: &(String, usize), folder: &Path) -> String {
    let (screen, pending) = second;
    let word = if *pending == 0 { "nothing is left to write" } else { "something is left to write" };
    format!("5. A second plan: {word}\n\n{screen}\nTry it yourself: offpeak plan {FILE} --state {}\n", folder.display())
}

fn progress() -> ProgressBar {
    let target = if terminal::progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template("  a day passes {wide_bar} {percent} %")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(TICKS), target).with_style(style)
}

/// Local weekday and time of a moment, for the story's lines.
fn at(policy: &Policy, at: Instant) -> String {
    moment::short(at, at, &policy.zone)
}
