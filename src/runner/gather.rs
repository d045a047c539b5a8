//! Everything that a plan rests on, from what was read and what the journal remembers.

use std::time::Duration;

use super::look::is_foreign;
use super::outlook;
use super::site::{DRIVER_NOTE, Site, SiteError};
use crate::device::{Object, PerObject, Schedule, Store};
use crate::engine::Override;
use crate::journal::{Journal, JournalError, LogFilter, LogKind};
use crate::plan::budget::{MayGrant, Permits, Refusal, Used, may_grant};
use crate::plan::{Cause, GripChange, Inputs, Outlook};
use crate::policy::{self, Action, Policy};
use crate::snapshot::Snapshot;
use crate::time::{Instant, Zone};

/// How many readings are looked back on at the most: a week of minutes.
const MAX_ROWS: u32 = 12_000;

/// The key of the note that keeps when a write changed the grip in force, and what decided it.
pub(super) const CHANGE_NOTE: &str = "grip changed";

/// A reading decided it.
pub(super) const BY_READING: &str = "reading";

/// Time, calendars, prices or the owner decided it.
pub(super) const BY_TIME: &str = "time";

/// A reading decided it and has let go since.
pub(super) const LET_GO: &str = "let go";

/// What the journal says of one site at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Remembrance {
    /// The owner's manual command.
    pub manual: Option<Override>,
    /// Writes of this local day, of each object.
    pub used: PerObject<u32>,
    /// What may be granted.
    pub permits: Permits,
    /// The last write that changed the grip in force; `None` if the owner has commanded since.
    pub last_change: Option<GripChange>,
}

/// The owner's manual command in force, if there is one.
///
/// # Errors
/// The journal cannot be read, or its words cannot be understood.
pub fn manual_command(journal: &Journal, site: &str, now: Instant) -> Result<Option<Override>, SiteError> {
    let Some(record) = journal.active_override(site, now)? else { return Ok(None) };
    match policy::parse_action(&record.action) {
        Ok(action) => Ok(Some(Override { action, until: record.until })),
        Err(why) => Err(SiteError::Override(record.action, why)),
    }
}

/// What the driver of a site wanted remembered.
///
/// # Errors
/// The journal cannot be read.
pub fn driver_memory(journal: &Journal, site: &str) -> Result<Option<String>, JournalError> {
    Ok(journal.note(site, DRIVER_NOTE)?.map(|(_, text)| text))
}

impl Remembrance {
    /// What the journal says of a policy's site now. What someone else changed may not be granted on.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn of(journal: &Journal, policy: &Policy, now: Instant) -> Result<Remembrance, SiteError> {
        let mut remembrance = Remembrance::answered(journal, policy, now)?;
        let drifted = MayGrant::No { why: Refusal::Drift, until: None };
        for object in Object::ALL {
            if is_foreign(journal, policy, object)? {
                *remembrance.permits.of_mut(object) = drifted;
            }
        }
        Ok(remembrance)
    }

    /// The same where the owner has answered for what someone else changed.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn answered(journal: &Journal, policy: &Policy, now: Instant) -> Result<Remembrance, SiteError> {
        let manual = manual_command(journal, &policy.site, now)?;
        let lost_until = lost_until(journal, &policy.zone, now)?;
        let used = PerObject::try_of(|object| used(journal, policy, object, lost_until, now))?;
        let permit = |used: &Used| may_grant(used, &policy.limits, &policy.zone, now);
        let PerObject { charge, discharge, windows } = &used;
        let permits = Permits { charge: permit(charge), discharge: permit(discharge), windows: permit(windows) };
        let today = PerObject { charge: charge.today, discharge: discharge.today, windows: windows.today };
        Ok(Remembrance { manual, used: today, permits, last_change: last_change(journal, &policy.site)? })
    }
}

/// The outlook that the journal's days before give; `forecast` is whether anyone asks how far it may err.
///
/// # Errors
/// The journal cannot be read.
pub(super) fn journaled_outlook(
    journal: &Journal,
    policy: &Policy,
    now: Instant,
    until: Instant,
    forecast: bool,
) -> Result<Outlook, JournalError> {
    let since = |days| outlook::begin(&policy.zone, now, days);
    let recent = since(outlook::DAYS_BACK);
    let begin = if forecast { since(outlook::FORECAST_DAYS_BACK) } else { recent };
    let rows = journal.readings(&policy.site, begin, now, MAX_ROWS)?;
    let old = rows.partition_point(|(at, _)| *at < recent);
    let mut ahead = outlook::outlook(rows.get(old..).unwrap_or_default(), &policy.zone, now, until);
    if forecast {
        ahead.forecast = outlook::forecast(&rows, &policy.zone, now);
    }
    Ok(ahead)
}

/// Whether anything that may decide goes by a forecast.
pub(super) fn asks_for_forecast(policy: &Policy, manual: Option<&Override>) -> bool {
    let by_hand = manual.is_some_and(|manual| manual.action == Action::FollowPlan);
    by_hand || policy.rules.iter().any(|rule| rule.then == Action::FollowPlan)
}

impl Site {
    /// What a plan rests on now. `memory` has observed this moment.
    pub(super) fn inputs(
        &mut self,
        now: Instant,
        horizon: Duration,
        remembrance: &Remembrance,
    ) -> Result<Inputs, SiteError> {
        let forecast = asks_for_forecast(&self.policy, remembrance.manual.as_ref());
        let outlook = self.outlook_for(now, horizon, forecast)?;
        Ok(Inputs {
            now,
            horizon,
            readings: self.readings.clone(),
            memory: self.memory.clone(),
            manual: remembrance.manual,
            outlook,
            present: self.present(),
            used: remembrance.used,
            permits: self.permits(remembrance),
            last_change: remembrance.last_change,
        })
    }

    /// What may be granted now: nothing by a clock that is not believed.
    pub(super) fn permits(&self, remembrance: &Remembrance) -> Permits {
        if self.credence.is_believed() { remembrance.permits } else { Permits::none(Refusal::Clock, None) }
    }

    /// The schedule on the device, as far as it is known.
    #[must_use]
    pub fn present(&self) -> Option<Schedule> {
        self.schedule.map(|(schedule, _)| schedule)
    }

    /// Whether the device has a schedule for us: one that is read only is never asked for it.
    pub(super) fn has_schedule(&self) -> bool {
        self.policy.device.capability().can_write()
    }

    /// The store that holds its schedule: the one that was read, or the policy's.
    pub(super) fn store(&self) -> Store {
        let read = self.present().map(|schedule| schedule.store());
        read.or(self.policy.device.kind.chosen_store()).unwrap_or(Store::TwoWindow)
    }

    /// The readings that a dry run may take over.
    #[must_use]
    pub fn readings(&self) -> &Snapshot {
        &self.readings
    }

    /// The outlook, made anew at each quarter hour, and when a forecast is asked for that it has not.
    fn outlook_for(&mut self, now: Instant, horizon: Duration, forecast: bool) -> Result<Outlook, SiteError> {
        let quarter = (now.timestamp().div_euclid(900), forecast);
        if let Some((_, outlook)) = self.outlook.as_ref().filter(|(made, _)| *made == quarter) {
            return Ok(outlook.clone());
        }
        let until = crate::time::after(now, horizon.max(Duration::from_secs(86_400)));
        let made = journaled_outlook(&self.journal, &self.policy, now, until, forecast)?;
        self.outlook = Some((quarter, made.clone()));
        Ok(made)
    }
}

/// The last write that changed the grip in force, unless the owner has given or taken back a command since: what the owner
/// says never waits.
fn last_change(journal: &Journal, site: &str) -> Result<Option<GripChange>, JournalError> {
    let Some((at, cause)) = journal.note(site, CHANGE_NOTE)? else { return Ok(None) };
    let kinds = vec![LogKind::Override, LogKind::Resume];
    let said = LogFilter { site: Some(site.to_owned()), from: Some(at), until: None, kinds };
    let silent = journal.log(&said, 1)?.is_empty();
    let cause = match cause.as_str() {
        BY_READING => Cause::Reading,
        LET_GO => Cause::LetGo,
        _ => Cause::Time,
    };
    Ok(silent.then_some(GripChange { at, cause }))
}

/// The local midnight until which a lost journal holds back grants.
fn lost_until(journal: &Journal, zone: &Zone, now: Instant) -> Result<Option<Instant>, JournalError> {
    let midnight = |noted_at: Instant| zone.day(zone.local(noted_at).date).1;
    Ok(journal.loss(now)?.map(|loss| midnight(loss.noted_at)))
}

fn used(
    journal: &Journal,
    policy: &Policy,
    object: Object,
    lost_until: Option<Instant>,
    now: Instant,
) -> Result<Used, JournalError> {
    let (from, until) = policy.zone.day(policy.zone.local(now).date);
    let written = journal.writes_used(&policy.site, object, from, until)?;
    Ok(Used { today: written.count, last: written.last, lost_until })
}
