//! The service loop: a heartbeat each minute, reloads, and an orderly end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_cron_scheduler::{Job, JobScheduler};
use tracing::{debug, info};

use super::site::{Site, SiteError};
use super::tick::Tick;
use crate::clock::Clock;
use crate::policy::{self, Policy};
use crate::vendor::simulated::Kept;

/// Once a minute, on the minute, in UTC.
const EVERY_MINUTE: &str = "0 * * * * *";

/// The largest policy that is read again, in bytes.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Where the beats come from.
pub enum Pulse {
    /// The machine's clock.
    Machine,
    /// Another clock, such as a simulator's.
    Clock(Arc<dyn Clock>),
}

/// A site under way with the file of its policy.
pub struct Service {
    site: Site,
    path: PathBuf,
    world: Option<Kept>,
    /// The digest of the file's text that was last looked at, good or broken.
    seen: String,
}

/// Why the service ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The journal failed.
    #[error("{0}")]
    Site(#[from] SiteError),
    /// The heartbeat could not begin.
    #[error("no heartbeat: {0}")]
    Heartbeat(#[from] tokio_cron_scheduler::JobSchedulerError),
    /// The signals of the system cannot be heard.
    #[error("no signals: {0}")]
    Signals(#[from] std::io::Error),
    /// The simulated world could not be kept.
    #[error("the simulated world: {0}")]
    World(#[from] crate::vendor::simulated::KeptError),
}

impl Service {
    /// A service for a site whose policy stands in this file.
    #[must_use]
    pub fn new(site: Site, path: PathBuf, world: Option<Kept>) -> Service {
        let seen = site.policy().revision.clone();
        Service { site, path, world, seen }
    }

    /// Ticks at every beat until SIGTERM or SIGINT, then leaves the device as the policy says.
    ///
    /// # Errors
    /// The journal, the heartbeat or the signals fail.
    pub async fn run(&mut self, pulse: Pulse) -> Result<(), ServiceError> {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let mut hang_up = signal(SignalKind::hangup())?;
        let (sender, mut beats) = channel(1);
        let _heartbeat = begin(pulse, sender).await?;
        self.say("started")?;
        self.once().await?;
        loop {
            match next(&mut beats, [&mut terminate, &mut interrupt], &mut hang_up).await {
                Wake::Beat => {
                    self.once().await?;
                }
                Wake::Reload => self.reload(true)?,
                Wake::End => break,
            }
        }
        let left = self.site.leave().await?;
        self.say(&format!("stopped: {left}"))?;
        self.save()
    }

    /// One tick, after a look at the policy's file.
    ///
    /// # Errors
    /// The journal fails.
    pub async fn once(&mut self) -> Result<Tick, ServiceError> {
        self.reload(false)?;
        let tick = self.site.tick().await?;
        debug!(site = %self.site.policy().site, "tick: {} pending, {} sent", tick.pending, tick.sent.len());
        self.save()?;
        if tick.verified {
            // Whoever watches the service is told only after a whole cycle was seen to work; nobody need watch.
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready, sd_notify::NotifyState::Watchdog]);
        }
        Ok(tick)
    }

    /// Takes up a changed policy. A broken one is told once, and the last good one stays in force.
    fn reload(&mut self, asked: bool) -> Result<(), ServiceError> {
        let text = match read(&self.path) {
            Ok(text) => text,
            Err(why) => return Ok(self.refuse(&why)?),
        };
        let digest = policy::revision(&text);
        if digest == self.seen && !asked {
            return Ok(());
        }
        self.seen = digest;
        match policy::load(&self.site.policy().file, &text).policy {
            Some(policy) if policy.revision == self.site.policy().revision => Ok(self.site.policy_is_fine()?),
            Some(policy) if is_another(&policy, self.site.policy()) => {
                Ok(self.refuse("another site or device needs a restart")?)
            }
            Some(policy) => {
                self.site.reload(policy, &text)?;
                self.site.policy_is_fine()?;
                info!("{}: reloaded", self.path.display());
                Ok(())
            }
            None => Ok(self.refuse(&format!("it has errors; see `offpeak check {}`", self.path.display()))?),
        }
    }

    fn refuse(&mut self, why: &str) -> Result<(), SiteError> {
        let text = format!("{}: {why}; the last good policy stays in force", self.path.display());
        self.site.policy_is_refused(&text)
    }

    fn say(&self, what: &str) -> Result<(), SiteError> {
        let site = &self.site.policy().site;
        info!(site = %site, "{what}");
        Ok(self.site.journal().record_event(site, self.site.now(), what)?)
    }

    fn save(&self) -> Result<(), ServiceError> {
        self.world.as_ref().map_or(Ok(()), |world| Ok(world.save()?))
    }
}

/// Why the loop woke.
enum Wake {
    Beat,
    Reload,
    End,
}

async fn next(beats: &mut Receiver<()>, ends: [&mut Signal; 2], hang_up: &mut Signal) -> Wake {
    let [terminate, interrupt] = ends;
    tokio::select! {
        biased;
        _ = terminate.recv() => Wake::End,
        _ = interrupt.recv() => Wake::End,
        _ = hang_up.recv() => Wake::Reload,
        beat = beats.recv() => if beat.is_some() { Wake::Beat } else { Wake::End },
    }
}

/// What keeps the beats coming; they end when it is dropped.
enum Heartbeat {
    Machine(#[allow(dead_code, reason = "dropping it ends the beats")] JobScheduler),
    Clock(tokio::task::JoinHandle<()>),
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        if let Heartbeat::Clock(task) = self {
            task.abort();
        }
    }
}

/// A channel of one place coalesces beats that come while a tick is under way: missed ticks mean one look now.
async fn begin(pulse: Pulse, sender: Sender<()>) -> Result<Heartbeat, ServiceError> {
    match pulse {
        Pulse::Machine => {
            let scheduler = JobScheduler::new().await?;
            scheduler.add(Job::new(EVERY_MINUTE, move |_, _| send(&sender))?).await?;
            scheduler.start().await?;
            Ok(Heartbeat::Machine(scheduler))
        }
        Pulse::Clock(clock) => Ok(Heartbeat::Clock(tokio::spawn(beat(clock, sender)))),
    }
}

async fn beat(clock: Arc<dyn Clock>, sender: Sender<()>) {
    while !sender.is_closed() {
        let into = u64::try_from(clock.now().timestamp_millis().rem_euclid(60_000)).unwrap_or_default();
        clock.sleep(Duration::from_millis(60_000 - into)).await;
        send(&sender);
    }
}

/// One beat; it falls away where the one before it still waits.
fn send(sender: &Sender<()>) {
    if sender.try_send(()).is_err() {
        debug!("a beat was missed: the tick before is still under way");
    }
}

/// Whether a policy speaks of another site or device, so that it cannot simply be taken up.
fn is_another(new: &Policy, old: &Policy) -> bool {
    let device =
        |policy: &Policy| (policy.device.kind.clone(), policy.device.serial.clone(), policy.device.url.clone());
    new.site != old.site || device(new) != device(old)
}

fn read(path: &Path) -> Result<String, String> {
    use std::io::Read;
    let file = std::fs::File::open(path).map_err(|error| format!("it cannot be read: {error}"))?;
    let mut text = String::new();
    let read =
        file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|error| format!("it cannot be read: {error}"))?;
    if read as u64 > MAX_BYTES { Err("it is larger than 4 MiB".to_owned()) } else { Ok(text) }
}
