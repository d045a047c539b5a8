//! Paths of included files.

use super::Refused;

/// How long a path may be, in bytes.
const MAX_LENGTH: usize = 400;

/// The path, from the policy's folder on, of a file that another file there names. `..` is worked out in the names alone.
pub(super) fn resolve(from: &str, written: &str) -> Result<String, Refused> {
    let written = written.trim();
    if let Some(refused) = refused(written) {
        return Err(refused);
    }
    let folder = folder(from);
    let path = normal(&format!("{folder}{written}"));
    let names_a_file = !matches!(path.rsplit('/').next(), Some("" | "..")) && !written.ends_with('/');
    let bounded = path.len() <= MAX_LENGTH;
    if names_a_file && bounded { Ok(path) } else { Err(Refused::path("this names no file", None)) }
}

/// What stands before the last name: empty, or with a `/` at its end.
pub(super) fn folder(file: &str) -> &str {
    file.rfind('/').and_then(|at| file.get(..=at)).unwrap_or_default()
}

/// A path without `.`, doubled `/`, and `..` as far as it takes back a name.
pub(super) fn normal(path: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." if names.last().is_some_and(|last| *last != "..") => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", names.join("/"))
}

fn refused(written: &str) -> Option<Refused> {
    let drive = written.as_bytes().get(1) == Some(&b':') && written.starts_with(|c: char| c.is_ascii_alphabetic());
    let (message, help) = if written.contains("://") {
        ("nothing is included from the network", "fetch the file, look at it, and keep it beside the policy")
    } else if written.starts_with(['/', '~']) || drive {
        (
            "a path that begins at the root differs from machine to machine",
            "write `shared/holidays.yaml`, or `../shared/holidays.yaml` for a folder beside this one",
        )
    } else if written.contains('\\') {
        ("`\\` does not part the names of a path here", "write `/` between the names")
    } else if written.chars().any(char::is_control) || written.len() > MAX_LENGTH {
        ("this names no file", "write a path such as `shared/holidays.yaml`")
    } else {
        return None;
    };
    Some(Refused::path(message, Some(help)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_followed_from_the_including_file_on() {
        let check = |from: &str, written: &str, expect: Option<&str>| {
            assert_eq!(resolve(from, written).ok().as_deref(), expect, "{written} in {from}");
        };
        check("home.yaml", "shared/ev.yaml", Some("shared/ev.yaml"));
        check("home.yaml", "./shared//ev.yaml", Some("shared/ev.yaml"));
        check("shared/ev.yaml", "days.ics", Some("shared/days.ics"));
        check("shared/ev.yaml", "../days.ics", Some("days.ics"));
        check("shared/ev.yaml", "../../all/days.ics", Some("../all/days.ics"));
        check("../all/a.yaml", "../../b.yaml", Some("../../b.yaml"));
        check("a/b.yaml", "...", Some("a/..."));
        for bad in ["", " ", ".", "..", "a/", "a/..", "/etc/x", "~/x", "C:/x", "c:x", "a\\b", "https://h/x.ics", "a\nb"]
        {
            check("home.yaml", bad, None);
        }
        check("home.yaml", &"a/".repeat(300), None);
    }

    #[test]
    fn a_normal_path_is_its_own_normal_path() {
        for path in ["a/../b", "../../a", "/../a", "a/./b//c", "a/../../b", ""] {
            assert_eq!(normal(&normal(path)), normal(path), "{path}");
        }
        assert_eq!(normal("/a/../../b"), "/../b");
    }
}
