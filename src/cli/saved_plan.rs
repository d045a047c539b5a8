//! A plan in a file, and whether the world is still as it was when it was made.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::output::{Failure, failure};
use super::{files, shown};
use crate::plan::Plan;
use crate::report::moment::age;
use crate::time::{Instant, elapsed};

/// The version of the file.
const VERSION: u64 = 1;

/// A saved plan.
pub struct SavedPlan {
    /// The policy's file.
    pub policy: PathBuf,
    plan: Value,
    given: bool,
}

/// Saves a plan, whole or not at all. `given` marks one that rests on what was supposed, which nobody may apply.
///
/// # Errors
/// The file cannot be written.
pub fn save(path: &Path, plan: &Plan<'_>, given: bool) -> Result<(), Failure> {
    let content = json!({
        "offpeak plan": VERSION,
        "policy": plan.policy.file,
        "given": given,
        "plan": shown::json(plan),
    });
    let beside = path.with_extension("new");
    let written = std::fs::write(&beside, format!("{content:#}\n")).and_then(|()| std::fs::rename(&beside, path));
    written.map_err(|error| Failure(format!("{}: {error}", path.display())))
}

impl SavedPlan {
    /// Reads a saved plan; `None` if the file is something else, such as a policy.
    ///
    /// # Errors
    /// The file cannot be read, or is a plan that cannot be used.
    pub fn read(path: &Path) -> Result<Option<SavedPlan>, Failure> {
        let text = files::read_text(path)?;
        if !text.trim_start().starts_with('{') {
            return Ok(None);
        }
        let shown = path.display();
        let damaged =
            |what: &str| Failure(format!("{shown}: not a saved plan ({what}); make one with `offpeak plan --out`"));
        let content: Value = serde_json::from_str(&text).map_err(|error| damaged(&error.to_string()))?;
        match content.get("offpeak plan").and_then(Value::as_u64) {
            Some(VERSION) => {}
            Some(_) => return Err(damaged("another version wrote it")),
            None => return Err(damaged("its version is missing")),
        }
        let policy = content.get("policy").and_then(Value::as_str).ok_or_else(|| damaged("its policy is missing"))?;
        let plan = content.get("plan").filter(|plan| plan.is_object()).ok_or_else(|| damaged("its plan is missing"))?;
        let given = content.get("given").and_then(Value::as_bool).ok_or_else(|| damaged("`given` is missing"))?;
        Ok(Some(SavedPlan { policy: PathBuf::from(policy), plan: plan.clone(), given }))
    }

    /// Whether a plan made now is the saved one still.
    ///
    /// # Errors
    /// What has moved since.
    pub fn still_holds(&self, fresh: &Plan<'_>) -> Result<(), Failure> {
        if self.given {
            return failure("this plan rests on what was given, not on the device; it cannot be applied");
        }
        let now = shown::json(fresh);
        let differs = |key: &str| self.plan.get(key) != now.get(key);
        if differs("policy") {
            return failure("the policy has changed since the plan was made; plan again");
        }
        let made = self.plan.get("now").and_then(Value::as_str).and_then(|at| at.parse::<Instant>().ok());
        let Some(made) = made else { return failure("the saved plan does not say when it was made; plan again") };
        let old = elapsed(made, fresh.inputs.now);
        if made > fresh.inputs.now || old > fresh.policy.limits.reading_max_age {
            return failure(format!("the plan is {}, and a plan holds as long as its readings; plan again", age(old)));
        }
        if differs("present") {
            return failure("the schedule on the device has changed since the plan was made; plan again");
        }
        if differs("writes") {
            return failure("the readings have moved: a plan made now would write something else; plan again");
        }
        Ok(())
    }
}
