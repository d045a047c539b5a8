//! Where the state of charge comes from: the vendor has no field for it, so it is worked out as the owner says, or unknown.

use super::latest::Latest;
use crate::device::mapping::SocMap;
use crate::units::{Energy, Fraction, Soc};

/// The battery's voltage.
const VOLTAGE: &str = "vbat";
/// What the battery has ever been charged with, in kWh.
const CHARGED: &str = "ebatChargeTotal";
/// What the battery has ever given, in kWh.
const DISCHARGED: &str = "ebatDischargeTotal";

/// How far a counted state of charge may run over either end before it is no state of charge: counting drifts, and the
/// ends of the battery hold it.
const OVERRUN: f64 = 5.0;

/// What counting needs to know of the battery.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Counting {
    /// Usable energy between 0 and 100 %.
    pub(super) capacity: Energy,
    /// Stored per taken.
    pub(super) charge_efficiency: Fraction,
    /// Given per stored.
    pub(super) discharge_efficiency: Fraction,
}

/// The highest that the two counters were seen at since the point from which they are counted: counters only rise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Counters {
    /// The owner's point: state of charge in percent, and both counters then, in kWh.
    pub(super) origin: (f64, f64, f64),
    /// `ebatChargeTotal` in kWh.
    pub(super) charged: f64,
    /// `ebatDischargeTotal` in kWh.
    pub(super) discharged: f64,
}

/// The state of charge in percent. One of which a counter or a curve makes what no battery can have is outside 0 to 100:
/// whoever judges it tells.
///
/// # Errors
/// Why it is not known.
pub(super) fn soc(
    map: &SocMap,
    latest: &Latest,
    counting: &Counting,
    counters: &mut Option<Counters>,
) -> Result<f64, String> {
    match map {
        SocMap::Unknown => Err("the ATESS has no state of charge; map `soc:`".to_owned()),
        SocMap::Voltage(curve) => by_voltage(curve, field(latest, VOLTAGE)?),
        SocMap::Counted { soc, charged, discharged } => {
            let origin = (soc.percent(), charged.kilowatt_hours(), discharged.kilowatt_hours());
            let now = Counters { origin, charged: field(latest, CHARGED)?, discharged: field(latest, DISCHARGED)? };
            by_counters(&now, counting, counters)
        }
    }
}

/// By straight lines between the points. Beyond the curve nothing is known: whoever wants an end to hold draws it flat.
fn by_voltage(curve: &[(f64, Soc)], volts: f64) -> Result<f64, String> {
    let pairs = curve.iter().zip(curve.iter().skip(1));
    let around = pairs.into_iter().find(|((low, _), (high, _))| (*low..=*high).contains(&volts));
    let Some(((low, from), (high, to))) = around else {
        let ends = curve.first().zip(curve.last()).map_or(String::new(), |((low, _), (high, _))| {
            format!(" of {low} to {high} V; a flat end in the policy would hold it")
        });
        return Err(format!("{VOLTAGE} is {volts} V, outside the curve{ends}"));
    };
    let share = if high > low { (volts - low) / (high - low) } else { 0.0 };
    Ok(from.percent() + (to.percent() - from.percent()) * share)
}

/// From the owner's point by what the counters have moved since: what was charged arrives less by one efficiency, what was
/// given cost more by the other.
fn by_counters(now: &Counters, battery: &Counting, seen: &mut Option<Counters>) -> Result<f64, String> {
    let (percent, charged_then, discharged_then) = now.origin;
    let floor = seen.filter(|seen| seen.origin == now.origin);
    let (least_charged, least_discharged) =
        floor.map_or((charged_then, discharged_then), |seen| (seen.charged, seen.discharged));
    for (name, value, least) in [(CHARGED, now.charged, least_charged), (DISCHARGED, now.discharged, least_discharged)]
    {
        if value < least {
            return Err(format!(
                "{name} went back from {least} to {value} kWh; tell a new point under `soc:` if the counter was reset"
            ));
        }
    }
    let capacity = battery.capacity.kilowatt_hours();
    if capacity <= 0.0 {
        return Err("the battery has no capacity to count by".to_owned());
    }
    let stored = (now.charged - charged_then) * battery.charge_efficiency.factor();
    let taken = (now.discharged - discharged_then) / battery.discharge_efficiency.factor();
    let counted = percent + (stored - taken) / capacity * 100.0;
    if !(-OVERRUN..=100.0 + OVERRUN).contains(&counted) {
        return Ok(counted);
    }
    // Only what is believed is a mark: one wild number must not make every later one a step back.
    *seen = Some(*now);
    Ok(counted.clamp(0.0, 100.0))
}

fn field(latest: &Latest, name: &str) -> Result<f64, String> {
    latest.fields.get(name).copied().ok_or_else(|| format!("{name} is not in the latest data"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting() -> Counting {
        let fraction = |percent| Fraction::from_percent(percent).expect("a fraction");
        Counting {
            capacity: Energy::from_watt_hours(100_000.0).expect("an energy"),
            charge_efficiency: fraction(90.0),
            discharge_efficiency: fraction(80.0),
        }
    }

    fn latest(fields: &[(&str, f64)]) -> Latest {
        Latest { stamp: None, fields: fields.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect() }
    }

    #[test]
    fn a_voltage_lies_on_the_curve_or_says_nothing() {
        let percent = |percent| Soc::from_percent(percent).expect("a state of charge");
        let map = SocMap::Voltage(vec![
            (480.0, percent(0.0)),
            (510.0, percent(30.0)),
            (540.0, percent(90.0)),
            (560.0, percent(90.0)),
        ]);
        let check = |fields: &[(&str, f64)], expect: Result<f64, &str>| {
            let found = soc(&map, &latest(fields), &counting(), &mut None);
            assert_eq!(found.as_ref().map(|soc| *soc).map_err(String::as_str), expect, "{fields:?}");
        };
        check(&[("vbat", 480.0)], Ok(0.0));
        check(&[("vbat", 495.0)], Ok(15.0));
        check(&[("vbat", 510.0)], Ok(30.0));
        check(&[("vbat", 525.0)], Ok(60.0));
        check(&[("vbat", 555.0)], Ok(90.0));
        let outside = "vbat is 479.9 V, outside the curve of 480 to 560 V; a flat end in the policy would hold it";
        check(&[("vbat", 479.9)], Err(outside));
        check(&[("vbat", 0.0)], Err(&outside.replace("479.9", "0")));
        check(&[("pac", 480.0)], Err("vbat is not in the latest data"));
        let empty = soc(&SocMap::Voltage(Vec::new()), &latest(&[("vbat", 1.0)]), &counting(), &mut None);
        assert_eq!(empty, Err("vbat is 1 V, outside the curve".to_owned()));
    }

    #[test]
    fn counting_follows_the_counters_and_notices_when_they_go_back() {
        let energy = |kilowatt_hours: f64| Energy::from_watt_hours(kilowatt_hours * 1000.0).expect("an energy");
        let map = |charged| SocMap::Counted {
            soc: Soc::from_percent(50.0).expect("a state of charge"),
            charged: energy(charged),
            discharged: energy(900.0),
        };
        let mut counters = None;
        let mut check = |origin: f64, charged: f64, discharged: f64, expect: Result<f64, &str>| {
            let data = latest(&[("ebatChargeTotal", charged), ("ebatDischargeTotal", discharged)]);
            let found = soc(&map(origin), &data, &counting(), &mut counters);
            assert_eq!(found.as_ref().map(|soc| soc.round()).map_err(String::as_str), expect, "{charged} {discharged}");
        };
        check(1000.0, 1000.0, 900.0, Ok(50.0));
        check(1000.0, 1020.0, 900.0, Ok(68.0));
        check(1000.0, 1020.0, 908.0, Ok(58.0));
        check(1000.0, 1066.0, 908.0, Ok(99.0));
        check(1000.0, 1071.0, 908.0, Ok(100.0));
        check(1000.0, 1500.0, 908.0, Ok(490.0));
        let back =
            "ebatChargeTotal went back from 1071 to 1070.9 kWh; tell a new point under `soc:` if the counter was reset";
        check(1000.0, 1070.9, 909.0, Err(back));
        check(1000.0, 1071.0, 916.0, Ok(94.0));
        let reset =
            "ebatDischargeTotal went back from 916 to 0 kWh; tell a new point under `soc:` if the counter was reset";
        check(1000.0, 1072.0, 0.0, Err(reset));
        check(1072.0, 1072.0, 900.0, Ok(50.0));
        check(1072.0, 1072.0, 940.0, Ok(0.0));
        check(1072.0, 1072.0, 980.0, Ok(-50.0));
        let never =
            "ebatChargeTotal went back from 1072 to 3 kWh; tell a new point under `soc:` if the counter was reset";
        check(1072.0, 3.0, 980.0, Err(never));
    }

    #[test]
    fn what_is_not_mapped_is_not_known() {
        let found = soc(&SocMap::Unknown, &latest(&[("vbat", 500.0)]), &counting(), &mut None);
        assert_eq!(found, Err("the ATESS has no state of charge; map `soc:`".to_owned()));
    }
}
