//! What the cloud takes into the periodic store, and the options of what nobody knows about it.

use serde::{Deserialize, Serialize};

use super::super::store::Misfit;
use super::schedule::{PeriodicSchedule, PeriodicWindow};

/// The most windows of one day.
const PER_DAY: usize = 6;

/// The most windows of one week in a weekly schedule; one of several weekdays counts once for each.
const PER_WEEK: usize = 28;

/// How strictly this cloud takes a periodic schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodicRules {
    /// Over what the windows of a day and of a week are counted.
    pub count: PeriodCount,
    /// Whether windows without any time are counted as well.
    pub counts_fillers: bool,
    /// Whether an element is refused that carries fields which only the read model has: `sort`, `strategyType`,
    /// `executeCycleType`. The vendor's page has them in the one and not in the other; whether it minds is unknown.
    pub refuses_read_fields: bool,
}

/// Over what the windows of a day and of a week are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeriodCount {
    /// Over both lists together.
    #[default]
    BothLists,
    /// Over each list apart.
    EachList,
}

impl PeriodicRules {
    /// Whether the lists are no longer than they may be.
    pub(super) fn check(&self, schedule: &PeriodicSchedule) -> Result<(), Misfit> {
        let none: &[PeriodicWindow] = &[];
        let (charge, discharge) = (schedule.charge.as_slice(), schedule.discharge.as_slice());
        let (lists, names) = match self.count {
            PeriodCount::BothLists => ([[charge, discharge], [none, none]], ["chargeTimeList", ""]),
            PeriodCount::EachList => ([[charge, none], [discharge, none]], ["chargeTimeList", "dischargeTimeList"]),
        };
        for (list, name) in lists.into_iter().zip(names) {
            let windows: Vec<&PeriodicWindow> = list.into_iter().flatten().filter(|one| self.counts(one)).collect();
            if Self::too_many(&windows, schedule.weekly) {
                return Err(Misfit::OutOfRange(name));
            }
        }
        Ok(())
    }

    fn counts(&self, window: &PeriodicWindow) -> bool {
        self.counts_fillers || !window.is_unused()
    }

    fn too_many(windows: &[&PeriodicWindow], weekly: bool) -> bool {
        let of_day = |day: u8| windows.iter().filter(|one| one.weekdays.contains(day)).count();
        let days: Vec<usize> = (1..=7).map(of_day).collect();
        days.iter().any(|count| *count > PER_DAY) || weekly && days.iter().sum::<usize>() > PER_WEEK
    }
}
