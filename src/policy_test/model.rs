//! What a test file says, checked against the policy that it tests.

use crate::diagnostic::Place;
use crate::policy::Action;
use crate::policy::model::Bounds;
use crate::snapshot::Signal;
use crate::time::Instant;

/// The tests of one file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suite {
    /// In the order of the file.
    pub tests: Vec<Test>,
}

/// One test.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// The name, unique in the file.
    pub name: String,
    /// Where the test stands in its file.
    pub place: Place,
    /// When it plays.
    pub time: Time,
    /// What is so then.
    pub given: Given,
    /// What must come of it.
    pub expect: Expect,
}

/// When a test plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// At one moment.
    Moment(Instant),
    /// Over a stretch of time.
    Span {
        /// The first instant.
        from: Instant,
        /// The first instant after it.
        until: Instant,
    },
}

/// What is so while a test plays. Powers have the signs of [`Signal`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given {
    /// State of charge in percent.
    pub soc: Stated,
    /// Power of the sun in watts.
    pub solar: Stated,
    /// Power that the house draws in watts.
    pub load: Stated,
    /// Power at the meter in watts.
    pub grid: Stated,
    /// Power of the battery in watts.
    pub battery: Stated,
    /// Power of the charging car in watts.
    pub ev: Stated,
    /// Price of import per kWh; where nothing is stated, that of the policy's bands.
    pub import: Stated,
    /// Price of export per kWh; where nothing is stated, that of the policy's bands.
    pub export: Stated,
}

/// What is stated of one quantity.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Stated {
    /// Nothing.
    #[default]
    Absent,
    /// It is, and has always been, this.
    Constant(Told),
    /// From each instant until the next it is this; before the first nothing is known. In order, never empty.
    Series(Vec<(Instant, Told)>),
}

/// What is told of a quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Told {
    /// Its value: percent, watts, or currency per kWh.
    Value(f64),
    /// The last reading of it is too old.
    Stale,
    /// There is no reading of it.
    Unknown,
}

/// What must come of a test. At least one of these is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    /// What must hold at the moment, or all through the span.
    pub throughout: Option<Asked>,
    /// What must hold over parts of the span, in order.
    pub timeline: Vec<Stretch>,
    /// How many writes the device may get over the span.
    pub writes: Option<Bound>,
    /// What the energy of the span may cost, in the tariff's currency.
    pub cost: Option<Bound>,
    /// The state of charge at the end of the span, in percent.
    pub soc: Option<Bound>,
}

/// What must hold over a part of a span.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// The first instant.
    pub from: Instant,
    /// The first instant after it.
    pub until: Instant,
    /// What must hold.
    pub asked: Asked,
}

/// What must hold: who decides, what is asked of the battery, or both.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Who decides.
    pub winner: Option<Winner>,
    /// What is asked of the battery.
    pub action: Option<Action>,
    /// Where that stands in the test file.
    pub place: Place,
}

/// Who decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Winner {
    /// The rule at this position in the policy.
    Rule(usize),
    /// No rule.
    Nobody,
}

/// A number that must lie within bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// As written: `at most 2`.
    pub text: String,
    /// The bounds.
    pub bounds: Bounds,
    /// Where it stands in the test file.
    pub place: Place,
}

impl Given {
    /// What is stated of a signal.
    #[must_use]
    pub fn of(&self, signal: Signal) -> &Stated {
        match signal {
            Signal::Soc => &self.soc,
            Signal::Solar => &self.solar,
            Signal::Load => &self.load,
            Signal::Grid => &self.grid,
            Signal::Battery => &self.battery,
            Signal::Ev => &self.ev,
        }
    }

    /// Every statement.
    pub fn all(&self) -> impl Iterator<Item = &Stated> {
        [&self.soc, &self.solar, &self.load, &self.grid, &self.battery, &self.ev, &self.import, &self.export]
            .into_iter()
    }
}

impl Stated {
    /// What is told of the quantity at an instant; `None` if nothing is.
    #[must_use]
    pub fn at(&self, at: Instant) -> Option<Told> {
        match self {
            Stated::Absent => None,
            Stated::Constant(told) => Some(*told),
            Stated::Series(series) => {
                let later = series.partition_point(|(from, _)| *from <= at);
                series.get(later.checked_sub(1)?).map(|(_, told)| *told)
            }
        }
    }

    /// The value at an instant, if one is told.
    #[must_use]
    pub fn value(&self, at: Instant) -> Option<f64> {
        match self.at(at) {
            Some(Told::Value(value)) => Some(value),
            _ => None,
        }
    }

    /// The newest value that was told up to an instant.
    #[must_use]
    pub fn newest(&self, at: Instant) -> Option<f64> {
        let known = |told: &Told| match told {
            Told::Value(value) => Some(*value),
            Told::Stale | Told::Unknown => None,
        };
        match self {
            Stated::Absent => None,
            Stated::Constant(told) => known(told),
            Stated::Series(series) => {
                series.iter().take_while(|(from, _)| *from <= at).filter_map(|(_, told)| known(told)).last()
            }
        }
    }
}
