//! One sequence of writes from intent to proof.

use std::time::Duration;

use super::Proof;
use super::drift::Drift;
use crate::device::{Attempt, Object, Outcome, Sequence, Settings, Step, WriteKind};
use crate::time::{Instant, after};

/// The most sends of one step, over restarts too, whose fate only reading back could tell.
pub const MAX_SENDS: u32 = 2;

/// The most intents of one step behind which a process ended before anything became known: a write that kills its sender is
/// not sent for ever.
pub const MAX_LOST: u32 = 3;

/// The most refusals of one step, over restarts too, before the sequence is given up.
pub const MAX_REFUSALS: u32 = 5;

/// A sequence under way. Cloning it is how a test looks into several futures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    sequence: Sequence,
    interval: Duration,
    now: Instant,
    step: usize,
    tries: Tries,
    phase: Phase,
}

/// What the driver of the machine is to do, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Journal this durably, then say [`Event::IntentDurable`] or [`Event::IntentFailed`].
    RecordIntent(Intent),
    /// Send one write, then say [`Event::SendReply`].
    Send(Settings),
    /// Read one object afresh, then say [`Event::ReadBackReply`].
    ReadBack(Object),
    /// Journal what became of the latest attempt at this step.
    Record {
        /// Counted from 0.
        step: usize,
        /// What became of it.
        outcome: Outcome,
    },
    /// Journal what is proved to be stored.
    Prove(Proof),
    /// Tell the owner.
    Alarm(Alarm),
    /// Nothing until [`Event::Tick`].
    AwaitNextTick,
    /// The sequence has ended.
    Done(End),
}

/// What is journaled before a write goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Which step, counted from 0.
    pub step: usize,
    /// What is to be written, and whether it takes more grip or less.
    pub write: Step,
    /// What the object held before the step.
    pub before: Settings,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one lives at a time, and a copy is the simplest to reason about")]
pub enum Event {
    /// The intent is on the disk.
    IntentDurable,
    /// The intent could not be journaled.
    IntentFailed,
    /// What the vendor said to a write.
    SendReply(SendReply),
    /// What was read; `None` if the read failed.
    ReadBackReply(Option<Settings>),
    /// A new tick has begun.
    Tick(Instant),
}

/// What the vendor said to a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendReply {
    /// Yes.
    Accepted,
    /// No: nothing was stored.
    Refused,
    /// Neither yes nor no, or nothing at all.
    Unknown,
}

/// What the owner is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one lives at a time, and a copy is the simplest to reason about")]
pub enum Alarm {
    /// No intent could be journaled. A grant stays; a withdrawal goes out all the same.
    NoJournal(WriteKind),
    /// The vendor refused a write.
    Refused(Object),
    /// What was accepted, or may have been, is not there.
    NotStored(Object),
    /// Someone else wrote the object meanwhile.
    ForeignEdit(Drift),
}

/// How a sequence ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one lives at a time, and a copy is the simplest to reason about")]
pub enum End {
    /// Every step was read back.
    Stored,
    /// Nothing was sent: no intent could be journaled.
    NotBegun,
    /// The vendor refused a step.
    Refused(Object),
    /// A step was sent as often as it may be, and is not there.
    NotStored(Object),
    /// Someone else wrote an object of the sequence.
    ForeignEdit(Drift),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Intending,
    Sending,
    /// `fresh`: this very process has just sent, so what is not there yet may still arrive.
    Reading {
        fresh: bool,
    },
    /// At a tick from this instant on: read again.
    Waiting {
        until: Instant,
    },
    Ended,
}

/// What has been tried at the present step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tries {
    /// Sends that may have been stored.
    sends: u32,
    /// Intents of earlier processes that may have been sent.
    lost: u32,
    /// Sends that were refused.
    refusals: u32,
    /// Whether the vendor said yes to one.
    accepted: bool,
}

impl Machine {
    /// Begins a sequence that the gate has let through. After a refusal within it, the next try waits for the interval.
    #[must_use]
    pub fn begin(sequence: Sequence, interval: Duration, now: Instant) -> (Machine, Vec<Command>) {
        let mut machine = Machine::at(sequence, interval, now, 0, Tries::default(), Phase::Intending);
        let commands = machine.intend();
        (machine, commands)
    }

    /// Takes up a sequence that a process left behind, by reading the object whose fate is open. An intent without an
    /// outcome may or may not have been sent. `attempts` are those of the sequence in the order of their intents.
    #[must_use]
    pub fn recover(
        sequence: Sequence,
        attempts: &[Attempt],
        interval: Duration,
        now: Instant,
    ) -> (Machine, Vec<Command>) {
        // A step is intended only when the one before it is proved, so the newest tells how far it came, even if an earlier
        // withdrawal went out without its intent.
        let newest = attempts.iter().max_by_key(|attempt| attempt.step);
        let proved = |step: usize| attempts.iter().any(|a| a.step == step && a.outcome == Some(Outcome::Stored));
        let step = newest.map_or(0, |attempt| attempt.step + usize::from(proved(attempt.step)));
        let here = || attempts.iter().filter(|attempt| attempt.step == step);
        let count = |wanted: fn(Option<Outcome>) -> bool| {
            u32::try_from(here().filter(|attempt| wanted(attempt.outcome)).count()).unwrap_or(u32::MAX)
        };
        let refusals = count(|outcome| outcome == Some(Outcome::Refused));
        let lost = count(|outcome| outcome.is_none());
        let sends = count(|outcome| outcome.is_some_and(|outcome| outcome != Outcome::Refused));
        let accepted = here().any(|attempt| attempt.outcome == Some(Outcome::Accepted));
        let tries = Tries { sends, lost, refusals, accepted };
        let mut machine = Machine::at(sequence, interval, now, step, tries, Phase::Intending);
        let last = here().next_back();
        let refused = |attempt: &&Attempt| attempt.outcome == Some(Outcome::Refused);
        let waits = last.filter(refused).map(|attempt| after(attempt.at, machine.backoff()));
        if let Some((write, _)) = machine.present().filter(|_| refusals >= MAX_REFUSALS) {
            let commands = machine.end(End::Refused(write.settings.object()));
            return (machine, commands);
        }
        let commands = match waits {
            Some(until) if machine.waits(now, until) => machine.wait(until),
            _ => machine.read(false),
        };
        (machine, commands)
    }

    /// What has to be done now that this has happened. An event that nobody waits for changes nothing.
    pub fn on(&mut self, event: Event) -> Vec<Command> {
        match (self.phase, event) {
            (Phase::Intending, Event::IntentDurable) => self.send(),
            (Phase::Intending, Event::IntentFailed) => self.unjournaled(),
            (Phase::Sending, Event::SendReply(reply)) => self.replied(reply),
            (Phase::Reading { fresh }, Event::ReadBackReply(Some(read))) => self.judge(read, fresh),
            (Phase::Reading { .. }, Event::ReadBackReply(None)) => self.wait(self.now),
            (Phase::Waiting { until }, Event::Tick(now)) => self.tick(now, until),
            _ => Vec::new(),
        }
    }

    /// The sequence.
    #[must_use]
    pub fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    /// Whether the sequence has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// Whether nothing is under way until the next tick. Only then may another sequence, such as the one to safe mode, take
    /// this one's place.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.phase, Phase::Waiting { .. })
    }

    /// What the device may come to hold through writes whose fate is open: not foreign if it is found there.
    #[must_use]
    pub fn pending(&self) -> Option<Settings> {
        let open = self.tries.sends + self.tries.lost > 0 && !self.has_ended();
        self.sequence.steps.get(self.step).filter(|_| open).map(|step| step.settings)
    }

    fn at(sequence: Sequence, interval: Duration, now: Instant, step: usize, tries: Tries, phase: Phase) -> Machine {
        Machine { sequence, interval, now, step, tries, phase }
    }

    /// The present step and what its object held before it; `None` past the last.
    fn present(&self) -> Option<(Step, Settings)> {
        Some((*self.sequence.steps.get(self.step)?, self.sequence.before_step(self.step)?))
    }

    fn intend(&mut self) -> Vec<Command> {
        let Some((write, before)) = self.present() else { return self.end(End::Stored) };
        self.phase = Phase::Intending;
        vec![Command::RecordIntent(Intent { step: self.step, write, before })]
    }

    fn send(&mut self) -> Vec<Command> {
        let Some((write, _)) = self.present() else { return self.end(End::Stored) };
        self.phase = Phase::Sending;
        self.tries.sends += 1;
        vec![Command::Send(write.settings)]
    }

    /// Without a durable intent nothing takes more grip, and nothing keeps us from taking less.
    fn unjournaled(&mut self) -> Vec<Command> {
        let Some((write, _)) = self.present() else { return self.end(End::Stored) };
        let mut commands = vec![Command::Alarm(Alarm::NoJournal(write.kind))];
        commands.extend(match write.kind {
            WriteKind::Withdrawal => self.send(),
            WriteKind::Grant if self.step == 0 && self.tries.sends == 0 => self.end(End::NotBegun),
            WriteKind::Grant => self.wait(self.now),
        });
        commands
    }

    fn replied(&mut self, reply: SendReply) -> Vec<Command> {
        let outcome = match reply {
            SendReply::Accepted => Outcome::Accepted,
            SendReply::Refused => Outcome::Refused,
            SendReply::Unknown => Outcome::Unknown,
        };
        self.tries.accepted |= reply == SendReply::Accepted;
        let mut commands = vec![self.record(outcome)];
        commands.extend(if reply == SendReply::Refused { self.refused() } else { self.read(true) });
        commands
    }

    /// A refusal stored nothing. The first step's ends the sequence; a later one's is tried again, ever more seldom.
    fn refused(&mut self) -> Vec<Command> {
        let Some((write, _)) = self.present() else { return self.end(End::Stored) };
        self.tries.sends = self.tries.sends.saturating_sub(1);
        self.tries.refusals += 1;
        let object = write.settings.object();
        let mut commands = vec![Command::Alarm(Alarm::Refused(object))];
        let hopeless = self.step == 0 || self.tries.refusals >= MAX_REFUSALS;
        let until = after(self.now, self.backoff());
        commands.extend(if hopeless { self.end(End::Refused(object)) } else { self.wait(until) });
        commands
    }

    /// The interval, doubled with each refusal after the first.
    fn backoff(&self) -> Duration {
        let doublings = self.tries.refusals.saturating_sub(1).min(MAX_REFUSALS);
        self.interval.saturating_mul(1 << doublings)
    }

    fn read(&mut self, fresh: bool) -> Vec<Command> {
        let Some((write, _)) = self.present() else { return self.end(End::Stored) };
        self.phase = Phase::Reading { fresh };
        vec![Command::ReadBack(write.settings.object())]
    }

    /// What was read decides: it is there, it is not there yet, or someone else was there.
    fn judge(&mut self, read: Settings, fresh: bool) -> Vec<Command> {
        let Some((write, before)) = self.present() else { return self.end(End::Stored) };
        if read.object() != write.settings.object() {
            return self.wait(self.now);
        }
        let proof = Proof::by_reading(&write.settings, &read);
        if let Some(proof) = proof.filter(|_| self.tells(&write.settings, &before, &read)) {
            return self.proved(proof);
        }
        if before.same_meaning(&read) { self.absent(fresh) } else { self.foreign(before, read) }
    }

    /// Whether reading tells that the write is there. An object whose switches are never given back looks the same before and
    /// after a write that changes nothing else: then it counts as there only if the vendor said yes.
    fn tells(&self, asked: &Settings, before: &Settings, read: &Settings) -> bool {
        let nothing_to_tell = before.same_meaning(asked) && !before.is_unread();
        nothing_to_tell || !before.same_meaning(read) || self.tries.accepted
    }

    fn proved(&mut self, proof: Proof) -> Vec<Command> {
        let mut commands = vec![self.record(Outcome::Stored), Command::Prove(proof)];
        self.step += 1;
        self.tries = Tries::default();
        commands.extend(self.intend());
        commands
    }

    /// The object is as it was. Straight after a send that may be the cloud's delay, so it is read once more at the next
    /// tick before anything is sent again; and nothing is sent more often than [`MAX_SENDS`] and [`MAX_LOST`] say.
    fn absent(&mut self, fresh: bool) -> Vec<Command> {
        let Some((write, _)) = self.present() else { return self.end(End::Stored) };
        if fresh {
            return self.wait(self.now);
        }
        let tried = self.tries.sends + self.tries.lost > 0;
        let mut commands: Vec<Command> = tried.then(|| self.record(Outcome::NotStored)).into_iter().collect();
        if self.tries.sends < MAX_SENDS && self.tries.lost < MAX_LOST {
            commands.extend(self.intend());
            return commands;
        }
        let object = write.settings.object();
        commands.push(Command::Alarm(Alarm::NotStored(object)));
        commands.extend(self.end(End::NotStored(object)));
        commands
    }

    fn foreign(&mut self, before: Settings, read: Settings) -> Vec<Command> {
        let drift = Drift { object: read.object(), from: before, to: read };
        let mut commands = Vec::new();
        if self.tries.sends + self.tries.lost > 0 {
            commands.push(self.record(Outcome::NotStored));
        }
        commands.push(Command::Alarm(Alarm::ForeignEdit(drift)));
        commands.extend(self.end(End::ForeignEdit(drift)));
        commands
    }

    fn tick(&mut self, now: Instant, until: Instant) -> Vec<Command> {
        self.now = now;
        if self.waits(now, until) { vec![Command::AwaitNextTick] } else { self.read(false) }
    }

    /// Whether it is too soon. A wait for longer than any was meant to be was dated by a clock that has been set back since.
    fn waits(&self, now: Instant, until: Instant) -> bool {
        now < until && until <= after(now, self.backoff())
    }

    fn wait(&mut self, until: Instant) -> Vec<Command> {
        self.phase = Phase::Waiting { until };
        vec![Command::AwaitNextTick]
    }

    fn record(&self, outcome: Outcome) -> Command {
        Command::Record { step: self.step, outcome }
    }

    fn end(&mut self, end: End) -> Vec<Command> {
        self.phase = Phase::Ended;
        vec![Command::Done(end)]
    }
}
