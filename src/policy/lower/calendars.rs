//! `calendars:`, and the calendar keys that rules and bands share.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;

use super::fields::Fields;
use super::{Context, SeenWindow, as_list, quoted};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::policy::ical;
use crate::policy::keys::{self, MAX_CALENDARS, MAX_WINDOWS};
use crate::policy::sentence::{DayWord, date_range, days, months, window};
use crate::policy::yaml::{Key, Node, Value};
use crate::time::{CalendarTest, DailyWindow, DayTest, Months, NamedDays, Zone};

/// The keys that make a [`CalendarTest`].
pub(super) const CALENDAR_KEYS: [&str; 4] = ["time", "days", "months", "dates"];

/// How many days one range in a calendar may have.
const MAX_RANGE: i64 = 400;

/// Words under `days` that are no names of calendars.
const DAY_WORDS: [&str; 16] = [
    "weekdays",
    "weekends",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

impl Context<'_> {
    /// Reads the calendars, to be asked by name.
    pub(super) fn read_calendars(&mut self, node: &Node, zone: Option<&Zone>) {
        let Some(entries) = self.mapping(node, "calendars") else { return };
        let room = MAX_CALENDARS.saturating_sub(self.calendar_places.len());
        for (key, value) in self.distinct(entries).into_iter().take(room) {
            if self.calendar_again(key) {
                continue;
            }
            if !self.calendar_name(&key.text, &key.bytes) {
                self.broken_calendars.push(key.text.clone());
                continue;
            }
            match self.calendar_days(value, &key.text, zone) {
                Some(days) => self.calendars.push(Arc::new(NamedDays { name: key.text.clone(), days })),
                None => self.broken_calendars.push(key.text.clone()),
            }
        }
        if let Some((key, _)) = entries.get(room) {
            self.error(
                "too-large",
                &key.bytes,
                format!("a policy has at most {MAX_CALENDARS} calendars"),
                "one too many",
            );
        }
    }

    /// Reports a calendar whose name stands in another file already.
    fn calendar_again(&mut self, key: &Key) -> bool {
        let place = self.place(&key.bytes);
        let Some(first) = self.calendar_places.get(&key.text).cloned() else {
            self.calendar_places.insert(key.text.clone(), place);
            return false;
        };
        let message = format!("two calendars are called {}", quoted(&key.text));
        let again = Diagnostic::error(Code("duplicate-name"), place, message, "the second one");
        self.push(again.related(first, "the first one").help("rules speak of calendars by name, so give each its own"));
        true
    }

    /// All calendars.
    pub(super) fn calendars(&self) -> Vec<Arc<NamedDays>> {
        self.calendars.clone()
    }

    fn calendar_name(&mut self, name: &str, bytes: &std::ops::Range<usize>) -> bool {
        let taken = matches!(days(name), Ok(DayWord::Weekdays(_) | DayWord::Not(_)) | Err(_));
        let message = if taken {
            format!("{} cannot name a calendar: `days` would not tell it from a day of the week", quoted(name))
        } else if !is_name(name) {
            format!("{} cannot name a calendar", quoted(name))
        } else {
            return true;
        };
        self.error("bad-name", bytes, message, "expected a name that begins with a letter, such as `holidays`");
        false
    }

    fn calendar_days(&mut self, node: &Node, name: &str, zone: Option<&Zone>) -> Option<BTreeSet<NaiveDate>> {
        let mut days = BTreeSet::new();
        let mut complete = true;
        let items = self.items(node, name);
        complete &= !items.is_empty();
        for item in items {
            if matches!(item.value, Value::Map(_)) {
                match self.ical(item, name, zone) {
                    Some(more) => days.extend(more),
                    None => complete = false,
                }
                continue;
            }
            let range = self.read(item, name, date_range);
            let short =
                range.filter(|range| (*range.end() - *range.start()).num_days() < MAX_RANGE || self.long_range(item));
            match short {
                Some(range) => days.extend(range.start().iter_days().take_while(|day| day <= range.end())),
                None => complete = false,
            }
        }
        complete.then_some(days)
    }

    /// The days of the iCalendar files that stand under `ical`.
    fn ical(&mut self, node: &Node, name: &str, zone: Option<&Zone>) -> Option<BTreeSet<NaiveDate>> {
        let owner = self.first_line(&node.bytes);
        let fields = self.keyed(node, name, &owner, &keys::ICAL)?;
        let paths = self.needed(&fields, "ical")?;
        let mut days = BTreeSet::new();
        let items = self.items(paths, "ical");
        let mut complete = !items.is_empty();
        for path in items {
            match self.ical_file(path, zone) {
                Some(more) => days.extend(more),
                None => complete = false,
            }
        }
        complete.then_some(days)
    }

    /// The days of one iCalendar file. Reports what is wrong with it, once.
    fn ical_file(&mut self, path: &Node, zone: Option<&Zone>) -> Option<BTreeSet<NaiveDate>> {
        self.scalar(path, "ical")?;
        let file = self.target(path)?;
        if let Some(days) = self.ical_days.get(&file) {
            return days.clone();
        }
        let text = &self.files.get(file)?.text;
        let zone = zone.cloned().unwrap_or_else(Zone::utc);
        let found = ical::read(text, &zone, &mut self.ical_budget);
        self.within(file, |cx| found.faults.iter().for_each(|fault| cx.fault(fault)));
        let days = found.faults.is_empty().then_some(found.days);
        if days.as_ref().is_some_and(BTreeSet::is_empty) {
            let place = self.place(&path.bytes);
            let message = "this calendar has no day";
            let warning = Diagnostic::warning(Code("empty-calendar"), place, message, "no event in this file");
            self.push(warning.help("days count from 1970 to 2100; tasks and cancelled events do not"));
        }
        self.ical_days.insert(file, days.clone());
        days
    }

    /// Reports a range of more days than a calendar takes.
    fn long_range(&mut self, node: &Node) -> bool {
        let message = format!("a range in a calendar has at most {MAX_RANGE} days");
        self.error_help(
            "out-of-range",
            &node.bytes,
            message,
            "too long",
            "longer stretches are written under `dates` or `months`",
        );
        false
    }

    /// The calendar keys of one mapping. `None` if anything about them is wrong.
    pub(super) fn calendar_test(&mut self, fields: &Fields<'_>, band: Option<usize>) -> Option<CalendarTest> {
        let windows = fields.get("time").map(|node| self.windows(node, band));
        let days = fields.get("days").map(|node| self.day_tests(node));
        let months = fields.get("months").map(|node| self.months(node));
        let dates = fields.get("dates").map(|node| self.each(node, "dates", date_range));
        Some(CalendarTest {
            windows: windows.unwrap_or(Some(Vec::new()))?,
            days: days.unwrap_or(Some(Vec::new()))?,
            months: months.map_or(Some(None), |months| months.map(Some))?,
            dates: dates.unwrap_or(Some(Vec::new()))?,
        })
    }

    fn windows(&mut self, node: &Node, band: Option<usize>) -> Option<Vec<DailyWindow>> {
        let mut windows = Vec::new();
        let items = self.items(node, "time");
        if let Some(beyond) = items.get(MAX_WINDOWS) {
            self.error(
                "too-large",
                &beyond.bytes,
                format!("`time` takes at most {MAX_WINDOWS} windows"),
                "one too many",
            );
            return None;
        }
        let expected = items.len().max(1);
        for item in items {
            let Some(window) = self.read(item, "time", window) else { continue };
            let place = self.place(&item.bytes);
            self.windows.push(SeenWindow { window: window.clone(), place, band });
            windows.push(window);
        }
        (windows.len() == expected).then_some(windows)
    }

    fn months(&mut self, node: &Node) -> Option<Months> {
        let each = self.each(node, "months", months)?;
        Some(each.into_iter().fold(Months::default(), Months::or))
    }

    fn day_tests(&mut self, node: &Node) -> Option<Vec<DayTest>> {
        let mut tests = Vec::new();
        let items = self.items(node, "days");
        let expected = items.len().max(1);
        for item in items {
            if let Some(test) = self.read(item, "days", days).and_then(|word| self.day_test(word, item)) {
                tests.push(test);
            }
        }
        (tests.len() == expected).then_some(tests)
    }

    fn day_test(&mut self, word: DayWord, node: &Node) -> Option<DayTest> {
        match word {
            DayWord::Weekdays(set) => Some(DayTest::Weekdays(set)),
            DayWord::Not(inner) => Some(DayTest::Not(Box::new(self.day_test(*inner, node)?))),
            DayWord::Calendar(name, _) => self.calendar(&name, node),
        }
    }

    fn calendar(&mut self, name: &str, node: &Node) -> Option<DayTest> {
        if let Some(calendar) = self.calendars.iter().find(|calendar| calendar.name == name) {
            return Some(DayTest::Named(Arc::clone(calendar)));
        }
        if self.incomplete || self.apart || self.broken_calendars.iter().any(|broken| broken == name) {
            return None;
        }
        let names: Vec<String> = self.calendars.iter().map(|calendar| calendar.name.clone()).collect();
        let known = names.iter().map(String::as_str).chain(DAY_WORDS);
        let near = nearest(name, known).map(|word| format!("did you mean `{word}`?")).or_else(|| as_list(name));
        let help = near.unwrap_or_else(|| {
            format!("name its days: `calendars: {{ {}: [2026-12-25] }}`", if is_name(name) { name } else { "holidays" })
        });
        let message = format!("{} is neither a day of the week nor a calendar of this policy", quoted(name));
        self.error_help(
            "unknown-calendar",
            &node.bytes,
            message,
            "expected `mon-fri`, `weekdays`, `weekends` or a calendar's name",
            help,
        );
        None
    }

    /// Each item of a list, read by one parser. `None` if one could not be read.
    fn each<T>(
        &mut self,
        node: &Node,
        key: &str,
        parse: fn(&str) -> Result<T, crate::policy::sentence::Problem>,
    ) -> Option<Vec<T>> {
        let items = self.items(node, key);
        let expected = items.len().max(1);
        let read: Vec<T> = items.into_iter().filter_map(|item| self.read(item, key, parse)).collect();
        (read.len() == expected).then_some(read)
    }
}

/// Whether a word can name a band or a calendar.
pub(super) fn is_name(word: &str) -> bool {
    let letters = word.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    word.starts_with(char::is_alphabetic) && letters && word.chars().count() <= 40 && !word.ends_with(' ')
}
