//! Whether the battery answers to what is stored.
//!
//! Reading back proves the cloud's copy alone. The device applies it one to five minutes later, or never and tells nobody,
//! so the only proof of effect is power that moves as commanded.

use std::time::Duration;

use crate::device::two_window::GRID_MINUTES;
use crate::device::{Day, Grip};
use crate::snapshot::{Signal, Snapshot};
use crate::time::{Instant, Local, after};
use crate::units::Power;

/// Within this of the window's start, or of the write if inside it, the battery must answer.
const DEADLINE: Duration = Duration::from_secs(15 * 60);

/// The vendor's slowest application of a write that is applied at all. What is measured before convicts nobody.
const APPLIED: Duration = Duration::from_secs(5 * 60);

/// Power in watts below which nothing is said to move: the vendor's balance holds within 50 to 200 W.
const NOISE: f64 = 100.0;

/// Load beyond sun in watts from which on a free battery would be seen to cover it.
const DEMAND: f64 = 300.0;

/// Percent of charge within which of a cap or a floor the battery need not move.
const NEAR: f64 = 3.0;

/// Share of the greatest charge power at which the sun alone may be all that the battery takes.
const FULL_POWER: f64 = 0.9;

/// What is expected of the battery and since when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Watch {
    /// The grip in force.
    pub grip: Grip,
    /// The floor in force, in percent; `None` where the device's own holds.
    pub floor: Option<u8>,
    /// When the window began, or when it was written if that was later.
    pub since: Instant,
    /// The most that the battery takes.
    pub charge_power: Power,
    /// Readings older than this when they were read say nothing.
    pub max_age: Duration,
}

/// The readings of one tick.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// When they were read.
    pub at: Instant,
    /// What was read.
    pub readings: Snapshot,
}

/// What can be said of the effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is too early to tell.
    Pending,
    /// The battery's power moved as commanded.
    Effective,
    /// It should have and did not: an alarm, and no blind repetition.
    NotEffective,
    /// Nothing needed to move, or nothing was seen.
    NotObservable(Unseen),
}

/// Why nothing can be said of the effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// No fresh and believable reading of what it takes to judge.
    NoReading,
    /// The charge is at its target, or so near that the battery slows by itself.
    AtTarget,
    /// The battery is at its floor: it gives nothing in any case.
    AtFloor,
    /// The sun covers the load: nothing would be taken from the battery in any case.
    NothingToCover,
    /// The sun alone gives as much as the battery takes.
    SunFills,
}

/// What one sample says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    AsCommanded,
    Contrary,
    Unseen(Unseen),
}

/// The readings of one sample that could be used, in percent and watts.
struct Seen {
    soc: Option<f64>,
    /// Load less sun; below zero the sun has a surplus.
    demand: Option<f64>,
    /// `+` discharge, `-` charge.
    battery: f64,
    taken_at: Instant,
}

impl Watch {
    /// What is expected of a proven schedule at the wall-clock time that the device shows now. `written_at` is when the
    /// schedule was last written.
    #[must_use]
    pub fn begin(
        day: &Day,
        wall: Local,
        now: Instant,
        written_at: Instant,
        charge_power: Power,
        max_age: Duration,
    ) -> Watch {
        let quarter = usize::from(wall.minute / GRID_MINUTES);
        let cell = day.cell(quarter);
        let grip = cell.map_or(Grip::SelfConsume, |cell| cell.grip);
        let (before, after) = day.quarters.split_at(quarter.min(day.quarters.len()));
        let back = before.iter().rev().chain(after.iter().rev());
        let quarters = back.take_while(|other| other.grip == grip).count();
        let minutes = quarters.saturating_mul(usize::from(GRID_MINUTES)) + usize::from(wall.minute % GRID_MINUTES);
        let past_minute = chrono::Duration::milliseconds(now.timestamp_millis().rem_euclid(60_000));
        let into = chrono::Duration::minutes(i64::try_from(minutes).unwrap_or_default()) + past_minute;
        let began = if quarters >= before.len() + after.len() { written_at } else { now - into };
        Watch { grip, floor: cell.and_then(|cell| cell.floor), since: began.max(written_at), charge_power, max_age }
    }

    /// What the readings since then say. They may come in any order, and again: the same readings give the same verdict, so
    /// the watch goes on over a restart.
    ///
    /// A battery that answered and then stops has as long again before it is convicted.
    #[must_use]
    pub fn judge(&self, samples: &[Sample], now: Instant) -> Verdict {
        let sights: Vec<(Instant, Sight)> = samples.iter().filter_map(|sample| self.sight(sample)).collect();
        let latest =
            |wanted: &dyn Fn(Sight) -> bool| sights.iter().filter(|(_, sight)| wanted(*sight)).map(|(at, _)| *at).max();
        let answered = latest(&|sight| sight == Sight::AsCommanded);
        let applied = after(self.since, APPLIED);
        let contrary = latest(&|sight| sight == Sight::Contrary).filter(|at| *at >= applied);
        let contrary = contrary.filter(|at| answered.is_none_or(|answered| *at > answered));
        let overdue = now >= after(answered.unwrap_or(self.since), DEADLINE);
        match (contrary, answered) {
            (Some(_), _) if overdue => Verdict::NotEffective,
            (Some(_), _) => Verdict::Pending,
            (None, Some(_)) => Verdict::Effective,
            (None, None) if !overdue => Verdict::Pending,
            (None, None) => Verdict::NotObservable(newest_unseen(&sights)),
        }
    }

    /// What one sample says, and when it was measured; nothing of what was measured before.
    fn sight(&self, sample: &Sample) -> Option<(Instant, Sight)> {
        let Some(seen) = self.seen(sample) else {
            return (sample.at > self.since).then_some((sample.at, Sight::Unseen(Unseen::NoReading)));
        };
        (seen.taken_at > self.since).then(|| (seen.taken_at, self.weigh(&seen)))
    }

    fn weigh(&self, seen: &Seen) -> Sight {
        match self.grip {
            Grip::Charge(cap) => self.weigh_charge(seen, f64::from(cap)),
            Grip::Hold => self.weigh_hold(seen),
            Grip::SelfConsume => self.weigh_self_consume(seen),
        }
    }

    /// Below the cap the battery must take more than the sun's surplus; it must never give.
    fn weigh_charge(&self, seen: &Seen, cap: f64) -> Sight {
        let charge = -seen.battery;
        if charge < -NOISE {
            return Sight::Contrary;
        }
        match (seen.soc, seen.demand) {
            (None, _) => Sight::Unseen(Unseen::NoReading),
            (Some(soc), _) if soc >= cap - NEAR => Sight::Unseen(Unseen::AtTarget),
            _ if charge <= NOISE => Sight::Contrary,
            (_, None) => Sight::Unseen(Unseen::NoReading),
            (_, Some(demand)) if charge > (-demand).max(0.0) + NOISE => Sight::AsCommanded,
            _ if charge >= self.charge_power.watts() * FULL_POWER => Sight::Unseen(Unseen::SunFills),
            _ => Sight::Contrary,
        }
    }

    /// The battery must not give while there is something to cover and something to give.
    fn weigh_hold(&self, seen: &Seen) -> Sight {
        if seen.battery > NOISE {
            return Sight::Contrary;
        }
        self.would_discharge(seen).map_or_else(Sight::Unseen, |()| Sight::AsCommanded)
    }

    /// The battery must cover the load, and take nothing from the grid.
    fn weigh_self_consume(&self, seen: &Seen) -> Sight {
        let surplus = seen.demand.map(|demand| (-demand).max(0.0));
        if surplus.is_some_and(|surplus| -seen.battery > surplus + DEMAND) {
            return Sight::Contrary;
        }
        match self.would_discharge(seen) {
            Ok(()) if seen.battery > NOISE => Sight::AsCommanded,
            Ok(()) => Sight::Contrary,
            Err(unseen) => Sight::Unseen(unseen),
        }
    }

    /// Whether a battery that is free to give would give now.
    fn would_discharge(&self, seen: &Seen) -> Result<(), Unseen> {
        let soc = seen.soc.ok_or(Unseen::NoReading)?;
        let demand = seen.demand.ok_or(Unseen::NoReading)?;
        if self.floor.is_some_and(|floor| soc <= f64::from(floor) + NEAR) {
            Err(Unseen::AtFloor)
        } else if demand < DEMAND {
            Err(Unseen::NothingToCover)
        } else {
            Ok(())
        }
    }

    fn seen(&self, sample: &Sample) -> Option<Seen> {
        let usable = |signal| sample.readings.usable(signal, sample.at, self.max_age).ok();
        let battery = usable(Signal::Battery)?;
        let taken_at = sample.readings.battery?.taken_at;
        let demand = usable(Signal::Load).zip(usable(Signal::Solar)).map(|(load, solar)| load - solar);
        Some(Seen { soc: usable(Signal::Soc), demand, battery, taken_at })
    }
}

/// Why the newest sample said nothing.
fn newest_unseen(sights: &[(Instant, Sight)]) -> Unseen {
    let newest = sights.iter().max_by_key(|(at, _)| *at);
    newest.map_or(Unseen::NoReading, |(_, sight)| match sight {
        Sight::Unseen(unseen) => *unseen,
        Sight::AsCommanded | Sight::Contrary => Unseen::NoReading,
    })
}
