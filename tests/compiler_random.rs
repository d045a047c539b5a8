//! Random timelines over random schedules: whatever is asked, the compiled schedule does it, and no state on the way there
//! would do more than is asked if nobody came back.
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

use chrono::Duration;
use compiler_support::reference::{self, Mode, Slot, grip, mode};
use compiler_support::*;
use offpeak::device::{Grip, Object, TwoWindow};
use offpeak::device::{Schedule, WriteKind};
use offpeak::plan::budget::{MayGrant, Permits, Refusal};
use offpeak::plan::compile::Reason;
use offpeak::plan::compile::two_window::{self_consume, violations};
use offpeak::plan::{Timeline, compile};
use offpeak::time::{ClockTime, Instant, Zone};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

struct Case {
    site: Site,
    now: Instant,
    timeline: Timeline,
    present: TwoWindow,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Site { zone, ahead_hours, extra_hours, permits, .. } = &self.site;
        writeln!(f, "{} {zone:?} ahead {ahead_hours} h, extra hold {extra_hours} h, {permits:?}", self.now)?;
        writeln!(f, "  present {}, stored {:?}", text(&self.present), self.present.charge.windows)?;
        self.timeline.spans.iter().take(24).try_for_each(|span| writeln!(f, "  {} {}", span.from, span.committed))
    }
}

fn command_text() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        6 => Just("S"), 3 => Just("H"), 3 => Just("C90"), 1 => Just("C60"), 1 => Just("C100"), 1 => Just("S20"),
        1 => Just("S12.5"), 1 => Just("C72.5"), 1 => Just("C10")
    ]
}

/// Ordinary days, both days of the clock change, and a zone that changes by half an hour.
fn start() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop_oneof![
        3 => Just(("Europe/London", "2026-11-20T00:00Z")),
        1 => Just(("Europe/London", "2026-03-28T12:00Z")),
        1 => Just(("Europe/Berlin", "2026-10-24T12:00Z")),
        1 => Just(("Australia/Lord_Howe", "2026-04-04T06:00Z")),
        1 => Just(("Asia/Kathmandu", "2026-11-20T00:00Z")),
    ]
}

fn permit() -> impl Strategy<Value = MayGrant> {
    prop_oneof![
        4 => Just(MayGrant::Yes { writes: 5 }),
        1 => Just(MayGrant::Yes { writes: 1 }),
        2 => Just(MayGrant::No { why: Refusal::Blind, until: None }),
    ]
}

fn window(grid: u16) -> impl Strategy<Value = offpeak::device::Period> {
    let time = move || (0..1440 / grid).prop_map(move |step| ClockTime::from_minutes(step * grid).unwrap());
    (time(), time()).prop_map(|(from, to)| offpeak::device::Period { from, to })
}

fn present() -> impl Strategy<Value = TwoWindow> {
    let grid = prop_oneof![8 => Just(15u16), 1 => Just(5u16)];
    let windows = grid.prop_flat_map(|grid| (window(grid), window(grid), window(grid), window(grid)));
    let cap = prop_oneof![2 => Just(90u8), 1 => Just(60), 1 => Just(100), 1 => Just(10)];
    let floor = prop_oneof![5 => Just(10u8), 1 => Just(20), 1 => Just(5), 1 => Just(13)];
    (any::<bool>(), any::<bool>(), windows, cap, floor).prop_map(|(charge, restricted, windows, cap, floor)| {
        let (a, b, c, d) = windows;
        let mut schedule = idle();
        schedule.charge = offpeak::device::ChargeSettings { grid_charge: charge, windows: [a, b], cap };
        schedule.discharge = offpeak::device::DischargeSettings { restricted, windows: [c, d], floor };
        schedule
    })
}

/// Two windows of each kind almost never meet by chance in a useful way: so half of the time what was compiled for another
/// moment is on the device.
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

prop_compose! {
    fn case()(
        (zone, from) in start(),
        offset in 0i64..1440,
        hours in 25i64..=48,
        grid in prop_oneof![Just(1u16), Just(15), Just(30)],
        raw in prop::collection::vec((command_text(), 1u16..400), 2..12),
        ahead in 0u16..=24,
        extra in prop_oneof![3 => Just(0u16), 1 => 1u16..=4],
        charge in permit(),
        discharge in permit(),
        present in present(),
        earlier in prop::option::of(0i64..1440),
        ceiling in prop_oneof![3 => Just(100.0), 1 => Just(80.0)],
    ) -> Case {
        let now = at(from) + Duration::minutes(offset);
        let pieces: Vec<_> = raw.iter().map(|(c, m)| (*c, (m / grid).max(1) * grid)).collect();
        let zone = Zone::named(zone).unwrap();
        let mut site = Site {
            zone,
            ahead_hours: f64::from(ahead) / 2.0,
            extra_hours: f64::from(extra),
            ceiling,
            ..site()
        };
        let timeline_now = timeline(now, hours, &pieces);
        let present = earlier.map_or(present, |minutes| {
            let before = now - Duration::minutes(minutes);
            site.compile_at(&timeline(before, hours, &pieces), &idle(), before).desired
        });
        site.permits = Permits { charge, discharge, ..Permits::FREE };
        Case { site, now, timeline: timeline_now, present }
    }
}

impl Case {
    fn compiled(&self) -> Compiled {
        self.site.compile_at(&self.timeline, &self.present, self.now)
    }

    fn slots(&self) -> Vec<Slot> {
        reference::slots(&self.timeline, &self.site.zone, self.now, self.site.ceiling as u8)
    }

    fn extra_slots(&self) -> usize {
        (self.site.extra_hours * 4.0) as usize
    }

    /// The states from the present schedule to the last, in order.
    fn states(&self, compiled: &Compiled) -> Vec<TwoWindow> {
        let mut states = vec![self.present];
        for write in &compiled.writes {
            states.push(states.last().unwrap().with(write.settings));
        }
        states
    }
}

fn config() -> ProptestConfig {
    let kept = FileFailurePersistence::WithSource("regressions");
    ProptestConfig { failure_persistence: Some(Box::new(kept)), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_not_deferred_is_done(case in case(), soc in 0.0..100.0, solar in 0.0..4000.0, load in 0.0..4000.0) {
        let compiled = case.compiled();
        let deferred = |at: Instant| compiled.deferred.iter().find(|d| d.from <= at && at < d.until);
        let (_, held) = if compiled.writes.is_empty() { (0, 0) } else { reference::too_firm(&compiled.desired, &case.slots()) };
        prop_assert!(held <= case.extra_slots());
        for slot in case.slots().iter().filter(|slot| slot.asked.is_some()) {
            let does = mode(&compiled.desired, slot.minute);
            let at = slot.from.max(case.now);
            let asked = slot.asked.unwrap();
            let extra = does == Mode::Hold && asked == Grip::SelfConsume && case.extra_slots() > 0;
            match deferred(at) {
                None if extra => {}
                None => {
                    let floor = slot.floor.map(|floor| mode_floor(does, floor));
                    let device = reference::device_power(does, soc, solar, load);
                    let wanted = power(asked, floor.unwrap_or(10), soc, solar, load);
                    prop_assert!((device - wanted).abs() < 1e-9, "{at} {asked:?} {does:?} {} ≠ {}", device, wanted);
                }
                Some(deferred) => {
                    let less = grip(&compiled.desired, slot.minute) <= asked;
                    prop_assert!(less || deferred.why == Reason::LeftOver && (compiled.writes.is_empty() || !slot.in_lap),
                        "{deferred:?}");
                }
            }
        }
    }

    #[test]
    fn every_state_on_the_way_is_safe_without_us(case in case()) {
        let compiled = case.compiled();
        let slots = case.slots();
        let states = case.states(&compiled);
        prop_assert_eq!(states.last(), Some(&compiled.desired));
        let floors = slots.iter().filter(|slot| slot.in_lap).filter_map(|slot| slot.floor).min();
        for (index, state) in states.iter().enumerate().skip(1) {
            let last = index + 1 == states.len();
            let odd = [Object::Charge, Object::Discharge].iter().any(|object| state.odd(*object).is_some());
            prop_assert!(!odd || (!last && odd_before(&case.present)), "odd: {}", text(state));
            prop_assert!(reference::clear(state), "overlap: {}", text(state));
            let present_known = case.present.oddity().is_none();
            for slot in slots.iter().filter(|slot| slot.in_lap) {
                let asked = slot.asked.unwrap_or(Grip::SelfConsume);
                let does = grip(state, slot.minute);
                let idle_hold = does == Grip::Charge(10) && asked == Grip::Hold;
                let stood = !last && present_known && does <= grip(&case.present, slot.minute);
                let spared = does == Grip::Hold && asked == Grip::SelfConsume && case.extra_slots() > 0;
                prop_assert!(does <= asked || idle_hold || stood || spared || (!last && !present_known),
                    "{} {does:?} over {asked:?} in {}", slot.from, text(state));
            }
            if last {
                prop_assert!(reference::too_firm(state, &slots).1 <= case.extra_slots(), "held too long: {}", text(state));
                prop_assert!(state.discharge.floor >= 10 && floors.is_none_or(|f| state.discharge.floor <= f));
                let held = Schedule::TwoWindow(*state);
                let request = case.site.request(&case.timeline, &held, case.now);
                prop_assert_eq!(violations(&request, state), vec![]);
                prop_assert!(!state.charge.grid_charge || state.charge.cap <= case.site.ceiling as u8);
            }
        }
    }

    #[test]
    fn writes_are_few_and_none_takes_what_may_not_be_granted(case in case()) {
        let compiled = case.compiled();
        let states = case.states(&compiled);
        prop_assert!(compiled.writes.len() <= 3);
        for (before, write) in states.iter().zip(&compiled.writes) {
            let object = write.settings.object();
            prop_assert_ne!(Schedule::TwoWindow(*before).settings(object), Some(write.settings), "a write that changes nothing");
            let permit = if object == Object::Charge { case.site.permits.charge } else { case.site.permits.discharge };
            prop_assert!(permit.is_yes() || write.kind == WriteKind::Withdrawal);
            let after = before.with(write.settings);
            if before.oddity().is_none() {
                let more = (0..96u16).any(|quarter| grip(&after, quarter * 15) > grip(before, quarter * 15));
                let higher = after.discharge.floor > before.discharge.floor.max(10);
                prop_assert_eq!(write.kind == WriteKind::Grant, more || higher, "{} → {}", text(before), text(&after));
            }
        }
    }

    #[test]
    fn a_grant_goes_before_a_withdrawal_only_where_windows_would_overlap(case in case()) {
        let compiled = case.compiled();
        if let [first, second] = compiled.writes.as_slice()
            && (first.kind, second.kind) == (WriteKind::Grant, WriteKind::Withdrawal)
            && case.present.oddity().is_none()
        {
            let swapped = case.present.with(second.settings);
            let grips = (0..96u16).any(|q| reference::clear(&swapped) && grip(&swapped, q * 15) > grip(&case.present, q * 15));
            prop_assert!(!reference::clear(&swapped) || grips, "{} could go first", text(&swapped));
        }
    }

    #[test]
    fn compiling_from_the_result_writes_nothing(mut case in case()) {
        // With a single write left for the charge object a change that takes two of it is made in two sequences.
        let single = case.site.permits.charge == MayGrant::Yes { writes: 1 };
        case.site.permits.charge = if single { MayGrant::Yes { writes: 2 } } else { case.site.permits.charge };
        // While grants are refused an odd schedule is first made plain, and what it hid may then be put in order.
        if case.present.oddity().is_some() {
            case.site.permits = Permits::FREE;
        }
        let compiled = case.compiled();
        let again = case.site.compile_at(&case.timeline, &compiled.desired, case.now);
        prop_assert_eq!(&again.writes, &vec![], "{} → {}", text(&compiled.desired), text(&again.desired));
        prop_assert_eq!(again.desired, compiled.desired);
    }

    #[test]
    fn a_sequence_that_broke_off_ends_where_it_was_going(case in case()) {
        let free = Site { permits: Permits::FREE, ..case.site.clone() };
        let compiled = free.compile_at(&case.timeline, &case.present, case.now);
        for state in case.states(&Compiled { ..compiled.clone() }) {
            let rest = free.compile_at(&case.timeline, &state, case.now);
            prop_assert!(rest.writes.len() <= compiled.writes.len());
            let again = free.compile_at(&case.timeline, &rest.desired, case.now);
            prop_assert_eq!(again.writes, vec![], "{} → {} → {}", text(&state), text(&rest.desired), text(&again.desired));
        }
    }

    #[test]
    fn safe_mode_has_no_grip_and_keeps_what_does_not_matter(present in present()) {
        let safe = self_consume(&present, soc(10.5));
        prop_assert!((0..96u16).all(|quarter| mode(&safe, quarter * 15) == Mode::Free(11)));
        prop_assert_eq!((safe.charge.windows, safe.charge.cap), (present.charge.windows, present.charge.cap));
    }
}

fn odd_before(present: &TwoWindow) -> bool {
    present.oddity().is_some()
}

/// The floor that a slot is content with: its own, or more precisely the schedule's where that is as near as it comes.
fn mode_floor(does: Mode, asked: u8) -> u8 {
    match does {
        Mode::Free(floor) if floor >= asked => floor,
        _ => asked,
    }
}

fn power(asked: Grip, floor: u8, soc: f64, solar: f64, load: f64) -> f64 {
    let mode = match asked {
        Grip::Charge(cap) => Mode::Charge(cap),
        Grip::Hold => Mode::Hold,
        Grip::SelfConsume => Mode::Free(floor),
    };
    reference::device_power(mode, soc, solar, load)
}

#[test]
fn a_forced_discharge_is_an_error_that_names_it() {
    let timeline = day("2026-11-20T08:00Z", 24, &[("S", 2.0), ("D30", 1.0), ("S", 99.0)]);
    let error = compile(&site().request(&timeline, &Schedule::TwoWindow(idle()), at("2026-11-20T08:00Z"))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the two-window store cannot discharge to 30 %: it has no way to force energy out of the battery"
    );
    assert_eq!(error.from, at("2026-11-20T10:00Z"));
}
