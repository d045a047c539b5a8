//! All that happens to a site once a minute.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::company::SERVICE;
use super::due::PRUNE_EVERY;
use super::gather::Remembrance;
use super::record::{self, Context};
use super::site::{DRIVER_NOTE, Site, SiteError};
use super::{Due, due};
use crate::device::{Schedule, Settings};
use crate::engine::{Decision, Situation, Source, banded_prices};
use crate::journal::{Retention, TickRecord};
use crate::plan::timeline::Point;
use crate::plan::{Inputs, Plan, Timeline};
use crate::report;
use crate::time::{Instant, after, elapsed};
use crate::units::{Power, Price, Soc};

/// How far the service looks ahead: what the orphan check needs, and no more.
pub(super) const HORIZON: Duration = Duration::from_secs(24 * 3600);

/// The key of the note that keeps when old records were last forgotten.
const PRUNE_NOTE: &str = "pruned";

/// A schedule read longer ago than this is read again before anything is written.
const FRESH: Duration = Duration::from_secs(60);

/// What a tick came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// When it began.
    pub at: Instant,
    /// What was decided.
    pub decision: Decision,
    /// The schedule as it is known at the end.
    pub schedule: Option<Schedule>,
    /// What was sent, in order.
    pub sent: Vec<Settings>,
    /// Writes that wait.
    pub pending: usize,
    /// Whether everything that this tick had to look at was seen.
    pub verified: bool,
}

impl Site {
    /// One tick: look, decide, plan, write what is due, watch, journal.
    ///
    /// # Errors
    /// The journal cannot be read or written: whoever runs this stops, since nothing may be granted without it.
    pub async fn tick(&mut self) -> Result<Tick, SiteError> {
        let now = self.clock.now();
        self.credence.look(now, self.clock.uptime());
        let Due { schedule, prune } = due(&self.policy.limits, &self.last, now);
        let mut verified = self.look_at_readings().await?;
        let mut sent = self.recover().await?;
        if self.has_schedule() && (schedule || self.schedule.is_none()) {
            verified &= self.look_at_schedule().await?;
        }
        sent.extend(self.go_on().await?);
        let (decision, pending) = self.decide_and_write(&mut sent).await?;
        self.watch_effect()?;
        self.keep(prune)?;
        verified &= (self.schedule.is_some() || !self.has_schedule()) && self.under_way.is_none();
        if verified {
            self.journal.set_verified_cycle(&self.name(), self.clock.now())?;
        }
        Ok(Tick { at: now, decision, schedule: self.present(), sent, pending, verified })
    }

    /// Decides, journals the decision with all that it rests on, and writes what is due.
    async fn decide_and_write(&mut self, sent: &mut Vec<Settings>) -> Result<(Decision, usize), SiteError> {
        let now = self.clock.now();
        let memory_before = record::memory_text(&self.policy, &self.memory);
        let remembrance = Remembrance::of(&self.journal, &self.policy, now)?;
        self.observe(&remembrance, now)?;
        let inputs = self.inputs(now, HORIZON, &remembrance)?;
        let policy = self.policy.clone();
        let plan = Plan::make(&policy, &inputs);
        let pending = plan.writes().len();
        self.journal_tick(&plan, memory_before)?;
        self.note_letting_go(&plan)?;
        if pending > 0 && self.may_begin(&plan)? {
            let plan_again = self.look_again(&inputs).await?;
            let fresh = plan_again.as_ref().map_or(&inputs, |again| again);
            let plan = Plan::make(&policy, fresh);
            sent.extend(self.begin_sequence(&plan).await?);
        }
        Ok((plan.decision, pending))
    }

    /// Lets every condition with a memory look at this moment, and keeps what it remembers before anything is written on it: a
    /// latch that has let go must not be found shut by the next process.
    pub(super) fn observe(&mut self, remembrance: &Remembrance, now: Instant) -> Result<(), SiteError> {
        let prices = banded_prices(&self.policy, now, after(now, FRESH));
        let situation =
            Situation { snapshot: &self.readings, prices: &prices, manual: remembrance.manual.as_ref(), now };
        self.memory.observe(&self.policy, &situation);
        Ok(self.journal.set_memory(&self.policy.site, &record::memory_texts(&self.policy, &self.memory))?)
    }

    /// Reads the schedule again if it was read too long ago to write on: read, change, write.
    async fn look_again(&mut self, inputs: &Inputs) -> Result<Option<Inputs>, SiteError> {
        let now = self.clock.now();
        if self.last.schedule.is_some_and(|at| at <= now && elapsed(at, now) <= FRESH) {
            return Ok(None);
        }
        if !self.look_at_schedule().await? {
            return Ok(Some(Inputs { present: None, ..inputs.clone() }));
        }
        let permits = self.permits(&Remembrance::of(&self.journal, &self.policy, now)?);
        Ok(Some(Inputs { present: self.present(), permits, ..inputs.clone() }))
    }

    /// Keeps what a replay needs.
    fn journal_tick(&self, plan: &Plan<'_>, memory: String) -> Result<(), SiteError> {
        let inputs = plan.inputs;
        let context = Context {
            horizon_seconds: inputs.horizon.as_secs(),
            outlook: inputs.outlook.clone(),
            permits: inputs.permits,
            last_change: inputs.last_change,
            digest: digest(plan),
        };
        let rule = match plan.decision.source {
            Source::Rule(index) => self.policy.rules.get(index).map(|rule| rule.name.clone()),
            Source::Otherwise | Source::Override => None,
        };
        let manual = self.journal.active_override(&self.policy.site, inputs.now)?;
        let record = TickRecord {
            at: inputs.now,
            revision: self.policy.revision.clone(),
            readings: inputs.readings.clone(),
            prices: crate::tariff::Prices::default(),
            memory,
            manual: manual.map(|manual| (manual.action, manual.until)),
            schedule: inputs.present,
            writes_used: inputs.used,
            context: context.to_text(),
            decision: plan.decision,
            rule,
        };
        Ok(self.journal.record_tick(&self.policy.site, &record)?)
    }

    /// Keeps what must outlive the process, and forgets what is old.
    pub(super) fn keep(&mut self, prune: bool) -> Result<(), SiteError> {
        let now = self.clock.now();
        let site = self.name();
        self.journal.set_note(&site, DRIVER_NOTE, &self.hand.memory(), now)?;
        if prune {
            self.prune(now)?;
            self.last.prune = Some(now);
        }
        Ok(())
    }

    /// Forgets what is old, of every site: once for all that share the journal.
    fn prune(&self, now: Instant) -> Result<(), SiteError> {
        let last = self.journal.note(SERVICE, PRUNE_NOTE)?.map(|(at, _)| at);
        if last.is_none_or(|at| at > now || elapsed(at, now) >= PRUNE_EVERY) {
            self.journal.prune(&Retention::default(), now)?;
            self.journal.set_note(SERVICE, PRUNE_NOTE, "", now)?;
        }
        Ok(())
    }
}

/// SHA-256 of a plan: of its JSON, and of the battery's course to the last bit, which as JSON would take longer than all the
/// rest of a tick. What a replay has to meet.
pub(super) fn digest(plan: &Plan<'_>) -> String {
    let spec = &plan.policy.device;
    let device = report::Device { name: spec.driver().name(), serial: &spec.serial };
    let payload = |settings: &Settings| super::payload(settings, spec);
    let told = Plan {
        policy: plan.policy,
        inputs: plan.inputs,
        capability: plan.capability.clone(),
        prices: plan.prices.clone(),
        decision: plan.decision,
        timeline: Timeline { spans: plan.timeline.spans.clone(), course: Vec::new() },
        safe_mode: plan.safe_mode,
        rests_on_reading: plan.rests_on_reading,
        compiled: plan.compiled.clone(),
    };
    let mut digest = Sha256::new();
    digest.update(report::plan_json(&told, &device, &payload).to_string());
    plan.timeline.course.iter().for_each(|point| digest.update(bits(point)));
    hex::encode(digest.finalize())
}

/// A point of the course, bit by bit; what is not known is told apart from every number.
fn bits(point: &Point) -> Vec<u8> {
    let power = |power: Option<Power>| power.map(Power::watts);
    let soc = point.soc.map(Soc::percent);
    let values = [soc, power(point.battery), power(point.grid), point.import.map(Price::amount)];
    let number = |value: &Option<f64>| value.map_or([0; 9], |value| framed(value.to_le_bytes()));
    point.at.timestamp_millis().to_le_bytes().into_iter().chain(values.iter().flat_map(number)).collect()
}

fn framed([a, b, c, d, e, f, g, h]: [u8; 8]) -> [u8; 9] {
    [1, a, b, c, d, e, f, g, h]
}
