//! Drives the write protocol: does what the machine commands, and tells it what happened.

use std::collections::VecDeque;
use std::time::Duration;

use tracing::{debug, info, warn};

use super::gather::{BY_READING, BY_TIME, CHANGE_NOTE, LET_GO, Remembrance};
use super::site::{Site, SiteError, UnderWay};
use super::tick::HORIZON;
use crate::apply::{Alarm, Command, End, Event, Machine, SendReply};
use crate::device::two_window::GRID_MINUTES;
use crate::device::{Object, Outcome, Schedule, Sequence, Settings, Step, WriteFailure};
use crate::journal::WriteRecord;
use crate::plan::budget::{MayGrant, Permits, Refusal};
use crate::plan::{Cause, Plan};
use crate::time::{Instant, after};

/// The most commands that one tick carries out: a sequence of three writes takes about twenty.
const MAX_COMMANDS: usize = 64;

/// How many of the newest writes are looked back on for failures in a row.
const LOOKED_BACK: u32 = 24;

/// The longest rest after failed writes, unless the policy's interval is longer.
const LONGEST_REST: Duration = Duration::from_secs(3600);

impl Site {
    /// Whether a plan's writes may begin: nothing is under way, the hand may write, no object of theirs is someone else's,
    /// and the vendor did not just fail one.
    pub(super) fn may_begin(&self, plan: &Plan<'_>) -> Result<bool, SiteError> {
        if self.under_way.is_some() || !self.hand.may_write() {
            return Ok(false);
        }
        for write in plan.writes() {
            let object = write.settings.object();
            if super::look::is_foreign(&self.journal, &self.policy, object)?
                || self.failed_lately(object, plan.inputs.now)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Begins the plan's writes and takes them as far as they go now.
    pub(super) async fn begin_sequence(&mut self, plan: &Plan<'_>) -> Result<Vec<Settings>, SiteError> {
        let (Some(before), false) = (plan.inputs.present, plan.writes().is_empty()) else { return Ok(Vec::new()) };
        if !self.may_begin(plan)? {
            return Ok(Vec::new());
        }
        let steps = plan.writes().to_vec();
        let reason = self.reason(plan);
        let sent = self.send_sequence(before, steps, reason).await?;
        self.note_change(&before, plan)?;
        Ok(sent)
    }

    /// Notes that the grip in force is another than before, and whether a reading decided so.
    fn note_change(&self, before: &Schedule, plan: &Plan<'_>) -> Result<(), SiteError> {
        let now = self.clock.now();
        let local = self.policy.zone.local(now);
        let quarter = usize::from(local.minute / GRID_MINUTES);
        let grip = |schedule: &Schedule| {
            let cell = schedule.day(local.weekday()).ok().and_then(|day| day.cell(quarter));
            cell.map(|cell| cell.grip)
        };
        let Some(present) = self.present().filter(|present| grip(present) != grip(before)) else { return Ok(()) };
        debug!(site = %self.policy.site, "the grip in force changed: {:?}", grip(&present));
        let cause = if plan.rests_on_reading { BY_READING } else { BY_TIME };
        Ok(self.journal.set_note(&self.policy.site, CHANGE_NOTE, cause, now)?)
    }

    /// Notes when the readings that decided the grip in force ask for it no more, or again: what only waits so that nothing
    /// flaps is not what `when blind: keep` keeps.
    pub(super) fn note_letting_go(&self, plan: &Plan<'_>) -> Result<(), SiteError> {
        let waits = plan.compiled.as_ref().is_ok_and(|compiled| compiled.waits_until.is_some());
        let Some(change) = plan.inputs.last_change.filter(|_| !plan.is_blind()) else { return Ok(()) };
        let cause = match (change.cause, waits) {
            (Cause::Reading, true) => LET_GO,
            (Cause::LetGo, false) => BY_READING,
            _ => return Ok(()),
        };
        Ok(self.journal.set_note(&self.policy.site, CHANGE_NOTE, cause, change.at)?)
    }

    /// Sends writes in order, each intended, sent and read back.
    pub(super) async fn send_sequence(
        &mut self,
        before: Schedule,
        steps: Vec<Step>,
        reason: String,
    ) -> Result<Vec<Settings>, SiteError> {
        if !self.may_use(before.store())? {
            return Ok(Vec::new());
        }
        let now = self.clock.now();
        self.journal.keep_original(&self.policy.site, &before, now)?;
        let sequence = Sequence { id: self.journal.next_sequence()?, reason, before, steps };
        let (machine, commands) = Machine::begin(sequence, self.policy.limits.time_between_writes, now);
        self.under_way = Some(UnderWay { machine, intent: None, resumed: false, refusal: None });
        self.carry_out(commands).await
    }

    /// Takes up what another process left unfinished; once.
    pub(super) async fn recover(&mut self) -> Result<Vec<Settings>, SiteError> {
        if self.recovered || !self.hand.may_write() {
            return Ok(Vec::new());
        }
        self.recovered = true;
        let Some(left) = self.journal.unfinished(&self.policy.site)? else { return Ok(Vec::new()) };
        info!(site = %self.policy.site, "taking up writes that were left unfinished: {}", left.sequence.reason);
        let interval = self.policy.limits.time_between_writes;
        let intent = self.journal.writes(&self.policy.site, 1)?.first().map(|write| write.id);
        let (machine, commands) = Machine::recover(left.sequence, &left.attempts, interval, self.clock.now());
        self.under_way = Some(UnderWay { machine, intent, resumed: true, refusal: None });
        self.look_at_schedule().await?;
        self.carry_out(commands).await
    }

    /// Goes on with a sequence that waits for this tick, unless the clock is not believed.
    pub(super) async fn go_on(&mut self) -> Result<Vec<Settings>, SiteError> {
        let now = self.clock.now();
        let waits = |under_way: &&mut UnderWay| under_way.machine.is_waiting();
        let Some(under_way) = self.under_way.as_mut().filter(waits).filter(|_| self.credence.is_believed()) else {
            return Ok(Vec::new());
        };
        under_way.resumed = true;
        let commands = under_way.machine.on(Event::Tick(now));
        self.carry_out(commands).await
    }

    /// Carries out commands until the machine waits or has ended. Gives what was sent.
    async fn carry_out(&mut self, commands: Vec<Command>) -> Result<Vec<Settings>, SiteError> {
        let mut queue = VecDeque::from(commands);
        let mut sent = Vec::new();
        for _ in 0..MAX_COMMANDS {
            let Some(command) = queue.pop_front() else { break };
            let event = match command {
                Command::RecordIntent(intent) if !self.is_wanted(&intent.write.settings)? => {
                    self.give_up()?;
                    break;
                }
                Command::Send(settings) => {
                    sent.push(settings);
                    Some(Event::SendReply(self.send(&settings).await?))
                }
                Command::ReadBack(object) => Some(Event::ReadBackReply(self.read_back(object).await?)),
                command => self.note(command)?,
            };
            if let Some((under_way, event)) = self.under_way.as_mut().zip(event) {
                queue.extend(under_way.machine.on(event));
            }
        }
        if self.under_way.as_ref().is_some_and(|under_way| under_way.machine.has_ended()) {
            self.under_way = None;
        }
        Ok(sent)
    }

    /// Whether the next write of a sequence is what a plan of this moment would begin with. One that was planned in this very
    /// tick is; one that waited, or that another process left behind, rests on readings and a calendar of then. Budget and
    /// interval gate the beginning of a sequence and not its end, so a plan without them speaks for it as well as one with.
    fn is_wanted(&mut self, settings: &Settings) -> Result<bool, SiteError> {
        if !self.under_way.as_ref().is_some_and(|under_way| under_way.resumed) {
            return Ok(true);
        }
        let now = self.clock.now();
        let gated = Remembrance::of(&self.journal, &self.policy, now)?;
        self.observe(&gated, now)?;
        let free = Remembrance { permits: self.permits_to_finish()?, ..gated.clone() };
        Ok(self.begins_with(settings, &free, now)? || self.begins_with(settings, &gated, now)?)
    }

    fn begins_with(&mut self, settings: &Settings, on: &Remembrance, now: Instant) -> Result<bool, SiteError> {
        let inputs = self.inputs(now, HORIZON, on)?;
        let plan = Plan::make(&self.policy, &inputs);
        Ok(plan.writes().first().is_some_and(|write| write.settings.same_meaning(settings)))
    }

    /// Budget and interval gate the beginning of a sequence, not its end; what is someone else's stays so.
    fn permits_to_finish(&self) -> Result<Permits, SiteError> {
        let permit = |object| match super::look::is_foreign(&self.journal, &self.policy, object) {
            Ok(true) => Ok(MayGrant::No { why: Refusal::Drift, until: None }),
            Ok(false) => Ok(MayGrant::Yes { writes: u32::MAX }),
            Err(error) => Err(SiteError::from(error)),
        };
        Permits::try_of(permit)
    }

    /// Ends a sequence that nothing asks for any more: what it has left behind is safe, and the next plan begins from there.
    fn give_up(&mut self) -> Result<(), SiteError> {
        let Some(under_way) = self.under_way.take() else { return Ok(()) };
        let (id, now) = (under_way.machine.sequence().id, self.clock.now());
        Ok(self.journal.end_sequence(&self.policy.site, id, now, "given up: the plan has changed meanwhile")?)
    }

    /// Carries out what needs the journal alone.
    fn note(&mut self, command: Command) -> Result<Option<Event>, SiteError> {
        let now = self.clock.now();
        let site = self.name();
        match command {
            Command::RecordIntent(intent) => return Ok(Some(self.record_intent(intent.step, now))),
            Command::Record { step, outcome } => self.record_outcome(step, outcome, "", now)?,
            Command::Prove(proof) => {
                self.journal.prove(&site, &proof.settings(), now)?;
                self.journal.clear_drift(&site, proof.object())?;
                self.schedule = self.schedule.map(|(schedule, at)| (schedule.with(proof.settings()), at));
                self.written(proof.settings(), now);
            }
            Command::Alarm(alarm) => self.tell(&alarm, now)?,
            Command::Done(end) => self.finish(&end, now)?,
            Command::AwaitNextTick | Command::Send(_) | Command::ReadBack(_) => {}
        }
        Ok(None)
    }

    fn record_intent(&mut self, step: usize, now: Instant) -> Event {
        let Some(under_way) = self.under_way.as_mut() else { return Event::IntentFailed };
        let recorded = self.journal.record_intent(&self.policy.site, under_way.machine.sequence(), step, now);
        under_way.intent = recorded.as_ref().ok().copied();
        match recorded {
            Ok(_) => Event::IntentDurable,
            Err(error) => {
                warn!(site = %self.policy.site, "the intent could not be journaled: {error}");
                Event::IntentFailed
            }
        }
    }

    async fn send(&mut self, settings: &Settings) -> Result<SendReply, SiteError> {
        let Some(device) = self.hand.writer() else { return Ok(SendReply::Refused) };
        let endpoint = settings.update_endpoint();
        let answer = device.write(settings).await;
        Ok(match answer {
            Ok(()) => {
                info!(site = %self.policy.site, "{endpoint}: accepted");
                SendReply::Accepted
            }
            Err(WriteFailure::Refused(error)) => {
                warn!(site = %self.policy.site, "refused: {error}");
                self.journal.record_event(&self.policy.site, self.clock.now(), &format!("refused: {error}"))?;
                if let Some(under_way) = self.under_way.as_mut() {
                    under_way.refusal = Some(error.to_string());
                }
                SendReply::Refused
            }
            Err(WriteFailure::OutcomeUnknown(error)) => {
                warn!(site = %self.policy.site, "outcome unknown: {error}");
                self.journal.record_event(&self.policy.site, self.clock.now(), &format!("outcome unknown: {error}"))?;
                SendReply::Unknown
            }
        })
    }

    async fn read_back(&mut self, object: Object) -> Result<Option<Settings>, SiteError> {
        match self.hand.reader().object(object).await {
            Ok(settings) => {
                let now = self.clock.now();
                let held = self.schedule.map(|(schedule, _)| self.recalled(schedule.with(settings)));
                self.schedule = held.transpose()?.map(|schedule| (schedule, now));
                Ok(Some(settings))
            }
            Err(error) => {
                info!(site = %self.policy.site, "could not read back: {error}");
                Ok(None)
            }
        }
    }

    fn record_outcome(&mut self, step: usize, outcome: Outcome, text: &str, now: Instant) -> Result<(), SiteError> {
        let Some(under_way) = self.under_way.as_ref() else { return Ok(()) };
        let Some(step) = under_way.machine.sequence().steps.get(step) else { return Ok(()) };
        let object = step.settings.object();
        Ok(self.journal.record_outcome(&self.policy.site, under_way.intent, object, now, outcome, text)?)
    }

    fn finish(&mut self, end: &End, now: Instant) -> Result<(), SiteError> {
        let Some(under_way) = self.under_way.as_ref() else { return Ok(()) };
        let id = under_way.machine.sequence().id;
        self.journal.end_sequence(&self.policy.site, id, now, &crate::report::alarms::end(end, self.store()))?;
        if *end == End::Stored {
            for object in Object::ALL {
                self.all_clear(&format!("write {}", object.word()), now)?;
            }
        }
        Ok(())
    }

    fn tell(&mut self, alarm: &Alarm, now: Instant) -> Result<(), SiteError> {
        let key = match alarm {
            Alarm::NoJournal(_) => "journal".to_owned(),
            Alarm::Refused(object) | Alarm::NotStored(object) => format!("write {}", object.word()),
            Alarm::ForeignEdit(drift) => {
                self.journal.note_drift(&self.policy.site, &drift.from, &drift.to, now)?;
                format!("drift {}", drift.object.word())
            }
        };
        let refusal = self.under_way.as_ref().and_then(|under_way| under_way.refusal.as_deref());
        let why =
            refusal.filter(|_| matches!(alarm, Alarm::Refused(_))).map_or(String::new(), |why| format!(": {why}"));
        self.alarm(&key, &format!("{}{why}", crate::report::alarms::alarm(alarm, self.store())), now)
    }

    /// Whether writes to the object failed so lately that not even a withdrawal is tried: for the interval after one failure,
    /// doubled with each further one in a row. A vendor that fails a write by an answer that is neither yes nor no
    /// would otherwise be asked every minute.
    fn failed_lately(&self, object: Object, now: Instant) -> Result<bool, SiteError> {
        let writes = self.journal.writes(&self.policy.site, LOOKED_BACK)?;
        let ours = writes.iter().filter(|write| write.write.settings.object() == object);
        let lasting = ours.map(fate).take_while(|fate| !matches!(fate, Some((_, Outcome::Stored))));
        let failures: Vec<Instant> = lasting.filter_map(failed_at).collect();
        let Some(last) = failures.first() else { return Ok(false) };
        let span = self.policy.limits.time_between_writes;
        let doublings = u32::try_from(failures.len() - 1).unwrap_or(u32::MAX);
        let rest = span.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_REST.max(span));
        Ok(*last <= now && now < after(*last, rest))
    }

    /// Why the plan writes, in one line.
    fn reason(&self, plan: &Plan<'_>) -> String {
        let next = plan.timeline.spans.iter().find_map(|span| match span.expected.source {
            crate::engine::Source::Rule(index) if span.programmable => {
                self.policy.rules.get(index).map(|rule| rule.name.clone())
            }
            _ => None,
        });
        next.unwrap_or_else(|| "as the policy says".to_owned())
    }
}

/// The last that became known of the exchange of a write, not of its effect.
fn fate(write: &WriteRecord) -> Option<(Instant, Outcome)> {
    let effect = |outcome| matches!(outcome, Outcome::Effective | Outcome::NotEffective | Outcome::NotObservable);
    write.outcomes.iter().rev().map(|(at, outcome, _)| (*at, *outcome)).find(|(_, outcome)| !effect(*outcome))
}

fn failed_at(fate: Option<(Instant, Outcome)>) -> Option<Instant> {
    fate.filter(|(_, outcome)| matches!(outcome, Outcome::Refused | Outcome::NotStored)).map(|(at, _)| at)
}
