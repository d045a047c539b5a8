//! The journal as the verbs look at it that have no policy at hand: its sites, and the policy that each stands under.

use std::path::{Path, PathBuf};

use super::output::{Failure, failure};
use super::session::Session;
use crate::device::Driver;
use crate::diagnostic::nearest;
use crate::journal::{Journal, JournalError};
use crate::policy::{self, Policy};
use crate::time::{Instant, Zone};

/// Hex digits of a revision that tell it from the others of one file.
const SHORT: usize = 12;

/// A journal that is read.
pub struct Past {
    /// The state folder.
    pub folder: PathBuf,
    /// The journal.
    pub journal: Journal,
}

/// A site and the policy that it stands under.
pub struct Known {
    /// The site's name.
    pub site: String,
    /// The policy; `None` if its text is gone or another version of the program wrote it.
    pub policy: Option<Policy>,
}

impl Past {
    /// The journal of the state folder, to be read; `None` if nothing has run there yet.
    ///
    /// # Errors
    /// The folder is not known, or the journal cannot be used.
    pub fn open(session: &Session<'_>) -> Result<Option<Past>, Failure> {
        let folder = session.state()?;
        let opened = Journal::read_only(&folder).map_err(|error| unusable(&folder, &error))?;
        Ok(opened.map(|journal| Past { folder, journal }))
    }

    /// The same where there must be one.
    ///
    /// # Errors
    /// As [`Past::open`]; nothing has run there yet.
    pub fn must_open(session: &Session<'_>) -> Result<Past, Failure> {
        match Past::open(session)? {
            Some(past) => Ok(past),
            None => failure(format!(
                "{}; begin with `offpeak apply POLICY` or `offpeak run POLICY`",
                nothing_yet(&session.state()?)
            )),
        }
    }

    /// Every site, or the one that was asked for.
    ///
    /// # Errors
    /// The journal cannot be read, or does not know the site.
    pub fn sites(&self, asked: Option<&str>) -> Result<Vec<Known>, Failure> {
        let names = self.journal.sites()?;
        let wanted = match asked {
            None => names,
            Some(name) if names.iter().any(|known| known == name) => vec![name.to_owned()],
            Some(name) => return self.unknown(name, &names),
        };
        wanted.into_iter().map(|site| self.known(site)).collect()
    }

    /// The site that was asked for, or the only one.
    ///
    /// # Errors
    /// The journal cannot be read, does not know the site, or knows several where none was asked for.
    pub fn site(&self, asked: Option<&str>) -> Result<Known, Failure> {
        let mut sites = self.sites(asked)?;
        match (sites.pop(), sites.as_slice()) {
            (Some(only), []) => Ok(only),
            (None, _) => failure(format!(
                "{}; begin with `offpeak apply POLICY` or `offpeak run POLICY`",
                nothing_yet(&self.folder)
            )),
            (Some(last), others) => {
                let names: Vec<&str> = others.iter().chain([&last]).map(|known| known.site.as_str()).collect();
                failure(format!(
                    "the journal of {} knows several sites: say which with --site: {}",
                    self.folder.display(),
                    names.join(", ")
                ))
            }
        }
    }

    /// The present of a site. A simulated world keeps the time of its last request, and what followed it is journaled.
    ///
    /// # Errors
    /// The clock does not answer, or the journal cannot be read.
    pub fn now(&self, session: &Session<'_>, known: &Known) -> Result<Instant, Failure> {
        let now = session.runtime()?.block_on(async {
            Ok::<_, Failure>(match &known.policy {
                Some(policy) => session.site_clock(policy).await?.now(),
                None => session.clock().await?.now(),
            })
        })?;
        if known.policy.as_ref().is_none_or(|policy| policy.device.driver() != Driver::Simulated) {
            return Ok(now);
        }
        let newest = self.journal.decision_at(&known.site, Instant::MAX_UTC)?.map(|tick| tick.at);
        let verified = self.journal.verified_cycle(&known.site)?;
        Ok([newest, verified].into_iter().flatten().fold(now, Instant::max))
    }

    fn known(&self, site: String) -> Result<Known, Failure> {
        let revision = self.journal.revision_in_force(&site)?;
        let policy = revision.and_then(|revision| policy::load_kept(&revision.file, &revision.text).policy);
        Ok(Known { site, policy })
    }

    fn unknown<T>(&self, name: &str, names: &[String]) -> Result<T, Failure> {
        let known = names.iter().map(String::as_str);
        let near = nearest(name, known).map_or(String::new(), |near| format!("; did you mean {near}?"));
        let names = if names.is_empty() { "none yet".to_owned() } else { names.join(", ") };
        let folder = self.folder.display();
        failure(format!("--site {name}: the journal of {folder} does not know this site (it knows: {names}){near}"))
    }
}

impl Known {
    /// The zone of the site's clock; UTC if its policy is not known.
    pub fn zone(&self) -> Zone {
        self.policy.as_ref().map_or_else(Zone::utc, |policy| policy.zone.clone())
    }

    /// The policy.
    ///
    /// # Errors
    /// It is not known.
    pub fn policy(&self) -> Result<&Policy, Failure> {
        self.policy.as_ref().ok_or_else(|| {
            Failure(format!(
                "{}: the policy in the journal cannot be understood by this version; run `offpeak apply POLICY` or \
                 `offpeak run POLICY` first",
                self.site
            ))
        })
    }
}

/// Why a journal cannot be used, where it is, and what to do.
pub fn unusable(folder: &Path, error: &JournalError) -> Failure {
    let file = folder.join("journal.db");
    let remedy = if error.is_damage() {
        "; the next `offpeak run` or `offpeak apply` sets a damaged journal aside and begins a new one"
    } else {
        ""
    };
    Failure(format!("{}: {error}{remedy}", file.display()))
}

/// That there is no journal.
pub fn nothing_yet(folder: &Path) -> String {
    format!("nothing has run yet in {}", folder.display())
}

/// The beginning of a revision.
pub fn short(revision: &str) -> String {
    revision.chars().take(SHORT).collect()
}
