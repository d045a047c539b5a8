//! From the text of a file to a policy, or to everything that is wrong with it.

use sha2::{Digest, Sha256};

use super::lower::{self, Context};
use super::model::Policy;
use super::signs::clean;
use super::yaml::{self, Fault, Node, Value};
use crate::diagnostic::{Code, Diagnostic, Lines};

/// The largest policy that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// What came of reading a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The policy; `None` if there is any error.
    pub policy: Option<Policy>,
    /// Every problem, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a policy. Pure: the file's name is for output alone.
#[must_use]
pub fn load(file: &str, text: &str) -> Loaded {
    if text.len() > MAX_BYTES {
        return refused(too_large(text));
    }
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return refused(empty(text));
    }
    let cleaned = clean(text);
    let mut cx = Context::new(text, cleaned.at);
    cx.diagnostics = cleaned.diagnostics;
    let policy = match yaml::parse(&cleaned.text) {
        Ok(root) if is_nothing(&root) => {
            cx.push(empty(text));
            None
        }
        Ok(root) => lower::policy(&mut cx, &root, file, revision(text)),
        Err(fault) => {
            let fault = diagnostic(fault, text);
            cx.push(fault);
            None
        }
    };
    let mut diagnostics = cx.diagnostics;
    diagnostics.sort_by_key(|diagnostic| (diagnostic.place.bytes.start, diagnostic.place.bytes.end));
    Loaded { policy, diagnostics }
}

/// Which revision of a policy a text is: its SHA-256 in hex.
#[must_use]
pub fn revision(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn refused(diagnostic: Diagnostic) -> Loaded {
    Loaded { policy: None, diagnostics: vec![diagnostic] }
}

fn too_large(text: &str) -> Diagnostic {
    let message = format!("the policy has {} bytes, and {MAX_BYTES} is the most that is read", text.len());
    Diagnostic::error(Code("too-large"), Lines::of("").place(0..0), message, "begins here")
}

fn empty(text: &str) -> Diagnostic {
    let place = Lines::of(text).place(0..0);
    let help = "`offpeak init` writes a policy to start from";
    Diagnostic::error(Code("empty"), place, "the policy is empty", "expected `offpeak: 1` and the rest of a policy")
        .help(help)
}

pub(super) fn is_nothing(root: &Node) -> bool {
    matches!(&root.value, Value::Scalar(scalar) if scalar.is_empty())
}

pub(super) fn diagnostic(fault: Fault, text: &str) -> Diagnostic {
    let place = Lines::of(text).place(fault.bytes);
    let diagnostic = Diagnostic::error(fault.code, place, fault.message, fault.label);
    Diagnostic { help: fault.help.map(str::to_owned), ..diagnostic }
}
