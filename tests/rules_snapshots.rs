//! What an owner sees of each policy in `rules/` at telling moments, as product text.
//!
//! Sun and load stay as they are at the moment, as with `plan --given`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod rules_support;

use insta::{Settings, assert_snapshot};
use offpeak::device::Object;
use offpeak::report::moment as wall;
use rules_support::{Case, Moment, laid_out, moment};

/// Snapshots bear the policy's name and say what they show.
fn keep(policy: &str, what: &str, text: &str) {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("snapshots/rules");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| assert_snapshot!(format!("{policy}__{what}"), text));
}

/// The screens of some moments, one under the other.
fn screens(policy: &str, what: &str, moments: &[Moment]) {
    let parts: Vec<String> = moments.iter().map(|moment| Case::new(policy, moment).part()).collect();
    keep(policy, what, &parts.join("\n"));
}

fn json(policy: &str, what: &str, moment: &Moment) {
    keep(policy, &format!("{what}.json"), &laid_out(Case::new(policy, moment).json()));
}

/// What would be written over some days on which nothing happens.
fn diary(policy: &str, from: &str, days: i64) {
    let loaded = rules_support::policy(policy);
    let written = rules_support::diary(&loaded, from, days, 50.0);
    let lines: Vec<String> =
        written.iter().map(|(at, what)| format!("{}  {what}", wall::full(*at, &loaded.zone))).collect();
    keep(policy, &format!("{days}-days-of-writes"), &lines.join("\n"));
}

fn why(policy: &str, what: &str, moment: &Moment) {
    keep(policy, &format!("{what}.why"), &Case::new(policy, moment).why());
}

#[test]
fn uk_two_rate_night() {
    let name = "uk-two-rate-night";
    let first = moment("The first evening, nothing set yet", "2026-11-20 20:41").soc(41.0).load(430.0).factory();
    let inside = moment("Inside the window", "2026-11-21 01:10").soc(62.0).load(300.0).battery(-5000.0);
    screens(
        name,
        "a-winter-day",
        &[
            moment("Noon, nothing set yet", "2026-11-20 12:00").soc(35.0).load(600.0).sun(250.0).factory(),
            first,
            moment("Midnight", "2026-11-21 00:00").soc(46.0).load(300.0).battery(-5000.0),
            inside,
            moment("After the window", "2026-11-21 08:00").soc(96.0).load(650.0).sun(120.0),
        ],
    );
    screens(
        name,
        "between-the-seasons",
        &[
            moment("The last winter night has begun", "2027-03-31 23:45").soc(40.0).battery(-5000.0),
            moment("The day after, before the summer target is due", "2027-04-01 12:00").soc(90.0).sun(1800.0),
            moment("The first summer night is three hours off", "2027-04-01 20:30").soc(60.0),
            moment("A summer night that needs no charge", "2027-07-01 00:10").soc(61.0).load(250.0).battery(0.0),
        ],
    );
    screens(
        name,
        "the-clocks-change",
        &[
            moment("The evening before they go forward", "2027-03-27 21:00").soc(44.0),
            moment("The evening before they go back", "2026-10-24 21:00").soc(44.0),
            moment("In the first pass of the hour that repeats", "2026-10-25 01:30").soc(70.0).battery(-5000.0),
            moment("The same, nothing set yet", "2026-10-25 01:30").soc(70.0).factory(),
        ],
    );
    let edited = moment("Someone set another window in the app", "2026-11-20 20:41").soc(41.0).load(430.0);
    screens(
        name,
        "trouble",
        &[
            moment("Blind, nothing set yet", "2026-11-20 20:41").blind().factory(),
            moment("Blind inside the window", "2026-11-21 01:10").blind(),
            edited.holds("1 02:00-05:00 - 80", "0 - - 10").foreign(&[Object::Charge]),
            moment("The schedule could not be read", "2026-11-20 20:41").unread(),
        ],
    );
    json(name, "the-first-evening", &first);
    json(name, "inside-the-window", &inside);
    why(name, "inside-the-window", &inside);
    diary(name, "2027-03-27 12:00", 7);
}

#[test]
fn uk_three_rate() {
    let name = "uk-three-rate";
    let first = moment("The first evening, nothing set yet", "2026-11-20 20:41").soc(41.0).load(430.0).factory();
    let peak = moment("In the peak", "2026-11-20 17:30").soc(88.0).load(1400.0);
    screens(
        name,
        "a-working-day",
        &[
            first,
            moment("Three hours before the early window, nothing set yet", "2026-11-21 01:00").soc(27.0).factory(),
            moment("Midnight", "2026-11-21 00:00").soc(30.0).load(300.0),
            moment("Inside the early window", "2026-11-21 05:10").soc(55.0).load(300.0).battery(-5000.0),
            moment("After the early window", "2026-11-21 08:00").soc(94.0).load(900.0),
            moment("Inside the afternoon window", "2026-11-21 13:20").soc(52.0).load(700.0).battery(-5000.0),
            peak,
        ],
    );
    screens(
        name,
        "the-clocks-change",
        &[
            moment("The evening before they go forward", "2027-03-27 23:00").soc(44.0),
            moment("The evening before they go back", "2026-10-24 23:00").soc(44.0),
        ],
    );
    screens(
        name,
        "trouble",
        &[
            moment("Blind in the morning", "2026-11-21 10:30").blind(),
            moment("Someone removed the early window", "2026-11-21 02:00")
                .soc(30.0)
                .holds("1 13:00-16:00 - 100", "0 - - 10")
                .foreign(&[Object::Charge]),
        ],
    );
    json(name, "the-first-evening", &first);
    json(name, "in-the-peak", &peak);
    diary(name, "2026-11-20 12:00", 3);
}

#[test]
fn weekday_weekend() {
    let name = "weekday-weekend";
    let friday = moment("Friday evening, nothing set yet", "2026-11-20 20:41").soc(41.0).load(430.0).factory();
    let saturday = moment("Inside Saturday's window, in summer", "2026-07-04 03:00").soc(41.0).battery(-4000.0);
    screens(
        name,
        "a-week",
        &[
            friday,
            moment("Midnight into Saturday", "2026-11-21 00:00").soc(27.0).load(300.0),
            moment("Inside Saturday's window, in winter", "2026-11-21 02:00").soc(70.0).battery(-5000.0),
            moment("Sunday evening before a working day", "2026-11-22 21:30").soc(33.0).load(600.0),
            saturday,
            moment("After Saturday's window, in summer", "2026-07-04 09:00").soc(52.0).sun(1500.0).load(500.0),
        ],
    );
    screens(
        name,
        "the-clocks-change",
        &[
            moment("The evening before they go forward", "2027-03-27 22:00").soc(44.0),
            moment("The evening before they go back", "2026-10-24 22:00").soc(44.0),
        ],
    );
    screens(
        name,
        "trouble",
        &[
            moment("Blind inside the window", "2026-11-21 02:00").blind(),
            moment("Someone set a floor of 30 %", "2026-11-20 20:41")
                .holds("1 00:30-05:30 - 95", "0 - - 30")
                .foreign(&[Object::Discharge]),
        ],
    );
    json(name, "friday-evening", &friday);
    json(name, "inside-saturdays-window-in-summer", &saturday);
    diary(name, "2026-10-22 12:00", 7);
}

#[test]
fn winter_summer() {
    let name = "winter-summer";
    let first = moment("The first evening, nothing set yet", "2026-11-20 20:41").soc(41.0).load(430.0).factory();
    let spared = moment("Spared in the afternoon", "2026-11-21 12:30").soc(45.0).load(600.0).sun(300.0);
    screens(
        name,
        "a-winter-day",
        &[
            first,
            moment("Midnight", "2026-11-21 00:00").soc(26.0).load(250.0).battery(-3680.0),
            moment("Inside the low band", "2026-11-21 02:00").soc(70.0).load(250.0).battery(-3680.0),
            moment("After the low band", "2026-11-21 08:00").soc(75.0).load(500.0),
            spared,
            moment("The winter evening", "2026-11-21 17:00").soc(45.0).load(1200.0),
        ],
    );
    screens(
        name,
        "a-summer-day",
        &[
            moment("The last winter night has gone", "2027-03-31 06:00").soc(80.0),
            moment("A summer noon", "2026-07-04 12:30").soc(45.0).load(400.0).sun(2600.0),
            moment("The last summer evening", "2026-09-30 21:30").soc(70.0).load(350.0),
        ],
    );
    screens(
        name,
        "the-clocks-change",
        &[
            moment("The evening before they go forward", "2027-03-27 21:30").soc(44.0),
            moment("The evening before they go back", "2026-10-24 21:30").soc(44.0),
        ],
    );
    screens(
        name,
        "trouble",
        &[
            moment("Blind while it is spared", "2026-11-21 12:30").soc(45.0).blind(),
            moment("Someone forbade discharge in the morning", "2026-11-21 07:00")
                .soc(80.0)
                .holds("1 00:00-05:00 - 85", "1 10:00-00:00 - 10")
                .foreign(&[Object::Discharge]),
        ],
    );
    json(name, "the-first-evening", &first);
    json(name, "spared-in-the-afternoon", &spared);
    why(name, "not-spared-at-60-percent", &moment("", "2026-11-21 12:30").soc(60.0));
    diary(name, "2027-02-26 12:00", 7);
}

#[test]
fn ev_guard() {
    let name = "ev-guard";
    let car = moment("A car begins to charge in the evening", "2026-11-20 18:30").soc(55.0).load(7600.0).car(7200.0);
    let both = moment("The car charges inside the window", "2026-11-21 00:45").soc(60.0).load(7500.0).car(7200.0);
    let both = both.battery(-5000.0);
    screens(
        name,
        "a-night-with-a-car",
        &[
            moment("The first evening, nothing set yet", "2026-11-20 20:41").soc(41.0).load(430.0).car(0.0).factory(),
            car,
            moment("Midnight", "2026-11-21 00:00").soc(50.0).load(400.0).car(0.0).battery(-5000.0),
            moment("Ten minutes later", "2026-11-20 18:40").soc(54.0).load(7600.0).car(7200.0).battery(0.0).acted(),
            both,
            moment("The car still charges after the window", "2026-11-21 05:40").soc(89.0).load(7500.0).car(7200.0),
            moment("The car is full", "2026-11-21 07:00").soc(88.0).load(500.0).car(0.0),
            moment("A heavy oven while the battery is low", "2026-11-21 18:00").soc(25.0).load(7000.0).car(0.0),
        ],
    );
    screens(
        name,
        "the-clocks-change",
        &[
            moment("The evening before they go forward", "2027-03-27 21:00").soc(44.0).car(0.0),
            moment("The evening before they go back", "2026-10-24 21:00").soc(44.0).car(0.0),
        ],
    );
    screens(
        name,
        "trouble",
        &[
            moment("The car's reading is missing", "2026-11-20 18:30").soc(55.0).load(7600.0),
            moment("Blind while the car charges", "2026-11-20 18:30").soc(55.0).load(7600.0).car(7200.0).blind(),
            moment("Someone forbade discharge all day", "2026-11-20 18:30")
                .soc(55.0)
                .car(0.0)
                .holds("1 00:00-05:30 23:30-00:00 90", "1 05:30-06:00 - 10")
                .foreign(&[Object::Discharge]),
        ],
    );
    json(name, "a-car-in-the-evening", &car);
    json(name, "a-car-inside-the-window", &both);
    why(name, "a-car-in-the-evening", &car);
    diary(name, "2026-10-23 12:00", 3);
}

#[test]
fn cheapest_plan() {
    let name = "cheapest-plan";
    let night = moment("At night", "2026-11-21 01:00").soc(35.0).load(500.0);
    let evening = moment("In the peak", "2026-11-20 18:00").soc(70.0).load(900.0);
    screens(
        name,
        "a-night-and-a-day",
        &[
            moment("The first evening, nothing set yet", "2026-11-20 20:00").soc(55.0).load(700.0).factory(),
            night,
            moment("Charged", "2026-11-21 04:00").soc(95.0).load(500.0).battery(0.0),
            moment("Before the peak with little left", "2026-11-21 14:00").soc(25.0).load(900.0),
            evening,
            moment("A car draws", "2026-11-20 18:30").soc(55.0).load(7600.0).car(7200.0),
            moment("Blind", "2026-11-21 02:00").soc(55.0).load(500.0).blind(),
        ],
    );
    json(name, "at-night", &night);
    why(name, "at-night", &night);
    why(name, "in-the-peak", &evening);
    diary(name, "2026-11-20 12:00", 3);
}

#[test]
fn holiday_calendar() {
    let name = "holiday-calendar";
    let monday = moment("Monday morning before work", "2026-11-23 07:30").soc(100.0).load(900.0).battery(0.0);
    let friday = moment("Friday evening before a weekend", "2026-11-20 19:00").soc(60.0).load(700.0);
    screens(
        name,
        "a-week",
        &[
            moment("Wednesday evening, nothing set yet", "2026-11-18 20:00").soc(35.0).load(700.0).factory(),
            moment("Midnight into Thursday", "2026-11-19 00:00").soc(30.0).load(500.0).battery(-10000.0),
            moment("Inside Thursday's window", "2026-11-19 03:00").soc(70.0).load(500.0).battery(-10000.0),
            moment("Thursday at noon", "2026-11-19 12:00").soc(70.0).load(4000.0).sun(900.0),
            friday,
            moment("Saturday at noon", "2026-11-21 12:00").soc(45.0).load(600.0).sun(1500.0),
            moment("Sunday evening", "2026-11-22 21:00").soc(42.0).load(600.0),
            monday,
        ],
    );
    screens(
        name,
        "the-turn-of-the-year",
        &[moment("The last working day has ended", "2026-12-23 20:00").soc(50.0).load(700.0)],
    );
    screens(
        name,
        "the-clocks-change",
        &[
            moment("The Saturday before they go forward", "2027-03-27 22:00").soc(44.0).load(600.0),
            moment("The Sunday on which they went back", "2026-10-25 22:00").soc(44.0).load(600.0),
        ],
    );
    screens(
        name,
        "trouble",
        &[
            moment("Blind before work", "2026-11-23 07:30").blind(),
            moment("Someone charges at noon", "2026-11-19 12:00")
                .soc(70.0)
                .holds("1 11:00-13:00 - 100", "0 - - 20")
                .foreign(&[Object::Charge]),
        ],
    );
    json(name, "before-work", &monday);
    json(name, "before-a-weekend", &friday);
    diary(name, "2026-12-17 12:00", 9);
}

#[test]
fn evening_peak_hold() {
    let name = "evening-peak-hold";
    let low = moment("Kept since some minutes in the afternoon", "2026-11-20 14:00")
        .soc(60.0)
        .load(500.0)
        .sun(200.0)
        .battery(0.0)
        .acted();
    let peak = moment("In the peak", "2026-11-20 17:30").soc(60.0).load(1500.0);
    screens(
        name,
        "a-day",
        &[
            moment("The first evening, nothing set yet", "2026-11-20 20:41").soc(41.0).load(430.0).factory(),
            moment("Midnight", "2026-11-21 00:00").soc(30.0).load(300.0).battery(0.0),
            moment("Morning", "2026-11-20 09:00").soc(55.0).load(500.0),
            moment("Before the afternoon", "2026-11-20 12:00").soc(60.0).load(500.0).sun(300.0),
            low,
            moment("The afternoon begins", "2026-11-20 13:00").soc(60.0).load(500.0).sun(200.0),
            moment("Enough by the afternoon", "2026-11-20 14:00").soc(82.0).load(500.0).sun(900.0),
            peak,
        ],
    );
    screens(
        name,
        "the-clocks-change",
        &[
            moment("The evening before they go forward", "2027-03-27 21:00").soc(44.0),
            moment("The evening before they go back", "2026-10-24 21:00").soc(44.0),
        ],
    );
    screens(
        name,
        "trouble",
        &[
            moment("Blind while it is kept", "2026-11-20 14:00").soc(60.0).blind(),
            moment("Someone lifted the restriction", "2026-11-20 23:10")
                .soc(40.0)
                .holds("0 - - 100", "0 - - 15")
                .foreign(&[Object::Discharge]),
        ],
    );
    json(name, "kept-in-the-afternoon", &low);
    json(name, "in-the-peak", &peak);
    why(name, "kept-in-the-afternoon", &low);
    diary(name, "2026-10-23 12:00", 3);
}

#[test]
fn simulated_home() {
    let name = "simulated-home";
    let first = moment("The first evening, nothing set yet", "2026-11-20 20:41").soc(41.0).load(430.0).car(0.0);
    let first = first.factory();
    let inside = moment("Inside the window", "2026-11-21 01:10").soc(62.0).load(300.0).car(0.0).battery(-5000.0);
    screens(
        name,
        "a-day",
        &[
            first,
            moment("Midnight", "2026-11-21 00:00").soc(46.0).load(300.0).car(0.0).battery(-5000.0),
            inside,
            moment("After the window", "2026-11-21 08:00").soc(84.0).load(650.0).sun(120.0).car(0.0),
            moment("A car charges by day", "2026-11-21 15:00").soc(60.0).load(3700.0).sun(400.0).car(3200.0),
        ],
    );
    screens(
        name,
        "the-clocks-change",
        &[
            moment("The evening before they go forward", "2027-03-27 21:00").soc(44.0).car(0.0),
            moment("The evening before they go back", "2026-10-24 21:00").soc(44.0).car(0.0),
        ],
    );
    screens(
        name,
        "trouble",
        &[
            moment("Blind", "2026-11-20 20:41").blind().factory(),
            moment("Someone set another target", "2026-11-20 22:00")
                .soc(41.0)
                .car(0.0)
                .holds("1 00:00-05:30 23:30-00:00 70", "0 - - 10")
                .foreign(&[Object::Charge]),
        ],
    );
    json(name, "the-first-evening", &first);
    json(name, "inside-the-window", &inside);
    diary(name, "2027-03-26 12:00", 3);
}

#[test]
fn periodic_week() {
    let name = "periodic-week";
    let first = moment("The first evening, nothing set yet", "2026-11-20 21:10").soc(41.0).load(430.0).factory();
    let lunch = moment("Inside a lunch that charges gently", "2026-11-23 12:30").soc(60.0).load(500.0).battery(-2000.0);
    screens(
        name,
        "a-week",
        &[
            moment("Three hours and more before the first night", "2026-11-20 20:41").soc(41.0).load(430.0).factory(),
            first,
            moment("Inside a working night", "2026-11-23 01:10").soc(62.0).load(300.0).battery(-5000.0),
            lunch,
            moment("In the evening peak", "2026-11-23 17:30").soc(80.0).load(1400.0),
            moment("A slow morning", "2026-11-21 02:00").soc(55.0).load(300.0).battery(0.0),
        ],
    );
    screens(
        name,
        "trouble",
        &[
            moment("Blind, nothing set yet", "2026-11-20 20:41").blind().factory(),
            moment("Blind inside a night", "2026-11-23 01:10").blind(),
            moment("The schedule could not be read", "2026-11-20 20:41").unread(),
        ],
    );
    json(name, "the-first-evening", &first);
    why(name, "at-lunch", &lunch);
    diary(name, "2027-03-27 12:00", 7);
}

#[test]
fn atess_night() {
    let name = "atess-night";
    let first = moment("The first evening, nothing set yet", "2026-11-19 20:41").soc(41.0).load(2000.0).factory();
    let kept = moment("What is left is kept", "2026-11-20 13:30").soc(28.0).load(3000.0).battery(0.0).acted();
    screens(
        name,
        "a-day",
        &[
            first,
            moment("Inside the night", "2026-11-20 01:10").soc(62.0).load(1500.0).battery(-5000.0),
            moment("After the night", "2026-11-20 08:00").soc(96.0).load(4000.0).sun(500.0),
            kept,
            moment("Before a day off", "2026-11-20 21:30").soc(50.0).load(1500.0),
        ],
    );
    screens(name, "trouble", &[moment("Blind inside the night", "2026-11-20 01:10").blind()]);
    json(name, "the-first-evening", &first);
    why(name, "what-is-left-is-kept", &kept);
    diary(name, "2027-03-27 12:00", 7);
}
