//! One moment.

use super::judge::{self, Difference, Failure, Outcome, Scene, Wanted};
use super::memory::{TICK, memory, prices, readings, valueless};
use super::model::Test;
use crate::device::PerObject;
use crate::engine::{Situation, evaluate};
use crate::plan::budget::Permits;
use crate::plan::{Inputs, Outlook};
use crate::policy::Policy;
use crate::policy::model::{Condition, Quantity};
use crate::tariff::Prices;
use crate::time::{Instant, after};

/// Decides it, and compares.
pub(super) fn run(policy: &Policy, test: &Test, at: Instant) -> Outcome {
    let snapshot = readings(policy, &test.given, at, None);
    let priced = if looks_at_prices(policy) { told(policy, test, at) } else { Prices::default() };
    let situation = Situation { snapshot: &snapshot, prices: &priced, manual: None, now: at };
    let mut memory = memory(policy, &test.given, at);
    if !policy.observations.is_empty() {
        memory.observe(policy, &situation);
    }
    let decision = evaluate(policy, &situation, &memory);
    let fired = judge::fired(policy, [decision.source]);
    let asked = test.expect.throughout.as_ref().filter(|asked| !judge::meets(policy, asked, &decision));
    let failures = asked.map(|asked| {
        let inputs = Inputs {
            now: at,
            horizon: TICK,
            readings: snapshot.clone(),
            memory: memory.clone(),
            manual: None,
            outlook: Outlook::default(),
            present: None,
            used: PerObject::default(),
            permits: Permits::FREE,
            last_change: None,
        };
        let scene = Scene { inputs, prices: told(policy, test, at), valueless: valueless(&test.given, at) };
        let wanted = Wanted::Holds { asked: asked.clone(), from: at, until: at };
        Failure::Decision(Box::new(Difference { at, wanted, found: decision, scene }))
    });
    Outcome { fired, failures: failures.into_iter().collect(), run: None }
}

/// The prices of the moment.
fn told(policy: &Policy, test: &Test, at: Instant) -> Prices {
    prices(policy, &test.given, at, after(at, TICK))
}

/// Whether any rule looks at a price; most do not, and then no price need be worked out.
fn looks_at_prices(policy: &Policy) -> bool {
    fn looks(condition: &Condition) -> bool {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => parts.iter().any(looks),
            Condition::Not(inner) => looks(inner),
            Condition::Compare(comparison) => {
                matches!(comparison.quantity, Quantity::ImportPrice | Quantity::ExportPrice)
            }
            Condition::Calendar(_) | Condition::NotYetKnown(_) => false,
        }
    }
    policy.rules.iter().any(|rule| looks(&rule.when))
}
