//! One site of a service: a task of its own that ticks at every beat, so that nobody waits for it.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::watch::Receiver;
use tracing::{debug, info, warn};

use super::beside::Beside;
use super::roster;
use super::service::ServiceError;
use super::site::{Site, SiteError};
use super::tick::Tick;
use crate::policy::{self, Policy};
use crate::vendor::simulated::Kept;

/// How long a tick under way may still take once the service is to end; then it is broken off where it waits. In real time,
/// whatever clock the site lives by.
const GRACE: Duration = Duration::from_secs(3);

/// How long leaving the device as the policy says may take, in real time.
pub(super) const LEAVING: Duration = Duration::from_secs(60);

/// What the service wants of its sites. Orders that come while a tick is under way are one order afterwards: missed beats mean one
/// look now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Orders {
    /// How often the heart has beaten.
    pub(super) beats: u64,
    /// How often someone asked for the policies to be read again.
    pub(super) reloads: u64,
    /// Leave the device and end.
    pub(super) end: bool,
}

/// A site under way with the file of its policy.
pub(super) struct Member {
    site: Site,
    path: PathBuf,
    world: Option<Kept>,
    /// The digest of the file's text, and of those that it includes, that was last looked at, good or broken.
    seen: String,
    /// The files that it includes.
    included: Vec<String>,
}

impl Member {
    /// A site whose policy stands in this file.
    pub(super) fn new(site: Site, path: PathBuf, included: Vec<String>, world: Option<Kept>) -> Member {
        let seen = site.policy().revision.clone();
        Member { site, path, world, seen, included }
    }

    /// Ticks at every beat until it is told to end, then leaves the device as the policy says.
    pub(super) async fn live(mut self, mut orders: Receiver<Orders>) -> Result<(), ServiceError> {
        self.say("started")?;
        let mut done = Orders::default();
        loop {
            let now = *orders.borrow_and_update();
            if now.end {
                break;
            }
            if now.reloads != done.reloads {
                self.reload(true)?;
            }
            if now.beats != done.beats {
                if now.beats > done.beats + 1 && done.beats > 0 {
                    debug!(site = %self.site.policy().site, "{} beats were missed", now.beats - done.beats - 1);
                }
                self.tick(orders.clone()).await?;
            }
            done = now;
            if orders.changed().await.is_err() {
                break;
            }
        }
        self.leave().await
    }

    /// One tick, after a look at the policy's file.
    pub(super) async fn once(&mut self) -> Result<Tick, ServiceError> {
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

    /// One tick, unless the service is to end: then what waits for the vendor is waited for no longer. That is safe wherever it
    /// waits, since every write is journaled before it goes out, and a read changes nothing.
    async fn tick(&mut self, orders: Receiver<Orders>) -> Result<(), ServiceError> {
        if let Some(ended) = until_end(self.once(), orders).await {
            return ended.map(|_| ());
        }
        info!(site = %self.site.policy().site, "the tick was broken off while it waited");
        self.site.break_off();
        Ok(())
    }

    /// Leaves the device as the policy says, as far as there is time.
    async fn leave(mut self) -> Result<(), ServiceError> {
        let left = match tokio::time::timeout(LEAVING, self.site.leave()).await {
            Ok(left) => left?,
            Err(_) => format!(
                "`on exit` was not done within {} s; what is on the device is harmless, and the next start takes it up",
                LEAVING.as_secs()
            ),
        };
        self.say(&format!("stopped: {left}"))?;
        self.save()
    }

    /// Takes up a changed policy. A broken one is told once, and the last good one stays in force.
    fn reload(&mut self, asked: bool) -> Result<(), ServiceError> {
        let text = match roster::read(&self.path) {
            Ok(text) => text,
            Err(why) => {
                // The same text is news again once it can be read.
                self.seen.clear();
                return Ok(self.refuse(&why)?);
            }
        };
        let beside = Beside::of(&self.path);
        if !asked && policy::revision_with(&text, &self.included, &beside) == self.seen {
            return Ok(());
        }
        let loaded = policy::load_with(&self.site.policy().file, &text, &beside);
        self.seen = policy::revision(&loaded.kept);
        self.included = loaded.included;
        match loaded.policy {
            Some(policy) if policy.revision == self.site.policy().revision => Ok(self.site.policy_is_fine()?),
            Some(policy) if is_another(&policy, self.site.policy()) => {
                Ok(self.refuse("another site or device needs a restart")?)
            }
            Some(policy) => {
                self.site.reload(policy, &loaded.kept)?;
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
        if what.contains("was not done") {
            warn!(site = %site, "{what}");
        } else {
            info!(site = %site, "{what}");
        }
        Ok(self.site.journal().record_event(site, self.site.now(), what)?)
    }

    fn save(&self) -> Result<(), ServiceError> {
        self.world.as_ref().map_or(Ok(()), |world| Ok(world.save()?))
    }
}

/// What a work comes to; nothing if it was still waiting some seconds after the order to end.
async fn until_end<T>(work: impl Future<Output = T>, mut orders: Receiver<Orders>) -> Option<T> {
    tokio::pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return Some(done),
        // An error means that whoever gives orders is gone, which is an end as well.
        _ = orders.wait_for(|orders| orders.end) => {}
    }
    tokio::time::timeout(GRACE, work).await.ok()
}

/// Whether two policies speak of different sites or devices, so that one cannot simply be taken up for the other.
fn is_another(new: &Policy, old: &Policy) -> bool {
    new.site != old.site || device(new) != device(old) || new.device.kind != old.device.kind
}

/// What tells a device from every other.
pub(super) fn device(policy: &Policy) -> (&'static str, String, Option<String>) {
    (policy.device.driver().word(), policy.device.serial.clone(), policy.device.url.clone())
}
