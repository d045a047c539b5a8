//! A timeline laid over the quarter hours of one lap: a day of the wall clock, or a week of it.

use super::act::{Act, Ask};
use super::means::{Means, whole_watts};
use crate::device::two_window::QUARTERS;
use crate::engine::Command;
use crate::plan::compile::slots::{DAY, QUARTER, Wall, instant, quarter_start, touched, walls, whole_down, whole_up};
use crate::plan::compile::{Reason, Request};
use crate::time::Instant;

/// Days beyond the lap that are looked at: what lies further is left to a later compilation.
const BEYOND: usize = 1;

/// Slots that a clock change may add.
const SPARE: usize = 12;

/// One quarter hour of real time and where the wall clock shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    /// Its first second, Unix time.
    pub(crate) from: i64,
    /// The quarter hour of the device's day or week that the wall clock shows.
    pub(crate) cell: usize,
    /// The least of what the timeline asks in it; `None` where the timeline says nothing.
    pub(crate) asked: Option<Act>,
    /// What of the command the store cannot do at all.
    pub(crate) unable: Option<Reason>,
}

/// What is asked of the store from the present quarter hour on.
#[derive(Clone, Debug)]
pub(crate) struct Demand {
    /// Every slot in order, at least one lap of the wall clock.
    pub(crate) slots: Vec<Slot>,
    /// How many slots until the wall clock shows the present quarter hour again, on the same day of the week if the schedule
    /// has weekdays.
    pub(crate) lap: usize,
    /// How many slots until the wall clock shows the present quarter hour again on any day.
    pub(crate) day: usize,
    /// How many slots begin within `program ahead`.
    pub(crate) ahead: usize,
    /// What the lap asks, cell by cell: one day from 00:00, or seven from Monday.
    pub(crate) cells: Vec<Ask>,
    /// How many slots of the lap each cell has: one, but for those that a clock change leaves out or repeats.
    pub(crate) passes: Vec<usize>,
}

impl Demand {
    /// Lays the committed commands over the wall clock. Edges to come snap inward (a slot under several commands takes
    /// the least); the present slot takes what holds from now on in it.
    pub(crate) fn new(request: &Request<'_>, means: &Means) -> Demand {
        let start = quarter_start(request.zone, request.now);
        let end = request.timeline.spans.last().map_or(start, |span| span.until.timestamp());
        let most = (means.days + BEYOND) * QUARTERS + SPARE;
        let known = usize::try_from((end - start).div_euclid(QUARTER)).unwrap_or_default().min(most);
        let walls = walls(request.zone, start, most);
        let (lap, day) = (lap(&walls, means.days), lap(&walls, 1));
        let blank = |wall: &Wall| Slot { from: wall.from, cell: cell(*wall, means), asked: None, unable: None };
        let mut slots: Vec<Slot> = walls.iter().take(known.max(lap)).map(blank).collect();
        for span in &request.timeline.spans {
            let Some(touched) = touched(span, start, request.now.timestamp()) else { continue };
            let (act, unable) = read(span.committed, means);
            let end = known.saturating_sub(touched.first).min(touched.count);
            slots.iter_mut().skip(touched.first).take(end).for_each(|slot| slot.claim(act, unable));
        }
        let ahead = i64::try_from(request.program_ahead.as_secs()).unwrap_or(i64::MAX);
        let last = request.now.timestamp().saturating_add(ahead);
        let ahead = slots.partition_point(|slot| slot.from <= last).min(known).min(lap).max(1);
        let cells = cells(&slots, lap, means.days);
        let mut passes = vec![0; means.days * QUARTERS];
        let passed = slots.iter().take(lap).map(|slot| slot.cell);
        passed.for_each(|cell| passes.get_mut(cell).into_iter().for_each(|count| *count += 1));
        Demand { slots, lap, day, ahead, cells, passes }
    }

    /// The slots of the lap.
    pub(crate) fn lap_slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().take(self.lap)
    }

    /// The cell of the present quarter hour.
    pub(crate) fn present(&self) -> usize {
        self.slots.first().map_or(0, |slot| slot.cell)
    }

    /// The end of so many slots from now on.
    pub(crate) fn served_until(&self, slots: usize) -> Instant {
        let end = self.slots.last().map_or(i64::MAX, |last| last.from + QUARTER);
        instant(self.slots.get(slots).map_or(end, |slot| slot.from))
    }
}

impl Slot {
    fn claim(&mut self, act: Act, unable: Option<Reason>) {
        let least = self.asked.map_or(act, |before| before.least(act));
        if self.asked != Some(least) {
            self.unable = unable;
        }
        self.asked = Some(least);
    }
}

/// The quarter hour of the device's day or week.
fn cell(wall: Wall, means: &Means) -> usize {
    let day = if means.days == 1 { 0 } else { wall.weekday() };
    day * QUARTERS + usize::try_from(wall.quarter()).unwrap_or_default()
}

/// How many slots pass until the wall clock has gone on by so many days.
fn lap(walls: &[Wall], days: usize) -> usize {
    let days = i64::try_from(days).unwrap_or(1);
    let end = walls.first().map_or(0, |wall| wall.clock.saturating_add(days * DAY));
    walls.iter().position(|wall| wall.clock >= end).unwrap_or(walls.len())
}

/// What the lap asks of each quarter hour: the least, where a clock change repeats one.
fn cells(slots: &[Slot], lap: usize, days: usize) -> Vec<Ask> {
    let mut cells = vec![Ask::Skipped; days * QUARTERS];
    for slot in slots.iter().take(lap) {
        let Some(cell) = cells.get_mut(slot.cell) else { continue };
        *cell = match (*cell, slot.asked) {
            (Ask::Unsaid, _) | (_, None) => Ask::Unsaid,
            (Ask::Skipped, Some(asked)) => Ask::Act(asked),
            (Ask::Act(before), Some(asked)) => Ask::Act(before.least(asked)),
        };
    }
    cells
}

/// What a command asks of the store, and what of it the store cannot do.
fn read(command: Command, means: &Means) -> (Act, Option<Reason>) {
    match command {
        Command::ChargeTo { target, power } => {
            let asked = whole_down(target).min(means.ceiling);
            let power = means.power.map(|rated| power.map_or(rated, whole_watts));
            let held = if means.permission > 0 { Act::Hold } else { means.plain() };
            match means.only_target {
                Some(does) if asked < does => (held, Some(Reason::OnlyTarget { asked, does })),
                _ if asked < means.least_target => (held, Some(Reason::LeastTarget { least: means.least_target })),
                only => (Act::Charge { target: only.unwrap_or(asked), power }, None),
            }
        }
        Command::Hold => (Act::Hold, None),
        Command::SelfConsume { floor } | Command::DischargeTo { floor, .. } => {
            let asked = whole_up(floor);
            let raised = asked > means.reserve;
            let kept = asked.max(means.least_floor);
            match means.floors {
                true if raised && asked < kept => {
                    (Act::SelfConsume(Some(kept)), Some(Reason::LeastFloor { least: kept }))
                }
                true => (Act::SelfConsume(Some(kept)), None),
                false => (Act::SelfConsume(None), raised.then_some(Reason::OwnFloor { asked })),
            }
        }
    }
}
