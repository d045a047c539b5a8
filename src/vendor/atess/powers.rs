//! The owner's mapping of powers: sums of the vendor's fields, with the owner's scale and sign.

use super::latest::Latest;
use crate::device::mapping::{AtessMapping, PowerMap, ReadingMap};
use crate::vendor::plausible::Sample;

/// The powers that the owner has mapped. A sum of which any field is missing is no power: part of a sum is a guess.
pub(super) fn powers(latest: &Latest, map: &ReadingMap) -> Sample {
    let power = |map: &Option<PowerMap>| map.as_ref().and_then(|map| power(latest, map));
    Sample {
        soc: None,
        load: power(&map.load),
        solar: power(&map.solar),
        battery: power(&map.battery),
        grid: power(&map.grid),
        ev: None,
    }
}

/// Every name that the mapping of the readings uses.
pub(super) fn wanted(mapping: &AtessMapping) -> Vec<&str> {
    let ReadingMap { battery, grid, load, solar, .. } = &mapping.readings;
    [battery, grid, load, solar].into_iter().flatten().flat_map(|map| &map.fields).map(String::as_str).collect()
}

fn power(latest: &Latest, map: &PowerMap) -> Option<f64> {
    let values = map.fields.iter().map(|name| latest.fields.get(name).copied());
    let sum: f64 = values.sum::<Option<f64>>().filter(|_| !map.fields.is_empty())?;
    // Nothing with the sign turned round is still nothing, and not a negative one.
    Some(sum * map.watts_per_unit + 0.0).filter(|watts| watts.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_is_a_whole_sum_in_the_owners_scale_and_sign() {
        let check = |fields: &[(&str, f64)], names: &[&str], watts_per_unit: f64, expect: Option<f64>| {
            let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
            let map = PowerMap { fields: names.iter().map(|name| (*name).to_owned()).collect(), watts_per_unit };
            assert_eq!(power(&Latest { stamp: None, fields }, &map), expect, "{names:?}");
        };
        let fields = [("pac", 3.2), ("ppv1", 1.0), ("ppv2", 2.5), ("meterPower", 0.0), ("huge", f64::MAX)];
        check(&fields, &["pac"], 1000.0, Some(3200.0));
        check(&fields, &["pac"], -1000.0, Some(-3200.0));
        check(&fields, &["ppv1", "ppv2"], 1000.0, Some(3500.0));
        check(&fields, &["ppv1", "ppv2", "ppv3"], 1000.0, None);
        check(&fields, &["gactivePower"], 1.0, None);
        check(&fields, &[], 1.0, None);
        check(&fields, &["huge"], 1000.0, None);
        check(&fields, &["meterPower"], -1.0, Some(0.0));
        let fields = [("meterPower".to_owned(), 0.0)].into();
        let map = PowerMap { fields: vec!["meterPower".to_owned()], watts_per_unit: -1.0 };
        assert!(power(&Latest { stamp: None, fields }, &map).is_some_and(f64::is_sign_positive));
    }
}
