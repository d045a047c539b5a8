//! Credentials that stand in a file by mistake are never printed, whatever else is wrong with their line.

use super::nearest;

/// The words that name a credential, in lower case and without spaces, dashes and underscores.
const WORDS: [&str; 16] = [
    "appid",
    "appsecret",
    "secret",
    "secretkey",
    "clientsecret",
    "apikey",
    "apisecret",
    "appkey",
    "accesskey",
    "token",
    "accesstoken",
    "authorization",
    "password",
    "passphrase",
    "passwd",
    "credentials",
];

/// Whether a key names a credential, spelt rightly or nearly so.
#[must_use]
pub fn is_credential(key: &str) -> bool {
    let word: String = key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(40).collect();
    word.chars().count() >= 4 && nearest(&word, WORDS).is_some()
}

/// The same text with every credential replaced by stars, byte for byte, so that places stay true.
///
/// A value runs to the end of its line and over the deeper lines that follow; a URL's `user:password@` counts as well.
pub(super) fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut hiding: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let hidden = hiding.is_some_and(|depth| line.trim().is_empty() || indent > depth);
        if hidden {
            out.push_str(&stars(line));
            continue;
        }
        hiding = None;
        let Some((shown, secret)) = secret_of(line) else {
            out.push_str(&without_user(line));
            continue;
        };
        hiding = Some(if secret.trim().is_empty() && indent > 0 { indent - 1 } else { indent });
        out.push_str(shown);
        out.push_str(&stars(secret));
    }
    out
}

/// A line cut after the first key that names a credential.
fn secret_of(line: &str) -> Option<(&str, &str)> {
    let colons = line.match_indices(':').map(|(at, _)| at);
    let cut = colons.into_iter().find(|at| line.get(..*at).is_some_and(ends_with_credential))?;
    Some(line.split_at(cut + 1))
}

/// Whether what stands before a colon ends with the name of a credential.
fn ends_with_credential(before: &str) -> bool {
    let key = before.rsplit([',', '{', '[', ':', '#', '?']).next().unwrap_or_default();
    is_credential(key.trim().trim_start_matches("- "))
}

/// A line whose URLs have lost their user and password.
fn without_user(line: &str) -> String {
    let parts = line.split_once("://").and_then(|(scheme, rest)| {
        let end = rest.find(['/', ' ', '"', '\'', '\n', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let (user, host) = authority.rsplit_once('@')?;
        Some(format!("{scheme}://{}@{host}{tail}", stars(user)))
    });
    parts.unwrap_or_else(|| line.to_owned())
}

/// As many stars as there are bytes; spaces and line ends stay.
fn stars(text: &str) -> String {
    let star = |c: char| if c.is_ascii_whitespace() { c.to_string() } else { "*".repeat(c.len_utf8()) };
    text.chars().map(star).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_of_a_credential_is_left_and_places_stay() {
        let check = |text: &str, expect: &str| {
            assert_eq!(masked(text), expect);
            assert_eq!(masked(text).len(), text.len());
        };
        check("  app id: alpha123\n  serial: X\n", "  app id: ********\n  serial: X\n");
        check("device: { app_secret: s3cr, serial: X }\n", "device: { app_secret: ***** ******* * *\n");
        check("\"Secret\": |\n  one\n  two\nsite: x\n", "\"Secret\": *\n  ***\n  ***\nsite: x\n");
        check("  token:\n  abc\nsite: x\n", "  token:\n  ***\nsite: x\n");
        check("  secrte: é\n", "  secrte: **\n");
        check("url: https://me:pw@host/x\n", "url: https://*****@host/x\n");
        check("soc: below 30%\n", "soc: below 30%\n");
    }

    #[test]
    fn credentials_are_known_by_many_spellings() {
        for key in ["app id", "appId", "APP_SECRET", "api-key", "token", "Tokn", "password", "secret"] {
            assert!(is_credential(key), "{key}");
        }
        for key in ["serial", "url", "driver", "site", "soc", "rules", "tariff", "reserve", "currency", "capacity"] {
            assert!(!is_credential(key), "{key}");
        }
    }
}
