//! From the text of a file to a policy, or to everything that is wrong with it.

use sha2::{Digest, Sha256};

use super::include::{Alone, Files, Gathered, gather, keep, parts};
use super::lower::{self, Context};
use super::model::Policy;
use super::shared::{Shared, is_shared};
use super::yaml::{Fault, Node};
use crate::diagnostic::{Code, Diagnostic, Lines, Severity, Source, Texts};

/// The largest policy that is read, in bytes; what it includes comes on top.
pub const MAX_BYTES: usize = 1 << 20;

/// What came of reading a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The policy; `None` if there is any error, or the file is a shared one.
    pub policy: Option<Policy>,
    /// What a shared file holds; `None` if the file was read as a policy.
    pub shared: Option<Shared>,
    /// Every problem, in the order of the files and of what stands in them.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts into which the problems point.
    pub texts: Texts,
    /// The policy with all its files as one text: what its revision is the digest of, and [`load_kept`] reads.
    pub kept: String,
    /// Every file that the policy includes, readable or not, by its path from the policy's folder on.
    pub included: Vec<String>,
}

impl Loaded {
    /// Whether nothing is wrong with the file, warnings aside.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.diagnostics.iter().all(|found| found.severity != Severity::Error)
    }
}

/// Reads a policy that includes nothing. Pure: the file's name is for output alone.
#[must_use]
pub fn load(file: &str, text: &str) -> Loaded {
    load_with(file, text, &Alone)
}

/// Reads a policy with the files that it includes. Pure as far as `files` is.
#[must_use]
pub fn load_with(file: &str, text: &str, files: &dyn Files) -> Loaded {
    read(file, text, files, |_| false)
}

/// Reads a file for its own sake: one that holds nothing but what policies share as such a file, any other as a policy. Pure as
/// far as `files` is.
#[must_use]
pub fn load_any(file: &str, text: &str, files: &dyn Files) -> Loaded {
    read(file, text, files, is_shared)
}

fn read(file: &str, text: &str, files: &dyn Files, shared: fn(&Node) -> bool) -> Loaded {
    if text.len() > MAX_BYTES {
        return refused(file, text, too_large(text));
    }
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return refused(file, text, lower::empty(&Lines::of(text)));
    }
    let gathered = gather(file, text, files);
    let kept = kept(&gathered);
    let mut cx = Context::new(&gathered.files);
    let is_shared = gathered.files.first().and_then(|file| file.tree()).is_some_and(shared);
    let shared = is_shared.then(|| lower::shared(&mut cx));
    let policy = if is_shared { None } else { lower::policy(&mut cx, file, digest(&kept)) };
    let mut diagnostics = cx.diagnostics;
    let texts = texts(file, &gathered);
    texts.sort(&mut diagnostics);
    let included = gathered.asked.into_iter().map(|(path, _)| path).collect();
    Loaded { policy, shared, diagnostics, texts, kept, included }
}

/// Reads a policy that was kept with all its files as one text: [`Loaded::kept`].
#[must_use]
pub fn load_kept(file: &str, kept: &str) -> Loaded {
    let (text, included) = parts(kept);
    let find = |path: &str| {
        let found = included.iter().find(|(known, _)| *known == path);
        found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| "it was not kept".to_owned())
    };
    load_with(file, text, &find)
}

/// Which revision of a policy a text is, if it includes nothing: its SHA-256 in hex.
#[must_use]
pub fn revision(text: &str) -> String {
    digest(text)
}

/// Which revision a policy's text is beside these included files as they are now. It is that of [`load_with`] as long as no file
/// has changed, costs no look into the texts, and differs where a file cannot be read.
#[must_use]
pub fn revision_with(text: &str, included: &[String], files: &dyn Files) -> String {
    let texts: Vec<String> = included.iter().map(|path| files.text(path).unwrap_or_else(|why| missing(&why))).collect();
    digest(&keep(text, included.iter().map(String::as_str).zip(texts.iter().map(String::as_str))))
}

fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn kept(gathered: &Gathered) -> String {
    let policy = gathered.files.first().map_or("", |file| file.text.as_str());
    let text = |found: &Result<usize, String>| match found {
        Ok(number) => gathered.files.get(*number).map(|file| file.text.clone()).unwrap_or_default(),
        Err(why) => missing(why),
    };
    let included: Vec<(&str, String)> =
        gathered.asked.iter().map(|(path, found)| (path.as_str(), text(found))).collect();
    keep(policy, included.iter().map(|(path, text)| (*path, text.as_str())))
}

/// What stands for a file that cannot be read, so that it is noticed once it can.
fn missing(why: &str) -> String {
    format!("\u{1}{why}")
}

fn texts(file: &str, gathered: &Gathered) -> Texts {
    let mut files = gathered.files.iter();
    let policy = files.next().map_or("", |file| file.text.as_str());
    let included = files.filter_map(|file| Some(Source { file: file.name.clone()?, text: file.text.clone() }));
    Texts::of(file, policy).including(included.collect())
}

fn refused(file: &str, text: &str, diagnostic: Diagnostic) -> Loaded {
    Loaded {
        policy: None,
        shared: None,
        diagnostics: vec![diagnostic],
        texts: Texts::of(file, text),
        kept: text.to_owned(),
        included: Vec::new(),
    }
}

/// Why a text is no YAML of the kind that policies use.
pub(super) fn diagnostic(fault: Fault, text: &str) -> Diagnostic {
    let place = Lines::of(text).place(fault.bytes);
    let diagnostic = Diagnostic::error(fault.code, place, fault.message, fault.label);
    Diagnostic { help: fault.help.map(str::to_owned), ..diagnostic }
}

fn too_large(text: &str) -> Diagnostic {
    let message = format!("the file has {} bytes, and {MAX_BYTES} is the most that is read", text.len());
    Diagnostic::error(Code("too-large"), Lines::of("").place(0..0), message, "begins here")
}
