//! What a house used and what the sun gave in the past, slot by slot. What is wrong with it is counted and told, never
//! mended: a row that cannot be used leaves a gap, and a gap is skipped.

mod finding;
mod sampled;
mod steps;

pub use finding::{Fault, Finding, Findings, Place};
pub use sampled::Sample;

use crate::time::{Instant, after, elapsed};
use crate::units::{Energy, Power, Price};

/// Seconds of the longest slot: a day of 25 hours.
const LONGEST: u64 = 25 * 3600;

/// One row of a history as it was read, its numbers sound each by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Where it stands: the line of a file, counted from 1, or the number of a record.
    pub line: u64,
    /// When its slot begins.
    pub start: Instant,
    /// What the house used in it, never negative.
    pub load: Energy,
    /// What the sun gave in it, never negative.
    pub solar: Energy,
    /// What a kWh from the grid cost, where the history says so.
    pub import: Option<Price>,
    /// What a kWh to the grid earned, where the history says so.
    pub export: Option<Price>,
}

/// A stretch of the past with what was used and what the sun gave in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot {
    /// The first instant.
    pub from: Instant,
    /// The first instant after it.
    pub until: Instant,
    /// What the house used, never negative.
    pub load: Energy,
    /// What the sun gave, never negative.
    pub solar: Energy,
    /// What a kWh from the grid cost, where the history says so.
    pub import: Option<Price>,
    /// What a kWh to the grid earned, where the history says so.
    pub export: Option<Price>,
}

/// A history: slots in order that do not overlap, and what was wrong with what they were made from.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    slots: Vec<Slot>,
    findings: Findings,
    priced: Priced,
}

/// Which prices a history brings itself. Where it does, they replace the policy's tariff.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Priced {
    /// Those of import.
    pub import: bool,
    /// Those of export.
    pub export: bool,
}

/// Why there is no history.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// Not a single row can be used.
    #[error("no row of the history can be used{0}")]
    Empty(String),
    /// The length of a slot follows from the next one's start.
    #[error("the history has a single row, and a slot's length follows from the start of the next one")]
    SingleRow,
}

impl History {
    /// A history from rows in any order, and from what their reader found wrong with others.
    ///
    /// Of two rows with one start the first counts. The length of a slot is the step between starts that its neighbours
    /// keep; what is missing beyond it is a gap.
    ///
    /// # Errors
    /// There are not enough rows to make slots of.
    pub fn from_rows(mut rows: Vec<Row>, priced: Priced, mut findings: Findings) -> Result<History, HistoryError> {
        if rows.is_empty() {
            return Err(HistoryError::Empty(findings.first_words()));
        }
        sort(&mut rows, &mut findings);
        let rows = without_repeats(rows, &mut findings);
        let starts: Vec<i64> = rows.iter().map(|row| row.start.timestamp()).collect();
        let lengths = steps::lengths(&starts);
        History::of_slots(&rows, &lengths, priced, findings)
    }

    /// A history in quarter hours from powers that were measured now and then, in any order: it brings no prices.
    ///
    /// # Errors
    /// Not a single sample can be used.
    pub fn from_samples(samples: Vec<Sample>, mut findings: Findings) -> Result<History, HistoryError> {
        let rows = sampled::rows(samples, &mut findings);
        let lengths = vec![sampled::SLOT.as_secs(); rows.len()];
        History::of_slots(&rows, &lengths, Priced::default(), findings)
    }

    /// A history from rows in order, each with the seconds of its slot.
    fn of_slots(
        rows: &[Row],
        lengths: &[u64],
        priced: Priced,
        mut findings: Findings,
    ) -> Result<History, HistoryError> {
        let mut slots = Vec::with_capacity(rows.len());
        for (row, length) in rows.iter().zip(lengths) {
            slots.extend(slot(row, *length, priced, &mut findings));
        }
        note_steps(&slots, &mut findings);
        note_gaps(&slots, &mut findings);
        match slots.is_empty() {
            true if rows.len() == 1 => Err(HistoryError::SingleRow),
            true => Err(HistoryError::Empty(findings.first_words())),
            false => Ok(History { slots, findings, priced }),
        }
    }

    /// The slots in order: at least one.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// What was wrong with what it was made from.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Which prices it brings itself.
    #[must_use]
    pub fn priced(&self) -> Priced {
        self.priced
    }

    /// When its first slot begins and when its last one ends.
    #[must_use]
    pub fn span(&self) -> (Instant, Instant) {
        let first = self.slots.first().map_or(Instant::UNIX_EPOCH, |slot| slot.from);
        (first, self.slots.last().map_or(first, |slot| slot.until))
    }
}

impl Slot {
    /// Seconds of the slot.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        elapsed(self.from, self.until).as_secs()
    }
}

fn sort(rows: &mut [Row], findings: &mut Findings) {
    for (one, next) in rows.iter().zip(rows.iter().skip(1)).filter(|(one, next)| next.start < one.start) {
        findings.note(Fault::OutOfOrder, next.line, Some(next.start), || format!("after {}", shown(one.start)));
    }
    rows.sort_by_key(|row| row.start);
}

fn without_repeats(rows: Vec<Row>, findings: &mut Findings) -> Vec<Row> {
    let mut kept: Vec<Row> = Vec::with_capacity(rows.len());
    for row in rows {
        match kept.last().filter(|last| last.start == row.start) {
            Some(last) if (Row { line: row.line, ..*last }) == row => {
                findings.note(Fault::Repeated, row.line, Some(row.start), || format!("as line {}", last.line));
            }
            Some(last) => {
                findings.note(Fault::Contradicted, row.line, Some(row.start), || format!("line {} counts", last.line));
            }
            None => kept.push(row),
        }
    }
    kept
}

/// The slot of a row, unless it would be of no length, or cannot be used.
fn slot(row: &Row, seconds: u64, priced: Priced, findings: &mut Findings) -> Option<Slot> {
    if seconds == 0 || seconds > LONGEST {
        return None;
    }
    let length = std::time::Duration::from_secs(seconds);
    let sound = |energy: Energy| Power::from_watts(energy.per(length).watts()).is_some();
    if !sound(row.load) || !sound(row.solar) {
        findings.note(Fault::TooLarge, row.line, Some(row.start), || "more than 10 MW".to_owned());
        return None;
    }
    let unpriced = priced.import && row.import.is_none() || priced.export && row.export.is_none();
    if unpriced {
        findings.note(Fault::NoPrice, row.line, Some(row.start), String::new);
        return None;
    }
    let Row { start, load, solar, import, export, .. } = *row;
    Some(Slot { from: start, until: after(start, length), load, solar, import, export })
}

fn note_steps(slots: &[Slot], findings: &mut Findings) {
    for (one, next) in slots.iter().zip(slots.iter().skip(1)).filter(|(one, next)| one.seconds() != next.seconds()) {
        let words = || format!("{} s after {} s", next.seconds(), one.seconds());
        findings.note(Fault::MixedSteps, 0, Some(next.from), words);
    }
}

fn note_gaps(slots: &[Slot], findings: &mut Findings) {
    for (one, next) in slots.iter().zip(slots.iter().skip(1)).filter(|(one, next)| one.until < next.from) {
        let missing = elapsed(one.until, next.from);
        findings.note_missing(missing);
        findings.note(Fault::Gap, 0, Some(one.until), || format!("{} missing", crate::time::spoken(missing)));
    }
}

fn shown(at: Instant) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(line: u64, minute: i64, load: f64) -> Row {
        let start = Instant::from_timestamp(1_700_000_400 + minute * 60, 0).expect("an instant");
        let energy = |wh| Energy::from_watt_hours(wh).expect("an energy");
        Row { line, start, load: energy(load), solar: energy(0.0), import: None, export: None }
    }

    fn history(minutes: &[i64]) -> History {
        let rows = (2u64..).zip(minutes).map(|(line, minute)| row(line, *minute, 100.0)).collect();
        History::from_rows(rows, Priced::default(), Findings::default()).expect("a history")
    }

    /// Each slot as its beginning and its length, in minutes.
    fn lengths(history: &History) -> Vec<(i64, u64)> {
        let begin = 1_700_000_400;
        history.slots().iter().map(|slot| ((slot.from.timestamp() - begin) / 60, slot.seconds() / 60)).collect()
    }

    fn faults(history: &History) -> Vec<(Fault, u64)> {
        history.findings().iter().map(|finding| (finding.fault, finding.count)).collect()
    }

    #[test]
    fn slots_are_as_long_as_the_step_and_gaps_stay_gaps() {
        let check = |minutes: &[i64], expect: &[(i64, u64)], wrong: &[(Fault, u64)]| {
            let history = history(minutes);
            assert_eq!(lengths(&history), expect, "{minutes:?}");
            assert_eq!(faults(&history), wrong, "{minutes:?}");
        };
        check(&[0, 60, 120], &[(0, 60), (60, 60), (120, 60)], &[]);
        check(&[0, 60, 120, 240, 300], &[(0, 60), (60, 60), (120, 60), (240, 60), (300, 60)], &[(Fault::Gap, 1)]);
        check(
            &[0, 60, 120, 180, 240, 360, 480, 540, 600],
            &[0, 60, 120, 180, 240, 360, 480, 540, 600].map(|at| (at, 60)),
            &[(Fault::Gap, 2)],
        );
        check(&[120, 0, 60, 60], &[(0, 60), (60, 60), (120, 60)], &[(Fault::OutOfOrder, 1), (Fault::Repeated, 1)]);
    }

    #[test]
    fn a_change_of_the_step_is_told_and_taken_over() {
        let minutes: Vec<i64> = (0..6).map(|hour| hour * 60).chain((0..6).map(|quarter| 360 + quarter * 15)).collect();
        let changed = history(&minutes);
        assert_eq!(lengths(&changed)[5..7], [(300, 60), (360, 15)]);
        assert_eq!(faults(&changed), [(Fault::MixedSteps, 1)]);
        let minutes: Vec<i64> = (0..6).map(|quarter| quarter * 15).chain((0..6).map(|hour| 90 + hour * 60)).collect();
        let changed = history(&minutes);
        assert_eq!(lengths(&changed)[5..7], [(75, 15), (90, 60)]);
        assert_eq!(faults(&changed), [(Fault::MixedSteps, 1)]);
    }

    #[test]
    fn of_two_rows_with_one_start_the_first_counts() {
        let rows = vec![row(2, 0, 100.0), row(3, 60, 200.0), row(4, 60, 900.0), row(5, 120, 100.0)];
        let history = History::from_rows(rows, Priced::default(), Findings::default()).expect("a history");
        assert_eq!(history.slots()[1].load.watt_hours(), 200.0);
        assert_eq!(faults(&history), [(Fault::Contradicted, 1)]);
        let place = &history.findings().iter().next().expect("a finding").first[0];
        assert_eq!((place.line, place.words.as_str()), (Some(4), "line 3 counts"));
    }

    #[test]
    fn what_cannot_be_used_is_left_out() {
        let mut rows: Vec<Row> = (0..5i64).map(|hour| row(2, hour * 60, 100.0)).collect();
        rows[2].load = Energy::from_watt_hours(900_000_000.0).expect("an energy");
        let history = History::from_rows(rows, Priced::default(), Findings::default()).expect("a history");
        assert_eq!(faults(&history), [(Fault::TooLarge, 1), (Fault::Gap, 1)]);
        let rows: Vec<Row> = (0..5i64).map(|hour| row(2, hour * 60, 100.0)).collect();
        let priced = Priced { import: true, export: false };
        assert!(matches!(History::from_rows(rows, priced, Findings::default()), Err(HistoryError::Empty(_))));
        let one = History::from_rows(vec![row(2, 0, 1.0)], Priced::default(), Findings::default());
        assert_eq!(one, Err(HistoryError::SingleRow));
        assert!(History::from_rows(Vec::new(), Priced::default(), Findings::default()).is_err());
    }

    proptest! {
        /// Whatever the starts are: slots are in order, do not overlap, and none is longer than what lies between starts.
        #[test]
        fn slots_never_overlap(minutes in prop::collection::vec(-5_000_000i64..5_000_000, 1..60)) {
            let rows = (2u64..).zip(&minutes).map(|(line, minute)| row(line, *minute, 1.0)).collect();
            if let Ok(history) = History::from_rows(rows, Priced::default(), Findings::default()) {
                let slots = history.slots();
                prop_assert!(slots.iter().all(|slot| slot.from < slot.until && slot.seconds() <= LONGEST));
                prop_assert!(slots.iter().zip(&slots[1..]).all(|(one, next)| one.until <= next.from));
            }
        }
    }
}
