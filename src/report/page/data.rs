//! The days as data for the page's own script.

use serde_json::{Value, json};

use super::{Scene, Slot};

/// The data as JSON in which nothing ends a script.
pub(super) fn data(scene: &Scene) -> String {
    let acts: Vec<Value> = scene.acts.iter().map(|act| json!([act.kind.code(), act.words, act.rule])).collect();
    let days: Vec<Value> = scene
        .days
        .iter()
        .map(|day| json!([day.date.to_string(), day.slots.iter().map(slot).collect::<Vec<Value>>()]))
        .collect();
    let all = json!({ "currency": scene.currency, "acts": acts, "days": days });
    all.to_string().replace('<', "\\u003c")
}

/// One slot, in the order in which the script reads it: whole watts, tenths of a percent, ten-thousandths of money.
fn slot(slot: &Slot) -> Value {
    json!([
        slot.since,
        slot.clock,
        slot.minutes,
        rounded(slot.import, 10_000.0),
        rounded(slot.export, 10_000.0),
        rounded(slot.load, 1.0),
        rounded(slot.solar, 1.0),
        rounded(slot.battery, 1.0),
        rounded(slot.grid, 1.0),
        rounded(slot.soc, 10.0),
        slot.best.map(|best| rounded(best, 10.0)),
        slot.act,
    ])
}

/// A number as so many parts of one, whole.
fn rounded(value: f64, parts: f64) -> i64 {
    let scaled = (value * parts).round();
    // A float becomes a whole number by way of its text: there is no cast that says so when it does not fit.
    format!("{scaled:.0}").parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::scene::tests::two_days;
    use super::*;

    #[test]
    fn a_slot_is_a_short_list_of_whole_numbers() {
        let data = data(&two_days());
        assert!(data.contains("[0,0,60,700,500,500,0,-1500,2000,300,500,0]"), "{data}");
    }

    #[test]
    fn what_is_no_number_is_nothing() {
        assert_eq!((rounded(f64::NAN, 1.0), rounded(-0.4, 1.0), rounded(1.25, 10.0)), (0, 0, 13));
    }
}
