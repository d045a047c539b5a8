//! Physical quantities as types: a watt is never a kilowatt, a percentage never a fraction.
//!
//! Every quantity wraps a finite `f64` in one base unit. The checked constructors refuse what is not a number; what
//! arithmetic can produce from finite, bounded inputs stays finite.

use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};
use std::time::Duration;

/// The largest magnitude of power that any input may name: ten megawatts, in watts.
const MAX_WATTS: f64 = 10_000_000.0;

/// The largest magnitude of energy that any input may name: a gigawatt hour, in watt hours.
const MAX_WATT_HOURS: f64 = 1_000_000_000.0;

/// The largest magnitude of price that any input may name, in currency units per kWh.
const MAX_PRICE: f64 = 100_000.0;

/// Electrical power in watts. The sign's meaning belongs to the signal: grid `+` imports, battery `+` discharges.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Power(f64);

/// Energy in watt hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Energy(f64);

/// State of charge in percent of the battery's usable capacity, 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Soc(f64);

/// Money per kWh in the tariff's currency. May be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Price(f64);

/// An efficiency or another share, above 0 and at most 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Fraction(f64);

impl Power {
    /// No power at all.
    pub const ZERO: Power = Power(0.0);

    /// Power from watts; `None` if it is no finite number of at most ten megawatts.
    #[must_use]
    pub fn from_watts(watts: f64) -> Option<Power> {
        (watts.abs() <= MAX_WATTS).then_some(Power(watts))
    }

    /// In watts.
    #[must_use]
    pub fn watts(self) -> f64 {
        self.0
    }

    /// The energy that this power moves in a span of time.
    #[must_use]
    pub fn over(self, span: Duration) -> Energy {
        Energy(self.0 * span.as_secs_f64() / 3600.0)
    }

    /// The smaller of two powers.
    #[must_use]
    pub fn min(self, other: Power) -> Power {
        Power(self.0.min(other.0))
    }

    /// The larger of two powers.
    #[must_use]
    pub fn max(self, other: Power) -> Power {
        Power(self.0.max(other.0))
    }
}

impl Energy {
    /// No energy at all.
    pub const ZERO: Energy = Energy(0.0);

    /// Energy from watt hours; `None` if it is no finite number of at most a gigawatt hour.
    #[must_use]
    pub fn from_watt_hours(watt_hours: f64) -> Option<Energy> {
        (watt_hours.abs() <= MAX_WATT_HOURS).then_some(Energy(watt_hours))
    }

    /// In watt hours.
    #[must_use]
    pub fn watt_hours(self) -> f64 {
        self.0
    }

    /// In kilowatt hours.
    #[must_use]
    pub fn kilowatt_hours(self) -> f64 {
        self.0 / 1000.0
    }

    /// The constant power that moves this energy in a span of time; zero over no time.
    #[must_use]
    pub fn per(self, span: Duration) -> Power {
        let seconds = span.as_secs_f64();
        if seconds > 0.0 { Power(self.0 * 3600.0 / seconds) } else { Power::ZERO }
    }

    /// The smaller of two energies.
    #[must_use]
    pub fn min(self, other: Energy) -> Energy {
        Energy(self.0.min(other.0))
    }

    /// The larger of two energies.
    #[must_use]
    pub fn max(self, other: Energy) -> Energy {
        Energy(self.0.max(other.0))
    }
}

impl Soc {
    /// An empty battery.
    pub const EMPTY: Soc = Soc(0.0);
    /// A full battery.
    pub const FULL: Soc = Soc(100.0);

    /// A state of charge from percent; `None` outside 0 to 100.
    #[must_use]
    pub fn from_percent(percent: f64) -> Option<Soc> {
        (0.0..=100.0).contains(&percent).then_some(Soc(percent))
    }

    /// In percent.
    #[must_use]
    pub fn percent(self) -> f64 {
        self.0
    }

    /// The energy stored at this state of charge in a battery of this capacity.
    #[must_use]
    pub fn of(self, capacity: Energy) -> Energy {
        Energy(capacity.0 * self.0 / 100.0)
    }

    /// The state of charge at which a battery of this capacity stores this energy, bounded to 0 to 100 %.
    #[must_use]
    pub fn storing(stored: Energy, capacity: Energy) -> Soc {
        if capacity.0 > 0.0 { Soc((stored.0 / capacity.0 * 100.0).clamp(0.0, 100.0)) } else { Soc::EMPTY }
    }

    /// The smaller of two states of charge.
    #[must_use]
    pub fn min(self, other: Soc) -> Soc {
        Soc(self.0.min(other.0))
    }

    /// The larger of two states of charge.
    #[must_use]
    pub fn max(self, other: Soc) -> Soc {
        Soc(self.0.max(other.0))
    }
}

impl Price {
    /// A price per kWh; `None` if it is no finite, sensible number.
    #[must_use]
    pub fn per_kwh(amount: f64) -> Option<Price> {
        (amount.abs() <= MAX_PRICE).then_some(Price(amount))
    }

    /// In currency units per kWh.
    #[must_use]
    pub fn amount(self) -> f64 {
        self.0
    }
}

impl Fraction {
    /// The whole: an efficiency of 100 %.
    pub const ONE: Fraction = Fraction(1.0);

    /// A share from percent; `None` unless above 0 and at most 100.
    #[must_use]
    pub fn from_percent(percent: f64) -> Option<Fraction> {
        (percent > 0.0 && percent <= 100.0).then_some(Fraction(percent / 100.0))
    }

    /// As a factor, above 0 and at most 1.
    #[must_use]
    pub fn factor(self) -> f64 {
        self.0
    }

    /// The one-way efficiency whose square is this round trip.
    #[must_use]
    pub fn square_root(self) -> Fraction {
        Fraction(self.0.sqrt())
    }
}

macro_rules! additive {
    ($unit:ident) => {
        impl Add for $unit {
            type Output = $unit;
            fn add(self, other: $unit) -> $unit {
                $unit(self.0 + other.0)
            }
        }
        impl Sub for $unit {
            type Output = $unit;
            fn sub(self, other: $unit) -> $unit {
                $unit(self.0 - other.0)
            }
        }
        impl Neg for $unit {
            type Output = $unit;
            fn neg(self) -> $unit {
                $unit(-self.0)
            }
        }
        impl Mul<f64> for $unit {
            type Output = $unit;
            fn mul(self, factor: f64) -> $unit {
                $unit(self.0 * factor)
            }
        }
    };
}

additive!(Power);
additive!(Energy);

impl fmt::Display for Power {
    /// As people read it: `430 W`, `3.2 kW`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.abs() < 999.5 {
            write!(f, "{} W", trimmed(self.0, 0))
        } else {
            write!(f, "{} kW", trimmed(self.0 / 1000.0, 2))
        }
    }
}

impl fmt::Display for Energy {
    /// As people read it: `10.1 kWh`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kWh", trimmed(self.0 / 1000.0, 2))
    }
}

impl fmt::Display for Soc {
    /// As people read it: `41 %`, `41.5 %`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", trimmed(self.0, 1))
    }
}

impl fmt::Display for Price {
    /// The bare amount with two to five decimals: `0.07`, `0.1234`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let long = trimmed(self.0, 5);
        let decimals = long.split_once('.').map_or(0, |(_, tail)| tail.len());
        if decimals < 2 { write!(f, "{:.2}", self.0) } else { write!(f, "{long}") }
    }
}

/// A number with at most so many decimals, without trailing zeros and never `-0`.
#[must_use]
pub fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_refuse_what_is_not_a_number() {
        for bad in [f64::NAN, f64::INFINITY, -f64::INFINITY, 1e300] {
            assert_eq!(Power::from_watts(bad), None);
            assert_eq!(Energy::from_watt_hours(bad), None);
            assert_eq!(Soc::from_percent(bad), None);
            assert_eq!(Price::per_kwh(bad), None);
            assert_eq!(Fraction::from_percent(bad), None);
        }
        assert_eq!(Soc::from_percent(-0.1), None);
        assert_eq!(Soc::from_percent(100.1), None);
        assert_eq!(Fraction::from_percent(0.0), None);
    }

    #[test]
    fn quantities_read_as_people_write_them() {
        let check = |shown: String, expect: &str| assert_eq!(shown, expect);
        check(Power(430.4).to_string(), "430 W");
        check(Power(-0.2).to_string(), "0 W");
        check(Power(3200.0).to_string(), "3.2 kW");
        check(Power(-5000.0).to_string(), "-5 kW");
        check(Energy(10_100.0).to_string(), "10.1 kWh");
        check(Soc(41.0).to_string(), "41 %");
        check(Soc(41.46).to_string(), "41.5 %");
        check(Price(0.07).to_string(), "0.07");
        check(Price(0.1).to_string(), "0.10");
        check(Price(-0.12345).to_string(), "-0.12345");
    }

    #[test]
    fn power_over_time_is_energy_and_back() {
        let energy = Power(2000.0).over(Duration::from_secs(900));
        assert_eq!(energy.watt_hours(), 500.0);
        assert_eq!(energy.per(Duration::from_secs(900)).watts(), 2000.0);
        assert_eq!(energy.per(Duration::ZERO), Power::ZERO);
        assert_eq!(Soc::storing(Soc(40.0).of(Energy(10_000.0)), Energy(10_000.0)), Soc(40.0));
    }
}
