//! The service: one heartbeat for all sites, a task for each, policies that come and go, and an orderly end.

use std::path::PathBuf;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::LocalSet;
use tracing::warn;

use super::company::Company;
use super::ground::{Ground, SettleError};
use super::heartbeat::{Heartbeat, Pulse};
use super::site::SiteError;
use super::tick::Tick;
use crate::journal::JournalError;

/// All sites of one process.
pub struct Service {
    company: Company,
}

/// Why the service ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The journal failed.
    #[error("{0}")]
    Site(#[from] SiteError),
    /// A site could not be begun.
    #[error("{0}")]
    Settle(#[from] SettleError),
    /// The heartbeat could not begin.
    #[error("no heartbeat: {0}")]
    Heartbeat(#[from] tokio_cron_scheduler::JobSchedulerError),
    /// The signals of the system cannot be heard.
    #[error("no signals: {0}")]
    Signals(#[from] std::io::Error),
    /// The simulated world could not be kept.
    #[error("the simulated world: {0}")]
    World(#[from] crate::vendor::simulated::KeptError),
    /// There is no site that could run.
    #[error("{0}")]
    Nobody(String),
    /// The program has a mistake.
    #[error("the site's task broke off: {0}")]
    Broken(String),
}

impl From<JournalError> for ServiceError {
    fn from(error: JournalError) -> ServiceError {
        ServiceError::Site(error.into())
    }
}

impl ServiceError {
    /// Whether only a fresh look at the whole journal helps, so that no site may go on.
    pub(super) fn is_damage(&self) -> bool {
        matches!(self, ServiceError::Site(SiteError::Journal(error)) if error.is_damage())
    }
}

impl Service {
    /// The sites of all policies among these files and folders.
    ///
    /// # Errors
    /// The journal fails, or not one site can run: why.
    pub fn new(ground: Ground, paths: Vec<PathBuf>) -> Result<Service, ServiceError> {
        let mut company = Company::new(ground, paths);
        company.look_round()?;
        company.must_have_someone()?;
        Ok(Service { company })
    }

    /// Ticks at every beat until SIGTERM or SIGINT, then leaves each device as its policy says. A second signal ends at once.
    ///
    /// # Errors
    /// The journal, the heartbeat or the signals fail.
    pub async fn run(self, pulse: Pulse) -> Result<(), ServiceError> {
        LocalSet::new().run_until(serve(self.company, pulse)).await
    }

    /// One tick of every site. Each is told with its name, in the order of the files.
    ///
    /// # Errors
    /// The journal fails.
    pub async fn once(self) -> Result<Vec<(String, Tick)>, ServiceError> {
        LocalSet::new().run_until(self.company.once()).await
    }
}

async fn serve(mut company: Company, pulse: Pulse) -> Result<(), ServiceError> {
    let mut ends = [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?];
    let mut hang_up = signal(SignalKind::hangup())?;
    let (sender, mut beats) = channel(1);
    let _heartbeat = Heartbeat::begin(pulse, sender).await?;
    company.begin();
    loop {
        match next(&mut company, &mut beats, &mut ends, &mut hang_up).await {
            Wake::Beat => company.beat()?,
            Wake::Reload => company.reload(),
            Wake::Gone(gone) => company.bury(gone)?,
            Wake::End => break,
        }
    }
    tokio::select! {
        ended = company.end() => ended,
        () = ended(&mut ends) => {
            warn!("told to end twice: ending at once");
            Ok(())
        }
    }
}

/// Why the loop woke.
enum Wake {
    Beat,
    Reload,
    Gone(super::company::Gone),
    End,
}

async fn next(company: &mut Company, beats: &mut Receiver<()>, ends: &mut [Signal; 2], hang_up: &mut Signal) -> Wake {
    tokio::select! {
        biased;
        () = ended(ends) => Wake::End,
        _ = hang_up.recv() => Wake::Reload,
        gone = company.gone() => Wake::Gone(gone),
        beat = beats.recv() => if beat.is_some() { Wake::Beat } else { Wake::End },
    }
}

async fn ended([terminate, interrupt]: &mut [Signal; 2]) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
