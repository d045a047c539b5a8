//! What a policy that follows the cheapest plan knows of the hours to come: the forecast of the days that it has lived through.

use std::time::Duration;

use super::{Moment, Piece};
use crate::engine::Command;
use crate::follow::stored_worth;
use crate::forecast::{Forecast, Past};
use crate::policy::Policy;
use crate::tariff::Prices;
use crate::time::after;
use crate::worth::Standing;

/// Seconds between two plans, and between two forecasts: a forecast changes with the hour.
const PLAN: i64 = 900;
const FORECAST: i64 = 3600;

/// What was seen so far, and what follows from it.
#[derive(Clone, Debug)]
pub(super) struct Foresight {
    past: Past,
    forecast: Forecast,
    /// The hour of the newest forecast, and the quarter hour of the newest plan.
    made: Option<(i64, i64)>,
    /// The piece that is being lived through.
    piece: Option<Piece>,
    /// What was decided last, and whether the plan at hand knows it.
    standing: Option<Standing>,
    told: bool,
}

impl Foresight {
    /// For a policy that follows a plan: nothing is known yet.
    pub(super) fn of(policy: &Policy) -> Option<Foresight> {
        let begin = || Foresight {
            past: Past::new(policy.zone.clone()),
            forecast: Forecast::default(),
            made: None,
            piece: None,
            standing: None,
            told: true,
        };
        policy.follows_plan().then(begin)
    }

    /// The forecast of this hour.
    pub(super) fn forecast(&self) -> &Forecast {
        &self.forecast
    }

    /// Looks back at what has been lived through, and plans again at each quarter hour. `fresh` says that the prices are new.
    pub(super) fn look(&mut self, policy: &Policy, moment: &Moment<'_>, fresh: bool, prices: &mut Prices) {
        let begins = self.piece.is_none_or(|piece| piece.at != moment.piece.at);
        if begins && let Some(piece) = self.piece.replace(*moment.piece) {
            let until = after(piece.at, Duration::from_secs(u64::from(piece.seconds)));
            self.past.add(piece.at, until, Some(piece.load), Some(piece.solar));
        }
        let second = moment.at.timestamp();
        let now = (second.div_euclid(FORECAST), second.div_euclid(PLAN));
        if self.made.is_none_or(|(hour, _)| hour != now.0) {
            self.forecast = self.past.forecast(moment.at).unwrap_or_default();
        }
        let plans = fresh || self.made != Some(now);
        if plans {
            prices.stored = stored_worth(&policy.battery, prices, &self.forecast, moment.at);
        }
        if plans || !self.told {
            prices.stored.stand(vec![(moment.at, self.standing)]);
        }
        (self.made, self.told) = (Some(now), true);
    }

    /// Takes note of what was decided: it stands until something else is.
    pub(super) fn note(&mut self, command: Command) {
        let stands = Some(match command {
            Command::ChargeTo { target, .. } => Standing::Charge(target),
            Command::Hold => Standing::Hold,
            Command::SelfConsume { .. } | Command::DischargeTo { .. } => Standing::OwnWay,
        });
        self.told &= self.standing == stands;
        self.standing = stands;
    }
}
