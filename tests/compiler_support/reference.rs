//! A plain and slow second opinion: the device as the vendor's page describes it, minute by minute, and what the timeline
//! asks, slot by slot. Nothing here uses the compiler's own sets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    missing_docs,
    unreachable_pub
)]

use offpeak::device::{Grip, Period, TwoWindow};
use offpeak::engine::Command;
use offpeak::plan::Timeline;
use offpeak::time::{Instant, Zone};

/// What the device does at a minute of its day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    Charge(u8),
    Hold,
    Free(u8),
    /// A charge window and a permission overlap: nobody knows.
    Unknown,
}

/// One quarter hour of real time.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    pub from: Instant,
    pub minute: u16,
    /// The commands asked at each minute from now on, worst grip first.
    pub asked: Option<Grip>,
    pub floor: Option<u8>,
    pub in_lap: bool,
}

fn inside(window: &Period, minute: u16) -> bool {
    let (from, to) = (window.from.minutes(), window.to.minutes());
    let to = if to == 0 { 1440 } else { to };
    let off_grid = from % 15 != 0 || to % 15 != 0;
    !window.is_unused() && !off_grid && from <= minute && minute < to
}

/// The reference device model of the vendor's page.
pub fn mode(schedule: &TwoWindow, minute: u16) -> Mode {
    let charging = schedule.charge.grid_charge && schedule.charge.windows.iter().any(|w| inside(w, minute));
    let restricted = schedule.discharge.restricted && schedule.discharge.windows.iter().any(|w| !w.is_unused());
    let permitted = schedule.discharge.windows.iter().any(|w| inside(w, minute));
    match (charging, restricted, permitted) {
        (true, true, true) => Mode::Unknown,
        (true, _, _) => Mode::Charge(schedule.charge.cap),
        (false, true, false) => Mode::Hold,
        (false, _, _) => Mode::Free(schedule.discharge.floor),
    }
}

pub fn grip(schedule: &TwoWindow, minute: u16) -> Grip {
    match mode(schedule, minute) {
        Mode::Charge(cap) => Grip::Charge(cap),
        Mode::Hold => Grip::Hold,
        Mode::Free(_) => Grip::SelfConsume,
        Mode::Unknown => panic!("overlap"),
    }
}

/// Battery power, `+` discharge, that the device gives in a mode: 3 kW at most, floors and caps sharp.
pub fn device_power(mode: Mode, soc: f64, solar: f64, load: f64) -> f64 {
    let sun = (load - solar).clamp(-3000.0, 0.0);
    let sun = if soc >= 100.0 { 0.0 } else { sun };
    match mode {
        Mode::Charge(cap) if soc < f64::from(cap) => -3000.0,
        Mode::Charge(_) => 0.0,
        Mode::Hold => sun,
        Mode::Free(floor) if load > solar => {
            if soc > f64::from(floor) {
                (load - solar).min(3000.0)
            } else {
                0.0
            }
        }
        Mode::Free(_) => sun,
        Mode::Unknown => panic!("overlap"),
    }
}

/// Battery power that a command asks for. At or above its target a charge only forbids discharge.
pub fn asked_power(command: Command, soc: f64, solar: f64, load: f64) -> f64 {
    match command {
        Command::ChargeTo { target, .. } => {
            device_power(Mode::Charge(target.percent().floor() as u8), soc, solar, load)
        }
        Command::Hold => device_power(Mode::Hold, soc, solar, load),
        Command::SelfConsume { floor } => device_power(Mode::Free(floor.percent().ceil() as u8), soc, solar, load),
        Command::DischargeTo { .. } => panic!("not for this store"),
    }
}

pub fn command_at(timeline: &Timeline, at: Instant) -> Option<Command> {
    timeline.spans.iter().find(|s| s.from <= at && at < s.until).map(|s| s.committed)
}

fn read(command: Command, ceiling: u8) -> (Grip, Option<u8>) {
    match command {
        Command::ChargeTo { target, .. } => (Grip::Charge((target.percent().floor() as u8).min(ceiling)), None),
        Command::Hold => (Grip::Hold, None),
        Command::SelfConsume { floor } => (Grip::SelfConsume, Some(floor.percent().ceil() as u8)),
        Command::DischargeTo { .. } => panic!("not for this store"),
    }
}

/// The slots of a timeline: sampled every minute, the least grip counts.
pub fn slots(timeline: &Timeline, zone: &Zone, now: Instant, ceiling: u8) -> Vec<Slot> {
    let into = i64::from(zone.local(now).minute % 15) * 60 + now.timestamp() % 60;
    let start = now - chrono::Duration::seconds(into);
    let end = timeline.spans.last().unwrap().until;
    let first = zone.local(start);
    let mut lap = true;
    let mut out: Vec<Slot> = Vec::new();
    for index in 0..196 {
        let from = start + chrono::Duration::minutes(15 * index);
        let local = zone.local(from);
        lap &= local.date == first.date || local.minute < first.minute;
        let known = from + chrono::Duration::minutes(15) <= end;
        if !lap && !known {
            break;
        }
        let mut asked: Option<Grip> = None;
        let mut floor: Option<u8> = None;
        for minute in 0..15 {
            let at = from + chrono::Duration::minutes(minute);
            if known && at + chrono::Duration::minutes(1) > now {
                let (grip, low) = read(command_at(timeline, at.max(now)).unwrap(), ceiling);
                asked = Some(asked.map_or(grip, |before| before.min(grip)));
                floor = [floor, low].into_iter().flatten().min();
            }
        }
        out.push(Slot { from, minute: local.minute, asked, floor, in_lap: lap });
    }
    out
}

/// Slots of the lap that a schedule grips more firmly than asked, and those among them that are only held.
pub fn too_firm(schedule: &TwoWindow, slots: &[Slot]) -> (usize, usize) {
    let (mut firm, mut held) = (0, 0);
    for slot in slots.iter().filter(|slot| slot.in_lap) {
        let asked = slot.asked.unwrap_or(Grip::SelfConsume);
        match (grip(schedule, slot.minute), asked) {
            (Grip::Charge(10), Grip::Hold) => {}
            (Grip::Hold, Grip::SelfConsume) => held += 1,
            (does, asked) => firm += usize::from(does > asked),
        }
    }
    (firm, held)
}

/// Whether nothing overlaps.
pub fn clear(schedule: &TwoWindow) -> bool {
    (0..96).all(|quarter| mode(schedule, quarter * 15) != Mode::Unknown)
}
