//! What stands where in a policy, as far as its layout is concerned: the order of keys, what has lines of its own, how its
//! values are spelt.

use super::spelling::{Words, spelt};
use super::tree::{Block, Comment, Content, Entry};
use crate::policy::model::Quantity;
use crate::snapshot::Signal;

/// What stands somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// The whole policy.
    Policy,
    /// `device`
    Device,
    /// `device: readings`
    Readings,
    /// How one power is read.
    Reading,
    /// `device: settings`
    Settings,
    /// The periods of one purpose.
    Periods,
    /// `battery`
    Battery,
    /// `tariff`
    Tariff,
    /// `import` or `export`: one price or bands.
    Side,
    /// A price and when it holds.
    Band,
    /// `calendars`
    Calendars,
    /// `rules`
    Rules,
    /// A rule.
    Rule,
    /// `when`, or what stands under `not`.
    When,
    /// The list under `any` or `all`.
    Alternatives,
    /// `limits`
    Limits,
    /// A sentence or a list of them.
    Words(Words),
    /// A mapping of names to sentences.
    Named(Words),
    /// A file of tests.
    Tests,
    /// The list of tests.
    TestList,
    /// A test.
    Test,
    /// Anything else: nothing is known of it.
    Other,
}

impl Shape {
    /// What stands under a key.
    pub(super) fn under(self, key: &str) -> Shape {
        match self {
            Shape::Policy => section(key),
            Shape::Device => device(key),
            Shape::Readings if key == "soc" => Shape::Named(Words::Percent),
            Shape::Readings => Shape::Reading,
            Shape::Reading if key == "unit" => Shape::Words(Words::Unit),
            Shape::Settings => Shape::Periods,
            Shape::Periods if key == "charges to" => Shape::Words(Words::Percent),
            Shape::Battery => battery(key),
            Shape::Tariff if matches!(key, "import" | "export") => Shape::Side,
            Shape::Side if key == "price" => Shape::Words(Words::Price),
            Shape::Side => Shape::Band,
            Shape::Band if key == "price" => Shape::Words(Words::Price),
            Shape::Band => calendar(key),
            Shape::Calendars => Shape::Words(Words::Dates),
            Shape::Rule => rule(key),
            Shape::When => condition(key),
            Shape::Limits => limit(key),
            Shape::Named(words) if key == "voltage" => Shape::Named(words),
            Shape::Named(_) if matches!(key, "charged" | "discharged") => Shape::Words(Words::Energy),
            Shape::Named(words) => Shape::Words(words),
            Shape::Tests if key == "tests" => Shape::TestList,
            Shape::Words(words) => Shape::Words(words),
            shape => shape.unknown(),
        }
    }

    /// What the items of a list are.
    pub(super) fn item(self) -> Shape {
        match self {
            Shape::Rules => Shape::Rule,
            Shape::Alternatives => Shape::When,
            Shape::TestList => Shape::Test,
            Shape::Words(words) => Shape::Words(words),
            shape => shape.unknown(),
        }
    }

    /// What stands where nothing is known of it.
    fn unknown(self) -> Shape {
        if self.keeps_quotes() { Shape::Other } else { Shape::Words(Words::Text) }
    }

    /// The keys in their order; empty if they stay as the owner ordered them.
    fn order(self) -> &'static [&'static str] {
        match self {
            Shape::Policy => &[
                "offpeak",
                "site",
                "timezone",
                "include",
                "device",
                "battery",
                "tariff",
                "calendars",
                "rules",
                "otherwise",
                "limits",
            ],
            Shape::Device => &["driver", "serial", "url", "store", "model", "readings", "settings"],
            Shape::Readings => &["battery", "grid", "load", "solar", "soc"],
            Shape::Reading => &["field", "sum of", "positive", "unit"],
            Shape::Settings => &["charge", "permission"],
            Shape::Periods => &["periods", "enable", "charges to"],
            Shape::Battery => &[
                "capacity",
                "charge power",
                "discharge power",
                "round trip efficiency",
                "charge efficiency",
                "discharge efficiency",
                "reserve",
                "ceiling",
            ],
            Shape::Tariff => &["currency", "import", "export"],
            Shape::Band => &["price", "time", "days", "months", "dates"],
            Shape::Rule => &["name", "when", "then"],
            Shape::Limits => &[
                "reading max age",
                "writes per day",
                "time between writes",
                "program ahead",
                "when blind",
                "on drift",
                "on exit",
                "extra hold",
            ],
            Shape::Tests => &["policy", "tests"],
            Shape::Test => &["name", "at", "from", "for", "given", "expect"],
            _ => &[],
        }
    }

    /// Whether it has lines of its own however short it is.
    pub(super) fn is_tall(self, content: &Content) -> bool {
        match self {
            Shape::Side => !is_flat(content),
            Shape::Policy
            | Shape::Device
            | Shape::Readings
            | Shape::Settings
            | Shape::Battery
            | Shape::Tariff
            | Shape::Calendars
            | Shape::Rules
            | Shape::Rule
            | Shape::Alternatives
            | Shape::Limits
            | Shape::Tests
            | Shape::TestList
            | Shape::Test => true,
            _ => match content {
                Content::List(block) => block.entries.iter().any(|item| matches!(item.value, Content::Map(_))),
                _ => false,
            },
        }
    }

    /// Whether the values stand below each other.
    pub(super) fn is_aligned(self) -> bool {
        self == Shape::Side
    }

    /// Whether an empty line stands above an entry: always, never, or as the owner has it.
    pub(super) fn parted(self, key: Option<&str>) -> Option<bool> {
        match self {
            Shape::Policy => Some(!matches!(key, Some("offpeak" | "site" | "timezone"))),
            Shape::Tests | Shape::Rules | Shape::TestList => Some(true),
            Shape::Rule | Shape::Test => Some(false),
            _ => None,
        }
    }

    /// Whether quotes are kept, because it is not known how the values are read.
    pub(super) fn keeps_quotes(self) -> bool {
        matches!(self, Shape::Tests | Shape::TestList | Shape::Test | Shape::Other)
    }
}

fn section(key: &str) -> Shape {
    match key {
        "site" => Shape::Words(Words::Name),
        "device" => Shape::Device,
        "battery" => Shape::Battery,
        "tariff" => Shape::Tariff,
        "calendars" => Shape::Calendars,
        "rules" => Shape::Rules,
        "otherwise" => Shape::Words(Words::Action),
        "limits" => Shape::Limits,
        _ => Shape::Words(Words::Text),
    }
}

fn device(key: &str) -> Shape {
    match key {
        "readings" => Shape::Readings,
        "settings" => Shape::Settings,
        _ => Shape::Words(Words::Text),
    }
}

fn battery(key: &str) -> Shape {
    Shape::Words(match key {
        "capacity" => Words::Energy,
        "charge power" | "discharge power" => Words::Power,
        _ => Words::Percent,
    })
}

fn rule(key: &str) -> Shape {
    match key {
        "name" => Shape::Words(Words::Name),
        "when" => Shape::When,
        "then" => Shape::Words(Words::Action),
        _ => Shape::Words(Words::Text),
    }
}

fn condition(key: &str) -> Shape {
    let signal = Signal::ALL.into_iter().find(|signal| signal.word() == key);
    match (key, signal) {
        ("any" | "all", _) => Shape::Alternatives,
        ("not", _) => Shape::When,
        ("tariff", _) => Shape::Words(Words::Name),
        ("import price", _) => Shape::Words(Words::Comparison(Quantity::ImportPrice)),
        ("export price", _) => Shape::Words(Words::Comparison(Quantity::ExportPrice)),
        (_, Some(signal)) => Shape::Words(Words::Comparison(Quantity::Reading(signal))),
        (key, None) => calendar(key),
    }
}

fn calendar(key: &str) -> Shape {
    Shape::Words(match key {
        "time" => Words::Window,
        "days" => Words::Days,
        "months" => Words::Months,
        "dates" => Words::Dates,
        _ => Words::Text,
    })
}

fn limit(key: &str) -> Shape {
    Shape::Words(match key {
        "reading max age" | "time between writes" | "program ahead" | "extra hold" => Words::Span,
        _ => Words::Text,
    })
}

/// Whether a side of a tariff is one price for all time.
fn is_flat(content: &Content) -> bool {
    let price = |entry: &Entry| entry.key.as_ref().is_some_and(|key| key.text == "price");
    content.block().is_some_and(|block| block.entries.iter().any(|entry| price(entry) && entry.value.block().is_none()))
}

/// Puts keys in order and values in canonical words.
pub(super) fn arrange(content: &mut Content, shape: Shape) {
    match content {
        Content::Empty => {}
        Content::Text(text) => {
            if let Shape::Words(words) = shape {
                text.text = spelt(&text.text, words);
            }
            text.quoted &= shape.keeps_quotes();
        }
        Content::List(block) => {
            for entry in &mut block.entries {
                arrange(&mut entry.value, shape.item());
                hoist(entry);
            }
        }
        Content::Map(block) => {
            for entry in &mut block.entries {
                if let Some(key) = &mut entry.key {
                    key.quoted &= shape.keeps_quotes();
                    let under = shape.under(&key.text);
                    arrange(&mut entry.value, under);
                }
            }
            order(block, shape);
        }
    }
}

/// Moves what stands above or beside the beginning of an item above its dash: there is no other line for it.
fn hoist(item: &mut Entry) {
    let Content::Map(block) = &mut item.value else { return };
    item.before.extend(item.heads.drain(..).map(|text| Comment::own(text, false)));
    if let Some(first) = block.entries.first_mut() {
        item.before.append(&mut first.before);
    }
}

/// Sorts the keys that have an order. One that is not known stays behind the one it stood behind.
fn order(block: &mut Block, shape: Shape) {
    let known = shape.order();
    if known.is_empty() {
        return;
    }
    let head = (shape == Shape::Policy || shape == Shape::Tests).then(|| take_head(block)).flatten();
    let mut ranked: Vec<(usize, Entry)> = Vec::new();
    let mut rank = 0;
    for entry in std::mem::take(&mut block.entries) {
        let key = entry.key.as_ref().map(|key| key.text.as_str()).unwrap_or_default();
        rank = known.iter().position(|word| *word == key).map_or(rank, |position| position + 1);
        ranked.push((rank, entry));
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    block.entries = ranked.into_iter().map(|(_, entry)| entry).collect();
    if let (Some((mut comments, parted)), Some(first)) = (head, block.entries.first_mut()) {
        match first.before.first_mut() {
            Some(next) => next.blank = parted,
            None => first.blank = parted,
        }
        comments.append(&mut first.before);
        first.before = comments;
    }
}

/// The comments at the head of a file, which are about the file and not about the key that happens to stand first, and
/// whether an empty line follows them.
///
/// If there are several paragraphs and the last one touches the key, that one is the key's.
fn take_head(block: &mut Block) -> Option<(Vec<Comment>, bool)> {
    let first = block.entries.first_mut()?;
    let last = first.before.iter().skip(1).rposition(|comment| comment.blank).map(|at| at + 1);
    let mut own = match last {
        Some(at) if !first.blank => first.before.split_off(at),
        _ => Vec::new(),
    };
    if let Some(next) = own.first_mut() {
        next.blank = false;
    }
    let comments = std::mem::replace(&mut first.before, own);
    let parted = first.blank || !first.before.is_empty();
    if first.before.is_empty() {
        first.blank = false;
    }
    (!comments.is_empty()).then_some((comments, parted))
}
