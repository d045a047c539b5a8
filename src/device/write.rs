//! The words of a write that the protocol and the journal share: what is sent in which order, and what became of it.

use std::fmt;

use super::schedule::{Schedule, Settings};
use super::two_window::Period;
use crate::time::Instant;

/// Whether a write takes more grip of the device or less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WriteKind {
    /// Less grip: it adds none in any quarter hour and raises neither target nor floor, but for a floor up to the reserve,
    /// which is a guard. It is always allowed.
    Withdrawal,
    /// More grip: a charge, a hold. It needs a durable intent, fresh readings and budget.
    Grant,
}

/// One write of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What the object is to hold.
    pub settings: Settings,
    /// Whether that takes more grip or less.
    pub kind: WriteKind,
}

/// Writes that belong together, in the order in which they go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// The journal's number for it.
    pub id: i64,
    /// Why it is written, in one line for people.
    pub reason: String,
    /// What the device held before the first step.
    pub before: Schedule,
    /// The writes.
    pub steps: Vec<Step>,
}

/// What is known of one write. Each word has the meaning of its own and none stands for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The vendor said yes. Proof of nothing else.
    Accepted,
    /// The vendor said no: nothing was stored.
    Refused,
    /// Nobody knows whether it was stored: it must be read before any retry.
    Unknown,
    /// It was read back: the cloud holds it.
    Stored,
    /// It was read back: the cloud does not hold it.
    NotStored,
    /// The battery's power moved as commanded.
    Effective,
    /// The battery's power should have moved and did not.
    NotEffective,
    /// Nothing needed to move, or nothing was seen.
    NotObservable,
}

/// One send that was intended, as the journal remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which step of the sequence, counted from 0.
    pub step: usize,
    /// When it was intended.
    pub at: Instant,
    /// The last that became known of the exchange; `None` if the process ended before anything did.
    pub outcome: Option<Outcome>,
}

impl Sequence {
    /// What the object of a step held before that step went out; `None` past the last step.
    #[must_use]
    pub fn before_step(&self, step: usize) -> Option<Settings> {
        let object = self.steps.get(step)?.settings.object();
        let earlier = self.steps.iter().take(step).rev().map(|earlier| earlier.settings);
        earlier.into_iter().find(|settings| settings.object() == object).or(self.before.settings(object))
    }
}

impl WriteKind {
    /// The word for it in output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            WriteKind::Grant => "grant",
            WriteKind::Withdrawal => "withdrawal",
        }
    }
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Outcome; 8] = [
        Outcome::Accepted,
        Outcome::Refused,
        Outcome::Unknown,
        Outcome::Stored,
        Outcome::NotStored,
        Outcome::Effective,
        Outcome::NotEffective,
        Outcome::NotObservable,
    ];

    /// The words for it in output.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Outcome::Accepted => "accepted",
            Outcome::Refused => "refused",
            Outcome::Unknown => "outcome unknown",
            Outcome::Stored => "stored",
            Outcome::NotStored => "not stored",
            Outcome::Effective => "effective",
            Outcome::NotEffective => "not effective",
            Outcome::NotObservable => "not observable",
        }
    }
}

impl fmt::Display for Settings {
    /// One line for people: `grid charge 23:30–00:00, 00:00–05:30 to 90 %`, `discharge unrestricted, floor 10 %`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Settings::Charge(charge) if !charge.grid_charge => f.write_str("no grid charge"),
            Settings::Charge(charge) => write!(f, "grid charge {} to {} %", listed(charge.windows), charge.cap),
            Settings::Discharge(discharge) if !discharge.restricted => {
                write!(f, "discharge unrestricted, floor {} %", discharge.floor)
            }
            Settings::Discharge(discharge) => {
                write!(f, "discharge only {}, floor {} %", listed(discharge.windows), discharge.floor)
            }
            Settings::Windows(list) => list.fmt(f),
        }
    }
}

/// The windows that are used, in one line.
fn listed(windows: [Period; 2]) -> String {
    let used: Vec<String> = windows.iter().filter(|window| !window.is_unused()).map(Period::to_string).collect();
    if used.is_empty() { "never".to_owned() } else { used.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{ChargeSettings, DischargeSettings, TwoWindow};

    const NEUTRAL: TwoWindow = TwoWindow::NEUTRAL;

    fn charge(on: bool, cap: u8) -> Settings {
        let window = Period { from: "02:00".parse().expect("a time"), to: "05:00".parse().expect("a time") };
        Settings::Charge(ChargeSettings { grid_charge: on, windows: [window, Period::UNUSED], cap })
    }

    #[test]
    fn one_object_has_a_meaning_of_its_own() {
        let floor = |floor| Settings::Discharge(DischargeSettings { floor, ..NEUTRAL.discharge });
        let check = |one: Settings, other: Settings, expect: bool| {
            assert_eq!(one.same_meaning(&other), expect, "{one} | {other}");
        };
        check(charge(true, 90), charge(true, 90), true);
        check(charge(true, 90), charge(true, 80), false);
        check(charge(true, 90), charge(false, 90), false);
        check(charge(false, 90), charge(false, 20), true);
        check(floor(10), floor(10), true);
        check(floor(10), floor(20), false);
        check(floor(10), charge(false, 90), false);
    }

    #[test]
    fn a_step_knows_what_its_object_held_before_it() {
        let step = |settings| Step { settings, kind: WriteKind::Grant };
        let release = Settings::Discharge(NEUTRAL.discharge);
        let steps = vec![step(charge(true, 50)), step(release), step(charge(true, 90))];
        let sequence = Sequence { id: 1, reason: String::new(), before: Schedule::TwoWindow(NEUTRAL), steps };
        assert_eq!(sequence.before_step(0), Some(Settings::Charge(NEUTRAL.charge)));
        assert_eq!(sequence.before_step(1), Some(release));
        assert_eq!(sequence.before_step(2), Some(charge(true, 50)));
        assert_eq!(sequence.before_step(3), None);
    }

    #[test]
    fn settings_read_as_people_write_them() {
        assert_eq!(charge(true, 90).to_string(), "grid charge 02:00–05:00 to 90 %");
        assert_eq!(charge(false, 90).to_string(), "no grid charge");
        assert_eq!(Settings::Discharge(NEUTRAL.discharge).to_string(), "discharge unrestricted, floor 10 %");
    }
}
