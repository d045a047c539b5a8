//! An AlphaESS system and its simulated cloud, for the suite.

use std::sync::{Arc, Mutex, MutexGuard};

use offpeak::clock::{Clock, VirtualClock};
use offpeak::device::{ChargeSettings, DischargeSettings, Period, Settings, WriteDevice};
use offpeak::simulator::{Cloud, CloudOptions, Fault, SystemOptions};
use offpeak::snapshot::Signal;
use offpeak::time::Zone;
use offpeak::vendor::alphaess::AlphaEss;
use offpeak::vendor::credentials::AlphaEssCredentials;
use offpeak::vendor::simulated::InProcess;

use super::{Bench, Line, morning};

/// An AlphaESS system in London, driven through its two-window store.
pub(crate) struct TwoWindow {
    cloud: Arc<Mutex<Cloud>>,
    clock: VirtualClock,
    line: Arc<Line>,
    serial: String,
    credentials: (String, String),
}

impl TwoWindow {
    pub(crate) fn new() -> TwoWindow {
        let system = SystemOptions::default();
        let serial = system.serial.clone();
        let options = CloudOptions { systems: vec![system], seed: 3, ..CloudOptions::default() };
        let credentials = (options.app_id.clone(), options.app_secret.clone());
        let clock = VirtualClock::at(morning());
        let cloud = Arc::new(Mutex::new(Cloud::with_past(options, morning(), 4)));
        let inner = InProcess::new(Arc::clone(&cloud), Arc::new(clock.clone()));
        let line = Line::new(Arc::new(inner), clock.clone(), &serial, &[&credentials.0, &credentials.1]);
        TwoWindow { cloud, clock, line, serial, credentials }
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

impl Bench for TwoWindow {
    fn device(&self) -> Box<dyn WriteDevice> {
        let credentials = AlphaEssCredentials::new(&self.credentials.0, &self.credentials.1).unwrap();
        let (line, clock) = (Arc::clone(&self.line), Arc::new(self.clock.clone()));
        let zone = Zone::named("Europe/London").unwrap();
        Box::new(AlphaEss::new(line, clock, credentials, &self.serial, zone, None).with_seed(5))
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

    fn charge_now(&self) -> Settings {
        let windows = [period("05:00-07:00"), Period::UNUSED];
        Settings::Charge(ChargeSettings { grid_charge: true, windows, cap: 100 })
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
