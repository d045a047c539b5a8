//! Where the vendor's credentials come from, and that nobody else may read them. They are never printed: neither in an
//! error nor in debug output.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// The environment variable of the application id.
pub const APP_ID: &str = "OFFPEAK_ALPHAESS_APP_ID";

/// The environment variable of the application secret.
pub const APP_SECRET: &str = "OFFPEAK_ALPHAESS_APP_SECRET";

/// The environment variable of the ATESS token.
pub const TOKEN: &str = "OFFPEAK_ATESS_TOKEN";

/// The name of the file in the configuration folder.
pub const FILE: &str = "credentials.yaml";

/// The largest credentials file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// The longest id or secret, in bytes: they travel in headers.
const MAX_SECRET_BYTES: usize = 1024;

/// What the AlphaESS developer portal gives out.
#[derive(Clone, Debug)]
pub struct AlphaEssCredentials {
    /// The application id.
    pub app_id: SecretString,
    /// The application secret.
    pub app_secret: SecretString,
}

/// What ATESS gives out: one token for an account.
#[derive(Clone, Debug)]
pub struct AtessCredentials {
    /// The token.
    pub token: SecretString,
}

/// Why there are no credentials. None of the texts contains any of a file's content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// Neither the environment nor a file has any.
    #[error("no {vendor} credentials: set {variables}, or write {path} with mode 0600")]
    Missing {
        /// Whose.
        vendor: &'static str,
        /// The environment variables that would do.
        variables: &'static str,
        /// The file that would do.
        path: String,
    },
    /// Only one of the two variables is set.
    #[error("{0} is not set, though its sibling is")]
    Half(&'static str),
    /// A value cannot be one.
    #[error("{0} is empty, too long, or has letters that no credential has")]
    Unusable(&'static str),
    /// The file cannot be read.
    #[error("{path}: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// Others may read the file.
    #[error("{path}: others may read it (mode {mode:04o}); run `chmod 600 {path}`")]
    Exposed {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is no credentials file.
    #[error(
        "{path}:{line}:{column}: not a credentials file; it holds `alphaess:` with `app id:` and `app secret:`, `atess:` with `token:`"
    )]
    NotCredentials {
        /// The file.
        path: String,
        /// The line, counted from 1; 0 if unknown.
        line: u64,
        /// The column, counted from 1; 0 if unknown.
        column: u64,
    },
}

#[derive(Deserialize)]
struct Content {
    alphaess: Option<Keys>,
    atess: Option<TokenKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    #[serde(rename = "app id", alias = "app_id")]
    app_id: SecretText,
    #[serde(rename = "app secret", alias = "app_secret")]
    app_secret: SecretText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenKey {
    token: SecretText,
}

/// A text that goes into a secret at once.
#[derive(Deserialize)]
#[serde(from = "String")]
struct SecretText(SecretString);

impl From<String> for SecretText {
    fn from(text: String) -> SecretText {
        SecretText(SecretString::from(text))
    }
}

impl AlphaEssCredentials {
    /// Credentials from their two parts; white space around them is dropped, as it comes with copying.
    ///
    /// # Errors
    /// Which of them cannot be one: empty, over a kilobyte, or with letters that do not fit into a header.
    pub fn new(app_id: &str, app_secret: &str) -> Result<AlphaEssCredentials, CredentialsError> {
        Ok(AlphaEssCredentials { app_id: usable(app_id, APP_ID)?, app_secret: usable(app_secret, APP_SECRET)? })
    }

    /// Credentials from the environment, else from `credentials.yaml` in the configuration folder.
    ///
    /// `lookup` gives the value of an environment variable; a variable that is set but empty counts as not set.
    ///
    /// # Errors
    /// Why there are none.
    pub fn find(
        lookup: impl Fn(&str) -> Option<String>,
        folder: Option<&Path>,
    ) -> Result<AlphaEssCredentials, CredentialsError> {
        let value = |name| lookup(name).filter(|value| !value.trim().is_empty());
        match (value(APP_ID), value(APP_SECRET)) {
            (Some(app_id), Some(app_secret)) => AlphaEssCredentials::new(&app_id, &app_secret),
            (Some(_), None) => Err(CredentialsError::Half(APP_SECRET)),
            (None, Some(_)) => Err(CredentialsError::Half(APP_ID)),
            (None, None) => AlphaEssCredentials::from_file(folder),
        }
    }

    fn from_file(folder: Option<&Path>) -> Result<AlphaEssCredentials, CredentialsError> {
        let missing = |path| CredentialsError::Missing {
            vendor: "AlphaESS",
            variables: "OFFPEAK_ALPHAESS_APP_ID and OFFPEAK_ALPHAESS_APP_SECRET",
            path,
        };
        let (content, path) = content(folder)?;
        let keys = content.and_then(|content| content.alphaess).ok_or_else(|| missing(path))?;
        AlphaEssCredentials::new(keys.app_id.0.expose_secret(), keys.app_secret.0.expose_secret())
    }
}

impl AtessCredentials {
    /// Credentials from the token; white space around it is dropped, as it comes with copying.
    ///
    /// # Errors
    /// It cannot be one: empty, over a kilobyte, or with letters that do not fit into a header.
    pub fn new(token: &str) -> Result<AtessCredentials, CredentialsError> {
        Ok(AtessCredentials { token: usable(token, TOKEN)? })
    }

    /// Credentials from the environment, else from `credentials.yaml` in the configuration folder.
    ///
    /// `lookup` gives the value of an environment variable; a variable that is set but empty counts as not set.
    ///
    /// # Errors
    /// Why there are none.
    pub fn find(
        lookup: impl Fn(&str) -> Option<String>,
        folder: Option<&Path>,
    ) -> Result<AtessCredentials, CredentialsError> {
        if let Some(token) = lookup(TOKEN).filter(|value| !value.trim().is_empty()) {
            return AtessCredentials::new(&token);
        }
        let missing = |path| CredentialsError::Missing { vendor: "ATESS", variables: TOKEN, path };
        let (content, path) = content(folder)?;
        let key = content.and_then(|content| content.atess).ok_or_else(|| missing(path))?;
        AtessCredentials::new(key.token.0.expose_secret())
    }
}

/// A secret that fits into a header.
fn usable(text: &str, name: &'static str) -> Result<SecretString, CredentialsError> {
    let text = text.trim();
    let fits = !text.is_empty() && text.len() <= MAX_SECRET_BYTES && text.bytes().all(|b| b.is_ascii_graphic());
    if fits { Ok(SecretString::from(text)) } else { Err(CredentialsError::Unusable(name)) }
}

/// What the file of a folder holds, if there is one, and where it is or would be.
fn content(folder: Option<&Path>) -> Result<(Option<Content>, String), CredentialsError> {
    let Some(path) = folder.map(|folder| folder.join(FILE)) else { return Ok((None, FILE.to_owned())) };
    let shown = path.display().to_string();
    if !path.exists() {
        return Ok((None, shown));
    }
    let text = read_private(&path, &shown)?;
    let parsed: Content = serde_yaml::from_str(&text).map_err(|error| not_credentials(&shown, &error))?;
    Ok((Some(parsed), shown))
}

/// The folder of `credentials.yaml`: `offpeak` in the XDG configuration folder. `lookup` gives environment variables.
#[must_use]
pub fn config_folder(lookup: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let absolute = |name| lookup(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")))?;
    Some(base.join("offpeak"))
}

/// Reads a file that only its owner may read. The check is made on the opened file, so that nobody can swap it between.
fn read_private(path: &Path, shown: &str) -> Result<String, CredentialsError> {
    let unreadable = |reason: String| CredentialsError::Unreadable { path: shown.to_owned(), reason };
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let facts = file.metadata().map_err(|error| unreadable(error.to_string()))?;
    if !facts.is_file() {
        return Err(unreadable("not a file".to_owned()));
    }
    check_mode(&facts, shown)?;
    let mut text = String::new();
    let mut bounded = file.take(MAX_FILE_BYTES + 1);
    bounded.read_to_string(&mut text).map_err(|error| unreadable(error.to_string()))?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(unreadable(format!("larger than {MAX_FILE_BYTES} bytes")));
    }
    Ok(text)
}

#[cfg(unix)]
fn check_mode(facts: &std::fs::Metadata, shown: &str) -> Result<(), CredentialsError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = facts.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(CredentialsError::Exposed { path: shown.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn check_mode(_: &std::fs::Metadata, _: &str) -> Result<(), CredentialsError> {
    Ok(())
}

/// The place alone: the parser's own text quotes the file.
fn not_credentials(shown: &str, error: &serde_yaml::Error) -> CredentialsError {
    let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
    CredentialsError::NotCredentials { path: shown.to_owned(), line, column }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(env: &[(&str, &str)], folder: Option<&Path>) -> Result<(String, String), String> {
        let lookup = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let found = AlphaEssCredentials::find(lookup, folder).map_err(|error| format!("{error} {error:?}"))?;
        assert!(!format!("{found:?}").contains("hush"), "debug output shows a secret");
        Ok((found.app_id.expose_secret().to_owned(), found.app_secret.expose_secret().to_owned()))
    }

    #[cfg(unix)]
    fn written(folder: &Path, text: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join(FILE);
        std::fs::write(&path, text).expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("a mode");
    }

    #[test]
    fn the_environment_comes_first_and_must_be_whole() {
        let both = [(APP_ID, " id-1\n"), (APP_SECRET, "hush-1")];
        assert_eq!(found(&both, None), Ok(("id-1".to_owned(), "hush-1".to_owned())));
        let check = |env: &[(&str, &str)], expect: &str| {
            let error = found(env, None).expect_err("no credentials");
            assert!(error.contains(expect) && !error.contains("hush"), "{error}");
        };
        check(&both[..1], "OFFPEAK_ALPHAESS_APP_SECRET is not set");
        check(&both[1..], "OFFPEAK_ALPHAESS_APP_ID is not set");
        check(&[], "no AlphaESS credentials: set OFFPEAK_ALPHAESS_APP_ID and");
        check(&[(APP_ID, "a"), (APP_SECRET, "hush hush")], "OFFPEAK_ALPHAESS_APP_SECRET is empty, too long");
        check(&[(APP_ID, "é"), (APP_SECRET, "hush")], "OFFPEAK_ALPHAESS_APP_ID is empty, too long");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_read_only_if_it_is_private_and_well_formed() {
        let folder = tempfile::tempdir().expect("a folder");
        let good = "alphaess:\n  app id: id-2\n  app secret: hush-2\n";
        let check = |text: &str, mode: u32, expect: Result<(&str, &str), &str>| {
            written(folder.path(), text, mode);
            match (found(&[], Some(folder.path())), expect) {
                (Ok((id, secret)), Ok(expect)) => assert_eq!((id.as_str(), secret.as_str()), expect),
                (Err(error), Err(expect)) => {
                    assert!(error.contains(expect) && !error.contains("hush"), "{error}");
                }
                (found, expect) => panic!("{found:?}, expected {expect:?}"),
            }
        };
        check(good, 0o600, Ok(("id-2", "hush-2")));
        check(good, 0o400, Ok(("id-2", "hush-2")));
        check("alphaess: { app_id: 007, app_secret: hush }", 0o600, Ok(("007", "hush")));
        check(&format!("{good}atess:\n  token: t\n"), 0o600, Ok(("id-2", "hush-2")));
        check(good, 0o640, Err("others may read it (mode 0640); run `chmod 600"));
        check(good, 0o604, Err("others may read it (mode 0604)"));
        check("alphaess:\n  app id: id-2\n  app secrt: hush-2\n", 0o600, Err("credentials.yaml:3:"));
        check("alphaess: [hush", 0o600, Err("not a credentials file"));
        check("alphaess:\n  app id: id-2\n", 0o600, Err("not a credentials file"));
        check("atess:\n  token: hush\n", 0o600, Err("no AlphaESS credentials"));
        check(&format!("{good}#{}", "x".repeat(70_000)), 0o600, Err("larger than 65536 bytes"));
        check("\0hush", 0o600, Err("not a credentials file"));
    }

    #[test]
    fn a_token_comes_from_the_environment_or_from_the_same_file() {
        let found = |env: Option<&str>, folder: Option<&Path>| {
            let lookup = |name: &str| env.filter(|_| name == TOKEN).map(str::to_owned);
            let found = AtessCredentials::find(lookup, folder).map_err(|error| format!("{error} {error:?}"));
            assert!(!format!("{found:?}").contains("hush"), "debug output shows a secret");
            found.map(|found| found.token.expose_secret().to_owned())
        };
        assert_eq!(found(Some(" hush-1\n"), None), Ok("hush-1".to_owned()));
        let error = |env, folder: Option<&Path>| found(env, folder).expect_err("no credentials");
        assert!(
            error(None, None).starts_with("no ATESS credentials: set OFFPEAK_ATESS_TOKEN, or write credentials.yaml")
        );
        assert!(error(Some(" "), None).starts_with("no ATESS credentials"));
        assert!(error(Some("hush hush"), None).starts_with("OFFPEAK_ATESS_TOKEN is empty, too long"));
        #[cfg(unix)]
        {
            let folder = tempfile::tempdir().expect("a folder");
            let check = |text: &str, mode: u32, expect: Result<&str, &str>| {
                written(folder.path(), text, mode);
                match (found(None, Some(folder.path())), expect) {
                    (Ok(token), Ok(expect)) => assert_eq!(token, expect),
                    (Err(error), Err(expect)) => assert!(error.contains(expect) && !error.contains("hush"), "{error}"),
                    (found, expect) => panic!("{found:?}, expected {expect:?}"),
                }
            };
            let alphaess = "alphaess:\n  app id: id-2\n  app secret: hush-2\n";
            check("atess:\n  token: hush-3\n", 0o600, Ok("hush-3"));
            check(&format!("{alphaess}atess: {{ token: 0071 }}\n"), 0o600, Ok("0071"));
            check("atess:\n  token: hush-3\n", 0o644, Err("others may read it (mode 0644)"));
            check("atess:\n  tokn: hush-3\n", 0o600, Err("`atess:` with `token:`"));
            check(alphaess, 0o600, Err("no ATESS credentials"));
        }
    }

    #[test]
    fn the_folder_follows_the_xdg_rules() {
        let check = |env: &[(&str, &str)], expect: Option<&str>| {
            let lookup = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(config_folder(lookup), expect.map(PathBuf::from));
        };
        check(&[("XDG_CONFIG_HOME", "/c"), ("HOME", "/h")], Some("/c/offpeak"));
        check(&[("XDG_CONFIG_HOME", "relative"), ("HOME", "/h")], Some("/h/.config/offpeak"));
        check(&[], None);
    }
}
