//! A double of the ATESS Enerclo cloud over the same house, sun and battery as the AlphaESS one.
//!
//! The vendor's page is partial: what it says is done as it says, what it leaves open is an option whose usual value is the
//! nastiest that the page allows, and what it only implies (most keys of the settings, path and body of a write) is invented
//! as sparingly as can be.

mod answer;
mod cloud;
mod control;
mod counters;
pub mod device;
mod endpoint;
mod exchange;
mod fault;
mod live;
mod options;
mod plan;
mod plant;
mod record;
pub mod settings;
mod state;
mod system;
mod token;

pub use cloud::Cloud;
pub use counters::{Counter, Counters};
pub use fault::Fault;
pub use options::{
    CloudOptions, Kind, Looks, Manners, MissingKeys, MissingLanguage, PlantOptions, Shown, SolarFields, SuccessCode,
    TooEarly, Unit,
};
pub use plan::FaultPlan;
pub use plant::Plant;

use super::answers::Answers;
use super::cloud::{Answer, Call};
use super::endpoint::Query;
use crate::time::Instant;

impl Answers for Cloud {
    const BASE: &'static str = "api/v1";

    fn handle(&mut self, call: &Call, now: Instant) -> Answer {
        Cloud::handle(self, call, now)
    }

    fn advance(&mut self, now: Instant) {
        Cloud::advance(self, now);
    }

    fn forgive(&mut self, seconds: u32) {
        let manners = self.manners_mut();
        manners.read_seconds = manners.read_seconds.saturating_sub(seconds);
    }

    fn control(&mut self, method: &str, path: &str, body: &str, now: Instant) -> (u16, String) {
        control::control(self, method, &Query::of(path), body, now)
    }
}
