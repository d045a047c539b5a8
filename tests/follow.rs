//! What `follow the cheapest plan` is worth on a measured year, and what it does when it cannot know.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::PathBuf;
use std::process::Command as Process;
use std::time::Duration;

use offpeak::battery::{self, Behaviour};
use offpeak::engine::{Command, followed};
use offpeak::follow::stored_worth;
use offpeak::forecast::Past;
use offpeak::policy::model::Battery;
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

/// The folder of measured data, if this machine has it.
fn data() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().map(|parent| parent.join("shared/data"));
    let folder = std::env::var_os("OFFPEAK_DATA").map(PathBuf::from).or(beside)?;
    folder.is_dir().then_some(folder)
}

fn history(tariff: &str) -> Option<Vec<Row>> {
    let file = data()?.join(format!("history_konstanz_2016_{tariff}.csv.gz"));
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
        println!("skipped: no measured data; OFFPEAK_DATA names the folder");
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
