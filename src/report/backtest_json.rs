//! A trial as data, with stable keys.

use serde_json::{Map, Value, json};

use crate::backtest::{Account, Basis, Outcome, Shares, Standing, Who, Writes};
use crate::forecast;
use crate::history::Findings;
use crate::units::Power;

use super::backtest::clock_changes;
use super::moment::rfc3339;

/// The trial as data. Money is in `currency`, energy in kWh.
#[must_use]
pub fn backtest_json(outcome: &Outcome) -> Value {
    let each = |of: &dyn Fn(&Standing) -> Value| {
        Value::Object(outcome.standings.iter().map(|standing| (standing.who.code().to_owned(), of(standing))).collect())
    };
    let Shares { captured, captured_of_none } = outcome.shares();
    let track = &outcome.track;
    let span = track.pieces.first().zip(track.pieces.last());
    let mut cost = each(&|standing| json!(standing.account.compared(outcome.stored_price)));
    if let Some(cost) = cost.as_object_mut() {
        cost.entry(Who::Optimum.code()).or_insert(Value::Null);
    }
    json!({
        "version": 1,
        "site": outcome.site,
        "policy": outcome.file,
        "currency": outcome.currency,
        "slots": outcome.slots,
        "hours": track.hours(),
        "from": span.map(|(first, _)| rfc3339(first.at)),
        "until": span.map(|(_, last)| rfc3339(last.at + chrono::Duration::seconds(i64::from(last.seconds)))),
        "soc": outcome.start.percent(),
        "tick_seconds": outcome.tick.as_secs(),
        "prices": if track.published { "history" } else { "tariff" },
        "fidelity": if outcome.writes.is_some() { "schedules" } else { "commands" },
        "cost": cost,
        "billed": each(&|standing| json!(standing.account.bill())),
        "stored": {
            "price": outcome.stored_price,
            "basis": match outcome.basis { Basis::Marginal => "marginal", Basis::MeanImport => "mean-import" },
            "gained": each(&|standing| json!(standing.account.gained.kilowatt_hours())),
        },
        "charges": each(&|standing| {
            json!({
                "standing": outcome.charges.standing_of(track),
                "peak": outcome.charges.peak_of(track, &standing.course),
            })
        }),
        "gap": outcome.gap,
        "forecast": outcome.missed.map(missed),
        "captured": captured,
        "captured_of_none": captured_of_none,
        "energy": each(&|standing| energy(outcome, &standing.account)),
        "writes": outcome.writes.map(writes_json),
        "rules": rules(outcome),
        "otherwise_hours": outcome.otherwise.as_secs_f64() / 3600.0,
        "months": months(outcome),
        "clock_changes": clock_changes(outcome),
        "history": findings_json(&outcome.findings),
    })
}

fn missed(missed: forecast::Error) -> Value {
    let kilowatts = |power: Power| power.watts() / 1000.0;
    json!({
        "hours": missed.hours,
        "load_off": kilowatts(missed.load.size),
        "load_more": kilowatts(missed.load.mean),
        "sun_off": kilowatts(missed.solar.size),
        "sun_more": kilowatts(missed.solar.mean),
    })
}

fn energy(outcome: &Outcome, account: &Account) -> Value {
    json!({
        "import": account.import.kilowatt_hours(),
        "export": account.export.kilowatt_hours(),
        "charged": account.charged.kilowatt_hours(),
        "discharged": account.discharged.kilowatt_hours(),
        "lost": account.lost().kilowatt_hours(),
        "cycles": account.cycles(&outcome.battery),
    })
}

fn rules(outcome: &Outcome) -> Vec<Value> {
    let rules = outcome.rules.iter();
    rules
        .map(|rule| json!({ "name": rule.name, "hours": rule.held.as_secs_f64() / 3600.0, "worth": rule.worth }))
        .collect()
}

fn months(outcome: &Outcome) -> Vec<Value> {
    let months = outcome.months();
    let month = |month: &crate::backtest::Month| {
        let (year, number) = month.month;
        let costs = outcome.standings.iter().zip(&month.compared);
        let cost: Map<String, Value> =
            costs.map(|(standing, cost)| (standing.who.code().to_owned(), json!(cost))).collect();
        json!({
            "month": format!("{year}-{number:02}"),
            "cost": cost,
            "captured": month.shares.captured,
            "captured_of_none": month.shares.captured_of_none,
        })
    };
    months.iter().map(month).collect()
}

/// What was written, as data.
pub(super) fn writes_json(writes: Writes) -> Value {
    json!({
        "total": writes.total,
        "per_day_max": writes.per_day_max,
        "apart_hours": writes.apart.as_secs_f64() / 3600.0,
    })
}

/// What was wrong with a history, as data.
pub(super) fn findings_json(findings: &Findings) -> Value {
    let found = findings.iter().map(|finding| {
        let places = finding
            .first
            .iter()
            .map(|place| json!({ "line": place.line, "at": place.at.map(rfc3339), "words": place.words }));
        json!({ "code": finding.fault.code(), "count": finding.count, "first": places.collect::<Vec<_>>() })
    });
    json!({ "missing_hours": findings.missing().as_secs_f64() / 3600.0, "findings": found.collect::<Vec<_>>() })
}
