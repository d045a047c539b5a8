//! `schema`: the JSON Schema of a policy, for editors.

use super::output::{OK, Outcome, print_json};
use crate::policy;

/// Prints it.
///
/// # Errors
/// None.
pub fn run() -> Outcome {
    print_json(&policy::schema());
    Ok(OK)
}
