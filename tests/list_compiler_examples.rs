//! Telling examples of what a list of windows is to hold for a timeline, as tables.
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
use offpeak::device::mapping::AtessModel;
use offpeak::device::{Flag, Store};
use offpeak::plan::budget::{Permits, Refusal};

const WEEK: i64 = 168;

fn first_lines(text: &str, count: usize) -> String {
    text.lines().take(count).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_night_charge_is_one_write_for_every_day() {
    let night = lap("2026-11-20T20:41Z", WEEK, &[("S", 2.82), ("C90", 6.0), ("S", 15.18)]);
    let site = periodic();
    let first = site.compile(&night, &site.idle());
    insta::assert_snapshot!(told(&first), @r"
    grant: grid charge 00:00–05:30 to 90 % at 5000 W, 23:30–00:00 to 90 % at 5000 W; discharge only 05:30–23:30 to 10 %
    orphan charges to 90 % every night 23:30–05:30 (6 h without discharge a day), nothing else
    ");
    let offpeak::device::Schedule::Windows(held) = first.desired else { panic!("a list") };
    insta::assert_snapshot!(told(&site.compile(&night, &held)), @r"
    nothing to write
    orphan charges to 90 % every night 23:30–05:30 (6 h without discharge a day), nothing else
    ");
}

#[test]
fn a_charge_and_a_hold_leave_permissions_between() {
    let timeline = lap("2026-11-20T22:00Z", WEEK, &[("S", 1.5), ("C90@3000", 6.0), ("H", 2.0), ("S20", 14.5)]);
    insta::assert_snapshot!(told(&periodic().compile(&timeline, &periodic().idle())), @r"
    grant: grid charge 00:00–05:30 to 90 % at 3000 W, 23:30–00:00 to 90 % at 3000 W; discharge only 07:30–22:00 to 20 %, 22:00–23:30 to 10 %
    orphan charges to 90 % every night 23:30–05:30 and does not discharge every night 05:30–07:30 (8 h without discharge a day), nothing else
    ");
}

#[test]
fn three_charges_and_two_holds_in_a_day_fit() {
    let spans = [("C90", 2.0), ("H", 1.0), ("S", 4.0), ("C60", 2.0), ("H", 1.0), ("S", 6.0), ("C80", 2.0), ("S", 6.0)];
    let timeline = lap("2026-11-20T00:00Z", WEEK, &spans);
    insta::assert_snapshot!(told(&periodic().compile(&timeline, &periodic().idle())), @r"
    grant: grid charge 00:00–02:00 to 90 % at 5000 W, 07:00–09:00 to 60 % at 5000 W, 16:00–18:00 to 80 % at 5000 W; discharge only 03:00–07:00 to 10 %, 10:00–16:00 to 10 %, 18:00–00:00 to 10 %
    orphan charges to at most 90 % every day 00:00–02:00 and 07:00–09:00 and 16:00–18:00 and does not discharge every day 02:00–03:00 and 09:00–10:00 (8 h without discharge a day), nothing else
    ");
    let central = atess(AtessModel::Central, 5, 5, 100);
    let spans = spans.map(|(text, hours)| (if text.starts_with('C') { "C100" } else { text }, hours));
    let timeline = lap("2026-11-20T00:00Z", 24, &spans);
    insta::assert_snapshot!(told(&central.compile(&timeline, &central.idle())), @r"
    grant: grid charge 00:00–02:00 to 100 %, 07:00–09:00 to 100 %, 16:00–18:00 to 100 %; discharge only 03:00–07:00, 10:00–16:00, 18:00–00:00
    orphan charges to 100 % every day 00:00–02:00 and 07:00–09:00 and 16:00–18:00 and does not discharge every day 02:00–03:00 and 09:00–10:00 (8 h without discharge a day), nothing else
    ");
}

#[test]
fn a_device_that_self_consumes_is_left_alone_until_something_is_due() {
    let site = periodic();
    let mut untouched = site.idle();
    (untouched.charge, untouched.restricted) = (Flag::Unread, Flag::Unread);
    let quiet = lap("2026-11-20T08:00Z", WEEK, &[("S", 24.0)]);
    insta::assert_snapshot!(told(&site.compile(&quiet, &untouched)), @r"
    nothing to write
    orphan self-consumes all day, nothing else
    ");
    let floor = lap("2026-11-20T08:00Z", WEEK, &[("S30", 24.0)]);
    insta::assert_snapshot!(told(&site.compile(&floor, &untouched)), @r"
    grant: no grid charge; discharge only 00:00–12:00 to 30 %, 12:00–00:00 to 30 %
    orphan self-consumes all day, nothing else
    ");
}

#[test]
fn more_windows_than_fit_serve_what_comes_first() {
    let busy = lap("2026-11-20T00:00Z", WEEK, &[("S", 2.0), ("C90", 1.0)]);
    insta::assert_snapshot!(first_lines(&told(&periodic().compile(&busy, &periodic().idle())), 4), @r"
    grant: grid charge 02:00–03:00 Thu,Fri,Sat,Sun to 90 % at 5000 W, 05:00–06:00 Fri,Sat,Sun to 90 % at 5000 W, 23:00–00:00 to 90 % at 5000 W; discharge only 00:00–02:00 Thu,Fri,Sat,Sun to 10 %, 00:00–23:00 Mon,Tue,Wed to 10 %, 03:00–05:00 Fri,Sat,Sun to 10 %, 03:00–23:00 Thu to 10 %, 06:00–23:00 Fri,Sat,Sun to 10 %
    deferred Fri 08:00–Fri 09:00: charge to 90 %: the day asks for 8 charge windows, the store has 6; due Fri 05:00
    deferred Fri 11:00–Fri 12:00: charge to 90 %: the day asks for 8 charge windows, the store has 6; due Fri 08:00
    deferred Fri 14:00–Fri 15:00: charge to 90 %: the day asks for 8 charge windows, the store has 6; due Fri 11:00
    ");
    let string = atess(AtessModel::String, 2, 0, 100);
    let busy = lap("2026-11-20T02:00Z", 24, &[("S", 2.0), ("C100", 1.0), ("S", 2.0)]);
    insta::assert_snapshot!(told(&string.compile(&busy, &string.idle())), @r"
    grant: grid charge 04:00–05:00 to 100 %, 09:00–10:00 to 100 %; discharge unrestricted
    deferred Fri 14:00–Fri 15:00: charge to 100 %: the day asks for 5 charge windows, the store has 2; due Fri 11:00
    deferred Fri 19:00–Fri 20:00: charge to 100 %: the day asks for 5 charge windows, the store has 2; due Fri 16:00
    deferred Sat 00:00–Sat 01:00: charge to 100 %: the day asks for 5 charge windows, the store has 2; due Fri 21:00
    orphan charges to 100 % every day 04:00–05:00 and 09:00–10:00 (2 h without discharge a day), nothing else
    ");
}

#[test]
fn a_target_that_the_device_does_not_have_is_never_exceeded() {
    let string = atess(AtessModel::String, 2, 2, 95);
    let timeline = lap("2026-11-20T00:00Z", 24, &[("C80", 3.0), ("S30", 9.0), ("C100", 2.0), ("S", 10.0)]);
    insta::assert_snapshot!(told(&string.compile(&timeline, &string.idle())), @r"
    grant: grid charge 12:00–14:00 to 95 %; discharge only 03:00–12:00, 14:00–00:00
    deferred Fri 00:00–Fri 03:00: charge to 80 %: the device charges to 95 % by a limit of its own, never to 80 %; due Fri 00:00
    deferred Fri 03:00–Fri 12:00: self-consume down to 30 %: the device keeps a floor of its own, not 30 %; due Fri 03:00
    orphan charges to 95 % every day 12:00–14:00 and does not discharge every night 00:00–03:00 (5 h without discharge a day), nothing else
    ");
}

#[test]
fn where_nothing_may_be_granted_only_what_is_too_much_is_withdrawn() {
    let site = periodic();
    let charge = [window("02:00-05:00", 90, Some(5000)), window("12:00-14:00", 90, Some(5000))];
    let free = ["00:00-02:00", "05:00-12:00", "14:00-00:00"].map(|text| window(text, 10, None));
    let present = schedule(Store::Periodic, &charge, &free);
    let timeline = lap("2026-11-20T10:00Z", WEEK, &[("S", 12.0), ("H", 4.0), ("C60", 3.0), ("S", 5.0)]);
    let until = Some(at("2026-11-21T00:00Z"));
    let refused = Site { permits: Permits::none(Refusal::Budget { used: 5, limit: 6 }, until), ..site.clone() };
    let first = refused.compile(&timeline, &present);
    insta::assert_snapshot!(told(&first), @r"
    withdrawal: grid charge 02:00–05:00 to 60 % at 5000 W; discharge only 00:00–02:00 to 10 %, 05:00–00:00 to 10 %
    deferred Fri 22:00–Sat 02:00: hold: 5 of 6 writes used today, and the last one is kept for withdrawals; due Sat 00:00
    deferred Sat 22:00–Sun 02:00: hold: 5 of 6 writes used today, and the last one is kept for withdrawals; due Sat 19:00
    deferred Sun 22:00–Mon 02:00: hold: 5 of 6 writes used today, and the last one is kept for withdrawals; due Sun 19:00
    deferred Mon 22:00–Tue 02:00: hold: 5 of 6 writes used today, and the last one is kept for withdrawals; due Mon 19:00
    deferred Tue 22:00–Wed 02:00: hold: 5 of 6 writes used today, and the last one is kept for withdrawals; due Tue 19:00
    deferred Wed 22:00–Thu 02:00: hold: 5 of 6 writes used today, and the last one is kept for withdrawals; due Wed 19:00
    deferred Thu 22:00–Fri 02:00: hold: 5 of 6 writes used today, and the last one is kept for withdrawals; due Thu 19:00
    orphan charges to 60 % every night 02:00–05:00 (3 h without discharge a day), nothing else
    ");
    let offpeak::device::Schedule::Windows(held) = first.desired else { panic!("a list") };
    assert_eq!(refused.compile(&timeline, &held).writes, []);
    let foreign = Site { permits: Permits::none(Refusal::Drift, None), ..site };
    assert_eq!(foreign.compile(&timeline, &present).writes, []);
}

#[test]
fn an_odd_schedule_is_replaced_at_once() {
    let site = periodic();
    let night = lap("2026-11-20T20:00Z", WEEK, &[("S", 4.0), ("C90", 5.0), ("S", 15.0)]);
    let mut unread = schedule(Store::Periodic, &[window("00:00-05:00", 90, Some(5000))], &[]);
    unread.charge = Flag::Unread;
    let off_grid = schedule(Store::Periodic, &[window("00:07-05:00", 90, Some(5000))], &[]);
    let overlap =
        schedule(Store::Periodic, &[window("00:00-05:00", 90, Some(5000))], &[window("04:00-09:00", 10, None)]);
    let blind = Site { permits: Permits::none(Refusal::Blind, None), ..site.clone() };
    let [one, two] = [&site, &blind].map(|site| told(&site.compile(&night, &unread)));
    insta::assert_snapshot!(one, @r"
    grant: grid charge 00:00–05:00 to 90 % at 5000 W; discharge only 05:00–00:00 to 10 %
    orphan charges to 90 % every night 00:00–05:00 (5 h without discharge a day), nothing else
    ");
    insta::assert_snapshot!(first_lines(&two, 2), @r"
    withdrawal: no grid charge; discharge only 00:00–12:00 to 10 %, 12:00–00:00 to 10 %
    deferred Sat 00:00–Sat 05:00: charge to 90 %: the readings are not fit to take more grip; due Fri 21:00
    ");
    for present in [off_grid, overlap] {
        assert_eq!([&site, &blind].map(|site| told(&site.compile(&night, &present))), [one.clone(), two.clone()]);
    }
}

#[test]
fn a_hold_of_a_whole_day_keeps_a_quarter_hour_of_permission_at_its_far_end() {
    let timeline = lap("2026-11-20T08:07Z", WEEK + 1, &[("H", 64.0), ("S", 999.0)]);
    insta::assert_snapshot!(told(&periodic().compile(&timeline, &periodic().idle())), @r"
    grant: no grid charge; discharge only 00:00–08:00 Fri to 10 %, 00:00–12:00 Mon,Tue,Wed,Thu to 10 %, 12:00–00:00 Mon,Tue,Wed,Thu to 10 %, 23:45–00:00 Sat,Sun to 10 %
    deferred Sat 23:45–Sun 00:00: hold: every day keeps a quarter hour of permission; due Sat 20:45
    deferred Sun 23:45–Mon 00:00: hold: every day keeps a quarter hour of permission; due Sun 20:45
    orphan on Sat, the fullest day, does not discharge 00:00–23:45 (23 h 45 min), nothing else
    ");
    let central = atess(AtessModel::Central, 5, 5, 100);
    let hold = lap("2026-11-20T08:07Z", 25, &[("H", 99.0)]);
    insta::assert_snapshot!(told(&central.compile(&hold, &central.idle())), @r"
    grant: no grid charge; discharge only 07:45–08:00
    deferred Sat 07:45–Sat 08:00: hold: every day keeps a quarter hour of permission; due Sat 04:45
    orphan does not discharge every night 08:00–07:45 (23 h 45 min a day), nothing else
    ");
}

#[test]
fn a_window_left_over_stands_until_it_would_repeat() {
    let central = atess(AtessModel::Central, 5, 5, 100);
    let hold = lap("2026-11-20T18:00Z", 24, &[("H", 1.0), ("S", 99.0)]);
    let offpeak::device::Schedule::Windows(held) = central.compile(&hold, &central.idle()).desired else { panic!() };
    let later = |now: &str| told(&central.compile(&lap(now, 24, &[("S", 99.0)]), &held));
    insta::assert_snapshot!(later("2026-11-20T19:00Z"), @r"
    nothing to write
    deferred Sat 18:00–Sat 19:00: self-consume down to 10 %: left over, and withdrawn before it would repeat; due Sat 15:00
    orphan does not discharge every day 18:00–19:00 (1 h a day), nothing else
    ");
    insta::assert_snapshot!(later("2026-11-21T15:00Z"), @r"
    withdrawal: no grid charge; discharge unrestricted
    orphan self-consumes all day, nothing else
    ");
}

#[test]
fn what_stands_keeps_its_spelling() {
    let site = periodic();
    let charge = [window("00:00-03:00", 90, Some(5000)), window("03:00-05:00", 90, Some(5000))];
    let present = schedule(Store::Periodic, &charge, &[window("05:00-00:00", 10, None)]);
    let timeline = lap("2026-11-20T00:00Z", WEEK, &[("C90", 5.0), ("S20", 19.0)]);
    insta::assert_snapshot!(first_lines(&told(&site.compile(&timeline, &present)), 2), @r"
    nothing to write
    deferred Fri 05:00–Sat 00:00: self-consume down to 20 %: not due yet; due Fri 02:00
    ");
    let due = lap("2026-11-20T02:00Z", WEEK, &[("C90", 3.0), ("S20", 19.0), ("C90", 2.0)]);
    insta::assert_snapshot!(told(&site.compile(&due, &present)), @r"
    grant: grid charge 00:00–03:00 to 90 % at 5000 W, 03:00–05:00 to 90 % at 5000 W; discharge only 05:00–00:00 to 20 %
    orphan charges to 90 % every night 00:00–05:00 (5 h without discharge a day), nothing else
    ");
}

#[test]
fn a_grip_that_a_reading_has_just_changed_stays() {
    let site = periodic();
    let charge = lap("2026-11-20T10:00Z", WEEK, &[("C90", 2.0), ("S", 22.0)]);
    let present = site.compile(&lap("2026-11-20T10:00Z", WEEK, &[("H", 2.0), ("S", 22.0)]), &site.idle()).desired;
    let offpeak::device::Schedule::Windows(present) = present else { panic!("a list") };
    let steady = Site { steady_until: Some(at("2026-11-20T10:25Z")), ..site };
    let waits = steady.compile(&charge, &present);
    assert_eq!((waits.writes.len(), waits.waits_until), (0, steady.steady_until));
}
