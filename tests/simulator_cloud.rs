//! The simulated cloud keeps to the vendor page: what it asks, what it answers, and what the device makes of a schedule.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

mod simulator_client;

use offpeak::simulator::store::{Schedule, Which};
use offpeak::simulator::{Call, LimitCode, LimitScope, Limits};
use serde_json::{Value, json};
use simulator_client::{Bench, SERIAL, charge_body, code, discharge_body, envelope, half, headers, instant};

const EVENING: &str = "2026-11-20T20:41:00Z";

#[test]
fn a_request_passes_only_with_its_three_headers() {
    let mut bench = Bench::new(EVENING, "");
    let (id, secret) = (bench.cloud.app_id().to_owned(), bench.cloud.app_secret().to_owned());
    let mut ask = |headers: Vec<(String, String)>| {
        let call = Call { method: "GET".into(), path: "/api/getEssList".into(), headers, body: None };
        code(&bench.cloud.handle(&call, instant(EVENING))).expect("an envelope")
    };
    let now = instant(EVENING);
    let later = |seconds| now + chrono::Duration::seconds(seconds);
    let without = |name: &str| headers(&id, &secret, now).into_iter().filter(|(key, _)| key != name).collect();
    let mut check = |headers, expect: u64| assert_eq!(ask(headers), expect);
    check(headers(&id, &secret, now), 200);
    check(headers(&id, &secret, now).into_iter().map(|(name, value)| (name.to_uppercase(), value)).collect(), 200);
    check(headers(&id, &secret, later(300)), 200);
    check(headers(&id, &secret, later(-300)), 200);
    check(headers(&id, &secret, later(301)), 6006);
    check(headers(&id, &secret, later(-301)), 6006);
    check(headers(&id, "another secret", now), 6007);
    check(headers("another id", &secret, now), 6007);
    check(without("sign"), 6010);
    check(without("timeStamp"), 6011);
    check(without("appId"), 6012);
}

#[test]
fn endpoints_have_their_working_names_and_verbs() {
    let mut bench = Bench::new(EVENING, "");
    let mut check = |method: &str, endpoint: &str, expect: u16| {
        let path = format!("/api/{endpoint}?sysSn={SERIAL}&queryDate=2026-11-20");
        assert_eq!(bench.call(method, &path, None).status, expect, "{method} {endpoint}");
    };
    for endpoint in ["getEssList", "getLastPowerData", "getOneDayPowerBySn", "getOneDateEnergyBySn"] {
        check("GET", endpoint, 200);
        check("POST", endpoint, 405);
    }
    for endpoint in ["getSumDataForCustomer", "getChargeConfigInfo", "getDisChargeConfigInfo"] {
        check("GET", endpoint, 200);
    }
    for endpoint in ["updateChargeConfigInfo", "updateDisChargeConfigInfo"] {
        check("POST", endpoint, 200);
        check("GET", endpoint, 405);
    }
    for stale in ["getInChargeConfigInfo", "getOutChargeConfigInfo", "updateInChargeConfigInfo", ""] {
        check("GET", stale, 404);
    }
}

#[test]
fn power_has_the_vendors_signs_and_nearly_balances() {
    let mut bench = Bench::new("2026-06-20T05:00:00Z", "");
    let mut seen = (false, false);
    for _ in 0..60 {
        bench.wait(13);
        let data = bench.data("getLastPowerData");
        let watts = |name: &str| data[name].as_f64().expect("a number");
        let gap = watts("ppv") + watts("pbat") + watts("pgrid") - watts("pload");
        assert!(gap.abs() <= 55.0, "{data}");
        let flows = bench.cloud.world(SERIAL).expect("a system").flows();
        assert!((flows.load - flows.solar - flows.battery - flows.grid).abs() < 1e-6);
        assert!((watts("pbat") - flows.battery).abs() < 1.0 && (watts("pgrid") - flows.grid).abs() < 1.0);
        seen = (seen.0 || flows.battery > 0.0, seen.1 || flows.battery < 0.0);
        assert!(data["pevDetail"]["ev1Power"].is_null());
    }
    assert_eq!(seen, (true, true), "the battery was charged and discharged");
}

#[test]
fn history_is_newest_first_in_local_time_and_gives_the_battery_power_back() {
    let mut bench = Bench::new("2026-06-20T21:00:00Z", "");
    bench.wait(5 * 60);
    let path = format!("/api/getOneDayPowerBySn?sysSn={SERIAL}&queryDate=2026-06-21");
    let items = envelope(&bench.call("GET", &path, None))["data"].as_array().expect("a list").clone();
    let times: Vec<&str> = items.iter().map(|item| item["uploadTime"].as_str().expect("a time")).collect();
    assert!(times.windows(2).all(|pair| pair[0] > pair[1]), "newest first");
    assert!((35..=38).contains(&times.len()), "three hours since local midnight: {}", times.len());
    assert!(times.iter().all(|time| time.starts_with("2026-06-21 0")));
    let item = &items[20];
    let watts = |name: &str| item[name].as_f64().expect("a number");
    let battery = watts("load") - watts("ppv") - (watts("gridCharge") - watts("feedIn"));
    assert!((0.0..5000.0).contains(&battery) && watts("cbat") > 0.0, "{item}");
}

#[test]
fn the_history_of_a_day_of_25_hours_shows_an_hour_twice() {
    let mut bench = Bench::new("2026-10-24T20:00:00Z", "");
    bench.wait(30 * 60);
    let path = format!("/api/getOneDayPowerBySn?sysSn={SERIAL}&queryDate=2026-10-25");
    let items = envelope(&bench.call("GET", &path, None))["data"].as_array().expect("a list").clone();
    let hour = |hour: &str| {
        let prefix = format!("2026-10-25 {hour}:");
        items.iter().filter(|item| item["uploadTime"].as_str().expect("a time").starts_with(&prefix)).count()
    };
    assert_eq!((items.len(), hour("00"), hour("01"), hour("02")), (300, 12, 24, 12));
}

#[test]
fn the_energy_of_a_day_adds_up() {
    let mut bench = Bench::new("2026-06-20T23:00:00Z", "");
    bench.wait(23 * 60);
    let day = bench.data("getOneDateEnergyBySn");
    let kwh = |name: &str| day[name].as_f64().expect("a number");
    let world = bench.cloud.world(SERIAL).expect("a system");
    let meters = world.meters();
    assert!((kwh("epv") - meters.solar).abs() < 0.01 && kwh("epv") > 3.0, "{day}");
    let flow = meters.solar + meters.import + meters.discharge - meters.export - meters.charge;
    assert!((flow - meters.load).abs() < 1e-6);
    let stored = (world.battery().stored_wh - 4040.0) / 1000.0;
    assert!((meters.charge * 0.95 - meters.discharge / 0.95 - stored).abs() < 1e-6);
    bench.wait(1);
    let path = format!("getOneDateEnergyBySn?sysSn={SERIAL}&queryDate=2020-01-01");
    assert_eq!(code(&bench.call("GET", &path, None)), Some(6016));
}

#[test]
fn a_write_is_stored_at_once_and_reaches_the_device_within_five_minutes() {
    let mut bench = Bench::new(EVENING, "");
    let answer = bench.post("updateChargeConfigInfo", &charge_body(("23:30", "00:00"), 90));
    assert_eq!((code(&answer), &envelope(&answer)["data"]), (Some(200), &Value::Null));
    assert_eq!(bench.percent(Which::Charge), (90, 100));
    bench.wait(5);
    bench.wait(1);
    assert_eq!(bench.percent(Which::Charge), (90, 90));
    let data = bench.data("getChargeConfigInfo");
    let expect = json!({ "gridCharge": 1, "timeChaf1": "23:30", "timeChae1": "00:00", "timeChaf2": "00:00",
                         "timeChae2": "00:00", "batHighCap": 90.0 });
    assert_eq!(data, expect);
}

#[test]
fn a_body_is_taken_only_as_a_whole_and_only_in_its_range() {
    let mut bench = Bench::new(EVENING, "");
    let good = charge_body(("23:30", "00:00"), 90);
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body.to_string()
    };
    let without = |name: &str| {
        let mut body = good.clone();
        body.as_object_mut().expect("an object").remove(name);
        body.to_string()
    };
    let mut check = |body: String, expect: u64| {
        let answer = bench.call("POST", "/api/updateChargeConfigInfo", Some(body.clone()));
        assert_eq!(code(&answer), Some(expect), "{body}");
        assert!(envelope(&answer)["data"].is_null());
    };
    for field in ["sysSn", "gridCharge", "timeChaf1", "timeChae1", "timeChaf2", "timeChae2", "batHighCap"] {
        check(without(field), 10001);
    }
    check("{".to_owned(), 10001);
    check("[]".to_owned(), 10001);
    check(with("batHighCap", json!("90")), 10001);
    check(with("batHighCap", json!(90.0)), 10001);
    check(with("timeChaf1", json!(2330)), 10001);
    check(with("batHighCap", json!(9)), 6001);
    check(with("batHighCap", json!(101)), 6001);
    check(with("gridCharge", json!(2)), 6001);
    check(with("timeChae1", json!("24:00")), 6001);
    check(with("timeChae1", json!("5:30")), 6001);
    check(with("sysSn", json!("AL0000")), 6005);
    assert_eq!(bench.stored(), Schedule::default(), "nothing of that was stored");
}

#[test]
fn a_time_off_the_grid_is_stored_and_silently_ignored() {
    let mut bench = Bench::new(EVENING, "");
    assert_eq!(code(&bench.post("updateChargeConfigInfo", &charge_body(("23:31", "00:00"), 90))), Some(200));
    bench.wait(10);
    assert_eq!(bench.percent(Which::Charge), (90, 100));
}

#[test]
fn limits_on_calls_are_options() {
    let scopes = [(LimitScope::Serial, 200), (LimitScope::Account, 6053)];
    for (write_scope, second_system) in scopes {
        let mut bench = Bench::with(EVENING, "", |options| {
            let other = offpeak::simulator::SystemOptions { serial: "ALS2".into(), ..Default::default() };
            options.systems.push(other);
            options.limits = Limits { write_seconds: 600, write_scope, ..Limits::default() };
        });
        let mut other = charge_body(("23:30", "00:00"), 90);
        other["sysSn"] = json!("ALS2");
        let write = |bench: &mut Bench, body: &Value| code(&bench.post("updateChargeConfigInfo", body));
        let mine = charge_body(("23:30", "00:00"), 90);
        assert_eq!(write(&mut bench, &mine), Some(200));
        assert_eq!(write(&mut bench, &mine), Some(6053));
        assert_eq!(code(&bench.post("updateDisChargeConfigInfo", &discharge_body(("07:00", "10:00"), 10))), Some(200));
        assert_eq!(write(&mut bench, &other), Some(second_system));
        bench.wait(10);
        assert_eq!(write(&mut bench, &mine), Some(200));
        bench.cloud.limits_mut().write_code = LimitCode::SetFailed;
        assert_eq!(write(&mut bench, &mine), Some(6008));
    }
    let mut bench = Bench::new(EVENING, "");
    let path = format!("getLastPowerData?sysSn={SERIAL}");
    assert_eq!(code(&bench.call("GET", &path, None)), Some(200));
    assert_eq!(code(&bench.call("GET", &path, None)), Some(6053), "ten seconds between reads of one endpoint");
    bench.now += chrono::Duration::seconds(10);
    assert_eq!(code(&bench.call("GET", &path, None)), Some(200));
}

/// Each sentence of the vendor page on what a schedule does, seen at the battery: charge and discharge objects, state of
/// charge, and the sign of the battery's power after half an hour at 02:00 on a winter night.
#[test]
fn the_battery_does_what_the_vendor_page_says_a_schedule_means() {
    let check = |charge, discharge, soc: f64, expect: &str, why: &str| {
        let mut bench = Bench::with("2026-11-20T02:00:00Z", "", |options| {
            options.systems[0].schedule = Schedule { charge, discharge };
            options.systems[0].house.ev_evenings = 0.0;
            options.systems[0].battery.set_soc(soc);
        });
        bench.wait(10);
        let watts = bench.cloud.world(SERIAL).expect("a system").flows().battery;
        let seen = if watts > 0.0 {
            "discharges"
        } else if watts < 0.0 {
            "charges"
        } else {
            "idle"
        };
        assert_eq!(seen, expect, "{why}");
    };
    let (off, open) = (half(false, &[], 90), half(false, &[], 10));
    check(off, open, 50.0, "discharges", "self-consumption covers the load");
    check(off, half(false, &[], 50), 50.0, "idle", "batUseCap is the floor without ctrDis as well");
    check(half(true, &["01:00-05:00"], 90), open, 50.0, "charges", "a charge window charges");
    check(half(true, &["01:00-05:00"], 50), open, 50.0, "idle", "a target at the state of charge is a hold");
    check(half(true, &["01:00-05:00"], 40), open, 50.0, "idle", "and so is one below it");
    check(half(false, &["01:00-05:00"], 90), open, 50.0, "discharges", "gridCharge 0 keeps the times and does nothing");
    check(half(true, &["23:00-00:00", "00:00-05:00"], 90), open, 50.0, "charges", "a night split at midnight");
    check(half(true, &["05:00-05:00"], 90), open, 50.0, "discharges", "start = end: unused");
    check(off, half(true, &["07:00-10:00"], 10), 50.0, "idle", "outside a permission: no discharge");
    check(off, half(true, &["01:00-03:00"], 10), 50.0, "discharges", "inside: self-consumption");
    check(off, half(true, &["01:00-03:00"], 60), 50.0, "idle", "down to batUseCap and no further");
    check(off, half(true, &[], 10), 50.0, "discharges", "ctrDis with both periods unused restricts nothing");
    check(half(true, &["01:00-05:00"], 90), half(true, &["01:00-03:00"], 10), 50.0, "charges", "charge wins");
}

/// The state of charge after some hours, from `soc` at 11:00 on a summer day.
fn summer_soc(soc: f64, hours: i64, change: impl FnOnce(&mut offpeak::simulator::SystemOptions)) -> f64 {
    let mut bench = Bench::with("2026-06-20T10:00:00Z", "", |options| {
        options.systems[0].house.ev_evenings = 0.0;
        options.systems[0].house.evening_watts = 0.0;
        options.systems[0].battery.set_soc(soc);
        change(&mut options.systems[0]);
    });
    bench.wait(hours * 60);
    bench.cloud.world(SERIAL).expect("a system").soc()
}

#[test]
fn a_charge_window_charges_to_its_cap_and_the_sun_no_further_unless_the_device_does() {
    let window = half(true, &["10:00-16:00"], 60);
    assert!((summer_soc(30.0, 3, |system| system.schedule.charge = window) - 60.0).abs() < 1e-6);
    assert!((summer_soc(70.0, 3, |system| system.schedule.charge = window) - 70.0).abs() < 1e-6);
    let above = summer_soc(70.0, 3, |system| {
        system.schedule.charge = window;
        system.model.sun_above_cap = true;
    });
    assert!(above > 72.0, "{above}");
}

#[test]
fn outside_a_permission_the_sun_charges_and_nothing_is_discharged() {
    let soc = summer_soc(30.0, 14, |system| system.schedule.discharge = half(true, &["08:00-08:15"], 10));
    let free = summer_soc(30.0, 14, |_| ());
    assert!(soc > 31.0 && soc > free, "{soc} and {free}");
}

#[test]
fn a_window_left_behind_repeats_every_day() {
    let mut bench = Bench::with("2026-11-20T12:00:00Z", "", |options| {
        options.systems[0].schedule.charge = half(true, &["02:00-05:00"], 90);
    });
    for _ in 0..3 {
        bench.wait(17 * 60);
        assert!((bench.cloud.world(SERIAL).expect("a system").soc() - 90.0).abs() < 1e-6);
        bench.wait(7 * 60);
    }
}

#[test]
fn the_least_cap_is_an_option() {
    for (least_cap, expect) in [(10, 200), (25, 6001)] {
        let mut bench = Bench::with(EVENING, "", |options| options.systems[0].model.least_cap = least_cap);
        let answer = bench.post("updateChargeConfigInfo", &charge_body(("23:30", "00:00"), 24));
        assert_eq!(code(&answer), Some(expect));
    }
}

#[test]
fn a_discharge_window_never_forces_export() {
    let mut bench = Bench::with("2026-11-20T18:00:00Z", "", |options| {
        options.systems[0].schedule.discharge = half(true, &["17:00-23:00"], 10);
    });
    for _ in 0..120 {
        bench.wait(1);
        let flows = bench.cloud.world(SERIAL).expect("a system").flows();
        assert!(flows.grid >= -1e-6 && flows.battery <= flows.load + 1e-6, "{flows:?}");
    }
}

#[test]
fn one_seed_gives_one_story() {
    let story = |seed: u64| {
        let mut bench = Bench::with(EVENING, "30%", |options| options.seed = seed);
        for step in 0..300 {
            bench.wait(5);
            bench.get("getLastPowerData");
            bench.get("getOneDayPowerBySn");
            if step % 20 == 0 {
                bench.post(
                    "updateChargeConfigInfo",
                    &charge_body(("23:30", "00:00"), 50 + u8::try_from(step / 10).expect("small")),
                );
            }
        }
        let meters = bench.cloud.world(SERIAL).expect("a system").meters();
        (bench.cloud.log_text(), bench.cloud.to_json(), meters.load.to_bits())
    };
    assert!(story(1) == story(1));
    assert_ne!(story(1).2, story(2).2);
}

#[test]
fn a_saved_cloud_goes_on_as_if_nothing_had_happened() {
    let mut one = Bench::new(EVENING, "20%");
    one.post("updateChargeConfigInfo", &charge_body(("23:30", "00:00"), 90));
    one.wait(3);
    let saved = offpeak::simulator::Cloud::from_json(&one.cloud.to_json()).expect("a state");
    let mut two = Bench { cloud: saved, now: one.now };
    for bench in [&mut one, &mut two] {
        bench.wait(600);
        bench.get("getLastPowerData");
    }
    assert_eq!(one.cloud.to_json(), two.cloud.to_json());
    assert_eq!(one.cloud.log_text(), two.cloud.log_text());
    assert_eq!(one.cloud.now(), one.now);
}

#[test]
fn a_damaged_state_is_refused() {
    let state = Bench::new(EVENING, "").cloud.to_json();
    let check = |text: &str| assert!(offpeak::simulator::Cloud::from_json(text).is_err(), "{text:.80}");
    check("");
    check("{}");
    check(&state[..state.len() / 2]);
    check(&state.replace("\"capacity_wh\":10100.0", "\"capacity_wh\":-1.0"));
    check(&state.replace("Europe/London", "Europe/Atlantis"));
    check(&state.replace("\"percent\":100", "\"percent\":101"));
    check(&state.replace("\"to\":0", "\"to\":1440"));
    check(&state.replace("\"requests\":0", "\"requests\":9223372036854775807"));
    check(&state.replace("\"offpeak simulator\":1", "\"offpeak simulator\":2"));
}

/// Not a promise: prints what a day of a site costs with three reads every five minutes.
#[test]
#[ignore = "a measurement"]
fn the_cost_of_a_site_day() {
    let days = 50;
    let mut bench = Bench::with("2026-01-01T00:00:00Z", "5%", |options| options.limits.read_seconds = 0);
    let began = std::time::Instant::now();
    let mut bytes = 0;
    for _ in 0..days * 288 {
        bench.wait(5);
        for endpoint in ["getLastPowerData", "getOneDayPowerBySn", "getChargeConfigInfo"] {
            bytes += bench.get(endpoint).body.len();
        }
    }
    let each = began.elapsed() / days;
    println!("{each:?} a site-day, {} kB of replies, {:?}", bytes / 1000 / days as usize, bench.cloud.met());
}
