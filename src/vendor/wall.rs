//! The wall-clock times of a vendor's reply, which name no zone.

use chrono::{NaiveDateTime, Timelike};

use crate::time::{ClockTime, Instant, Zone};

/// The instant of a wall-clock time: of a repeated hour the older, of a skipped one the end of the jump.
pub(super) fn instant(at: NaiveDateTime, zone: &Zone) -> Instant {
    let minute = u16::try_from(at.hour() * 60 + at.minute()).unwrap_or_default();
    let clock = ClockTime::from_minutes(minute).unwrap_or(ClockTime::MIDNIGHT);
    zone.earliest(at.date(), clock) + chrono::Duration::seconds(i64::from(at.second()))
}

/// A wall-clock time: `2026-11-20 20:41:07`, also with a `T`, without seconds or with a fraction of one; `None` if it is none.
pub(super) fn wall_time(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim().replacen('T', " ", 1);
    let read = |format| NaiveDateTime::parse_from_str(&text, format).ok();
    read("%Y-%m-%d %H:%M:%S%.f").or_else(|| read("%Y-%m-%d %H:%M"))
}
