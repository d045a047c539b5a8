//! `device: readings: soc:` of an ATESS, whose vendor has no field for the state of charge.

use std::ops::Range;

use super::fields::Fields;
use super::{Context, quoted};
use crate::device::mapping::SocMap;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::policy::keys::{self, MAX_POINTS};
use crate::policy::sentence::{energy, percent};
use crate::policy::yaml::{Key, Node, Value};
use crate::units::{Energy, Soc};

/// The highest voltage that a battery here may have.
const MAX_VOLTS: f64 = 2_000.0;

/// How to say where the state of charge comes from.
const WAYS: &str = "write `soc: unknown`, or `soc: { voltage: { 48.0: 10%, 54.0: 100% } }`, or \
                    `soc: { counted from: 80%, charged: 1234.5 kWh, discharged: 1100.2 kWh }`";

impl Context<'_> {
    /// Where the state of charge comes from. `None` if anything about it is wrong.
    pub(super) fn soc(&mut self, node: &Node, owner: &Range<usize>) -> Option<SocMap> {
        if let Value::Scalar(scalar) = &node.value
            && !scalar.is_empty()
        {
            if scalar.text == "unknown" {
                return Some(SocMap::Unknown);
            }
            let message = format!("{} does not say where the state of charge comes from", quoted(&scalar.text));
            self.error_help("unknown-word", &node.bytes, message, "the vendor has no field for it", WAYS);
            return None;
        }
        let fields = self.keyed(node, "soc", owner, &keys::SOC)?;
        let counted = ["counted from", "charged", "discharged"].iter().find_map(|key| fields.entry(key));
        match (fields.entry("voltage"), counted) {
            (Some(_), Some((key, _))) => {
                let message = "`soc` comes from the voltage or is counted, not both";
                let help = "keep `voltage`, or all of `counted from`, `charged` and `discharged`";
                self.error_help("conflict", &key.bytes, message, "leave this out, or `voltage`", help);
                None
            }
            (Some((key, node)), None) => self.curve(node, &key.bytes).map(SocMap::Voltage),
            (None, Some(_)) => self.counted(&fields),
            (None, None) => {
                self.error_help("missing-key", owner, "`soc` says nothing", "expected where it comes from", WAYS);
                None
            }
        }
    }

    fn counted(&mut self, fields: &Fields<'_>) -> Option<SocMap> {
        let soc = self.needed(fields, "counted from");
        let soc = soc.and_then(|node| self.read(node, "counted from", percent)).and_then(Soc::from_percent);
        let charged = self.counter(fields, "charged");
        let discharged = self.counter(fields, "discharged");
        Some(SocMap::Counted { soc: soc?, charged: charged?, discharged: discharged? })
    }

    fn counter(&mut self, fields: &Fields<'_>, key: &str) -> Option<Energy> {
        let node = self.needed(fields, key)?;
        let energy = self.read(node, key, energy)?;
        if energy.watt_hours() >= 0.0 {
            return Some(energy);
        }
        let message = format!("`{key}` is what a counter showed, which is never negative");
        self.error("out-of-range", &node.bytes, message, "expected 0 kWh or more");
        None
    }

    /// Points of a rising curve.
    fn curve(&mut self, node: &Node, owner: &Range<usize>) -> Option<Vec<(f64, Soc)>> {
        let entries = self.mapping(node, "voltage")?;
        if let Some((key, _)) = entries.get(MAX_POINTS) {
            self.error("too-large", &key.bytes, format!("a curve has at most {MAX_POINTS} points"), "one too many");
            return None;
        }
        let expected = entries.len();
        let points: Vec<(Place, f64, Soc)> =
            self.distinct(entries).into_iter().filter_map(|(key, node)| self.point(key, node)).collect();
        if points.len() < expected || !self.rises(&points) {
            return None;
        }
        if points.len() < 2 {
            let help = "write one for the empty and one for the full battery: `{ 48.0: 0%, 54.0: 100% }`";
            self.error_help("bad-curve", owner, "a curve needs two points", "expected another point", help);
            return None;
        }
        Some(points.into_iter().map(|(_, volts, soc)| (volts, soc)).collect())
    }

    /// `51.2: 50%`.
    fn point(&mut self, key: &Key, node: &Node) -> Option<(Place, f64, Soc)> {
        let text = key.text.trim().trim_end_matches('V').trim_end();
        let digits = text.len() <= 12 && text.chars().all(|c| c.is_ascii_digit() || c == '.');
        let volts = text.parse::<f64>().ok().filter(|volts| digits && *volts > 0.0 && *volts <= MAX_VOLTS);
        if volts.is_none() {
            let label = format!("expected volts such as `51.2`, at most {MAX_VOLTS}");
            self.error("bad-value", &key.bytes, format!("{} is no voltage of a battery", quoted(&key.text)), label);
        }
        let soc = self.read(node, &key.text, percent).and_then(Soc::from_percent);
        Some((self.place(&(key.bytes.start..node.bytes.end)), volts?, soc?))
    }

    /// Whether volts rise and the charge never falls; reports the first point at which they do not.
    fn rises(&mut self, points: &[(Place, f64, Soc)]) -> bool {
        let falls = points.iter().zip(points.iter().skip(1)).find(|(one, two)| two.1 <= one.1 || two.2 < one.2);
        let Some(((before, _, _), (place, ..))) = falls else { return true };
        let diagnostic = Diagnostic::error(
            Code("bad-curve"),
            place.clone(),
            "the curve does not rise from point to point",
            "expected more volts, and no less charge, than before",
        );
        let diagnostic = diagnostic.related(before.clone(), "the point before");
        self.push(diagnostic.help("write the points in the order of their volts, from empty to full"));
        false
    }
}
