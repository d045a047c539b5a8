//! Drivers by their words.

use super::output::{Failure, failure};
use crate::device::Driver;
use crate::diagnostic::nearest;

/// Every driver that the language knows.
const DRIVERS: [Driver; 3] = [Driver::AlphaEss, Driver::Atess, Driver::Simulated];

/// The driver of a word.
///
/// # Errors
/// There is none.
pub fn named(word: &str) -> Result<Driver, Failure> {
    if let Some(driver) = DRIVERS.into_iter().find(|driver| driver.word() == word) {
        return Ok(driver);
    }
    let words = DRIVERS.map(Driver::word);
    let near = nearest(word, words).map_or(String::new(), |near| format!("; did you mean {near}?"));
    failure(format!("--driver {word}: no such driver: expected one of {}{near}", words.join(", ")))
}
