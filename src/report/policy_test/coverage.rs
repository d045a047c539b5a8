//! Which rules no test fired.

use super::Report;
use crate::policy::Policy;
use crate::policy::model::Rule;

/// What the tests of one policy fired.
pub(super) struct Coverage<'a> {
    /// The policy.
    pub(super) policy: &'a Policy,
    /// For each rule whether any test fired it.
    pub(super) fired: Vec<bool>,
}

/// One entry for each policy, in the order in which they come.
pub(super) fn coverage<'a>(report: &Report<'a>) -> Vec<Coverage<'a>> {
    let mut found: Vec<Coverage<'a>> = Vec::new();
    for file in report.files.iter().filter(|file| !report.filtered && !file.is_unusable()) {
        let Some(policy) = file.policy else { continue };
        let position = found.iter().position(|known| known.policy.file == policy.file);
        let position = position.unwrap_or_else(|| {
            found.push(Coverage { policy, fired: vec![false; policy.rules.len()] });
            found.len() - 1
        });
        let Some(known) = found.get_mut(position) else { continue };
        for (_, outcome) in &file.tests {
            known.fired.iter_mut().zip(&outcome.fired).for_each(|(seen, fired)| *seen |= fired);
        }
    }
    found
}

impl<'a> Coverage<'a> {
    /// The rules that no test fired, in the policy's order.
    pub(super) fn idle(&self) -> Vec<&'a Rule> {
        let rules = self.policy.rules.iter().zip(&self.fired);
        rules.filter(|(_, fired)| !**fired).map(|(rule, _)| rule).collect()
    }
}
