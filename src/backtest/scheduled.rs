//! A policy whose word reaches the battery only as a schedule: compiled for the device's store, written within the budget.

use std::time::Duration;

use chrono::Weekday;

use super::{Mind, Moment, PolicyMind, Track};
use crate::device::schedule::Day;
use crate::device::two_window::{GRID_MINUTES, TwoWindow};
use crate::device::window_list::{Flag, WindowList, Windows};
use crate::device::{Grip, PerObject, Schedule, Store};
use crate::engine::{Command, Decision};
use crate::plan::budget::{Permits, Used, may_grant};
use crate::plan::timeline::Steps;
use crate::plan::{Cause, GripChange, Inputs, Outlook, Plan};
use crate::policy::Policy;
use crate::snapshot::{Reading, Snapshot};
use crate::time::{Instant, Local, after, before};
use crate::units::{Power, Soc};

/// How far ahead is planned.
const HORIZON: Duration = Duration::from_secs(24 * 3600);

/// A day, from which load and sun of the next are taken.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// How many days before are looked back on for load and sun.
const DAYS_BACK: u32 = 7;

/// Seconds between two plans where nothing changes and nothing waits, and where something waits.
const BETWEEN_PLANS: [i64; 2] = [3600, 900];

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    /// Writes in all.
    pub total: u64,
    /// Writes of the local day that had the most.
    pub per_day_max: u32,
    /// For how long the device did something else than the policy commanded.
    pub apart: Duration,
}

/// A policy behind a device that does what its schedule says.
#[derive(Debug)]
pub struct Scheduled<'a> {
    mind: PolicyMind<'a>,
    policy: &'a Policy,
    track: &'a Track,
    schedule: Schedule,
    meant: Option<(Weekday, Option<Day>)>,
    used: PerObject<Used>,
    day: Option<usize>,
    last_change: Option<GripChange>,
    decided: Option<Decision>,
    waits: bool,
    writes: Writes,
    today: u32,
    tick: Duration,
}

impl<'a> Scheduled<'a> {
    /// A policy at the beginning of a track, whose device holds what it came with: nothing that charges or forbids.
    #[must_use]
    pub fn new(policy: &'a Policy, track: &'a Track, tick: Duration) -> Scheduled<'a> {
        Scheduled {
            mind: PolicyMind::new(policy, track, tick),
            policy,
            track,
            schedule: fresh(policy.device.capability().store),
            meant: None,
            used: PerObject::default(),
            day: None,
            last_change: None,
            decided: None,
            waits: false,
            writes: Writes::default(),
            today: 0,
            tick,
        }
    }

    /// What was written so far.
    #[must_use]
    pub fn writes(&self) -> Writes {
        self.writes
    }

    /// Whether anything that a plan rests on may have changed.
    fn is_due(&self, moment: &Moment<'_>, decided: Decision) -> bool {
        let between = if self.waits { BETWEEN_PLANS[1] } else { BETWEEN_PLANS[0] };
        moment.edge || self.decided != Some(decided) || moment.at.timestamp().rem_euclid(between) == 0
    }

    fn plan(&mut self, moment: &Moment<'_>) {
        let inputs = self.inputs(moment);
        let plan = Plan::priced(self.policy, &inputs, self.mind.prices().clone());
        let cause = if plan.rests_on_reading { Cause::Reading } else { Cause::Time };
        let waits_for_steadiness = plan.compiled.as_ref().is_ok_and(|compiled| compiled.waits_until.is_some());
        self.waits = plan.compiled.as_ref().is_ok_and(|compiled| !compiled.deferred.is_empty()) || waits_for_steadiness;
        let steps = plan.writes().to_vec();
        self.note_letting_go(waits_for_steadiness);
        if steps.is_empty() {
            return;
        }
        let site = self.policy.zone.local(moment.at);
        let before = self.grip(site);
        for step in steps {
            self.schedule = self.schedule.with(step.settings);
            let used = self.used.of_mut(step.settings.object());
            *used = Used { today: used.today.saturating_add(1), last: Some(moment.at), lost_until: None };
            self.today = self.today.saturating_add(1);
            self.writes.total = self.writes.total.saturating_add(1);
        }
        self.writes.per_day_max = self.writes.per_day_max.max(self.today);
        self.meant = None;
        if self.grip(site) != before {
            self.last_change = Some(GripChange { at: moment.at, cause });
        }
    }

    /// A grip that readings ask for no more, and that stands only so that nothing flaps, is told apart from one that they do.
    fn note_letting_go(&mut self, waits: bool) {
        if let Some(change) = self.last_change.as_mut() {
            change.cause = match (change.cause, waits) {
                (Cause::Reading, true) => Cause::LetGo,
                (Cause::LetGo, false) => Cause::Reading,
                (cause, _) => cause,
            };
        }
    }

    fn inputs(&self, moment: &Moment<'_>) -> Inputs {
        let now = moment.at;
        let reading = |power: Option<Power>| power.map(|power| Reading::good(power, now));
        let permit = |used: &Used| may_grant(used, &self.policy.limits, &self.policy.zone, now);
        let PerObject { charge, discharge, windows } = &self.used;
        Inputs {
            now,
            horizon: HORIZON,
            readings: Snapshot {
                soc: Some(Reading::good(moment.soc, now)),
                load: reading(Some(moment.piece.load)),
                solar: reading(Some(moment.piece.solar)),
                grid: reading(moment.grid),
                battery: reading(moment.battery),
                ev: None,
            },
            memory: self.mind.memory().clone(),
            manual: None,
            outlook: Outlook { forecast: self.mind.forecast(), ..outlook(self.track, now) },
            present: Some(self.schedule),
            used: PerObject { charge: charge.today, discharge: discharge.today, windows: windows.today },
            permits: Permits { charge: permit(charge), discharge: permit(discharge), windows: permit(windows) },
            last_change: self.last_change,
        }
    }

    /// What the schedule means on a day of the week; `None` where nobody knows.
    fn meaning(&mut self, weekday: Weekday) -> Option<Day> {
        if let Some((_, day)) = self.meant.filter(|(known, _)| *known == weekday) {
            return day;
        }
        let day = self.schedule.day(weekday).ok();
        self.meant = Some((weekday, day));
        day
    }

    fn grip(&mut self, site: Local) -> Option<Grip> {
        let quarter = usize::from(site.minute / GRID_MINUTES);
        self.meaning(site.weekday()).and_then(|day| day.cell(quarter)).map(|cell| cell.grip)
    }

    /// What the device does by its schedule.
    fn followed(&mut self, site: Local) -> Command {
        let reserve = self.policy.battery.reserve;
        let percent = |percent: u8| Soc::from_percent(f64::from(percent)).unwrap_or(reserve);
        let quarter = usize::from(site.minute / GRID_MINUTES);
        match self.meaning(site.weekday()).and_then(|day| day.cell(quarter)) {
            Some(cell) => match cell.grip {
                Grip::Charge(target) => Command::ChargeTo { target: percent(target), power: None },
                Grip::Hold => Command::Hold,
                Grip::SelfConsume => Command::SelfConsume { floor: cell.floor.map_or(reserve, percent) },
            },
            None => Command::SelfConsume { floor: reserve },
        }
    }

    fn new_day(&mut self, day: usize) {
        if self.day != Some(day) {
            (self.day, self.today) = (Some(day), 0);
            for object in crate::device::Object::ALL {
                self.used.of_mut(object).today = 0;
            }
        }
    }
}

impl Mind for Scheduled<'_> {
    fn decide(&mut self, moment: &Moment<'_>) -> Decision {
        let decided = self.mind.decide(moment);
        self.new_day(moment.piece.day);
        if self.is_due(moment, decided) {
            self.plan(moment);
        }
        self.decided = Some(decided);
        let command = self.followed(self.policy.zone.local(moment.at));
        if command != decided.command {
            // Ticks that a piece's end cuts short count as whole ones; there are few.
            self.writes.apart = self.writes.apart.saturating_add(self.tick);
        }
        Decision { source: decided.source, command }
    }
}

/// What a store holds from the factory: nothing charges, nothing is forbidden.
fn fresh(store: Store) -> Schedule {
    match store {
        Store::TwoWindow => Schedule::TwoWindow(TwoWindow::NEUTRAL),
        store => Schedule::Windows(WindowList {
            store,
            charge: Flag::Off,
            restricted: Flag::Off,
            charge_windows: Windows::default(),
            permissions: Windows::default(),
        }),
    }
}

/// Load and sun of the coming day: the mean of the same moments of the days before, as far as the history has them.
fn outlook(track: &Track, now: Instant) -> Outlook {
    let mut load = Vec::with_capacity(96);
    let mut solar = Vec::with_capacity(96);
    for quarter in 0..96u32 {
        let at = after(now, Duration::from_secs(u64::from(quarter) * 900));
        let mut sums = (Power::ZERO, Power::ZERO, 0.0);
        for day in 1..=DAYS_BACK {
            if let Some(piece) = track.piece_at(before(at, DAY * day)) {
                sums = (sums.0 + piece.load, sums.1 + piece.solar, sums.2 + 1.0);
            }
        }
        if sums.2 > 0.0 {
            load.push((at, sums.0 * (1.0 / sums.2)));
            solar.push((at, sums.1 * (1.0 / sums.2)));
        }
    }
    Outlook { load: Steps::new(load), solar: Steps::new(solar), ..Outlook::default() }
}
