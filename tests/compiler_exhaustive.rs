//! Every schedule that the store can hold on a coarse grid, compared with the one that the compiler chooses.
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

use std::cmp::Reverse;

use compiler_support::reference::{self, Slot, grip};
use compiler_support::*;
use offpeak::device::{ChargeSettings, DischargeSettings, Grip, Period, TwoWindow};
use offpeak::plan::Timeline;
use offpeak::time::ClockTime;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

/// The design's order: the larger the better.
type Merit = (usize, Reverse<usize>, usize, usize, Reverse<usize>, Reverse<usize>);

struct World {
    slots: Vec<Slot>,
    present: TwoWindow,
    ahead: usize,
    best_floor: u8,
    extra_slots: usize,
    dark: bool,
}

impl World {
    fn new(site: &Site, timeline: &Timeline, present: &TwoWindow) -> World {
        let now = timeline.spans[0].from;
        let slots = reference::slots(timeline, &site.zone, now, site.ceiling as u8);
        let end = now + chrono::Duration::seconds((site.ahead_hours * 3600.0) as i64);
        let ahead = slots.iter().filter(|slot| slot.from <= end && slot.asked.is_some()).count();
        let floors = slots.iter().filter(|slot| slot.in_lap).filter_map(|slot| slot.floor).min();
        let best_floor = floors.unwrap_or(present.discharge.floor).max(site.reserve as u8);
        World {
            slots,
            present: *present,
            ahead,
            best_floor,
            extra_slots: (site.extra_hours * 4.0) as usize,
            dark: site.outlook.is_some(),
        }
    }

    /// A window with the least cap is no hold while there may be sun to spare.
    fn too_firm(&self, schedule: &TwoWindow) -> (usize, usize) {
        let (firm, held) = reference::too_firm(schedule, &self.slots);
        let idle = |slot: &&Slot| slot.in_lap && slot.asked == Some(Grip::Hold);
        let sunny = self.slots.iter().filter(idle).filter(|slot| grip(schedule, slot.minute) == Grip::Charge(10));
        (firm + if self.dark { 0 } else { sunny.count() }, held)
    }

    fn safe(&self, schedule: &TwoWindow) -> bool {
        let (firm, held) = self.too_firm(schedule);
        let floors = self.slots.iter().filter(|slot| slot.in_lap).filter_map(|slot| slot.floor);
        let floor = schedule.discharge.floor;
        firm == 0 && held <= self.extra_slots && floor >= 10 && floors.min().is_none_or(|asked| floor <= asked)
    }

    fn merit(&self, schedule: &TwoWindow, writes: usize) -> Merit {
        let lap: Vec<u16> =
            self.slots.iter().filter(|s| s.in_lap && s.asked == Some(Grip::SelfConsume)).map(|s| s.minute).collect();
        let serves = |slot: &Slot| match (slot.asked, grip(schedule, slot.minute)) {
            (None, _) => false,
            (Some(Grip::SelfConsume), Grip::SelfConsume) => {
                slot.floor.unwrap().min(self.best_floor) <= schedule.discharge.floor
            }
            (Some(Grip::SelfConsume), Grip::Hold) => lap.contains(&slot.minute),
            (Some(Grip::Hold), Grip::Charge(10)) => self.dark,
            (Some(asked), does) => asked == does,
        };
        let served: Vec<bool> = self.slots.iter().map(serves).collect();
        let unbroken = served.iter().take_while(|served| **served).count();
        let (_, extra) = reference::too_firm(schedule, &self.slots);
        let all = served.iter().filter(|served| **served).count();
        let by_charge =
            (0..96).filter(|q| schedule.charge.cap == 10 && matches!(grip(schedule, q * 15), Grip::Charge(_))).count();
        (unbroken.min(self.ahead), Reverse(writes), unbroken, all, Reverse(extra), Reverse(by_charge))
    }

    /// How many writes lead there: two, if some order passes through a state without overlap.
    fn writes(&self, to: &TwoWindow) -> usize {
        let charge = !same(&self.present, &TwoWindow { charge: to.charge, ..self.present }, true);
        let discharge = !same(&self.present, &TwoWindow { discharge: to.discharge, ..self.present }, false);
        // A restriction that restricts nothing has the same meaning, but its windows must not meet a charge.
        let hollow = !(0..96u16).any(|quarter| grip(&self.bare_discharge(), quarter * 15) == Grip::Hold);
        let meets = hollow && !reference::clear(&TwoWindow { charge: to.charge, ..self.present });
        let discharge = discharge || meets;
        let through =
            [TwoWindow { charge: to.charge, ..self.present }, TwoWindow { discharge: to.discharge, ..self.present }];
        let detour = charge && discharge && !through.iter().any(reference::clear);
        usize::from(charge) + usize::from(discharge) + usize::from(detour)
    }

    fn bare_discharge(&self) -> TwoWindow {
        TwoWindow { charge: ChargeSettings { grid_charge: false, ..self.present.charge }, ..self.present }
    }

    fn present_may_stay(&self) -> bool {
        let firm = |slot: &Slot| match (grip(&self.present, slot.minute), slot.asked.unwrap_or(Grip::SelfConsume)) {
            (Grip::Charge(10), Grip::Hold) => false,
            (Grip::Hold, Grip::SelfConsume) => reference::too_firm(&self.present, &self.slots).1 > self.extra_slots,
            (does, asked) => does > asked,
        };
        let floors = self.slots.iter().filter(|slot| slot.in_lap).filter_map(|slot| slot.floor);
        let floor = self.present.discharge.floor;
        let floor_ok = floor >= 10 && floors.min().is_none_or(|asked| floor <= asked);
        floor_ok && !self.slots.iter().take(self.ahead).any(firm)
    }

    /// Whether a window begins and ends where the demand or the present schedule changes. An extra hold may take whole
    /// stretches only: to hold a part of one, so that a hold of the day after is served, would be hold for its own sake.
    fn at_edges(&self, window: &Period) -> bool {
        let now = self.slots[0].minute;
        let changes = |minute: u16| {
            let pairs = self.slots.iter().zip(self.slots.iter().skip(1));
            let (charge, discharge) = (&self.present.charge, &self.present.discharge);
            let in_force = [(charge.grid_charge, charge.windows), (discharge.restricted, discharge.windows)];
            let present = in_force.iter().filter(|(on, _)| *on).flat_map(|(_, windows)| windows);
            let own = { present }.any(|window| window.from.minutes() == minute || window.to.minutes() == minute);
            let differs = |(one, two): (&Slot, &Slot)| (one.asked, one.floor) != (two.asked, two.floor);
            minute == 0 || minute == now || own || pairs.clone().any(|(a, b)| b.minute == minute && differs((a, b)))
        };
        changes(window.from.minutes()) && changes(window.to.minutes())
    }

    /// The best of all: every charge object with every discharge object.
    fn best(&self, blocks: u16, caps: &[u8]) -> (Merit, TwoWindow) {
        let mut sets = sets(blocks);
        sets.retain(|windows| self.extra_slots == 0 || windows.iter().all(|window| self.at_edges(window)));
        let mut charges = vec![ChargeSettings { grid_charge: false, ..self.present.charge }];
        for cap in caps {
            charges.extend(sets.iter().map(|windows| ChargeSettings {
                grid_charge: true,
                windows: *windows,
                cap: *cap,
            }));
        }
        let alone = |charge: &ChargeSettings| {
            let schedule = TwoWindow {
                charge: *charge,
                discharge: DischargeSettings { restricted: false, ..self.present.discharge },
            };
            self.too_firm(&schedule).0 == 0
        };
        charges.retain(alone);
        let mut discharges = Vec::new();
        for floor in [self.best_floor, self.present.discharge.floor] {
            discharges.push(DischargeSettings { restricted: false, floor, ..self.present.discharge });
            discharges.extend(sets.iter().map(|windows| DischargeSettings {
                restricted: true,
                windows: *windows,
                floor,
            }));
        }
        discharges.push(self.present.discharge);
        let mut best = self.present_may_stay().then(|| (self.merit(&self.present, 0), self.present));
        for discharge in &discharges {
            let only = TwoWindow { charge: charges[0], discharge: *discharge };
            if reference::too_firm(&only, &self.slots).1 > self.extra_slots + 96 {
                continue;
            }
            for charge in &charges {
                let schedule = TwoWindow { charge: *charge, discharge: *discharge };
                if !reference::clear(&schedule) || !self.safe(&schedule) {
                    continue;
                }
                let merit = self.merit(&schedule, self.writes(&schedule));
                if best.as_ref().is_none_or(|(known, _)| merit > *known) {
                    best = Some((merit, schedule));
                }
            }
        }
        best.unwrap()
    }
}

/// Whether two schedules that differ in one object mean the same: by the object's own content, not hidden by the other.
fn same(one: &TwoWindow, two: &TwoWindow, charge: bool) -> bool {
    let minutes = || (0..96u16).map(|quarter| quarter * 15);
    if charge {
        let bare =
            |s: &TwoWindow| TwoWindow { discharge: DischargeSettings { restricted: false, ..s.discharge }, ..*s };
        minutes().all(|minute| grip(&bare(one), minute) == grip(&bare(two), minute))
    } else {
        let bare = |s: &TwoWindow| TwoWindow { charge: ChargeSettings { grid_charge: false, ..s.charge }, ..*s };
        one.discharge.floor == two.discharge.floor
            && minutes().all(|minute| grip(&bare(one), minute) == grip(&bare(two), minute))
    }
}

/// Every one or two windows between the edges of so many equal blocks of the day.
fn sets(blocks: u16) -> Vec<[Period; 2]> {
    let clock = |block: u16| ClockTime::from_minutes(block * (1440 / blocks) % 1440).unwrap();
    let period = |from, to| Period { from: clock(from), to: clock(to) };
    let mut sets = vec![];
    for a in 0..blocks {
        for b in a + 1..=blocks {
            if b - a < blocks {
                sets.push([period(a, b), Period::UNUSED]);
            } else {
                sets.push([period(0, blocks / 2), period(blocks / 2, blocks)]);
            }
            for c in b + 1..blocks {
                for d in c + 1..=blocks {
                    sets.push([period(a, b), period(c, d)]);
                }
            }
        }
    }
    sets
}

fn letter() -> impl Strategy<Value = &'static str> {
    prop_oneof![5 => Just("S"), 3 => Just("H"), 3 => Just("C90"), 1 => Just("C60"), 1 => Just("S20"), 1 => Just("C10")]
}

prop_compose! {
    fn case(blocks: u16)(
        letters in prop::collection::vec(letter(), usize::from(blocks) * 2),
        days in 1usize..=2,
        start in 0u16..blocks,
        ahead in 1u16..=blocks,
        extra in prop_oneof![3 => Just(0u16), 1 => 1u16..=2],
        charge in prop::option::of(0usize..400),
        discharge in prop::option::of(0usize..400),
        cap in prop_oneof![Just(90u8), Just(60), Just(100), Just(10)],
        floor in prop_oneof![3 => Just(10u8), 1 => Just(20), 1 => Just(5)],
        dark in any::<bool>(),
    ) -> Case {
        let hours = f64::from(24 / blocks);
        let spans: Vec<(&str, f64)> = letters.iter().take(days * usize::from(blocks)).map(|l| (*l, hours)).collect();
        let from = format!("2026-11-20T{:02}:00Z", start * (24 / blocks));
        let mut timeline = day(&from, 24 * days as i64, &spans);
        let outlook = dark.then(|| without_sun(&mut timeline));
        let sets = sets(blocks);
        let mut present = idle();
        if let Some(index) = charge {
            present.charge = ChargeSettings { grid_charge: true, windows: sets[index % sets.len()], cap };
        }
        present.discharge.floor = floor;
        if let Some(index) = discharge {
            present.discharge = DischargeSettings { restricted: true, windows: sets[index % sets.len()], floor };
        }
        if !reference::clear(&present) {
            present.discharge.restricted = false;
        }
        let site = Site { ahead_hours: f64::from(ahead * (24 / blocks)), extra_hours: f64::from(extra) * hours, outlook, ..site() };
        Case { site, timeline, present }
    }
}

/// One question to the compiler, shown on a few lines.
struct Case {
    site: Site,
    timeline: Timeline,
    present: TwoWindow,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "ahead {} h, extra hold {} h, present {}",
            self.site.ahead_hours,
            self.site.extra_hours,
            text(&self.present)
        )?;
        self.timeline.spans.iter().try_for_each(|span| writeln!(f, "  {} {}", span.from, span.committed))
    }
}

fn check(blocks: u16, case: &Case) -> Result<(), TestCaseError> {
    let Case { site, timeline, present } = case;
    let world = World::new(site, timeline, present);
    let compiled = site.compile(timeline, present);
    let mine = world.merit(&compiled.desired, compiled.writes.len());
    let (best, schedule) = world.best(blocks, &[90, 60, 10]);
    prop_assert!(
        mine >= best,
        "chose {} {mine:?}\nbetter {} {best:?}\npresent {}",
        text(&compiled.desired),
        text(&schedule),
        text(present)
    );
    prop_assert!(compiled.writes.is_empty() || world.safe(&compiled.desired), "unsafe {}", text(&compiled.desired));
    prop_assert!(reference::clear(&compiled.desired) || compiled.writes.is_empty());
    Ok(())
}

fn config() -> ProptestConfig {
    let kept = FileFailurePersistence::WithSource("regressions");
    ProptestConfig { failure_persistence: Some(Box::new(kept)), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_schedule_of_four_hour_blocks_is_better(case in case(6)) {
        check(6, &case)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: config().cases / 16, ..config() })]

    #[test]
    fn no_schedule_of_three_hour_blocks_is_better(case in case(8)) {
        check(8, &case)?;
    }
}
