//! Every field that the vendor documents for the latest data of a string system.

/// What stands in a field, if anything does: every field is optional.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A floating number.
    Number,
    /// A whole number of 32 bits.
    Whole,
    /// The plant's wall clock when it measured.
    Time,
    /// Something that no reading is made of and that is not looked into.
    Other,
}

/// The fields in the vendor's own order, which is that of the alphabet.
pub(super) const FIELDS: [(&str, Kind); 97] = [
    ("bipvBuck1", Kind::Number),
    ("bipvBuck2", Kind::Number),
    ("bipvBuck3", Kind::Number),
    ("bmsStatus", Kind::Whole),
    ("bmsVoltStatus", Kind::Number),
    ("bvbus", Kind::Number),
    ("bvbusNega", Kind::Number),
    ("bvbusPosi", Kind::Number),
    ("bypassFreq", Kind::Number),
    ("checkTime", Kind::Other),
    ("deviceSn", Kind::Other),
    ("ebatChargeTimeTotal", Kind::Number),
    ("ebatChargeTotal", Kind::Number),
    ("ebatDischargeTimeTotal", Kind::Number),
    ("ebatDischargeTotal", Kind::Number),
    ("echargeTimeToday", Kind::Number),
    ("echargeToday", Kind::Number),
    ("edischargeTimeToday", Kind::Number),
    ("edischargeToday", Kind::Number),
    ("effectiveness", Kind::Number),
    ("egridTimeToday", Kind::Number),
    ("egridTimeTotal", Kind::Number),
    ("egridToday", Kind::Number),
    ("egridTotal", Kind::Number),
    ("eloadTimeToday", Kind::Number),
    ("eloadTimeTotal", Kind::Number),
    ("eloadToday", Kind::Number),
    ("eloadTotal", Kind::Number),
    ("epvTimeToday", Kind::Number),
    ("epvTimeTotal", Kind::Number),
    ("epvToday", Kind::Number),
    ("epvTotal", Kind::Number),
    ("etoGridTimeToday", Kind::Number),
    ("etoGridTimeTotal", Kind::Number),
    ("etoGridToday", Kind::Number),
    ("etoGridTotal", Kind::Number),
    ("gactivePower", Kind::Number),
    ("gapparentPower", Kind::Number),
    ("greactivePower", Kind::Number),
    ("gvpvu", Kind::Number),
    ("gvpvv", Kind::Number),
    ("gvpvw", Kind::Number),
    ("inductorCurr", Kind::Number),
    ("ipva", Kind::Number),
    ("ipvb", Kind::Number),
    ("ipvc", Kind::Number),
    ("ipvu", Kind::Number),
    ("ipvv", Kind::Number),
    ("ipvw", Kind::Number),
    ("loadActivePower", Kind::Number),
    ("loadApparentPower", Kind::Number),
    ("loadIu", Kind::Number),
    ("loadIv", Kind::Number),
    ("loadIw", Kind::Number),
    ("loadPf", Kind::Number),
    ("loadReactivePower", Kind::Number),
    ("maxChargeCurr", Kind::Number),
    ("maxDischargeCurr", Kind::Number),
    ("maxTemp", Kind::Number),
    ("maxTempGroup", Kind::Whole),
    ("maxTempNum", Kind::Whole),
    ("maxVolt", Kind::Number),
    ("maxVoltCell", Kind::Whole),
    ("maxVoltGroup", Kind::Whole),
    ("maxVoltNum", Kind::Whole),
    ("meterPower", Kind::Number),
    ("minTemp", Kind::Number),
    ("minTempGroup", Kind::Whole),
    ("minTempNum", Kind::Whole),
    ("minVolt", Kind::Number),
    ("minVoltCell", Kind::Whole),
    ("minVoltGroup", Kind::Whole),
    ("minVoltNum", Kind::Whole),
    ("mvpv", Kind::Number),
    ("outvu", Kind::Number),
    ("outvv", Kind::Number),
    ("outvw", Kind::Number),
    ("pac", Kind::Number),
    ("ppv", Kind::Number),
    ("ppv1", Kind::Number),
    ("ppv2", Kind::Number),
    ("ppv3", Kind::Number),
    ("runModel", Kind::Whole),
    ("status", Kind::Whole),
    ("systemNo", Kind::Whole),
    ("temp", Kind::Number),
    ("temp1", Kind::Number),
    ("temp2", Kind::Number),
    ("temp4", Kind::Number),
    ("time", Kind::Time),
    ("vbat", Kind::Number),
    ("vpv", Kind::Number),
    ("vpv2", Kind::Number),
    ("vpv3", Kind::Number),
    ("vpvun", Kind::Number),
    ("vpvvn", Kind::Number),
    ("vpvwn", Kind::Number),
];

/// What is documented of a field; `None` if nothing is.
pub(super) fn kind(name: &str) -> Option<Kind> {
    FIELDS.iter().find(|(field, _)| *field == name).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendor::atess::latest::Latest;
    use serde_json::{Map, Value, json};

    #[test]
    fn every_documented_field_stands_once_and_is_read() {
        let value = |kind| match kind {
            Kind::Number => json!("1.5"),
            Kind::Whole => json!(-3),
            Kind::Time => json!("2026-11-20 20:41:07"),
            Kind::Other => json!("HPS1"),
        };
        let set: Map<String, Value> = FIELDS.iter().map(|(name, kind)| ((*name).to_owned(), value(*kind))).collect();
        assert_eq!(set.len(), FIELDS.len());
        let latest = Latest::parse(&set, "HPS1", &[]).expect("a set");
        assert!(latest.stamp.is_some());
        for (name, kind) in FIELDS {
            let expect = match kind {
                Kind::Number => Some(&1.5),
                Kind::Whole => Some(&-3.0),
                Kind::Time | Kind::Other => None,
            };
            assert_eq!(latest.fields.get(name), expect, "{name}");
        }
        let whole = FIELDS.iter().filter(|(_, kind)| *kind == Kind::Whole).count();
        assert_eq!((whole, kind("vbat"), kind("soc")), (14, Some(Kind::Number), None));
    }
}
