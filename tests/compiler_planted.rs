//! Bugs planted into what the compiler gives, and what catches each: a check that cannot fail proves nothing.
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

use compiler_support::reference::{self, grip};
use compiler_support::*;
use offpeak::device::{Period, Schedule, TwoWindow};
use offpeak::plan::Timeline;
use offpeak::plan::compile::two_window::violations;

/// Everything that is wrong with the states that a plan passes through, the last of which is meant to stay.
fn faults(site: &Site, timeline: &Timeline, states: &[TwoWindow]) -> Vec<String> {
    let now = timeline.spans[0].from;
    let (last, between) = states.split_last().unwrap();
    let mut faults: Vec<String> = Vec::new();
    faults.extend(
        between.iter().filter(|state| !reference::clear(state)).map(|state| format!("overlap: {}", text(state))),
    );
    faults.extend(
        violations(&site.request(timeline, &Schedule::TwoWindow(*last), now), last).iter().map(ToString::to_string),
    );
    let slots = reference::slots(timeline, &site.zone, now, 100);
    let undone = |slot: &&reference::Slot| {
        reference::clear(last) && slot.asked.is_some_and(|asked| grip(last, slot.minute) < asked)
    };
    let undone = slots.iter().take(12).filter(undone).count();
    faults.extend((undone > 0).then(|| format!("{undone} quarter hours within program ahead undone")));
    faults
}

#[test]
fn planted_bugs_are_caught() {
    let mut table = Vec::new();
    let mut plant = |name: &str, letters: &[(&str, f64)], present: TwoWindow, bug: fn(&mut Vec<TwoWindow>)| {
        let site = Site { ahead_hours: 12.0, ..site() };
        let timeline = day("2026-11-20T00:00Z", 24, letters);
        let compiled = site.compile(&timeline, &present);
        let mut states = vec![];
        for write in &compiled.writes {
            states.push(states.last().unwrap_or(&present).with(write.settings));
        }
        assert_eq!(faults(&site, &timeline, &states), Vec::<String>::new(), "{name}: without the bug");
        bug(&mut states);
        let caught = faults(&site, &timeline, &states);
        assert!(!caught.is_empty(), "{name} is not caught");
        table.push(format!("{name:<38} {}", caught.join("; ")));
    };
    let trade = [("S", 7.0), ("H", 1.0), ("C90", 3.0), ("S", 99.0)];
    let traded = schedule(&["02:00-05:00"], 90, &["06:00-00:00"], 10);
    let night = [("C90", 5.5), ("S", 18.0), ("C90", 99.0)];
    let hold = [("H", 4.0), ("S", 99.0)];
    plant("off-grid times kept", &night, idle(), |states| {
        states.last_mut().unwrap().charge.windows[1] = period("23:37-00:00");
    });
    plant("midnight not split", &night, idle(), |states| {
        states.last_mut().unwrap().charge.windows = [period("23:30-05:30"), Period::UNUSED];
    });
    plant("charge window first of three left out", &trade, traded, |states| {
        let last = *states.last().unwrap();
        states[0] = TwoWindow { discharge: last.discharge, charge: schedule(&["02:00-05:00"], 90, &[], 10).charge };
    });
    plant("order swapped", &trade, traded, |states| {
        let last = *states.last().unwrap();
        states[0] = TwoWindow { charge: last.charge, discharge: schedule(&[], 90, &["06:00-00:00"], 10).discharge };
    });
    plant("hold by a cap at the present charge", &hold, idle(), |states| {
        *states.last_mut().unwrap() = schedule(&["00:00-04:00"], 41, &[], 10);
    });
    plant("hold by a raised floor", &hold, idle(), |states| {
        *states.last_mut().unwrap() = schedule(&[], 90, &[], 60);
    });
    plant("hold by a restriction without windows", &hold, idle(), |states| {
        states.last_mut().unwrap().discharge.windows = [Period::UNUSED; 2];
    });
    plant("edge snapped outward", &hold, idle(), |states| {
        states.last_mut().unwrap().discharge.windows = [period("04:15-00:00"), Period::UNUSED];
    });
    plant("target above what was asked", &night, idle(), |states| states.last_mut().unwrap().charge.cap = 95);
    plant("floor below the reserve", &night, idle(), |states| states.last_mut().unwrap().discharge.floor = 9);
    plant("tomorrow's window forgotten", &night, idle(), |states| *states.last_mut().unwrap() = idle());
    insta::assert_snapshot!(table.join("\n"), @r"
    off-grid times kept                    23:37–00:00 is off the quarter hours
    midnight not split                     23:30–05:30 runs across midnight; 12 quarter hours within program ahead undone
    charge window first of three left out  overlap: charge 02:00–05:00 to 90 · only 00:00–07:00 11:00–00:00 · floor 10
    order swapped                          overlap: charge 08:00–11:00 to 90 · only 06:00–00:00 · floor 10
    hold by a cap at the present charge    charges at 2026-11-20 00:00 UTC though it is not asked to
    hold by a raised floor                 floor 60 % where 10 % is asked for; 12 quarter hours within program ahead undone
    hold by a restriction without windows  12 quarter hours within program ahead undone
    edge snapped outward                   holds for 15 min a day though it is not asked to
    target above what was asked            charges at 2026-11-20 00:00 UTC though it is not asked to
    floor below the reserve                floor 9 % below the reserve 10 %
    tomorrow's window forgotten            12 quarter hours within program ahead undone
    ");
}
