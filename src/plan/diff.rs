//! What differs between two schedules, field for field, in the vendor's names.

use std::fmt;

use crate::device::{ChargeSettings, DischargeSettings, Flag, ListWindow, Period, Schedule, Settings, WindowList};

/// What one object changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What the object is to hold.
    pub to: Settings,
    /// Its fields that differ, in the vendor's order; none if it stays as it is.
    pub changes: Vec<Change>,
}

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The vendor's name of the field; a window's two fields are shown as one.
    pub field: String,
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
    /// A switch that the vendor does not give back.
    Unread,
    /// A window of a list; `None` if there is none at that place.
    Listed(Option<ListWindow>),
}

/// What differs between two schedules: one entry for each object of which anything differs, in the store's order; none if
/// they are not of one store.
#[must_use]
pub fn between(from: &Schedule, to: &Schedule) -> Vec<Difference> {
    let contents = to.contents().into_iter().filter(|settings| from.settings(settings.object()).is_some());
    let differences = contents.map(|settings| of_write(from, &settings));
    differences.filter(|difference| !difference.changes.is_empty()).collect()
}

/// What one write changes in the schedule that it finds.
#[must_use]
pub fn of_write(before: &Schedule, settings: &Settings) -> Difference {
    let from = before.settings(settings.object()).map_or_else(Vec::new, |from| fields(&from, settings));
    Difference { to: *settings, changes: changes(from, fields(settings, settings)) }
}

/// The fields of one content, as far down its lists as another goes.
fn fields(of: &Settings, beside: &Settings) -> Vec<(String, Value)> {
    match (of, beside) {
        (Settings::Charge(settings), _) => charge(settings),
        (Settings::Discharge(settings), _) => discharge(settings),
        (Settings::Windows(list), Settings::Windows(beside)) => windows(list, beside),
        (Settings::Windows(list), _) => windows(list, list),
    }
}

fn charge(settings: &ChargeSettings) -> Vec<(String, Value)> {
    let [one, two] = settings.windows;
    vec![
        ("gridCharge".to_owned(), Value::Flag(settings.grid_charge)),
        ("window 1".to_owned(), Value::Window(one)),
        ("window 2".to_owned(), Value::Window(two)),
        ("batHighCap".to_owned(), Value::Percent(settings.cap)),
    ]
}

fn discharge(settings: &DischargeSettings) -> Vec<(String, Value)> {
    let [one, two] = settings.windows;
    vec![
        ("ctrDis".to_owned(), Value::Flag(settings.restricted)),
        ("window 1".to_owned(), Value::Window(one)),
        ("window 2".to_owned(), Value::Window(two)),
        ("batUseCap".to_owned(), Value::Percent(settings.floor)),
    ]
}

fn windows(list: &WindowList, beside: &WindowList) -> Vec<(String, Value)> {
    let numbered = |word: &str, own: &[ListWindow], beside: usize| {
        let count = own.len().max(beside);
        let field = |index: usize| (format!("{word} {}", index + 1), Value::Listed(own.get(index).copied()));
        (0..count).map(field).collect::<Vec<_>>()
    };
    let mut fields = vec![("charging".to_owned(), flag(list.charge))];
    fields.extend(numbered("charge", &list.charge_windows, beside.charge_windows.len()));
    fields.push(("restricted".to_owned(), flag(list.restricted)));
    fields.extend(numbered("permission", &list.permissions, beside.permissions.len()));
    fields
}

fn flag(flag: Flag) -> Value {
    match flag {
        Flag::Off => Value::Flag(false),
        Flag::On => Value::Flag(true),
        Flag::Unread => Value::Unread,
    }
}

/// The fields that differ. A place of a list that one side alone has stands for nothing on the other.
fn changes(from: Vec<(String, Value)>, to: Vec<(String, Value)>) -> Vec<Change> {
    let before = |field: &str| from.iter().find(|(name, _)| name == field).map(|(_, value)| *value);
    let changes = to.iter().map(|(field, to)| Change {
        field: field.clone(),
        from: before(field).unwrap_or(Value::Listed(None)),
        to: *to,
    });
    let after = |field: &str| to.iter().any(|(name, _)| name == field);
    let gone = from.iter().filter(|(field, _)| !after(field));
    let gone = gone.map(|(field, from)| Change { field: field.clone(), from: *from, to: Value::Listed(None) });
    changes.chain(gone).filter(|change| change.from != change.to).collect()
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Flag(on) => f.write_str(if *on { "1" } else { "0" }),
            Value::Window(period) => period.fmt(f),
            Value::Percent(percent) => write!(f, "{percent} %"),
            Value::Unread => f.write_str("unread"),
            Value::Listed(None) => f.write_str("none"),
            Value::Listed(Some(window)) => window.fmt(f),
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
    use crate::device::TwoWindow;

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
        let (before, after) = (Schedule::TwoWindow(before), Schedule::TwoWindow(after));
        let shown: Vec<String> = between(&before, &after)
            .iter()
            .flat_map(|difference| {
                let changes = difference.changes.iter().map(|change| format!("  {change}"));
                std::iter::once(difference.to.update_endpoint().to_owned()).chain(changes).collect::<Vec<_>>()
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
        assert_eq!(of_write(&before, &after.contents()[0]), between(&before, &after)[0]);
    }
}
