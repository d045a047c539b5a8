//! One beat a minute, on the minute, in UTC.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Sender;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use tracing::debug;

use crate::clock::Clock;

/// Once a minute, on the minute.
const EVERY_MINUTE: &str = "0 * * * * *";

/// Where the beats come from.
pub enum Pulse {
    /// The machine's clock.
    Machine,
    /// Another clock, such as a simulator's.
    Clock(Arc<dyn Clock>),
}

/// What keeps the beats coming; they end when it is dropped.
pub(super) enum Heartbeat {
    Machine(#[allow(dead_code, reason = "dropping it ends the beats")] JobScheduler),
    Clock(tokio::task::JoinHandle<()>),
}

impl Heartbeat {
    /// Begins to beat. A channel of one place coalesces beats that nobody took meanwhile.
    pub(super) async fn begin(pulse: Pulse, sender: Sender<()>) -> Result<Heartbeat, JobSchedulerError> {
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
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        if let Heartbeat::Clock(task) = self {
            task.abort();
        }
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
        debug!("a beat was missed: nobody took the one before");
    }
}
