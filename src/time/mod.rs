//! Instants, zones and local windows: the only place that knows daylight saving time.
//!
//! Everything is an instant in UTC inside. A wall-clock window is judged by what the wall clock reads, so where the clock
//! jumps over a start the window starts at the first instant that exists, and where an hour repeats both passes count.

mod calendar;
mod clock_time;
mod moment;
mod window;
mod zone;

pub use calendar::{CalendarTest, DateRange, DayTest, Months, NamedDays, Weekdays};
pub use clock_time::ClockTime;
pub use moment::{NoMoment, moment};
pub use window::DailyWindow;
pub use zone::{Instant, Local, Zone};

use std::time::Duration;

/// A span of time as people write it: `5 min`, `3 h`, `90 s`, `2 h 30 min`.
#[must_use]
pub fn spoken(span: Duration) -> String {
    let seconds = span.as_secs();
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let words: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}")).collect();
    if words.is_empty() { "0 s".to_owned() } else { words.join(" ") }
}

/// How much later the second instant is; nothing if it is not later.
#[must_use]
pub fn elapsed(from: Instant, until: Instant) -> Duration {
    (until - from).to_std().unwrap_or_default()
}

/// The instant so much later; the last one there is if time would run out.
#[must_use]
pub fn after(at: Instant, span: Duration) -> Instant {
    let span = chrono::Duration::from_std(span).unwrap_or(chrono::Duration::MAX);
    at.checked_add_signed(span).unwrap_or(Instant::MAX_UTC)
}

/// The instant so much earlier; the first one there is if time would run out.
#[must_use]
pub fn before(at: Instant, span: Duration) -> Instant {
    let span = chrono::Duration::from_std(span).unwrap_or(chrono::Duration::MAX);
    at.checked_sub_signed(span).unwrap_or(Instant::MIN_UTC)
}
