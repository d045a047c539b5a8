//! The stores that the program is driven against, and what a scenario has to know of each.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use offpeak::device::Object;
use offpeak::simulator::atess;
use offpeak::simulator::{
    Cloud, CloudOptions, FaultPlan, LogEntry, PeriodicOptions, Region, Serving, SystemOptions, serve_cloud,
};
use offpeak::vendor::alphaess::write_endpoint;
use tokio::runtime::Runtime;

use super::{Instant, SECRET, SERIAL, Setup, at, night};

/// The simulator's usual serial of an ATESS.
const ATESS_SERIAL: &str = "ATS000000000001";

/// What stands under `device:` for an ATESS.
const ATESS_DEVICE: &str = "  driver: atess
  serial: ATS000000000001
  url: {url}
  model: string
  readings:
    battery: { field: pac, positive: discharge, unit: W }
    grid: { field: meterPower, positive: import, unit: W }
    load: { field: loadActivePower, unit: W }
    solar: { sum of: [ppv1, ppv2, ppv3], unit: W }
    soc: { voltage: { 440: 0%, 448: 0%, 496: 10%, 520: 50%, 536: 90%, 568: 100%, 576: 100% } }
  settings:
    charge: { periods: [valleyPeriodTime1, valleyPeriodTime2], enable: chargeEnable, charges to: 100% }
    permission: { periods: [peakPeriodTime1, peakPeriodTime2], enable: dischargeEnable }
";

/// Which store holds the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    /// AlphaESS, two windows and a cap each for charge and discharge.
    TwoWindow,
    /// AlphaESS, the newer list of windows.
    Periodic,
    /// ATESS, the mapped settings of a string system.
    Atess,
}

/// What is being served.
pub(crate) enum Served {
    AlphaEss(Serving<Cloud>),
    Atess(Serving<atess::Cloud>),
}

/// The cloud itself, for a look behind its API.
pub(crate) enum Behind {
    AlphaEss(Arc<Mutex<Cloud>>),
    Atess(Arc<Mutex<atess::Cloud>>),
}

impl On {
    /// The night tariff with the device and the target of this store.
    pub(crate) fn night(self, limits: &str) -> String {
        let text = night(limits);
        match self {
            On::TwoWindow => text,
            On::Periodic => text.replace("  url: {url}\n", "  url: {url}\n  store: periodic\n"),
            On::Atess => {
                let ours = format!("  driver: alphaess\n  serial: {SERIAL}\n  url: {{url}}\n");
                text.replace(&ours, ATESS_DEVICE).replace("charge to 90%", "charge to 100%")
            }
        }
    }

    /// To how many percent its night charges.
    pub(crate) fn target(self) -> u8 {
        if self == On::Atess { 100 } else { 90 }
    }

    /// What a plan names of a write of the night.
    pub(crate) fn write_key(self) -> &'static str {
        match self {
            On::TwoWindow => "gridCharge",
            On::Periodic => "setTimeChargeBySn",
            On::Atess => "small-setting",
        }
    }

    /// The vendor's endpoint of the readings.
    pub(crate) fn readings(self) -> &'static str {
        if self == On::Atess { "data-last-small" } else { "getLastPowerData" }
    }

    /// The variable of the secret.
    pub(crate) fn secret_variable(self) -> &'static str {
        if self == On::Atess { "OFFPEAK_ATESS_TOKEN" } else { "OFFPEAK_ALPHAESS_APP_SECRET" }
    }

    /// The fault under which every read is refused as one too many.
    pub(crate) fn too_fast(self) -> &'static str {
        if self == On::Atess { "too-many-requests" } else { "too-fast-reads" }
    }

    /// The fault under which every call is refused for want of a right.
    pub(crate) fn not_allowed(self) -> &'static str {
        if self == On::Atess { "no-access" } else { "not-allowed" }
    }

    /// The fault under which every write is refused for good.
    pub(crate) fn refused_for_good(self) -> &'static str {
        if self == On::Atess { "read-only" } else { "malformed" }
    }

    /// What someone else does with a thumb: the control, its body, and a word of the alarm about it.
    pub(crate) fn edit(self) -> (&'static str, &'static str, &'static str) {
        let list = r#"{"gridChargeCycle":1,"chargeTimeList":[{"beginTime":"00:00","endTime":"05:30","chargePower":5000,"chargeLimit":55}]}"#;
        match self {
            On::TwoWindow => ("schedule", r#"{"batHighCap":55}"#, "55 %"),
            On::Periodic => ("periodic", list, "55 %"),
            On::Atess => ("schedule", r#"{"valleyPeriodTime1":"12:00-13:30"}"#, "12:00"),
        }
    }

    /// An owner's own night, by the control that sets it.
    pub(crate) fn owners_night(self) -> (&'static str, &'static str) {
        match self {
            On::TwoWindow => (
                "schedule",
                r#"{"gridCharge":1,"timeChaf1":"02:00","timeChae1":"04:00","batHighCap":75,"batUseCap":15}"#,
            ),
            On::Periodic => (
                "periodic",
                r#"{"gridChargeCycle":1,"chargeTimeList":[{"beginTime":"02:00","endTime":"04:00","chargePower":3000,"chargeLimit":75}]}"#,
            ),
            On::Atess => ("schedule", r#"{"chargeEnable":1,"valleyPeriodTime1":"02:00-04:00"}"#),
        }
    }

    /// The action of a weekend that differs from that of the other nights.
    pub(crate) fn weekend(self) -> &'static str {
        if self == On::Atess { "hold" } else { "charge to 60%" }
    }

    /// How many writes each day has, where the rule of the weekend comes before that of every night. Two windows hold one
    /// night: Friday's is the first, Saturday's is another, Sunday's the same, Monday's another; from then on all are the same.
    /// A list of windows holds the whole week.
    pub(crate) fn writes_by_day(self) -> [usize; 8] {
        if self == On::Periodic { [1, 0, 0, 0, 0, 0, 0, 0] } else { [1, 1, 0, 1, 0, 0, 0, 0] }
    }

    /// Seconds from an intent to its write at the most: an ATESS is read before, in its turn.
    pub(crate) fn write_takes(self) -> i64 {
        if self == On::Atess { 120 } else { 0 }
    }

    /// The endpoint of a write.
    pub(crate) fn write_endpoint(self, object: Object) -> &'static str {
        if self == On::Atess { "hps/small-setting" } else { write_endpoint(object) }
    }

    /// Serves the house of a test.
    pub(super) fn serve(self, runtime: &Runtime, setup: &Setup) -> Served {
        let (start, hours) = (at(setup.start), setup.past_hours);
        if self == On::Atess {
            let options =
                atess::CloudOptions { token: SECRET.to_owned(), seed: setup.seed, ..atess::CloudOptions::default() };
            let cloud = atess::Cloud::with_past(options, start, hours);
            return Served::Atess(runtime.block_on(serve_cloud(cloud, 0, setup.speed, start)).expect("a port"));
        }
        let periodic = PeriodicOptions::of(setup.region);
        let systems = vec![SystemOptions { periodic, ..SystemOptions::default() }];
        let options =
            CloudOptions { app_secret: SECRET.to_owned(), seed: setup.seed, systems, ..CloudOptions::default() };
        let cloud = Cloud::with_past(options, start, hours);
        Served::AlphaEss(runtime.block_on(serve_cloud(cloud, 0, setup.speed, start)).expect("a port"))
    }

    /// The region in which this store has an effect.
    pub(super) fn region(self) -> Region {
        if self == On::Periodic { Region::Periodic } else { Region::TwoWindow }
    }

    /// The path of the vendor's API at a server.
    pub(super) fn base(self) -> &'static str {
        if self == On::Atess { "api/v1" } else { "api" }
    }
}

impl Served {
    pub(super) fn clock_url(&self) -> &str {
        match self {
            Served::AlphaEss(serving) => &serving.clock_url,
            Served::Atess(serving) => &serving.clock_url,
        }
    }

    pub(super) fn url(&self) -> &str {
        match self {
            Served::AlphaEss(serving) => &serving.url,
            Served::Atess(serving) => &serving.url,
        }
    }

    pub(super) fn behind(&self) -> Behind {
        match self {
            Served::AlphaEss(serving) => Behind::AlphaEss(serving.cloud()),
            Served::Atess(serving) => Behind::Atess(serving.cloud()),
        }
    }

    pub(super) async fn stop(self) {
        match self {
            Served::AlphaEss(serving) => drop(serving.stop().await),
            Served::Atess(serving) => drop(serving.stop().await),
        }
    }
}

impl Behind {
    /// The AlphaESS cloud, where it is one.
    pub(super) fn alphaess(&self) -> MutexGuard<'_, Cloud> {
        match self {
            Behind::AlphaEss(cloud) => lock(cloud),
            Behind::Atess(_) => panic!("this house has an ATESS"),
        }
    }

    pub(super) fn set_faults(&self, list: &str) {
        match self {
            Behind::AlphaEss(cloud) => *lock(cloud).faults_mut() = FaultPlan::parse(list, 1).expect("faults"),
            Behind::Atess(cloud) => *lock(cloud).faults_mut() = atess::FaultPlan::parse(list, 1).expect("faults"),
        }
    }

    /// Every request that arrived, oldest first; which fault had a part in it is left out.
    pub(super) fn log(&self) -> Vec<LogEntry> {
        match self {
            Behind::AlphaEss(cloud) => lock(cloud).log().iter().cloned().collect(),
            Behind::Atess(cloud) => lock(cloud).log().iter().cloned().map(without_faults).collect(),
        }
    }

    pub(super) fn met(&self, fault: &str) -> u64 {
        let met = match self {
            Behind::AlphaEss(cloud) => lock(cloud).met(),
            Behind::Atess(cloud) => lock(cloud).met(),
        };
        met.get(fault).copied().unwrap_or_default()
    }

    pub(super) fn soc(&self) -> f64 {
        match self {
            Behind::AlphaEss(cloud) => lock(cloud).world(SERIAL).expect("a world").soc(),
            Behind::Atess(cloud) => lock(cloud).plant(ATESS_SERIAL).expect("a plant").soc(),
        }
    }

    pub(super) fn set_soc(&self, percent: f64) {
        match self {
            Behind::AlphaEss(cloud) => {
                lock(cloud).world_mut(SERIAL).expect("a world").battery_mut().set_soc(percent);
            }
            Behind::Atess(cloud) => {
                lock(cloud).plant_mut(ATESS_SERIAL).expect("a plant").battery_mut().set_soc(percent);
            }
        }
    }

    /// What the battery has taken from the grid, in kWh; of an ATESS what it has taken since midnight, at night the same.
    pub(super) fn charged(&self) -> f64 {
        match self {
            Behind::AlphaEss(cloud) => lock(cloud).world(SERIAL).expect("a world").meters().grid_charge,
            Behind::Atess(cloud) => lock(cloud).plant(ATESS_SERIAL).expect("a plant").total().charge.kwh,
        }
    }

    /// What the cloud stores in this store, and whether it charges from the grid.
    pub(super) fn stored(&self, on: On) -> (String, bool) {
        match self {
            Behind::AlphaEss(cloud) if on == On::Periodic => {
                let cloud = lock(cloud);
                let mut stored = cloud.stored_periodic(SERIAL).expect("a schedule").clone();
                // A list may not be empty in a call: what stands for none of it says nothing.
                stored.charge.retain(|window| !window.is_unused());
                stored.discharge.retain(|window| !window.is_unused());
                (format!("{stored:?}"), stored.grid_charge && !stored.charge.is_empty())
            }
            Behind::AlphaEss(cloud) => {
                let stored = lock(cloud).stored(SERIAL).expect("a schedule");
                (format!("{stored:?}"), stored.charge.enabled)
            }
            Behind::Atess(cloud) => {
                let cloud = lock(cloud);
                let stored = cloud.stored(ATESS_SERIAL).expect("settings");
                (format!("{stored:?}"), stored[atess::settings::CHARGE_ENABLE] == 1)
            }
        }
    }

    /// What the device holds in truth.
    pub(super) fn device(&self, on: On) -> String {
        match self {
            Behind::AlphaEss(cloud) if on == On::Periodic => {
                format!("{:?}", lock(cloud).world(SERIAL).expect("a world").periodic_copy())
            }
            Behind::AlphaEss(cloud) => format!("{:?}", lock(cloud).world(SERIAL).expect("a world").device_copy()),
            Behind::Atess(cloud) => format!("{:?}", lock(cloud).plant(ATESS_SERIAL).expect("a plant").settings()),
        }
    }

    pub(super) fn now(&self) -> Instant {
        match self {
            Behind::AlphaEss(cloud) => lock(cloud).now(),
            Behind::Atess(cloud) => lock(cloud).now(),
        }
    }
}

fn without_faults(entry: LogEntry<atess::Fault>) -> LogEntry {
    let LogEntry { second, method, path, body, status, code, lost, stored, .. } = entry;
    LogEntry { second, method, path, body, status, code, lost, stored, faults: Vec::new() }
}

fn lock<C>(cloud: &Mutex<C>) -> MutexGuard<'_, C> {
    cloud.lock().unwrap_or_else(PoisonError::into_inner)
}
