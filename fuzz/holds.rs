//! What holds for any input, for the fuzzers and for the test over their corpus.

use offpeak::diagnostic::{Severity, render, to_json};
use offpeak::policy::fmt::{canonical, canonical_tests};
use offpeak::policy::model::Quantity;
use offpeak::policy::{Policy, load, load_any, sentence};
use offpeak::snapshot::Signal;
use offpeak::vendor::{alphaess, atess};

/// A text as a policy: no panic; places that lie in the text; `check` and `fmt` agree about what is valid; and what `fmt` writes
/// means the same and stays as it is.
pub fn policy_load(text: &str) {
    let loaded = load("any.yaml", text);
    let failed = loaded.diagnostics.iter().any(|found| found.severity == Severity::Error);
    assert_eq!(loaded.policy.is_none(), failed, "a policy exactly without errors");
    for found in &loaded.diagnostics {
        assert!(text.get(found.place.bytes.clone()).is_some(), "{:?} lies in the text", found.place);
        assert!(found.place.line >= 1 && found.place.column >= 1 && !found.message.is_empty());
    }
    let shown = render(&loaded.diagnostics, "any.yaml", text, false);
    assert_eq!(shown.is_empty(), loaded.diagnostics.is_empty());
    assert!(to_json(&loaded.diagnostics, "any.yaml", text).is_array());
    let any = load_any("any.yaml", text, &alone);
    assert!(any.shared.is_some() || any == loaded, "what is no shared file is read as a policy");
    match (loaded.policy, canonical("any.yaml", text)) {
        (Some(policy), Ok(out)) => stays(&policy, text, &out),
        (Some(_), Err(refused)) => panic!("`check` takes what `fmt` refuses: {refused:?}\n{text}"),
        (None, Ok(_)) => assert!(any.shared.is_some() && any.is_good(), "`fmt` takes what `check` refuses:\n{text}"),
        (None, Err(refused)) => {
            assert!(!refused.is_empty() && !any.is_good(), "`check` takes what `fmt` refuses:\n{text}")
        }
    }
    if let Ok(out) = canonical_tests(text) {
        assert_eq!(canonical_tests(&out).as_deref(), Ok(out.as_str()), "a layout stays as it is:\n{text}");
    }
}

/// No file but the one that is read, in the loader's words.
fn alone(_: &str) -> Result<String, String> {
    Err("no other file than the policy's own can be read here".to_owned())
}

fn stays(policy: &Policy, text: &str, out: &str) {
    let again = load("any.yaml", out);
    let same = again.policy.as_ref().map(meaning) == Some(meaning(policy));
    assert!(same, "the meaning changed:\n{text}\n{out}\n{}", render(&again.diagnostics, "any.yaml", out, false));
    assert_eq!(canonical("any.yaml", out).as_deref(), Ok(out), "the layout changed again:\n{text}");
    let comments = |text: &str| text.matches('#').count();
    assert!(comments(out) <= comments(text), "a `#` was made up:\n{text}\n{out}");
}

/// A policy without its places, its revision and its words: what it means.
pub fn meaning(policy: &Policy) -> String {
    let mut policy = policy.clone();
    policy.revision = String::new();
    without(&without(&format!("{policy:?}"), "Place {", '}'), "text: \"", '"')
}

/// A text without every stretch that begins so and ends at this sign, escaped ones left aside.
fn without(text: &str, start: &str, end: char) -> String {
    let mut out = String::new();
    let mut parts = text.split(start);
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let mut escaped = false;
        let close = part.find(|c: char| {
            let found = c == end && !escaped;
            escaped = c == '\\' && !escaped;
            found
        });
        out.push_str(close.and_then(|at| part.get(at + 1..)).unwrap_or_default());
    }
    out
}

/// A text as every sentence of the language: no panic, and the place of a problem lies in the text.
pub fn sentence(text: &str) {
    let mut problems = vec![
        sentence::parse_action(text).err(),
        sentence::window(text).err(),
        sentence::clock(text).err(),
        sentence::days(text).err(),
        sentence::months(text).err(),
        sentence::date(text).err(),
        sentence::date_range(text).err(),
        sentence::percent(text).err(),
        sentence::power(text).err(),
        sentence::energy(text).err(),
        sentence::price(text).err(),
        sentence::duration(text).err(),
        sentence::forecast(text).err(),
    ];
    let readings = Signal::ALL.into_iter().map(Quantity::Reading);
    for quantity in readings.chain([Quantity::ImportPrice, Quantity::ExportPrice]) {
        problems.push(sentence::comparison(text, quantity).err());
    }
    for problem in problems.into_iter().flatten() {
        assert!(text.get(problem.bytes.clone()).is_some(), "{:?} lies in {text:?}", problem.bytes);
        assert!(!problem.one_line().is_empty());
    }
    if let Ok(action) = sentence::parse_action(text) {
        assert_eq!(sentence::parse_action(&action.to_string()), Ok(action), "{text:?}");
    }
}

/// A text as a vendor's reply, as a device file and as what a driver remembers: no panic.
pub fn vendor_reply(text: &str) {
    let _ = alphaess::parse_device_file(text);
    let _ = alphaess::Memory::from_text(text);
    let _ = atess::Memory::from_text(text);
    if let Ok(data) = text.parse::<serde_json::Value>() {
        let _ = alphaess::parse_charge(&data);
        let _ = alphaess::parse_discharge(&data);
        let _ = alphaess::parse_periodic(&data);
    }
}
