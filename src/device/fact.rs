//! Where each entry of the capability table comes from, and how certain that is.

use super::store::Store;

/// What an entry of the table is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Which signals are measured.
    Readings,
    /// How the age of a reading is known.
    Freshness,
    /// How many windows there are.
    Windows,
    /// On which days a window holds.
    Days,
    /// At which times a window may begin or end.
    Grid,
    /// What becomes of a window across midnight.
    Midnight,
    /// To what it charges.
    Target,
    /// Down to what it discharges.
    Floor,
    /// The power of a charge.
    Power,
    /// Energy forced out of the battery.
    Discharge,
    /// Discharge forbidden.
    Hold,
    /// The sun kept from charging.
    Sun,
    /// What reads back after a write.
    Verification,
    /// How soon a write takes effect.
    Effect,
    /// How often it may be read.
    Reads,
    /// How often it may be written.
    Writes,
}

/// What is known of the vendor, in one sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The sentence.
    pub says: &'static str,
    /// How far it can be relied on.
    pub certainty: Certainty,
}

/// How far a fact can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// From captured traffic, the vendor's own text, or several clients that depend on it.
    Certain,
    /// Likely.
    Likely,
    /// Unknown: nothing relies on it.
    Unknown,
}

impl Topic {
    /// Every topic, in the order in which people read the table.
    pub const ALL: [Topic; 16] = [
        Topic::Readings,
        Topic::Freshness,
        Topic::Windows,
        Topic::Days,
        Topic::Grid,
        Topic::Midnight,
        Topic::Target,
        Topic::Floor,
        Topic::Power,
        Topic::Discharge,
        Topic::Hold,
        Topic::Sun,
        Topic::Verification,
        Topic::Effect,
        Topic::Reads,
        Topic::Writes,
    ];

    /// The words for it in output and in documents.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Topic::Readings => "readings",
            Topic::Freshness => "how fresh",
            Topic::Windows => "windows",
            Topic::Days => "days",
            Topic::Grid => "grid",
            Topic::Midnight => "midnight",
            Topic::Target => "charge target",
            Topic::Floor => "floor",
            Topic::Power => "charge power",
            Topic::Discharge => "forced discharge",
            Topic::Hold => "hold",
            Topic::Sun => "stop the sun",
            Topic::Verification => "read back",
            Topic::Effect => "effect",
            Topic::Reads => "limit of reads",
            Topic::Writes => "limit of writes",
        }
    }

    /// The code for it in JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Topic::Readings => "readings",
            Topic::Freshness => "freshness",
            Topic::Windows => "windows",
            Topic::Days => "days",
            Topic::Grid => "grid",
            Topic::Midnight => "midnight",
            Topic::Target => "target",
            Topic::Floor => "floor",
            Topic::Power => "charge-power",
            Topic::Discharge => "forced-discharge",
            Topic::Hold => "hold",
            Topic::Sun => "sun",
            Topic::Verification => "verification",
            Topic::Effect => "effect",
            Topic::Reads => "reads",
            Topic::Writes => "writes",
        }
    }
}

impl Certainty {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Certainty::Certain => "certain",
            Certainty::Likely => "likely",
            Certainty::Unknown => "unknown",
        }
    }

    /// The mark of the vendors' pages.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Certainty::Certain => "C",
            Certainty::Likely => "L",
            Certainty::Unknown => "U",
        }
    }
}

/// What an entry rests on.
#[must_use]
pub fn fact(store: Store, topic: Topic) -> Fact {
    match store {
        Store::TwoWindow => two_window(topic).unwrap_or_else(|| alphaess(topic)),
        Store::Periodic => periodic(topic).unwrap_or_else(|| alphaess(topic)),
        Store::AtessString | Store::AtessCentral => atess(store, topic),
    }
}

fn certain(says: &'static str) -> Fact {
    Fact { says, certainty: Certainty::Certain }
}

fn likely(says: &'static str) -> Fact {
    Fact { says, certainty: Certainty::Likely }
}

fn unknown(says: &'static str) -> Fact {
    Fact { says, certainty: Certainty::Unknown }
}

/// What both stores of AlphaESS have in common.
fn alphaess(topic: Topic) -> Fact {
    match topic {
        Topic::Readings => certain("getLastPowerData has them all; any of them may be null"),
        Topic::Freshness => certain("getLastPowerData bears no stamp; the uploadTime of getOneDayPowerBySn does"),
        Topic::Windows | Topic::Days => certain("as the fields of the store have it"),
        Topic::Grid => certain("other times are answered with 200 and silently ignored by the device"),
        Topic::Midnight => unknown("an end of 00:00 is midnight; what a start after the end does is unproven"),
        Topic::Target | Topic::Floor => certain("as the fields of the store have it"),
        Topic::Power => certain("the API has no power set-point beside the schedule"),
        Topic::Discharge => certain("a discharge window is a permission; the API cannot force export"),
        Topic::Hold => certain("outside every permission the battery may charge and may not discharge"),
        Topic::Sun => certain("the API cannot keep the sun from charging"),
        Topic::Verification => certain("reading back gives the cloud's copy: proof of storage, not of effect"),
        Topic::Effect => likely("the device applies within minutes, or never after three retries, and nobody is told"),
        Topic::Reads => certain("the vendor asks for 10 s between calls of one endpoint; 6053 where it is not kept"),
        Topic::Writes => certain(
            "settings live in flash; limits of 24 h, 10 min, 30 s and none have been seen, per account or serial",
        ),
    }
}

fn two_window(topic: Topic) -> Option<Fact> {
    Some(match topic {
        Topic::Windows => certain("timeChaf1 to timeChae2 and timeDisf1 to timeDise2: two periods in each direction"),
        Topic::Days => certain("no field for weekdays: a window that is left behind repeats every day"),
        Topic::Target => certain("one batHighCap serves both charge windows; some devices may take 25 % at the least"),
        Topic::Floor => certain("one batUseCap serves both permissions, and holds whatever else is set"),
        Topic::Power => certain("no field for power: it charges at full power"),
        Topic::Verification => certain("every field of both objects reads back: proof of storage, not of effect"),
        Topic::Effect => certain(
            "the device applies 1 to 5 min later, or never; since 2026-07 some regions accept writes to this store and never act",
        ),
        _ => return None,
    })
}

fn periodic(topic: Topic) -> Option<Fact> {
    Some(match topic {
        Topic::Windows => {
            certain("at most 6 periods a day and 28 a week; a charge over a permission is refused (6008)")
        }
        Topic::Days => certain("weeks of each period, 1 to 7 from Monday, where executeCycleType is 1"),
        Topic::Target | Topic::Floor => certain("chargeLimit of each period, 10 to 100 %"),
        Topic::Power => certain("chargePower of each period in whole W; 0 or none is accepted and inert"),
        Topic::Discharge => certain("the discharge list is a permission as well; the API cannot force export"),
        Topic::Verification => certain("gridChargeCycle and ctrDisCycle read back 0 whatever was sent"),
        _ => return None,
    })
}

fn atess(store: Store, topic: Topic) -> Fact {
    match topic {
        Topic::Readings => unknown("no field for the state of charge; signs and units of powers are not documented"),
        Topic::Freshness => likely("`time` of the latest data, presumably on the plant's wall clock"),
        Topic::Windows if store == Store::AtessString => {
            likely("small-setting: two periods of a class, up to valleyPeriodTime2")
        }
        Topic::Windows => likely("big-setting: five periods of a class, up to valleyPeriodTime5"),
        Topic::Days => unknown("no key for weekdays is documented"),
        Topic::Grid => unknown("no grid is documented"),
        Topic::Midnight => unknown("what a start after the end does is not documented"),
        Topic::Target => unknown("no key for a target is documented; the owner tells what the device does"),
        Topic::Floor => unknown("no key for a floor is documented"),
        Topic::Power => unknown("no key for the power of a charge is documented"),
        Topic::Discharge => unknown("no key that forces energy out is documented"),
        Topic::Hold => unknown("which periods restrict discharge is not documented"),
        Topic::Sun => unknown("no key that keeps the sun from charging is documented"),
        Topic::Verification => likely("the settings that are written are read by the same endpoint"),
        Topic::Effect => unknown("how soon a device acts is not documented"),
        Topic::Reads => unknown("a limit exists and no number is documented"),
        Topic::Writes => unknown("a limit exists and no number is documented"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_of_every_store_says_where_it_comes_from() {
        for store in Store::ALL {
            for topic in Topic::ALL {
                let Fact { says, .. } = fact(store, topic);
                assert!(says.len() > 20, "{store:?} {topic:?}: {says}");
                assert!(!says.ends_with('.'), "{says}");
            }
        }
    }
}
