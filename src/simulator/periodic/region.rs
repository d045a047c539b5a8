//! Which of the two stores a system's device acts on: since July 2026 it depends on where the system stands.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::model::PeriodicModel;
use super::rules::{PeriodCount, PeriodicRules};
use super::schedule::PeriodicSchedule;

/// Which store has an effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Region {
    /// The two-window store alone. The periodic one is not open, or else is stored and never acted on.
    #[default]
    TwoWindow,
    /// The periodic store alone. The two-window one answers 200, and nothing ever happens.
    Periodic,
    /// Both: what was written last is what the device acts on.
    Both,
}

/// A system's periodic store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeriodicOptions {
    /// Which store has an effect.
    pub region: Region,
    /// Whether `getTimeChargeBySn` is open to it; else 6017.
    pub readable: bool,
    /// Whether `setTimeChargeBySn` is open to it; else 6017.
    pub writable: bool,
    /// Whether the two-window store is closed to the account: 6017 on its reads and writes.
    pub two_windows_closed: bool,
    /// What the cloud takes.
    pub rules: PeriodicRules,
    /// How the device follows it.
    pub model: PeriodicModel,
    /// What the cloud and the device hold at the start.
    pub schedule: PeriodicSchedule,
}

impl Region {
    /// All of them.
    pub const ALL: [Region; 3] = [Region::TwoWindow, Region::Periodic, Region::Both];

    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Region::TwoWindow => "two-window",
            Region::Periodic => "periodic",
            Region::Both => "both",
        }
    }

    /// Whether a write to the two-window store ever reaches the device.
    #[must_use]
    pub fn follows_two_windows(self) -> bool {
        self != Region::Periodic
    }

    /// Whether a write to the periodic store ever reaches the device.
    #[must_use]
    pub fn follows_periodic(self) -> bool {
        self != Region::TwoWindow
    }
}

impl PeriodicOptions {
    /// The usual system of a region: the periodic store is open where it has an effect.
    #[must_use]
    pub fn of(region: Region) -> PeriodicOptions {
        let open = region.follows_periodic();
        PeriodicOptions { region, readable: open, writable: open, ..PeriodicOptions::default() }
    }
}

impl FromStr for PeriodicOptions {
    type Err = String;

    /// A region, and after commas what is unusual about a system there: `periodic,no-write`.
    fn from_str(text: &str) -> Result<PeriodicOptions, String> {
        let mut words = text.split(',').map(str::trim);
        let mut options = PeriodicOptions::of(words.next().unwrap_or_default().parse()?);
        for word in words {
            match word {
                "read" => options.readable = true,
                "no-read" => options.readable = false,
                "write" => options.writable = true,
                "no-write" => options.writable = false,
                "no-two-windows" => options.two_windows_closed = true,
                "six-per-list" => options.rules.count = PeriodCount::EachList,
                _ => {
                    let known = "read, no-read, write, no-write, no-two-windows and six-per-list";
                    return Err(format!("`{word}` is none of {known}"));
                }
            }
        }
        Ok(options)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Region {
    type Err = String;

    fn from_str(name: &str) -> Result<Region, String> {
        let known = Region::ALL.into_iter().find(|region| region.name() == name);
        known.ok_or_else(|| format!("no region is called `{name}`; there are two-window, periodic and both"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_named_with_what_is_unusual_in_it() {
        let check = |text: &str, region: Region, open: (bool, bool)| {
            let options: PeriodicOptions = text.parse().expect(text);
            assert_eq!((options.region, (options.readable, options.writable)), (region, open), "{text}");
        };
        check("two-window", Region::TwoWindow, (false, false));
        check("periodic", Region::Periodic, (true, true));
        check("both", Region::Both, (true, true));
        check("periodic,no-write", Region::Periodic, (true, false));
        check("periodic, no-read", Region::Periodic, (false, true));
        check("two-window,read,write", Region::TwoWindow, (true, true));
        let lists: PeriodicOptions = "both,six-per-list".parse().expect("options");
        assert_eq!(lists.rules.count, PeriodCount::EachList);
        let closed: PeriodicOptions = "periodic,no-two-windows".parse().expect("options");
        assert!(closed.two_windows_closed && !lists.two_windows_closed);
        assert!("".parse::<PeriodicOptions>().is_err() && "periodic,fast".parse::<PeriodicOptions>().is_err());
        for region in Region::ALL {
            assert_eq!(region.name().parse(), Ok(region));
        }
    }
}
