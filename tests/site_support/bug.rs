//! Planted bugs: a device that lies in one way, so that the oracle must notice.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;
use offpeak::clock::Clock;
use offpeak::device::access::HistoryPoint;
use offpeak::device::{Capability, DeviceError, Object, ReadDevice, Schedule, Settings, WriteDevice, WriteFailure};
use offpeak::device::{ChargeSettings, DischargeSettings, Period};
use offpeak::snapshot::{Quality, Reading, Snapshot};
use offpeak::time::{ClockTime, Instant};
use offpeak::units::Soc;
use offpeak::vendor::alphaess::AlphaEss;

use super::family::{Days, Family, Grip, Read, Rule};

/// One way to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    ReadBackSkipped,
    BlindRetry,
    WrittenTwice,
    OrderSwapped,
    OffGrid,
    WrongZone,
    CapAtSoc,
    FloorBelowReserve,
    CapAboveCeiling,
    SocZero,
    StaleAccepted,
    UnconfirmedAccepted,
    BudgetForgotten,
    DriftIgnored,
    DriftHidden,
    ClockBelieved,
    IntentNotDurable,
}

impl Bug {
    pub(crate) const ALL: [Bug; 17] = [
        Bug::ReadBackSkipped,
        Bug::BlindRetry,
        Bug::WrittenTwice,
        Bug::OrderSwapped,
        Bug::OffGrid,
        Bug::WrongZone,
        Bug::CapAtSoc,
        Bug::FloorBelowReserve,
        Bug::CapAboveCeiling,
        Bug::SocZero,
        Bug::StaleAccepted,
        Bug::UnconfirmedAccepted,
        Bug::BudgetForgotten,
        Bug::DriftIgnored,
        Bug::DriftHidden,
        Bug::ClockBelieved,
        Bug::IntentNotDurable,
    ];

    /// What is wrong, and the promise whose test must notice.
    pub(crate) fn says(self) -> (&'static str, &'static str) {
        match self {
            Bug::ReadBackSkipped => ("what was sent passes for what was read back", "P8"),
            Bug::BlindRetry => ("a write of unknown outcome is sent again at once", "P8"),
            Bug::WrittenTwice => ("a write that was accepted is sent once more", "P10"),
            Bug::OrderSwapped => ("of two writes the second goes first", "P12"),
            Bug::OffGrid => ("windows begin 7 min late, off the device's grid", "P6"),
            Bug::WrongZone => ("windows stand an hour late, as in another zone", "P6"),
            Bug::CapAtSoc => ("a charge is capped at the present state of charge", "P6"),
            Bug::FloorBelowReserve => ("the floor is written 5 points below the reserve", "P5"),
            Bug::CapAboveCeiling => ("a charge goes to 100 % whatever the ceiling", "P5"),
            Bug::SocZero => ("a missing state of charge is taken for 0 %", "P4"),
            Bug::StaleAccepted => ("a reading is taken for fresh whatever its age", "P4"),
            Bug::UnconfirmedAccepted => ("the first reading after a failure is believed", "P4"),
            Bug::BudgetForgotten => ("a restart forgets the writes of the day", "P10"),
            Bug::DriftIgnored => ("someone else's schedule is overwritten unasked", "P13"),
            Bug::DriftHidden => ("the schedule is remembered instead of read", "P13"),
            Bug::ClockBelieved => ("a clock that jumped is believed at once", "P16"),
            Bug::IntentNotDurable => ("a kill takes the newest intent along", "P20"),
        }
    }

    /// Faults under which the bug can show; the usual ones where it needs none.
    pub(crate) fn faults(self) -> Option<&'static str> {
        match self {
            Bug::BlindRetry => Some("lost-reply%60"),
            Bug::SocZero => Some("all-null%50"),
            Bug::StaleAccepted => Some("frozen@10:00-13:00, frozen@16:00-19:00"),
            Bug::UnconfirmedAccepted => Some("all-null%70"),
            _ => None,
        }
    }

    /// Makes a policy under which the bug can show.
    pub(crate) fn fit(self, family: &mut Family) {
        let all_day = |read, grip| Rule { window: None, days: Days::All, read: Some(read), grip };
        match self {
            Bug::CapAboveCeiling => {
                family.ceiling = 85;
                let rule = Rule { window: Some((1410, 330)), days: Days::All, read: None, grip: Grip::Charge(100) };
                family.rules.insert(0, rule);
            }
            Bug::SocZero => {
                family.rules = vec![all_day(Read::Soc { below: 5.0, until: 8.0 }, Grip::Hold)];
                (family.kind, family.reserve) = ("hold when empty", 10);
            }
            Bug::UnconfirmedAccepted | Bug::StaleAccepted => {
                let below = 60.0;
                let read = Read::Soc { below, until: below + 1.0 };
                let window = |from: u16| Rule {
                    window: Some((from, from + 60)),
                    days: Days::All,
                    read: Some(read),
                    grip: Grip::Charge(90),
                };
                family.rules = [0, 180, 360, 540, 660, 720, 840, 1020, 1080, 1200].map(window).into();
                (family.kind, family.writes_per_day, family.ahead_minutes) = ("charges when low", 90, 60);
                (family.safe_when_blind, family.between_minutes) = (false, 10);
            }
            Bug::BudgetForgotten => {
                let window = |from: u16| Rule {
                    window: Some((from, from + 60)),
                    days: Days::All,
                    read: None,
                    grip: Grip::Charge(if from.is_multiple_of(240) { 90 } else { 60 }),
                };
                family.rules = [120, 360, 600, 840, 1080, 1320].map(window).into();
                (family.kind, family.writes_per_day, family.ahead_minutes) = ("many charges", 2, 60);
            }
            Bug::DriftIgnored | Bug::DriftHidden => family.reclaim = false,
            _ => {}
        }
    }
}

/// The device as it is, or with a bug in its driver.
pub(crate) struct Liar {
    inner: AlphaEss,
    clock: Arc<dyn Clock>,
    bug: Option<Bug>,
    sent: [Option<Settings>; 2],
    /// A write that is kept back until another one has gone.
    kept_back: Option<Settings>,
    soc: Option<f64>,
}

fn index(object: Object) -> usize {
    usize::from(object == Object::Discharge)
}

impl Liar {
    pub(crate) fn new(inner: AlphaEss, clock: Arc<dyn Clock>, bug: Option<Bug>) -> Liar {
        Liar { inner, clock, bug, sent: [None; 2], kept_back: None, soc: None }
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// What is sent instead.
    fn bent(&self, settings: Settings) -> Settings {
        let moved = |period: Period, minutes: u16| {
            let later = |time: ClockTime| ClockTime::from_minutes((time.minutes() + minutes) % 1440).expect("a time");
            if period.is_unused() { period } else { Period { from: later(period.from), to: later(period.to) } }
        };
        match (settings, self.bug) {
            (Settings::Charge(charge), Some(Bug::OffGrid)) => {
                Settings::Charge(ChargeSettings { windows: charge.windows.map(|window| moved(window, 7)), ..charge })
            }
            (Settings::Charge(charge), Some(Bug::WrongZone)) => {
                Settings::Charge(ChargeSettings { windows: charge.windows.map(|window| moved(window, 60)), ..charge })
            }
            (Settings::Charge(charge), Some(Bug::CapAtSoc)) => {
                let soc = self.soc.map_or(50, |soc| format!("{soc:.0}").parse().expect("a percentage"));
                Settings::Charge(ChargeSettings { cap: soc, ..charge })
            }
            (Settings::Charge(charge), Some(Bug::CapAboveCeiling)) => {
                Settings::Charge(ChargeSettings { cap: 100, ..charge })
            }
            (Settings::Discharge(discharge), Some(Bug::FloorBelowReserve)) => {
                Settings::Discharge(DischargeSettings { floor: discharge.floor.saturating_sub(5), ..discharge })
            }
            _ => settings,
        }
    }

    fn trusting(&self, mut snapshot: Snapshot) -> Snapshot {
        let now = self.clock.now();
        let good = |soc: Soc, at: Instant| Some(Reading::good(soc, at));
        match self.bug {
            Some(Bug::SocZero) if snapshot.soc.is_none_or(|soc| soc.quality != Quality::Good) => {
                snapshot.soc = good(Soc::from_percent(0.0).expect("zero"), now);
            }
            Some(Bug::StaleAccepted) => snapshot.soc = snapshot.soc.and_then(|soc| good(soc.value, now)),
            Some(Bug::UnconfirmedAccepted) => {
                let believed = |soc: Reading<Soc>| match soc.quality {
                    Quality::Unconfirmed => Reading::good(soc.value, soc.taken_at),
                    _ => soc,
                };
                snapshot.soc = snapshot.soc.map(believed);
            }
            _ => {}
        }
        snapshot
    }
}

#[async_trait]
impl ReadDevice for Liar {
    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    fn memory(&self) -> String {
        self.inner.memory()
    }

    async fn readings(&mut self) -> Result<Snapshot, DeviceError> {
        if let Some(kept_back) = self.kept_back.take() {
            let _ = self.inner.write(&kept_back).await;
        }
        let readings = self.inner.readings().await;
        let readings = match readings {
            Err(_) if self.has(Bug::SocZero) => Ok(Snapshot::default()),
            other => other,
        };
        let readings = readings.map(|snapshot| self.trusting(snapshot));
        self.soc = readings.as_ref().ok().and_then(|snapshot| snapshot.soc).map(|soc| soc.value.percent()).or(self.soc);
        readings
    }

    async fn object(&mut self, object: Object) -> Result<Settings, DeviceError> {
        let sent = self.sent[index(object)];
        let kept_back = self.kept_back.is_some_and(|settings| settings.object() == object);
        if let Some(sent) = sent.filter(|_| self.has(Bug::ReadBackSkipped) || kept_back) {
            return Ok(sent);
        }
        let read = self.inner.object(object).await?;
        let bends = [Bug::OffGrid, Bug::WrongZone, Bug::CapAtSoc, Bug::FloorBelowReserve, Bug::CapAboveCeiling];
        let lies = self.has(Bug::DriftHidden) || bends.iter().any(|bug| self.has(*bug));
        Ok(sent.filter(|_| lies).unwrap_or(read))
    }

    async fn schedule(&mut self) -> Result<Schedule, DeviceError> {
        let read = self.inner.schedule().await?;
        let remembered =
            |schedule: Schedule, sent: &Option<Settings>| sent.map_or(schedule, |sent| schedule.with(sent));
        let lies = self.has(Bug::DriftHidden);
        Ok(if lies { self.sent.iter().fold(read, remembered) } else { read })
    }

    async fn history(&mut self, day: NaiveDate) -> Result<Vec<HistoryPoint>, DeviceError> {
        self.inner.history(day).await
    }
}

#[async_trait]
impl WriteDevice for Liar {
    async fn write(&mut self, settings: &Settings) -> Result<(), WriteFailure> {
        let object = settings.object();
        if self.has(Bug::OrderSwapped) && self.kept_back.is_none() {
            (self.kept_back, self.sent[index(object)]) = (Some(*settings), Some(*settings));
            return Ok(());
        }
        let bent = self.bent(*settings);
        let mut done = self.inner.write(&bent).await;
        if let Some(kept_back) = self.kept_back.take() {
            let _ = self.inner.write(&kept_back).await;
        }
        let unknown = matches!(done, Err(WriteFailure::OutcomeUnknown(_)));
        if self.has(Bug::BlindRetry) && unknown || self.has(Bug::WrittenTwice) && done.is_ok() {
            done = self.inner.write(&bent).await;
        }
        if done.is_ok() {
            self.sent[index(object)] = Some(*settings);
        }
        done
    }
}
