//! The simulated AlphaESS cloud: requests in, answers out, and a world that moves on with the time of each request.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{Envelope, code};
use super::auth;
use super::endpoint::{Endpoint, Query};
use super::exchange::{Exchange, Outcome};
use super::fault::{Fault, Faults};
use super::limit::{LastCalls, LimitCode, LimitScope, Limits};
use super::log::{Log, LogEntry};
use super::periodic::{PeriodicSchedule, Region};
use super::plan::FaultPlan;
use super::random::{Chance, Stream};
use super::store::{Half, Which};
use super::system::{Change, System, SystemOptions};
use super::world::{STEP_SECONDS, World};
use super::{read, state, write};
use crate::time::Instant;

/// The most that the worlds move on in one go, in seconds: after a longer silence they begin again from there.
const MAX_LEAP_SECONDS: i64 = 400 * 86_400;

/// What an account is made of. It has no `Debug`, for the secret's sake.
#[derive(Clone)]
pub struct CloudOptions {
    /// `appId`
    pub app_id: String,
    /// The secret that signs.
    pub app_secret: String,
    /// The systems of the account.
    pub systems: Vec<SystemOptions>,
    /// Which faults hold when.
    pub faults: FaultPlan,
    /// How often it lets itself be called.
    pub limits: Limits,
    /// The code for a serial that the account does not have: 6002, 6005 or 6038.
    pub unknown_serial: u16,
    /// The shortest and the longest time of an ordinary reply, in milliseconds.
    pub reply_milliseconds: (u32, u32),
    /// From where houses, weather and delays grow.
    pub seed: u64,
}

/// A request as it arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// `GET`, `POST`.
    pub method: String,
    /// The path with its query, with or without a leading slash and the base `api/`.
    pub path: String,
    /// Header names, in any case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// How long the reply takes.
    pub delay: Duration,
    /// Whether the reply never arrives.
    pub lost: bool,
}

/// The cloud of one account.
#[derive(Clone, Serialize, Deserialize)]
pub struct Cloud {
    app_id: String,
    app_secret: String,
    systems: Vec<System>,
    plan: FaultPlan,
    limits: Limits,
    unknown_serial: u16,
    reply_milliseconds: (u32, u32),
    chance: Chance,
    second: i64,
    seen: i64,
    requests: i64,
    reads: LastCalls,
    writes: LastCalls,
    met: BTreeMap<Fault, u64>,
    log: Log,
}

impl Default for CloudOptions {
    /// One system in London, no faults.
    fn default() -> CloudOptions {
        CloudOptions {
            app_id: "alphasim0000000001".to_owned(),
            app_secret: "simulated-secret".to_owned(),
            systems: vec![SystemOptions::default()],
            faults: FaultPlan::none(),
            limits: Limits::default(),
            unknown_serial: code::NOT_BOUND,
            reply_milliseconds: (80, 400),
            seed: 1,
        }
    }
}

impl Call {
    /// The value of a header, whose name is taken in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl Cloud {
    /// A cloud whose worlds begin at this instant.
    #[must_use]
    pub fn new(options: CloudOptions, start: Instant) -> Cloud {
        let chance = Chance::new(options.seed);
        let system = |(index, system)| System::new(system, chance.branch(index), start);
        Cloud {
            app_id: options.app_id,
            app_secret: options.app_secret,
            systems: (0..).zip(options.systems).map(system).collect(),
            plan: options.faults,
            limits: options.limits,
            unknown_serial: options.unknown_serial,
            reply_milliseconds: options.reply_milliseconds,
            chance,
            second: start.timestamp().div_euclid(STEP_SECONDS) * STEP_SECONDS,
            seen: start.timestamp(),
            requests: 0,
            reads: LastCalls::default(),
            writes: LastCalls::default(),
            met: BTreeMap::new(),
            log: Log::default(),
        }
    }

    /// A cloud that stands at this instant and whose systems have lived, without any fault, for so many hours before it.
    #[must_use]
    pub fn with_past(options: CloudOptions, start: Instant, hours: u16) -> Cloud {
        let faults = options.faults.clone();
        let began = start - chrono::Duration::hours(i64::from(hours));
        let mut cloud = Cloud::new(CloudOptions { faults: FaultPlan::none(), ..options }, began);
        cloud.advance(start);
        cloud.plan = faults;
        cloud
    }

    /// Answers a request that arrives now; the worlds move on first.
    pub fn handle(&mut self, call: &Call, now: Instant) -> Answer {
        self.advance(now);
        self.requests += 1;
        let faults = self.faults_at(now.timestamp(), self.requests);
        let path = Query::of(&call.path);
        let mut exchange = match Endpoint::named(&path.endpoint) {
            Some(endpoint) => Exchange { call, endpoint, query: path, now, faults, stored: false, part: Vec::new() },
            None => return self.finish_unknown(call, now),
        };
        let outcome = self.answer(&mut exchange);
        self.finish(&mut exchange, outcome)
    }

    /// Moves every world on by whole minutes, as far as this instant.
    pub fn advance(&mut self, now: Instant) {
        let until = now.timestamp();
        self.seen = self.seen.max(until);
        if until - self.second > MAX_LEAP_SECONDS {
            self.second = (until - MAX_LEAP_SECONDS).div_euclid(STEP_SECONDS) * STEP_SECONDS;
            self.systems.iter_mut().for_each(|system| system.world.leap(self.second));
        }
        while self.second + STEP_SECONDS <= until {
            let faults = self.faults_at(self.second, -self.second);
            for index in 0..self.systems.len() {
                let system = self.systems.get_mut(index).filter(|system| system.world.now().timestamp() <= self.second);
                let met = system.map(|system| system.minute(faults)).unwrap_or_default();
                met.into_iter().for_each(|fault| self.meet(fault));
            }
            self.second += STEP_SECONDS;
        }
    }

    /// The latest instant that it was told of, to the second. The worlds have moved as far, to the minute.
    #[must_use]
    pub fn now(&self) -> Instant {
        state::instant(self.seen)
    }

    /// `appId`
    #[must_use]
    pub fn app_id(&self) -> &str {
        &self.app_id
    }

    /// The secret that signs.
    #[must_use]
    pub fn app_secret(&self) -> &str {
        &self.app_secret
    }

    /// The serials of the account.
    pub fn serials(&self) -> impl Iterator<Item = &str> {
        self.systems.iter().map(|system| system.serial.as_str())
    }

    /// The true world of a system.
    #[must_use]
    pub fn world(&self, serial: &str) -> Option<&World> {
        self.system(serial).map(|system| &system.world)
    }

    /// The true world of a system, to be set for a test.
    pub fn world_mut(&mut self, serial: &str) -> Option<&mut World> {
        self.systems.iter_mut().find(|system| system.serial == serial).map(|system| &mut system.world)
    }

    /// What the cloud stores for a system; its device may hold something else.
    #[must_use]
    pub fn stored(&self, serial: &str) -> Option<super::store::Schedule> {
        self.system(serial).map(|system| system.stored)
    }

    /// What the cloud stores for a system in the periodic store; its device may hold something else.
    #[must_use]
    pub fn stored_periodic(&self, serial: &str) -> Option<&PeriodicSchedule> {
        self.system(serial).map(|system| &system.periodic.stored)
    }

    /// What was asked and answered, oldest first; the newest hundred thousand.
    #[must_use]
    pub fn log(&self) -> &VecDeque<LogEntry> {
        self.log.entries()
    }

    /// The log as lines of JSON.
    #[must_use]
    pub fn log_text(&self) -> String {
        self.log().iter().map(|entry| entry.line() + "\n").collect()
    }

    /// How often each fault had an effect.
    #[must_use]
    pub fn met(&self) -> BTreeMap<&'static str, u64> {
        self.met.iter().map(|(fault, count)| (fault.name(), *count)).collect()
    }

    /// Which faults hold when, to be changed.
    pub fn faults_mut(&mut self) -> &mut FaultPlan {
        &mut self.plan
    }

    /// How often it lets itself be called, to be changed.
    pub fn limits_mut(&mut self) -> &mut Limits {
        &mut self.limits
    }

    /// Someone else writes an object of a system, as the owner's app does, by some of the fields of an update call.
    ///
    /// # Errors
    /// What is wrong with the fields, or that there is no such system.
    pub fn edit(&mut self, serial: &str, fields: &Value, now: Instant) -> Result<(), String> {
        self.advance(now);
        let fields = fields.as_object().ok_or("the fields of a schedule are a JSON object")?;
        let system = self.named(serial)?;
        let mut edits = Vec::new();
        for which in Which::ALL {
            let old = system.stored.half(which);
            let mut merged = old.to_fields(which, old.percent.into());
            merged
                .iter_mut()
                .for_each(|(name, value)| fields.get(name).into_iter().for_each(|new| *value = new.clone()));
            let new = Half::from_fields(which, &merged, 0).map_err(|misfit| format!("{misfit:?}"))?;
            edits.extend((new != old).then_some((which, new)));
        }
        for (which, half) in edits {
            system.store(Change::Half(which, half), now, Faults::default());
        }
        Ok(())
    }

    /// Someone else writes the periodic store of a system, by some of the fields of a call of `setTimeChargeBySn`. Whether
    /// the account is entitled to it does not matter, and a list may be empty.
    ///
    /// # Errors
    /// What is wrong with the fields, or that there is no such system.
    pub fn edit_periodic(&mut self, serial: &str, fields: &Value, now: Instant) -> Result<(), String> {
        self.advance(now);
        let fields = fields.as_object().ok_or("the fields of a schedule are a JSON object")?;
        let system = self.named(serial)?;
        let edited = system.periodic.stored.edited(fields, &system.periodic.rules);
        let edited = edited.map_err(|misfit| format!("{misfit:?}"))?;
        system.store(Change::Periodic(edited), now, Faults::default());
        Ok(())
    }

    /// Another store has an effect on a system from now on; the periodic one is open where it has one.
    ///
    /// # Errors
    /// There is no such system.
    pub fn set_region(&mut self, serial: &str, region: Region) -> Result<(), String> {
        self.named(serial)?.set_region(region);
        Ok(())
    }

    pub(super) fn systems(&self) -> &[System] {
        &self.systems
    }

    /// Brings back what the saved state leaves out.
    pub(super) fn refresh(&mut self) {
        self.systems.iter_mut().for_each(System::refresh);
    }

    /// Whether a state that was read from a file can be a cloud.
    pub(super) fn is_sound(&self) -> bool {
        self.systems.iter().all(System::is_sound)
            && self.plan.is_sound()
            && state::is_sensible(self.second)
            && state::is_sensible(self.seen)
            && (0..i64::MAX / 2).contains(&self.requests)
    }

    fn system(&self, serial: &str) -> Option<&System> {
        self.systems.iter().find(|system| system.serial == serial)
    }

    fn named(&mut self, serial: &str) -> Result<&mut System, String> {
        let system = self.systems.iter_mut().find(|system| system.serial == serial);
        system.ok_or_else(|| format!("no system `{serial}`"))
    }

    /// Whether an endpoint is of a store that is open to no system of the account.
    fn is_closed(&self, endpoint: Endpoint) -> bool {
        endpoint.is_periodic() && !self.systems.iter().any(|system| system.periodic.is_open())
    }

    /// Wall-clock times of a fault are those of the first system.
    fn faults_at(&mut self, second: i64, draw: i64) -> Faults {
        match self.systems.first() {
            Some(system) => self.plan.at(second, system.world.local(second), draw),
            None => Faults::default(),
        }
    }

    fn meet(&mut self, fault: Fault) {
        *self.met.entry(fault).or_default() += 1;
    }

    /// From the line to the store: each stage may end the request.
    fn answer(&mut self, exchange: &mut Exchange<'_>) -> Outcome {
        if let Some(outcome) = exchange.on_the_line() {
            return outcome;
        }
        if exchange.call.method != exchange.endpoint.method() {
            return Outcome::http(405, "Method Not Allowed");
        }
        let second = exchange.now.timestamp();
        let envelope = match auth::check(exchange.call, &self.app_id, &self.app_secret, second) {
            Ok(()) => self.admitted(exchange),
            Err(code) => Envelope::bare(code),
        };
        exchange.on_the_way_back(&envelope)
    }

    fn admitted(&mut self, exchange: &mut Exchange<'_>) -> Envelope {
        let closed = self.is_closed(exchange.endpoint);
        if let Some(envelope) = exchange.refusal(closed) {
            return envelope;
        }
        match exchange.endpoint {
            _ if closed => Envelope::bare(code::NOT_ENTITLED),
            Endpoint::EssList => self.list(exchange.faults),
            endpoint if endpoint.is_update() => self.write(exchange),
            _ => self.read(exchange),
        }
    }

    fn list(&self, faults: Faults) -> Envelope {
        let systems: Vec<Value> = self.systems.iter().map(|system| read::ess_entry(system, faults)).collect();
        Envelope::data(Value::from(systems).to_string())
    }

    fn read(&mut self, exchange: &mut Exchange<'_>) -> Envelope {
        let serial = match exchange.query.value("sysSn") {
            Some(serial) if !serial.is_empty() => serial.to_owned(),
            _ => return Envelope::parameter(code::BAD_PARAMETER, "sysSn"),
        };
        let second = exchange.now.timestamp();
        let Some(system) = self.systems.iter_mut().find(|system| system.serial == serial) else {
            return Envelope::bare(self.unknown_serial);
        };
        if !exchange.endpoint.is_open(&system.periodic) {
            return Envelope::bare(code::NOT_ENTITLED);
        }
        if !self.reads.allow(&serial, exchange.endpoint.name(), self.limits.read_seconds, second) {
            return Envelope::bare(code::TOO_FAST);
        }
        self.reads.note(&serial, exchange.endpoint.name(), second);
        exchange.read(system, self.chance)
    }

    fn write(&mut self, exchange: &mut Exchange<'_>) -> Envelope {
        let body = match exchange.json_body() {
            Ok(body) => body,
            Err(refusal) => return refusal,
        };
        let Some(serial) = body.get("sysSn").and_then(Value::as_str) else {
            return Envelope::parameter(code::MALFORMED, "sysSn");
        };
        let Some(system) = self.systems.iter_mut().find(|system| system.serial == serial) else {
            return Envelope::bare(self.unknown_serial);
        };
        let change = match write::change(exchange.endpoint, &body, system) {
            Ok(change) => change,
            Err(refusal) => return refusal,
        };
        let (limits, fault) = exchange.limits(self.limits);
        let scope = if limits.write_scope == LimitScope::Account { "" } else { serial };
        let (endpoint, second) = (exchange.endpoint.name(), exchange.now.timestamp());
        if !self.writes.allow(scope, endpoint, limits.write_seconds, second) {
            exchange.part.extend(fault);
            return Envelope::bare(match limits.write_code {
                LimitCode::TooFast => code::TOO_FAST,
                LimitCode::SetFailed => code::SET_FAILED,
            });
        }
        self.writes.note(serial, endpoint, second);
        exchange.part.extend(system.store(change, exchange.now, exchange.faults));
        exchange.stored = true;
        Envelope::bare(code::SUCCESS)
    }

    /// Adds the delay, counts the faults and notes the request.
    fn finish(&mut self, exchange: &mut Exchange<'_>, outcome: Outcome) -> Answer {
        let slow = exchange.faults.has(Fault::SlowReply);
        exchange.part.extend(slow.then_some(Fault::SlowReply));
        let (low, high) = if slow { (10_000, 29_000) } else { self.reply_milliseconds };
        let delay = self.chance.between(Stream::ReplyDelay, self.requests, i64::from(low), i64::from(high));
        exchange.part.iter().for_each(|fault| *self.met.entry(*fault).or_default() += 1);
        self.log.note(LogEntry {
            second: exchange.now.timestamp(),
            method: exchange.call.method.clone(),
            path: exchange.query.shown(),
            body: exchange.call.body.clone(),
            status: outcome.status,
            code: outcome.code,
            lost: outcome.lost,
            stored: exchange.stored,
            faults: std::mem::take(&mut exchange.part),
        });
        let delay = Duration::from_millis(u64::try_from(delay).unwrap_or_default());
        Answer { status: outcome.status, body: outcome.body, delay, lost: outcome.lost }
    }

    fn finish_unknown(&mut self, call: &Call, now: Instant) -> Answer {
        self.log.note(LogEntry {
            second: now.timestamp(),
            method: call.method.clone(),
            path: Query::of(&call.path).shown(),
            body: None,
            status: 404,
            code: None,
            lost: false,
            stored: false,
            faults: Vec::new(),
        });
        let Outcome { status, body, lost, .. } = Outcome::http(404, "Not Found");
        Answer { status, body, delay: Duration::ZERO, lost }
    }
}
