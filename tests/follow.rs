//! What `follow the cheapest plan` is worth on a measured year, and what it does when it cannot know.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod measurements;

use std::process::Command as Process;
use std::time::Duration;

use measurements::measurements;
use offpeak::battery::{self, Behaviour};
use offpeak::engine::{
    Command, Memory, Override, Seen, Situation, Source, Verdict, banded_prices, evaluate, explain, followed,
};
use offpeak::follow::stored_worth;
use offpeak::forecast::{Forecast, Past};
use offpeak::policy::model::{Action, Battery};
use offpeak::policy::{Policy, load};
use offpeak::snapshot::{Reading, Snapshot, Unknown};
use offpeak::tariff::{PriceSeries, PriceSlot, Prices};
use offpeak::time::{Instant, Zone, after};
use offpeak::units::{Energy, Fraction, Power, Price, Soc};

const HOUR: Duration = Duration::from_secs(3600);

/// One hour of a history.
#[derive(Clone, Copy)]
struct Row {
    at: Instant,
    load: Power,
    solar: Power,
    import: Price,
    export: Price,
}

fn history(tariff: &str) -> Option<Vec<Row>> {
    let file = measurements(&format!("history_konstanz_2016_{tariff}.csv.gz"))?;
    let output = Process::new("gzip").arg("-dc").arg(file).output().expect("gzip");
    let text = String::from_utf8(output.stdout).expect("a text");
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |index: usize| fields[index].parse::<f64>().expect("a number");
        let kilowatts = |index| Power::from_watts(number(index) * 1000.0).expect("a power");
        let price = |index| Price::per_kwh(number(index)).expect("a price");
        let at = fields[0].parse().expect("an instant");
        Row { at, load: kilowatts(1), solar: kilowatts(2), import: price(3), export: price(4) }
    };
    Some(text.lines().skip(1).map(row).collect())
}

fn reference_battery() -> Battery {
    let percent = |percent| Soc::from_percent(percent).unwrap();
    let power = Power::from_watts(5000.0).unwrap();
    let efficiency = Fraction::from_percent(95.0).unwrap();
    Battery {
        capacity: Energy::from_watt_hours(10_000.0).unwrap(),
        charge_power: power,
        discharge_power: power,
        charge_efficiency: efficiency,
        discharge_efficiency: efficiency,
        reserve: percent(0.0),
        ceiling: percent(100.0),
    }
}

/// The prices that are known at a moment: to the end of the day on the exchange's clock, from its noon on to the end of the
/// next.
fn known(rows: &[Row], index: usize) -> Prices {
    let there = after(rows[index].at, HOUR);
    let days = if there.format("%H").to_string().as_str() >= "12" { 2 } else { 1 };
    let end = (there.date_naive() + chrono::Days::new(days)).and_hms_opt(0, 0, 0).unwrap().and_utc()
        - chrono::Duration::hours(1);
    let rows = rows[index..].iter().take_while(|row| row.at < end);
    let (mut import, mut export) = (Vec::new(), Vec::new());
    for row in rows {
        let slot = |price| PriceSlot { from: row.at, until: after(row.at, HOUR), price };
        import.push(slot(row.import));
        export.push(slot(row.export));
    }
    let series = |slots| PriceSeries::from_slots(slots).unwrap();
    Prices { import: series(import), export: series(export), ..Prices::default() }
}

/// What a year costs: by the plan, decided again so many times an hour, or by plain self-consumption.
fn cost(rows: &[Row], looks: Option<u32>) -> f64 {
    let battery = reference_battery();
    let zone = Zone::named("Europe/Berlin").unwrap();
    let mut past = Past::new(zone);
    let mut soc = Soc::from_percent(50.0).unwrap();
    let mut cost = 0.0;
    for (index, row) in rows.iter().enumerate() {
        let prices = looks.map(|_| known(rows, index));
        let forecast = past.forecast(row.at);
        let pieces = looks.unwrap_or(1);
        for piece in 0..pieces {
            let span = HOUR / pieces;
            let now = after(row.at, span * piece);
            let plan = prices.as_ref().zip(forecast.as_ref());
            let command = plan
                .and_then(|(prices, forecast)| stored_worth(&battery, prices, forecast, now).at(now).ok().copied())
                .map_or(Command::SelfConsume { floor: battery.reserve }, |worth| followed(&battery, &worth, soc));
            let step = battery::step(&battery, soc, command, row.load, row.solar, span, Behaviour::default());
            soc = step.soc;
            let price = if step.grid > Power::ZERO { row.import } else { row.export };
            cost += step.grid.over(span).kilowatt_hours() * price.amount();
        }
        past.add(row.at, after(row.at, HOUR), Some(row.load), Some(row.solar));
    }
    cost
}

#[test]
fn a_measured_year_is_worth_more_than_a_plain_planner_made_of_it() {
    let (Some(spread), Some(spot)) = (history("spread"), history("spot")) else {
        return;
    };
    let share = |cost: f64| (76.41 - cost) / (76.41 + 144.72);
    let own_way = cost(&spread, None);
    assert!((own_way + 84.12).abs() < 0.01, "{own_way}");
    for looks in [1, 4] {
        let cost = cost(&spread, Some(looks));
        println!("spread, {looks} looks an hour: {cost:.2}, {:.1} %", share(cost) * 100.0);
        assert!(share(cost) >= 0.88, "{cost}");
    }
    let own_way = cost(&spot, None);
    for looks in [1, 4] {
        let cost = cost(&spot, Some(looks));
        println!("spot, {looks} looks an hour: {cost:.2} against {own_way:.2}");
        assert!(cost < own_way - 0.5, "{cost}");
    }
}

const POLICY: &str = "
offpeak: 1
site: home
timezone: Europe/London
device: { driver: simulated }
battery:
  capacity: 10 kWh
  charge power: 5 kW
  discharge power: 5 kW
  round trip efficiency: 90%
  reserve: 10%
tariff:
  currency: GBP
  import:
    night: { price: 0.07, time: 00:00-06:00 }
    day: { price: 0.27 }
rules:
  - name: Never in the afternoon
    when: { time: 13:00-14:00 }
    then: hold
  - name: Plan
    when: {}
    then: follow the cheapest plan
  - name: Below it
    when: {}
    then: self-consume down to 30%
";

fn policy() -> Policy {
    let loaded = load("follow.yaml", POLICY);
    loaded.policy.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn prices(policy: &Policy, now: Instant, load: Option<f64>) -> Prices {
    let mut prices = banded_prices(policy, now, after(now, offpeak::follow::HORIZON));
    let power = |watts| Power::from_watts(watts).unwrap();
    let forecast = load.map_or_else(Forecast::default, |load| {
        Forecast::certain(now, after(now, offpeak::follow::HORIZON), power(load), power(0.0))
    });
    prices.stored = stored_worth(&policy.battery, &prices, &forecast, now);
    prices
}

fn holding(percent: f64, now: Instant) -> Snapshot {
    Snapshot { soc: Some(Reading::good(Soc::from_percent(percent).unwrap(), now)), ..Snapshot::default() }
}

#[test]
fn the_plan_decides_below_the_rules_above_it() {
    let policy = policy();
    let check = |now: &str, percent: f64, source: Source, expect: &str| {
        let now = at(now);
        let (prices, snapshot) = (prices(&policy, now, Some(300.0)), holding(percent, now));
        let situation = Situation { snapshot: &snapshot, prices: &prices, manual: None, now };
        let decision = evaluate(&policy, &situation, &Memory::empty(&policy));
        let command = decision.command.to_string();
        assert_eq!(decision.source, source, "{now} {percent}");
        assert!(command.starts_with(expect), "{now} {percent}: {command}");
    };
    check("2026-11-20T01:00:00Z", 20.0, Source::Rule(1), "charge to");
    check("2026-11-20T10:00:00Z", 40.0, Source::Rule(1), "self-consume down to 10 %");
    check("2026-11-20T13:30:00Z", 40.0, Source::Rule(0), "hold");
}

#[test]
fn what_is_not_known_keeps_its_rule_from_firing_and_says_why() {
    let policy = policy();
    let now = at("2026-11-20T01:00:00Z");
    let check = |prices: &Prices, snapshot: &Snapshot, expect: Unknown| {
        let situation = Situation { snapshot, prices, manual: None, now };
        let explained = explain(&policy, &situation, &Memory::empty(&policy));
        assert_eq!(explained.decision.source, Source::Rule(2));
        assert_eq!(explained.weighed, None);
        let Verdict::Unknown(found) = explained.rules[1] else { panic!("{:?}", explained.rules[1]) };
        assert_eq!(found.text, "follow the cheapest plan");
        assert_eq!(found.place, &policy.rules[1].then_place);
        let why = match found.seen {
            Seen::Missing { why, .. } => why,
            Seen::NotYetKnown(_) => Unknown::NotYetKnown,
            other => panic!("{other:?}"),
        };
        assert_eq!(why, expect);
    };
    let (known, charged) = (prices(&policy, now, Some(300.0)), holding(20.0, now));
    check(&known, &Snapshot::default(), Unknown::NoReading);
    check(&known, &holding(20.0, now - chrono::Duration::hours(1)), Unknown::TooOld);
    check(&prices(&policy, now, None), &charged, Unknown::NoForecast);
    check(&prices(&policy, now - chrono::Duration::days(3), Some(300.0)), &charged, Unknown::NoPrice);
    check(&Prices::default(), &charged, Unknown::NotYetKnown);
}

#[test]
fn what_was_weighed_is_told() {
    let policy = policy();
    let now = at("2026-11-20T01:00:00Z");
    let (prices, snapshot) = (prices(&policy, now, Some(300.0)), holding(20.0, now));
    let situation = Situation { snapshot: &snapshot, prices: &prices, manual: None, now };
    let weighed = explain(&policy, &situation, &Memory::empty(&policy)).weighed.expect("what was weighed");
    assert!(weighed.worth > weighed.storing && weighed.storing > weighed.import && weighed.import > weighed.using);
    assert_eq!(weighed.import.amount(), 0.07);
    assert_eq!(weighed.soc.percent(), 20.0);
}

#[test]
fn the_owner_may_ask_for_the_plan_by_hand() {
    let policy = policy();
    let now = at("2026-11-20T13:30:00Z");
    let manual = Override { action: Action::FollowPlan, until: after(now, HOUR) };
    let decide = |prices: &Prices| {
        let snapshot = holding(40.0, now);
        let situation = Situation { snapshot: &snapshot, prices, manual: Some(&manual), now };
        evaluate(&policy, &situation, &Memory::empty(&policy)).source
    };
    assert_eq!(decide(&prices(&policy, now, Some(300.0))), Source::Override);
    assert_eq!(decide(&prices(&policy, now, None)), Source::Rule(0), "what is not known leaves the rules in force");
}
