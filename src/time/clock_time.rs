//! A reading of the wall clock.

use std::fmt;
use std::str::FromStr;

/// Minutes since midnight as the wall clock shows them: 00:00 to 24:00, where 24:00 only ends a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClockTime(u16);

impl ClockTime {
    /// 00:00, at which a day begins.
    pub const MIDNIGHT: ClockTime = ClockTime(0);
    /// 24:00, at which a day ends.
    pub const END_OF_DAY: ClockTime = ClockTime(1440);

    /// From hours and minutes; `None` past 24:00 or with 60 minutes or more.
    #[must_use]
    pub fn new(hour: u16, minute: u16) -> Option<ClockTime> {
        if minute < 60 { ClockTime::from_minutes(hour.checked_mul(60)?.checked_add(minute)?) } else { None }
    }

    /// From minutes since midnight; `None` past 1440.
    #[must_use]
    pub fn from_minutes(minutes: u16) -> Option<ClockTime> {
        (minutes <= 1440).then_some(ClockTime(minutes))
    }

    /// Minutes since midnight, 0 to 1440.
    #[must_use]
    pub fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for ClockTime {
    type Err = ();

    /// Reads `H:MM` and `HH:MM`, and nothing else.
    fn from_str(text: &str) -> Result<ClockTime, ()> {
        let (hour, minute) = text.split_once(':').ok_or(())?;
        let digits = |part: &str| !part.is_empty() && part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(hour) || !digits(minute) || minute.len() != 2 {
            return Err(());
        }
        let (hour, minute) = (hour.parse().map_err(|_| ())?, minute.parse().map_err(|_| ())?);
        ClockTime::new(hour, minute).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_times_are_read_strictly() {
        let check = |text: &str, expect: Option<u16>| {
            assert_eq!(text.parse::<ClockTime>().ok().map(ClockTime::minutes), expect, "{text}");
        };
        check("00:00", Some(0));
        check("7:05", Some(425));
        check("23:59", Some(1439));
        check("24:00", Some(1440));
        for bad in ["24:01", "25:00", "12:60", "12", "12:5", ":30", "12:", "1e:00", "+1:00", "12:30:00", ""] {
            check(bad, None);
        }
        assert_eq!(ClockTime::new(5, 30).map(|t| t.to_string()).as_deref(), Some("05:30"));
        assert_eq!(ClockTime::new(u16::MAX, 0), None);
    }
}
