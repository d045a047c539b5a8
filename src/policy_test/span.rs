//! A span, lived through minute by minute.

use super::judge::{self, Outcome, Scene};
use super::memory::{Derived, TICK, memory, prices, readings, states_prices, valueless};
use super::model::{Given, Stated, Test, Told};
use crate::battery::{self, Behaviour};
use crate::device::Step;
use crate::engine::{Decision, Memory, Situation, evaluate};
use crate::plan::timeline::Steps;
use crate::plan::{Inputs, Outlook, Plan, StandIn, untouched};
use crate::policy::Policy;
use crate::snapshot::{Signal, Snapshot};
use crate::tariff::Prices;
use crate::time::{Instant, after, before, elapsed};
use crate::units::{Energy, Power, Soc};

/// Seconds between two looks at what is to be written: the quarter hour, which is the finest grid of any device. A decision
/// that changes in between is looked at at once.
const QUARTER: i64 = 900;

/// How far beyond a span its prices are known: a schedule that repeats is laid over a week and a day at most.
const AHEAD: std::time::Duration = std::time::Duration::from_secs(9 * 86_400);

/// What became of a span.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What was decided: stretches in order, each beginning where the one before it ends; two neighbours differ.
    pub decided: Vec<Decided>,
    /// Every write, in order.
    pub writes: Vec<Written>,
    /// What the energy cost less what it earned, in the tariff's currency; or from when on that is not known.
    pub cost: Result<f64, (Instant, Gap)>,
    /// What came from the grid, as far as it is known.
    pub import: Energy,
    /// What went to the grid, as far as it is known.
    pub export: Energy,
    /// The state of charge at the end.
    pub soc: Option<Soc>,
}

/// A stretch with one decision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decided {
    /// The first instant.
    pub from: Instant,
    /// The first instant after it.
    pub until: Instant,
    /// What was decided.
    pub decision: Decision,
}

/// One write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// When.
    pub at: Instant,
    /// What.
    pub step: Step,
}

/// Why the cost of a span is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// This signal is unknown, and with it what passes the meter.
    Unknown(Signal),
    /// Energy was bought, and no price of import is known.
    ImportPrice,
    /// Energy was sold, and no price of export is known.
    ExportPrice,
}

/// What lives through a span.
struct World<'a> {
    policy: &'a Policy,
    given: &'a Given,
    prices: Prices,
    outlook: Outlook,
    memory: Memory,
    device: StandIn,
    derived: Derived,
    newest: Option<Decision>,
    run: Run,
}

/// Lives through the span of a test, and compares.
pub(super) fn judged(policy: &Policy, test: &Test, from: Instant, until: Instant) -> Outcome {
    let run = live(policy, &test.given, from, until);
    let fired = judge::fired(policy, run.decided.iter().map(|decided| decided.decision.source));
    let failures = judge::span(policy, test, &run, |at| scene(policy, &test.given, from, at));
    let run = (!failures.is_empty()).then(|| Box::new(run));
    Outcome { fired, failures, run }
}

/// Lives through a span.
fn live(policy: &Policy, given: &Given, from: Instant, until: Instant) -> Run {
    let mut world = World::new(policy, given, from, until);
    world.live(from, until);
    world.run.soc = world.derived.soc;
    world.run
}

/// What was known at an instant of a span: it is lived through again up to there.
fn scene(policy: &Policy, given: &Given, from: Instant, at: Instant) -> Scene {
    let mut world = World::new(policy, given, from, after(at, TICK));
    world.live(from, at);
    let readings = world.look(at);
    Scene { inputs: world.inputs(at, readings), prices: world.prices, valueless: valueless(given, at) }
}

impl<'a> World<'a> {
    fn new(policy: &'a Policy, given: &'a Given, from: Instant, until: Instant) -> World<'a> {
        let run = Run {
            decided: Vec::new(),
            writes: Vec::new(),
            cost: Ok(0.0),
            import: Energy::ZERO,
            export: Energy::ZERO,
            soc: None,
        };
        let mut world = World {
            policy,
            given,
            prices: prices(policy, given, from, after(until, AHEAD)),
            outlook: outlook(given, from),
            memory: memory(policy, given, from),
            device: StandIn::new(untouched(policy)),
            derived: Derived { soc: given.soc.value(from).and_then(Soc::from_percent), battery: None, grid: None },
            newest: None,
            run,
        };
        world.settle(from);
        world
    }

    /// What the battery and the meter show as the span begins, if the device goes on as it did.
    fn settle(&mut self, from: Instant) {
        let start = self.derived.soc;
        let _ = self.physics(from, after(from, TICK));
        self.derived.soc = start;
    }

    /// Lives from tick to tick.
    fn live(&mut self, from: Instant, until: Instant) {
        let mut now = from;
        while now < until {
            let next = after(now, TICK).min(until);
            let readings = self.look(now);
            let changed = self.decide(now, &readings, next);
            if self.device.is_writable() && (changed || now.timestamp().rem_euclid(QUARTER) == 0) {
                let inputs = self.inputs(now, readings);
                self.write(&inputs);
            }
            self.pass(now, next);
            now = next;
        }
    }

    /// What is read at an instant; what is remembered takes note of it.
    fn look(&mut self, now: Instant) -> Snapshot {
        if !matches!(self.given.soc, Stated::Constant(Told::Value(_)) | Stated::Absent) {
            self.derived.soc = self.given.soc.value(now).and_then(Soc::from_percent);
        }
        let readings = readings(self.policy, self.given, now, Some(&self.derived));
        let situation = Situation { snapshot: &readings, prices: &self.prices, manual: None, now };
        self.memory.observe(self.policy, &situation);
        readings
    }

    fn inputs(&self, now: Instant, readings: Snapshot) -> Inputs {
        self.device.inputs(self.policy, now, TICK, readings, self.memory.clone(), self.outlook.clone())
    }

    /// Decides; whether it is another decision than a tick ago.
    fn decide(&mut self, now: Instant, readings: &Snapshot, next: Instant) -> bool {
        let situation = Situation { snapshot: readings, prices: &self.prices, manual: None, now };
        let decision = evaluate(self.policy, &situation, &self.memory);
        match self.run.decided.last_mut() {
            Some(last) if last.decision == decision => last.until = next,
            _ => self.run.decided.push(Decided { from: now, until: next, decision }),
        }
        self.newest.replace(decision) != Some(decision)
    }

    /// Plans, and writes what the plan says.
    fn write(&mut self, inputs: &Inputs) {
        let plan = if states_prices(self.given) {
            Plan::priced(self.policy, inputs, self.prices.clone())
        } else {
            Plan::make(self.policy, inputs)
        };
        let at = inputs.now;
        let steps = self.device.store(self.policy, &plan, at);
        self.run.writes.extend(steps.into_iter().map(|step| Written { at, step }));
    }

    /// Lets the time until the next look pass.
    fn pass(&mut self, now: Instant, next: Instant) {
        let moved = self.physics(now, next).map(|grid| grid.over(elapsed(now, next)));
        self.account(now, moved);
        let zone = &self.policy.zone;
        if zone.local(now).date != zone.local(next).date {
            self.device.begin_day();
        }
    }

    /// Moves the battery on, and gives the power at the meter; where the charge, the load or the sun is unknown, so is what
    /// follows, and the signal is given.
    fn physics(&mut self, now: Instant, next: Instant) -> Result<Power, Signal> {
        let power = |signal: Signal| self.given.of(signal).value(now).and_then(Power::from_watts).ok_or(signal);
        let known = power(Signal::Load).and_then(|load| {
            let solar = power(Signal::Solar)?;
            Ok((self.derived.soc.ok_or(Signal::Soc)?, (load, solar)))
        });
        let command = self.device.command(self.policy, self.policy.zone.local(now));
        let step = known.map(|(soc, (load, solar))| {
            let span = elapsed(now, next);
            battery::step(&self.policy.battery, soc, command, load, solar, span, Behaviour::default())
        });
        self.derived = Derived {
            soc: step.ok().map(|step| step.soc),
            battery: step.ok().map(|step| step.battery),
            grid: step.ok().map(|step| step.grid),
        };
        step.map(|step| step.grid)
    }

    fn account(&mut self, now: Instant, moved: Result<Energy, Signal>) {
        let run = &mut self.run;
        let moved = match moved {
            Ok(moved) => moved,
            Err(signal) => {
                run.cost = run.cost.and(Err((now, Gap::Unknown(signal))));
                return;
            }
        };
        let bought = moved > Energy::ZERO;
        let (price, gap) = if bought {
            run.import = run.import + moved;
            (self.prices.import.at(now), Gap::ImportPrice)
        } else {
            run.export = run.export - moved;
            (self.prices.export.at(now), Gap::ExportPrice)
        };
        run.cost = match (run.cost, price) {
            (Ok(cost), _) if moved == Energy::ZERO => Ok(cost),
            (Ok(cost), Some(price)) => Ok(cost + moved.kilowatt_hours() * price.amount()),
            (Ok(_), None) => Err((now, gap)),
            (unknown, _) => unknown,
        };
    }
}

/// What load, sun and car will be: what is stated of them, known ahead.
fn outlook(given: &Given, from: Instant) -> Outlook {
    let steps = |signal: Signal| match given.of(signal) {
        Stated::Constant(Told::Value(watts)) => {
            Power::from_watts(*watts).map(|power| Steps::constant(before(from, TICK), power)).unwrap_or_default()
        }
        Stated::Series(series) => {
            let known = |(at, told): &(Instant, Told)| match told {
                Told::Value(watts) => Some((*at, Power::from_watts(*watts)?)),
                Told::Stale | Told::Unknown => None,
            };
            Steps::new(series.iter().filter_map(known).collect())
        }
        Stated::Absent | Stated::Constant(_) => Steps::default(),
    };
    Outlook { load: steps(Signal::Load), solar: steps(Signal::Solar), ev: steps(Signal::Ev), ..Outlook::default() }
}

impl Run {
    /// What was decided at an instant of the span.
    #[must_use]
    pub fn at(&self, at: Instant) -> Option<&Decided> {
        self.decided.iter().find(|decided| decided.from <= at && at < decided.until)
    }
}
