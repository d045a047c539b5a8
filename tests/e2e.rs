//! The real program against the served simulator over HTTP, in accelerated time.
//!
//! Each test has a simulator, a state folder and a policy of its own. The simulator's clock stands still and is moved on
//! exactly where the program waits for it; `OFFPEAK_E2E_DAYS=7` makes the long run a whole week.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::cast_precision_loss, reason = "seconds of a test")]

mod e2e_support;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use offpeak::device::Outcome;
use offpeak::journal::{LogKind, WriteRecord};
use offpeak::policy;
use offpeak::runner::{payload, replay};
use offpeak::simulator::Region;
use serde_json::Value;

use e2e_support::{Answer, House, On, Point, SECRET, SERIAL, SITE, Setup, at, files, night};

/// Runs each scenario as one test per store.
macro_rules! on_every_store {
    ($($scenario:ident)*) => { $(
        mod $scenario {
            use crate::e2e_support::On;

            #[test]
            fn two_window() {
                super::$scenario(On::TwoWindow);
            }

            #[test]
            fn periodic() {
                super::$scenario(On::Periodic);
            }

            #[test]
            fn atess() {
                super::$scenario(On::Atess);
            }
        }
    )* };
}

on_every_store! {
    p10_a_night_goes_from_plan_to_effect_and_a_second_plan_is_empty
    p18_a_saved_plan_is_applied_once_and_refused_when_the_world_has_moved
    p7_killed_before_the_write_arrived_it_is_sent_once_more_after_the_restart
    p7_killed_after_the_write_was_stored_it_is_not_sent_again
    p7_an_apply_that_was_killed_is_finished_by_the_next
    p7_p8_a_lost_reply_is_read_before_anything_else_even_over_a_kill
    p8_apply_says_stored_only_where_it_was_read_back
    p14_bursts_of_502_and_an_hour_of_6053_cost_one_alarm_each_and_no_write
    p13_a_foreign_edit_is_named_and_left_alone_until_apply_makes_it_ours
    p13_a_foreign_edit_is_overwritten_where_the_policy_reclaims
    p9_accepted_and_never_applied_is_an_alarm_within_a_quarter_of_an_hour_and_nothing_is_repeated
    days_of_run_replay_to_the_byte_and_every_write_was_announced_p19
    sigterm_leaves_the_device_as_the_policy_says
    p18_a_dry_run_sends_nothing_whatever_happens
    p22_the_secret_is_in_no_file_no_output_and_no_argument
}

/// A hold before the night, so that both objects have to be written.
const EVENING_HOLD: &str = "  - name: Keep it for later
    when: { time: 22:00-23:30 }
    then: hold
";

fn outcomes(write: &WriteRecord) -> Vec<Outcome> {
    write.outcomes.iter().map(|(_, outcome, _)| *outcome).collect()
}

/// How often an alarm whose text contains these words began, and how often it ended.
fn told(house: &House, words: &str) -> (usize, usize) {
    let said: Vec<String> = house.said(LogKind::Alarm).into_iter().map(|(_, text)| text).collect();
    let (over, begun): (Vec<&String>, Vec<&String>) =
        said.iter().filter(|text| text.contains(words)).partition(|text| text.starts_with("over: "));
    (begun.len(), over.len())
}

/// Applies the policy at 20:41 and lets nothing else happen.
fn applied(setup: Setup) -> House {
    let house = House::begin(setup);
    house.set_soc(40.0);
    house.offpeak(&["apply", "home.yaml", "--yes"]).with_code(0);
    assert_eq!(house.writes().len(), 1);
    house
}

fn p10_a_night_goes_from_plan_to_effect_and_a_second_plan_is_empty(on: On) {
    let house = House::begin(Setup::on(on));
    house.set_soc(40.0);
    let plan = house.offpeak(&["plan", "home.yaml"]).with_code(2);
    assert!(plan.out.contains(on.write_key()), "{}", plan.out);
    assert_eq!(house.writes().len(), 0, "a plan sends nothing");
    house.offpeak(&["apply", "home.yaml", "--yes"]).with_code(0);
    assert_eq!(house.writes().len(), 1);
    let again = house.offpeak(&["plan", "home.yaml"]).with_code(0);
    assert!(again.out.contains("nothing to send"), "{}", again.out);
    house.offpeak(&["apply", "home.yaml", "--yes"]).with_code(0);

    let begun = house.charged();
    let mut service = house.run(&[]);
    service.live_until(at("2026-11-20T23:29:00Z"));
    let before = house.charged() - begun;
    assert!(before < 0.01, "no grid charge before the night: {before}");
    service.live_until(at("2026-11-21T05:30:00Z"));
    let after = house.charged() - begun;
    assert!(after > 3.0, "{after}");
    assert!((house.soc() - f64::from(on.target())).abs() < 1.0, "{}", house.soc());
    service.live_until(at("2026-11-21T06:00:00Z"));
    assert!(service.terminate().success());

    assert_eq!(house.writes().len(), 1, "nothing more is written");
    let write = &house.intents()[0];
    let window = at("2026-11-20T23:30:00Z")..at("2026-11-20T23:46:00Z");
    let effective = |(at, outcome, _): &(_, Outcome, String)| window.contains(at) && *outcome == Outcome::Effective;
    assert!(write.outcomes.iter().any(effective), "{:?}", write.outcomes);
    assert!(house.alarms().is_empty(), "{:?}", house.alarms());
}

#[test]
fn a_fast_clock_of_the_simulator_is_lived_in_without_help() {
    let house = House::begin(Setup { start: "2026-11-20T22:45:00Z", speed: 600.0, ..Setup::default() });
    house.set_soc(40.0);
    let mut service = house.run(&[]);
    let charged = |house: &House| house.charged() > 1.0;
    service.wait_until("a charge from the grid", |house| {
        house.cloud().now() > at("2026-11-21T00:15:00Z") && charged(house)
    });
    assert!(service.terminate().success());
    assert_eq!(house.writes().len(), 1);
    assert!(outcomes(&house.intents()[0]).contains(&Outcome::Effective), "{:?}", house.intents());
}

fn p18_a_saved_plan_is_applied_once_and_refused_when_the_world_has_moved(on: On) {
    let plan = |house: &House| house.offpeak(&["plan", "home.yaml", "--out", "plan.json"]).with_code(2);
    let apply = |house: &House| house.offpeak(&["apply", "plan.json", "--yes"]);
    let refused = |house: &House, why: &str| {
        let answer = apply(house).with_code(1);
        assert!(answer.err.contains(why), "{}", answer.err);
        assert!(house.writes().is_empty(), "{why}");
    };
    let house = House::begin(Setup::on(on));
    plan(&house);
    house.edit();
    refused(&house, "the schedule on the device has changed");

    plan(&house);
    house.write_policy(&on.night("").replace("90%\n  reserve", "85%\n  reserve"));
    refused(&house, "the policy has changed");

    plan(&house);
    house.pass(11);
    refused(&house, "plan again");

    plan(&house);
    apply(&house).with_code(0);
    let writes = house.writes().len();
    let answer = apply(&house).with_code(1);
    assert!(answer.err.contains("plan again"), "{}", answer.err);
    assert_eq!(house.writes().len(), writes);
    house.offpeak(&["plan", "home.yaml"]).with_code(0);
}

fn p7_killed_before_the_write_arrived_it_is_sent_once_more_after_the_restart(on: On) {
    let house = House::begin(Setup { gated: true, ..Setup::on(on) });
    house.conductor.gate.hold(Point::BeforeTheCloud);
    let mut service = house.run(&[]);
    service.wait_until("a write under way", |house| house.conductor.gate.arrived() == 1);
    service.kill();
    assert!(house.writes().is_empty());
    assert_eq!(outcomes(&house.intents()[0]), [], "the intent is durable, its outcome open");

    house.conductor.gate.release();
    let mut service = house.run(&[]);
    service.live_for(2);
    assert_eq!(house.writes().len(), 1, "converged within two ticks");
    service.live_for(60);
    assert_eq!(house.writes().len(), 1);
    let intents = house.intents();
    assert_eq!(intents.len(), 2);
    assert!(outcomes(&intents[1]).contains(&Outcome::Stored), "{intents:?}");
    assert!(house.charges());
    if on == On::TwoWindow {
        assert!(house.cloud().world(SERIAL).unwrap().device_copy().charge.enabled);
    }
}

fn p7_killed_after_the_write_was_stored_it_is_not_sent_again(on: On) {
    let house = House::begin(Setup { gated: true, ..Setup::on(on) });
    house.conductor.gate.hold(Point::BeforeTheReply);
    let mut service = house.run(&[]);
    service.wait_until("a write under way", |house| house.conductor.gate.arrived() == 1);
    service.kill();
    assert!(house.writes()[0].stored);
    assert_eq!(outcomes(&house.intents()[0]), [], "{:?}", house.intents());

    house.conductor.gate.release();
    let mut service = house.run(&[]);
    service.live_for(60);
    assert_eq!((house.writes().len(), house.intents().len()), (1, 1), "not sent twice");
    assert!(outcomes(&house.intents()[0]).contains(&Outcome::Stored));
    assert!(house.alarms().is_empty(), "our own echo is nobody's edit: {:?}", house.alarms());
}

fn p7_an_apply_that_was_killed_is_finished_by_the_next(on: On) {
    let house = House::begin(Setup { gated: true, ..Setup::on(on) });
    house.conductor.gate.hold(Point::BeforeTheReply);
    let mut apply = house.command(&["apply", "home.yaml", "--yes"]).stdout(Stdio::null()).spawn().expect("a program");
    house.wait_until("a write under way", |house| house.conductor.gate.arrived() == 1);
    apply.kill().and_then(|()| apply.wait()).expect("an end");
    house.conductor.gate.release();
    let again = house.offpeak(&["apply", "home.yaml", "--yes"]).with_code(0);
    assert!(again.out.contains("nothing to send"), "{}", again.out);
    assert_eq!(house.writes().len(), 1, "not sent twice");
    assert!(outcomes(&house.intents()[0]).contains(&Outcome::Stored));
    house.offpeak(&["plan", "home.yaml"]).with_code(0);
}

fn p7_p8_a_lost_reply_is_read_before_anything_else_even_over_a_kill(on: On) {
    let house = House::begin(Setup::on(on));
    house.fault("lost-reply", 1 + on.write_takes() / 60);
    let mut service = house.run(&[]);
    service.wait_until("a write without a reply", |house| {
        house.intents_so_far().first().is_some_and(|write| outcomes(write).contains(&Outcome::Unknown))
    });
    service.kill();
    assert!(house.writes()[0].lost && house.writes()[0].stored);
    let mut service = house.run(&[]);
    service.live_for(30);
    assert_eq!(house.writes().len(), 1, "not sent twice: {:#?} {:#?}", house.writes(), house.intents());
    assert_eq!(outcomes(&house.intents()[0])[..2], [Outcome::Unknown, Outcome::Stored]);
    assert_eq!(house.met("lost-reply"), 1);
}

#[test]
fn p7_p12_killed_between_two_writes_the_pair_is_finished() {
    let policy = night("").replace("rules:\n", &format!("rules:\n{EVENING_HOLD}"));
    let house = House::begin(Setup { gated: true, policy, ..Setup::default() });
    house.conductor.gate.hold(Point::BeforeTheReply);
    let mut service = house.run(&[]);
    service.wait_until("the first write", |house| house.conductor.gate.arrived() == 1);
    service.kill();
    house.conductor.gate.release();
    let mut service = house.run(&[]);
    service.live_for(2);
    let endpoints: Vec<String> = house.writes().iter().map(|write| write.endpoint().to_owned()).collect();
    assert_eq!(endpoints.len(), 2, "{endpoints:?}");
    assert_ne!(endpoints[0], endpoints[1], "each object once");
    assert_eq!(house.offpeak_beside(&["plan", "home.yaml"]).code, Some(0));
}

#[test]
fn p7_killed_anywhere_it_converges_on_one_write() {
    for requests in [1, 2, 3, 4, 5, 6] {
        let house = House::begin(Setup::default());
        let mut service = house.run(&[]);
        service.wait_until("so many requests", |house| house.cloud().log().len() >= requests);
        service.kill();
        let mut service = house.run(&[]);
        service.live_for(3);
        assert_eq!(house.writes().len(), 1, "killed at request {requests}");
        assert!(house.stored().charge.enabled);
        assert_eq!(outcomes(house.intents().last().unwrap()).last(), Some(&Outcome::Stored));
    }
}

fn p8_apply_says_stored_only_where_it_was_read_back(on: On) {
    let check = |fault: &str, code: i32, writes: usize, last: Outcome| {
        let house = House::begin(Setup::on(on));
        house.fault(fault, 60);
        let answer = house.offpeak(&["apply", "home.yaml", "--yes"]).with_code(code);
        let said = if code == 0 { "accepted and read back" } else { "not stored" };
        assert!(answer.out.contains(said), "{fault}: {}", answer.out);
        assert_eq!(house.writes().len(), writes, "{fault}");
        assert_eq!(house.charges(), code == 0, "{fault}");
        assert_eq!(outcomes(house.intents().last().unwrap()).last(), Some(&last), "{fault}");
        assert_announced(&house);
    };
    check("bad-gateway-after-store", 0, 1, Outcome::Stored);
    check("refused-yet-stored", 0, 1, Outcome::Stored);
    check("lost-reply", 0, 1, Outcome::Stored);
    check("refused", 1, 2, Outcome::NotStored);
    check(on.refused_for_good(), 1, 1, Outcome::Refused);
}

fn p14_bursts_of_502_and_an_hour_of_6053_cost_one_alarm_each_and_no_write(on: On) {
    let house = applied(Setup::on(on));
    let mut service = house.run(&[]);
    service.live_until(at("2026-11-20T21:10:00Z"));
    let held = house.device();
    house.fault("bad-gateway", 20);
    service.live_until(at("2026-11-20T21:50:00Z"));
    assert!(house.met("bad-gateway") > 10);
    assert_eq!(told(&house, "no readings"), (1, 1), "{:?}", house.said(LogKind::Alarm));
    assert!(house.alarms().is_empty(), "{:?}", house.alarms());

    service.live_until(at("2026-11-20T23:10:00Z"));
    house.fault(on.too_fast(), 60);
    service.live_until(at("2026-11-21T00:09:00Z"));
    assert_eq!(told(&house, "no readings"), (2, 1), "{:?}", house.said(LogKind::Alarm));
    assert!(house.soc() > 50.0, "the night goes on without us: {}", house.soc());
    service.live_until(at("2026-11-21T01:00:00Z"));
    assert_eq!(told(&house, "no readings"), (2, 2), "{:?}", house.said(LogKind::Alarm));
    assert!(house.alarms().is_empty(), "{:?}", house.alarms());
    assert_eq!(house.device(), held);
    assert_eq!(house.writes().len(), 1);
    let reads = house.requests(on.readings());
    assert!(reads < 300, "{reads} reads in four hours and a half");
}

#[test]
fn p14_a_cloud_that_fails_every_other_time_does_not_tell_the_owner_each_minute() {
    let house = applied(Setup::default());
    let mut service = house.run(&[]);
    service.live_for(5);
    house.faults("bad-gateway%70");
    service.live_for(60);
    house.faults("");
    service.live_for(10);
    let (begun, over) = told(&house, "no readings");
    assert!(begun <= 6, "told {begun} times in an hour: {:?}", house.said(LogKind::Alarm));
    assert_eq!(begun, over);
    assert_eq!(house.writes().len(), 1);
}

fn p13_a_foreign_edit_is_named_and_left_alone_until_apply_makes_it_ours(on: On) {
    let house = applied(Setup::on(on));
    let mut service = house.run(&[]);
    service.live_until(at("2026-11-20T21:00:00Z"));
    let cap = |house: &House, percent: u8| assert!(on != On::TwoWindow || house.stored().charge.percent == percent);
    let ours = house.kept();
    let word = house.edit();
    let theirs = house.kept();
    assert!(
        service.live_until_seen(61, |house| !house.alarms().is_empty()),
        "noticed within two reads of the schedule"
    );
    let alarm = &house.alarms()[0].text;
    assert!(alarm.contains("changed by someone else") && alarm.contains(word), "{alarm}");
    service.live_until(at("2026-11-21T06:00:00Z"));
    assert_eq!(house.writes().len(), 1, "left alone");
    assert_eq!(house.kept(), theirs);
    cap(&house, 55);
    assert_eq!(told(&house, "changed by someone else"), (1, 0), "told once");
    assert!(service.terminate().success());

    house.move_to(at("2026-11-21T21:00:00Z"));
    house.offpeak(&["apply", "home.yaml", "--yes"]).with_code(0);
    assert_eq!(house.kept(), ours);
    cap(&house, 90);
    let mut service = house.run(&[]);
    service.live_for(70);
    assert!(house.alarms().is_empty(), "ours again: {:?}", house.alarms());
    assert_eq!(house.writes().len(), 2);
}

fn p13_a_foreign_edit_is_overwritten_where_the_policy_reclaims(on: On) {
    let house = applied(Setup { policy: on.night("on drift: reclaim"), ..Setup::on(on) });
    let mut service = house.run(&[]);
    service.live_until(at("2026-11-20T21:00:00Z"));
    let ours = house.kept();
    house.edit();
    assert!(service.live_until_seen(61, |house| house.writes().len() == 2));
    service.live_for(10);
    assert_eq!(house.kept(), ours);
    assert_eq!(told(&house, "changed by someone else").0, 1, "and the owner is told");
    service.live_until(at("2026-11-20T23:00:00Z"));
    assert_eq!(house.writes().len(), 2);
    assert!(house.alarms().is_empty(), "{:?}", house.alarms());
}

fn p9_accepted_and_never_applied_is_an_alarm_within_a_quarter_of_an_hour_and_nothing_is_repeated(on: On) {
    let house = House::begin(Setup::on(on));
    house.set_soc(40.0);
    house.fault("never-applied", 24 * 60);
    let mut service = house.run(&[]);
    service.live_until(at("2026-11-20T23:30:00Z"));
    assert!(house.alarms().is_empty(), "{:?}", house.alarms());
    service.live_until(at("2026-11-20T23:46:00Z"));
    let alarms = house.alarms();
    assert!(alarms.iter().any(|alarm| alarm.text.contains("accepted, not effective")), "{alarms:?}");
    let names = alarms.iter().any(|alarm| alarm.text.contains("`device: store: periodic`"));
    assert_eq!(names, on == On::TwoWindow, "{alarms:?}");
    service.live_until(at("2026-11-21T06:00:00Z"));
    assert_eq!(house.writes().len(), 1, "no blind repetition");
    assert!(outcomes(&house.intents()[0]).contains(&Outcome::NotEffective));
    assert_eq!(told(&house, "accepted, not effective").0, 1, "told once");
}

#[test]
fn p9_two_windows_where_they_never_act_are_an_alarm_that_names_the_periodic_store() {
    let policy = night("").replace("  url: {url}\n", "  url: {url}\n  store: two-window\n");
    let house = House::begin(Setup { policy, region: Region::Periodic, ..Setup::default() });
    house.set_soc(40.0);
    let mut service = house.run(&[]);
    service.live_until(at("2026-11-20T23:46:00Z"));
    let alarms = house.alarms();
    assert!(alarms.iter().any(|alarm| alarm.text.contains("`device: store: periodic`")), "{alarms:?}");
    assert!(house.stored().charge.enabled && house.charged() < 0.01);
    assert_eq!(house.writes().len(), 1, "no blind repetition");
}

fn days_of_run_replay_to_the_byte_and_every_write_was_announced_p19(on: On) {
    let days: i64 = std::env::var("OFFPEAK_E2E_DAYS")
        .ok()
        .map_or(if on == On::TwoWindow { 3 } else { 2 }, |days| days.parse().expect("days"));
    let weekend = "  - name: Less on nights of the weekend
    when: { tariff: night, days: weekends }
    then: charge to 60%
"
    .replace("charge to 60%", on.weekend());
    // What is remembered has to be replayed too. These rules ask for nothing that the device does not do by itself.
    let remembering = "  - name: Low
    when: { soc: below 60% until 65% }
    then: self-consume
  - name: Busy
    when: { any: [{ load: above 600 W for 5 min }, { load: above 400 W on average over 15 min }] }
    then: self-consume
";
    let policy = on.night("").replace("rules:\n", &format!("rules:\n{weekend}")) + remembering;
    let house = House::begin(Setup { policy, ..Setup::on(on) });
    let begun = std::time::Instant::now();
    let ended = AtomicBool::new(false);
    let (lived, (ticks, same)) = std::thread::scope(|scope| {
        let replays = scope.spawn(|| replayed_until(&house, || ended.load(Ordering::SeqCst)));
        let lived = catch_unwind(AssertUnwindSafe(|| live_days(&house, days)));
        ended.store(true, Ordering::SeqCst);
        (lived.unwrap_or_else(|why| resume_unwind(why)), replays.join().expect("replays"))
    });
    assert_eq!(same, ticks, "every decision replays to the byte");
    assert!(i64::try_from(ticks).unwrap() >= days * 1440, "{ticks} ticks");
    assert_announced(&house);
    let per_day: Vec<usize> = (0..=days).map(|day| house.writes_on(at("2026-11-20T00:00:00Z"), day)).collect();
    println!(
        "{ticks} ticks in {lived:.1?}, replayed {same}, in all {:.1?}; writes by day {per_day:?}",
        begun.elapsed()
    );
    assert!(per_day.iter().all(|writes| *writes <= 2), "{per_day:?}");
    let expected = on.writes_by_day();
    assert_eq!(per_day, expected[..per_day.len()], "none on a day that equals the day before");
    assert!(house.alarms().is_empty(), "{:?}", house.alarms());
}

/// Lets the service live to the end of so many days after the first; how long that took.
fn live_days(house: &House, days: i64) -> Duration {
    let begun = std::time::Instant::now();
    let mut service = house.run(&[]);
    service.live_until(at("2026-11-21T00:00:00Z") + chrono::Duration::days(days));
    assert!(service.terminate().success());
    begun.elapsed()
}

/// How many ticks are in the journal, and how many of them replay to the byte.
fn replayed(house: &House) -> (usize, usize) {
    replayed_until(house, || true)
}

/// The same beside a service that goes on, until it is over.
fn replayed_until(house: &House, is_over: impl Fn() -> bool) -> (usize, usize) {
    let (mut last, mut ticks, mut same) = (at("2026-01-01T00:00:00Z"), 0, 0);
    loop {
        let over = is_over();
        if let Some(journal) = house.journal_so_far() {
            while let Some(tick) = journal.decision_after(SITE, last).expect("a tick") {
                last = tick.at;
                ticks += 1;
                same += usize::from(replay(&journal, &tick).expect("a replay").same);
            }
        }
        if over {
            return (ticks, same);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Every write that the simulator saw was an intent in the journal, in this order and to the letter, and the other way. An
/// ATESS is sent its whole object, of which the intent has the keys that change.
fn assert_announced(house: &House) {
    let (seen, announced) = (house.writes(), house.intents());
    assert_eq!(seen.len(), announced.len(), "{seen:?}");
    let device = policy::load("home.yaml", &house.policy_text()).policy.expect("a policy").device;
    for (write, intent) in seen.iter().zip(&announced) {
        let settings = &intent.write.settings;
        assert_eq!(write.endpoint(), house.on.write_endpoint(settings.object()));
        let mut sent: Value = serde_json::from_str(write.body.as_deref().unwrap()).expect("JSON");
        let meant = payload(settings, &device);
        if house.on == On::Atess {
            sent.as_object_mut().unwrap().retain(|key, _| meant.get(key).is_some());
        }
        assert_eq!(sent, meant);
        let took = write.second - intent.at.timestamp();
        assert!((0..=house.on.write_takes()).contains(&took), "sent {took} s after it was announced");
    }
}

#[test]
fn a_broken_policy_keeps_the_last_good_one_and_a_good_one_is_taken_up() {
    let house = applied(Setup::default());
    let mut service = house.run(&[]);
    service.live_for(3);
    house.write_policy("offpeak: 1\nsite: home\nrules: what\n");
    service.signal("HUP");
    service.wait_until("an alarm about the policy", |house| {
        house.alarms().iter().any(|alarm| alarm.text.contains("the last good policy stays in force"))
    });
    service.live_for(10);
    assert_eq!(told(&house, "the last good policy"), (1, 0), "told once");
    assert_eq!(house.stored().charge.percent, 90);

    house.write_policy(&night("").replace("charge to 90%", "charge to 80%"));
    service.signal("HUP");
    service.wait_until("no alarm", |house| house.alarms().is_empty());
    service.live_for(15);
    assert_eq!(house.stored().charge.percent, 80);

    house.write_policy(&night("").replace("charge to 90%", "charge to 70%"));
    service.live_for(30);
    assert_eq!(house.stored().charge.percent, 70, "a changed file is noticed without a signal");
    assert!(service.terminate().success());
    assert_announced(&house);
}

fn sigterm_leaves_the_device_as_the_policy_says(on: On) {
    let check = |on_exit: &str, writes: usize, enabled: bool, percent: u8| {
        let house = House::begin(Setup::on(on).limits(&format!("on exit: {on_exit}")));
        // An owner's own night, at whose cap the house was before.
        let (path, body) = on.owners_night();
        house.control(path, body);
        let theirs = house.kept();
        let mut service = house.run(&[]);
        service.live_for(20);
        let ours = house.kept();
        let before = house.writes().len();
        assert!(service.terminate().success(), "{on_exit}");
        assert_eq!(house.charges(), enabled, "{on_exit}");
        match (on, on_exit) {
            (On::TwoWindow, _) => {
                assert_eq!(house.stored().charge.percent, percent, "{on_exit}");
                assert_eq!(house.writes().len() - before, writes, "{on_exit}");
            }
            (_, "keep") => assert_eq!((house.kept(), house.writes().len()), (ours, before)),
            (_, "restore") => assert_eq!((house.kept(), house.writes().len()), (theirs, before + 1)),
            _ => assert_eq!(house.writes().len(), before + 1, "{on_exit}"),
        }
        let said = house.said(LogKind::Service);
        assert!(said.last().unwrap().1.starts_with("stopped: "), "{said:?}");
        assert_announced(&house);
    };
    check("keep", 0, true, 90);
    check("self-consume", 1, false, 90);
    check("restore", 2, true, 75);
}

#[test]
fn p17_one_writer_holds_the_state_folder_and_is_named() {
    let house = applied(Setup::default());
    let mut service = house.run(&[]);
    service.live_for(1);
    let holder = format!("offpeak run home.yaml, pid {}", service.pid());
    let check = |arguments: &[&str]| {
        let answer = house.offpeak_beside(arguments).with_code(1);
        assert!(answer.err.contains(&holder), "{arguments:?}: {}", answer.err);
    };
    check(&["run", "home.yaml"]);
    check(&["run", "home.yaml", "--once"]);
    check(&["apply", "home.yaml", "--yes"]);
    house.offpeak_beside(&["plan", "home.yaml"]).with_code(0);
    service.live_for(2);
    assert_eq!(house.writes().len(), 1);
    service.kill();
    house.offpeak(&["apply", "home.yaml", "--yes"]).with_code(0);
}

#[test]
fn a_plan_beside_the_service_keeps_one_pace_with_it() {
    let house = applied(Setup::default());
    let mut service = house.run(&[]);
    for minute in ["20:43", "20:45", "20:47"] {
        let second = |second: u32| at(&format!("2026-11-20T{minute}:{second:02}Z"));
        service.live_until(second(55));
        let reads = house.requests("getLastPowerData");
        house.offpeak_beside(&["plan", "home.yaml"]).with_code(0);
        assert_eq!(house.requests("getLastPowerData"), reads + 1, "it reads for itself");
    }
    service.live_for(2);
    let refused: Vec<String> =
        house.cloud().log().iter().filter(|entry| entry.code != Some(200)).map(|entry| entry.line()).collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

fn p18_a_dry_run_sends_nothing_whatever_happens(on: On) {
    let house = House::begin(Setup { policy: on.night("on drift: reclaim; on exit: self-consume"), ..Setup::on(on) });
    let mut service = house.run(&["--dry-run"]);
    service.live_for(5);
    let (path, body) = on.owners_night();
    house.control(path, body);
    service.live_for(65);
    house.fault("bad-gateway", 10);
    house.write_policy(&on.night("on exit: restore").replace("charge to 90%", "charge to 80%"));
    service.signal("HUP");
    service.live_until(at("2026-11-21T00:30:00Z"));
    assert!(service.terminate().success());
    assert!(house.writes().is_empty(), "{:?}", house.writes());
    assert!(house.intents().is_empty());
    let (ticks, same) = replayed(&house);
    assert!(ticks > 200 && same == ticks, "{same} of {ticks}");
}

#[test]
fn one_tick_writes_what_is_due_and_leaves() {
    let house = House::begin(Setup::default());
    let answer = house.offpeak(&["run", "home.yaml", "--once", "--format", "json"]).with_code(0);
    assert_eq!(answer.json()["sent"], 1, "{}", answer.out);
    assert_eq!(house.writes().len(), 1);
    let again = house.offpeak(&["run", "home.yaml", "--once"]).with_code(0);
    assert!(again.out.contains("0 sent, 0 pending"), "{}", again.out);
    house.fault("bad-gateway", 30);
    let blind = house.offpeak(&["run", "home.yaml", "--once"]).with_code(1);
    assert!(blind.out.contains("not everything could be seen"), "{}", blind.out);
}

fn p22_the_secret_is_in_no_file_no_output_and_no_argument(on: On) {
    let house = House::begin(Setup::on(on));
    let mut said = String::new();
    for arguments in [
        &["plan", "home.yaml", "--out", "plan.json"][..],
        &["apply", "plan.json", "--yes"],
        &["run", "home.yaml", "--once"],
    ] {
        let Answer { out, err, .. } = house.offpeak(&[arguments, &["--log", "trace"]].concat());
        said.push_str(&(out + &err));
    }
    let mut service = house.run(&["--log", "trace"]);
    service.live_for(5);
    house.faults(on.not_allowed());
    service.live_for(5);
    house.faults("lost-reply,truncated%50");
    house.write_policy(&on.night("on exit: restore").replace("charge to 90%", "charge to 80%"));
    service.live_for(40);
    let arguments = std::fs::read(format!("/proc/{}/cmdline", service.pid())).expect("the arguments");
    let log = service.said();
    assert!(service.terminate().success());
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "the log is as chatty as it gets");
    let holds = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
    assert!(!holds(said.as_bytes()) && !holds(log.as_bytes()) && !holds(&arguments));
    let files = files(&house.path(""));
    assert!(files.iter().any(|file| file.ends_with("state/journal.db")), "{files:?}");
    for file in files {
        assert!(!holds(&std::fs::read(&file).expect("a file")), "{}", file.display());
    }
    let digits = |text: &str| text.split(|letter: char| !letter.is_ascii_hexdigit()).map(str::len).max();
    assert!(digits(&log) < Some(128), "a signature is 128 digits");
}

#[test]
fn what_keeps_it_from_the_device_is_one_clear_message() {
    let check = |house: &House, what: &str, words: &[&str]| {
        for verb in [&["plan", "home.yaml"][..], &["apply", "home.yaml", "--yes"]] {
            let mut command = house.command(verb);
            if what == "wrong secret" {
                command.env("OFFPEAK_ALPHAESS_APP_SECRET", "another-secret");
            }
            let answer = house.ended(command, false).with_code(1);
            let lines: Vec<&str> = answer.err.lines().collect();
            assert_eq!(lines.len(), 1, "{what}: one message: {}", answer.err);
            assert!(lines[0].starts_with("error: "), "{what}: {}", answer.err);
            words.iter().for_each(|word| assert!(lines[0].contains(word), "{what}, {word}: {}", answer.err));
            assert_eq!(answer.out, "", "{what}");
        }
        assert!(house.writes().is_empty(), "{what}");
    };
    let mut house = House::begin(Setup::default());
    check(&house, "wrong secret", &["getLastPowerData", "6007", "secret"]);
    house.fault("clock-skew", 5);
    check(&house, "skewed clock", &["getLastPowerData", "6006", "clock"]);
    house.faults("not-allowed");
    check(&house, "not allowed", &["getLastPowerData", "6009", "allow"]);
    house.faults("bad-gateway");
    check(&house, "a broken gateway", &["getLastPowerData", "502"]);
    house.faults("offline");
    check(&house, "offline", &["getLastPowerData", "6042", "offline"]);
    house.faults("truncated");
    check(&house, "half a reply", &["getLastPowerData"]);
    house.faults("");
    house.write_policy(&night("").replace(SERIAL, "ALS000000000002"));
    check(&house, "wrong serial", &["getLastPowerData", "6005", "serial"]);
    house.write_policy(&night("").replace("{url}", "{url}/wrong"));
    check(&house, "wrong URL", &["getLastPowerData", "404"]);
    let portal = format!("{}/html", house.conductor.url);
    house.write_policy(&night("").replace("{url}", &portal));
    check(&house, "a hotel's network", &["getLastPowerData", "JSON"]);
    house.write_policy(&night(""));
    house.end_simulator();
    check(&house, "nobody there", &["getLastPowerData", "connect"]);
}

#[test]
fn a_clock_of_its_own_that_is_off_is_told_from_wrong_credentials() {
    let house = House::begin(Setup { start: "2026-06-01T12:00:00Z", ..Setup::default() });
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_offpeak"));
    command.args(["plan", "home.yaml", "--state", "state"]).env_clear().current_dir(house.path(""));
    command.env("OFFPEAK_ALPHAESS_APP_ID", "alphasim0000000001").env("OFFPEAK_ALPHAESS_APP_SECRET", SECRET);
    let answer = house.ended(command, false).with_code(1);
    assert!(answer.err.contains("6006") && answer.err.contains("clock"), "{}", answer.err);
}
