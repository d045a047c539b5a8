//! A validated policy. It cannot hold an invalid value: whoever has one may evaluate it without checking again.

use std::sync::Arc;
use std::time::Duration;

pub use crate::device::Driver;
use crate::device::{Capability, DeviceKind};
use crate::diagnostic::Place;
use crate::snapshot::Signal;
use crate::time::{CalendarTest, ClockTime, NamedDays, Zone};
use crate::units::{Energy, Fraction, Power, Price, Soc};

/// What one policy file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The file's name as it was given, for output.
    pub file: String,
    /// SHA-256 of the bytes of the file, and of those that it includes, in hex: which revision of the policy decided something.
    pub revision: String,
    /// The site's name.
    pub site: String,
    /// The zone of every window that names none.
    pub zone: Zone,
    /// What is controlled.
    pub device: DeviceSpec,
    /// What it stores.
    pub battery: Battery,
    /// What energy costs.
    pub tariff: Tariff,
    /// Named sets of days.
    pub calendars: Vec<Arc<NamedDays>>,
    /// The rules in order of priority.
    pub rules: Vec<Rule>,
    /// What holds where no rule does.
    pub otherwise: Action,
    /// The bounds of what may be done.
    pub limits: Limits,
    /// Every condition that needs memory, each once; [`Comparison::observation`] points here.
    pub observations: Vec<Observation>,
}

/// Which device, and how to reach it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceSpec {
    /// Of which kind, with what the owner says of it.
    pub kind: DeviceKind,
    /// The serial number; the simulated device has one of its own.
    pub serial: String,
    /// Another base URL than the vendor's, such as the simulator's.
    pub url: Option<String>,
    /// Where `device` stands in the file.
    pub place: Place,
}

impl DeviceSpec {
    /// Whose it is.
    #[must_use]
    pub fn driver(&self) -> Driver {
        self.kind.driver()
    }

    /// What it can do, as far as the policy tells: a store that the device is to be asked for counts as the usual one.
    #[must_use]
    pub fn capability(&self) -> Capability {
        Capability::of(&self.kind, None)
    }
}

/// The battery's physics and the guards that hold whatever a rule says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Battery {
    /// Usable energy between 0 and 100 %.
    pub capacity: Energy,
    /// The most that it takes, measured outside the battery.
    pub charge_power: Power,
    /// The most that it gives, measured outside the battery.
    pub discharge_power: Power,
    /// Stored per taken.
    pub charge_efficiency: Fraction,
    /// Given per stored.
    pub discharge_efficiency: Fraction,
    /// Never discharged below by command.
    pub reserve: Soc,
    /// Never charged above from the grid by command.
    pub ceiling: Soc,
}

/// What energy costs: bands of which exactly one holds at every instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Tariff {
    /// An ISO 4217 code: `GBP`.
    pub currency: String,
    /// Prices of import; empty only if the policy names none.
    pub import: Vec<Band>,
    /// Prices of export; empty if the policy names none.
    pub export: Vec<Band>,
}

/// A price and when it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// The name that rules use; empty for the only band of a flat price.
    pub name: String,
    /// The price per kWh.
    pub price: Price,
    /// When it holds. An empty test marks the band for the rest of the time.
    pub when: CalendarTest,
    /// Where it stands in the file.
    pub place: Place,
}

/// One rule: when all of its conditions hold and no rule above it does, it wins.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The name, unique in the policy.
    pub name: String,
    /// Where the rule stands in the file.
    pub place: Place,
    /// When it holds.
    pub when: Condition,
    /// What holds then.
    pub then: Action,
    /// Where `then` stands in the file.
    pub then_place: Place,
}

/// A restriction of what may be the case, three-valued when evaluated.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Each holds. An empty list always holds.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// The calendar keys and tariff bands of one mapping.
    Calendar(CalendarCondition),
    /// A signal or a price is within bounds.
    Compare(Comparison),
    /// The language has it; this version cannot evaluate it, so it is always unknown.
    NotYetKnown(NotYetKnown),
}

/// The calendar keys and the tariff bands of one mapping, judged together.
#[derive(Clone, Debug, PartialEq)]
pub struct CalendarCondition {
    /// As written, one line: `time: 23:30-05:30, days: weekdays`.
    pub text: String,
    /// Where it stands in the file.
    pub place: Place,
    /// Any of these import bands, as positions in [`Tariff::import`]; empty if the key does not stand there.
    ///
    /// Beside a band and without windows, the day tests are judged on the day on which the band began.
    pub bands: Vec<usize>,
    /// The rest.
    pub test: CalendarTest,
}

/// A quantity compared with bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// As written: `soc: below 60% until 65%`.
    pub text: String,
    /// Where it stands in the file.
    pub place: Place,
    /// What is compared.
    pub quantity: Quantity,
    /// Within which bounds it holds.
    pub bounds: Bounds,
    /// Which entry of [`Policy::observations`] remembers for it; `None` if it needs no memory.
    pub observation: Option<usize>,
}

/// What a comparison looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// A reading, in percent or watts.
    Reading(Signal),
    /// The price of import, in currency per kWh.
    ImportPrice,
    /// The price of export, in currency per kWh.
    ExportPrice,
}

/// An interval of numbers, each end open, closed or absent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// The lower end.
    pub low: Option<Edge>,
    /// The upper end.
    pub high: Option<Edge>,
}

/// One end of an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// Percent, watts, or currency per kWh.
    pub value: f64,
    /// Whether the value itself belongs to the interval.
    pub inclusive: bool,
}

/// A condition whose truth depends on what was seen before.
///
/// The stages work on each other in this order: the average of the quantity, the latch on that, the duration on that.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// What its memory is kept under: the condition in canonical words, so that it outlives edits elsewhere in the file.
    pub key: String,
    /// What is looked at.
    pub quantity: Quantity,
    /// Where it becomes true.
    pub bounds: Bounds,
    /// `on average over`: the span over which the quantity is averaged.
    pub average: Option<Duration>,
    /// `until`: once true, it stays so until this value is reached or passed.
    pub until: Option<f64>,
    /// `for`: how long it must have held.
    pub hold: Option<Duration>,
}

/// A condition of the language that this version cannot evaluate.
#[derive(Clone, Debug, PartialEq)]
pub struct NotYetKnown {
    /// As written.
    pub text: String,
    /// Where it stands in the file.
    pub place: Place,
    /// What is missing: `price ranks`, `forecasts`.
    pub what: &'static str,
}

/// What a rule asks for while it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// Take from the sun, then the grid, up to the target; at or above it, no discharge.
    ChargeTo {
        /// The target.
        target: Soc,
        /// At most this power.
        power: Option<Power>,
    },
    /// Charge to what load less sun is forecast to need until then. Not evaluated by this version.
    ChargeToCover {
        /// Until when.
        until: ClockTime,
        /// At most this power.
        power: Option<Power>,
    },
    /// Charge, hold or self-consume, as the known prices and a forecast of load and sun make it cheapest.
    FollowPlan,
    /// No discharge; the sun may charge.
    Hold,
    /// The device's own way, down to the floor.
    SelfConsume {
        /// The floor, if another than the reserve.
        floor: Option<Soc>,
    },
    /// Force energy out down to the floor, then self-consume down to it.
    DischargeTo {
        /// The floor.
        floor: Soc,
        /// At most this power.
        power: Option<Power>,
    },
}

/// The bounds of what the engine may do to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A reading older than this is unknown.
    pub reading_max_age: Duration,
    /// Writes per vendor endpoint and local day.
    pub writes_per_day: u32,
    /// The least time between two grants to one endpoint.
    pub time_between_writes: Duration,
    /// What begins within this is on the device already.
    pub program_ahead: Duration,
    /// What to do when readings fail.
    pub when_blind: WhenBlind,
    /// What to do when someone else changed the schedule.
    pub on_drift: OnDrift,
    /// What to leave behind at the end of the service.
    pub on_exit: OnExit,
    /// How long a day the schedule may hold where the policy says self-consume, to save writes.
    pub extra_hold: Duration,
}

/// What to do when readings fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenBlind {
    /// What time alone decides goes on.
    Keep,
    /// Safe mode: self-consume.
    SelfConsume,
}

/// What to do when someone else changed the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDrift {
    /// Tell, and leave that object alone until `apply` or `resume`.
    Report,
    /// Write our own schedule again.
    Reclaim,
}

/// What to leave behind at the end of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnExit {
    /// The schedule as it stands.
    Keep,
    /// Safe mode.
    SelfConsume,
    /// What was on the device before the first write.
    Restore,
}

impl Policy {
    /// Whether a rule follows the cheapest plan, which asks for a forecast.
    #[must_use]
    pub fn follows_plan(&self) -> bool {
        self.rules.iter().any(|rule| rule.then == Action::FollowPlan)
    }
}

impl Bounds {
    /// Whether a number lies within.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        let above = self.low.is_none_or(|edge| value > edge.value || edge.inclusive && value == edge.value);
        let below = self.high.is_none_or(|edge| value < edge.value || edge.inclusive && value == edge.value);
        above && below
    }
}

impl Default for Limits {
    /// The values that hold where a policy is silent.
    fn default() -> Limits {
        Limits {
            reading_max_age: Duration::from_secs(10 * 60),
            writes_per_day: 6,
            time_between_writes: Duration::from_secs(10 * 60),
            program_ahead: Duration::from_secs(3 * 3600),
            when_blind: WhenBlind::Keep,
            on_drift: OnDrift::Report,
            on_exit: OnExit::Keep,
            extra_hold: Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_open_or_closed_as_they_say() {
        let edge = |value, inclusive| Some(Edge { value, inclusive });
        let check =
            |bounds: Bounds, value: f64, expect: bool| assert_eq!(bounds.contains(value), expect, "{bounds:?} {value}");
        let below = Bounds { low: None, high: edge(30.0, false) };
        check(below, 29.9, true);
        check(below, 30.0, false);
        let between = Bounds { low: edge(20.0, true), high: edge(40.0, true) };
        check(between, 20.0, true);
        check(between, 40.0, true);
        check(between, 40.1, false);
        check(between, f64::NAN, false);
        check(Bounds::default(), 0.0, true);
    }
}
