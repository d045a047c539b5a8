//! `tariff:`

use std::ops::Range;

use super::calendars::is_name;
use super::{Context, quoted};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::coverage::{self, Coverage};
use crate::policy::keys;
use crate::policy::model::{Band, Tariff};
use crate::policy::sentence::price;
use crate::policy::yaml::{Key, Node, Value};
use crate::time::{CalendarTest, Instant, Zone};

/// How many bands one side of a tariff may have.
const MAX_BANDS: usize = coverage::MAX_BANDS;

impl Context<'_> {
    /// What energy costs. `None` if anything about it is wrong.
    pub(super) fn tariff(&mut self, node: &Node, owner: &Range<usize>, zone: Option<&Zone>) -> Option<Tariff> {
        let fields = self.keyed(node, "tariff", owner, &keys::TARIFF)?;
        let currency = self.needed(&fields, "currency").and_then(|node| self.currency(node));
        self.prices = (fields.get("import").is_some(), fields.get("export").is_some());
        self.bands_known = true;
        let import = self.side(fields.entry("import"), zone);
        let export = self.side(fields.entry("export"), zone);
        Some(Tariff { currency: currency?, import: import?, export: export? })
    }

    fn currency(&mut self, node: &Node) -> Option<String> {
        let text = &self.scalar(node, "currency")?.text;
        if text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()) {
            return Some(text.clone());
        }
        let upper = text.to_uppercase();
        let meant = match text.as_str() {
            "£" | "pound" | "pounds" | "p" | "pence" => Some("GBP"),
            "€" | "euro" | "euros" | "cent" => Some("EUR"),
            "$" | "dollar" | "dollars" => Some("USD"),
            _ => (text.len() == 3 && upper.bytes().all(|b| b.is_ascii_uppercase())).then_some(upper.as_str()),
        };
        let help = meant.map_or_else(
            || "write `GBP`, `EUR`, `AUD` or another such code".to_owned(),
            |code| format!("write `{code}`"),
        );
        let message = format!("{} is not a currency code", quoted(text));
        self.error_help("bad-value", &node.bytes, message, "expected three capital letters", help);
        None
    }

    /// The bands of import or of export; empty if the policy names none.
    fn side(&mut self, entry: Option<(&Key, &Node)>, zone: Option<&Zone>) -> Option<Vec<Band>> {
        let Some((key, node)) = entry else { return Some(Vec::new()) };
        let import = key.text == "import";
        if let Value::Scalar(scalar) = &node.value
            && !scalar.is_empty()
        {
            self.bands_known &= !import;
            self.bare_price(key, node, &scalar.text);
            return None;
        }
        let Some(entries) = self.mapping(node, &key.text) else {
            self.bands_known &= !import;
            return None;
        };
        if is_flat(entries) {
            return self.flat(key, node);
        }
        let entries = self.distinct(entries);
        if import {
            self.bands = entries.iter().map(|(name, _)| name.text.clone()).collect();
        }
        if let Some((name, _)) = entries.get(MAX_BANDS) {
            self.error("too-large", &name.bytes, format!("a tariff has at most {MAX_BANDS} bands"), "one too many");
            return None;
        }
        let expected = entries.len();
        let numbered = entries.iter().enumerate();
        let bands: Vec<Band> =
            numbered.filter_map(|(number, (name, node))| self.band(name, node, import.then_some(number))).collect();
        let bands = (bands.len() == expected).then_some(bands)?;
        match zone {
            Some(zone) => self.covered(key, &bands, zone),
            // Which site it will be for makes no difference where no band is read on a clock of its own.
            None if self.apart
                && bands.iter().all(|band| band.when.windows.iter().all(|window| window.zone().is_none())) =>
            {
                self.covered(key, &bands, &Zone::utc());
            }
            None => return None,
        }
        Some(bands)
    }

    /// One price for all time.
    fn flat(&mut self, key: &Key, node: &Node) -> Option<Vec<Band>> {
        let fields = self.keyed(node, &key.text, &key.bytes, &keys::FLAT)?;
        let node = fields.get("price")?;
        let price = self.read(node, "price", price)?;
        let place = self.place(&key.bytes);
        Some(vec![Band { name: String::new(), price, when: CalendarTest::default(), place }])
    }

    /// A price without the words around it.
    fn bare_price(&mut self, key: &Key, node: &Node, text: &str) {
        let help = format!("write `{}: {{ price: {text} }}`", key.text);
        let label = "expected `{ price: 0.15 }`, or bands by name";
        self.error_help("wrong-shape", &node.bytes, format!("`{}` takes a price or bands", key.text), label, help);
    }

    fn band(&mut self, name: &Key, node: &Node, number: Option<usize>) -> Option<Band> {
        let named = is_name(&name.text);
        if !named {
            let message = format!("{} cannot name a band", quoted(&name.text));
            self.error("bad-name", &name.bytes, message, "expected a name that begins with a letter, such as `night`");
        }
        if let Value::Scalar(scalar) = &node.value
            && !scalar.is_empty()
        {
            let help = format!("write `{}: {{ price: {} }}`", name.text, scalar.text);
            self.error_help(
                "wrong-shape",
                &node.bytes,
                "a band is a price and when it holds",
                "expected `{ price: 0.07, time: 23:30-05:30 }`",
                help,
            );
            return None;
        }
        let fields = self.keyed(node, &name.text, &name.bytes, &keys::BAND)?;
        let price = self.needed(&fields, "price").and_then(|node| self.read(node, "price", price));
        let when = self.calendar_test(&fields, number.or(Some(usize::MAX)));
        let complete = matches!(&node.value, Value::Map(entries) if entries.len() == fields.entries.len());
        let place = self.place(&name.bytes);
        (named && complete).then_some(Band { name: name.text.clone(), price: price?, when: when?, place })
    }

    /// Proves that exactly one band holds at every instant, or tells the first at which that is not so.
    fn covered(&mut self, key: &Key, bands: &[Band], zone: &Zone) {
        let rest: Vec<&Band> = bands.iter().filter(|band| band.when.is_empty()).collect();
        if let [first, second, ..] = rest.as_slice() {
            let message = format!("`{}` and `{}` both stand without conditions", first.name, second.name);
            let two = Diagnostic::error(
                Code("overlapping-bands"),
                second.place.clone(),
                message,
                "a second band for the rest of the time",
            );
            self.push(
                two.related(first.place.clone(), "the first one")
                    .help("say when one of them holds: `time`, `days`, `months` or `dates`"),
            );
            return;
        }
        let Coverage { gap, overlap, reached, exhausted } = coverage::survey(bands, zone);
        if let Some((at, one, other)) = overlap {
            self.overlap(bands.get(one), bands.get(other), at, zone);
        }
        if let Some(at) = gap {
            let message = format!("no {} band holds on {}", key.text, local(at, zone));
            let help = "let one band stand without conditions: it holds for the rest of the time";
            self.error_help("uncovered-time", &key.bytes, message, "exactly one band must hold at every instant", help);
        }
        if exhausted && overlap.is_none() && gap.is_none() {
            let message = "these bands are too intricate to prove that exactly one holds at every instant";
            let help = "use fewer windows, and calendars rather than single dates";
            self.error_help("too-large", &key.bytes, message, "too many windows and days", help);
            return;
        }
        for (band, reached) in bands.iter().zip(&reached) {
            if !reached && overlap.is_none() {
                let message = format!("the band `{}` never holds", band.name);
                let never = Diagnostic::warning(
                    Code("unreachable-band"),
                    band.place.clone(),
                    message,
                    "no instant is left to it",
                );
                self.push(never.help(format!("looked at every day {}", coverage::SPAN_WORDS)));
            }
        }
    }

    fn overlap(&mut self, one: Option<&Band>, other: Option<&Band>, at: Instant, zone: &Zone) {
        let (Some(one), Some(other)) = (one, other) else { return };
        let message = format!("`{}` and `{}` both hold on {}", one.name, other.name, local(at, zone));
        let both = Diagnostic::error(Code("overlapping-bands"), other.place.clone(), message, "this band overlaps");
        let clocks = |band: &Band| band.when.windows.iter().map(|window| window.zone().cloned()).collect::<Vec<_>>();
        let help = match clocks(one).iter().any(|zone| clocks(other).iter().any(|other| other != zone)) {
            true => {
                "their windows are read on different clocks: name one zone for both, or leave out when one of them holds"
            }
            false => {
                "let one end where the other begins; the band that holds for the rest of the time stands without conditions"
            }
        };
        self.push(both.related(one.place.clone(), "with this one").help(help));
    }
}

/// Whether the mapping is a price for all time rather than bands by name.
fn is_flat(entries: &[(Key, Node)]) -> bool {
    entries.iter().any(|(key, node)| key.text == "price" && matches!(node.value, Value::Scalar(_)))
}

/// A moment on the site's clock: `Mon 2026-01-05 at 05:30`.
fn local(at: Instant, zone: &Zone) -> String {
    let local = zone.local(at);
    format!("{} {} at {}", local.weekday(), local.date, local.time())
}
