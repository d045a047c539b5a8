//! The two-window store as the cloud keeps it and as the device copies it: two objects of the same shape.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Both objects of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// What `getChargeConfigInfo` shows.
    pub charge: Half,
    /// What `getDisChargeConfigInfo` shows.
    pub discharge: Half,
}

/// One object: a flag, two daily periods, and a percentage that serves both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Half {
    /// `gridCharge` or `ctrDis`.
    pub enabled: bool,
    /// The two periods, either of which may be unused.
    pub periods: [Period; 2],
    /// `batHighCap` or `batUseCap`, in percent.
    pub percent: u8,
}

/// A daily period in minutes since midnight, 0 to 1439; unused where both are equal. An end of 0 is midnight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The start.
    pub from: u16,
    /// The end, exclusive.
    pub to: u16,
}

/// Which of the two objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Which {
    /// The charge object.
    Charge,
    /// The discharge object.
    Discharge,
}

/// Why a body is not the content of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// The field is missing or of another type.
    Malformed(&'static str),
    /// The field holds what the object may not.
    OutOfRange(&'static str),
    /// A charge and a discharge window of the periodic store share a moment.
    Overlap,
}

/// The vendor's names of the six fields of an object: flag, start and end twice, percentage.
type Fields = [&'static str; 6];

impl Default for Schedule {
    /// As a device leaves the factory: no windows, no restriction, full use above a tenth.
    fn default() -> Schedule {
        let unused = [Period::default(); 2];
        Schedule {
            charge: Half { enabled: false, periods: unused, percent: 100 },
            discharge: Half { enabled: false, periods: unused, percent: 10 },
        }
    }
}

impl Schedule {
    /// One object.
    #[must_use]
    pub fn half(&self, which: Which) -> Half {
        match which {
            Which::Charge => self.charge,
            Which::Discharge => self.discharge,
        }
    }

    pub(super) fn is_sound(&self) -> bool {
        let time = |minutes: u16| minutes < 1440;
        let half = |half: &Half| half.percent <= 100 && half.periods.iter().all(|one| time(one.from) && time(one.to));
        half(&self.charge) && half(&self.discharge)
    }

    /// Replaces one object.
    pub fn set(&mut self, which: Which, half: Half) {
        match which {
            Which::Charge => self.charge = half,
            Which::Discharge => self.discharge = half,
        }
    }
}

impl Half {
    /// Whether the device would take it: a time off the quarter hours makes it ignore the whole object.
    #[must_use]
    pub fn is_on_grid(&self) -> bool {
        self.periods.iter().all(|period| period.from % 15 == 0 && period.to % 15 == 0)
    }

    /// Whether it is enabled and any of its periods is used.
    #[must_use]
    pub fn is_in_force(&self) -> bool {
        self.enabled && self.periods.iter().any(|period| !period.is_unused())
    }

    /// The six fields in the vendor's words, the percentage as `percent` writes it.
    pub(super) fn to_fields(self, which: Which, percent: Value) -> Map<String, Value> {
        let [flag, from1, to1, from2, to2, limit] = which.fields();
        let [one, two] = self.periods;
        let fields = [
            (flag, Value::from(u8::from(self.enabled))),
            (from1, Value::from(clock(one.from))),
            (to1, Value::from(clock(one.to))),
            (from2, Value::from(clock(two.from))),
            (to2, Value::from(clock(two.to))),
            (limit, percent),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The object that six fields describe, whose percentage is at least `least`.
    pub(super) fn from_fields(which: Which, body: &Map<String, Value>, least: u8) -> Result<Half, Misfit> {
        let [flag, from1, to1, from2, to2, limit] = which.fields();
        let field = |name: &'static str| body.get(name).filter(|value| !value.is_null()).ok_or(Misfit::Malformed(name));
        let time = |name| field(name).and_then(|value| minutes(name, value));
        let enabled = field(flag).and_then(|value| switch(flag, value))?;
        let periods = [Period { from: time(from1)?, to: time(to1)? }, Period { from: time(from2)?, to: time(to2)? }];
        let percent = field(limit).and_then(|value| percentage(limit, value, least))?;
        Ok(Half { enabled, periods, percent })
    }
}

impl Period {
    /// Whether there is no period.
    #[must_use]
    pub fn is_unused(self) -> bool {
        self.from == self.to
    }

    /// The end in minutes since midnight, 1 to 1440.
    #[must_use]
    pub fn end(self) -> u16 {
        if self.to == 0 { 1440 } else { self.to }
    }
}

impl Which {
    /// Both objects.
    pub const ALL: [Which; 2] = [Which::Charge, Which::Discharge];

    fn fields(self) -> Fields {
        match self {
            Which::Charge => ["gridCharge", "timeChaf1", "timeChae1", "timeChaf2", "timeChae2", "batHighCap"],
            Which::Discharge => ["ctrDis", "timeDisf1", "timeDise1", "timeDisf2", "timeDise2", "batUseCap"],
        }
    }
}

/// Minutes since midnight as the vendor writes them: `05:30`.
pub(super) fn clock(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
}

pub(super) fn minutes(name: &'static str, value: &Value) -> Result<u16, Misfit> {
    let text = value.as_str().ok_or(Misfit::Malformed(name))?;
    let (hour, minute) = text.split_once(':').ok_or(Misfit::OutOfRange(name))?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let number = |part: &str| if two_digits(part) { part.parse::<u16>().ok() } else { None };
    match (number(hour), number(minute)) {
        (Some(hour), Some(minute)) if hour < 24 && minute < 60 => Ok(hour * 60 + minute),
        _ => Err(Misfit::OutOfRange(name)),
    }
}

pub(super) fn switch(name: &'static str, value: &Value) -> Result<bool, Misfit> {
    match value.as_i64() {
        Some(0) => Ok(false),
        Some(1) => Ok(true),
        Some(_) => Err(Misfit::OutOfRange(name)),
        None => Err(Misfit::Malformed(name)),
    }
}

/// The vendor's advice is to send an integer, so nothing else is taken.
fn percentage(name: &'static str, value: &Value, least: u8) -> Result<u8, Misfit> {
    let percent = value.as_i64().ok_or(Misfit::Malformed(name))?;
    u8::try_from(percent).ok().filter(|percent| (least..=100).contains(percent)).ok_or(Misfit::OutOfRange(name))
}
