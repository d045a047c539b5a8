//! Whether exactly one band of a tariff holds at every instant.
//!
//! Exact over every day of 28 years (on which every date falls on every day of the week), widened to all days that the
//! policy names. Between two neighbouring edges of windows, days and clock changes nothing changes, so only the edges are
//! looked at; and a day whose tests and offsets are those of an earlier one is not looked at again.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::{Days, NaiveDate};

use super::model::Band;
use crate::time::{DailyWindow, Instant, Zone};

/// How many bands can be looked at together.
pub(super) const MAX_BANDS: usize = 32;

/// The span in words.
pub(super) const SPAN_WORDS: &str = "from 2026 to 2053, and those that the policy names";

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Coverage {
    /// The first instant at which no band holds.
    pub(super) gap: Option<Instant>,
    /// The first instant at which two bands hold, and their positions.
    pub(super) overlap: Option<(Instant, usize, usize)>,
    /// Whether each band ever holds.
    pub(super) reached: Vec<bool>,
    /// Whether the tariff is too intricate to be proven in reasonable time, so that not every day was looked at.
    pub(super) exhausted: bool,
}

/// How many times a window may be asked about an instant.
const MAX_WORK: usize = 4_000_000;

/// Looks at every day.
pub(super) fn survey(bands: &[Band], site: &Zone) -> Coverage {
    let survey = Survey::of(bands, site);
    let mut coverage = Coverage { reached: vec![false; bands.len()], ..Coverage::default() };
    let mut seen = BTreeSet::new();
    let mut history = 0_u128;
    let mut work = 0;
    let span = survey.span.clone();
    for day in span.start.iter_days().take_while(|day| *day <= span.end) {
        history = survey.allowed(history, day);
        if day < survey.first {
            continue;
        }
        if coverage.exhausted {
            break;
        }
        if survey.is_new(history, day, &mut seen) {
            work += survey.look(day, &mut coverage) * (survey.windows.len() + bands.len());
            coverage.exhausted = work > MAX_WORK;
        }
    }
    coverage
}

struct Survey<'b> {
    bands: &'b [Band],
    site: &'b Zone,
    zones: Vec<&'b Zone>,
    windows: Vec<&'b DailyWindow>,
    span: Range<NaiveDate>,
    /// The first day whose history is whole.
    first: NaiveDate,
    /// For the first day of each stretch between clock changes, which set of offsets holds on it; `None` around a change.
    stretches: BTreeMap<NaiveDate, Option<usize>>,
    rest: Option<usize>,
}

impl<'b> Survey<'b> {
    fn of(bands: &'b [Band], site: &'b Zone) -> Survey<'b> {
        let windows: Vec<&DailyWindow> = bands.iter().flat_map(|band| &band.when.windows).collect();
        let mut zones = vec![site];
        for zone in windows.iter().filter_map(|window| window.zone()) {
            if !zones.contains(&zone) {
                zones.push(zone);
            }
        }
        let span = span(bands);
        let stretches = stretches(&span, &zones, site);
        let rest = bands.iter().position(|band| band.when.is_empty());
        let first = span.start.checked_add_days(Days::new(3)).unwrap_or(span.start);
        Survey { bands, site, zones, windows, span, first, stretches, rest }
    }

    /// Four bits for each band: whether its day tests allow this day and the three before.
    fn allowed(&self, history: u128, day: NaiveDate) -> u128 {
        self.bands.iter().take(MAX_BANDS).enumerate().fold(0, |bits, (number, band)| {
            let before = history >> (4 * number) & 0b111;
            bits | (before << 1 | u128::from(band.when.allows_day(day))) << (4 * number)
        })
    }

    /// Which set of offsets holds on a day and its neighbours; `None` if a clock changes.
    fn clocks(&self, day: NaiveDate) -> Option<usize> {
        self.stretches.range(..=day).next_back().and_then(|(_, clocks)| *clocks)
    }

    /// Whether no earlier day was like this one.
    ///
    /// A day on which a clock changes is like no other; but where all windows are in the site's own zone, its clock reads
    /// nothing that it does not read on any other day with the same tests.
    fn is_new(&self, history: u128, day: NaiveDate, seen: &mut BTreeSet<(u128, usize)>) -> bool {
        match self.clocks(day) {
            _ if self.zones.len() == 1 && seen.contains(&(history, 0)) => false,
            Some(_) if self.zones.len() == 1 => seen.insert((history, 0)),
            Some(clocks) => seen.insert((history, clocks)),
            None => true,
        }
    }

    /// Looks at the edges of one day, and counts them.
    fn look(&self, day: NaiveDate, coverage: &mut Coverage) -> usize {
        // The history ends with this day, so the day that is looked at is the one before: its neighbours are known.
        let Some(day) = day.pred_opt() else { return 0 };
        let edges = self.edges(day);
        for at in &edges {
            let (at, local) = (*at, self.site.local(*at));
            let mut holding = self
                .bands
                .iter()
                .enumerate()
                .filter(|(_, band)| !band.when.is_empty() && band.when.began_on(at, local).is_some());
            let first = holding.next().map(|(number, _)| number);
            let second = holding.next().map(|(number, _)| number);
            if let (Some(one), Some(other)) = (first, second) {
                coverage.overlap = coverage.overlap.or(Some((at, one, other)));
            }
            let holds = first.or(self.rest);
            coverage.gap = coverage.gap.or(holds.is_none().then_some(at));
            if let Some(reached) = holds.and_then(|number| coverage.reached.get_mut(number)) {
                *reached = true;
            }
        }
        edges.len()
    }

    /// Every instant of a day at which anything can begin or end, in order.
    fn edges(&self, day: NaiveDate) -> BTreeSet<Instant> {
        let (start, end) = self.site.day(day);
        let alone = self.zones.len() == 1;
        let neighbour = |day: Option<NaiveDate>| day.filter(|_| !alone);
        let around = [neighbour(day.pred_opt()), Some(day), neighbour(day.succ_opt())];
        let mut edges = BTreeSet::from([start]);
        for window in &self.windows {
            let zone = window.zone().unwrap_or(self.site);
            for date in around.into_iter().flatten() {
                for time in [window.start(), window.end()] {
                    edges.extend([zone.earliest(date, time), zone.latest(date, time)]);
                }
            }
        }
        for zone in &self.zones {
            edges.extend(zone.changes(start, end));
            edges.extend(around.into_iter().flatten().map(|date| zone.day(date).0));
        }
        edges.retain(|at| (start..end).contains(at));
        edges
    }
}

/// The days to look at, with more at either end for the history.
fn span(bands: &[Band]) -> Range<NaiveDate> {
    let date = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    let named: BTreeSet<NaiveDate> = bands.iter().flat_map(|band| band.when.named_days()).collect();
    let first = named.first().copied().unwrap_or(NaiveDate::MAX).min(date(2026, 1, 2));
    let last = named.last().copied().unwrap_or(NaiveDate::MIN).max(date(2053, 12, 31));
    let start = first.checked_sub_days(Days::new(3)).unwrap_or(first);
    start..last.checked_add_days(Days::new(3)).unwrap_or(last)
}

/// The stretches between clock changes. The days around a change are stretches of their own, without a set of offsets.
fn stretches(span: &Range<NaiveDate>, zones: &[&Zone], site: &Zone) -> BTreeMap<NaiveDate, Option<usize>> {
    let (from, until) = (site.day(span.start).0, site.day(span.end).1);
    let changes: BTreeSet<NaiveDate> =
        zones.iter().flat_map(|zone| zone.changes(from, until)).map(|at| site.local(at).date).collect();
    let mut sets: Vec<Vec<i32>> = Vec::new();
    let mut stretches = BTreeMap::new();
    let mut quiet = |day: NaiveDate, stretches: &mut BTreeMap<NaiveDate, Option<usize>>| {
        let offsets: Vec<i32> = zones.iter().map(|zone| zone.local(site.day(day).0).offset).collect();
        let number = sets.iter().position(|set| *set == offsets).unwrap_or_else(|| {
            sets.push(offsets);
            sets.len() - 1
        });
        stretches.insert(day, Some(number));
    };
    quiet(span.start, &mut stretches);
    for change in changes {
        let before = change.checked_sub_days(Days::new(2)).unwrap_or(change);
        let after = change.checked_add_days(Days::new(4)).unwrap_or(change);
        stretches.retain(|day, _| *day < before);
        stretches.insert(before, None);
        quiet(after, &mut stretches);
    }
    stretches
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::Duration;

    use super::*;
    use crate::diagnostic::Place;
    use crate::time::{CalendarTest, ClockTime, DayTest, Months, NamedDays, Weekdays};
    use crate::units::Price;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn band(when: CalendarTest) -> Band {
        Band { name: "band".to_owned(), price: Price::default(), when, place: Place::default() }
    }

    fn windowed(text: &str, zone: Option<&str>) -> CalendarTest {
        let (start, end) = text.split_once('-').expect("a window");
        let zone = zone.map(|name| Zone::named(name).expect("a zone"));
        let window = DailyWindow::new(start.parse().expect("a start"), end.parse().expect("an end"), zone);
        CalendarTest { windows: vec![window.expect("not empty")], ..CalendarTest::default() }
    }

    /// The same question, asked of every quarter hour of two years.
    fn plainly(bands: &[Band], site: &Zone) -> (Option<Instant>, Option<Instant>) {
        let (mut gap, mut overlap) = (None, None);
        let (mut at, end) = (site.day(day("2026-01-01")).0, site.day(day("2027-12-31")).1);
        let rest = bands.iter().any(|band| band.when.is_empty());
        while at < end && (gap.is_none() || overlap.is_none()) {
            let local = site.local(at);
            let holding = bands.iter().filter(|band| !band.when.is_empty() && band.when.began_on(at, local).is_some());
            match holding.count() {
                0 if !rest => gap = gap.or(Some(at)),
                0 | 1 => {}
                _ => overlap = overlap.or(Some(at)),
            }
            at += Duration::minutes(15);
        }
        (gap, overlap)
    }

    fn any_test(random: &mut fastrand::Rng) -> CalendarTest {
        let mut test = CalendarTest::default();
        if random.u8(0..4) > 0 {
            let time = |random: &mut fastrand::Rng| ClockTime::from_minutes(15 * random.u16(0..96)).expect("a time");
            let zones =
                [None, None, None, Zone::named("UTC"), Zone::named("Asia/Kathmandu"), Zone::named("America/New_York")];
            let zone = random.choice(zones).flatten();
            test.windows.extend(DailyWindow::new(time(random), time(random), zone));
        }
        match random.u8(0..8) {
            0 => test.days = vec![DayTest::Weekdays(Weekdays::WEEKDAYS)],
            1 => test.days = vec![DayTest::Not(Box::new(DayTest::Weekdays(Weekdays::WEEKDAYS)))],
            2 => test.months = Months::range(random.u32(1..=12), random.u32(1..=12)),
            3 => test.dates = vec![day("2026-03-28")..=day("2026-03-30")],
            4 => {
                let named =
                    NamedDays { name: "days".to_owned(), days: BTreeSet::from([day("2026-10-24"), day("2027-02-28")]) };
                test.days = vec![DayTest::Named(Arc::new(named))];
            }
            _ => {}
        }
        test
    }

    #[test]
    fn the_first_gap_and_the_first_overlap_are_those_that_asking_every_quarter_hour_finds() {
        let site = Zone::named("Europe/London").expect("a zone");
        let mut found = [0; 2];
        for seed in 0..30 {
            let mut random = fastrand::Rng::with_seed(seed);
            let bands: Vec<Band> = (0..random.usize(1..5)).map(|_| band(any_test(&mut random))).collect();
            let expect = plainly(&bands, &site);
            let coverage = survey(&bands, &site);
            assert_eq!((coverage.gap, coverage.overlap.map(|(at, ..)| at)), expect, "seed {seed}: {bands:#?}");
            found[0] += usize::from(expect.0.is_some());
            found[1] += usize::from(expect.1.is_some());
        }
        assert!(found.iter().all(|count| (5..30).contains(count)), "too one-sided to tell: {found:?}");
    }

    #[test]
    fn bands_that_meet_on_the_wall_clock_meet_on_the_days_of_the_clock_change_too() {
        let site = Zone::named("Europe/London").expect("a zone");
        let check = |bands: [CalendarTest; 2], whole: bool| {
            let coverage = survey(&bands.map(band), &site);
            assert_eq!(coverage.gap.is_none() && coverage.overlap.is_none(), whole, "{coverage:?}");
        };
        check([windowed("01:30-05:30", None), windowed("05:30-01:30", None)], true);
        check([windowed("01:30-05:30", None), windowed("05:30-01:15", None)], false);
        check([windowed("00:00-06:00", Some("UTC")), windowed("06:00-24:00", Some("UTC"))], true);
        check([windowed("00:00-06:00", Some("UTC")), windowed("06:00-24:00", None)], false);
        check([windowed("00:00-06:00", Some("Europe/Lisbon")), windowed("06:00-24:00", None)], true);
    }

    #[test]
    fn what_would_take_too_long_is_given_up() {
        let site = Zone::named("Europe/London").expect("a zone");
        let dates =
            |number: u64| (0..900).map(move |step| day("2026-01-01") + Days::new(step * (number + 2))).collect();
        let bands: Vec<Band> = (0..32)
            .map(|number| {
                let named = NamedDays { name: "days".to_owned(), days: dates(number) };
                let windows = (0..24)
                    .filter_map(|hour| DailyWindow::new(ClockTime::new(hour, 0)?, ClockTime::new(hour, 15)?, None));
                band(CalendarTest {
                    windows: windows.collect(),
                    days: vec![DayTest::Named(Arc::new(named))],
                    ..CalendarTest::default()
                })
            })
            .collect();
        assert!(survey(&bands, &site).exhausted);
    }
}
