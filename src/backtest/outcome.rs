//! What a trial came to: plain data that a screen, a program or a picture can draw.

use std::time::Duration;

use super::{Account, Charges, Course, MonthBound, Track, Writes};
use crate::forecast;
use crate::history::Findings;
use crate::policy::model::Battery;
use crate::units::{Energy, Soc};

/// A divisor of a share below this is nothing: half a cent of any currency.
const NOTHING: f64 = 0.005;

/// What is left to attain counts as nothing below this share of what the battery is worth at most.
const TRIFLE: f64 = 0.01;

/// Whose way through the history it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// No battery at all.
    NoBattery,
    /// The device's own way, all the time.
    SelfConsumption,
    /// A timer for the cheapest hours.
    Timer,
    /// The policy.
    Policy,
    /// The least that any use of the battery could have cost.
    Optimum,
}

/// One way through the history and what it cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Whose it is.
    pub who: Who,
    /// What flowed, piece by piece.
    pub course: Course,
    /// The sums.
    pub account: Account,
    /// The sums of each month.
    pub months: Vec<Account>,
}

/// By what a stored kWh is priced that is there at the end and was not at the beginning, or the other way round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Basis {
    /// What another stored kWh would have been worth to the optimum: at this price no way through the history beats it.
    Marginal,
    /// The mean price of import, less what is lost on the way out.
    MeanImport,
}

/// What became of one rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleOutcome {
    /// The rule's name.
    pub name: String,
    /// For how long it won.
    pub held: Duration,
    /// What the policy would have cost more without it; negative if it is dearer with it. `None` if that was not asked.
    pub worth: Option<f64>,
}

/// How much of what was attainable was attained, at most all of it; `None` where (next to) nothing was attainable.
///
/// What was attainable is what the bound saves: the optimum but for the gap.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shares {
    /// Of the saving over plain self-consumption.
    pub captured: Option<f64>,
    /// Of the saving over no battery.
    pub captured_of_none: Option<f64>,
}

/// One month: what each way cost, in the order of [`Outcome::standings`].
#[derive(Clone, Debug, PartialEq)]
pub struct Month {
    /// Year and month, counted from 1.
    pub month: (i32, u32),
    /// What each cost, with what it left more in the battery priced.
    pub compared: Vec<f64>,
    /// The shares.
    pub shares: Shares,
}

/// What a trial came to. Money is in the tariff's currency.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The policy's file as it was given.
    pub file: String,
    /// The site.
    pub site: String,
    /// The currency.
    pub currency: String,
    /// The battery.
    pub battery: Battery,
    /// The state of charge at the beginning.
    pub start: Soc,
    /// The time between two looks.
    pub tick: Duration,
    /// What was lived through.
    pub track: Track,
    /// Slots of the history.
    pub slots: usize,
    /// What was wrong with it.
    pub findings: Findings,
    /// Each way through it, in the order of [`Who`].
    pub standings: Vec<Standing>,
    /// What a stored kWh is priced at, per kWh in the store.
    pub stored_price: f64,
    /// How that was found.
    pub basis: Basis,
    /// How far below the optimum's cost the bound lies that no use of the battery undercuts, in money; mostly zero.
    pub gap: f64,
    /// The bound of each month; empty where there is no optimum.
    pub bounds: Vec<MonthBound>,
    /// What is billed beside energy; it is no part of any cost here.
    pub charges: Charges,
    /// How far naive forecasts missed what came, hour by hour as seen from the beginning of each day; `None` where the policy follows
    /// no plan, or nothing could be forecast.
    pub missed: Option<forecast::Error>,
    /// What the policy wrote; `None` where its commands were taken as obeyed at once.
    pub writes: Option<Writes>,
    /// The rules in the policy's order.
    pub rules: Vec<RuleOutcome>,
    /// For how long no rule held.
    pub otherwise: Duration,
}

/// What one way through a stretch of time took more than another.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shift {
    /// From the grid.
    pub import: Energy,
    /// To the grid.
    pub export: Energy,
    /// In money, paid less earned.
    pub money: f64,
}

impl Shift {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Shift) -> Shift {
        Shift {
            import: self.import + other.import,
            export: self.export + other.export,
            money: self.money + other.money,
        }
    }

    /// What this is more than another.
    #[must_use]
    pub fn less(self, other: Shift) -> Shift {
        Shift {
            import: self.import - other.import,
            export: self.export - other.export,
            money: self.money - other.money,
        }
    }
}

/// What a stored kWh is worth at the mean price of import, less what is lost on the way out.
pub(super) fn worth_stored(track: &Track, battery: &Battery) -> f64 {
    (track.mean_import() * battery.discharge_efficiency.factor()).max(0.0)
}

impl Who {
    /// A stable word for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Who::NoBattery => "none",
            Who::SelfConsumption => "self_consume",
            Who::Timer => "timer",
            Who::Policy => "policy",
            Who::Optimum => "optimum",
        }
    }
}

impl Standing {
    /// A way through a track with its sums.
    #[must_use]
    pub fn new(who: Who, course: Course, track: &Track) -> Standing {
        let months = course.months(track);
        Standing { who, account: Account::of(&months), course, months }
    }
}

impl Outcome {
    /// One way through the history, if it was tried.
    #[must_use]
    pub fn of(&self, who: Who) -> Option<&Standing> {
        self.standings.iter().find(|standing| standing.who == who)
    }

    /// What one way cost, with what it left more in the battery priced.
    #[must_use]
    pub fn compared(&self, who: Who) -> Option<f64> {
        self.of(who).map(|standing| standing.account.compared(self.stored_price))
    }

    /// The cost that no use of the battery undercuts, what is left over being priced.
    #[must_use]
    pub fn least(&self) -> Option<f64> {
        self.compared(Who::Optimum).map(|cost| cost - self.gap)
    }

    /// The shares of what was attainable.
    #[must_use]
    pub fn shares(&self) -> Shares {
        Shares::of(self.least(), |who| self.compared(who))
    }

    /// What one way cost in each month, what is stored being priced as the month begins and as it ends. Together that is what it
    /// cost in all.
    #[must_use]
    pub fn by_month(&self, standing: &Standing) -> Vec<f64> {
        let mut before = 0.0;
        let cost = |(index, account): (usize, &Account)| {
            let (from, until) =
                self.bounds.get(index).map_or((self.stored_price, self.stored_price), |at| (at.from, at.until));
            let begun = from * before;
            before += account.gained.kilowatt_hours();
            account.bill() + begun - until * before
        };
        standing.months.iter().enumerate().map(cost).collect()
    }

    /// The months in order.
    #[must_use]
    pub fn months(&self) -> Vec<Month> {
        let costs: Vec<(Who, Vec<f64>)> =
            self.standings.iter().map(|standing| (standing.who, self.by_month(standing))).collect();
        let month = |(index, month): (usize, &(i32, u32))| {
            let cost = |costs: &Vec<f64>| costs.get(index).copied().unwrap_or_default();
            let of = |who: Who| costs.iter().find(|(other, _)| *other == who).map(|(_, costs)| cost(costs));
            Month {
                month: *month,
                compared: costs.iter().map(|(_, costs)| cost(costs)).collect(),
                shares: Shares::of(self.bounds.get(index).map(|bound| bound.least), of),
            }
        };
        self.track.months.iter().enumerate().map(month).collect()
    }
}

impl Shares {
    /// The shares from what nobody undercuts and what each way cost.
    fn of(least: Option<f64>, cost: impl Fn(Who) -> Option<f64>) -> Shares {
        let whole = cost(Who::NoBattery).zip(least).map_or(0.0, |(none, least)| none - least);
        let share = |from: Who| {
            let (from, policy) = (cost(from)?, cost(Who::Policy)?);
            let attainable = from - least?;
            (attainable > NOTHING && attainable > whole * TRIFLE).then(|| (from - policy) / attainable)
        };
        Shares { captured: share(Who::SelfConsumption), captured_of_none: share(Who::NoBattery) }
    }
}
