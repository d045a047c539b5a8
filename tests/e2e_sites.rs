//! The real program with a folder of policies, against the served simulator in accelerated time, and against a vendor who never
//! answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod e2e_support;

use std::fs::File;
use std::net::TcpListener;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant as Real};

use e2e_support::{House, SERIAL, Setup, at, night};
use offpeak::journal::{Journal, LogFilter, LogKind};
use offpeak::runner::SERVICE;

/// The service on a folder of policies; it ends with the test.
struct Service(Child);

impl Service {
    fn begin(house: &House) -> Service {
        let log = File::options().create(true).append(true).open(house.path("run.log")).expect("a log");
        let mut command = house.command(&["run", "sites", "--log", "debug"]);
        Service(command.stdout(log.try_clone().expect("a file")).stderr(log).spawn().expect("a program"))
    }

    /// SIGTERM, and how long the end took.
    fn terminate(mut self) -> (ExitStatus, Duration) {
        let begun = Real::now();
        let sent = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        assert!(sent.expect("a kill").success());
        (self.0.wait().expect("an end"), begun.elapsed())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A house whose clock runs a minute a second, with an empty folder `sites`.
fn village() -> House {
    let house = House::begin(Setup { start: "2026-11-20T20:41:00Z", speed: 60.0, ..Setup::default() });
    std::fs::create_dir(house.path("sites")).expect("a folder");
    house
}

/// Puts a policy into the folder, whole or not at all.
fn put(house: &House, name: &str, text: &str) {
    let beside = house.path("beside");
    std::fs::write(&beside, text).expect("a file");
    std::fs::rename(beside, house.path("sites").join(name)).expect("a file");
}

/// A policy of this site and serial at the house's cloud.
fn site(house: &House, name: &str, serial: &str) -> String {
    let url = house.policy_text();
    let url = url.lines().find_map(|line| line.trim().strip_prefix("url: ")).expect("a URL").to_owned();
    night("").replace("{url}", &url).replace("site: home", &format!("site: {name}")).replace(SERIAL, serial)
}

fn ticks(house: &House, site: &str) -> usize {
    let Some(journal) = house.journal_so_far() else { return 0 };
    let (mut last, mut count) = (at("2026-01-01T00:00:00Z"), 0);
    while let Some(tick) = journal.decision_after(site, last).expect("a tick") {
        (last, count) = (tick.at, count + 1);
    }
    count
}

fn alarms(house: &House, site: &str) -> Vec<String> {
    let journal = house.journal_so_far();
    journal.map_or_else(Vec::new, |journal| {
        journal.alarms(site).expect("alarms").into_iter().map(|alarm| alarm.text).collect()
    })
}

fn said(house: &House, site: &str) -> Vec<String> {
    let filter = LogFilter { site: Some(site.to_owned()), kinds: vec![LogKind::Service], ..LogFilter::default() };
    house.journal().log(&filter, 100).expect("the log").into_iter().map(|entry| entry.text).collect()
}

#[test]
fn a_vendor_who_never_answers_delays_no_other_site_and_no_end() {
    let house = village();
    // Whoever connects is taken in, and never hears a word.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/api", silent.local_addr().expect("an address"));
    put(&house, "home.yaml", &site(&house, "home", SERIAL));
    for on_exit in ["keep", "self-consume"] {
        let text = night(&format!("on exit: {on_exit}")).replace("{url}", &url);
        let name = format!("hung-{on_exit}");
        put(
            &house,
            &format!("{name}.yaml"),
            &text.replace("site: home", &format!("site: {name}")).replace(SERIAL, &format!("ALS-{on_exit}")),
        );
    }
    let service = Service::begin(&house);
    house.wait_until("ticks of the healthy site", |house| ticks(house, "home") >= 6);
    for hung in ["hung-keep", "hung-self-consume"] {
        assert_eq!(ticks(&house, hung), 0, "its first call still waits");
    }
    assert!(house.stored().charge.enabled, "the healthy site has written its night");
    let (status, took) = service.terminate();
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    for name in ["home", "hung-keep", "hung-self-consume"] {
        assert!(said(&house, name).last().expect("words").starts_with("stopped: "), "{name}: {:?}", said(&house, name));
    }
}

#[test]
fn policies_come_go_break_and_are_mended_while_the_others_run() {
    let house = village();
    put(&house, "home.yaml", &site(&house, "home", SERIAL));
    put(&house, "barn.yaml", "offpeak: 1\nsite: barn\nrules: what\n");
    let service = Service::begin(&house);
    house.wait_until("ticks beside a broken policy", |house| ticks(house, "home") >= 2);
    let left_out = alarms(&house, SERVICE);
    assert!(left_out.len() == 1 && left_out[0].contains("sites/barn.yaml: it has errors"), "{left_out:?}");

    // A serial that the account does not have: the site runs, and says what is wrong.
    put(&house, "barn.yaml", &site(&house, "barn", "ALS999999999999"));
    house.wait_until("a mended policy", |house| ticks(house, "barn") >= 1 && alarms(house, SERVICE).is_empty());
    assert!(alarms(&house, "barn").iter().any(|alarm| alarm.contains("serial")), "{:?}", alarms(&house, "barn"));

    put(&house, "twin.yaml", &site(&house, "home", "ALS777777777777"));
    house.wait_until("an alarm that names both files", |house| {
        alarms(house, SERVICE)
            .iter()
            .any(|alarm| alarm.contains("sites/twin.yaml") && alarm.contains("so does sites/home.yaml"))
    });

    for gone in ["twin.yaml", "barn.yaml"] {
        std::fs::remove_file(house.path("sites").join(gone)).expect("a file");
    }
    house.wait_until("an end of the site whose file is gone", |house| {
        said(house, "barn").last().is_some_and(|last| last.starts_with("stopped: "))
    });
    assert!(alarms(&house, SERVICE).is_empty());
    let before = ticks(&house, "home");
    house.wait_until("the others go on", |house| ticks(house, "home") > before + 1);

    put(&house, "barn.yaml", &site(&house, "barn", "ALS999999999999"));
    house.wait_until("a site that came back", |house| said(house, "barn").last().is_some_and(|last| last == "started"));
    let (status, _) = service.terminate();
    assert!(status.success(), "{status}");
    assert!(said(&house, "home").last().expect("words").starts_with("stopped: "));
}

#[test]
fn sigterm_is_heard_while_a_write_waits_and_the_next_start_takes_it_up() {
    let house = House::begin(Setup { gated: true, ..Setup::default() });
    house.conductor.gate.hold(e2e_support::Point::BeforeTheReply);
    let service = house.run(&[]);
    house.wait_until("a write under way", |house| house.conductor.gate.arrived() == 1);
    let begun = Real::now();
    assert!(service.terminate().success());
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert!(house.intents()[0].outcomes.is_empty(), "its outcome is open");
    house.conductor.gate.release();
    let mut service = house.run(&[]);
    service.live_for(3);
    assert_eq!((house.writes().len(), house.intents().len()), (1, 1), "not sent twice");
    assert!(!house.intents()[0].outcomes.is_empty());
    assert!(house.alarms().is_empty(), "{:?}", house.alarms());
}

#[test]
fn a_site_that_fails_is_begun_again_and_an_unreadable_folder_ends_nobody() {
    let house = village();
    put(&house, "home.yaml", &site(&house, "home", SERIAL));
    put(&house, "barn.yaml", &site(&house, "barn", "ALS999999999999"));
    let service = Service::begin(&house);
    house.wait_until("ticks of both", |house| ticks(house, "home") >= 2 && ticks(house, "barn") >= 1);

    // Words in the journal that nobody understands end a tick of their site.
    let journal = Journal::open_beside(&house.state()).expect("a journal");
    journal.begin_override("barn", "dance", at("2026-11-27T00:00:00Z"), house.cloud().now()).expect("an override");
    house.wait_until("an alarm about the site that failed", |house| {
        let failed = |alarm: &String| alarm.contains("sites/barn.yaml: its site failed") && alarm.contains("dance");
        alarms(house, SERVICE).iter().any(failed)
    });
    let before = ticks(&house, "home");
    house.wait_until("the other goes on", |house| ticks(house, "home") > before + 1);
    journal.resume("barn", "the owner", house.cloud().now()).expect("an end of the override");
    let before = ticks(&house, "barn");
    house.wait_until("a site that was begun again", |house| {
        ticks(house, "barn") > before && alarms(house, SERVICE).is_empty()
    });

    let (folder, away) = (house.path("sites"), house.path("away"));
    std::fs::rename(&folder, &away).expect("a folder");
    house.wait_until("an alarm about the folder", |house| {
        alarms(house, SERVICE).iter().any(|alarm| alarm.contains("the sites stay as they are"))
    });
    let before = ticks(&house, "home");
    house.wait_until("ticks without a folder", |house| ticks(house, "home") > before + 3);
    std::fs::rename(&away, &folder).expect("a folder");
    house.wait_until("an end of the alarms", |house| {
        alarms(house, SERVICE).is_empty() && alarms(house, "home").is_empty()
    });
    for name in ["home", "barn"] {
        assert!(!said(&house, name).iter().any(|text| text.starts_with("stopped: ")), "{:?}", said(&house, name));
    }
    assert!(service.terminate().0.success());
}
