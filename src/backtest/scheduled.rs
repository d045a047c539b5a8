//! A policy whose word reaches the battery only as a schedule: compiled for the device's store, written within the budget.

use std::time::Duration;

use super::{Mind, Moment, PolicyMind, Track};
use crate::device::{Schedule, Store, TwoWindow, WindowList};
use crate::engine::Decision;
use crate::plan::timeline::Steps;
use crate::plan::{Compiled, Inputs, Outlook, Plan, StandIn};
use crate::policy::Policy;
use crate::snapshot::{Reading, Snapshot};
use crate::time::{Instant, after, before};
use crate::units::Power;

/// How far ahead is planned.
const HORIZON: Duration = Duration::from_secs(24 * 3600);

/// A day, from which load and sun of the next are taken.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// How many days before are looked back on for load and sun.
const DAYS_BACK: u32 = 7;

/// Seconds between two plans where nothing changes and nothing waits, and where something waits.
const BETWEEN_PLANS: [i64; 2] = [3600, 900];

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    /// Writes in all.
    pub total: u64,
    /// Writes of the local day that had the most.
    pub per_day_max: u32,
    /// For how long the device did something else than the policy commanded.
    pub apart: Duration,
}

/// A policy behind a device that does what its schedule says.
#[derive(Debug)]
pub struct Scheduled<'a> {
    mind: PolicyMind<'a>,
    policy: &'a Policy,
    track: &'a Track,
    device: StandIn,
    day: Option<usize>,
    decided: Option<Decision>,
    waits: bool,
    writes: Writes,
    today: u32,
    tick: Duration,
}

impl<'a> Scheduled<'a> {
    /// A policy at the beginning of a track, whose device holds what it came with: nothing that charges or forbids.
    #[must_use]
    pub fn new(policy: &'a Policy, track: &'a Track, tick: Duration) -> Scheduled<'a> {
        Scheduled {
            mind: PolicyMind::new(policy, track, tick),
            policy,
            track,
            device: StandIn::new(Some(fresh(policy.device.capability().store))),
            day: None,
            decided: None,
            waits: false,
            writes: Writes::default(),
            today: 0,
            tick,
        }
    }

    /// What was written so far.
    #[must_use]
    pub fn writes(&self) -> Writes {
        self.writes
    }

    /// Whether anything that a plan rests on may have changed.
    fn is_due(&self, moment: &Moment<'_>, decided: Decision) -> bool {
        let between = if self.waits { BETWEEN_PLANS[1] } else { BETWEEN_PLANS[0] };
        moment.edge || self.decided != Some(decided) || moment.at.timestamp().rem_euclid(between) == 0
    }

    fn plan(&mut self, moment: &Moment<'_>) {
        let inputs = self.inputs(moment);
        let plan = Plan::priced(self.policy, &inputs, self.mind.prices().clone());
        let waits = |compiled: &Compiled| !compiled.deferred.is_empty() || compiled.waits_until.is_some();
        self.waits = plan.compiled.as_ref().is_ok_and(waits);
        let written = self.device.store(self.policy, &plan, moment.at).len();
        let written = u32::try_from(written).unwrap_or(u32::MAX);
        self.today = self.today.saturating_add(written);
        self.writes.total = self.writes.total.saturating_add(u64::from(written));
        self.writes.per_day_max = self.writes.per_day_max.max(self.today);
    }

    fn inputs(&self, moment: &Moment<'_>) -> Inputs {
        let now = moment.at;
        let reading = |power: Option<Power>| power.map(|power| Reading::good(power, now));
        let readings = Snapshot {
            soc: Some(Reading::good(moment.soc, now)),
            load: reading(Some(moment.piece.load)),
            solar: reading(Some(moment.piece.solar)),
            grid: reading(moment.grid),
            battery: reading(moment.battery),
            ev: None,
        };
        let outlook = Outlook { forecast: self.mind.forecast(), ..outlook(self.track, now) };
        self.device.inputs(self.policy, now, HORIZON, readings, self.mind.memory().clone(), outlook)
    }

    fn new_day(&mut self, day: usize) {
        if self.day != Some(day) {
            (self.day, self.today) = (Some(day), 0);
            self.device.begin_day();
        }
    }
}

impl Mind for Scheduled<'_> {
    fn decide(&mut self, moment: &Moment<'_>) -> Decision {
        let decided = self.mind.decide(moment);
        self.new_day(moment.piece.day);
        if self.is_due(moment, decided) {
            self.plan(moment);
        }
        self.decided = Some(decided);
        let command = self.device.command(self.policy, self.policy.zone.local(moment.at));
        if command != decided.command {
            // Ticks that a piece's end cuts short count as whole ones; there are few.
            self.writes.apart = self.writes.apart.saturating_add(self.tick);
        }
        Decision { source: decided.source, command }
    }
}

/// What a store holds from the factory: nothing charges, nothing is forbidden.
fn fresh(store: Store) -> Schedule {
    match store {
        Store::TwoWindow => Schedule::TwoWindow(TwoWindow::NEUTRAL),
        store => Schedule::Windows(WindowList::empty(store)),
    }
}

/// Load and sun of the coming day: the mean of the same moments of the days before, as far as the history has them.
fn outlook(track: &Track, now: Instant) -> Outlook {
    let mut load = Vec::with_capacity(96);
    let mut solar = Vec::with_capacity(96);
    for quarter in 0..96u32 {
        let at = after(now, Duration::from_secs(u64::from(quarter) * 900));
        let mut sums = (Power::ZERO, Power::ZERO, 0.0);
        for day in 1..=DAYS_BACK {
            if let Some(piece) = track.piece_at(before(at, DAY * day)) {
                sums = (sums.0 + piece.load, sums.1 + piece.solar, sums.2 + 1.0);
            }
        }
        if sums.2 > 0.0 {
            load.push((at, sums.0 * (1.0 / sums.2)));
            solar.push((at, sums.1 * (1.0 / sums.2)));
        }
    }
    Outlook { load: Steps::new(load), solar: Steps::new(solar), ..Outlook::default() }
}
