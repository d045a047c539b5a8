//! A timeline laid over the quarter hours of the site's wall clock: what is asked of the store, slot by slot.

use super::order::Shape;
use crate::device::{Grip, QuarterSet};
use crate::engine::Command;
use crate::plan::budget::Permits;
use crate::plan::compile::slots::{QUARTER, Wall, quarter_start, touched, walls, whole_down, whole_up};
use crate::plan::{Span, Timeline};
use crate::time::{Instant, Zone};

/// Two days and the longest day's extra hour: what lies beyond is left to a later compilation.
const MOST_SLOTS: usize = 2 * 96 + 4;

/// The least target that the store takes, in percent. At it, a charge window is a hold while no sun is to spare.
pub(crate) const LEAST_TARGET: u8 = 10;

/// One quarter hour of real time and where the wall clock shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    /// Its first second, Unix time.
    pub(crate) from: i64,
    /// The quarter hour of the day that the wall clock shows.
    pub(crate) quarter: u32,
    /// The least grip of what the timeline asks in it; `None` where the timeline says nothing.
    pub(crate) asked: Option<Grip>,
    /// What a schedule is judged by: `asked`, or less where more may not be granted now.
    pub(crate) aim: Grip,
    /// The lowest floor that is asked in it.
    pub(crate) floor: Option<u8>,
    /// A charge target below the store's least was asked: a hold is as near as it comes.
    pub(crate) below_least: bool,
}

/// What is asked of the store from the present quarter hour on.
#[derive(Clone, Debug)]
pub(crate) struct Demand {
    /// Every slot in order, at least one lap of the wall clock.
    pub(crate) slots: Vec<Slot>,
    /// How many slots until the wall clock shows the present quarter hour again: 92 to 100. Each quarter hour of the
    /// day is in them once, but for those that a clock change skips or repeats.
    pub(crate) lap: usize,
    /// How many slots begin within `program ahead`.
    pub(crate) ahead: usize,
    /// The lowest floor asked within the lap, as far as one is asked.
    pub(crate) floor: Option<u8>,
    /// Slots whose quarter hours rise: days, cut where the clock repeats an hour and at the end of the lap.
    layers: Vec<(usize, usize)>,
}

/// One layer's slots as sets of quarter hours, by what they are judged by.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Layer {
    /// The index of its first slot.
    pub(crate) first: usize,
    /// All of its slots.
    pub(crate) slots: QuarterSet,
    /// Those of which the timeline says anything.
    pub(crate) known: QuarterSet,
    /// Those that ask for self-consumption.
    pub(crate) self_consume: QuarterSet,
    /// Those among them whose floor is not above the schedule's, or only as far above as it must be.
    pub(crate) floor_kept: QuarterSet,
    /// Those that ask for a hold.
    pub(crate) hold: QuarterSet,
    /// Whether it lies in the first lap, where no more may be held than allowed.
    pub(crate) in_lap: bool,
}

impl Demand {
    /// Lays the committed commands over the wall clock. Edges to come snap inward (a slot under several commands takes
    /// the least grip); the present slot takes what holds from now on in it.
    pub(crate) fn new(timeline: &Timeline, zone: &Zone, now: Instant, ahead: i64, ceiling: u8) -> Demand {
        let start = quarter_start(zone, now);
        let end = timeline.spans.last().map_or(start, |span| span.until.timestamp());
        let known = usize::try_from((end - start).div_euclid(QUARTER)).unwrap_or_default().min(MOST_SLOTS);
        let mut slots = blank(zone, start, known.max(MOST_SLOTS / 2 + 4));
        let lap = lap(&slots);
        slots.truncate(known.max(lap));
        for span in &timeline.spans {
            claim(&mut slots, span, start, now.timestamp(), ceiling);
        }
        forget_beyond(&mut slots, known);
        let floor = slots.iter().take(lap).filter_map(|slot| slot.floor).min();
        let last = now.timestamp().saturating_add(ahead);
        let ahead = slots.partition_point(|slot| slot.from <= last).min(known).max(1);
        let layers = layers(&slots, lap);
        Demand { slots, lap, ahead, floor, layers }
    }

    /// Aims at what is asked, but where an object may not be granted more at no more than this schedule does.
    pub(crate) fn aim(&mut self, permits: &Permits, standing: &Shape) {
        let (charge, discharge) = (permits.charge.is_yes(), permits.discharge.is_yes());
        if charge && discharge {
            return;
        }
        for slot in &mut self.slots {
            let held = standing.unpermitted.contains(slot.quarter);
            slot.aim = match slot.aim {
                Grip::Charge(_) if !charge => slot.aim.min(standing.grip(slot.quarter)),
                // What is charged now but may not be restricted becomes free when the charge window goes.
                Grip::Hold if !discharge && !held => Grip::SelfConsume,
                aim => aim,
            };
        }
    }

    /// The slots of the lap.
    pub(crate) fn lap_slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().take(self.lap)
    }

    /// The layers, as judged: a slot that asks for more than `floor` is content only with `best`.
    pub(crate) fn layers(&self, floor: u8, best: u8) -> Vec<Layer> {
        self.layers.iter().map(|(first, until)| self.layer(*first, *until, floor, best)).collect()
    }

    /// For each layer, the slots that are served by a charge window with this cap; `idle` says of a slot that asks for a
    /// hold whether a window with the least cap is one.
    pub(crate) fn charged(&self, cap: u8, idle: &dyn Fn(&Slot) -> bool) -> Vec<QuarterSet> {
        let served = |slot: &Slot| match slot.aim {
            Grip::Charge(target) => target == cap,
            Grip::Hold => cap == LEAST_TARGET && idle(slot),
            Grip::SelfConsume => false,
        };
        let of = |(first, until): &(usize, usize)| {
            let slots = self.within(*first, *until).filter(|slot| slot.asked.is_some() && served(slot));
            slots.fold(QuarterSet::NONE, |set, slot| set.with(slot.quarter))
        };
        self.layers.iter().map(of).collect()
    }

    /// The quarter hours that may be charged in with this cap: wherever the lap asks for as much, where a window with the
    /// least cap is the hold that it asks for, and those that a clock change leaves out.
    pub(crate) fn may_charge(&self, cap: u8, idle: &dyn Fn(&Slot) -> bool) -> QuarterSet {
        let enough = |slot: &Slot| match slot.asked {
            Some(Grip::Charge(target)) => target >= cap,
            Some(Grip::Hold) => cap == LEAST_TARGET && idle(slot),
            Some(Grip::SelfConsume) | None => false,
        };
        let against = self.lap_slots().filter(|slot| !enough(slot));
        !against.fold(QuarterSet::NONE, |set, slot| set.with(slot.quarter))
    }

    /// The quarter hours in which the lap asks for self-consumption, or for nothing: not to be held without allowance.
    pub(crate) fn free(&self) -> QuarterSet {
        let free = self.lap_slots().filter(|slot| slot.asked.is_none_or(|grip| grip == Grip::SelfConsume));
        free.fold(QuarterSet::NONE, |set, slot| set.with(slot.quarter))
    }

    /// How many slots of the lap a hold of these quarter hours would hold though nothing of the kind is asked.
    pub(crate) fn held_too_much(&self, unpermitted: QuarterSet) -> usize {
        let free = |slot: &&Slot| slot.asked.is_none_or(|grip| grip == Grip::SelfConsume);
        self.lap_slots().filter(free).filter(|slot| unpermitted.contains(slot.quarter)).count()
    }

    /// The charge targets asked for, nearest first, each once.
    pub(crate) fn targets(&self) -> Vec<u8> {
        let mut targets = Vec::new();
        for slot in &self.slots {
            if let Grip::Charge(target) = slot.aim
                && !targets.contains(&target)
            {
                targets.push(target);
            }
        }
        targets
    }

    fn within(&self, first: usize, until: usize) -> impl Iterator<Item = &Slot> {
        self.slots.iter().skip(first).take(until.saturating_sub(first))
    }

    fn layer(&self, first: usize, until: usize, floor: u8, best: u8) -> Layer {
        let mut layer = Layer { first, in_lap: first < self.lap, ..Layer::default() };
        for slot in self.within(first, until) {
            layer.slots = layer.slots.with(slot.quarter);
            if slot.asked.is_none() {
                continue;
            }
            layer.known = layer.known.with(slot.quarter);
            match slot.aim {
                Grip::SelfConsume => {
                    layer.self_consume = layer.self_consume.with(slot.quarter);
                    if slot.floor.is_none_or(|asked| asked.min(best) <= floor) {
                        layer.floor_kept = layer.floor_kept.with(slot.quarter);
                    }
                }
                Grip::Hold => layer.hold = layer.hold.with(slot.quarter),
                Grip::Charge(_) => {}
            }
        }
        layer
    }
}

/// Slots from a second on, of which nothing is asked yet.
fn blank(zone: &Zone, start: i64, count: usize) -> Vec<Slot> {
    let slot = |wall: Wall| Slot {
        from: wall.from,
        quarter: wall.quarter(),
        asked: None,
        aim: Grip::SelfConsume,
        floor: None,
        below_least: false,
    };
    walls(zone, start, count).into_iter().map(slot).collect()
}

/// How many slots pass until the wall clock comes round to the first one's quarter hour, or beyond it.
fn lap(slots: &[Slot]) -> usize {
    let first = slots.first().map_or(0, |slot| slot.quarter);
    let mut passed_midnight = false;
    let mut before = first;
    for (index, slot) in slots.iter().enumerate().skip(1) {
        // A clock that is set back goes back by an hour or three, never by half a day.
        passed_midnight |= slot.quarter + 48 < before;
        before = slot.quarter;
        if passed_midnight && slot.quarter >= first {
            return index;
        }
    }
    slots.len()
}

fn layers(slots: &[Slot], lap: usize) -> Vec<(usize, usize)> {
    let rises = |(before, after): (&Slot, &Slot)| after.quarter > before.quarter;
    let pairs = slots.iter().zip(slots.iter().skip(1)).map(rises);
    let cuts = (1..).zip(pairs).filter(|(index, rises)| !rises || *index == lap).map(|(index, _)| index);
    let mut first = 0;
    let mut layers = Vec::with_capacity(6);
    for cut in cuts.chain([slots.len()]) {
        layers.push((first, cut));
        first = cut;
    }
    layers
}

/// Enters what a span asks into every slot that it touches from now on.
fn claim(slots: &mut [Slot], span: &Span, start: i64, now: i64, ceiling: u8) {
    let Some(touched) = touched(span, start, now) else { return };
    let (grip, floor, below_least) = read(span.committed, ceiling);
    for slot in slots.iter_mut().skip(touched.first).take(touched.count) {
        let least = slot.asked.map_or(grip, |before| before.min(grip));
        slot.below_least = below_least && least == Grip::Hold;
        (slot.asked, slot.aim) = (Some(least), least);
        slot.floor = [slot.floor, floor].into_iter().flatten().min();
    }
}

/// A slot that the timeline covers in part at its very end tells nothing of the rest of it.
fn forget_beyond(slots: &mut [Slot], known: usize) {
    for slot in slots.iter_mut().skip(known) {
        (slot.asked, slot.aim, slot.floor) = (None, Grip::SelfConsume, None);
    }
}

/// What a command asks of the store: its grip, its floor, and whether its target is less than the store takes.
fn read(command: Command, ceiling: u8) -> (Grip, Option<u8>, bool) {
    match command {
        Command::ChargeTo { target, .. } => {
            let target = whole_down(target).min(ceiling);
            if target < LEAST_TARGET { (Grip::Hold, None, true) } else { (Grip::Charge(target), None, false) }
        }
        Command::Hold => (Grip::Hold, None, false),
        Command::SelfConsume { floor } | Command::DischargeTo { floor, .. } => {
            (Grip::SelfConsume, Some(whole_up(floor)), false)
        }
    }
}
