//! What the calendar conditions of a policy can be together: every sort of moment that there is, with an example of each.
//!
//! Between two neighbouring edges of windows, days and clock changes nothing changes, so the edges of every day are looked
//! at; a day whose tests and clocks are those of an earlier one is not looked at again. What comes out is exact over the
//! span of [`DayTable`], and small: two moments at which all conditions and bands are the same are one sort.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;

use super::bits::Bits;
use super::days::{DayTable, REACH, asks_for_days};
use super::face::{Clocks, Edge, Face};
use super::region::Exhausted;
use crate::policy::model::{Band, CalendarCondition, Tariff};
use crate::time::{CalendarTest, Instant, Zone};

/// How many sorts of moments there may be.
const MAX_SORTS: usize = 4_096;

/// How much work the survey may do, in words of 64 edges and in edges.
const MAX_WORK: usize = 6_000_000;

/// Minutes on the face of a clock in a day.
const MINUTES: i64 = 1440;

/// Every sort of moment.
pub(super) struct Calendar {
    /// An instant of each sort.
    pub(super) examples: Vec<Instant>,
    /// For each condition, the sorts at which it holds.
    pub(super) holds: Vec<Bits>,
    /// For each band of import and of export, the sorts at which it stands.
    pub(super) stands: [Vec<Bits>; 2],
    /// Every sort of day.
    pub(super) days: Vec<DayKind>,
}

/// One sort of day.
pub(super) struct DayKind {
    /// The first day of this sort.
    pub(super) date: NaiveDate,
    /// Whether some day of this sort follows on another.
    pub(super) repeats: bool,
    /// What it is made of: from when on which sort of moment.
    pub(super) stretches: Vec<(Instant, usize)>,
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
struct Survey<'p> {
    tariff: &'p Tariff,
    table: DayTable<'p>,
    clocks: Clocks<'p>,
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
        let mut sorts = Sorts::new();
        survey.run(&mut sorts)?;
        Ok(sorts.finished(asked.len(), [tariff.import.len(), tariff.export.len()]))
    }
}

impl<'p> Survey<'p> {
    fn of(tariff: &'p Tariff, site: &'p Zone, asked: &[&'p CalendarCondition]) -> Survey<'p> {
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

    /// Looks at each sort of day: at the plain ones first, since a day on which only the site's own clock changes shows
    /// nothing that a plain day of its sort does not.
    fn run(&self, sorts: &mut Sorts) -> Result<(), Exhausted> {
        let mut faces: BTreeMap<usize, Face> = BTreeMap::new();
        let mut seen: HashMap<(usize, Vec<u64>), usize> = HashMap::new();
        let mut keys = HashSet::new();
        let mut changing = Vec::new();
        let mut before = None;
        for day in self.table.inner() {
            let date = self.table.date(day);
            let key = self.key(day);
            let Some(plain) = self.clocks.plain(date) else {
                changing.push((day, key));
                before = None;
                continue;
            };
            let kind = if let Some(kind) = seen.get(&(plain, key.clone())) {
                *kind
            } else {
                let face = faces.entry(plain).or_insert_with(|| self.face(date, sorts));
                let kind = self.look(day, face, sorts)?;
                keys.insert(key.clone());
                seen.insert((plain, key), kind);
                kind
            };
            if before.replace(kind) == Some(kind) {
                sorts.repeats(kind);
            }
        }
        for (day, key) in changing {
            if !self.clocks.alone() || keys.insert(key) {
                let face = self.face(self.table.date(day), sorts);
                self.look(day, &face, sorts)?;
            }
        }
        Ok(())
    }

    fn face(&self, date: NaiveDate, sorts: &mut Sorts) -> Face {
        let face = self.clocks.face(date);
        sorts.work += self.clocks.len() * (face.edges.len() + 20);
        face
    }

    /// What the tests say of a day and of its neighbours, as far as they matter.
    fn key(&self, day: usize) -> Vec<u64> {
        let reach = match (self.dated_rest, self.clocks.alone()) {
            (true, _) => -REACH..=REACH - 1,
            (false, true) => -1..=0,
            (false, false) => -2..=1,
        };
        let width = usize::try_from(reach.end() - reach.start() + 1).unwrap_or_default();
        let mut key = vec![0; (self.table.len() * width).div_ceil(64)];
        let bits = (0..self.table.len()).flat_map(|test| reach.clone().map(move |later| (test, later)));
        for (number, (test, later)) in bits.enumerate() {
            if self.table.allows(test, day, later)
                && let Some(word) = key.get_mut(number / 64)
            {
                *word |= 1_u64 << (number % 64);
            }
        }
        key
    }

    /// Takes down every sort of moment of a day.
    fn look(&self, day: usize, face: &Face, sorts: &mut Sorts) -> Result<usize, Exhausted> {
        let count = face.edges.len();
        let [import, export] = self.bands.each_ref().map(|side| self.standing(side, day, face));
        let rest = self.rest(&import, day, face);
        let conditions = self.conditions.iter().map(|clauses| self.holds(clauses, day, face, &rest));
        let rows: Vec<Bits> = conditions.chain(import).chain(export).collect();
        sorts.work += rows.len() * (2 + count.div_ceil(64)) + count * (2 + rows.len().div_ceil(64));
        if sorts.work > MAX_WORK {
            return Err(Exhausted);
        }
        let date = self.table.date(day);
        sorts.add_day(date, self.clocks.site.day(date).0, &face.edges, &rows)
    }

    fn holds(&self, clauses: &Clauses, day: usize, face: &Face, rest: &[(i64, Bits)]) -> Bits {
        let mut all = Bits::all(face.edges.len());
        for terms in clauses {
            all = all.and(&self.any(terms, day, face, rest));
        }
        all
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

/// The sorts of moments that have been found.
struct Sorts {
    numbers: HashMap<Bits, usize>,
    examples: Vec<Instant>,
    days: Vec<DayKind>,
    work: usize,
}

impl Sorts {
    fn new() -> Sorts {
        Sorts { numbers: HashMap::new(), examples: Vec::new(), days: Vec::new(), work: 0 }
    }

    /// A day of the sort followed on another.
    fn repeats(&mut self, kind: usize) {
        if let Some(kind) = self.days.get_mut(kind) {
            kind.repeats = true;
        }
    }

    /// Takes down a day: each row says at which edges one condition or band holds.
    fn add_day(&mut self, date: NaiveDate, start: Instant, edges: &[Edge], rows: &[Bits]) -> Result<usize, Exhausted> {
        let mut changes: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
        for (number, row) in rows.iter().enumerate() {
            for edge in row.differing(&row.a_step_before()).iter() {
                changes.get_mut(edge).into_iter().for_each(|change| change.push(number));
            }
        }
        let mut state = Bits::which(rows.len(), |number| rows.get(number).is_some_and(|row| row.contains(0)));
        let mut stretches = Vec::new();
        for (number, (edge, changes)) in edges.iter().zip(&changes).enumerate() {
            changes.iter().for_each(|row| state.toggle(*row));
            if number == 0 || !changes.is_empty() {
                let at = start + chrono::Duration::seconds(edge.after);
                stretches.push((at, self.number(&state, at)?));
            }
        }
        self.days.push(DayKind { date, repeats: false, stretches });
        Ok(self.days.len() - 1)
    }

    fn number(&mut self, state: &Bits, at: Instant) -> Result<usize, Exhausted> {
        if let Some(number) = self.numbers.get(state) {
            return Ok(*number);
        }
        let number = self.examples.len();
        self.numbers.insert(state.clone(), number);
        self.examples.push(at);
        if number < MAX_SORTS { Ok(number) } else { Err(Exhausted) }
    }

    fn finished(self, conditions: usize, bands: [usize; 2]) -> Calendar {
        let count = self.examples.len();
        let mut rows = vec![Bits::none(count); conditions + bands.iter().sum::<usize>()];
        for (state, number) in &self.numbers {
            for row in state.iter() {
                rows.get_mut(row).into_iter().for_each(|row| row.insert(*number));
            }
        }
        let mut rows = rows.into_iter();
        let mut take = |count: usize| rows.by_ref().take(count).collect::<Vec<Bits>>();
        let holds = take(conditions);
        let stands = bands.map(take);
        Calendar { examples: self.examples, holds, stands, days: self.days }
    }
}
