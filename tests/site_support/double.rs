//! The simulated cloud of whichever vendor, and what of it the drive and the oracle need.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use offpeak::clock::Clock;
use offpeak::device::{Store, WriteDevice};
use offpeak::policy::Policy;
use offpeak::simulator::atess;
use offpeak::simulator::device::{DeviceModel, EmptyRestriction, Overlap, Wrap};
use offpeak::simulator::periodic::{PeriodCount, PeriodicModel, PeriodicOptions, PeriodicRules, PeriodicSchedule};
use offpeak::simulator::periodic::{PeriodicWindow, Powerless, Region, Weekdays};
use offpeak::simulator::store::{Half, Period, Schedule};
use offpeak::simulator::{Answer, Answers, Call, Cloud, CloudOptions, FaultPlan};
use offpeak::simulator::{LimitCode, LimitScope, Limits, Numbers, SystemOptions};
use offpeak::time::{Instant, Zone};
use offpeak::vendor::alphaess::{AlphaEss, BatteryLimits, Memory};
use offpeak::vendor::atess::{Battery, Enerclo, Memory as AtessMemory};
use offpeak::vendor::credentials::{AlphaEssCredentials, AtessCredentials};
use offpeak::vendor::transport::Transport;
use serde_json::{Value, json};

use super::family::{Family, SERIAL, Soc};
use super::laid::Held;
use super::lists::{of_atess, of_periodic};

/// The share of time that is spent in faults.
const SHARE: f64 = 0.05;

/// How many hours a world has lived before the site begins.
const PAST_HOURS: u16 = 6;

/// The cloud of a store.
pub(crate) enum Double {
    TwoWindow(Cloud),
    Periodic(Cloud),
    /// With the percentage that the plant charges to.
    Atess(atess::Cloud, u8),
}

impl Answers for Double {
    const BASE: &'static str = "";

    fn handle(&mut self, call: &Call, now: Instant) -> Answer {
        match self {
            Double::TwoWindow(cloud) | Double::Periodic(cloud) => cloud.handle(call, now),
            Double::Atess(cloud, _) => cloud.handle(call, now),
        }
    }

    fn advance(&mut self, now: Instant) {
        match self {
            Double::TwoWindow(cloud) | Double::Periodic(cloud) => cloud.advance(now),
            Double::Atess(cloud, _) => cloud.advance(now),
        }
    }

    fn forgive(&mut self, _: u32) {}

    fn control(&mut self, _: &str, _: &str, _: &str, _: Instant) -> (u16, String) {
        (404, String::new())
    }
}

impl Double {
    /// A world for a policy, with the named faults or else with seeded ones. What the policy says of the world as it is, it
    /// then says.
    pub(crate) fn new(
        random: &mut fastrand::Rng,
        family: &mut Family,
        start: DateTime<Utc>,
        faults: Option<&str>,
        seed: u64,
    ) -> Double {
        match family.store {
            Store::AtessString => {
                let plan = match faults {
                    Some(named) => atess::FaultPlan::parse(named, seed).expect("a plan of faults"),
                    None => atess::FaultPlan::seeded(seed, SHARE),
                };
                let cloud = atess::Cloud::with_past(atess_options(random, family, plan, seed), start, PAST_HOURS);
                let plant = cloud.plant(SERIAL).expect("a plant");
                if let Soc::Counted(origin) = &mut family.soc {
                    let total = plant.total();
                    // As the owner reads them off.
                    let hundredths = |value: f64| (value * 100.0).round() / 100.0;
                    *origin = [plant.soc(), total.charge.kwh, total.discharge.kwh].map(hundredths);
                }
                Double::Atess(cloud, family.charges_to)
            }
            _ => {
                let plan = match faults {
                    Some(named) => FaultPlan::parse(named, seed).expect("a plan of faults"),
                    None => FaultPlan::seeded(seed, SHARE),
                };
                let options = options(random, family, plan, seed);
                let double = if family.store == Store::Periodic { Double::Periodic } else { Double::TwoWindow };
                double(Cloud::with_past(options, start, PAST_HOURS))
            }
        }
    }

    pub(crate) fn held(&self, serial: &str) -> Held {
        match self {
            Double::TwoWindow(cloud) => Held::TwoWindow(cloud.stored(serial).expect("a system")),
            Double::Periodic(cloud) => {
                Held::Lists(Box::new(of_periodic(cloud.stored_periodic(serial).expect("a system"))))
            }
            Double::Atess(cloud, charges_to) => {
                Held::Lists(Box::new(of_atess(cloud.stored(serial).expect("a plant"), *charges_to)))
            }
        }
    }

    /// Whether the newest request changed what is stored.
    pub(crate) fn has_just_stored(&self) -> bool {
        match self {
            Double::TwoWindow(cloud) | Double::Periodic(cloud) => cloud.log().back().is_some_and(|entry| entry.stored),
            Double::Atess(cloud, _) => cloud.log().back().is_some_and(|entry| entry.stored),
        }
    }

    pub(crate) fn met(&self) -> BTreeMap<&'static str, u64> {
        match self {
            Double::TwoWindow(cloud) | Double::Periodic(cloud) => cloud.met(),
            Double::Atess(cloud, _) => cloud.met(),
        }
    }

    /// Someone writes the store behind the engine's back.
    pub(crate) fn someone_edits(&mut self, random: &mut fastrand::Rng, serial: &str, now: DateTime<Utc>) {
        let number = random.u8(0..5);
        match self {
            Double::TwoWindow(cloud) => cloud.edit(serial, &two_window_edit(number), now).expect("an edit"),
            Double::Periodic(cloud) => {
                let edited = cloud.edit_periodic(serial, &periodic_edit(number), now);
                // What would overlap with what stands there is cleared instead.
                edited.or_else(|_| cloud.edit_periodic(serial, &periodic_edit(4), now)).expect("an edit");
            }
            Double::Atess(cloud, _) => {
                let edit = atess_edit(number);
                cloud.edit(serial, edit.as_object().expect("an object"), now).expect("an edit");
            }
        }
    }
}

fn two_window_edit(number: u8) -> Value {
    match number {
        0 => json!({ "gridCharge": 1, "timeChaf1": "13:00", "timeChae1": "14:30", "batHighCap": 75 }),
        1 => json!({ "gridCharge": 0 }),
        2 => json!({ "batUseCap": 35 }),
        3 => {
            json!({ "ctrDis": 1, "timeDisf1": "17:00", "timeDise1": "21:00", "timeDisf2": "00:00", "timeDise2": "00:00" })
        }
        _ => json!({ "ctrDis": 0, "batUseCap": 5 }),
    }
}

/// The second changes what no read tells.
fn periodic_edit(number: u8) -> Value {
    let window = |from: &str, to: &str, watts: u32, limit: u8| json!([{ "beginTime": from, "endTime": to, "weeks": null, "chargePower": watts, "chargeLimit": limit }]);
    let lists = |charge: Value, discharge: Value| {
        json!({
            "executeCycleType": 0,
            "gridChargeCycle": u8::from(charge != json!([])),
            "ctrDisCycle": u8::from(discharge != json!([])),
            "chargeTimeList": charge,
            "dischargeTimeList": discharge,
        })
    };
    match number {
        0 => {
            let lunch = window("13:00", "14:30", 3000, 75);
            json!({ "executeCycleType": 0, "gridChargeCycle": 1, "chargeTimeList": lunch })
        }
        1 => json!({ "gridChargeCycle": 0 }),
        2 => lists(json!([]), window("06:00", "00:00", 10_000, 35)),
        3 => {
            json!({ "executeCycleType": 0, "ctrDisCycle": 1, "dischargeTimeList": window("09:00", "12:00", 10_000, 10) })
        }
        _ => lists(json!([]), json!([])),
    }
}

fn atess_edit(number: u8) -> Value {
    match number {
        0 => json!({ "chargeEnable": 1, "valleyPeriodTime1": "13:00-14:30" }),
        1 => json!({ "chargeEnable": 0 }),
        2 => json!({ "maxChargeCurr": 20.0 }),
        3 => {
            json!({ "dischargeEnable": 1, "peakPeriodTime1": "17:00-21:00", "peakPeriodTime2": "00:00-00:00" })
        }
        _ => json!({ "dischargeEnable": 0, "valleyPeriodTime2": "11:07-12:00" }),
    }
}

/// The driver of a policy's store.
pub(crate) fn device(
    cloud: &Double,
    line: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    policy: &Policy,
    seed: u64,
    kept: Option<&str>,
) -> Box<dyn WriteDevice> {
    let battery = &policy.battery;
    let limits = BatteryLimits {
        capacity: battery.capacity,
        charge_power: battery.charge_power,
        discharge_power: battery.discharge_power,
    };
    let (serial, zone) = (policy.device.serial.as_str(), policy.zone.clone());
    match cloud {
        Double::TwoWindow(cloud) | Double::Periodic(cloud) => {
            let credentials = AlphaEssCredentials::new(cloud.app_id(), cloud.app_secret()).expect("credentials");
            let device = AlphaEss::new(line, clock, credentials, serial, zone, Some(limits)).with_seed(seed);
            let device = device.with_store(policy.device.kind.chosen_store().or(Some(Store::TwoWindow)));
            Box::new(match kept.and_then(Memory::from_text) {
                Some(memory) => device.with_memory(memory),
                None => device,
            })
        }
        Double::Atess(cloud, _) => {
            let credentials = AtessCredentials::new(cloud.token()).expect("a token");
            let offpeak::device::DeviceKind::Atess(mapping) = &policy.device.kind else { panic!("no ATESS") };
            let battery = Battery {
                limits,
                charge_efficiency: battery.charge_efficiency,
                discharge_efficiency: battery.discharge_efficiency,
            };
            let mapping = mapping.as_ref().clone();
            let device = Enerclo::new(line, clock, credentials, serial, zone, mapping, battery);
            Box::new(match kept.and_then(AtessMemory::from_text) {
                Some(memory) => device.with_memory(memory),
                None => device,
            })
        }
    }
}

/// How often writes may come, in seconds.
const WRITE_SECONDS: [u32; 6] = [0, 0, 0, 30, 600, 86_400];

const NUMBERS: [Numbers; 3] = [Numbers::Floats, Numbers::Integers, Numbers::Strings];

const WRAPS: [Wrap; 3] = [Wrap::AcrossMidnight, Wrap::UntilMidnight, Wrap::Ignored];

fn zone(family: &Family) -> Zone {
    Zone::named(family.zone.name()).expect("a zone")
}

fn options(random: &mut fastrand::Rng, family: &Family, faults: FaultPlan, seed: u64) -> CloudOptions {
    let model = DeviceModel {
        overlap: if random.bool() { Overlap::ChargeWins } else { Overlap::DischargeWins },
        wrap: WRAPS[random.usize(0..3)],
        empty_restriction: if random.bool() { EmptyRestriction::Unrestricted } else { EmptyRestriction::Hold },
        sun_above_cap: random.bool(),
        least_cap: if random.u8(0..4) == 0 { 25 } else { 10 },
        ..DeviceModel::default()
    };
    let mut schedule = Schedule::default();
    match random.u8(0..4) {
        0 => {
            let left = [Period { from: 660, to: 780 }, Period::default()];
            schedule.charge = Half { enabled: true, periods: left, percent: 60 };
        }
        1 => {
            let left = [Period { from: 420, to: 600 }, Period { from: 960, to: 0 }];
            schedule.discharge = Half { enabled: true, periods: left, percent: 10 };
        }
        _ => {}
    }
    let mut system = SystemOptions {
        serial: SERIAL.to_owned(),
        zone: zone(family),
        model,
        schedule,
        numbers: NUMBERS[random.usize(0..3)],
        ..SystemOptions::default()
    };
    system.battery.set_soc(f64::from(random.u8(12..100)));
    let limits = Limits {
        write_seconds: WRITE_SECONDS[random.usize(0..6)],
        write_scope: if random.bool() { LimitScope::Serial } else { LimitScope::Account },
        write_code: if random.bool() { LimitCode::TooFast } else { LimitCode::SetFailed },
        ..Limits::default()
    };
    if family.store == Store::Periodic {
        system.periodic = periodic_options(random);
    }
    CloudOptions { systems: vec![system], faults, limits, seed, ..CloudOptions::default() }
}

fn periodic_options(random: &mut fastrand::Rng) -> PeriodicOptions {
    let region = if random.bool() { Region::Periodic } else { Region::Both };
    let left = |from, to, watts, limit| PeriodicWindow {
        period: Period { from, to },
        weekdays: Weekdays::of(&[1, 2, 3, 4, 5]).expect("days"),
        watts,
        limit,
    };
    let mut schedule = PeriodicSchedule { weekly: true, ..PeriodicSchedule::default() };
    match random.u8(0..4) {
        0 => (schedule.grid_charge, schedule.charge) = (true, vec![left(660, 780, 3000, 60)]),
        1 => {
            let permissions = vec![left(420, 600, 5000, 10), left(960, 0, 5000, 10)];
            (schedule.control_discharge, schedule.discharge) = (true, permissions);
        }
        _ => {}
    }
    let rules = PeriodicRules {
        count: if random.bool() { PeriodCount::BothLists } else { PeriodCount::EachList },
        refuses_read_fields: random.bool(),
        ..PeriodicRules::default()
    };
    let model = PeriodicModel {
        powerless: if random.bool() { Powerless::Inert } else { Powerless::Hold },
        discharge_wants_power: random.bool(),
        ..PeriodicModel::default()
    };
    PeriodicOptions { rules, model, schedule, ..PeriodicOptions::of(region) }
}

fn atess_options(
    random: &mut fastrand::Rng,
    family: &Family,
    faults: atess::FaultPlan,
    seed: u64,
) -> atess::CloudOptions {
    let model = atess::device::DeviceModel {
        overlap: if random.bool() { Overlap::ChargeWins } else { Overlap::DischargeWins },
        wrap: WRAPS[random.usize(0..3)],
        empty_restriction: if random.bool() { EmptyRestriction::Unrestricted } else { EmptyRestriction::Hold },
        off_grid: if random.bool() { atess::device::OffGrid::Ignored } else { atess::device::OffGrid::Taken },
        limit_percent: family.charges_to,
        ..atess::device::DeviceModel::default()
    };
    let period = |text: &str| atess::settings::Period::read(text).expect("a period");
    let mut settings = atess::settings::Settings::default();
    match random.u8(0..4) {
        0 => (settings.charge_enable, settings.valley) = (true, vec![period("11:00-13:00")]),
        1 => {
            let left = vec![period("07:00-10:00"), period("16:00-00:00")];
            (settings.discharge_enable, settings.peak) = (true, left);
        }
        _ => {}
    }
    let looks = atess::Looks { numbers: NUMBERS[random.usize(0..3)], ..family.looks.clone() };
    let mut plant = atess::PlantOptions {
        serial: SERIAL.to_owned(),
        zone: zone(family),
        model,
        settings,
        looks,
        upload_minutes: [1, 1, 5][random.usize(0..3)],
        ..atess::PlantOptions::default()
    };
    plant.battery.set_soc(f64::from(random.u8(12..100)));
    let manners = atess::Manners {
        success: [atess::SuccessCode::Both, atess::SuccessCode::Zero, atess::SuccessCode::TwoHundred]
            [random.usize(0..3)],
        missing_keys: [atess::MissingKeys::Erased, atess::MissingKeys::Refused, atess::MissingKeys::Kept]
            [random.usize(0..3)],
        read_seconds: [0, 10, 30][random.usize(0..3)],
        write_seconds: WRITE_SECONDS[random.usize(0..6)],
        too_early: if random.bool() { atess::TooEarly::Code500 } else { atess::TooEarly::Http429 },
        ..atess::Manners::default()
    };
    atess::CloudOptions { plants: vec![plant], faults, manners, seed, ..atess::CloudOptions::default() }
}
