//! A stand-in for the device wherever a policy is lived through without one: it stores at once what is written, and does what
//! its schedule says.

use std::time::Duration;

use chrono::Weekday;

use super::budget::{Permits, Used, may_grant};
use super::make::{Cause, GripChange, Inputs, Plan};
use super::timeline::Outlook;
use crate::device::schedule::{Cell, Day};
use crate::device::two_window::GRID_MINUTES;
use crate::device::{DischargeSettings, Grip, Object, PerObject, Schedule, Step, Store, TwoWindow, WindowList};
use crate::engine::{Command, Memory};
use crate::policy::Policy;
use crate::snapshot::Snapshot;
use crate::time::{Instant, Local};
use crate::units::{Power, Soc};

/// A device that holds a schedule, with what the planner wants to know of the writes to it.
#[derive(Clone, Debug)]
pub struct StandIn {
    schedule: Option<Schedule>,
    /// What the schedule means on the day of the week that was asked for last.
    meant: Option<(Weekday, Option<Day>)>,
    used: PerObject<Used>,
    last_change: Option<GripChange>,
}

impl StandIn {
    /// A device that holds this, and to which nothing was written yet; `None` if nothing may ever be written to it.
    #[must_use]
    pub fn new(schedule: Option<Schedule>) -> StandIn {
        StandIn { schedule, meant: None, used: PerObject::default(), last_change: None }
    }

    /// Whether anything may be written to it.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.schedule.is_some()
    }

    /// A local day begins, and with it a budget of writes.
    pub fn begin_day(&mut self) {
        for object in Object::ALL {
            self.used.of_mut(object).today = 0;
        }
    }

    /// What a plan is made of, without an owner's command.
    #[must_use]
    pub fn inputs(
        &self,
        policy: &Policy,
        now: Instant,
        horizon: Duration,
        readings: Snapshot,
        memory: Memory,
        outlook: Outlook,
    ) -> Inputs {
        let permit = |used: &Used| may_grant(used, &policy.limits, &policy.zone, now);
        let PerObject { charge, discharge, windows } = &self.used;
        Inputs {
            now,
            horizon,
            readings,
            memory,
            manual: None,
            outlook,
            present: self.schedule,
            used: PerObject { charge: charge.today, discharge: discharge.today, windows: windows.today },
            permits: Permits { charge: permit(charge), discharge: permit(discharge), windows: permit(windows) },
            last_change: self.last_change,
        }
    }

    /// Stores what a plan writes at this moment, and gives it.
    pub fn store(&mut self, policy: &Policy, plan: &Plan<'_>, now: Instant) -> Vec<Step> {
        let site = policy.zone.local(now);
        let before = self.grip(site);
        let steps = plan.writes().to_vec();
        for step in &steps {
            self.schedule = self.schedule.map(|schedule| schedule.with(step.settings));
            let used = self.used.of_mut(step.settings.object());
            *used = Used { today: used.today.saturating_add(1), last: Some(now), lost_until: None };
            self.meant = None;
        }
        if self.grip(site) == before {
            self.note_letting_go(plan);
        } else {
            let cause = if plan.rests_on_reading { Cause::Reading } else { Cause::Time };
            self.last_change = Some(GripChange { at: now, cause });
        }
        steps
    }

    /// What it does by its schedule. Without a schedule of known meaning it goes its own way.
    pub fn command(&mut self, policy: &Policy, site: Local) -> Command {
        let reserve = policy.battery.reserve;
        let percent = |percent: u8| Soc::from_percent(f64::from(percent)).unwrap_or(reserve);
        match self.cell(site).map(|cell| (cell.grip, cell.floor)) {
            Some((Grip::Charge(target), _)) => {
                Command::ChargeTo { target: percent(target), power: self.window_power(site) }
            }
            Some((Grip::Hold, _)) => Command::Hold,
            Some((Grip::SelfConsume, floor)) => Command::SelfConsume { floor: floor.map_or(reserve, percent) },
            None => Command::SelfConsume { floor: reserve },
        }
    }

    /// A grip that readings ask for no more, and that stands only so that nothing flaps, is told apart from one that they do.
    fn note_letting_go(&mut self, plan: &Plan<'_>) {
        let waits = plan.compiled.as_ref().is_ok_and(|compiled| compiled.waits_until.is_some());
        if let Some(change) = self.last_change.as_mut().filter(|_| !plan.is_blind()) {
            change.cause = match (change.cause, waits) {
                (Cause::Reading, true) => Cause::LetGo,
                (Cause::LetGo, false) => Cause::Reading,
                (cause, _) => cause,
            };
        }
    }

    /// How firmly the schedule holds the battery.
    fn grip(&mut self, site: Local) -> Option<Grip> {
        self.cell(site).map(|cell| cell.grip)
    }

    /// What the schedule means in a quarter hour; `None` where nobody knows.
    fn cell(&mut self, site: Local) -> Option<Cell> {
        let weekday = site.weekday();
        let day = match self.meant.filter(|(known, _)| *known == weekday) {
            Some((_, day)) => day,
            None => {
                let day = self.schedule.and_then(|schedule| schedule.day(weekday).ok());
                self.meant = Some((weekday, day));
                day
            }
        };
        day?.cell(quarter(site))
    }

    /// The power of the charge window that holds.
    fn window_power(&self, site: Local) -> Option<Power> {
        let Some(Schedule::Windows(list)) = &self.schedule else { return None };
        let quarter = u32::try_from(quarter(site)).ok()?;
        let window = list.charge_windows.iter().find(|window| window.covers(site.weekday(), quarter))?;
        window.power.and_then(|watts| Power::from_watts(f64::from(watts)))
    }
}

/// What a device holds before anything was written to it: no window, and the policy's reserve as its floor. `None` if
/// nothing may ever be written to it.
#[must_use]
pub fn untouched(policy: &Policy) -> Option<Schedule> {
    let capability = policy.device.capability();
    capability.can_write().then(|| match capability.store {
        Store::TwoWindow => Schedule::TwoWindow(TwoWindow {
            discharge: DischargeSettings {
                floor: whole_percent(policy.battery.reserve),
                ..TwoWindow::NEUTRAL.discharge
            },
            ..TwoWindow::NEUTRAL
        }),
        store => Schedule::Windows(WindowList::empty(store)),
    })
}

/// A percentage as a device holds it: rounded up.
fn whole_percent(soc: Soc) -> u8 {
    (0..=100).find(|percent| f64::from(*percent) >= soc.percent()).unwrap_or(100)
}

fn quarter(site: Local) -> usize {
    usize::from(site.minute / GRID_MINUTES)
}
