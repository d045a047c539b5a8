//! The days of an iCalendar file (RFC 5545), as far as holidays, absences and the like need it.
//!
//! Events are what counts; tasks, alarms and definitions of time zones are not looked at, and neither is any property but those
//! that say when an event is. What is not understood of these is reported, never guessed. Days lie between 1970 and 2100.

mod content;
mod day_set;
mod event;
mod moment;
mod recurrence;

use std::collections::BTreeSet;
use std::ops::Range;

use chrono::NaiveDate;

use super::yaml::Fault;
use crate::diagnostic::Code;
use crate::time::Zone;
use content::{Content, Property};
use day_set::DaySet;
use event::Event;

/// How many events one file may have.
const MAX_EVENTS: usize = 5_000;

/// How many problems of one file are told.
const MAX_FAULTS: usize = 20;

/// How deep components may nest.
const MAX_DEPTH: usize = 16;

/// The steps that all calendars of a policy may take together: days that are tried or taken.
#[derive(Debug)]
pub(super) struct Budget(u64);

impl Default for Budget {
    fn default() -> Budget {
        Budget(5_000_000)
    }
}

impl Budget {
    /// Takes so many steps; whether there were as many left.
    fn take(&mut self, steps: u64) -> bool {
        let left = self.0.checked_sub(steps);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Calendar {
    /// Every day on which an event is, in the zone of the reader.
    pub days: BTreeSet<NaiveDate>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

/// Reads a file. An event at a time of day counts for every day of `zone` that it touches; a time without a zone is one of `zone`.
pub(super) fn read(text: &str, zone: &Zone, budget: &mut Budget) -> Calendar {
    let mut calendar = Calendar::default();
    let events = events(text, &mut calendar.faults);
    let mut days = DaySet::default();
    for event in &events {
        if let Err(fault) = event.days(&events, zone, &mut days, budget) {
            calendar.faults.push(fault);
            break;
        }
    }
    calendar.days = days.dates();
    calendar
}

/// The events of a file.
fn events(text: &str, faults: &mut Vec<Fault>) -> Vec<Event> {
    let mut reader = Reader::default();
    for property in Content::of(text) {
        if let Err(fault) = reader.property(&property, faults) {
            faults.push(fault);
            return reader.events;
        }
        if faults.len() >= MAX_FAULTS {
            return reader.events;
        }
    }
    if let Some((name, begin)) = reader.open.last() {
        let message = format!("`{name}` begins here and never ends");
        faults.push(fault("bad-ical", begin, message, "no `END` follows", Some("the file may have been cut off")));
    } else if !reader.any {
        faults.push(no_calendar(&(0..0)));
    }
    reader.events
}

/// The way through the components of a file.
#[derive(Default)]
struct Reader {
    /// The components that have begun and not ended, with their places.
    open: Vec<(String, Range<usize>)>,
    /// The properties of the event under way that say when it is.
    event: Vec<Property>,
    events: Vec<Event>,
    /// Whether there was a calendar at all.
    any: bool,
}

impl Reader {
    /// Takes a property. An error means that the rest of the file cannot be understood.
    fn property(&mut self, property: &Property, faults: &mut Vec<Fault>) -> Result<(), Fault> {
        match property.name.as_str() {
            "BEGIN" => self.begin(property),
            "END" => self.end(property, faults),
            _ if self.open.is_empty() => Err(no_calendar(&property.bytes)),
            name => {
                if self.in_event() && event::KEYS.contains(&name) {
                    self.event.push(property.clone());
                }
                Ok(())
            }
        }
    }

    fn in_event(&self) -> bool {
        matches!(self.open.as_slice(), [(_, _), (event, _)] if event == "VEVENT")
    }

    fn begin(&mut self, property: &Property) -> Result<(), Fault> {
        let name = property.value.trim().to_ascii_uppercase();
        if self.open.is_empty() && name != "VCALENDAR" {
            return Err(no_calendar(&property.bytes));
        }
        if self.open.len() >= MAX_DEPTH {
            let message = format!("components nest more than {MAX_DEPTH} deep");
            return Err(fault("bad-ical", &property.bytes, message, "too deep from here on", None));
        }
        self.any = true;
        self.open.push((name, property.bytes.clone()));
        Ok(())
    }

    fn end(&mut self, property: &Property, faults: &mut Vec<Fault>) -> Result<(), Fault> {
        let name = property.value.trim().to_ascii_uppercase();
        let ends_event = self.in_event();
        match self.open.pop() {
            Some((open, begin)) if open == name => {
                if ends_event {
                    self.take_event(&begin, faults)?;
                }
                Ok(())
            }
            Some((open, _)) => {
                let label = format!("expected `END:{open}`");
                Err(fault("bad-ical", &property.bytes, "this ends what has not begun", label, None))
            }
            None => Err(no_calendar(&property.bytes)),
        }
    }

    fn take_event(&mut self, begin: &Range<usize>, faults: &mut Vec<Fault>) -> Result<(), Fault> {
        if self.events.len() >= MAX_EVENTS {
            let message = format!("a calendar's file has at most {MAX_EVENTS} events");
            return Err(fault("too-large", begin, message, "one too many", None));
        }
        match Event::read(&std::mem::take(&mut self.event), begin) {
            Ok(event) => self.events.push(event),
            Err(found) => faults.push(found),
        }
        Ok(())
    }
}

fn no_calendar(bytes: &Range<usize>) -> Fault {
    let help = "a page that was downloaded in its place looks like this too: fetch the calendar again, and look at it";
    fault("bad-ical", bytes, "this is no iCalendar file", "expected `BEGIN:VCALENDAR`", Some(help))
}

fn fault(
    code: &'static str,
    bytes: &Range<usize>,
    message: impl Into<String>,
    label: impl Into<String>,
    help: Option<&'static str>,
) -> Fault {
    Fault { code: Code(code), bytes: bytes.clone(), message: message.into(), label: label.into(), help }
}
