//! One account at the cloud: carries the token, keeps a polite pace, reads once and writes once.

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::Value;

use super::Endpoint;
use super::codes::{Class, code_error, code_failure, http_error};
use crate::clock::Clock;
use crate::device::{DeviceError, WriteFailure};
use crate::vendor::account::{Account, Call, Crowded, Scope, Turn};
use crate::vendor::credentials::AtessCredentials;
use crate::vendor::failure::{malformed, reworded, status_refuses, unreached, without};
use crate::vendor::pace::Pace;
use crate::vendor::transport::{Method, Reply, Request, Transport, TransportError, path};
use crate::vendor::unique::Unique;
use crate::vendor::wire::Envelope;

/// The least time between two polls of one endpoint of a device. The vendor has a limit and does not say which.
pub(super) const GAP: Duration = Duration::from_secs(60);

/// The least time between two pages of one list.
pub(super) const PAGE_GAP: Duration = Duration::from_secs(10);

/// An account at the cloud.
pub(super) struct Cloud {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    credentials: AtessCredentials,
    /// The last read of each endpoint of this device.
    pub(super) pace: Pace,
    /// What all devices of the token share.
    account: Arc<Account>,
}

/// The key of the pace of an endpoint of a device.
pub(super) fn pace_key(endpoint: Endpoint, serial: &str) -> String {
    format!("{} {serial}", endpoint.name)
}

impl Cloud {
    /// An account that is reached over this transport.
    pub(super) fn new(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>, credentials: AtessCredentials) -> Cloud {
        let account = Arc::new(Account::new(Scope::Serial));
        Cloud { transport, clock, credentials, pace: Pace::default(), account }
    }

    /// The same account, whose turns others share.
    pub(super) fn with_account(self, account: Arc<Account>) -> Cloud {
        Cloud { account, ..self }
    }

    /// The clock that waits are made on.
    pub(super) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Reads an endpoint in its turn, and what its `data` says. It is called once: whoever asks again a minute later is the
    /// retry that a cloud with an unknown limit can bear.
    pub(super) async fn read<T>(
        &mut self,
        endpoint: Endpoint,
        query: &[(&str, &str)],
        gap: Duration,
        parse: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Result<T, DeviceError> {
        let serial = query.iter().find(|(name, _)| *name == "deviceSn").map_or("", |(_, serial)| serial);
        let key = pace_key(endpoint, serial);
        if let Some(until) = self.pace.resting_until(&key, self.clock.now()) {
            let reason = format!("refused before; left alone until {}", until.format("%H:%M:%S UTC"));
            return Err(DeviceError::TooFast { endpoint: endpoint.name, reason });
        }
        let wait = self.pace.wait_at_least(gap, &key, self.clock.now());
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
        let request = self.request(Method::Get, endpoint, query, None);
        let mut turn = self.turn(endpoint.name, serial).await?;
        let (outcome, refused) = match self.transport.send(request).await {
            Ok(reply) => self.data(endpoint.name, &reply),
            Err(error) => (Err(unreached(endpoint.name, &error)), false),
        };
        if matches!(outcome, Err(DeviceError::TooFast { .. })) {
            turn.was_too_fast();
        }
        drop(turn);
        self.pace.called(&key, self.clock.now(), refused);
        let read = outcome.and_then(|data| parse(&data).map_err(|reason| malformed(endpoint.name, reason)));
        read.map_err(|error| self.scrubbed(error))
    }

    /// Replaces an object once, at the path from which it is read. Whatever comes back, nothing here tries again.
    pub(super) async fn put(
        &self,
        endpoint: Endpoint,
        query: &[(&str, &str)],
        body: &Value,
    ) -> Result<(), WriteFailure> {
        let serial = query.iter().find(|(name, _)| *name == "deviceSn").map_or("", |(_, serial)| serial);
        let turn = self.account.turn(Call::Write { serial }, self.clock.as_ref()).await;
        let _turn = turn.map_err(|crowded| WriteFailure::Refused(not_yet(endpoint.name, crowded)))?;
        let request = self.request(Method::Put, endpoint, query, Some(body.to_string()));
        let written = match self.transport.send(request).await {
            Ok(reply) => self.accepted(endpoint.name, &reply),
            Err(error @ TransportError::NotConnected(_)) => {
                Err(WriteFailure::Refused(unreached(endpoint.name, &error)))
            }
            Err(error) => Err(WriteFailure::OutcomeUnknown(unreached(endpoint.name, &error))),
        };
        written.map_err(|failure| match failure {
            WriteFailure::Refused(error) => WriteFailure::Refused(self.scrubbed(error)),
            WriteFailure::OutcomeUnknown(error) => WriteFailure::OutcomeUnknown(self.scrubbed(error)),
        })
    }

    /// A turn among the devices of the token: whichever was told that it calls too fast, all rest.
    async fn turn(&self, endpoint: &'static str, serial: &str) -> Result<Turn<'_>, DeviceError> {
        let call = Call::Read { endpoint, serial };
        let turn = self.account.turn(call, self.clock.as_ref()).await;
        let turn = turn.map_err(|crowded| not_yet(endpoint, crowded))?;
        let Some(until) = self.account.resting_until(call, self.clock.now()) else { return Ok(turn) };
        turn.give_back();
        let reason = format!("called too fast before; left alone until {}", until.format("%H:%M:%S UTC"));
        Err(DeviceError::TooFast { endpoint, reason })
    }

    /// The token stands bare in its header, without a scheme word.
    fn request(&self, method: Method, endpoint: Endpoint, query: &[(&str, &str)], body: Option<String>) -> Request {
        let token = self.credentials.token.expose_secret();
        let mut headers = vec![("Authorization", token), ("Accept-Language", "en")];
        headers.extend(body.as_ref().map(|_| ("Content-Type", "application/json")));
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Request { method, path: path(endpoint.path, query), headers, body }
    }

    /// What a reply to a read says, and whether it asks to be left alone: the limit may hide behind a plain failure.
    fn data(&self, endpoint: &'static str, reply: &Reply) -> (Result<Value, DeviceError>, bool) {
        if !(200..300).contains(&reply.status) {
            return (Err(http_error(endpoint, reply.status)), reply.status == 429);
        }
        match self.envelope(&reply.body) {
            Err(reason) => (Err(malformed(endpoint, reason)), false),
            Ok(envelope) => match Class::of(envelope.code) {
                Class::Success => (Ok(envelope.data), false),
                class => {
                    let refused = matches!(class, Class::TooFast | Class::Failed);
                    (Err(code_error(endpoint, envelope.code, &envelope.words)), refused)
                }
            },
        }
    }

    /// What a reply to a write says.
    fn accepted(&self, endpoint: &'static str, reply: &Reply) -> Result<(), WriteFailure> {
        if !(200..300).contains(&reply.status) {
            let error = http_error(endpoint, reply.status);
            let refused = status_refuses(reply.status);
            return Err(if refused { WriteFailure::Refused(error) } else { WriteFailure::OutcomeUnknown(error) });
        }
        let unclear = |reason| WriteFailure::OutcomeUnknown(malformed(endpoint, reason));
        let envelope = self.envelope(&reply.body).map_err(unclear)?;
        match Class::of(envelope.code) {
            Class::Success => Ok(()),
            _ => Err(code_failure(endpoint, envelope.code, &envelope.words)),
        }
    }

    /// A key that stands twice would be a choice between two values: such a reply is not understood.
    fn envelope(&self, body: &str) -> Result<Envelope, String> {
        let body = self.without_token(body);
        let envelope = Envelope::parse(&body)?;
        let Unique(_) = serde_json::from_str(&body).map_err(|error| format!("the reply is not JSON: {error}"))?;
        Ok(envelope)
    }

    /// An error without the token, which a cloud may have sent back in its words.
    fn scrubbed(&self, error: DeviceError) -> DeviceError {
        reworded(error, |reason| self.without_token(reason))
    }

    fn without_token(&self, text: &str) -> String {
        without(text, &[&self.credentials.token])
    }
}

fn not_yet(endpoint: &'static str, crowded: Crowded) -> DeviceError {
    DeviceError::NotYet { endpoint, reason: crowded.to_string() }
}
