//! Every way in which the ATESS cloud, the line and the plant fail here, by a stable name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::simulator::fault::faults;
use crate::simulator::kind::{FaultKind, FaultSet};

faults! {
    Timeout, "timeout", Some((2, 15)), "No reply ever comes and nothing is stored.";
    BadGateway, "bad-gateway", Some((2, 20)), "HTTP 502 with a page of HTML; nothing is stored.";
    NotFound, "not-found", Some((2, 10)), "HTTP 404 for an endpoint that exists.";
    MethodNotAllowed, "method-not-allowed", Some((2, 10)), "HTTP 405 for the right verb.";
    TooManyRequests, "too-many-requests", Some((5, 60)), "HTTP 429 on every request.";
    ExpiredToken, "expired-token", None, "The token expires: code 403 until it is renewed.";
    NoAccess, "no-access", Some((5, 60)), "Code 403 on every request.";
    ReadOnly, "read-only", Some((20, 240)), "Code 403 on writes.";
    TooFrequent, "too-frequent", Some((10, 120)), "Code 500 with words about frequency on every read.";
    InternalError, "internal-error", Some((2, 20)), "Code 500.";
    NoData, "no-data", Some((5, 60)), "Code 400 on every endpoint that names a device.";
    Offline, "offline", Some((10, 180)), "The newest values stand still with their `time`, writes get code 500, and nothing reaches the device.";
    OfflineAtNight, "offline-at-night", None, "As `offline`, each night from 22:00 to 06:00.";
    Refused, "refused", Some((5, 60)), "Code 500 on writes; nothing is stored.";
    RefusedYetStored, "refused-yet-stored", Some((5, 60)), "Code 500 on writes, but they are stored.";
    ReadLimit5min, "read-limit-5min", Some((30, 240)), "Reads within 5 min of the last one of the endpoint are refused.";
    WriteLimit10min, "write-limit-10min", Some((60, 360)), "Writes within 10 min of the last one are refused.";
    BadGatewayAfterStore, "bad-gateway-after-store", Some((2, 20)), "HTTP 502 on writes after they are stored.";
    LostReply, "lost-reply", Some((2, 20)), "Writes are stored, but their reply never comes.";
    SlowReply, "slow-reply", Some((5, 30)), "Replies take 10 to 29 s.";
    Truncated, "truncated", Some((2, 20)), "The body ends in the middle.";
    Enormous, "enormous", Some((2, 5)), "The body is 5 MiB of blanks with the envelope at their end.";
    OtherVendor, "other-vendor", Some((2, 20)), "The body is another vendor's, with HTTP 200.";
    BareBody, "bare-body", Some((5, 30)), "The body has `code` and `msg` alone.";
    CodeAsText, "code-as-text", Some((5, 60)), "`code` comes as a string.";
    Localised, "localised", Some((10, 240)), "`msg` is in Chinese, whatever language was asked for.";
    AllNull, "all-null", Some((5, 120)), "Every field of the newest values is null.";
    Zeros, "zeros", Some((5, 120)), "Every number of the newest values is 0.";
    MissingFields, "missing-fields", Some((10, 240)), "Three of ten fields are missing, others each minute.";
    NullFields, "null-fields", Some((10, 240)), "Three of ten fields are null, others each minute.";
    NumericStrings, "numeric-strings", Some((10, 240)), "Numbers come as strings.";
    Mistyped, "mistyped", Some((5, 60)), "Numbers come as words, lists, objects and booleans.";
    TimeMissing, "time-missing", Some((10, 240)), "`time` is missing.";
    TimeInFuture, "time-in-future", Some((10, 240)), "`time` is two hours ahead.";
    OtherDevice, "other-device", Some((5, 60)), "`deviceSn` and values are those of another plant.";
    Frozen, "frozen", Some((20, 240)), "The newest values repeat themselves with their `time`.";
    FrozenValues, "frozen-values", Some((20, 240)), "The newest values repeat themselves while `time` moves on.";
    CounterReset, "counter-reset", Some((5, 60)), "Every energy counter begins again at 0, once.";
    HistoryGaps, "history-gaps", Some((20, 240)), "Every second item of the history, more or less, is missing.";
    HistoryDuplicates, "history-duplicates", Some((20, 240)), "Items stand in the history twice.";
    NeverApplied, "never-applied", Some((20, 240)), "Writes are stored, but never reach the device.";
    SlowApply, "slow-apply", Some((20, 240)), "Writes reach the device after 5 to 12 min instead of 1 to 5.";
    HalfApplied, "half-applied", Some((20, 240)), "Every second write is stored, but never reaches the device.";
    ForeignEdit, "foreign-edit", Some((5, 60)), "Someone else edits the settings right after they were read, at most once in two hours.";
    ClockOffset, "clock-offset", None, "The plant's clock is 7 min fast, in its periods and in `time`.";
}

/// The faults that hold at one moment.
pub(super) type Faults = FaultSet<Fault>;

impl FaultKind for Fault {
    const ALL: &'static [Self] = Fault::ALL;
    const FIRST: Self = Fault::Timeout;

    fn place(self) -> u8 {
        self as u8
    }

    fn name(self) -> &'static str {
        Fault::name(self)
    }

    fn burst(self) -> Option<(i64, i64)> {
        Fault::burst(self)
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
            format!("no fault of the ATESS cloud is called `{name}`; there are {}", names.join(", "))
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
        assert!("clock-skew".parse::<Fault>().is_err(), "a fault of the AlphaESS cloud is none of this one");
    }
}
