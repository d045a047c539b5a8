//! Every way in which the cloud, the line and the device are known to fail, by a stable name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! faults {
    ($($variant:ident, $name:literal, $burst:expr, $says:literal;)*) => {
        /// One way to fail. The documentation of each is [`Fault::says`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        #[allow(missing_docs, reason = "each says in one sentence, at run time and in the documentation, what it does")]
        pub enum Fault {
            $($variant,)*
        }

        impl Fault {
            /// Every fault, in the order in which those that exclude each other take effect.
            pub const ALL: &[Fault] = &[$(Fault::$variant,)*];

            /// Its stable name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Fault::$variant => $name,)*
                }
            }

            /// What a client sees, in one sentence.
            #[must_use]
            pub fn says(self) -> &'static str {
                match self {
                    $(Fault::$variant => $says,)*
                }
            }

            /// The shortest and the longest burst in minutes when faults come by seed; none if it does not come by seed.
            pub(super) fn burst(self) -> Option<(i64, i64)> {
                match self {
                    $(Fault::$variant => $burst,)*
                }
            }
        }
    };
}

pub(super) use faults;

faults! {
    Timeout, "timeout", Some((2, 15)), "No reply ever comes and nothing is stored.";
    BadGateway, "bad-gateway", Some((2, 20)), "HTTP 502 with a page of HTML; nothing is stored.";
    NotFound, "not-found", Some((2, 10)), "HTTP 404 for an endpoint that exists.";
    MethodNotAllowed, "method-not-allowed", Some((2, 10)), "HTTP 405 for the right verb.";
    ClockSkew, "clock-skew", Some((5, 60)), "Code 6006 (timestamp), whatever the clock says.";
    NotAllowed, "not-allowed", Some((5, 60)), "Code 6009 (allow-list), as is also seen for a skewed clock.";
    NotEntitled, "not-entitled", Some((5, 60)), "Code 6017 on every endpoint that names a system.";
    Offline, "offline", Some((10, 180)), "Code 6042 on every endpoint that names a system; nothing is uploaded and nothing reaches the device.";
    OfflineAtNight, "offline-at-night", None, "As `offline`, each night from 22:00 to 06:00.";
    TooFastReads, "too-fast-reads", Some((20, 240)), "Code 6053 on every read, those of the schedule included.";
    InternalError, "internal-error", Some((2, 20)), "Code 6026.";
    OperationFailed, "operation-failed", Some((2, 20)), "Code 6029.";
    NoData, "no-data", Some((5, 60)), "Code 6016 on reads of power and energy.";
    Malformed, "malformed", Some((5, 60)), "Code 10001 on writes, whatever their body.";
    Refused, "refused", Some((5, 60)), "Code 6008 on writes; nothing is stored.";
    RefusedYetStored, "refused-yet-stored", Some((5, 60)), "Code 6008 on writes, but they are stored.";
    WriteLimit24h, "write-limit-24h", Some((60, 360)), "Writes within 24 h of the last one to the endpoint are refused.";
    WriteLimit10min, "write-limit-10min", Some((60, 360)), "Writes within 10 min of the last one to the endpoint are refused.";
    WriteLimit30s, "write-limit-30s", Some((60, 360)), "Writes within 30 s of the last one to the endpoint are refused.";
    WriteLimitPerAccount, "write-limit-per-account", None, "The write limit in force counts the writes of all systems together.";
    BadGatewayAfterStore, "bad-gateway-after-store", Some((2, 20)), "HTTP 502 on writes after they are stored.";
    LostReply, "lost-reply", Some((2, 20)), "Writes are stored, but their reply never comes.";
    SlowReply, "slow-reply", Some((5, 30)), "Replies take 10 to 29 s.";
    Truncated, "truncated", Some((2, 20)), "The body ends in the middle.";
    BareBody, "bare-body", Some((5, 30)), "The body has `code` and `msg` alone.";
    Localised, "localised", Some((10, 240)), "`msg` is in Chinese.";
    AllNull, "all-null", Some((5, 120)), "Every field of getLastPowerData is null, with code 200.";
    Zeros, "zeros", Some((5, 120)), "Every number of getLastPowerData is 0, with code 200.";
    SocZero, "soc-zero", Some((5, 120)), "`soc` of getLastPowerData is 0 beside a living `cbat` in the history.";
    NumericStrings, "numeric-strings", Some((10, 240)), "Numbers come as strings.";
    Frozen, "frozen", Some((20, 240)), "getLastPowerData repeats itself and nothing is uploaded.";
    FrozenUploads, "frozen-uploads", Some((20, 240)), "getLastPowerData and every new upload repeat the same values.";
    HistoryGaps, "history-gaps", Some((20, 240)), "Every second upload, more or less, is missing.";
    HistoryDuplicates, "history-duplicates", Some((20, 240)), "Uploads stand in the history twice.";
    NeverApplied, "never-applied", Some((20, 240)), "Writes are stored, but never reach the device.";
    SlowApply, "slow-apply", Some((20, 240)), "Writes reach the device after 5 to 12 min instead of 1 to 5.";
    HalfApplied, "half-applied", Some((20, 240)), "Every second write is stored, but never reaches the device.";
    ForeignEdit, "foreign-edit", Some((5, 60)), "Someone else edits the object right after it was read, at most once in two hours.";
    DeviceClockOffset, "device-clock-offset", None, "The device's clock is 7 min fast, in its windows and in uploadTime.";
    DeviceClockWinter, "device-clock-winter", None, "The device's clock knows no summer time.";
}

/// The faults that hold at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults(u64);

impl Faults {
    pub(super) fn insert(&mut self, fault: Fault) {
        self.0 |= Faults::bit(fault);
    }

    pub(super) fn remove(&mut self, fault: Fault) {
        self.0 &= !Faults::bit(fault);
    }

    pub(super) fn has(self, fault: Fault) -> bool {
        self.0 & Faults::bit(fault) != 0
    }

    /// The first of these that holds.
    pub(super) fn first(self, of: &[Fault]) -> Option<Fault> {
        of.iter().copied().find(|fault| self.has(*fault))
    }

    fn bit(fault: Fault) -> u64 {
        1 << (fault as u64)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(name: &str) -> Result<Fault, String> {
        let known = Fault::ALL.iter().copied().find(|fault| fault.name() == name);
        known.ok_or_else(|| {
            let names: Vec<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
            format!("no fault is called `{name}`; there are {}", names.join(", "))
        })
    }
}

impl From<Fault> for String {
    fn from(fault: Fault) -> String {
        fault.name().to_owned()
    }
}

impl TryFrom<String> for Fault {
    type Error = String;

    fn try_from(name: String) -> Result<Fault, String> {
        name.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_lead_back() {
        for fault in Fault::ALL {
            assert_eq!(fault.name().parse(), Ok(*fault));
        }
        assert!(Fault::ALL.len() <= 64, "a set of faults is 64 bits");
        assert!("bad_gateway".parse::<Fault>().is_err());
    }
}
