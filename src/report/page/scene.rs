//! What a page shows, as plain data: whoever has it needs neither a policy nor a history.

use chrono::NaiveDate;

/// What a page shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// What the page is about.
    pub title: String,
    /// The history, the battery and the length of a look, in one line.
    pub subtitle: String,
    /// What must be known beside the pictures: gaps of the history, how energy left over was priced.
    pub notes: Vec<String>,
    /// The currency of all money.
    pub currency: String,
    /// The ways that are compared, in the order of their costs everywhere.
    pub ways: Vec<Way>,
    /// The months in order: year and month, counted from 1.
    pub months: Vec<(i32, u32)>,
    /// The sums.
    pub totals: Totals,
    /// Everything that the policy did, each once.
    pub acts: Vec<Act>,
    /// The days in order.
    pub days: Vec<Day>,
}

/// One way through the history.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// A stable word for it, which is also the class of its pictures.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// What it cost in all.
    pub cost: f64,
    /// What it cost in each month.
    pub months: Vec<f64>,
    /// From the grid, in kWh.
    pub import: f64,
    /// To the grid, in kWh.
    pub export: f64,
    /// How many times the battery was used up.
    pub cycles: f64,
}

/// What stands above the pictures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// The one sentence that matters most.
    pub lead: Option<String>,
    /// The rules: name, hours for which it won, what the policy would have cost more without it.
    pub rules: Vec<(String, f64, Option<f64>)>,
}

/// Something that the policy did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Of which kind.
    pub kind: Kind,
    /// In the words of the plan screen.
    pub words: String,
    /// The rule that decided it, or words for none.
    pub rule: String,
}

/// What the battery is asked to do, as far as a colour tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Charge from the grid.
    Charge,
    /// No discharge.
    Hold,
    /// The device's own way.
    SelfConsume,
    /// Forced out.
    Discharge,
}

/// A local day.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    /// Its date.
    pub date: NaiveDate,
    /// What is known of it, in order.
    pub slots: Vec<Slot>,
}

/// A stretch of a day in which nothing changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot {
    /// Minutes since the local day began, as time passes.
    pub since: u16,
    /// What the wall clock shows, in minutes since 00:00.
    pub clock: u16,
    /// How long it is, in minutes.
    pub minutes: u16,
    /// What a kWh from the grid cost.
    pub import: f64,
    /// What a kWh to the grid earned.
    pub export: f64,
    /// W that the house drew.
    pub load: f64,
    /// W of the sun.
    pub solar: f64,
    /// W of the battery: `+` discharge, `-` charge.
    pub battery: f64,
    /// W at the meter: `+` import, `-` export.
    pub grid: f64,
    /// % at its end.
    pub soc: f64,
    /// % at its end, had the optimum been followed; `None` where there is none.
    pub best: Option<f64>,
    /// What was done, as a position in [`Scene::acts`].
    pub act: usize,
}

impl Kind {
    /// Every kind, in the order of a legend.
    pub const ALL: [Kind; 4] = [Kind::Charge, Kind::Hold, Kind::SelfConsume, Kind::Discharge];

    /// The class of its pictures.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Kind::Charge => "charge",
            Kind::Hold => "hold",
            Kind::SelfConsume => "own",
            Kind::Discharge => "discharge",
        }
    }

    /// What people call it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Kind::Charge => "charge from the grid",
            Kind::Hold => "hold",
            Kind::SelfConsume => "self-consume",
            Kind::Discharge => "discharge",
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Two days of a night tariff: the battery charges at night and gives by day.
    pub(in crate::report::page) fn two_days() -> Scene {
        let way = |code: &str, name: &str, cost: f64| Way {
            code: code.to_owned(),
            name: name.to_owned(),
            cost,
            months: vec![cost],
            import: 20.0,
            export: 1.5,
            cycles: 0.8,
        };
        let act = |kind, words: &str, rule: &str| Act { kind, words: words.to_owned(), rule: rule.to_owned() };
        let slot = |hour: u16| Slot {
            since: hour * 60,
            clock: hour * 60,
            minutes: 60,
            import: if hour < 6 { 0.07 } else { 0.27 },
            export: 0.05,
            load: 500.0,
            solar: if (10..14).contains(&hour) { 900.0 } else { 0.0 },
            battery: if hour < 6 { -1500.0 } else { 300.0 },
            grid: if hour < 6 { 2000.0 } else { 200.0 },
            soc: if hour < 6 { 30.0 + 10.0 * f64::from(hour) } else { 90.0 - 3.0 * f64::from(hour) },
            best: Some(50.0),
            act: usize::from(hour >= 6),
        };
        let day = |date: &str| Day { date: date.parse().expect("a date"), slots: (0..24).map(slot).collect() };
        Scene {
            title: "home: what the policy was worth".to_owned(),
            subtitle: "48 slots of 60 min · 10.1 kWh".to_owned(),
            notes: vec!["Energy left over is priced at 0.20 GBP a stored kWh.".to_owned()],
            currency: "GBP".to_owned(),
            ways: vec![way("none", "no battery", 4.5), way("policy", "the policy", -0.25)],
            months: vec![(2026, 1)],
            totals: Totals {
                lead: Some("It saved 4.75 GBP.".to_owned()),
                rules: vec![("Top up".to_owned(), 12.0, Some(1.25)), ("Never".to_owned(), 0.0, None)],
            },
            acts: vec![
                act(Kind::Charge, "charge to 90 %, then hold", "Top up"),
                act(Kind::SelfConsume, "self-consume", "no rule matched"),
            ],
            days: vec![day("2026-01-15"), day("2026-01-16")],
        }
    }
}
