//! How a device spells its periods: `02:00-05:30`, `2:00 ~ 5:30`, `02:00:00-05:30:00`. The vendor documents no form, so it is
//! learned from what stands there and kept.

use crate::device::Period;
use crate::time::ClockTime;
use crate::vendor::wire::quoted;

/// What may stand between start and end, white space aside.
const SEPARATORS: [&str; 8] = ["-", "~", "–", "—", "to", ",", "/", "至"];

/// The longest separator with its white space, in bytes.
const MAX_SEPARATOR: usize = 16;

/// A form in which a period is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    /// What stands between start and end, with its white space.
    separator: String,
    /// Whether hours below ten have a zero before them.
    padded: bool,
    /// Whether seconds stand there.
    seconds: bool,
}

/// A time of day as it is spelled.
struct Spelled {
    time: ClockTime,
    hour_digits: usize,
    seconds: bool,
}

/// A period and the form in which it is written.
///
/// # Errors
/// Why it cannot be understood: nothing is guessed.
pub(super) fn read(text: &str) -> Result<(Period, Spelling), String> {
    let unreadable = || format!("{}, not a period such as 02:00-05:30", quoted(text));
    let (separator, start, end) = split(text.trim()).ok_or_else(unreadable)?;
    let (from, to) = spelled(start).zip(spelled(end)).ok_or_else(unreadable)?;
    if from.seconds != to.seconds {
        return Err(unreadable());
    }
    if from.time == ClockTime::END_OF_DAY {
        return Err(format!("{}, and nothing can begin at 24:00", quoted(text)));
    }
    let short = |spelled: &Spelled| spelled.hour_digits == 1;
    let spelling =
        Spelling { separator: separator.to_owned(), padded: !short(&from) && !short(&to), seconds: from.seconds };
    Ok((Period { from: from.time, to: to.time }, spelling))
}

impl Spelling {
    /// A period in this form.
    pub(super) fn write(&self, period: Period) -> String {
        format!("{}{}{}", self.time(period.from), self.separator, self.time(period.to))
    }

    fn time(&self, time: ClockTime) -> String {
        let (hour, minute) = (time.minutes() / 60, time.minutes() % 60);
        let hour = if self.padded { format!("{hour:02}") } else { hour.to_string() };
        let seconds = if self.seconds { ":00" } else { "" };
        format!("{hour}:{minute:02}{seconds}")
    }
}

/// What stands between the two times, and the times themselves.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let clock = |letter: char| letter.is_ascii_digit() || letter == ':';
    let start = text.trim_start_matches(clock);
    let separator = start.trim_end_matches(clock);
    let known = separator.len() <= MAX_SEPARATOR && SEPARATORS.contains(&separator.trim());
    let end = start.strip_prefix(separator)?;
    let begin = text.strip_suffix(start)?;
    known.then_some((separator, begin, end))
}

/// `H:MM`, `HH:MM`, or either with seconds that are zero.
fn spelled(text: &str) -> Option<Spelled> {
    let mut parts = text.splitn(3, ':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next());
    let time = format!("{hour}:{minute}").parse().ok()?;
    let zero = second.is_none_or(|second| second == "00");
    zero.then_some(Spelled { time, hour_digits: hour.len(), seconds: second.is_some() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: &str, to: &str) -> Period {
        Period { from: from.parse().expect("a start"), to: to.parse().expect("an end") }
    }

    #[test]
    fn a_period_is_read_and_written_in_the_devices_own_form() {
        let check = |text: &str, from: &str, to: &str, again: &str| {
            let (read, spelling) = read(text).expect(text);
            assert_eq!(read, period(from, to), "{text}");
            assert_eq!(spelling.write(read), text.trim(), "what is not changed is not respelled");
            assert_eq!(spelling.write(period("01:15", "23:30")), again);
        };
        check("02:00-05:30", "02:00", "05:30", "01:15-23:30");
        check("02:00~05:30", "02:00", "05:30", "01:15~23:30");
        check("02:00 - 05:30", "02:00", "05:30", "01:15 - 23:30");
        check(" 02:00:00-05:30:00 ", "02:00", "05:30", "01:15:00-23:30:00");
        check("2:00~5:30", "02:00", "05:30", "1:15~23:30");
        check("23:00 to 24:00", "23:00", "24:00", "01:15 to 23:30");
        check("00:00–00:00", "00:00", "00:00", "01:15–23:30");
        check("22:00-06:00", "22:00", "06:00", "01:15-23:30");
    }

    #[test]
    fn what_is_not_understood_is_an_error_and_never_a_period() {
        for text in [
            "",
            "-",
            "0200-0530",
            "02:00",
            "02:00-",
            "-05:30",
            "02:00-05:30-",
            "02:00-05:60",
            "25:00-26:00",
            "02:00-05:30:30",
            "02:00-05:30:00",
            "02:00:00:00-05:30:00",
            "02:00+05:30",
            "02:00 and 05:30",
            "2h-5h",
            "02:0-05:30",
            "２:00-5:30",
            "ab",
            "02:00-05:30;06:00-07:00",
            "02:00\u{1b}[31m-05:30",
            "🕛-🕛",
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains("not a period such as 02:00-05:30"), "{error}");
        }
        assert_eq!(read("24:00-05:00"), Err("“24:00-05:00”, and nothing can begin at 24:00".to_owned()));
    }
}
