//! The simulated ATESS cloud over its wire format: what the vendor's page says, and that its numbers tell the true world.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod atess_client;

use atess_client::{Bench, SERIAL, code, envelope, headers, instant, message, number};
use offpeak::simulator::atess::device::{Duty, OffGrid};
use offpeak::simulator::atess::{
    Cloud, CloudOptions, Kind, Looks, MissingKeys, MissingLanguage, PlantOptions, Shown, SolarFields, SuccessCode,
    TooEarly, Unit,
};
use offpeak::simulator::{Call, Numbers};
use proptest::prelude::*;
use serde_json::{Value, json};

const NOON: &str = "2026-06-20T11:00:00Z";
const EVENING: &str = "2026-11-20T20:41:00Z";

/// The fields of the vendor's page, word by word.
const PAGE: &str = "bipvBuck1..3, bmsStatus, bmsVoltStatus, bvbus, bvbusNega, bvbusPosi, bypassFreq, checkTime, deviceSn, \
    ebatChargeTimeTotal, ebatChargeTotal, ebatDischargeTimeTotal, ebatDischargeTotal, echargeTimeToday, echargeToday, \
    edischargeTimeToday, edischargeToday, effectiveness, egridTimeToday, egridTimeTotal, egridToday, egridTotal, eloadTimeToday, \
    eloadTimeTotal, eloadToday, eloadTotal, epvTimeToday, epvTimeTotal, epvToday, epvTotal, etoGridTimeToday, etoGridTimeTotal, \
    etoGridToday, etoGridTotal, gactivePower, gapparentPower, greactivePower, gvpvu, gvpvv, gvpvw, inductorCurr, ipva, ipvb, ipvc, \
    ipvu, ipvv, ipvw, loadActivePower, loadApparentPower, loadIu, loadIv, loadIw, loadPf, loadReactivePower, maxChargeCurr, \
    maxDischargeCurr, maxTemp, maxTempGroup, maxTempNum, maxVolt, maxVoltCell, maxVoltGroup, maxVoltNum, meterPower, minTemp, \
    minTempGroup, minTempNum, minVolt, minVoltCell, minVoltGroup, minVoltNum, mvpv, outvu, outvv, outvw, pac, ppv, ppv1..3, runModel, \
    status, systemNo, temp, temp1, temp2, temp4, time, vbat, vpv, vpv2, vpv3, vpvun, vpvvn, vpvwn";

fn page() -> Vec<String> {
    let spread = |name: &str| match name.strip_suffix("1..3") {
        Some(stem) => (1..=3).map(|number| format!("{stem}{number}")).collect(),
        None => vec![name.to_owned()],
    };
    PAGE.split(", ").flat_map(spread).collect()
}

#[test]
fn the_newest_values_have_every_field_of_the_page_and_no_other() {
    let mut bench = Bench::new(EVENING, "");
    let newest = bench.newest();
    let mut names: Vec<&str> = newest.as_object().expect("an object").keys().map(String::as_str).collect();
    let mut page = page();
    names.sort_unstable();
    page.sort_unstable();
    assert_eq!(names, page);
    for (name, value) in newest.as_object().expect("an object") {
        let whole = ["bmsStatus", "runModel", "status", "systemNo"].contains(&name.as_str())
            || ["Group", "Num", "Cell"].iter().any(|ending| name.ends_with(ending));
        let fits = match name.as_str() {
            "time" | "deviceSn" => value.is_string(),
            _ if whole => value.is_i64(),
            _ => value.is_f64(),
        };
        assert!(fits, "{name}: {value}");
    }
    assert_eq!((&newest["deviceSn"], &newest["time"]), (&json!(SERIAL), &json!("2026-11-20 20:41:00")));
}

#[test]
fn the_time_is_the_wall_clock_of_the_plant() {
    let mut bench = Bench::new("2026-06-20T23:30:00Z", "");
    bench.wait(10);
    assert_eq!(bench.newest()["time"], "2026-06-21 00:39:00");
}

#[test]
fn a_request_needs_a_bare_token_and_a_language() {
    let check = |headers: &[(&str, &str)], expect: u64| {
        let mut bench = Bench::new(EVENING, "");
        bench.headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let answer = bench.get("hps/data-last-small");
        assert_eq!((answer.status, code(&answer)), (200, Some(expect)), "{headers:?}");
        assert_eq!(envelope(&answer)["data"].is_null(), expect != 200);
    };
    let token = "atess-simulated-token";
    check(&[("Authorization", token), ("Accept-Language", "en")], 200);
    check(&[("authorization", token), ("accept-language", "en")], 200);
    check(&[("Authorization", "Bearer atess-simulated-token"), ("Accept-Language", "en")], 403);
    check(&[("Authorization", "another"), ("Accept-Language", "en")], 403);
    check(&[("Authorization", ""), ("Accept-Language", "en")], 403);
    check(&[("Accept-Language", "en")], 403);
    check(&[("Authorization", token)], 500);
    let mut strict = Bench::with(EVENING, "", |options| options.manners.missing_language = MissingLanguage::Refused);
    strict.headers.retain(|(name, _)| name != "Accept-Language");
    assert_eq!(code(&strict.get("hps/data-last-small")), Some(403));
}

#[test]
fn words_are_in_the_language_that_was_asked_for() {
    let mut bench = Bench::new(EVENING, "");
    assert_eq!(message(&bench.get("hps/small-setting")), "operate successfully");
    bench.headers = vec![("Authorization".into(), "x".into()), ("Accept-Language".into(), "zh-CN".into())];
    assert_eq!(message(&bench.get("hps/small-setting")), "没有权限");
}

#[test]
fn success_is_zero_or_two_hundred_or_both_by_the_seed() {
    let codes = |success| {
        let mut bench = Bench::with(EVENING, "", |options| options.manners.success = success);
        let mut codes: Vec<u64> = (0..40).filter_map(|_| code(&bench.get("hps/data-last-small"))).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    };
    assert_eq!(codes(SuccessCode::Zero), [0]);
    assert_eq!(codes(SuccessCode::TwoHundred), [200]);
    assert_eq!(codes(SuccessCode::Both), [0, 200]);
    assert_eq!(CloudOptions::default().manners.success, SuccessCode::Both);
}

#[test]
fn paths_verbs_and_serials_are_told_apart() {
    let check = |method: &str, path: &str, expect: (u16, Option<u64>)| {
        let mut bench = Bench::new(EVENING, "");
        let answer = bench.call(method, path, None);
        assert_eq!((answer.status, code(&answer)), expect, "{method} {path}");
    };
    check("GET", &format!("/api/v1/hps/small-setting?deviceSn={SERIAL}"), (200, Some(200)));
    check("GET", &format!("/api/v1/hps/big-setting?deviceSn={SERIAL}"), (200, Some(400)));
    check("GET", &format!("/api/v1/bms/bcu-setting?deviceSn={SERIAL}"), (200, Some(200)));
    check("GET", "/api/v1/bms/buc-base-info/list?dataLogSn=ATL000000000001", (200, Some(200)));
    check("GET", "/api/v1/bms/buc-base-info/list?dataLogSn=ATL2", (200, Some(400)));
    check("GET", "/api/v1/hps/data-last-small?deviceSn=ATS2", (200, Some(400)));
    check("GET", "/api/v1/hps/data-last-small", (200, Some(400)));
    check("GET", "/api/v1/hps/nothing", (404, None));
    check("GET", "/api/v2/hps/small-setting", (404, None));
    check("POST", "/api/v1/hps/small-setting", (405, None));
    check("PUT", "/api/v1/hps/data-last-small", (405, None));
    check("PUT", "/api/v1/hps/small-setting", (200, Some(500)));
}

#[test]
fn a_central_unit_has_five_periods_of_each_class_under_its_own_path() {
    let mut bench = Bench::with(EVENING, "", |options| options.plants[0].kind = Kind::Big);
    assert_eq!(code(&bench.get("hps/small-setting")), Some(400));
    let settings = bench.data("hps/big-setting");
    let keys: Vec<&str> = settings.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!((keys.first(), keys.last()), (Some(&"batCapacity"), Some(&"valleyPeriodTime5")));
    assert_eq!(keys.iter().filter(|key| key.contains("PeriodTime")).count(), 15);
}

#[test]
fn too_many_reads_are_refused_in_words_or_by_http() {
    let mut bench = Bench::new(EVENING, "");
    let path = format!("hps/data-last-small?deviceSn={SERIAL}");
    assert_eq!(code(&bench.call("GET", &path, None)), Some(200));
    let refused = bench.call("GET", &path, None);
    assert_eq!((code(&refused), message(&refused).contains("too frequent")), (Some(500), true));
    assert_eq!(code(&bench.call("GET", &format!("hps/small-setting?deviceSn={SERIAL}"), None)), Some(200));
    bench.cloud.manners_mut().too_early = TooEarly::Http429;
    assert_eq!(bench.call("GET", &path, None).status, 429);
    bench.now += chrono::Duration::seconds(10);
    assert_eq!(code(&bench.call("GET", &path, None)), Some(200));
}

/// What a client makes of a record by its own idea of how it looks: solar, load, battery, grid in watts.
fn watts(record: &Value, looks: &Looks) -> [f64; 4] {
    let turned = |name: &str, shown: Shown| {
        let scale = if shown.unit == Unit::Kilowatts { 1000.0 } else { 1.0 };
        number(record, name) * scale * if shown.turned { -1.0 } else { 1.0 }
    };
    let power = |name: &str| turned(name, Shown { turned: false, unit: looks.power });
    let solar = match looks.solar {
        SolarFields::PpvIsTotal => power("ppv"),
        SolarFields::PpvIsFirst => power("ppv1") + power("ppv2") + power("ppv3"),
        SolarFields::Ppv1IsTotal => power("ppv1"),
    };
    assert!((turned("meterPower", looks.meter) - turned("gactivePower", looks.grid)).abs() < 2.0);
    [solar, power("loadActivePower"), turned("pac", looks.pac), turned("meterPower", looks.meter)]
}

#[test]
fn power_balances_under_every_sign_and_scale() {
    let turned = Shown { turned: true, unit: Unit::Watts };
    let kilowatts = Shown { turned: false, unit: Unit::Kilowatts };
    let both = Shown { turned: true, unit: Unit::Kilowatts };
    for looks in [
        Looks::default(),
        Looks { pac: turned, meter: kilowatts, solar: SolarFields::PpvIsTotal, ..Looks::default() },
        Looks { pac: both, meter: turned, grid: both, power: Unit::Kilowatts, ..Looks::default() },
        Looks { solar: SolarFields::Ppv1IsTotal, numbers: Numbers::Floats, ..Looks::default() },
    ] {
        let mut bench = Bench::with("2026-06-20T03:00:00Z", "", |options| {
            options.plants[0].looks = looks.clone();
            options.plants[0].house.solar_watts = 9000.0;
        });
        let (mut sunny, mut charged, mut exported) = (0, 0, 0);
        for _ in 0..24 {
            bench.wait(47);
            let [solar, load, battery, grid] = watts(&bench.newest(), &looks);
            let truth = bench.plant().flows();
            assert!((solar + battery + grid - load).abs() < 56.0, "{looks:?}: {solar} {battery} {grid} {load}");
            for (shown, truth) in [(solar, truth.solar), (battery, truth.battery), (grid, truth.grid)] {
                assert!((shown - truth).abs() < 2.0, "{looks:?}: {shown} for {truth}");
            }
            sunny += i32::from(solar > 0.0);
            charged += i32::from(battery < 0.0);
            exported += i32::from(grid < 0.0);
        }
        assert!(sunny > 5 && charged > 3 && exported > 1, "{sunny} {charged} {exported}");
    }
}

#[test]
fn ppv_may_be_the_first_input_alone() {
    let fields = |solar| {
        let mut bench = Bench::with(NOON, "", |options| options.plants[0].looks.solar = solar);
        bench.wait(1);
        let record = bench.newest();
        let share = |name| (10.0 * number(&record, name) / bench.plant().flows().solar).round() / 10.0;
        [share("ppv"), share("ppv1"), share("ppv2"), share("ppv3")]
    };
    assert_eq!(fields(SolarFields::PpvIsFirst), [0.5, 0.5, 0.3, 0.2]);
    assert_eq!(fields(SolarFields::PpvIsTotal), [1.0, 0.5, 0.3, 0.2]);
    assert_eq!(fields(SolarFields::Ppv1IsTotal), [0.5, 1.0, 0.3, 0.2]);
}

#[test]
fn counters_are_the_integral_of_power_and_begin_anew_at_the_plants_midnight() {
    let mut bench = Bench::with("2026-06-20T22:30:00Z", "", |options| {
        options.plants[0].house.solar_watts = 20_000.0;
        options.plants[0].battery.set_soc(12.0);
    });
    let before = bench.newest();
    assert!(number(&before, "egridTotal") >= 300.0, "a plant has counted before");
    let mut sum = [0.0; 6];
    for minute in 0..1440 {
        bench.wait(1);
        let flows = bench.plant().flows();
        let parts = [-flows.battery, flows.battery, flows.grid, -flows.grid, flows.load, flows.solar];
        if minute >= 30 {
            sum.iter_mut().zip(parts).for_each(|(sum, watts)| *sum += watts.max(0.0) / 60_000.0);
        }
        if minute == 29 {
            assert!(number(&bench.newest(), "eloadToday") > 0.06, "before midnight");
        }
        if minute == 32 {
            assert!(number(&bench.newest(), "eloadToday") < 0.06, "after midnight");
        }
    }
    let after = bench.newest();
    let names = ["echargeToday", "edischargeToday", "egridToday", "etoGridToday", "eloadToday", "epvToday"];
    for (name, sum) in names.into_iter().zip(sum) {
        assert!((number(&after, name) - sum).abs() < 0.02, "{name}: {} for {sum}", after[name]);
        assert!(sum > 0.1, "{name} moved");
    }
    let rise = |total: &str| number(&after, total) - number(&before, total);
    let balance = rise("epvTotal") + rise("egridTotal") + rise("ebatDischargeTotal");
    let use_of_it = rise("eloadTotal") + rise("etoGridTotal") + rise("ebatChargeTotal");
    assert!((balance - use_of_it).abs() < 0.05, "{balance} {use_of_it}");
    assert!((number(&after, "eloadTimeToday") - 23.5).abs() < 0.11, "hours in which anything was drawn");
}

#[test]
fn the_voltage_tells_the_charge_by_its_curve_and_nothing_else_does() {
    let volts = |soc: f64, ohms: f64| {
        let mut bench = Bench::with(EVENING, "", |options| {
            options.plants[0].battery.set_soc(soc);
            options.plants[0].looks.resistance_ohms = ohms;
        });
        number(&bench.newest(), "vbat")
    };
    assert_eq!([volts(0.0, 0.0), volts(50.0, 0.0), volts(100.0, 0.0)], [448.0, 520.0, 568.0]);
    assert!(volts(50.0, 1.0) < 519.0, "it sinks under load");
    let mut bench = Bench::new(EVENING, "");
    let record = bench.newest();
    assert!(record.as_object().expect("an object").keys().all(|name| !name.to_lowercase().contains("soc")));
}

#[test]
fn the_history_comes_in_pages_newest_first() {
    let mut bench = Bench::new("2026-11-20T12:00:00Z", "");
    bench.wait(10 * 60);
    let mut page = |number: u32, size: u32| {
        bench.data(&format!(
            "hps/data-list?startDate=2026-11-20%2013:00:00&endDate=2026-11-20+13:59:59&pageNo={number}&pageSize={size}"
        ))
    };
    let first = page(1, 5);
    assert_eq!((&first["total"], &first["offset"], &first["pageNo"]), (&json!(12), &json!(0), &json!(1)));
    let times = |page: &Value| -> Vec<String> {
        page["datas"].as_array().expect("a list").iter().map(|item| item["time"].to_string()).collect()
    };
    let mut all = times(&first);
    all.extend([page(2, 5), page(3, 5)].iter().flat_map(times));
    assert_eq!((all.len(), times(&page(4, 5)).len()), (12, 0));
    assert!(all.is_sorted_by(|one, other| one > other) && all.iter().all(|time| time.contains(" 13:")), "{all:?}");
    assert_eq!(page(1, 5)["datas"][0].as_object().expect("an object").len(), crate::page().len());
    for wrong in
        ["", "startDate=2026-11-20&endDate=x", "startDate=2026-11-20%2013:00:00&endDate=2026-11-20+13:59:59&pageNo=0"]
    {
        assert_eq!(code(&bench.get(&format!("hps/data-list?{wrong}"))), Some(500), "{wrong}");
    }
}

#[test]
fn what_is_put_is_stored_at_once_and_reaches_the_device_within_minutes() {
    let mut bench = Bench::new(EVENING, "");
    let written = bench.put(&json!({ "chargeEnable": 1, "valleyPeriodTime1": "20:00-23:30" }));
    assert_eq!((code(&written), &envelope(&written)["data"]), (Some(200), &Value::Null));
    let settings = bench.data("hps/small-setting");
    assert_eq!((&settings["chargeEnable"], &settings["valleyPeriodTime1"]), (&json!(1), &json!("20:00-23:30")));
    assert_eq!(settings["batType"], "LFP", "what was not changed survives");
    assert!(!bench.plant().settings().charge_enable && bench.plant().duty() == Duty::SelfConsume, "not yet");
    bench.wait(6);
    assert_eq!(bench.plant().duty(), Duty::Charge);
    let soc = bench.plant().soc();
    bench.wait(30);
    assert!(bench.plant().soc() > soc + 20.0 && number(&bench.newest(), "pac") < -4000.0);
    bench.wait(4 * 60);
    assert_eq!(bench.plant().duty(), Duty::SelfConsume, "the valley is over");
}

#[test]
fn a_peak_permits_discharge_while_its_switch_is_on() {
    let mut bench = Bench::new(EVENING, "");
    bench.put(&json!({ "dischargeEnable": 1, "peakPeriodTime1": "21:00-22:00" }));
    bench.wait(10);
    assert_eq!(bench.plant().duty(), Duty::SunOnly);
    assert!(number(&bench.newest(), "pac").abs() < 0.1);
    bench.wait(20);
    assert_eq!(bench.plant().duty(), Duty::SelfConsume);
    assert!(number(&bench.newest(), "pac") > 100.0);
}

#[test]
fn the_device_ignores_times_off_its_grid_unless_it_takes_them() {
    let held = |off_grid| {
        let mut bench = Bench::with(EVENING, "", |options| options.plants[0].model.off_grid = off_grid);
        assert_eq!(code(&bench.put(&json!({ "chargeEnable": 1, "valleyPeriodTime2": "20:10-23:30" }))), Some(200));
        bench.wait(6);
        bench.plant().settings().charge_enable
    };
    assert_eq!((held(OffGrid::Ignored), held(OffGrid::Taken)), (false, true));
}

#[test]
fn an_object_that_lacks_keys_erases_them_or_is_refused() {
    let after = |missing| {
        let mut bench = Bench::with(EVENING, "", |options| options.manners.missing_keys = missing);
        let body = json!({ "deviceSn": SERIAL, "chargeEnable": 1, "valleyPeriodTime1": "02:00-05:00" });
        let answer = bench.call("PUT", "/api/v1/hps/small-setting", Some(body.to_string()));
        (code(&answer), bench.data("hps/small-setting")["batCapacity"].clone())
    };
    assert_eq!(after(MissingKeys::Erased), (Some(200), Value::Null));
    assert_eq!(after(MissingKeys::Refused), (Some(500), json!(10.1)));
    assert_eq!(after(MissingKeys::Kept), (Some(200), json!(10.1)));
    assert_eq!(CloudOptions::default().manners.missing_keys, MissingKeys::Erased);
}

#[test]
fn a_body_that_does_not_fit_changes_nothing() {
    let mut bench = Bench::new(EVENING, "");
    let before = bench.stored();
    for (name, value) in [
        ("valleyPeriodTime1", json!("25:00-26:00")),
        ("valleyPeriodTime1", json!(5)),
        ("chargeEnable", json!("yes")),
        ("batCapacity", json!({})),
        ("deviceSn", json!("ATS2")),
        ("deviceSn", json!(null)),
    ] {
        let mut body = before.clone();
        body.insert(name.to_owned(), value.clone());
        let answer = bench.call("PUT", "hps/small-setting", Some(Value::Object(body).to_string()));
        let expect = if value == "ATS2" { 400 } else { 500 };
        assert_eq!(code(&answer), Some(expect), "{name}: {value}");
    }
    bench.headers.retain(|(name, _)| name != "Content-Type");
    assert_eq!(code(&bench.put(&json!({}))), Some(500), "no JSON is announced");
    assert_eq!(bench.stored(), before);
}

#[test]
fn the_path_of_a_write_is_an_option() {
    let mut bench = Bench::with(EVENING, "", |options| options.manners.write_path = Some("hps/set-small".into()));
    assert_eq!(bench.put(&json!({})).status, 405);
    let body = Value::Object(bench.stored()).to_string();
    assert_eq!(code(&bench.call("PUT", "/api/v1/hps/set-small", Some(body))), Some(200));
}

#[test]
fn an_account_may_have_several_plants() {
    let mut bench = Bench::with(EVENING, "", |options| {
        options.plants.push(PlantOptions { serial: "ATS2".into(), ..PlantOptions::default() });
    });
    let list = envelope(&bench.call("GET", "bms/buc-base-info/list?dataLogSn=ATL000000000001", None));
    assert_eq!(list["data"].as_array().expect("a list").len(), 2);
    let other = envelope(&bench.call("GET", "hps/data-last-small?deviceSn=ATS2", None));
    assert_eq!(other["data"]["deviceSn"], "ATS2");
    assert_ne!(other["data"]["loadActivePower"], bench.newest()["loadActivePower"], "another house");
}

#[test]
fn one_seed_tells_one_story_and_shares_its_weather_with_the_other_cloud() {
    let story = |seed: u64| {
        let mut bench = Bench::with(NOON, "25%,missing-fields%30", |options| {
            options.seed = seed;
            options.manners.success = SuccessCode::Both;
        });
        let mut told = Vec::new();
        for hour in 0..48 {
            bench.wait(59);
            told.push(bench.get("hps/data-last-small"));
            told.push(bench.put(&json!({ "chargeEnable": hour % 2 })));
            told.push(bench.get("hps/small-setting"));
        }
        (told, bench.cloud.log_text())
    };
    assert!(story(3) == story(3), "the same answers, byte for byte");
    assert!(story(3).0 != story(4).0);

    let mut bench = Bench::with(NOON, "", |options| options.seed = 5);
    let other = offpeak::simulator::CloudOptions { seed: 5, ..Default::default() };
    let mut other = offpeak::simulator::Cloud::new(other, instant(NOON));
    for _ in 0..10 {
        bench.wait(60);
        other.advance(bench.now);
        let (one, two) = (bench.plant().flows(), other.world("ALS000000000001").expect("a world").flows());
        assert_eq!((one.load, one.solar), (two.load, two.solar));
    }
}

#[test]
fn a_saved_cloud_goes_on_as_if_nothing_had_been() {
    let mut one = Bench::new(EVENING, "10%,foreign-edit");
    one.put(&json!({ "chargeEnable": 1, "valleyPeriodTime1": "21:00-23:30" }));
    one.wait(200);
    let text = one.cloud.to_json();
    let mut two =
        Bench { cloud: Cloud::from_json(&text).expect("a state"), now: one.now, headers: one.headers.clone() };
    for _ in 0..50 {
        one.wait(7);
        two.wait(7);
        assert_eq!(one.get("hps/data-last-small"), two.get("hps/data-last-small"));
        assert_eq!(one.get("hps/small-setting"), two.get("hps/small-setting"));
    }
    let check = |text: &str| assert!(Cloud::from_json(text).is_err(), "{text:.80}");
    check("");
    check("{}");
    check(&offpeak::simulator::Cloud::new(Default::default(), instant(EVENING)).to_json());
    check(&text.replacen("\"capacity_wh\":10100.0", "\"capacity_wh\":-1.0", 1));
    check(&text.replacen("\"second\":1", "\"second\":-1", 1));
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(SERIAL.to_owned()),
        Just("2026-11-20%2013:00:00".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("18446744073709551615".to_owned()),
        "\\PC{0,12}",
    ]
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("22:00-06:00")),
        Just(json!([1, {}])),
    ]
}

fn endpoints() -> impl Strategy<Value = String> {
    let known = [
        "hps/data-last-small",
        "hps/small-setting",
        "hps/big-setting",
        "hps/data-list",
        "bms/buc-base-info/list",
        "bms/bcu-setting",
    ];
    prop_oneof![8 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,20}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn no_request_makes_it_panic_and_every_state_can_be_saved(
        requests in prop::collection::vec((
            prop::sample::select(vec!["GET", "PUT", "POST", ""]), endpoints(),
            prop::collection::vec((prop::sample::select(vec!["deviceSn", "dataLogSn", "startDate", "endDate", "pageNo", "pageSize"]), words()), 0..6),
            prop::collection::vec((0..30_usize, values()), 0..4), "\\PC{0,30}", any::<bool>(), -3000..90_000_i64,
        ), 1..12),
        seed: u64, share in 0..95_u32,
    ) {
        let mut bench = Bench::with(EVENING, &format!("{share}%"), |options| options.seed = seed);
        for (method, endpoint, query, changes, raw, whole, seconds) in requests {
            bench.now += chrono::Duration::seconds(seconds);
            let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let mut object = bench.stored();
            let names: Vec<String> = object.keys().cloned().collect();
            for (index, value) in changes {
                object.insert(names[index % names.len()].clone(), value);
            }
            let body = if whole { Value::Object(object).to_string() } else { raw };
            bench.call(method, &format!("/api/v1/{endpoint}?{}", query.join("&")), Some(body));
            let saved = bench.cloud.to_json();
            prop_assert!(Cloud::from_json(&saved).is_ok());
        }
    }
}

#[test]
fn no_headers_and_odd_calls_do_no_harm() {
    let mut cloud = Cloud::new(CloudOptions { plants: Vec::new(), ..CloudOptions::default() }, instant(EVENING));
    let call = Call { method: String::new(), path: String::new(), headers: headers(""), body: None };
    assert_eq!(cloud.handle(&call, instant("2199-11-20T20:41:00Z")).status, 404);
}
