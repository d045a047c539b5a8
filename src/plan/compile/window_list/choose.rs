//! The best schedule of a lap: what comes first is served first.

use super::act::Act;
use super::day::{Form, Solved, solve};
use super::demand::Demand;
use super::means::Means;
use super::pieces::DayPieces;
use super::share::share;
use super::standing::Standing;
use crate::device::two_window::QUARTERS;

/// A schedule that may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// What each quarter hour of the day or week does.
    pub(crate) acts: Vec<Act>,
    /// By which means discharge is permitted.
    pub(crate) form: Form,
    /// How many windows it takes, each counted on each of its days.
    pub(crate) windows: usize,
}

/// The days of a lap and what bounds them.
struct Lap<'a> {
    days: Vec<DayPieces>,
    /// The days in the order in which they come by, each with how many of its pieces have come by then. The day that has
    /// begun stands in it twice.
    turns: Vec<(usize, usize)>,
    means: &'a Means,
    form: Form,
}

/// The best schedules, one for each form that the store has: of the plainest first. None if a store has no windows at all.
pub(crate) fn candidates(demand: &Demand, means: &Means, standing: &Standing, grants: bool) -> Vec<Choice> {
    let days: Vec<DayPieces> = (0..means.days).map(|day| DayPieces::of(day, demand, means, standing, grants)).collect();
    let free = (!means.floors).then_some(Form::Free);
    let restricted = (means.permission > 0).then_some(Form::Restricted);
    let forms = free.into_iter().chain(restricted);
    forms.filter_map(|form| Lap::new(days.clone(), demand, means, form).best()).collect()
}

impl<'a> Lap<'a> {
    fn new(days: Vec<DayPieces>, demand: &Demand, means: &'a Means, form: Form) -> Lap<'a> {
        let first = demand.present() / QUARTERS;
        let upto = |day: usize, all: bool| {
            days.get(day).map(|pieces| (day, if all { pieces.pieces.len() } else { pieces.front }))
        };
        let begun = upto(first, false);
        let others = (1..means.days).filter_map(|later| upto((first + later) % means.days, true));
        let turns = begun.into_iter().chain(others).chain(upto(first, true)).collect();
        Lap { days, turns, means, form }
    }

    fn best(&self) -> Option<Choice> {
        self.whole().or_else(|| self.longest())
    }

    /// The schedule that does all that is aimed at, if there are windows enough.
    fn whole(&self) -> Option<Choice> {
        let mut solved: Vec<Solved> = Vec::with_capacity(self.days.len());
        for (place, day) in self.days.iter().enumerate() {
            let like = self.days.iter().take(place).position(|other| other == day);
            let found = match like.and_then(|like| solved.get(like)) {
                Some(like) => like.clone(),
                None => solve(day, self.means, self.form, usize::MAX),
            };
            found.fewest()?;
            solved.push(found);
        }
        let choice = self.choice(&solved, &self.split(&solved, usize::MAX)?);
        let most = self.means.weekly.unwrap_or(usize::MAX);
        if choice.windows <= most || self.is_daily(&choice) {
            return Some(choice);
        }
        // What may be held beyond what is asked, or done where nothing is asked, may yet save the windows.
        self.split(&solved, most).map(|windows| self.choice(&solved, &windows))
    }

    /// The schedule that does what is aimed at for as long as possible, then as much of it as possible.
    fn longest(&self) -> Option<Choice> {
        let most = self.means.weekly.unwrap_or(usize::MAX);
        let solve = |day: usize, must: usize| self.days.get(day).map(|day| solve(day, self.means, self.form, must));
        let mut solved: Vec<Solved> = (0..self.days.len()).map_while(|day| solve(day, 0)).collect();
        let mut kept = vec![0; self.days.len()];
        let total: usize = solved.iter().map(Solved::fewest).sum::<Option<usize>>().filter(|total| *total <= most)?;
        let mut total = total;
        for (day, upto) in &self.turns {
            let (Some(own), Some(kept)) = (solved.get_mut(*day), kept.get_mut(*day)) else { continue };
            let others = total - own.fewest().unwrap_or_default();
            let fits = |found: &Solved| found.fewest().is_some_and(|fewest| others + fewest <= most);
            let (mut low, mut high) = (*kept, *upto + 1);
            let mut must = *upto;
            while low < must {
                match solve(*day, must).filter(fits) {
                    Some(found) => (low, *own) = (must, found),
                    None => high = must,
                }
                must = if high == low + 1 { low } else { low.midpoint(high) };
            }
            *kept = low;
            total = others + own.fewest().unwrap_or_default();
            if low < *upto {
                break;
            }
        }
        self.split(&solved, most).map(|windows| self.choice(&solved, &windows))
    }

    /// How many windows each day takes, of no more than so many in all.
    fn split(&self, solved: &[Solved], most: usize) -> Option<Vec<usize>> {
        share(solved, most.min(self.means.together.saturating_mul(solved.len())))
    }

    fn choice(&self, solved: &[Solved], windows: &[usize]) -> Choice {
        let mut acts = Vec::with_capacity(self.days.len() * QUARTERS);
        for ((day, solved), windows) in self.days.iter().zip(solved).zip(windows) {
            for (piece, place) in day.pieces.iter().zip(solved.acts(*windows)) {
                let act = day.acts.get(place).copied().unwrap_or(self.means.plain());
                acts.extend(std::iter::repeat_n(act, piece.length));
            }
        }
        Choice { acts, form: self.form, windows: windows.iter().sum() }
    }

    /// Whether every day does the same: then the schedule has no weekdays, and no week in which windows are counted.
    fn is_daily(&self, choice: &Choice) -> bool {
        let mut days = choice.acts.chunks(QUARTERS);
        let first = days.next();
        self.means.days > 1 && days.all(|day| Some(day) == first)
    }
}
