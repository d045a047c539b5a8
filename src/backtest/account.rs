//! What flowed, and what it cost.

use super::Track;
use crate::engine::Decision;
use crate::policy::model::Battery;
use crate::units::Energy;

/// What flowed over one piece of a track.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flow {
    /// From the grid.
    pub import: Energy,
    /// To the grid.
    pub export: Energy,
    /// Into the battery, measured outside it.
    pub charged: Energy,
    /// Out of the battery, measured outside it.
    pub discharged: Energy,
    /// What is stored at the end.
    pub stored: Energy,
    /// What held at the beginning; `None` where nobody decides.
    pub decision: Option<Decision>,
}

/// The battery's way through a whole track: one flow a piece.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// What was stored at the beginning.
    pub start: Energy,
    /// The flows, as many as the track has pieces.
    pub flows: Vec<Flow>,
}

/// Sums over flows. Money is in the tariff's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Account {
    /// From the grid.
    pub import: Energy,
    /// To the grid.
    pub export: Energy,
    /// Into the battery, measured outside it.
    pub charged: Energy,
    /// Out of the battery, measured outside it.
    pub discharged: Energy,
    /// What was paid for import; negative where its price was.
    pub paid: f64,
    /// What export earned; negative where its price was.
    pub earned: f64,
    /// What was stored at the end less what was stored at the beginning.
    pub gained: Energy,
}

impl Course {
    /// No battery at all: what the sun does not give comes from the grid, what is left over goes there.
    #[must_use]
    pub fn without_battery(track: &Track) -> Course {
        let flow = |piece: &super::Piece| {
            let span = std::time::Duration::from_secs(u64::from(piece.seconds));
            let net = (piece.load - piece.solar).over(span);
            Flow {
                import: net.max(Energy::ZERO),
                export: (-net).max(Energy::ZERO),
                charged: Energy::ZERO,
                discharged: Energy::ZERO,
                stored: Energy::ZERO,
                decision: None,
            }
        };
        Course { start: Energy::ZERO, flows: track.pieces.iter().map(flow).collect() }
    }

    /// What is stored at the end.
    #[must_use]
    pub fn end(&self) -> Energy {
        self.flows.last().map_or(self.start, |flow| flow.stored)
    }

    /// The sums over everything.
    #[must_use]
    pub fn account(&self, track: &Track) -> Account {
        Account::of(&self.months(track))
    }

    /// The sums of each month of the track.
    #[must_use]
    pub fn months(&self, track: &Track) -> Vec<Account> {
        let mut months = vec![Account::default(); track.months.len()];
        let mut stored = self.start;
        for (piece, flow) in track.pieces.iter().zip(&self.flows) {
            if let Some(month) = months.get_mut(piece.month) {
                month.add(flow, piece.import.amount(), piece.export.amount(), stored);
            }
            stored = flow.stored;
        }
        months
    }
}

impl Account {
    /// The sum of several.
    #[must_use]
    pub fn of(parts: &[Account]) -> Account {
        parts.iter().fold(Account::default(), |sum, part| sum.and(part))
    }

    /// What was paid less what was earned.
    #[must_use]
    pub fn bill(&self) -> f64 {
        self.paid - self.earned
    }

    /// The bill with what is left in the battery at a price per stored kWh: less what is there more than at the beginning.
    #[must_use]
    pub fn compared(&self, stored_price: f64) -> f64 {
        self.bill() - self.gained.kilowatt_hours() * stored_price
    }

    /// What went into the battery and neither came out nor is there.
    #[must_use]
    pub fn lost(&self) -> Energy {
        self.charged - self.discharged - self.gained
    }

    /// How many times what the battery holds went through it, by what was drawn from the store.
    #[must_use]
    pub fn cycles(&self, battery: &Battery) -> f64 {
        let drawn = self.discharged.watt_hours() / battery.discharge_efficiency.factor();
        let capacity = battery.capacity.watt_hours();
        if capacity > 0.0 { drawn / capacity } else { 0.0 }
    }

    fn add(&mut self, flow: &Flow, import: f64, export: f64, stored: Energy) {
        self.import = self.import + flow.import;
        self.export = self.export + flow.export;
        self.charged = self.charged + flow.charged;
        self.discharged = self.discharged + flow.discharged;
        self.paid += flow.import.kilowatt_hours() * import;
        self.earned += flow.export.kilowatt_hours() * export;
        self.gained = self.gained + (flow.stored - stored);
    }

    fn and(self, other: &Account) -> Account {
        Account {
            import: self.import + other.import,
            export: self.export + other.export,
            charged: self.charged + other.charged,
            discharged: self.discharged + other.discharged,
            paid: self.paid + other.paid,
            earned: self.earned + other.earned,
            gained: self.gained + other.gained,
        }
    }
}
