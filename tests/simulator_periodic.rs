//! The periodic store of the simulated cloud keeps to the vendor page: what it takes, what it tells, what the device makes of
//! it by quarter hour, and in which region it has an effect at all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

mod simulator_client;

use offpeak::simulator::device::{DeviceModel, Duty, EmptyRestriction, Wrap};
use offpeak::simulator::periodic::{PeriodCount, PeriodicModel, PeriodicSchedule, Powerless};
use offpeak::simulator::store::Schedule;
use offpeak::simulator::{Answer, Cloud, CloudOptions, Fault, Numbers, PeriodicOptions, Region, SystemOptions};
use proptest::prelude::*;
use serde_json::{Value, json};
use simulator_client::{Bench, SERIAL, charge_body, code, discharge_body, envelope, instant};

const EVENING: &str = "2026-11-20T20:41:00Z";

/// A little before the first minute of a week, of which Monday is 2026-11-16.
const SUNDAY: &str = "2026-11-15T23:30:00Z";

const READ: &str = "getTimeChargeBySn";
const WRITE: &str = "setTimeChargeBySn";

/// A system in a region, on a line with these faults.
fn bench_in(region: Region, start: &str, faults: &str) -> Bench {
    Bench::with(start, faults, |options| options.systems[0].periodic = PeriodicOptions::of(region))
}

fn bench() -> Bench {
    bench_in(Region::Periodic, EVENING, "")
}

/// An element of a list: `22:00-05:30`, with the days of a weekly schedule after it as in `22:00-05:30 67`.
fn window(text: &str, watts: u32, limit: u8) -> Value {
    let (times, days) = text.split_once(' ').unwrap_or((text, ""));
    let (from, to) = times.split_once('-').expect("a period");
    let mut element = json!({ "beginTime": from, "endTime": to, "chargePower": watts, "chargeLimit": limit });
    if !days.is_empty() {
        element["weeks"] = days.chars().filter_map(|day| day.to_digit(10)).collect();
    }
    element
}

fn charges(texts: &[&str]) -> Vec<Value> {
    texts.iter().map(|text| window(text, 3000, 90)).collect()
}

fn permits(texts: &[&str]) -> Vec<Value> {
    texts.iter().map(|text| window(text, 5000, 20)).collect()
}

fn filler() -> Vec<Value> {
    vec![window("00:00-00:00", 0, 10)]
}

/// The body of a call: both switches as in `10`, weekly if its elements have days.
fn body(switches: &str, charge: &[Value], discharge: &[Value]) -> Value {
    let weekly = charge.iter().chain(discharge).any(|one| one.get("weeks").is_some());
    let with_days = |list: &[Value]| -> Vec<Value> {
        let every_day = |one: &Value| {
            let mut one = one.clone();
            if weekly && one.get("weeks").is_none() {
                one["weeks"] = json!([1, 2, 3, 4, 5, 6, 7]);
            }
            one
        };
        if list.is_empty() { filler().iter().map(every_day).collect() } else { list.iter().map(every_day).collect() }
    };
    let switch = |index: usize| u8::from(switches.as_bytes()[index] == b'1');
    json!({ "sysSn": SERIAL, "executeCycleType": u8::from(weekly), "gridChargeCycle": switch(0), "ctrDisCycle": switch(1),
            "chargeTimeList": with_days(charge), "dischargeTimeList": with_days(discharge) })
}

fn write(bench: &mut Bench, body: &Value) -> Option<u64> {
    code(&bench.post(WRITE, body))
}

fn stored(bench: &Bench) -> PeriodicSchedule {
    bench.cloud.stored_periodic(SERIAL).expect("a system").clone()
}

fn copy(bench: &Bench) -> PeriodicSchedule {
    bench.cloud.world(SERIAL).expect("a system").periodic_copy().clone()
}

#[test]
fn a_write_is_stored_at_once_and_reaches_the_device_within_five_minutes() {
    let mut bench = bench();
    let night = body("10", &charges(&["00:00-05:30"]), &[]);
    let answer = bench.post(WRITE, &night);
    assert_eq!((code(&answer), &envelope(&answer)["data"]), (Some(200), &Value::Null));
    assert_eq!((stored(&bench).charge.len(), copy(&bench)), (1, PeriodicSchedule::default()));
    bench.wait(6);
    assert_eq!(copy(&bench), stored(&bench));
    assert_eq!(bench.stored(), Schedule::default(), "the other store knows nothing of it");
    assert_eq!(bench.call("GET", &format!("/api/{WRITE}?sysSn={SERIAL}"), None).status, 405);
    assert_eq!(bench.post(READ, &night).status, 405);
}

/// The charge list of a good body is replaced by one element with one field changed, added or (null) removed.
fn with_element(field: &str, value: &Value, weekly: bool) -> Value {
    let days = if weekly { " 1234567" } else { "" };
    let mut good = body("10", &charges(&[&format!("00:00-05:30{days}")]), &[]);
    good["chargeTimeList"][0][field] = value.clone();
    if value == "removed" {
        good["chargeTimeList"][0].as_object_mut().expect("an object").remove(field);
    }
    good
}

/// Asserts what is said to a body, and that it is stored if it is taken and else is not.
fn assert_taken(bench: &mut Bench, body: &Value, expect: u64, names: &str) {
    let empty = json!({ "chargeTimeList": [], "dischargeTimeList": [], "gridChargeCycle": 0, "ctrDisCycle": 0,
                        "executeCycleType": 0 });
    bench.cloud.edit_periodic(SERIAL, &empty, bench.now).expect("an edit");
    let answer = bench.post(WRITE, body);
    assert_eq!(code(&answer), Some(expect), "{body}");
    let named = envelope(&answer)["expMsg"].to_string();
    assert!(named.contains(names), "{body}: {named}");
    assert!(envelope(&answer)["data"].is_null());
    assert_eq!(stored(bench) != PeriodicSchedule::default(), expect == 200, "{body}");
}

#[test]
fn a_body_is_taken_only_as_a_whole_and_only_in_its_range() {
    let mut bench = bench();
    let good = body("10", &charges(&["00:00-05:30"]), &[]);
    let mut check = |body: &Value, expect: u64, names: &str| assert_taken(&mut bench, body, expect, names);
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    check(&good, 200, "");
    check(&json!([]), 10001, "");
    check(&json!("text"), 10001, "");
    check(&with("sysSn", json!("AL0000")), 6005, "");
    check(&with("sysSn", json!(7)), 10001, "sysSn");
    for list in ["chargeTimeList", "dischargeTimeList"] {
        check(&with(list, Value::Null), 10001, list);
        check(&with(list, json!({})), 10001, list);
        check(&with(list, json!("[]")), 10001, list);
        check(&with(list, json!([7])), 10001, list);
        check(&with(list, json!([])), 6001, "time list is null");
        let mut without = good.clone();
        without.as_object_mut().expect("an object").remove(list);
        check(&without, 10001, list);
    }
    check(&with("executeCycleType", Value::Null), 10001, "executeCycleType");
    for switch in ["executeCycleType", "gridChargeCycle", "ctrDisCycle"] {
        check(&with(switch, json!(2)), 6001, switch);
        check(&with(switch, json!(-1)), 6001, switch);
        check(&with(switch, json!("1")), 10001, switch);
        check(&with(switch, json!(true)), 10001, switch);
    }
    for text in ["", "{", "[]", "null"] {
        let answer = bench.call("POST", &format!("/api/{WRITE}"), Some(text.to_owned()));
        assert_eq!(code(&answer), Some(10001), "{text}");
    }
}

#[test]
fn an_element_is_taken_only_as_a_whole_and_only_in_its_range() {
    let mut bench = bench();
    let mut check = |body: &Value, expect: u64, names: &str| assert_taken(&mut bench, body, expect, names);
    let mut field = |name: &str, value: Value, expect: u64| {
        let named = if expect == 200 { "" } else { name };
        check(&with_element(name, &value, false), expect, named);
        check(&with_element(name, &value, true), expect, named);
    };
    for time in ["beginTime", "endTime"] {
        field(time, json!("removed"), 10001);
        field(time, json!(530), 10001);
        field(time, json!("24:00"), 6001);
        field(time, json!("5:30"), 6001);
        field(time, json!("noon"), 6001);
    }
    field("chargeLimit", json!("removed"), 10001);
    field("chargeLimit", json!("90"), 10001);
    field("chargeLimit", json!(9), 6001);
    field("chargeLimit", json!(101), 6001);
    field("chargeLimit", json!(10.5), 6001);
    field("chargeLimit", json!(10), 200);
    field("chargeLimit", json!(100), 200);
    field("chargeLimit", json!(25.0), 200);
    field("chargePower", json!("removed"), 200);
    field("chargePower", Value::Null, 200);
    field("chargePower", json!(0), 200);
    field("chargePower", json!(-1), 6001);
    field("chargePower", json!(u64::MAX), 10001);
    field("chargePower", json!("3000"), 10001);
    field("chargePower", json!(1.5), 10001);
    let mut weeks = |value: Value, expect: u64| {
        check(&with_element("weeks", &value, true), expect, if expect == 200 { "" } else { "weeks" });
    };
    weeks(json!("removed"), 10001);
    weeks(Value::Null, 10001);
    weeks(json!("1,2"), 10001);
    weeks(json!(["1"]), 10001);
    weeks(json!([]), 6001);
    weeks(json!([0]), 6001);
    weeks(json!([1, 8]), 6001);
    weeks(json!([7, 1, 1]), 200);
    check(&with_element("weeks", &json!("in a daily schedule nobody looks"), false), 200, "");
}

#[test]
fn windows_of_both_lists_that_overlap_are_refused() {
    let mut bench = bench();
    let mut check = |charge: &[&str], discharge: &[&str], expect: u64| {
        let body = body("11", &charges(charge), &permits(discharge));
        assert_eq!(write(&mut bench, &body), Some(expect), "{charge:?} {discharge:?}");
    };
    check(&["00:00-05:30"], &["05:30-00:00"], 200);
    check(&["00:00-05:30"], &["05:15-00:00"], 6008);
    check(&["02:00-03:00"], &["00:00-05:30"], 6008);
    check(&["00:00-05:30", "12:00-14:00"], &["06:00-09:00", "13:45-15:00"], 6008);
    check(&["00:00-00:00"], &["00:00-05:30"], 200);
    check(&["12:00-12:00"], &["11:00-13:00"], 200);
    check(&["00:00-05:30", "04:00-06:00"], &["06:00-09:00"], 200);
    check(&["23:00-01:00"], &["00:30-02:00"], 6008);
    check(&["23:00-01:00"], &["01:00-23:00"], 200);
    check(&["02:00-05:00 1"], &["02:00-05:00 2"], 200);
    check(&["02:00-05:00 12"], &["02:00-05:00 23"], 6008);
    check(&["23:00-01:00 1"], &["00:00-02:00 2"], 6008);
    check(&["23:00-01:00 1"], &["00:00-02:00 1"], 200);
    check(&["23:00-01:00 7"], &["00:00-02:00 1"], 6008);
    check(&["00:00-02:00 1"], &["23:00-01:00 7"], 6008);
}

/// Windows of a quarter of an hour each from an hour on, with the days of a weekly schedule.
fn quarters(count: usize, from: usize, days: &str) -> Vec<String> {
    let time = |quarter: usize| format!("{:02}:{:02}", from + quarter / 4, quarter % 4 * 15);
    (0..count).map(|one| format!("{}-{}{days}", time(one), time(one + 1))).collect()
}

#[test]
fn at_most_six_windows_a_day_and_28_a_week() {
    let check = |count: PeriodCount, charge: Vec<String>, discharge: Vec<String>, expect: u64| {
        let mut bench = Bench::with(EVENING, "", |options| {
            let periodic = &mut options.systems[0].periodic;
            *periodic = PeriodicOptions::of(Region::Periodic);
            periodic.rules.count = count;
        });
        let words = |list: &[String]| -> Vec<Value> { list.iter().map(|text| window(text, 3000, 90)).collect() };
        let body = body("11", &words(&charge), &words(&discharge));
        assert_eq!(write(&mut bench, &body), Some(expect), "{count:?} {charge:?} {discharge:?}");
    };
    let both = |charge: Vec<String>, discharge: Vec<String>, together: u64, apart: u64| {
        check(PeriodCount::BothLists, charge.clone(), discharge.clone(), together);
        check(PeriodCount::EachList, charge, discharge, apart);
    };
    let daily = |count: usize, from: usize| quarters(count, from, "");
    both(daily(6, 0), daily(0, 12), 200, 200);
    both(daily(7, 0), daily(0, 12), 6001, 6001);
    both(daily(0, 0), daily(7, 12), 6001, 6001);
    both(daily(4, 0), daily(2, 12), 200, 200);
    both(daily(4, 0), daily(3, 12), 6001, 200);
    both(daily(6, 0), daily(6, 12), 6001, 200);
    both(daily(6, 0), daily(7, 12), 6001, 6001);
    // A filler stands for no window.
    both([daily(6, 0), vec!["00:00-00:00".into(); 3]].concat(), daily(0, 12), 200, 200);
    let of = |count: usize, from: usize, days: &str| quarters(count, from, &format!(" {days}"));
    both(of(4, 0, "1234567"), of(0, 12, ""), 200, 200);
    both([of(4, 0, "1234567"), of(1, 6, "3")].concat(), of(0, 12, ""), 6001, 6001);
    both(of(4, 0, "1234567"), of(1, 12, "3"), 6001, 200);
    both([of(3, 0, "1234567"), of(1, 6, "123456")].concat(), of(1, 12, "7"), 200, 200);
    both([of(6, 0, "1234"), of(4, 0, "5")].concat(), of(0, 12, ""), 200, 200);
    both(of(6, 0, "1234"), of(5, 12, "5"), 6001, 200);
    both(of(7, 0, "1"), of(0, 12, ""), 6001, 6001);
    both(of(6, 0, "1"), of(1, 12, "1"), 6001, 200);
    both(of(6, 0, "1"), of(1, 12, "2"), 200, 200);
    check(PeriodCount::EachList, vec!["00:00-00:00".into(); 65], Vec::new(), 6001);
}

#[test]
fn what_nobody_knows_of_the_cloud_is_an_option() {
    let with = |change: fn(&mut PeriodicOptions), body: &Value| {
        let mut bench = Bench::with(EVENING, "", |options| {
            options.systems[0].periodic = PeriodicOptions::of(Region::Periodic);
            change(&mut options.systems[0].periodic);
        });
        write(&mut bench, body)
    };
    let fillers = body("10", &[charges(&["00:00-05:30"]), vec![window("00:00-00:00", 0, 10); 6]].concat(), &[]);
    assert_eq!(with(|_| {}, &fillers), Some(200));
    assert_eq!(with(|options| options.rules.counts_fillers = true, &fillers), Some(6001));
    for name in ["sort", "strategyType", "executeCycleType"] {
        let sent_back = with_element(name, &json!(1), false);
        assert_eq!(with(|_| {}, &sent_back), Some(200));
        assert_eq!(with(|options| options.rules.refuses_read_fields = true, &sent_back), Some(10001));
    }
}

#[test]
fn reading_and_writing_are_entitled_apart() {
    let good = body("10", &charges(&["00:00-05:30"]), &[]);
    let check = |options: &str, expect: [u64; 6]| {
        let mut bench = Bench::with(EVENING, "", |cloud| cloud.systems[0].periodic = options.parse().expect("options"));
        let read = code(&bench.get(READ));
        let written = write(&mut bench, &good);
        let malformed = write(&mut bench, &json!({ "sysSn": SERIAL }));
        let two = [
            code(&bench.get("getChargeConfigInfo")),
            code(&bench.get("getDisChargeConfigInfo")),
            code(&bench.post("updateChargeConfigInfo", &charge_body(("23:30", "00:00"), 90))),
        ];
        let found = [read, written, malformed, two[0], two[1], two[2]];
        assert_eq!(found, expect.map(Some), "{options}");
        assert_eq!(code(&bench.get("getLastPowerData")), Some(200), "{options}");
        assert_eq!(!stored(&bench).charge.is_empty(), written == Some(200), "{options}");
    };
    check("two-window", [6017, 6017, 6017, 200, 200, 200]);
    check("periodic", [200, 200, 10001, 200, 200, 200]);
    check("both", [200, 200, 10001, 200, 200, 200]);
    check("periodic,no-write", [200, 6017, 10001, 200, 200, 200]);
    check("periodic,no-read", [6017, 200, 10001, 200, 200, 200]);
    check("two-window,read", [200, 6017, 10001, 200, 200, 200]);
    check("periodic,no-two-windows", [200, 200, 10001, 6017, 6017, 6017]);
}

#[test]
fn of_two_systems_of_an_account_each_has_its_own() {
    let mut bench = Bench::with(EVENING, "", |options| {
        let periodic = PeriodicOptions::of(Region::Periodic);
        options.systems.push(SystemOptions { serial: "ALS2".into(), periodic, ..Default::default() });
    });
    let mut night = body("10", &charges(&["00:00-05:30"]), &[]);
    assert_eq!(write(&mut bench, &night), Some(6017));
    night["sysSn"] = json!("ALS2");
    assert_eq!(write(&mut bench, &night), Some(200));
    assert_eq!(code(&bench.get(READ)), Some(6017));
    assert_eq!(code(&bench.call("GET", &format!("/api/{READ}?sysSn=ALS2"), None)), Some(200));
    assert_eq!(code(&bench.call("GET", &format!("/api/{READ}?sysSn=AL0000"), None)), Some(6005));
    assert_eq!(stored(&bench), PeriodicSchedule::default());
}

#[test]
fn it_tells_what_it_holds_and_of_the_switches_nothing() {
    let mut bench = bench();
    let both = body("11", &[window("23:30-05:30 67", 0, 90)], &[window("06:00-00:00 123", 2500, 15)]);
    for switches in ["00", "01", "10", "11"] {
        let mut body = both.clone();
        (body["gridChargeCycle"], body["ctrDisCycle"]) =
            (json!(u8::from(&switches[..1] == "1")), json!(u8::from(&switches[1..] == "1")));
        assert_eq!(write(&mut bench, &body), Some(200));
        let told = bench.data(READ);
        assert_eq!((&told["gridChargeCycle"], &told["ctrDisCycle"]), (&json!(0), &json!(0)), "{switches}");
        let held = stored(&bench);
        let held = format!("{}{}", u8::from(held.grid_charge), u8::from(held.control_discharge));
        assert_eq!(held, switches, "it is stored all the same");
    }
    assert_eq!(
        bench.data(READ),
        json!({
            "sysSn": SERIAL, "executeCycleType": 1, "gridChargeCycle": 0, "ctrDisCycle": 0,
            "chargeTimeList": [{ "beginTime": "23:30", "endTime": "05:30", "weeks": [6, 7], "chargePower": 0,
                "chargeLimit": 90.0, "executeCycleType": 1, "strategyType": 0, "sort": 1 }],
            "dischargeTimeList": [{ "beginTime": "06:00", "endTime": "00:00", "weeks": [1, 2, 3], "chargePower": 2500,
                "chargeLimit": 15.0, "executeCycleType": 1, "strategyType": 1, "sort": 1 }],
        })
    );
    assert_eq!(write(&mut bench, &body("10", &charges(&["00:00-05:30"]), &[])), Some(200));
    let told = bench.data(READ);
    assert_eq!(told["chargeTimeList"][0]["weeks"], Value::Null);
    assert_eq!(told["dischargeTimeList"][0]["endTime"], "00:00", "a filler is told as it is");
    let looks = |numbers: Numbers, faults: &str| {
        let mut bench = Bench::with(EVENING, faults, |options| {
            options.systems[0].periodic = PeriodicOptions::of(Region::Periodic);
            options.systems[0].numbers = numbers;
        });
        write(&mut bench, &body("10", &charges(&["00:00-05:30"]), &[]));
        let told = bench.data(READ)["chargeTimeList"][0].clone();
        (told["chargePower"].to_string(), told["chargeLimit"].to_string())
    };
    assert_eq!(looks(Numbers::Integers, ""), ("3000".into(), "90".into()));
    assert_eq!(looks(Numbers::Floats, "numeric-strings"), ("\"3000.0\"".into(), "\"90.0\"".into()));
}

/// What the device does by quarter hour in a week that begins with a Monday, told where it changes: `Mon 00:00 s10`, with
/// `C90@3000` for a charge to a cap at a power, `h` for sun alone, `s10` for self-consumption down to a floor.
fn course(bench: &mut Bench, days: i64) -> String {
    let mut told: Vec<String> = Vec::new();
    let mut last = String::new();
    let monday = instant("2026-11-16T00:00:00Z");
    for quarter in 0..days * 96 {
        bench.now = monday + chrono::Duration::minutes(15 * quarter);
        bench.cloud.advance(bench.now);
        let duty = match bench.cloud.world(SERIAL).expect("a system").duty() {
            Duty::ChargeAt { cap, watts, .. } => format!("C{cap}@{watts}"),
            Duty::SunOnly => "h".to_owned(),
            Duty::SelfConsume { floor } => format!("s{floor}"),
            Duty::Charge { cap, .. } => format!("two-window charge to {cap}"),
        };
        if duty != last {
            let day = if days > 1 { format!("{} ", bench.now.format("%a")) } else { String::new() };
            told.push(format!("{day}{} {duty}", bench.now.format("%H:%M")));
            last = duty;
        }
    }
    told.join(", ")
}

/// The course that follows from a body in a region in which only the periodic store has an effect.
fn course_of(model: (DeviceModel, PeriodicModel), body: &Value, days: i64) -> String {
    let mut bench = Bench::with(SUNDAY, "", |options| {
        options.systems[0].periodic = PeriodicOptions { model: model.1, ..PeriodicOptions::of(Region::Periodic) };
        options.systems[0].model = model.0;
    });
    assert_eq!(write(&mut bench, body), Some(200), "{body}");
    course(&mut bench, days)
}

#[test]
fn the_switches_say_which_lists_are_in_force() {
    let check = |switches: &str, charge: &[&str], discharge: &[&str], expect: &str| {
        let body = body(switches, &charges(charge), &permits(discharge));
        let found = course_of(Default::default(), &body, 1);
        assert_eq!(found, expect, "{switches} {charge:?} {discharge:?}");
    };
    let (night, day) = (["00:00-05:30", "23:30-00:00"], ["06:15-09:00", "16:00-22:00"]);
    check("00", &night, &day, "00:00 s10");
    check("10", &night, &day, "00:00 C90@3000, 05:30 s10, 23:30 C90@3000");
    check("01", &night, &day, "00:00 h, 06:15 s20, 09:00 h, 16:00 s20, 22:00 h");
    check("11", &night, &day, "00:00 C90@3000, 05:30 h, 06:15 s20, 09:00 h, 16:00 s20, 22:00 h, 23:30 C90@3000");
    check("10", &[], &day, "00:00 s10");
    check("01", &night, &[], "00:00 s10");
    check("11", &night, &[], "00:00 C90@3000, 05:30 s10, 23:30 C90@3000");
    check("11", &[], &[], "00:00 s10");
    check("10", &["22:00-02:00"], &[], "00:00 C90@3000, 02:00 s10, 22:00 C90@3000");
    check("11", &["12:00-12:00"], &["13:00-13:00"], "00:00 s10");
}

#[test]
fn windows_have_power_and_limit_of_their_own() {
    let check = |switches: &str, charge: &[Value], discharge: &[Value], expect: &str| {
        assert_eq!(
            course_of(Default::default(), &body(switches, charge, discharge), 1),
            expect,
            "{charge:?} {discharge:?}"
        );
    };
    let gentle = [window("01:00-02:00", 800, 40), window("02:00-03:00", 5000, 95)];
    check("10", &gentle, &[], "00:00 s10, 01:00 C40@800, 02:00 C95@5000, 03:00 s10");
    let floors = [window("06:00-12:00", 1, 30), window("12:00-18:00", 1, 50)];
    check("01", &[], &floors, "00:00 h, 06:00 s30, 12:00 s50, 18:00 h");
    // Without power it is accepted, and inert.
    check("10", &[window("01:00-02:00", 0, 90)], &[], "00:00 s10");
    check("11", &[window("01:00-02:00", 0, 90)], &[window("06:00-12:00", 0, 30)], "00:00 s10");
    let mut missing = body("11", &charges(&["01:00-02:00"]), &permits(&["06:00-12:00"]));
    for list in ["chargeTimeList", "dischargeTimeList"] {
        missing[list][0].as_object_mut().expect("an object").remove("chargePower");
    }
    assert_eq!(course_of(Default::default(), &missing, 1), "00:00 s10");
}

#[test]
fn a_weekly_schedule_knows_its_days() {
    let check = |switches: &str, charge: &[&str], discharge: &[&str], expect: &str| {
        let body = body(switches, &charges(charge), &permits(discharge));
        let found = course_of(Default::default(), &body, 7);
        assert_eq!(found, expect, "{switches} {charge:?} {discharge:?}");
    };
    check("10", &["02:00-05:00 1"], &[], "Mon 00:00 s10, Mon 02:00 C90@3000, Mon 05:00 s10");
    check(
        "10",
        &["02:00-05:00 67"],
        &[],
        "Mon 00:00 s10, Sat 02:00 C90@3000, Sat 05:00 s10, Sun 02:00 C90@3000, Sun 05:00 s10",
    );
    // What runs across midnight belongs to the day on which it began.
    check("10", &["23:00-01:00 7"], &[], "Mon 00:00 C90@3000, Mon 01:00 s10, Sun 23:00 C90@3000");
    check("10", &["23:00-01:00 3"], &[], "Mon 00:00 s10, Wed 23:00 C90@3000, Thu 01:00 s10");
    // A permission of one day restricts every day.
    check("01", &[], &["16:00-19:00 2"], "Mon 00:00 h, Tue 16:00 s20, Tue 19:00 h");
    check(
        "11",
        &["02:00-05:00 2"],
        &["16:00-19:00 2", "00:00-00:00 1"],
        "Mon 00:00 h, Tue 02:00 C90@3000, Tue 05:00 h, Tue 16:00 s20, Tue 19:00 h",
    );
}

#[test]
fn what_nobody_knows_of_the_device_is_an_option() {
    let (device, model) = (DeviceModel::default(), PeriodicModel::default());
    let check = |device: DeviceModel, model: PeriodicModel, body: &Value, expect: &str| {
        assert_eq!(course_of((device, model), body, 1), expect, "{device:?} {model:?}");
    };
    let powerless = body("10", &[window("01:00-02:00", 0, 90)], &[]);
    let hold = PeriodicModel { powerless: Powerless::Hold, ..model };
    check(device, hold, &powerless, "00:00 s10, 01:00 C90@0, 02:00 s10");
    let permission = body("01", &[], &[window("06:00-12:00", 0, 30)]);
    let any_power = PeriodicModel { discharge_wants_power: false, ..model };
    check(device, any_power, &permission, "00:00 h, 06:00 s30, 12:00 h");
    let whole_day = body("10", &[window("00:00-00:00", 3000, 90)], &[]);
    check(device, PeriodicModel { filler_is_all_day: true, ..model }, &whole_day, "00:00 C90@3000");
    check(device, model, &whole_day, "00:00 s10");
    check(device, PeriodicModel { floor: 25, ..model }, &whole_day, "00:00 s25");
    let wrap = body("10", &charges(&["22:00-02:00"]), &[]);
    check(DeviceModel { wrap: Wrap::UntilMidnight, ..device }, model, &wrap, "00:00 s10, 22:00 C90@3000");
    check(DeviceModel { wrap: Wrap::Ignored, ..device }, model, &wrap, "00:00 s10");
    let restricted = body("01", &[], &[]);
    check(DeviceModel { empty_restriction: EmptyRestriction::Hold, ..device }, model, &restricted, "00:00 h");
}

#[test]
fn times_off_the_quarter_hours_are_stored_and_silently_ignored() {
    let mut bench = bench();
    assert_eq!(write(&mut bench, &body("10", &charges(&["00:00-05:30"]), &[])), Some(200));
    bench.wait(6);
    let before = copy(&bench);
    for odd in [body("10", &charges(&["00:07-05:30"]), &[]), body("01", &[], &permits(&["06:00-07:01"]))] {
        assert_eq!(write(&mut bench, &odd), Some(200));
        bench.wait(6);
        assert!(stored(&bench) != before && copy(&bench) == before);
    }
}

/// The battery's power after some minutes at a state of charge.
fn battery(bench: &mut Bench, soc: f64) -> f64 {
    bench.cloud.world_mut(SERIAL).expect("a system").battery_mut().set_soc(soc);
    bench.wait(2);
    bench.cloud.world(SERIAL).expect("a system").flows().battery
}

#[test]
fn the_battery_does_what_a_window_says() {
    let at = |start: &str, body: &Value| {
        let mut bench = bench_in(Region::Periodic, start, "");
        assert_eq!(write(&mut bench, body), Some(200));
        bench.wait(6);
        bench
    };
    let night = "2026-11-20T02:00:00Z";
    let mut charging = at(night, &body("10", &[window("00:00-05:30", 2000, 80)], &[]));
    assert_eq!(battery(&mut charging, 40.0), -2000.0, "at its power");
    assert_eq!(battery(&mut charging, 80.0), 0.0, "at its limit it stands still");
    assert_eq!(battery(&mut charging, 95.0), 0.0, "and never discharges, though the house draws");
    let mut strong = at(night, &body("10", &[window("00:00-05:30", 99_000, 80)], &[]));
    assert_eq!(battery(&mut strong, 40.0), -5000.0, "never above the battery's own power");
    let mut permitted = at(night, &body("01", &[], &[window("00:00-05:30", 5000, 30)]));
    let load = permitted.cloud.world(SERIAL).expect("a system").flows().load;
    let given = battery(&mut permitted, 60.0);
    assert!(given > 0.0 && given < load + 3000.0, "{given} W of {load} W");
    let flows = permitted.cloud.world(SERIAL).expect("a system").flows();
    assert!(
        (given - flows.load).abs() < 1.0 && flows.grid.abs() < 1.0,
        "it serves the house and exports nothing: {flows:?}"
    );
    assert_eq!(battery(&mut permitted, 30.0), 0.0, "down to the limit of its window");
    let mut outside = at(night, &body("01", &[], &[window("12:00-13:00", 5000, 30)]));
    assert_eq!(battery(&mut outside, 60.0), 0.0, "it keeps what it has outside");
    let mut sunny = at("2026-06-20T10:00:00Z", &body("01", &[], &[window("20:00-21:00", 5000, 30)]));
    let taken = battery(&mut sunny, 60.0);
    let flows = sunny.cloud.world(SERIAL).expect("a system").flows();
    assert!(taken < 0.0 && flows.grid <= 0.0, "the sun charges all the same: {flows:?}");
    let mut free = at(night, &body("00", &[window("00:00-05:30", 2000, 80)], &[]));
    assert!(battery(&mut free, 60.0) > 0.0, "with both switches off it serves the house");
}

#[test]
fn a_region_says_which_store_has_an_effect() {
    let list = body("10", &[window("00:00-05:30", 2000, 80)], &[]);
    let two = charge_body(("01:00", "02:00"), 70);
    let check = |options: &str, writes: &[&str], expect: &str| {
        let mut bench = Bench::with(SUNDAY, "", |cloud| cloud.systems[0].periodic = options.parse().expect("options"));
        for write in writes {
            let answer = match *write {
                "list" => bench.post(WRITE, &list),
                _ => bench.post("updateChargeConfigInfo", &two),
            };
            assert_eq!(code(&answer), Some(200), "{options} {writes:?}");
            bench.wait(7);
        }
        assert_eq!(course(&mut bench, 1), expect, "{options} {writes:?}");
        let stored_two = bench.stored() != Schedule::default();
        assert_eq!(stored_two, writes.contains(&"two"), "it is stored whatever comes of it");
        assert_eq!(stored(&bench) != PeriodicSchedule::default(), writes.contains(&"list"));
    };
    let (by_list, by_two) = ("00:00 C80@2000, 05:30 s10", "00:00 s10, 01:00 two-window charge to 70, 02:00 s10");
    check("two-window,read,write", &["list"], "00:00 s10");
    check("two-window,read,write", &["list", "two"], by_two);
    check("two-window,read,write", &["two", "list"], by_two);
    check("periodic", &["two"], "00:00 s10");
    check("periodic", &["two", "list"], by_list);
    check("periodic", &["list", "two"], by_list);
    check("both", &[], "00:00 s10");
    check("both", &["two"], by_two);
    check("both", &["list"], by_list);
    check("both", &["two", "list"], by_list);
    check("both", &["list", "two"], by_two);
    check("both", &["list", "two", "list"], by_list);
}

#[test]
fn where_both_have_an_effect_the_last_writer_wins_however_close() {
    for seed in 0..20 {
        let mut bench = Bench::with(SUNDAY, "", |options| {
            options.seed = seed;
            options.systems[0].periodic = PeriodicOptions::of(Region::Both);
        });
        bench.post("updateChargeConfigInfo", &charge_body(("01:00", "02:00"), 70));
        write(&mut bench, &body("10", &[window("00:00-05:30", 2000, 80)], &[]));
        let list_last = course(&mut bench, 1);
        assert_eq!(list_last, "00:00 C80@2000, 05:30 s10", "seed {seed}");
        write(&mut bench, &body("00", &[], &[]));
        bench.post("updateDisChargeConfigInfo", &discharge_body(("07:00", "10:00"), 20));
        bench.wait(10);
        let duty = bench.cloud.world(SERIAL).expect("a system").duty();
        assert_eq!(duty, Duty::SunOnly, "seed {seed}");
    }
}

#[test]
fn a_system_may_come_into_another_region() {
    let mut bench = bench_in(Region::TwoWindow, SUNDAY, "");
    let list = body("10", &[window("00:00-05:30", 2000, 80)], &[]);
    assert_eq!((code(&bench.get(READ)), write(&mut bench, &list)), (Some(6017), Some(6017)));
    bench.cloud.set_region(SERIAL, Region::Periodic).expect("a system");
    assert_eq!((code(&bench.get(READ)), write(&mut bench, &list)), (Some(200), Some(200)));
    bench.post("updateChargeConfigInfo", &charge_body(("01:00", "02:00"), 70));
    assert_eq!(course(&mut bench, 1), "00:00 C80@2000, 05:30 s10");
    bench.cloud.set_region(SERIAL, Region::TwoWindow).expect("a system");
    assert_eq!(code(&bench.get(READ)), Some(6017));
    assert_eq!(bench.cloud.world(SERIAL).expect("a system").duty(), Duty::SelfConsume { floor: 10 });
    assert!(bench.cloud.set_region("AL0000", Region::Both).is_err());
}

/// What a client sees of a fault: a read, a write, and whether that is stored and, after six minutes, applied.
fn seen(fault: Fault) -> String {
    let mut bench = bench_in(Region::Periodic, EVENING, fault.name());
    let short = |answer: Answer| match code(&answer) {
        _ if answer.lost => "lost".to_owned(),
        Some(code) => code.to_string(),
        None => format!("h{}", answer.status),
    };
    let read = short(bench.get(READ));
    let written = short(bench.post(WRITE, &body("10", &[window("00:00-05:30", 2000, 77)], &[])));
    let again = short(bench.post(WRITE, &body("10", &[window("00:00-05:30", 2000, 77)], &[])));
    bench.wait(6);
    let yes = |schedule: PeriodicSchedule| match schedule.charge.first() {
        Some(window) if window.limit == 77 => "yes",
        _ => "no",
    };
    format!("{read:>5} {written:>5} {again:>5} {:>3} {:>3}", yes(stored(&bench)), yes(copy(&bench)))
}

#[test]
fn every_fault_meets_it_as_it_meets_the_other_store() {
    let rows: Vec<String> = Fault::ALL.iter().map(|fault| format!("{:<24}{}", fault.name(), seen(*fault))).collect();
    let table = format!("fault                    read write again sto app\n{}\n", rows.join("\n"));
    insta::assert_snapshot!(table);
}

#[test]
fn limits_and_the_pace_of_reads_count_it_apart() {
    let night = body("10", &charges(&["00:00-05:30"]), &[]);
    let mut bench = bench_in(Region::Both, EVENING, "write-limit-24h");
    assert_eq!(code(&bench.post("updateChargeConfigInfo", &charge_body(("23:30", "00:00"), 90))), Some(200));
    assert_eq!(write(&mut bench, &night), Some(200));
    assert_eq!(write(&mut bench, &night), Some(6053));
    bench.wait(1439);
    assert_eq!(write(&mut bench, &night), Some(6053));
    bench.wait(1);
    assert_eq!(write(&mut bench, &night), Some(200));
    assert_eq!(code(&bench.get(READ)), Some(200));
    let again = format!("/api/{READ}?sysSn={SERIAL}");
    assert_eq!(code(&bench.call("GET", &again, None)), Some(6053), "ten seconds between reads");
    bench.now += chrono::Duration::seconds(10);
    assert_eq!(code(&bench.call("GET", &again, None)), Some(200));
}

#[test]
fn a_slow_device_and_half_applied_writes() {
    let night = |limit: u8| body("10", &[window("00:00-05:30", 2000, limit)], &[]);
    let limit = |schedule: PeriodicSchedule| schedule.charge.first().map(|window| window.limit);
    let mut bench = bench_in(Region::Periodic, EVENING, "slow-apply");
    write(&mut bench, &night(70));
    bench.wait(5);
    assert_eq!((limit(stored(&bench)), limit(copy(&bench))), (Some(70), None));
    bench.wait(8);
    assert_eq!(limit(copy(&bench)), Some(70));
    let mut bench = bench_in(Region::Periodic, EVENING, "half-applied");
    for (sent, applied) in [(70, 70), (71, 70), (72, 72), (73, 72)] {
        write(&mut bench, &night(sent));
        bench.wait(6);
        assert_eq!((limit(stored(&bench)), limit(copy(&bench))), (Some(sent), Some(applied)));
    }
    let mut bench = bench_in(Region::Periodic, "2026-11-20T21:58:00Z", "offline-at-night");
    write(&mut bench, &night(70));
    bench.wait(60);
    assert_eq!(code(&bench.get(READ)), Some(6042));
    bench.wait(8 * 60);
    assert_eq!(limit(copy(&bench)), Some(70), "what was on its way arrives when it is back");
}

#[test]
fn someone_else_edits_between_a_read_and_a_write() {
    let mut bench = bench_in(Region::Periodic, EVENING, "foreign-edit");
    write(&mut bench, &body("01", &charges(&["00:00-05:30"]), &permits(&["06:00-09:00"])));
    assert_eq!(bench.data(READ)["chargeTimeList"][0]["beginTime"], "00:00", "what was read is what stood there");
    let edited = stored(&bench);
    assert_eq!(bench.data(READ)["chargeTimeList"][0]["beginTime"], "12:00");
    assert!(edited.grid_charge && edited.control_discharge);
    assert_eq!(stored(&bench), edited, "and not again within two hours");
    bench.wait(6);
    assert_eq!(copy(&bench), edited, "the device follows the edit");
    assert_eq!(bench.cloud.met()["foreign-edit"], 1);
    // Where lunch is taken, the floor of the first permission.
    let mut bench = bench_in(Region::Periodic, EVENING, "foreign-edit");
    write(&mut bench, &body("01", &[], &permits(&["06:00-15:00"])));
    bench.data(READ);
    assert_eq!(stored(&bench).discharge[0].limit, 15);
}

#[test]
fn an_owner_may_edit_what_no_call_could() {
    let mut bench = bench_in(Region::TwoWindow, EVENING, "");
    let now = bench.now;
    let mut edit = |fields: Value| bench.cloud.edit_periodic(SERIAL, &fields, now);
    assert_eq!(edit(json!({ "chargeTimeList": charges(&["00:00-05:30"]), "gridChargeCycle": 1 })), Ok(()));
    assert_eq!(edit(json!({ "dischargeTimeList": [] })), Ok(()), "an empty list");
    assert!(edit(json!({ "dischargeTimeList": permits(&["05:00-07:00"]) })).is_err_and(|why| why.contains("Overlap")));
    assert!(edit(json!({ "executeCycleType": 1 })).is_err_and(|why| why.contains("weeks")));
    assert!(edit(json!([])).is_err());
    assert!(bench.cloud.edit_periodic("AL0000", &json!({}), now).is_err());
    assert_eq!((stored(&bench).charge.len(), stored(&bench).discharge.len()), (1, 0));
    assert_eq!(write(&mut bench, &body("10", &charges(&["00:00-05:30"]), &[])), Some(6017), "and the account may not");
}

#[test]
fn the_usual_world_is_saved_without_a_word_of_it_and_any_other_goes_on_as_it_was() {
    let usual = Cloud::new(CloudOptions::default(), instant(EVENING)).to_json();
    assert!(!usual.contains("periodic") && !usual.contains("region"), "{usual}");
    for region in [Region::Periodic, Region::Both] {
        let mut one = bench_in(region, EVENING, "foreign-edit");
        write(&mut one, &body("11", &charges(&["00:00-05:30 67"]), &permits(&["06:00-09:00"])));
        let text = one.cloud.to_json();
        let mut two = Bench { cloud: Cloud::from_json(&text).expect("a state"), now: one.now };
        for _ in 0..30 {
            one.wait(17);
            two.wait(17);
            assert_eq!(one.get(READ), two.get(READ));
            let duty = |bench: &Bench| bench.cloud.world(SERIAL).expect("a system").duty();
            assert_eq!((duty(&one), copy(&one)), (duty(&two), copy(&two)));
        }
        assert_eq!(one.cloud.to_json(), two.cloud.to_json());
        let check = |old: &str, new: &str| {
            assert!(text.contains(old), "{old}");
            assert!(Cloud::from_json(&text.replace(old, new)).is_err(), "{new}");
        };
        check("\"watts\":3000", "\"watts\":30000000");
        check("\"limit\":90", "\"limit\":101");
        check("\"to\":330", "\"to\":1440");
        check("\"floor\":10", "\"floor\":101");
    }
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0..120_u8).prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        times(),
        prop::collection::vec(0..9_u8, 0..9).prop_map(Value::from),
        Just(json!([1, {}])),
        Just(json!([[]])),
    ]
}

fn times() -> impl Strategy<Value = Value> {
    (0..25_u8, 0..61_u8).prop_map(|(hour, minute)| json!(format!("{hour:02}:{minute:02}")))
}

fn elements() -> impl Strategy<Value = Value> {
    let names = vec!["beginTime", "endTime", "weeks", "chargePower", "chargeLimit", "sort"];
    let changes = prop::collection::vec((prop::sample::select(names), values()), 0..3);
    let days = prop::collection::vec(1..8_u8, 1..8);
    (0..96_u16, 0..96_u16, days, 0..9000_u32, 10..101_u8, changes).prop_map(
        |(from, to, days, watts, limit, changes)| {
            let time = |quarter: u16| format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15);
            let mut element = json!({ "beginTime": time(from), "endTime": time(to), "weeks": days, "chargePower": watts,
                                  "chargeLimit": limit });
            changes.into_iter().for_each(|(name, value)| element[name] = value);
            element
        },
    )
}

fn bodies() -> impl Strategy<Value = String> {
    let lists = || prop::collection::vec(elements(), 0..6);
    let names = vec![
        "sysSn",
        "executeCycleType",
        "gridChargeCycle",
        "ctrDisCycle",
        "chargeTimeList",
        "dischargeTimeList",
        "other",
    ];
    let changes = prop::collection::vec((prop::sample::select(names), values()), 0..2);
    let made = (0..2_u8, 0..2_u8, 0..2_u8, lists(), lists(), changes).prop_map(|(cycle, one, two, charge, other, changes)| {
        let mut body = json!({ "sysSn": SERIAL, "executeCycleType": cycle, "gridChargeCycle": one, "ctrDisCycle": two,
                               "chargeTimeList": charge, "dischargeTimeList": other });
        changes.into_iter().for_each(|(name, value)| body[name] = value);
        body.to_string()
    });
    prop_oneof![6 => made, 1 => "\\PC{0,40}", 1 => values().prop_map(|value| value.to_string())]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn no_body_makes_it_panic_and_every_state_can_be_saved(
        calls in prop::collection::vec((bodies(), any::<bool>(), 0..4000_i64), 1..10),
        region in prop::sample::select(Region::ALL.to_vec()), seed: u64, share in 0..40_u32,
    ) {
        let mut bench = Bench::with(EVENING, &format!("{share}%"), |options| {
            options.seed = seed;
            options.systems[0].periodic = PeriodicOptions { readable: true, writable: true, ..PeriodicOptions::of(region) };
        });
        for (body, edited, minutes) in calls {
            let before = stored(&bench);
            let answer = bench.call("POST", &format!("/api/{WRITE}"), Some(body.clone()));
            if matches!(code(&answer), Some(6001 | 10001)) {
                prop_assert_eq!(&stored(&bench), &before);
            }
            if edited {
                let fields = serde_json::from_str(&body).unwrap_or(Value::Null);
                let now = bench.now;
                let _ = bench.cloud.edit_periodic(SERIAL, &fields, now);
            }
            prop_assert!(!stored(&bench).overlaps());
            bench.wait(minutes);
            bench.get(READ);
            let saved = bench.cloud.to_json();
            prop_assert!(Cloud::from_json(&saved).is_ok());
        }
    }
}
