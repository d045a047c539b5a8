//! What is remembered when a test begins, and what is read while it plays.

use std::time::Duration;

use super::model::{Given, Stated, Told};
use crate::engine::{Memory, Remembered, Situation, Stretch, banded_prices};
use crate::policy::Policy;
use crate::policy::model::{Observation, Quantity};
use crate::snapshot::{Reading, Signal, Snapshot};
use crate::tariff::{PriceSeries, PriceSlot, Prices};
use crate::time::{Instant, after, before};
use crate::units::{Power, Price, Soc};

/// A tick.
pub(super) const TICK: Duration = Duration::from_secs(60);

/// Longer than anything is remembered: the longest `for` on the longest `on average over`.
const EVER: Duration = Duration::from_secs(50 * 3600);

/// How long before a test its prices are watched where a rule remembers them.
const PRICES_BEFORE: Duration = Duration::from_secs(24 * 3600);

/// The longest time before a test that is lived through.
const LONGEST_BEFORE: Duration = Duration::from_secs(14 * 86_400);

/// How far behind `reading max age` a stale reading is.
const STALE: Duration = Duration::from_secs(60);

/// What physics make of the quantities that nobody stated.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Derived {
    /// State of charge.
    pub(super) soc: Option<Soc>,
    /// Power of the battery over the minute just past.
    pub(super) battery: Option<Power>,
    /// Power at the meter over the minute just past.
    pub(super) grid: Option<Power>,
}

/// What is read at an instant: what is stated and, where a span is lived through, what physics make of the rest. There a
/// single state of charge is only where they begin.
pub(super) fn readings(policy: &Policy, given: &Given, at: Instant, derived: Option<&Derived>) -> Snapshot {
    let old = before(at, policy.limits.reading_max_age + STALE);
    let power = |signal: Signal| reading(given.of(signal), at, old).and_then(as_power);
    let or = |stated: Option<Reading<Power>>, derived: Option<Power>| {
        stated.or_else(|| derived.map(|power| Reading::good(power, at)))
    };
    let soc = match (derived, &given.soc) {
        (Some(derived), Stated::Constant(Told::Value(_))) => derived.soc.map(|soc| Reading::good(soc, at)),
        (_, stated) => reading(stated, at, old).and_then(as_soc),
    };
    let derived = derived.copied().unwrap_or_default();
    Snapshot {
        soc,
        solar: power(Signal::Solar),
        load: power(Signal::Load),
        grid: or(power(Signal::Grid), derived.grid),
        battery: or(power(Signal::Battery), derived.battery),
        ev: power(Signal::Ev),
    }
}

/// The signals that are stale at an instant without a value ever having been told: their readings hold a number that
/// stands for nothing.
pub(super) fn valueless(given: &Given, at: Instant) -> Vec<Signal> {
    let bare =
        |signal: &Signal| given.of(*signal).at(at) == Some(Told::Stale) && given.of(*signal).newest(at).is_none();
    Signal::ALL.into_iter().filter(bare).collect()
}

/// The prices over `from..until`: what is stated, and for the rest those of the policy's bands.
pub(super) fn prices(policy: &Policy, given: &Given, from: Instant, until: Instant) -> Prices {
    let banded = if given.import == Stated::Absent || given.export == Stated::Absent {
        banded_prices(policy, from, until)
    } else {
        Prices::default()
    };
    Prices {
        import: series(&given.import, from, until).unwrap_or(banded.import),
        export: series(&given.export, from, until).unwrap_or(banded.export),
        ..Prices::default()
    }
}

/// Whether prices are stated in the place of the policy's own.
pub(super) fn states_prices(given: &Given) -> bool {
    given.import != Stated::Absent || given.export != Stated::Absent
}

/// What is remembered at an instant, which itself is not looked at yet: constants have been so for ever, what is told in a
/// series was watched minute by minute, and latches begin off.
pub(super) fn memory(policy: &Policy, given: &Given, at: Instant) -> Memory {
    if policy.observations.is_empty() {
        return Memory::empty(policy);
    }
    let start = watched_from(policy, given, at);
    let known = |observation: &Observation| Some((observation.key.clone(), for_ever(observation, given, start)?));
    let mut memory = Memory::restore(policy, policy.observations.iter().filter_map(known));
    if start >= at {
        return memory;
    }
    let prices = prices(policy, given, start, at);
    let mut now = start;
    while now < at {
        let snapshot = readings(policy, given, now, None);
        memory.observe(policy, &Situation { snapshot: &snapshot, prices: &prices, manual: None, now });
        now = after(now, TICK);
    }
    memory
}

/// From when on something that is remembered was not constant.
fn watched_from(policy: &Policy, given: &Given, at: Instant) -> Instant {
    let first = |observation: &Observation| match (stated(given, observation.quantity), observation.quantity) {
        (Stated::Series(series), _) => series.first().map(|(from, _)| *from),
        (Stated::Absent, Quantity::ImportPrice | Quantity::ExportPrice) => {
            let longest = observation.average.unwrap_or_default() + observation.hold.unwrap_or_default();
            Some(before(at, PRICES_BEFORE + longest))
        }
        _ => None,
    };
    let earliest = policy.observations.iter().filter_map(first).min();
    earliest.unwrap_or(at).clamp(before(at, LONGEST_BEFORE), at)
}

/// What is remembered of a quantity that has been constant for ever.
fn for_ever(observation: &Observation, given: &Given, until: Instant) -> Option<Remembered> {
    let Stated::Constant(Told::Value(value)) = stated(given, observation.quantity) else { return None };
    let newest = before(until, TICK);
    let since = before(until, EVER);
    let within = observation.bounds.contains(*value);
    let course = observation.average.map(|_| Stretch { from: since, until: newest, mean: *value });
    Some(Remembered {
        latched: within,
        since: within.then_some(since),
        seen: Some((newest, *value)),
        course: course.into_iter().collect(),
    })
}

fn stated(given: &Given, quantity: Quantity) -> &Stated {
    match quantity {
        Quantity::Reading(signal) => given.of(signal),
        Quantity::ImportPrice => &given.import,
        Quantity::ExportPrice => &given.export,
    }
}

/// The reading of what is stated. A stale one has the newest value that was told, or a number that stands for nothing.
fn reading(stated: &Stated, at: Instant, old: Instant) -> Option<Reading<f64>> {
    match stated.at(at)? {
        Told::Value(value) => Some(Reading::good(value, at)),
        Told::Stale => Some(Reading::good(stated.newest(at).unwrap_or_default(), old)),
        Told::Unknown => None,
    }
}

fn as_power(reading: Reading<f64>) -> Option<Reading<Power>> {
    Power::from_watts(reading.value).map(|power| reading.map(|_| power))
}

fn as_soc(reading: Reading<f64>) -> Option<Reading<Soc>> {
    Soc::from_percent(reading.value).map(|soc| reading.map(|_| soc))
}

/// The prices that are stated over `from..until`; `None` if none are. What is unknown is a hole.
fn series(stated: &Stated, from: Instant, until: Instant) -> Option<PriceSeries> {
    let steps: Vec<(Instant, Told)> = match stated {
        Stated::Absent => return None,
        Stated::Constant(told) => vec![(from, *told)],
        Stated::Series(series) => series.clone(),
    };
    let ends = steps.iter().skip(1).map(|(at, _)| *at).chain([until]);
    let slot = |((from, told), until): ((Instant, Told), Instant)| match told {
        Told::Value(value) if from < until => Some(PriceSlot { from, until, price: Price::per_kwh(value)? }),
        _ => None,
    };
    PriceSeries::from_slots(steps.iter().copied().zip(ends).filter_map(slot).collect())
}
