//! The capability table: what a device can do, what it cannot, and what offpeak does instead.

use serde_json::{Map, Value, json};

use crate::device::capability::{Capability, Freshness, Level, Midnight, WindowCapability};
use crate::device::{Certainty, Fact, Store, Topic};
use crate::snapshot::Signal;
use crate::time::spoken;

use super::layout::{Line, Screen, width};
use super::style::{Role, Style};

/// Columns before the label of an entry: two blanks, its mark, a blank.
const MARK: usize = 4;

/// Blanks between a label and its words.
const GAP: usize = 2;

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is about.
    pub topic: Topic,
    /// Whether the device can do it, as far as this can be said of it.
    pub able: bool,
    /// What it can do or cannot.
    pub says: String,
    /// What offpeak does about it; empty if nothing needs be done.
    pub instead: String,
    /// What it rests on.
    pub fact: Fact,
}

/// Every line of the table, in the order of [`Topic::ALL`].
#[must_use]
pub fn entries(capability: &Capability) -> Vec<Entry> {
    let entry = |topic| {
        let (able, says, instead) = said(capability, topic);
        Entry { topic, able, says, instead: instead.to_owned(), fact: capability.fact(topic) }
    };
    Topic::ALL.into_iter().map(entry).collect()
}

/// Whose store it is: `AlphaESS, two-window store`.
#[must_use]
pub fn title(capability: &Capability) -> String {
    format!("{}, {}", capability.store.maker().name(), capability.store.name())
}

/// The anchor of a store's section in `docs/devices.md`.
#[must_use]
pub fn anchor(store: Store) -> String {
    let maker = store.maker().name();
    format!("docs/devices.md#{}-{}", maker.to_lowercase(), store.name().replace(' ', "-"))
}

/// The table for people: `+` what it can do, `–` what it cannot, below it what offpeak does about that.
#[must_use]
pub fn capability_text(head: &str, capability: &Capability, style: Style) -> String {
    let mut screen = Screen::new(style);
    screen.line(&Line::default().text(Role::Title, head));
    let entries = entries(capability);
    let label = entries.iter().map(|entry| width(entry.topic.words())).max().unwrap_or(0);
    let column = MARK + label + GAP;
    for entry in entries {
        let (role, mark) = if entry.able { (Role::Good, "+") } else { (Role::Warn, "–") };
        let words = entry.topic.words();
        let blanks = " ".repeat(label.saturating_sub(width(words)) + GAP);
        let head = Line::indent(2).text(role, mark).text(Role::Text, &format!(" {words}{blanks}"));
        screen.prose(head, Role::Text, &format!("{}{}", entry.says, doubt(entry.fact.certainty)), column);
        if !entry.instead.is_empty() {
            screen.prose(Line::indent(column).text(Role::Faint, "→ "), Role::Faint, &entry.instead, column + 2);
        }
    }
    screen.finish()
}

/// The table as data.
#[must_use]
pub fn capability_json(capability: &Capability) -> Value {
    let seconds = |span: std::time::Duration| span.as_secs();
    let verification = &capability.verification;
    json!({
        "store": capability.store.word(),
        "driver": capability.store.maker().word(),
        "readings": capability.readings.iter().map(|one| reading_json(one.signal, one.freshness)).collect::<Vec<_>>(),
        "windows": capability.windows.as_ref().map(windows_json),
        "charge_power": capability.charge_power,
        "forced_discharge": capability.forced_discharge,
        "hold": capability.hold,
        "stops_sun": capability.stops_sun,
        "read_back": verification.read_back,
        "write_only": verification.write_only,
        "effect_seconds": verification.effect.map(|(soonest, latest)| json!([seconds(soonest), seconds(latest)])),
        "seconds_between_reads": seconds(capability.limits.between_reads),
        "seconds_between_writes": capability.limits.between_writes.map(seconds),
        "facts": entries(capability).iter().map(entry_json).collect::<Map<_, _>>(),
        "document": anchor(capability.store),
    })
}

fn reading_json(signal: Signal, freshness: Freshness) -> Value {
    let minutes = match freshness {
        Freshness::Stamped => None,
        Freshness::Inferred { minutes } => Some(minutes),
    };
    json!({ "signal": signal.word(), "stamped": minutes.is_none(), "minutes_between": minutes })
}

fn windows_json(windows: &WindowCapability) -> Value {
    json!({
        "charge": windows.charge,
        "permission": windows.permission,
        "together": windows.together,
        "weekly": windows.weekly,
        "weekdays": windows.weekly.is_some(),
        "grid_minutes": windows.grid_minutes,
        "target": level_json(windows.target, windows.greatest),
        "floor": level_json(windows.floor, windows.greatest),
        "midnight": match windows.midnight {
            Midnight::Split => "split",
        },
    })
}

/// `own`: `shared` by all windows, one for `each`, `fixed` on the device, or `unknown`.
fn level_json(level: Level, greatest: u8) -> Value {
    let (own, least, greatest) = match level {
        Level::Shared { least } => ("shared", Some(least), Some(greatest)),
        Level::Each { least } => ("each", Some(least), Some(greatest)),
        Level::Fixed(level) => ("fixed", Some(level), Some(level)),
        Level::Unknown => ("unknown", None, None),
    };
    json!({ "own": own, "least": least, "greatest": greatest })
}

fn entry_json(entry: &Entry) -> (String, Value) {
    let value = json!({
        "able": entry.able,
        "text": entry.says,
        "instead": (!entry.instead.is_empty()).then_some(&entry.instead),
        "source": entry.fact.says,
        "certainty": entry.fact.certainty.word(),
    });
    (entry.topic.code().to_owned(), value)
}

/// What is added to an entry that the vendor leaves open.
fn doubt(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Certain => "",
        Certainty::Likely => " (likely)",
        Certainty::Unknown => " (not documented)",
    }
}

/// Whether it can, what it can or cannot, and what offpeak does about that.
fn said(capability: &Capability, topic: Topic) -> (bool, String, &'static str) {
    match topic {
        Topic::Readings => readings(capability),
        Topic::Freshness => freshness(capability),
        Topic::Power => power(capability),
        Topic::Discharge => forced(capability),
        Topic::Hold => hold(capability),
        Topic::Sun => sun(capability),
        Topic::Verification => verification(capability),
        Topic::Effect => effect(capability),
        Topic::Reads => reads(capability),
        Topic::Writes => writes(capability),
        Topic::Windows | Topic::Days | Topic::Grid | Topic::Midnight | Topic::Target | Topic::Floor => {
            match &capability.windows {
                Some(windows) => of_windows(windows, topic),
                None => (
                    false,
                    "none: the policy maps no settings".to_owned(),
                    "the device is read and never written: rules are decided, shown and journaled",
                ),
            }
        }
    }
}

fn of_windows(windows: &WindowCapability, topic: Topic) -> (bool, String, &'static str) {
    match topic {
        Topic::Days => days(windows),
        Topic::Grid => (
            true,
            format!("a window begins and ends at a multiple of {} min of the device's clock", windows.grid_minutes),
            "`check` names windows of the policy off it; their edges are moved inward, so that never more is done than the rule asks",
        ),
        Topic::Midnight => match windows.midnight {
            Midnight::Split => (
                false,
                "no window runs across midnight".to_owned(),
                "it is written as two, up to 00:00 and from 00:00 on, and counts twice",
            ),
        },
        Topic::Target => target(windows),
        Topic::Floor => floor(windows),
        _ => counts(windows),
    }
}

fn readings(capability: &Capability) -> (bool, String, &'static str) {
    let measured: Vec<Signal> = capability.readings.iter().map(|measured| measured.signal).collect();
    let words = |kept: bool| {
        let signals = Signal::ALL.into_iter().filter(|signal| measured.contains(signal) == kept);
        signals.map(Signal::word).collect::<Vec<_>>().join(", ")
    };
    let (known, missing) = (words(true), words(false));
    let instead = "what is not read is unknown, never 0: a rule on it says why it does not fire";
    match (known.is_empty(), missing.is_empty()) {
        (true, _) => (false, "none is mapped".to_owned(), instead),
        (_, true) => (true, known, ""),
        _ => (true, format!("{known}; not {missing}"), instead),
    }
}

fn freshness(capability: &Capability) -> (bool, String, &'static str) {
    let inferred = capability.readings.iter().find_map(|measured| match measured.freshness {
        Freshness::Inferred { minutes } => Some(minutes),
        Freshness::Stamped => None,
    });
    match inferred {
        Some(minutes) => (
            false,
            format!("readings bear no stamp; another endpoint, {minutes} min apart, tells whether the device is heard"),
            "a reading is as old as the last news of that endpoint; beyond `reading max age` it is not used",
        ),
        None => (
            true,
            "the vendor stamps each set of readings".to_owned(),
            "beyond `reading max age` a reading is not used",
        ),
    }
}

fn counts(windows: &WindowCapability) -> (bool, String, &'static str) {
    let WindowCapability { charge, permission, together, weekly, .. } = *windows;
    let permission = match permission {
        0 => "none to permit discharge".to_owned(),
        count => format!("{count} to permit discharge"),
    };
    let week = weekly.map_or(String::new(), |count| format!(", {count} of both in a week"));
    let says =
        format!("a day has {charge} to charge from the grid and {permission}, {together} of both at the most{week}");
    (true, says, "what does not fit is deferred, with the reason and when, and written as windows end")
}

fn days(windows: &WindowCapability) -> (bool, String, &'static str) {
    match windows.weekly {
        Some(_) => (
            true,
            "each window has its weekdays".to_owned(),
            "what dates, months or readings decide is written for its day and withdrawn before it would repeat",
        ),
        None => (
            false,
            "a window is of every day".to_owned(),
            "what weekdays, dates, months or readings decide is written for its day and withdrawn before it would repeat",
        ),
    }
}

fn target(windows: &WindowCapability) -> (bool, String, &'static str) {
    let greatest = windows.greatest;
    match windows.target {
        Level::Shared { least } => (
            true,
            format!("one for all charge windows, {least} to {greatest} %"),
            "of two targets within a day the nearer one goes first and the other is deferred; a lower one than the least is refused by `check`",
        ),
        Level::Each { least } => (
            true,
            format!("each charge window has its own, {least} to {greatest} %"),
            "a lower one than the least is refused by `check`",
        ),
        Level::Fixed(level) => (
            false,
            format!("the device's own limit, {level} % as the policy says"),
            "`check` refuses a lower target, which the device would pass: set its limit there, and say so in the policy (`charges to`)",
        ),
        Level::Unknown => (false, "the device's own, which nobody has told".to_owned(), "no charge is programmed"),
    }
}

fn floor(windows: &WindowCapability) -> (bool, String, &'static str) {
    let greatest = windows.greatest;
    match windows.floor {
        Level::Shared { least } => (
            true,
            format!("one for the whole day, {least} to {greatest} %"),
            "of two floors within a day the lower one is written, and the other deferred; it is never below the reserve",
        ),
        Level::Each { least } => (
            true,
            format!(
                "each permission has its own, {least} to {greatest} %; without a restriction the device's own holds"
            ),
            "it is never below the reserve",
        ),
        Level::Fixed(level) => {
            (false, format!("the device's own, {level} % as the policy says"), "another floor is not programmed")
        }
        Level::Unknown => (
            false,
            "the device's own, which offpeak neither reads nor writes".to_owned(),
            "`check` refuses `self-consume down to …`: set the floor, and with it the reserve, on the device itself",
        ),
    }
}

fn power(capability: &Capability) -> (bool, String, &'static str) {
    match capability.charge_power {
        true => (true, "each charge window has its own, in whole W".to_owned(), ""),
        false => (
            false,
            "a charge from the grid is as fast as the device can".to_owned(),
            "`check` refuses `charge to … at … kW`, names its line, and offers the same without a power",
        ),
    }
}

fn forced(capability: &Capability) -> (bool, String, &'static str) {
    match capability.forced_discharge {
        true => (true, "energy can be forced out of the battery".to_owned(), ""),
        false => (
            false,
            "energy cannot be forced out of the battery: it serves the house alone".to_owned(),
            "`check` refuses `discharge to …` and offers `self-consume`: the battery covers the house's load",
        ),
    }
}

fn hold(capability: &Capability) -> (bool, String, &'static str) {
    match (capability.hold, capability.can_write()) {
        (true, _) => (
            true,
            "discharge is forbidden outside the windows that permit it; the sun may charge".to_owned(),
            "a hold is a time that the permissions leave out",
        ),
        (false, true) => (
            false,
            "discharge cannot be forbidden".to_owned(),
            "`check` refuses `hold`, until the policy maps the periods that permit discharge (`permission`), if the device has such",
        ),
        (false, false) => (false, "discharge cannot be forbidden: nothing is written".to_owned(), ""),
    }
}

fn sun(capability: &Capability) -> (bool, String, &'static str) {
    match capability.stops_sun {
        true => (true, "the sun can be kept from charging".to_owned(), ""),
        false => (
            false,
            "the sun charges whatever the schedule says".to_owned(),
            "`ceiling` bounds the grid alone, and `check` says so",
        ),
    }
}

fn verification(capability: &Capability) -> (bool, String, &'static str) {
    let verification = &capability.verification;
    if verification.read_back.is_empty() {
        return (false, "nothing is written, so nothing is read back".to_owned(), "");
    }
    let back = verification.read_back.join(", ");
    match verification.write_only.join(", ").as_str() {
        "" => (true, back, "a write counts as stored once it has been read back"),
        lost => (
            true,
            format!("{back}; {lost} are taken and never given back"),
            "what offpeak wrote there is taken from its journal, and the battery's power has to prove it",
        ),
    }
}

fn effect(capability: &Capability) -> (bool, String, &'static str) {
    let instead = "a write counts as effective once the battery's power has moved as commanded";
    match (capability.can_write(), capability.verification.effect) {
        (false, _) => (false, "nothing is written".to_owned(), ""),
        (true, Some((soonest, latest))) => {
            (true, format!("{} to {} after a write, or never", spoken(soonest), spoken(latest)), instead)
        }
        (true, None) => (false, "how soon after a write is not known".to_owned(), instead),
    }
}

fn reads(capability: &Capability) -> (bool, String, &'static str) {
    let gap = spoken(capability.limits.between_reads);
    (true, format!("{gap} between two reads of one endpoint"), "offpeak waits its turn, also across processes")
}

fn writes(capability: &Capability) -> (bool, String, &'static str) {
    let instead = "`writes per day` and `time between writes` of the policy bound them";
    match (capability.can_write(), capability.limits.between_writes) {
        (false, _) => (false, "nothing is written".to_owned(), ""),
        (true, Some(gap)) => (true, format!("documented as one in {} for each endpoint", spoken(gap)), instead),
        (true, None) => (true, "a limit exists, its number is not documented".to_owned(), instead),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_each_store_for_people() {
        let shown = |store| {
            let capability = Capability::widest(store);
            capability_text(&title(&capability), &capability, Style::Plain)
        };
        insta::assert_snapshot!(Store::ALL.map(shown).join("\n"));
    }

    #[test]
    fn colour_changes_no_word() {
        let capability = Capability::alphaess_periodic();
        let (plain, ansi) =
            (capability_text("x", &capability, Style::Plain), capability_text("x", &capability, Style::Ansi));
        let mut bare = String::new();
        for (index, part) in ansi.split('\u{1b}').enumerate() {
            bare.push_str(if index == 0 { part } else { part.split_once('m').map_or("", |(_, rest)| rest) });
        }
        assert_eq!(bare, plain);
        assert!(ansi.len() > plain.len());
    }

    #[test]
    fn the_table_as_data() {
        let whole = capability_json(&Capability::alphaess_periodic());
        insta::assert_snapshot!(format!("{whole:#}"));
    }
}
