//! The simulated world of a state folder: a second look finds what the first one wrote.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::device::Store;
use crate::simulator::battery::Battery;
use crate::simulator::{Cloud, CloudOptions, FaultPlan, Region, SystemOptions};
use crate::time::{Instant, Zone};
use crate::units::{Energy, Fraction, Power};

/// How many hours a new world has lived before anyone looks at it: its history is not empty.
const PAST_HOURS: u16 = 2;

/// Share of the capacity with which a new world begins.
const FIRST_CHARGE: f64 = 0.8;

/// A simulated cloud with the file in which it is kept.
#[derive(Clone)]
pub struct Kept {
    cloud: Arc<Mutex<Cloud>>,
    path: Option<PathBuf>,
}

/// The home that a new world is made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Home {
    /// The serial number of its system.
    pub serial: String,
    /// Where its wall clock hangs.
    pub zone: Zone,
    /// What its battery stores.
    pub capacity: Energy,
    /// The most that the battery takes.
    pub charge_power: Power,
    /// The most that the battery gives.
    pub discharge_power: Power,
    /// Stored per taken.
    pub charge_efficiency: Fraction,
    /// Given per stored.
    pub discharge_efficiency: Fraction,
    /// From where weather and household grow.
    pub seed: u64,
}

/// Why the world could not be kept or found again.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is none of ours.
    #[error("{path}: {reason}; remove the file to begin with a new world")]
    Damaged {
        /// Which file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Kept {
    /// The world of a state folder, or a new one that begins now. Without a folder it ends with the process.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn open(folder: Option<&Path>, home: &Home, now: Instant) -> Result<Kept, KeptError> {
        let path = folder.map(|folder| folder.join(format!("{}.json", home.serial)));
        let cloud = match path.as_ref().filter(|path| path.exists()) {
            Some(path) => read(path)?,
            None => new(home, now),
        };
        Ok(Kept { cloud: Arc::new(Mutex::new(cloud)), path })
    }

    /// The cloud.
    #[must_use]
    pub fn cloud(&self) -> Arc<Mutex<Cloud>> {
        Arc::clone(&self.cloud)
    }

    /// From now on the house stands where this store has an effect on it, unless it stands there already: the region of a
    /// simulated house is whatever its owner wants to try. Whether the store may be driven is settled before.
    pub fn stand_where(&self, store: Store) {
        let mut cloud = self.cloud.lock().unwrap_or_else(PoisonError::into_inner);
        let region = if store == Store::Periodic { Region::Periodic } else { Region::TwoWindow };
        let has_effect = |region: Region| match store {
            Store::Periodic => region.follows_periodic(),
            _ => region.follows_two_windows(),
        };
        let elsewhere = |cloud: &Cloud, serial: &str| !cloud.world(serial).is_some_and(|one| has_effect(one.region()));
        let serials: Vec<String> =
            cloud.serials().filter(|serial| elsewhere(&cloud, serial)).map(str::to_owned).collect();
        for serial in serials {
            // A serial that the cloud has just named is one of its own.
            let _ = cloud.set_region(&serial, region);
        }
    }

    /// The instant up to which the world has come.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.cloud.lock().unwrap_or_else(PoisonError::into_inner).now()
    }

    /// The key and the secret that the cloud accepts.
    #[must_use]
    pub fn credentials(&self) -> (String, String) {
        let cloud = self.cloud.lock().unwrap_or_else(PoisonError::into_inner);
        (cloud.app_id().to_owned(), cloud.app_secret().to_owned())
    }

    /// Writes the world to its file, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self) -> Result<(), KeptError> {
        let Some(path) = &self.path else { return Ok(()) };
        let failed = |source| KeptError::File { path: path.display().to_string(), source };
        let text = self.cloud.lock().unwrap_or_else(PoisonError::into_inner).to_json();
        let beside = path.with_extension("json.new");
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, path)).map_err(failed)
    }
}

fn read(path: &Path) -> Result<Cloud, KeptError> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|source| KeptError::File { path: shown.clone(), source })?;
    Cloud::from_json(&text).map_err(|reason| KeptError::Damaged { path: shown, reason })
}

fn new(home: &Home, now: Instant) -> Cloud {
    let battery = Battery {
        capacity_wh: home.capacity.watt_hours(),
        charge_watts: home.charge_power.watts(),
        discharge_watts: home.discharge_power.watts(),
        charge_efficiency: home.charge_efficiency.factor(),
        discharge_efficiency: home.discharge_efficiency.factor(),
        stored_wh: home.capacity.watt_hours() * FIRST_CHARGE,
    };
    let system =
        SystemOptions { serial: home.serial.clone(), zone: home.zone.clone(), battery, ..SystemOptions::default() };
    let options =
        CloudOptions { systems: vec![system], faults: FaultPlan::none(), seed: home.seed, ..CloudOptions::default() };
    Cloud::with_past(options, now, PAST_HOURS)
}
