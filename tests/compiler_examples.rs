//! Telling examples of what the store is to hold for a timeline, as tables.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod compiler_support;

use compiler_support::*;
use offpeak::plan::compile::Reason;
use offpeak::plan::order::Kind;

#[test]
fn a_night_charge_across_midnight_takes_both_windows() {
    let timeline = day("2026-11-20T20:41Z", 24, &[("S", 2.82), ("C90", 6.0), ("S", 99.0)]);
    let compiled = site().compile(&timeline, &idle());
    assert_eq!(text(&compiled.desired), "charge 00:00–05:30 23:30–00:00 to 90 · unrestricted · floor 10");
    assert_eq!(compiled.writes.len(), 1);
    assert_eq!(compiled.writes[0].kind, Kind::Grant);
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
