//! Files that stand beside a policy and are read as one is: the same YAML, the same diagnostics.

use super::load::diagnostic;
use super::lower::Context;
use super::signs::clean;
use super::yaml::{self, Fault, Node, Value};

/// A text with its tree, before anything is made of it.
pub(crate) struct Parsed<'t> {
    text: &'t str,
    tree: Result<Node, Fault>,
    cleaned: super::signs::Cleaned,
}

impl<'t> Parsed<'t> {
    /// Reads a text.
    pub(crate) fn of(text: &'t str) -> Parsed<'t> {
        let cleaned = clean(text);
        Parsed { text, tree: yaml::parse(&cleaned.text), cleaned }
    }

    /// The tree, if the text is YAML and says anything.
    pub(crate) fn root(&self) -> Option<&Node> {
        self.tree.as_ref().ok().filter(|root| !is_nothing(root))
    }

    /// A context in which problems of the text are told; what the reading itself found is in it.
    pub(crate) fn context(&self) -> Context<'_> {
        let mut cx = Context::of_text(self.text, self.cleaned.at.clone());
        cx.diagnostics.clone_from(&self.cleaned.diagnostics);
        if let Err(fault) = &self.tree {
            cx.push(diagnostic(fault.clone(), self.text));
        }
        cx
    }
}

fn is_nothing(root: &Node) -> bool {
    matches!(&root.value, Value::Scalar(scalar) if scalar.is_empty())
}
