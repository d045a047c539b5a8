//! What the clocks of a policy read over one day of the site: where its windows begin and end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::NaiveDate;

use super::bits::Bits;
use super::region::Exhausted;
use crate::time::{DailyWindow, Instant, Local, Zone, before};

/// How much work a day may be where every clock is the site's.
pub(super) const MAX_FACE: usize = 20_000_000;

/// The clocks of a policy and the windows that are read on them.
pub(super) struct Clocks<'p> {
    pub(super) site: &'p Zone,
    zones: Vec<&'p Zone>,
    windows: Vec<&'p DailyWindow>,
    /// The days of the site on which some clock changes.
    changing: BTreeSet<NaiveDate>,
    /// The days that the site's clock leaves out altogether.
    left_out: BTreeSet<NaiveDate>,
    /// Which offsets hold together from a day on, as a number.
    offsets: BTreeMap<NaiveDate, usize>,
}

/// One day on the faces of the clocks: between two edges nothing changes.
pub(super) struct Face {
    /// In order; the first is the start of the day.
    pub(super) edges: Vec<Edge>,
    /// For each window, the edges within it by the day on which it began, counted from this day.
    began: Vec<Vec<(i64, Bits)>>,
}

/// An instant of a day at which something may change.
pub(super) struct Edge {
    /// Seconds since the day began.
    pub(super) after: i64,
    /// What the site's clock shows, in minutes since midnight.
    pub(super) minute: i64,
    /// How far the site's clock is ahead of that of each zone, in minutes.
    ahead: Vec<i64>,
}

impl<'p> Clocks<'p> {
    /// The clocks that these windows are read on, over a span of days.
    pub(super) fn of(
        site: &'p Zone,
        read: impl IntoIterator<Item = &'p DailyWindow>,
        (from, until): (NaiveDate, NaiveDate),
    ) -> Clocks<'p> {
        let mut windows: Vec<&DailyWindow> = Vec::new();
        let mut zones = vec![site];
        for window in read {
            if !windows.contains(&window) {
                windows.push(window);
            }
            zones.extend(window.zone().filter(|zone| !zones.contains(zone)));
        }
        let (from, until) = (site.day(from).0, site.day(until).1);
        let changes: BTreeSet<Instant> = zones.iter().flat_map(|zone| zone.changes(from, until)).collect();
        let changing = changes.iter().map(|at| site.local(*at).date).collect();
        let left_out = changes.iter().flat_map(|at| left_out(site, *at)).collect();
        let mut clocks = Clocks { site, zones, windows, changing, left_out, offsets: BTreeMap::new() };
        let mut known: Vec<Vec<i64>> = Vec::new();
        for at in std::iter::once(from).chain(changes) {
            let ahead = clocks.ahead(at);
            let number = known.iter().position(|one| *one == ahead).unwrap_or(known.len());
            if number == known.len() {
                known.push(ahead);
            }
            clocks.offsets.insert(site.local(at).date, number);
        }
        clocks
    }

    /// The number of a window among those that are read.
    pub(super) fn window(&self, window: &DailyWindow) -> Option<usize> {
        self.windows.iter().position(|known| *known == window)
    }

    /// How much work one instant is: to read every clock and to look at every window.
    pub(super) fn weight(&self) -> usize {
        10 * self.zones.len() + self.windows.len()
    }

    /// Whether every clock is the site's.
    pub(super) fn alone(&self) -> bool {
        self.zones.len() == 1
    }

    /// Whether the site has such a day.
    pub(super) fn has(&self, date: NaiveDate) -> bool {
        !self.left_out.contains(&date)
    }

    /// Which other days show the same face: those with the same number. `None` if a clock changes on this one.
    pub(super) fn plain(&self, date: NaiveDate) -> Option<usize> {
        let changes = self.changing.contains(&date);
        self.offsets.range(..=date).next_back().map(|(_, number)| *number).filter(|_| !changes)
    }

    /// What a day looks like, if that takes no more than so much work.
    pub(super) fn face(&self, date: NaiveDate, most: usize) -> Result<Face, Exhausted> {
        let (start, _) = self.site.day(date);
        let instants: Vec<Instant> = self.edges(date).into_iter().collect();
        if self.weight() * instants.len() > most {
            return Err(Exhausted);
        }
        let shown: Vec<Vec<Local>> =
            self.zones.iter().map(|zone| instants.iter().map(|at| zone.local(*at)).collect()).collect();
        let edge = |(number, at): (usize, &Instant)| {
            let all: Vec<Local> = shown.iter().filter_map(|shown| shown.get(number)).copied().collect();
            let (offset, minute) = all.first().map_or((0, 0), |site| (site.offset, i64::from(site.minute)));
            let ahead = all.iter().map(|local| i64::from(offset - local.offset) / 60).collect();
            Edge { after: (*at - start).num_seconds(), minute, ahead }
        };
        let edges = instants.iter().enumerate().map(edge).collect();
        let began = self.windows.iter().map(|window| {
            let shown = self.zone_of(window).and_then(|zone| shown.get(zone));
            began(window, date, shown.map_or(&[], Vec::as_slice))
        });
        Ok(Face { edges, began: began.collect() })
    }

    /// The position of the clock on which a window is read.
    fn zone_of(&self, window: &DailyWindow) -> Option<usize> {
        let zone = window.zone().unwrap_or(self.site);
        self.zones.iter().position(|known| *known == zone)
    }

    /// Every instant of a day at which anything can begin or end.
    fn edges(&self, date: NaiveDate) -> BTreeSet<Instant> {
        let (start, end) = self.site.day(date);
        let around = [date.pred_opt(), Some(date), date.succ_opt()];
        let around = around.into_iter().flatten().filter(|day| !self.alone() || *day == date);
        let around: Vec<NaiveDate> = around.collect();
        let mut edges = BTreeSet::from([start]);
        for window in &self.windows {
            let zone = window.zone().unwrap_or(self.site);
            for day in &around {
                let ends = [window.start(), window.end()];
                edges.extend(ends.into_iter().flat_map(|time| [zone.earliest(*day, time), zone.latest(*day, time)]));
            }
        }
        edges.extend(self.zones.iter().flat_map(|zone| zone.changes(start, end)));
        edges.retain(|at| (start..end).contains(at));
        edges
    }

    /// How far the site's clock is ahead of each, in minutes.
    fn ahead(&self, at: Instant) -> Vec<i64> {
        let site = self.site.local(at).offset;
        self.zones.iter().map(|zone| i64::from(site - zone.local(at).offset) / 60).collect()
    }

    /// How far the site's clock is ahead of the one on which a window is read, in minutes.
    pub(super) fn ahead_of(&self, edge: &Edge, window: &DailyWindow) -> i64 {
        self.zone_of(window).and_then(|number| edge.ahead.get(number)).copied().unwrap_or_default()
    }
}

/// The edges within a window, by the day on which it began, with what its clock shows at each.
fn began(window: &DailyWindow, date: NaiveDate, shown: &[Local]) -> Vec<(i64, Bits)> {
    let mut began: Vec<(i64, Bits)> = Vec::new();
    for (number, local) in shown.iter().enumerate() {
        let Some(day) = window.begun(*local) else { continue };
        let later = (day - date).num_days();
        match began.iter_mut().find(|(known, _)| *known == later) {
            Some((_, within)) => within.insert(number),
            None => began.push((later, Bits::which(shown.len(), |one| one == number))),
        }
    }
    began
}

/// The days over which a clock leaps where it changes at an instant.
fn left_out(zone: &Zone, at: Instant) -> impl Iterator<Item = NaiveDate> + use<> {
    let (was, is) = (zone.local(before(at, Duration::from_secs(1))).date, zone.local(at).date);
    was.iter_days().skip(1).take_while(move |date| *date < is)
}

impl Face {
    /// The edges within a window, by the day on which it began, counted from this day.
    pub(super) fn began(&self, window: usize) -> &[(i64, Bits)] {
        self.began.get(window).map_or(&[], Vec::as_slice)
    }
}
