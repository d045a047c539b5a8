//! One request on its way through the cloud, and the faults that it meets there.

use serde_json::{Map, Value};

use super::answer::{Envelope, code};
use super::cloud::Call;
use super::endpoint::{Endpoint, Query};
use super::fault::{Fault, Faults};
use super::limit::{LimitScope, Limits};
use super::random::Chance;
use super::store::Which;
use super::system::System;
use super::{read, write};
use crate::time::Instant;

/// What is known of a request while it is answered.
pub(super) struct Exchange<'a> {
    pub(super) call: &'a Call,
    pub(super) endpoint: Endpoint,
    pub(super) query: Query,
    pub(super) now: Instant,
    pub(super) faults: Faults,
    /// Whether it changed what the cloud stores.
    pub(super) stored: bool,
    /// The faults that had a part in the answer.
    pub(super) part: Vec<Fault>,
}

/// An answer before its delay is known.
pub(super) struct Outcome {
    pub(super) status: u16,
    pub(super) code: Option<u16>,
    pub(super) body: String,
    pub(super) lost: bool,
}

impl Exchange<'_> {
    /// Faults that end a request before the cloud has understood it.
    pub(super) fn on_the_line(&mut self) -> Option<Outcome> {
        let before = [Fault::Timeout, Fault::BadGateway, Fault::NotFound, Fault::MethodNotAllowed];
        let fault = self.faults.first(&before)?;
        self.part.push(fault);
        Some(match fault {
            Fault::Timeout => Outcome { status: 504, code: None, body: String::new(), lost: true },
            Fault::BadGateway => Outcome::http(502, "Bad Gateway"),
            Fault::NotFound => Outcome::http(404, "Not Found"),
            _ => Outcome::http(405, "Method Not Allowed"),
        })
    }

    /// Faults that refuse a request by a code. A store that is closed to the account has no faults of its own.
    pub(super) fn refusal(&mut self, closed: bool) -> Option<Envelope> {
        let is_update = self.endpoint.is_update() && !closed;
        let refusals = [
            (Fault::ClockSkew, code::TIME_STAMP, true),
            (Fault::NotAllowed, code::ALLOW_LIST, true),
            (Fault::NotEntitled, code::NOT_ENTITLED, self.endpoint != Endpoint::EssList),
            (Fault::Offline, code::OFFLINE, self.endpoint != Endpoint::EssList),
            (Fault::OfflineAtNight, code::OFFLINE, self.endpoint != Endpoint::EssList),
            (Fault::TooFastReads, code::TOO_FAST, self.endpoint.method() == "GET"),
            (Fault::InternalError, code::INTERNAL, true),
            (Fault::OperationFailed, code::FAILED, true),
            (Fault::NoData, code::NO_DATA, self.endpoint.is_data()),
            (Fault::Malformed, code::MALFORMED, is_update),
            (Fault::Refused, code::SET_FAILED, is_update),
        ];
        let (fault, code, _) =
            refusals.into_iter().find(|(fault, _, concerned)| *concerned && self.faults.has(*fault))?;
        self.part.push(fault);
        Some(Envelope::bare(code))
    }

    pub(super) fn read(&mut self, system: &mut System, chance: Chance) -> Envelope {
        self.part.extend(self.faults.first(&[Fault::NumericStrings]));
        let date = self.query.value("queryDate").and_then(|date| date.parse().ok());
        match (self.endpoint, date) {
            (Endpoint::LastPower, _) => {
                let (envelope, shape) = read::last_power(system, chance, self.faults);
                self.part.extend(shape);
                envelope
            }
            (Endpoint::Sums, _) => read::sums(system, self.faults),
            (Endpoint::DayPower, Some(date)) => read::day_power(system, date, self.faults),
            (Endpoint::DayEnergy, Some(date)) => read::day_energy(system, date, self.faults),
            (Endpoint::DayPower | Endpoint::DayEnergy, None) => Envelope::parameter(code::BAD_PARAMETER, "queryDate"),
            (Endpoint::Charge, _) => self.read_config(system, Some(Which::Charge)),
            (Endpoint::Discharge, _) => self.read_config(system, Some(Which::Discharge)),
            (Endpoint::Periodic, _) => self.read_config(system, None),
            _ => Envelope::bare(code::NOT_ENTITLED),
        }
    }

    /// Someone else may edit the object, or without one the periodic store, between this read and the write that follows
    /// from it.
    fn read_config(&mut self, system: &mut System, which: Option<Which>) -> Envelope {
        let envelope = match which {
            Some(which) => read::config(system, which, self.faults),
            None => read::periodic(system, self.faults),
        };
        if self.faults.has(Fault::ForeignEdit) && system.edit_by_someone_else(which, self.now) {
            self.part.push(Fault::ForeignEdit);
        }
        envelope
    }

    pub(super) fn json_body(&self) -> Result<Map<String, Value>, Envelope> {
        let kind = self.call.header("Content-Type").unwrap_or_default();
        if !kind.trim_start().to_ascii_lowercase().starts_with("application/json") {
            return Err(Envelope::bare(code::MALFORMED));
        }
        write::body(self.call.body.as_deref().unwrap_or_default())
    }

    /// The limits in force, and the fault that sets them.
    pub(super) fn limits(&self, usual: Limits) -> (Limits, Option<Fault>) {
        let fault = self.faults.first(&[Fault::WriteLimit24h, Fault::WriteLimit10min, Fault::WriteLimit30s]);
        let write_seconds = match fault {
            Some(Fault::WriteLimit24h) => 86_400,
            Some(Fault::WriteLimit10min) => 600,
            Some(_) => 30,
            None => usual.write_seconds,
        };
        let account = self.faults.first(&[Fault::WriteLimitPerAccount]);
        let write_scope = if account.is_some() { LimitScope::Account } else { usual.write_scope };
        (Limits { write_seconds, write_scope, ..usual }, fault.or(account))
    }

    /// Faults that meet a request after it was dealt with.
    pub(super) fn on_the_way_back(&mut self, envelope: &Envelope) -> Outcome {
        let fault = match self.stored {
            true => self.faults.first(&[Fault::RefusedYetStored, Fault::BadGatewayAfterStore, Fault::LostReply]),
            false => None,
        };
        self.part.extend(fault);
        let failed = Envelope::bare(code::SET_FAILED);
        let envelope = if fault == Some(Fault::RefusedYetStored) { &failed } else { envelope };
        match fault {
            Some(Fault::BadGatewayAfterStore) => Outcome::http(502, "Bad Gateway"),
            Some(Fault::LostReply) => Outcome { status: 504, code: None, body: String::new(), lost: true },
            _ => self.shaped(envelope),
        }
    }

    fn shaped(&mut self, envelope: &Envelope) -> Outcome {
        let (mut body, shaping) = envelope.body(self.faults);
        self.part.extend(shaping);
        if self.faults.has(Fault::Truncated) {
            self.part.push(Fault::Truncated);
            body = body.chars().take(body.chars().count() / 2).collect();
        }
        Outcome { status: 200, code: Some(envelope.code), body, lost: false }
    }
}

impl Outcome {
    /// What a proxy or a server answers before the API is reached.
    pub(super) fn http(status: u16, reason: &str) -> Outcome {
        let body = format!("<html><head><title>{status} {reason}</title></head><body>{status} {reason}</body></html>");
        Outcome { status, code: None, body, lost: false }
    }
}
