//! The comparison of two policies as data, with stable keys.

use serde_json::{Value, json};

use crate::backtest::{Comparison, Difference, Held, Shift, Side};

use super::backtest_json::{findings_json, writes_json};
use super::json;
use super::moment::rfc3339;

/// The comparison as data. Money is in `currency`, energy in kWh; what is new less what was.
#[must_use]
pub fn compare_json(comparison: &Comparison) -> Value {
    let side = |side: &Side| {
        json!({
            "policy": side.file,
            "cost": side.account.compared(comparison.stored_price),
            "billed": side.account.bill(),
            "import": side.account.import.kilowatt_hours(),
            "export": side.account.export.kilowatt_hours(),
            "gained": side.account.gained.kilowatt_hours(),
            "writes": side.writes.map(writes_json),
        })
    };
    json!({
        "version": 1,
        "currency": comparison.currency,
        "same": comparison.is_same(),
        "hours": comparison.lived.as_secs_f64() / 3600.0,
        "hours_different": comparison.differs.as_secs_f64() / 3600.0,
        "old": side(&comparison.old),
        "new": side(&comparison.new),
        "dearer_by": comparison.dearer_by(),
        "stored_price": comparison.stored_price,
        "differences": comparison.groups.iter().map(difference).collect::<Vec<_>>(),
        "elsewhere": shift(&comparison.elsewhere),
        "history": findings_json(&comparison.findings),
    })
}

fn difference(group: &Difference) -> Value {
    let held = |held: &Held| json!({ "rule": held.rule, "command": json::command(held.command) });
    json!({
        "old": held(&group.old),
        "new": held(&group.new),
        "reason": { "code": group.reason.code(), "words": group.reason.to_string() },
        "hours": group.span.as_secs_f64() / 3600.0,
        "times": group.times,
        "first": rfc3339(group.first),
        "shift": shift(&group.shift),
    })
}

fn shift(shift: &Shift) -> Value {
    json!({
        "import": shift.import.kilowatt_hours(),
        "export": shift.export.kilowatt_hours(),
        "money": shift.money,
    })
}
