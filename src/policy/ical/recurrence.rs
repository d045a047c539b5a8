//! Recurrence rules, as far as they repeat days: `FREQ=YEARLY;BYMONTH=5;BYDAY=1MO`.
//!
//! Every day of a period is asked whether it belongs to the rule, so that no rule can go round for ever: a rule ends with the
//! year 2100 at the latest. Rules that repeat times within a day, or count weeks of the year, are not understood.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use super::day_set::LAST_YEAR;

/// How many items a list of a rule may have.
const MAX_ITEMS: usize = 400;

/// How often a rule repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recurrence {
    frequency: Frequency,
    interval: u32,
    /// How many occurrences there are; without end if `None`.
    pub(super) count: Option<u32>,
    /// The last moment as written: a date, or a date and time.
    pub(super) until: Option<String>,
    months: Vec<i32>,
    month_days: Vec<i32>,
    year_days: Vec<i32>,
    /// Days of the week, with which of them in the month or the year; 0 for each.
    week_days: Vec<(i32, Weekday)>,
    positions: Vec<i32>,
    week_start: Weekday,
}

/// Whoever looks at the days of a rule.
pub(super) trait Visit {
    /// A day or a period was tried; whether to go on.
    fn step(&mut self) -> bool;
    /// A day was found; whether to go on.
    fn take(&mut self, day: NaiveDate) -> bool;
}

impl Recurrence {
    /// Reads a rule.
    ///
    /// # Errors
    /// What is wrong with it, or not understood.
    pub(super) fn parse(text: &str) -> Result<Recurrence, String> {
        let mut frequency = None;
        let mut rule = Recurrence::every(Frequency::Daily);
        for part in text.trim().trim_end_matches(';').split(';') {
            let (key, value) = part.split_once('=').ok_or_else(|| format!("`{}` has no value", short(part)))?;
            let (key, value) = (key.trim().to_ascii_uppercase(), value.trim().to_ascii_uppercase());
            match key.as_str() {
                "FREQ" => frequency = Some(read_frequency(&value)?),
                "INTERVAL" => rule.interval = positive(&key, &value)?,
                "COUNT" => rule.count = Some(positive(&key, &value)?),
                "UNTIL" => rule.until = Some(value),
                "BYMONTH" => rule.months = numbers(&key, &value, 1, 12, false)?,
                "BYMONTHDAY" => rule.month_days = numbers(&key, &value, 1, 31, true)?,
                "BYYEARDAY" => rule.year_days = numbers(&key, &value, 1, 366, true)?,
                "BYSETPOS" => rule.positions = numbers(&key, &value, 1, 366, true)?,
                "BYDAY" => rule.week_days = list(&value, week_day)?,
                "WKST" => rule.week_start = weekday(&value).ok_or_else(|| format!("`{}` is no day", short(&value)))?,
                _ => return Err(format!("`{}` is not understood", short(&key))),
            }
        }
        rule.frequency = frequency.ok_or("`FREQ` is missing")?;
        let counted = rule.week_days.iter().any(|(number, _)| *number != 0);
        if counted && matches!(rule.frequency, Frequency::Daily | Frequency::Weekly) {
            return Err("a counted day such as `1MO` needs `FREQ=MONTHLY` or `FREQ=YEARLY`".to_owned());
        }
        if rule.count.is_some() && rule.until.is_some() {
            return Err("`COUNT` and `UNTIL` cannot stand together".to_owned());
        }
        Ok(rule)
    }

    fn every(frequency: Frequency) -> Recurrence {
        Recurrence {
            frequency,
            interval: 1,
            count: None,
            until: None,
            months: Vec::new(),
            month_days: Vec::new(),
            year_days: Vec::new(),
            week_days: Vec::new(),
            positions: Vec::new(),
            week_start: Weekday::Mon,
        }
    }

    /// The days on which the rule falls, from its start on, in order; the start is always the first.
    pub(super) fn each(&self, start: NaiveDate, visit: &mut dyn Visit) {
        if !visit.take(start) {
            return;
        }
        let rule = self.completed(start);
        let mut left = self.count.map(|count| count.saturating_sub(1));
        let mut period = rule.first_period(start);
        while let Some(first) = period.filter(|first| first.year() <= LAST_YEAR) {
            let mut found = Vec::new();
            for day in rule.period(first) {
                if !visit.step() {
                    return;
                }
                if rule.holds(day) {
                    found.push(day);
                }
            }
            // A period is a step as well: it may have no days to try.
            if !visit.step() {
                return;
            }
            for day in rule.positioned(&found).into_iter().filter(|day| *day > start) {
                if left == Some(0) || !visit.take(day) {
                    return;
                }
                left = left.map(|left| left - 1);
            }
            period = rule.next_period(first);
        }
    }

    /// The rule with what it leaves to its start.
    fn completed(&self, start: NaiveDate) -> Recurrence {
        let mut rule = self.clone();
        if rule.month_days.is_empty() && rule.year_days.is_empty() && rule.week_days.is_empty() {
            let day = i32::try_from(start.day()).unwrap_or_default();
            match rule.frequency {
                Frequency::Daily => {}
                Frequency::Weekly => rule.week_days = vec![(0, start.weekday())],
                Frequency::Monthly => rule.month_days = vec![day],
                Frequency::Yearly => {
                    rule.month_days = vec![day];
                    if rule.months.is_empty() {
                        rule.months = vec![i32::try_from(start.month()).unwrap_or_default()];
                    }
                }
            }
        }
        rule
    }

    /// The first day of the period in which the start lies.
    fn first_period(&self, start: NaiveDate) -> Option<NaiveDate> {
        match self.frequency {
            Frequency::Daily => Some(start),
            Frequency::Weekly => {
                let into = start.weekday().days_since(self.week_start);
                start.checked_sub_days(Days::new(u64::from(into)))
            }
            Frequency::Monthly => start.with_day(1),
            Frequency::Yearly => NaiveDate::from_ymd_opt(start.year(), 1, 1),
        }
    }

    fn next_period(&self, first: NaiveDate) -> Option<NaiveDate> {
        let days = |number: u64| first.checked_add_days(Days::new(number));
        let months = |number: u32| first.checked_add_months(Months::new(number));
        match self.frequency {
            Frequency::Daily => days(u64::from(self.interval)),
            Frequency::Weekly => days(u64::from(self.interval) * 7),
            Frequency::Monthly => months(self.interval),
            Frequency::Yearly => months(self.interval.checked_mul(12)?),
        }
    }

    /// The days of a period, but for those of months that the rule leaves out.
    fn period(&self, first: NaiveDate) -> Vec<NaiveDate> {
        let days = |first: NaiveDate, number: u8| first.iter_days().take(usize::from(number));
        match self.frequency {
            Frequency::Daily => vec![first],
            Frequency::Weekly => days(first, 7).collect(),
            Frequency::Monthly => self.month(first),
            Frequency::Yearly => {
                (1..=12).filter_map(|month| first.with_month(month)).flat_map(|month| self.month(month)).collect()
            }
        }
    }

    fn month(&self, first: NaiveDate) -> Vec<NaiveDate> {
        if !self.in_month(first) {
            return Vec::new();
        }
        first.iter_days().take(usize::from(first.num_days_in_month())).collect()
    }

    fn in_month(&self, day: NaiveDate) -> bool {
        self.months.is_empty() || self.months.iter().any(|month| u32::try_from(*month) == Ok(day.month()))
    }

    /// Whether a day of a period belongs to the rule.
    fn holds(&self, day: NaiveDate) -> bool {
        let in_month = (day.day(), u32::from(day.num_days_in_month()));
        let in_year = (day.ordinal(), if day.leap_year() { 366 } else { 365 });
        let any = |numbers: &[i32], (at, of): (u32, u32)| {
            numbers.is_empty()
                || numbers.iter().any(|number| *number == signed(at) || *number == signed(at) - signed(of) - 1)
        };
        let over_year = self.frequency == Frequency::Yearly && self.months.is_empty();
        let span = if over_year { in_year } else { in_month };
        let week_day = |(number, weekday): &(i32, Weekday)| *weekday == day.weekday() && is_nth(*number, span);
        self.in_month(day)
            && any(&self.month_days, in_month)
            && any(&self.year_days, in_year)
            && (self.week_days.is_empty() || self.week_days.iter().any(week_day))
    }

    /// Those of a period's days that stand at the positions that the rule asks for.
    fn positioned(&self, found: &[NaiveDate]) -> Vec<NaiveDate> {
        if self.positions.is_empty() {
            return found.to_vec();
        }
        let length = i32::try_from(found.len()).unwrap_or(i32::MAX);
        let number = |index: usize| i32::try_from(index + 1).unwrap_or(i32::MAX);
        let stands = |index: usize| {
            self.positions.iter().any(|position| *position == number(index) || *position == number(index) - length - 1)
        };
        found.iter().enumerate().filter(|(index, _)| stands(*index)).map(|(_, day)| *day).collect()
    }
}

/// Whether a day is the n-th of its weekday in a span of days, counted from the end if negative; any of them if 0.
fn is_nth(number: i32, (at, of): (u32, u32)) -> bool {
    let week = |days: u32| signed(days / 7) + 1;
    number == 0 || number == week(at.saturating_sub(1)) || number == -week(of.saturating_sub(at))
}

fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn read_frequency(value: &str) -> Result<Frequency, String> {
    match value {
        "DAILY" => Ok(Frequency::Daily),
        "WEEKLY" => Ok(Frequency::Weekly),
        "MONTHLY" => Ok(Frequency::Monthly),
        "YEARLY" => Ok(Frequency::Yearly),
        "HOURLY" | "MINUTELY" | "SECONDLY" => {
            Err(format!("`FREQ={value}` repeats within a day, and is not understood"))
        }
        _ => Err(format!("`{}` is no frequency", short(value))),
    }
}

fn positive(key: &str, value: &str) -> Result<u32, String> {
    let number = value.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("`{key}={}` is no number from 1 on", short(value)))
}

fn numbers(key: &str, value: &str, low: i32, high: i32, negative: bool) -> Result<Vec<i32>, String> {
    let read = |item: &str| {
        let number: i32 = item.parse().map_err(|_| format!("`{}` is no number", short(item)))?;
        let size = if negative { number.saturating_abs() } else { number };
        let range = if negative { format!("±{low} to ±{high}") } else { format!("{low} to {high}") };
        if (low..=high).contains(&size) { Ok(number) } else { Err(format!("`{key}` takes {range}, not {number}")) }
    };
    list(value, read)
}

fn list<T>(value: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    let items: Vec<&str> = value.split(',').take(MAX_ITEMS + 1).map(str::trim).collect();
    if items.len() > MAX_ITEMS {
        return Err(format!("a list has more than {MAX_ITEMS} items"));
    }
    items.into_iter().map(read).collect()
}

/// `MO`, `1MO`, `-1SU`.
fn week_day(item: &str) -> Result<(i32, Weekday), String> {
    let wrong = || format!("`{}` is no day such as `MO` or `-1SU`", short(item));
    let at = item.len().checked_sub(2).ok_or_else(wrong)?;
    let (number, name) = item.split_at_checked(at).ok_or_else(wrong)?;
    let number = if number.is_empty() { Some(0) } else { number.parse().ok().filter(|number: &i32| *number != 0) };
    let number = number.filter(|number| (-53..=53).contains(number)).ok_or_else(wrong)?;
    Ok((number, weekday(name).ok_or_else(wrong)?))
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    })
}

/// As much of a text as belongs into a message.
fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}
