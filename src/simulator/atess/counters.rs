//! Energy counters: kWh and hours by direction.

use serde::{Deserialize, Serialize};

use crate::simulator::random::{Chance, Stream};
use crate::simulator::world::{Flows, STEP_SECONDS};

/// One counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counter {
    /// Energy in kWh.
    pub kwh: f64,
    /// For how many hours any flowed.
    pub hours: f64,
}

/// The counters of a plant, for a day or in total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counters {
    /// Put into the battery.
    pub charge: Counter,
    /// Taken from the battery.
    pub discharge: Counter,
    /// Taken from the grid.
    pub import: Counter,
    /// Given to the grid.
    pub export: Counter,
    /// Drawn by the house.
    pub load: Counter,
    /// Made by the roof.
    pub solar: Counter,
}

impl Counters {
    /// What a plant has counted before the simulation begins: 300 to 4000 kWh in each direction, by the seed.
    pub(super) fn before(chance: Chance) -> Counters {
        let counter = |number: i64| {
            let kwh = chance.between(Stream::CountersBefore, number, 300, 4000) as f64;
            Counter { kwh, hours: kwh / 1.5 }
        };
        Counters {
            charge: counter(1),
            discharge: counter(2),
            import: counter(3),
            export: counter(4),
            load: counter(5),
            solar: counter(6),
        }
    }

    /// Counts one minute.
    pub(super) fn count(&mut self, flows: &Flows) {
        self.charge.count(-flows.battery);
        self.discharge.count(flows.battery);
        self.import.count(flows.grid);
        self.export.count(-flows.grid);
        self.load.count(flows.load);
        self.solar.count(flows.solar);
    }

    pub(super) fn is_sound(&self) -> bool {
        let sound = |counter: &Counter| (0.0..1e12).contains(&counter.kwh) && (0.0..1e9).contains(&counter.hours);
        let Counters { charge, discharge, import, export, load, solar } = self;
        [charge, discharge, import, export, load, solar].into_iter().all(sound)
    }
}

impl Counter {
    fn count(&mut self, watts: f64) {
        if watts > 0.0 {
            let hours = STEP_SECONDS as f64 / 3600.0;
            self.kwh += watts * hours / 1000.0;
            self.hours += hours;
        }
    }
}
