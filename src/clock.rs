//! Time as the edge sees it: the only source of now, and the only way to wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::time::Instant;

/// Where now comes from, and what waiting means.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present.
    fn now(&self) -> Instant;

    /// How much time has passed since some fixed moment, whatever the clock was set to meanwhile.
    fn uptime(&self) -> Duration;

    /// Returns when this much of the clock's time has passed.
    async fn sleep(&self, span: Duration);
}

/// The machine's own clock, in whole milliseconds: what is journaled of a moment is the moment.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: std::time::Instant,
}

/// The machine's own clock, moved on by a fixed span: for a simulated world that is ahead of it.
#[derive(Clone, Copy, Debug)]
pub struct ShiftedClock {
    machine: SystemClock,
    ahead: Duration,
}

impl ShiftedClock {
    /// A clock that shows this instant now, or the machine's time if that is later.
    #[must_use]
    pub fn showing(now: Instant) -> ShiftedClock {
        let machine = SystemClock::default();
        ShiftedClock { machine, ahead: crate::time::elapsed(machine.now(), now) }
    }
}

/// A clock that moves only when someone waits on it or sets it: waiting takes no real time.
#[derive(Clone, Debug)]
pub struct VirtualClock {
    now: Arc<AtomicI64>,
    uptime: Arc<AtomicI64>,
}

impl Default for SystemClock {
    fn default() -> SystemClock {
        SystemClock { start: std::time::Instant::now() }
    }
}

impl VirtualClock {
    /// A clock that stands at this instant. Clones share it.
    #[must_use]
    pub fn at(now: Instant) -> VirtualClock {
        VirtualClock { now: Arc::new(AtomicI64::new(now.timestamp_millis())), uptime: Arc::default() }
    }

    /// Moves the clock on.
    pub fn advance(&self, span: Duration) {
        let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        self.now.fetch_add(span, Ordering::SeqCst);
        self.uptime.fetch_add(span, Ordering::SeqCst);
    }

    /// Sets the clock, also backwards, as a machine's clock may be set.
    pub fn set(&self, now: Instant) {
        self.now.store(now.timestamp_millis(), Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Instant {
        let now: Instant = SystemTime::now().into();
        Instant::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
    }

    fn uptime(&self) -> Duration {
        self.start.elapsed()
    }

    async fn sleep(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}

#[async_trait]
impl Clock for ShiftedClock {
    fn now(&self) -> Instant {
        crate::time::after(self.machine.now(), self.ahead)
    }

    fn uptime(&self) -> Duration {
        self.machine.uptime()
    }

    async fn sleep(&self, span: Duration) {
        self.machine.sleep(span).await;
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        Instant::from_timestamp_millis(self.now.load(Ordering::SeqCst)).unwrap_or_default()
    }

    fn uptime(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.uptime.load(Ordering::SeqCst)).unwrap_or_default())
    }

    async fn sleep(&self, span: Duration) {
        self.advance(span);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_on_a_virtual_clock_moves_it() {
        let start = "2026-11-20T20:41:00Z".parse().expect("an instant");
        let clock = VirtualClock::at(start);
        let shared = clock.clone();
        clock.sleep(Duration::from_secs(3600)).await;
        assert_eq!(shared.now(), start + chrono::Duration::hours(1));
    }
}
