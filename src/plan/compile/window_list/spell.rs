//! From what each quarter hour does to the windows that say so, with as few changes as possible.

use super::act::Act;
use super::choose::Choice;
use super::day::Form;
use super::means::Means;
use super::standing::Standing;
use crate::device::quarters::clock;
use crate::device::schedule::WEEK;
use crate::device::two_window::QUARTERS;
use crate::device::window_list::Windows;
use crate::device::{Flag, ListWindow, Period, WindowList};
use crate::time::Weekdays;

/// The content that does what a choice says. What stands already stays as it is spelled; what is switched off is left out,
/// since a window that stands there would count and could be switched on.
pub(crate) fn spell(present: &WindowList, standing: &Standing, choice: &Choice, means: &Means) -> WindowList {
    let fresh = fresh(present, choice);
    let charge = |act: &Act| matches!(act, Act::Charge { .. });
    let permit = |act: &Act| matches!(act, Act::SelfConsume(_));
    let same = |kind: fn(&Act) -> bool| {
        let of = |acts: &[Act]| acts.iter().map(|act| Some(*act).filter(kind)).collect::<Vec<_>>();
        !standing.odd && of(&standing.acts) == of(&choice.acts)
    };
    let mut kept = fresh;
    if same(charge) && fresh.charge == Flag::On {
        kept.charge_windows = present.charge_windows;
    }
    if same(permit) && standing.restricts && fresh.restricted == Flag::On {
        kept.permissions = present.permissions;
    }
    if fits(&kept, means) && kept.same_meaning(&fresh) { kept } else { fresh }
}

fn fresh(present: &WindowList, choice: &Choice) -> WindowList {
    let restricted = choice.form == Form::Restricted;
    let (mut charge, mut permit): (Vec<ListWindow>, Vec<ListWindow>) = (Vec::new(), Vec::new());
    let daily = choice.acts.len() == QUARTERS;
    for (day, acts) in WEEK.into_iter().zip(choice.acts.chunks(QUARTERS)) {
        let days = if daily { Weekdays::ALL } else { Weekdays::only(day) };
        for (period, act) in runs(acts) {
            match act {
                Act::Charge { target, power } => {
                    add(&mut charge, ListWindow { period, days, limit: Some(target), power });
                }
                Act::SelfConsume(limit) if restricted => {
                    add(&mut permit, ListWindow { period, days, limit, power: None });
                }
                Act::SelfConsume(_) | Act::Hold => {}
            }
        }
    }
    let flag = |windows: &[ListWindow]| if windows.is_empty() { Flag::Off } else { Flag::On };
    let (charge_flag, restricted) = (flag(&charge), flag(&permit));
    let (charge_windows, permissions) = (list(charge), list(permit));
    WindowList { store: present.store, charge: charge_flag, restricted, charge_windows, permissions }
}

/// The runs of a day in order. A whole day is cut at noon, since 00:00–00:00 means unused.
fn runs(acts: &[Act]) -> Vec<(Period, Act)> {
    let mut runs: Vec<(u32, u32, Act)> = Vec::new();
    for (quarter, act) in (0u32..).zip(acts) {
        match runs.last_mut() {
            Some((_, until, last)) if last == act => *until = quarter + 1,
            _ => runs.push((quarter, quarter + 1, *act)),
        }
    }
    let end = u32::try_from(QUARTERS).unwrap_or_default();
    if let [(0, until, act)] = *runs.as_slice()
        && until == end
    {
        runs = vec![(0, end / 2, act), (end / 2, end, act)];
    }
    let period = |(from, until, act)| (Period { from: clock(from), to: clock(until) }, act);
    runs.into_iter().map(period).collect()
}

/// Adds a window, or its days to one that says the same.
fn add(windows: &mut Vec<ListWindow>, window: ListWindow) {
    let like = |other: &&mut ListWindow| {
        (other.period, other.limit, other.power) == (window.period, window.limit, window.power)
    };
    match windows.iter_mut().find(like) {
        Some(other) => other.days = other.days.or(window.days),
        None => windows.push(window),
    }
}

fn list(mut windows: Vec<ListWindow>) -> Windows {
    let first = |window: &ListWindow| WEEK.into_iter().position(|day| window.days.contains(day));
    windows.sort_by_key(|window| (window.period.from, window.period.minutes().end, first(window)));
    let mut list = Windows::default();
    for window in windows {
        // A week has no more windows than the list has places.
        let _ = list.try_push(window);
    }
    list
}

/// Whether no day and no week has more windows than the store.
pub(crate) fn fits(list: &WindowList, means: &Means) -> bool {
    let weekdays = |window: &ListWindow| WEEK.into_iter().filter(|day| window.days.contains(*day)).count();
    let all = || list.charge_windows.iter().chain(&list.permissions);
    let day_fits = |day| {
        let on = |windows: &Windows| windows.iter().filter(|window| window.days.contains(day)).count();
        let (charge, permission) = (on(&list.charge_windows), on(&list.permissions));
        charge <= means.charge && permission <= means.permission && charge + permission <= means.together
    };
    let daily = all().all(|window| window.days == Weekdays::ALL);
    let week: usize = all().map(weekdays).sum();
    WEEK.into_iter().all(day_fits) && (daily || means.weekly.is_none_or(|most| week <= most))
}
