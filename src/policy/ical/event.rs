//! One event: when it is, and on which days.

use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};

use chrono::{Days, Duration, NaiveDate};

use super::content::Property;
use super::day_set::DaySet;
use super::moment::{Length, Moment, Strange, Time};
use super::recurrence::{Recurrence, Visit};
use super::{Budget, fault};
use crate::policy::yaml::Fault;
use crate::time::{Instant, Zone};

/// The properties that are looked at.
pub(super) const KEYS: [&str; 10] =
    ["DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID", "STATUS", "UID"];

/// How many extra or left-out moments one event may have.
const MAX_MOMENTS: usize = 2_000;

/// What a conversion between clocks costs, in steps.
const CONVERSION: u64 = 12;

/// An event.
#[derive(Debug)]
pub(super) struct Event {
    uid: Option<String>,
    start: Moment,
    end: End,
    rule: Option<Rule>,
    extra: Vec<Moment>,
    left_out: Vec<Moment>,
    /// The occurrence of the event of the same name that this one replaces.
    replaces: Option<Moment>,
    cancelled: bool,
    /// Where its start stands.
    bytes: Range<usize>,
}

/// When an event ends.
#[derive(Clone, Debug)]
enum End {
    /// At once, or with the day.
    Open,
    /// At a moment, the first that does not belong to it.
    At(Moment),
    /// After a while.
    After(Length),
}

/// A recurrence with its last moment.
#[derive(Debug)]
struct Rule {
    recurrence: Recurrence,
    until: Option<Moment>,
}

/// Whether an occurrence is one of these moments.
#[derive(Default)]
struct Moments {
    days: BTreeSet<NaiveDate>,
    instants: BTreeSet<Instant>,
}

impl Event {
    /// Reads an event from its properties.
    ///
    /// # Errors
    /// The first of them that cannot be understood.
    pub(super) fn read(properties: &[Property], begin: &Range<usize>) -> Result<Event, Fault> {
        let one = |name: &str| single(properties, name);
        let Some(start) = one("DTSTART")? else {
            return Err(fault("bad-ical", begin, "this event has no start", "expected a `DTSTART`", None));
        };
        if let Some(rule) = one("EXRULE")? {
            let help = "write the days that are left out as `EXDATE`";
            return Err(fault(
                "unknown-recurrence",
                &rule.bytes,
                "`EXRULE` is not understood",
                "out of use",
                Some(help),
            ));
        }
        let replaces = one("RECURRENCE-ID")?;
        if let Some(property) = replaces.filter(|property| property.parameter("RANGE").is_some()) {
            let message = "an event that replaces all later ones is not understood";
            let help = "end the first event with `UNTIL`, and write another for what follows";
            return Err(fault("unknown-recurrence", &property.bytes, message, "`RANGE` stands here", Some(help)));
        }
        let event = Event {
            uid: one("UID")?.map(|uid| uid.value.clone()),
            end: end(one("DTEND")?, one("DURATION")?)?,
            rule: one("RRULE")?.map(|property| rule(property, start)).transpose()?,
            extra: moments(properties, "RDATE")?,
            left_out: moments(properties, "EXDATE")?,
            replaces: replaces.map(|property| moment(property, &property.value)).transpose()?,
            cancelled: one("STATUS")?.is_some_and(|status| status.value.trim().eq_ignore_ascii_case("CANCELLED")),
            start: moment(start, &start.value)?,
            bytes: start.bytes.clone(),
        };
        event.sound()?;
        Ok(event)
    }

    /// Takes in every day that the event touches. `all` are the events among which some may replace its occurrences.
    ///
    /// # Errors
    /// It takes too many steps.
    pub(super) fn days(
        &self,
        all: &[Event],
        reader: &Zone,
        days: &mut DaySet,
        budget: &mut Budget,
    ) -> Result<(), Fault> {
        if self.cancelled {
            return Ok(());
        }
        let repeats = self.replaces.is_none() && (self.rule.is_some() || !self.extra.is_empty());
        let others = if repeats { all } else { &[] };
        let within = budget.take(u64::try_from(others.len()).unwrap_or(u64::MAX));
        let left_out = self.moments_left_out(others, reader);
        let mut taking = Taking { event: self, reader, left_out, days, budget, within };
        match self.rule.as_ref().filter(|_| repeats) {
            Some(rule) => rule.recurrence.each(self.start.date, &mut taking),
            None => {
                taking.occurrence(&self.start);
            }
        }
        for extra in self.extra.iter().filter(|_| repeats) {
            taking.occurrence(&Moment { date: extra.date, time: self.time_of(extra) });
        }
        if taking.within { Ok(()) } else { Err(self.too_much()) }
    }

    /// What cannot be both, or ends before it begins.
    fn sound(&self) -> Result<(), Fault> {
        let wrong = |message: &str| Err(fault("bad-ical", &self.bytes, message, "the event begins here", None));
        match &self.end {
            End::At(end) if end.time.is_some() != self.start.time.is_some() => {
                wrong("`DTSTART` and `DTEND` are not both dates, or not both times")
            }
            End::At(end) if end.date < self.start.date && end.time.is_none() => {
                wrong("this event ends before it begins")
            }
            // Clocks of different zones may differ by a day and more.
            End::At(end) if (self.start.date - end.date).num_days() > 2 => wrong("this event ends before it begins"),
            End::Open | End::At(_) | End::After(_) => Ok(()),
        }
    }

    fn too_much(&self) -> Fault {
        let help = "leave out what lies far back, and events that no rule asks for";
        let message = "the calendars of this policy take too long to be worked out";
        fault("too-large", &self.bytes, message, "the limit was reached with this event", Some(help))
    }

    /// An extra date of an event at a time of day begins at that time.
    fn time_of(&self, moment: &Moment) -> Option<Time> {
        moment.time.clone().or_else(|| self.start.time.clone())
    }

    /// The reader's days that an occurrence touches.
    fn range(&self, start: &Moment, reader: &Zone) -> RangeInclusive<NaiveDate> {
        let Some(time) = &start.time else {
            let days = match &self.end {
                End::Open => 1,
                End::At(end) => (end.date - self.start.date).num_days(),
                End::After(length) => length.whole_days(),
            };
            return start.date..=later(start.date, days.max(1) - 1);
        };
        let begin = time.on(start.date, reader);
        let end = match &self.end {
            End::Open => begin,
            End::At(Moment { date, time: Some(end) }) => {
                end.on(later(start.date, (*date - self.start.date).num_days()), reader)
            }
            End::At(Moment { date, time: None }) => time.on(*date, reader),
            End::After(length) => {
                time.on(later(start.date, i64::from(length.days)), reader)
                    + Duration::seconds(i64::from(length.seconds))
            }
        };
        // The end does not belong to it.
        let last = if end > begin { end - Duration::seconds(1) } else { begin };
        reader.local(begin).date..=reader.local(last).date
    }

    /// The occurrences that do not count: left out, or replaced by another event.
    fn moments_left_out(&self, all: &[Event], reader: &Zone) -> Moments {
        let mut moments = Moments::default();
        let own = self.left_out.iter();
        let replaced = all.iter().filter(|other| self.uid.is_some() && other.uid == self.uid);
        for moment in own.chain(replaced.filter_map(|other| other.replaces.as_ref())) {
            match &moment.time {
                Some(time) if self.start.time.is_some() => {
                    moments.instants.insert(time.on(moment.date, reader));
                }
                _ => {
                    moments.days.insert(moment.date);
                }
            }
        }
        moments
    }
}

/// Takes in the occurrences of an event.
struct Taking<'a> {
    event: &'a Event,
    reader: &'a Zone,
    left_out: Moments,
    days: &'a mut DaySet,
    budget: &'a mut Budget,
    /// Whether there were steps enough so far.
    within: bool,
}

impl Taking<'_> {
    /// Takes in one occurrence; whether to go on.
    fn occurrence(&mut self, start: &Moment) -> bool {
        let range = self.event.range(start, self.reader);
        self.spend(DaySet::room(&range) + if start.time.is_some() { CONVERSION } else { 0 });
        if self.within && !self.left_out.contain(start, self.reader) {
            self.days.insert(&range);
        }
        self.within
    }

    fn spend(&mut self, steps: u64) {
        self.within = self.within && self.budget.take(steps);
    }
}

impl Visit for Taking<'_> {
    fn step(&mut self) -> bool {
        self.spend(1);
        self.within
    }

    fn take(&mut self, date: NaiveDate) -> bool {
        let start = Moment { date, time: self.event.start.time.clone() };
        let reached = self.event.rule.as_ref().is_none_or(|rule| rule.reaches(&start, self.reader));
        reached && self.occurrence(&start)
    }
}

impl Rule {
    /// Whether the rule has not ended before this occurrence.
    fn reaches(&self, moment: &Moment, reader: &Zone) -> bool {
        let Some(until) = &self.until else { return true };
        match (&moment.time, &until.time) {
            (Some(time), Some(last)) => time.on(moment.date, reader) <= last.on(until.date, reader),
            _ => moment.date <= until.date,
        }
    }
}

impl Moments {
    fn contain(&self, moment: &Moment, reader: &Zone) -> bool {
        let instant = |time: &Time| !self.instants.is_empty() && self.instants.contains(&time.on(moment.date, reader));
        self.days.contains(&moment.date) || moment.time.as_ref().is_some_and(instant)
    }
}

/// A day so many days later, or earlier; the same one where the calendar ends.
fn later(date: NaiveDate, days: i64) -> NaiveDate {
    let number = Days::new(days.unsigned_abs());
    let moved = if days < 0 { date.checked_sub_days(number) } else { date.checked_add_days(number) };
    moved.unwrap_or(date)
}

/// The one property of this name.
fn single<'p>(properties: &'p [Property], name: &str) -> Result<Option<&'p Property>, Fault> {
    let mut found = properties.iter().filter(|property| property.name == name);
    let first = found.next();
    match found.next() {
        None => Ok(first),
        Some(again) => {
            let message = format!("this event has two `{name}`");
            Err(fault("bad-ical", &again.bytes, message, "only one could count", None))
        }
    }
}

fn end(end: Option<&Property>, duration: Option<&Property>) -> Result<End, Fault> {
    match (end, duration) {
        (Some(_), Some(duration)) => {
            let message = "this event has a `DTEND` and a `DURATION`";
            Err(fault("bad-ical", &duration.bytes, message, "only one could count", None))
        }
        (Some(end), None) => Ok(End::At(moment(end, &end.value)?)),
        (None, Some(duration)) => Length::read(&duration.value).map(End::After).ok_or_else(|| {
            let message = format!("`{}` is no duration", short(&duration.value));
            fault("bad-ical", &duration.value_bytes, message, "expected one such as `P1D` or `PT8H30M`", None)
        }),
        (None, None) => Ok(End::Open),
    }
}

fn rule(property: &Property, start: &Property) -> Result<Rule, Fault> {
    let recurrence = Recurrence::parse(&property.value).map_err(|why| {
        let message = format!("this recurrence cannot be followed: {why}");
        let help = "write the days themselves, as events of their own or under `calendars`";
        fault("unknown-recurrence", &property.value_bytes, message, "expected a rule that repeats days", Some(help))
    })?;
    // What ends at a time without a zone means the clock of the start.
    let clock = Property { parameters: start.parameters.clone(), ..property.clone() };
    let until = recurrence.until.as_deref().map(|until| moment(&clock, until)).transpose()?;
    Ok(Rule { recurrence, until })
}

/// The moments of all properties of this name.
fn moments(properties: &[Property], name: &str) -> Result<Vec<Moment>, Fault> {
    let mut moments = Vec::new();
    for property in properties.iter().filter(|property| property.name == name) {
        for value in property.value.split(',') {
            if moments.len() >= MAX_MOMENTS {
                let message = format!("an event has at most {MAX_MOMENTS} `{name}`");
                return Err(fault("too-large", &property.bytes, message, "too many", None));
            }
            moments.push(moment(property, value)?);
        }
    }
    Ok(moments)
}

fn moment(property: &Property, value: &str) -> Result<Moment, Fault> {
    Moment::read(property, value).map_err(|strange| match strange {
        Strange::Text => {
            let message = format!("`{}` is no date and no time", short(value));
            let label = "expected `20261225`, `20261225T083000` or `20261225T083000Z`";
            fault("bad-ical", &property.value_bytes, message, label, None)
        }
        Strange::Zone(name) => {
            let message = format!("`{}` is no time zone of the tz database", short(&name));
            let help = "export the calendar with names such as `Europe/London`, or its events as whole days";
            fault("unknown-zone", &property.bytes, message, "expected a name such as `Europe/London`", Some(help))
        }
    })
}

/// As much of a text as belongs into a message.
fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}
