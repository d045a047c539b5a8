//! P16: windows, days and bands follow the wall clock as written, on days of 23, 24 and 25 hours, and the edges name every
//! instant at which something may change.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use chrono::Duration;
use offpeak::engine::{Memory, Situation, Source, band_at, banded_prices, edges, evaluate};
use offpeak::policy::Policy;
use offpeak::policy::model::Action;
use offpeak::snapshot::Snapshot;
use offpeak::tariff::Prices;
use offpeak::time::{CalendarTest, Instant, Months, Weekdays};
use proptest::prelude::*;

mod engine_support;
use engine_support::{at, band, calendar, days, policy, rule, windows};

/// Whether the policy's only rule holds.
fn holds(policy: &Policy, now: Instant) -> bool {
    let situation = Situation { snapshot: &Snapshot::default(), prices: &Prices::default(), manual: None, now };
    evaluate(policy, &situation, &Memory::empty(policy)).source == Source::Rule(0)
}

fn only(zone: &str, bands: &[usize], test: CalendarTest) -> Policy {
    let mut policy = policy(zone);
    policy.rules = vec![rule("the rule", calendar("the test", bands, test), Action::Hold)];
    policy
}

/// The spans in which the rule holds, found minute by minute, as UTC times: `23:30-05:30`.
fn spans(policy: &Policy, from: &str, until: &str) -> String {
    let (from, until) = (at(from), at(until));
    let mut spans: Vec<String> = Vec::new();
    let mut inside = false;
    for minute in 0..(until - from).num_minutes() {
        let now = from + Duration::minutes(minute);
        if holds(policy, now) == inside {
            continue;
        }
        inside = !inside;
        let time = now.format("%d %H:%M").to_string();
        if inside { spans.push(time) } else { spans.last_mut().unwrap().push_str(&format!("-{time}")) }
    }
    spans.join(", ")
}

#[test]
fn windows_are_as_long_as_the_wall_clock_makes_them() {
    let check = |zone: &str, window: &str, day: &str, expect: &str| {
        let policy = only(zone, &[], windows(&[window]));
        let noon = at(&format!("{day}T12:00:00Z"));
        let (from, until) = ((noon - Duration::days(1)).to_rfc3339(), noon.to_rfc3339());
        assert_eq!(spans(&policy, &from, &until), expect, "{zone} {window} {day}");
    };
    check("Europe/London", "23:30-05:30", "2026-01-15", "14 23:30-15 05:30");
    check("Europe/London", "23:30-05:30", "2026-07-15", "14 22:30-15 04:30");
    // 23 hours: the night is an hour shorter; 25: an hour longer.
    check("Europe/London", "23:30-05:30", "2026-03-29", "28 23:30-29 04:30");
    check("Europe/London", "23:30-05:30", "2026-10-25", "24 22:30-25 05:30");
    // A start or an end that is skipped is the first instant that exists; a window wholly skipped does not happen.
    check("Europe/London", "01:30-03:00", "2026-03-29", "29 01:00-29 02:00");
    check("Europe/London", "00:15-01:30", "2026-03-29", "29 00:15-29 01:00");
    check("Europe/London", "01:15-01:45", "2026-03-29", "");
    // Where an hour repeats both passes count.
    check("Europe/London", "01:15-01:45", "2026-10-25", "25 00:15-25 00:45, 25 01:15-25 01:45");
    check("Europe/London", "00:30-01:30", "2026-10-25", "24 23:30-25 00:30, 25 01:00-25 01:30");
    check("Europe/London", "01:30-03:00", "2026-10-25", "25 00:30-25 01:00, 25 01:30-25 03:00");
    // A window in a zone of its own knows nothing of the site's changes.
    check("Europe/London", "00:30-07:30 UTC", "2026-10-25", "25 00:30-25 07:30");
    check("Asia/Kathmandu", "06:00-07:00", "2026-10-25", "25 00:15-25 01:15");
}

#[test]
fn a_night_belongs_to_the_day_on_which_it_began() {
    let friday = Weekdays::range(chrono::Weekday::Fri, chrono::Weekday::Fri);
    let check = |bands: &[usize], test: CalendarTest, expect: &str| {
        let policy = only("Europe/London", bands, test);
        assert_eq!(spans(&policy, "2026-01-14T12:00:00Z", "2026-01-18T12:00:00Z"), expect, "{policy:?}");
    };
    check(&[], days(windows(&["22:00-06:00"]), friday), "16 22:00-17 06:00");
    check(&[], days(CalendarTest::default(), friday), "16 00:00-17 00:00");
    // Band 0 is the night, 23:30-05:30; band 1 the rest of the time.
    check(&[0], days(CalendarTest::default(), friday), "16 23:30-17 05:30");
    check(&[1], days(CalendarTest::default(), friday), "16 05:30-16 23:30");
    check(&[0, 1], days(CalendarTest::default(), friday), "16 05:30-17 05:30");
    // Beside a window it is the window that counts, and the band has to hold as well.
    check(&[0], days(windows(&["22:00-02:00"]), friday), "16 23:30-17 02:00");
    check(&[0], days(windows(&["02:00-04:00"]), friday), "16 02:00-16 04:00");
    // Of several windows around now any may pass.
    check(&[], days(windows(&["20:00-10:00", "06:00-12:00"]), friday), "16 06:00-16 12:00, 16 20:00-17 10:00");
}

#[test]
fn months_end_where_the_last_night_of_the_month_does() {
    let winter = CalendarTest { months: Months::range(10, 3), ..CalendarTest::default() };
    let policy = only("Europe/London", &[0], winter);
    let expect = "30 22:30-31 04:30, 31 22:30-01 04:30";
    assert_eq!(spans(&policy, "2026-03-30T12:00:00Z", "2026-04-02T12:00:00Z"), expect);
}

#[test]
fn the_rest_of_the_time_over_midnight_is_a_night_as_well() {
    let friday = Weekdays::range(chrono::Weekday::Fri, chrono::Weekday::Fri);
    let weekdays = |times: &[&str]| days(windows(times), Weekdays::WEEKDAYS);
    let check = |day_band: CalendarTest, asked: Weekdays, expect: &str| {
        let mut policy = only("Europe/London", &[1], days(CalendarTest::default(), asked));
        policy.tariff.import = vec![band("day", 0.3, day_band), band("rest", 0.1, CalendarTest::default())];
        assert_eq!(spans(&policy, "2026-01-14T12:00:00Z", "2026-01-19T12:00:00Z"), expect, "{policy:?}");
    };
    check(windows(&["05:30-23:30"]), friday, "16 23:30-17 05:30");
    // The same tariff on weekdays alone: whole days of rest belong to themselves, and so does what adjoins them.
    check(weekdays(&["05:30-23:30"]), friday, "16 23:30-17 00:00");
    check(weekdays(&["05:30-23:30"]), Weekdays::WEEKENDS, "17 00:00-19 00:00");
    check(windows(&["09:00-12:00", "15:00-18:00"]), friday, "16 12:00-16 15:00, 16 18:00-17 09:00");
}

#[test]
fn bands_become_prices_with_exact_edges_and_holes() {
    let spoken = |policy: &Policy, from: &str, until: &str| {
        let prices = banded_prices(policy, at(from), at(until));
        let slot = |slot: &offpeak::tariff::PriceSlot| {
            format!("{}-{} {}", slot.from.format("%d %H:%M"), slot.until.format("%d %H:%M"), slot.price)
        };
        prices.import.slots().iter().map(slot).collect::<Vec<_>>().join(", ")
    };
    let two_rates = policy("Europe/London");
    let expect = "15 12:00-15 23:30 0.27, 15 23:30-16 05:30 0.07, 16 05:30-16 12:00 0.27";
    assert_eq!(spoken(&two_rates, "2026-01-15T12:00:00Z", "2026-01-16T12:00:00Z"), expect);
    let expect = "24 12:00-24 22:30 0.27, 24 22:30-25 05:30 0.07, 25 05:30-25 12:00 0.27";
    assert_eq!(spoken(&two_rates, "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"), expect);
    assert_eq!(spoken(&two_rates, "2026-01-16T12:00:00Z", "2026-01-15T12:00:00Z"), "");

    let mut holed = policy("Europe/London");
    holed.tariff.import.pop();
    holed.tariff.import.push(band("evening", 0.07, windows(&["22:07-23:30"])));
    assert_eq!(spoken(&holed, "2026-01-15T12:00:00Z", "2026-01-16T12:00:00Z"), "15 22:07-16 05:30 0.07");
    let noon = at("2026-01-15T12:00:00Z");
    assert_eq!(band_at(&holed.tariff, noon, holed.zone.local(noon)), None);
}

#[test]
fn edges_stand_where_something_may_change() {
    let spoken = |policy: &Policy, from: &str, until: &str| {
        let edges = edges(policy, at(from), at(until));
        edges.iter().map(|at| at.format("%d %H:%M").to_string()).collect::<Vec<_>>().join(", ")
    };
    let mut plain = only("Europe/London", &[], windows(&["01:15-01:45"]));
    plain.tariff.import.clear();
    assert_eq!(spoken(&plain, "2026-01-15T12:00:00Z", "2026-01-16T12:00:00Z"), "16 01:15, 16 01:45");
    let expect = "25 00:15, 25 00:45, 25 01:00, 25 01:15, 25 01:45";
    assert_eq!(spoken(&plain, "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"), expect);
    assert_eq!(spoken(&plain, "2026-01-16T01:15:00Z", "2026-01-16T01:45:00Z"), "");
    assert_eq!(spoken(&plain, "2026-01-16T01:45:00Z", "2026-01-16T01:15:00Z"), "");
    let weekend = only("Europe/London", &[], days(CalendarTest::default(), Weekdays::WEEKENDS));
    assert_eq!(spoken(&weekend, "2026-07-15T12:00:00Z", "2026-07-16T12:00:00Z"), "15 22:30, 15 23:00, 16 04:30");
}

fn some_test() -> impl Strategy<Value = CalendarTest> {
    let zones = proptest::sample::select(vec!["", " UTC", " America/New_York", " Australia/Lord_Howe"]);
    let window = (0..1440_u32, 1..1440_u32, zones).prop_map(|(start, length, zone)| {
        let end = (start + length) % 1440;
        format!("{:02}:{:02}-{:02}:{:02}{zone}", start / 60, start % 60, end / 60, end % 60)
    });
    let texts = proptest::collection::vec(window, 0..3);
    (texts, any::<bool>(), any::<bool>()).prop_map(|(texts, day, month)| {
        let test = windows(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let test = if day { days(test, Weekdays::WEEKENDS) } else { test };
        CalendarTest { months: if month { Months::range(4, 10) } else { None }, ..test }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Between two edges nothing changes, whatever the calendars, the zones and the clocks do.
    #[test]
    fn nothing_changes_between_two_edges(
        test in some_test(),
        night in some_test(),
        bands in proptest::sample::subsequence(vec![0_usize, 1], 0..=2),
        zone in proptest::sample::select(vec!["Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"]),
        start in proptest::sample::select(vec!["2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z", "2026-10-31T12:00:00Z",
            "2026-04-23T12:00:00Z", "2026-04-04T00:00:00Z", "2026-10-03T00:00:00Z"]),
    ) {
        let mut policy = only(zone, &bands, test);
        policy.tariff.import = vec![band("night", 0.1, night), band("rest", 0.3, CalendarTest::default())];
        prop_assume!(!policy.tariff.import[0].when.is_empty());
        let (from, until) = (at(start), at(start) + Duration::hours(40));
        let edges = edges(&policy, from, until);
        prop_assert!(edges.windows(2).all(|pair| pair[0] < pair[1]));
        let all = |now: Instant| (holds(&policy, now), band_at(&policy.tariff, now, policy.zone.local(now)));
        for minute in 1..40 * 60 {
            let now = from + Duration::minutes(minute);
            let changed = all(now) != all(now - Duration::minutes(1));
            prop_assert!(!changed || edges.binary_search(&now).is_ok(), "changed at {now}: {edges:?}");
        }
    }
}
