//! The parts that the JSON of several reports shares. Keys and codes are stable; `docs/json.md` lists them.

use serde_json::{Value, json};

use crate::device::schedule::WEEK;
use crate::device::{Flag, ListWindow, Object, Period, Schedule, Settings, Store};
use crate::engine::Command;
use crate::plan::Plan;
use crate::plan::diff;
use crate::units::{Power, Soc, trimmed};

use super::words;

/// The version of the shape: it changes when a key changes its meaning or goes, not when one comes.
pub(super) const VERSION: u32 = 1;

/// A number with at most so many decimals, as short as it can be; null if it is none.
pub(super) fn number(value: f64, decimals: usize) -> Value {
    let text = trimmed(value, decimals);
    let whole = text.parse::<i64>().ok().map(Value::from);
    whole
        .or_else(|| text.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Value::Number))
        .unwrap_or_default()
}

/// A power in watts.
pub(super) fn watts(power: Power) -> Value {
    number(power.watts(), 1)
}

/// A state of charge in percent.
pub(super) fn percent(soc: Soc) -> Value {
    number(soc.percent(), 2)
}

/// Which file decided, and which revision of it.
pub(super) fn policy(plan: &Plan<'_>) -> Value {
    json!({ "file": plan.policy.file, "revision": plan.policy.revision })
}

/// A command: what, to which target or floor in percent, at most at which power.
pub(super) fn command(command: Command) -> Value {
    let (target, floor, power) = match command {
        Command::ChargeTo { target, power } => (Some(target), None, power),
        Command::Hold => (None, None, None),
        Command::SelfConsume { floor } => (None, Some(floor), None),
        Command::DischargeTo { floor, power } => (None, Some(floor), power),
    };
    json!({
        "action": words::command_code(command),
        "target": target.map(percent),
        "floor": floor.map(percent),
        "power": power.map(watts),
        "text": command.to_string(),
    })
}

/// A schedule in normal form, in the words of this program and not in a vendor's.
pub(super) fn schedule(schedule: &Schedule) -> Value {
    let mut fields = serde_json::Map::new();
    for settings in schedule.contents() {
        fields.insert(settings.object().word().to_owned(), content(&settings));
    }
    fields.insert("oddity".to_owned(), json!(schedule.oddity().map(words::oddity_code)));
    Value::Object(fields)
}

fn content(settings: &Settings) -> Value {
    match settings {
        Settings::Charge(charge) => json!({
            "grid_charge": charge.grid_charge,
            "windows": charge.windows.map(window),
            "cap": charge.cap,
        }),
        Settings::Discharge(discharge) => json!({
            "restricted": discharge.restricted,
            "windows": discharge.windows.map(window),
            "floor": discharge.floor,
        }),
        Settings::Windows(list) => json!({
            "store": list.store.word(),
            "grid_charge": flag(list.charge),
            "charge": list.charge_windows.iter().map(listed).collect::<Vec<_>>(),
            "restricted": flag(list.restricted),
            "permissions": list.permissions.iter().map(listed).collect::<Vec<_>>(),
        }),
    }
}

/// A switch; null where the vendor does not give it back.
fn flag(flag: Flag) -> Value {
    match flag {
        Flag::Off => json!(false),
        Flag::On => json!(true),
        Flag::Unread => Value::Null,
    }
}

/// A window of a list: days from Monday on.
fn listed(listed: &ListWindow) -> Value {
    json!({
        "window": window(listed.period),
        "days": WEEK.map(|day| listed.days.contains(day)),
        "percent": listed.limit,
        "watts": listed.power,
    })
}

/// What a field of the device holds: 0 or 1, a window, a percentage.
pub(super) fn field(value: diff::Value) -> Value {
    match value {
        diff::Value::Flag(on) => json!(u8::from(on)),
        diff::Value::Window(period) => window(period),
        diff::Value::Percent(percent) => json!(percent),
        diff::Value::Unread => Value::Null,
        diff::Value::Listed(window) => window.as_ref().map_or(Value::Null, listed),
    }
}

/// One value for each object of a store.
pub(super) fn of_each(store: Store, of: impl Fn(Object) -> Value) -> Value {
    let fields = store.objects().iter().map(|object| (object.word().to_owned(), of(*object)));
    Value::Object(fields.collect())
}

/// A daily window; null if it is unused.
fn window(period: Period) -> Value {
    if period.is_unused() {
        Value::Null
    } else {
        json!({ "from": period.from.to_string(), "to": period.to.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        let check = |value: f64, decimals: usize, expect: &str| assert_eq!(number(value, decimals).to_string(), expect);
        check(41.0, 2, "41");
        check(41.456_789, 2, "41.46");
        check(-0.001, 2, "0");
        check(0.1 + 0.2, 5, "0.3");
        check(1e7, 1, "10000000");
        check(f64::NAN, 2, "null");
        check(f64::INFINITY, 2, "null");
    }
}
