//! Planted bugs: a device that lies in one way, so that the oracle must notice.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;
use offpeak::clock::Clock;
use offpeak::device::access::HistoryDay;
use offpeak::device::{
    Capability, ChargeSettings, DeviceError, DischargeSettings, Flag, ListWindow, Object, PerObject, Period,
};
use offpeak::device::{ReadDevice, Schedule, Settings, Store, WindowList, WriteDevice, WriteFailure};
use offpeak::snapshot::{Quality, Reading, Snapshot};
use offpeak::time::{ClockTime, Instant};
use offpeak::units::Soc;

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
    LeftBehind,
}

impl Bug {
    pub(crate) const ALL: [Bug; 18] = [
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
        Bug::LeftBehind,
    ];

    /// The promise whose test must notice it on a store: a driver that reads before each write writes nothing unread, and
    /// where only readings take windows away, what is left behind rests on a reading.
    pub(crate) fn promise(self, store: Store) -> &'static str {
        match (self, store) {
            (Bug::BlindRetry, Store::AtessString) => "P20",
            (Bug::LeftBehind, Store::Periodic | Store::AtessString) => "P4",
            _ => self.says().1,
        }
    }

    /// Whether a store has what the bug gets wrong: two objects, a target or a floor to be set.
    pub(crate) fn fits(self, store: Store) -> bool {
        let list = store != Store::TwoWindow;
        let atess = store == Store::AtessString;
        match self {
            Bug::OrderSwapped => !list,
            Bug::FloorBelowReserve | Bug::CapAboveCeiling | Bug::CapAtSoc | Bug::SocZero => !atess,
            _ => true,
        }
    }

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
            Bug::LeftBehind => ("a window that is over is left behind", "P6"),
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
            // A week's windows stay for good, but for those that a reading asked for.
            Bug::LeftBehind if family.store != Store::TwoWindow => {
                family.rules = vec![all_day(Read::Soc { below: 75.0, until: 80.0 }, Grip::Charge(90))];
                (family.kind, family.writes_per_day, family.between_minutes) = ("charge when low", 40, 10);
            }
            _ => {}
        }
    }
}

fn moved(period: Period, minutes: u16) -> Period {
    let later = |time: ClockTime| ClockTime::from_minutes((time.minutes() + minutes) % 1440).expect("a time");
    if period.is_unused() { period } else { Period { from: later(period.from), to: later(period.to) } }
}

/// The device as it is, or with a bug in its driver.
pub(crate) struct Liar {
    inner: Box<dyn WriteDevice>,
    clock: Arc<dyn Clock>,
    bug: Option<Bug>,
    sent: PerObject<Option<Settings>>,
    /// A write that is kept back until another one has gone.
    kept_back: Option<Settings>,
    soc: Option<f64>,
}

impl Liar {
    pub(crate) fn new(inner: Box<dyn WriteDevice>, clock: Arc<dyn Clock>, bug: Option<Bug>) -> Liar {
        Liar { inner, clock, bug, sent: PerObject::default(), kept_back: None, soc: None }
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// What is sent instead.
    fn bent(&self, settings: Settings) -> Settings {
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
            (Settings::Windows(list), Some(bug)) => Settings::Windows(self.bent_list(list, bug)),
            (Settings::Charge(charge), Some(Bug::LeftBehind)) => match self.sent.charge {
                Some(Settings::Charge(before)) if charge.windows[1].is_unused() && before.windows != charge.windows => {
                    let windows = [charge.windows[0], before.windows[0]];
                    Settings::Charge(ChargeSettings { grid_charge: true, windows, ..charge })
                }
                _ => settings,
            },
            _ => settings,
        }
    }

    fn bent_list(&self, list: WindowList, bug: Bug) -> WindowList {
        let mut bent = list;
        let soc = self.soc.map_or(50, |soc| format!("{:.0}", soc.max(11.0)).parse().expect("a percentage"));
        let each = |window: &mut ListWindow| match bug {
            Bug::OffGrid => window.period = moved(window.period, 7),
            Bug::WrongZone => window.period = moved(window.period, 60),
            Bug::CapAtSoc => window.limit = Some(soc),
            Bug::CapAboveCeiling => window.limit = Some(100),
            _ => {}
        };
        bent.charge_windows.iter_mut().for_each(each);
        if bug == Bug::FloorBelowReserve {
            let lower = |window: &mut ListWindow| window.limit = window.limit.map(|floor| floor.saturating_sub(5));
            bent.permissions.iter_mut().for_each(lower);
        }
        if let (Bug::LeftBehind, Some(Settings::Windows(before))) = (bug, self.sent.windows) {
            let stays = before.charge_windows.iter().find(|window| !list.charge_windows.contains(window));
            if let Some(window) = stays.filter(|_| list.charge_windows.is_empty()) {
                bent.charge_windows.push(*window);
                bent.charge = Flag::On;
                bent.permissions = before.permissions;
                bent.restricted = before.restricted;
            }
        }
        bent
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

    fn heed(&mut self, memory: &str) {
        self.inner.heed(memory);
    }

    fn remark(&self) -> Option<String> {
        self.inner.remark()
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
        let sent = *self.sent.of(object);
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
        let sent = Object::ALL.map(|object| *self.sent.of(object));
        Ok(if lies { sent.iter().fold(read, remembered) } else { read })
    }

    async fn history(&mut self, day: NaiveDate) -> Result<HistoryDay, DeviceError> {
        self.inner.history(day).await
    }
}

#[async_trait]
impl WriteDevice for Liar {
    async fn write(&mut self, settings: &Settings) -> Result<(), WriteFailure> {
        let object = settings.object();
        if self.has(Bug::OrderSwapped) && self.kept_back.is_none() {
            (self.kept_back, *self.sent.of_mut(object)) = (Some(*settings), Some(*settings));
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
            *self.sent.of_mut(object) = Some(*settings);
        }
        done
    }
}
