//! An AlphaESS system and its simulated cloud, for the suite.

use std::sync::{Arc, Mutex, MutexGuard};

use offpeak::clock::{Clock, VirtualClock};
use offpeak::device::window_list::Windows;
use offpeak::device::{
    ChargeSettings, DischargeSettings, Flag, ListWindow, Period, Settings, Store, WindowList, WriteDevice,
};
use offpeak::simulator::{Cloud, CloudOptions, Fault, SystemOptions};
use offpeak::snapshot::Signal;
use offpeak::time::{Weekdays, Zone};
use offpeak::vendor::alphaess::AlphaEss;
use offpeak::vendor::credentials::AlphaEssCredentials;
use offpeak::vendor::simulated::InProcess;

use super::{Bench, Line, morning};

/// An AlphaESS system in London, driven through one of its stores.
pub(crate) struct Home {
    cloud: Arc<Mutex<Cloud>>,
    clock: VirtualClock,
    line: Arc<Line>,
    serial: String,
    store: Store,
    credentials: (String, String),
}

impl Home {
    /// Driven through its two-window store.
    pub(crate) fn two_window() -> Home {
        Home::of(SystemOptions::default(), Store::TwoWindow)
    }

    /// A simulated system, driven through a store that has an effect on it.
    pub(crate) fn of(system: SystemOptions, store: Store) -> Home {
        let serial = system.serial.clone();
        let options = CloudOptions { systems: vec![system], seed: 3, ..CloudOptions::default() };
        let credentials = (options.app_id.clone(), options.app_secret.clone());
        let clock = VirtualClock::at(morning());
        let cloud = Arc::new(Mutex::new(Cloud::with_past(options, morning(), 4)));
        let inner = InProcess::new(Arc::clone(&cloud), Arc::new(clock.clone()));
        let line = Line::new(Arc::new(inner), clock.clone(), &serial, &[&credentials.0, &credentials.1]);
        Home { cloud, clock, line, serial, store, credentials }
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
}

impl Bench for Home {
    fn device(&self) -> Box<dyn WriteDevice> {
        let credentials = AlphaEssCredentials::new(&self.credentials.0, &self.credentials.1).unwrap();
        let (line, clock) = (Arc::clone(&self.line), Arc::new(self.clock.clone()));
        let zone = Zone::named("Europe/London").unwrap();
        Box::new(
            AlphaEss::new(line, clock, credentials, &self.serial, zone, None).with_store(Some(self.store)).with_seed(5),
        )
    }

    fn line(&self) -> &Arc<Line> {
        &self.line
    }

    fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    fn truth(&self, signal: Signal) -> Option<f64> {
        let cloud = self.cloud();
        let world = cloud.world(&self.serial)?;
        let flows = world.flows();
        Some(match signal {
            Signal::Soc => world.soc(),
            Signal::Load => flows.load,
            Signal::Solar => flows.solar,
            Signal::Battery => flows.battery,
            Signal::Grid => flows.grid,
            Signal::Ev => flows.ev,
        })
    }

    fn samples(&self) -> Vec<Settings> {
        match self.store {
            Store::Periodic => periodic_samples(),
            _ => two_window_samples(),
        }
    }

    fn charge_now(&self) -> Settings {
        let windows = [period("05:00-07:00"), Period::UNUSED];
        match self.store {
            Store::Periodic => list(Flag::On, &[window("05:00-07:00", 100, Some(5000))], Flag::Off, &[]),
            _ => Settings::Charge(ChargeSettings { grid_charge: true, windows, cap: 100 }),
        }
    }

    fn refuse_writes(&self) {
        self.always(Fault::Malformed);
    }

    fn silence(&self) {
        self.always(Fault::Frozen);
    }
}

pub(crate) fn period(text: &str) -> Period {
    let (from, to) = text.split_once('-').unwrap();
    Period { from: from.parse().unwrap(), to: to.parse().unwrap() }
}

fn two_window_samples() -> Vec<Settings> {
    let night = [period("23:30-00:00"), period("00:00-05:30")];
    let charge = ChargeSettings { grid_charge: true, windows: night, cap: 90 };
    let day = [period("06:00-09:15"), period("16:00-00:00")];
    let discharge = DischargeSettings { restricted: true, windows: day, floor: 20 };
    vec![
        Settings::Charge(charge),
        Settings::Charge(ChargeSettings { grid_charge: false, ..charge }),
        Settings::Charge(ChargeSettings { windows: [period("02:15-04:45"), Period::UNUSED], cap: 10, ..charge }),
        Settings::Discharge(discharge),
        Settings::Discharge(DischargeSettings { restricted: false, floor: 100, ..discharge }),
        Settings::Discharge(DischargeSettings { windows: [Period::UNUSED; 2], floor: 0, ..discharge }),
    ]
}

fn periodic_samples() -> Vec<Settings> {
    let night = [window("00:00-05:30", 90, Some(3000)), window("23:30-00:00", 80, Some(5000))];
    let weekend = ListWindow { days: Weekdays::WEEKENDS, ..window("12:00-14:00", 100, Some(1500)) };
    let day = [window("06:00-09:15", 20, None), window("16:00-00:00", 30, None)];
    vec![
        list(Flag::On, &night, Flag::Off, &[]),
        list(Flag::On, &[weekend, night[0]], Flag::On, &day),
        // Windows of both lists that overlap are refused even where a switch is off.
        list(Flag::Off, &night[..1], Flag::On, &day),
        list(Flag::Off, &[], Flag::Off, &[]),
    ]
}

fn window(text: &str, limit: u8, power: Option<u32>) -> ListWindow {
    ListWindow { period: period(text), limit: Some(limit), power, ..ListWindow::default() }
}

fn list(charge: Flag, charges: &[ListWindow], restricted: Flag, permissions: &[ListWindow]) -> Settings {
    let windows = |windows: &[ListWindow]| windows.iter().copied().collect::<Windows>();
    let (charge_windows, permissions) = (windows(charges), windows(permissions));
    Settings::Windows(WindowList { store: Store::Periodic, charge, restricted, charge_windows, permissions })
}
