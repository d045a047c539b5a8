//! Who decides in a replay: a policy by the very engine, plain self-consumption, or a timer.

use std::time::Duration;

use super::foresight::Foresight;
use super::known::Known;
use super::{Piece, Track};
use crate::engine::{Command, Decision, Memory, Readings, Residue, Situation, Source, View};
use crate::forecast::Forecast;
use crate::policy::Policy;
use crate::policy::model::Battery;
use crate::snapshot::{Snapshot, Unknown};
use crate::tariff::Prices;
use crate::time::{Instant, Local};
use crate::units::{Power, Soc};

/// How long the timer charges a day where prices change by the hour.
const TIMER_SECONDS: u64 = 4 * 3600;

/// One moment of a replay: the readings of its piece, and what the battery and the meter did just before.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The moment.
    pub at: Instant,
    /// The piece that it lies in.
    pub piece: &'a Piece,
    /// The piece's position in the track.
    pub index: usize,
    /// Whether the calendar may have changed its mind since the moment before.
    pub edge: bool,
    /// State of charge.
    pub soc: Soc,
    /// Power at the meter until now; unknown at the beginning and after a gap.
    pub grid: Option<Power>,
    /// Power of the battery until now; unknown at the beginning and after a gap.
    pub battery: Option<Power>,
}

/// Whoever decides what the battery does.
pub trait Mind {
    /// What holds from this moment on.
    fn decide(&mut self, moment: &Moment<'_>) -> Decision;
}

/// A policy, decided by the very engine that runs live.
#[derive(Debug)]
pub struct PolicyMind<'a> {
    policy: &'a Policy,
    track: &'a Track,
    memory: Memory,
    residue: Residue,
    known: Known,
    foresight: Option<Foresight>,
    site: Local,
    gap: Duration,
    nothing: Snapshot,
}

/// The device's own way, all the time.
#[derive(Clone, Copy, Debug)]
pub struct SelfConsumption(pub Soc);

/// Charges to the ceiling in the cheapest hours of each day, and self-consumes for the rest.
#[derive(Clone, Debug)]
pub struct Timer {
    charges: Vec<bool>,
    ceiling: Soc,
    reserve: Soc,
}

impl<'a> PolicyMind<'a> {
    /// A policy at the beginning of a track, with nothing remembered. `tick` is the time between two looks.
    #[must_use]
    pub fn new(policy: &'a Policy, track: &'a Track, tick: Duration) -> PolicyMind<'a> {
        let begin = track.pieces.first().map_or(Instant::UNIX_EPOCH, |piece| piece.at);
        PolicyMind {
            policy,
            track,
            memory: Memory::empty(policy),
            residue: Residue::default(),
            known: Known::default(),
            foresight: Foresight::of(policy),
            site: policy.zone.local(begin),
            // Looks follow each other without a gap, however far apart they are.
            gap: policy.limits.reading_max_age.max(tick),
            nothing: Snapshot::default(),
        }
    }
}

impl PolicyMind<'_> {
    /// The prices that are known at the newest moment.
    pub(super) fn prices(&self) -> &Prices {
        &self.known.prices
    }

    /// The forecast of the newest moment, if the policy asks for one.
    pub(super) fn forecast(&self) -> Forecast {
        self.foresight.as_ref().map(|foresight| foresight.forecast().clone()).unwrap_or_default()
    }

    /// What is remembered at the newest moment.
    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }
}

impl Mind for PolicyMind<'_> {
    fn decide(&mut self, moment: &Moment<'_>) -> Decision {
        if moment.edge {
            self.site = self.policy.zone.local(moment.at);
            self.residue.begin(self.policy, moment.at, self.site);
        }
        let fresh = self.known.refresh(self.track, moment.at);
        if let Some(foresight) = &mut self.foresight {
            foresight.look(self.policy, moment, fresh, &mut self.known.prices);
        }
        let prices = self.known.at(moment.at);
        let situation = Situation { snapshot: &self.nothing, prices: &self.known.prices, manual: None, now: moment.at };
        let readings = Readings { prices: Some(prices), ..readings(moment) };
        if !self.policy.observations.is_empty() {
            self.memory.look(self.policy, &readings, &situation, self.gap);
        }
        let view = View { policy: self.policy, situation, memory: &self.memory, readings, site: self.site };
        let decision = self.residue.decide(&view);
        if let Some(foresight) = &mut self.foresight {
            foresight.note(decision.command);
        }
        decision
    }
}

/// What a device would report at this moment. A history knows nothing of a car.
fn readings(moment: &Moment<'_>) -> Readings {
    let watts = |power: Option<Power>| power.map(Power::watts).ok_or(Unknown::NoReading);
    Readings {
        soc: Ok(moment.soc.percent()),
        solar: Ok(moment.piece.solar.watts()),
        load: Ok(moment.piece.load.watts()),
        grid: watts(moment.grid),
        battery: watts(moment.battery),
        ev: Err(Unknown::NoReading),
        prices: None,
    }
}

impl Mind for SelfConsumption {
    fn decide(&mut self, _: &Moment<'_>) -> Decision {
        Decision { source: Source::Otherwise, command: Command::SelfConsume { floor: self.0 } }
    }
}

impl Timer {
    /// The timer of a track. Where the prices are a tariff's bands it charges in the cheapest band of each day; where they
    /// come from the history, in the cheapest four hours. On a day of one price it never charges.
    #[must_use]
    pub fn new(battery: &Battery, track: &Track) -> Timer {
        let mut charges = vec![false; track.pieces.len()];
        let mut begin = 0;
        for day in track.pieces.chunk_by(|one, next| one.day == next.day) {
            for index in cheapest(day, track.published) {
                if let Some(charge) = charges.get_mut(begin + index) {
                    *charge = true;
                }
            }
            begin += day.len();
        }
        Timer { charges, ceiling: battery.ceiling, reserve: battery.reserve }
    }
}

/// The cheapest pieces of a day, as positions in it.
fn cheapest(day: &[Piece], published: bool) -> Vec<usize> {
    let price = |index: &usize| day.get(*index).map_or(f64::INFINITY, |piece| piece.import.amount());
    let mut order: Vec<usize> = (0..day.len()).collect();
    order.sort_by(|one, other| price(one).total_cmp(&price(other)));
    let (Some(least), Some(most)) = (order.first().map(price), order.last().map(price)) else { return Vec::new() };
    if least >= most {
        return Vec::new();
    }
    let mut taken = 0u64;
    let wanted = |index: &usize| {
        let enough = if published { taken >= TIMER_SECONDS } else { price(index) > least };
        taken += day.get(*index).map_or(0, |piece| u64::from(piece.seconds));
        !enough
    };
    order.into_iter().take_while(wanted).collect()
}

impl Mind for Timer {
    fn decide(&mut self, moment: &Moment<'_>) -> Decision {
        let charges = self.charges.get(moment.index).copied().unwrap_or_default();
        let command = if charges {
            Command::ChargeTo { target: self.ceiling, power: None }
        } else {
            Command::SelfConsume { floor: self.reserve }
        };
        Decision { source: Source::Otherwise, command }
    }
}
