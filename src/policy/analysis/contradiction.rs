//! Which keys of one mapping of calendar conditions never meet.

use super::calendar::Calendar;
use crate::policy::model::{CalendarCondition, Policy};
use crate::time::CalendarTest;

/// The keys in the order in which they are left out.
const KEYS: [&str; 5] = ["tariff", "time", "days", "months", "dates"];

/// The keys of a mapping that never holds which contradict each other, without those that have no part in it.
#[must_use]
pub fn calendar_core(policy: &Policy, condition: &CalendarCondition) -> Vec<&'static str> {
    let mut core: Vec<&'static str> = KEYS.into_iter().filter(|key| stands(condition, key)).collect();
    for key in KEYS {
        let without: Vec<&'static str> = core.iter().copied().filter(|other| *other != key).collect();
        if without.len() < core.len() && !holds_ever(policy, &restricted(condition, &without)) {
            core = without;
        }
    }
    core
}

fn stands(condition: &CalendarCondition, key: &str) -> bool {
    match key {
        "tariff" => !condition.bands.is_empty(),
        "time" => !condition.test.windows.is_empty(),
        "days" => !condition.test.days.is_empty(),
        "months" => condition.test.months.is_some(),
        _ => !condition.test.dates.is_empty(),
    }
}

/// The condition with these keys alone.
fn restricted(condition: &CalendarCondition, keys: &[&str]) -> CalendarCondition {
    let kept = |key: &str| keys.contains(&key);
    let CalendarTest { windows, days, months, dates } = condition.test.clone();
    CalendarCondition {
        bands: if kept("tariff") { condition.bands.clone() } else { Vec::new() },
        test: CalendarTest {
            windows: if kept("time") { windows } else { Vec::new() },
            days: if kept("days") { days } else { Vec::new() },
            months: months.filter(|_| kept("months")),
            dates: if kept("dates") { dates } else { Vec::new() },
        },
        ..condition.clone()
    }
}

fn holds_ever(policy: &Policy, condition: &CalendarCondition) -> bool {
    let calendar = Calendar::of(&policy.tariff, &policy.zone, &[condition]);
    calendar.map_or(true, |calendar| calendar.conditions.iter().all(|row| row.ever()))
}
