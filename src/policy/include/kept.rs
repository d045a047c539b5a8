//! A policy with all its files as one text, so that a revision and the journal know the whole.

/// How such a text begins. YAML knows no such character, so no policy's own text begins like this.
const MARK: &str = "\u{1}offpeak policy and the files that it includes\n";

/// The policy's text alone if it includes nothing; else how many texts there are, and each after a line with its length in bytes
/// and its path.
pub(in crate::policy) fn keep<'t>(policy: &'t str, included: impl IntoIterator<Item = (&'t str, &'t str)>) -> String {
    let texts: Vec<(&str, &str)> = std::iter::once(("", policy)).chain(included).collect();
    if texts.len() == 1 {
        return policy.to_owned();
    }
    let mut kept = format!("{MARK}{}\n", texts.len());
    for (path, text) in &texts {
        kept.push_str(&format!("{} {path}\n{text}\n", text.len()));
    }
    kept
}

/// The policy's text, and the included texts with their paths. What is no such text is a policy alone.
pub(in crate::policy) fn parts(kept: &str) -> (&str, Vec<(&str, &str)>) {
    let (count, mut rest) = kept.strip_prefix(MARK).and_then(|rest| rest.split_once('\n')).unwrap_or_default();
    let mut parts = Vec::new();
    while let Some((path, text, after)) = part(rest) {
        parts.push((path, text));
        rest = after;
    }
    let whole = rest.is_empty() && count.parse() == Ok(parts.len());
    let mut parts = parts.into_iter();
    match parts.next() {
        Some(("", policy)) if whole => (policy, parts.collect()),
        _ => (kept, Vec::new()),
    }
}

fn part(rest: &str) -> Option<(&str, &str, &str)> {
    let (head, rest) = rest.split_once('\n')?;
    let (length, path) = head.split_once(' ')?;
    let (text, after) = rest.split_at_checked(length.parse().ok()?)?;
    Some((path, text, after.strip_prefix('\n')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_again() {
        let check = |policy: &str, included: &[(&str, &str)]| {
            let kept = keep(policy, included.iter().copied());
            assert_eq!(parts(&kept), (policy, included.to_vec()));
        };
        check("offpeak: 1\n", &[]);
        check("", &[("a.yaml", "")]);
        check("offpeak: 1", &[("a b.yaml", "é\n3 x\n"), ("../c.ics", "\r\n"), ("a.yaml", "1 \n")]);
    }

    #[test]
    fn a_damaged_text_is_a_policy_that_nobody_can_read() {
        let kept = keep("offpeak: 1", [("a.yaml", "x: é")]);
        for at in (1..kept.len()).filter(|at| kept.is_char_boundary(*at)) {
            let cut = &kept[..at];
            assert_eq!(parts(cut), (cut, Vec::new()));
        }
        for bad in ["1\n99999999999999999999999 \n", "1\n5 a\nabc\n", "1\n1 \né\n", "1\nx \n\n", "2\n1 \na\n", "x\n"] {
            let bad = format!("{MARK}{bad}");
            assert_eq!(parts(&bad), (bad.as_str(), Vec::new()));
        }
    }
}
