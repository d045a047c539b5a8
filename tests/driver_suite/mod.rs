//! What every driver promises, whichever vendor's cloud it speaks to: `docs/adding-a-driver.md` tells how to run it.
//!
//! A driver's test file has a [`Bench`] and one line, `driver_suite!(MyBench::new)`.

#![allow(dead_code, reason = "each driver's test uses some of it")]

pub(crate) mod alphaess;
pub(crate) mod line;
pub(crate) mod reads;
pub(crate) mod writes;

use std::sync::Arc;
use std::time::Duration;

use offpeak::clock::VirtualClock;
use offpeak::device::{DeviceError, Settings, WriteDevice};
use offpeak::snapshot::Signal;
use offpeak::time::Instant;

pub(crate) use line::{Breakage, Line, Meets, Sent};

/// A simulated cloud, a clock, and the driver between them.
pub(crate) trait Bench {
    /// A driver as a new process would have it: it remembers nothing and goes through [`Bench::line`].
    fn device(&self) -> Box<dyn WriteDevice>;

    /// The line through which every call goes.
    fn line(&self) -> &Arc<Line>;

    /// The clock of the driver and of the world.
    fn clock(&self) -> &VirtualClock;

    /// What is true in the world at this moment, in percent or in watts with our signs; `None` for what it has not.
    fn truth(&self, signal: Signal) -> Option<f64>;

    /// How far a reading may be off the truth, in percent or in watts.
    fn tolerance(&self, signal: Signal) -> f64 {
        if signal == Signal::Soc { 1.0 } else { 60.0 }
    }

    /// Contents that the store takes, at least one for each object and for each switch of it.
    fn samples(&self) -> Vec<Settings>;

    /// The content that charges the battery from the grid at this moment.
    fn charge_now(&self) -> Settings;

    /// From now on the cloud says no to every write and stores nothing.
    fn refuse_writes(&self);

    /// From now on the device is not heard at its cloud any more, which goes on answering with what it had.
    fn silence(&self);

    /// How many calls one read may make before it gives up.
    fn most_calls(&self) -> usize {
        3
    }
}

/// How long a world lives until a device surely acts on what was written.
pub(crate) const APPLIED: Duration = Duration::from_secs(15 * 60);

/// The beginning of a day in summer, when the battery is to be charged and discharged and the sun both ways at the meter.
pub(crate) fn morning() -> Instant {
    "2026-06-20T04:00:10Z".parse().expect("an instant")
}

/// The kind of an error, its endpoint and its reason.
pub(crate) fn parts(error: &DeviceError) -> (&'static str, &'static str, &str) {
    match error {
        DeviceError::Transient { endpoint, reason } => ("transient", endpoint, reason),
        DeviceError::TooFast { endpoint, reason } => ("too fast", endpoint, reason),
        DeviceError::NotYet { endpoint, reason } => ("not yet", endpoint, reason),
        DeviceError::Permanent { endpoint, reason } => ("permanent", endpoint, reason),
        DeviceError::Malformed { endpoint, reason } => ("malformed", endpoint, reason),
    }
}

/// Asserts that an error is of this kind, names the endpoint of the last call, and tells no secret.
pub(crate) fn assert_error(what: &str, error: &DeviceError, kind: &str, line: &Line, calls: &[Sent]) {
    let (found, endpoint, reason) = parts(error);
    assert_eq!(found, kind, "{what}: {error}");
    assert!(!reason.is_empty(), "{what} has no reason");
    let last = calls.last().unwrap_or_else(|| panic!("{what}: nothing was called"));
    assert!(last.endpoint.contains(endpoint) && !endpoint.is_empty(), "{what}: {endpoint} is not {}", last.endpoint);
    let text = format!("{error} {error:?}");
    assert!(!line.secrets().iter().any(|secret| text.contains(secret)), "{what} tells a secret: {text}");
    assert!(text.chars().count() < 2000, "{what}: an endless message");
}

/// Every promise as a test of its own.
#[allow(unused_macros, reason = "the planted mistakes name their checks one by one")]
macro_rules! driver_suite {
    ($make:expr; $($room:ident :: $check:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $check() {
                driver_suite::$room::$check($make).await;
            }
        )*
    };
    ($make:expr) => {
        driver_suite! {
            $make;
            reads::readings_are_the_truth_with_our_units_and_signs,
            reads::what_is_null_is_absent_and_never_zero,
            reads::what_is_not_understood_is_malformed_and_names_its_endpoint,
            reads::a_reply_of_another_system_is_not_taken,
            reads::what_may_pass_is_tried_again_within_a_bound,
            reads::too_fast_is_said_and_heeded,
            reads::no_error_tells_a_secret,
            reads::calls_keep_their_pace_also_across_processes,
            reads::a_memory_that_is_not_understood_changes_nothing,
            reads::nothing_is_called_twice_for_one_answer,
            reads::a_device_that_is_not_heard_gives_readings_that_age,
            reads::the_history_goes_forward,
            writes::what_was_written_reads_back_with_the_same_meaning,
            writes::what_was_written_is_what_the_device_does,
            writes::a_lost_reply_is_an_unknown_outcome_and_one_call,
            writes::a_no_is_refused_and_stores_nothing,
            writes::another_stores_object_is_refused_before_it_is_sent,
            writes::what_never_arrived_is_refused,
        }
    };
}

#[allow(unused_imports, reason = "as above")]
pub(crate) use driver_suite;
