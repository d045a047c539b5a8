//! Plans made from model values: a home with a night tariff, its readings, and a device.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::time::Duration;

use offpeak::device::{ChargeSettings, DischargeSettings, PerObject, Period, Schedule, Settings, TwoWindow};
use offpeak::diagnostic::Place;
use offpeak::engine::{Memory, Override, Situation, banded_prices};
use offpeak::plan::budget::Permits;
use offpeak::plan::timeline::Steps;
use offpeak::plan::{Inputs, Outlook, Plan};
use offpeak::policy::model::{Action, Condition, Policy, Quantity};
use offpeak::report::{Device, Style, plan_json, plan_text, why_text};
use offpeak::snapshot::{Signal, Snapshot};
use offpeak::time::{CalendarTest, Instant, Weekdays};
use offpeak::units::Power;
use serde_json::{Value, json};

use crate::engine_support::{
    self as engine, Asks, above, at, below, calendar, charge_to, days, minutes, rule, windows,
};

pub const DEVICE: Device<'static> = Device { name: "AlphaESS", serial: "ALB011020015002" };

/// Everything that a plan depends on, to be changed by a test.
#[derive(Clone, Debug)]
pub struct Case {
    pub policy: Policy,
    pub inputs: Inputs,
}

/// The home of the README: a night tariff, a charge at night, a car, a hold in the afternoon.
pub fn home() -> Policy {
    let mut policy = engine::policy("Europe/London");
    policy.revision = "3f9a1c0de4b27785a1".into();
    policy.battery.ceiling = engine::soc(100.0);
    let car = Asks { hold: Some(minutes(5)), ..Asks::default() };
    let car = observed(&mut policy, "ev: above 1 kW for 5 min", Signal::Ev, above(1000.0), car, 34);
    let low = Asks { until: Some(65.0), ..Asks::default() };
    let low = observed(&mut policy, "soc: below 60% until 65%", Signal::Soc, below(60.0), low, 41);
    let afternoon = days(windows(&["14:00-16:00"]), Weekdays::WEEKDAYS);
    let afternoon = calendar("time: 14:00-16:00, days: weekdays", &[], afternoon);
    policy.rules = vec![
        rule("Do not feed the car from the house battery", car, Action::Hold),
        rule("Top up at the night rate", calendar("tariff: night", &[0], CalendarTest::default()), charge_to(90.0)),
        rule("Keep it for the evening peak", Condition::All(vec![afternoon, low]), Action::Hold),
    ];
    for (rule, line) in policy.rules.iter_mut().zip([32, 28, 38]) {
        rule.place = place(line);
    }
    policy
}

pub fn place(line: u32) -> Place {
    Place { line, column: 5, ..Place::default() }
}

fn observed(
    policy: &mut Policy,
    text: &str,
    signal: Signal,
    bounds: offpeak::policy::model::Bounds,
    asks: Asks,
    line: u32,
) -> Condition {
    match engine::observed(policy, text, Quantity::Reading(signal), bounds, asks) {
        Condition::Compare(mut comparison) => {
            comparison.place = place(line);
            Condition::Compare(comparison)
        }
        other => other,
    }
}

/// The home at a moment, with readings three minutes old, steady load and sun, an idle device and a full budget.
pub fn case(policy: Policy, now: &str, soc: f64, load: f64, solar: f64) -> Case {
    let now = at(now);
    let mut readings = engine::snapshot(engine::at("2000-01-01T00:00:00Z"), soc, load, solar);
    age(&mut readings, now, 3);
    let steady = |watts: f64| Steps::constant(now, Power::from_watts(watts).expect("a power"));
    let outlook = Outlook { load: steady(load), solar: steady(solar), ..Outlook::default() };
    let memory = Memory::empty(&policy);
    let mut case = Case {
        inputs: Inputs {
            now,
            horizon: Duration::from_secs(24 * 3600),
            readings,
            memory,
            manual: None,
            outlook,
            present: Some(Schedule::TwoWindow(idle())),
            used: PerObject::default(),
            permits: Permits::FREE,
            last_change: None,
        },
        policy,
    };
    case.look();
    case
}

impl Case {
    /// Lets the engine look once, as a tick does.
    pub fn look(&mut self) {
        let Case { policy, inputs } = self;
        let prices = banded_prices(policy, inputs.now, inputs.now + chrono::Duration::days(1));
        let situation = Situation { snapshot: &inputs.readings, prices: &prices, manual: None, now: inputs.now };
        inputs.memory.observe(policy, &situation);
    }

    pub fn plan(&self) -> Plan<'_> {
        Plan::make(&self.policy, &self.inputs)
    }

    pub fn screen(&self) -> String {
        plan_text(&self.plan(), &DEVICE, "nothing was sent. `offpeak apply home.yaml` sends it.", Style::Plain)
    }

    pub fn why(&self) -> String {
        why_text(&self.plan(), Style::Plain)
    }

    pub fn json(&self) -> Value {
        plan_json(&self.plan(), &DEVICE, &payload)
    }

    pub fn manual(mut self, action: Action, until: &str) -> Case {
        self.inputs.manual = Some(Override { action, until: at(until) });
        self
    }
}

/// All readings as old as this.
pub fn age(readings: &mut Snapshot, now: Instant, minutes: i64) {
    let taken = now - chrono::Duration::minutes(minutes);
    readings.soc.iter_mut().for_each(|reading| reading.taken_at = taken);
    let rest = [&mut readings.load, &mut readings.solar, &mut readings.grid, &mut readings.battery, &mut readings.ev];
    rest.into_iter().flatten().for_each(|reading| reading.taken_at = taken);
}

/// What a write would send, in miniature.
pub fn payload(settings: &Settings) -> Value {
    json!({ "sysSn": DEVICE.serial, "content": settings.to_string() })
}

/// A device that does nothing but self-consume down to 10 %.
pub fn idle() -> TwoWindow {
    schedule(&[], 95, &[], 10)
}

/// A schedule that charges and permits in these windows.
pub fn schedule(charge: &[&str], cap: u8, permissions: &[&str], floor: u8) -> TwoWindow {
    let windows = |texts: &[&str]| [0, 1].map(|index| texts.get(index).map_or(Period::UNUSED, |text| period(text)));
    TwoWindow {
        charge: ChargeSettings { grid_charge: !charge.is_empty(), windows: windows(charge), cap },
        discharge: DischargeSettings { restricted: !permissions.is_empty(), windows: windows(permissions), floor },
    }
}

pub fn period(text: &str) -> Period {
    let (from, to) = text.split_once('-').expect("a period");
    Period { from: from.parse().expect("a start"), to: to.parse().expect("an end") }
}

/// What is on the device once the night's charge was written.
pub fn night() -> TwoWindow {
    schedule(&["23:30-00:00", "00:00-05:30"], 90, &[], 10)
}
