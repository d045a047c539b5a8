//! Whatever is planned can be said: no panic, no line too wide, no word that colour changes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod engine_support;
mod report_support;

use engine_support::{Asks, above, at, below, charge_to, minutes, observed, rule, soc, windows};
use offpeak::device::{PerObject, Period, Schedule, TwoWindow};
use offpeak::engine::{Memory, Override};
use offpeak::plan::budget::{MayGrant, Refusal};
use offpeak::policy::model::{Action, Condition, Policy, Quantity, WhenBlind};
use offpeak::report::{Style, plan_json, plan_text, readings_text, why_json, why_text};
use offpeak::snapshot::{Quality, Signal};
use offpeak::time::{ClockTime, Zone};
use proptest::prelude::*;
use report_support::*;
use unicode_width::UnicodeWidthStr;

fn condition(policy: &mut Policy, kind: u8, text: &str, hour: u32) -> Condition {
    let window = format!("{hour:02}:00-{:02}:30", (hour + 5) % 24);
    match kind % 7 {
        0 => engine_support::calendar(text, &[], windows(&[&window])),
        1 => engine_support::reading(text, Signal::Soc, below(60.0)),
        2 => Condition::Not(Box::new(engine_support::reading(text, Signal::Load, above(400.0)))),
        3 => engine_support::compare(text, Quantity::ImportPrice, below(0.1), None),
        4 => engine_support::not_yet_known(text),
        5 => Condition::Any(Vec::new()),
        _ => {
            let asks = Asks { average: Some(minutes(15)), until: None, hold: Some(minutes(5)) };
            observed(policy, text, Quantity::Reading(Signal::Ev), above(1000.0), asks)
        }
    }
}

fn action(kind: u8) -> Action {
    match kind % 6 {
        0 => charge_to(90.0),
        1 => Action::Hold,
        2 => Action::SelfConsume { floor: Some(soc(30.0)) },
        3 => charge_to(5.0),
        4 => Action::ChargeToCover { until: "09:00".parse().unwrap(), power: None },
        _ => Action::DischargeTo { floor: soc(20.0), power: None },
    }
}

/// Names as people and their enemies write them.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just("Night".to_owned()), any::<String>(), "\\PC{0,200}", "[a-z \u{1b}\n\u{202e}👨‍👩‍👧夜❤️]{0,150}"]
}

prop_compose! {
    fn policies()(
        site in name(),
        file in name(),
        rules in prop::collection::vec((name(), name(), any::<u8>(), any::<u8>(), 0u32..24), 0..7),
        zone in prop::sample::select(vec!["Europe/London", "Asia/Kathmandu", "America/Vancouver", "UTC"]),
        (blind, limit, ahead) in (any::<bool>(), 0u32..8, 0u64..30),
    ) -> Policy {
        let mut policy = home();
        (policy.site, policy.file) = (site, file);
        policy.zone = Zone::named(zone).unwrap();
        policy.observations.clear();
        policy.rules.clear();
        for (name, text, kind, then, hour) in rules {
            let when = condition(&mut policy, kind, &text, hour);
            policy.rules.push(rule(&name, when, action(then)));
        }
        policy.limits.when_blind = if blind { WhenBlind::SelfConsume } else { WhenBlind::Keep };
        policy.limits.writes_per_day = limit;
        policy.limits.program_ahead = std::time::Duration::from_secs(ahead * 3600);
        policy
    }
}

fn period() -> impl Strategy<Value = Period> {
    let time = (0u16..96).prop_map(|quarter| ClockTime::from_minutes(quarter * 15).unwrap());
    let odd = (0u16..1440).prop_map(|minutes| ClockTime::from_minutes(minutes).unwrap());
    let any = prop_oneof![5 => (time.clone(), time), 1 => (odd.clone(), odd)];
    any.prop_map(|(from, to)| Period { from, to })
}

prop_compose! {
    fn schedules()(
        (on, restricted) in (any::<bool>(), any::<bool>()),
        windows in prop::array::uniform4(period()),
        (cap, floor) in (0u8..=100, 0u8..=100),
    ) -> TwoWindow {
        let mut schedule = idle();
        let [one, two, three, four] = windows;
        (schedule.charge.grid_charge, schedule.charge.windows, schedule.charge.cap) = (on, [one, two], cap);
        (schedule.discharge.restricted, schedule.discharge.windows, schedule.discharge.floor) = (restricted, [three, four], floor);
        schedule
    }
}

fn permit() -> impl Strategy<Value = MayGrant> {
    let last = at("2026-10-24T19:00:00Z");
    let refusals = vec![
        Refusal::Budget { used: 5, limit: 6 },
        Refusal::Budget { used: 0, limit: 1 },
        Refusal::Interval { last },
        Refusal::Uncounted,
        Refusal::Drift,
        Refusal::Blind,
        Refusal::Clock,
    ];
    let until = prop::option::of((0i64..2000).prop_map(move |minutes| last + chrono::Duration::minutes(minutes)));
    let no = (prop::sample::select(refusals), until).prop_map(|(why, until)| MayGrant::No { why, until });
    prop_oneof![2 => Just(MayGrant::Yes { writes: u32::MAX }), 1 => no]
}

prop_compose! {
    fn cases()(
        policy in policies(),
        (day, minute) in (0i64..700, 0i64..1440),
        (soc, load, solar) in (0.0..100.0f64, 0.0..9000.0f64, 0.0..9000.0f64),
        ages in prop::array::uniform6(-30i64..3000),
        present in prop::option::weighted(0.9, schedules()),
        permits in (permit(), permit()),
        (blank, quality) in (any::<u8>(), any::<u8>()),
        (manual, horizon, used) in (prop::option::of((any::<u8>(), -60i64..600)), 1u64..400, 0u32..9),
    ) -> Case {
        let now = at("2026-01-01T00:00:00Z") + chrono::Duration::minutes(day * 1440 + minute);
        let mut case = case(policy, &now.to_rfc3339(), soc, load, solar);
        let inputs = &mut case.inputs;
        let readings = &mut inputs.readings;
        let fate = |bit: u8, age: i64| (blank >> bit & 1 == 0, now - chrono::Duration::seconds(age), quality >> bit & 1 == 1);
        let fates: Vec<_> = (0u8..6).zip(ages).map(|(bit, age)| fate(bit, age)).collect();
        let (kept, taken, frozen) = fates[0];
        readings.soc = readings.soc.filter(|_| kept);
        readings.soc.iter_mut().for_each(|reading| reading.taken_at = taken);
        readings.soc.iter_mut().filter(|_| frozen).for_each(|reading| reading.quality = Quality::Frozen);
        let rest = [&mut readings.load, &mut readings.solar, &mut readings.grid, &mut readings.battery, &mut readings.ev];
        for (reading, (kept, taken, odd)) in rest.into_iter().zip(fates.into_iter().skip(1)) {
            *reading = reading.filter(|_| kept);
            reading.iter_mut().for_each(|reading| reading.taken_at = taken);
            reading.iter_mut().filter(|_| odd).for_each(|reading| reading.quality = Quality::Implausible);
        }
        inputs.memory = Memory::empty(&case.policy);
        (inputs.permits.charge, inputs.permits.discharge) = permits;
        inputs.present = present.map(Schedule::TwoWindow);
        inputs.used = PerObject { charge: used, discharge: 8 - used, windows: 0 };
        inputs.horizon = std::time::Duration::from_secs(horizon * 3600);
        inputs.manual = manual.map(|(kind, minutes)| {
            Override { action: action(kind), until: now + chrono::Duration::minutes(minutes) }
        });
        case
    }
}

fn narrow(text: &str) -> Result<(), TestCaseError> {
    for line in text.lines() {
        prop_assert!(line.width() <= 120, "{} columns: {line}", line.width());
        prop_assert_eq!(line.trim_end(), line);
    }
    prop_assert!(text.ends_with('\n') && !text.contains(|letter: char| letter.is_control() && letter != '\n'));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_can_be_said(case in cases(), closing in name()) {
        let plan = case.plan();
        let Case { policy, inputs } = &case;
        let screens = |style: Style| [
            plan_text(&plan, &DEVICE, &closing, style),
            why_text(&plan, style),
            readings_text(&inputs.readings, &policy.zone, inputs.now, policy.limits.reading_max_age, style),
        ];
        for (plain, coloured) in screens(Style::Plain).into_iter().zip(screens(Style::Ansi)) {
            narrow(&plain)?;
            prop_assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
        }
        let json = plan_json(&plan, &DEVICE, &payload);
        prop_assert_eq!(json.to_string(), plan_json(&case.clone().plan(), &DEVICE, &payload).to_string());
        prop_assert_eq!(&json["rules"], &why_json(&plan)["rules"]);
    }
}
