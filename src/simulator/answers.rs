//! What every simulated cloud can do, so that the server and the line within the process carry either.

use super::cloud::{Answer, Call, Cloud};
use super::control;
use super::endpoint::Query;
use crate::time::Instant;

/// A simulated cloud as those see it who carry requests to it.
pub trait Answers: Send + 'static {
    /// The base path of the vendor's API, without slashes around it.
    const BASE: &'static str;

    /// Answers a request of the vendor's API that arrives now; the worlds move on first.
    fn handle(&mut self, call: &Call, now: Instant) -> Answer;

    /// Moves every world on, as far as this instant.
    fn advance(&mut self, now: Instant);

    /// Takes so many seconds off its limit on reads.
    fn forgive(&mut self, seconds: u32);

    /// Answers a request of a test, under `/sim/`: an HTTP status and a body.
    fn control(&mut self, method: &str, path: &str, body: &str, now: Instant) -> (u16, String);
}

impl Answers for Cloud {
    const BASE: &'static str = "api";

    fn handle(&mut self, call: &Call, now: Instant) -> Answer {
        Cloud::handle(self, call, now)
    }

    fn advance(&mut self, now: Instant) {
        Cloud::advance(self, now);
    }

    fn forgive(&mut self, seconds: u32) {
        let limits = self.limits_mut();
        limits.read_seconds = limits.read_seconds.saturating_sub(seconds);
    }

    fn control(&mut self, method: &str, path: &str, body: &str, now: Instant) -> (u16, String) {
        control::control(self, method, &Query::of(path), body, now)
    }
}
