//! Planted bugs: a device that lies in one way, so that the oracle must notice.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;
use offpeak::clock::Clock;
use offpeak::device::access::HistoryPoint;
use offpeak::device::{Capability, DeviceError, Object, ReadDevice, Settings, TwoWindow, WriteDevice, WriteFailure};
use offpeak::journal::Journal;
use offpeak::snapshot::Snapshot;
use offpeak::vendor::alphaess::AlphaEss;

use super::family::Family;

/// One way to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    ReadBackSkipped,
    BudgetForgotten,
    DriftIgnored,
    ClockBelieved,
}

impl Bug {
    /// Makes a policy under which the bug can show.
    pub(crate) fn fit(self, _family: &mut Family) {}

    pub(crate) fn keep(self, _journal: &Journal) -> Option<()> {
        None
    }
}

/// The device as it is, or with a bug in its driver.
pub(crate) struct Liar {
    inner: AlphaEss,
    _clock: Arc<dyn Clock>,
    bug: Option<Bug>,
    sent: [Option<Settings>; 2],
}

impl Liar {
    pub(crate) fn new(inner: AlphaEss, clock: Arc<dyn Clock>, bug: Option<Bug>) -> Liar {
        Liar { inner, _clock: clock, bug, sent: [None; 2] }
    }
}

#[async_trait]
impl ReadDevice for Liar {
    fn capability(&self) -> Capability {
        self.inner.capability()
    }

    fn memory(&self) -> String {
        self.inner.memory()
    }

    async fn readings(&mut self) -> Result<Snapshot, DeviceError> {
        self.inner.readings().await
    }

    async fn object(&mut self, object: Object) -> Result<Settings, DeviceError> {
        let sent = self.sent[usize::from(object == Object::Discharge)];
        match sent.filter(|_| self.bug == Some(Bug::ReadBackSkipped)) {
            Some(sent) => Ok(sent),
            None => self.inner.object(object).await,
        }
    }

    async fn schedule(&mut self) -> Result<TwoWindow, DeviceError> {
        self.inner.schedule().await
    }

    async fn history(&mut self, day: NaiveDate) -> Result<Vec<HistoryPoint>, DeviceError> {
        self.inner.history(day).await
    }
}

#[async_trait]
impl WriteDevice for Liar {
    async fn write(&mut self, settings: &Settings) -> Result<(), WriteFailure> {
        let done = self.inner.write(settings).await;
        self.sent[usize::from(settings.object() == Object::Discharge)] = Some(*settings);
        done
    }
}
