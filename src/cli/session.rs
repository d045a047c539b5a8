//! What the verbs share: the state folder, the clock, the policy, the device.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};

use super::args::Common;
use super::form::{Form, Format};
use super::output::{Failure, failure, tell};
use super::{files, past, terminal};
use crate::clock::{Clock, ShiftedClock, SystemClock};
use crate::clock_remote::RemoteClock;
use crate::diagnostic::{self, Severity};
use crate::journal::Journal;
use crate::policy::{self, Policy};
use crate::runner::{self, Ground, Links, Site, Way};
use crate::vendor::account::Scope;
use crate::vendor::simulated::Kept;

/// The options of one call of the program.
pub struct Session<'a> {
    common: &'a Common,
}

/// A policy with the text that it was loaded from, together with what it includes.
pub struct Loaded {
    /// The policy.
    pub policy: Policy,
    /// Its file's text, with those of the files that it includes.
    pub text: String,
}

impl<'a> Session<'a> {
    /// The session of these options.
    pub fn new(common: &'a Common) -> Session<'a> {
        Session { common }
    }

    /// The form of the answer.
    pub fn format(&self) -> Format {
        self.common.format.plain()
    }

    /// The form of the answer as it was asked for.
    pub fn form(&self) -> Form {
        self.common.format
    }

    /// The state folder, which need not be there yet.
    ///
    /// # Errors
    /// Nothing says where it is, or something else is there.
    pub fn state(&self) -> Result<PathBuf, Failure> {
        let folder = files::state_folder(self.common.state.as_deref())?;
        if folder.exists() && !folder.is_dir() {
            return failure(format!("{}: is no folder; say where the state folder is with --state", folder.display()));
        }
        Ok(folder)
    }

    /// A runtime for what has to wait.
    ///
    /// # Errors
    /// The system gives none.
    pub fn runtime(&self) -> Result<Runtime, Failure> {
        Ok(Builder::new_current_thread().enable_all().build()?)
    }

    /// The clock: the machine's, or that of a simulator on this machine.
    ///
    /// # Errors
    /// The simulator does not answer.
    pub async fn clock(&self) -> Result<Arc<dyn Clock>, Failure> {
        match &self.common.clock {
            Some(url) => {
                Ok(Arc::new(RemoteClock::connect(url).await.map_err(|why| Failure(format!("--clock: {why}")))?))
            }
            None => Ok(Arc::new(SystemClock::default())),
        }
    }

    /// Whether time comes from a simulator.
    pub fn has_remote_clock(&self) -> bool {
        self.common.clock.is_some()
    }

    /// Loads a policy. What is wrong with it is told on stderr.
    ///
    /// # Errors
    /// It cannot be read, or has errors.
    pub fn policy(&self, path: &Path) -> Result<Loaded, Failure> {
        let text = files::read_text(path)?;
        let file = path.display().to_string();
        let loaded = policy::load_with(&file, &text, &runner::Beside::of(path));
        if loaded.diagnostics.iter().any(|found| found.severity == Severity::Error) {
            tell(&diagnostic::render_of(&loaded.diagnostics, &loaded.texts, terminal::colour_on_stderr()));
        }
        match loaded.policy {
            Some(policy) => Ok(Loaded { policy, text: loaded.kept }),
            None => failure(format!("{file} has errors; nothing was done")),
        }
    }

    /// The clock that a policy's site lives under: of a simulated world its own, which may be ahead of the machine's.
    ///
    /// # Errors
    /// The simulator does not answer, or the world's file cannot be used.
    pub async fn site_clock(&self, policy: &Policy) -> Result<Arc<dyn Clock>, Failure> {
        Ok(self.lived(policy).await?.0)
    }

    async fn lived(&self, policy: &Policy) -> Result<(Arc<dyn Clock>, Option<Kept>), Failure> {
        let machine = self.clock().await?;
        let world = runner::world(policy, Some(&self.state()?), machine.now())?;
        Ok(match world {
            Some(world) if !self.has_remote_clock() => (Arc::new(ShiftedClock::showing(world.now())), Some(world)),
            world => (machine, world),
        })
    }

    /// The policy's site, to be read alone, beside whoever may hold the state folder.
    ///
    /// # Errors
    /// The journal or the device cannot be reached.
    pub async fn reading_site(&self, loaded: &Loaded) -> Result<(Site, Option<Kept>), Failure> {
        let (clock, world) = self.lived(&loaded.policy).await?;
        let folder = self.state()?;
        let journal = Journal::open_beside(&folder).map_err(|error| past::unusable(&folder, &error))?;
        let memory = runner::driver_memory(&journal, &loaded.policy.site)?;
        let recorded = journal.store(&loaded.policy.site)?;
        let way = Way { clock: Arc::clone(&clock), memory, recorded, impatient: true, links: Links::default() };
        let mut hand = runner::reading(&loaded.policy, way, world.as_ref())?;
        // Other systems of the account may have been called a moment ago.
        journal.notes(runner::DRIVER_NOTE)?.iter().for_each(|memory| hand.reader().heed(memory));
        Ok((Site::begin(loaded.policy.clone(), &loaded.text, hand, journal, clock)?, world))
    }

    /// What the sites of a service stand on, for the holder of the state folder alone.
    ///
    /// # Errors
    /// The journal cannot be opened, or the simulator does not answer.
    pub async fn ground(&self, may_write: bool, scope: Scope) -> Result<Ground, Failure> {
        let folder = self.state()?;
        Ok(Ground {
            journal: Journal::open(&folder)?,
            worlds: Some(folder),
            clock: self.clock().await?,
            is_simulated: self.has_remote_clock(),
            links: Links::new(scope),
            may_write,
        })
    }

    /// The policy's site, to be written, by the holder of the state folder alone.
    ///
    /// # Errors
    /// The journal or the device cannot be reached.
    pub async fn writing_site(&self, loaded: &Loaded) -> Result<(Site, Option<Kept>), Failure> {
        let journal = Journal::open(&self.state()?)?;
        self.written(loaded.policy.clone(), &loaded.text, journal).await
    }

    /// The policy's site with the store through which it was written, whatever the policy says of stores: to put back what was
    /// there before.
    ///
    /// # Errors
    /// The journal or the device cannot be reached.
    pub async fn restoring_site(&self, loaded: &Loaded) -> Result<(Site, Option<Kept>), Failure> {
        let journal = Journal::open(&self.state()?)?;
        let policy = runner::as_recorded(&loaded.policy, &journal)?;
        self.written(policy, &loaded.text, journal).await
    }

    async fn written(&self, policy: Policy, text: &str, journal: Journal) -> Result<(Site, Option<Kept>), Failure> {
        let (clock, world) = self.lived(&policy).await?;
        let memory = runner::driver_memory(&journal, &policy.site)?;
        let recorded = journal.store(&policy.site)?;
        let way = Way { clock: Arc::clone(&clock), memory, recorded, impatient: false, links: Links::default() };
        let hand = runner::writing(&policy, way, world.as_ref())?;
        Ok((Site::begin(policy, text, hand, journal, clock)?, world))
    }
}
