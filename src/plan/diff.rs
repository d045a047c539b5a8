//! What differs between two schedules, field for field, in the vendor's names.

use std::fmt;

use crate::device::{ChargeSettings, DischargeSettings, Object, Period, Settings, TwoWindow};

/// What one object changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which object.
    pub object: Object,
    /// Its fields that differ, in the vendor's order; none if it stays as it is.
    pub changes: Vec<Change>,
}

/// One field that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The vendor's name of the field; a window's two fields are shown as one.
    pub field: &'static str,
    /// What it holds.
    pub from: Value,
    /// What it is to hold.
    pub to: Value,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// On or off.
    Flag(bool),
    /// A daily window.
    Window(Period),
    /// A percentage.
    Percent(u8),
}

/// What differs between two schedules: one entry for each object of which anything differs, the charge object first.
#[must_use]
pub fn between(from: &TwoWindow, to: &TwoWindow) -> Vec<Difference> {
    let differences = [charge(&from.charge, &to.charge), discharge(&from.discharge, &to.discharge)];
    differences.into_iter().filter(|difference| !difference.changes.is_empty()).collect()
}

/// What one write changes in the schedule that it finds.
#[must_use]
pub fn of_write(before: &TwoWindow, settings: &Settings) -> Difference {
    match settings {
        Settings::Charge(to) => charge(&before.charge, to),
        Settings::Discharge(to) => discharge(&before.discharge, to),
    }
}

fn charge(from: &ChargeSettings, to: &ChargeSettings) -> Difference {
    let fields = |settings: &ChargeSettings| {
        let [one, two] = settings.windows;
        [
            ("gridCharge", Value::Flag(settings.grid_charge)),
            ("window 1", Value::Window(one)),
            ("window 2", Value::Window(two)),
            ("batHighCap", Value::Percent(settings.cap)),
        ]
    };
    Difference { object: Object::Charge, changes: changes(fields(from), fields(to)) }
}

fn discharge(from: &DischargeSettings, to: &DischargeSettings) -> Difference {
    let fields = |settings: &DischargeSettings| {
        let [one, two] = settings.windows;
        [
            ("ctrDis", Value::Flag(settings.restricted)),
            ("window 1", Value::Window(one)),
            ("window 2", Value::Window(two)),
            ("batUseCap", Value::Percent(settings.floor)),
        ]
    };
    Difference { object: Object::Discharge, changes: changes(fields(from), fields(to)) }
}

fn changes(from: [(&'static str, Value); 4], to: [(&'static str, Value); 4]) -> Vec<Change> {
    let pairs = from.into_iter().zip(to);
    let changes = pairs.map(|((field, from), (_, to))| Change { field, from, to });
    changes.filter(|change| change.from != change.to).collect()
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Flag(on) => f.write_str(if *on { "1" } else { "0" }),
            Value::Window(period) => period.fmt(f),
            Value::Percent(percent) => write!(f, "{percent} %"),
        }
    }
}

impl fmt::Display for Change {
    /// `batHighCap 95 % → 90 %`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} → {}", self.field, self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: &str, to: &str) -> Period {
        Period { from: from.parse().expect("a start"), to: to.parse().expect("an end") }
    }

    #[test]
    fn only_what_differs_is_shown_in_the_vendors_words() {
        let before = TwoWindow {
            charge: ChargeSettings { grid_charge: false, windows: [Period::UNUSED; 2], cap: 95 },
            discharge: DischargeSettings { restricted: false, windows: [Period::UNUSED; 2], floor: 10 },
        };
        let windows = [period("00:00", "05:30"), period("23:30", "00:00")];
        let after = TwoWindow { charge: ChargeSettings { grid_charge: true, windows, cap: 90 }, ..before };
        let shown: Vec<String> = between(&before, &after)
            .iter()
            .flat_map(|difference| {
                let changes = difference.changes.iter().map(|change| format!("  {change}"));
                std::iter::once(difference.object.update_endpoint().to_owned()).chain(changes).collect::<Vec<_>>()
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        updateChargeConfigInfo
          gridCharge 0 → 1
          window 1 unused → 00:00–05:30
          window 2 unused → 23:30–00:00
          batHighCap 95 % → 90 %
        ");
        assert_eq!(between(&after, &after), []);
        assert_eq!(of_write(&before, &after.settings(Object::Charge)), between(&before, &after)[0]);
    }
}
