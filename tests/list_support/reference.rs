//! A plain and slow second opinion: the windows as the vendor's page describes them, minute by minute, and what the timeline
//! asks of each quarter hour. Nothing here uses the compiler's own sets, nor the normal form's meaning.

use chrono::{Datelike, Duration, Weekday};
use offpeak::device::{Flag, ListWindow, WindowList};
use offpeak::engine::Command;
use offpeak::plan::Timeline;
use offpeak::time::{Instant, Zone};

/// What the device does in a minute of its week; ordered by grip.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Mode {
    /// Down to a floor; `None` is the device's own.
    Free(Option<u8>),
    Hold,
    Charge(u8, Option<u32>),
}

/// One quarter hour of real time within the lap.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    pub from: Instant,
    pub day: Weekday,
    pub minute: u16,
    pub asked: Option<Mode>,
}

fn inside(window: &ListWindow, day: Weekday, minute: u16) -> bool {
    let (from, to) = (window.period.from.minutes(), window.period.to.minutes());
    let to = if to == 0 { 1440 } else { to };
    window.days.contains(day) && from != to && from <= minute && minute < to
}

/// The device, as the vendor's page describes it. Panics where nobody knows what it does.
pub fn mode(list: &WindowList, day: Weekday, minute: u16) -> Mode {
    let unread = |flag: Flag, windows: &[ListWindow]| flag == Flag::Unread && !windows.is_empty();
    assert!(
        !unread(list.charge, &list.charge_windows) && !unread(list.restricted, &list.permissions),
        "unread: {list}"
    );
    let here = |windows: &[ListWindow]| windows.iter().find(|window| inside(window, day, minute)).copied();
    let charge = here(&list.charge_windows).filter(|_| list.charge == Flag::On);
    let restricted = list.restricted == Flag::On && !list.permissions.is_empty();
    let permission = here(&list.permissions).filter(|_| restricted);
    assert!(charge.is_none() || permission.is_none(), "overlap: {list}");
    match (charge, permission) {
        (Some(window), _) => Mode::Charge(window.limit.unwrap(), window.power),
        (None, Some(window)) => Mode::Free(window.limit),
        (None, None) if restricted => Mode::Hold,
        (None, None) => Mode::Free(None),
    }
}

/// Whether every window is one that the vendor is known to obey, and there are no more of them than allowed.
pub fn plain(list: &WindowList, most: (usize, usize, usize), weekly: Option<usize>) {
    let windows = || list.charge_windows.iter().chain(&list.permissions);
    for window in windows() {
        let (from, to) = (window.period.from.minutes(), window.period.to.minutes());
        assert!(from % 15 == 0 && to % 15 == 0, "off the grid: {list}");
        assert!(from != to && (to == 0 || from < to), "unused or across midnight: {list}");
    }
    let mut week = 0;
    for day in 0..7u8 {
        let day = Weekday::try_from(day).unwrap();
        let on = |windows: &[ListWindow]| windows.iter().filter(|window| window.days.contains(day)).count();
        let (charge, permission) = (on(&list.charge_windows), on(&list.permissions));
        assert!(charge <= most.0 && permission <= most.1 && charge + permission <= most.2, "too many: {list}");
        assert!(list.permissions.is_empty() || permission > 0, "{day} is never permitted: {list}");
        week += charge + permission;
    }
    let daily = windows().all(|window| window.days == offpeak::time::Weekdays::ALL);
    assert!(daily || weekly.is_none_or(|weekly| week <= weekly), "{week} in a week: {list}");
}

fn read(command: Command, floors: bool, only: Option<u8>, power: Option<u32>, holds: bool) -> Mode {
    match command {
        Command::ChargeTo { target, power: asked } => {
            let target = target.percent().floor() as u8;
            let own = asked.map(|asked| asked.watts().round() as u32);
            match only {
                Some(only) if target < only => {
                    if holds {
                        Mode::Hold
                    } else {
                        Mode::Free(None)
                    }
                }
                _ => Mode::Charge(only.unwrap_or(target), power.map(|rated| own.unwrap_or(rated))),
            }
        }
        Command::Hold => Mode::Hold,
        Command::SelfConsume { floor } => Mode::Free(floors.then_some(floor.percent().ceil() as u8)),
        Command::DischargeTo { .. } => panic!("not for this store"),
    }
}

fn less(one: Mode, two: Mode) -> Mode {
    match (one, two) {
        (Mode::Charge(a, p), Mode::Charge(b, q)) => Mode::Charge(a.min(b), p.min(q)),
        _ => {
            if one <= two {
                one
            } else {
                two
            }
        }
    }
}

/// What the store is.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub floors: bool,
    pub only: Option<u8>,
    pub power: Option<u32>,
    pub holds: bool,
    pub days: i64,
}

/// The slots of one lap: sampled every minute, the least counts.
pub fn slots(timeline: &Timeline, zone: &Zone, now: Instant, kind: Kind) -> Vec<Slot> {
    let into = i64::from(zone.local(now).minute % 15) * 60 + now.timestamp() % 60;
    let start = now - Duration::seconds(into);
    let end = timeline.spans.last().unwrap().until;
    let first = zone.local(start);
    let last = first.date + Duration::days(kind.days);
    let mut out = Vec::new();
    for index in 0..(kind.days * 96 + 16) {
        let from = start + Duration::minutes(15 * index);
        let local = zone.local(from);
        if (local.date, local.minute) >= (last, first.minute) {
            break;
        }
        let mut asked: Option<Mode> = None;
        for minute in (0..15).filter(|_| from + Duration::minutes(15) <= end) {
            let at = from + Duration::minutes(minute);
            if at + Duration::minutes(1) > now {
                let held = timeline.spans.iter().find(|s| s.from <= at.max(now) && at.max(now) < s.until).unwrap();
                let mode = read(held.committed, kind.floors, kind.only, kind.power, kind.holds);
                asked = Some(asked.map_or(mode, |before| less(before, mode)));
            }
        }
        out.push(Slot { from, day: local.date.weekday(), minute: local.minute, asked });
    }
    out
}
