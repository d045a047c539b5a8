//! `schema`: the JSON Schema of a policy or of its tests, for editors.

use super::args::Schema;
use super::output::{OK, Outcome, print_json};
use crate::policy;

/// Prints it.
///
/// # Errors
/// None.
pub fn run(options: &Schema) -> Outcome {
    print_json(&if options.tests { policy::test_schema() } else { policy::schema() });
    Ok(OK)
}
