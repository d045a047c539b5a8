//! Telling examples of what the store is to hold for a timeline, as tables.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    missing_docs,
    unreachable_pub
)]

mod compiler_support;

use compiler_support::*;
use offpeak::device::{Object, TwoWindow};
use offpeak::device::{Schedule, WriteKind};
use offpeak::plan::budget::{MayGrant, Permits, Refusal};
use offpeak::plan::compile::Reason;
use offpeak::plan::diff;

#[test]
fn a_night_charge_across_midnight_takes_both_windows() {
    let timeline = day("2026-11-20T20:41Z", 24, &[("S", 2.82), ("C90", 6.0), ("S", 99.0)]);
    let compiled = site().compile(&timeline, &idle());
    assert_eq!(text(&compiled.desired), "charge 00:00–05:30 23:30–00:00 to 90 · unrestricted · floor 10");
    assert_eq!(compiled.writes.len(), 1);
    assert_eq!(compiled.writes[0].kind, WriteKind::Grant);
    assert_eq!(compiled.deferred, []);
    assert_eq!(
        compiled.bound.to_string(),
        "charges to 90 % every night 23:30–05:30 (6 h without discharge a day), nothing else"
    );
}

#[test]
fn a_hold_beside_a_charge_is_free() {
    let timeline = day("2026-11-20T22:00Z", 24, &[("S", 1.5), ("C90", 6.0), ("H", 2.0), ("S", 99.0)]);
    let far = Site { ahead_hours: 8.0, ..site() };
    let compiled = far.compile(&timeline, &idle());
    assert_eq!(text(&compiled.desired), "charge 00:00–05:30 23:30–00:00 to 90 · only 07:30–23:30 · floor 10");
    assert_eq!(compiled.deferred, []);
    let near = site().compile(&timeline, &idle());
    assert_eq!(text(&near.desired), "charge 00:00–05:30 23:30–00:00 to 90 · unrestricted · floor 10");
    assert_eq!((near.deferred[0].why, near.deferred[0].due), (Reason::Waits, at("2026-11-21T02:30Z")));
}

#[test]
fn two_holds_that_take_a_third_permission_wait_for_the_first_to_pass() {
    let timeline = day("2026-11-20T08:00Z", 24, &[("S", 1.0), ("H", 2.0), ("S", 4.0), ("H", 2.0), ("S", 99.0)]);
    let compiled = site().compile(&timeline, &idle());
    assert_eq!(text(&compiled.desired), "no charge · only 00:00–09:00 11:00–00:00 · floor 10");
    let deferred = &compiled.deferred[0];
    assert_eq!(deferred.from, at("2026-11-20T15:00Z"));
    assert_eq!(deferred.until, at("2026-11-20T17:00Z"));
    assert_eq!(deferred.due, at("2026-11-20T12:00Z"));
    assert_eq!(deferred.why, Reason::Permissions { needed: 3, most: 2 });
}

#[test]
fn a_hold_of_a_whole_day_keeps_one_permission_at_the_far_end() {
    let timeline = day("2026-11-20T08:07Z", 25, &[("H", 99.0)]);
    let compiled = site().compile(&timeline, &idle());
    assert_eq!(text(&compiled.desired), "no charge · only 07:45–08:00 · floor 10");
}

#[test]
fn a_settled_schedule_costs_no_write() {
    let timeline = day("2026-11-20T20:41Z", 24, &[("S", 2.82), ("C90", 6.0), ("S", 99.0)]);
    let first = site().compile(&timeline, &idle());
    let again = site().compile(&timeline, &first.desired);
    assert_eq!(again.writes, []);
    assert_eq!(again.desired, first.desired);
}

/// The steps of a plan, one line a write, and what is deferred.
fn steps(present: &TwoWindow, compiled: &Compiled) -> String {
    let mut state = *present;
    let mut lines = vec![text(present)];
    for write in &compiled.writes {
        let changes = diff::of_write(&Schedule::TwoWindow(state), &write.settings);
        state = state.with(write.settings);
        let kind = if write.kind == WriteKind::Grant { "grant" } else { "withdrawal" };
        let fields: Vec<String> = changes.changes.iter().map(ToString::to_string).collect();
        lines.push(format!("{kind} {}: {}", changes.to.update_endpoint(), fields.join(", ")));
    }
    lines.extend(compiled.deferred.iter().map(|deferred| {
        let clock = |at: offpeak::time::Instant| at.format("%d %H:%M").to_string();
        format!(
            "deferred {}–{}: {}: {}; due {}",
            clock(deferred.from),
            clock(deferred.until),
            deferred.asked,
            deferred.why,
            clock(deferred.due)
        )
    }));
    lines.push(format!("orphan {}", compiled.bound));
    lines.join("\n")
}

#[test]
fn windows_that_trade_places_with_permissions_take_three_writes() {
    let (site, present, timeline) = trade();
    insta::assert_snapshot!(steps(&present, &site.compile(&timeline, &present)), @r"
    charge 02:00–05:00 to 90 · only 06:00–00:00 · floor 10
    withdrawal updateChargeConfigInfo: gridCharge 1 → 0
    grant updateDisChargeConfigInfo: window 1 06:00–00:00 → 00:00–07:00, window 2 unused → 11:00–00:00
    grant updateChargeConfigInfo: gridCharge 0 → 1, window 1 02:00–05:00 → 08:00–11:00
    orphan charges to 90 % every day 08:00–11:00 and does not discharge every night 07:00–08:00 (4 h without discharge a day), nothing else
    ");
}

/// A charge window that moves to where a permission stands, while a permission moves to where it stood.
fn trade() -> (Site, TwoWindow, offpeak::plan::Timeline) {
    let present = schedule(&["02:00-05:00"], 90, &["06:00-00:00"], 10);
    let timeline = day("2026-11-20T00:00Z", 24, &[("S", 7.0), ("H", 1.0), ("C90", 3.0), ("S", 99.0)]);
    (Site { ahead_hours: 12.0, ..site() }, present, timeline)
}

#[test]
fn two_targets_share_one_cap() {
    let timeline = day("2026-11-20T22:00Z", 24, &[("C90", 3.0), ("S", 9.0), ("C60", 3.0), ("S", 99.0)]);
    insta::assert_snapshot!(steps(&idle(), &site().compile(&timeline, &idle())), @r"
    no charge · unrestricted · floor 10
    grant updateChargeConfigInfo: gridCharge 0 → 1, window 1 unused → 00:00–01:00, window 2 unused → 22:00–00:00, batHighCap 95 % → 90 %
    deferred 21 10:00–21 13:00: charge to 60 %: one target serves all charge windows: 90 %, not 60 %; due 21 07:00
    orphan charges to 90 % every night 22:00–01:00 (3 h without discharge a day), nothing else
    ");
}

#[test]
fn two_floors_share_one() {
    let timeline = day("2026-11-20T08:00Z", 24, &[("S20", 8.0), ("S50", 4.0), ("S20", 99.0)]);
    insta::assert_snapshot!(steps(&idle(), &site().compile(&timeline, &idle())), @r"
    no charge · unrestricted · floor 10
    grant updateDisChargeConfigInfo: batUseCap 10 % → 20 %
    deferred 20 16:00–20 20:00: self-consume down to 50 %: one floor serves the whole day: 20 %, not 50 %; due 20 13:00
    orphan self-consumes all day, nothing else
    ");
}

#[test]
fn where_nothing_may_be_granted_only_what_is_too_much_is_withdrawn() {
    let present = schedule(&["12:00-14:00", "22:00-00:00"], 90, &[], 10);
    let timeline = day("2026-11-20T11:00Z", 24, &[("S", 10.0), ("C95", 4.0), ("S", 99.0)]);
    let until = Some(at("2026-11-21T00:00Z"));
    let refused = Site { permits: Permits::none(Refusal::Budget { used: 5, limit: 6 }, until), ..site() };
    insta::assert_snapshot!(steps(&present, &refused.compile(&timeline, &present)), @r"
    charge 12:00–14:00 22:00–00:00 to 90 · unrestricted · floor 10
    withdrawal updateChargeConfigInfo: window 1 12:00–14:00 → 22:00–00:00, window 2 22:00–00:00 → unused
    deferred 20 21:00–20 22:00: charge to 95 %: 5 of 6 writes used today, and the last one is kept for withdrawals; due 21 00:00
    deferred 20 22:00–21 00:00: charge to 95 %: 5 of 6 writes used today, and the last one is kept for withdrawals; due 21 00:00
    deferred 21 00:00–21 01:00: charge to 95 %: 5 of 6 writes used today, and the last one is kept for withdrawals; due 21 00:00
    orphan charges to 90 % every day 22:00–00:00 (2 h without discharge a day), nothing else
    ");
}

#[test]
fn a_hold_that_ends_within_the_hour_is_left_until_it_would_repeat() {
    let hold = day("2026-11-20T18:00Z", 24, &[("H", 1.0), ("S", 99.0)]);
    let held = site().compile(&hold, &idle()).desired;
    let later = |now: &str| {
        let timeline = day(now, 24, &[("S", 99.0)]);
        steps(&held, &site().compile(&timeline, &held))
    };
    insta::assert_snapshot!(later("2026-11-20T19:00Z"), @r"
    no charge · only 00:00–18:00 19:00–00:00 · floor 10
    deferred 21 18:00–21 19:00: self-consume down to 10 %: left over, and withdrawn before it would repeat; due 21 15:00
    orphan does not discharge every day 18:00–19:00 (1 h a day), nothing else
    ");
    insta::assert_snapshot!(later("2026-11-21T15:00Z"), @r"
    no charge · only 00:00–18:00 19:00–00:00 · floor 10
    withdrawal updateDisChargeConfigInfo: ctrDis 1 → 0
    orphan self-consumes all day, nothing else
    ");
}

#[test]
fn an_odd_schedule_is_replaced_at_once() {
    let check = |present: TwoWindow, permits: Permits| {
        let timeline = day("2026-11-20T08:00Z", 24, &[("S", 15.5), ("C90", 6.0), ("S", 99.0)]);
        let site = Site { permits, ..site() };
        steps(&present, &site.compile(&timeline, &present))
    };
    let off_grid = schedule(&["23:37-00:00", "00:00-05:30"], 90, &[], 10);
    insta::assert_snapshot!(check(off_grid, Permits::FREE), @r"
    charge 23:37–00:00 00:00–05:30 to 90 · unrestricted · floor 10
    grant updateChargeConfigInfo: window 1 23:37–00:00 → 00:00–05:30, window 2 00:00–05:30 → 23:30–00:00
    orphan charges to 90 % every night 23:30–05:30 (6 h without discharge a day), nothing else
    ");
    insta::assert_snapshot!(check(off_grid, Permits::none(Refusal::Blind, None)), @r"
    charge 23:37–00:00 00:00–05:30 to 90 · unrestricted · floor 10
    withdrawal updateChargeConfigInfo: gridCharge 1 → 0
    deferred 20 23:30–21 05:30: charge to 90 %: the readings are not fit to take more grip; due 20 20:30
    orphan self-consumes all day, nothing else
    ");
    let wraps = schedule(&["23:30-05:30"], 90, &[], 10);
    insta::assert_snapshot!(check(wraps, Permits::FREE), @r"
    charge 23:30–05:30 to 90 · unrestricted · floor 10
    grant updateChargeConfigInfo: window 1 23:30–05:30 → 00:00–05:30, window 2 unused → 23:30–00:00
    orphan charges to 90 % every night 23:30–05:30 (6 h without discharge a day), nothing else
    ");
    let overlaps = schedule(&["00:00-05:30", "23:30-00:00"], 90, &["05:00-00:00"], 10);
    insta::assert_snapshot!(check(overlaps, Permits::FREE), @r"
    charge 00:00–05:30 23:30–00:00 to 90 · only 05:00–00:00 · floor 10
    withdrawal updateDisChargeConfigInfo: ctrDis 1 → 0
    orphan charges to 90 % every night 23:30–05:30 (6 h without discharge a day), nothing else
    ");
}

#[test]
fn a_hold_without_sun_may_be_a_charge_window_that_idles() {
    let spans = [("S", 2.0), ("H", 2.0), ("S", 6.0), ("H", 2.0), ("S", 99.0)];
    let mut timeline = day("2026-11-20T18:00Z", 24, &spans);
    let outlook = Some(without_sun(&mut timeline));
    let far = Site { ahead_hours: 12.0, ..site() };
    let dark = Site { outlook, ..far.clone() };
    insta::assert_snapshot!(steps(&idle(), &far.compile(&timeline, &idle())), @r"
    no charge · unrestricted · floor 10
    grant updateDisChargeConfigInfo: ctrDis 0 → 1, window 1 unused → 00:00–20:00, window 2 unused → 22:00–00:00
    deferred 21 04:00–21 06:00: hold: the day asks for 3 permissions, the store has 2; due 20 22:00
    orphan does not discharge every day 20:00–22:00 (2 h a day), nothing else
    ");
    insta::assert_snapshot!(steps(&idle(), &dark.compile(&timeline, &idle())), @r"
    no charge · unrestricted · floor 10
    grant updateChargeConfigInfo: gridCharge 0 → 1, window 1 unused → 04:00–06:00, window 2 unused → 20:00–22:00, batHighCap 95 % → 10 %
    orphan charges to 10 % every day 04:00–06:00 and 20:00–22:00 (4 h without discharge a day), nothing else
    ");
}

#[test]
fn what_does_not_matter_stays_as_it_is_on_the_device() {
    let mut present = schedule(&["00:00-05:30", "23:30-00:00"], 90, &["08:00-12:00"], 10);
    present.discharge.restricted = false;
    let quiet = day("2026-11-20T21:00Z", 24, &[("S", 99.0)]);
    insta::assert_snapshot!(steps(&present, &site().compile(&quiet, &present)), @r"
    charge 00:00–05:30 23:30–00:00 to 90 · unrestricted · floor 10
    withdrawal updateChargeConfigInfo: gridCharge 1 → 0
    orphan self-consumes all day, nothing else
    ");
    let off = site().compile(&quiet, &present).desired;
    let night = day("2026-11-20T21:00Z", 24, &[("S", 2.5), ("C90", 6.0), ("S", 99.0)]);
    insta::assert_snapshot!(steps(&off, &site().compile(&night, &off)), @r"
    no charge · unrestricted · floor 10
    grant updateChargeConfigInfo: gridCharge 0 → 1
    orphan charges to 90 % every night 23:30–05:30 (6 h without discharge a day), nothing else
    ");
}

#[test]
fn edges_to_come_snap_inward_and_edges_that_passed_snap_back() {
    let check = |now: &str, spans: &[(&str, f64)], expect: &str| {
        let compiled = site().compile(&day(now, 24, spans), &idle());
        assert_eq!(text(&compiled.desired), expect, "{now} {spans:?}");
    };
    let minutes = |minutes: f64| minutes / 60.0;
    check(
        "2026-11-20T10:07Z",
        &[("H", minutes(60.0)), ("S", 99.0)],
        "no charge · only 00:00–10:00 11:00–00:00 · floor 10",
    );
    check(
        "2026-11-20T10:07Z",
        &[("S", minutes(10.0)), ("C90", minutes(60.0)), ("S", 99.0)],
        "charge 10:30–11:15 to 90 · unrestricted · floor 10",
    );
    check(
        "2026-11-20T10:00Z",
        &[("C90", minutes(22.0)), ("C60", minutes(38.0)), ("S", 99.0)],
        "charge 10:00–10:15 to 90 · unrestricted · floor 10",
    );
    check("2026-11-20T10:07Z", &[("S10.5", 99.0)], "no charge · unrestricted · floor 11");
    check("2026-11-20T10:07Z", &[("C89.9", 1.0), ("S", 99.0)], "charge 10:00–11:00 to 89 · unrestricted · floor 10");
}

#[test]
fn an_hour_that_is_skipped_or_repeated_is_one_window_of_the_device() {
    let check = |now: &str, spans: &[(&str, f64)], expect: &str| {
        let far = Site { ahead_hours: 12.0, ..site() };
        let compiled = far.compile(&day(now, 26, spans), &idle());
        assert_eq!(text(&compiled.desired), expect, "{now}");
        assert_eq!(far.compile(&day(now, 26, spans), &compiled.desired).writes, []);
    };
    // 00:30 to 05:30 by the clock, in spring of four hours and in autumn of six.
    check(
        "2026-03-28T21:00Z",
        &[("S", 3.5), ("C90", 4.0), ("S", 99.0)],
        "charge 00:30–05:30 to 90 · unrestricted · floor 10",
    );
    check(
        "2026-10-24T20:00Z",
        &[("S", 3.5), ("C90", 6.0), ("S", 99.0)],
        "charge 00:30–05:30 to 90 · unrestricted · floor 10",
    );
    // Only the first pass of the repeated hour is asked for: no window can tell it from the second.
    check("2026-10-24T20:00Z", &[("S", 4.0), ("C90", 1.0), ("S", 99.0)], "no charge · unrestricted · floor 10");
}

#[test]
fn a_sequence_begins_only_if_the_budget_reaches_its_end() {
    let (site, present, timeline) = trade();
    let writes = |charge: u32| {
        let permits = Permits { charge: MayGrant::Yes { writes: charge }, ..Permits::FREE };
        let compiled = Site { permits, ..site.clone() }.compile(&timeline, &present);
        let charged = compiled.writes.iter().filter(|write| write.settings.object() == Object::Charge);
        (compiled.writes.len(), charged.count())
    };
    assert_eq!(writes(2), (3, 2));
    assert!(writes(1).1 <= 1);
}

#[test]
fn where_the_timeline_says_nothing_nothing_is_granted_and_nothing_is_taken_away() {
    let present = schedule(&["00:00-05:30"], 90, &[], 10);
    let now = at("2026-11-20T02:00Z");
    let silent = site().compile_at(&offpeak::plan::Timeline::default(), &present, now);
    assert_eq!((silent.writes, silent.desired), (vec![], present));
    let short = day("2026-11-20T02:00Z", 2, &[("C90", 99.0)]);
    assert_eq!(text(&site().compile(&short, &idle()).desired), "charge 02:00–04:00 to 90 · unrestricted · floor 10");
}
