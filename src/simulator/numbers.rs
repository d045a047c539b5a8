//! How a system writes its numbers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::units::trimmed;

/// How the numbers of a system look in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Numbers {
    /// `1264.0`
    Floats,
    /// `1264`, rounded
    Integers,
    /// `"1264.0"`
    Strings,
}

impl Numbers {
    /// A number with at most so many decimals.
    pub(super) fn value(self, number: f64, decimals: usize) -> Value {
        match self {
            Numbers::Floats => rounded(number, decimals).into(),
            Numbers::Integers => trimmed(number, 0).parse::<i64>().unwrap_or_default().into(),
            Numbers::Strings => Value::from(format!("{:?}", rounded(number, decimals))),
        }
    }
}

/// To so many decimals, and never `-0.0`.
fn rounded(number: f64, decimals: usize) -> f64 {
    let scale = (0..decimals).fold(1.0, |scale, _| scale * 10.0);
    (number * scale).round() / scale + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_three_looks() {
        let check = |numbers: Numbers, value: f64, decimals: usize, expect: &str| {
            assert_eq!(numbers.value(value, decimals).to_string(), expect);
        };
        check(Numbers::Floats, 1264.4, 0, "1264.0");
        check(Numbers::Floats, -0.2, 0, "0.0");
        check(Numbers::Floats, 56.44, 1, "56.4");
        check(Numbers::Integers, 1263.6, 0, "1264");
        check(Numbers::Integers, -0.2, 0, "0");
        check(Numbers::Strings, 56.0, 1, "\"56.0\"");
    }
}
