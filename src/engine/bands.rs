//! Tariff bands: which one holds, on which day it began, and the prices that follow.

use std::ops::Range;

use chrono::NaiveDate;

use crate::policy::Policy;
use crate::policy::model::{Band, CalendarCondition, Tariff};
use crate::tariff::{PriceSeries, PriceSlot, Prices};
use crate::time::{CalendarTest, ClockTime, Instant, Local};

use super::edges::edges_of;

/// Minutes on the face of a clock in a day.
const MINUTES: i64 = 1440;

/// The import band that holds at an instant, as a position in [`Tariff::import`]; `None` where there is none.
#[must_use]
pub fn band_at(tariff: &Tariff, at: Instant, site: Local) -> Option<usize> {
    standing(&tariff.import, at, site)
}

/// The prices of a policy's bands over `from..until`: neighbours of one price joined, a hole where no band holds.
///
/// The work grows with the span; callers bound it.
#[must_use]
pub fn banded_prices(policy: &Policy, from: Instant, until: Instant) -> Prices {
    Prices {
        import: series(policy, &policy.tariff.import, from, until),
        export: series(policy, &policy.tariff.export, from, until),
        ..Prices::default()
    }
}

/// Whether the calendar keys and bands of one mapping hold together: any of its windows, any of its bands, and the day
/// tests on the day on which the window began; without windows, on the day on which the band did; without either, today.
pub(super) fn holds(condition: &CalendarCondition, tariff: &Tariff, at: Instant, site: Local) -> bool {
    let test = &condition.test;
    let band = |asked| condition.bands.iter().any(|band| band_on(&tariff.import, *band, at, site, asked));
    if condition.bands.is_empty() {
        test.began_on(at, site).is_some()
    } else if test.windows.is_empty() {
        band(Some(test).filter(|test| asks_for_days(test)))
    } else {
        band(None) && test.began_on(at, site).is_some()
    }
}

/// Whether a test looks at the day at all.
pub(super) fn asks_for_days(test: &CalendarTest) -> bool {
    !test.days.is_empty() || test.months.is_some() || !test.dates.is_empty()
}

/// The band that holds: the first with a test that does, else the one for the rest of the time.
fn standing(bands: &[Band], at: Instant, site: Local) -> Option<usize> {
    let tested = bands.iter().position(|band| !band.when.is_empty() && band.when.began_on(at, site).is_some());
    tested.or_else(|| bands.iter().position(|band| band.when.is_empty()))
}

/// Whether a band holds, and began on a day that passes the day tests which are asked.
fn band_on(bands: &[Band], index: usize, at: Instant, site: Local, asked: Option<&CalendarTest>) -> bool {
    let Some(band) = bands.get(index) else { return false };
    if band.when.is_empty() {
        let began_well = || asked.is_none_or(|test| test.allows_day(rest_began(bands, at, site)));
        return standing(bands, at, site) == Some(index) && began_well();
    }
    began_days(&band.when, at, site).any(|date| asked.is_none_or(|test| test.allows_day(date)))
}

/// The days on which what holds of a test now began: one for each of its windows around now.
fn began_days(test: &CalendarTest, at: Instant, site: Local) -> impl Iterator<Item = NaiveDate> {
    let today = test.windows.is_empty().then_some(site.date);
    let windows = test.windows.iter().filter_map(move |window| window.began_on(at, site));
    today.into_iter().chain(windows).filter(|date| test.allows_day(*date))
}

/// The day to which the rest of the time belongs while it holds.
///
/// Where the other bands leave it over midnight it is a window that nobody wrote down, so it belongs to the day on which
/// it began. A day that is left over wholly belongs to itself, and so does what is left over beside such a day.
fn rest_began(bands: &[Band], at: Instant, site: Local) -> NaiveDate {
    let mut today = Day::default();
    for band in bands.iter().filter(|band| !band.when.is_empty()) {
        spells(&band.when, at, site).for_each(|spell| today.note(spell, site.minute.into()));
    }
    let over_midnight = today.taken_yesterday && today.taken && !today.taken_before_now;
    if over_midnight { site.date.pred_opt().unwrap_or(site.date) } else { site.date }
}

/// What other bands take of a day and of the one before it.
#[derive(Clone, Copy, Debug, Default)]
struct Day {
    taken_yesterday: bool,
    taken: bool,
    taken_before_now: bool,
}

impl Day {
    fn note(&mut self, spell: Range<i64>, now: i64) {
        let overlaps = |span: Range<i64>| spell.start < span.end && span.start < spell.end;
        self.taken_yesterday |= overlaps(-MINUTES..0);
        self.taken |= overlaps(0..MINUTES);
        self.taken_before_now |= overlaps(0..now);
    }
}

/// When a test holds around today, in minutes since today's midnight on the face of the site's clock: a window of another
/// zone as far from the site's clock as it is now.
fn spells(test: &CalendarTest, at: Instant, site: Local) -> impl Iterator<Item = Range<i64>> {
    let whole_day = test.windows.is_empty().then_some((ClockTime::MIDNIGHT, ClockTime::END_OF_DAY, 0));
    let windows = test.windows.iter().map(move |window| {
        let offset = window.zone().map_or(site.offset, |zone| zone.local(at).offset);
        (window.start(), window.end(), i64::from(site.offset - offset) / 60)
    });
    let windows = windows.chain(whole_day);
    windows.flat_map(move |(start, end, ahead)| {
        let allowed = move |day: &i64| day_from(site.date, *day).is_some_and(|date| test.allows_day(date));
        (-3..=2).filter(allowed).map(move |day| {
            let start = day * MINUTES + i64::from(start.minutes()) + ahead;
            let end_of_day = day * MINUTES + i64::from(end.minutes()) + ahead;
            start..if end_of_day > start { end_of_day } else { end_of_day + MINUTES }
        })
    })
}

fn day_from(date: NaiveDate, days: i64) -> Option<NaiveDate> {
    date.checked_add_signed(chrono::Duration::days(days))
}

fn series(policy: &Policy, bands: &[Band], from: Instant, until: Instant) -> PriceSeries {
    let edges = edges_of(&policy.zone, bands.iter().map(|band| &band.when), from, until);
    let starts = std::iter::once(from).chain(edges.iter().copied());
    let ends = edges.iter().copied().chain(std::iter::once(until));
    let mut slots: Vec<PriceSlot> = Vec::new();
    for (from, until) in starts.zip(ends) {
        let Some(band) = standing(bands, from, policy.zone.local(from)).and_then(|index| bands.get(index)) else {
            continue;
        };
        match slots.last_mut() {
            Some(last) if last.until == from && last.price == band.price => last.until = until,
            _ => slots.push(PriceSlot { from, until, price: band.price }),
        }
    }
    PriceSeries::from_slots(slots).unwrap_or_default()
}
