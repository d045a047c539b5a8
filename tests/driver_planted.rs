//! The suite of drivers finds mistakes that are planted into a driver without any.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

mod driver_suite;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;
use driver_suite::alphaess::Home;
use driver_suite::{Bench, Line};
use offpeak::clock::{Clock, VirtualClock};
use offpeak::device::access::HistoryDay;
use offpeak::device::{
    Capability, DeviceError, Object, Period, ReadDevice, Schedule, Settings, WriteDevice, WriteFailure,
};
use offpeak::snapshot::{Reading, Signal, Snapshot};
use offpeak::time::ClockTime;
use offpeak::units::Power;

/// What a driver may do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistake {
    TurnsTheBattery,
    CountsInKilowatts,
    MakesZeros,
    BelievesAnything,
    ReadsAgain,
    NeverGivesUp,
    StampsNow,
    ForgetsItsPace,
    TellsHistoryBackwards,
    WritesAgain,
    SaysNoForMaybe,
    SaysMaybeForNo,
    SaysYesForMaybe,
    KeepsItsOwnFloor,
    LivesInAnotherZone,
    QuotesTheCloud,
}

/// A bench whose driver makes one mistake.
struct Planted {
    bench: Home,
    mistake: Mistake,
}

struct Mistaken {
    inner: Box<dyn WriteDevice>,
    clock: VirtualClock,
    secret: String,
    mistake: Mistake,
}

impl Bench for Planted {
    fn device(&self) -> Box<dyn WriteDevice> {
        let secret = self.line().secrets()[0].clone();
        let (inner, clock) = (self.bench.device(), self.clock().clone());
        Box::new(Mistaken { inner, clock, secret, mistake: self.mistake })
    }

    fn line(&self) -> &Arc<Line> {
        self.bench.line()
    }

    fn clock(&self) -> &VirtualClock {
        self.bench.clock()
    }

    fn truth(&self, signal: Signal) -> Option<f64> {
        self.bench.truth(signal)
    }

    fn samples(&self) -> Vec<Settings> {
        self.bench.samples()
    }

    fn charge_now(&self) -> Settings {
        self.bench.charge_now()
    }

    fn refuse_writes(&self) {
        self.bench.refuse_writes();
    }

    fn silence(&self) {
        self.bench.silence();
    }
}

impl Mistaken {
    fn changed(&self, mut snapshot: Snapshot) -> Snapshot {
        let battery = |snapshot: &Snapshot, by: f64| {
            snapshot.battery.map(|reading| reading.map(|power| Power::from_watts(power.watts() * by).unwrap()))
        };
        match self.mistake {
            Mistake::TurnsTheBattery => snapshot.battery = battery(&snapshot, -1.0),
            Mistake::CountsInKilowatts => snapshot.battery = battery(&snapshot, 0.001),
            Mistake::MakesZeros => {
                let zero = Reading::good(Power::from_watts(0.0).unwrap(), self.clock.now());
                snapshot.battery = snapshot.battery.or(Some(zero));
            }
            Mistake::StampsNow => {
                snapshot.battery = snapshot.battery.map(|reading| Reading::good(reading.value, self.clock.now()));
            }
            _ => {}
        }
        snapshot
    }

    /// The content three hours later or earlier, as a driver in another zone would have it on both ways.
    fn moved(&self, settings: Settings, hours: u16) -> Settings {
        let moved = |time: ClockTime| ClockTime::from_minutes((time.minutes() + hours * 60) % 1440).unwrap();
        let window = |period: Period| match period.is_unused() {
            true => period,
            false => Period { from: moved(period.from), to: moved(period.to) },
        };
        match settings {
            Settings::Charge(mut charge) if self.mistake == Mistake::LivesInAnotherZone => {
                charge.windows = charge.windows.map(window);
                Settings::Charge(charge)
            }
            Settings::Discharge(mut discharge) if self.mistake == Mistake::KeepsItsOwnFloor => {
                discharge.floor = 10;
                Settings::Discharge(discharge)
            }
            settings => settings,
        }
    }

    fn told(&self, error: DeviceError) -> DeviceError {
        match error {
            DeviceError::Transient { endpoint, reason } if self.mistake == Mistake::QuotesTheCloud => {
                DeviceError::Transient { endpoint, reason: format!("{reason}: {}", self.secret) }
            }
            error => error,
        }
    }
}

#[async_trait]
impl ReadDevice for Mistaken {
    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    fn memory(&self) -> String {
        if self.mistake == Mistake::ForgetsItsPace { String::new() } else { self.inner.memory() }
    }

    fn heed(&mut self, memory: &str) {
        self.inner.heed(memory);
    }

    async fn readings(&mut self) -> Result<Snapshot, DeviceError> {
        let mut read = self.inner.readings().await;
        let again = match self.mistake {
            Mistake::ReadsAgain => 1,
            Mistake::NeverGivesUp => 5,
            _ => 0,
        };
        for _ in 0..again {
            if read.is_err() {
                read = self.inner.readings().await;
            }
        }
        match read {
            Err(DeviceError::Malformed { .. }) if self.mistake == Mistake::BelievesAnything => Ok(Snapshot::default()),
            Err(error) => Err(self.told(error)),
            Ok(snapshot) => Ok(self.changed(snapshot)),
        }
    }

    async fn object(&mut self, object: Object) -> Result<Settings, DeviceError> {
        let held = self.inner.object(object).await?;
        Ok(if self.mistake == Mistake::LivesInAnotherZone { self.moved(held, 21) } else { held })
    }

    async fn schedule(&mut self) -> Result<Schedule, DeviceError> {
        let schedule = self.inner.schedule().await?;
        let held = schedule.settings(Object::Charge).unwrap();
        Ok(if self.mistake == Mistake::LivesInAnotherZone { schedule.with(self.moved(held, 21)) } else { schedule })
    }

    async fn history(&mut self, day: NaiveDate) -> Result<HistoryDay, DeviceError> {
        let mut history = self.inner.history(day).await?;
        if self.mistake == Mistake::TellsHistoryBackwards {
            history.points.reverse();
        }
        Ok(history)
    }
}

#[async_trait]
impl WriteDevice for Mistaken {
    async fn write(&mut self, settings: &Settings) -> Result<(), WriteFailure> {
        let settings = self.moved(*settings, 3);
        let written = self.inner.write(&settings).await;
        match (written, self.mistake) {
            (Err(WriteFailure::OutcomeUnknown(_)), Mistake::WritesAgain) => self.inner.write(&settings).await,
            (Err(WriteFailure::OutcomeUnknown(_)), Mistake::SaysYesForMaybe) => Ok(()),
            (Err(WriteFailure::OutcomeUnknown(error)), Mistake::SaysNoForMaybe) => Err(WriteFailure::Refused(error)),
            (Err(WriteFailure::Refused(error)), Mistake::SaysMaybeForNo) => Err(WriteFailure::OutcomeUnknown(error)),
            (written, _) => written,
        }
    }
}

/// Each mistake, the check that finds it, and what that says.
macro_rules! finds {
    ($($name:ident: $mistake:ident, $room:ident :: $check:ident, $says:literal;)*) => {
        $(
            #[tokio::test]
            #[should_panic(expected = $says)]
            async fn $name() {
                let make = || Planted { bench: Home::two_window(), mistake: Mistake::$mistake };
                driver_suite::$room::$check(make).await;
            }
        )*
    };
}

finds! {
    a_sign: TurnsTheBattery, reads::readings_are_the_truth_with_our_units_and_signs, "Battery is";
    a_unit: CountsInKilowatts, reads::readings_are_the_truth_with_our_units_and_signs, "Battery is";
    a_zero: MakesZeros, reads::what_is_null_is_absent_and_never_zero, "Battery";
    a_belief: BelievesAnything, reads::what_is_not_understood_is_malformed_and_names_its_endpoint, "Truncated";
    a_second_read: ReadsAgain, reads::what_is_not_understood_is_malformed_and_names_its_endpoint, "Truncated";
    a_read_without_end: NeverGivesUp, reads::what_may_pass_is_tried_again_within_a_bound, "18 calls";
    a_stamp: StampsNow, reads::a_device_that_is_not_heard_gives_readings_that_age, "is believed";
    a_pace: ForgetsItsPace, reads::calls_keep_their_pace_also_across_processes, "TooFast";
    a_history: TellsHistoryBackwards, reads::the_history_goes_forward, "oldest first";
    a_secret: QuotesTheCloud, reads::no_error_tells_a_secret, "tells a secret";
    a_second_write: WritesAgain, writes::a_lost_reply_is_an_unknown_outcome_and_one_call, "nothing tries again";
    a_no_for_a_maybe: SaysNoForMaybe, writes::a_lost_reply_is_an_unknown_outcome_and_one_call, "Lost";
    a_yes_for_a_maybe: SaysYesForMaybe, writes::a_lost_reply_is_an_unknown_outcome_and_one_call, "nobody said yes";
    a_maybe_for_a_no: SaysMaybeForNo, writes::a_no_is_refused_and_stores_nothing, "outcome unknown";
    a_floor: KeepsItsOwnFloor, writes::what_was_written_reads_back_with_the_same_meaning, "reads back as";
    a_zone: LivesInAnotherZone, writes::what_was_written_is_what_the_device_does, "the battery charges";
}
