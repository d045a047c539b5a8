//! One account at the cloud: signs, keeps the pace, tries reads again and writes never.

use std::sync::Arc;

use serde_json::Value;

use super::codes::{Class, Refusal};
use super::endpoint;
use super::sign;
use super::systems::{System, systems};
use super::wire::Envelope;
use crate::clock::Clock;
use crate::device::{DeviceError, WriteFailure};
use crate::vendor::account::{Account, Call, Crowded, Scope};
use crate::vendor::credentials::AlphaEssCredentials;
use crate::vendor::failure::{
    malformed, reworded, status_error, status_passes_soon, status_refuses, unreached, without,
};
use crate::vendor::retry::Retries;
use crate::vendor::transport::{Method, Reply, Request, Transport, TransportError, path};

/// An account at the cloud.
pub struct Cloud {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    credentials: AlphaEssCredentials,
    retries: Retries,
    jitter: fastrand::Rng,
    account: Arc<Account>,
}

/// A read that did not succeed.
pub(super) struct Failure {
    pub(super) error: DeviceError,
    /// Whether the same read may succeed within a minute.
    passes_soon: bool,
    /// Whether the system may not use the endpoint at all.
    pub(super) not_entitled: bool,
}

impl Failure {
    fn new(error: DeviceError, passes_soon: bool) -> Failure {
        Failure { error, passes_soon, not_entitled: false }
    }

    /// A reply that could not be understood.
    pub(super) fn malformed(endpoint: &'static str, reason: String) -> Failure {
        Failure::new(malformed(endpoint, reason), false)
    }
}

impl Cloud {
    /// An account that is reached over this transport, with the usual retries.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>, credentials: AlphaEssCredentials) -> Cloud {
        let (retries, jitter) = (Retries::default(), fastrand::Rng::new());
        Cloud { transport, clock, credentials, retries, jitter, account: Arc::new(Account::new(Scope::Serial)) }
    }

    /// The same account with other retries.
    #[must_use]
    pub fn with_retries(self, retries: Retries) -> Cloud {
        Cloud { retries, ..self }
    }

    /// The same account, whose turns others share.
    #[must_use]
    pub fn with_account(self, account: Arc<Account>) -> Cloud {
        Cloud { account, ..self }
    }

    /// The same account with a jitter that can be repeated.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Cloud {
        Cloud { jitter: fastrand::Rng::with_seed(seed), ..self }
    }

    /// The systems of the account.
    ///
    /// # Errors
    /// Why they could not be read.
    pub async fn systems(&mut self) -> Result<Vec<System>, DeviceError> {
        self.read(endpoint::SYSTEMS, &[], systems).await
    }

    /// What the systems of the account share.
    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    /// The clock that waits are made on.
    pub(super) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Reads an endpoint and what its `data` says. No data (6016) is read as null.
    pub(super) async fn read<T>(
        &mut self,
        endpoint: &'static str,
        query: &[(&str, &str)],
        parse: impl Fn(&Value) -> Result<T, String>,
    ) -> Result<T, DeviceError> {
        self.ask(endpoint, query, parse).await.map_err(|failure| failure.error)
    }

    /// The same, with more about a failure.
    pub(super) async fn ask<T>(
        &mut self,
        endpoint: &'static str,
        query: &[(&str, &str)],
        parse: impl Fn(&Value) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let serial = query.iter().find(|(name, _)| *name == "sysSn").map_or("", |(_, serial)| serial);
        let call = Call::Read { endpoint, serial };
        let mut failed = 0;
        loop {
            let failure = match self.paced(endpoint, call, query).await {
                Ok(data) => {
                    let unread = |reason| Failure::new(self.scrubbed(malformed(endpoint, reason)), false);
                    return parse(&data).map_err(unread);
                }
                Err(failure) => failure,
            };
            failed += 1;
            let error = self.scrubbed(failure.error.clone());
            match self.retries.pause_after(failed, self.jitter.f64()).filter(|_| failure.passes_soon) {
                Some(pause) => {
                    tracing::debug!(%error, calls = failed, pause_s = pause.as_secs(), "trying again");
                    self.clock.sleep(pause).await;
                }
                None => return Err(Failure { error: counted(failed, error), ..failure }),
            }
        }
    }

    /// Writes to the system of this serial once, in its turn. Whatever comes back, nothing here tries again.
    pub(super) async fn write(&self, endpoint: &'static str, serial: &str, body: &Value) -> Result<(), WriteFailure> {
        let turn = self.account.turn(Call::Write { serial }, self.clock.as_ref()).await;
        let _turn = turn.map_err(|crowded| WriteFailure::Refused(not_yet(endpoint, crowded)))?;
        let mut headers = sign::headers(&self.credentials, self.clock.now());
        headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        let body = Some(body.to_string());
        let request = Request { method: Method::Post, path: endpoint.to_owned(), headers, body };
        let written = match self.transport.send(request).await {
            Ok(reply) => self.accepted(endpoint, &reply),
            Err(error @ TransportError::NotConnected(_)) => Err(WriteFailure::Refused(unreached(endpoint, &error))),
            Err(error) => Err(WriteFailure::OutcomeUnknown(unreached(endpoint, &error))),
        };
        written.map_err(|failure| match failure {
            WriteFailure::Refused(error) => WriteFailure::Refused(self.scrubbed(error)),
            WriteFailure::OutcomeUnknown(error) => WriteFailure::OutcomeUnknown(self.scrubbed(error)),
        })
    }

    /// One read in its turn.
    async fn paced(&self, endpoint: &'static str, call: Call<'_>, query: &[(&str, &str)]) -> Result<Value, Failure> {
        self.rested(endpoint, call)?;
        let turn = self.account.turn(call, self.clock.as_ref()).await;
        let mut turn = turn.map_err(|crowded| Failure::new(not_yet(endpoint, crowded), false))?;
        // Another system of the account may have been told so meanwhile.
        if let Err(failure) = self.rested(endpoint, call) {
            turn.give_back();
            return Err(failure);
        }
        let headers = sign::headers(&self.credentials, self.clock.now());
        let request = Request { method: Method::Get, path: path(endpoint, query), headers, body: None };
        let sent = self.transport.send(request).await;
        let outcome = match sent {
            Ok(reply) => self.data(endpoint, &reply),
            Err(error) => Err(no_reply(endpoint, &error)),
        };
        if matches!(&outcome, Err(Failure { error: DeviceError::TooFast { .. }, .. })) {
            turn.was_too_fast();
        }
        outcome
    }

    /// Whether the endpoint is not to be left alone after the vendor called it too fast.
    fn rested(&self, endpoint: &'static str, call: Call<'_>) -> Result<(), Failure> {
        let Some(until) = self.account.resting_until(call, self.clock.now()) else { return Ok(()) };
        let reason = format!("called too fast before; left alone until {}", until.format("%H:%M:%S UTC"));
        Err(Failure::new(DeviceError::TooFast { endpoint, reason }, false))
    }

    /// What a reply to a read says.
    fn data(&self, endpoint: &'static str, reply: &Reply) -> Result<Value, Failure> {
        if !(200..300).contains(&reply.status) {
            let (error, passes_soon) = (status_error(endpoint, reply.status), status_passes_soon(reply.status));
            return Err(Failure::new(error, passes_soon));
        }
        let failure = |reason| Failure::malformed(endpoint, reason);
        let envelope = Envelope::parse(&self.without_secrets(&reply.body)).map_err(failure)?;
        match Class::of(envelope.code) {
            Class::Success => Ok(envelope.data),
            Class::NoData => Ok(Value::Null),
            class => {
                let error = self.refusal(endpoint, &envelope).into_error();
                let not_entitled = class == Class::NotEntitled;
                Err(Failure { error, passes_soon: class.passes_soon(), not_entitled })
            }
        }
    }

    /// What a reply to a write says.
    fn accepted(&self, endpoint: &'static str, reply: &Reply) -> Result<(), WriteFailure> {
        if !(200..300).contains(&reply.status) {
            let error = status_error(endpoint, reply.status);
            let refused = status_refuses(reply.status);
            return Err(if refused { WriteFailure::Refused(error) } else { WriteFailure::OutcomeUnknown(error) });
        }
        let unclear = |reason| WriteFailure::OutcomeUnknown(malformed(endpoint, reason));
        let envelope = Envelope::parse(&self.without_secrets(&reply.body)).map_err(unclear)?;
        match Class::of(envelope.code) {
            Class::Success => Ok(()),
            _ => Err(self.refusal(endpoint, &envelope).into_failure()),
        }
    }

    fn refusal(&self, endpoint: &'static str, envelope: &Envelope) -> Refusal {
        Refusal::by_code(endpoint, envelope.code, &envelope.words, self.transport.server_ahead())
    }

    /// An error without the credentials that a cloud may have sent back in its words.
    fn scrubbed(&self, error: DeviceError) -> DeviceError {
        reworded(error, |reason| self.without_secrets(reason))
    }

    fn without_secrets(&self, text: &str) -> String {
        without(text, &[&self.credentials.app_secret, &self.credentials.app_id])
    }
}

/// What a read without any reply comes to.
fn no_reply(endpoint: &'static str, error: &TransportError) -> Failure {
    let passes_soon = !matches!(error, TransportError::TooLarge);
    Failure::new(unreached(endpoint, error), passes_soon)
}

fn not_yet(endpoint: &'static str, crowded: Crowded) -> DeviceError {
    DeviceError::NotYet { endpoint, reason: crowded.to_string() }
}

/// The error of the last of several calls, saying so.
fn counted(calls: u32, error: DeviceError) -> DeviceError {
    match error {
        DeviceError::Transient { endpoint, reason } if calls > 1 => {
            DeviceError::Transient { endpoint, reason: format!("{reason} ({calls} calls)") }
        }
        error => error,
    }
}
