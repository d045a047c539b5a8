//! Random timelines over random lists of windows, for every store that holds them: what fits is done to the quarter hour,
//! and nothing that is written would do more than is asked if nobody came back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    missing_docs,
    unreachable_pub
)]

mod list_support;

use std::collections::BTreeMap;

use chrono::Duration;
use list_support::reference::{Kind, Mode, Slot, mode, plain, slots};
use list_support::*;
use offpeak::device::capability::Level;
use offpeak::device::mapping::AtessModel;
use offpeak::device::schedule::WEEK;
use offpeak::device::{Flag, ListWindow, Period, Schedule, WindowList, WriteKind};
use offpeak::plan::budget::{Permits, Refusal};
use offpeak::plan::compile::window_list::violations;
use offpeak::plan::{Compiled, Timeline};
use offpeak::time::{ClockTime, Instant, Weekdays, Zone};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

struct Case {
    site: Site,
    kind: Kind,
    now: Instant,
    timeline: Timeline,
    present: WindowList,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Site { zone, ahead_hours, extra_hours, permits, capability, .. } = &self.site;
        let ahead = format!("ahead {ahead_hours} h, extra hold {extra_hours} h, {:?}", permits.windows);
        writeln!(f, "{} {zone:?} {:?} {:?} {ahead}", self.now, capability.store, capability.windows)?;
        writeln!(f, "  present {} {:?} {:?}", self.present, self.present.charge, self.present.restricted)?;
        self.timeline.spans.iter().take(40).try_for_each(|span| writeln!(f, "  {} {}", span.from, span.committed))
    }
}

fn store() -> impl Strategy<Value = Site> {
    prop_oneof![
        4 => Just(periodic()),
        1 => Just(atess(AtessModel::String, 2, 2, 90)),
        1 => Just(atess(AtessModel::String, 2, 0, 100)),
        1 => Just(atess(AtessModel::Central, 5, 5, 100)),
        1 => Just(atess(AtessModel::Central, 5, 0, 90)),
    ]
}

fn command_text() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        6 => Just("S"), 3 => Just("H"), 3 => Just("C90"), 1 => Just("C60"), 2 => Just("C100"), 1 => Just("S20"),
        1 => Just("S12.5"), 1 => Just("C72.5"), 1 => Just("C90@3000"), 1 => Just("C5")
    ]
}

/// Ordinary days, both days of the clock change, and a zone that changes by half an hour.
fn start() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop_oneof![
        3 => Just(("Europe/London", "2026-11-20T00:00Z")),
        1 => Just(("Europe/London", "2026-03-27T12:00Z")),
        1 => Just(("Europe/Berlin", "2026-10-23T12:00Z")),
        1 => Just(("Australia/Lord_Howe", "2026-04-03T06:00Z")),
        1 => Just(("Asia/Kathmandu", "2026-11-20T00:00Z")),
    ]
}

fn permits() -> impl Strategy<Value = Permits> {
    prop_oneof![
        5 => Just(Permits::FREE),
        2 => Just(Permits::none(Refusal::Blind, None)),
        1 => Just(Permits::none(Refusal::Drift, None)),
    ]
}

fn list_window(grid: u16) -> impl Strategy<Value = ListWindow> {
    let time = move || (0..1440 / grid).prop_map(move |step| ClockTime::from_minutes(step * grid).unwrap());
    let days = prop_oneof![3 => Just(Weekdays::ALL), 1 => Just(Weekdays::WEEKDAYS), 1 => Just(Weekdays::WEEKENDS)];
    let limit = prop_oneof![3 => Just(90u8), 1 => Just(60), 2 => Just(10), 1 => Just(20)];
    (time(), time(), days, limit).prop_map(|(from, to, days, limit)| ListWindow {
        period: Period { from, to },
        days,
        limit: Some(limit),
        power: Some(5000),
    })
}

/// Whatever someone else may have put there; the flags now and then unread.
fn foreign() -> impl Strategy<Value = (Vec<ListWindow>, Vec<ListWindow>, [Flag; 2])> {
    let grid = prop_oneof![8 => Just(15u16), 1 => Just(5u16)];
    let windows = grid.prop_flat_map(|grid| {
        (prop::collection::vec(list_window(grid), 0..3), prop::collection::vec(list_window(grid), 0..4))
    });
    let flag = || prop_oneof![6 => Just(Flag::On), 2 => Just(Flag::Off), 1 => Just(Flag::Unread)];
    (windows, flag(), flag()).prop_map(|((charge, permissions), one, two)| (charge, permissions, [one, two]))
}

fn timeline(start: Instant, hours: i64, pieces: &[(&'static str, u16)]) -> Timeline {
    let end = start + Duration::hours(hours);
    let mut from = start;
    let mut spans = Vec::new();
    for (letters, minutes) in pieces.iter().cycle() {
        let until = (from + Duration::minutes(i64::from(*minutes))).min(end);
        spans.push(span(from, until, command(letters)));
        from = until;
        if from >= end {
            break;
        }
    }
    Timeline { spans, course: Vec::new() }
}

/// What a store makes of windows that someone put there: an ATESS has no weekdays, powers or floors.
fn fitted(site: &Site, charge: &[ListWindow], permissions: &[ListWindow], flags: [Flag; 2]) -> WindowList {
    let windows = site.capability.windows.unwrap();
    let own = |window: &ListWindow, limit: Option<u8>| match windows.weekly {
        Some(_) => *window,
        None => ListWindow { days: Weekdays::ALL, power: None, limit, ..*window },
    };
    let used = |window: &&ListWindow| !window.period.is_unused();
    let only = if let Level::Fixed(target) = windows.target { Some(target) } else { None };
    let charge: Vec<_> = charge.iter().filter(used).map(|window| own(window, only)).collect();
    let permissions: Vec<_> = permissions.iter().filter(used).map(|window| own(window, None)).collect();
    let permissions = if windows.permission == 0 { vec![] } else { permissions };
    let mut list = schedule(site.capability.store, &charge, &permissions);
    (list.charge, list.restricted) = (flags[0], flags[1]);
    list
}

prop_compose! {
    fn case()(
        site in store(),
        (zone, from) in start(),
        offset in 0i64..1440,
        beyond in 1i64..24,
        grid in prop_oneof![1 => Just(1u16), 2 => Just(15), 3 => Just(30)],
        raw in prop::collection::vec((command_text(), 1u16..600), 1..14),
        daily in prop::bool::weighted(0.4),
        ahead in 0u16..=24,
        extra in prop_oneof![3 => Just(0u16), 1 => 1u16..=4],
        permits in permits(),
        foreign in foreign(),
        earlier in prop::option::weighted(0.7, 0i64..4000),
    ) -> Case {
        let mut site = Site {
            zone: Zone::named(zone).unwrap(),
            ahead_hours: f64::from(ahead) / 2.0,
            extra_hours: f64::from(extra),
            ..site
        };
        let windows = site.capability.windows.unwrap();
        let days = if windows.weekly.is_some() { 7 } else { 1 };
        let now = at(from) + Duration::minutes(offset);
        let holds = windows.permission > 0;
        let mut pieces: Vec<_> = raw.iter().map(|(c, m)| (*c, (m / grid).max(1) * grid)).collect();
        pieces.iter_mut().filter(|(text, _)| !holds && *text == "H").for_each(|(text, _)| *text = "S");
        if daily {
            let spent: u16 = pieces.iter().map(|(_, minutes)| *minutes).sum();
            pieces.push(("S", 1440 - spent % 1440));
        }
        let hours = days * 24 + beyond + 1;
        let (charge, permissions, flags) = foreign;
        let present = match earlier {
            None => fitted(&site, &charge, &permissions, flags),
            Some(minutes) => {
                let before = now - Duration::minutes(minutes);
                let compiled = site.compile_at(&timeline(before, hours, &pieces), &site.idle(), before);
                list(&compiled)
            }
        };
        site.permits = permits;
        let only = if let Level::Fixed(target) = windows.target { Some(target) } else { None };
        let power = site.capability.charge_power.then_some(5000);
        let kind = Kind { floors: site.has_floors(), only, power, holds, days };
        Case { timeline: timeline(now, hours, &pieces), site, kind, now, present }
    }
}

fn list(compiled: &Compiled) -> WindowList {
    let Schedule::Windows(list) = compiled.desired else { panic!("a list") };
    list
}

/// A charge below the least target is as near as a hold comes.
fn near(mode: Mode) -> Mode {
    match mode {
        Mode::Charge(target, _) if target < 10 => Mode::Hold,
        mode => mode,
    }
}

impl Case {
    fn compiled(&self) -> Compiled {
        self.site.compile_at(&self.timeline, &self.present, self.now)
    }

    fn slots(&self) -> Vec<Slot> {
        let slots = slots(&self.timeline, &self.site.zone, self.now, self.kind);
        slots.into_iter().map(|slot| Slot { asked: slot.asked.map(near), ..slot }).collect()
    }

    fn extra(&self) -> usize {
        (self.site.extra_hours * 4.0) as usize
    }

    /// What each quarter hour of the device's day or week is asked for; `None` where two passes of it differ.
    fn asked(&self) -> BTreeMap<(u8, u16), Option<Mode>> {
        let mut asked: BTreeMap<(u8, u16), Option<Mode>> = BTreeMap::new();
        for slot in self.slots() {
            let day = if self.kind.days == 1 { 0 } else { slot.day.num_days_from_monday() as u8 };
            let entry = asked.entry((day, slot.minute)).or_insert(slot.asked);
            if *entry != slot.asked {
                *entry = None;
            }
        }
        asked
    }

    /// Whether the store has windows enough for all that the lap asks.
    fn fits(&self) -> bool {
        self.enough(&self.asked())
    }

    /// How far the windows surely reach: so much of the lap done as it is asked, and nothing after it.
    fn reach(&self) -> usize {
        let (asked, slots) = (self.asked(), self.slots());
        let plain = Mode::Free(self.kind.floors.then_some(10));
        let upto = |count: usize| {
            let mut some = asked.clone();
            for slot in slots.iter().skip(count) {
                let day = number(slot, self.kind.days) as u8;
                some.insert((day, slot.minute), Some(plain));
            }
            let key = |slot: &Slot| (number(slot, self.kind.days) as u8, slot.minute);
            let kept = slots.iter().take(count).all(|slot| some[&key(slot)] == Some(slot.asked.unwrap()));
            kept && self.enough(&some)
        };
        let edge = |count: &usize| *count == slots.len() || slots[*count].asked != slots[*count - 1].asked;
        (1..=slots.len()).rev().filter(edge).find(|count| upto(*count)).unwrap_or_default()
    }

    /// Whether the store has windows enough, counted by hand.
    fn enough(&self, asked: &BTreeMap<(u8, u16), Option<Mode>>) -> bool {
        let windows = self.site.capability.windows.unwrap();
        if asked.len() < 96 * self.kind.days as usize || asked.values().any(Option::is_none) {
            return false;
        }
        let held = asked.values().any(|mode| *mode == Some(Mode::Hold));
        let restricted = self.kind.floors || held;
        let (mut week, mut days) = (0, Vec::new());
        for day in 0..self.kind.days as u8 {
            let modes: Vec<Mode> = (0..96).map(|quarter| asked[&(day, quarter * 15)].unwrap()).collect();
            let mut runs = modes.clone();
            runs.dedup();
            let whole = if runs.len() == 1 { 2 } else { 1 };
            let charge = runs.iter().filter(|mode| matches!(mode, Mode::Charge(..))).count() * whole;
            let free = runs.iter().filter(|mode| matches!(mode, Mode::Free(_))).count();
            let permission = if restricted { free * whole } else { 0 };
            let too_many = charge > usize::from(windows.charge)
                || permission > usize::from(windows.permission)
                || charge + permission > usize::from(windows.together);
            if too_many || (restricted && free == 0) {
                return false;
            }
            week += charge + permission;
            days.push(modes);
        }
        let alike = days.iter().all(|day| *day == days[0]);
        alike || windows.weekly.is_none_or(|most| week <= usize::from(most))
    }

    /// Whether the device does what is asked; a device left to itself keeps a floor of its own.
    fn serves(&self, does: Mode, asked: Mode) -> bool {
        match (does, asked) {
            (Mode::Free(None), Mode::Free(Some(floor))) => floor <= 10,
            (does, asked) => does == asked,
        }
    }
}

/// Slots of each weekday that are held though nothing of the kind is asked.
fn held(list: &WindowList, slots: &[Slot], days: i64) -> BTreeMap<u32, usize> {
    let mut held: BTreeMap<u32, usize> = BTreeMap::new();
    for slot in slots {
        let free = slot.asked.is_none_or(|asked| asked < Mode::Hold);
        let day = number(slot, days);
        *held.entry(day).or_default() += usize::from(free && mode(list, slot.day, slot.minute) == Mode::Hold);
    }
    held
}

/// The day of a slot: there is only one where the schedule has no weekdays.
fn number(slot: &Slot, days: i64) -> u32 {
    if days == 1 { 0 } else { slot.day.num_days_from_monday() }
}

fn config() -> ProptestConfig {
    let kept = FileFailurePersistence::WithSource("regressions");
    ProptestConfig { failure_persistence: Some(Box::new(kept)), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_written_is_safe_without_us(case in case()) {
        let compiled = case.compiled();
        prop_assert!(compiled.writes.len() <= 1);
        if compiled.writes.is_empty() {
            prop_assert_eq!(list(&compiled), case.present);
            return Ok(());
        }
        let desired = list(&compiled);
        let windows = case.site.capability.windows.unwrap();
        let most = (windows.charge.into(), windows.permission.into(), windows.together.into());
        plain(&desired, most, windows.weekly.map(usize::from));
        let slots = case.slots();
        for slot in &slots {
            let does = mode(&desired, slot.day, slot.minute);
            let asked = slot.asked.unwrap_or(Mode::Free(case.kind.floors.then_some(10)));
            let safe = match (does, asked) {
                (Mode::Free(Some(floor)), Mode::Free(Some(asked))) => floor >= 10 && floor <= asked,
                (Mode::Free(None), _) => !case.kind.floors,
                (Mode::Charge(does, power), Mode::Charge(asked, most)) => does <= asked && power <= most,
                (Mode::Hold, Mode::Free(_)) => case.extra() > 0,
                (does, asked) => does <= asked,
            };
            prop_assert!(safe, "{} {does:?} over {asked:?} in {desired}", slot.from);
        }
        let held = held(&desired, &slots, case.kind.days).into_values().max();
        prop_assert!(held.unwrap_or_default() <= case.extra(), "held too long: {desired}");
        let holder = Schedule::Windows(desired);
        prop_assert_eq!(violations(&case.site.request(&case.timeline, &holder, case.now), &desired), vec![]);
    }

    #[test]
    fn what_fits_is_done_to_the_quarter_hour(case in case()) {
        prop_assume!(case.site.permits == Permits::FREE && case.fits());
        let compiled = case.compiled();
        let desired = list(&compiled);
        let until = case.now + Duration::minutes((case.site.ahead_hours * 60.0) as i64);
        let written = !compiled.writes.is_empty();
        for slot in case.slots().iter().filter(|slot| written || slot.from <= until) {
            let does = mode(&desired, slot.day, slot.minute);
            let asked = slot.asked.unwrap();
            let spared = does == Mode::Hold && asked < Mode::Hold && case.extra() > 0 && !written;
            prop_assert!(case.serves(does, asked) || spared, "{} {does:?} for {asked:?}: {desired}", slot.from);
        }
    }

    #[test]
    fn what_comes_first_is_done_for_as_long_as_the_windows_reach(case in case()) {
        prop_assume!(case.site.permits == Permits::FREE);
        let compiled = case.compiled();
        prop_assume!(!compiled.writes.is_empty());
        let desired = list(&compiled);
        for slot in case.slots().iter().take(case.reach()) {
            let (does, asked) = (mode(&desired, slot.day, slot.minute), slot.asked.unwrap());
            let spare = does == Mode::Hold && asked < Mode::Hold && case.extra() > 0;
            prop_assert!(case.serves(does, asked) || spare, "{} {does:?} for {asked:?}: {desired}", slot.from);
        }
    }

    #[test]
    fn compiling_from_the_result_writes_nothing(case in case()) {
        let compiled = case.compiled();
        let again = case.site.compile_at(&case.timeline, &list(&compiled), case.now);
        prop_assert_eq!(&again.writes, &vec![], "{} → {}", list(&compiled), list(&again));
    }

    #[test]
    fn kinds_are_right_and_nothing_is_granted_that_may_not_be(case in case()) {
        let compiled = case.compiled();
        let Some(write) = compiled.writes.first() else { return Ok(()) };
        prop_assert!(case.site.permits != Permits::none(Refusal::Drift, None));
        prop_assert!(case.site.permits == Permits::FREE || write.kind == WriteKind::Withdrawal);
        let odd = case.present.oddity().is_some();
        let desired = list(&compiled);
        let more = WEEK.into_iter().flat_map(|day| (0..96).map(move |quarter| (day, quarter * 15))).any(|(day, minute)| {
            let before = if odd { Mode::Free(None) } else { mode(&case.present, day, minute) };
            match (mode(&desired, day, minute), before) {
                (Mode::Free(to), Mode::Free(from)) => to.unwrap_or(0) > from.unwrap_or(0).max(10),
                (Mode::Charge(to, power), Mode::Charge(from, had)) => to > from || power > had,
                (Mode::Charge(..), _) | (Mode::Hold, Mode::Free(_)) => true,
                _ => false,
            }
        });
        prop_assert_eq!(write.kind == WriteKind::Grant, more, "{} → {}", case.present, desired);
    }

    #[test]
    fn what_is_not_deferred_is_done(case in case()) {
        let compiled = case.compiled();
        let desired = list(&compiled);
        prop_assume!(desired.oddity().is_none());
        let known = WindowList {
            charge: if desired.charge == Flag::Unread { Flag::Off } else { desired.charge },
            restricted: if desired.restricted == Flag::Unread { Flag::Off } else { desired.restricted },
            ..desired
        };
        let slots = case.slots();
        let held = held(&known, &slots, case.kind.days);
        for slot in slots.iter().filter(|slot| slot.asked.is_some()) {
            let at = slot.from.max(case.now);
            if compiled.deferred.iter().any(|deferred| deferred.from <= at && at < deferred.until) {
                continue;
            }
            let (does, asked) = (mode(&known, slot.day, slot.minute), slot.asked.unwrap());
            let spare = does == Mode::Hold && asked < Mode::Hold && held[&number(slot, case.kind.days)] <= case.extra();
            prop_assert!(case.serves(does, asked) || spare, "{at} {does:?} for {asked:?}: {known}");
        }
    }
}

#[test]
fn the_cases_reach_what_they_are_to_show() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..400 {
        let case = case().new_tree(&mut runner).unwrap().current();
        let compiled = case.compiled();
        let free = case.site.permits == Permits::FREE;
        let mut note = |name, holds: bool| *seen.entry(name).or_default() += usize::from(holds);
        note("written", !compiled.writes.is_empty());
        note("fits", free && case.fits());
        note("does not fit", free && !case.fits());
        note("withdrawn", compiled.writes.iter().any(|write| write.kind == WriteKind::Withdrawal));
        note("withdrawn while nothing may be granted", !free && !compiled.writes.is_empty());
        note("odd before", case.present.oddity().is_some());
        note("settled", free && compiled.writes.is_empty());
    }
    for (name, count) in &seen {
        assert!(*count >= 8, "{name}: {count} of 400");
    }
}
