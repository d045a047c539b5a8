//! What the compiler's tests share: timelines made by hand, a site with its limits, and a schedule in one line.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    missing_docs,
    unreachable_pub
)]

pub mod reference;

use std::time::Duration;

use offpeak::device::{Capability, ChargeSettings, DischargeSettings, Period, Schedule, Step, TwoWindow};
use offpeak::engine::decision::Source;
use offpeak::engine::{Command, Decision};
use offpeak::plan::budget::Permits;
use offpeak::plan::compile::{Deferred, Lowering};
use offpeak::plan::orphan::OrphanBound;
use offpeak::plan::timeline::{Point, Steps};
use offpeak::plan::{Outlook, Request, Span, Timeline};
use offpeak::time::{Instant, Zone};
use offpeak::units::{Power, Soc};

/// A site with its limits.
#[derive(Clone, Debug)]
pub struct Site {
    pub zone: Zone,
    pub reserve: f64,
    pub ceiling: f64,
    pub ahead_hours: f64,
    pub extra_hours: f64,
    pub permits: Permits,
    pub outlook: Option<Outlook>,
    pub capability: Capability,
}

/// What was compiled, with the schedule as the two-window store has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    pub desired: TwoWindow,
    pub writes: Vec<Step>,
    pub deferred: Vec<Deferred>,
    pub bound: OrphanBound,
    pub lowering: Lowering,
    pub waits_until: Option<Instant>,
}

/// London, reserve 10 %, three hours ahead, everything may be granted.
pub fn site() -> Site {
    let zone = Zone::named("Europe/London").expect("a zone");
    Site {
        zone,
        reserve: 10.0,
        ceiling: 100.0,
        ahead_hours: 3.0,
        extra_hours: 0.0,
        permits: Permits::FREE,
        outlook: None,
        capability: Capability::alphaess_two_window(),
    }
}

impl Site {
    pub fn compile(&self, timeline: &Timeline, present: &TwoWindow) -> Compiled {
        self.compile_at(timeline, present, timeline.spans[0].from)
    }

    pub fn compile_at(&self, timeline: &Timeline, present: &TwoWindow, now: Instant) -> Compiled {
        let present = Schedule::TwoWindow(*present);
        let done = offpeak::plan::compile(&self.request(timeline, &present, now)).expect("possible");
        let Schedule::TwoWindow(desired) = done.desired else { panic!("another store: {:?}", done.desired) };
        Compiled {
            desired,
            writes: done.writes,
            deferred: done.deferred,
            bound: done.bound,
            lowering: done.lowering,
            waits_until: done.waits_until,
        }
    }

    pub fn request<'a>(&'a self, timeline: &'a Timeline, present: &'a Schedule, now: Instant) -> Request<'a> {
        Request {
            timeline,
            outlook: self.outlook.as_ref(),
            zone: &self.zone,
            now,
            present,
            capability: &self.capability,
            reserve: soc(self.reserve),
            ceiling: soc(self.ceiling),
            program_ahead: Duration::from_secs_f64(self.ahead_hours * 3600.0),
            extra_hold: Duration::from_secs_f64(self.extra_hours * 3600.0),
            permits: self.permits,
            steady_until: None,
            charge_power: offpeak::units::Power::from_watts(5000.0).unwrap(),
        }
    }
}

pub fn soc(percent: f64) -> Soc {
    Soc::from_percent(percent).expect("a percentage")
}

/// An instant: `2026-11-20T20:41Z`.
pub fn at(text: &str) -> Instant {
    text.replace('Z', ":00Z").parse().expect("an instant")
}

/// `S`, `S20` (down to 20 %), `H`, `C90`, `D30`.
pub fn command(text: &str) -> Command {
    let (letter, number) = text.split_at(1);
    let percent = number.parse().unwrap_or(10.0);
    match letter {
        "S" => Command::SelfConsume { floor: soc(percent) },
        "H" => Command::Hold,
        "C" => Command::ChargeTo { target: soc(percent), power: None },
        "D" => Command::DischargeTo { floor: soc(percent), power: None },
        _ => panic!("{text} is no command"),
    }
}

/// A timeline from an instant on: commands and their hours (rounded to minutes), cut at the horizon.
pub fn day(from: &str, horizon_hours: i64, spans: &[(&str, f64)]) -> Timeline {
    let start = at(from);
    let end = start + chrono::Duration::hours(horizon_hours);
    let mut from = start;
    let mut out = Vec::new();
    for (text, hours) in spans {
        let until = (from + chrono::Duration::minutes((hours * 60.0).round() as i64)).min(end);
        out.extend((from < until).then(|| span(from, until, command(text))));
        from = until;
    }
    Timeline { spans: out, course: Vec::new() }
}

/// No sun for ever, and a battery that is half full.
pub fn without_sun(timeline: &mut Timeline) -> Outlook {
    let from = timeline.spans[0].from - chrono::Duration::hours(1);
    let watts = |watts| Steps::constant(from, Power::from_watts(watts).unwrap());
    timeline.course = vec![Point { at: from, soc: Some(soc(50.0)), battery: None, grid: None, import: None }];
    Outlook { load: watts(300.0), solar: watts(0.0), ev: watts(0.0), ..Outlook::default() }
}

pub fn span(from: Instant, until: Instant, committed: Command) -> Span {
    let expected = Decision { source: Source::Otherwise, command: committed };
    Span { from, until, expected, committed, programmable: true, certain: true }
}

/// A device that does nothing but self-consume down to 10 %.
pub fn idle() -> TwoWindow {
    TwoWindow {
        charge: ChargeSettings { grid_charge: false, windows: [Period::UNUSED; 2], cap: 95 },
        discharge: DischargeSettings { restricted: false, windows: [Period::UNUSED; 2], floor: 10 },
    }
}

/// A period: `23:30-00:00`.
pub fn period(text: &str) -> Period {
    let (from, to) = text.split_once('-').expect("a period");
    Period { from: from.parse().expect("a start"), to: to.parse().expect("an end") }
}

/// A schedule that charges and permits in these windows.
pub fn schedule(charge: &[&str], cap: u8, permissions: &[&str], floor: u8) -> TwoWindow {
    let windows = |texts: &[&str]| [0, 1].map(|index| texts.get(index).map_or(Period::UNUSED, |text| period(text)));
    TwoWindow {
        charge: ChargeSettings { grid_charge: !charge.is_empty(), windows: windows(charge), cap },
        discharge: DischargeSettings { restricted: !permissions.is_empty(), windows: windows(permissions), floor },
    }
}

/// A schedule in one line.
pub fn text(schedule: &TwoWindow) -> String {
    let used = |windows: &[Period; 2]| {
        let used = windows.iter().filter(|window| !window.is_unused());
        used.map(Period::to_string).collect::<Vec<_>>().join(" ")
    };
    let charge = match schedule.charge.grid_charge {
        true => format!("charge {} to {}", used(&schedule.charge.windows), schedule.charge.cap),
        false => "no charge".to_owned(),
    };
    let discharge = match schedule.discharge.restricted {
        true => format!("only {}", used(&schedule.discharge.windows)),
        false => "unrestricted".to_owned(),
    };
    format!("{charge} · {discharge} · floor {}", schedule.discharge.floor)
}
