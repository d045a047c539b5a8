//! Tariff bands: which one holds, on which day it began, and the prices that follow.

use chrono::NaiveDate;

use crate::policy::Policy;
use crate::policy::model::{Band, CalendarCondition, Tariff};
use crate::tariff::{PriceSeries, PriceSlot, Prices};
use crate::time::{CalendarTest, Instant, Local};

use super::edges::edges_of;

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
    }
}

/// Whether the calendar keys and bands of one mapping hold together: any of its windows, any of its bands, and the day
/// tests on the day on which the window began; without windows, on the day on which the band did; without either, today.
pub(super) fn holds(condition: &CalendarCondition, tariff: &Tariff, at: Instant, site: Local) -> bool {
    let test = &condition.test;
    if condition.bands.is_empty() {
        return test.began_on(at, site).is_some();
    }
    let mut bands = condition.bands.iter().copied();
    if test.windows.is_empty() {
        bands.any(|band| band_on(&tariff.import, band, at, site, |date| test.allows_day(date)))
    } else {
        bands.any(|band| band_on(&tariff.import, band, at, site, |_| true)) && test.began_on(at, site).is_some()
    }
}

/// The band that holds: the first with a test that does, else the one for the rest of the time.
fn standing(bands: &[Band], at: Instant, site: Local) -> Option<usize> {
    let tested = bands.iter().position(|band| !band.when.is_empty() && band.when.began_on(at, site).is_some());
    tested.or_else(|| bands.iter().position(|band| band.when.is_empty()))
}

/// Whether a band holds that began on a day which is asked for.
fn band_on(bands: &[Band], index: usize, at: Instant, site: Local, asked: impl Fn(NaiveDate) -> bool) -> bool {
    let Some(band) = bands.get(index) else { return false };
    if band.when.is_empty() {
        return standing(bands, at, site) == Some(index) && asked(rest_began(bands, at, site));
    }
    began_days(&band.when, at, site).any(asked)
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
    let mut others = bands.iter().map(|band| &band.when).filter(|test| !test.is_empty());
    let yesterday = site.date.pred_opt().unwrap_or(site.date);
    let over_midnight = !others.clone().any(|test| held_earlier_today(test, at, site))
        && others.clone().any(|test| touches(test, yesterday))
        && others.any(|test| touches(test, site.date));
    if over_midnight { yesterday } else { site.date }
}

/// Whether a test that does not hold now has a window that ended today, by the clock of that window.
fn held_earlier_today(test: &CalendarTest, at: Instant, site: Local) -> bool {
    test.windows.iter().any(|window| {
        let local = window.zone().map_or(site, |zone| zone.local(at));
        if window.crosses_midnight() {
            local.date.pred_opt().is_some_and(|yesterday| test.allows_day(yesterday))
        } else {
            window.start() <= local.time() && test.allows_day(local.date)
        }
    })
}

/// Whether a test holds at any time of a day.
fn touches(test: &CalendarTest, day: NaiveDate) -> bool {
    let from_yesterday = || test.windows.iter().any(|window| window.crosses_midnight());
    test.allows_day(day) || from_yesterday() && day.pred_opt().is_some_and(|yesterday| test.allows_day(yesterday))
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
