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
use offpeak::optimum::{self, End, Solution, Store};
use offpeak::policy::model::{Action, Battery};
use offpeak::policy::{Policy, load};
use offpeak::snapshot::{Reading, Snapshot, Unknown};
use offpeak::tariff::{PriceSeries, PriceSlot, Prices};
use offpeak::time::{Instant, Zone, after};
use offpeak::units::{Energy, Fraction, Power, Price, Soc};
use offpeak::worth::Standing;

const HOUR: Duration = Duration::from_secs(3600);
const OWN_WAY: Command = Command::SelfConsume { floor: Soc::EMPTY };

/// One hour of a history.
#[derive(Clone, Copy)]
struct Row {
    at: Instant,
    load: Power,
    solar: Power,
    import: Price,
    export: Price,
}

/// How a price of import follows from the market's, in EUR per MWh.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Tariff {
    Spread,
    Spot,
}

impl Tariff {
    fn import(self, market: f64) -> Price {
        let market = market / 1000.0;
        let net = if self == Tariff::Spread { 3.0 * market + 0.08 } else { market + 0.15 };
        Price::per_kwh(net * 1.19).expect("a price")
    }
}

/// The fields of each line of a file of measurements, but for the first.
fn fields(file: &str) -> Option<Vec<Vec<String>>> {
    let output = Process::new("gzip").arg("-dc").arg(measurements(file)?).output().expect("gzip");
    let text = String::from_utf8(output.stdout).expect("a text");
    Some(text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect())
}

/// Hours of the measured home with the prices of their time.
fn history(tariff: Tariff, from: &str, until: &str) -> Option<Vec<Row>> {
    let row = |fields: Vec<String>| {
        let number = |index: usize| fields[index].parse::<f64>().expect("a number");
        let kilowatts = |index| Power::from_watts(number(index) * 1000.0).expect("a power");
        let (import, export) = (tariff.import(number(7)), Price::per_kwh(0.08).expect("a price"));
        Row { at: at(&fields[0]), load: kilowatts(1), solar: kilowatts(2), import, export }
    };
    let rows = fields("konstanz_res4_2015-2017_60min.csv.gz")?.into_iter().map(row);
    Some(rows.filter(|row| at(from) <= row.at && row.at < at(until)).collect())
}

/// Prices of a later time, with load and sun of the measured home on the same days of its year.
fn later_prices(tariff: Tariff, from: &str, until: &str, home_from: &str) -> Option<Vec<Row>> {
    let home = history(tariff, home_from, "2016-12-31T23:00:00Z")?;
    let prices = fields("price_de_lu_2024-2025_60min.csv.gz")?.into_iter();
    let prices = prices.map(|fields| (at(&fields[0]), fields[1].parse().expect("a number")));
    let prices = prices.filter(|(time, _)| at(from) <= *time && *time < at(until));
    Some(prices.zip(home).map(|((at, market), row)| Row { at, import: tariff.import(market), ..row }).collect())
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

/// What some hours cost, and what is stored at their end in kWh: by the plan, decided again so many times an hour, or by plain
/// self-consumption. What is decided stands until the next look.
fn lived(rows: &[Row], looks: Option<u32>) -> (f64, f64) {
    let battery = reference_battery();
    let zone = Zone::named("Europe/Berlin").unwrap();
    let mut past = Past::new(zone);
    let mut soc = Soc::from_percent(50.0).unwrap();
    let mut cost = 0.0;
    let mut standing = None;
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
                .map_or(OWN_WAY, |worth| followed(&battery, &worth, soc, standing));
            standing = Some(match command {
                Command::ChargeTo { target, .. } => Standing::Charge(target),
                Command::Hold => Standing::Hold,
                _ => Standing::OwnWay,
            });
            let step = battery::step(&battery, soc, command, row.load, row.solar, span, Behaviour::default());
            soc = step.soc;
            cost += bill(row, step.grid, span);
        }
        past.add(row.at, after(row.at, HOUR), Some(row.load), Some(row.solar));
    }
    (cost, soc.of(battery.capacity).kilowatt_hours())
}

fn bill(row: &Row, grid: Power, span: Duration) -> f64 {
    let price = if grid > Power::ZERO { row.import } else { row.export };
    grid.over(span).kilowatt_hours() * price.amount()
}

/// The perfect-foresight optimum, which ends as it began.
fn optimum(rows: &[Row]) -> Solution {
    let battery = reference_battery();
    let store = Store {
        capacity: battery.capacity,
        charge_power: battery.charge_power,
        discharge_power: battery.discharge_power,
        charge_efficiency: battery.charge_efficiency,
        discharge_efficiency: battery.discharge_efficiency,
        start: battery.capacity * 0.5,
        end: End::NotBelowStart,
        may_export: true,
        grid_charging: true,
    };
    let slot = |row: &Row| {
        let (load, solar) = (row.load.over(HOUR), row.solar.over(HOUR));
        optimum::Slot { span: HOUR, load, solar, import: row.import, export: row.export }
    };
    optimum::solve(&store, &rows.iter().map(slot).collect::<Vec<_>>()).expect("an optimum")
}

/// What plain self-consumption and the plan came to: the shares of what the optimum saves against no battery, in percent, and by
/// how much the plan is cheaper, with what is stored at the end at its worth to the optimum.
struct Came {
    own_way: f64,
    plan: f64,
    cheaper: f64,
}

fn came(name: &str, tariff: Tariff, rows: &[Row], looks: u32) -> Came {
    let best = optimum(rows);
    let none: f64 = rows.iter().map(|row| bill(row, row.load - row.solar, HOUR)).sum();
    let compared = |(cost, stored): (f64, f64)| cost - (stored - 5.0) * best.worth_at_end.amount();
    let (own_way, plan) = (compared(lived(rows, None)), compared(lived(rows, Some(looks))));
    let share = |cost: f64| (none - cost) / (none - best.cost) * 100.0;
    let came = Came { own_way: share(own_way), plan: share(plan), cheaper: own_way - plan };
    println!(
        "{name}, {tariff:?}, {looks} looks an hour: no battery {none:.2}, self-consumption {own_way:.2} ({:.1} %), plan {plan:.2} \
         ({:.1} %), optimum {:.2}",
        came.own_way, came.plan, best.cost
    );
    came
}

/// Each half by itself, with nothing known at its beginning.
#[test]
fn each_half_of_a_measured_year_is_worth_what_is_claimed() {
    let halves = [
        ("first half", "2015-12-31T23:00:00Z", "2016-06-30T22:00:00Z"),
        ("second half", "2016-06-30T22:00:00Z", "2016-12-31T23:00:00Z"),
    ];
    for (name, from, until) in halves {
        for looks in [1, 4] {
            let Some(rows) = history(Tariff::Spread, from, until) else { return };
            let spread = came(name, Tariff::Spread, &rows, looks);
            assert!(spread.plan >= 88.0 && spread.own_way < 75.0, "{name}: {:.2} %", spread.plan);
            let Some(rows) = history(Tariff::Spot, from, until) else { return };
            let spot = came(name, Tariff::Spot, &rows, looks);
            assert!(spot.cheaper > 0.8, "{name}: {:.2}", spot.cheaper);
        }
    }
}

/// Rows and prices on which nothing was ever chosen: the home's other winters, and the prices of two other years.
#[test]
fn what_nobody_tuned_on_is_worth_as_much() {
    for tariff in [Tariff::Spread, Tariff::Spot] {
        let winters = [
            ("end of 2015", history(tariff, "2015-10-13T22:00:00Z", "2015-12-31T23:00:00Z"), 84.0),
            ("beginning of 2017", history(tariff, "2016-12-31T23:00:00Z", "2017-02-09T00:00:00Z"), 87.0),
        ];
        let (from, home) = ("2024-12-31T23:00:00Z", "2015-12-31T23:00:00Z");
        let years = [
            ("2024", later_prices(tariff, "2024-01-01T00:00:00Z", from, "2016-01-01T00:00:00Z"), 88.0),
            ("2025", later_prices(tariff, from, "2025-09-30T22:00:00Z", home), 90.0),
        ];
        for (name, rows, least) in winters.into_iter().chain(years) {
            let Some(rows) = rows else { return };
            let came = came(name, tariff, &rows, 1);
            assert!(came.cheaper > 0.5, "{name}, {tariff:?}: {:.2}", came.cheaper);
            assert!(tariff == Tariff::Spot || came.plan >= least, "{name}, {tariff:?}: {:.2} %", came.plan);
        }
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
