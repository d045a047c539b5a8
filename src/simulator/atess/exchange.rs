//! One request on its way through the ATESS cloud, and the faults that it meets there.

use chrono::NaiveDateTime;
use serde_json::{Map, Value, json};

use super::answer::{Envelope, Message, code};
use super::endpoint::Endpoint;
use super::fault::{Fault, Faults};
use super::live::Live;
use super::options::{Kind, Manners, MissingLanguage, TooEarly};
use super::settings;
use super::system::System;
use crate::simulator::cloud::Call;
use crate::simulator::endpoint::Query;
use crate::simulator::exchange::Outcome;
use crate::time::Instant;

/// The most items of one page.
const MAX_PAGE: usize = 100;

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

impl Exchange<'_> {
    /// Faults that end a request before the cloud has understood it.
    pub(super) fn on_the_line(&mut self) -> Option<Outcome> {
        let before =
            [Fault::Timeout, Fault::BadGateway, Fault::NotFound, Fault::MethodNotAllowed, Fault::TooManyRequests];
        let fault = self.faults.first(&before)?;
        self.part.push(fault);
        Some(match fault {
            Fault::Timeout => lost(),
            Fault::BadGateway => Outcome::http(502, "Bad Gateway"),
            Fault::NotFound => Outcome::http(404, "Not Found"),
            Fault::MethodNotAllowed => Outcome::http(405, "Method Not Allowed"),
            _ => Outcome::http(429, "Too Many Requests"),
        })
    }

    /// The vendor's check of who is calling: a language must be asked for, and the token stand there bare.
    pub(super) fn admission(&self, token: Option<&str>, manners: &Manners) -> Result<(), Envelope> {
        let header = |name| self.call.header(name).map(str::trim).filter(|value| !value.is_empty());
        if header("Accept-Language").is_none() {
            return Err(match manners.missing_language {
                MissingLanguage::Error => Envelope::refusal(code::FAILED, Message::NoLanguage),
                MissingLanguage::Refused => Envelope::bare(code::NO_ACCESS),
            });
        }
        match header("Authorization") {
            Some(given) if Some(given) == token => Ok(()),
            _ => Err(Envelope::bare(code::NO_ACCESS)),
        }
    }

    /// Faults that refuse a request by a code.
    pub(super) fn refusal(&mut self) -> Option<Envelope> {
        let write = self.endpoint.is_write();
        let refusals = [
            (Fault::NoAccess, code::NO_ACCESS, Message::NoAccess, true),
            (Fault::ReadOnly, code::NO_ACCESS, Message::NoAccess, write),
            (Fault::TooFrequent, code::FAILED, Message::TooFrequent, !write),
            (Fault::InternalError, code::FAILED, Message::Failed, true),
            (Fault::NoData, code::NOT_FOUND, Message::NotFound, self.endpoint != Endpoint::BcuList),
            (Fault::Offline, code::FAILED, Message::Offline, write),
            (Fault::OfflineAtNight, code::FAILED, Message::Offline, write),
            (Fault::Refused, code::FAILED, Message::Failed, write),
        ];
        let found = refusals.into_iter().find(|(fault, _, _, concerned)| *concerned && self.faults.has(*fault));
        let (fault, code, message, _) = found?;
        self.part.push(fault);
        Some(Envelope::refusal(code, message))
    }

    /// The seconds that reads or writes must be apart now, and the fault that says so.
    pub(super) fn limit(&self, manners: &Manners) -> (u32, Option<Fault>) {
        let (fault, long, usual) = match self.endpoint.is_write() {
            true => (Fault::WriteLimit10min, 600, manners.write_seconds),
            false => (Fault::ReadLimit5min, 300, manners.read_seconds),
        };
        if self.faults.has(fault) { (long, Some(fault)) } else { (usual, None) }
    }

    /// What a read of a plant says.
    pub(super) fn read(&mut self, system: &mut System) -> Envelope {
        self.part.extend(self.faults.first(&[Fault::NumericStrings]));
        match self.endpoint {
            Endpoint::Newest => {
                let (record, shape) = system.newest(self.faults);
                self.part.extend(shape);
                Envelope::data(Value::Object(record))
            }
            Endpoint::Settings(kind) if kind == system.kind => self.settings(system),
            Endpoint::History => self.history(system),
            Endpoint::BcuSetting => Envelope::data(bcu_setting(system)),
            _ => Envelope::bare(code::NOT_FOUND),
        }
    }

    /// Someone else may edit the settings between this read and the write that follows from it.
    fn settings(&mut self, system: &mut System) -> Envelope {
        let envelope = Envelope::data(system.settings(self.faults));
        if self.faults.has(Fault::ForeignEdit) && system.edit_by_someone_else(self.now) {
            self.part.push(Fault::ForeignEdit);
        }
        envelope
    }

    /// A page of the history, newest first.
    fn history(&self, system: &System) -> Envelope {
        let time = |name| {
            let text = self.query.value(name)?;
            NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S").ok()
        };
        let count = |name, usual| match self.query.value(name) {
            Some(text) => text.parse::<usize>().ok().filter(|number| *number > 0),
            None => Some(usual),
        };
        let (Some(from), Some(until)) = (time("startDate"), time("endDate")) else {
            return Envelope::refusal(code::FAILED, Message::Parameter);
        };
        let (Some(page), Some(size)) = (count("pageNo", 1), count("pageSize", 10)) else {
            return Envelope::refusal(code::FAILED, Message::Parameter);
        };
        let size = size.min(MAX_PAGE);
        let offset = (page - 1).saturating_mul(size);
        let items: Vec<&Live> = system.history.between(from, until).collect();
        let shown: Vec<Value> =
            items.iter().skip(offset).take(size).map(|live| system.item(live, self.faults)).collect();
        let page = json!({ "datas": shown, "offset": offset, "pageNo": page, "pageSize": size, "total": items.len() });
        Envelope::data(page)
    }

    /// Stores the object of the body.
    pub(super) fn write(&mut self, system: &mut System, body: &Map<String, Value>, manners: &Manners) -> Envelope {
        if self.endpoint != Endpoint::Write(None) && self.endpoint != Endpoint::Write(Some(system.kind)) {
            return Envelope::bare(code::NOT_FOUND);
        }
        let (seconds, fault) = self.limit(manners);
        let object = match settings::put(&system.stored, body, manners.missing_keys) {
            Ok(object) => object,
            Err(settings::Misfit(_)) => return Envelope::refusal(code::FAILED, Message::Parameter),
        };
        if !system.may_write(seconds, self.now) {
            self.part.extend(fault);
            return Envelope::refusal(code::FAILED, Message::TooFrequent);
        }
        self.part.extend(system.store(object, self.now, self.faults));
        self.stored = true;
        Envelope::data(Value::Null)
    }

    /// The object that the body holds, and the serial in it.
    pub(super) fn body(&self) -> Option<(String, Map<String, Value>)> {
        let kind = self.call.header("Content-Type").unwrap_or_default();
        if !kind.trim_start().to_ascii_lowercase().starts_with("application/json") {
            return None;
        }
        let body: Map<String, Value> = serde_json::from_str(self.call.body.as_deref().unwrap_or_default()).ok()?;
        let serial = body.get(settings::SERIAL)?.as_str()?.to_owned();
        Some((serial, body))
    }

    /// Faults that meet a request after it was dealt with.
    pub(super) fn on_the_way_back(&mut self, envelope: &Envelope, too_early: TooEarly) -> Outcome {
        let fault = match self.stored {
            true => self.faults.first(&[Fault::RefusedYetStored, Fault::BadGatewayAfterStore, Fault::LostReply]),
            false => None,
        };
        self.part.extend(fault);
        let failed = Envelope::bare(code::FAILED);
        let envelope = if fault == Some(Fault::RefusedYetStored) { &failed } else { envelope };
        match fault {
            Some(Fault::BadGatewayAfterStore) => Outcome::http(502, "Bad Gateway"),
            Some(Fault::LostReply) => lost(),
            _ if envelope.is_too_frequent() && too_early == TooEarly::Http429 => {
                Outcome::http(429, "Too Many Requests")
            }
            _ => self.shaped(envelope),
        }
    }

    fn shaped(&mut self, envelope: &Envelope) -> Outcome {
        let language = self.call.header("Accept-Language").unwrap_or_default();
        let chinese = language.trim_start().to_ascii_lowercase().starts_with("zh");
        let (mut body, shaping) = envelope.body(self.faults, chinese);
        self.part.extend(shaping);
        if self.faults.has(Fault::Truncated) {
            self.part.push(Fault::Truncated);
            body = body.chars().take(body.chars().count() / 2).collect();
        }
        Outcome { status: 200, code: Some(envelope.code), body, lost: false }
    }
}

/// The BCUs of a datalogger. Beyond the path nothing of this is public.
pub(super) fn bcu_list<'a>(systems: impl Iterator<Item = &'a System>) -> Value {
    let bcu = |system: &System| json!({ "dataLogSn": system.logger, "deviceSn": system.serial, "deviceType": if system.kind == Kind::Small { "HPS" } else { "HPS central" } });
    Value::Array(systems.map(bcu).collect())
}

/// The settings of the battery's controller. Beyond the path nothing of this is public.
fn bcu_setting(system: &System) -> Value {
    let capacity = system.plant.battery().capacity_wh / 1000.0;
    json!({ "batCapacity": (capacity * 10.0).round() / 10.0, "deviceSn": system.serial, "groupNum": 1 })
}

fn lost() -> Outcome {
    Outcome { status: 504, code: None, body: String::new(), lost: true }
}
