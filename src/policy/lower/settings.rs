//! `device: settings:` of an ATESS: which of its settings may be written.

use std::ops::Range;

use super::fields::Fields;
use super::{Context, quoted};
use crate::device::mapping::{AtessModel, PeriodMap, SettingMap};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::policy::keys::{self, MAX_PERIODS};
use crate::policy::sentence::percent;
use crate::policy::yaml::Node;

/// How long a key of the vendor may be.
const MAX_KEY: usize = 64;

/// One of the vendor's keys, and what it is to do.
struct Named {
    key: String,
    purpose: &'static str,
    place: Place,
}

impl Context<'_> {
    /// Which settings may be written. `None` if anything about it is wrong.
    pub(super) fn settings(
        &mut self,
        node: &Node,
        owner: &Range<usize>,
        model: Option<AtessModel>,
    ) -> Option<SettingMap> {
        let fields = self.keyed(node, "settings", owner, &keys::SETTINGS)?;
        let mut names = Vec::new();
        let charge = self.needed(&fields, "charge");
        let charge = charge.and_then(|node| {
            let owner = fields.entry("charge").map(|(key, _)| key.bytes.clone()).unwrap_or_default();
            let fields = self.keyed(node, "charge", &owner, &keys::CHARGE)?;
            let periods = self.periods(&fields, ["the charge", "the switch of the charge"], model, &mut names);
            let limit = self.charges_to(&fields);
            Some((periods?, limit?))
        });
        let permission = fields.entry("permission").map(|(key, node)| {
            let fields = self.keyed(node, "permission", &key.bytes, &keys::PERMISSION)?;
            self.periods(&fields, ["the permission", "the switch of the permission"], model, &mut names)
        });
        let twice = self.named_twice(&names);
        let permission = match permission {
            Some(permission) => Some(permission?),
            None => None,
        };
        let (charge, charges_to) = charge?;
        Some(SettingMap { charge, charges_to, permission }).filter(|_| !twice)
    }

    /// The limit to which the device charges by itself, in whole percent.
    fn charges_to(&mut self, fields: &Fields<'_>) -> Option<u8> {
        let node = self.needed(fields, "charges to")?;
        let value = self.read(node, "charges to", percent)?;
        let whole = (1..=100_u8).find(|whole| f64::from(*whole) == value);
        if whole.is_none() {
            let label = "expected a whole percentage from 1% to 100%, as it is set on the device";
            self.error("out-of-range", &node.bytes, "this is no limit of a charge", label);
        }
        whole
    }

    /// The periods of one purpose, and the key that puts them in force.
    fn periods(
        &mut self,
        fields: &Fields<'_>,
        purposes: [&'static str; 2],
        model: Option<AtessModel>,
        names: &mut Vec<Named>,
    ) -> Option<PeriodMap> {
        let node = self.needed(fields, "periods");
        let periods = node.and_then(|node| self.period_keys(node, purposes[0], model, names));
        let enable = fields.get("enable").map(|node| self.setting(node, "enable", purposes[1], names));
        let enable = match enable {
            Some(enable) => Some(enable?),
            None => None,
        };
        Some(PeriodMap { periods: periods?, enable })
    }

    fn period_keys(
        &mut self,
        node: &Node,
        purpose: &'static str,
        model: Option<AtessModel>,
        names: &mut Vec<Named>,
    ) -> Option<Vec<String>> {
        let items = self.items(node, "periods");
        if let Some(beyond) = items.get(MAX_PERIODS) {
            let message = format!("`periods` takes at most {MAX_PERIODS} keys");
            self.error("too-large", &beyond.bytes, message, "one too many");
            return None;
        }
        let expected = items.len().max(1);
        let keys: Vec<String> = items.into_iter().filter_map(|item| self.period(item, purpose, model, names)).collect();
        (keys.len() == expected).then_some(keys)
    }

    /// The key of one period. The number at its end is at most what the model has of a class.
    fn period(
        &mut self,
        node: &Node,
        purpose: &'static str,
        model: Option<AtessModel>,
        names: &mut Vec<Named>,
    ) -> Option<String> {
        let key = self.setting(node, "periods", purpose, names)?;
        let class = key.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = key.strip_prefix(class).filter(|number| !number.is_empty());
        let Some((model, number)) = model.zip(number) else { return Some(key) };
        let most = model.periods();
        if number.parse::<u8>().is_ok_and(|number| (1..=most).contains(&number)) {
            return Some(key);
        }
        let message = format!("a {} system has {most} periods of a class, and no `{key}`", model.word());
        let label = format!("expected `{class}1` to `{class}{most}`");
        let central = AtessModel::Central;
        let fits = number.parse::<u8>().is_ok_and(|number| (1..=central.periods()).contains(&number));
        match model {
            AtessModel::String if fits => {
                let help = format!("a central system has {}: write `model: central` if it is one", central.periods());
                self.error_help("out-of-range", &node.bytes, message, label, help);
            }
            _ => self.error("out-of-range", &node.bytes, message, label),
        }
        None
    }

    /// One of the vendor's keys.
    fn setting(&mut self, node: &Node, what: &str, purpose: &'static str, names: &mut Vec<Named>) -> Option<String> {
        let key = self.scalar(node, what)?.text.clone();
        let letters = key.starts_with(|c: char| c.is_ascii_alphabetic());
        if letters && key.len() <= MAX_KEY && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            names.push(Named { key: key.clone(), purpose, place: self.place(&node.bytes) });
            return Some(key);
        }
        let message = format!("{} is not a key of the vendor's settings", quoted(&key));
        let label = "expected a key as the vendor spells it, such as `valleyPeriodTime1`";
        self.error("bad-name", &node.bytes, message, label);
        None
    }

    /// Reports keys that are to serve twice; whether there are any.
    fn named_twice(&mut self, names: &[Named]) -> bool {
        let mut found = false;
        for (index, again) in names.iter().enumerate() {
            let Some(first) = names.iter().take(index).find(|first| first.key == again.key) else { continue };
            found = true;
            let message = if first.purpose == again.purpose {
                format!("`{}` stands twice among the periods of {}", again.key, again.purpose)
            } else {
                format!("`{}` cannot serve both {} and {}", again.key, first.purpose, again.purpose)
            };
            let diagnostic = Diagnostic::error(Code("conflict"), again.place.clone(), message, "here again");
            let diagnostic = diagnostic.related(first.place.clone(), "it stands here already");
            self.push(diagnostic.help("each key of the vendor has one meaning: leave one of them out"));
        }
        found
    }
}
