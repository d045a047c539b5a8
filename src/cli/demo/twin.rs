//! The same house in the same weather, left alone: what the policy was worth.

use std::sync::PoisonError;

use super::{Failure, price, runner};
use crate::policy::Policy;
use crate::time::Instant;
use crate::vendor::simulated::Kept;

/// A house that nobody writes to.
pub(super) struct Twin {
    world: Kept,
    serial: String,
}

impl Twin {
    /// The twin of the demo's house.
    pub(super) fn of(policy: &Policy, seed: u64, start: Instant) -> Result<Twin, Failure> {
        let world = runner::seeded_world(policy, None, seed, start)?;
        price(&world, policy, start);
        Ok(Twin { world, serial: policy.device.serial.clone() })
    }

    /// Lives on until an instant.
    pub(super) fn live_until(&mut self, until: Instant) {
        let cloud = self.world.cloud();
        cloud.lock().unwrap_or_else(PoisonError::into_inner).advance(until);
    }

    /// What its meter has cost.
    pub(super) fn cost(&self) -> f64 {
        self.of_world(crate::simulator::world::World::cost)
    }

    /// Its state of charge in percent.
    pub(super) fn soc(&self) -> f64 {
        self.of_world(crate::simulator::world::World::soc)
    }

    /// What the day cost with the policy and without. Energy left in the battery is told, not priced.
    pub(super) fn money(&self, policy: &Policy, cost: f64, soc: f64) -> String {
        let currency = &policy.tariff.currency;
        format!(
            "\n4. What it was worth: the same house in the same weather\n\n  \
             with the policy     {cost:6.2} {currency}, {soc:.0} % left in the battery\n  \
             left to itself      {:6.2} {currency}, {:.0} % left\n\n",
            self.cost(),
            self.soc()
        )
    }

    fn of_world(&self, value: impl Fn(&crate::simulator::world::World) -> f64) -> f64 {
        let cloud = self.world.cloud();
        let cloud = cloud.lock().unwrap_or_else(PoisonError::into_inner);
        cloud.world(&self.serial).map_or(0.0, value)
    }
}
