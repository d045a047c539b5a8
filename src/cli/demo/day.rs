//! What a day of the demo looked like.

use std::sync::PoisonError;

use super::at;
use crate::policy::Policy;
use crate::report::spark::{extent, spark};
use crate::runner::Tick;
use crate::time::Instant;
use crate::vendor::simulated::Kept;

/// Columns of the pictures: half hours.
const COLUMNS: usize = 48;

/// One minute of the world's truth.
#[derive(Clone, Copy, Debug)]
struct Minute {
    at: Instant,
    soc: f64,
    load: f64,
    solar: f64,
    battery: f64,
    grid: f64,
}

/// The minutes of a day, and what was written in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Day {
    minutes: Vec<Minute>,
    sent: usize,
}

impl Day {
    /// Keeps what the world was like at a tick.
    pub(super) fn keep(&mut self, tick: &Tick, world: &Kept, serial: &str) {
        self.sent += tick.sent.len();
        let cloud = world.cloud();
        let cloud = cloud.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(world) = cloud.world(serial) {
            let flows = world.flows();
            let (load, solar, battery, grid) = (flows.load, flows.solar, flows.battery, flows.grid);
            self.minutes.push(Minute { at: tick.at, soc: world.soc(), load, solar, battery, grid });
        }
    }

    /// How many writes were sent in it.
    pub(super) fn sent(&self) -> usize {
        self.sent
    }

    /// The state of charge at its end, in percent.
    pub(super) fn last_soc(&self) -> f64 {
        self.minutes.last().map_or(0.0, |minute| minute.soc)
    }

    /// The day as pictures, half an hour a column.
    pub(super) fn text(&self, policy: &Policy) -> String {
        let (first, last) = (self.minutes.first(), self.minutes.last());
        let hours = match (first, last) {
            (Some(first), Some(last)) => format!("{} to {}", at(policy, first.at), at(policy, last.at)),
            _ => String::new(),
        };
        let mut text = format!("\n3. A day passes: {hours} the next day, half an hour a column\n\n");
        text.push_str(&self.row("soc", "%", |minute| minute.soc));
        text.push_str(&self.row("load", "W", |minute| minute.load));
        text.push_str(&self.row("solar", "W", |minute| minute.solar));
        text.push_str(&self.row("battery", "W", |minute| minute.battery));
        text.push_str(&self.row("grid", "W", |minute| minute.grid));
        text.push('\n');
        text
    }

    fn row(&self, name: &str, unit: &str, value: impl Fn(&Minute) -> f64) -> String {
        let size = self.minutes.len().div_ceil(COLUMNS).max(1);
        let mean = |chunk: &[Minute]| {
            Some(chunk.iter().map(&value).sum::<f64>() / f64::from(u32::try_from(chunk.len()).ok()?))
        };
        let means: Vec<Option<f64>> = self.minutes.chunks(size).map(mean).collect();
        let Some((low, high)) = extent(&means) else { return String::new() };
        let low_end = if unit == "%" { 0.0 } else { low };
        format!("  {name:8}{}  {low:.0} to {high:.0} {unit}\n", spark(&means, low_end, high))
    }
}
