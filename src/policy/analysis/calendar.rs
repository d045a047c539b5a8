//! What the calendar conditions of a policy can be together: every sort of moment that there is, with an example of each.
//!
//! Between two neighbouring edges of windows, days and clock changes nothing changes, so the edges of every day are looked
//! at; a day whose tests and clocks are those of an earlier one is not looked at again. What comes out is exact over the
//! span of [`DayTable`].
//!
//! Where the site's clock is the only one, a moment is a sort of day and a stretch of the wall clock, which are two
//! variables: a condition is a few rectangles of them. Where there are other clocks, the days on which one of them changes
//! are like no other, so the sorts of moments are told apart by what holds at them, and are one variable.

use std::collections::btree_map::{BTreeMap, Entry};
use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::bits::Bits;
use super::days::{DayTable, REACH, asks_for_days};
use super::face::{Clocks, Edge, Face, MAX_FACE};
use super::region::Exhausted;
use crate::policy::model::{Band, CalendarCondition, Tariff};
use crate::time::{CalendarTest, ClockTime, Instant, Zone};

/// How many sorts of moments there may be where they are one variable.
const MAX_SORTS: usize = 4_096;

/// How many sorts of days there may be.
const MAX_KINDS: usize = 4_096;

/// How much work the survey may do, in words of 64 edges and in edges.
const MAX_WORK: usize = 6_000_000;

/// Minutes on the face of a clock in a day.
const MINUTES: i64 = 1440;

/// Moments as sorts of days beside stretches of the clock.
pub(super) type Rectangle = (Bits, Bits);

/// Every sort of moment.
pub(super) struct Calendar {
    /// How many sorts of days and stretches of the clock there are.
    pub(super) size: (usize, usize),
    /// The moments that exist; `None` if every stretch exists on every sort of day.
    pub(super) exists: Option<Vec<Rectangle>>,
    /// For each condition, when it holds and when it does not.
    pub(super) conditions: Vec<Row>,
    /// For each band of import and of export, when it stands.
    pub(super) stands: [Vec<Row>; 2],
    examples: Examples,
}

/// When something holds and when it does not.
#[derive(Clone, Default)]
pub(super) struct Row {
    pub(super) holds: Vec<Rectangle>,
    pub(super) fails: Vec<Rectangle>,
}

impl Row {
    /// Whether it ever holds.
    pub(super) fn ever(&self) -> bool {
        self.holds.iter().any(|(days, stretches)| !days.is_empty() && !stretches.is_empty())
    }
}

/// How to find an instant of a sort.
enum Examples {
    /// One for each sort of moment.
    Moments(Vec<Instant>),
    /// A day of each sort, and the minute at which each stretch begins.
    Days(Zone, Vec<DayKind>, Vec<i64>),
}

/// One sort of day.
#[derive(Clone, Copy)]
pub(super) struct DayKind {
    /// The first day of this sort.
    pub(super) date: NaiveDate,
    /// Whether some day of this sort follows on another.
    pub(super) repeats: bool,
}

/// Something that holds from an edge to another, and began on a day.
#[derive(Clone, Copy)]
enum Source {
    /// The day itself.
    Today,
    /// A window.
    Window(usize),
    /// The time that no band of import with a test of its own takes.
    Rest,
}

/// A source that began on a day which all of these tests allow.
struct Term {
    source: Source,
    tests: Vec<usize>,
}

/// All of them hold, each if any of its terms does.
type Clauses = Vec<Vec<Term>>;

/// The day tests and clocks of a policy, and what is asked of them.
pub(super) struct Survey<'p> {
    tariff: &'p Tariff,
    pub(super) table: DayTable<'p>,
    pub(super) clocks: Clocks<'p>,
    conditions: Vec<Clauses>,
    /// For each band of import and of export with a test of its own.
    bands: [Vec<Option<Vec<Term>>>; 2],
    /// Whether the day matters on which the rest of the time began.
    dated_rest: bool,
}

impl Calendar {
    /// Looks at every day.
    pub(super) fn of(tariff: &Tariff, site: &Zone, asked: &[&CalendarCondition]) -> Result<Calendar, Exhausted> {
        let survey = Survey::of(tariff, site, asked);
        let rows = if survey.clocks.alone() { survey.rectangles()? } else { survey.sorts()? };
        let Surveyed { size, exists, rows, examples } = rows;
        let mut rows = rows.into_iter();
        let mut take = |count: usize| rows.by_ref().take(count).collect::<Vec<Row>>();
        let conditions = take(asked.len());
        let stands = [&tariff.import, &tariff.export].map(|side| take(side.len()));
        Ok(Calendar { size, exists, conditions, stands, examples })
    }

    /// An instant of a sort of day and a stretch of the clock.
    pub(super) fn example(&self, day: usize, stretch: usize) -> Option<Instant> {
        match &self.examples {
            Examples::Moments(instants) => instants.get(day).copied(),
            Examples::Days(zone, kinds, minutes) => {
                let minute = u16::try_from(*minutes.get(stretch)?).ok()?;
                Some(zone.earliest(kinds.get(day)?.date, ClockTime::from_minutes(minute)?))
            }
        }
    }

    /// The minutes of the site's clock at which the stretches begin, where they are told apart.
    pub(super) fn minutes(&self) -> &[i64] {
        match &self.examples {
            Examples::Moments(_) => &[],
            Examples::Days(_, _, minutes) => minutes,
        }
    }

    /// The sorts of days, where they are told apart.
    pub(super) fn days(&self) -> &[DayKind] {
        match &self.examples {
            Examples::Moments(_) => &[],
            Examples::Days(_, kinds, _) => kinds,
        }
    }
}

/// What a survey found: a row for each condition and each band.
struct Surveyed {
    size: (usize, usize),
    exists: Option<Vec<Rectangle>>,
    rows: Vec<Row>,
    examples: Examples,
}

impl<'p> Survey<'p> {
    pub(super) fn of(tariff: &'p Tariff, site: &'p Zone, asked: &[&'p CalendarCondition]) -> Survey<'p> {
        let bands = || tariff.import.iter().chain(&tariff.export).map(|band| &band.when);
        let tests = || asked.iter().map(|condition| &condition.test).chain(bands());
        let table = DayTable::of(tests());
        let span = (table.date(0), table.date(table.inner().end));
        let clocks = Clocks::of(site, tests().flat_map(|test| &test.windows), span);
        let dated_rest = asked.iter().any(|condition| {
            let mut named = condition.bands.iter().filter_map(|band| tariff.import.get(*band));
            asks_for_days(&condition.test) && named.any(|band| band.when.is_empty())
        });
        let mut survey =
            Survey { tariff, table, clocks, conditions: Vec::new(), bands: Default::default(), dated_rest };
        survey.conditions = asked.iter().map(|condition| survey.clauses(condition)).collect();
        survey.bands = [&tariff.import, &tariff.export].map(|side| survey.tested(side));
        survey
    }

    fn clauses(&self, condition: &CalendarCondition) -> Clauses {
        let test = &condition.test;
        let bands = |asked: Option<&CalendarTest>| {
            condition.bands.iter().flat_map(|band| self.band_terms(*band, asked)).collect::<Vec<Term>>()
        };
        if condition.bands.is_empty() {
            vec![self.terms(test, None)]
        } else if test.windows.is_empty() {
            vec![bands(Some(test))]
        } else {
            vec![bands(None), self.terms(test, None)]
        }
    }

    /// A band of import that holds, and that began on a day which is asked for.
    fn band_terms(&self, band: usize, asked: Option<&CalendarTest>) -> Vec<Term> {
        let first_rest = || self.tariff.import.iter().position(|band| band.when.is_empty());
        match self.tariff.import.get(band) {
            Some(band) if !band.when.is_empty() => self.terms(&band.when, asked),
            Some(_) if first_rest() == Some(band) => {
                vec![Term { source: Source::Rest, tests: self.tests([asked]) }]
            }
            _ => Vec::new(),
        }
    }

    fn terms(&self, test: &CalendarTest, asked: Option<&CalendarTest>) -> Vec<Term> {
        let term = |source| Term { source, tests: self.tests([Some(test), asked]) };
        if test.windows.is_empty() {
            return vec![term(Source::Today)];
        }
        let windows = test.windows.iter().filter_map(|window| self.clocks.window(window));
        windows.map(|window| term(Source::Window(window))).collect()
    }

    fn tests<const N: usize>(&self, tests: [Option<&CalendarTest>; N]) -> Vec<usize> {
        tests.into_iter().flatten().filter_map(|test| self.table.test(test)).collect()
    }

    fn tested(&self, side: &[Band]) -> Vec<Option<Vec<Term>>> {
        side.iter().map(|band| (!band.when.is_empty()).then(|| self.terms(&band.when, None))).collect()
    }

    /// Looks at each sort of day on the site's own clock.
    ///
    /// At the plain ones first: a day on which the clock changes reads nothing that a plain day of its sort does not.
    fn rectangles(&self) -> Result<Surveyed, Exhausted> {
        let mut kinds: Vec<DayKind> = Vec::new();
        let mut first: Vec<usize> = Vec::new();
        let mut seen: HashMap<Vec<u64>, usize> = HashMap::new();
        let mut before = None;
        let (plain, changing): (Vec<usize>, Vec<usize>) =
            self.days().partition(|day| self.clocks.plain(self.table.date(*day)).is_some());
        for day in plain {
            let number = *seen.entry(self.key(day)).or_insert(kinds.len());
            if number == kinds.len() {
                kinds.push(DayKind { date: self.table.date(day), repeats: false });
                first.push(day);
            }
            let joins = before.replace((day, number)) == day.checked_sub(1).map(|earlier| (earlier, number));
            kinds.get_mut(number).into_iter().for_each(|kind| kind.repeats |= joins);
        }
        let plain_kinds = kinds.len();
        for day in changing {
            if let std::collections::hash_map::Entry::Vacant(entry) = seen.entry(self.key(day)) {
                entry.insert(kinds.len());
                kinds.push(DayKind { date: self.table.date(day), repeats: false });
                first.push(day);
            }
        }
        self.laid_out(kinds, &first, plain_kinds)
    }

    fn laid_out(&self, kinds: Vec<DayKind>, days: &[usize], plain: usize) -> Result<Surveyed, Exhausted> {
        let Some(sample) = kinds.first() else { return Err(Exhausted) };
        let face = self.clocks.face(sample.date, MAX_FACE)?;
        let size = (kinds.len(), face.edges.len());
        let bands: usize = self.bands.iter().map(Vec::len).sum();
        let count = self.conditions.len() + bands;
        if kinds.len() > MAX_KINDS || kinds.len() * count * (2 + size.1.div_ceil(64)) > MAX_WORK {
            return Err(Exhausted);
        }
        let mut exists = vec![(Bits::which(size.0, |kind| kind < plain), Bits::all(size.1))];
        let mut rows = vec![Row::default(); count];
        for (number, (kind, day)) in kinds.iter().zip(days).enumerate() {
            let shown = if number < plain { Bits::all(size.1) } else { self.shown(kind.date, &face) };
            for (row, holds) in rows.iter_mut().zip(self.look(*day, &face)) {
                note(&mut row.holds, size.0, number, holds.and(&shown));
                note(&mut row.fails, size.0, number, shown.minus(&holds));
            }
            if number >= plain {
                note(&mut exists, size.0, number, shown);
            }
        }
        let minutes = face.edges.iter().map(|edge| edge.minute).collect();
        let examples = Examples::Days(self.clocks.site.clone(), kinds, minutes);
        Ok(Surveyed { size, exists: (plain < size.0).then_some(exists), rows, examples })
    }

    /// The stretches that the site's clock shows on a day on which it changes.
    fn shown(&self, date: NaiveDate, face: &Face) -> Bits {
        let minutes: Vec<i64> = face.edges.iter().map(|edge| edge.minute).collect();
        Bits::which(minutes.len(), |number| {
            let Some(minute) = minutes.get(number) else { return false };
            let until = minutes.get(number + 1).copied().unwrap_or(MINUTES);
            let time = u16::try_from(*minute).ok().and_then(ClockTime::from_minutes);
            let local = time.map(|time| self.clocks.site.local(self.clocks.site.earliest(date, time)));
            local.is_some_and(|local| local.date == date && i64::from(local.minute) < until)
        })
    }

    /// Looks at each day that is like no earlier one, on all clocks.
    fn sorts(&self) -> Result<Surveyed, Exhausted> {
        let mut sorts = Sorts::default();
        let mut faces: BTreeMap<usize, Face> = BTreeMap::new();
        let mut seen: HashSet<(usize, Vec<u64>)> = HashSet::new();
        for day in self.days() {
            let date = self.table.date(day);
            match self.clocks.plain(date) {
                Some(plain) if !seen.insert((plain, self.key(day))) => {}
                Some(plain) => {
                    if let Entry::Vacant(entry) = faces.entry(plain) {
                        entry.insert(self.face(date, &mut sorts)?);
                    }
                    let Some(face) = faces.get(&plain) else { continue };
                    sorts.add_day(self.clocks.site.day(date).0, &face.edges, &self.look(day, face))?;
                }
                None => {
                    let face = self.face(date, &mut sorts)?;
                    sorts.add_day(self.clocks.site.day(date).0, &face.edges, &self.look(day, &face))?;
                }
            }
        }
        let bands: usize = self.bands.iter().map(Vec::len).sum();
        Ok(sorts.finished(self.conditions.len() + bands))
    }

    fn face(&self, date: NaiveDate, sorts: &mut Sorts) -> Result<Face, Exhausted> {
        let face = self.clocks.face(date, MAX_WORK.saturating_sub(sorts.work))?;
        sorts.work += self.clocks.weight() * (face.edges.len() + 20);
        Ok(face)
    }

    /// The days to look at.
    fn days(&self) -> impl Iterator<Item = usize> + '_ {
        self.table.inner().filter(|day| self.clocks.has(self.table.date(*day)))
    }

    /// What the tests say of a day and of its neighbours, as far as they matter.
    pub(super) fn key(&self, day: usize) -> Vec<u64> {
        let (from, until) = match (self.dated_rest, self.clocks.alone()) {
            (true, _) => (-REACH, REACH - 1),
            (false, true) => (-1, 0),
            (false, false) => (-2, 1),
        };
        self.table.around(day, from, until)
    }

    /// For each condition and each band, the edges of a day at which it holds.
    pub(super) fn look(&self, day: usize, face: &Face) -> Vec<Bits> {
        let [import, export] = self.bands.each_ref().map(|side| self.standing(side, day, face));
        let rest = self.rest(&import, day, face);
        let conditions = self.conditions.iter().map(|clauses| self.holds(clauses, day, face, &rest));
        conditions.chain(import).chain(export).collect()
    }

    fn holds(&self, clauses: &Clauses, day: usize, face: &Face, rest: &[(i64, Bits)]) -> Bits {
        let each = clauses.iter().map(|terms| self.any(terms, day, face, rest));
        each.reduce(|all, one| all.and(&one)).unwrap_or_else(|| Bits::all(face.edges.len()))
    }

    fn any(&self, terms: &[Term], day: usize, face: &Face, rest: &[(i64, Bits)]) -> Bits {
        let mut any = Bits::none(face.edges.len());
        for term in terms {
            let allowed = |later: i64| term.tests.iter().all(|test| self.table.allows(*test, day, later));
            let began = match term.source {
                Source::Today if allowed(0) => return Bits::all(face.edges.len()),
                Source::Today => &[],
                Source::Window(window) => face.began(window),
                Source::Rest => rest,
            };
            began.iter().filter(|(later, _)| allowed(*later)).for_each(|(_, edges)| any.extend(edges));
        }
        any
    }

    /// For each band of a side, the edges at which it stands: the first with a test that holds, else the rest.
    fn standing(&self, side: &[Option<Vec<Term>>], day: usize, face: &Face) -> Vec<Bits> {
        let mut taken = Bits::none(face.edges.len());
        let mut rows: Vec<Bits> = Vec::new();
        for band in side {
            let holds = band.as_ref().map(|terms| self.any(terms, day, face, &[]).minus(&taken));
            let holds = holds.unwrap_or_else(|| Bits::none(face.edges.len()));
            taken.extend(&holds);
            rows.push(holds);
        }
        if let Some(row) = side.iter().position(Option::is_none).and_then(|rest| rows.get_mut(rest)) {
            *row = taken.complement();
        }
        rows
    }

    /// The edges within the rest of the time, by the day on which it began.
    ///
    /// Where the other bands leave it over midnight it belongs to the day on which it began; a day that is left over wholly
    /// belongs to itself, and so does what is left over beside such a day.
    fn rest(&self, import: &[Bits], day: usize, face: &Face) -> Vec<(i64, Bits)> {
        let rest = self.tariff.import.iter().position(|band| band.when.is_empty());
        let Some(stands) = rest.and_then(|rest| import.get(rest)) else { return Vec::new() };
        if !self.dated_rest {
            return vec![(0, stands.clone())];
        }
        let mut since_yesterday = Bits::none(face.edges.len());
        for (number, edge) in face.edges.iter().enumerate().filter(|(number, _)| stands.contains(*number)) {
            if self.over_midnight(day, edge) {
                since_yesterday.insert(number);
            }
        }
        vec![(0, stands.minus(&since_yesterday)), (-1, since_yesterday)]
    }

    fn over_midnight(&self, day: usize, edge: &Edge) -> bool {
        let (mut yesterday, mut today, mut before_now) = (false, false, false);
        for test in self.tariff.import.iter().map(|band| &band.when).filter(|when| !when.is_empty()) {
            for (start, end) in self.spells(test, day, edge) {
                let meets = |from: i64, until: i64| start < until && from < end;
                yesterday |= meets(-MINUTES, 0);
                today |= meets(0, MINUTES);
                before_now |= meets(0, edge.minute);
            }
        }
        yesterday && today && !before_now
    }

    /// When a test holds around a day, in minutes since its midnight on the face of the site's clock.
    fn spells(&self, test: &CalendarTest, day: usize, edge: &Edge) -> Vec<(i64, i64)> {
        let whole = test.windows.is_empty().then_some((0, MINUTES));
        let windows = test.windows.iter().map(|window| {
            let ahead = self.clocks.ahead_of(edge, window);
            let (start, end) = (i64::from(window.start().minutes()), i64::from(window.end().minutes()));
            (start + ahead, ahead + if end > start { end } else { end + MINUTES })
        });
        let number = self.table.test(test);
        let allowed = |later: &i64| number.is_none_or(|test| self.table.allows(test, day, *later));
        let days: Vec<i64> = (-REACH..REACH).filter(allowed).collect();
        let spells = windows.chain(whole);
        spells
            .flat_map(|(start, end)| days.iter().map(move |day| (start + day * MINUTES, end + day * MINUTES)))
            .collect()
    }
}

/// Adds a sort of day to those that have the same stretches.
fn note(rectangles: &mut Vec<Rectangle>, bound: usize, kind: usize, stretches: Bits) {
    if stretches.is_empty() {
        return;
    }
    match rectangles.iter_mut().find(|(_, known)| *known == stretches) {
        Some((kinds, _)) => kinds.insert(kind),
        None => rectangles.push((Bits::which(bound, |one| one == kind), stretches)),
    }
}

/// The sorts of moments that have been found.
#[derive(Default)]
struct Sorts {
    numbers: HashMap<Bits, usize>,
    examples: Vec<Instant>,
    work: usize,
}

impl Sorts {
    /// Takes down a day: each row says at which edges one condition or band holds.
    fn add_day(&mut self, start: Instant, edges: &[Edge], rows: &[Bits]) -> Result<(), Exhausted> {
        self.work += rows.len() * (2 + edges.len().div_ceil(64)) + edges.len() * (2 + rows.len().div_ceil(64));
        if self.work > MAX_WORK {
            return Err(Exhausted);
        }
        let mut changes: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
        for (number, row) in rows.iter().enumerate() {
            for edge in row.differing(&row.a_step_before()).iter() {
                changes.get_mut(edge).into_iter().for_each(|change| change.push(number));
            }
        }
        let mut state = Bits::which(rows.len(), |number| rows.get(number).is_some_and(|row| row.contains(0)));
        for (number, (edge, changes)) in edges.iter().zip(&changes).enumerate() {
            changes.iter().for_each(|row| state.toggle(*row));
            if number == 0 || !changes.is_empty() {
                self.add(&state, start + chrono::Duration::seconds(edge.after))?;
            }
        }
        Ok(())
    }

    fn add(&mut self, state: &Bits, at: Instant) -> Result<(), Exhausted> {
        if !self.numbers.contains_key(state) {
            self.numbers.insert(state.clone(), self.examples.len());
            self.examples.push(at);
        }
        if self.examples.len() <= MAX_SORTS { Ok(()) } else { Err(Exhausted) }
    }

    fn finished(self, rows: usize) -> Surveyed {
        let count = self.examples.len();
        let mut holds = vec![Bits::none(count); rows];
        for (state, number) in &self.numbers {
            for row in state.iter() {
                holds.get_mut(row).into_iter().for_each(|row| row.insert(*number));
            }
        }
        let always = || Bits::all(1);
        let row = |holds: Bits| Row { fails: vec![(holds.complement(), always())], holds: vec![(holds, always())] };
        let rows = holds.into_iter().map(row).collect();
        Surveyed { size: (count, 1), exists: None, rows, examples: Examples::Moments(self.examples) }
    }
}
