//! `battery:`

use std::ops::Range;

use super::Context;
use super::fields::Fields;
use crate::policy::keys;
use crate::policy::model::Battery;
use crate::policy::sentence::{energy, percent, power};
use crate::policy::yaml::Node;
use crate::units::{Energy, Fraction, Power, Soc};

/// The reserve where the policy names none.
const RESERVE: f64 = 10.0;

impl Context<'_> {
    /// The battery. `None` if anything about it is wrong.
    pub(super) fn battery(&mut self, node: &Node, owner: &Range<usize>) -> Option<Battery> {
        let fields = self.keyed(node, "battery", owner, &keys::BATTERY)?;
        let capacity = self.capacity(&fields);
        let charge_power = self.rated(&fields, "charge power");
        let discharge_power = self.rated(&fields, "discharge power");
        let efficiencies = self.efficiencies(&fields);
        let guards = self.guards(&fields);
        let (charge_efficiency, discharge_efficiency) = efficiencies?;
        let (reserve, ceiling) = guards?;
        Some(Battery {
            capacity: capacity?,
            charge_power: charge_power?,
            discharge_power: discharge_power?,
            charge_efficiency,
            discharge_efficiency,
            reserve,
            ceiling,
        })
    }

    fn capacity(&mut self, fields: &Fields<'_>) -> Option<Energy> {
        let node = self.needed(fields, "capacity")?;
        let capacity = self.read(node, "capacity", energy)?;
        if capacity.watt_hours() >= 100.0 {
            return Some(capacity);
        }
        self.error("out-of-range", &node.bytes, "this is no battery's capacity", "expected at least 100 Wh");
        None
    }

    fn rated(&mut self, fields: &Fields<'_>, key: &str) -> Option<Power> {
        let node = self.needed(fields, key)?;
        let power = self.read(node, key, power)?;
        if power.watts() > 0.0 {
            return Some(power);
        }
        let message = format!("`{key}` must be more than nothing");
        self.error("out-of-range", &node.bytes, message, "expected more than 0 W; the key says the direction");
        None
    }

    /// The efficiencies of charge and discharge.
    fn efficiencies(&mut self, fields: &Fields<'_>) -> Option<(Fraction, Fraction)> {
        let (round, one, other) = (
            fields.entry("round trip efficiency"),
            fields.entry("charge efficiency"),
            fields.entry("discharge efficiency"),
        );
        if let (Some(_), Some((key, _))) = (round, one.or(other)) {
            let message = format!("`{}` and `round trip efficiency` say the same twice", key.text);
            let help = "keep `round trip efficiency`, or both of `charge efficiency` and `discharge efficiency`";
            self.error_help("conflict", &key.bytes, message, "leave this out, or the round trip", help);
            return None;
        }
        if one.is_none() && other.is_none() {
            let node = self.needed(fields, "round trip efficiency")?;
            let share = self.share(node, "round trip efficiency")?;
            return Some((share.square_root(), share.square_root()));
        }
        let charge = self.needed(fields, "charge efficiency");
        let discharge = self.needed(fields, "discharge efficiency");
        let charge = charge.and_then(|node| self.share(node, "charge efficiency"));
        let discharge = discharge.and_then(|node| self.share(node, "discharge efficiency"));
        charge.zip(discharge)
    }

    fn share(&mut self, node: &Node, key: &str) -> Option<Fraction> {
        let value = self.read(node, key, percent)?;
        let share = Fraction::from_percent(value).filter(|_| value >= 10.0);
        if share.is_none() {
            self.error("out-of-range", &node.bytes, format!("this is no battery's `{key}`"), "expected 10% to 100%");
        }
        share
    }

    /// Reserve and ceiling.
    fn guards(&mut self, fields: &Fields<'_>) -> Option<(Soc, Soc)> {
        let mut guard = |key: &str, default: f64| match fields.get(key) {
            Some(node) => self.read(node, key, percent).and_then(Soc::from_percent),
            None => Soc::from_percent(default),
        };
        let (reserve, ceiling) = (guard("reserve", RESERVE), guard("ceiling", 100.0));
        self.ceiling = fields.get("ceiling").map(|node| self.place(&node.bytes));
        self.reserve = fields.get("reserve").map(|node| self.place(&node.bytes));
        let (reserve, ceiling) = (reserve?, ceiling?);
        if reserve < ceiling {
            return Some((reserve, ceiling));
        }
        let at = fields.get("reserve").or(fields.get("ceiling")).map(|node| node.bytes.clone()).unwrap_or_default();
        let message = format!("the reserve of {reserve} leaves nothing below the ceiling of {ceiling}");
        self.error("conflict", &at, message, "expected a reserve below the ceiling");
        None
    }
}
