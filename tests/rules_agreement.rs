//! P1 and P10 for every policy in `rules/`: the same inputs make the same bytes, and after the writes of a plan there is
//! nothing left to write.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod rules_support;

use offpeak::device::{Flag, Object, Schedule, Settings, Store};
use offpeak::engine::Memory;
use offpeak::plan::compile::{Deferred, Reason};
use offpeak::plan::{Inputs, Plan};
use offpeak::policy::Policy;
use offpeak::report::{Style, why_text};
use offpeak::time::Instant;
use rules_support::{
    RULES, applied, calm, device, factory, json_of, listed, local, look, policy, quiet, screen_of, store,
};

/// Days on which the clocks change in the zones of the policies, the seasons do, holidays begin and end, and plain ones.
const DAYS: [&str; 9] = [
    "2026-10-24 00:00",
    "2026-10-25 00:00",
    "2026-11-20 00:00",
    "2026-11-22 00:00",
    "2026-12-23 00:00",
    "2027-02-28 00:00",
    "2027-03-27 00:00",
    "2027-03-28 00:00",
    "2027-03-31 00:00",
];

/// What may be on a policy's device, whoever set it.
fn presents(policy: &Policy) -> Vec<Schedule> {
    let store = store(policy);
    if store != Store::TwoWindow {
        return lists(store);
    }
    let schedules = [
        ("0 - - 100", "0 - - 10"),
        ("1 23:30-00:00 00:00-05:30 90", "0 - - 10"),
        ("1 02:00-05:00 13:00-16:00 100", "1 05:00-13:00 16:00-23:00 15"),
        ("0 00:00-07:00 - 100", "1 09:00-00:00 - 40"),
        ("1 22:07-23:15 - 80", "0 - - 10"),
        ("1 22:00-06:00 - 95", "1 06:00-22:00 - 20"),
        ("1 01:00-06:00 - 60", "1 05:00-23:00 - 10"),
    ];
    schedules.iter().map(|(charge, discharge)| device(charge, discharge)).collect()
}

/// The same where all windows stand in one object.
fn lists(store: Store) -> Vec<Schedule> {
    let unread = if store == Store::Periodic { Flag::Unread } else { Flag::On };
    let night = ["00:00-05:30", "23:30-00:00"];
    let (off, of_saturdays): ((Flag, &[&str]), &[&str]) = match store {
        Store::Periodic => ((Flag::Off, &[]), &["02:00-05:00 sat", "12:00-14:00"]),
        _ => ((Flag::Off, &[]), &["02:00-05:00"]),
    };
    vec![
        listed(store, off, off),
        listed(store, (Flag::On, &night), off),
        listed(store, (Flag::On, of_saturdays), (Flag::On, &["05:30-12:00", "16:00-23:00"])),
        listed(store, (Flag::Off, &["00:00-07:00"]), (Flag::On, &["09:00-00:00"])),
        listed(store, (unread, &night), (unread, &["06:00-22:00"])),
        listed(store, (Flag::On, &["22:07-23:15"]), off),
    ]
}

/// Every hour of the days, a quarter of an hour and a bit past.
fn moments(policy: &Policy) -> Vec<Instant> {
    let hours = |day: &&str| {
        let start = local(&policy.zone, day);
        (0..25).map(move |hour| start + chrono::Duration::minutes(60 * hour + (hour * 7) % 60))
    };
    DAYS.iter().flat_map(hours).collect()
}

/// The inputs of one moment, and how full the battery is at it.
fn inputs(policy: &Policy, now: Instant, present: Schedule, soc: f64) -> Inputs {
    let readings = quiet(now, soc, 600.0, 0.0);
    let mut memory = Memory::empty(policy);
    look(policy, &mut memory, &readings, now);
    calm(now, readings, &memory, present)
}

#[test]
fn after_the_writes_of_a_plan_there_is_nothing_left_to_write() {
    let (mut plans, mut with_writes) = (0, 0);
    for name in RULES {
        let policy = policy(name);
        for (turn, now) in moments(&policy).into_iter().enumerate() {
            // Every second schedule in turn: each of them meets every hour of some day.
            let presents = presents(&policy).into_iter().skip(turn % 2).step_by(2);
            for (present, soc) in presents.zip([30.0, 65.0].into_iter().cycle()) {
                let before = inputs(&policy, now, present, soc);
                let first = Plan::make(&policy, &before);
                assert!(first.writes().len() <= 3, "{name} at {now}");
                let desired = applied(present, &first);
                assert_eq!(first.compiled.as_ref().unwrap().desired, desired, "{name} at {now}: {present:?}");
                let after = Inputs { present: Some(desired), ..before.clone() };
                let second = Plan::make(&policy, &after);
                assert_eq!(second.writes(), [], "{name} at {now}, {soc} %: {present:?}\nthen {desired:?}");
                plans += 1;
                with_writes += usize::from(!first.writes().is_empty());
            }
        }
    }
    println!("{plans} plans, {with_writes} of them with writes");
    assert!(with_writes * 2 > plans, "{with_writes} of {plans} plans wrote anything");
}

#[test]
fn from_the_state_between_two_writes_the_same_schedule_is_reached() {
    let (mut states, mut other) = (0, 0);
    for name in RULES {
        let policy = policy(name);
        for now in moments(&policy).into_iter().step_by(4) {
            for present in presents(&policy) {
                let before = inputs(&policy, now, present, 50.0);
                let first = Plan::make(&policy, &before);
                let desired = applied(present, &first);
                let mut state = present;
                for write in first.writes().iter().take(first.writes().len().saturating_sub(1)) {
                    state = state.with(write.settings);
                    let again = Inputs { present: Some(state), ..before.clone() };
                    let plan = Plan::make(&policy, &again);
                    let reached = applied(state, &plan);
                    let last = Inputs { present: Some(reached), ..before.clone() };
                    assert_eq!(Plan::make(&policy, &last).writes(), [], "{name} at {now}: {state:?}");
                    states += 1;
                    other += usize::from(!reached.same_meaning(&desired));
                }
            }
        }
    }
    println!("{states} states between two writes, {other} of which led elsewhere");
    assert!(states > 500, "{states} states");
}

#[test]
fn the_same_inputs_make_the_same_bytes() {
    for name in RULES {
        let (policy, again) = (policy(name), rules_support::policy(name));
        for now in moments(&policy).into_iter().step_by(12) {
            for present in presents(&policy) {
                let told = |policy: &Policy| {
                    let inputs = inputs(policy, now, present, 45.0);
                    let plan = Plan::make(policy, &inputs);
                    (screen_of(policy, &plan), json_of(policy, &plan).to_string(), why_text(&plan, Style::Plain))
                };
                assert_eq!(told(&policy), told(&again), "{name} at {now}");
            }
        }
    }
}

/// Quiet days cost no more than the tariff's rhythm asks: writes of each object a local day, looked at every quarter hour.
#[test]
fn writes_of_a_day_stay_within_the_budget() {
    for name in RULES {
        let policy = policy(name);
        let mut most = [0; 3];
        for day in DAYS.into_iter().step_by(2) {
            let start = local(&policy.zone, day);
            let mut present = factory(&policy);
            let mut memory = Memory::empty(&policy);
            let mut sent: Vec<(chrono::NaiveDate, Settings)> = Vec::new();
            for quarter in 0..2 * 96_i32 {
                let now = start + chrono::Duration::minutes(15 * i64::from(quarter));
                // Up and down through the thresholds of the rules once a day.
                let soc = 50.0 + 40.0 * (std::f64::consts::TAU * f64::from(quarter % 96) / 96.0).sin();
                let readings = quiet(now, soc, 600.0, 0.0);
                look(&policy, &mut memory, &readings, now);
                let inputs = calm(now, readings, &memory, present);
                let plan = Plan::make(&policy, &inputs);
                let date = policy.zone.local(now).date;
                sent.extend(plan.writes().iter().map(|write| (date, write.settings)));
                present = applied(present, &plan);
            }
            for (index, object) in Object::ALL.into_iter().enumerate() {
                let of_day =
                    |date| sent.iter().filter(move |(day, settings)| *day == date && settings.object() == object);
                let worst = sent.iter().map(|(date, _)| of_day(*date).count()).max().unwrap_or(0);
                most[index] = most[index].max(worst);
            }
        }
        println!("{name}: at most {} charge, {} discharge and {} list writes a day", most[0], most[1], most[2]);
        let limit = policy.limits.writes_per_day as usize;
        assert!(most.iter().all(|most| *most < limit), "{name}: {most:?}");
    }
}

/// What a plan promises for a time stands on the device at that time. A floor waits for no time: it is promised none.
#[test]
fn what_is_promised_for_a_time_is_done_by_then() {
    let mut kept = 0;
    for name in RULES {
        let policy = policy(name);
        for (day, soc) in DAYS.into_iter().zip([30.0, 60.0].into_iter().cycle()) {
            let start = local(&policy.zone, day);
            let mut present = factory(&policy);
            let mut memory = Memory::empty(&policy);
            let mut promised: Vec<Deferred> = Vec::new();
            for quarter in 0..2 * 96_i64 {
                let now = start + chrono::Duration::minutes(15 * quarter);
                let readings = quiet(now, soc, 400.0, 0.0);
                look(&policy, &mut memory, &readings, now);
                let inputs = calm(now, readings, &memory, present);
                let plan = Plan::make(&policy, &inputs);
                present = applied(present, &plan);
                let timed = plan.compiled.as_ref().unwrap().deferred.iter();
                let timed: Vec<&Deferred> = timed.filter(|one| !matches!(one.why, Reason::Floor { .. })).collect();
                for due in promised.extract_if(.., |one| one.due <= now).filter(|one| now < one.until) {
                    let same = |one: &&&Deferred| one.from < due.until && due.from < one.until;
                    assert_eq!(timed.iter().find(same), None, "{name} at {now}: {due:?}");
                    kept += 1;
                }
                promised.extend(timed.into_iter().filter(|one| now < one.due));
                promised.dedup_by_key(|one| (one.from, one.due));
            }
        }
    }
    println!("{kept} promises were kept");
    assert!(kept > 100, "{kept} promises");
}
