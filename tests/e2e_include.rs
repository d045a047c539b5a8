//! The real program with a policy that includes shared files, against the served simulator in accelerated time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod e2e_support;

use e2e_support::{House, SITE, Setup, at, night};
use offpeak::journal::LogKind;
use offpeak::runner::replay;

/// The rules of a night, to this state of charge, on all days but some.
fn shared(percent: u8) -> String {
    format!(
        "offpeak: 1
include: days/away.yaml
rules:
  - name: Top up at the night rate
    when: {{ tariff: night, days: not away }}
    then: charge to {percent}%
"
    )
}

const AWAY: &str = "offpeak: 1\ncalendars: { away: { ical: away.ics } }\n";

/// A calendar with an absence from this day to the day before that one.
fn absence(from: &str, until: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:{from}\r\nDTEND;VALUE=DATE:{until}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

/// A house whose rules and calendar stand in files beside the policy.
fn house() -> House {
    let text = night("");
    let rules = text.find("rules:").expect("rules");
    let policy = format!("{}rules:\n  - include: shared/night.yaml\n", &text.get(..rules).expect("a head"));
    let house = House::begin(Setup { policy, ..Setup::default() });
    std::fs::create_dir_all(house.path("shared/days")).expect("a folder");
    write(&house, "shared/night.yaml", &shared(90));
    write(&house, "shared/days/away.yaml", AWAY);
    write(&house, "shared/days/away.ics", &absence("20261224", "20261227"));
    house.set_soc(40.0);
    house
}

fn write(house: &House, path: &str, text: &str) {
    let beside = house.path("beside.new");
    std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, house.path(path))).expect("a file");
}

#[test]
fn a_change_of_any_included_file_is_taken_up_and_every_moment_is_decided_again_p19() {
    let house = house();
    let mut service = house.run(&[]);
    service.live_for(5);
    assert_eq!(house.stored().charge.percent, 90);
    write(&house, "shared/night.yaml", &shared(80));
    service.live_for(30);
    assert_eq!(house.stored().charge.percent, 80, "the included rules");
    write(&house, "shared/days/away.ics", &absence("20261120", "20261122"));
    service.live_for(30);
    assert!(!house.charges(), "the calendar that they include");

    std::fs::remove_file(house.path("shared/days/away.ics")).expect("a file");
    service.live_for(5);
    let alarms: Vec<String> = house.alarms().into_iter().map(|alarm| alarm.text).collect();
    assert!(alarms.iter().any(|text| text.contains("the last good policy stays in force")), "{alarms:?}");
    write(&house, "shared/days/away.ics", &absence("20261224", "20261227"));
    service.live_for(30);
    assert!(house.alarms().is_empty() && house.charges(), "{:?}", house.alarms());
    let told = house.said(LogKind::Alarm).into_iter().filter(|(_, text)| text.contains("the last good policy"));
    assert_eq!(told.count(), 2, "begun once, over once");
    assert!(service.terminate().success());

    // What the files say by now makes no difference to what they said then.
    write(&house, "shared/night.yaml", "nothing of the kind");
    let journal = house.journal();
    let (mut last, mut ticks) = (at("2026-01-01T00:00:00Z"), 0);
    while let Some(tick) = journal.decision_after(SITE, last).expect("a tick") {
        (last, ticks) = (tick.at, ticks + 1);
        assert!(replay(&journal, &tick).expect("a replay").same, "{}", tick.at);
    }
    assert!(ticks >= 90, "{ticks} ticks");
    assert_eq!(house.offpeak(&["why", "--at", "2026-11-20 20:50"]).with_code(0).out.matches("night.yaml:4").count(), 1);
}

#[test]
fn a_saved_plan_is_stale_once_an_included_file_has_changed_p18() {
    let house = house();
    house.offpeak(&["plan", "home.yaml", "--out", "plan.json"]).with_code(2);
    write(&house, "shared/days/away.ics", &absence("20261223", "20261227"));
    let stale = house.offpeak(&["apply", "plan.json", "--yes"]).with_code(1);
    assert!(stale.err.contains("the policy has changed since the plan was made"), "{}", stale.err);
    assert_eq!(house.writes().len(), 0);
    house.offpeak(&["plan", "home.yaml", "--out", "plan.json"]).with_code(2);
    house.offpeak(&["apply", "plan.json", "--yes"]).with_code(0);
}
