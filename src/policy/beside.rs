//! Files that stand beside a policy and are read as one is: the same YAML, the same diagnostics.

use super::load::{diagnostic, is_nothing};
use super::lower::Context;
use super::signs::clean;
use super::yaml::{self, Node};

/// The tree of a text, if it has one, and the context in which problems are told.
pub(crate) fn tree(text: &str) -> (Context<'_>, Option<Node>) {
    let cleaned = clean(text);
    let mut cx = Context::new(text, cleaned.at);
    cx.diagnostics = cleaned.diagnostics;
    match yaml::parse(&cleaned.text) {
        Ok(root) => (cx, Some(root).filter(|root| !is_nothing(root))),
        Err(fault) => {
            let fault = diagnostic(fault, text);
            cx.push(fault);
            (cx, None)
        }
    }
}
