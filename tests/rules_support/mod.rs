//! The policies in `rules/` at telling moments: readings, the schedule on the device, and the plan that follows.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::path::PathBuf;
use std::time::Duration;

use offpeak::device::window_list::Windows;
use offpeak::device::{Flag, ListWindow, Object, PerObject, Period, Schedule, Store, WindowList};
use offpeak::engine::{Memory, Override, Situation, banded_prices};
use offpeak::forecast::Forecast;
use offpeak::plan::budget::{MayGrant, Permits, Refusal};
use offpeak::plan::timeline::Steps;
use offpeak::plan::{Inputs, Outlook, Plan};
use offpeak::policy::load;
use offpeak::policy::model::{Action, Policy};
use offpeak::report::{Device, Style, plan_json, plan_text, why_text};
use offpeak::runner::payload;
use offpeak::snapshot::{Reading, Snapshot};
use offpeak::time::{ClockTime, Instant, Weekdays, Zone};
use offpeak::units::{Power, Soc};
use offpeak::vendor::alphaess::parse_device_file;
use serde_json::{Value, json};

/// Every policy in `rules/`, in the order of their names.
pub const RULES: [&str; 11] = [
    "atess-night",
    "cheapest-plan",
    "ev-guard",
    "evening-peak-hold",
    "holiday-calendar",
    "periodic-week",
    "simulated-home",
    "uk-three-rate",
    "uk-two-rate-night",
    "weekday-weekend",
    "winter-summer",
];

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A policy of `rules/` by its name.
pub fn policy(name: &str) -> Policy {
    let file = format!("rules/{name}.yaml");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(&file);
    let text = std::fs::read_to_string(path).expect("the policy");
    load(&file, &text).policy.expect("a policy without errors")
}

/// What the device holds when a moment comes.
#[derive(Clone, Copy, Debug)]
pub enum Held {
    /// What offpeak left there, having looked every half hour since the day before yesterday.
    Ours,
    /// These two objects, each as `1 23:30-00:00 00:00-05:30 90`, with `-` for a window that is unused.
    These(&'static str, &'static str),
    /// What it holds from the factory.
    Factory,
    /// It could not be read.
    Unread,
}

/// The store of a policy's device.
pub fn store(policy: &Policy) -> Store {
    policy.device.capability().store
}

/// What a policy's device holds from the factory: no charge from the grid, no restriction, a floor of 10 %.
pub fn factory(policy: &Policy) -> Schedule {
    match store(policy) {
        Store::TwoWindow => device("0 - - 100", "0 - - 10"),
        store => listed(store, (Flag::Off, &[]), (Flag::Off, &[])),
    }
}

/// A schedule of lists: each a switch and its windows, as `00:00-05:30` or, of a day or some days as `00:00-05:30 sat`.
pub fn listed(store: Store, charges: (Flag, &[&str]), permissions: (Flag, &[&str])) -> Schedule {
    let has_limits = store == Store::Periodic;
    let windows = |texts: &[&str], limit: Option<u8>| -> Windows {
        let window = |text: &&str| {
            let (times, day) = text.split_once(' ').unwrap_or((text, ""));
            let (from, to) = times.split_once('-').expect("a period");
            let (from, to): (ClockTime, ClockTime) = (from.parse().unwrap(), to.parse().unwrap());
            let days = match day {
                "" => Weekdays::ALL,
                "sat" => Weekdays::only(chrono::Weekday::Sat),
                other => panic!("{other} is no day of these tests"),
            };
            ListWindow { period: Period { from, to }, days, limit, power: has_limits.then_some(5000) }
        };
        texts.iter().map(window).collect()
    };
    Schedule::Windows(WindowList {
        store,
        charge: charges.0,
        restricted: permissions.0,
        charge_windows: windows(charges.1, Some(if has_limits { 90 } else { 100 })),
        permissions: windows(permissions.1, has_limits.then_some(10)),
    })
}

/// One moment: when, what was read, what the device holds.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    title: &'static str,
    at: &'static str,
    soc: f64,
    load: f64,
    sun: f64,
    car: Option<f64>,
    battery: Option<f64>,
    blind: bool,
    acted: bool,
    held: Held,
    foreign: &'static [Object],
    manual: Option<(Action, &'static str)>,
}

/// A moment on the wall clock of the site: `2026-11-20 20:41`, with `again` for the second pass of a repeated hour.
pub fn moment(title: &'static str, at: &'static str) -> Moment {
    Moment {
        title,
        at,
        soc: 50.0,
        load: 400.0,
        sun: 0.0,
        car: None,
        battery: None,
        blind: false,
        acted: false,
        held: Held::Ours,
        foreign: &[],
        manual: None,
    }
}

impl Moment {
    pub fn soc(self, percent: f64) -> Moment {
        Moment { soc: percent, ..self }
    }

    pub fn load(self, watts: f64) -> Moment {
        Moment { load: watts, ..self }
    }

    pub fn sun(self, watts: f64) -> Moment {
        Moment { sun: watts, ..self }
    }

    /// What the car draws; the load has it in it.
    pub fn car(self, watts: f64) -> Moment {
        Moment { car: Some(watts), ..self }
    }

    /// What the battery gives or, below zero, takes. Without this it covers what the sun leaves of the load.
    pub fn battery(self, watts: f64) -> Moment {
        Moment { battery: Some(watts), ..self }
    }

    /// Nothing can be read any more; until a minute ago everything was.
    pub fn blind(self) -> Moment {
        Moment { blind: true, acted: true, ..self }
    }

    /// It has been so for some minutes, and offpeak has done what that asks for.
    pub fn acted(self) -> Moment {
        Moment { acted: true, ..self }
    }

    /// Nobody has set anything yet.
    pub fn factory(self) -> Moment {
        Moment { held: Held::Factory, ..self }
    }

    pub fn holds(self, charge: &'static str, discharge: &'static str) -> Moment {
        Moment { held: Held::These(charge, discharge), ..self }
    }

    pub fn unread(self) -> Moment {
        Moment { held: Held::Unread, ..self }
    }

    /// What these objects hold is someone else's edit, which the policy leaves alone.
    pub fn foreign(self, objects: &'static [Object]) -> Moment {
        Moment { foreign: objects, ..self }
    }

    pub fn manual(self, action: Action, until: &'static str) -> Moment {
        Moment { manual: Some((action, until)), ..self }
    }
}

/// A policy at a moment.
#[derive(Clone, Debug)]
pub struct Case {
    pub policy: Policy,
    pub inputs: Inputs,
    title: &'static str,
}

impl Case {
    pub fn new(name: &str, moment: &Moment) -> Case {
        let policy = policy(name);
        let now = local(&policy.zone, moment.at);
        let (memory, ours) = looked_until(&policy, moment, now);
        let present = match moment.held {
            Held::Ours => Some(ours),
            Held::These(charge, discharge) => Some(device(charge, discharge)),
            Held::Factory => Some(factory(&policy)),
            Held::Unread => None,
        };
        let mut permits = Permits::FREE;
        for object in moment.foreign {
            let left_alone = MayGrant::No { why: Refusal::Drift, until: None };
            *permits.of_mut(*object) = left_alone;
        }
        let readings = readings(moment, now);
        let outlook = if moment.blind { Outlook::default() } else { steady(now, moment.load, moment.sun) };
        let manual = moment.manual.map(|(action, until)| Override { action, until: local(&policy.zone, until) });
        let inputs = Inputs {
            now,
            horizon: DAY,
            readings,
            memory,
            manual,
            outlook,
            present,
            used: PerObject::default(),
            permits,
            last_change: None,
        };
        Case { policy, inputs, title: moment.title }
    }

    pub fn plan(&self) -> Plan<'_> {
        Plan::make(&self.policy, &self.inputs)
    }

    /// The moment with its screen, as a part of a snapshot.
    pub fn part(&self) -> String {
        format!("## {}\n{}\n{}", self.title, self.held(), self.screen())
    }

    pub fn screen(&self) -> String {
        screen_of(&self.policy, &self.plan())
    }

    pub fn why(&self) -> String {
        why_text(&self.plan(), Style::Plain)
    }

    pub fn json(&self) -> Value {
        json_of(&self.policy, &self.plan())
    }

    fn held(&self) -> String {
        let Some(present) = &self.inputs.present else { return "the device could not be read".into() };
        let contents: Vec<String> = present.contents().iter().map(ToString::to_string).collect();
        format!("the device holds: {}\n", contents.join("; "))
    }
}

pub fn screen_of(policy: &Policy, plan: &Plan<'_>) -> String {
    let closing = match plan.writes() {
        [] => "nothing was sent.".to_owned(),
        _ => format!("nothing was sent. `offpeak apply {}` sends it.", policy.file),
    };
    plan_text(plan, &told(policy), &closing, Style::Plain)
}

pub fn json_of(policy: &Policy, plan: &Plan<'_>) -> Value {
    plan_json(plan, &told(policy), &|settings| payload(settings, &policy.device))
}

fn told(policy: &Policy) -> Device<'_> {
    Device { name: policy.device.driver().name(), serial: &policy.device.serial }
}

/// The schedule after the writes of a plan.
pub fn applied(present: Schedule, plan: &Plan<'_>) -> Schedule {
    plan.writes().iter().fold(present, |schedule, write| schedule.with(write.settings))
}

/// Load and sun as they are, for ever.
pub fn steady(now: Instant, load: f64, sun: f64) -> Outlook {
    let steps = |watts| Steps::constant(now, power(watts));
    let forecast = Forecast::certain(now, now + 3 * DAY, power(load), power(sun));
    Outlook { load: steps(load), solar: steps(sun), ev: Steps::default(), forecast }
}

/// What is read of a house of which only this much is known: the battery covers what the sun leaves.
pub fn quiet(now: Instant, soc: f64, load: f64, sun: f64) -> Snapshot {
    readings(&moment("", "").soc(soc).load(load).sun(sun).car(0.0), now)
}

/// What is written over some days of a quiet house, looked at every quarter hour: the moments and the settings.
pub fn diary(policy: &Policy, from: &str, days: i64, soc: f64) -> Vec<(Instant, String)> {
    let start = local(&policy.zone, from);
    let (mut memory, mut present) = (Memory::empty(policy), factory(policy));
    let mut written = Vec::new();
    for quarters in 0..days * 96 {
        let now = start + chrono::Duration::minutes(15 * quarters);
        let readings = quiet(now, soc, 400.0, 0.0);
        look(policy, &mut memory, &readings, now);
        let inputs = calm(now, readings, &memory, present);
        let plan = Plan::make(policy, &inputs);
        written.extend(plan.writes().iter().map(|write| (now, format!("{:?}: {}", write.kind, write.settings))));
        present = applied(present, &plan);
    }
    written
}

fn readings(moment: &Moment, now: Instant) -> Snapshot {
    if moment.blind {
        return Snapshot::default();
    }
    let taken_at = now - chrono::Duration::minutes(3);
    let battery = moment.battery.unwrap_or((moment.load - moment.sun).clamp(-5000.0, 5000.0));
    let read = |watts: f64| Some(Reading::good(power(watts), taken_at));
    Snapshot {
        soc: Some(Reading::good(Soc::from_percent(moment.soc).expect("a state of charge"), taken_at)),
        solar: read(moment.sun),
        load: read(moment.load),
        grid: read(moment.load - moment.sun - battery),
        battery: read(battery),
        ev: moment.car.and_then(read),
    }
}

fn power(watts: f64) -> Power {
    Power::from_watts(watts).expect("a power")
}

/// What is remembered, and what offpeak has left on the device: a quiet day and a half, then twelve minutes as they are now.
fn looked_until(policy: &Policy, moment: &Moment, now: Instant) -> (Memory, Schedule) {
    let mut memory = Memory::empty(policy);
    let mut present = factory(policy);
    if matches!(moment.held, Held::Ours) {
        for half_hours in (1..=72).rev() {
            let at = now - chrono::Duration::minutes(30 * half_hours);
            let readings = quiet(at, moment.soc, moment.load.min(500.0), 0.0);
            look(policy, &mut memory, &readings, at);
            let inputs = calm(at, readings, &memory, present);
            present = applied(present, &Plan::make(policy, &inputs));
        }
    }
    let seeing = Moment { blind: false, ..*moment };
    for minutes in (0..=12).rev() {
        let at = now - chrono::Duration::minutes(minutes);
        let readings = readings(if minutes == 0 { moment } else { &seeing }, at);
        look(policy, &mut memory, &readings, at);
        if moment.acted && minutes == 1 {
            let inputs = calm(at, readings, &memory, present);
            present = applied(present, &Plan::make(policy, &inputs));
        }
    }
    (memory, present)
}

/// Inputs of a moment at which nothing is wrong.
pub fn calm(now: Instant, readings: Snapshot, memory: &Memory, present: Schedule) -> Inputs {
    Inputs {
        now,
        horizon: DAY,
        outlook: steady(now, readings.load.map_or(0.0, |load| load.value.watts()), 0.0),
        readings,
        memory: memory.clone(),
        manual: None,
        present: Some(present),
        used: PerObject::default(),
        permits: Permits::FREE,
        last_change: None,
    }
}

/// Lets the engine look once, as a tick does.
pub fn look(policy: &Policy, memory: &mut Memory, readings: &Snapshot, now: Instant) {
    let prices = banded_prices(policy, now, now + chrono::Duration::days(1));
    memory.observe(policy, &Situation { snapshot: readings, prices: &prices, manual: None, now });
}

/// An instant from the site's wall clock: `2026-10-25 01:30`, `2026-10-25 01:30 again`.
pub fn local(zone: &Zone, text: &str) -> Instant {
    let words: Vec<&str> = text.split(' ').collect();
    let (date, time): (chrono::NaiveDate, ClockTime) = (words[0].parse().unwrap(), words[1].parse().unwrap());
    if words.len() > 2 { zone.latest(date, time) } else { zone.earliest(date, time) }
}

/// The schedule of a device file: each object as flag, two windows and percentage.
pub fn device(charge: &str, discharge: &str) -> Schedule {
    let object = |text: &str, names: [&str; 6]| -> Value {
        let words: Vec<&str> = text.split(' ').collect();
        let period = |text: &str| match text.split_once('-') {
            Some(("", "")) | None => ("00:00".to_owned(), "00:00".to_owned()),
            Some((from, to)) => (from.to_owned(), to.to_owned()),
        };
        let ((from1, to1), (from2, to2)) = (period(words[1]), period(words[2]));
        let values = [
            json!(words[0].parse::<u8>().unwrap()),
            json!(from1),
            json!(to1),
            json!(from2),
            json!(to2),
            json!(words[3]),
        ];
        names.iter().map(|name| (*name).to_owned()).zip(values).collect::<serde_json::Map<_, _>>().into()
    };
    let charge = object(charge, ["gridCharge", "timeChaf1", "timeChae1", "timeChaf2", "timeChae2", "batHighCap"]);
    let discharge = object(discharge, ["ctrDis", "timeDisf1", "timeDise1", "timeDisf2", "timeDise2", "batUseCap"]);
    let file = json!({ "getChargeConfigInfo": charge, "getDisChargeConfigInfo": discharge });
    parse_device_file(&file.to_string()).expect("a device file")
}

/// A plan as JSON that can be reviewed: one line for each key or item, the course shortened.
pub fn laid_out(mut plan: Value) -> String {
    if let Some(course) = plan["course"].as_array_mut() {
        let more = course.len() - 2;
        course.truncate(2);
        course.push(format!("… and {more} more").into());
    }
    let mut text = String::from("{\n");
    for (key, value) in plan.as_object().expect("an object") {
        match value {
            Value::Array(items) if !items.is_empty() => {
                let items: Vec<String> = items.iter().map(|item| format!("    {item}")).collect();
                text.push_str(&format!("  \"{key}\": [\n{}\n  ],\n", items.join(",\n")));
            }
            Value::Object(fields) if fields.values().any(Value::is_object) => {
                let fields: Vec<String> = fields.iter().map(|(key, value)| format!("    \"{key}\": {value}")).collect();
                text.push_str(&format!("  \"{key}\": {{\n{}\n  }},\n", fields.join(",\n")));
            }
            _ => text.push_str(&format!("  \"{key}\": {value},\n")),
        }
    }
    text.truncate(text.trim_end_matches(",\n").len());
    text + "\n}\n"
}
