//! Decisions over the coming hours.

use crate::engine::{Command, Decision};
use crate::forecast::Forecast;
use crate::time::Instant;
use crate::units::{Power, Price, Soc};

/// Decisions over a horizon: spans without holes, and the course of the battery through them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// Spans in order, each beginning where the one before it ends; two neighbours differ.
    pub spans: Vec<Span>,
    /// The state at each step of the projection, in order.
    pub course: Vec<Point>,
}

/// A stretch of time with one decision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The first instant.
    pub from: Instant,
    /// The first instant after it.
    pub until: Instant,
    /// What is projected to hold.
    pub expected: Decision,
    /// What may be programmed ahead: what follows from time, calendars and known prices, and what is true in fact now, for
    /// as long as it stays true under readings that stay as they are, and for a bounded while.
    pub committed: Command,
    /// Whether `expected` itself may be programmed ahead: the same rule decides what is committed.
    pub programmable: bool,
    /// Whether no reading at all could change `expected`: it follows from time, calendars and known prices, and no rule that
    /// reads anything could hold before the one that decides.
    pub certain: bool,
}

/// The projected state at the beginning of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The instant.
    pub at: Instant,
    /// State of charge; unknown if it is unknown now.
    pub soc: Option<Soc>,
    /// Power of the battery over the step: `+` discharge, `-` charge.
    pub battery: Option<Power>,
    /// Power at the meter over the step: `+` import, `-` export.
    pub grid: Option<Power>,
    /// The price of import.
    pub import: Option<Price>,
}

/// What load, sun and car are taken to be over the horizon: step functions of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outlook {
    /// Power that the house draws.
    pub load: Steps,
    /// Power of the sun.
    pub solar: Steps,
    /// Power of the charging car.
    pub ev: Steps,
    /// Load and sun with how they may err, as far as anyone asks for that.
    pub forecast: Forecast,
}

/// A power that holds from each instant until the next; before the first, and in an empty one, nothing is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Steps(Vec<(Instant, Power)>);

impl Steps {
    /// The same power from an instant on, for ever.
    #[must_use]
    pub fn constant(from: Instant, power: Power) -> Steps {
        Steps(vec![(from, power)])
    }

    /// Steps from instants in any order; of two at one instant the later in the list counts.
    #[must_use]
    pub fn new(mut steps: Vec<(Instant, Power)>) -> Steps {
        steps.sort_by_key(|(at, _)| *at);
        Steps(steps)
    }

    /// The steps in order.
    pub fn iter(&self) -> impl Iterator<Item = (Instant, Power)> {
        self.0.iter().copied()
    }

    /// The power at an instant.
    #[must_use]
    pub fn at(&self, at: Instant) -> Option<Power> {
        let after = self.0.partition_point(|(from, _)| *from <= at);
        self.0.get(after.checked_sub(1)?).map(|(_, power)| *power)
    }
}
