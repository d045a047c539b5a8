//! Bugs planted into what the compiler gives for lists of windows, and what catches each: a check that cannot fail proves
//! nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    missing_docs,
    unreachable_pub
)]

mod list_support;

use list_support::*;
use offpeak::device::{Flag, ListWindow, Schedule, WindowList};
use offpeak::plan::compile::window_list::violations;
use offpeak::time::Weekdays;

#[test]
fn planted_bugs_are_caught() {
    let site = periodic();
    let week = lap("2026-11-20T00:00Z", 168, &[("C90@3000", 5.0), ("H", 2.0), ("S20", 16.0), ("C90@3000", 1.0)]);
    let compiled = site.compile(&week, &site.idle());
    let Schedule::Windows(right) = compiled.desired else { panic!("a list") };
    let now = week.spans[0].from;
    let faults = |list: WindowList| {
        let held = Schedule::Windows(list);
        let found = violations(&site.request(&week, &held, now), &list);
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(faults(right), "", "without a bug");
    let mut table = Vec::new();
    let mut plant = |name: &str, bug: fn(&mut WindowList)| {
        let mut list = right;
        bug(&mut list);
        let caught = faults(list);
        assert!(!caught.is_empty(), "{name} is not caught");
        table.push(format!("{name:<38} {caught}"));
    };
    plant("off-grid times kept", |list| list.charge_windows[0].period = period("00:07-05:00"));
    plant("midnight not split", |list| list.charge_windows[1].period = period("23:00-05:00"));
    plant("target above what was asked", |list| list.charge_windows[0].limit = Some(95));
    plant("power above what was asked", |list| list.charge_windows[0].power = Some(5000));
    plant("floor below the reserve", |list| list.permissions[0].limit = Some(9));
    plant("hold by a raised floor", |list| list.permissions[0].limit = Some(60));
    plant("charge longer than asked", |list| list.charge_windows[0].period = period("00:00-05:15"));
    plant("hold longer than asked", |list| list.permissions[0].period = period("07:15-23:00"));
    plant("a day without permission", |list| list.permissions[0].days = Weekdays::WEEKDAYS);
    plant("a switch forgotten", |list| list.charge = Flag::Unread);
    plant("permission over a charge window", |list| list.permissions[0].period = period("04:45-23:00"));
    plant("more windows than there are", |list| {
        let from = list.permissions[0];
        list.permissions.clear();
        let pieces = ["07:00-08:00", "08:00-09:00", "09:00-10:00", "10:00-11:00", "11:00-23:00"];
        pieces.iter().for_each(|text| list.permissions.push(ListWindow { period: period(text), ..from }));
    });
    insta::assert_snapshot!(table.join("\n"), @r"
    off-grid times kept                    00:07–05:00 is off the quarter hours
    midnight not split                     23:00–05:00 runs across midnight
    target above what was asked            charges at 2026-11-20 00:00 UTC though it is not asked to
    power above what was asked             charges at 2026-11-20 00:00 UTC though it is not asked to
    floor below the reserve                floor 9 % below the reserve 10 %
    hold by a raised floor                 floor 60 % where 20 % is asked for
    charge longer than asked               charges at 2026-11-20 05:00 UTC though it is not asked to
    hold longer than asked                 holds for 15 min a day though it is not asked to
    a day without permission               Sat has no permission at all
    a switch forgotten                     whether its windows are in force is not known
    permission over a charge window        a charge window and a permission overlap
    more windows than there are            it has more windows than the store
    ");
}
