//! `device: readings:` of an ATESS, whose vendor documents neither signs nor units.

use std::ops::Range;

use super::fields::Fields;
use super::{Context, quoted};
use crate::device::atess_fields::NUMBERS;
use crate::device::mapping::{PowerMap, ReadingMap, SocMap};
use crate::diagnostic::{Code, Diagnostic, Place, nearest};
use crate::policy::keys::{self, BATTERY_SIGNS, GRID_SIGNS, MAX_FIELDS, Table};
use crate::policy::sentence::power;
use crate::policy::yaml::Node;

/// What a field counts as positive, and the factor that leads to our sign; empty for what is never negative.
type Directions = &'static [(&'static str, f64)];

/// A field that a signal is read from.
struct Mapped {
    name: String,
    signal: &'static str,
    place: Place,
}

impl Context<'_> {
    /// How the fields of the latest data are read. `None` if anything about it is wrong.
    pub(super) fn readings(&mut self, node: &Node, owner: &Range<usize>) -> Option<ReadingMap> {
        let fields = self.keyed(node, "readings", owner, &keys::READINGS)?;
        let mut mapped = Vec::new();
        let battery = self.power_map(&fields, "battery", (&keys::BATTERY_READING, &BATTERY_SIGNS), &mut mapped);
        let grid = self.power_map(&fields, "grid", (&keys::GRID_READING, &GRID_SIGNS), &mut mapped);
        let load = self.power_map(&fields, "load", (&keys::PLAIN_READING, &[]), &mut mapped);
        let solar = self.power_map(&fields, "solar", (&keys::PLAIN_READING, &[]), &mut mapped);
        let soc = fields.entry("soc").map_or(Some(SocMap::Unknown), |(key, node)| self.soc(node, &key.bytes));
        let twice = self.mapped_twice(&mapped);
        Some(ReadingMap { battery: battery?, grid: grid?, load: load?, solar: solar?, soc: soc? }).filter(|_| !twice)
    }

    /// How one power is read; `None` within if it is not.
    #[expect(clippy::option_option, reason = "the outer one says that what stands there is wrong")]
    fn power_map(
        &mut self,
        readings: &Fields<'_>,
        signal: &'static str,
        (table, directions): (&'static Table, Directions),
        mapped: &mut Vec<Mapped>,
    ) -> Option<Option<PowerMap>> {
        let Some((key, node)) = readings.entry(signal) else { return Some(None) };
        let fields = self.keyed(node, signal, &key.bytes, table)?;
        let names = self.field_names(&fields, signal, mapped);
        let sign = self.direction(&fields, directions);
        let unit = self.needed(&fields, "unit").and_then(|node| self.watts_per_unit(node));
        Some(Some(PowerMap { fields: names?, watts_per_unit: sign? * unit? }))
    }

    /// The factor that leads from the field's sign to ours.
    fn direction(&mut self, fields: &Fields<'_>, directions: Directions) -> Option<f64> {
        if directions.is_empty() {
            return Some(1.0);
        }
        let node = self.needed(fields, "positive")?;
        self.choice(node, "positive", directions)
    }

    /// The one field under `field`, or those under `sum of`.
    fn field_names(
        &mut self,
        fields: &Fields<'_>,
        signal: &'static str,
        mapped: &mut Vec<Mapped>,
    ) -> Option<Vec<String>> {
        let Some((key, node)) = fields.entry("sum of") else {
            let node = self.needed(fields, "field")?;
            return self.field_name(node, "field", signal, mapped).map(|name| vec![name]);
        };
        if fields.get("field").is_some() {
            let help = "keep `field` for one field, or `sum of` for several that are added";
            let message = format!("`{signal}` is either one `field` or the `sum of` several");
            self.error_help("conflict", &key.bytes, message, "leave this out, or `field`", help);
            return None;
        }
        let items = self.items(node, "sum of");
        if let Some(beyond) = items.get(MAX_FIELDS) {
            let message = format!("`sum of` takes at most {MAX_FIELDS} fields");
            self.error("too-large", &beyond.bytes, message, "one too many");
            return None;
        }
        let expected = items.len().max(1);
        let names: Vec<String> =
            items.into_iter().filter_map(|item| self.field_name(item, "sum of", signal, mapped)).collect();
        (names.len() == expected).then_some(names)
    }

    /// One of the vendor's numbers.
    fn field_name(&mut self, node: &Node, key: &str, signal: &'static str, mapped: &mut Vec<Mapped>) -> Option<String> {
        let name = self.scalar(node, key)?.text.clone();
        if NUMBERS.contains(&name.as_str()) {
            mapped.push(Mapped { name: name.clone(), signal, place: self.place(&node.bytes) });
            return Some(name);
        }
        let help = nearest(&name, NUMBERS).map_or_else(
            || "the vendor's page lists the fields; `offpeak calibrate` proposes which to take".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        let message = format!("{} is not a number that an ATESS reports", quoted(&name));
        self.error_help("unknown-field", &node.bytes, message, "expected a field such as `pac`", help);
        None
    }

    /// `W`, `kW`, or what one step of the field is: `100 W`.
    fn watts_per_unit(&mut self, node: &Node) -> Option<f64> {
        let text = self.scalar(node, "unit")?.text.clone();
        let one = if text.starts_with(|c: char| c.is_ascii_digit()) { text.clone() } else { format!("1 {text}") };
        let step = power(&one).ok().filter(|step| step.watts() > 0.0);
        if step.is_none() {
            let label = "expected `W` or `kW`, or what one step of the field is, such as `100 W`";
            let help = ["W", "kW"].into_iter().find(|unit| unit.eq_ignore_ascii_case(text.trim()));
            let message = format!("{} is not a unit of power", quoted(&text));
            match help {
                Some(unit) => {
                    self.error_help("unknown-unit", &node.bytes, message, label, format!("write `unit: {unit}`"));
                }
                None => self.error("unknown-unit", &node.bytes, message, label),
            }
        }
        step.map(crate::units::Power::watts)
    }

    /// Reports fields that are read twice; whether there are any.
    fn mapped_twice(&mut self, mapped: &[Mapped]) -> bool {
        let mut found = false;
        for (index, again) in mapped.iter().enumerate() {
            let Some(first) = mapped.iter().take(index).find(|first| first.name == again.name) else { continue };
            found = true;
            let message = if first.signal == again.signal {
                format!("`{}` is added twice", again.name)
            } else {
                format!("`{}` cannot be both `{}` and `{}`", again.name, first.signal, again.signal)
            };
            let diagnostic = Diagnostic::error(Code("conflict"), again.place.clone(), message, "here again");
            let diagnostic = diagnostic.related(first.place.clone(), "it is read here already");
            self.push(diagnostic.help("each signal has a field of its own: leave one of them out"));
        }
        found
    }
}
