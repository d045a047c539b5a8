//! What is left on the device: at the end of the service, and when the owner wants back what was there before.

use super::site::{Site, SiteError};
use crate::device::schedule::WEEK;
use crate::device::{ChargeSettings, Grip, Schedule, Settings, Step, TwoWindow, WriteKind};
use crate::plan::compile::self_consume;
use crate::policy::model::OnExit;

impl Site {
    /// Leaves the device as the policy's `on exit` says. Says what was done, in one line.
    ///
    /// # Errors
    /// The journal cannot be read or written.
    pub async fn leave(&mut self) -> Result<String, SiteError> {
        let reserve = self.policy.battery.reserve;
        if self.policy.limits.on_exit != OnExit::Keep {
            // What the last tick was broken off in has to be known before anything is put over it.
            self.recover().await?;
        }
        match self.policy.limits.on_exit {
            OnExit::Keep => Ok("the schedule stays on the device as it is".to_owned()),
            OnExit::SelfConsume => match self.present() {
                Some(present) => self.put(self_consume(&present, reserve), "on exit: self-consume").await,
                None => Ok("the schedule is not known, so it stays as it is".to_owned()),
            },
            OnExit::Restore => match self.journal.original(&self.policy.site)? {
                Some((original, _)) => {
                    let done = self.put(original.presumed(), "on exit: restore").await?;
                    Ok(presumption(&original).map_or(done.clone(), |presumed| format!("{done}; {presumed}")))
                }
                None => Ok("nothing was ever written, so there is nothing to restore".to_owned()),
            },
        }
    }

    /// Gives up a tick that was broken off where it waited for the vendor. What it may have sent stands in the journal as an intent
    /// without an outcome, and is taken up from there, as after a kill.
    pub fn break_off(&mut self) {
        if self.under_way.take().is_some() {
            self.recovered = false;
        }
    }

    /// Writes a whole schedule that no timeline asks for: safe mode, or what was there before.
    ///
    /// # Errors
    /// The journal cannot be read or written.
    pub async fn put(&mut self, wanted: Schedule, reason: &str) -> Result<String, SiteError> {
        let Some(present) = self.present() else {
            return Ok("the schedule is not known, so nothing was written".to_owned());
        };
        let steps = steps(&present, &wanted);
        if steps.is_empty() {
            return Ok("the device holds that already".to_owned());
        }
        let count = steps.len();
        self.send_sequence(present, steps, reason.to_owned()).await?;
        self.finish_what_was_left().await?;
        let stored = self.present().is_some_and(|now| now.same_meaning(&wanted));
        Ok(if stored { format!("{reason}: {count} written and read back") } else { format!("{reason}: not stored") })
    }
}

/// What is taken for granted to put a schedule back of which not all could be read; `None` if nothing is.
#[must_use]
pub fn presumption(original: &Schedule) -> Option<&'static str> {
    let bare = |settings: &Settings| matches!(settings, Settings::Windows(list) if list.presumed().is_off());
    original.is_unread().then(|| {
        if original.contents().iter().all(bare) {
            "whether anything was in force then cannot be read from the device; there were no windows, so both switches are off"
        } else {
            "whether the windows were in force then cannot be read from the device; they are taken to have been, so their \
             switches are on"
        }
    })
}

/// The fewest writes from one schedule to another of the same store; none if they are not.
fn steps(present: &Schedule, wanted: &Schedule) -> Vec<Step> {
    match (present, wanted) {
        (Schedule::TwoWindow(from), Schedule::TwoWindow(to)) => two_window_steps(from, to),
        (Schedule::Windows(from), Schedule::Windows(to)) if from.store == to.store && from != to => {
            vec![step(present, wanted, Settings::Windows(*to))]
        }
        _ => Vec::new(),
    }
}

/// Through states that overlap nowhere: withdrawals first. Where neither object may go first, charging ends, then the
/// permissions change, then charging begins.
fn two_window_steps(present: &TwoWindow, wanted: &TwoWindow) -> Vec<Step> {
    let [charge, discharge] = wanted.contents();
    match (present.charge == wanted.charge, present.discharge == wanted.discharge) {
        (true, true) => return Vec::new(),
        (true, false) => return along(present, &[discharge]),
        (false, true) => return along(present, &[charge]),
        (false, false) => {}
    }
    let orders = [[charge, discharge], [discharge, charge]];
    let legal = orders.into_iter().filter(|[first, _]| present.with(*first).meaning().is_ok());
    let kind = |[first, _]: &[Settings; 2]| along(present, &[*first]).first().map(|step| step.kind);
    if let Some(order) = legal.min_by_key(kind) {
        return along(present, &order);
    }
    let ended = Settings::Charge(ChargeSettings { grid_charge: false, ..present.charge });
    along(present, &[ended, discharge, charge])
}

/// The writes of these contents one after the other, without those that change nothing.
fn along(present: &TwoWindow, contents: &[Settings]) -> Vec<Step> {
    let mut state = *present;
    let mut steps = Vec::new();
    for settings in contents {
        let next = state.with(*settings);
        if next != state {
            steps.push(step(&Schedule::TwoWindow(state), &Schedule::TwoWindow(next), *settings));
        }
        state = next;
    }
    steps
}

fn step(before: &Schedule, after: &Schedule, settings: Settings) -> Step {
    Step { settings, kind: if adds_grip(before, after) { WriteKind::Grant } else { WriteKind::Withdrawal } }
}

/// Whether any quarter hour is held more firmly than before, or a floor rises. What is not understood held nothing.
fn adds_grip(before: &Schedule, after: &Schedule) -> bool {
    WEEK.into_iter().any(|weekday| {
        let Ok(after) = after.day(weekday) else { return false };
        match before.day(weekday) {
            Ok(before) => after.quarters.iter().zip(&before.quarters).any(|(after, before)| {
                after.grip > before.grip
                    || after.floor.is_some_and(|floor| before.floor.is_some_and(|other| floor > other))
            }),
            Err(_) => after.quarters.iter().any(|after| after.grip > Grip::SelfConsume),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{DischargeSettings, Object, Period};

    fn period(from: &str, to: &str) -> Period {
        Period { from: from.parse().expect("a start"), to: to.parse().expect("an end") }
    }

    fn schedule(charges: bool, permission: Option<(&str, &str)>) -> TwoWindow {
        let windows = [permission.map_or(Period::UNUSED, |(from, to)| period(from, to)), Period::UNUSED];
        TwoWindow {
            charge: ChargeSettings {
                grid_charge: charges,
                windows: [period("01:00", "05:00"), Period::UNUSED],
                cap: 90,
            },
            discharge: DischargeSettings { restricted: permission.is_some(), windows, floor: 10 },
        }
    }

    #[test]
    fn a_whole_schedule_is_put_in_few_writes_through_states_that_overlap_nowhere() {
        let free = schedule(false, None);
        let night = schedule(true, Some(("07:00", "22:00")));
        let early = schedule(true, Some(("05:00", "06:00")));
        let mut crossed = schedule(true, Some(("01:00", "04:00")));
        crossed.charge.windows = [period("08:00", "09:00"), Period::UNUSED];
        let check = |from: &TwoWindow, to: &TwoWindow, expect: &[(Object, WriteKind)]| {
            let steps = steps(&Schedule::TwoWindow(*from), &Schedule::TwoWindow(*to));
            let kinds: Vec<_> = steps.iter().map(|step| (step.settings.object(), step.kind)).collect();
            assert_eq!(kinds, expect);
            let end = steps.iter().fold(*from, |schedule, step| schedule.with(step.settings));
            assert_eq!(end, *to);
        };
        let (charge, discharge) = (Object::Charge, Object::Discharge);
        let (grant, withdrawal) = (WriteKind::Grant, WriteKind::Withdrawal);
        check(&free, &free, &[]);
        check(&night, &free, &[(charge, withdrawal), (discharge, withdrawal)]);
        check(&free, &night, &[(charge, grant), (discharge, grant)]);
        check(&night, &schedule(false, Some(("07:00", "22:00"))), &[(charge, withdrawal)]);
        check(&early, &schedule(false, Some(("07:00", "22:00"))), &[(charge, withdrawal), (discharge, grant)]);
        check(&night, &crossed, &[(charge, withdrawal), (discharge, grant), (charge, grant)]);
    }
}
