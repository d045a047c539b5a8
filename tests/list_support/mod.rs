//! What the list compiler's tests share: a site with a store, timelines by hand, and a schedule in one line.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    missing_docs,
    unreachable_pub
)]

pub mod reference;

use std::time::Duration;

use offpeak::device::capability::Level;
use offpeak::device::mapping::{AtessMapping, AtessModel, PeriodMap, ReadingMap, SettingMap, SocMap};
use offpeak::device::window_list::Windows;
use offpeak::device::{Capability, Flag, ListWindow, Period, Schedule, Store, WindowList, WriteKind};
use offpeak::engine::decision::Source;
use offpeak::engine::{Command, Decision};
use offpeak::plan::budget::Permits;
use offpeak::plan::{Compiled, Request, Span, Timeline, compile};
use offpeak::time::{Instant, Weekdays, Zone};
use offpeak::units::{Power, Soc};

/// A site with its limits and its store.
#[derive(Clone, Debug)]
pub struct Site {
    pub capability: Capability,
    pub zone: Zone,
    pub reserve: f64,
    pub ceiling: f64,
    pub ahead_hours: f64,
    pub extra_hours: f64,
    pub permits: Permits,
    pub steady_until: Option<Instant>,
}

/// London, reserve 10 %, three hours ahead, everything may be granted; the battery charges with 5 kW.
pub fn site(capability: Capability) -> Site {
    Site {
        capability,
        zone: Zone::named("Europe/London").unwrap(),
        reserve: 10.0,
        ceiling: 100.0,
        ahead_hours: 3.0,
        extra_hours: 0.0,
        permits: Permits::FREE,
        steady_until: None,
    }
}

pub fn periodic() -> Site {
    site(Capability::alphaess_periodic())
}

/// An ATESS with so many periods to charge and to permit discharge, that charges to this many percent.
pub fn atess(model: AtessModel, charge: usize, permission: usize, charges_to: u8) -> Site {
    let map = |word: &str, count: usize| PeriodMap {
        periods: (1..=count).map(|number| format!("{word}PeriodTime{number}")).collect(),
        enable: Some(format!("{word}Enable")),
    };
    let permission = (permission > 0).then(|| map("peak", permission));
    let readings = ReadingMap { battery: None, grid: None, load: None, solar: None, soc: SocMap::Unknown };
    let settings = Some(SettingMap { charge: map("valley", charge), charges_to, permission });
    site(Capability::atess(&AtessMapping { model, readings, settings }))
}

impl Site {
    pub fn compile(&self, timeline: &Timeline, present: &WindowList) -> Compiled {
        self.compile_at(timeline, present, timeline.spans[0].from)
    }

    pub fn compile_at(&self, timeline: &Timeline, present: &WindowList, now: Instant) -> Compiled {
        let present = Schedule::Windows(*present);
        compile(&self.request(timeline, &present, now)).expect("possible")
    }

    pub fn request<'a>(&'a self, timeline: &'a Timeline, present: &'a Schedule, now: Instant) -> Request<'a> {
        Request {
            timeline,
            outlook: None,
            zone: &self.zone,
            now,
            present,
            capability: &self.capability,
            reserve: soc(self.reserve),
            ceiling: soc(self.ceiling),
            charge_power: Power::from_watts(5000.0).unwrap(),
            program_ahead: Duration::from_secs_f64(self.ahead_hours * 3600.0),
            extra_hold: Duration::from_secs_f64(self.extra_hours * 3600.0),
            permits: self.permits,
            steady_until: self.steady_until,
        }
    }

    /// A device that nobody has touched.
    pub fn idle(&self) -> WindowList {
        WindowList::empty(self.capability.store)
    }

    /// Whether each permission has its own floor.
    pub fn has_floors(&self) -> bool {
        self.capability.windows.is_some_and(|windows| matches!(windows.floor, Level::Each { .. }))
    }
}

pub fn soc(percent: f64) -> Soc {
    Soc::from_percent(percent).expect("a percentage")
}

/// An instant: `2026-11-20T20:41Z`.
pub fn at(text: &str) -> Instant {
    text.replace('Z', ":00Z").parse().expect("an instant")
}

/// `S`, `S20` (down to 20 %), `H`, `C90`, `C90@3000` (with 3 kW).
pub fn command(text: &str) -> Command {
    let (letter, number) = text.split_at(1);
    let (percent, power) = number.split_once('@').unwrap_or((number, ""));
    let percent = percent.parse().unwrap_or(10.0);
    let power = power.parse().ok().and_then(Power::from_watts);
    match letter {
        "S" => Command::SelfConsume { floor: soc(percent) },
        "H" => Command::Hold,
        "C" => Command::ChargeTo { target: soc(percent), power },
        _ => panic!("{text} is no command"),
    }
}

pub fn span(from: Instant, until: Instant, committed: Command) -> Span {
    let expected = Decision { source: Source::Otherwise, command: committed };
    Span { from, until, expected, committed, programmable: true, certain: true }
}

/// A timeline from an instant on: commands and their hours, over and over until the horizon.
pub fn lap(from: &str, hours: i64, spans: &[(&str, f64)]) -> Timeline {
    let start = at(from);
    let end = start + chrono::Duration::hours(hours);
    let mut from = start;
    let mut out = Vec::new();
    for (text, hours) in spans.iter().cycle() {
        let until = (from + chrono::Duration::minutes((hours * 60.0).round() as i64)).min(end);
        out.push(span(from, until, command(text)));
        from = until;
        if from >= end {
            break;
        }
    }
    Timeline { spans: out, course: Vec::new() }
}

/// A period: `23:30-00:00`.
pub fn period(text: &str) -> Period {
    let (from, to) = text.split_once('-').expect("a period");
    Period { from: from.parse().expect("a start"), to: to.parse().expect("an end") }
}

/// A window of every day: `00:00-05:30`.
pub fn window(text: &str, limit: u8, power: Option<u32>) -> ListWindow {
    ListWindow { period: period(text), days: Weekdays::ALL, limit: Some(limit), power }
}

/// A schedule of every day, with everything that it has switched on.
pub fn schedule(store: Store, charge: &[ListWindow], permissions: &[ListWindow]) -> WindowList {
    let list = |windows: &[ListWindow]| {
        let mut list = Windows::default();
        windows.iter().for_each(|window| list.push(*window));
        list
    };
    let flag = |windows: &[ListWindow]| if windows.is_empty() { Flag::Off } else { Flag::On };
    WindowList {
        store,
        charge: flag(charge),
        restricted: flag(permissions),
        charge_windows: list(charge),
        permissions: list(permissions),
    }
}

/// What a compilation says, line by line.
pub fn told(compiled: &Compiled) -> String {
    let mut lines = Vec::new();
    for write in &compiled.writes {
        let kind = if write.kind == WriteKind::Grant { "grant" } else { "withdrawal" };
        lines.push(format!("{kind}: {}", write.settings));
    }
    if compiled.writes.is_empty() {
        lines.push("nothing to write".to_owned());
    }
    let clock = |at: Instant| at.format("%a %H:%M").to_string();
    lines.extend(compiled.deferred.iter().map(|deferred| {
        let (from, until, due) = (clock(deferred.from), clock(deferred.until), clock(deferred.due));
        format!("deferred {from}–{until}: {}: {}; due {due}", deferred.asked, deferred.why)
    }));
    lines.push(format!("orphan {}", compiled.bound));
    lines.join("\n")
}
