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

    /// Returns when this much of the clock's time has passed.
    async fn sleep(&self, span: Duration);
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// A clock that moves only when someone waits on it or sets it: waiting takes no real time.
#[derive(Clone, Debug)]
pub struct VirtualClock(Arc<AtomicI64>);

impl VirtualClock {
    /// A clock that stands at this instant. Clones share it.
    #[must_use]
    pub fn at(now: Instant) -> VirtualClock {
        VirtualClock(Arc::new(AtomicI64::new(now.timestamp_millis())))
    }

    /// Moves the clock on.
    pub fn advance(&self, span: Duration) {
        self.0.fetch_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Sets the clock, also backwards, as a machine's clock may be set.
    pub fn set(&self, now: Instant) {
        self.0.store(now.timestamp_millis(), Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Instant {
        SystemTime::now().into()
    }

    async fn sleep(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        Instant::from_timestamp_millis(self.0.load(Ordering::SeqCst)).unwrap_or_default()
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
