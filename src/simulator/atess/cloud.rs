//! The simulated ATESS cloud: requests in, answers out, and plants that move on with the time of each request.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::answer::{Envelope, Message, code};
use super::endpoint::{self, Endpoint};
use super::exchange::{Exchange, bcu_list};
use super::fault::{Fault, Faults};
use super::options::{CloudOptions, Manners, SuccessCode};
use super::plan::FaultPlan;
use super::plant::Plant;
use super::settings;
use super::system::System;
use super::token::Token;
use crate::simulator::cloud::{Answer, Call};
use crate::simulator::exchange::Outcome;
use crate::simulator::limit::LastCalls;
use crate::simulator::log::{Log, LogEntry};
use crate::simulator::random::{Chance, Stream};
use crate::simulator::state;
use crate::simulator::world::STEP_SECONDS;
use crate::time::Instant;

/// The most that the plants move on in one go, in seconds: after a longer silence they begin again from there.
const MAX_LEAP_SECONDS: i64 = 400 * 86_400;

/// The cloud of one account.
#[derive(Clone, Serialize, Deserialize)]
pub struct Cloud {
    token: Token,
    systems: Vec<System>,
    plan: FaultPlan,
    manners: Manners,
    chance: Chance,
    second: i64,
    seen: i64,
    requests: i64,
    reads: LastCalls,
    met: BTreeMap<Fault, u64>,
    log: Log<Fault>,
}

impl Cloud {
    /// A cloud whose plants begin at this instant.
    #[must_use]
    pub fn new(options: CloudOptions, start: Instant) -> Cloud {
        let chance = Chance::new(options.seed);
        let system = |(index, plant)| System::new(plant, chance.branch(index), start);
        Cloud {
            token: Token::new(options.token),
            systems: (0..).zip(options.plants).map(system).collect(),
            plan: options.faults,
            manners: options.manners,
            chance,
            second: start.timestamp().div_euclid(STEP_SECONDS) * STEP_SECONDS,
            seen: start.timestamp(),
            requests: 0,
            reads: LastCalls::default(),
            met: BTreeMap::new(),
            log: Log::default(),
        }
    }

    /// A cloud that stands at this instant and whose plants have lived, without any fault, for so many hours before it.
    #[must_use]
    pub fn with_past(options: CloudOptions, start: Instant, hours: u16) -> Cloud {
        let faults = options.faults.clone();
        let began = start - chrono::Duration::hours(i64::from(hours));
        let mut cloud = Cloud::new(CloudOptions { faults: FaultPlan::none(), ..options }, began);
        cloud.advance(start);
        cloud.plan = faults;
        cloud
    }

    /// Answers a request that arrives now; the plants move on first.
    pub fn handle(&mut self, call: &Call, now: Instant) -> Answer {
        self.advance(now);
        self.requests += 1;
        let faults = self.faults_at(now.timestamp(), self.requests);
        if self.token.expires(faults.has(Fault::ExpiredToken)) {
            self.meet(Fault::ExpiredToken);
        }
        let query = endpoint::query(&call.path);
        let found = Endpoint::at(&query.endpoint, &call.method, self.manners.write_path.as_deref());
        let endpoint = found.unwrap_or(Endpoint::BcuList);
        let mut exchange = Exchange { call, endpoint, query, now, faults, stored: false, part: Vec::new() };
        let outcome = match found {
            Ok(_) => self.answer(&mut exchange),
            Err(405) => Outcome::http(405, "Method Not Allowed"),
            Err(_) => Outcome::http(404, "Not Found"),
        };
        self.finish(&mut exchange, outcome)
    }

    /// Moves every plant on by whole minutes, as far as this instant.
    pub fn advance(&mut self, now: Instant) {
        let until = now.timestamp();
        self.seen = self.seen.max(until);
        if until - self.second > MAX_LEAP_SECONDS {
            self.second = (until - MAX_LEAP_SECONDS).div_euclid(STEP_SECONDS) * STEP_SECONDS;
            self.systems.iter_mut().for_each(|system| system.plant.leap(self.second));
        }
        while self.second + STEP_SECONDS <= until {
            let faults = self.faults_at(self.second, -self.second);
            if self.token.expires(faults.has(Fault::ExpiredToken)) {
                self.meet(Fault::ExpiredToken);
            }
            for index in 0..self.systems.len() {
                let system = self.systems.get_mut(index).filter(|system| system.plant.now().timestamp() <= self.second);
                let met = system.map(|system| system.minute(faults)).unwrap_or_default();
                met.into_iter().for_each(|fault| self.meet(fault));
            }
            self.second += STEP_SECONDS;
        }
    }

    /// The latest instant that it was told of, to the second. The plants have moved as far, to the minute.
    #[must_use]
    pub fn now(&self) -> Instant {
        state::instant(self.seen)
    }

    /// The token that it accepts, or would accept if it had not expired.
    #[must_use]
    pub fn token(&self) -> &str {
        self.token.text()
    }

    /// Issues a new token; the one before is refused from now on.
    pub fn renew_token(&mut self) -> &str {
        self.token.renew()
    }

    /// The serials of the account.
    pub fn serials(&self) -> impl Iterator<Item = &str> {
        self.systems.iter().map(|system| system.serial.as_str())
    }

    /// The true state of a plant.
    #[must_use]
    pub fn plant(&self, serial: &str) -> Option<&Plant> {
        self.systems.iter().find(|system| system.serial == serial).map(|system| &system.plant)
    }

    /// The true state of a plant, to be set for a test.
    pub fn plant_mut(&mut self, serial: &str) -> Option<&mut Plant> {
        self.systems.iter_mut().find(|system| system.serial == serial).map(|system| &mut system.plant)
    }

    /// The settings that the cloud stores for a plant; its device may hold others.
    #[must_use]
    pub fn stored(&self, serial: &str) -> Option<&Map<String, Value>> {
        self.systems.iter().find(|system| system.serial == serial).map(|system| &system.stored)
    }

    /// What was asked and answered, oldest first; the newest hundred thousand.
    #[must_use]
    pub fn log(&self) -> &VecDeque<LogEntry<Fault>> {
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

    /// How it behaves where the page is silent, to be changed.
    pub fn manners_mut(&mut self) -> &mut Manners {
        &mut self.manners
    }

    /// Someone else writes settings of a plant, as the owner's app does: some of their keys.
    ///
    /// # Errors
    /// What is wrong with the keys, or that there is no such plant.
    pub fn edit(&mut self, serial: &str, keys: &Map<String, Value>, now: Instant) -> Result<(), String> {
        self.advance(now);
        let system = self.systems.iter_mut().find(|system| system.serial == serial);
        let system = system.ok_or_else(|| format!("no plant `{serial}`"))?;
        if let Some(unknown) = keys.keys().find(|name| !system.stored.contains_key(*name)) {
            return Err(format!("no key `{unknown}`"));
        }
        let mut edited = system.stored.clone();
        edited.extend(keys.clone());
        edited.insert(settings::SERIAL.to_owned(), serial.into());
        let object = settings::put(&system.stored, &edited, super::MissingKeys::Kept);
        let object = object.map_err(|settings::Misfit(name)| format!("`{name}` does not take this value"))?;
        system.store(object, now, Faults::default());
        Ok(())
    }

    pub(super) fn systems(&self) -> &[System] {
        &self.systems
    }

    /// Whether a state that was read from a file can be a cloud.
    pub(super) fn is_sound(&self) -> bool {
        self.systems.iter().all(System::is_sound)
            && self.plan.is_sound()
            && state::is_sensible(self.second)
            && state::is_sensible(self.seen)
            && (0..i64::MAX / 2).contains(&self.requests)
            && self.token.is_sound()
    }

    /// Wall-clock times of a fault are those of the first plant.
    fn faults_at(&mut self, second: i64, draw: i64) -> Faults {
        match self.systems.first() {
            Some(system) => self.plan.at(second, system.plant.local(second), draw),
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
        let mut envelope = match exchange.admission(self.token.valid(), &self.manners) {
            Ok(()) => self.admitted(exchange),
            Err(refusal) => refusal,
        };
        if envelope.is_success() {
            envelope.code = self.success_code();
        }
        exchange.on_the_way_back(&envelope, self.manners.too_early)
    }

    fn success_code(&self) -> u16 {
        match self.manners.success {
            SuccessCode::Zero => code::ZERO,
            SuccessCode::TwoHundred => code::SUCCESS,
            SuccessCode::Both if self.chance.unit(Stream::SuccessCode, self.requests) < 0.5 => code::ZERO,
            SuccessCode::Both => code::SUCCESS,
        }
    }

    fn admitted(&mut self, exchange: &mut Exchange<'_>) -> Envelope {
        if let Some(refusal) = exchange.refusal() {
            return refusal;
        }
        if exchange.endpoint.is_write() {
            return self.write(exchange);
        }
        if exchange.endpoint == Endpoint::BcuList {
            return self.bcu_list(exchange);
        }
        let serial = exchange.query.value(settings::SERIAL).unwrap_or_default();
        let (seconds, fault) = exchange.limit(&self.manners);
        let (path, second) = (exchange.endpoint.path(), exchange.now.timestamp());
        let Some(system) = self.systems.iter_mut().find(|system| system.serial == serial) else {
            return Envelope::bare(self.manners.unknown_serial);
        };
        if !self.reads.allow(&serial, path, seconds, second) {
            exchange.part.extend(fault);
            return Envelope::refusal(code::FAILED, Message::TooFrequent);
        }
        self.reads.note(&serial, path, second);
        exchange.read(system)
    }

    /// The list of one datalogger, which no limit of a device counts.
    fn bcu_list(&self, exchange: &Exchange<'_>) -> Envelope {
        let logger = exchange.query.value("dataLogSn").unwrap_or_default();
        let mut found = self.systems.iter().filter(|system| system.logger == logger).peekable();
        match found.peek() {
            Some(_) => Envelope::data(bcu_list(found)),
            None => Envelope::bare(self.manners.unknown_serial),
        }
    }

    fn write(&mut self, exchange: &mut Exchange<'_>) -> Envelope {
        let Some((serial, body)) = exchange.body() else {
            return Envelope::refusal(code::FAILED, Message::Parameter);
        };
        match self.systems.iter_mut().find(|system| system.serial == serial) {
            Some(system) => exchange.write(system, &body, &self.manners),
            None => Envelope::bare(self.manners.unknown_serial),
        }
    }

    /// Adds the delay, counts the faults and notes the request.
    fn finish(&mut self, exchange: &mut Exchange<'_>, outcome: Outcome) -> Answer {
        let slow = exchange.faults.has(Fault::SlowReply);
        exchange.part.extend(slow.then_some(Fault::SlowReply));
        let (low, high) = if slow { (10_000, 29_000) } else { self.manners.reply_milliseconds };
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
}
