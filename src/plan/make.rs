//! A plan: what holds, what will, what the device has, what it is to have, and which writes lead there.

use std::time::Duration;

use super::budget::{Permits, Refusal};
use super::compile::{Compiled, NotPossible, Request, compile};
use super::project;
use super::standing::standing;
use super::timeline::{Outlook, Timeline};
use crate::device::{Capability, PerObject, Schedule, Step};
use crate::engine::{
    Command, Decision, Explanation, Memory, Override, Situation, Source, banded_prices, evaluate, explain,
};
use crate::follow;
use crate::policy::Policy;
use crate::policy::model::{Action, WhenBlind};
use crate::snapshot::{Signal, Snapshot};
use crate::tariff::Prices;
use crate::time::{Instant, after, elapsed};
use crate::worth::StoredWorth;

/// How long a grip that a reading changed stays before a reading changes it again.
const STEADY: Duration = Duration::from_secs(30 * 60);

/// Everything that a plan depends on beside the policy. The same inputs make the same plan, to the byte.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    /// The present.
    pub now: Instant,
    /// How far to look ahead; a day is looked at in any case.
    pub horizon: Duration,
    /// What was read.
    pub readings: Snapshot,
    /// What was seen before, this moment included.
    pub memory: Memory,
    /// The owner's manual command, if one holds.
    pub manual: Option<Override>,
    /// What load, sun and car are taken to be.
    pub outlook: Outlook,
    /// The schedule on the device; `None` if it could not be read.
    pub present: Option<Schedule>,
    /// Writes of this local day that may have reached the vendor, of each object.
    pub used: PerObject<u32>,
    /// What may be granted now.
    pub permits: Permits,
    /// The last time at which a write changed the grip in force.
    pub last_change: Option<GripChange>,
}

/// A write that changed how the device was gripped at that very moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GripChange {
    /// When it was proved.
    pub at: Instant,
    /// What decided it.
    pub cause: Cause,
}

/// What decided the grip in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Time, calendars, prices or the owner alone.
    Time,
    /// A reading.
    Reading,
    /// A reading that does not ask for it any more: it stands only so that the schedule does not flap.
    LetGo,
}

/// What follows from a policy and its inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// What it was made from.
    pub inputs: &'a Inputs,
    /// What the device can do through the store that holds its schedule.
    pub capability: Capability,
    /// The known prices over the horizon.
    pub prices: Prices,
    /// What holds now.
    pub decision: Decision,
    /// What will hold, and the battery's course through it.
    pub timeline: Timeline,
    /// Whether safe mode holds because the readings failed and the policy says so.
    pub safe_mode: bool,
    /// Whether the decision rests on a reading: time, calendars and prices alone would have decided otherwise.
    pub rests_on_reading: bool,
    /// What the device is to hold and how to get there; or why that cannot be said.
    pub compiled: Result<Compiled, Obstacle>,
}

/// Why no schedule could be made.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Obstacle {
    /// The schedule on the device is not known, so nothing is written.
    #[error("the schedule on the device is not known, so nothing can be planned for it")]
    PresentUnknown,
    /// The policy maps nothing of the device that may be written.
    #[error("this device is read only: the policy's `settings` maps nothing that may be written")]
    ReadOnly,
    /// The device cannot do what is asked at all.
    #[error("{0}")]
    NotPossible(NotPossible),
}

impl<'a> Plan<'a> {
    /// Plans.
    #[must_use]
    pub fn make(policy: &'a Policy, inputs: &'a Inputs) -> Plan<'a> {
        let ahead = if follows(policy, inputs) { follow::HORIZON } else { Duration::ZERO };
        let end = after(inputs.now, horizon(policy, inputs).max(ahead));
        Plan::priced(policy, inputs, banded_prices(policy, inputs.now, end))
    }

    /// Plans by other prices than those of the policy's bands.
    #[must_use]
    pub fn priced(policy: &'a Policy, inputs: &'a Inputs, mut prices: Prices) -> Plan<'a> {
        prices.stored = stored(policy, inputs, &prices);
        let situation = situation(inputs, &prices);
        let decision = evaluate(policy, &situation, &inputs.memory);
        let safe_mode = policy.limits.when_blind == WhenBlind::SelfConsume && is_blind(policy, inputs);
        let timeline = timeline(policy, inputs, &prices, safe_mode);
        let rests_on_reading = rests_on_reading(policy, &situation, &inputs.memory, decision);
        let capability = capability(policy, inputs);
        let compiled = compiled(policy, inputs, &capability, &timeline, safe_mode, rests_on_reading);
        Plan { policy, inputs, capability, prices, decision, timeline, safe_mode, rests_on_reading, compiled }
    }

    /// Why the decision is what it is.
    #[must_use]
    pub fn explanation(&self) -> Explanation<'_> {
        explain(self.policy, &situation(self.inputs, &self.prices), &self.inputs.memory)
    }

    /// Whether the state of charge, on which every guard and every effect rests, cannot be used.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        is_blind(self.policy, self.inputs)
    }

    /// The writes that are pending, in the order in which they would go out.
    #[must_use]
    pub fn writes(&self) -> &[Step] {
        self.compiled.as_ref().map_or(&[], |compiled| &compiled.writes)
    }
}

/// What stored energy is worth, if anything that may decide asks for it.
fn stored(policy: &Policy, inputs: &Inputs, prices: &Prices) -> StoredWorth {
    if !follows(policy, inputs) {
        return StoredWorth::default();
    }
    let mut worth = follow::stored_worth(&policy.battery, prices, &inputs.outlook.forecast, inputs.now);
    if let Some(present) = &inputs.present {
        worth.stand(standing(present, policy.battery.reserve, &policy.zone, inputs.now, follow::HORIZON));
    }
    worth
}

/// Whether anything asks what stored energy is worth.
fn follows(policy: &Policy, inputs: &Inputs) -> bool {
    let by_hand = inputs.manual.is_some_and(|manual| manual.action == Action::FollowPlan);
    by_hand || policy.follows_plan()
}

/// What the device can do through the store that holds its schedule, as far as that is known.
fn capability(policy: &Policy, inputs: &Inputs) -> Capability {
    Capability::of(&policy.device.kind, inputs.present.as_ref().map(Schedule::store))
}

/// How far to project: a schedule repeats every day or every week of the wall clock, whose days have 23 to 25 hours, and is
/// laid over a whole lap.
fn horizon(policy: &Policy, inputs: &Inputs) -> Duration {
    let local = policy.zone.local(inputs.now);
    let days = chrono::Days::new(u64::from(capability(policy, inputs).repeats_after_days()));
    let lap = local
        .date
        .checked_add_days(days)
        .map(|tomorrow| elapsed(inputs.now, policy.zone.latest(tomorrow, local.time())));
    inputs.horizon.max(lap.unwrap_or_default())
}

/// Blind: the state of charge, on which every guard and every effect rests, cannot be used. A device that has none to tell is
/// blind when nothing else that it measures can be used.
fn is_blind(policy: &Policy, inputs: &Inputs) -> bool {
    let usable = |signal| inputs.readings.usable(signal, inputs.now, policy.limits.reading_max_age).is_ok();
    let readings = policy.device.capability().readings;
    let has_soc = readings.iter().any(|measured| measured.signal == Signal::Soc);
    if has_soc { !usable(Signal::Soc) } else { !readings.iter().any(|measured| usable(measured.signal)) }
}

fn situation<'a>(inputs: &'a Inputs, prices: &'a Prices) -> Situation<'a> {
    Situation { snapshot: &inputs.readings, prices, manual: inputs.manual.as_ref(), now: inputs.now }
}

/// The projection; in safe mode all that it commits to is self-consumption, but for the owner's own command.
fn timeline(policy: &Policy, inputs: &Inputs, prices: &Prices, safe_mode: bool) -> Timeline {
    let Inputs { readings, memory, manual, outlook, now, .. } = inputs;
    let horizon = horizon(policy, inputs);
    let mut timeline = project(policy, readings, prices, memory, manual.as_ref(), outlook, *now, horizon);
    if safe_mode {
        let safe = Command::SelfConsume { floor: policy.battery.reserve };
        let ruled = timeline.spans.iter_mut().filter(|span| span.expected.source != Source::Override);
        for span in ruled {
            let is_safe = span.expected.command == safe;
            (span.committed, span.programmable, span.certain) = (safe, is_safe, is_safe && span.certain);
        }
    }
    timeline
}

/// Whether a blind engine would have decided otherwise. The owner's own command rests on nothing.
fn rests_on_reading(policy: &Policy, seen: &Situation<'_>, memory: &Memory, decision: Decision) -> bool {
    let nothing = Snapshot::default();
    let blind = Situation { snapshot: &nothing, ..*seen };
    evaluate(policy, &blind, memory).command != decision.command
}

/// Until when the grip in force stays. Readings that hover at a threshold change it once in [`STEADY`] at most; and while
/// the readings fail, what a reading decided goes on for `program ahead` if the policy says `when blind: keep`. The owner's
/// command never waits.
fn steady_until(policy: &Policy, inputs: &Inputs, decision: Decision, rests_on_reading: bool) -> Option<Instant> {
    let change = inputs.last_change.filter(|change| change.cause != Cause::Time || rests_on_reading)?;
    let kept = change.cause == Cause::Reading && is_blind(policy, inputs);
    let until = if kept {
        let newest = Signal::ALL
            .into_iter()
            .filter_map(|signal| inputs.readings.reading(signal))
            .map(|reading| reading.taken_at);
        after(newest.max().unwrap_or(change.at), policy.limits.program_ahead)
    } else {
        after(change.at, STEADY)
    };
    (decision.source != Source::Override && change.at <= inputs.now && inputs.now < until).then_some(until)
}

fn compiled(
    policy: &Policy,
    inputs: &Inputs,
    capability: &Capability,
    timeline: &Timeline,
    safe_mode: bool,
    rests_on_reading: bool,
) -> Result<Compiled, Obstacle> {
    if !capability.can_write() {
        return Err(Obstacle::ReadOnly);
    }
    let present = inputs.present.as_ref().ok_or(Obstacle::PresentUnknown)?;
    let permits = if safe_mode { Permits::none(Refusal::Blind, None) } else { inputs.permits };
    let decision = timeline.spans.first().map(|span| span.expected);
    let steady = decision.and_then(|decision| steady_until(policy, inputs, decision, rests_on_reading));
    let request = Request {
        timeline,
        outlook: Some(&inputs.outlook),
        zone: &policy.zone,
        now: inputs.now,
        present,
        capability,
        reserve: policy.battery.reserve,
        ceiling: policy.battery.ceiling,
        charge_power: policy.battery.charge_power,
        program_ahead: policy.limits.program_ahead,
        extra_hold: policy.limits.extra_hold,
        permits,
        steady_until: steady.filter(|_| !safe_mode),
    };
    compile(&request).map_err(Obstacle::NotPossible)
}
