//! The ATESS driver over the settings of a string system keeps what every driver promises.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

mod driver_suite;

use std::sync::{Arc, Mutex, MutexGuard};

use driver_suite::alphaess::period;
use driver_suite::{Bench, Line, driver_suite, morning};
use offpeak::clock::{Clock, VirtualClock};
use offpeak::device::mapping::{AtessMapping, AtessModel, PeriodMap, PowerMap, ReadingMap, SettingMap, SocMap};
use offpeak::device::window_list::Windows;
use offpeak::device::{Flag, ListWindow, Settings, Store, WindowList, WriteDevice};
use offpeak::simulator::atess::{Cloud, CloudOptions, Fault, Looks, PlantOptions};
use offpeak::snapshot::Signal;
use offpeak::time::Zone;
use offpeak::units::{Energy, Fraction, Power, Soc};
use offpeak::vendor::alphaess::BatteryLimits;
use offpeak::vendor::atess::{Battery, Enerclo};
use offpeak::vendor::credentials::AtessCredentials;
use offpeak::vendor::simulated::InProcess;

/// The serial and the token of the simulated account.
const SERIAL: &str = "ATS000000000001";
const TOKEN: &str = "atess-simulated-token";

/// A string system in London whose owner maps everything.
struct Workshop {
    cloud: Arc<Mutex<Cloud>>,
    clock: VirtualClock,
    line: Arc<Line>,
    volts: Vec<(f64, f64)>,
}

impl Workshop {
    fn new() -> Workshop {
        let looks = Looks { resistance_ohms: 0.0, ..Looks::default() };
        let volts = looks.volts.clone();
        let plant = PlantOptions { serial: SERIAL.to_owned(), looks, ..PlantOptions::default() };
        let options = CloudOptions { token: TOKEN.to_owned(), plants: vec![plant], seed: 3, ..CloudOptions::default() };
        let clock = VirtualClock::at(morning());
        let cloud = Arc::new(Mutex::new(Cloud::with_past(options, morning(), 4)));
        let inner = InProcess::new(Arc::clone(&cloud), Arc::new(clock.clone()));
        let line = Line::new(Arc::new(inner), clock.clone(), SERIAL, &[TOKEN]);
        Workshop { cloud, clock, line, volts }
    }

    fn cloud(&self) -> MutexGuard<'_, Cloud> {
        let mut cloud = self.cloud.lock().unwrap();
        cloud.advance(self.clock.now());
        cloud
    }

    fn always(&self, fault: Fault) {
        let now = self.clock.now();
        self.cloud().faults_mut().add(fault, now, now + chrono::Duration::days(1));
    }

    fn mapping(&self) -> AtessMapping {
        let power = |fields: &[&str]| {
            let fields = fields.iter().map(|field| (*field).to_owned()).collect();
            Some(PowerMap { fields, watts_per_unit: 1.0 })
        };
        let curve = self.volts.iter().map(|(percent, volts)| (*volts, Soc::from_percent(*percent).unwrap()));
        let periods = |class: &str, enable: &str| PeriodMap {
            periods: (1..=2).map(|number| format!("{class}PeriodTime{number}")).collect(),
            enable: Some(enable.to_owned()),
        };
        AtessMapping {
            model: AtessModel::String,
            readings: ReadingMap {
                battery: power(&["pac"]),
                grid: power(&["meterPower"]),
                load: power(&["loadActivePower"]),
                solar: power(&["ppv1", "ppv2", "ppv3"]),
                soc: SocMap::Voltage(curve.collect()),
            },
            settings: Some(SettingMap {
                charge: periods("valley", "chargeEnable"),
                charges_to: 100,
                permission: Some(periods("peak", "dischargeEnable")),
            }),
        }
    }
}

impl Bench for Workshop {
    fn device(&self) -> Box<dyn WriteDevice> {
        let (line, clock) = (Arc::clone(&self.line), Arc::new(self.clock.clone()));
        let (credentials, zone) = (AtessCredentials::new(TOKEN).unwrap(), Zone::named("Europe/London").unwrap());
        let power = Power::from_watts(5000.0).unwrap();
        let capacity = Energy::from_watt_hours(10_100.0).unwrap();
        let limits = BatteryLimits { capacity, charge_power: power, discharge_power: power };
        let efficiency = Fraction::from_percent(95.0).unwrap();
        let battery = Battery { limits, charge_efficiency: efficiency, discharge_efficiency: efficiency };
        Box::new(Enerclo::new(line, clock, credentials, SERIAL, zone, self.mapping(), battery))
    }

    fn line(&self) -> &Arc<Line> {
        &self.line
    }

    fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    fn truth(&self, signal: Signal) -> Option<f64> {
        let cloud = self.cloud();
        let plant = cloud.plant(SERIAL)?;
        let flows = plant.flows();
        match signal {
            Signal::Soc => Some(plant.soc()),
            Signal::Load => Some(flows.load),
            Signal::Solar => Some(flows.solar),
            Signal::Battery => Some(flows.battery),
            Signal::Grid => Some(flows.grid),
            Signal::Ev => None,
        }
    }

    fn samples(&self) -> Vec<Settings> {
        let night = ["00:00-05:30", "23:30-00:00"];
        let day = ["06:00-09:15", "16:00-00:00"];
        vec![
            list(Flag::On, &night, Flag::Off, &[]),
            list(Flag::On, &["02:15-04:45"], Flag::On, &day),
            list(Flag::Off, &night, Flag::On, &day),
            list(Flag::Off, &[], Flag::Off, &[]),
        ]
    }

    fn charge_now(&self) -> Settings {
        list(Flag::On, &["05:00-07:00"], Flag::Off, &[])
    }

    fn refuse_writes(&self) {
        self.always(Fault::ReadOnly);
    }

    fn silence(&self) {
        self.always(Fault::Frozen);
    }
}

fn list(charge: Flag, charges: &[&str], restricted: Flag, permissions: &[&str]) -> Settings {
    let windows = |texts: &[&str], limit: Option<u8>| -> Windows {
        texts.iter().map(|text| ListWindow { period: period(text), limit, ..ListWindow::default() }).collect()
    };
    let (charge_windows, permissions) = (windows(charges, Some(100)), windows(permissions, None));
    Settings::Windows(WindowList { store: Store::AtessString, charge, restricted, charge_windows, permissions })
}

driver_suite!(Workshop::new);
