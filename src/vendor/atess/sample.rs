//! The raw numbers of one moment, for finding out what they mean.

use std::collections::BTreeMap;

use crate::time::Instant;

/// Every number of one set of data, under the vendor's names and in the vendor's units.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// When it was measured by the plant's own stamp, read in the site's zone; when it was read if it has none, or one ahead
    /// of that.
    pub at: Instant,
    /// The numbers. What is missing or null is not in it.
    pub fields: BTreeMap<String, f64>,
}
